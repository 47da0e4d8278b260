//! Receipts of cases, and the anchors that anyone may keep and compare.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, get, web};
use serde::{Deserialize, Serialize};

use super::body::{Query, id};
use super::caller::{Caller, CitizenCaller};
use super::page::{Page, limit};
use super::problem::{Problem, ProblemBody};
use super::public::own_case;
use crate::app::App;
use crate::db::types::CaseId;
use crate::domain::actor::Actor;
use crate::domain::cases::find_visible;
use crate::domain::history::{Anchor, Receipt, Signer, anchors, receipt};
use crate::domain::policy;
use crate::error::{Code, Error, Result};

/// How long a browser or a proxy may keep anchors; made ones never change.
const FRESH: (actix_web::http::header::HeaderName, &str) = (CACHE_CONTROL, "public, max-age=300");

/// A signed receipt of a case as it stands, to be handed to its citizen.
#[utoipa::path(tag = "cases", security(("bearer" = [])), responses((status = 200, body = Receipt), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
#[get("/cases/{id}/receipt")]
pub(super) async fn read_receipt(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let case: CaseId = id(&path)?;
    let within = app.clone();
    let receipt = app
        .db
        .read(move |connection| {
            let act = within.act(connection, caller.actor)?;
            policy::allow_reading(&act)?;
            let row = find_visible(connection, &act, case)?;
            receipt::issue(connection, &act, row.id)
        })
        .await?;
    Ok(HttpResponse::Ok().json(receipt))
}

/// A signed receipt of the citizen's own case as it stands: proves, offline, when it was filed and that its history
/// was not rewritten.
#[utoipa::path(tag = "public", security(("bearer" = [])), responses((status = 200, body = Receipt), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
#[get("/public/cases/{tracking_code}/receipt")]
pub(super) async fn read_own_receipt(
    app: web::Data<App>,
    citizen: CitizenCaller,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let case = own_case(&app, &citizen, &path).await?;
    let within = app.clone();
    let receipt = app
        .db
        .read(move |connection| {
            let act = within.act(connection, Actor::Citizen { case })?;
            receipt::issue(connection, &act, case)
        })
        .await?;
    Ok(HttpResponse::Ok().json(receipt))
}

/// Which anchors.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct AnchorsQuery {
    /// 1 to 200; 50 when missing.
    limit: Option<i64>,
    /// `next_cursor` of the page before: the number of its last anchor.
    cursor: Option<String>,
}

/// The anchors of all days, oldest first.
#[utoipa::path(tag = "public", params(AnchorsQuery), responses((status = 200, body = Page<Anchor>), (status = 400, body = ProblemBody)))]
#[get("/public/anchors")]
pub(super) async fn list_anchors(
    app: web::Data<App>,
    query: Query<AnchorsQuery>,
) -> Result<HttpResponse, Problem> {
    let limit = limit(query.0.limit)?;
    let after = match query.0.cursor.as_deref() {
        Some(cursor) => cursor.parse().map_err(|_| Error::Malformed(Code::InvalidCursor))?,
        None => 0,
    };
    let items = app.db.read(move |connection| anchors::page(connection, after, limit)).await?;
    let is_full = i64::try_from(items.len()).is_ok_and(|count| count == limit);
    let next_cursor = items.last().filter(|_| is_full).map(|last| last.number.to_string());
    Ok(HttpResponse::Ok().insert_header(FRESH).json(Page { items, next_cursor }))
}

/// The public key of receipts and anchors.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct KeyView {
    /// `Ed25519` (RFC 8032).
    algorithm: &'static str,
    /// 64 hexadecimal characters.
    key: String,
}

/// The public key by which receipts and anchors are signed.
#[utoipa::path(tag = "public", responses((status = 200, body = KeyView)))]
#[get("/public/anchors/key")]
pub(super) async fn read_anchor_key(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    let key = Signer::of(&app.keys)?.public();
    Ok(HttpResponse::Ok().insert_header(FRESH).json(KeyView { algorithm: "Ed25519", key }))
}
