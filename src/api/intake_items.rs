//! `/intake/items`: what came in, what became of it, and what waits for a person.

use actix_web::{HttpResponse, get, post, web};
use serde::Deserialize;

use super::body::{Body, IdempotencyKey, Query, id};
use super::caller::Caller;
use super::cases::RegisteredView;
use super::channels::{ReceivedView, answer};
use super::commit::{Once, Reply, commit};
use super::page::{Page, keyset, limit};
use super::problem::{Problem, ProblemBody, language};
use crate::app::App;
use crate::db::types::IntakeItemId;
use crate::domain::cases::register::Register;
use crate::domain::intake::view::{ItemDetail, ItemView};
use crate::domain::intake::{DiscardReason, access};
use crate::domain::{input, intake as kept};
use crate::error::{Code, Error, Fields, Result};
use crate::intake;

/// Which items.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ItemQuery {
    /// registered, joined, failed, to_key, discarded.
    state: Option<String>,
    channel: Option<String>,
    /// 1 to 200; 50 when missing.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// Lists what came in, the newest first; nothing of what it says.
#[utoipa::path(tag = "intake", params(ItemQuery), security(("bearer" = [])), responses((status = 200, body = Page<ItemView>), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[get("/intake/items")]
pub(super) async fn list_intake_items(
    app: web::Data<App>,
    caller: Caller,
    query: Query<ItemQuery>,
) -> Result<HttpResponse, Problem> {
    let query = query.0;
    let page = app
        .read(caller.actor, move |connection, act| {
            let offices = access::offices(act)?;
            let mut fields = Fields::default();
            let state = query.state.and_then(|code| fields.take(input::choice("state", &code)));
            let channel = query.channel.and_then(|code| fields.take(input::choice("channel", &code)));
            fields.finish()?;
            let size = limit(query.limit)?;
            let after = query.cursor.as_deref().map(str::parse).transpose();
            let after: Option<IntakeItemId> = after.map_err(|_| Error::Malformed(Code::InvalidCursor))?;
            let filter = kept::items::Filter { state, channel, offices };
            let rows = kept::items::list(connection, &filter, after, size + 1)?;
            let mut page = keyset(rows, size, |row| row.id.to_string(), |row| row);
            access::retain_visible(connection, act, &mut page.items)?;
            let items = kept::view::list(connection, act, &page.items)?;
            Ok(Page { items, next_cursor: page.next_cursor })
        })
        .await?;
    Ok(HttpResponse::Ok().json(page))
}

/// One item with all that it says and every step of it; that it was read is logged.
#[utoipa::path(tag = "intake", security(("bearer" = [])), responses((status = 200, body = ItemDetail), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
#[get("/intake/items/{id}")]
pub(super) async fn read_intake_item(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let told = path.into_inner();
    // first the reading is logged and committed, then it is shown
    let item = app
        .write(caller.actor.clone(), move |connection, act| {
            access::offices(act)?;
            access::read(connection, act, id(&told)?)
        })
        .await?;
    let detail =
        app.glance(caller.actor, move |connection, act| access::shown(connection, act, item)).await?;
    Ok(HttpResponse::Ok().json(detail))
}

/// Takes a failed item once more; one that does not wait stays as it is.
#[utoipa::path(tag = "intake", security(("bearer" = [])), responses((status = 201, body = ReceivedView), (status = 200, description = "A message, or taken before", body = ReceivedView), (status = 202, description = "It still cannot be taken", body = ReceivedView), (status = 404, body = ProblemBody)))]
#[post("/intake/items/{id}/reprocessing")]
pub(super) async fn reprocess_intake_item(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let told = path.into_inner();
    let item = app
        .glance(caller.actor.clone(), move |connection, act| {
            access::offices(act)?;
            access::find(connection, act, id(&told)?).map(|item| item.id)
        })
        .await?;
    Ok(answer(app.reprocess(caller.actor, item).await?))
}

/// Registers what a person keyed from an item; its channel, time and files are the item's.
#[utoipa::path(tag = "intake", request_body = Register, security(("bearer" = [])), responses((status = 201, body = RegisteredView), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/intake/items/{id}/case")]
pub(super) async fn key_intake_item(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<Register>,
) -> Result<HttpResponse, Problem> {
    let told = path.into_inner();
    let once = Once::of(key, &format!("POST /intake/items/{told}/case"), &body.digest);
    let shown = language();
    Ok(commit(&app, caller.actor, once, move |connection, act| {
        access::offices(act)?;
        let item = access::find(connection, act, id(&told)?)?;
        let done = intake::key(connection, act, item.id, &body.value)?;
        Reply::created(&RegisteredView::of(connection, act, done, shown)?)
    })
    .await?)
}

/// What a person read in an item, for a case that exists.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Keyed {
    /// The id or the tracking code of the case.
    pub case: String,
    pub text: String,
}

/// Lays what a person keyed from an item with a case that exists, as words of its citizen.
#[utoipa::path(tag = "intake", request_body = Keyed, security(("bearer" = [])), responses((status = 200, body = ItemView), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/intake/items/{id}/message")]
pub(super) async fn join_intake_item(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<Keyed>,
) -> Result<HttpResponse, Problem> {
    let told = path.into_inner();
    let once = Once::of(key, &format!("POST /intake/items/{told}/message"), &body.digest);
    Ok(commit(&app, caller.actor, once, move |connection, act| {
        access::offices(act)?;
        let item = access::find(connection, act, id(&told)?)?;
        let item = intake::join(connection, act, item.id, &body.value.case, &body.value.text)?;
        let mut views = kept::view::list(connection, act, &[item])?;
        Reply::ok(&views.pop())
    })
    .await?)
}

/// Why an item is set aside.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Discard {
    pub reason: DiscardReason,
}

/// Sets a waiting item aside; it is kept and counted.
#[utoipa::path(tag = "intake", request_body = Discard, security(("bearer" = [])), responses((status = 200, body = ItemView), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/intake/items/{id}/discard")]
pub(super) async fn discard_intake_item(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<Discard>,
) -> Result<HttpResponse, Problem> {
    let told = path.into_inner();
    let once = Once::of(key, &format!("POST /intake/items/{told}/discard"), &body.digest);
    Ok(commit(&app, caller.actor, once, move |connection, act| {
        access::offices(act)?;
        let item = access::find(connection, act, id(&told)?)?;
        let item = intake::discard(connection, act, item.id, body.value.reason)?;
        let mut views = kept::view::list(connection, act, &[item])?;
        Reply::ok(&views.pop())
    })
    .await?)
}
