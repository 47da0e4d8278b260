//! What every request passes: language, request id in the log, rate limit, and problems for bare errors.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT_LANGUAGE, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpResponse, ResponseError, web};
use tracing_actix_web::RequestId;

use super::client::RateLimits;
use super::problem::{LANGUAGE, Problem, language, reply};
use super::{open311, tracking};
use crate::app::App;
use crate::error::{Code, Error, Language};

/// The first of `fa` and `en` that the client accepts; Persian when neither is named.
pub fn wished_language(headers: &HeaderMap) -> Language {
    let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut wishes: Vec<(f32, Language)> = accepted
        .split(',')
        .filter_map(|part| {
            let (tag, weight) = part.split_once(";q=").unwrap_or((part, "1"));
            let language = match tag.trim().get(..2)?.to_ascii_lowercase().as_str() {
                "fa" => Language::Fa,
                "en" => Language::En,
                _ => return None,
            };
            Some((weight.trim().parse().unwrap_or(0.0), language))
        })
        .collect();
    wishes.sort_by(|a, b| b.0.total_cmp(&a.0));
    wishes.first().map_or(Language::Fa, |(_, language)| *language)
}

/// Runs a request in its language and inside its limit.
pub async fn around(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let language = wished_language(request.headers());
    let began = std::time::Instant::now();
    let request_id = request.extensions().get::<RequestId>().map(ToString::to_string);
    let mut response = LANGUAGE.scope(language, limited(request, next)).await?;
    if let Some(id) = request_id.and_then(|id| HeaderValue::from_str(&id).ok()) {
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), id);
    }
    measure(&response, began);
    Ok(response)
}

/// Counts the request by its route, never by its path: paths hold codes.
fn measure(response: &ServiceResponse<BoxBody>, began: std::time::Instant) {
    let route = response.request().match_pattern().unwrap_or_else(|| "unknown".into());
    let labels = [
        ("method", response.request().method().to_string()),
        ("route", route),
        ("status", response.status().as_str().to_owned()),
    ];
    metrics::counter!("samad_http_requests_total", &labels[..]).increment(1);
    metrics::histogram!("samad_http_request_seconds", &labels[..2]).record(began.elapsed().as_secs_f64());
}

async fn limited(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let is_api = request.path().starts_with("/api/");
    let is_page = tracking::is_at(request.path());
    let is_open311 = open311::is_at(request.path());
    let checked = match (request.app_data::<web::Data<App>>(), request.app_data::<web::Data<RateLimits>>()) {
        (Some(app), Some(limits)) if is_api || is_page || is_open311 => {
            limits.check(request.request(), &app.config.trusted_proxies())
        }
        _ => Ok(None),
    };
    let allowance = match checked {
        Ok(allowance) => allowance,
        Err(error) => {
            let response = match is_page {
                true => tracking::refusal(&error, language()),
                false if is_open311 => open311::refusal(&error, request.path()),
                false => Problem(error).error_response(),
            };
            return Ok(request.into_response(response));
        }
    };
    let mut response = next.call(request).await?.map_into_boxed_body();
    if let Some(allowance) = allowance {
        for (name, value) in allowance.headers() {
            response.headers_mut().insert(name, value);
        }
    }
    Ok(if is_api { told(response) } else { response })
}

/// Errors that the framework made itself become problems too.
fn told(response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let status = response.status();
    // a page tells its reader itself
    let is_told = response
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind == "application/problem+json" || kind.as_bytes().starts_with(b"text/html"));
    if is_told || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let code = match status {
        StatusCode::NOT_FOUND => Code::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => Code::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => Code::PayloadTooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::UnsupportedMedia,
        status if status.is_client_error() => Code::MalformedJson,
        _ => Code::Internal,
    };
    let body: HttpResponse = reply(code, Vec::new());
    response.into_response(body)
}

/// For addresses that no route knows.
pub async fn not_found() -> Result<HttpResponse, Problem> {
    Err(Problem(Error::NotFound))
}
