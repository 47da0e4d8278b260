//! Receipts of cases, and the anchors that anyone may keep and compare.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, get, web};
use serde::Serialize;

use super::body::Query;
use super::caller::{Caller, CitizenCaller};
use super::cases::with_case;
use super::page::{Page, PageQuery, keyset};
use super::problem::{Problem, ProblemBody};
use super::public::own_case;
use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::confidentiality::sight;
use crate::domain::history::{Anchor, Receipt, Signer, anchors, receipt};
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
    let receipt = with_case(&app, caller, &path, |connection, act, row| {
        // it shows the digest of what was said, by which a guess could be proved
        if !sight(connection, act, row)?.shows_words() {
            return Err(Error::Forbidden(Code::ExtractOnly));
        }
        receipt::issue(connection, act, row.id)
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
    let receipt = app
        .read(Actor::Citizen { case }, move |connection, act| receipt::issue(connection, act, case))
        .await?;
    Ok(HttpResponse::Ok().json(receipt))
}

/// The anchors of all days, oldest first.
#[utoipa::path(tag = "public", params(PageQuery), responses((status = 200, body = Page<Anchor>), (status = 400, body = ProblemBody)))]
#[get("/public/anchors")]
pub(super) async fn list_anchors(
    app: web::Data<App>,
    query: Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let (limit, after) = (query.0.limit()?, query.0.after()?.unwrap_or(0));
    let rows = app.db.read(move |connection| anchors::page(connection, after, limit + 1)).await?;
    let page = keyset(rows, limit, |anchor| anchor.number.to_string(), |anchor| anchor);
    Ok(HttpResponse::Ok().insert_header(FRESH).json(page))
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
