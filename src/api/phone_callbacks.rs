//! `/phone/callbacks`: who is to be rung back, taken, tried and settled.

use actix_web::{HttpResponse, delete, get, post, web};
use serde::Deserialize;

use super::body::{Body, IdempotencyKey, Query, id};
use super::caller::Caller;
use super::cases::Outcome;
use super::commit::{Once, Reply, commit};
use super::page::{Page, keyset, limit};
use super::problem::ProblemBody;
use crate::app::App;
use crate::db::DbConnection;
use crate::db::types::{PhoneCallbackId, Time};
use crate::domain::actor::Act;
use crate::domain::input;
use crate::domain::phone::{self, CallbackFilter, CallbackView, Listed, Promise, Try};
use crate::error::{Code, Error, Fields, Result};

/// Which entries.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct PhoneCallbackQuery {
    /// open, done, not_reached, got_through, given_up; open when missing.
    state: Option<String>,
    /// missed, abandoned, promised.
    origin: Option<String>,
    /// `true`: only those that may be tried now and that nobody else has in hand.
    ready: Option<bool>,
    /// `true`: only those whose time is over.
    overdue: Option<bool>,
    /// 1 to 200; 50 when missing.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// Lists who is to be rung back, by due time; numbers are masked.
#[utoipa::path(tag = "phone", params(PhoneCallbackQuery), security(("bearer" = [])), responses((status = 200, body = Page<CallbackView>), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[get("/phone/callbacks")]
pub(super) async fn list_phone_callbacks(
    app: web::Data<App>,
    caller: Caller,
    query: Query<PhoneCallbackQuery>,
) -> Outcome {
    let query = query.0;
    let page = app
        .read(caller.actor, move |connection, act| {
            let mut fields = Fields::default();
            let filter = CallbackFilter {
                state: query.state.and_then(|code| fields.take(input::choice("state", &code))),
                origin: query.origin.and_then(|code| fields.take(input::choice("origin", &code))),
                is_ready: query.ready.unwrap_or(false),
                is_overdue: query.overdue.unwrap_or(false),
            };
            fields.finish()?;
            let size = limit(query.limit)?;
            let after = query.cursor.as_deref().map(place).transpose()?;
            let rows = phone::list_callbacks(connection, act, &filter, after, size + 1)?;
            let key = |row: &Listed| format!("{}.{}", row.place.0.as_microsecond(), row.place.1);
            let Page { items, next_cursor } = keyset(rows, size, key, |row| row.view);
            Ok(Page { items: items.into_iter().flatten().collect(), next_cursor })
        })
        .await?;
    Ok(HttpResponse::Ok().json(page))
}

/// Where a page begins: due time and id of the last entry before it.
fn place(cursor: &str) -> Result<(Time, PhoneCallbackId)> {
    let read = || {
        let (due, id) = cursor.split_once('.')?;
        Some((Time::from_microsecond(due.parse().ok()?), id.parse().ok()?))
    };
    read().ok_or(Error::Malformed(Code::InvalidCursor))
}

/// Promises a call. On a case it becomes an event of its timeline, which the citizen sees.
#[utoipa::path(tag = "phone", request_body = Promise, security(("bearer" = [])), responses((status = 201, body = CallbackView), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/phone/callbacks")]
pub(super) async fn promise_callback(
    app: web::Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    body: Body<Promise>,
) -> Outcome {
    let once = Once::of(key, "POST /phone/callbacks", &body.digest);
    Ok(commit(&app, caller.actor, once, move |connection, act| {
        let id = phone::promise(connection, act, &body.value)?;
        Reply::created(&phone::view_callback(connection, act, id)?)
    })
    .await?)
}

/// One entry with its number and note; that it was read is logged.
#[utoipa::path(tag = "phone", security(("bearer" = [])), responses((status = 200, body = CallbackView), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
#[get("/phone/callbacks/{id}")]
pub(super) async fn read_phone_callback(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
) -> Outcome {
    done(&app, caller, &path, |_, _, _| Ok(())).await
}

/// Takes an entry in hand for half an hour; nobody else may try it meanwhile.
#[utoipa::path(tag = "phone", security(("bearer" = [])), responses((status = 200, body = CallbackView), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
#[post("/phone/callbacks/{id}/taking")]
pub(super) async fn take_callback(app: web::Data<App>, caller: Caller, path: web::Path<String>) -> Outcome {
    done(&app, caller, &path, phone::take).await
}

/// Gives an entry back untried.
#[utoipa::path(tag = "phone", security(("bearer" = [])), responses((status = 200, body = CallbackView), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
#[delete("/phone/callbacks/{id}/taking")]
pub(super) async fn release_callback(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
) -> Outcome {
    done(&app, caller, &path, phone::release).await
}

/// Notes a try: reached settles the entry; else it waits for the next try, and after the last one it is settled as not
/// reached.
#[utoipa::path(tag = "phone", request_body = Try, security(("bearer" = [])), responses((status = 200, body = CallbackView), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/phone/callbacks/{id}/tries")]
pub(super) async fn note_callback_try(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    body: Body<Try>,
) -> Outcome {
    done(&app, caller, &path, move |connection, act, id| phone::settle_try(connection, act, id, &body.value))
        .await
}

/// Why nobody rings back.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GiveUp {
    pub reason: String,
}

/// Sets an entry aside, with the reason.
#[utoipa::path(tag = "phone", request_body = GiveUp, security(("bearer" = [])), responses((status = 200, body = CallbackView), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/phone/callbacks/{id}/giving-up")]
pub(super) async fn give_callback_up(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    body: Body<GiveUp>,
) -> Outcome {
    done(&app, caller, &path, move |connection, act, id| {
        phone::give_up(connection, act, id, &body.value.reason)
    })
    .await
}

/// Does something with an entry and shows it.
async fn done<F>(app: &web::Data<App>, caller: Caller, path: &str, verb: F) -> Outcome
where
    F: Fn(&mut DbConnection, &Act, PhoneCallbackId) -> Result<()> + Send + 'static,
{
    let told = path.to_owned();
    Ok(commit(app, caller.actor, None, move |connection, act| {
        crate::domain::policy::allow_anywhere(act, crate::domain::rulebook::Verb::Register)?;
        let id: PhoneCallbackId = id(&told)?;
        verb(connection, act, id)?;
        Reply::ok(&phone::view_callback(connection, act, id)?)
    })
    .await?)
}
