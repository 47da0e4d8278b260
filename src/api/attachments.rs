//! Attachments: files of a case, uploaded as multipart, read only through the case's visibility.

use actix_multipart::form::tempfile::TempFile;
use actix_multipart::form::{MultipartForm, MultipartFormConfig};
use actix_web::http::header::{CONTENT_DISPOSITION, X_CONTENT_TYPE_OPTIONS};
use actix_web::{HttpResponse, delete, get, post, web};

use super::body::id;
use super::caller::{Caller, CitizenCaller};
use super::cases::with_disclosure;
use super::commit::{Reply, commit};
use super::page::Page;
use super::problem::{Problem, ProblemBody};
use crate::app::App;
use crate::db::types::{AttachmentId, CaseId};
use crate::domain::actor::Actor;
use crate::domain::cases::attach::{self, StoredFile};
use crate::domain::cases::sha256_hex;
use crate::domain::confidentiality::{Why, files, known};
use crate::domain::policy;
use crate::domain::views::{self, AttachmentView};
use crate::error::{Code, Error, FieldError, Result};
use crate::gateways::storage::media_type;

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

async fn keep(app: &web::Data<App>, upload: Upload) -> Result<StoredFile> {
    let storage = app.gateways.storage.clone();
    let limit = app.config.server.attachment_limit;
    tokio::task::spawn_blocking(move || {
        let bytes = std::fs::read(upload.file.file.path()).map_err(Error::internal)?;
        if bytes.is_empty() {
            return Err(Error::field(FieldError::new(
                "file",
                "empty",
                "پرونده خالی است.",
                "The file is empty.",
            )));
        }
        if bytes.len() > limit {
            return Err(Error::Malformed(Code::PayloadTooLarge));
        }
        let sha256 = sha256_hex(&bytes);
        storage.put(&sha256, &bytes).map_err(|error| {
            tracing::error!(%error, "an attachment was not stored");
            Error::Unavailable { retry_after: 30 }
        })?;
        let name = upload.file.file_name.unwrap_or_default();
        let name = name.rsplit(['/', '\\']).next().unwrap_or_default().trim().to_owned();
        Ok(StoredFile {
            name: if name.is_empty() { "file".into() } else { name },
            media_type: media_type(&bytes).to_owned(),
            size: i64::try_from(bytes.len()).unwrap_or(i64::MAX),
            sha256,
        })
    })
    .await
    .map_err(Error::internal)?
}

async fn add(
    app: &web::Data<App>,
    actor: Actor,
    case: CaseId,
    upload: Upload,
) -> Result<HttpResponse, Problem> {
    let file = keep(app, upload).await?;
    Ok(commit(app, actor, None, move |connection, act| {
        Reply::created(&AttachmentView::from(attach::add(connection, act, case, &file)?))
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

/// The bytes of a file, never shown by the browser as a page of ours.
#[utoipa::path(tag = "cases", security(("bearer" = [])), responses((status = 200, content_type = "application/octet-stream"), (status = 404, body = ProblemBody)))]
#[get("/attachments/{id}")]
pub(super) async fn read_attachment(
    app: web::Data<App>,
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
    let storage = app.gateways.storage.clone();
    let sha256 = row.sha256.clone();
    let bytes = tokio::task::spawn_blocking(move || storage.get(&sha256))
        .await
        .map_err(Error::internal)?
        .map_err(|error| Error::internal(format!("attachment {}: {error}", row.id)))?;
    let plain: String =
        row.name.chars().map(|c| if c.is_ascii_graphic() && c != '"' { c } else { '_' }).collect();
    Ok(HttpResponse::Ok()
        .content_type(row.media_type)
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{plain}\"")))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(bytes))
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
