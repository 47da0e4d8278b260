//! `/open311/v2`: an Open311 GeoReport v2 server, in XML and JSON by the ending of the address.
//!
//! What it shows and to whom says [`crate::domain::open311`]; here are its addresses, its parameters and its two forms.

mod asked;
mod wire;

use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use self::asked::{Asked, Format};
use super::problem::language;
use crate::app::App;
use crate::db::types::{CaseId, GatewayId};
use crate::domain::actor::Actor;
use crate::domain::gateways;
use crate::domain::intake::Form;
use crate::domain::open311::{self, Filed, Reader};
use crate::error::{Code, Error, Language, Result};
use crate::intake;

/// Where it is.
const ROOT: &str = "/open311";

/// When the interface changed last.
const CHANGESET: &str = "2026-11-22T00:00:00Z";

/// Whether a path is one of its own.
pub(super) fn is_at(path: &str) -> bool {
    path.strip_prefix(ROOT).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// An error on its way out of a path, in that path's form.
pub(super) fn refusal(error: &Error, path: &str) -> HttpResponse {
    let (_, format) = asked::ending(path);
    wire::refused(error, format, language())
}

/// Every route; the ending is part of the last piece.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/open311/{file}", web::get().to(discover))
        .route("/open311/v2/{file}", web::get().to(read))
        .route("/open311/v2/{file}", web::post().to(write))
        .route("/open311/v2/services/{file}", web::get().to(define))
        .route("/open311/v2/requests/{file}", web::get().to(read_one))
        .route("/open311/v2/tokens/{file}", web::get().to(read_token))
        .route("/open311/{tail:.*}", web::route().to(nowhere));
}

async fn nowhere(request: HttpRequest) -> HttpResponse {
    refusal(&Error::NotFound, request.path())
}

/// Answers in the form of the path.
fn answer(outcome: Result<Value>, list: wire::List, format: Format) -> HttpResponse {
    match outcome {
        Ok(value) => wire::written(StatusCode::OK, &value, list, format),
        Err(error) => wire::refused(&error, format, language()),
    }
}

/// Says which servers there are.
async fn discover(app: web::Data<App>, request: HttpRequest, path: web::Path<String>) -> HttpResponse {
    let (name, format) = asked::ending(&path);
    let outcome = match (name, open(&app, &Asked::query(&request))) {
        ("discovery", Ok(())) => Ok(discovery(&app)),
        ("discovery", Err(error)) => Err(error),
        _ => Err(Error::NotFound),
    };
    answer(outcome, wire::DISCOVERY, format)
}

fn discovery(app: &App) -> Value {
    let settings = &app.config.open311;
    let base = app.config.server.public_url.trim_end_matches('/');
    json!({
        "changeset": CHANGESET,
        "contact": settings.contact,
        "key_service": settings.contact,
        "endpoints": [{
            "specification": "http://wiki.open311.org/GeoReport_v2",
            "url": format!("{base}{ROOT}/v2"),
            "changeset": CHANGESET,
            "type": if app.config.is_demo { "test" } else { "production" },
            "formats": ["text/xml", "application/json"],
        }],
    })
}

/// Whether the server answers, and for the jurisdiction that is asked for.
fn open(app: &App, asked: &Asked) -> Result<()> {
    let settings = &app.config.open311;
    let is_ours = asked.get("jurisdiction_id").is_none_or(|wished| wished == settings.jurisdiction);
    if settings.enabled && is_ours { Ok(()) } else { Err(Error::NotFound) }
}

/// The key of a call: the parameter, or a bearer token.
fn key(request: &HttpRequest, asked: &Asked) -> Option<String> {
    let bearer = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer = bearer.and_then(|value| value.strip_prefix("Bearer ")).map(str::to_owned);
    asked.get("api_key").map(str::to_owned).or(bearer)
}

