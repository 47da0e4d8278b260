//! Which classes of a closed case are past their time, by the retention rule that fits it best.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde::Serialize;

use super::obstacles::{Candidate, Obstacle, obstacles};
use crate::db::DbConnection;
use crate::db::schema::{cases, tombstones};
use crate::db::types::{CaseId, Time};
use crate::domain::actor::Act;
use crate::domain::cases::life::Status;
use crate::domain::history::Class;
use crate::domain::rulebook::{Retention, Rulebook};
use crate::domain::visibility;
use crate::error::{Error, Result};

/// Where a list of closed cases goes on: the last one's closing and id.
pub type Place = (Time, CaseId);

/// A class that is past its time, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct DueClass {
    pub class: Class,
    pub due_at: Time,
}

/// A case of which something is past its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Due {
    pub case_id: CaseId,
    pub tracking_code: String,
    pub kind: String,
    pub category: Option<String>,
    pub closed_at: Time,
    /// Code of the retention rule.
    pub rule: String,
    pub classes: Vec<DueClass>,
    /// What keeps it from being erased; it goes once none is left.
    pub obstacles: Vec<Obstacle>,
}

/// So many calendar years later, or earlier; a 29th of February becomes the 28th.
///
/// # Errors
/// `Internal` at the end of the calendar.
pub fn plus_years(at: Time, years: i64) -> Result<Time> {
    let later = at.timestamp().to_zoned(TimeZone::UTC).checked_add(Span::new().years(years));
    later.map(|later| Time::from(Timestamp::from(later))).map_err(Error::internal)
}

/// When each class of a case is past its time.
pub fn times(rules: &Rulebook, case: &Candidate) -> Result<Option<(String, Vec<DueClass>)>> {
    let rule = rules.retention_of(&case.kind, case.category.as_deref(), case.is_sealed);
    let (Some(rule), Some(closed_at)) = (rule, case.closed_at) else { return Ok(None) };
    let each = Class::ALL
        .iter()
        .map(|class| Ok(DueClass { class: *class, due_at: plus_years(closed_at, rule.years(*class))? }));
    Ok(Some((rule.code.clone(), each.collect::<Result<_>>()?)))
}

impl Retention {
    /// Years after the closing that a class is kept.
    pub fn years(&self, class: Class) -> i64 {
        match class {
            Class::Text => self.text,
            Class::Identity => self.identity,
            Class::Attachments => self.attachments,
            Class::Messages => self.messages,
            Class::Raw => self.raw,
        }
    }
}

/// Closed cases after a place that are old enough for the shortest rule, as far as the actor sees them.
pub(super) fn page(
    connection: &mut DbConnection,
    act: &Act,
    after: Option<Place>,
    until: Time,
    limit: i64,
) -> Result<Vec<Candidate>> {
    let shortest = act.rules.retention.values();
    let shortest = shortest.flat_map(|rule| Class::ALL.iter().map(|class| rule.years(*class))).min();
    let Some(shortest) = shortest else { return Ok(Vec::new()) };
    let mut query = cases::table
        .filter(cases::closed_at.is_not_null())
        .filter(cases::closed_at.le(plus_years(until, -shortest)?))
        .filter(cases::status.eq(Status::Closed))
        .filter(visibility::visible(act))
        .order((cases::closed_at, cases::id))
        .limit(limit)
        .select(Candidate::as_select())
        .into_boxed();
    if let Some((at, id)) = after {
        let later = cases::closed_at.gt(at).or(cases::closed_at.eq(at).and(cases::id.gt(id)));
        query = query.filter(later.assume_not_null());
    }
    Ok(query.load(connection)?)
}

/// What of these cases is past its time at `until` and still there.
pub(super) fn judge(
    connection: &mut DbConnection,
    act: &Act,
    page: Vec<Candidate>,
    until: Time,
) -> Result<Vec<Due>> {
    let ids: Vec<CaseId> = page.iter().map(|case| case.id).collect();
    let stones: Vec<(CaseId, String)> = tombstones::table
        .filter(tombstones::case_id.eq_any(ids))
        .select((tombstones::case_id, tombstones::classes))
        .load(connection)?;
    let mut gone: BTreeMap<CaseId, BTreeSet<&str>> = BTreeMap::new();
    for (case, classes) in &stones {
        gone.entry(*case).or_default().extend(classes.split(','));
    }
    let mut stopped = obstacles(connection, act.now, &page)?;
    let mut found = Vec::new();
    for case in page {
        let Some((rule, mut classes)) = times(&act.rules, &case)? else { continue };
        let is_gone = |class: Class| gone.get(&case.id).is_some_and(|gone| gone.contains(class.as_str()));
        classes.retain(|one| one.due_at <= until && !is_gone(one.class));
        if classes.is_empty() {
            continue;
        }
        found.push(Due {
            case_id: case.id,
            tracking_code: case.tracking_code,
            kind: case.kind,
            category: case.category,
            closed_at: case.closed_at.unwrap_or(case.updated_at),
            rule,
            classes,
            obstacles: stopped.remove(&case.id).unwrap_or_default(),
        });
    }
    Ok(found)
}

/// Cases that are looked at for one page of the preview.
const LOOKED_AT: i64 = 1000;

/// A page of what goes by `until`, and where to go on. A page may hold fewer cases than are looked at, even none,
/// while there are more.
pub fn preview(
    connection: &mut DbConnection,
    act: &Act,
    after: Option<Place>,
    until: Time,
    limit: usize,
) -> Result<(Vec<Due>, Option<Place>)> {
    let page = page(connection, act, after, until, LOOKED_AT)?;
    let is_full = i64::try_from(page.len()).is_ok_and(|count| count == LOOKED_AT);
    let last = page.last().and_then(|case| Some((case.closed_at?, case.id))).filter(|_| is_full);
    let mut found = judge(connection, act, page, until)?;
    if found.len() > limit {
        found.truncate(limit);
        return Ok((found.clone(), found.last().map(|due| (due.closed_at, due.case_id))));
    }
    Ok((found, last))
}
