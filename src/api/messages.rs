//! `/messages`: dead letters, the delivery log of a message, sending again; and carriers' reports.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};

use super::body::{IdempotencyKey, Query, Raw, id};
use super::caller::Caller;
use super::channels;
use super::commit::{Once, Reply, commit};
use super::page::{Page, PageQuery, keyset};
use super::problem::{Problem, ProblemBody};
use crate::app::App;
use crate::db::DbConnection;
use crate::db::types::{CaseId, MessageId, SmsReplyId, Time};
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::find_visible;
use crate::domain::masking::{Known, Masker};
use crate::domain::notifications::outbox::{self, DeadLetter, Reported};
use crate::domain::rulebook::Verb;
use crate::domain::sms::{replies, sendings};
use crate::domain::views::{self, DeliveryView};
use crate::domain::{conflict, definitions, policy};
use crate::error::{Error, FieldError, Language, Result};

/// A message that reached nobody.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DeadLetterView {
    id: MessageId,
    case_id: CaseId,
    audience: String,
    channel: String,
    template: Option<String>,
    attempts: i32,
    error: Option<String>,
    created_at: Time,
    settled_at: Option<Time>,
}

impl From<DeadLetter> for DeadLetterView {
    fn from(letter: DeadLetter) -> Self {
        Self {
            id: letter.message,
            case_id: letter.case,
            audience: letter.audience,
            channel: letter.channel,
            template: letter.template,
            attempts: letter.attempts,
            // a carrier likes to quote the address
            error: letter.error.map(|words| Masker::new(&Known::default(), Language::En).mask(&words)),
            created_at: letter.created_at,
            settled_at: letter.settled_at,
        }
    }
}

/// Messages that reached nobody by any way; their words are not shown.
#[utoipa::path(tag = "operations", params(PageQuery), security(("bearer" = [])), responses((status = 200, body = Page<DeadLetterView>), (status = 403, body = ProblemBody)))]
#[get("/messages/dead")]
pub(super) async fn list_dead_letters(
    app: web::Data<App>,
    caller: Caller,
    query: Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let page = app
        .read(caller.actor, move |connection, act| {
            policy::allow_anywhere(act, Verb::Resend)?;
            let limit = query.0.limit()?;
            let after = query.0.after()?;
            let rows = outbox::dead_letters(connection, after, limit + 1)?;
            let mut page = keyset(rows, limit, |row| row.message.to_string(), DeadLetterView::from);
            let cases: Vec<CaseId> = page.items.iter().map(|letter| letter.case_id).collect();
            let barred = conflict::condition::barred_among(connection, act, &cases)?;
            page.items.retain(|letter| !barred.contains(&letter.case_id));
            Ok(page)
        })
        .await?;
    Ok(HttpResponse::Ok().json(page))
}

/// An administrator sees the log of any message but not its case; and nothing of a case about themselves.
fn may_operate_on(connection: &mut DbConnection, act: &Act, case: CaseId) -> Result<()> {
    if policy::allow_anywhere(act, Verb::ReadHealth).is_err() {
        policy::allow_reading(act)?;
        return find_visible(connection, act, case).map(|_| ());
    }
    match conflict::condition::barred_among(connection, act, &[case])?.is_empty() {
        true => Ok(()),
        false => Err(Error::NotFound),
    }
}

/// Every attempt to deliver a message.
#[utoipa::path(tag = "operations", security(("bearer" = [])), responses((status = 200, body = Page<DeliveryView>), (status = 404, body = ProblemBody)))]
#[get("/messages/{id}/deliveries")]
pub(super) async fn list_deliveries(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let message: MessageId = id(&path)?;
    let items = app
        .glance(caller.actor, move |connection, act| {
            let case = outbox::case_of(connection, message)?;
            may_operate_on(connection, act, case)?;
            views::deliveries(connection, message)
        })
        .await?;
    Ok(HttpResponse::Ok().json(Page::whole(items)))
}

