//! `/quality`: samples of closed cases, calls to their citizens, false closures.

use actix_web::{HttpResponse, get, post, put, web};
use serde::{Deserialize, Serialize};

use super::body::{Body, IdempotencyKey, Query, id};
use super::caller::Caller;
use super::cases::{Outcome, with_disclosure};
use super::commit::{Once, Reply, commit};
use super::page::{Page, PageQuery, keyset, limit, time};
use super::problem::ProblemBody;
use crate::app::App;
use crate::db::DbConnection;
use crate::db::types::{CallbackId, CitizenId, SampleId};
use crate::domain::actor::Act;
use crate::domain::confidentiality::Why;
use crate::domain::quality::{
    self, CallResult, CallbackFilter, CallbackView, Claim, Draw, Ruling, SampleView,
};
use crate::domain::rulebook::{Cause, CheckItem};
use crate::domain::{input, policy};
use crate::error::{Code, Error, FieldError, Fields, Result};

/// What a closing and a call ask for.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ChecklistView {
    causes: Vec<Cause>,
    items: Vec<CheckItem>,
    claims: Vec<Claim>,
    /// Tries before a citizen counts as not reached.
    tries: i64,
}

/// The causes of closings and the checklist of calls.
#[utoipa::path(tag = "quality", security(("bearer" = [])), responses((status = 200, body = ChecklistView)))]
#[get("/quality/checklist")]
pub(super) async fn read_checklist(app: web::Data<App>, caller: Caller) -> Outcome {
    let view = app
        .glance(caller.actor, |_, act| {
            policy::allow_reading(act)?;
            Ok(ChecklistView {
                causes: act.rules.causes.values().cloned().collect(),
                items: act.rules.check_items().into_iter().cloned().collect(),
                claims: Claim::ALL.to_vec(),
                tries: act.rules.number("callback_tries")?,
            })
        })
        .await?;
    Ok(HttpResponse::Ok().json(view))
}

/// A sample to be drawn.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DrawSample {
    /// Closed from then on: a day, or an RFC 3339 time.
    from: Option<String>,
    /// Closed before then.
    to: Option<String>,
    /// Code of an office; its tree is looked at.
    office: Option<String>,
    kind: Option<String>,
    /// How many cases.
    size: Option<i64>,
    /// Or which part of them, above 0 and at most 1.
    share: Option<f64>,
    /// 1 to 100 characters; made by chance when missing.
    seed: Option<String>,
    /// Every office gives its share.
    stratified: Option<bool>,
    /// `true` shows the list and makes no calls of it.
    dry_run: Option<bool>,
}

impl DrawSample {
    fn read(&self) -> Result<Draw> {
        let mut fields = Fields::default();
        let from = self.from.as_deref().and_then(|text| fields.take(time("from", text)));
        let to = self.to.as_deref().and_then(|text| fields.take(time("to", text)));
        fields.finish()?;
        Ok(Draw {
            from,
            to,
            office: self.office.clone(),
            kind: self.kind.clone(),
            size: self.size,
            share: self.share,
            seed: self.seed.clone(),
            is_stratified: self.stratified.unwrap_or(false),
            is_dry: self.dry_run.unwrap_or(false),
        })
    }
}

/// Draws a random sample of closed cases; the same seed over the same cases gives the same list.
#[utoipa::path(tag = "quality", request_body = DrawSample, security(("bearer" = [])), responses((status = 201, body = SampleView), (status = 422, body = ProblemBody)))]
#[post("/quality/samples")]
pub(super) async fn draw_sample(
    app: web::Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    body: Body<DrawSample>,
) -> Outcome {
    let once = Once::of(key, "POST /quality/samples", &body.digest);
    Ok(commit(&app, caller.actor, once, move |connection, act| {
        policy::allow_anywhere(act, crate::domain::rulebook::Verb::DrawSample)?;
        Reply::created(&quality::draw_sample(connection, act, &body.value.read()?)?)
    })
    .await?)
}

/// The samples that were drawn, without their lists.
#[utoipa::path(tag = "quality", params(PageQuery), security(("bearer" = [])), responses((status = 200, body = Page<SampleView>), (status = 403, body = ProblemBody)))]
#[get("/quality/samples")]
pub(super) async fn list_samples(app: web::Data<App>, caller: Caller, query: Query<PageQuery>) -> Outcome {
    let page = app
        .read(caller.actor, move |connection, act| {
            let (limit, after) = (query.0.limit()?, query.0.after::<SampleId>()?);
            let rows = quality::samples(connection, act, after, limit + 1)?;
            let key = |row: &SampleView| row.id.map(|id| id.to_string()).unwrap_or_default();
            Ok(keyset(rows, limit, key, |row| row))
        })
        .await?;
    Ok(HttpResponse::Ok().json(page))
}

/// Which calls.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct CallbackQuery {
    /// open, reached, not_reached, declined, covered.
    state: Option<String>,
    /// suspected, confirmed, rejected.
    finding: Option<String>,
    /// Id of a sample.
    sample: Option<String>,
    /// 1 to 200; 50 when missing.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// Calls to be made and calls made, about cases that the reader sees and that were not closed by the reader's own
