//! Certificates to print, for the citizen with the look-up token and for staff: HTML in the reader's language.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY};
use actix_web::{HttpResponse, get, web};
use serde::Deserialize;

use super::body::{Query, id};
use super::caller::{Caller, CitizenCaller};
use super::cases::{Outcome, with_disclosure};
use super::problem::{ProblemBody, language};
use super::public::own_case;
use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::cases::find_visible;
use crate::domain::certificates::{Certificate, Words, certificate};
use crate::domain::confidentiality::Why;
use crate::error::{Code, Error, Language};

/// Whether the filed text is printed too.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct FilingQuery {
    /// `true` prints the citizen's words.
    text: Option<bool>,
}

impl FilingQuery {
    fn sort(&self) -> Certificate {
        Certificate::Filing(if self.text == Some(true) { Words::Shown } else { Words::Hidden })
    }
}

pub(super) fn page(html: String) -> HttpResponse {
    let tag = if language() == Language::En { "en" } else { "fa" };
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_LANGUAGE, tag))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"))
        .body(html)
}

async fn for_citizen(app: web::Data<App>, citizen: CitizenCaller, code: &str, sort: Certificate) -> Outcome {
    let case = own_case(&app, &citizen, code).await?;
    let (config, reader) = (app.config.clone(), language());
    let html = app.read(Actor::Citizen { case }, move |connection, act| {
        let row = find_visible(connection, act, case)?;
        certificate(connection, act, &row, sort, &config.server.public_url, reader)
    });
    Ok(page(html.await?))
}

async fn for_staff(app: web::Data<App>, caller: Caller, case: &str, sort: Certificate) -> Outcome {
    let (config, reader) = (app.config.clone(), language());
    let html =
        with_disclosure(&app, caller, id(case)?, Why::Certificate, move |connection, act, row, shown| {
            if !shown.still(connection, act, row)?.shows_words(row.id) {
                return Err(Error::Forbidden(Code::ExtractOnly));
            }
            certificate(connection, act, row, sort, &config.server.public_url, reader)
        });
    Ok(page(html.await?))
}

/// The certificate of filing, for the citizen.
#[utoipa::path(tag = "public", params(FilingQuery), security(("bearer" = [])), responses((status = 200, content_type = "text/html", body = String), (status = 404, body = ProblemBody)))]
#[get("/public/cases/{tracking_code}/certificates/filing")]
pub(super) async fn read_filing_certificate(
    app: web::Data<App>,
    citizen: CitizenCaller,
    path: web::Path<String>,
    query: Query<FilingQuery>,
) -> Outcome {
    for_citizen(app, citizen, &path, query.0.sort()).await
}

/// The certificate of the reply, or that none was given, for the citizen.
#[utoipa::path(tag = "public", security(("bearer" = [])), responses((status = 200, content_type = "text/html", body = String), (status = 404, body = ProblemBody)))]
#[get("/public/cases/{tracking_code}/certificates/reply")]
pub(super) async fn read_reply_certificate(
    app: web::Data<App>,
    citizen: CitizenCaller,
    path: web::Path<String>,
) -> Outcome {
    for_citizen(app, citizen, &path, Certificate::Reply).await
}

/// The certificate of filing, printed by staff.
#[utoipa::path(tag = "cases", params(FilingQuery), security(("bearer" = [])), responses((status = 200, content_type = "text/html", body = String), (status = 404, body = ProblemBody)))]
#[get("/cases/{id}/certificates/filing")]
pub(super) async fn print_filing_certificate(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    query: Query<FilingQuery>,
) -> Outcome {
    for_staff(app, caller, &path, query.0.sort()).await
}

/// The certificate of the reply, or that none was given, printed by staff.
#[utoipa::path(tag = "cases", security(("bearer" = [])), responses((status = 200, content_type = "text/html", body = String), (status = 404, body = ProblemBody)))]
#[get("/cases/{id}/certificates/reply")]
pub(super) async fn print_reply_certificate(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
) -> Outcome {
    for_staff(app, caller, &path, Certificate::Reply).await
}
