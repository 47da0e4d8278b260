//! Sealed cases: their extract, the seal, requests for the identity behind it, and the log of readings.

use actix_web::{HttpResponse, get, post, put, web};
use serde::Serialize;

use super::body::{Body, IdempotencyKey, IfMatch, Query, id};
use super::caller::{Caller, CitizenCaller};
use super::case_verbs::case_verb;
use super::cases::{Outcome, with_case};
use super::commit::{Once, Reply, commit};
use super::page::{Page, PageQuery, keyset};
use super::problem::{ProblemBody, language};
use super::public::own_case;
use crate::app::App;
use crate::db::DbConnection;
use crate::db::types::{CaseId, IdentityRequestId, ReadId};
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::find_visible;
use crate::domain::confidentiality::extract::{self, Confirm, ExtractState};
use crate::domain::confidentiality::requests::{self, Reason, Release, RequestRow};
use crate::domain::confidentiality::{reads, seal, sight};
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::domain::views::{self, CaseView, ExtractView, OwnReadView, ReadView, RequestView};
use crate::error::{Error, Result};

/// An extract, and its case.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ExtractedView {
    extract: ExtractView,
    case: CaseView,
}

/// Proposes the extract of a sealed case: names, numbers and addresses become labels. Nobody else reads it before it is
/// confirmed.
#[utoipa::path(tag = "cases", security(("bearer" = [])), responses((status = 201, body = ExtractedView), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody)))]
#[post("/cases/{id}/extract")]
pub(super) async fn propose_extract(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    version: IfMatch,
) -> Outcome {
    let (case, expected): (CaseId, _) = (id(&path)?, version.required()?);
    Ok(commit(&app, caller.actor, None, move |connection, act| {
        let (docket, row) = extract::propose(connection, act, case, expected)?;
        let extract = views::extract_view(connection, act, row)?;
        Reply::created(&ExtractedView { extract, case: views::case(connection, act, &docket.row)? })
    })
    .await?)
}

/// Confirms the extract as a person corrected it; from now on it is what the body reads.
#[utoipa::path(tag = "cases", request_body = Confirm, security(("bearer" = [])), responses((status = 200, body = ExtractedView), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[put("/cases/{id}/extract")]
pub(super) async fn confirm_extract(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    version: IfMatch,
    body: Body<Confirm>,
) -> Outcome {
    let (case, expected): (CaseId, _) = (id(&path)?, version.required()?);
    Ok(commit(&app, caller.actor, None, move |connection, act| {
        let (docket, row) = extract::confirm(connection, act, case, expected, &body.value)?;
        let extract = views::extract_view(connection, act, row)?;
        Reply::ok(&ExtractedView { extract, case: views::case(connection, act, &docket.row)? })
    })
    .await?)
}

/// The extract of a sealed case: the newest proposal to those who may confirm it, else the confirmed one.
#[utoipa::path(tag = "cases", security(("bearer" = [])), responses((status = 200, body = ExtractView), (status = 404, body = ProblemBody)))]
#[get("/cases/{id}/extract")]
pub(super) async fn read_extract(app: web::Data<App>, caller: Caller, path: web::Path<String>) -> Outcome {
    let view = with_case(&app, caller, &path, |connection, act, row| {
        let edits = policy::allow(act, Verb::Extract, row.intake_office_id).is_ok();
        let proposed = match edits && sight(connection, act, row)?.shows_words() {
            true => extract::find(connection, row.id, ExtractState::Proposed)?,
            false => None,
        };
        let found = match proposed {
            Some(proposed) => Some(proposed),
            None => extract::find(connection, row.id, ExtractState::Confirmed)?,
        };
        views::extract_view(connection, act, found.ok_or(Error::NotFound)?)
    });
    Ok(HttpResponse::Ok().json(view.await?))
}

/// Seals a case: its identity and original words are hidden at once.
#[utoipa::path(tag = "cases", request_body = Reason, security(("bearer" = [])), responses((status = 200, body = CaseView), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody)))]
#[post("/cases/{id}/sealing")]
pub(super) async fn seal_case(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    version: IfMatch,
    key: IdempotencyKey,
    body: Body<Reason>,
) -> Outcome {
    let (case, expected): (CaseId, _) = (id(&path)?, version.required()?);
    let once = Once::of(key, &format!("POST /cases/{case}/sealing"), &body.digest);
    case_verb(&app, caller.actor, once, move |c, act| seal::seal(c, act, case, expected, &body.value)).await
}

/// Opens a sealed case to all who work on it, by the privacy officer, with a reason.
#[utoipa::path(tag = "cases", request_body = Reason, security(("bearer" = [])), responses((status = 200, body = CaseView), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody)))]
#[post("/cases/{id}/unsealing")]
pub(super) async fn unseal_case(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    version: IfMatch,
    key: IdempotencyKey,
    body: Body<Reason>,
) -> Outcome {
    let (case, expected): (CaseId, _) = (id(&path)?, version.required()?);
    let once = Once::of(key, &format!("POST /cases/{case}/unsealing"), &body.digest);
    case_verb(&app, caller.actor, once, move |c, act| seal::unseal(c, act, case, expected, &body.value)).await
}

/// Asks the privacy officer for the identity behind a sealed case, with a reason.
#[utoipa::path(tag = "cases", request_body = Reason, security(("bearer" = [])), responses((status = 201, body = RequestView), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/cases/{id}/identity-requests")]
pub(super) async fn ask_identity(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<Reason>,
) -> Outcome {
    let case: CaseId = id(&path)?;
    let once = Once::of(key, &format!("POST /cases/{case}/identity-requests"), &body.digest);
    Ok(commit(&app, caller.actor, once, move |connection, act| {
        let row = requests::ask(connection, act, case, &body.value)?;
        Reply::created(&views::request(connection, act, row)?)
    })
    .await?)
}

