//! The page to which every notice points: a form for the code and a second factor, then where the case is, what
//! was answered and what may be done now. It works without script and loads nothing else (requirement tag P5.4).
//!
//! It asks [`super::public::opened`], so that its rules, limits and neutral answer are those of the API.

mod shown;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse, web};
use minijinja::{Environment, Value, context};
use serde::Deserialize;

use super::problem::{LANGUAGE, language};
use super::public::opened;
use crate::app::App;
use crate::domain::cases::TrackingCode;
use crate::domain::cases::lookup::Lookup;
use crate::domain::citizens::NationalId;
use crate::domain::text::{machine_field, persian_digits};
use crate::error::{Error, Language, Result};

const PAGE: &str = include_str!("tracking.html");

/// Where the page is.
pub(super) const PATH: &str = "/track";

/// Digits of an access code, and of the end of a mobile that serves as a factor.
const ACCESS_CODE: usize = 8;
const MOBILE_ENDING: usize = 4;

/// In which language to read, where the link says it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Wish {
    #[serde(default)]
    language: Option<String>,
}

/// What the form sends.
#[derive(Debug, Default, Deserialize)]
struct Form {
    #[serde(default)]
    tracking_code: String,
    /// Access code, mobile or national ID: which one is told from its digits.
    #[serde(default)]
    proof: String,
}

impl Wish {
    /// The link's language, else the browser's.
    fn reader(&self) -> Language {
        match self.language.as_deref() {
            Some("en") => Language::En,
            Some("fa") => Language::Fa,
            _ => language(),
        }
    }
}

