//! `/channels`: what each channel hands over. A gateway gets 2xx for whatever was committed, also where it waits for a
//! person; who types it in is told what is wrong and nothing is kept.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest, HttpResponse, get, post, web};
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};

use super::body::Query;
use super::caller::Caller;
use super::client::address;
use super::problem::{Problem, ProblemBody};
use crate::app::App;
use crate::db::types::{CaseId, GatewayId, IntakeItemId, MessageId};
use crate::domain::actor::Actor;
use crate::domain::gateways;
use crate::domain::intake::{Form, ItemState, RefusedField};
use crate::domain::sms::standings;
use crate::error::{Code, Error, Result};
use crate::intake::email;
use crate::intake::{Call, Delivery, Fax, Letter, Raw, Received, Sms, Visit};

/// What became of it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ReceivedView {
    /// Of the communication log.
    item: IntakeItemId,
    state: ItemState,
    /// Whether it was known; then this is what the first delivery was told.
    repeated: bool,
    /// The new case; of a case that it joined nothing is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    case_id: Option<CaseId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tracking_code: Option<String>,
    /// Opens the case together with its tracking code; told once.
    #[serde(skip_serializing_if = "Option::is_none")]
    access_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<MessageId>,
    /// Why it waits for a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<RefusedField>,
}

/// 201 for a new case, 200 for a message or what was known, 202 for what waits.
pub(super) fn answer(received: Received) -> HttpResponse {
    let mut reply = match (received.state, received.delivery) {
        (ItemState::Registered, Delivery::First) => HttpResponse::Created(),
        (ItemState::Failed | ItemState::ToKey, _) => HttpResponse::Accepted(),
        (ItemState::Asked, Delivery::First) => HttpResponse::Accepted(),
        (
            ItemState::Registered
            | ItemState::Joined
            | ItemState::Discarded
            | ItemState::Asked
            | ItemState::Answered,
            _,
        ) => HttpResponse::Ok(),
    };
    let (reason, fields) = received.refusal.map(|refusal| (refusal.reason, refusal.fields)).unzip();
    reply.json(ReceivedView {
        item: received.item,
        state: received.state,
        repeated: received.delivery == Delivery::Again,
        case_id: received.case.filter(|_| received.state == ItemState::Registered),
        tracking_code: received.tracking_code,
        access_code: received.registered.and_then(|done| done.access_code),
        message_id: received.message,
        reason,
        fields: fields.unwrap_or_default(),
    })
}

/// How many times the limit is read and dropped, so that the peer reads the answer and not a broken line.
const DROPPED: usize = 8;

/// The body up to the limit, and whether there was more.
pub(in crate::api) async fn body_of(payload: &mut web::Payload, limit: usize) -> Result<(Vec<u8>, bool)> {
    let (mut bytes, mut length) = (Vec::new(), 0_usize);
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Error::Malformed(Code::MalformedJson))?;
        length += chunk.len();
        let room = limit.saturating_sub(bytes.len());
        bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if length > limit.saturating_mul(DROPPED) {
            break;
        }
    }
    Ok((bytes, length > limit))
}

/// Bytes that are kept of a body that was too large.
const HEAD: usize = 65_536;
/// Bytes that are read of a mail that was too large: its words stand before its files.
const MAIL_HEAD: usize = 1_048_576;

async fn taken(
    app: &web::Data<App>,
    actor: Actor,
    form: Form,
    request: &HttpRequest,
    mut payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let media_type = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let (mut bytes, is_over) = body_of(&mut payload, app.config.server.intake_limit).await?;
    if is_over && form == Form::Email {
        // its sender is told that the files were not taken; what was written is
        bytes.truncate(MAIL_HEAD);
        let raw = Raw { form, gateway: None, media_type: email::CUT_TYPE.into(), bytes };
        return Ok(answer(app.receive_raw(actor, raw).await?));
    }
    if is_over {
        bytes.truncate(HEAD);
        let error = Error::Malformed(Code::PayloadTooLarge);
        if crate::intake::is_kept(&actor, &error) {
            app.keep_unread(actor, Raw { form, gateway: None, media_type, bytes }, &error).await?;
        }
        return Err(error.into());
    }
    Ok(answer(app.receive_raw(actor, Raw { form, gateway: None, media_type, bytes }).await?))
}

/// The key of a gateway that cannot set headers.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
pub struct PushQuery {
    /// The gateway's key, where it cannot send it as a bearer token.
    key: Option<String>,
}

/// A gateway pushes an SMS. `{gateway}` is the name or the id of its key; the key comes as a bearer token or in `key`. Further
/// values of the address count as values of the form.
#[utoipa::path(tag = "channels", params(PushQuery), request_body = Sms, security(("bearer" = [])),
    responses((status = 201, body = ReceivedView), (status = 200, description = "A message, or known", body = ReceivedView), (status = 202, description = "Kept for a person", body = ReceivedView), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 413, body = ProblemBody)))]
#[post("/channels/sms/{gateway}/inbound")]
pub(super) async fn push_sms(
    app: web::Data<App>,
    path: web::Path<String>,
    query: Query<PushQuery>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let actor = pushing(&app, &path, query.0.key.as_deref(), &request).await?;
    taken(&app, actor, Form::Sms, &request, payload).await
}