/// The requests of a case: all of them to those who decide or audit, one's own to everybody else.
#[utoipa::path(tag = "cases", security(("bearer" = [])), responses((status = 200, body = Page<RequestView>), (status = 404, body = ProblemBody)))]
#[get("/cases/{id}/identity-requests")]
pub(super) async fn list_case_requests(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
) -> Outcome {
    let items = with_case(&app, caller, &path, |connection, act, row| {
        let rows = requests::of_case(connection, act, row.id)?;
        views::requests(connection, act, rows)
    });
    Ok(HttpResponse::Ok().json(Page::whole(items.await?)))
}

/// Requests that await the privacy officer's decision, oldest first.
#[utoipa::path(tag = "cases", params(PageQuery), security(("bearer" = [])), responses((status = 200, body = Page<RequestView>), (status = 403, body = ProblemBody)))]
#[get("/identity-requests")]
pub(super) async fn list_identity_requests(
    app: web::Data<App>,
    caller: Caller,
    query: Query<PageQuery>,
) -> Outcome {
    let page = app.read(caller.actor, move |connection, act| {
        let (limit, after) = (query.0.limit()?, query.0.after()?);
        let rows = requests::waiting(connection, act, after, limit + 1)?;
        let items = views::requests(connection, act, rows)?;
        Ok(keyset(items, limit, |item| item.id.to_string(), |item| item))
    });
    Ok(HttpResponse::Ok().json(page.await?))
}

async fn decided<F>(app: &web::Data<App>, caller: Caller, once: Option<Once>, decide: F) -> Outcome
where
    F: Fn(&mut DbConnection, &Act) -> Result<RequestRow> + Send + 'static,
{
    Ok(commit(app, caller.actor, once, move |connection, act| {
        let row = decide(connection, act)?;
        Reply::ok(&views::request(connection, act, row)?)
    })
    .await?)
}

/// Releases the identity and the original words to a named person for a time; never by the one who asked.
#[utoipa::path(tag = "cases", request_body = Release, security(("bearer" = [])), responses((status = 200, body = RequestView), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/identity-requests/{id}/release")]
pub(super) async fn release_identity(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<Release>,
) -> Outcome {
    let request: IdentityRequestId = id(&path)?;
    let once = Once::of(key, &format!("POST /identity-requests/{request}/release"), &body.digest);
    decided(&app, caller, once, move |c, act| requests::release(c, act, request, &body.value)).await
}

/// Refuses a request, with a reason.
#[utoipa::path(tag = "cases", request_body = Reason, security(("bearer" = [])), responses((status = 200, body = RequestView), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/identity-requests/{id}/refusal")]
pub(super) async fn refuse_identity(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<Reason>,
) -> Outcome {
    let request: IdentityRequestId = id(&path)?;
    let once = Once::of(key, &format!("POST /identity-requests/{request}/refusal"), &body.digest);
    decided(&app, caller, once, move |c, act| requests::refuse(c, act, request, &body.value)).await
}

/// Takes a release back before its time, with a reason.
#[utoipa::path(tag = "cases", request_body = Reason, security(("bearer" = [])), responses((status = 200, body = RequestView), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/identity-requests/{id}/revocation")]
pub(super) async fn revoke_identity(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<Reason>,
) -> Outcome {
    let request: IdentityRequestId = id(&path)?;
    let once = Once::of(key, &format!("POST /identity-requests/{request}/revocation"), &body.digest);
    decided(&app, caller, once, move |c, act| requests::revoke(c, act, request, &body.value)).await
}

/// Who read the identity of a case or the original words of a sealed one, newest first; for auditors and the privacy officer.
#[utoipa::path(tag = "cases", params(PageQuery), security(("bearer" = [])), responses((status = 200, body = Page<ReadView>), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
#[get("/cases/{id}/identity-reads")]
pub(super) async fn list_identity_reads(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    query: Query<PageQuery>,
) -> Outcome {
    let (case, limit, before): (CaseId, _, Option<ReadId>) = (id(&path)?, query.0.limit()?, query.0.after()?);
    let page = app.read(caller.actor, move |connection, act| {
        let row = reads::audited(connection, act, case)?;
        let items = views::reads(connection, act, &row, before, limit + 1)?;
        Ok(keyset(items, limit, |item| item.id.to_string(), |item| item))
    });
    Ok(HttpResponse::Ok().json(page.await?))
}

/// Which offices read the citizen's identity, or the original words of the sealed case: office, role, purpose and time,
/// newest first.
#[utoipa::path(tag = "public", params(PageQuery), security(("bearer" = [])), responses((status = 200, body = Page<OwnReadView>), (status = 404, body = ProblemBody)))]
#[get("/public/cases/{tracking_code}/identity-reads")]
pub(super) async fn list_own_reads(
    app: web::Data<App>,
    citizen: CitizenCaller,
    path: web::Path<String>,
    query: Query<PageQuery>,
) -> Outcome {
    let case = own_case(&app, &citizen, &path).await?;
    let (limit, before, reader) = (query.0.limit()?, query.0.after::<ReadId>()?, language());
    let page = app.read(Actor::Citizen { case }, move |connection, act| {
        let row = find_visible(connection, act, case)?;
        let items = views::own_reads(connection, act, &row, before, limit + 1, reader)?;
        Ok(keyset(items, limit, |item| item.id.to_string(), |item| item))
    });
    Ok(HttpResponse::Ok().json(page.await?))
}