/// Sends a message again.
#[utoipa::path(tag = "operations", security(("bearer" = [])), responses((status = 200, body = Page<DeliveryView>), (status = 409, body = ProblemBody)))]
#[post("/messages/{id}/resending")]
pub(super) async fn resend_message(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    key: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    let message: MessageId = id(&path)?;
    let once = Once::of(key, &format!("POST /messages/{message}/resending"), "");
    Ok(commit(&app, caller.actor, once, move |connection, act| {
        policy::allow_anywhere(act, Verb::Resend)?;
        let case = outbox::case_of(connection, message)?;
        may_operate_on(connection, act, case)?;
        outbox::resend(connection, act, message)?;
        definitions::log(connection, act, "resend", &format!("message:{message}"), "")?;
        Reply::ok(&Page::whole(views::deliveries(connection, message)?))
    })
    .await?)
}

/// A carrier's report, as Kannel (query) or Kavenegar (form) tells it.
#[derive(Debug, Default, Deserialize)]
struct Report {
    /// Our id of the message.
    id: Option<String>,
    status: Option<String>,
    secret: Option<String>,
    /// The provider's id of the message.
    messageid: Option<String>,
}

/// A carrier tells how far an SMS got. Kannel calls with our id and the message's secret, Kavenegar with its
/// own id and the secret that stands in the registered address.
#[utoipa::path(tag = "channels", responses((status = 200), (status = 404, body = ProblemBody)))]
#[get("/channels/sms/{gateway}/delivery")]
pub(super) async fn report_delivery(
    app: web::Data<App>,
    path: web::Path<String>,
    request: HttpRequest,
    query: Query<Report>,
) -> Result<HttpResponse, Problem> {
    reported(&app, &path, &request, query.0).await
}

/// The same by POST, with a form beside the query.
#[utoipa::path(tag = "channels", responses((status = 200), (status = 404, body = ProblemBody)))]
#[post("/channels/sms/{gateway}/delivery")]
pub(super) async fn post_delivery(
    app: web::Data<App>,
    path: web::Path<String>,
    request: HttpRequest,
    query: Query<Report>,
    body: Raw,
) -> Result<HttpResponse, Problem> {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let told: Report = if kind.starts_with("application/json") {
        serde_json::from_slice(&body.0).unwrap_or_default()
    } else {
        let text = String::from_utf8_lossy(&body.0);
        web::Query::<Report>::from_query(&text).map(web::Query::into_inner).unwrap_or_default()
    };
    let report = Report {
        id: query.0.id.or(told.id),
        status: query.0.status.or(told.status),
        secret: query.0.secret,
        messageid: query.0.messageid.or(told.messageid),
    };
    reported(&app, &path, &request, report).await
}

async fn reported(
    app: &web::Data<App>,
    gateway: &str,
    request: &HttpRequest,
    report: Report,
) -> Result<HttpResponse, Problem> {
    let Some(line) = app.gateways.sms.line(gateway) else { return Err(Error::NotFound.into()) };
    let code = report.status.as_deref().ok_or_else(|| Error::field(FieldError::required("status")))?;
    let by_id: Option<MessageId> = report.id.as_deref().map(id).transpose()?;
    if !line.is_secret(by_id.unwrap_or(MessageId(0)), &report.secret.unwrap_or_default()) {
        return Err(Error::NotFound.into());
    }
    channels::check_address(app, gateway, request).await?;
    let Some(state) = line.state_of(code) else { return Ok(HttpResponse::Ok().body("ok")) };
    let (carrier, gateway) = (report.messageid, gateway.to_owned());
    let outcome = app
        .write(Actor::System, move |connection, act| {
            let message = match (by_id, &carrier) {
                (Some(id), _) => id,
                (None, Some(carrier)) => sendings::by_carrier(connection, &gateway, carrier)?,
                (None, None) => return Err(Error::field(FieldError::required("id"))),
            };
            match outbox::delivered(connection, act, message, state) {
                // what went out was an answer to an SMS
                Err(Error::NotFound) if by_id.is_some() => {
                    replies::delivered(connection, act, SmsReplyId(message.0), state)?;
                    Ok(Reported::AlreadyKnown)
                }
                told => told,
            }
        })
        .await?;
    if outcome == Reported::Recorded {
        app.nudges.outbox.notify_one();
    }
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ok"))
}
