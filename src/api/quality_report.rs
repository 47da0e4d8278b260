//! `/statistics/quality`: the report on what is learnt from closed cases.

use actix_web::{HttpResponse, get, web};
use serde::Deserialize;

use super::body::Query;
use super::caller::Caller;
use super::cases::Outcome;
use super::page::time;
use super::problem::ProblemBody;
use crate::app::App;
use crate::domain::policy;
use crate::domain::quality::{self, QualityReport};
use crate::domain::rulebook::Verb;
use crate::error::{Error, FieldError, Fields};

/// Which time.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ReportQuery {
    /// A day, or an RFC 3339 time.
    from: Option<String>,
    /// Not included.
    to: Option<String>,
}

/// Calls, scores and false closures with their confidence, causes, and recommendations, over the reader's offices.
#[utoipa::path(tag = "quality", params(ReportQuery), security(("bearer" = [])), responses((status = 200, body = QualityReport), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[get("/statistics/quality")]
pub(super) async fn read_quality(app: web::Data<App>, caller: Caller, query: Query<ReportQuery>) -> Outcome {
    let report = app
        .read(caller.actor, move |connection, act| {
            policy::allow_anywhere(act, Verb::ReadQuality)?;
            let mut fields = Fields::default();
            let mut when = |field: &str, text: Option<&str>| {
                let text = text.ok_or_else(|| FieldError::required(field));
                fields.take(text.and_then(|text| time(field, text)))
            };
            let (from, to) = (when("from", query.0.from.as_deref()), when("to", query.0.to.as_deref()));
            fields.finish()?;
            let (Some(from), Some(to)) = (from, to) else {
                return Err(Error::internal("a missing time passed its check"));
            };
            quality::report(connection, act, from, to)
        })
        .await?;
    Ok(HttpResponse::Ok().json(report))
}
