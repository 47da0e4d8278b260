//! `/channels/phone`: what an exchange reports of its calls, and what its machine at the line asks.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest, HttpResponse, post, web};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::caller::Caller;
use super::channels::of_key;
use super::client::address;
use super::problem::{Problem, ProblemBody};
use crate::app::App;
use crate::db::types::PhoneCallId;
use crate::domain::actor::Actor;
use crate::domain::history::hex;
use crate::domain::intake::Form;
use crate::domain::phone::{self, Asked, CallState, IvrState, Said};
use crate::domain::sms::standings;
use crate::domain::users::Attempt;
use crate::domain::{gateways, input};
use crate::error::{Code, Error, Result};
use crate::intake::{Raw, call_event};

/// The key of an exchange that cannot set headers.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
pub struct KeyQuery {
    /// The exchange's key, where it cannot send it as a bearer token.
    key: Option<String>,
}

/// An event of a call, in the generic CTI shape; other names of its dialects are understood and further values passed over.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "only describes the form to the documentation")]
pub(super) struct CallEventBody {
    /// newCall, answer, hangup; any other is taken and nothing done.
    event: String,
    /// The exchange's id of the call.
    #[schema(rename = "callId")]
    call_id: String,
    from: Option<String>,
    to: Option<String>,
    /// in or out.
    direction: Option<String>,
    /// Whose desk rings, or who answered: extensions or user names.
    user: Option<Vec<String>>,
    /// The extension that answered.
    #[schema(rename = "answeringNumber")]
    answering_number: Option<String>,
    queue: Option<String>,
    /// Why it ended.
    cause: Option<String>,
    /// When it happened: RFC 3339, or seconds since 1970.
    at: Option<String>,
}

/// What became of an event.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EventView {
    /// Whether it was one of the three.
    taken: bool,
    /// It was known; nothing was done.
    repeated: bool,
    /// Our id of the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<PhoneCallId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<CallState>,
    /// The agent that was named is unknown: nobody sits at the extension, and no account has the name.
    agent_unknown: bool,
}

/// An exchange reports a call. Events may come in any order and more than once. The key comes as a bearer token or in `key`;
/// where the settings hold a secret, `X-Signature: sha256=…` is the HMAC-SHA256 of the body.
#[utoipa::path(tag = "channels", params(KeyQuery), request_body = CallEventBody, security(("bearer" = [])),
    responses((status = 200, body = EventView), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 415, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/channels/phone/events")]
pub(super) async fn push_call_event(
    app: web::Data<App>,
    query: super::body::Query<KeyQuery>,
    request: HttpRequest,
    body: web::Bytes,
) -> Result<HttpResponse, Problem> {
    let actor = exchange(&app, query.0.key.as_deref(), &request, &body).await?;
    let raw = Raw { form: Form::Call, gateway: None, media_type: media_type(&request), bytes: body.to_vec() };
    let Some(event) = call_event(&raw)? else {
        let passed = EventView { taken: false, repeated: false, id: None, state: None, agent_unknown: false };
        return Ok(HttpResponse::Ok().json(passed));
    };
    let taken = app.write(actor, move |connection, act| phone::take_event(connection, act, &event)).await?;
    app.nudges.calls.notify_waiters();
    Ok(HttpResponse::Ok().json(EventView {
        taken: true,
        repeated: taken.is_repeated,
        id: Some(taken.call),
        state: Some(taken.state),
        agent_unknown: taken.is_agent_unknown,
    }))
}

/// The machine at the line asks for a case by its code and a second factor. The answer is 200 with a text to be spoken,
/// also for a pair that is not right and after too many tries; a wrong code and a wrong factor sound the same.
#[utoipa::path(tag = "channels", params(KeyQuery), request_body = Asked, security(("bearer" = [])),
    responses((status = 200, body = Said), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/channels/phone/ivr")]
pub(super) async fn answer_caller(
    app: web::Data<App>,
    query: super::body::Query<KeyQuery>,
    request: HttpRequest,
    body: web::Bytes,
) -> Result<HttpResponse, Problem> {
    let actor = exchange(&app, query.0.key.as_deref(), &request, &body).await?;
    if media_type(&request) != "application/json" {
        return Err(Error::Malformed(Code::UnsupportedMedia).into());
    }
    let asked: Asked = input::json(&body)?;
    let wish = asked.clone();
    let said =
        app.glance(actor.clone(), move |connection, act| phone::answer(connection, act, &wish)).await?;
    if said.state == IvrState::Unknown {
        let free = app.config.limits.lookup_tries;
        let rule = Attempt { free, first_lock_seconds: 60, forget_seconds: 3600 };
        app.write(actor, move |connection, act| phone::note_wrong(connection, act, &asked, rule)).await?;
    }
    Ok(HttpResponse::Ok().json(said))
}

fn media_type(request: &HttpRequest) -> String {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Who calls: a key of the channel, from an address on the list, with the right signature where one is asked for.
async fn exchange(
    app: &web::Data<App>,
    key: Option<&str>,
    request: &HttpRequest,
    body: &[u8],
) -> Result<Actor, Problem> {
    let actor = match key {
        Some(key) => of_key(app, key).await?,
        None => Caller::extract(request).await?.actor,
    };
    let Actor::Gateway { id, channels, .. } = &actor else {
        return Err(Error::Forbidden(Code::Forbidden).into());
    };
    if !channels.iter().any(|channel| channel == "*" || channel == "phone") {
        return Err(Error::Forbidden(Code::Forbidden).into());
    }
    let id = *id;
    let name = app.db.glance(move |connection| gateways::name(connection, id)).await?;
    let from = address(request, &app.config.trusted_proxies());
    let refusal = if !app.config.phone.allows(&name, &from) {
        Some(Error::Forbidden(Code::AddressNotAllowed))
    } else if app.config.phone.secret(&name).is_some_and(|secret| !is_signed(request, secret, body)) {
        Some(Error::Unauthenticated(Code::SignatureWrong))
    } else {
        None
    };
    let Some(refusal) = refusal else { return Ok(actor) };
    tracing::warn!(gateway = name, code = refusal.code().as_str(), "a call of an exchange was turned away");
    let now = app.clock.now();
    app.db.write(move |connection| standings::refused(connection, now, &name)).await?;
    Err(refusal.into())
}

/// Whether the header signs these bytes; compared in constant time.
fn is_signed(request: &HttpRequest, secret: &str, body: &[u8]) -> bool {
    let told = request.headers().get("X-Signature").and_then(|value| value.to_str().ok());
    let told = told.map(|value| value.trim().to_ascii_lowercase());
    let signature = told.as_deref().and_then(|value| hex::decode(value.strip_prefix("sha256=")?));
    let Some(signature) = signature else { return false };
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(body);
    mac.verify_slice(&signature).is_ok()
}
