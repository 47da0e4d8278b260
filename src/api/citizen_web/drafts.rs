//! `/public/drafts`: a filing that is saved while it is written and submitted once. The secret that the first reply tells
//! comes with every further call in the header `Draft-Secret`.

use actix_web::http::header::{CACHE_CONTROL, ETAG};
use actix_web::{HttpRequest, HttpResponse, delete, get, post, put, web};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::api::body::{Body, IdempotencyKey, IfMatch, id, parse};
use crate::api::citizen_web::proof;
use crate::api::commit::{Once, Reply, commit};
use crate::api::problem::{Problem, ProblemBody, language};
use crate::api::public::{FiledView, filed, of_the_web};
use crate::app::{App, Ticket};
use crate::db::types::{DraftId, Time};
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::register::Register;
use crate::domain::cases::{Expected, attach, sha256_hex};
use crate::domain::files::uploads;
use crate::domain::web::drafts::{self, Draft};
use crate::error::{Code, Error, FieldError, Result};

/// The header that carries the secret.
const SECRET: &str = "Draft-Secret";
/// Uploads that a draft names at most.
const UPLOADS_MAX: usize = 50;

/// What is written so far.
#[derive(Debug, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Written {
    /// The fields of `POST /public/cases`, as far as they are filled in.
    #[schema(value_type = Object)]
    filing: Map<String, Value>,
    /// Files that came or come in parts (`POST /uploads`): the last part of each one's address.
    uploads: Vec<String>,
}

/// A draft.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SavedDraftView {
    id: DraftId,
    /// Goes into the header `Draft-Secret`; told once.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    version: i32,
    /// `open` or `submitted`.
    state: &'static str,
    /// Of the case that it became.
    #[serde(skip_serializing_if = "Option::is_none")]
    tracking_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    filing: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uploads: Option<Vec<String>>,
    updated_at: Time,
    expires_at: Time,
}

fn view(draft: Draft, secret: Option<String>) -> Result<SavedDraftView> {
    let Draft { id, content, version, tracking_code, updated_at, expires_at } = draft;
    let written: Option<Written> =
        content.map(|json| serde_json::from_str(&json).map_err(Error::internal)).transpose()?;
    let (filing, uploads) = written.map(|written| (written.filing, written.uploads)).unzip();
    let state = if tracking_code.is_some() { "submitted" } else { "open" };
    Ok(SavedDraftView { id, secret, version, state, tracking_code, filing, uploads, updated_at, expires_at })
}

/// The draft with its version as ETag; no browser keeps it.
fn shown(status: actix_web::http::StatusCode, draft: Draft, secret: Option<String>) -> Result<HttpResponse> {
    let version = draft.version;
    Ok(HttpResponse::build(status)
        .insert_header((ETAG, format!("\"{version}\"")))
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(view(draft, secret)?))
}

fn secret(request: &HttpRequest) -> Result<String> {
    let told = request.headers().get(SECRET).and_then(|value| value.to_str().ok());
    told.map(|text| text.trim().to_owned()).ok_or(Error::NotFound)
}

/// The filing as it would be sent; what is still missing is no fault of a draft, a wrong name or type is one.
fn filing(mut written: Map<String, Value>, is_sent: bool) -> Result<Register> {
    written.insert("channel".into(), "web".into());
    if !is_sent {
        for field in ["kind", "text"] {
            written.entry(field).or_insert_with(|| "".into());
        }
    }
    parse(Value::Object(written).to_string().as_bytes())
}

fn checked(written: &Written) -> Result<String> {
    filing(written.filing.clone(), false)?;
    if written.uploads.len() > UPLOADS_MAX {
        return Err(Error::field(FieldError::new(
            "uploads",
            "too_many",
            format!("حداکثر {UPLOADS_MAX} پیوست."),
            format!("At most {UPLOADS_MAX} files."),
        )));
    }
    serde_json::to_string(written).map_err(Error::internal)
}

/// Begins a draft; its secret is told once. It is kept for some days after its last change.
#[utoipa::path(tag = "public", request_body = Written, responses((status = 201, body = SavedDraftView), (status = 422, body = ProblemBody), (status = 428, body = ProblemBody)))]
#[post("/public/drafts")]
pub(in crate::api) async fn begin_draft(
    app: web::Data<App>,
    request: HttpRequest,
    body: Body<Written>,
) -> Result<HttpResponse, Problem> {
    let content = checked(&body.value)?;
    proof::demand(&app, &request, None).await?;
    let hours = app.config.web.draft_hours;
    let (draft, secret) = app
        .write(Actor::Public, move |connection, act| drafts::begin(connection, act, &content, hours))
        .await?;
    Ok(shown(actix_web::http::StatusCode::CREATED, draft, Some(secret))?)
}

/// A draft as it was saved; once it was submitted, the tracking code of its case.
#[utoipa::path(tag = "public", params(("Draft-Secret" = String, Header, description = "As the first reply told it")), responses((status = 200, body = SavedDraftView), (status = 404, body = ProblemBody), (status = 410, body = ProblemBody)))]
#[get("/public/drafts/{id}")]
pub(in crate::api) async fn read_draft(
    app: web::Data<App>,
    request: HttpRequest,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let (draft, secret): (DraftId, _) = (id(&path)?, secret(&request)?);
    let draft = app.read(Actor::Public, move |c, act| drafts::find(c, act, draft, &secret)).await?;
    Ok(shown(actix_web::http::StatusCode::OK, draft, None)?)
}

