//! Cases that belong together: merge, split, group, and what a family looks like.

use actix_web::{HttpResponse, get, post, web};
use serde::Serialize;

use super::body::{Body, IdempotencyKey, IfMatch, Query, id};
use super::caller::{Caller, CitizenCaller};
use super::case_verbs::case_verb;
use super::cases::{Outcome, with_case};
use super::commit::{Once, Reply, commit};
use super::page::PageQuery;
use super::problem::{ProblemBody, language};
use super::public::own_case;
use crate::app::App;
use crate::db::types::CaseId;
use crate::domain::actor::Actor;
use crate::domain::cases::Expected;
use crate::domain::cases::family::{
    self, AddMember, Group, Merge, Signatories, SignatoriesReport, Split, Unmerge, Unsplit,
};
use crate::domain::views::{self, CaseView, FamilyView, PublicCase};

/// Puts a case to another, which answers for both.
#[utoipa::path(tag = "cases", request_body = Merge, security(("bearer" = [])), responses((status = 200, body = CaseView), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/cases/{id}/merge")]
pub(super) async fn merge_case(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    version: IfMatch,
    key: IdempotencyKey,
    body: Body<Merge>,
) -> Outcome {
    let (case, expected): (CaseId, _) = (id(&path)?, version.required()?);
    let once = Once::of(key, &format!("POST /cases/{case}/merge"), &body.digest);
    case_verb(&app, caller.actor, once, move |c, act| family::merge(c, act, case, expected, &body.value))
        .await
}

/// Lets a merged case, or a member of a group, go its own way again.
#[utoipa::path(tag = "cases", request_body = Unmerge, security(("bearer" = [])), responses((status = 200, body = CaseView), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/cases/{id}/unmerge")]
pub(super) async fn unmerge_case(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    version: IfMatch,
    key: IdempotencyKey,
    body: Body<Unmerge>,
) -> Outcome {
    let (case, expected): (CaseId, _) = (id(&path)?, version.required()?);
    let once = Once::of(key, &format!("POST /cases/{case}/unmerge"), &body.digest);
    case_verb(&app, caller.actor, once, move |c, act| family::unmerge(c, act, case, expected, &body.value))
        .await
}

/// The citizen goes alone: leaves the group, or the case with which this one is handled.
#[utoipa::path(tag = "public", request_body = Unmerge, security(("bearer" = [])), responses((status = 200, body = PublicCase), (status = 409, body = ProblemBody)))]
#[post("/public/cases/{tracking_code}/unmerge")]
pub(super) async fn go_alone(
    app: web::Data<App>,
    citizen: CitizenCaller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<Unmerge>,
) -> Outcome {
    let case = own_case(&app, &citizen, &path).await?;
    let once = Once::of(key, &format!("POST /public/cases/{case}/unmerge"), &body.digest);
    let reader = language();
    Ok(commit(&app, Actor::Citizen { case }, once, move |connection, act| {
        let docket = family::unmerge(connection, act, case, Expected::Any, &body.value)?;
        Reply::ok(&views::public_case(connection, act, &docket.row, reader)?)
    })
    .await?)
}

/// A letter that was split, and its parts.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SplitView {
    case: CaseView,
    parts: Vec<CaseView>,
}

/// Splits a letter into parts, each a case of its own.
#[utoipa::path(tag = "cases", request_body = Split, security(("bearer" = [])), responses((status = 201, body = SplitView), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/cases/{id}/split")]
pub(super) async fn split_case(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    version: IfMatch,
    key: IdempotencyKey,
    body: Body<Split>,
) -> Outcome {
    let (case, expected): (CaseId, _) = (id(&path)?, version.required()?);
    let once = Once::of(key, &format!("POST /cases/{case}/split"), &body.digest);
    Ok(commit(&app, caller.actor, once, move |connection, act| {
        let (docket, parts) = family::split(connection, act, case, expected, &body.value)?;
        let parts = views::cases(connection, act, &parts)?;
        Reply::created(&SplitView { case: views::case(connection, act, &docket.row)?, parts })
    })
    .await?)
}

/// Takes a split back while no part has been referred.
#[utoipa::path(tag = "cases", request_body = Unsplit, security(("bearer" = [])), responses((status = 200, body = CaseView), (status = 409, body = ProblemBody)))]
#[post("/cases/{id}/unsplit")]
pub(super) async fn unsplit_case(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    version: IfMatch,
    key: IdempotencyKey,
    body: Body<Unsplit>,
) -> Outcome {
    let (case, expected): (CaseId, _) = (id(&path)?, version.required()?);
    let once = Once::of(key, &format!("POST /cases/{case}/unsplit"), &body.digest);
    case_verb(&app, caller.actor, once, move |c, act| family::unsplit(c, act, case, expected, &body.value))
        .await
}

/// Gathers cases into a group that this case leads.
#[utoipa::path(tag = "cases", request_body = Group, security(("bearer" = [])), responses((status = 200, body = CaseView), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/cases/{id}/group")]
pub(super) async fn form_group(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    version: IfMatch,
    key: IdempotencyKey,
    body: Body<Group>,
) -> Outcome {
    let (case, expected): (CaseId, _) = (id(&path)?, version.required()?);
    let once = Once::of(key, &format!("POST /cases/{case}/group"), &body.digest);
    case_verb(&app, caller.actor, once, move |c, act| family::form(c, act, case, expected, &body.value)).await
}

/// Adds one member to a group.
#[utoipa::path(tag = "cases", request_body = AddMember, security(("bearer" = [])), responses((status = 200, body = CaseView), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/cases/{id}/members")]
pub(super) async fn add_member(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    version: IfMatch,
    key: IdempotencyKey,
    body: Body<AddMember>,
) -> Outcome {
    let (case, expected): (CaseId, _) = (id(&path)?, version.required()?);
    let once = Once::of(key, &format!("POST /cases/{case}/members"), &body.digest);
    case_verb(&app, caller.actor, once, move |c, act| family::add_member(c, act, case, expected, &body.value))
        .await
}

/// What became of a signed list, and the case.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SignedView {
    #[serde(flatten)]
    report: SignatoriesReport,
    case: CaseView,
}

/// Takes a signed list into the group of a case; wrong rows are told one by one and hold up no other.
#[utoipa::path(tag = "cases", request_body = Signatories, security(("bearer" = [])), responses((status = 201, body = SignedView), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/cases/{id}/signatories")]
pub(super) async fn add_signatories(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    version: IfMatch,
    key: IdempotencyKey,
    body: Body<Signatories>,
) -> Outcome {
    let (case, expected): (CaseId, _) = (id(&path)?, version.required()?);
    let once = Once::of(key, &format!("POST /cases/{case}/signatories"), &body.digest);
    let reader = language();
    Ok(commit(&app, caller.actor, once, move |connection, act| {
        let (docket, report) = family::sign(connection, act, case, expected, &body.value, reader)?;
        Reply::created(&SignedView { report, case: views::case(connection, act, &docket.row)? })
    })
    .await?)
}

/// What belongs to a case: followers, parts with what holds them up, and the group's count.
#[utoipa::path(tag = "cases", params(PageQuery), security(("bearer" = [])), responses((status = 200, body = FamilyView)))]
#[get("/cases/{id}/family")]
pub(super) async fn read_family(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    query: Query<PageQuery>,
) -> Outcome {
    let (limit, after, reader) = (query.0.limit()?, query.0.after()?, language());
    let view = with_case(&app, caller, &path, move |connection, act, row| {
        views::family(connection, act, row, limit, after, reader)
    })
    .await?;
    Ok(HttpResponse::Ok().json(view))
}
