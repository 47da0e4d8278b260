//! Corrections that citizens ask for with the look-up.

use actix_web::{HttpResponse, get, post, web};
use serde::Deserialize;

use super::super::body::{Body, IdempotencyKey, Query, id};
use super::super::caller::{Caller, CitizenCaller};
use super::super::cases::Outcome;
use super::super::commit::{Once, Reply, commit};
use super::super::page::{Page, limit};
use super::super::problem::ProblemBody;
use super::super::public::own_case;
use crate::app::App;
use crate::db::types::CorrectionRequestId;
use crate::domain::actor::Actor;
use crate::domain::input;
use crate::domain::privacy::correction_requests::{
    self, AskCorrection, DecideCorrection, OwnWish, WishState, WishView,
};
use crate::error::{Code, Error};

/// The citizen says what of the own record is wrong and what is right; staff decide until `due_at`, and the look-up
/// shows how it stands.
#[utoipa::path(tag = "public", request_body = AskCorrection, security(("bearer" = [])), responses((status = 201, body = OwnWish), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/public/cases/{tracking_code}/correction")]
pub(in crate::api) async fn ask_correction(
    app: web::Data<App>,
    citizen: CitizenCaller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<AskCorrection>,
) -> Outcome {
    let case = own_case(&app, &citizen, &path).await?;
    let once = Once::of(key, &format!("POST /public/cases/{case}/correction"), &body.digest);
    Ok(commit(&app, Actor::Citizen { case }, once, move |connection, act| {
        Reply::created(&correction_requests::ask(connection, act, case, &body.value)?)
    })
    .await?)
}

/// Which wishes.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct WishesQuery {
    /// `open`, `accepted` or `refused`; the open ones when missing.
    state: Option<String>,
    /// 1 to 200; 50 when missing.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// Corrections that citizens ask for, the longest waiting first.
#[utoipa::path(tag = "privacy", params(WishesQuery), security(("bearer" = [])), responses((status = 200, body = Page<WishView>), (status = 422, body = ProblemBody)))]
#[get("/correction-requests")]
pub(in crate::api) async fn list_correction_requests(
    app: web::Data<App>,
    caller: Caller,
    query: Query<WishesQuery>,
) -> Outcome {
    let query = query.0;
    let page = app.write(caller.actor, move |connection, act| {
        let state = query.state.as_deref().unwrap_or(WishState::Open.as_str());
        let state = input::choice::<WishState>("state", state).map_err(Error::field)?;
        let after = query.cursor.as_deref().map(|text| text.parse::<CorrectionRequestId>());
        let after = after.transpose().map_err(|_| Error::Malformed(Code::InvalidCursor))?;
        let limit = limit(query.limit)?;
        let (items, next) = correction_requests::list(connection, act, state, after, limit)?;
        Ok(Page { items, next_cursor: next.map(|id| id.to_string()) })
    });
    Ok(HttpResponse::Ok().json(page.await?))
}

/// Accepts a correction on evidence, or refuses it with a reason; the citizen is told.
#[utoipa::path(tag = "privacy", request_body = DecideCorrection, security(("bearer" = [])), responses((status = 200, body = WishView), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/correction-requests/{id}/decision")]
pub(in crate::api) async fn decide_correction(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<DecideCorrection>,
) -> Outcome {
    let request: CorrectionRequestId = id(&path)?;
    let once = Once::of(key, &format!("POST /correction-requests/{request}/decision"), &body.digest);
    Ok(commit(&app, caller.actor, once, move |connection, act| {
        Reply::ok(&correction_requests::decide(connection, act, request, &body.value)?)
    })
    .await?)
}
