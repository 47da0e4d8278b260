//! Errors as RFC 9457 problems, in the caller's language.

use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;

use crate::domain::text::persian_digits;
use crate::error::{Code, Error, FieldError, Language};

tokio::task_local! {
    /// The language of the request that is being answered.
    pub static LANGUAGE: Language;
}

/// The language of the present request; Persian outside one.
pub fn language() -> Language {
    LANGUAGE.try_with(|language| *language).unwrap_or_default()
}

/// An error on its way out.
#[derive(Debug)]
pub struct Problem(pub Error);

impl<E: Into<Error>> From<E> for Problem {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

/// `application/problem+json`.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ProblemBody {
    /// `about:blank`: the code says it all.
    pub r#type: &'static str,
    pub title: &'static str,
    pub status: u16,
    /// Stable code of the catalogue.
    pub code: &'static str,
    /// How long to wait, where waiting helps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Every wrong field with its remedy.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ProblemField>,
}

/// One wrong field.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ProblemField {
    pub field: String,
    pub code: &'static str,
    pub message: String,
}

impl ProblemField {
    fn of(error: &FieldError, language: Language) -> Self {
        let message = match language {
            Language::Fa => error.fa.clone(),
            Language::En => error.en.clone(),
        };
        Self { field: error.field.clone(), code: error.code, message }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.code().status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let code = self.0.code();
        if let Error::Internal(source) = &self.0 {
            tracing::error!(error = %source, "a request failed");
        }
        let errors = match &self.0 {
            Error::Invalid(fields) | Error::Clash { fields, .. } => {
                fields.iter().map(|field| ProblemField::of(field, language())).collect()
            }
            Error::Capped { told, .. } => vec![ProblemField::of(told, language())],
            _ => Vec::new(),
        };
        let retry_after = match self.0 {
            Error::TooMany { retry_after, .. }
            | Error::Capped { retry_after, .. }
            | Error::Unavailable { retry_after } => Some(retry_after),
            Error::Away(_) => Some(30),
            _ => None,
        };
        let is_too_many = matches!(self.0, Error::TooMany { .. });
        let wait = retry_after.filter(|_| is_too_many).map(|seconds| wait_words(seconds, language()));
        let mut reply = told(code, wait, errors);
        if let Some(seconds) = retry_after {
            reply.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        reply
    }
}

/// How long to wait before the next try: minutes, or seconds below one.
fn wait_words(seconds: u64, language: Language) -> String {
    let minutes = seconds.div_ceil(60);
    match (language, seconds) {
        (Language::Fa, ..60) => persian_digits(&format!("{seconds} ثانیه دیگر دوباره بکوشید.")),
        (Language::Fa, _) => persian_digits(&format!("{minutes} دقیقه دیگر دوباره بکوشید.")),
        (Language::En, ..60) => format!("Try again in {seconds} s."),
        (Language::En, _) => format!("Try again in {minutes} min."),
    }
}

/// A problem without a source.
pub fn reply(code: Code, errors: Vec<ProblemField>) -> HttpResponse {
    told(code, None, errors)
}

fn told(code: Code, detail: Option<String>, errors: Vec<ProblemField>) -> HttpResponse {
    let body = ProblemBody {
        r#type: "about:blank",
        title: code.title(language()),
        status: code.status(),
        code: code.as_str(),
        detail,
        errors,
    };
    HttpResponse::build(StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
        .content_type("application/problem+json")
        .insert_header(("Content-Language", if language() == Language::En { "en" } else { "fa" }))
        .body(serde_json::to_string(&body).unwrap_or_default())
}
