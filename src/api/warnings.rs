//! `/warnings` and `/statistics/lateness`: what superiors decide on, and whether any lateness went unnoticed.

use actix_web::{HttpResponse, get, post, web};
use serde::Deserialize;

use super::body::{Body, IdempotencyKey, Query, id};
use super::caller::Caller;
use super::commit::{Once, Reply, commit};
use super::page::{self, Page, keyset};
use super::problem::{Problem, ProblemBody};
use crate::app::App;
use crate::db::types::{ReferralId, WarningId};
use crate::domain::lateness::{self, Report, Span};
use crate::domain::warnings::{self, Ruling, WarningState, WarningView};
use crate::domain::{input, policy};
use crate::error::{Code, Error, FieldError, Fields, Result};

type Outcome = Result<HttpResponse, Problem>;

/// Which warnings.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct WarningsQuery {
    /// draft, issued or set_aside; all when missing.
    state: Option<String>,
    /// 1 to 200; 50 when missing.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// Lists the warnings addressed to the actor's offices or below, the latest first.
#[utoipa::path(tag = "warnings", params(WarningsQuery), security(("bearer" = [])), responses((status = 200, body = Page<WarningView>), (status = 422, body = ProblemBody)))]
#[get("/warnings")]
pub(super) async fn list_warnings(
    app: web::Data<App>,
    caller: Caller,
    query: Query<WarningsQuery>,
) -> Outcome {
    let page = app
        .glance(caller.actor, move |connection, act| {
            let (query, limit) = (&query.0, page::limit(query.0.limit)?);
            let state = query.state.as_deref().map(|code| input::choice::<WarningState>("state", code));
            let state = state.transpose().map_err(Error::field)?;
            let before: Option<WarningId> = after(query.cursor.as_deref())?;
            let rows = warnings::list(connection, act, state, before, limit + 1)?;
            Ok(keyset(rows, limit, |row| row.id.to_string(), |row| row))
        })
        .await?;
    Ok(HttpResponse::Ok().json(page))
}

fn after<T: std::str::FromStr>(cursor: Option<&str>) -> Result<Option<T>> {
    cursor.map(|text| text.parse().map_err(|_| Error::Malformed(Code::InvalidCursor))).transpose()
}

async fn ruled(
    app: web::Data<App>,
    caller: Caller,
    path: &str,
    key: IdempotencyKey,
    (name, state): (&str, WarningState),
    body: Body<Ruling>,
) -> Outcome {
    let warning: WarningId = id(path)?;
    let once = Once::of(key, &format!("POST /warnings/{warning}/{name}"), &body.digest);
    Ok(commit(&app, caller.actor, once, move |connection, act| {
        Reply::ok(&warnings::rule(connection, act, warning, state, &body.value)?)
    })
    .await?)
}

/// Issues a warning to the office that is late.
#[utoipa::path(tag = "warnings", request_body = Ruling, security(("bearer" = [])), responses((status = 200, body = WarningView), (status = 409, body = ProblemBody)))]
#[post("/warnings/{id}/issue")]
pub(super) async fn issue_warning(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<Ruling>,
) -> Outcome {
    ruled(app, caller, &path, key, ("issue", WarningState::Issued), body).await
}

/// Sets a warning aside, with a reason.
#[utoipa::path(tag = "warnings", request_body = Ruling, security(("bearer" = [])), responses((status = 200, body = WarningView), (status = 422, body = ProblemBody)))]
#[post("/warnings/{id}/set-aside")]
pub(super) async fn set_warning_aside(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<Ruling>,
) -> Outcome {
    ruled(app, caller, &path, key, ("set-aside", WarningState::SetAside), body).await
}

/// Which period.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct LatenessQuery {
    /// A day or an instant; thirty days before `to` when missing.
    from: Option<String>,
    /// A day or an instant; now when missing.
    to: Option<String>,
    /// 1 to 200; 50 when missing.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// Every referral that was late in a period, what was done about it, and what nobody noticed.
#[utoipa::path(tag = "warnings", params(LatenessQuery), security(("bearer" = [])), responses((status = 200, body = Report), (status = 422, body = ProblemBody)))]
#[get("/statistics/lateness")]
pub(super) async fn read_lateness(
    app: web::Data<App>,
    caller: Caller,
    query: Query<LatenessQuery>,
) -> Outcome {
    let report = app
        .read(caller.actor, move |connection, act| {
            policy::allow_reading(act)?;
            let (query, mut fields) = (&query.0, Fields::default());
            let mut time = |field: &str, text: &Option<String>| {
                text.as_deref().and_then(|text| fields.take(page::time(field, text)))
            };
            let to = time("to", &query.to).unwrap_or(act.now);
            let from = time("from", &query.from).unwrap_or(to.plus_days(-30));
            if from >= to {
                let (fa, en) = ("آغاز باید پیش از پایان باشد.", "The beginning must lie before the end.");
                fields.add(FieldError::new("from", "after_to", fa, en));
            }
            fields.finish()?;
            let limit = usize::try_from(page::limit(query.limit)?).unwrap_or(50);
            let after = after::<ReferralId>(query.cursor.as_deref())?.unwrap_or(ReferralId(0));
            lateness::report(connection, act, Span { from, to, after, limit })
        })
        .await?;
    Ok(HttpResponse::Ok().json(report))
}
