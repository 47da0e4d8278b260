//! Closures of a calendar: declared late, tried before, withdrawn.

use actix_web::{HttpResponse, get, post, web};

use super::body::{Body, IdempotencyKey, Query, id};
use super::caller::Caller;
use super::commit::{Once, Reply, commit};
use super::page::{Page, PageQuery, keyset};
use super::problem::{Problem, ProblemBody};
use crate::app::App;
use crate::db::types::ClosureId;
use crate::domain::closures::{self, ClosureView, Forecast, Wish, Withdrawal};
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::error::Error;

type Outcome = Result<HttpResponse, Problem>;

/// Lists the closures of a calendar, the latest first, with how far each recomputation has come.
#[utoipa::path(tag = "configuration", params(PageQuery), security(("bearer" = [])), responses((status = 200, body = Page<ClosureView>), (status = 404, body = ProblemBody)))]
#[get("/calendars/{code}/closures")]
pub(super) async fn list_closures(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    query: Query<PageQuery>,
) -> Outcome {
    let page = app
        .glance(caller.actor, move |connection, act| {
            policy::allow_reading(act)
                .or_else(|_| policy::allow_anywhere(act, Verb::Configure).map(|_| ()))?;
            if !act.rules.has_calendar(&path) {
                return Err(Error::NotFound);
            }
            let (limit, before) = (query.0.limit()?, query.0.after::<ClosureId>()?);
            let rows = closures::list(connection, &path, before, limit + 1)?;
            Ok(keyset(rows, limit, |row| row.id.to_string(), |row| row))
        })
        .await?;
    Ok(HttpResponse::Ok().json(page))
}

/// One closure and its progress.
#[utoipa::path(tag = "configuration", security(("bearer" = [])), responses((status = 200, body = ClosureView), (status = 404, body = ProblemBody)))]
#[get("/calendars/{code}/closures/{closure}")]
pub(super) async fn read_closure(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(String, String)>,
) -> Outcome {
    let (code, closure) = path.into_inner();
    let closure: ClosureId = id(&closure)?;
    let view = app
        .glance(caller.actor, move |connection, act| {
            policy::allow_reading(act)
                .or_else(|_| policy::allow_anywhere(act, Verb::Configure).map(|_| ()))?;
            closures::read(connection, &code, closure)
        })
        .await?;
    Ok(HttpResponse::Ok().json(view))
}

/// Declares a closure, also of today or of days that are over: open due times are recomputed, and citizens get
/// their new dates.
#[utoipa::path(tag = "configuration", request_body = Wish, security(("bearer" = [])), responses((status = 201, body = ClosureView), (status = 422, body = ProblemBody)))]
#[post("/calendars/{code}/closures")]
pub(super) async fn declare_closure(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<Wish>,
) -> Outcome {
    let once = Once::of(key, &format!("POST /calendars/{path}/closures"), &body.digest);
    Ok(commit(&app, caller.actor, once, move |connection, act| {
        Reply::created(&closures::declare(connection, act, &path, &body.value)?)
    })
    .await?)
}

/// Tells what a closure would move, and changes nothing.
#[utoipa::path(tag = "configuration", request_body = Wish, security(("bearer" = [])), responses((status = 200, body = Forecast), (status = 422, body = ProblemBody)))]
#[post("/calendars/{code}/closures/trial")]
pub(super) async fn try_closure(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    body: Body<Wish>,
) -> Outcome {
    let told = app
        .read(caller.actor, move |connection, act| {
            policy::allow_anywhere(act, Verb::Configure)?;
            closures::forecast(connection, act, &path, &body.value)
        })
        .await?;
    Ok(HttpResponse::Ok().json(told))
}

/// Takes a closure back; due times go back too, and citizens are told.
#[utoipa::path(tag = "configuration", request_body = Withdrawal, security(("bearer" = [])), responses((status = 200, body = ClosureView), (status = 409, body = ProblemBody)))]
#[post("/calendars/{code}/closures/{closure}/withdrawal")]
pub(super) async fn withdraw_closure(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(String, String)>,
    key: IdempotencyKey,
    body: Body<Withdrawal>,
) -> Outcome {
    let (code, closure) = path.into_inner();
    let closure: ClosureId = id(&closure)?;
    let once = Once::of(key, &format!("POST /calendars/{code}/closures/{closure}/withdrawal"), &body.digest);
    Ok(commit(&app, caller.actor, once, move |connection, act| {
        Reply::ok(&closures::withdraw(connection, act, &code, closure, &body.value)?)
    })
    .await?)
}