/// Saves a draft as a whole. With `If-Match` nothing is lost that was saved elsewhere meanwhile.
#[utoipa::path(tag = "public", request_body = Written, params(("Draft-Secret" = String, Header, description = "As the first reply told it"), ("If-Match" = Option<String>, Header, description = "The version that was read")), responses((status = 200, body = SavedDraftView), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 410, body = ProblemBody), (status = 412, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[put("/public/drafts/{id}")]
pub(in crate::api) async fn save_draft(
    app: web::Data<App>,
    request: HttpRequest,
    path: web::Path<String>,
    version: IfMatch,
    body: Body<Written>,
) -> Result<HttpResponse, Problem> {
    let (draft, secret): (DraftId, _) = (id(&path)?, secret(&request)?);
    let expected = match version.optional() {
        Expected::Version(version) => Some(version),
        Expected::Any => None,
    };
    let hours = app.config.web.draft_hours;
    // who does not know the secret learns nothing of fields
    let (known, of) = (secret.clone(), draft);
    app.read(Actor::Public, move |c, act| drafts::find(c, act, of, &known)).await?;
    let content = checked(&body.value)?;
    let draft = app
        .write(Actor::Public, move |connection, act| {
            drafts::save(connection, act, draft, &secret, expected, &content, hours)
        })
        .await?;
    Ok(shown(actix_web::http::StatusCode::OK, draft, None)?)
}

/// Throws a draft away.
#[utoipa::path(tag = "public", params(("Draft-Secret" = String, Header, description = "As the first reply told it")), responses((status = 204), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
#[delete("/public/drafts/{id}")]
pub(in crate::api) async fn discard_draft(
    app: web::Data<App>,
    request: HttpRequest,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let (draft, secret): (DraftId, _) = (id(&path)?, secret(&request)?);
    app.write(Actor::Public, move |c, act| drafts::discard(c, act, draft, &secret)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Makes a case of a draft, with its files; again, it gives the first reply. What is wrong or missing is told by its field,
/// and the draft stays.
#[utoipa::path(tag = "public", params(("Draft-Secret" = String, Header, description = "As the first reply told it")), responses((status = 201, body = FiledView), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 410, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/public/drafts/{id}/submission")]
pub(in crate::api) async fn submit_draft(
    app: web::Data<App>,
    request: HttpRequest,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let (draft, secret): (DraftId, _) = (id(&path)?, secret(&request)?);
    let (known, of) = (secret.clone(), draft);
    let standing = app.read(Actor::Public, move |c, act| drafts::find(c, act, of, &known)).await?;
    let written: Written = match &standing.content {
        Some(json) => serde_json::from_str(json).map_err(Error::internal)?,
        None => Written::default(),
    };
    let tickets = whole(&app, &written.uploads).await?;
    // nobody can guess a key that holds the secret, and the draft is its own request
    let key = IdempotencyKey(Some(sha256_hex(format!("draft {draft} {secret}").as_bytes())));
    let once = Once::of(key, "POST /public/drafts/submission", &draft.to_string());
    let reader = language();
    Ok(commit(&app, Actor::Public, once, move |connection, act| {
        let standing = drafts::unsent(connection, act, draft, &secret)?;
        let json = standing.content.unwrap_or_default();
        let now: Written = serde_json::from_str(&json).map_err(Error::internal)?;
        if now.uploads != written.uploads {
            return Err(Error::Conflict(Code::DraftChanged));
        }
        let wish = of_the_web(filing(now.filing, true)?);
        let (case, view) = filed(connection, act, &wish, reader)?;
        let citizen = Act { actor: Actor::Citizen { case }, ..act.clone() };
        for ticket in &tickets {
            let file = uploads::take(connection, act, ticket.id, &ticket.secret)?;
            attach::bring(connection, &citizen, case, &file)?;
        }
        drafts::submitted(connection, act, draft, view.tracking_code())?;
        Reply::created(&view)
    })
    .await?)
}

/// The uploads of a draft, opened and stored; one that is not whole or is gone is named.
async fn whole(app: &App, named: &[String]) -> Result<Vec<Ticket>> {
    let mut tickets = Vec::with_capacity(named.len());
    for (index, text) in named.iter().enumerate() {
        let wrong = |code: &'static str, fa: &str, en: &str| {
            Error::field(FieldError::new(format!("uploads[{index}]"), code, fa, en))
        };
        let gone = || {
            let (fa, en) = (
                "این پیوست یافت نشد یا زمانش گذشته است؛ آن را از فهرست بردارید یا دوباره بارگذاری کنید.",
                "This file was not found, or its time is over; take it off the list or upload it again.",
            );
            wrong("unknown", fa, en)
        };
        let ticket: Ticket = text.parse().map_err(|_| gone())?;
        match app.whole_upload(&ticket).await {
            Ok(_) => tickets.push(ticket),
            Err(Error::NotFound | Error::Conflict(Code::UploadExpired)) => return Err(gone()),
            Err(Error::Conflict(Code::UploadUnfinished)) => {
                let (fa, en) = (
                    "بارگذاری این پیوست کامل نشده است؛ بقیه آن را بفرستید یا از فهرست بردارید.",
                    "This file has not come as a whole; send the rest, or take it off the list.",
                );
                return Err(wrong("unfinished", fa, en));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(tickets)
}