/// Whether a path is one of the page's.
pub(super) fn is_at(path: &str) -> bool {
    path.strip_prefix(PATH).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The empty form.
pub(super) async fn open(wish: web::Query<Wish>) -> HttpResponse {
    page(StatusCode::OK, &form("", None, wish.reader()), wish.reader())
}

/// The form with the code filled in; what is no code is not echoed.
pub(super) async fn open_for(path: web::Path<String>, wish: web::Query<Wish>) -> HttpResponse {
    let code = TrackingCode::parse(&path).map(|code| code.as_str().to_owned()).unwrap_or_default();
    page(StatusCode::OK, &form(&code, None, wish.reader()), wish.reader())
}

/// The case, or the form again and why.
pub(super) async fn look_up(
    app: web::Data<App>,
    request: HttpRequest,
    wish: web::Query<Wish>,
    bytes: web::Bytes,
) -> HttpResponse {
    let reader = wish.reader();
    let told = web::Query::<Form>::from_query(&String::from_utf8_lossy(&bytes));
    let told = told.map(web::Query::into_inner).unwrap_or_default();
    let code = told.tracking_code.trim().to_owned();
    let found = LANGUAGE.scope(reader, opened(&app, &request, factors(told), reader)).await;
    match found {
        Ok(view) => page(StatusCode::OK, &shown::case(&view, reader), reader),
        Err(error) => again(&code, &error, reader),
    }
}

/// The form again, with why nothing was shown.
fn again(code: &str, error: &Error, reader: Language) -> HttpResponse {
    if let Error::Internal(source) = error {
        tracing::error!(error = %source, "the tracking page failed");
    }
    let status = StatusCode::from_u16(error.code().status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = page(status, &form(code, Some(reason(error, reader)), reader), reader);
    if let Error::TooMany { retry_after, .. } | Error::Unavailable { retry_after } = error {
        response.headers_mut().insert(RETRY_AFTER, (*retry_after).into());
    }
    response
}

/// The page of a call that its address may not make now.
pub(super) fn refusal(error: &Error, reader: Language) -> HttpResponse {
    again("", error, reader)
}

/// The second factor is told from its digits: people write one number into one field.
fn factors(form: Form) -> Lookup {
    let proof = Some(form.proof.trim()).filter(|proof| !proof.is_empty()).map(str::to_owned);
    let lookup = Lookup { tracking_code: form.tracking_code, ..Lookup::default() };
    let Some(proof) = proof else { return lookup };
    let field = machine_field(&proof);
    let digits = field.chars().filter(char::is_ascii_digit).count();
    let is_mobile = digits == MOBILE_ENDING
        || field.starts_with(['+', '0']) && digits > 10
        || field.starts_with("98") && digits == 12
        || field.starts_with('9') && digits == 10 && NationalId::parse(&field).is_err();
    match digits {
        _ if is_mobile => Lookup { mobile: Some(proof), ..lookup },
        ACCESS_CODE => Lookup { access_code: Some(proof), ..lookup },
        _ => Lookup { national_id: Some(proof), ..lookup },
    }
}

/// Why nothing is shown; the same for an unknown code and for a wrong pair.
fn reason(error: &Error, reader: Language) -> String {
    let words = |fa: &str, en: &str| if reader == Language::Fa { fa.to_owned() } else { en.to_owned() };
    match error {
        Error::NotFound => words(
            "پرونده‌ای با این کد رهگیری و این رمز یا شماره پیدا نشد. هر دو را بازبینی کنید یا با ۱۱۱ تماس بگیرید.",
            "No case was found with this tracking code and this access code or number. Check both, or call 111.",
        ),
        Error::TooMany { retry_after, .. } => {
            let minutes = retry_after.div_ceil(60).max(1);
            words(
                &persian_digits(&format!(
                    "چند بار کوشش شده است. {minutes} دقیقه دیگر دوباره بیازمایید یا با ۱۱۱ تماس بگیرید."
                )),
                &format!("There were too many tries. Try again in {minutes} min, or call 111."),
            )
        }
        Error::Invalid(fields) => {
            fields.iter().map(|field| words(&field.fa, &field.en)).collect::<Vec<_>>().join(" ")
        }
        other => other.code().title(reader).to_owned(),
    }
}

fn form(code: &str, wrong: Option<String>, reader: Language) -> Value {
    context! { fa => reader == Language::Fa, asked => code, wrong => wrong }
}

/// The page with its headers: kept by nobody, and loading nothing.
fn page(status: StatusCode, values: &Value, reader: Language) -> HttpResponse {
    let body = match render(values) {
        Ok(body) => body,
        Err(error) => {
            tracing::error!(error = %error, "the tracking page could not be written");
            return HttpResponse::InternalServerError().finish();
        }
    };
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_LANGUAGE, if reader == Language::En { "en" } else { "fa" }))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header(("Referrer-Policy", "no-referrer"))
        .insert_header((
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
        ))
        .body(body)
}

fn render(values: &Value) -> Result<String> {
    let mut environment = Environment::new();
    environment.set_trim_blocks(true);
    environment
        .add_template("tracking.html", PAGE)
        .and_then(|()| environment.get_template("tracking.html")?.render(values))
        .map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::{Form, factors, is_at};

    #[test]
    fn one_field_takes_whichever_number_the_citizen_has() {
        let told = |proof: &str| factors(Form { tracking_code: String::new(), proof: proof.into() });
        for code in ["12345678", "۱۲۳۴ ۵۶۷۸", "00000000"] {
            assert!(told(code).access_code.is_some(), "{code}");
        }
        for mobile in
            ["09121234567", "+98 912 123 4567", "989121234567", "00989121234567", "9121234567", "۴۵۶۷"]
        {
            assert!(told(mobile).mobile.is_some(), "{mobile}");
        }
        for id in ["9991000011", "۹۹۹۱۰۰۰۰۱۱", "0012345679", "K1234567"] {
            let told = told(id);
            assert!(told.mobile.is_none(), "{id}");
            assert!(told.national_id.is_some() || told.access_code.is_some(), "{id}");
        }
        let nothing = told(" ");
        assert!(nothing.access_code.is_none() && nothing.mobile.is_none() && nothing.national_id.is_none());
    }

    #[test]
    fn the_page_has_its_own_paths_only() {
        assert!(is_at("/track") && is_at("/track/12345678901"));
        assert!(!is_at("/tracks") && !is_at("/api/v1/track"));
    }
}
