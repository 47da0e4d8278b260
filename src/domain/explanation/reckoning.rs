//! How a due time came about: the span, the days that were counted and those that were skipped.

use serde::Serialize;

use crate::db::types::{OfficeId, Time};
use crate::domain::calendar::{Calendar, Day};
use crate::domain::deadlines::{self, Span};
use crate::domain::rulebook::Rulebook;
use crate::error::Result;

/// More skipped days than this are not listed one by one.
const LISTED: usize = 60;

/// How a due time came about.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Reckoning {
    /// Such as `10wd`.
    pub span: String,
    /// Whose working calendar was used.
    pub office: String,
    pub from: Time,
    pub until: Time,
    /// Days after the first on which the office works, up to the due time.
    pub working_days: usize,
    /// Weekends, holidays and closures in between.
    pub skipped: Vec<Skipped>,
}

/// A day that was not counted.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Skipped {
    /// Local date, such as `2026-06-12`.
    pub date: String,
    /// `weekend` or `holiday`.
    pub why: &'static str,
    /// The holiday's name.
    pub name: Option<String>,
}

/// Lays a span on the calendar of an office as it was under `rules`.
///
/// # Errors
/// An internal fault where the calendar has too little work.
pub fn reckon(rules: &Rulebook, office: OfficeId, from: Time, span: Span) -> Result<Reckoning> {
    let calendar = rules.calendar(office)?;
    let until: Time = deadlines::due(calendar, from.timestamp(), span)?.into();
    let (working_days, skipped) = days(calendar, from, until);
    Ok(Reckoning {
        span: span.to_string(),
        office: rules.offices.code(office),
        from,
        until,
        working_days,
        skipped,
    })
}

fn days(calendar: &Calendar, from: Time, until: Time) -> (usize, Vec<Skipped>) {
    let last = calendar.date_of(until.timestamp());
    let first = calendar.date_of(from.timestamp());
    let dates = std::iter::successors(first.tomorrow().ok(), |date| date.tomorrow().ok());
    let (mut worked, mut skipped) = (0, Vec::new());
    for date in dates.take_while(|date| *date <= last) {
        if calendar.is_working_day(date) {
            worked += 1;
        } else if skipped.len() < LISTED {
            let name = match calendar.exception(date) {
                Some(Day::Closed { name }) => Some(name.clone()),
                Some(Day::Open(_)) | None => None,
            };
            let why = if name.is_some() { "holiday" } else { "weekend" };
            skipped.push(Skipped { date: date.to_string(), why, name });
        }
    }
    (worked, skipped)
}