/// The same by GET with all values in the address, as Melipayamak and Kannel call; answered with a short text.
#[utoipa::path(tag = "channels", params(PushQuery), security(("bearer" = [])),
    responses((status = 200, description = "Committed"), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
#[get("/channels/sms/{gateway}/inbound")]
pub(super) async fn push_sms_by_get(
    app: web::Data<App>,
    path: web::Path<String>,
    query: Query<PushQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let actor = pushing(&app, &path, query.0.key.as_deref(), &request).await?;
    // the key is no part of what was said and is kept nowhere
    let values = request.query_string().split('&').filter(|pair| !pair.starts_with("key="));
    let bytes = values.collect::<Vec<_>>().join("&").into_bytes();
    let media_type = "application/x-www-form-urlencoded".into();
    app.receive_raw(actor, Raw { form: Form::Sms, gateway: None, media_type, bytes }).await?;
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ok"))
}

/// Who pushes: the key, its name, and an address on the gateway's list.
async fn pushing(
    app: &web::Data<App>,
    wished: &str,
    key: Option<&str>,
    request: &HttpRequest,
) -> Result<Actor, Problem> {
    let actor = match key {
        Some(key) => of_key(app, key).await?,
        None => Caller::extract(request).await?.actor,
    };
    let Actor::Gateway { id, .. } = &actor else { return Err(Error::Forbidden(Code::Forbidden).into()) };
    let id: GatewayId = *id;
    let name = app.db.glance(move |connection| gateways::name(connection, id)).await?;
    if name != wished && id.to_string() != wished {
        return Err(Error::NotFound.into());
    }
    check_address(app, &name, request).await?;
    Ok(actor)
}

/// Refuses a caller that is not on the gateway's list and notes it: whoever has the key and calls from elsewhere is either
/// the gateway with a new address or somebody who stole the key.
pub(super) async fn check_address(
    app: &web::Data<App>,
    gateway: &str,
    request: &HttpRequest,
) -> Result<(), Problem> {
    let address = address(request, &app.config.trusted_proxies());
    if app.config.sms.allows(gateway, &address) {
        return Ok(());
    }
    tracing::warn!(gateway, "a call with the right key came from an address that is not on the list");
    let (name, now) = (gateway.to_owned(), app.clock.now());
    app.db.write(move |connection| standings::refused(connection, now, &name)).await?;
    Err(Error::Forbidden(Code::AddressNotAllowed).into())
}

pub(super) async fn of_key(app: &App, key: &str) -> Result<Actor> {
    let (digest, now) = (app.keys.digest("gateway-key", &[key]), app.clock.now());
    let found = app.db.glance(move |connection| gateways::by_digest(connection, &digest, now)).await?;
    found.ok_or(Error::Unauthenticated(Code::Unauthenticated))
}

/// A fax server hands a fax over.
#[utoipa::path(tag = "channels", request_body = Fax, security(("bearer" = [])),
    responses((status = 201, body = ReceivedView), (status = 200, description = "A message, or known", body = ReceivedView), (status = 202, description = "Kept for a person", body = ReceivedView), (status = 413, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/channels/fax/inbound")]
pub(super) async fn push_fax(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    taken(&app, caller.actor, Form::Fax, &request, payload).await
}

/// A mail server hands a mail over, as it came (RFC 5322). Of one that is larger than the limit the words are taken, and
/// its sender is told that the files were not.
#[utoipa::path(tag = "channels", request_body(content = String, content_type = "message/rfc822"), security(("bearer" = [])),
    responses((status = 201, body = ReceivedView), (status = 200, description = "A message, known, or a machine's mail that was set aside", body = ReceivedView), (status = 202, description = "Kept for a person", body = ReceivedView), (status = 415, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/channels/email/inbound")]
pub(super) async fn push_email(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    taken(&app, caller.actor, Form::Email, &request, payload).await
}

/// The registry office enters a letter.
#[utoipa::path(tag = "channels", request_body = Letter, security(("bearer" = [])),
    responses((status = 201, body = ReceivedView), (status = 200, description = "A message, or known", body = ReceivedView), (status = 202, description = "Kept for a person", body = ReceivedView), (status = 413, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/channels/letters")]
pub(super) async fn enter_letter(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    taken(&app, caller.actor, Form::Letter, &request, payload).await
}

/// A desk enters a visit.
#[utoipa::path(tag = "channels", request_body = Visit, security(("bearer" = [])),
    responses((status = 201, body = ReceivedView), (status = 200, description = "A message, or known", body = ReceivedView), (status = 202, description = "Kept for a person", body = ReceivedView), (status = 413, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/channels/visits")]
pub(super) async fn enter_visit(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    taken(&app, caller.actor, Form::Visit, &request, payload).await
}

/// An agent or the exchange hands a finished call or a voicemail over.
#[utoipa::path(tag = "channels", request_body = Call, security(("bearer" = [])),
    responses((status = 201, body = ReceivedView), (status = 200, description = "A message, or known", body = ReceivedView), (status = 202, description = "Kept for a person", body = ReceivedView), (status = 413, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/channels/phone/calls")]
pub(super) async fn enter_call(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    taken(&app, caller.actor, Form::Call, &request, payload).await
}
