//! Pauses and late closures: the working time that was left is laid down again, exactly.
//!
//! A due time is remembered as a place on the ruler of working time, plus how far it lay into the closed time
//! after that place. So a pause over closed time moves nothing, and no pause ever creates or eats a second of work.

use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::domain::calendar::{Calendar, CalendarError, WorkTime};

/// What was left of a deadline when its clock was stopped. Stored with the pause, so that the credit is auditable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Remaining {
    /// Working seconds from the pause to the due time; negative is the amount already overdue.
    pub work_seconds: i64,
    /// Closed seconds between the end of the last work before the due time and the due time itself.
    pub closed_seconds: u64,
}

/// What is left of the deadline `due` when its clock stops at `paused_at`.
///
/// Errors: `TooLittleWork` when the calendar does not work in the five years before `due`.
pub fn remaining(
    calendar: &Calendar,
    paused_at: Timestamp,
    due: Timestamp,
) -> Result<Remaining, CalendarError> {
    let left = signed(calendar.working_between(paused_at, due));
    let overdue = signed(calendar.working_between(due, paused_at));
    let last_work = calendar.subtract_working(due, WorkTime::ZERO)?;
    let closed_seconds = due.as_second().saturating_sub(last_work.as_second()).unsigned_abs();
    Ok(Remaining { work_seconds: left - overdue, closed_seconds })
}

/// The due time when the clock runs again at `resumed_at` with `remaining` left.
///
/// Resumed at the instant of the pause it is the old due time. Later, exactly the same working time lies between
/// `resumed_at` and the answer as lay between the pause and the old due time; what was overdue stays overdue by as
/// much. To keep the share that the points of a deadline mean, move its start the same way as its due time.
///
/// Errors: `TooLittleWork` when the calendar does not hold it within five years.
pub fn resume(
    calendar: &Calendar,
    resumed_at: Timestamp,
    remaining: Remaining,
) -> Result<Timestamp, CalendarError> {
    let work = WorkTime::from_seconds(remaining.work_seconds.unsigned_abs());
    let last_work = if remaining.work_seconds > 0 {
        calendar.add_working(resumed_at, work)?
    } else {
        calendar.subtract_working(resumed_at, work)?
    };
    let closed_seconds = i64::try_from(remaining.closed_seconds).map_err(|_| CalendarError::OutOfRange)?;
    let due = last_work.checked_add(closed_seconds.seconds()).map_err(|_| CalendarError::OutOfRange)?;
    Ok(calendar.next_opening(last_work).map_or(due, |opening| due.min(opening)))
}

/// The new due time of an open deadline when, at `now`, the calendar `before` becomes the calendar `after`.
///
/// `ran` are the stretches, up to `now`, in which the clock ran: what the closure takes from them is given back, and
/// what its withdrawal returns is taken again. The working time then left is laid onto the new calendar. Where the
/// calendars agree on all that lies before `due`, it stands. A calendar with more closures never makes it earlier,
/// and taking them away again gives the old due time. Whoever stores the answer tells the citizen to whom `due` was
/// promised.
///
/// Errors: as for `resume`.
pub fn moved_by_closure(
    before: &Calendar,
    after: &Calendar,
    ran: &[(Timestamp, Timestamp)],
    now: Timestamp,
    due: Timestamp,
) -> Result<Timestamp, CalendarError> {
    let lost = |until: Timestamp| -> i64 {
        let pieces = ran.iter().map(|(from, to)| (*from, until.min(*to)));
        pieces
            .map(|(from, to)| {
                signed(before.working_between(from, to)) - signed(after.working_between(from, to))
            })
            .sum()
    };
    if lost(due) == 0 && before.working_between(now, due) == after.working_between(now, due) {
        return Ok(due);
    }
    let left = remaining(before, now, due)?;
    resume(after, now, Remaining { work_seconds: left.work_seconds + lost(now), ..left })
}

fn signed(work: WorkTime) -> i64 {
    i64::try_from(work.seconds())
        .expect("working time between two instants is less than the time between them")
}
