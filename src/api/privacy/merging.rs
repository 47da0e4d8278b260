//! A citizen's record, and two records of one person.

use actix_web::http::header::CONTENT_LOCATION;
use actix_web::{HttpResponse, get, post, web};

use super::super::body::{Body, IdempotencyKey, id};
use super::super::caller::Caller;
use super::super::cases::Outcome;
use super::super::commit::{Once, Reply, commit};
use super::super::page::Page;
use super::super::problem::ProblemBody;
use crate::app::App;
use crate::db::types::CitizenId;
use crate::domain::privacy::merging::{self, Duplicate, MergeRecords, RecordView, UnmergeRecords};

/// Reads a citizen's record; one that was merged leads to the record that stands for its person, whose address is
/// in `Content-Location`.
#[utoipa::path(tag = "citizens", security(("bearer" = [])), responses((status = 200, body = RecordView), (status = 404, body = ProblemBody)))]
#[get("/citizens/{id}")]
pub(in crate::api) async fn read_citizen(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
) -> Outcome {
    let citizen: CitizenId = id(&path)?;
    let view =
        app.write(caller.actor, move |connection, act| merging::record_of(connection, act, citizen)).await?;
    let address = format!("/api/v1/citizens/{}", view.citizen.id);
    Ok(HttpResponse::Ok().insert_header((CONTENT_LOCATION, address)).json(view))
}

/// Lists other records that may be of the same person; a merging is proposed where that is certain.
#[utoipa::path(tag = "citizens", security(("bearer" = [])), responses((status = 200, body = Page<Duplicate>), (status = 404, body = ProblemBody)))]
#[get("/citizens/{id}/possible-duplicates")]
pub(in crate::api) async fn list_possible_duplicates(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
) -> Outcome {
    let citizen: CitizenId = id(&path)?;
    let found = app
        .write(caller.actor, move |connection, act| merging::possible_duplicates(connection, act, citizen));
    Ok(HttpResponse::Ok().json(Page::whole(found.await?)))
}

/// Puts another record of the same person to this one, which stands for both.
#[utoipa::path(tag = "citizens", request_body = MergeRecords, security(("bearer" = [])), responses((status = 200, body = RecordView), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/citizens/{id}/merge")]
pub(in crate::api) async fn merge_citizens(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<MergeRecords>,
) -> Outcome {
    let citizen: CitizenId = id(&path)?;
    let once = Once::of(key, &format!("POST /citizens/{citizen}/merge"), &body.digest);
    Ok(commit(&app, caller.actor, once, move |connection, act| {
        let standing = merging::merge(connection, act, citizen, &body.value)?;
        Reply::ok(&merging::record_of(connection, act, standing)?)
    })
    .await?)
}

/// Takes a record out again that was merged by mistake.
#[utoipa::path(tag = "citizens", request_body = UnmergeRecords, security(("bearer" = [])), responses((status = 200, body = RecordView), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/citizens/{id}/unmerge")]
pub(in crate::api) async fn unmerge_citizens(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<UnmergeRecords>,
) -> Outcome {
    let citizen: CitizenId = id(&path)?;
    let once = Once::of(key, &format!("POST /citizens/{citizen}/unmerge"), &body.digest);
    Ok(commit(&app, caller.actor, once, move |connection, act| {
        let standing = merging::unmerge(connection, act, citizen, &body.value)?;
        Reply::ok(&merging::record_of(connection, act, standing)?)
    })
    .await?)
}
