//! The walk through all closed cases that erases what is past its time: a few cases a step, each step one
//! transaction under the lock of one row, so that it may stop anywhere and two workers never do the same.

use std::collections::BTreeSet;

use diesel::prelude::*;
use serde::Serialize;

use super::due::{self, Due};
use super::erase::{Cause, erase};
use crate::db::DbConnection;
use crate::db::dialect::for_update;
use crate::db::schema::retention_walk as w;
use crate::db::types::{CaseId, Time};
use crate::domain::actor::Act;
use crate::domain::definitions;
use crate::domain::history::Class;
use crate::error::{Error, Result};
use crate::on_both;

/// Cases of one step.
const STEP: i64 = 50;
/// Hours from the beginning of one walk to that of the next.
const INTERVAL_HOURS: i64 = 24;

/// How far the walk has come.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Serialize, utoipa::ToSchema)]
#[diesel(table_name = w)]
pub struct Walk {
    /// The closing of the last case that was looked at.
    pub after_at: Option<Time>,
    #[serde(skip)]
    pub after: CaseId,
    pub began_at: Time,
    /// None while it is under way.
    pub ended_at: Option<Time>,
    /// Cases that were looked at in this walk.
    pub examined: i64,
    /// Cases of which something was erased in it.
    pub erased: i64,
}

/// What one step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    pub examined: usize,
    pub erased: usize,
    /// Whether the walk ended with this step, and something was erased in it.
    pub leaves_traces: bool,
}

/// The present or last walk; none before the first.
pub fn state(connection: &mut DbConnection) -> Result<Option<Walk>> {
    Ok(w::table.find(1_i64).select(Walk::as_select()).first(connection).optional()?)
}

/// Takes one step; nothing is done between two walks.
pub fn step(connection: &mut DbConnection, act: &Act) -> Result<Step> {
    let mut walk = locked(connection, act.now)?;
    if walk.ended_at.is_some() {
        if walk.began_at.plus_seconds(INTERVAL_HOURS * 3600) > act.now {
            return Ok(Step { examined: 0, erased: 0, leaves_traces: false });
        }
        let (began_at, after) = (act.now, CaseId(0));
        walk = Walk { after_at: None, after, began_at, ended_at: None, examined: 0, erased: 0 };
    }
    let place = walk.after_at.map(|at| (at, walk.after));
    let page = due::page(connection, act, place, act.now, STEP)?;
    let examined = page.len();
    if let Some((at, id)) = page.last().and_then(|case| Some((case.closed_at?, case.id))) {
        (walk.after_at, walk.after) = (Some(at), id);
    }
    let mut erased = 0;
    for due in due::judge(connection, act, page, act.now)? {
        erased += usize::from(due.obstacles.is_empty() && erase_due(connection, act, &due)?);
    }
    walk.examined += i64::try_from(examined).unwrap_or(0);
    walk.erased += i64::try_from(erased).unwrap_or(0);
    walk.ended_at = (i64::try_from(examined).unwrap_or(0) < STEP).then_some(act.now);
    save(connection, &walk)?;
    Ok(Step { examined, erased, leaves_traces: walk.ended_at.is_some() && walk.erased > 0 })
}

/// Erases what is due of one case; false where something forbade it after all.
fn erase_due(connection: &mut DbConnection, act: &Act, due: &Due) -> Result<bool> {
    let version = definitions::find(connection, "retention", &due.rule)?.version;
    let source = act.rules.retention.get(&due.rule).map(|rule| rule.source.clone());
    let rule = Some(format!("{}@{version}", due.rule));
    let cause = Cause { rule, source: source.unwrap_or_default(), decided_by: None };
    let classes: BTreeSet<Class> = due.classes.iter().map(|one| one.class).collect();
    match erase(connection, act, due.case_id, &classes, &cause) {
        Ok(_) => Ok(true),
        Err(Error::Conflict(code)) => {
            tracing::info!(case.id = %due.case_id, code = code.as_str(), "a case was not erased");
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

fn locked(connection: &mut DbConnection, now: Time) -> Result<Walk> {
    let first = (
        (w::id.eq(1_i64), w::after.eq(CaseId(0)), w::began_at.eq(now)),
        (w::examined.eq(0_i64), w::erased.eq(0_i64)),
    );
    on_both!(connection, |c| diesel::insert_into(w::table)
        .values(&first)
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(for_update(w::table.find(1_i64).select(Walk::as_select())).get_result(connection)?)
}

fn save(connection: &mut DbConnection, walk: &Walk) -> Result<()> {
    diesel::update(w::table.find(1_i64))
        .set((
            (w::after_at.eq(walk.after_at), w::after.eq(walk.after), w::began_at.eq(walk.began_at)),
            (w::ended_at.eq(walk.ended_at), w::examined.eq(walk.examined), w::erased.eq(walk.erased)),
        ))
        .execute(connection)?;
    Ok(())
}
