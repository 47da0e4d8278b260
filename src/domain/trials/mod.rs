//! A proposed rule tried on past cases, before it holds (requirement tag M3): where they would have gone, when they
//! would have been due, and which would have been late. Nothing is written but the result.

mod past;
mod shift;

use std::collections::BTreeMap;

use diesel::prelude::*;
use serde::Serialize;

use crate::db::DbConnection;
use crate::db::schema::cases;
use crate::db::types::{CaseId, Time};
use crate::domain::actor::Act;
use crate::domain::cases::Priority;
use crate::domain::cases::clocks::{Promise, Promised, promise_by};
use crate::domain::rulebook::{Lay, Rulebook, with};
use crate::domain::visibility;
use crate::error::{Error, FieldError, Fields, Result};

pub use past::{Past, each};
use shift::Moves;
pub use shift::Shift;

/// More cases than this are not tried at once.
const MOST: usize = 20_000;
/// Affected cases of which some are shown, to those who may see them.
const KEPT: usize = 200;
const SHOWN: usize = 10;
/// Days that are tried when nothing is said, and at most.
const MONTH: i64 = 30;
const LONGEST: i64 = 366;

/// From when until when cases were registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub from: Time,
    pub to: Time,
}

impl Window {
    /// The window that is wished; the last 30 days when nothing is said.
    ///
    /// # Errors
    /// `to` not after `from`, or more than 366 days.
    pub fn of(now: Time, from: Option<Time>, to: Option<Time>) -> Result<Self> {
        let to = to.unwrap_or(now);
        let from = from.unwrap_or_else(|| to.plus_days(-MONTH));
        let mut fields = Fields::default();
        if to <= from {
            let (fa, en) = ("پایان باید پس از آغاز باشد.", "The end must be after the beginning.");
            fields.add(FieldError::new("to", "before_from", fa, en));
        }
        if from.plus_days(LONGEST) < to {
            let (fa, en) = (
                format!("حداکثر {LONGEST} روز؛ بازه کوتاه‌تری بخواهید."),
                format!("At most {LONGEST} days; ask for a shorter time."),
            );
            fields.add(FieldError::new("from", "too_long", fa, en));
        }
        fields.finish()?;
        Ok(Self { from, to })
    }
}

/// What a proposed rule would have done.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct TrialResult {
    pub from: Time,
    pub to: Time,
    /// When it was tried.
    pub at: Time,
    /// Cases of that time.
    pub cases: usize,
    /// False where there were more than 20,000 and only the first were tried.
    pub complete: bool,
    /// Cases that would have gone elsewhere.
    pub rerouted: usize,
    pub routes: Vec<RouteShift>,
    /// The promise to the citizen, the outer limit and the desk's own limit.
    pub due: Shift,
    pub outer: Shift,
    pub triage: Shift,
    /// Cases that were late, or would be now, by today's rules and by the proposed ones.
    pub late_before: usize,
    pub late_after: usize,
    /// Some of the affected cases that the actor may see.
    pub sample: Vec<Sample>,
}

/// How many cases would move from one office to another.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct RouteShift {
    pub from: Option<String>,
    pub to: Option<String>,
    pub count: usize,
}

/// An affected case.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Sample {
    pub tracking_code: String,
    pub office_before: Option<String>,
    pub office_after: Option<String>,
    pub due_before: Time,
    pub due_after: Time,
}

/// Both outcomes of one case.
struct Both {
    offices: (Option<String>, Option<String>),
    promises: (Promise, Promise),
}

