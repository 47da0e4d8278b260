//! Frequent-contact plans: proposed, confirmed, reviewed and ended by staff; read and contested by their citizen.

use actix_web::{HttpResponse, get, post, web};
use serde::Deserialize;

use super::body::{Body, IdempotencyKey, Query, id};
use super::caller::{Caller, CitizenCaller};
use super::cases::Outcome;
use super::commit::{Once, Reply, commit};
use super::page::{Page, keyset, limit};
use super::problem::ProblemBody;
use super::public::own_case;
use crate::app::App;
use crate::db::DbConnection;
use crate::db::types::{CitizenId, ContactPlanId};
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::find_visible;
use crate::domain::contact_plans::{self, AskReview, DecideReview, End, PlanRow, PlanState, Propose, Reject};
use crate::domain::views::{self, OwnPlan, PlanView};
use crate::domain::{definitions, input};
use crate::error::{Code, Error, Result};

/// Runs one verb of a citizen's plan.
async fn verb<F>(app: &App, caller: Caller, once: Option<Once>, status: u16, write: F) -> Outcome
where
    F: Fn(&mut DbConnection, &Act) -> Result<PlanRow> + Send + 'static,
{
    Ok(commit(app, caller.actor, once, move |connection, act| {
        let row = write(connection, act)?;
        let view = views::plan(connection, act, row)?;
        if status == 201 { Reply::created(&view) } else { Reply::ok(&view) }
    })
    .await?)
}

/// Proposes a plan, or the renewal of the one that holds; another person confirms it.
#[utoipa::path(tag = "citizens", request_body = Propose, security(("bearer" = [])), responses((status = 201, body = PlanView), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/citizens/{id}/contact-plan")]
pub(super) async fn propose_contact_plan(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<Propose>,
) -> Outcome {
    let citizen: CitizenId = id(&path)?;
    let once = Once::of(key, &format!("POST /citizens/{citizen}/contact-plan"), &body.digest);
    verb(&app, caller, once, 201, move |c, act| contact_plans::propose(c, act, citizen, &body.value)).await
}

/// A second person confirms the proposal; the citizen is told in writing.
#[utoipa::path(tag = "citizens", security(("bearer" = [])), responses((status = 200, body = PlanView), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody)))]
#[post("/citizens/{id}/contact-plan/approval")]
pub(super) async fn approve_contact_plan(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
) -> Outcome {
    let citizen: CitizenId = id(&path)?;
    verb(&app, caller, None, 200, move |c, act| contact_plans::approve(c, act, citizen)).await
}

/// A second person rejects the proposal.
#[utoipa::path(tag = "citizens", request_body = Reject, security(("bearer" = [])), responses((status = 200, body = PlanView), (status = 403, body = ProblemBody)))]
#[post("/citizens/{id}/contact-plan/rejection")]
pub(super) async fn reject_contact_plan(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    body: Body<Reject>,
) -> Outcome {
    let citizen: CitizenId = id(&path)?;
    verb(&app, caller, None, 200, move |c, act| contact_plans::reject(c, act, citizen, &body.value)).await
}

/// Ends a plan before its review date; the citizen is told.
#[utoipa::path(tag = "citizens", request_body = End, security(("bearer" = [])), responses((status = 200, body = PlanView), (status = 404, body = ProblemBody)))]
#[post("/citizens/{id}/contact-plan/ending")]
pub(super) async fn end_contact_plan(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    body: Body<End>,
) -> Outcome {
    let citizen: CitizenId = id(&path)?;
    verb(&app, caller, None, 200, move |c, act| contact_plans::lift(c, act, citizen, &body.value)).await
}

/// Takes down that the citizen wants the plan reviewed.
#[utoipa::path(tag = "citizens", request_body = AskReview, security(("bearer" = [])), responses((status = 201, body = PlanView), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
#[post("/citizens/{id}/contact-plan/review")]
pub(super) async fn record_plan_review(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<AskReview>,
) -> Outcome {
    let citizen: CitizenId = id(&path)?;
    let once = Once::of(key, &format!("POST /citizens/{citizen}/contact-plan/review"), &body.digest);
    verb(&app, caller, once, 201, move |c, act| {
        contact_plans::ask_review(c, act, Some(citizen), &body.value).map(|(plan, _)| plan)
    })
    .await
}

