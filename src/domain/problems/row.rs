//! Problems as stored: found, locked, listed and counted.

use std::collections::HashMap;

use diesel::dsl::{count_star, sql};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde::Serialize;

use super::ProblemState;
use super::impartial::{free, is_free};
use crate::db::DbConnection;
use crate::db::dialect::for_update;
use crate::db::schema::{cases, problem_cases, problem_events, problem_notices, problems};
use crate::db::types::{OfficeId, ProblemEventId, ProblemId, Time, UserId};
use crate::domain::actor::Act;
use crate::error::{Error, Result};

/// A problem as stored.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = problems)]
pub struct ProblemRow {
    pub id: ProblemId,
    pub code: String,
    pub name_fa: String,
    pub name_en: String,
    pub description: String,
    pub category: Option<String>,
    pub province: Option<String>,
    pub county: Option<String>,
    pub office_id: OfficeId,
    pub user_id: Option<UserId>,
    pub state: ProblemState,
    pub cause: Option<String>,
    pub is_public: bool,
    pub created_at: Time,
    pub started_at: Time,
    pub due_at: Time,
    pub fired: Option<i32>,
    pub next_at: Option<Time>,
    pub round: i32,
    pub reason: Option<String>,
    pub settled_at: Option<Time>,
}

/// The problem of this id.
///
/// # Errors
/// `NotFound` too where a case of it is about the actor.
pub fn find(connection: &mut DbConnection, act: &Act, id: ProblemId) -> Result<ProblemRow> {
    Ok(free(act).filter(problems::id.eq(id)).select(ProblemRow::as_select()).first(connection)?)
}

/// The same, locked until the transaction ends; always before any case of it, so that nobody waits in a circle.
pub(super) fn lock(connection: &mut DbConnection, act: &Act, id: ProblemId) -> Result<ProblemRow> {
    let row = for_update(problems::table.find(id).select(ProblemRow::as_select())).get_result(connection)?;
    if is_free(connection, act, id)? { Ok(row) } else { Err(Error::NotFound) }
}

/// What to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub state: Option<ProblemState>,
    pub office: Option<OfficeId>,
    pub category: Option<String>,
    pub province: Option<String>,
    pub is_public: Option<bool>,
}

/// One page after `after`, by id.
pub fn list(
    connection: &mut DbConnection,
    act: &Act,
    filter: &Filter,
    after: Option<ProblemId>,
    limit: i64,
) -> Result<Vec<ProblemRow>> {
    let mut query = free(act).filter(problems::id.gt(after.unwrap_or(ProblemId(0))));
    if let Some(state) = filter.state {
        query = query.filter(problems::state.eq(state));
    }
    if let Some(office) = filter.office {
        query = query.filter(problems::office_id.eq(office));
    }
    if let Some(category) = filter.category.clone() {
        query = query.filter(problems::category.eq(category));
    }
    if let Some(province) = filter.province.clone() {
        query = query.filter(problems::province.eq(province));
    }
    if let Some(is_public) = filter.is_public {
        query = query.filter(problems::is_public.eq(is_public));
    }
    Ok(query.order(problems::id).limit(limit).select(ProblemRow::as_select()).load(connection)?)
}

/// Problems that wait for their owner.
const WORK: [ProblemState; 3] = [ProblemState::Proposed, ProblemState::Open, ProblemState::Answered];

/// The unsettled problems of these offices by due time, after `(due, id)`.
pub fn inbox(
    connection: &mut DbConnection,
    act: &Act,
    offices: &[OfficeId],
    after: Option<(Time, ProblemId)>,
    limit: i64,
) -> Result<Vec<ProblemRow>> {
    let mut query =
        free(act).filter(problems::office_id.eq_any(offices.to_vec())).filter(problems::state.eq_any(WORK));
    if let Some((at, id)) = after {
        query = query.filter(problems::due_at.gt(at).or(problems::due_at.eq(at).and(problems::id.gt(id))));
    }
    Ok(query
        .order((problems::due_at, problems::id))
        .limit(limit)
        .select(ProblemRow::as_select())
        .load(connection)?)
}

/// How many unsettled problems these offices own.
pub fn inbox_count(connection: &mut DbConnection, act: &Act, offices: &[OfficeId]) -> Result<i64> {
    Ok(free(act)
        .filter(problems::office_id.eq_any(offices.to_vec()))
        .filter(problems::state.eq_any(WORK))
        .count()
        .get_result(connection)?)
}

/// How much stands behind a problem, counted both ways.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Counts {
    /// Linked cases, sealed ones too.
    pub cases: i64,
    /// Different citizens behind them; a case of nobody counts none.
    pub citizens: i64,
    /// Citizens who were told of the last settlement.
    pub told: i64,
}

/// The counts of these problems; one that no case points to is missing.
pub fn counts(connection: &mut DbConnection, ids: &[ProblemId]) -> Result<HashMap<ProblemId, Counts>> {
    let linked: Vec<(ProblemId, i64, i64)> = problem_cases::table
        .inner_join(cases::table)
        .filter(problem_cases::problem_id.eq_any(ids.to_vec()))
        .group_by(problem_cases::problem_id)
        .select((problem_cases::problem_id, count_star(), sql::<BigInt>("COUNT(DISTINCT cases.citizen_id)")))
        .load(connection)?;
    let mut found: HashMap<ProblemId, Counts> =
        linked.into_iter().map(|(id, cases, citizens)| (id, Counts { cases, citizens, told: 0 })).collect();
    let told: Vec<(ProblemId, i64)> =
        problem_notices::table
            .inner_join(problems::table.on(
                problems::id.eq(problem_notices::problem_id).and(problems::round.eq(problem_notices::round)),
            ))
            .filter(problem_notices::problem_id.eq_any(ids.to_vec()))
            .group_by(problem_notices::problem_id)
            .select((problem_notices::problem_id, count_star()))
            .load(connection)?;
    for (id, told) in told {
        found.entry(id).or_default().told = told;
    }
    Ok(found)
}

/// Writes a line of the problem's history.
pub(super) fn note(
    connection: &mut DbConnection,
    act: &Act,
    problem: ProblemId,
    office: Option<OfficeId>,
    event: &str,
    detail: Option<&str>,
) -> Result<()> {
    use problem_events as e;
    let id: ProblemEventId = act.id();
    diesel::insert_into(e::table)
        .values((
            (e::id.eq(id), e::problem_id.eq(problem), e::at.eq(act.now)),
            (e::user_id.eq(act.actor.user()), e::office_id.eq(office)),
            (e::event.eq(event), e::detail.eq(detail)),
        ))
        .execute(connection)?;
    Ok(())
}
