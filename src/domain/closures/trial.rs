//! What a closure would do, told before it is declared.

use diesel::prelude::*;
use serde::Serialize;

use super::plan::Sides;
use super::runs::{candidates, judge, touched};
use super::wish::{Wish, check};
use crate::db::DbConnection;
use crate::db::schema::cases;
use crate::db::types::{CaseId, ClosureId};
use crate::domain::actor::Act;
use crate::error::Result;

/// Cases that are read at once.
const PAGE: i64 = 500;

/// What would move.
#[derive(Debug, Clone, Default, Serialize, utoipa::ToSchema)]
pub struct Forecast {
    /// Offices whose calendar would change.
    pub offices: i64,
    /// Open cases that would be looked at.
    pub cases: i64,
    /// Cases in which at least one due time would move.
    pub moved: i64,
    /// Promises to citizens that would get another date.
    pub promises: i64,
    /// Citizens who would be sent a message.
    pub told: i64,
    /// Deadlines of offices that would move.
    pub deadlines: i64,
    /// Marks of lateness that would be lifted.
    pub lifted: i64,
}

/// Tries a closure on every open case and writes nothing.
pub fn forecast(connection: &mut DbConnection, act: &Act, calendar: &str, wish: &Wish) -> Result<Forecast> {
    let (closure, _) = check(act, calendar, ClosureId(0), wish)?;
    let after = act.rules.calendars().with(std::iter::once(&closure));
    let before = act.rules.calendars();
    let sides = Sides { rules: &act.rules, before, after: &after, now: act.now, withdrawn: None };
    let touched = touched(&act.rules, before, &after)?;
    let offices = touched.as_ref().map_or(act.rules.offices.all().count(), Vec::len);
    let mut told = Forecast { offices: i64::try_from(offices).unwrap_or(i64::MAX), ..Forecast::default() };
    let mut cursor = CaseId(0);
    loop {
        let page: Vec<CaseId> = candidates(act, touched.clone(), act.now)
            .filter(cases::id.gt(cursor))
            .order(cases::id)
            .limit(PAGE)
            .load(connection)?;
        let Some(last) = page.last().copied() else { return Ok(told) };
        cursor = last;
        for case in page {
            let (plan, has_citizen) = judge(connection, &sides, case)?;
            let (promise, window) = plan.told(act.now);
            told.cases += 1;
            told.moved += i64::from(!plan.moves.is_empty());
            told.promises += i64::from(promise.is_some());
            told.told += i64::from(has_citizen && (promise.is_some() || window.is_some()));
            let of_offices = plan.moves.iter().filter(|m| m.clock.is_of_office());
            told.deadlines += i64::try_from(of_offices.count()).unwrap_or(0);
            told.lifted += i64::try_from(plan.rewound.iter().filter(|c| c.is_lifted).count()).unwrap_or(0);
        }
    }
}
