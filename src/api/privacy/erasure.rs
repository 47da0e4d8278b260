//! What retention erases and when, tombstones, and requests for erasure.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};

use super::super::body::{Body, IdempotencyKey, Query, id};
use super::super::caller::Caller;
use super::super::cases::{Outcome, with_case};
use super::super::certificates::page;
use super::super::commit::{Once, Reply, commit};
use super::super::page::{Page, keyset, limit, time};
use super::super::problem::{Problem, ProblemBody, language};
use crate::app::App;
use crate::db::types::{CaseId, CitizenId, ErasureRequestId, Time};
use crate::domain::actor::Actor;
use crate::domain::cases::TrackingCode;
use crate::domain::history::{Tombstone, tombstone};
use crate::domain::privacy::due::{self, Due};
use crate::domain::privacy::requests::{self, AskErasure, DecideErasure, RequestState, RequestView};
use crate::domain::privacy::{DecidedView, decided, printed, walk};
use crate::domain::rulebook::Verb;
use crate::domain::{input, policy};
use crate::error::{Code, Error, Result};

/// Which part of the preview.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct DueQuery {
    /// What goes until this day or time; now when missing.
    until: Option<String>,
    /// 1 to 200; 50 when missing.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// What is erased when, and how far the present walk has come.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DueView {
    items: Vec<Due>,
    /// A page may have fewer items than asked for, even none, while there are more.
    next_cursor: Option<String>,
    /// The walk that erases; null before the first.
    walk: Option<walk::Walk>,
}

fn place(cursor: &str) -> Result<due::Place> {
    let parts = cursor.split_once('.').and_then(|(at, id)| Some((at.parse::<i64>().ok()?, id.parse().ok()?)));
    let (at, id): (i64, i64) = parts.ok_or(Error::Malformed(Code::InvalidCursor))?;
    Ok((Time::from_microsecond(at), CaseId(id)))
}

/// What is past its time now, or will be until a day: which case, which parts, under which rule, and what stops it.
#[utoipa::path(tag = "privacy", params(DueQuery), security(("bearer" = [])), responses((status = 200, body = DueView), (status = 422, body = ProblemBody)))]
#[get("/retention/due")]
pub(in crate::api) async fn list_due(app: web::Data<App>, caller: Caller, query: Query<DueQuery>) -> Outcome {
    let query = query.0;
    let view = app.read(caller.actor, move |connection, act| {
        policy::allow_anywhere(act, Verb::Erase)?;
        let limit = usize::try_from(limit(query.limit)?).unwrap_or(1);
        let until =
            query.until.as_deref().map(|text| time("until", text)).transpose().map_err(Error::field)?;
        let after = query.cursor.as_deref().map(place).transpose()?;
        let (items, next) = due::preview(connection, act, after, until.unwrap_or(act.now), limit)?;
        let next_cursor = next.map(|(at, id)| format!("{}.{id}", at.as_microsecond()));
        Ok(DueView { items, next_cursor, walk: walk::state(connection)? })
    });
    Ok(HttpResponse::Ok().json(view.await?))
}

/// The proof of what was erased of a case, to print.
#[utoipa::path(tag = "privacy", security(("bearer" = [])), responses((status = 200, content_type = "text/html", body = String), (status = 404, body = ProblemBody)))]
#[get("/cases/{id}/tombstone")]
pub(in crate::api) async fn print_tombstone(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
) -> Outcome {
    let reader = language();
    let html = with_case(&app, caller, &path, move |connection, _, row| {
        printed::page(row, &tombstone::of_case(connection, row.id)?, reader)
    });
    Ok(page(html.await?))
}

/// The signed tombstones of the case with this code: that, when and under what it was erased. Anybody may check
/// them, also without the access code; they say nothing of the matter or of a person.
#[utoipa::path(tag = "privacy", responses((status = 200, body = Page<Tombstone>), (status = 404, body = ProblemBody)))]
#[get("/public/cases/{tracking_code}/tombstone")]
pub(in crate::api) async fn read_tombstones(
    app: web::Data<App>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let code = TrackingCode::parse(&path).map_err(|_| Error::NotFound)?;
    let stones = app.glance(Actor::Public, move |connection, _| {
        let stones = tombstone::of_code(connection, code.as_str())?;
        if stones.is_empty() { Err(Error::NotFound) } else { Ok(stones) }
    });
    Ok(HttpResponse::Ok().json(Page::whole(stones.await?)))
}

/// Takes down that a citizen wishes all data to be erased.
#[utoipa::path(tag = "privacy", request_body = AskErasure, security(("bearer" = [])), responses((status = 201, body = RequestView), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
#[post("/citizens/{id}/erasure-requests")]
pub(in crate::api) async fn request_erasure(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<AskErasure>,
) -> Outcome {
    let citizen: CitizenId = id(&path)?;
    let once = Once::of(key, &format!("POST /citizens/{citizen}/erasure-requests"), &body.digest);
    Ok(commit(&app, caller.actor, once, move |connection, act| {
        Reply::created(&requests::ask(connection, act, citizen, &body.value)?)
    })
    .await?)
}

/// Which requests.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct RequestsQuery {
    /// `open`, `granted`, `refused` or `done`; all when missing.
    state: Option<String>,
    /// 1 to 200; 50 when missing.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// Requests for erasure, oldest first.
#[utoipa::path(tag = "privacy", params(RequestsQuery), security(("bearer" = [])), responses((status = 200, body = Page<RequestView>)))]
#[get("/erasure-requests")]
pub(in crate::api) async fn list_erasure_requests(
    app: web::Data<App>,
    caller: Caller,
    query: Query<RequestsQuery>,
) -> Outcome {
    let query = query.0;
    let found = app.read(caller.actor, move |connection, act| {
        policy::allow_anywhere(act, Verb::Erase)?;
        let limit = limit(query.limit)?;
        let state = query.state.as_deref().map(|text| input::choice::<RequestState>("state", text));
        let state = state.transpose().map_err(Error::field)?;
        let after = query.cursor.as_deref().map(|text| text.parse::<ErasureRequestId>());
        let after = after.transpose().map_err(|_| Error::Malformed(Code::InvalidCursor))?;
        let rows = requests::list(connection, act, state, after, limit + 1)?;
        Ok(keyset(rows, limit, |row| row.id.to_string(), |row| row))
    });
    Ok(HttpResponse::Ok().json(found.await?))
}

/// Grants or refuses a request for erasure; the citizen is told. The reply says what a grant still waits for, a hold
/// first of all.
#[utoipa::path(tag = "privacy", request_body = DecideErasure, security(("bearer" = [])), responses((status = 200, body = DecidedView), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/erasure-requests/{id}/decision")]
pub(in crate::api) async fn decide_erasure(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<DecideErasure>,
) -> Outcome {
    let request: ErasureRequestId = id(&path)?;
    let once = Once::of(key, &format!("POST /erasure-requests/{request}/decision"), &body.digest);
    let reader = language();
    Ok(commit(&app, caller.actor, once, move |connection, act| {
        let request = requests::decide(connection, act, request, &body.value)?;
        Reply::ok(&decided(connection, act, request, reader)?)
    })
    .await?)
}
