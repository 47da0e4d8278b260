//! The anchors against themselves: signatures, order, and roots computed anew from their leaves.

use std::collections::BTreeMap;

use diesel::prelude::*;

use super::Known;
use super::finding::{Place, Report, What};
use crate::db::DbConnection;
use crate::db::schema::anchor_leaves;
use crate::db::types::{CaseId, Time};
use crate::domain::history::anchor::{Anchor, NOTHING};
use crate::domain::history::anchors;
use crate::domain::history::day::{self, Day};
use crate::domain::history::hex;
use crate::domain::history::merkle::{self, BLOCK, Blocks};
use crate::error::Result;

/// Anchors and leaves that are read at a time.
const PAGE: i64 = 500;
const LEAVES: i64 = 10_000;

/// When the day of each anchor ended, by number.
#[derive(Debug, Default)]
pub struct Ends(BTreeMap<i32, (Day, Time)>);

impl Ends {
    /// The day of an anchor, where it is there.
    pub fn day(&self, number: i32) -> Option<Day> {
        self.0.get(&number).map(|(day, _)| *day)
    }

    /// The last anchored day, and its end, that came before this anchor; before none, the last of all.
    pub fn before(&self, number: Option<i32>) -> Option<(Day, Time)> {
        self.0.range(..number.unwrap_or(i32::MAX)).next_back().map(|(_, end)| *end)
    }
}

/// Checks every anchor; gives when their days ended.
pub fn check(
    connection: &mut DbConnection,
    known: &Known,
    report: &mut Report,
    passed: &mut dyn FnMut(u64),
) -> Result<Ends> {
    let zone = day::zone()?;
    let exported: BTreeMap<i32, &Anchor> =
        known.exported.iter().map(|anchor| (anchor.number, anchor)).collect();
    let (mut ends, mut before): (Ends, Option<Anchor>) = (Ends::default(), None);
    loop {
        let page = anchors::page(connection, before.as_ref().map_or(i32::MIN, |last| last.number), PAGE)?;
        for anchor in page.iter() {
            check_alone(anchor, known, &exported, report);
            check_order(anchor, before.as_ref(), report);
            check_leaves(connection, anchor, report, passed)?;
            ends.0.insert(anchor.number, (anchor.day, anchor.day.end(&zone)?));
            report.anchors += 1;
            report.last_day = Some(anchor.day);
            before = Some(anchor.clone());
        }
        if page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX) {
            break;
        }
    }
    for (_, anchor) in exported.iter().filter(|(number, _)| !ends.0.contains_key(number)) {
        report.add(What::Anchor, of(anchor), "it was exported, and is not in the database");
    }
    Ok(ends)
}

fn of(anchor: &Anchor) -> Place {
    Place { day: Some(anchor.day), ..Place::default() }
}

fn check_alone(anchor: &Anchor, known: &Known, exported: &BTreeMap<i32, &Anchor>, report: &mut Report) {
    let own = std::slice::from_ref(&anchor.key);
    let keys = if known.keys.is_empty() { own } else { &known.keys };
    if let Some(fault) = anchor.fault(keys) {
        report.add(What::Anchor, of(anchor), fault);
    }
    if exported.get(&anchor.number).is_some_and(|exported| *exported != anchor) {
        report.add(What::Anchor, of(anchor), "it is not the one that was exported: it was replaced");
    }
}

fn check_order(anchor: &Anchor, before: Option<&Anchor>, report: &mut Report) {
    let fault = match before {
        Some(before) => anchor.fault_after(before),
        None => (anchor.number != 1 || anchor.previous != NOTHING)
            .then(|| "the anchors before it are gone".to_owned()),
    };
    if let Some(fault) = fault {
        report.add(What::Anchor, of(anchor), fault);
    }
}

/// Computes the root anew; where it is another one, says which leaves differ.
fn check_leaves(
    connection: &mut DbConnection,
    anchor: &Anchor,
    report: &mut Report,
    passed: &mut dyn FnMut(u64),
) -> Result<()> {
    let (mut blocks, mut next, mut from) = (Blocks::default(), 0_i64, i32::MIN);
    loop {
        let leaves = anchors::leaves(connection, anchor.number, from, LEAVES)?;
        for (position, hash) in &leaves {
            let position = i64::from(*position);
            if position > next {
                missing(connection, anchor, next, position, report)?;
            }
            next = position + 1;
            blocks.push(merkle::leaf(&hex::digest(hash).unwrap_or_default()));
        }
        passed(leaves.len() as u64);
        match leaves.last() {
            Some((last, _)) if *last < i32::MAX => from = last + 1,
            _ => break,
        }
    }
    if next < anchor.leaves {
        missing(connection, anchor, next, anchor.leaves, report)?;
    }
    let blocks = blocks.finish();
    if hex::encode(&merkle::root(&blocks)) != anchor.root || next != anchor.leaves {
        let detail = match differing(connection, anchor, &blocks)? {
            Some(place) => format!("its leaves are not those that were signed: {place}"),
            None => "its leaves are not those that were signed".to_owned(),
        };
        report.add(What::Anchor, of(anchor), detail);
    }
    Ok(())
}

/// The first block of leaves whose root is not the stored one; none when the stored ones are false themselves.
fn differing(
    connection: &mut DbConnection,
    anchor: &Anchor,
    blocks: &[merkle::Hash],
) -> Result<Option<String>> {
    let Some(stored) = anchors::blocks(connection, anchor.number)? else { return Ok(None) };
    if hex::encode(&merkle::root(&stored)) != anchor.root {
        return Ok(None);
    }
    let first = stored.iter().enumerate().position(|(at, root)| blocks.get(at) != Some(root));
    Ok(first.map(|block| {
        let last = ((block + 1) * BLOCK).min(usize::try_from(anchor.leaves).unwrap_or(usize::MAX));
        format!("the first that differs is between leaf {} and {}", block * BLOCK, last.saturating_sub(1))
    }))
}

/// Leaves from one position to before another are gone: cases were removed together with them.
fn missing(
    connection: &mut DbConnection,
    anchor: &Anchor,
    from: i64,
    to: i64,
    report: &mut Report,
) -> Result<()> {
    use anchor_leaves as l;
    let place = |position: i64| i32::try_from(position).unwrap_or(i32::MAX);
    let own = l::table.filter(l::anchor.eq(anchor.number));
    let below: Option<CaseId> =
        own.filter(l::position.lt(place(from))).select(diesel::dsl::max(l::case_id)).first(connection)?;
    let above: Option<CaseId> =
        own.filter(l::position.ge(place(to))).select(diesel::dsl::min(l::case_id)).first(connection)?;
    let named = |case: Option<CaseId>, otherwise: &str| {
        case.map_or_else(|| otherwise.to_owned(), |case| format!("case {case}"))
    };
    let (count, below, above) = (to - from, named(below, "the first"), named(above, "the last"));
    let detail = format!("{count} case(s) that it held were removed, with ids between {below} and {above}");
    report.add(What::CaseRemoved, of(anchor), detail);
    Ok(())
}
