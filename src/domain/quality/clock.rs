//! The deadline of a recommendation: the same points as a referral's, each once; late ones go to the office above.

use diesel::prelude::*;

use super::AdviceState;
use super::advice::{lock, log};
use super::impartial::conflict_of;
use crate::db::DbConnection;
use crate::db::schema::recommendations;
use crate::db::types::{RecommendationId, Time};
use crate::domain::actor::Act;
use crate::domain::cases::{clocks, escalate};
use crate::domain::deadlines::{self, Point};
use crate::domain::notifications::{self, Facts};
use crate::error::Result;

/// Recommendations whose next point is reached, the longest overdue first.
pub fn ringing(connection: &mut DbConnection, now: Time, limit: i64) -> Result<Vec<RecommendationId>> {
    Ok(recommendations::table
        .filter(recommendations::next_at.is_not_null())
        .filter(recommendations::next_at.le(now))
        .order(recommendations::next_at)
        .limit(limit)
        .select(recommendations::id)
        .load(connection)?)
}

/// Fires one point; false when it no longer rings.
pub fn fire(connection: &mut DbConnection, act: &Act, id: RecommendationId) -> Result<bool> {
    let row = lock(connection, act, id)?;
    let waits = matches!(row.state, AdviceState::Sent | AdviceState::Accepted);
    if row.next_at.is_none_or(|next| next > act.now) || !waits {
        return Ok(false);
    }
    let fired = Point::ALL.into_iter().find(|point| Some(i32::from(point.percent())) == row.fired);
    let Some(point) = deadlines::next_after(fired) else { return Ok(false) };
    let percent = i32::from(point.percent());
    let calendar = act.rules.calendar(row.office_id)?;
    let next = clocks::next_point(calendar, row.made_at, row.due_at, Some(percent))?;
    diesel::update(recommendations::table.find(id))
        .set((recommendations::fired.eq(percent), recommendations::next_at.eq(next)))
        .execute(connection)?;
    let (case, event) = log(connection, act, &row, row.state, Some(point.percent()), None)?;
    let template = if point >= Point::Dunning { "recommendation_late" } else { "recommendation_due" };
    let facts = Facts {
        office: Some(row.office_id),
        due: Some(row.due_at),
        text: Some(row.text),
        ..Facts::default()
    };
    let conflict = conflict_of(connection, act, row.case_id)?;
    let receiver = escalate::receiver(act, &[conflict], point, row.office_id);
    notifications::to_office(connection, act, &case, event, receiver, template, &facts)?;
    Ok(true)
}
