//! The rating link of a closing notice: a page that works without script, for a JSON client the same as JSON.

use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION};
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use minijinja::{Environment, context};
use serde::{Deserialize, Serialize};

use super::body;
use super::client::address;
use super::problem::{Problem, ProblemBody, language};
use super::public::note_wrong_pair;
use crate::app::App;
use crate::db::DbConnection;
use crate::db::types::CaseId;
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::remedies::{self, Rate};
use crate::domain::cases::{CaseRow, Expected, find_visible};
use crate::domain::rulebook::Verb;
use crate::domain::text::{latin_digits, persian_digits};
use crate::domain::users::{self, Attempt};
use crate::domain::views::{self, CitizenAction};
use crate::error::{Code, Error, Language, Result};

const PAGE: &str = include_str!("rating.html");

/// What the holder of a rating link may know: nothing of the matter or the person.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RatingView {
    pub tracking_code: String,
    /// The rating that stands, 1 to 5.
    pub rating: Option<i32>,
    /// Whether it may be given or changed now, until when, and why not.
    pub action: Option<CitizenAction>,
    /// After a poor rating: that an appeal is open, and how.
    pub message: Option<String>,
}

/// The page's form.
#[derive(Debug, Deserialize)]
struct Form {
    #[serde(default)]
    score: String,
    #[serde(default)]
    comment: String,
}

fn view(connection: &mut DbConnection, act: &Act, row: CaseRow, reader: Language) -> Result<RatingView> {
    let (code, rating) = (row.tracking_code.clone(), row.rating);
    let actions = views::citizen_actions(connection, act, row, reader)?;
    let message = views::poor_rating_words(act, &actions, rating, reader);
    let action = actions.into_iter().find(|action| action.verb == Verb::Rate);
    Ok(RatingView { tracking_code: code, rating, action, message })
}

/// The case of a link; wrong ones are counted like wrong look-ups.
async fn case_of(app: &web::Data<App>, request: &HttpRequest, token: &str) -> Result<CaseId> {
    let from = address(request, &app.config.trusted_proxies());
    // guesses at one case count together, however they are signed
    let code = token.split('-').next().unwrap_or_default().to_owned();
    let (asked, asked_code, asked_from) = (token.to_owned(), code.clone(), from.clone());
    let found = app.glance(Actor::Public, move |connection, act| {
        let tried = [("lookup-code", asked_code.as_str()), ("lookup-address", asked_from.as_str())];
        match users::retry_after(connection, act, tried)? {
            0 => Ok(remedies::by_rating_token(connection, act, &asked)?.map(|row| row.id)),
            retry_after => Err(Error::TooMany { code: Code::TooManyRequests, retry_after }),
        }
    });
    if let Some(case) = found.await? {
        return Ok(case);
    }
    let rule = Attempt { free: app.config.limits.lookup_tries, first_lock_seconds: 60, forget_seconds: 3600 };
    note_wrong_pair(app, code, from, rule).await?;
    Err(Error::NotFound)
}

fn wants_json(request: &HttpRequest) -> bool {
    let told = |name| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    told(CONTENT_TYPE).contains("json")
        || !(told(ACCEPT).contains("text/html") || told(CONTENT_TYPE).contains("form"))
}