/// Decides on the review: by a person who did not make the plan.
#[utoipa::path(tag = "citizens", request_body = DecideReview, security(("bearer" = [])), responses((status = 200, body = PlanView), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody)))]
#[post("/citizens/{id}/contact-plan/review-decision")]
pub(super) async fn decide_plan_review(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    body: Body<DecideReview>,
) -> Outcome {
    let citizen: CitizenId = id(&path)?;
    verb(&app, caller, None, 200, move |c, act| contact_plans::decide_review(c, act, citizen, &body.value))
        .await
}

/// All plans of a citizen, the newest first; reading them is logged.
#[utoipa::path(tag = "citizens", security(("bearer" = [])), responses((status = 200, body = Page<PlanView>), (status = 404, body = ProblemBody)))]
#[get("/citizens/{id}/contact-plans")]
pub(super) async fn list_citizens_plans(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
) -> Outcome {
    let citizen: CitizenId = id(&path)?;
    let items = app
        .write(caller.actor, move |connection, act| {
            let rows = contact_plans::history(connection, act, citizen)?;
            definitions::log(connection, act, "read", &format!("citizen:{citizen}"), "contact plans")?;
            views::plans(connection, act, rows)
        })
        .await?;
    Ok(HttpResponse::Ok().json(Page::whole(items)))
}

/// Which plans.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct PlanQuery {
    /// proposed, active, rejected, replaced, lifted or expired; proposed when missing.
    state: Option<String>,
    /// 1 to 200; 50 when missing.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// The plans of a state, oldest first: what waits for a second person, what holds; reading them is logged.
#[utoipa::path(tag = "citizens", params(PlanQuery), security(("bearer" = [])), responses((status = 200, body = Page<PlanView>), (status = 422, body = ProblemBody)))]
#[get("/contact-plans")]
pub(super) async fn list_contact_plans(
    app: web::Data<App>,
    caller: Caller,
    query: Query<PlanQuery>,
) -> Outcome {
    let page = app
        .write(caller.actor, move |connection, act| {
            let state = query.0.state.as_deref();
            let state = match state {
                Some(code) => input::choice::<PlanState>("state", code).map_err(Error::field)?,
                None => PlanState::Proposed,
            };
            let limit = limit(query.0.limit)?;
            let after: Option<ContactPlanId> = match query.0.cursor.as_deref() {
                Some(cursor) => Some(cursor.parse().map_err(|_| Error::Malformed(Code::InvalidCursor))?),
                None => None,
            };
            let rows = contact_plans::list(connection, act, state, after, limit + 1)?;
            let page = keyset(rows, limit, |row| row.id.to_string(), |row| row);
            for row in &page.items {
                let subject = format!("citizen:{}", row.citizen_id);
                definitions::log(connection, act, "read", &subject, "contact plans")?;
            }
            let items = views::plans(connection, act, page.items)?;
            Ok(Page { items, next_cursor: page.next_cursor })
        })
        .await?;
    Ok(HttpResponse::Ok().json(page))
}

/// The plan that holds for the citizen of the case: reasons, measures, review date, and the review.
#[utoipa::path(tag = "public", security(("bearer" = [])), responses((status = 200, body = OwnPlan), (status = 404, body = ProblemBody)))]
#[get("/public/cases/{tracking_code}/contact-plan")]
pub(super) async fn read_own_plan(
    app: web::Data<App>,
    citizen: CitizenCaller,
    path: web::Path<String>,
) -> Outcome {
    let case = own_case(&app, &citizen, &path).await?;
    let view = app
        .glance(Actor::Citizen { case }, move |connection, act| {
            let row = find_visible(connection, act, case)?;
            let plan = contact_plans::own(connection, act, &row)?;
            views::own_plan(connection, act, plan)
        })
        .await?;
    Ok(HttpResponse::Ok().json(view))
}

/// The citizen asks that the plan be reviewed by somebody who did not make it.
#[utoipa::path(tag = "public", request_body = AskReview, security(("bearer" = [])), responses((status = 201, body = OwnPlan), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
#[post("/public/cases/{tracking_code}/contact-plan-review")]
pub(super) async fn ask_plan_review(
    app: web::Data<App>,
    citizen: CitizenCaller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<AskReview>,
) -> Outcome {
    let case = own_case(&app, &citizen, &path).await?;
    let once = Once::of(key, &format!("POST /public/cases/{case}/contact-plan-review"), &body.digest);
    Ok(commit(&app, Actor::Citizen { case }, once, move |connection, act| {
        let (plan, _) = contact_plans::ask_review(connection, act, None, &body.value)?;
        Reply::created(&views::own_plan(connection, act, plan)?)
    })
    .await?)
}
