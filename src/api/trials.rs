//! Proposed rules tried on past cases, and whether rules were applied alike.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::body::{Body, Query, id};
use super::caller::Caller;
use super::cases::Outcome;
use super::changes::wish;
use super::page::time;
use super::problem::ProblemBody;
use crate::app::App;
use crate::db::DbConnection;
use crate::db::types::{ChangeId, Time};
use crate::domain::actor::Act;
use crate::domain::cases::register::Place;
use crate::domain::cases::{Channel, clocks};
use crate::domain::changes::{self, Action};
use crate::domain::definitions;
use crate::domain::input;
use crate::domain::parity::{By, Parity, parity};
use crate::domain::policy;
use crate::domain::rulebook::{Lay, Verb, with};
use crate::domain::trials::{self, TrialResult, Window};
use crate::error::{Code, Error, FieldError, Fields, Result};

/// Which past cases.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Past {
    /// Registered from; 30 days before `to` when missing.
    #[serde(default)]
    from: Option<String>,
    /// Registered before; now when missing.
    #[serde(default)]
    to: Option<String>,
}

impl Past {
    fn window(&self, now: Time) -> Result<Window> {
        let mut fields = Fields::default();
        let mut read = |name: &str, text: &Option<String>| {
            text.as_deref().and_then(|text| fields.take(time(name, text)))
        };
        let (from, to) = (read("from", &self.from), read("to", &self.to));
        fields.finish()?;
        Window::of(now, from, to)
    }
}

/// Tries a change on past cases; the result stays with it, so that whoever decides sees it.
#[utoipa::path(tag = "configuration", request_body = Past, security(("bearer" = [])), responses((status = 200, body = TrialResult), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/changes/{id}/trial")]
pub(super) async fn try_change(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    body: Body<Past>,
) -> Outcome {
    let actor = caller.actor.clone();
    let tried = app.read(caller.actor, move |connection, act| {
        policy::allow_anywhere(act, Verb::Configure)?;
        let change: ChangeId = id(&path)?;
        let row = changes::find(connection, change)?;
        if !changes::is_definition(&row.noun) {
            return Err(Error::Conflict(Code::NothingToTry));
        }
        let window = body.value.window(act.now)?;
        let new = Some(row.body).filter(|_| row.action != Action::End);
        let lay = Lay { noun: row.noun, code: row.code, body: new };
        Ok((change, trials::run(connection, act, &[lay], window)?))
    });
    let (change, result) = tried.await?;
    let kept = serde_json::to_string(&result).map_err(|error| Error::Internal(Box::new(error)))?;
    app.write(actor, move |connection, _| changes::keep_trial(connection, change, &kept)).await?;
    Ok(HttpResponse::Ok().json(result))
}

/// Tries a limit on past cases before it is proposed: the fields of a row as for `PATCH /limits/{code}` or
/// `POST /limits`, with `from` and `to` beside them.
#[utoipa::path(tag = "configuration", request_body(content = Object), security(("bearer" = [])), responses((status = 200, body = TrialResult), (status = 422, body = ProblemBody)))]
#[post("/limits/trial")]
pub(super) async fn try_limit(
    app: web::Data<App>,
    caller: Caller,
    body: Body<Map<String, Value>>,
) -> Outcome {
    let result = app.read(caller.actor, move |connection, act| {
        policy::allow_anywhere(act, Verb::Configure)?;
        let mut fields = body.value;
        let past = Past { from: text(&mut fields, "from")?, to: text(&mut fields, "to")? };
        let window = past.window(act.now)?;
        let lay = lay(connection, act, "limit", fields)?;
        trials::run(connection, act, &[lay], window)
    });
    Ok(HttpResponse::Ok().json(result.await?))
}

fn text(fields: &mut Map<String, Value>, name: &str) -> Result<Option<String>> {
    match fields.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Error::field(FieldError::new(name, "invalid", "تاریخی بنویسید.", "Write a date."))),
    }
}

/// The row that fields come to: a changed one where its code is in force, else a new one.
fn lay(connection: &mut DbConnection, act: &Act, noun: &str, fields: Map<String, Value>) -> Result<Lay> {
    let code = fields.get("code").and_then(Value::as_str).map(str::to_owned);
    let in_force = match &code {
        Some(code) => match definitions::find(connection, noun, code) {
            Ok(_) => true,
            Err(Error::NotFound) => false,
            Err(other) => return Err(other),
        },
        None => false,
    };
    let wish = wish(noun, code.filter(|_| in_force), fields)?;
    changes::lay_of(connection, act, &wish)?.ok_or(Error::Conflict(Code::NothingToTry))
}

