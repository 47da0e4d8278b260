//! Configuration: offices, categories, routing rules, calendars, holidays, templates, limits, kinds.

use actix_web::{HttpResponse, get, patch, post, web};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::body::{Body, IdempotencyKey, Query};
use super::caller::Caller;
use super::commit::{Once, Reply, commit};
use super::page::{Page, PageQuery, keyset};
use super::problem::{Problem, ProblemBody};
use crate::app::App;
use crate::domain::cases::register::Place;
use crate::domain::definitions::{self, NOUNS};
use crate::domain::offices::{self, NewOffice, OfficeChange, OfficeDetail};
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::error::{Error, Fields, Result};

type Noun = (&'static str, &'static str, fn(&Value) -> std::result::Result<(), String>);

fn noun(name: &str) -> Result<Noun> {
    NOUNS.into_iter().find(|(path, ..)| *path == name).ok_or(Error::NotFound)
}

async fn list_rows(
    app: web::Data<App>,
    caller: Caller,
    name: &str,
    query: PageQuery,
) -> Result<HttpResponse, Problem> {
    let (_, noun, _) = noun(name)?;
    let page = app
        .glance(caller.actor, move |connection, act| {
            policy::allow_reading(act)
                .or_else(|_| policy::allow_anywhere(act, Verb::Configure).map(|_| ()))?;
            let limit = query.limit()?;
            let rows = definitions::list(connection, noun, query.cursor(), limit + 1)?;
            Ok(keyset(rows, limit, |row| row.code.clone(), |row| row.view()))
        })
        .await?;
    Ok(HttpResponse::Ok().json(page))
}

async fn create_row(
    app: web::Data<App>,
    caller: Caller,
    name: &str,
    key: IdempotencyKey,
    body: Body<Map<String, Value>>,
) -> Result<HttpResponse, Problem> {
    let (path, noun, check) = noun(name)?;
    let once = Once::of(key, &format!("POST /{path}"), &body.digest);
    Ok(commit(&app, caller.actor, once, move |connection, act| {
        policy::allow_anywhere(act, Verb::Configure)?;
        Reply::created(
            &definitions::create(connection, act, noun, check, Value::Object(body.value.clone()))?.view(),
        )
    })
    .await?)
}

async fn change_row(
    app: web::Data<App>,
    caller: Caller,
    name: &str,
    code: String,
    body: Body<Map<String, Value>>,
) -> Result<HttpResponse, Problem> {
    let (_, noun, check) = noun(name)?;
    Ok(commit(&app, caller.actor, None, move |connection, act| {
        policy::allow_anywhere(act, Verb::Configure)?;
        Reply::ok(&definitions::change(connection, act, noun, check, &code, body.value.clone())?.view())
    })
    .await?)
}

/// The three calls of one noun of the configuration.
macro_rules! configuration {
    ($($name:literal $one:literal: $list:ident $create:ident $change:ident;)*) => {$(
        #[doc = concat!("Lists ", $name, " in force.")]
        #[utoipa::path(tag = "configuration", params(PageQuery), security(("bearer" = [])), responses((status = 200), (status = 403, body = ProblemBody)))]
        #[get($name)]
        pub(super) async fn $list(app: web::Data<App>, caller: Caller, query: Query<PageQuery>) -> Result<HttpResponse, Problem> {
            list_rows(app, caller, &$name[1..], query.0).await
        }

        #[doc = concat!("Adds to ", $name, ".")]
        #[utoipa::path(tag = "configuration", request_body(content = Object), security(("bearer" = [])), responses((status = 201), (status = 422, body = ProblemBody)))]
        #[post($name)]
        pub(super) async fn $create(app: web::Data<App>, caller: Caller, key: IdempotencyKey, body: Body<Map<String, Value>>) -> Result<HttpResponse, Problem> {
            create_row(app, caller, &$name[1..], key, body).await
        }

        #[doc = concat!("Changes one of ", $name, ": a new version begins now.")]
        #[utoipa::path(tag = "configuration", request_body(content = Object), security(("bearer" = [])), responses((status = 200), (status = 422, body = ProblemBody)))]
        #[patch($one)]
        pub(super) async fn $change(app: web::Data<App>, caller: Caller, path: web::Path<String>, body: Body<Map<String, Value>>) -> Result<HttpResponse, Problem> {
            change_row(app, caller, &$name[1..], path.into_inner(), body).await
        }
    )*};
}

