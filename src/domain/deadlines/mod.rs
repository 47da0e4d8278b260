//! Deadlines as arithmetic: when an answer is due, what a pause gives back, and when it is escalated.
//!
//! Pure functions over a calendar and instants; who is told what is decided elsewhere. Limits count working time,
//! so closed hours never count against an office, and an outer limit counts calendar days. All instants given
//! and returned are whole seconds.

mod credit;
mod escalation;
mod span;

#[cfg(test)]
mod tests;

use jiff::{Timestamp, ToSpan};

use super::calendar::{Calendar, CalendarError, WorkTime};

pub use credit::{Remaining, moved_by_closure, remaining, resume};
pub use escalation::{Point, next_after, point_at, points};
pub use span::{Span, SpanError};

/// When something received at `start` is due.
///
/// - Working days: the local day of receipt is not counted; due at the end of the last slot of the n-th working day
///   after it.
/// - Working hours: counted from `start` itself, from the next opening when received in closed time.
/// - Calendar days: the last second of the local day that many days later, closed or not.
///
/// A limit in working time that would end at midnight ends one second before, so that it reads as the day that was
/// worked and not as the next one, which may be a holiday.
///
/// Errors: `TooLittleWork`, `NoDays` for no working days, `OutOfRange`.
pub fn due(calendar: &Calendar, start: Timestamp, span: Span) -> Result<Timestamp, CalendarError> {
    let received = calendar.date_of(start);
    match span {
        Span::WorkingDays(days) => calendar.end_of_nth_working_day(received, days),
        Span::WorkingHours(hours) => {
            let end = calendar.add_working(start, WorkTime::from_hours(hours))?;
            Ok(before_midnight(calendar, start, end))
        }
        Span::CalendarDays(days) => {
            let last = received.checked_add(i32::from(days).days()).map_err(|_| CalendarError::OutOfRange)?;
            calendar.end_of_day(last)
        }
    }
}

fn before_midnight(calendar: &Calendar, start: Timestamp, end: Timestamp) -> Timestamp {
    let second_before = end - 1.second();
    if end > start && calendar.date_of(second_before) < calendar.date_of(end) { second_before } else { end }
}
