//! Random histories, each spoilt in every way: nothing goes unseen, and the place is told.

use proptest::prelude::*;

use super::Known;
use super::finding::{Report, What};
use super::history::History;
use super::pages::{FiledWords, Head};
use super::roots::Ends;
use super::rows::Own;
use crate::db::types::{CaseId, EventId, OfficeId, Time, UserId};
use crate::domain::cases::life::Fact;
use crate::domain::cases::sha256_hex;
use crate::domain::history::anchors::Leaf;
use crate::domain::history::chain::{Line, Stored, link, salt};

const CASE: CaseId = CaseId(77);
const CODE: &str = "26061012344";

fn at(minute: i64) -> Time {
    "2026-06-10T06:00:00Z".parse::<Time>().unwrap().plus_seconds(minute * 60)
}

fn event(seq: i32, before: &str) -> Stored {
    let fact = if seq == 1 {
        Fact::CaseRegistered {
            tracking_code: CODE.into(),
            office: OfficeId(1),
            kind: "request".into(),
            channel: "web".into(),
            text_sha256: sha256_hex("text".as_bytes()),
            downgraded_from: None,
            category: None,
            due_at: None,
            citizen_digest: None,
        }
    } else {
        Fact::NoteAdded { note: crate::db::types::NoteId(seq.into()), text_sha256: None }
    };
    let line = Line {
        id: EventId(1000 + i64::from(seq)),
        case: CASE,
        seq,
        at: at(seq.into()),
        actor: "staff".into(),
        user: Some(UserId(5)),
        office: Some(OfficeId(1)),
        salt: salt(),
        payload: serde_json::to_string(&fact).unwrap(),
    };
    let hash = link(before, &line.digest());
    Stored { kind: fact.name().into(), hash, line, digest: None }
}

/// A case with so many events, of which the first `anchored` are held by an anchor.
#[derive(Debug, Clone)]
struct Told {
    head: Option<Head>,
    events: Vec<Stored>,
    leaves: Vec<Leaf>,
}

impl Told {
    fn new(count: usize, anchored: usize) -> Self {
        let mut events: Vec<Stored> = Vec::new();
        for seq in 1..=count {
            let before = events.last().map_or("", |event| event.hash.as_str()).to_owned();
            events.push(event(i32::try_from(seq).unwrap(), &before));
        }
        let leaves = events[..anchored].last().map(|event| Leaf {
            anchor: 1,
            position: 0,
            case: CASE,
            seq: event.line.seq,
            hash: event.hash.clone(),
        });
        let mut told = Self { head: None, events, leaves: leaves.into_iter().collect() };
        told.settle();
        told
    }

    /// Makes the case's row say what its events say.
    fn settle(&mut self) {
        let last = self.events.last();
        self.head = Some(Head {
            id: CASE,
            tracking_code: CODE.into(),
            last_seq: last.map_or(0, |event| event.line.seq),
            last_hash: last.map_or_else(String::new, |event| event.hash.clone()),
            words: FiledWords::Read("text".into()),
        });
    }

    /// Computes every hash from this place on anew, as somebody would who knows the format.
    fn rehash(&mut self, from: usize) {
        for place in from..self.events.len() {
            let before = if place == 0 { String::new() } else { self.events[place - 1].hash.clone() };
            self.events[place].hash = link(&before, &self.events[place].line.digest());
        }
        self.settle();
    }

    fn renumber(&mut self) {
        for (place, event) in self.events.iter_mut().enumerate() {
            event.line.seq = i32::try_from(place + 1).unwrap();
        }
    }

    fn report(&self) -> Report {
        let history = History {
            id: CASE,
            head: self.head.as_ref(),
            events: &self.events,
            leaves: &self.leaves,
            standing: None,
            own: Own::default(),
            tombstones: &[],
        };
        let mut report = Report::default();
        super::check(&history, &Ends::default(), &Known::default(), &mut report);
        report
    }

