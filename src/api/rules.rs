//! `/public/rules`: the rule register as data and as a page, of today or of any other day.

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, ETAG, IF_NONE_MATCH, VARY,
};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, get, web};
use serde::{Deserialize, Serialize};

use super::body::Query;
use super::cases::Outcome;
use super::page::time;
use super::problem::language;
use crate::app::App;
use crate::db::types::Time;
use crate::domain::actor::Actor;
use crate::domain::cases::sha256_hex;
use crate::domain::register::{self, Entry, NOUNS, Wish};
use crate::error::{Error, FieldError, Fields, Language, Result};

/// Seconds from the beginning of a day to its last one.
const TO_END_OF_DAY: i64 = 86_399;

/// Which rules, and of which day.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct RulesQuery {
    /// A date (what held at its end) or an instant; now when missing.
    on: Option<String>,
    /// One code, such as `answer.request`.
    code: Option<String>,
    /// `right`, `limit`, `reason`, `rule` or `remedy`; all when missing.
    noun: Option<String>,
    /// `true` tells every version of `code`, the oldest first.
    versions: Option<bool>,
}

impl RulesQuery {
    fn check(&self) -> Result<()> {
        let mut fields = Fields::default();
        if let Some(noun) = self.noun.as_deref().filter(|noun| !NOUNS.contains(noun)) {
            fields.add(FieldError::unknown("noun", noun));
        }
        if self.versions == Some(true) && self.code.is_none() {
            fields.add(FieldError::required("code"));
        }
        fields.finish()
    }

    /// The moment that is asked for: an instant, or the end of a day.
    fn moment(&self, now: Time) -> Result<Time> {
        let Some(text) = self.on.as_deref() else { return Ok(now) };
        let moment = time("on", text).map_err(Error::field)?;
        let is_day = text.parse::<Time>().is_err();
        Ok(if is_day { moment.plus_seconds(TO_END_OF_DAY) } else { moment })
    }
}

/// The rules that held.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RulesView {
    /// The moment that was asked for; null for now.
    on: Option<Time>,
    items: Vec<Entry>,
    next_cursor: Option<String>,
}

async fn entries(app: &App, query: RulesQuery) -> Result<(Time, Vec<Entry>)> {
    query.check()?;
    app.read(Actor::Public, move |connection, act| {
        let moment = query.moment(act.now)?;
        if let (Some(true), Some(code)) = (query.versions, &query.code) {
            return Ok((moment, register::history(connection, &act.rules, code)?));
        }
        let wish = Wish { noun: query.noun.clone(), code: query.code.clone() };
        Ok((moment, register::at(connection, &act.rules, &wish, moment)?))
    })
    .await
}

/// The reply with a tag of its content; one that the reader has already is not sent again.
fn cached(request: &HttpRequest, body: String, reply: impl FnOnce(&mut HttpResponseBuilder)) -> HttpResponse {
    let tag = format!("\"{}\"", &sha256_hex(body.as_bytes())[..32]);
    let known = request.headers().get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let is_known = known.is_some_and(|known| {
        known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag || one.trim() == "*")
    });
    let mut response = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((CACHE_CONTROL, "public, max-age=300")).insert_header((ETAG, tag));
    reply(&mut response);
    if is_known { response.finish() } else { response.body(body) }
}

/// Every right, limit, reason, routing rule and outside remedy, with its words, source and dates.
#[utoipa::path(tag = "public", params(RulesQuery), responses((status = 200, body = RulesView), (status = 304), (status = 422, body = super::problem::ProblemBody)))]
#[get("/public/rules")]
pub(super) async fn list_rules(
    app: web::Data<App>,
    request: HttpRequest,
    query: Query<RulesQuery>,
) -> Outcome {
    let has_day = query.0.on.is_some();
    let (moment, items) = entries(&app, query.0).await?;
    let view = RulesView { on: Some(moment).filter(|_| has_day), items, next_cursor: None };
    let body = serde_json::to_string(&view).map_err(|error| Error::Internal(Box::new(error)))?;
    Ok(cached(&request, body, |reply| {
        reply.content_type("application/json");
    }))
}

/// The same as a page to read and print, in the reader's language.
#[utoipa::path(tag = "public", params(RulesQuery), responses((status = 200, content_type = "text/html", body = String), (status = 304), (status = 422, body = super::problem::ProblemBody)))]
#[get("/public/rules.html")]
pub(super) async fn read_rules_page(
    app: web::Data<App>,
    request: HttpRequest,
    query: Query<RulesQuery>,
) -> Outcome {
    let reader = language();
    let (moment, items) = entries(&app, query.0).await?;
    let html = register::page(&items, moment, reader)?;
    Ok(cached(&request, html, |reply| {
        reply
            .content_type("text/html; charset=utf-8")
            .insert_header((VARY, "Accept-Language"))
            .insert_header((CONTENT_LANGUAGE, if reader == Language::En { "en" } else { "fa" }))
            .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"));
    }))
}
