//! Which anchors are due, and what goes into them.
//!
//! A day is anchored a quarter of an hour after it is over. A case is in its anchor with the last of its events
//! that was written by then and says it happened before the day's end. Whatever no anchor holds yet goes into the
//! next one, whenever it says it happened: nothing is left out, and what came later than it says shows.

use std::collections::BTreeMap;

use diesel::dsl::{exists, min, not};
use diesel::prelude::*;
use jiff::tz::TimeZone;

use super::anchor::{Anchor, Draft, NOTHING};
use super::anchors::{self, Head};
use super::day::{self, Day};
use super::hex;
use super::merkle::{self, Blocks, Hash};
use super::signing::Signer;
use crate::db::DbConnection;
use crate::db::schema::{anchor_leaves, cases, events};
use crate::db::types::{CaseId, Time};
use crate::error::{Error, Result};

/// Seconds after midnight until which writes of the day before have long been committed.
pub const MARGIN_SECONDS: i64 = 900;
/// Seconds after which a day without its anchor is a problem.
const PATIENCE_SECONDS: i64 = 6 * 3600;
/// Events that are read at a time.
const PAGE: i64 = 10_000;

/// Everything that goes into one anchor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Harvest {
    /// One for each case that moved on, by case id.
    pub heads: Vec<Head>,
    /// By how many events.
    pub events: i64,
}

/// The anchors that are due, oldest first.
#[derive(Debug)]
pub struct Due {
    /// Number and hash of the anchor before.
    pub after: (i32, String),
    pub days: Vec<(Day, Harvest)>,
}

/// The latest day that may be anchored now.
pub fn last_day_over(now: Time, zone: &TimeZone) -> Result<Day> {
    Day::of(now.plus_seconds(-MARGIN_SECONDS), zone).previous()
}

/// What is due now; nothing when every day that is over has its anchor, and before the first event.
pub fn due(connection: &mut DbConnection, now: Time) -> Result<Option<Due>> {
    let zone = day::zone()?;
    let until = last_day_over(now, &zone)?;
    let last = anchors::last(connection)?;
    let first = last.as_ref().map(|last| last.day.next()).transpose()?;
    if first.is_some_and(|first| first > until) {
        return Ok(None);
    }
    let mut found = harvest(connection, &zone, first, until)?;
    let Some(first) = first.or_else(|| found.keys().next().copied()) else { return Ok(None) };
    let mut days = Vec::new();
    let mut day = first;
    while day <= until {
        days.push((day, found.remove(&day).unwrap_or_default()));
        day = day.next()?;
    }
    let after = last.map_or_else(|| (0, NOTHING.to_owned()), |last| (last.number, last.hash));
    Ok(Some(Due { after, days }))
}

/// How many days have been over for more than a few hours and have no anchor; none before the first case.
pub fn days_behind(connection: &mut DbConnection, now: Time) -> Result<i64> {
    let zone = day::zone()?;
    let until = last_day_over(now.plus_seconds(-PATIENCE_SECONDS), &zone)?;
    let first = match anchors::last(connection)? {
        Some(last) => last.day.next()?,
        None => match cases::table.select(min(cases::registered_at)).first::<Option<Time>>(connection)? {
            Some(first) => Day::of(first, &zone),
            None => return Ok(0),
        },
    };
    Ok(until.days_since(first).saturating_add(1).max(0))
}

type Event = (CaseId, i32, Time, String);

/// All that no anchor holds yet, by the day in whose anchor it belongs: not before `first`, not after `until`.
fn harvest(
    connection: &mut DbConnection,
    zone: &TimeZone,
    first: Option<Day>,
    until: Day,
) -> Result<BTreeMap<Day, Harvest>> {
    let mut found: BTreeMap<Day, Harvest> = BTreeMap::new();
    let mut place: Option<(CaseId, i32)> = None;
    // the case that is being read, and the day that its last event went to; none when it ended for this time
    let mut open: Option<(CaseId, Option<Day>)> = None;
    loop {
        let page = unanchored(connection, place)?;
        for (case, seq, at, hash) in &page {
            let before = match open {
                Some((same, day)) if same == *case => day,
                _ => Some(first.unwrap_or_else(|| Day::of(*at, zone))),
            };
            // the events of a case are anchored in their order, whatever their clocks said
            let day = before.map(|before| before.max(Day::of(*at, zone))).filter(|day| *day <= until);
            let hash = hex::digest(hash);
            if let (Some(day), Some(hash)) = (day, hash) {
                found.entry(day).or_default().take(Head { case: *case, seq: *seq, hash });
            } else if day.is_some() {
                tracing::error!(case.id = %case, seq, "an event's hash is damaged; its case is not anchored");
            }
            open = Some((*case, day.filter(|_| hash.is_some())));
        }
        place = page.last().map(|(case, seq, ..)| (*case, *seq));
        if page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX) {
            return Ok(found);
        }
    }
}

impl Harvest {
    /// Takes the next event, which follows the last one where the case is the same.
    fn take(&mut self, head: Head) {
        self.events += 1;
        match self.heads.last_mut().filter(|last| last.case == head.case) {
            Some(last) => *last = head,
            None => self.heads.push(head),
        }
    }
}

/// The next page of events above the anchored part of their case, by case and order.
fn unanchored(connection: &mut DbConnection, after: Option<(CaseId, i32)>) -> Result<Vec<Event>> {
    use anchor_leaves as l;
    use events as e;
    let is_anchored = l::table.filter(l::case_id.eq(e::case_id).and(l::seq.ge(e::seq)));
    let (case, seq) = after.unwrap_or((CaseId(i64::MIN), 0));
    Ok(e::table
        .filter(e::case_id.ge(case))
        .filter(e::case_id.ne(case).or(e::seq.gt(seq)))
        .filter(not(exists(is_anchored)))
        .order((e::case_id, e::seq))
        .limit(PAGE)
        .select((e::case_id, e::seq, e::at, e::hash))
        .load(connection)?)
}

/// An anchor that is ready to be written.
#[derive(Debug)]
pub struct Made {
    pub anchor: Anchor,
    pub heads: Vec<Head>,
    pub blocks: Vec<Hash>,
}

/// Signs what was harvested for a day.
///
/// # Errors
/// `Internal` for more leaves than can be counted.
pub fn make(day: Day, harvest: Harvest, after: (i32, &str), made_at: Time, signer: &Signer) -> Result<Made> {
    let mut blocks = Blocks::default();
    harvest.heads.iter().for_each(|head| blocks.push(merkle::leaf(&head.hash)));
    let blocks = blocks.finish();
    let leaves = i64::try_from(harvest.heads.len()).map_err(Error::internal)?;
    let draft = Draft { day, leaves, events: harvest.events, root: merkle::root(&blocks), made_at };
    Ok(Made { anchor: Anchor::signed(draft, after, signer), heads: harvest.heads, blocks })
}