/// Tries rows laid over the rules in force on the cases of a window.
pub fn run(connection: &mut DbConnection, act: &Act, lays: &[Lay], window: Window) -> Result<TrialResult> {
    let proposed = with(connection, &act.rules, lays)?;
    let mut tally = Tally::default();
    let complete = each(connection, window, MOST, &|| visibility_of_all(), |_, page| {
        page.iter().try_for_each(|case| tally.take(act, case, &proposed))
    })?;
    let sample = sample(connection, act, &tally.affected)?;
    let routes = tally.routes.into_iter().map(|((from, to), count)| RouteShift { from, to, count });
    let mut routes: Vec<RouteShift> = routes.collect();
    routes.sort_by_key(|route| std::cmp::Reverse(route.count));
    Ok(TrialResult {
        from: window.from,
        to: window.to,
        at: act.now,
        cases: tally.cases,
        complete,
        rerouted: routes.iter().map(|route| route.count).sum(),
        routes,
        due: tally.due.shift(),
        outer: tally.outer.shift(),
        triage: tally.triage.shift(),
        late_before: tally.late.0,
        late_after: tally.late.1,
        sample,
    })
}

/// Counts need every case, seen or not; single cases are shown by the predicate of the actor.
fn visibility_of_all() -> visibility::Predicate {
    Box::new(cases::id.is_not_null())
}

#[derive(Default)]
struct Tally {
    cases: usize,
    routes: BTreeMap<(Option<String>, Option<String>), usize>,
    due: Moves,
    outer: Moves,
    triage: Moves,
    late: (usize, usize),
    affected: Vec<(CaseId, Sample)>,
}

impl Tally {
    fn take(&mut self, act: &Act, case: &Past, proposed: &Rulebook) -> Result<()> {
        let both = Both {
            offices: (office(&act.rules, case), office(proposed, case)),
            promises: (promise(&act.rules, case)?, promise(proposed, case)?),
        };
        let (before, after) = &both.promises;
        self.cases += 1;
        let end = case.answered_at.or(case.closed_at).unwrap_or(act.now);
        self.late.0 += usize::from(end > before.due_at);
        self.late.1 += usize::from(end > after.due_at);
        let is_moved = self.due.take(before.due_at, after.due_at);
        self.triage.take(before.triage_due_at, after.triage_due_at);
        if let Some((before, after)) = before.outer_at.zip(after.outer_at) {
            self.outer.take(before, after);
        }
        let is_rerouted = both.offices.0 != both.offices.1;
        if is_rerouted {
            *self.routes.entry(both.offices.clone()).or_default() += 1;
        }
        if (is_moved || is_rerouted) && self.affected.len() < KEPT {
            let (office_before, office_after) = both.offices;
            let sample = Sample {
                tracking_code: case.tracking_code.clone(),
                office_before,
                office_after,
                due_before: before.due_at,
                due_after: after.due_at,
            };
            self.affected.push((case.id, sample));
        }
        Ok(())
    }
}

fn office(rules: &Rulebook, case: &Past) -> Option<String> {
    let category = case.category.as_deref()?;
    let route = rules.route(&case.kind, category, case.province.as_deref(), case.county.as_deref())?;
    Some(route.office.code.clone())
}

fn promise(rules: &Rulebook, case: &Past) -> Result<Promise> {
    let is_urgent = case.priority != Priority::Normal;
    let (office, received) = (case.intake_office_id, case.received_at);
    let (kind, category) = (case.kind.as_str(), case.category.as_deref());
    promise_by(rules, office, received, Promised { kind, category, is_urgent, channel: case.channel })
}

fn sample(connection: &mut DbConnection, act: &Act, affected: &[(CaseId, Sample)]) -> Result<Vec<Sample>> {
    let ids: Vec<CaseId> = affected.iter().map(|(id, _)| *id).collect();
    let seen: Vec<CaseId> = cases::table
        .filter(cases::id.eq_any(ids))
        .filter(visibility::visible(act))
        .order(cases::id)
        .limit(i64::try_from(SHOWN).map_err(Error::internal)?)
        .select(cases::id)
        .load(connection)?;
    Ok(affected.iter().filter(|(id, _)| seen.contains(id)).map(|(_, sample)| sample.clone()).collect())
}
