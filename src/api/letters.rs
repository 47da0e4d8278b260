//! `/letters`: letters to citizens on paper: what waits, batches to print, and what became of them.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, X_CONTENT_TYPE_OPTIONS};
use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};

use super::body::{Body, IdempotencyKey, Query, id};
use super::caller::Caller;
use super::cases::with_disclosure;
use super::commit::{Once, Reply, commit};
use super::page::{Page, keyset, limit};
use super::problem::{Problem, ProblemBody};
use crate::app::App;
use crate::db::types::{LetterBatchId, MessageId};
use crate::domain::confidentiality::Why;
use crate::domain::letters::{self, Batch, Fate, HandOver, LetterState, LetterView, NewBatch, PaperLetter};
use crate::domain::notifications::{Links, outbox};
use crate::error::{Code, Error, FieldError, Result};

/// A PDF to print; never kept by a browser, since it names a person.
async fn printed(letters: Vec<PaperLetter>, name: &str) -> Result<HttpResponse> {
    let bytes = tokio::task::spawn_blocking(move || letters::sheet::pdf(&letters))
        .await
        .map_err(Error::internal)??;
    Ok(HttpResponse::Ok()
        .content_type("application/pdf")
        .insert_header((CONTENT_DISPOSITION, format!("inline; filename=\"{name}.pdf\"")))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(bytes))
}

/// A message to the citizen as a letter to print, with name and address. The reading is logged.
#[utoipa::path(tag = "letters", security(("bearer" = [])), responses((status = 200, content_type = "application/pdf", body = Vec<u8>), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
#[get("/messages/{id}/letter")]
pub(super) async fn print_message(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let message: MessageId = id(&path)?;
    let case = app.db.glance(move |connection| outbox::case_of(connection, message)).await?;
    let config = app.config.clone();
    let letter = with_disclosure(&app, caller, case, Why::Letter, move |connection, act, row, shown| {
        let links = Links { base_url: &config.server.public_url, keys: &act.keys };
        letters::content(connection, act, row, shown, message, &config.letters, links)
    });
    Ok(printed(vec![letter.await?], &format!("letter-{message}")).await?)
}

/// Which letters.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct LettersQuery {
    /// `waiting`, `printed`, `handed_over`, `delivered` or `returned`; all when missing.
    state: Option<String>,
    /// 1 to 200; 50 when missing.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// Letters to citizens of cases that the actor sees, the oldest first; nothing of what they say.
#[utoipa::path(tag = "letters", params(LettersQuery), security(("bearer" = [])), responses((status = 200, body = Page<LetterView>), (status = 403, body = ProblemBody)))]
#[get("/letters")]
pub(super) async fn list_letters(
    app: web::Data<App>,
    caller: Caller,
    query: Query<LettersQuery>,
) -> Result<HttpResponse, Problem> {
    let LettersQuery { state, limit: wished, cursor } = query.0;
    let state: Option<LetterState> =
        state.map(|text| text.parse().map_err(|_| wrong("state", LetterState::ALL))).transpose()?;
    let size = limit(wished)?;
    let after: Option<MessageId> =
        cursor.map(|text| text.parse().map_err(|_| Error::Malformed(Code::InvalidCursor))).transpose()?;
    let page = app
        .read(caller.actor, move |connection, act| {
            let rows = letters::list(connection, act, state, after, size + 1)?;
            let mut page = keyset(rows, size, |row| row.id.to_string(), |row| row);
            letters::retain_visible(connection, act, &mut page.items)?;
            Ok(page)
        })
        .await?;
    Ok(HttpResponse::Ok().json(page))
}

/// A word that is not one of a list.
fn wrong<T: std::fmt::Display>(field: &str, known: &[T]) -> Error {
    let known = known.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    Error::field(FieldError::new(
        field,
        "unknown",
        format!("یکی از این‌ها: {known}"),
        format!("One of {known}."),
    ))
}

