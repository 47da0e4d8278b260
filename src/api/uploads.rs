//! Uploads in parts, by the protocol that existing clients speak: tus 1.0.0 with creation, expiration and termination.
//! A whole upload is attached to a case by its id.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, delete, head, options, patch, post, web};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use futures_util::StreamExt;
use serde::Deserialize;

use super::body::{Body, id};
use super::caller::{Caller, CitizenCaller};
use super::commit::{Reply, commit};
use super::problem::{Problem, ProblemBody};
use crate::app::{App, Ticket};
use crate::db::types::CaseId;
use crate::domain::actor::Actor;
use crate::domain::cases::{attach, find_visible};
use crate::domain::files::uploads::{self, Announced, Upload};
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::domain::views::AttachmentView;
use crate::error::{Code, Error, FieldError, Result};

/// The version of the protocol.
const VERSION: &str = "1.0.0";
const EXTENSIONS: &str = "creation,expiration,termination";

/// A finished upload that becomes a file of a case.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AttachUpload {
    /// The last part of the address that `POST /uploads` gave.
    pub upload: String,
}

/// A client that speaks another version is told which one is spoken here.
fn check_version(request: &HttpRequest) -> Result<()> {
    match header(request, "Tus-Resumable") {
        Some(VERSION) => Ok(()),
        _ => Err(Error::Malformed(Code::TusVersion)),
    }
}

fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::trim)
}

/// A number of bytes in a header.
fn number(request: &HttpRequest, name: &'static str) -> Result<i64> {
    header(request, name).and_then(|text| text.parse().ok()).filter(|number| *number >= 0).ok_or_else(|| {
        Error::field(FieldError::new(
            name,
            "invalid",
            format!("سرآیند {name} را با شمار بایت‌ها بفرستید."),
            format!("Send the header {name} with a number of bytes."),
        ))
    })
}

/// `filename` and `filetype` of `Upload-Metadata`: pairs with commas, values in base64.
fn metadata(request: &HttpRequest) -> Result<(String, Option<String>)> {
    let (mut name, mut declared) = (None, None);
    for pair in header(request, "Upload-Metadata").unwrap_or_default().split(',') {
        let mut words = pair.split_whitespace();
        let (Some(key), value) = (words.next(), words.next().unwrap_or_default()) else { continue };
        let bytes = BASE64_STANDARD.decode(value).ok();
        let value = bytes.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(|| {
            Error::field(FieldError::new(
                "Upload-Metadata",
                "invalid",
                "مقدارها باید متن UTF-8 در قالب base64 باشند.",
                "The values must be UTF-8 text in base64.",
            ))
        })?;
        match key {
            "filename" | "name" => name = Some(value),
            "filetype" | "type" => declared = Some(value).filter(|value| !value.is_empty()),
            _ => {}
        }
    }
    Ok((name.unwrap_or_default(), declared))
}

/// The headers that every reply about an upload carries.
fn described(mut reply: HttpResponseBuilder, upload: &Upload) -> HttpResponseBuilder {
    reply.insert_header(("Tus-Resumable", VERSION));
    let expires = upload.expires_at.timestamp().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    reply.insert_header(("Upload-Expires", expires));
    reply
}

/// What is spoken here.
#[utoipa::path(tag = "public", responses((status = 204, description = "Versions, extensions and the largest size, as headers")))]
#[options("/uploads")]
pub(super) async fn describe_uploads(app: web::Data<App>) -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header(("Tus-Resumable", VERSION))
        .insert_header(("Tus-Version", VERSION))
        .insert_header(("Tus-Extension", EXTENSIONS))
        .insert_header(("Tus-Max-Size", app.config.server.attachment_limit.to_string()))
        .finish()
}

/// Announces a file that comes in parts; `Location` is its address, and whoever knows it may go on with it.
#[utoipa::path(tag = "public", params(("Tus-Resumable" = String, Header), ("Upload-Length" = i64, Header, description = "Bytes of the whole"), ("Upload-Metadata" = Option<String>, Header, description = "filename and filetype, values in base64")), responses((status = 201), (status = 412, body = ProblemBody), (status = 413, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/uploads")]
pub(super) async fn announce_upload(
    app: web::Data<App>,
    request: HttpRequest,
    caller: Option<Caller>,
) -> Result<HttpResponse, Problem> {
    check_version(&request)?;
    let (name, declared) = metadata(&request)?;
    let announced = Announced { name, declared, size: number(&request, "Upload-Length")? };
    let actor = caller.map_or(Actor::Public, |caller| caller.actor);
    let (upload, ticket) = app.announce_upload(actor, announced).await?;
    let mut reply = described(HttpResponse::Created(), &upload);
    Ok(reply.insert_header((LOCATION, format!("/api/v1/uploads/{ticket}"))).finish())
}

