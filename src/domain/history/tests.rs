//! Anchors over a database: catching up, days without events, two processes, what comes late.

use std::sync::Arc;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::anchoring::{self, Due};
use super::audit::{self, Known, What};
use super::day::{self, Day};
use super::receipt;
use super::{Anchor, Signer, anchors};
use crate::db::schema::{anchor_leaves, cases, events};
use crate::db::types::{CaseId, Time};
use crate::db::{DbConnection, IdMaker};
use crate::domain::actor::{Act, Actor};
use crate::domain::crowd::{self, Crowd};
use crate::domain::history::check::{self, Evidence};
use crate::domain::keys::Keys;
use crate::domain::rulebook::RulebookCache;
use crate::domain::seed::Files;
use crate::domain::seed::tests::{database, now, seed};

/// A database with so many invented cases over two years.
fn filled(count: i64) -> (tempfile::TempDir, DbConnection, Act) {
    let (folder, mut connection) = database();
    let ids = Arc::new(IdMaker::new(1, 0));
    seed(&mut connection, &Files::embedded(), &ids);
    let rules = RulebookCache::default().current(&mut connection).unwrap();
    let vault = crate::domain::vault::tests::vault(&mut connection);
    let act = Act { actor: Actor::System, now: now(), rules, ids, keys: Keys::new(&[9; 32]), vault };
    fill(&mut connection, &act, count);
    (folder, connection, act)
}

fn fill(connection: &mut DbConnection, act: &Act, count: i64) {
    let mut crowd = Crowd::new(connection, act, count).unwrap();
    let rows = crowd.next(act, usize::try_from(count).unwrap()).unwrap();
    crowd::write(connection, act, &rows).unwrap();
}

fn write(connection: &mut DbConnection, act: &Act, due: Due) -> usize {
    let signer = Signer::of(&act.keys).unwrap();
    let (mut number, mut hash) = due.after;
    let mut written = 0;
    for (day, harvest) in due.days {
        let made = anchoring::make(day, harvest, (number, &hash), act.now, &signer).unwrap();
        (number, hash) = (made.anchor.number, made.anchor.hash.clone());
        let is_new = connection
            .transaction(|connection| anchors::write(connection, &made.anchor, &made.heads, &made.blocks))
            .unwrap();
        written += usize::from(is_new);
    }
    written
}

fn anchor_all(connection: &mut DbConnection, act: &Act) -> usize {
    let due = anchoring::due(connection, act.now).unwrap();
    due.map_or(0, |due| write(connection, act, due))
}

fn known(act: &Act) -> Known {
    Known {
        keys: vec![Signer::of(&act.keys).unwrap().public()],
        exported: Vec::new(),
        root: Some(act.keys.clone()),
        vault: Some(act.vault.clone()),
    }
}

fn found(connection: &mut DbConnection, act: &Act) -> Vec<String> {
    let report = audit::run(connection, &known(act), &mut |_| {}).unwrap();
    report.findings.iter().map(ToString::to_string).collect()
}

fn all(connection: &mut DbConnection) -> Vec<Anchor> {
    anchors::page(connection, 0, 10_000).unwrap()
}

#[test]
fn two_years_are_caught_up_day_by_day_and_every_case_proves_itself() {
    let (_folder, mut connection, act) = filled(365);
    let written = anchor_all(&mut connection, &act);
    let anchors = all(&mut connection);
    assert_eq!((anchors.len(), anchoring::due(&mut connection, act.now).unwrap().is_none()), (written, true));
    let (zone, filled): (_, i64) = (day::zone().unwrap(), anchors.iter().map(|anchor| anchor.leaves).sum());
    assert_eq!(anchors.last().unwrap().day, anchoring::last_day_over(act.now, &zone).unwrap());
    assert!((360..=365).contains(&filled), "all but those of today: {filled}");
    assert!(anchors.iter().any(|anchor| anchor.leaves == 0), "a day without events has an anchor");
    assert_eq!(found(&mut connection, &act), Vec::<String>::new());

    let ids: Vec<CaseId> = cases::table.order(cases::id).select(cases::id).load(&mut connection).unwrap();
    for case in ids.into_iter().step_by(30) {
        let receipt = receipt::issue(&mut connection, &act, case).unwrap();
        assert_eq!(receipt.proofs.len(), 1);
        let evidence = Evidence {
            receipts: vec![receipt],
            keys: known(&act).keys,
            anchors: Some(anchors.clone()),
            text: None,
        };
        assert_eq!(check::check(&evidence).wrong, Vec::<String>::new());
    }
}

