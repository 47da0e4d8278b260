//! Holds on cases and citizens.

use actix_web::{delete, post, web};

use super::super::body::{Body, IdempotencyKey, id};
use super::super::caller::Caller;
use super::super::cases::Outcome;
use super::super::commit::{Once, Reply, commit};
use super::super::problem::ProblemBody;
use crate::app::App;
use crate::db::types::{CaseId, CitizenId};
use crate::domain::privacy::holds::{self, Hold, HoldView};

/// Stops every erasure of a case until a time, or until the hold is lifted.
#[utoipa::path(tag = "privacy", request_body = Hold, security(("bearer" = [])), responses((status = 201, body = HoldView), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/cases/{id}/hold")]
pub(in crate::api) async fn hold_case(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<Hold>,
) -> Outcome {
    let case: CaseId = id(&path)?;
    let once = Once::of(key, &format!("POST /cases/{case}/hold"), &body.digest);
    Ok(commit(&app, caller.actor, once, move |connection, act| {
        Reply::created(&holds::place_on_case(connection, act, case, &body.value)?)
    })
    .await?)
}

/// Lifts the hold of a case.
#[utoipa::path(tag = "privacy", security(("bearer" = [])), responses((status = 200, body = HoldView), (status = 404, body = ProblemBody)))]
#[delete("/cases/{id}/hold")]
pub(in crate::api) async fn release_case(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
) -> Outcome {
    let case: CaseId = id(&path)?;
    Ok(commit(&app, caller.actor, None, move |connection, act| {
        Reply::ok(&holds::lift_from_case(connection, act, case)?)
    })
    .await?)
}

/// Stops every erasure of a citizen's cases, present and future.
#[utoipa::path(tag = "privacy", request_body = Hold, security(("bearer" = [])), responses((status = 201, body = HoldView), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/citizens/{id}/hold")]
pub(in crate::api) async fn hold_citizen(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<Hold>,
) -> Outcome {
    let citizen: CitizenId = id(&path)?;
    let once = Once::of(key, &format!("POST /citizens/{citizen}/hold"), &body.digest);
    Ok(commit(&app, caller.actor, once, move |connection, act| {
        Reply::created(&holds::place_on_citizen(connection, act, citizen, &body.value)?)
    })
    .await?)
}

/// Lifts the hold of a citizen.
#[utoipa::path(tag = "privacy", security(("bearer" = [])), responses((status = 200, body = HoldView), (status = 404, body = ProblemBody)))]
#[delete("/citizens/{id}/hold")]
pub(in crate::api) async fn release_citizen(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
) -> Outcome {
    let citizen: CitizenId = id(&path)?;
    Ok(commit(&app, caller.actor, None, move |connection, act| {
        Reply::ok(&holds::lift_from_citizen(connection, act, citizen)?)
    })
    .await?)
}
