//! Closures declared late, and which of them hold: all now, and around each recomputation that still runs.
//!
//! Recomputations go one after the other in the order of their ids. What a case's deadlines stand on is the calendar
//! after the last one that reached it; so each has its own calendars before and after.

use std::sync::Arc;

use diesel::prelude::*;
use jiff::civil::Date;

use super::calendars::Calendars;
use crate::db::DbConnection;
use crate::db::schema::{closure_runs, closures};
use crate::db::types::{ClosureId, ClosureRunId, Time};
use crate::domain::calendar::{Calendar, Slot};
use crate::error::{Error, Result};

/// Some days, or hours of them, on which a calendar does not work though its week says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closure {
    pub id: ClosureId,
    /// Code of the calendar; what hangs below it is closed too.
    pub calendar: String,
    /// Two-digit code, where only one province is closed.
    pub province: Option<String>,
    pub first: Date,
    /// The last day, itself closed.
    pub last: Date,
    /// The hours that are not worked; the whole day when missing.
    pub hours: Option<Vec<Slot>>,
    pub reason: String,
}

impl Closure {
    pub(super) fn laid_on(&self, calendar: &Arc<Calendar>) -> Arc<Calendar> {
        let mut closed = Calendar::clone(calendar);
        let whole = [Slot { start: 0, end: 24 * 60 }];
        let hours = self.hours.as_deref().unwrap_or(&whole);
        let days = std::iter::successors(Some(self.first), |day| day.tomorrow().ok());
        for day in days.take_while(|day| *day <= self.last) {
            closed.close_hours(day, hours, &self.reason);
        }
        Arc::new(closed)
    }
}

/// A recomputation that has not reached every case yet.
#[derive(Debug, Clone)]
pub struct Run {
    pub id: ClosureRunId,
    pub closure: Closure,
    /// The closure was taken back.
    pub is_withdrawal: bool,
    pub begun_at: Time,
    pub before: Calendars,
    pub after: Calendars,
}

/// What is closed, and what is still being recomputed, oldest first.
#[derive(Debug, Clone, Default)]
pub(super) struct Closures {
    in_force: Vec<Closure>,
    pending: Vec<(RunRow, Vec<Closure>, Vec<Closure>, Closure)>,
}

type Row = (ClosureId, String, Option<String>, String, String, Option<String>, String);
type RunRow = (ClosureRunId, ClosureId, bool, Time, Option<Time>);

/// Reads all closures and where each recomputation stands.
pub(super) fn read(connection: &mut DbConnection) -> Result<Closures> {
    use closures as c;
    let runs: Vec<RunRow> = closure_runs::table
        .order(closure_runs::id)
        .select((
            closure_runs::id,
            closure_runs::closure_id,
            closure_runs::is_withdrawal,
            closure_runs::begun_at,
            closure_runs::finished_at,
        ))
        .load(connection)?;
    if runs.is_empty() {
        return Ok(Closures::default());
    }
    let rows: Vec<Row> = c::table
        .order(c::id)
        .select((c::id, c::calendar, c::province, c::first_day, c::last_day, c::hours, c::reason))
        .load(connection)?;
    let all = rows.into_iter().map(closure_of).collect::<Result<Vec<_>>>()?;
    let mut closures = Closures::default();
    let mut held: Vec<Closure> = Vec::new();
    for run in runs {
        let Some(closure) = all.iter().find(|closure| closure.id == run.1) else { continue };
        let before = held.clone();
        match run.2 {
            true => held.retain(|closure| closure.id != run.1),
            false => held.push(closure.clone()),
        }
        if run.4.is_none() {
            closures.pending.push((run, before, held.clone(), closure.clone()));
        }
    }
    closures.in_force = held;
    Ok(closures)
}

fn closure_of((id, calendar, province, first, last, hours, reason): Row) -> Result<Closure> {
    let slots = |text: String| {
        text.split(' ').map(|slot| slot.parse::<Slot>().map_err(Error::internal)).collect::<Result<Vec<_>>>()
    };
    Ok(Closure {
        id,
        calendar,
        province,
        first: first.parse().map_err(Error::internal)?,
        last: last.parse().map_err(Error::internal)?,
        hours: hours.map(slots).transpose()?,
        reason,
    })
}

impl Closures {
    /// The calendars with all that is closed, and each unfinished recomputation with its own two.
    pub(super) fn laid_on(self, bare: &Calendars) -> (Calendars, Vec<Run>) {
        let run = |(row, before, after, closure): (RunRow, Vec<Closure>, Vec<Closure>, Closure)| Run {
            id: row.0,
            closure,
            is_withdrawal: row.2,
            begun_at: row.3,
            before: bare.with(before.iter()),
            after: bare.with(after.iter()),
        };
        let pending = self.pending.into_iter().map(run).collect();
        (bare.with(self.in_force.iter()), pending)
    }
}
