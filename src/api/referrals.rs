//! `/referrals` and `/answers`: the verbs of one hop and of its answers.

use actix_web::{HttpResponse, get, post, web};
use serde::Serialize;

use super::body::{Body, IdempotencyKey, IfMatch, id};
use super::caller::Caller;
use super::commit::{Once, Reply, commit};
use super::problem::{Problem, ProblemBody};
use crate::app::App;
use crate::db::DbConnection;
use crate::db::types::{AnswerId, ReferralId};
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::answer::{self, Answer, AnswerRow, Decision};
use crate::domain::cases::{Docket, Expected, find_visible};
use crate::domain::policy;
use crate::domain::referrals::{self, Move, ReferralRow};
use crate::domain::views::{self, AnswerView, CaseView, ReferralView};
use crate::error::Result;

type Outcome = Result<HttpResponse, Problem>;

/// A referral after a verb, and its case.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MovedView {
    #[serde(flatten)]
    referral: ReferralView,
    /// The case; none when it is no longer visible to the actor.
    case: Option<CaseView>,
}

/// An answer after a verb, and its case.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AnsweredView {
    #[serde(flatten)]
    answer: AnswerView,
    case: CaseView,
}

type MoveVerb = fn(&mut DbConnection, &Act, ReferralId, Expected, &Move) -> Result<ReferralRow>;

async fn moved(
    app: web::Data<App>,
    caller: Caller,
    path: &str,
    version: IfMatch,
    key: IdempotencyKey,
    (name, body): (&str, Body<Move>),
    verb: MoveVerb,
) -> Outcome {
    let referral: ReferralId = id(path)?;
    let once = Once::of(key, &format!("POST /referrals/{referral}/{name}"), &body.digest);
    let expected = version.optional();
    Ok(commit(&app, caller.actor, once, move |connection, act| {
        let row = verb(connection, act, referral, expected, &body.value)?;
        // whoever may see the case no longer still hears what became of the referral
        let held = find_visible(connection, &Act { actor: Actor::System, ..act.clone() }, row.case_id)?;
        let referral = views::referral(connection, act, &held, &row)?;
        let case = find_visible(connection, act, row.case_id).ok();
        let case = case.map(|row| views::case(connection, act, &row)).transpose()?;
        Reply::ok(&MovedView { referral, case })
    })
    .await?)
}

/// One referral.
#[utoipa::path(tag = "referrals", security(("bearer" = [])), responses((status = 200, body = ReferralView), (status = 404, body = ProblemBody)))]
#[get("/referrals/{id}")]
pub(super) async fn read_referral(app: web::Data<App>, caller: Caller, path: web::Path<String>) -> Outcome {
    let referral: ReferralId = id(&path)?;
    let view = app
        .glance(caller.actor, move |connection, act| {
            policy::allow_reading(act)?;
            let row = referrals::find(connection, referral)?;
            let case = find_visible(connection, act, row.case_id)?;
            views::referral(connection, act, &case, &row)
        })
        .await?;
    Ok(HttpResponse::Ok().json(view))
}

/// Takes a referral up.
#[utoipa::path(tag = "referrals", request_body = Move, security(("bearer" = [])), responses((status = 200, body = MovedView), (status = 409, body = ProblemBody)))]
#[post("/referrals/{id}/acceptance")]
pub(super) async fn accept_referral(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    version: IfMatch,
    key: IdempotencyKey,
    body: Body<Move>,
) -> Outcome {
    moved(app, caller, &path, version, key, ("acceptance", body), |c, act, id, expected, _| {
        referrals::accept(c, act, id, expected)
    })
    .await
}

/// Returns a referral to its sender, with a coded reason and a suggested office.
#[utoipa::path(tag = "referrals", request_body = Move, security(("bearer" = [])), responses((status = 200, body = MovedView), (status = 409, body = ProblemBody)))]
#[post("/referrals/{id}/return")]
pub(super) async fn return_referral(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    version: IfMatch,
    key: IdempotencyKey,
    body: Body<Move>,
) -> Outcome {
    moved(app, caller, &path, version, key, ("return", body), referrals::give_back).await
}

/// Transfers a referral sideways; the fourth time in a life the centre rules.
#[utoipa::path(tag = "referrals", request_body = Move, security(("bearer" = [])), responses((status = 200, body = MovedView), (status = 409, body = ProblemBody)))]
#[post("/referrals/{id}/transfer")]
pub(super) async fn transfer_referral(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    version: IfMatch,
    key: IdempotencyKey,
    body: Body<Move>,
) -> Outcome {
    moved(app, caller, &path, version, key, ("transfer", body), referrals::transfer).await
}