/// How much has come.
#[utoipa::path(tag = "public", responses((status = 200, description = "`Upload-Offset` and `Upload-Length` as headers"), (status = 404), (status = 410)))]
#[head("/uploads/{id}")]
pub(super) async fn read_upload(
    app: web::Data<App>,
    request: HttpRequest,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    check_version(&request)?;
    let upload = app.upload(&path.parse()?).await?;
    let mut reply = described(HttpResponse::Ok(), &upload);
    Ok(reply
        .insert_header(("Upload-Offset", upload.received.to_string()))
        .insert_header(("Upload-Length", upload.size.to_string()))
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish())
}

/// Sends the next part; what came before a line broke is kept.
#[utoipa::path(tag = "public", request_body(content = Vec<u8>, content_type = "application/offset+octet-stream"), params(("Upload-Offset" = i64, Header, description = "Where this part begins")), responses((status = 204), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 410, body = ProblemBody), (status = 413, body = ProblemBody), (status = 415, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[patch("/uploads/{id}")]
pub(super) async fn continue_upload(
    app: web::Data<App>,
    request: HttpRequest,
    path: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    check_version(&request)?;
    if header(&request, CONTENT_TYPE.as_str()) != Some("application/offset+octet-stream") {
        return Err(Error::Malformed(Code::UnsupportedMedia).into());
    }
    let ticket: Ticket = path.parse()?;
    let start = number(&request, "Upload-Offset")?;
    let upload = app.upload(&ticket).await?;
    if upload.received != start {
        return Err(Error::Conflict(Code::UploadOffset).into());
    }
    let bytes = gathered(payload, upload.size - start).await?;
    let upload = app.go_on(&ticket, start, bytes).await?;
    let mut reply = described(HttpResponse::NoContent(), &upload);
    Ok(reply.insert_header(("Upload-Offset", upload.received.to_string())).finish())
}

/// The bytes of a part, `most` of them; of a broken line those that came.
async fn gathered(mut payload: web::Payload, most: i64) -> Result<Vec<u8>> {
    let most = usize::try_from(most).unwrap_or(0);
    let mut bytes = Vec::new();
    while let Some(Ok(piece)) = payload.next().await {
        if bytes.len() + piece.len() > most {
            return Err(Error::Malformed(Code::PayloadTooLarge));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

/// Throws an upload away.
#[utoipa::path(tag = "public", responses((status = 204), (status = 404, body = ProblemBody), (status = 410, body = ProblemBody)))]
#[delete("/uploads/{id}")]
pub(super) async fn remove_upload(
    app: web::Data<App>,
    request: HttpRequest,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    check_version(&request)?;
    app.remove_upload(&path.parse()?).await?;
    Ok(HttpResponse::NoContent().insert_header(("Tus-Resumable", VERSION)).finish())
}

/// Opens the whole where that was not done yet, and lays it with the case, once.
async fn attach(app: &web::Data<App>, actor: Actor, case: CaseId, ticket: Ticket) -> Result<HttpResponse> {
    app.whole_upload(&ticket).await?;
    commit(app, actor, None, move |connection, act| {
        let file = uploads::take(connection, act, ticket.id, &ticket.secret)?;
        Reply::created(&AttachmentView::from(attach::bring(connection, act, case, &file)?))
    })
    .await
}

/// Adds a finished upload to a case.
#[utoipa::path(tag = "cases", request_body = AttachUpload, security(("bearer" = [])), responses((status = 201, body = AttachmentView), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
#[post("/cases/{id}/attachments/uploads")]
pub(super) async fn attach_upload(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    body: Body<AttachUpload>,
) -> Result<HttpResponse, Problem> {
    let case: CaseId = id(&path)?;
    app.glance(caller.actor.clone(), move |connection, act| {
        find_visible(connection, act, case)?;
        // who may attach nothing learns nothing of an upload
        policy::allow_anywhere(act, Verb::Attach).map(|_| ())
    })
    .await?;
    Ok(attach(&app, caller.actor, case, body.value.upload.parse()?).await?)
}

/// Adds a finished upload to the citizen's own case.
#[utoipa::path(tag = "public", request_body = AttachUpload, security(("bearer" = [])), responses((status = 201, body = AttachmentView), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
#[post("/public/cases/{tracking_code}/attachments/uploads")]
pub(super) async fn send_upload(
    app: web::Data<App>,
    citizen: CitizenCaller,
    path: web::Path<String>,
    body: Body<AttachUpload>,
) -> Result<HttpResponse, Problem> {
    let case = super::public::own_case(&app, &citizen, &path).await?;
    Ok(attach(&app, Actor::Citizen { case }, case, body.value.upload.parse()?).await?)
}