fn answer(request: &HttpRequest, view: &RatingView, error: Option<&Error>) -> Result<HttpResponse> {
    if wants_json(request) {
        return Ok(HttpResponse::Ok().json(view));
    }
    let reader = language();
    let digits = |text: &str| if reader == Language::Fa { persian_digits(text) } else { text.to_owned() };
    let wrong = error.map(|error| match error {
        Error::Invalid(fields) => {
            fields.iter().map(|field| words(&field.fa, &field.en, reader)).collect::<Vec<_>>().join(" ")
        }
        other => other.code().title(reader).to_owned(),
    });
    let values = context! {
        fa => reader == Language::Fa, code => digits(&view.tracking_code), rating => view.rating,
        scores => (1..=5).map(|score| (score, digits(&score.to_string()))).collect::<Vec<_>>(),
        open => view.action.as_ref().is_some_and(|action| action.allowed),
        why => view.action.as_ref().and_then(|action| action.why.clone()), message => view.message, wrong => wrong,
    };
    let mut environment = Environment::new();
    let page = environment
        .add_template("rating.html", PAGE)
        .and_then(|()| environment.get_template("rating.html")?.render(&values))
        .map_err(Error::internal)?;
    let status = error.map_or(200, |error| error.code().status());
    Ok(HttpResponse::build(StatusCode::from_u16(status).unwrap_or(StatusCode::OK))
        .content_type("text/html; charset=utf-8")
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header(("Referrer-Policy", "no-referrer"))
        .insert_header((
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
        ))
        .body(page))
}

fn words(fa: &str, en: &str, reader: Language) -> String {
    if reader == Language::Fa { fa.to_owned() } else { en.to_owned() }
}

/// What a rating link opens: a page for a browser, JSON otherwise.
#[utoipa::path(tag = "public", responses((status = 200, body = RatingView), (status = 404, body = ProblemBody), (status = 429, body = ProblemBody)))]
#[get("/public/ratings/{token}")]
pub(super) async fn open_rating_link(
    app: web::Data<App>,
    request: HttpRequest,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let case = case_of(&app, &request, &path).await?;
    Ok(answer(&request, &read(&app, case).await?, None)?)
}

async fn read(app: &web::Data<App>, case: CaseId) -> Result<RatingView> {
    let reader = language();
    app.read(Actor::Citizen { case }, move |connection, act| {
        let row = find_visible(connection, act, case)?;
        view(connection, act, row, reader)
    })
    .await
}

/// Rates by a link: the page's form, or JSON.
#[utoipa::path(tag = "public", request_body = Rate, responses((status = 200, body = RatingView), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody), (status = 429, body = ProblemBody)))]
#[post("/public/ratings/{token}")]
pub(super) async fn rate_by_link(
    app: web::Data<App>,
    request: HttpRequest,
    path: web::Path<String>,
    bytes: web::Bytes,
) -> Result<HttpResponse, Problem> {
    let case = case_of(&app, &request, &path).await?;
    let wish = wish(&request, &bytes)?;
    let reader = language();
    let rated = app.write(Actor::Citizen { case }, move |connection, act| {
        let docket = remedies::rate(connection, act, case, Expected::Any, &wish)?;
        view(connection, act, docket.row, reader)
    });
    match rated.await {
        Ok(view) => Ok(answer(&request, &view, None)?),
        Err(error) if wants_json(&request) => Err(error.into()),
        Err(error) => Ok(answer(&request, &read(&app, case).await?, Some(&error))?),
    }
}

fn wish(request: &HttpRequest, bytes: &[u8]) -> Result<Rate> {
    let channel = Some("web".to_owned());
    if wants_json(request) {
        let bytes = if bytes.is_empty() { b"{}" } else { bytes };
        return Ok(Rate { channel, ..body::parse(bytes)? });
    }
    let form: web::Query<Form> = web::Query::from_query(&String::from_utf8_lossy(bytes))
        .map_err(|_| Error::Malformed(Code::UnsupportedMedia))?;
    // a form sent without a choice is a wrong score, told as one
    let score = latin_digits(form.score.trim()).parse().unwrap_or(0);
    let comment = Some(form.into_inner().comment).filter(|comment| !comment.trim().is_empty());
    Ok(Rate { score, comment, channel })
}

/// The short address that an SMS carries.
pub async fn to_rating(path: web::Path<String>) -> HttpResponse {
    // a token is digits, a dash and hexadecimal; anything else leads nowhere and is not echoed
    if !path.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-') {
        return HttpResponse::NotFound().finish();
    }
    HttpResponse::SeeOther().insert_header((LOCATION, format!("/api/v1/public/ratings/{path}"))).finish()
}