#[test]
fn a_day_of_more_leaves_than_a_block_has_proves_each_of_them() {
    let (_folder, mut connection, act) = filled(600);
    let last = Day::of(act.now, &day::zone().unwrap());
    let late = Time::from_microsecond(act.now.as_microsecond()).plus_days(2);
    let mut due = anchoring::due(&mut connection, late).unwrap().unwrap();
    // as if everything had happened on one day
    let mut harvest = anchoring::Harvest::default();
    for (_, day) in due.days.drain(..) {
        harvest.heads.extend(day.heads);
        harvest.events += day.events;
    }
    harvest.heads.sort_by_key(|head| head.case);
    due.days.push((last, harvest));
    assert_eq!(write(&mut connection, &act, due), 1);
    assert_eq!(all(&mut connection)[0].leaves, 600);
    let ids: Vec<CaseId> = cases::table.select(cases::id).load(&mut connection).unwrap();
    for case in ids {
        assert!(receipt::issue(&mut connection, &act, case).is_ok(), "case {case}");
    }
}

#[test]
fn nothing_is_anchored_before_its_day_is_over_by_a_quarter_of_an_hour() {
    let (_folder, mut connection, act) = filled(50);
    anchor_all(&mut connection, &act);
    let zone = day::zone().unwrap();
    let midnight = Day::of(act.now, &zone).end(&zone).unwrap();
    let mut due = |at: Time| anchoring::due(&mut connection, at).unwrap().map(|due| due.days.len());
    assert_eq!(due(midnight.plus_seconds(anchoring::MARGIN_SECONDS - 1)), None);
    assert_eq!(due(midnight.plus_seconds(anchoring::MARGIN_SECONDS)), Some(1));
    assert_eq!(due(midnight.plus_days(2).plus_seconds(anchoring::MARGIN_SECONDS)), Some(3));
}

#[test]
fn of_two_processes_one_writes_and_the_other_stops() {
    let (_folder, mut connection, act) = filled(50);
    let (one, other) = (
        anchoring::due(&mut connection, act.now).unwrap(),
        anchoring::due(&mut connection, act.now).unwrap(),
    );
    let days = one.as_ref().unwrap().days.len();
    assert_eq!(write(&mut connection, &act, one.unwrap()), days);
    assert_eq!(write(&mut connection, &act, other.unwrap()), 0);
    assert_eq!(found(&mut connection, &act), Vec::<String>::new());
}

#[test]
fn what_comes_late_is_held_by_the_next_anchor_and_named() {
    let (_folder, mut connection, act) = filled(50);
    anchor_all(&mut connection, &act);
    let case: CaseId = cases::table.order(cases::id).select(cases::id).first(&mut connection).unwrap();
    let before = audit::run(&mut connection, &known(&act), &mut |_| {}).unwrap().events;
    // another second, so that ids differ
    fill(&mut connection, &Act { now: act.now.plus_seconds(-1), ..act.clone() }, 40);
    let report = audit::run(&mut connection, &known(&act), &mut |_| {}).unwrap();
    let late = report.counts[&What::Backdated];
    let added = report.events - before;
    assert!(added - 10 <= late && late <= added, "all but those of two cases of today: {late} of {added}");
    let tomorrow = Act { now: act.now.plus_days(1), ..act.clone() };
    assert_eq!(anchor_all(&mut connection, &tomorrow), 1);
    let report = audit::run(&mut connection, &known(&act), &mut |_| {}).unwrap();
    assert_eq!((report.counts[&What::Backdated], report.total(), report.unanchored), (late, late, 0));
    // such a case does not get a receipt that passes
    let first = all(&mut connection)[0].clone();
    let ids: Vec<CaseId> = anchor_leaves::table
        .filter(anchor_leaves::anchor.eq(all(&mut connection).len() as i32))
        .select(anchor_leaves::case_id)
        .load(&mut connection)
        .unwrap();
    let of_first = receipt::issue(&mut connection, &act, case).unwrap();
    let backdated = receipt::issue(&mut connection, &act, ids[0]).unwrap();
    let verdict = |receipt| {
        check::check(&Evidence { receipts: vec![receipt], keys: known(&act).keys, ..Evidence::default() })
    };
    assert_eq!((of_first.proofs[0].anchor.day, verdict(of_first).wrong), (first.day, vec![]));
    assert!(
        verdict(backdated).wrong[0].contains("first held by the anchor"),
        "a receipt of a backdated case"
    );
}

/// Lets the connection do what the service never does.
fn unguarded(connection: &mut DbConnection) {
    connection.batch_execute("PRAGMA foreign_keys = OFF").unwrap();
}

