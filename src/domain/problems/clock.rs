//! The deadline of a problem makes itself heard at the same points as that of a referral: to its owner, then to the
//! office above, then to the centre; each point once.

use diesel::prelude::*;

use super::impartial::conflicts;
use super::row::{ProblemRow, lock, note};
use crate::db::DbConnection;
use crate::db::schema::{cases, problem_cases, problems};
use crate::db::types::{EventId, ProblemId, Time};
use crate::domain::actor::Act;
use crate::domain::cases::{CaseRow, clocks, escalate};
use crate::domain::deadlines::{self, Point};
use crate::domain::notifications::{self, Facts};
use crate::error::Result;

/// Problems whose next point is reached, the longest overdue first.
pub fn ringing(connection: &mut DbConnection, now: Time, limit: i64) -> Result<Vec<ProblemId>> {
    Ok(problems::table
        .filter(problems::next_at.is_not_null())
        .filter(problems::next_at.le(now))
        .order(problems::next_at)
        .limit(limit)
        .select(problems::id)
        .load(connection)?)
}

/// Fires one point; false when it no longer rings.
pub fn fire(connection: &mut DbConnection, act: &Act, id: ProblemId) -> Result<bool> {
    let row = lock(connection, act, id)?;
    if row.next_at.is_none_or(|next| next > act.now) || row.state.is_settled() {
        return Ok(false);
    }
    let fired = Point::ALL.into_iter().find(|point| Some(i32::from(point.percent())) == row.fired);
    let Some(point) = deadlines::next_after(fired) else { return Ok(false) };
    let percent = i32::from(point.percent());
    let calendar = act.rules.calendar(row.office_id)?;
    let next = clocks::next_point(calendar, row.started_at, row.due_at, Some(percent))?;
    diesel::update(problems::table.find(id))
        .set((problems::fired.eq(percent), problems::next_at.eq(next)))
        .execute(connection)?;
    let conflicts = conflicts(connection, act, id)?;
    let receiver = escalate::receiver(act, &conflicts, point, row.office_id);
    let told = format!("{percent}% {}", act.rules.offices.code(receiver));
    note(connection, act, id, Some(receiver), "deadline_passed", Some(&told))?;
    let Some((case, event)) = occasion(connection, &row)? else { return Ok(true) };
    let template = if point >= Point::Dunning { "problem_late" } else { "problem_due" };
    let facts = Facts {
        office: Some(row.office_id),
        due: Some(row.due_at),
        reason: Some(row.name_fa.clone()),
        ..Facts::default()
    };
    notifications::to_office(connection, act, &case, event, receiver, template, &facts)?;
    Ok(true)
}

/// Every message belongs to a case: that of a problem goes with the first one that was linked to it.
fn occasion(connection: &mut DbConnection, row: &ProblemRow) -> Result<Option<(CaseRow, EventId)>> {
    Ok(cases::table
        .inner_join(problem_cases::table)
        .filter(problem_cases::problem_id.eq(row.id))
        .filter(cases::is_sealed.eq(false))
        .order(problem_cases::case_id)
        .select((CaseRow::as_select(), problem_cases::event_id))
        .first(connection)
        .optional()?)
}
