//! Configuration: offices, categories, routing rules, calendars, holidays, templates, limits, kinds.

use actix_web::{HttpResponse, get, patch, post, web};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::body::{Body, IdempotencyKey, Query, parse};
use super::caller::Caller;
use super::changes::{once, put_forward, wish};
use super::page::{Page, PageQuery, keyset};
use super::problem::{Problem, ProblemBody};
use crate::app::App;
use crate::domain::changes::{ChangeView, OFFICE};
use crate::domain::definitions::{self, NOUNS};
use crate::domain::offices::{self, NewOffice, OfficeChange, OfficeDetail};
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::error::{Error, Result};

fn noun(name: &str) -> Result<&'static str> {
    NOUNS.into_iter().find(|(path, ..)| *path == name).map(|(_, noun, _)| noun).ok_or(Error::NotFound)
}

async fn list_rows(
    app: web::Data<App>,
    caller: Caller,
    name: &str,
    query: PageQuery,
) -> Result<HttpResponse, Problem> {
    let noun = noun(name)?;
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
    allow(&app, &caller).await?;
    let once = once(key, name, &body.digest);
    put_forward(app, caller, once, wish(noun(name)?, None, body.value)?).await
}

async fn change_row(
    app: web::Data<App>,
    caller: Caller,
    name: &str,
    code: String,
    body: Body<Map<String, Value>>,
) -> Result<HttpResponse, Problem> {
    allow(&app, &caller).await?;
    put_forward(app, caller, None, wish(noun(name)?, Some(code), body.value)?).await
}

/// Who may not configure hears that, and nothing about fields.
async fn allow(app: &web::Data<App>, caller: &Caller) -> Result<()> {
    app.glance(caller.actor.clone(), |_, act| policy::allow_anywhere(act, Verb::Configure).map(drop)).await
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

        #[doc = concat!("Proposes an addition to ", $name, "; another person approves it. Beside the row's fields: `valid_from`, `valid_to`, `because`.")]
        #[utoipa::path(tag = "configuration", request_body(content = Object), security(("bearer" = [])), responses((status = 202, body = ChangeView), (status = 201, description = "Where no second person is asked for"), (status = 422, body = ProblemBody)))]
        #[post($name)]
        pub(super) async fn $create(app: web::Data<App>, caller: Caller, key: IdempotencyKey, body: Body<Map<String, Value>>) -> Result<HttpResponse, Problem> {
            create_row(app, caller, &$name[1..], key, body).await
        }

        #[doc = concat!("Proposes a change of one of ", $name, ": a new version begins when another person approved it. What a limit, reason, right or routing rule says changes with a new `source` or a `because`, which the public reads. Beside the row's fields: `valid_from`, `valid_to`, `because`, or `end: true` alone.")]
        #[utoipa::path(tag = "configuration", request_body(content = Object), security(("bearer" = [])), responses((status = 202, body = ChangeView), (status = 200, description = "Where no second person is asked for"), (status = 422, body = ProblemBody)))]
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
    "/reasons" "/reasons/{code}": list_reasons create_reason change_reason;
    "/rights" "/rights/{code}": list_rights create_right change_right;
    "/kinds" "/kinds/{code}": list_case_kinds create_case_kind change_case_kind;
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

/// Proposes a new office of the tree. Beside its fields: `valid_from`, `because`.
#[utoipa::path(tag = "configuration", request_body = NewOffice, security(("bearer" = [])), responses((status = 202, body = ChangeView), (status = 201, body = OfficeDetail, description = "Where no second person is asked for"), (status = 422, body = ProblemBody)))]
#[post("/offices")]
pub(super) async fn create_office(
    app: web::Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    body: Body<Map<String, Value>>,
) -> Result<HttpResponse, Problem> {
    allow(&app, &caller).await?;
    let once = once(key, "offices", &body.digest);
    let mut wish = wish(OFFICE, None, body.value)?;
    wish.body = canonical::<NewOffice>(&wish.body)?;
    put_forward(app, caller, once, wish).await
}

/// Proposes a change of an office. Beside its fields: `valid_from`, `valid_to`, `because`.
#[utoipa::path(tag = "configuration", request_body = OfficeChange, security(("bearer" = [])), responses((status = 202, body = ChangeView), (status = 200, body = OfficeDetail, description = "Where no second person is asked for"), (status = 404, body = ProblemBody)))]
#[patch("/offices/{code}")]
pub(super) async fn change_office(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    body: Body<Map<String, Value>>,
) -> Result<HttpResponse, Problem> {
    allow(&app, &caller).await?;
    let mut wish = wish(OFFICE, Some(path.into_inner()), body.value)?;
    wish.body = canonical::<OfficeChange>(&wish.body)?;
    put_forward(app, caller, None, wish).await
}

/// A body as its type writes it, or the field that is wrong.
fn canonical<T: DeserializeOwned + Serialize>(body: &Value) -> Result<Value> {
    let read: T = parse(body.to_string().as_bytes())?;
    serde_json::to_value(&read).map_err(|error| Error::Internal(Box::new(error)))
}
