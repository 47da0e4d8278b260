//! Liveness, readiness, metrics, and named problems with an action each.

use actix_web::{HttpResponse, get, web};
use serde::Serialize;

use super::caller::Caller;
use super::problem::{Problem, ProblemBody};
use crate::app::App;
use crate::domain::privacy::walk;
use crate::domain::rulebook::Verb;
use crate::domain::{health, policy, users};

/// The process lives.
#[get("/healthz")]
pub(super) async fn healthz() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ok\n")
}

/// The process can take work: the database answers and is seeded.
#[get("/readyz")]
pub(super) async fn readyz(app: web::Data<App>) -> HttpResponse {
    let within = app.clone();
    let ready =
        app.db.read(move |connection| within.rules.current(connection).map(|rules| rules.kinds.len())).await;
    match ready {
        Ok(kinds) if kinds > 0 => {
            HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ready\n")
        }
        Ok(_) => HttpResponse::ServiceUnavailable().body("not ready: run samad seed\n"),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            HttpResponse::ServiceUnavailable().body("not ready: the database does not answer\n")
        }
    }
}

/// Prometheus metrics.
#[get("/metrics")]
pub(super) async fn metrics_page() -> HttpResponse {
    match crate::telemetry::metrics() {
        Some(page) => HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(page),
        None => HttpResponse::ServiceUnavailable().finish(),
    }
}

/// The state of the service.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct HealthView {
    /// `ok` or `problems`.
    status: &'static str,
    version: &'static str,
    /// `sqlite` or `postgres`.
    database: &'static str,
    problems: Vec<health::HealthProblem>,
    /// The walk that erases what is past its time; null before the first.
    retention: Option<walk::Walk>,
}

/// What is wrong with the second person of each change.
fn second_person(four_eyes: bool, administrators: i64) -> Option<health::HealthProblem> {
    let (code, message, action) = match (four_eyes, administrators) {
        (false, _) => (
            "four_eyes_off",
            "One person alone changes the configuration.",
            "Set configuration.four_eyes to true as soon as a second administrator is there.",
        ),
        (true, ..2) => (
            "no_second_administrator",
            "Nobody can approve what the only administrator proposes: rules, accounts, keys.",
            "Make a second one: samad user add NAME --name 'FULL NAME' --role admin@CENTRE",
        ),
        (true, _) => return None,
    };
    Some(health::HealthProblem { code, count: 1, message, action, channels: Default::default() })
}

/// Scans are taken and wait for a person, but nobody reads them first.
fn unread(is_missing: bool) -> Option<health::HealthProblem> {
    is_missing.then(|| health::HealthProblem {
        code: "recognition_missing",
        count: 1,
        message: "Faxes and scans are not read by machine: a program is missing.",
        action: "Install tesseract-ocr, tesseract-ocr-fas, poppler-utils and libtiff-tools, or set ocr.enabled to false.",
        channels: Default::default(),
    })
}

/// Named problems, each with what to do.
#[utoipa::path(tag = "operations", security(("bearer" = [])), responses((status = 200, body = HealthView), (status = 403, body = ProblemBody)))]
#[get("/health")]
pub(super) async fn read_health(app: web::Data<App>, caller: Caller) -> Result<HttpResponse, Problem> {
    let (mut problems, retention, administrators) = app
        .read(caller.actor, move |connection, act| {
            policy::allow_anywhere(act, Verb::ReadHealth)?;
            let administrators = users::holders(connection, &act.rules, Verb::ManageUsers)?;
            Ok((health::problems(connection, act.now)?, walk::state(connection)?, administrators))
        })
        .await?;
    problems.extend(unread(app.gateways.ocr.is_missing()));
    problems.extend(second_person(app.config.configuration.four_eyes, administrators));
    Ok(HttpResponse::Ok().json(HealthView {
        status: if problems.is_empty() { "ok" } else { "problems" },
        version: env!("CARGO_PKG_VERSION"),
        database: if app.db.is_sqlite() { "sqlite" } else { "postgres" },
        problems,
        retention,
    }))
}
