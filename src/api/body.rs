//! Request parts: JSON bodies and queries whose faults name the field, If-Match, Idempotency-Key.

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_TYPE, IF_MATCH};
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;

use super::problem::Problem;
use crate::domain::cases::{Expected, sha256_hex};
pub use crate::domain::input::json as parse;
use crate::error::{Code, Error, FieldError, Result};

/// A JSON body and its digest.
#[derive(Debug)]
pub struct Body<T> {
    pub value: T,
    pub digest: String,
}

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_json =
            content_type(request).is_some_and(|kind| kind == "application/json" || kind.ends_with("+json"));
        let bytes = web::Bytes::from_request(request, payload);
        Box::pin(async move {
            let bytes = bytes.await.map_err(too_large)?;
            if !is_json && !bytes.is_empty() {
                return Err(Error::Malformed(Code::UnsupportedMedia).into());
            }
            // an empty body is an empty object: verbs without arguments need none
            let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
            Ok(Self { value: parse(text)?, digest: sha256_hex(&bytes) })
        })
    }
}

fn content_type(request: &HttpRequest) -> Option<String> {
    let value = request.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}

fn too_large(error: actix_web::Error) -> Error {
    match error.as_response_error().status_code().as_u16() {
        413 => Error::Malformed(Code::PayloadTooLarge),
        _ => Error::Malformed(Code::MalformedJson),
    }
}

/// A query string.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let read = web::Query::<T>::from_query(request.query_string());
        std::future::ready(read.map(|query| Self(query.into_inner())).map_err(|error| {
            let told = error.to_string();
            let field = told.split('`').nth(1).unwrap_or("query").to_owned();
            let wrong = FieldError::new(field, "invalid", "این پارامتر درست نیست.", told);
            Problem(Error::field(wrong))
        }))
    }
}

/// An id in the path; anything but digits is not found.
pub fn id<T: From<i64>>(text: &str) -> Result<T> {
    text.parse::<i64>().map(T::from).map_err(|_| Error::NotFound)
}

/// The version that the client read.
#[derive(Debug, Clone, Copy)]
pub struct IfMatch(pub Option<Expected>);

impl IfMatch {
    /// What was sent; a verb on a case cannot do without.
    pub fn required(self) -> Result<Expected> {
        self.0.ok_or(Error::Conflict(Code::VersionRequired))
    }

    /// What was sent, or any version.
    pub fn optional(self) -> Expected {
        self.0.unwrap_or(Expected::Any)
    }
}

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some(value) = request.headers().get(IF_MATCH) else { return std::future::ready(Ok(Self(None))) };
        let text = value.to_str().unwrap_or_default().trim();
        let tag = text.trim_start_matches("W/").trim_matches('"');
        let read = match (text, tag.parse::<i32>()) {
            ("*", _) => Ok(Self(Some(Expected::Any))),
            (_, Ok(version)) => Ok(Self(Some(Expected::Version(version)))),
            (_, Err(_)) => Err(Problem(Error::Conflict(Code::StaleVersion))),
        };
        std::future::ready(read)
    }
}

/// The client's key of a creating call; the same call with the same key is done once.
#[derive(Debug, Clone)]
pub struct IdempotencyKey(pub Option<String>);

impl FromRequest for IdempotencyKey {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some(value) = request.headers().get("Idempotency-Key") else {
            return std::future::ready(Ok(Self(None)));
        };
        let key = value.to_str().unwrap_or_default().trim().trim_matches('"');
        let read = if (1..=200).contains(&key.len()) {
            Ok(Self(Some(key.to_owned())))
        } else {
            let (fa, en) = ("کلید میان ۱ و ۲۰۰ نویسه باشد.", "A key has 1 to 200 characters.");
            Err(Problem(Error::field(FieldError::new("Idempotency-Key", "invalid", fa, en))))
        };
        std::future::ready(read)
    }
}

/// A body as it came.
#[derive(Debug)]
pub struct Raw(pub web::Bytes);

impl FromRequest for Raw {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bytes = web::Bytes::from_request(request, payload);
        Box::pin(async move { bytes.await.map(Self).map_err(|error| Problem(too_large(error))) })
    }
}