/// Takes a referral back, by its sender.
#[utoipa::path(tag = "referrals", request_body = Move, security(("bearer" = [])), responses((status = 200, body = MovedView), (status = 409, body = ProblemBody)))]
#[post("/referrals/{id}/recall")]
pub(super) async fn recall_referral(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    version: IfMatch,
    key: IdempotencyKey,
    body: Body<Move>,
) -> Outcome {
    moved(app, caller, &path, version, key, ("recall", body), referrals::recall).await
}

/// Moves a referral's deadline, with a reason to the citizen.
#[utoipa::path(tag = "referrals", request_body = Move, security(("bearer" = [])), responses((status = 200, body = MovedView), (status = 409, body = ProblemBody)))]
#[post("/referrals/{id}/extension")]
pub(super) async fn extend_referral(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    version: IfMatch,
    key: IdempotencyKey,
    body: Body<Move>,
) -> Outcome {
    moved(app, caller, &path, version, key, ("extension", body), referrals::extend).await
}

/// Gives a referral to a person of its office.
#[utoipa::path(tag = "referrals", request_body = Move, security(("bearer" = [])), responses((status = 200, body = MovedView), (status = 422, body = ProblemBody)))]
#[post("/referrals/{id}/assignment")]
pub(super) async fn assign_referral(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    version: IfMatch,
    key: IdempotencyKey,
    body: Body<Move>,
) -> Outcome {
    moved(app, caller, &path, version, key, ("assignment", body), referrals::assign).await
}

/// Writes an answer; it awaits a second person's approval.
#[utoipa::path(tag = "answers", request_body = Answer, security(("bearer" = [])), responses((status = 201, body = AnsweredView), (status = 409, body = ProblemBody)))]
#[post("/referrals/{id}/answers")]
pub(super) async fn answer_referral(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    version: IfMatch,
    key: IdempotencyKey,
    body: Body<Answer>,
) -> Outcome {
    let referral: ReferralId = id(&path)?;
    let once = Once::of(key, &format!("POST /referrals/{referral}/answers"), &body.digest);
    let expected = version.optional();
    Ok(commit(&app, caller.actor, once, move |connection, act| {
        let (docket, row) = answer::submit(connection, act, referral, expected, &body.value)?;
        Reply::created(&answered(connection, act, &docket, &row)?)
    })
    .await?)
}

fn answered(
    connection: &mut DbConnection,
    act: &Act,
    docket: &Docket,
    row: &AnswerRow,
) -> Result<AnsweredView> {
    Ok(AnsweredView {
        answer: views::answer(connection, act, &docket.row, row)?,
        case: views::case(connection, act, &docket.row)?,
    })
}

type DecideVerb = fn(&mut DbConnection, &Act, AnswerId, Expected, &Decision) -> Result<(Docket, AnswerRow)>;

async fn decided(
    app: web::Data<App>,
    caller: Caller,
    path: &str,
    version: IfMatch,
    key: IdempotencyKey,
    (name, body): (&str, Body<Decision>),
    verb: DecideVerb,
) -> Outcome {
    let id: AnswerId = id(path)?;
    let once = Once::of(key, &format!("POST /answers/{id}/{name}"), &body.digest);
    let expected = version.optional();
    Ok(commit(&app, caller.actor, once, move |connection, act| {
        let (docket, row) = verb(connection, act, id, expected, &body.value)?;
        Reply::ok(&answered(connection, act, &docket, &row)?)
    })
    .await?)
}

/// Approves an answer, by another person than its author; the text goes out.
#[utoipa::path(tag = "answers", request_body = Decision, security(("bearer" = [])), responses((status = 200, body = AnsweredView), (status = 403, body = ProblemBody)))]
#[post("/answers/{id}/approval")]
pub(super) async fn approve_answer(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    version: IfMatch,
    key: IdempotencyKey,
    body: Body<Decision>,
) -> Outcome {
    decided(app, caller, &path, version, key, ("approval", body), answer::approve).await
}

/// Sends an answer back to its author, with a note.
#[utoipa::path(tag = "answers", request_body = Decision, security(("bearer" = [])), responses((status = 200, body = AnsweredView), (status = 403, body = ProblemBody)))]
#[post("/answers/{id}/rejection")]
pub(super) async fn reject_answer(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    version: IfMatch,
    key: IdempotencyKey,
    body: Body<Decision>,
) -> Outcome {
    decided(app, caller, &path, version, key, ("rejection", body), answer::reject).await
}
