//! The verbs of a case: classify, refer, ask, note, close, reopen, dismiss, withdraw.

use actix_web::{post, put, web};
use serde::Serialize;

use super::body::{Body, IdempotencyKey, IfMatch, id};
use super::caller::Caller;
use super::cases::Outcome;
use super::commit::{Once, Reply, commit};
use crate::app::App;
use crate::db::types::{CaseId, MessageId};
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::ask::{self, Ask, Reply as CitizenReply};
use crate::domain::cases::classify::{self, Classify};
use crate::domain::cases::close::{self, Close, Dismiss, Withdraw};
use crate::domain::cases::complained_of::{self, NameComplainedOf};
use crate::domain::cases::note::{self, Note};
use crate::domain::cases::refer::{self, Refer};
use crate::domain::cases::reopen::{self, Reopen};
use crate::domain::cases::{Docket, find_visible};
use crate::domain::views::{self, CaseView, NoteView, ReferralView};
use crate::error::Result;

/// The verbs of a case whose reply is the case.
pub(super) async fn case_verb<F>(app: &web::Data<App>, actor: Actor, once: Option<Once>, write: F) -> Outcome
where
    F: Fn(&mut crate::db::DbConnection, &Act) -> Result<Docket> + Send + 'static,
{
    Ok(commit(app, actor, once, move |connection, act| {
        let docket = write(connection, act)?;
        Reply::ok(&views::case(connection, act, &docket.row)?)
    })
    .await?)
}

/// Classifies a case.
#[utoipa::path(tag = "cases", request_body = Classify, security(("bearer" = [])), responses((status = 200, body = CaseView), (status = 412, body = super::problem::ProblemBody), (status = 428, body = super::problem::ProblemBody)))]
#[put("/cases/{id}/classification")]
pub(super) async fn classify_case(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    version: IfMatch,
    body: Body<Classify>,
) -> Outcome {
    let (case, expected) = (id(&path)?, version.required()?);
    case_verb(&app, caller.actor, None, move |c, act| classify::classify(c, act, case, expected, &body.value))
        .await
}

/// Says whom the complaint is about, in place of what was said before; whoever has a conflict of interest by that
/// loses the case at once.
#[utoipa::path(tag = "cases", request_body = NameComplainedOf, security(("bearer" = [])), responses((status = 200, body = CaseView), (status = 409, body = super::problem::ProblemBody), (status = 412, body = super::problem::ProblemBody), (status = 422, body = super::problem::ProblemBody), (status = 428, body = super::problem::ProblemBody)))]
#[put("/cases/{id}/complained-of")]
pub(super) async fn name_complained_of(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    version: IfMatch,
    body: Body<NameComplainedOf>,
) -> Outcome {
    let (case, expected) = (id(&path)?, version.required()?);
    case_verb(&app, caller.actor, None, move |c, act| {
        complained_of::name(c, act, case, expected, &body.value)
    })
    .await
}

/// Referrals that were just sent, and the case.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ReferredView {
    items: Vec<ReferralView>,
    case: CaseView,
}

/// Refers a case; an empty `to` asks the routing rules.
#[utoipa::path(tag = "cases", request_body = Refer, security(("bearer" = [])), responses((status = 201, body = ReferredView), (status = 409, body = super::problem::ProblemBody)))]
#[post("/cases/{id}/referrals")]
pub(super) async fn refer_case(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    version: IfMatch,
    key: IdempotencyKey,
    body: Body<Refer>,
) -> Outcome {
    let (case, expected): (CaseId, _) = (id(&path)?, version.required()?);
    let once = Once::of(key, &format!("POST /cases/{case}/referrals"), &body.digest);
    Ok(commit(&app, caller.actor, once, move |connection, act| {
        let (docket, ids) = refer::refer(connection, act, case, expected, &body.value)?;
        let mut items = views::referrals(connection, act, &docket.row)?;
        items.retain(|item| ids.contains(&item.id));
        Reply::created(&ReferredView { items, case: views::case(connection, act, &docket.row)? })
    })
    .await?)
}

/// Asks the citizen; the clocks stand until the reply.
#[utoipa::path(tag = "cases", request_body = Ask, security(("bearer" = [])), responses((status = 201, body = CaseView), (status = 409, body = super::problem::ProblemBody)))]
#[post("/cases/{id}/questions")]
pub(super) async fn ask_citizen(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    version: IfMatch,
    key: IdempotencyKey,
    body: Body<Ask>,
) -> Outcome {
    let (case, expected): (CaseId, _) = (id(&path)?, version.required()?);
    let once = Once::of(key, &format!("POST /cases/{case}/questions"), &body.digest);
    Ok(commit(&app, caller.actor, once, move |connection, act| {
        let docket = ask::ask(connection, act, case, expected, &body.value)?;
        Reply::created(&views::case(connection, act, &docket.row)?)
    })
    .await?)
}

