//! `/problems`: systemic issues that many cases point to; and the public list of them.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, delete, get, patch, post, web};
use serde::Deserialize;

use super::body::{Body, IdempotencyKey, Query, id};
use super::caller::Caller;
use super::cases::Outcome;
use super::commit::{Once, Reply, commit};
use super::page::{Page, PageQuery, keyset, limit};
use super::problem::{Problem, ProblemBody, language};
use crate::app::App;
use crate::db::DbConnection;
use crate::db::types::{CaseId, ProblemId};
use crate::domain::actor::{Act, Actor};
use crate::domain::problems::{
    self, AnswerProblem, AssignProblem, ChangeProblem, Filter, Link, LinkedCase, ProblemRow, ProblemView,
    Propose, PublicProblem, ReopenProblem, Settle,
};
use crate::domain::{input, policy};
use crate::error::{Code, Error, Fields, Result};

/// Which problems.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ProblemQuery {
    /// proposed, open, answered, solved, dropped.
    state: Option<String>,
    /// Code of the owner.
    office: Option<String>,
    category: Option<String>,
    province: Option<String>,
    /// 1 to 200; 50 when missing.
    limit: Option<i64>,
    cursor: Option<String>,
}

impl ProblemQuery {
    fn read(self, act: &Act) -> Result<(Filter, Option<ProblemId>, i64)> {
        let mut fields = Fields::default();
        let state = self.state.and_then(|code| fields.take(input::choice("state", &code)));
        let office = self
            .office
            .and_then(|code| fields.take(act.rules.offices.find("office", &code).map(|office| office.id)));
        fields.finish()?;
        let after = self.cursor.map(|text| text.parse().map_err(|_| Error::Malformed(Code::InvalidCursor)));
        let filter =
            Filter { state, office, category: self.category, province: self.province, is_public: None };
        Ok((filter, after.transpose()?, limit(self.limit)?))
    }
}

/// Runs a verb whose reply is the problem.
async fn verb<F>(app: &web::Data<App>, caller: Caller, once: Option<Once>, status: u16, write: F) -> Outcome
where
    F: Fn(&mut DbConnection, &Act) -> Result<ProblemRow> + Send + 'static,
{
    Ok(commit(app, caller.actor, once, move |connection, act| {
        let row = write(connection, act)?;
        let view = problems::view(connection, act, &row)?;
        if status == 201 { Reply::created(&view) } else { Reply::ok(&view) }
    })
    .await?)
}

/// Proposes a problem; whoever may run problems of its owner opens it thereby.
#[utoipa::path(tag = "problems", request_body = Propose, security(("bearer" = [])), responses((status = 201, body = ProblemView), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[post("/problems")]
pub(super) async fn propose_problem(
    app: web::Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    body: Body<Propose>,
) -> Outcome {
    let once = Once::of(key, "POST /problems", &body.digest);
    verb(&app, caller, once, 201, move |c, act| problems::propose(c, act, &body.value)).await
}

/// Lists problems.
#[utoipa::path(tag = "problems", params(ProblemQuery), security(("bearer" = [])), responses((status = 200, body = Page<ProblemView>), (status = 422, body = ProblemBody)))]
#[get("/problems")]
pub(super) async fn list_problems(
    app: web::Data<App>,
    caller: Caller,
    query: Query<ProblemQuery>,
) -> Outcome {
    let page = app
        .read(caller.actor, move |connection, act| {
            policy::allow_reading(act)?;
            let (filter, after, limit) = query.0.read(act)?;
            let rows = problems::list(connection, act, &filter, after, limit + 1)?;
            let views = problems::views(connection, act, &rows)?;
            Ok(keyset(views, limit, |view| view.id.to_string(), |view| view))
        })
        .await?;
    Ok(HttpResponse::Ok().json(page))
}

/// One problem with its history.
#[utoipa::path(tag = "problems", security(("bearer" = [])), responses((status = 200, body = ProblemView), (status = 404, body = ProblemBody)))]
#[get("/problems/{id}")]
pub(super) async fn read_problem(app: web::Data<App>, caller: Caller, path: web::Path<String>) -> Outcome {
    let problem: ProblemId = id(&path)?;
    let view = app
        .read(caller.actor, move |connection, act| {
            policy::allow_reading(act)?;
            let row = problems::find(connection, act, problem)?;
            problems::view(connection, act, &row)
        })
        .await?;
    Ok(HttpResponse::Ok().json(view))
}

/// Changes what is known of a problem, whether it is public, and its deadline.
#[utoipa::path(tag = "problems", request_body = ChangeProblem, security(("bearer" = [])), responses((status = 200, body = ProblemView), (status = 409, body = ProblemBody)))]
#[patch("/problems/{id}")]
pub(super) async fn change_problem(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    body: Body<ChangeProblem>,
) -> Outcome {
    let problem: ProblemId = id(&path)?;
    verb(&app, caller, None, 200, move |c, act| problems::change(c, act, problem, &body.value)).await
}

/// Links cases to a problem.
#[utoipa::path(tag = "problems", request_body = Link, security(("bearer" = [])), responses((status = 200, body = ProblemView), (status = 422, body = ProblemBody)))]
#[post("/problems/{id}/cases")]
pub(super) async fn link_cases(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<Link>,
) -> Outcome {
    let problem: ProblemId = id(&path)?;
    let once = Once::of(key, &format!("POST /problems/{problem}/cases"), &body.digest);
    verb(&app, caller, once, 200, move |c, act| problems::link(c, act, problem, &body.value)).await
}

