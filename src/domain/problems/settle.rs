//! Settle: a problem is solved, or found not to be solvable; every linked citizen is to be told once.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::ProblemState;
use super::propose::due_at;
use super::row::{ProblemRow, find, lock, note};
use crate::db::DbConnection;
use crate::db::schema::{problem_cases, problems};
use crate::db::types::{ProblemId, Time};
use crate::domain::actor::Act;
use crate::domain::cases::clocks;
use crate::domain::input;
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::error::{Error, Fields, Result};
use crate::text_enum;

text_enum! {
    /// How a problem ends.
    pub enum Solution { Solved = "solved", NotSolvable = "not_solvable" }
}

/// The end of a problem.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Settle {
    /// `solved` or `not_solvable`.
    pub result: String,
    /// Why it is not solvable, as citizens will read it.
    #[serde(default)]
    pub reason: Option<String>,
}

/// A problem that came back.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReopenProblem {
    /// Why, for staff.
    pub reason: String,
}

/// Settles a problem. The notices go out by the worker, in batches; one that was only proposed was never shown,
/// so nobody hears of its end.
///
/// # Errors
/// `problem_not_answered` for a solution without an approved answer, `problem_state` once it is settled.
pub fn settle(connection: &mut DbConnection, act: &Act, id: ProblemId, wish: &Settle) -> Result<ProblemRow> {
    let row = lock(connection, act, id)?;
    let office = policy::allow(act, Verb::RunProblem, row.office_id)?;
    let mut fields = Fields::default();
    let result = fields.take(input::choice::<Solution>("result", &wish.result));
    let reason = match result {
        Some(Solution::NotSolvable) => {
            fields.take(input::text("reason", wish.reason.as_deref().unwrap_or_default(), input::LINE_MAX))
        }
        Some(Solution::Solved) | None => None,
    };
    fields.finish()?;
    let is_solved = result == Some(Solution::Solved);
    let state = row.state.settled(is_solved)?;
    let is_told = row.state != ProblemState::Proposed;
    diesel::update(problems::table.find(id))
        .set((
            (problems::state.eq(state), problems::reason.eq(reason), problems::settled_at.eq(act.now)),
            (problems::round.eq(row.round + i32::from(is_told)), problems::next_at.eq(None::<Time>)),
        ))
        .execute(connection)?;
    if is_told {
        diesel::update(problem_cases::table.filter(problem_cases::problem_id.eq(id)))
            .set(problem_cases::notice_at.eq(act.now))
            .execute(connection)?;
    }
    note(connection, act, id, Some(office), state.as_str(), wish.reason.as_deref())?;
    find(connection, act, id)
}

/// Takes a settled problem up again, with a new deadline; notices that did not go out yet do not go out.
pub fn reopen(
    connection: &mut DbConnection,
    act: &Act,
    id: ProblemId,
    wish: &ReopenProblem,
) -> Result<ProblemRow> {
    let row = lock(connection, act, id)?;
    let office = policy::allow(act, Verb::RunProblem, row.office_id)?;
    let state = row.state.reopened()?;
    let reason = input::text("reason", &wish.reason, input::LINE_MAX).map_err(Error::field)?;
    let due = due_at(act, row.office_id, row.category.as_deref())?;
    let next = clocks::next_point(act.rules.calendar(row.office_id)?, act.now, due, None)?;
    diesel::update(problems::table.find(id))
        .set((
            (problems::state.eq(state), problems::reason.eq(None::<String>)),
            (problems::settled_at.eq(None::<Time>), problems::started_at.eq(act.now)),
            (problems::due_at.eq(due), problems::fired.eq(None::<i32>), problems::next_at.eq(next)),
        ))
        .execute(connection)?;
    diesel::update(problem_cases::table.filter(problem_cases::problem_id.eq(id)))
        .set(problem_cases::notice_at.eq(None::<Time>))
        .execute(connection)?;
    note(connection, act, id, Some(office), "reopened", Some(&reason))?;
    find(connection, act, id)
}
