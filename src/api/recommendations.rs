//! `/recommendations`: what offices were advised to change, followed until it is done.

use actix_web::{HttpResponse, get, post, web};
use serde::Deserialize;

use super::body::{Body, IdempotencyKey, Query, id};
use super::caller::Caller;
use super::cases::Outcome;
use super::commit::{Once, Reply, commit};
use super::page::{Page, keyset, limit};
use super::problem::ProblemBody;
use crate::app::App;
use crate::db::DbConnection;
use crate::db::types::RecommendationId;
use crate::domain::actor::Act;
use crate::domain::quality::{self, AdviceFilter, Judge, RecommendationView, Refuse, Report};
use crate::domain::{input, policy};
use crate::error::{Code, Error, Fields, Result};

/// Which recommendations.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct RecommendationQuery {
    /// sent, accepted, refused, done, verified.
    state: Option<String>,
    /// Code of the addressed office.
    office: Option<String>,
    overdue: Option<bool>,
    /// 1 to 200; 50 when missing.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// The recommendations that were made to or by offices of the reader's tree.
#[utoipa::path(tag = "quality", params(RecommendationQuery), security(("bearer" = [])), responses((status = 200, body = Page<RecommendationView>), (status = 422, body = ProblemBody)))]
#[get("/recommendations")]
pub(super) async fn list_recommendations(
    app: web::Data<App>,
    caller: Caller,
    query: Query<RecommendationQuery>,
) -> Outcome {
    let page = app
        .read(caller.actor, move |connection, act| {
            policy::allow_reading(act)?;
            let query = query.0;
            let mut fields = Fields::default();
            let state = query.state.and_then(|code| fields.take(input::choice("state", &code)));
            let office = query.office.and_then(|code| {
                fields.take(act.rules.offices.find("office", &code).map(|office| office.id))
            });
            fields.finish()?;
            let after: Option<RecommendationId> = query
                .cursor
                .map(|text| text.parse().map_err(|_| Error::Malformed(Code::InvalidCursor)))
                .transpose()?;
            let (limit, filter) =
                (limit(query.limit)?, AdviceFilter { state, office, overdue: query.overdue });
            let rows = quality::list(connection, act, &filter, after, limit + 1)?;
            Ok(keyset(rows, limit, |row| row.id.to_string(), |row| row))
        })
        .await?;
    Ok(HttpResponse::Ok().json(page))
}

async fn moved<F>(
    app: &web::Data<App>,
    caller: Caller,
    advice: RecommendationId,
    once: Option<Once>,
    verb: F,
) -> Outcome
where
    F: Fn(&mut DbConnection, &Act) -> Result<()> + Send + 'static,
{
    Ok(commit(app, caller.actor, once, move |connection, act| {
        verb(connection, act)?;
        Reply::ok(&quality::find_view(connection, act, advice)?)
    })
    .await?)
}

fn once(key: IdempotencyKey, advice: RecommendationId, verb: &str, digest: &str) -> Option<Once> {
    Once::of(key, &format!("POST /recommendations/{advice}/{verb}"), digest)
}

/// The addressed office takes a recommendation up.
#[utoipa::path(tag = "quality", security(("bearer" = [])), responses((status = 200, body = RecommendationView), (status = 409, body = ProblemBody)))]
#[post("/recommendations/{id}/acceptance")]
pub(super) async fn accept_recommendation(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
) -> Outcome {
    let advice: RecommendationId = id(&path)?;
    moved(&app, caller, advice, None, move |c, act| quality::accept(c, act, advice)).await
}

/// The addressed office refuses, with a reason; the office above decides.
#[utoipa::path(tag = "quality", request_body = Refuse, security(("bearer" = [])), responses((status = 200, body = RecommendationView), (status = 409, body = ProblemBody)))]
#[post("/recommendations/{id}/refusal")]
pub(super) async fn refuse_recommendation(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<Refuse>,
) -> Outcome {
    let advice: RecommendationId = id(&path)?;
    let once = once(key, advice, "refusal", &body.digest);
    moved(&app, caller, advice, once, move |c, act| quality::refuse(c, act, advice, &body.value)).await
}

/// The addressed office tells what it changed.
#[utoipa::path(tag = "quality", request_body = Report, security(("bearer" = [])), responses((status = 200, body = RecommendationView), (status = 409, body = ProblemBody)))]
#[post("/recommendations/{id}/done")]
pub(super) async fn finish_recommendation(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<Report>,
) -> Outcome {
    let advice: RecommendationId = id(&path)?;
    let once = once(key, advice, "done", &body.digest);
    moved(&app, caller, advice, once, move |c, act| quality::finish(c, act, advice, &body.value)).await
}

/// Another office judges what was done, or a refusal.
#[utoipa::path(tag = "quality", request_body = Judge, security(("bearer" = [])), responses((status = 200, body = RecommendationView), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody)))]
#[post("/recommendations/{id}/verification")]
pub(super) async fn verify_recommendation(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<Judge>,
) -> Outcome {
    let advice: RecommendationId = id(&path)?;
    let once = once(key, advice, "verification", &body.digest);
    moved(&app, caller, advice, once, move |c, act| quality::verify(c, act, advice, &body.value)).await
}