#[test]
fn an_anchor_that_was_edited_removed_or_forged_is_found() {
    let (_folder, mut connection, act) = filled(300);
    anchor_all(&mut connection, &act);
    let exported = all(&mut connection);
    unguarded(&mut connection);
    let (last, day) = (exported.len(), exported.last().unwrap().day);
    for (statement, words) in [
        ("UPDATE anchors SET leaves = leaves + 1 WHERE number = 5", "it was edited"),
        ("UPDATE anchors SET signature = hash || hash WHERE number = 5", "edited or forged"),
        ("UPDATE anchors SET previous = root WHERE number = 5", "replaced"),
        ("DELETE FROM anchors WHERE number = 5", "is missing"),
        ("DELETE FROM anchors WHERE number = 1", "the anchors before it are gone"),
        (
            "UPDATE anchor_leaves SET hash = (SELECT root FROM anchors WHERE number = 1) WHERE anchor = 6",
            "leaves",
        ),
        ("DELETE FROM anchor_leaves WHERE anchor = 6", "were removed"),
        (
            "INSERT INTO anchor_leaves SELECT anchor, 900, 1, 1, hash FROM anchor_leaves WHERE anchor = 6 LIMIT 1",
            "case 1",
        ),
    ] {
        connection.test_transaction::<_, crate::error::Error, _>(|connection| {
            connection.batch_execute(statement)?;
            let found = found(connection, &act);
            assert!(found.iter().any(|line| line.contains(words)), "{statement}: {found:?}");
            Ok(())
        });
    }
    // the last one leaves no gap; the exported file tells
    let statements =
        format!("DELETE FROM anchor_leaves WHERE anchor = {last}; DELETE FROM anchors WHERE number = {last}");
    connection.batch_execute(&statements).unwrap();
    assert_eq!(found(&mut connection, &act), Vec::<String>::new());
    let known = Known { exported, ..known(&act) };
    let report = audit::run(&mut connection, &known, &mut |_| {}).unwrap();
    assert_eq!(report.findings[0].place.day, Some(day));
    assert!(report.findings[0].detail.contains("exported"));
    // made anew, it is another one than was exported
    anchor_all(&mut connection, &Act { now: act.now.plus_seconds(60), ..act.clone() });
    let report = audit::run(&mut connection, &known, &mut |_| {}).unwrap();
    assert!(report.findings[0].detail.contains("replaced"), "{:?}", report.findings);
}

#[test]
fn an_anchor_of_another_key_is_trusted_only_where_that_key_is_given() {
    let (_folder, mut connection, act) = filled(30);
    anchor_all(&mut connection, &act);
    let later = Act { keys: Keys::new(&[1; 32]), now: act.now.plus_days(1), ..act.clone() };
    anchor_all(&mut connection, &later);
    let mut both = known(&act);
    assert!(found(&mut connection, &act)[0].contains("not trusted"));
    both.keys.extend(known(&later).keys);
    assert_eq!(audit::run(&mut connection, &both, &mut |_| {}).unwrap().total(), 0);
}

#[test]
fn a_case_that_was_removed_with_its_leaves_is_placed_between_its_neighbours() {
    let (_folder, mut connection, act) = filled(1500);
    let late = Act { now: act.now.plus_days(1), ..act.clone() };
    anchor_all(&mut connection, &late);
    let busy: i32 = all(&mut connection).iter().max_by_key(|anchor| anchor.leaves).unwrap().number;
    use anchor_leaves as l;
    let leaves: Vec<CaseId> = l::table
        .filter(l::anchor.eq(busy))
        .order(l::position)
        .select(l::case_id)
        .load(&mut connection)
        .unwrap();
    let gone = leaves[1];
    let tables = ["referrals", "case_scopes", "events", "anchor_leaves"];
    let mut statements: String =
        tables.iter().map(|table| format!("DELETE FROM {table} WHERE case_id = {gone}; ")).collect();
    statements += &format!("DELETE FROM cases WHERE id = {gone}");
    unguarded(&mut connection);
    connection.batch_execute(&statements).unwrap();
    let found = found(&mut connection, &act);
    let above = leaves.get(2).map_or_else(|| "the last".to_owned(), |case| format!("case {case}"));
    let place =
        format!("1 case(s) that it held were removed, with ids between case {} and {above}", leaves[0]);
    assert!(found.iter().any(|line| line.contains(&place)), "{place}: {found:?}");
}

#[test]
fn a_damaged_hash_holds_up_no_other_case() {
    let (_folder, mut connection, act) = filled(40);
    let damaged: CaseId = cases::table.order(cases::id).select(cases::id).first(&mut connection).unwrap();
    diesel::update(events::table.filter(events::case_id.eq(damaged)))
        .set(events::hash.eq("no digest"))
        .execute(&mut connection)
        .unwrap();
    assert!(anchor_all(&mut connection, &act) > 700);
    let found = found(&mut connection, &act);
    assert!(found.iter().all(|line| line.contains(&damaged.to_string())), "{found:?}");
    assert!(
        receipt::issue(&mut connection, &act, damaged)
            .is_err_and(|error| error.code().as_str() == "history_broken")
    );
}
