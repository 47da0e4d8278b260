//! A citizen's own data: asked for, confirmed, downloaded.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use actix_web::{HttpResponse, get, post, web};
use serde::Serialize;

use super::super::body::{Body, IdempotencyKey, id};
use super::super::caller::{Caller, CitizenCaller};
use super::super::cases::Outcome;
use super::super::commit::{Once, Reply, commit};
use super::super::problem::{ProblemBody, language};
use super::super::public::own_case;
use super::archive;
use crate::app::App;
use crate::db::types::{CitizenId, ExportId};
use crate::domain::actor::Actor;
use crate::domain::cases::find_visible;
use crate::domain::privacy::exports::{self, AskExport, ConfirmExport, Download, Downloader, ExportView};

/// An export, and where its archive is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ExportReply {
    #[serde(flatten)]
    export: ExportView,
    /// The archive: tar with gzip.
    href: String,
}

/// Asks for all data of a citizen whose identity was checked.
#[utoipa::path(tag = "privacy", request_body = AskExport, security(("bearer" = [])), responses((status = 201, body = ExportReply), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/citizens/{id}/exports")]
pub(in crate::api) async fn request_export(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<AskExport>,
) -> Outcome {
    let citizen: CitizenId = id(&path)?;
    let once = Once::of(key, &format!("POST /citizens/{citizen}/exports"), &body.digest);
    Ok(commit(&app, caller.actor, once, move |connection, act| {
        let export = exports::ask(connection, act, citizen, &body.value)?;
        let href = format!("/api/v1/exports/{}/archive", export.id);
        Reply::created(&ExportReply { export, href })
    })
    .await?)
}

/// The archive of an export that staff asked for; made while it is read, and every download is logged.
#[utoipa::path(tag = "privacy", security(("bearer" = [])), responses((status = 200, content_type = "application/gzip", body = Vec<u8>), (status = 404, body = ProblemBody)))]
#[get("/exports/{id}/archive")]
pub(in crate::api) async fn download_export(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
) -> Outcome {
    let export: ExportId = id(&path)?;
    let begun = app.write(caller.actor, move |connection, act| {
        exports::begin_download(connection, act, export, Downloader::Staff)
    });
    let begun = begun.await?;
    Ok(download(&app, begun))
}

fn download(app: &web::Data<App>, begun: Download) -> HttpResponse {
    let name = format!("attachment; filename=\"samad-export-{}.tar.gz\"", begun.export.id);
    HttpResponse::Ok()
        .content_type("application/gzip")
        .insert_header((CONTENT_DISPOSITION, name))
        .insert_header((CACHE_CONTROL, "no-store"))
        .streaming(archive::stream(app.get_ref().clone(), begun, language()))
}

/// The citizen asks for all data; a one-time code goes to the mobile or e-mail address on record.
#[utoipa::path(tag = "privacy", security(("bearer" = [])), responses((status = 201, body = ExportView), (status = 409, body = ProblemBody), (status = 429, body = ProblemBody)))]
#[post("/public/cases/{tracking_code}/exports")]
pub(in crate::api) async fn request_own_export(
    app: web::Data<App>,
    citizen: CitizenCaller,
    path: web::Path<String>,
) -> Outcome {
    let case = own_case(&app, &citizen, &path).await?;
    Ok(commit(&app, Actor::Citizen { case }, None, move |connection, act| {
        let row = find_visible(connection, act, case)?;
        Reply::created(&exports::ask_by_lookup(connection, act, &row)?)
    })
    .await?)
}

/// The citizen gives the one-time code back.
#[utoipa::path(tag = "privacy", request_body = ConfirmExport, security(("bearer" = [])), responses((status = 200, body = ExportReply), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/public/cases/{tracking_code}/exports/{export}/confirmation")]
pub(in crate::api) async fn confirm_own_export(
    app: web::Data<App>,
    citizen: CitizenCaller,
    path: web::Path<(String, String)>,
    body: Body<ConfirmExport>,
) -> Outcome {
    let (code, export) = path.into_inner();
    let case = own_case(&app, &citizen, &code).await?;
    let export: ExportId = id(&export)?;
    let confirmed = app.write(Actor::Citizen { case }, move |connection, act| {
        let row = find_visible(connection, act, case)?;
        exports::confirm(connection, act, row.citizen_id, export, &body.value)
    });
    // a wrong code is counted for good, so it is told after the commit
    let export = confirmed.await?.ok_or_else(exports::wrong_code)?;
    let href = format!("/api/v1/public/cases/{code}/exports/{}/archive", export.id);
    Ok(HttpResponse::Ok().json(ExportReply { export, href }))
}

/// The archive of the citizen's own export.
#[utoipa::path(tag = "privacy", security(("bearer" = [])), responses((status = 200, content_type = "application/gzip", body = Vec<u8>), (status = 404, body = ProblemBody)))]
#[get("/public/cases/{tracking_code}/exports/{export}/archive")]
pub(in crate::api) async fn download_own_export(
    app: web::Data<App>,
    citizen: CitizenCaller,
    path: web::Path<(String, String)>,
) -> Outcome {
    let (code, export) = path.into_inner();
    let case = own_case(&app, &citizen, &code).await?;
    let export: ExportId = id(&export)?;
    let begun = app.write(Actor::Citizen { case }, move |connection, act| {
        let row = find_visible(connection, act, case)?;
        exports::begin_download(connection, act, export, Downloader::Citizen(row.citizen_id))
    });
    let begun = begun.await?;
    Ok(download(&app, begun))
}