/// office.
#[utoipa::path(tag = "quality", params(CallbackQuery), security(("bearer" = [])), responses((status = 200, body = Page<CallbackView>), (status = 403, body = ProblemBody)))]
#[get("/quality/callbacks")]
pub(super) async fn list_callbacks(
    app: web::Data<App>,
    caller: Caller,
    query: Query<CallbackQuery>,
) -> Outcome {
    let page = app
        .read(caller.actor, move |connection, act| {
            let query = query.0;
            let mut fields = Fields::default();
            let state = query.state.and_then(|code| fields.take(input::choice("state", &code)));
            let finding = query.finding.and_then(|code| fields.take(input::choice("finding", &code)));
            let sample: Option<SampleId> = query
                .sample
                .and_then(|text| fields.take(text.parse().map_err(|_| FieldError::unknown("sample", &text))));
            fields.finish()?;
            let after: Option<CallbackId> = query
                .cursor
                .map(|text| text.parse().map_err(|_| Error::Malformed(Code::InvalidCursor)))
                .transpose()?;
            let (limit, filter) = (limit(query.limit)?, CallbackFilter { state, finding, sample });
            let rows = quality::callbacks(connection, act, &filter, after, limit + 1)?;
            Ok(keyset(rows, limit, |row| row.id.to_string(), |row| row))
        })
        .await?;
    Ok(HttpResponse::Ok().json(page))
}

/// One call with whom to ring up. A reading of an identity is logged, and the citizen sees it with the look-up.
#[utoipa::path(tag = "quality", security(("bearer" = [])), responses((status = 200, body = CallbackView), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
#[get("/quality/callbacks/{id}")]
pub(super) async fn read_callback(app: web::Data<App>, caller: Caller, path: web::Path<String>) -> Outcome {
    let call: CallbackId = id(&path)?;
    let case = app
        .glance(caller.actor.clone(), move |connection, act| quality::case_of(connection, act, call))
        .await?
        .id;
    let view = with_disclosure(&app, caller, case, Why::Callback, move |connection, act, _, disclosed| {
        quality::callback_detail(connection, act, call, disclosed)
    })
    .await?;
    Ok(HttpResponse::Ok().json(view))
}

async fn called<F>(
    app: &web::Data<App>,
    caller: Caller,
    call: CallbackId,
    once: Option<Once>,
    verb: F,
) -> Outcome
where
    F: Fn(&mut DbConnection, &Act) -> Result<()> + Send + 'static,
{
    Ok(commit(app, caller.actor, once, move |connection, act| {
        verb(connection, act)?;
        Reply::ok(&quality::callback_view(connection, act, call)?)
    })
    .await?)
}

/// Records one call along the checklist, or that nobody answered.
#[utoipa::path(tag = "quality", request_body = CallResult, security(("bearer" = [])), responses((status = 200, body = CallbackView), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/quality/callbacks/{id}/result")]
pub(super) async fn record_callback(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<CallResult>,
) -> Outcome {
    let call: CallbackId = id(&path)?;
    let once = Once::of(key, &format!("POST /quality/callbacks/{call}/result"), &body.digest);
    called(&app, caller, call, once, move |c, act| quality::record_call(c, act, call, &body.value)).await
}

/// A supervisor confirms that a closing was false; the case is reopened.
#[utoipa::path(tag = "quality", request_body = Ruling, security(("bearer" = [])), responses((status = 200, body = CallbackView), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody)))]
#[post("/quality/callbacks/{id}/confirmation")]
pub(super) async fn confirm_false_closure(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<Ruling>,
) -> Outcome {
    let call: CallbackId = id(&path)?;
    let once = Once::of(key, &format!("POST /quality/callbacks/{call}/confirmation"), &body.digest);
    called(&app, caller, call, once, move |c, act| quality::confirm(c, act, call, &body.value).map(drop))
        .await
}

/// A supervisor finds that the closing was right.
#[utoipa::path(tag = "quality", request_body = Ruling, security(("bearer" = [])), responses((status = 200, body = CallbackView), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody)))]
#[post("/quality/callbacks/{id}/rejection")]
pub(super) async fn reject_false_closure(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<Ruling>,
) -> Outcome {
    let call: CallbackId = id(&path)?;
    let once = Once::of(key, &format!("POST /quality/callbacks/{call}/rejection"), &body.digest);
    called(&app, caller, call, once, move |c, act| quality::reject(c, act, call, &body.value).map(drop)).await
}

/// Whether a citizen may be rung up.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Calls {
    allowed: bool,
}

/// Notes whether a citizen may be rung up about closed cases.
#[utoipa::path(tag = "citizens", request_body = Calls, security(("bearer" = [])), responses((status = 200, body = Calls), (status = 404, body = ProblemBody)))]
#[put("/citizens/{id}/calls")]
pub(super) async fn allow_calls(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    body: Body<Calls>,
) -> Outcome {
    let citizen: CitizenId = id(&path)?;
    Ok(commit(&app, caller.actor, None, move |connection, act| {
        quality::allow_calls(connection, act, citizen, body.value.allowed)?;
        Reply::ok(&body.value)
    })
    .await?)
}