/// Who calls with a key; without one it is anybody.
///
/// # Errors
/// `open311_key` for a key that is not good.
async fn caller(app: &App, key: Option<String>) -> Result<Option<(GatewayId, Actor)>> {
    let Some(key) = key else { return Ok(None) };
    let (digest, now) = (app.keys.digest("gateway-key", &[&key]), app.clock.now());
    let found = app.db.glance(move |connection| gateways::by_digest(connection, &digest, now)).await?;
    match found {
        Some(Actor::Gateway { id, office, channels }) => {
            Ok(Some((id, Actor::Gateway { id, office, channels })))
        }
        _ => Err(Error::Forbidden(Code::Open311Key)),
    }
}

/// Reads a list: services, requests, updates, discovery.
async fn read(app: web::Data<App>, request: HttpRequest, path: web::Path<String>) -> HttpResponse {
    let (name, format) = asked::ending(&path);
    let asked = Asked::query(&request);
    let (list, outcome) = match name {
        "discovery" => (wire::DISCOVERY, open(&app, &asked).map(|()| discovery(&app))),
        "services" => (wire::SERVICES, services(&app, &asked).await),
        "requests" => (wire::REQUESTS, requests(&app, &request, &asked).await),
        "servicerequestupdates" => (wire::UPDATES, updates(&app, &request, &asked).await),
        _ => (wire::REQUESTS, Err(Error::NotFound)),
    };
    answer(outcome, list, format)
}

async fn services(app: &App, asked: &Asked) -> Result<Value> {
    open(app, asked)?;
    let reader = language();
    app.glance(Actor::Public, move |_, act| Ok(Value::Array(open311::services(&act.rules, reader)))).await
}

/// What is asked for a service.
async fn define(app: web::Data<App>, request: HttpRequest, path: web::Path<String>) -> HttpResponse {
    let (code, format) = asked::ending(&path);
    let (code, reader) = (code.to_owned(), language());
    let outcome = match open(&app, &Asked::query(&request)) {
        Ok(()) => {
            app.glance(Actor::Public, move |_, act| open311::definition(&act.rules, &code, reader)).await
        }
        Err(error) => Err(error),
    };
    answer(outcome, wire::DEFINITION, format)
}

/// As whom a call reads.
async fn reader(app: &App, request: &HttpRequest, asked: &Asked) -> Result<(Reader, Actor)> {
    open(app, asked)?;
    Ok(match caller(app, key(request, asked)).await? {
        Some((id, actor)) => (Reader::Key(id), actor),
        None => (Reader::Anybody, Actor::Public),
    })
}

async fn requests(app: &App, request: &HttpRequest, asked: &Asked) -> Result<Value> {
    let (reader, actor) = reader(app, request, asked).await?;
    let (wanted, shown) = (asked.wanted()?, language());
    app.read(actor, move |connection, act| told(&open311::list(connection, act, reader, &wanted, shown)?))
        .await
}

async fn updates(app: &App, request: &HttpRequest, asked: &Asked) -> Result<Value> {
    let (reader, actor) = reader(app, request, asked).await?;
    let (wanted, shown) = (asked.updates_wanted()?, language());
    app.read(actor, move |connection, act| told(&open311::updates(connection, act, reader, &wanted, shown)?))
        .await
}

fn told(views: &impl serde::Serialize) -> Result<Value> {
    serde_json::to_value(views).map_err(|error| Error::Internal(Box::new(error)))
}

/// One request; still a list.
async fn read_one(app: web::Data<App>, request: HttpRequest, path: web::Path<String>) -> HttpResponse {
    let (id, format) = asked::ending(&path);
    let outcome = one(&app, &request, id).await;
    answer(outcome, wire::REQUESTS, format)
}

async fn one(app: &App, request: &HttpRequest, id: &str) -> Result<Value> {
    let id: CaseId = id.parse().map_err(|_| Error::NotFound)?;
    let (reader, actor) = reader(app, request, &Asked::query(request)).await?;
    let shown = language();
    app.read(actor, move |connection, act| told(&[open311::find(connection, act, reader, id, shown)?])).await
}