configuration! {
    "/categories" "/categories/{code}": list_categories create_category change_category;
    "/routing-rules" "/routing-rules/{code}": list_routing_rules create_routing_rule change_routing_rule;
    "/calendars" "/calendars/{code}": list_calendars create_calendar change_calendar;
    "/holidays" "/holidays/{code}": list_calendar_days create_calendar_day change_calendar_day;
    "/templates" "/templates/{code}": list_templates create_template change_template;
    "/limits" "/limits/{code}": list_limits create_limit change_limit;
    "/kinds" "/kinds/{code}": list_case_kinds create_case_kind change_case_kind;
}

/// What a routing rule would do.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    pub kind: String,
    pub category: String,
    #[serde(default)]
    pub place: Option<Place>,
}

/// The outcome of a trial.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TrialView {
    /// Code of the office that would get it.
    office: String,
    office_name_fa: String,
    office_name_en: String,
    /// Code of the rule that chose it.
    rule: String,
    /// The law or reason behind the rule.
    source: String,
    /// The promise that would be given.
    due_at: crate::db::types::Time,
}

/// Tries the routing rules and limits without changing anything.
#[utoipa::path(tag = "configuration", request_body = Trial, security(("bearer" = [])), responses((status = 200, body = TrialView), (status = 409, body = ProblemBody)))]
#[post("/routing-rules/trial")]
pub(super) async fn try_routing(
    app: web::Data<App>,
    caller: Caller,
    body: Body<Trial>,
) -> Result<HttpResponse, Problem> {
    let view = app
        .glance(caller.actor, move |_, act| {
            policy::allow_reading(act)
                .or_else(|_| policy::allow_anywhere(act, Verb::Configure).map(|_| ()))?;
            let trial = body.value;
            let mut fields = Fields::default();
            fields.take(act.rules.kind("kind", &trial.kind));
            fields.take(act.rules.category("category", &trial.category));
            fields.finish()?;
            let place = trial.place.unwrap_or_default();
            let county = place.county.as_deref();
            let province = place.province.as_deref().or(county.and_then(|code| code.get(0..2)));
            let route = act.rules.route(&trial.kind, &trial.category, province, county);
            let route = route.ok_or(Error::Conflict(crate::error::Code::NoRoute))?;
            let promise = crate::domain::cases::clocks::promise(
                act,
                act.rules.offices.centre(),
                act.now,
                &trial.kind,
                Some(&trial.category),
                false,
            )?;
            Ok(TrialView {
                office: route.office.code.clone(),
                office_name_fa: route.office.fa.clone(),
                office_name_en: route.office.en.clone(),
                rule: route.rule.code.clone(),
                source: route.rule.source.clone(),
                due_at: promise.due_at,
            })
        })
        .await?;
    Ok(HttpResponse::Ok().json(view))
}

/// Lists offices.
#[utoipa::path(tag = "configuration", params(PageQuery), security(("bearer" = [])), responses((status = 200, body = Page<OfficeDetail>)))]
#[get("/offices")]
pub(super) async fn list_offices(
    app: web::Data<App>,
    caller: Caller,
    query: Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let page = app
        .glance(caller.actor, move |_, act| {
            let limit = query.0.limit()?;
            let after = query.0.after()?.unwrap_or(0);
            let size = usize::try_from(limit).unwrap_or(50) + 1;
            let rows: Vec<_> =
                act.rules.offices.all().filter(|office| office.id.0 > after).take(size).collect();
            Ok(keyset(
                rows,
                limit,
                |office| office.id.to_string(),
                |office| offices::detail(&act.rules, office),
            ))
        })
        .await?;
    Ok(HttpResponse::Ok().json(page))
}

/// Adds an office to the tree.
#[utoipa::path(tag = "configuration", request_body = NewOffice, security(("bearer" = [])), responses((status = 201, body = OfficeDetail), (status = 422, body = ProblemBody)))]
#[post("/offices")]
pub(super) async fn create_office(
    app: web::Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    body: Body<NewOffice>,
) -> Result<HttpResponse, Problem> {
    let once = Once::of(key, "POST /offices", &body.digest);
    Ok(commit(&app, caller.actor, once, move |connection, act| {
        policy::allow_anywhere(act, Verb::Configure)?;
        Reply::created(&offices::create(connection, act, &body.value)?)
    })
    .await?)
}

/// Changes an office.
#[utoipa::path(tag = "configuration", request_body = OfficeChange, security(("bearer" = [])), responses((status = 200, body = OfficeDetail), (status = 404, body = ProblemBody)))]
#[patch("/offices/{code}")]
pub(super) async fn change_office(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    body: Body<OfficeChange>,
) -> Result<HttpResponse, Problem> {
    Ok(commit(&app, caller.actor, None, move |connection, act| {
        policy::allow_anywhere(act, Verb::Configure)?;
        Reply::ok(&offices::change(connection, act, &path, &body.value)?)
    })
    .await?)
}