/// What a routing rule would do: to one case, to past cases, or both.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// Kind and category of one case; needed where no `rule` is tried.
    #[serde(default)]
    pub kind: Option<String>,
    #[serde(default)]
    pub category: Option<String>,
    #[serde(default)]
    pub place: Option<Place>,
    /// A proposed rule: the fields of a new one, or the code and the changed fields of one in force.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub rule: Option<Map<String, Value>>,
    /// The time of the past cases that a proposed rule is tried on.
    #[serde(default)]
    pub from: Option<String>,
    #[serde(default)]
    pub to: Option<String>,
}

/// The outcome of a trial.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
pub struct TrialView {
    /// Code of the office that would get the one case.
    office: Option<String>,
    office_name_fa: Option<String>,
    office_name_en: Option<String>,
    /// Code of the rule that chose it.
    rule: Option<String>,
    /// The law or reason behind the rule.
    source: Option<String>,
    /// The promise that would be given.
    due_at: Option<Time>,
    /// What the proposed rule would have done to past cases.
    past: Option<TrialResult>,
}

/// Tries the routing rules in force, or a proposed one, without changing anything.
#[utoipa::path(tag = "configuration", request_body = Trial, security(("bearer" = [])), responses((status = 200, body = TrialView), (status = 409, body = ProblemBody)))]
#[post("/routing-rules/trial")]
pub(super) async fn try_routing(app: web::Data<App>, caller: Caller, body: Body<Trial>) -> Outcome {
    let view = app.read(caller.actor, move |connection, act| {
        policy::allow_reading(act).or_else(|_| policy::allow_anywhere(act, Verb::Configure).map(|_| ()))?;
        let mut trial = body.value;
        let Some(rule) = trial.rule.take() else { return one_case(act, &trial) };
        policy::allow_anywhere(act, Verb::Configure)?;
        let window = Past { from: trial.from.clone(), to: trial.to.clone() }.window(act.now)?;
        let lay = lay(connection, act, "rule", rule)?;
        let past = trials::run(connection, act, std::slice::from_ref(&lay), window)?;
        if trial.kind.is_none() && trial.category.is_none() {
            return Ok(TrialView { past: Some(past), ..TrialView::default() });
        }
        let rules = std::sync::Arc::new(with(connection, &act.rules, &[lay])?);
        Ok(TrialView { past: Some(past), ..one_case(&Act { rules, ..act.clone() }, &trial)? })
    });
    Ok(HttpResponse::Ok().json(view.await?))
}

/// Where one case would go, and by when it would be due.
fn one_case(act: &Act, trial: &Trial) -> Result<TrialView> {
    let mut fields = Fields::default();
    let (kind, category) = (trial.kind.as_deref(), trial.category.as_deref());
    fields
        .take(kind.ok_or_else(|| FieldError::required("kind")).and_then(|code| act.rules.kind("kind", code)));
    let leaf = category.ok_or_else(|| FieldError::required("category"));
    fields.take(leaf.and_then(|code| act.rules.category("category", code)));
    fields.finish()?;
    let (kind, category) = (kind.unwrap_or_default(), category.unwrap_or_default());
    let place = trial.place.clone().unwrap_or_default();
    let county = place.county.as_deref();
    let province = place.province.as_deref().or(county.and_then(|code| code.get(0..2)));
    let route = act.rules.route(kind, category, province, county).ok_or(Error::Conflict(Code::NoRoute))?;
    let centre = act.rules.offices.centre();
    let promise = {
        let (category, channel) = (Some(category), Channel::Web);
        let matter = clocks::Promised { kind, category, is_urgent: false, channel };
        clocks::promise(act, centre, act.now, matter)?
    };
    Ok(TrialView {
        office: Some(route.office.code.clone()),
        office_name_fa: Some(route.office.fa.clone()),
        office_name_en: Some(route.office.en.clone()),
        rule: Some(route.rule.code.clone()),
        source: Some(route.rule.source.clone()),
        due_at: Some(promise.due_at),
        past: None,
    })
}

/// Which groups, and of which time.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ParityQuery {
    /// `province`, `office`, `kind` or `channel`.
    by: Option<String>,
    /// Registered from; 30 days before `to` when missing.
    from: Option<String>,
    /// Registered before; now when missing.
    to: Option<String>,
}

/// Whether the same rules were applied alike: limit, time to the answer, share in time and refusals by group.
#[utoipa::path(tag = "configuration", params(ParityQuery), security(("bearer" = [])), responses((status = 200, body = Parity), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[get("/statistics/parity")]
pub(super) async fn read_parity(app: web::Data<App>, caller: Caller, query: Query<ParityQuery>) -> Outcome {
    let query = query.0;
    let told = app.read(caller.actor, move |connection, act| {
        policy::allow_reading(act)?;
        let by = query.by.as_deref().ok_or_else(|| Error::field(FieldError::required("by")))?;
        let by = input::choice::<By>("by", by).map_err(Error::field)?;
        let window = Past { from: query.from.clone(), to: query.to.clone() }.window(act.now)?;
        parity(connection, act, by, window)
    });
    Ok(HttpResponse::Ok().json(told.await?))
}