    /// What was found at which event.
    fn found(&self) -> Vec<(What, Option<i32>)> {
        self.report().findings.iter().map(|finding| (finding.what, finding.place.seq)).collect()
    }
}

type Edit = fn(&mut Stored);

/// Every column of an event that somebody may edit.
const EDITS: [(&str, Edit); 10] = [
    ("id", |e| e.line.id.0 += 1),
    ("case_id", |e| e.line.case.0 += 1),
    ("at", |e| e.line.at = e.line.at.plus_seconds(1)),
    ("actor", |e| e.line.actor = "system".into()),
    ("user_id", |e| e.line.user = None),
    ("office_id", |e| e.line.office = Some(OfficeId(2))),
    ("salt", |e| e.line.salt = "0".repeat(32)),
    ("payload", |e| e.line.payload = e.line.payload.replacen('"', " \"", 2)),
    ("kind", |e| e.kind.push('x')),
    ("hash", |e| e.hash = sha256_hex(e.hash.as_bytes())),
];

proptest! {
    #[test]
    fn an_edit_of_any_column_of_any_event_is_found_there(
        count in 1..12_usize, draw in any::<prop::sample::Index>(), column in 0..EDITS.len(),
    ) {
        let mut told = Told::new(count, 0);
        let place = draw.index(count);
        (EDITS[column].1)(&mut told.events[place]);
        let seq = i32::try_from(place + 1).unwrap();
        let found = told.found();
        prop_assert!(found.contains(&(What::Edited, Some(seq))), "{}: {:?}", EDITS[column].0, found);
        prop_assert!(found.iter().all(|(what, at)| *what == What::Edited && *at == Some(seq)), "{:?}", found);
    }

    #[test]
    fn an_edit_whose_hash_was_made_anew_is_found_at_the_next_event_or_at_the_head(
        count in 1..12_usize, draw in any::<prop::sample::Index>(),
    ) {
        let mut told = Told::new(count, 0);
        let place = draw.index(count);
        told.events[place].line.user = None;
        let before = if place == 0 { String::new() } else { told.events[place - 1].hash.clone() };
        told.events[place].hash = link(&before, &told.events[place].line.digest());
        let seq = i32::try_from(count.min(place + 2)).unwrap();
        prop_assert_eq!(told.found(), vec![(What::Edited, Some(seq))]);
    }

    #[test]
    fn a_removed_event_leaves_a_gap_and_a_closed_gap_shows(
        count in 2..12_usize, draw in any::<prop::sample::Index>(),
    ) {
        let place = draw.index(count);
        let seq = i32::try_from(place + 1).unwrap();
        let mut told = Told::new(count, 0);
        told.events.remove(place);
        prop_assert_eq!(told.found(), vec![(What::Removed, Some(seq))]);
        told.renumber();
        let found = told.found();
        prop_assert!(!found.is_empty(), "the followers were numbered anew");
        prop_assert!(found.iter().all(|(_, at)| at.is_some_and(|at| at >= seq)), "{:?}", found);
    }

    #[test]
    fn a_removed_tail_is_named_from_its_first_event_on(count in 2..12_usize, draw in any::<prop::sample::Index>()) {
        let left = 1 + draw.index(count - 1);
        let mut told = Told::new(count, count);
        told.events.truncate(left);
        let first_gone = i32::try_from(left + 1).unwrap();
        prop_assert_eq!(told.found(), vec![(What::Removed, Some(first_gone))]);
        // the case's row was made to fit; the anchor still knows
        told.settle();
        prop_assert_eq!(told.found(), vec![(What::Removed, Some(first_gone))]);
    }

    #[test]
    fn an_inserted_event_is_found(count in 1..12_usize, draw in any::<prop::sample::Index>()) {
        let mut told = Told::new(count, 0);
        let place = 1 + draw.index(count);
        let seq = i32::try_from(place + 1).unwrap();
        let mut put_in = event(seq, &told.events[place - 1].hash);
        put_in.line.id = EventId(9);
        put_in.hash = link(&told.events[place - 1].hash, &put_in.line.digest());
        told.events.insert(place, put_in);
        told.renumber();
        let found = told.found();
        prop_assert!(!found.is_empty());
        prop_assert!(found.iter().all(|(_, at)| at.is_some_and(|at| at >= seq)), "{:?}", found);
    }

    #[test]
    fn swapped_events_are_told_with_the_places_where_they_were_written(
        count in 2..12_usize, one in any::<prop::sample::Index>(), other in any::<prop::sample::Index>(),
    ) {
        let (one, other) = (one.index(count), other.index(count));
        prop_assume!(one != other);
        let mut told = Told::new(count, 0);
        told.events.swap(one, other);
        told.renumber();
        let found = told.found();
        for place in [one, other] {
            let seq = i32::try_from(place + 1).unwrap();
            prop_assert!(found.contains(&(What::Moved, Some(seq))), "{:?}", found);
        }
    }

    #[test]
    fn a_history_that_was_computed_anew_is_found_by_its_anchor(
        count in 1..12_usize, anchored in any::<prop::sample::Index>(), draw in any::<prop::sample::Index>(),
    ) {
        let anchored = 1 + anchored.index(count);
        let mut told = Told::new(count, anchored);
        prop_assert_eq!(told.found(), vec![]);
        let place = draw.index(count);
        told.events[place].line.user = None;
        told.rehash(place);
        let found = told.found();
        // what no anchor holds yet stands on its chain alone, as FORMAT.md says
        let expected = if place < anchored {
            vec![(What::Edited, Some(i32::try_from(anchored).unwrap()))]
        } else {
            vec![]
        };
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn an_inserted_event_with_a_made_up_hash_is_told_from_those_that_it_pushed_down() {
    let mut told = Told::new(4, 0);
    let mut put_in = event(3, "");
    put_in.line.id = EventId(9);
    told.events.insert(2, put_in);
    told.renumber();
    let found = told.found();
    assert!(found.contains(&(What::Inserted, Some(3))), "{found:?}");
    assert!(found.contains(&(What::Moved, Some(4))) && found.contains(&(What::Moved, Some(5))), "{found:?}");
}

#[test]
fn a_case_that_is_gone_is_named_by_its_anchor_or_by_what_is_left_of_it() {
    let mut told = Told::new(3, 2);
    told.head = None;
    assert_eq!(told.found(), [(What::CaseRemoved, None)]);
    assert!(told.report().findings[0].to_string().contains(CODE));
    told.events.clear();
    let report = told.report();
    assert_eq!(
        report.findings[0].to_string(),
        "case removed: case 77: the case is gone; 0 of at least 2 event(s) are left"
    );
}

#[test]
fn another_code_or_other_words_than_were_filed_are_found() {
    let mut told = Told::new(1, 1);
    told.head.as_mut().unwrap().tracking_code = "26061000000".into();
    assert_eq!(told.found(), [(What::Edited, None)]);
    told.settle();
    for words in [FiledWords::Read("other".into()), FiledWords::Altered] {
        told.head.as_mut().unwrap().words = words;
        assert_eq!(told.found(), [(What::Words, None)]);
    }
    told.head.as_mut().unwrap().words = FiledWords::Locked;
    assert_eq!((told.found(), told.report().locked), (vec![], 1), "told, and no finding");
    // an edit that looks like an erasure
    told.head.as_mut().unwrap().words = FiledWords::Read(String::new());
    assert_eq!((told.found(), told.report().erased), (vec![(What::Erasure, None)], 0));
}

#[test]
fn an_event_that_says_it_happened_before_its_neighbour_is_found() {
    let mut told = Told::new(3, 0);
    told.events[2].line.at = at(-60);
    told.rehash(2);
    assert_eq!(told.found(), [(What::Backdated, Some(3))]);
}
