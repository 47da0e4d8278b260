//! Corrections of a citizen's record.

use actix_web::{post, web};

use super::super::body::{Body, IdempotencyKey, id};
use super::super::caller::Caller;
use super::super::cases::Outcome;
use super::super::commit::{Once, Reply, commit};
use super::super::problem::ProblemBody;
use crate::app::App;
use crate::db::types::CitizenId;
use crate::domain::privacy::corrections::{self, Correct, CorrectionView};

/// Corrects one field of a citizen's record on evidence; the citizen is told on the old contact and the new one.
#[utoipa::path(tag = "privacy", request_body = Correct, security(("bearer" = [])), responses((status = 201, body = CorrectionView), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/citizens/{id}/corrections")]
pub(in crate::api) async fn correct_citizen(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<Correct>,
) -> Outcome {
    let citizen: CitizenId = id(&path)?;
    let once = Once::of(key, &format!("POST /citizens/{citizen}/corrections"), &body.digest);
    Ok(commit(&app, caller.actor, once, move |connection, act| {
        Reply::created(&corrections::correct(connection, act, citizen, &body.value)?)
    })
    .await?)
}