/// The cases of a problem that the reader may see; sealed ones are counted, never listed.
#[utoipa::path(tag = "problems", params(PageQuery), security(("bearer" = [])), responses((status = 200, body = Page<LinkedCase>), (status = 404, body = ProblemBody)))]
#[get("/problems/{id}/cases")]
pub(super) async fn list_linked_cases(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    query: Query<PageQuery>,
) -> Outcome {
    let problem: ProblemId = id(&path)?;
    let page = app
        .read(caller.actor, move |connection, act| {
            policy::allow_reading(act)?;
            problems::find(connection, act, problem)?;
            let (limit, after) = (query.0.limit()?, query.0.after::<CaseId>()?);
            let rows = problems::linked_cases(connection, act, problem, after, limit + 1)?;
            Ok(keyset(rows, limit, |row| row.case_id.to_string(), |row| row))
        })
        .await?;
    Ok(HttpResponse::Ok().json(page))
}

/// Takes a case out of a problem.
#[utoipa::path(tag = "problems", security(("bearer" = [])), responses((status = 200, body = ProblemView), (status = 404, body = ProblemBody)))]
#[delete("/problems/{id}/cases/{case}")]
pub(super) async fn unlink_case(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(String, String)>,
) -> Outcome {
    let (problem, case): (ProblemId, CaseId) = (id(&path.0)?, id(&path.1)?);
    verb(&app, caller, None, 200, move |c, act| problems::unlink(c, act, problem, case)).await
}

/// Gives a problem to an office and a person; one that was proposed is taken up.
#[utoipa::path(tag = "problems", request_body = AssignProblem, security(("bearer" = [])), responses((status = 200, body = ProblemView), (status = 409, body = ProblemBody)))]
#[post("/problems/{id}/assignment")]
pub(super) async fn assign_problem(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    body: Body<AssignProblem>,
) -> Outcome {
    let problem: ProblemId = id(&path)?;
    verb(&app, caller, None, 200, move |c, act| problems::assign(c, act, problem, &body.value)).await
}

/// Writes the answer for everybody; another person approves it.
#[utoipa::path(tag = "problems", request_body = AnswerProblem, security(("bearer" = [])), responses((status = 201, body = ProblemView), (status = 409, body = ProblemBody)))]
#[post("/problems/{id}/answer")]
pub(super) async fn answer_problem(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<AnswerProblem>,
) -> Outcome {
    let problem: ProblemId = id(&path)?;
    let once = Once::of(key, &format!("POST /problems/{problem}/answer"), &body.digest);
    verb(&app, caller, once, 201, move |c, act| problems::propose_answer(c, act, problem, &body.value)).await
}

/// Approves the answer that waits.
#[utoipa::path(tag = "problems", security(("bearer" = [])), responses((status = 200, body = ProblemView), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody)))]
#[post("/problems/{id}/approval")]
pub(super) async fn approve_problem_answer(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
) -> Outcome {
    let problem: ProblemId = id(&path)?;
    verb(&app, caller, None, 200, move |c, act| problems::approve(c, act, problem)).await
}

/// Settles a problem: solved, or not solvable with a reason. Every linked citizen is told once.
#[utoipa::path(tag = "problems", request_body = Settle, security(("bearer" = [])), responses((status = 200, body = ProblemView), (status = 409, body = ProblemBody)))]
#[post("/problems/{id}/solution")]
pub(super) async fn settle_problem(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<Settle>,
) -> Outcome {
    let problem: ProblemId = id(&path)?;
    let once = Once::of(key, &format!("POST /problems/{problem}/solution"), &body.digest);
    let nudge = app.nudges.following.clone();
    let reply =
        verb(&app, caller, once, 200, move |c, act| problems::settle(c, act, problem, &body.value)).await;
    nudge.notify_one();
    reply
}

/// Takes a settled problem up again.
#[utoipa::path(tag = "problems", request_body = ReopenProblem, security(("bearer" = [])), responses((status = 200, body = ProblemView), (status = 409, body = ProblemBody)))]
#[post("/problems/{id}/reopening")]
pub(super) async fn reopen_problem(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    key: IdempotencyKey,
    body: Body<ReopenProblem>,
) -> Outcome {
    let problem: ProblemId = id(&path)?;
    let once = Once::of(key, &format!("POST /problems/{problem}/reopening"), &body.digest);
    verb(&app, caller, once, 200, move |c, act| problems::reopen(c, act, problem, &body.value)).await
}

/// The problems that are public: what many people have, who works on it, and what came of it.
#[utoipa::path(tag = "public", params(ProblemQuery), responses((status = 200, body = Page<PublicProblem>)))]
#[get("/public/problems")]
pub(super) async fn list_public_problems(
    app: web::Data<App>,
    query: Query<ProblemQuery>,
) -> Result<HttpResponse, Problem> {
    let reader = language();
    let page = app
        .read(Actor::Public, move |connection, act| {
            let (filter, after, limit) = query.0.read(act)?;
            let (items, next) = problems::public_list(connection, act, &filter, reader, after, limit)?;
            Ok(Page { items, next_cursor: next.map(|id| id.to_string()) })
        })
        .await?;
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "public, max-age=300"))
        .insert_header(("Vary", "Accept-Language"))
        .json(page))
}