/// Gathers the letters that wait into a batch to print, at most 500.
#[utoipa::path(tag = "letters", security(("bearer" = [])), responses((status = 201, body = NewBatch), (status = 422, body = ProblemBody)))]
#[post("/letters/batches")]
pub(super) async fn make_letter_batch(
    app: web::Data<App>,
    caller: Caller,
    key: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    let once = Once::of(key, "POST /letters/batches", "");
    Ok(commit(&app, caller.actor, once, |c, act| Reply::created(&letters::print(c, act)?)).await?)
}

/// A batch with what became of its letters.
#[utoipa::path(tag = "letters", security(("bearer" = [])), responses((status = 200, body = Batch), (status = 404, body = ProblemBody)))]
#[get("/letters/batches/{id}")]
pub(super) async fn read_letter_batch(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let batch: LetterBatchId = id(&path)?;
    let view = app.glance(caller.actor, move |c, act| letters::batch(c, act, batch)).await?;
    Ok(HttpResponse::Ok().json(view))
}

/// The letters of a batch as one PDF, each on pages of its own. The reading is logged for each of their cases.
#[utoipa::path(tag = "letters", security(("bearer" = [])), responses((status = 200, content_type = "application/pdf", body = Vec<u8>), (status = 404, body = ProblemBody)))]
#[get("/letters/batches/{id}/print")]
pub(super) async fn print_letter_batch(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let batch: LetterBatchId = id(&path)?;
    let shown = app.write(caller.actor.clone(), move |c, act| letters::to_print(c, act, batch)).await?;
    let config = app.config.clone();
    let all = app
        .read(caller.actor, move |connection, act| {
            let links = Links { base_url: &config.server.public_url, keys: &act.keys };
            letters::contents(connection, act, &shown, &config.letters, links)
        })
        .await?;
    Ok(printed(all, &format!("letters-{batch}")).await?)
}

/// Notes that a batch was handed to the post: its letters count as sent.
#[utoipa::path(tag = "letters", request_body = HandOver, security(("bearer" = [])), responses((status = 200, body = Batch), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
#[post("/letters/batches/{id}/handover")]
pub(super) async fn hand_over_letters(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<HandOver>,
) -> Result<HttpResponse, Problem> {
    let batch: LetterBatchId = id(&path)?;
    let config = app.config.clone();
    let words = app
        .read(caller.actor.clone(), move |connection, act| {
            let links = Links { base_url: &config.server.public_url, keys: &act.keys };
            letters::to_post(connection, act, batch, links)
        })
        .await?;
    let once = Once::of(key, &format!("POST /letters/batches/{batch}/handover"), &body.digest);
    let wish = body.value;
    Ok(commit(&app, caller.actor, once, move |connection, act| {
        Reply::ok(&letters::hand_over(connection, act, batch, &wish, &words)?)
    })
    .await?)
}

/// What became of a letter.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NoteFate {
    /// `delivered`, or why it came back: `unknown_address`, `moved`, `refused`, `unclaimed`, `damaged`.
    fate: String,
}

/// A letter whose fate was noted.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FateView {
    id: MessageId,
    fate: Fate,
}

/// Notes that a posted letter was delivered or came back; then the next way to its citizen is taken.
#[utoipa::path(tag = "letters", request_body = NoteFate, security(("bearer" = [])), responses((status = 200, body = FateView), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
#[post("/messages/{id}/letter-fate")]
pub(super) async fn note_letter_fate(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    body: Body<NoteFate>,
) -> Result<HttpResponse, Problem> {
    let message: MessageId = id(&path)?;
    let told = body.value.fate;
    Ok(commit(&app, caller.actor, None, move |connection, act| {
        let fate = told.parse::<Fate>().map_err(|_| wrong("fate", Fate::ALL));
        // whoever may not see the message learns nothing of fields
        let fate = match fate {
            Ok(fate) => fate,
            Err(error) => {
                letters::may_note(connection, act, message)?;
                return Err(error);
            }
        };
        letters::note_fate(connection, act, message, fate)?;
        Reply::ok(&FateView { id: message, fate })
    })
    .await?)
}
