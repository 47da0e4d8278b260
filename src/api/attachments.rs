//! Attachments: files of a case, uploaded as multipart, read only through the case's visibility.

use actix_multipart::form::tempfile::TempFile;
use actix_multipart::form::{MultipartForm, MultipartFormConfig};
use actix_web::{HttpRequest, HttpResponse, delete, get, post, web};

use super::body::id;
use super::caller::{Caller, CitizenCaller};
use super::cases::with_disclosure;
use super::commit::{Reply, commit};
use super::page::Page;
use super::problem::{Problem, ProblemBody};
use super::serving;
use crate::app::{App, Brought};
use crate::db::types::{AttachmentId, CaseId};
use crate::domain::actor::Actor;
use crate::domain::cases::attach::{self, StoredFile};
use crate::domain::confidentiality::{Why, files, known};
use crate::domain::policy;
use crate::domain::views::{self, AttachmentView};
use crate::error::{Code, Error, FieldError, Result};

/// A form with one file in the field `file`.
#[derive(MultipartForm)]
struct Upload {
    file: TempFile,
}

/// The multipart form as documentation shows it.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "only describes the form to the documentation")]
struct UploadForm {
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Limits of an upload and how its faults are told.
pub fn form_config(limit: usize) -> MultipartFormConfig {
    MultipartFormConfig::default().total_limit(limit).error_handler(|error, _| {
        let told = error.to_string();
        let problem = match error {
            actix_multipart::MultipartError::Payload(_) => Error::Malformed(Code::PayloadTooLarge),
            actix_multipart::MultipartError::ContentTypeMissing
            | actix_multipart::MultipartError::ContentTypeParse
            | actix_multipart::MultipartError::ContentTypeIncompatible => {
                Error::Malformed(Code::UnsupportedMedia)
            }
            _ => Error::field(FieldError::new("file", "invalid", "پرونده را در فیلد file بفرستید.", told)),
        };
        Problem(problem).into()
    })
}

/// Opens, makes safe and stores what came in the form.
async fn keep(app: &web::Data<App>, upload: Upload) -> Result<StoredFile> {
    let declared = upload.file.content_type.as_ref().map(|media_type| media_type.essence_str().to_owned());
    let name = upload.file.file_name.unwrap_or_default();
    let file = upload.file.file;
    let bytes = tokio::task::spawn_blocking(move || std::fs::read(file.path()))
        .await
        .map_err(Error::internal)?
        .map_err(Error::internal)?;
    app.keep_file(Brought { name, declared, bytes }).await
}

async fn add(
    app: &web::Data<App>,
    actor: Actor,
    case: CaseId,
    upload: Upload,
) -> Result<HttpResponse, Problem> {
    let file = keep(app, upload).await?;
    Ok(commit(app, actor, None, move |connection, act| {
        Reply::created(&AttachmentView::from(attach::bring(connection, act, case, &file)?))
    })
    .await?)
}

/// Adds a file to a case.
#[utoipa::path(tag = "cases", request_body(content = UploadForm, content_type = "multipart/form-data"), security(("bearer" = [])), responses((status = 201, body = AttachmentView), (status = 413, body = ProblemBody)))]
#[post("/cases/{id}/attachments")]
pub(super) async fn add_attachment(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    form: MultipartForm<Upload>,
) -> Result<HttpResponse, Problem> {
    add(&app, caller.actor, id(&path)?, form.into_inner()).await
}

/// Adds a file to the citizen's own case.
#[utoipa::path(tag = "public", request_body(content = UploadForm, content_type = "multipart/form-data"), security(("bearer" = [])), responses((status = 201, body = AttachmentView), (status = 413, body = ProblemBody)))]
#[post("/public/cases/{tracking_code}/attachments")]
pub(super) async fn send_attachment(
    app: web::Data<App>,
    citizen: CitizenCaller,
    path: web::Path<String>,
    form: MultipartForm<Upload>,
) -> Result<HttpResponse, Problem> {
    let case = super::public::own_case(&app, &citizen, &path).await?;
    add(&app, Actor::Citizen { case }, case, form.into_inner()).await
}

/// The files of a case.
#[utoipa::path(tag = "cases", security(("bearer" = [])), responses((status = 200, body = Page<AttachmentView>)))]
#[get("/cases/{id}/attachments")]
pub(super) async fn list_attachments(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let items = with_disclosure(&app, caller, id(&path)?, Why::Attachments, views::attachments).await?;
    Ok(HttpResponse::Ok().json(Page::whole(items)))
}

/// The bytes of a file or a range of them, never shown by the browser as a page of ours; only of one that was scanned.
#[utoipa::path(tag = "cases", security(("bearer" = [])), responses((status = 200, content_type = "application/octet-stream"), (status = 206, content_type = "application/octet-stream"), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 416, body = ProblemBody)))]
#[get("/attachments/{id}")]
pub(super) async fn read_attachment(
    app: web::Data<App>,
    request: HttpRequest,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let attachment: AttachmentId = id(&path)?;
    let case = app
        .glance(caller.actor.clone(), move |connection, act| {
            policy::allow_reading(act)?;
            attach::find(connection, act, attachment).map(|file| file.case_id)
        })
        .await?;
    let row = with_disclosure(&app, caller, case, Why::Attachments, move |connection, act, row, shown| {
        let file = attach::find(connection, act, attachment)?;
        if shown.still(connection, act, row)?.shows_words(row.id) {
            return Ok(file);
        }
        if !files::is_released(connection, attachment)? {
            return Err(Error::NotFound);
        }
        let name = known::masker(connection, act, row)?.mask(&file.name);
        Ok(attach::Attachment { name, ..file })
    })
    .await?;
    Ok(serving::serve(&app, &request, &row).await?)
}

/// Lets everybody who works on a sealed case open this file, by the desk or the privacy officer who looked through it.
#[utoipa::path(tag = "cases", security(("bearer" = [])), responses((status = 200, body = AttachmentView), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody)))]
#[post("/attachments/{id}/release")]
pub(super) async fn release_attachment(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let attachment: AttachmentId = id(&path)?;
    Ok(commit(&app, caller.actor, None, move |connection, act| {
        Reply::ok(&AttachmentView::from(files::release(connection, act, attachment)?))
    })
    .await?)
}

/// Hides a released file again.
#[utoipa::path(tag = "cases", security(("bearer" = [])), responses((status = 200, body = AttachmentView), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody)))]
#[delete("/attachments/{id}/release")]
pub(super) async fn hide_attachment(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let attachment: AttachmentId = id(&path)?;
    Ok(commit(&app, caller.actor, None, move |connection, act| {
        Reply::ok(&AttachmentView::from(files::hide(connection, act, attachment)?))
    })
    .await?)
}