/// An inbound message that was recorded, and the case.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RecordedView {
    pub message_id: MessageId,
    pub case: CaseView,
}

/// Records what the citizen says on any channel; a waiting question is thereby answered.
#[utoipa::path(tag = "cases", request_body = CitizenReply, security(("bearer" = [])), responses((status = 201, body = RecordedView)))]
#[post("/cases/{id}/messages")]
pub(super) async fn record_message(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<CitizenReply>,
) -> Outcome {
    let case: CaseId = id(&path)?;
    let once = Once::of(key, &format!("POST /cases/{case}/messages"), &body.digest);
    Ok(commit(&app, caller.actor, once, move |connection, act| {
        let (docket, message_id) = ask::reply(connection, act, case, &body.value)?;
        Reply::created(&RecordedView { message_id, case: views::case(connection, act, &docket.row)? })
    })
    .await?)
}

/// Adds a note for staff.
#[utoipa::path(tag = "cases", request_body = Note, security(("bearer" = [])), responses((status = 201, body = NoteView)))]
#[post("/cases/{id}/notes")]
pub(super) async fn add_note(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<Note>,
) -> Outcome {
    let case: CaseId = id(&path)?;
    let once = Once::of(key, &format!("POST /cases/{case}/notes"), &body.digest);
    Ok(commit(&app, caller.actor, once, move |connection, act| {
        let row = note::add(connection, act, case, &body.value)?;
        let case = find_visible(connection, act, case)?;
        let notes = views::notes(connection, act, &case)?;
        Reply::created(&notes.into_iter().find(|note| note.id == row.id))
    })
    .await?)
}

/// Closes an answered case, or solves a new one by advice.
#[utoipa::path(tag = "cases", request_body = Close, security(("bearer" = [])), responses((status = 200, body = CaseView), (status = 409, body = super::problem::ProblemBody)))]
#[post("/cases/{id}/closure")]
pub(super) async fn close_case(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    version: IfMatch,
    key: IdempotencyKey,
    body: Body<Close>,
) -> Outcome {
    let (case, expected): (CaseId, _) = (id(&path)?, version.required()?);
    let once = Once::of(key, &format!("POST /cases/{case}/closure"), &body.digest);
    case_verb(&app, caller.actor, once, move |c, act| close::close(c, act, case, expected, &body.value)).await
}

/// Takes a closed case up again.
#[utoipa::path(tag = "cases", request_body = Reopen, security(("bearer" = [])), responses((status = 200, body = CaseView), (status = 409, body = super::problem::ProblemBody)))]
#[post("/cases/{id}/reopening")]
pub(super) async fn reopen_case(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    version: IfMatch,
    key: IdempotencyKey,
    body: Body<Reopen>,
) -> Outcome {
    let (case, expected): (CaseId, _) = (id(&path)?, version.required()?);
    let once = Once::of(key, &format!("POST /cases/{case}/reopening"), &body.digest);
    case_verb(&app, caller.actor, once, move |c, act| reopen::reopen(c, act, case, expected, &body.value))
        .await
}

/// Proposes a dismissal, or confirms that of another person.
#[utoipa::path(tag = "cases", request_body = Dismiss, security(("bearer" = [])), responses((status = 200, body = CaseView), (status = 403, body = super::problem::ProblemBody)))]
#[post("/cases/{id}/dismissal")]
pub(super) async fn dismiss_case(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    version: IfMatch,
    key: IdempotencyKey,
    body: Body<Dismiss>,
) -> Outcome {
    let (case, expected): (CaseId, _) = (id(&path)?, version.required()?);
    let once = Once::of(key, &format!("POST /cases/{case}/dismissal"), &body.digest);
    case_verb(&app, caller.actor, once, move |c, act| close::dismiss(c, act, case, expected, &body.value))
        .await
}

/// Withdraws a case on the citizen's word.
#[utoipa::path(tag = "cases", request_body = Withdraw, security(("bearer" = [])), responses((status = 200, body = CaseView), (status = 409, body = super::problem::ProblemBody)))]
#[post("/cases/{id}/withdrawal")]
pub(super) async fn withdraw_case(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    version: IfMatch,
    key: IdempotencyKey,
    body: Body<Withdraw>,
) -> Outcome {
    let (case, expected): (CaseId, _) = (id(&path)?, version.required()?);
    let once = Once::of(key, &format!("POST /cases/{case}/withdrawal"), &body.digest);
    case_verb(&app, caller.actor, once, move |c, act| close::withdraw(c, act, case, expected, &body.value))
        .await
}