/// The number behind a token.
async fn read_token(app: web::Data<App>, request: HttpRequest, path: web::Path<String>) -> HttpResponse {
    let (token, format) = asked::ending(&path);
    let (token, asked) = (token.to_owned(), Asked::query(&request));
    let outcome = match open(&app, &asked) {
        Ok(()) => {
            app.db
                .read(move |connection| {
                    let id = open311::by_token(connection, &token)?;
                    Ok(json!([{ "service_request_id": id, "token": token }]))
                })
                .await
        }
        Err(error) => Err(error),
    };
    answer(outcome, wire::REQUESTS, format)
}

/// Takes a request or an update.
async fn write(
    app: web::Data<App>,
    request: HttpRequest,
    path: web::Path<String>,
    body: web::Bytes,
) -> HttpResponse {
    let (name, format) = asked::ending(&path);
    let mut asked = Asked::query(&request);
    let outcome = match asked.add_form(&request, &body) {
        Err(error) => Err(error),
        Ok(()) => match name {
            "requests" => file(&app, &request, &asked).await,
            "servicerequestupdates" => update(&app, &request, &asked).await,
            _ => Err(Error::NotFound),
        },
    };
    let list = if name == "requests" { wire::REQUESTS } else { wire::UPDATES };
    app.nudges.outbox.notify_one();
    answer(outcome, list, format)
}

/// The key by which a call writes.
async fn writer(app: &App, request: &HttpRequest, asked: &Asked) -> Result<(GatewayId, Actor)> {
    open(app, asked)?;
    caller(app, key(request, asked)).await?.ok_or(Error::Forbidden(Code::Open311Key))
}

async fn file(app: &App, request: &HttpRequest, asked: &Asked) -> Result<Value> {
    let (gateway, actor) = writer(app, request, asked).await?;
    let (wish, reader) = (asked.request(), language());
    let filed = app.write(actor, move |connection, act| {
        open311::file(connection, act, gateway, &wish, reader, |connection, act, wish| {
            intake::file(connection, act, Form::Case, wish)
        })
    });
    let filed = filed.await.map_err(asked::renamed)?;
    Ok(json!([receipt(&filed, reader, asked.get("account_id"))]))
}

fn receipt(filed: &Filed, reader: Language, account: Option<&str>) -> Value {
    let code = filed.access_code.as_deref().unwrap_or_default();
    let mut notice = match reader {
        Language::Fa => format!("کد رهگیری {}، کد دسترسی {code}", filed.tracking_code),
        Language::En => format!("Tracking code {}, access code {code}", filed.tracking_code),
    };
    if filed.downgraded {
        notice.push_str(match reader {
            Language::Fa => "؛ شکایت بدون هویت درست به‌عنوان گزارش ثبت شد",
            Language::En => "; without a valid identity the complaint was taken as a report",
        });
    }
    match &filed.token {
        Some(token) => json!({ "token": token, "service_notice": notice, "account_id": account }),
        None => json!({ "service_request_id": filed.case, "service_notice": notice, "account_id": account }),
    }
}

async fn update(app: &App, request: &HttpRequest, asked: &Asked) -> Result<Value> {
    let (gateway, actor) = writer(app, request, asked).await?;
    let wish = asked.update();
    let message =
        app.write(actor, move |connection, act| open311::add_update(connection, act, gateway, &wish));
    let message = message.await.map_err(asked::renamed)?;
    Ok(json!([{ "update_id": message }]))
}

/// How long to wait, where the error says it.
fn wait(error: &Error, response: &mut HttpResponse) {
    if let Error::TooMany { retry_after, .. } | Error::Unavailable { retry_after } = error {
        response.headers_mut().insert(RETRY_AFTER, (*retry_after).into());
    }
}
