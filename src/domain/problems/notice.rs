//! The notice of a settlement: every linked citizen exactly once, on their own channel, with a tracking code of
//! their own (requirement tag P5.2).
//!
//! Which cases still have to be looked at is an indexed time on the link; that a citizen was told is a row whose
//! key is (problem, round, citizen). Both are written with the message in one transaction, so two workers, a
//! crash or a second run tell nobody twice and leave nobody out.

use diesel::prelude::*;

use super::ProblemState;
use super::answer::standing_answer;
use super::row::{ProblemRow, find};
use crate::db::DbConnection;
use crate::db::dialect::for_update;
use crate::db::schema::{problem_cases, problem_notices};
use crate::db::types::{CaseId, CitizenId, EventId, ProblemId, Time};
use crate::domain::actor::Act;
use crate::domain::cases::life::Fact;
use crate::domain::cases::{Docket, Expected, record};
use crate::domain::notifications::{self, Facts};
use crate::error::{Language, Result};
use crate::on_both;

/// Cases whose citizens are to be told, the longest waiting first.
pub fn untold(connection: &mut DbConnection, now: Time, limit: i64) -> Result<Vec<CaseId>> {
    Ok(problem_cases::table
        .filter(problem_cases::notice_at.is_not_null())
        .filter(problem_cases::notice_at.le(now))
        .order((problem_cases::notice_at, problem_cases::case_id))
        .limit(limit)
        .select(problem_cases::case_id)
        .load(connection)?)
}

/// Tells the citizen of one case, unless another of their cases was the occasion already; false when somebody
/// else dealt with it.
pub fn tell(connection: &mut DbConnection, act: &Act, case: CaseId) -> Result<bool> {
    let link: Option<(ProblemId, Option<Time>)> = for_update(
        problem_cases::table.find(case).select((problem_cases::problem_id, problem_cases::notice_at)),
    )
    .get_result(connection)
    .optional()?;
    let Some((problem, Some(at))) = link else { return Ok(false) };
    if at > act.now {
        return Ok(false);
    }
    diesel::update(problem_cases::table.find(case))
        .set(problem_cases::notice_at.eq(None::<Time>))
        .execute(connection)?;
    let problem = find(connection, act, problem)?;
    if !problem.state.is_settled() {
        return Ok(true);
    }
    let mut docket = Docket::open(connection, act, case, Expected::Any)?;
    let is_solved = problem.state == ProblemState::Solved;
    let fact = Fact::ProblemSettled { problem: problem.id, round: problem.round, is_solved };
    let event = record(connection, act, &mut docket, &[fact], None)?;
    match docket.row.citizen_id {
        Some(citizen) if is_first(connection, act, &problem, citizen, case)? => {
            send(connection, act, &problem, &docket, event)?;
        }
        Some(_) | None => {}
    }
    Ok(true)
}

/// Notes that the citizen is told now; false when they were told of this settlement before.
fn is_first(
    connection: &mut DbConnection,
    act: &Act,
    problem: &ProblemRow,
    citizen: CitizenId,
    case: CaseId,
) -> Result<bool> {
    use problem_notices as n;
    let row = (
        (n::problem_id.eq(problem.id), n::round.eq(problem.round), n::citizen_id.eq(citizen)),
        (n::case_id.eq(case), n::at.eq(act.now)),
    );
    let new = on_both!(connection, |c| diesel::insert_into(n::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(new == 1)
}

/// An SMS carries the code only; a letter or e-mail the public name and the answer, and nothing of a person.
fn send(
    connection: &mut DbConnection,
    act: &Act,
    problem: &ProblemRow,
    docket: &Docket,
    event: EventId,
) -> Result<()> {
    let reader = if docket.row.language == "en" { Language::En } else { Language::Fa };
    let answer = standing_answer(connection, problem.id)?;
    let (template, text) = match problem.state {
        ProblemState::Solved => ("problem_solved", answer.map(|answer| answer.text(reader).to_owned())),
        _ => ("problem_dropped", problem.reason.clone()),
    };
    let name = if reader == Language::En { &problem.name_en } else { &problem.name_fa };
    let facts =
        Facts { office: Some(problem.office_id), reason: Some(name.clone()), text, ..Facts::default() };
    notifications::to_citizen(connection, act, &docket.row, event, template, &facts)
}
