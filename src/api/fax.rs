//! `/channels/fax`: a fax server hands a fax over as the file it received, with what it knows of the call beside it, and
//! tells what became of those it sent.

use actix_multipart::form::MultipartForm;
use actix_multipart::form::tempfile::TempFile;
use actix_multipart::form::text::Text;
use actix_web::http::header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};
use actix_web::{HttpResponse, get, post, web};

use serde::Deserialize;

use super::body::{Body, id};
use super::caller::Caller;
use super::channels::{ReceivedView, answer};
use super::page::Page;
use super::problem::{Problem, ProblemBody, language};
use crate::app::App;
use crate::db::types::{IntakeItemId, MessageId};
use crate::domain::files::kinds::sniff;
use crate::domain::intake::access;
use crate::domain::intake::pages::{self, ReadingView};
use crate::domain::notifications::outbox;
use crate::domain::notifications::{DeliveryState, Outlet};
use crate::domain::policy;
use crate::domain::views::{self, DeliveryView};
use crate::error::{Error, FieldError, Result};
use crate::intake::{FaxCall, faxed};

/// A fax and its call, by the names that HylaFAX's `FaxDispatch` uses; other fields are left out.
#[derive(MultipartForm)]
struct FaxUpload {
    file: TempFile,
    id: Option<Text<String>>,
    caller: Option<Text<String>>,
    sender: Option<Text<String>>,
    callid4: Option<Text<String>>,
    pages: Option<Text<String>>,
}

/// The multipart form as documentation shows it.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "only describes the form to the documentation")]
struct FaxUploadForm {
    /// TIFF (G3 or G4) or PDF.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// The fax server's id of it; the same id is the same fax.
    id: Option<String>,
    /// Number of the caller, as the line tells it.
    caller: Option<String>,
    /// What the sending machine calls itself.
    sender: Option<String>,
    /// The number that was called.
    callid4: Option<String>,
    /// Pages that were received.
    pages: Option<String>,
}

/// Takes a fax as a file; its pages are read by machine and wait for a registrar. What is no image is kept too.
#[utoipa::path(tag = "channels", request_body(content = FaxUploadForm, content_type = "multipart/form-data"), security(("bearer" = [])),
    responses((status = 202, description = "Kept, to be keyed", body = ReceivedView), (status = 200, description = "Known", body = ReceivedView), (status = 403, body = ProblemBody), (status = 413, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/channels/fax/files")]
pub(super) async fn push_fax_file(
    app: web::Data<App>,
    caller: Caller,
    form: MultipartForm<FaxUpload>,
) -> Result<HttpResponse, Problem> {
    let form = form.into_inner();
    let told = |field: Option<Text<String>>| field.map(|text| text.into_inner());
    let call = FaxCall {
        external_id: told(form.id),
        from: told(form.caller),
        station: told(form.sender),
        to: told(form.callid4),
        pages: told(form.pages).and_then(|pages| pages.trim().parse().ok()),
        ..FaxCall::default()
    };
    let (file, name) = (form.file.file, form.file.file_name.unwrap_or_default());
    let bytes = tokio::task::spawn_blocking(move || std::fs::read(file.path()))
        .await
        .map_err(Error::internal)?
        .map_err(Error::internal)?;
    let received = app.receive(caller.actor, faxed(call, &name, bytes)?).await?;
    app.nudges.recognition.notify_one();
    Ok(answer(received))
}

/// What became of a fax of ours, as a fax server tells it.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FaxFate {
    /// Our id of the message, which the command of the settings hands over.
    #[schema(value_type = String)]
    message_id: Option<MessageId>,
    /// HylaFAX's reason: `done`, `failed`, `rejected`, `removed`, `killed`, `timedout`, `requeued`, …
    #[serde(default)]
    status: String,
}

impl FaxFate {
    /// How far the fax got; none where the server tries again by itself.
    fn state(&self) -> Result<Option<DeliveryState>> {
        match self.status.trim().to_lowercase().as_str() {
            "" => Err(Error::field(FieldError::required("status"))),
            "done" => Ok(Some(DeliveryState::Delivered)),
            "requeued" | "blocked" => Ok(None),
            _ => Ok(Some(DeliveryState::Undelivered)),
        }
    }
}

/// A fax server reports what became of a fax that it sent; where it reached nobody the next way is taken.
#[utoipa::path(tag = "channels", request_body = FaxFate, security(("bearer" = [])),
    responses((status = 200, body = Page<DeliveryView>), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/channels/fax/deliveries")]
pub(super) async fn report_fax(
    app: web::Data<App>,
    caller: Caller,
    body: Body<FaxFate>,
) -> Result<HttpResponse, Problem> {
    let fate = body.value;
    let views = app
        .write(caller.actor, move |connection, act| {
            policy::allow_channel(act, "fax")?;
            let message = fate.message_id.ok_or_else(|| Error::field(FieldError::required("message_id")))?;
            outbox::delivered_by(connection, act, message, Outlet::Fax, fate.state()?)?;
            views::deliveries(connection, message)
        })
        .await?;
    app.nudges.outbox.notify_one();
    Ok(HttpResponse::Ok().json(Page::whole(views)))
}

/// What was read of an item's scans, page by page and line by line, each with its confidence; a proposal to be corrected.
/// That it was read is logged.
#[utoipa::path(tag = "intake", security(("bearer" = [])), responses((status = 200, body = ReadingView), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
#[get("/intake/items/{id}/pages")]
pub(super) async fn read_item_pages(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let (told, reader) = (path.into_inner(), language());
    let item: IntakeItemId = app
        .write(caller.actor.clone(), move |connection, act| {
            access::offices(act)?;
            access::read(connection, act, id(&told)?)
        })
        .await?;
    let view = app.glance(caller.actor, move |c, act| pages::shown(c, act, item, reader)).await?;
    Ok(HttpResponse::Ok().json(view))
}

/// The image of one page.
#[utoipa::path(tag = "intake", security(("bearer" = [])), responses((status = 200, content_type = "image/png", body = Vec<u8>), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
#[get("/intake/items/{id}/pages/{number}")]
pub(super) async fn read_item_page(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (told, number) = path.into_inner();
    let item: IntakeItemId = app
        .write(caller.actor.clone(), move |connection, act| {
            access::offices(act)?;
            access::read(connection, act, id(&told)?)
        })
        .await?;
    let sha256 = app
        .glance(caller.actor, move |connection, act| {
            let number: i32 = number.parse().map_err(|_| Error::NotFound)?;
            pages::image(connection, act, item, number)
        })
        .await?;
    let storage = app.gateways.storage.clone();
    let bytes = tokio::task::spawn_blocking(move || storage.get(&sha256))
        .await
        .map_err(Error::internal)?
        .map_err(Error::internal)?;
    Ok(HttpResponse::Ok()
        .content_type(sniff(&bytes))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(bytes))
}
