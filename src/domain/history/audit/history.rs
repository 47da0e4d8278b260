//! One history against itself: its chain, its case, its anchors, its words.

use std::collections::{BTreeMap, BTreeSet};

use super::erasures::Erasures;
use super::finding::{Place, Report, What};
use super::pages::{Buried, FiledWords, Head};
use super::roots::Ends;
use super::rows::{Own, Standing};
use crate::db::types::{CaseId, Time};
use crate::domain::cases::life::Fact;
use crate::domain::cases::sha256_hex;
use crate::domain::history::anchoring::MARGIN_SECONDS;
use crate::domain::history::anchors::Leaf;
use crate::domain::history::chain::{Line, Stored, link};

/// Events up to which it is tried out where a moved one came from.
const TRACEABLE: usize = 300;

/// Events that write an answer.
const WRITTEN: [&str; 2] = ["answer_submitted", "answer_shared"];

/// All that is stored of one case's history.
pub struct History<'a> {
    pub id: CaseId,
    /// The row of the case; none when it is gone.
    pub head: Option<&'a Head>,
    /// In the order that they claim.
    pub events: &'a [Stored],
    /// What anchors hold of it, in order.
    pub leaves: &'a [Leaf],
    /// Where the row of the case says that it stands.
    pub standing: Option<&'a Standing>,
    pub own: Own<'a>,
    pub tombstones: &'a [Buried],
}

impl History<'_> {
    pub(super) fn place(&self, event: Option<&Stored>) -> Place {
        Place {
            case: Some(self.id),
            tracking_code: self.head.map(|head| head.tracking_code.clone()).or_else(|| self.filed_under()),
            seq: event.map(|event| event.line.seq),
            event: event.map(|event| event.line.id),
            day: None,
        }
    }

    fn at_seq(&self, seq: i32) -> Place {
        Place { seq: Some(seq), ..self.place(None) }
    }

    fn first_fact(&self) -> Option<Fact> {
        let first = self.events.first().filter(|event| event.line.seq == 1)?;
        serde_json::from_str(&first.line.payload).ok()
    }

    /// The code that the first event holds.
    fn filed_under(&self) -> Option<String> {
        match self.first_fact()? {
            Fact::CaseRegistered { tracking_code, .. } => Some(tracking_code),
            _ => None,
        }
    }

    /// Whether the case is there, and all of its events up to where it or an anchor says that they go.
    pub fn check_whole(&self, report: &mut Report) {
        let told = self.head.map_or(0, |head| head.last_seq);
        let anchored = self.leaves.last().map_or(0, |leaf| leaf.seq);
        let last = self.events.last().map_or(0, |event| event.line.seq);
        if self.head.is_none() {
            let left = self.events.len();
            let detail =
                format!("the case is gone; {left} of at least {} event(s) are left", last.max(anchored));
            report.add(What::CaseRemoved, self.place(None), detail);
            return;
        }
        let mut before = 0;
        for event in self.events {
            if event.line.seq > before + 1 {
                self.removed(before + 1, event.line.seq - 1, report);
            }
            before = event.line.seq;
        }
        if told.max(anchored) > last {
            self.removed(last + 1, told.max(anchored), report);
        }
        for event in self.events.iter().filter(|event| event.line.seq > told || event.line.seq < 1) {
            let detail = format!("the case says that its history ends with event {told}");
            report.add(What::Inserted, self.place(Some(event)), detail);
        }
        if let (Some(head), Some(event)) = (self.head, self.events.last())
            && event.line.seq == head.last_seq
            && event.hash != head.last_hash
        {
            let detail = "the case says that its history ends with another event of this number";
            report.add(What::Edited, self.place(Some(event)), detail);
        }
    }

    fn removed(&self, from: i32, to: i32, report: &mut Report) {
        let detail = if from == to {
            "the event is gone".to_owned()
        } else {
            format!("the events {from} to {to} are gone")
        };
        report.add(What::Removed, self.at_seq(from), detail);
    }

    /// Whether each event is what it was when its hash was made, follows from the one before, and is the one that
    /// was anchored.
    pub fn check_links(&self, ends: &Ends, erasures: &Erasures, report: &mut Report) {
        let broken = self.broken(erasures);
        let origins = self.origins(&broken);
        let whole = self.events.iter().enumerate().filter(|(at, _)| !broken.contains(at));
        let mut written: BTreeSet<i32> = whole.map(|(_, event)| event.line.seq).collect();
        written.extend(origins.values());
        for &at in &broken {
            let event = &self.events[at];
            let seq = event.line.seq;
            let (what, detail) = match origins.get(&at) {
                Some(&origin) if origin != seq => (What::Moved, format!("it was written as event {origin}")),
                Some(_) => (What::Moved, "it was written after another event than stands before it".to_owned()),
                None if written.contains(&seq) => {
                    (What::Inserted, "another event was written with this number".to_owned())
                }
                None if self.is_vouched(at, &broken) => (What::Edited, "it is not what it was".to_owned()),
                None => (
                    What::Edited,
                    "it does not follow from what stands before it: one of the two was changed, replaced or removed"
                        .to_owned(),
                ),
            };
            report.add(what, self.place(Some(event)), detail);
        }
        for (at, event) in self.events.iter().enumerate().filter(|(at, _)| !broken.contains(at)) {
            self.check_anchored(event, ends, report);
            // the name stands in a column of its own, which no hash covers
            if !event.line.payload.starts_with(&format!("{{\"event\":\"{}\"", event.kind)) {
                report.add(
                    What::Edited,
                    self.place(Some(&self.events[at])),
                    "its name is not that of its fact",
                );
            }
        }
    }

    /// An event that holds to its neighbours may still be another than was anchored.
    fn check_anchored(&self, event: &Stored, ends: &Ends, report: &mut Report) {
        let leaf = self.leaves.iter().find(|leaf| leaf.seq == event.line.seq);
        if let Some(leaf) = leaf.filter(|leaf| leaf.hash != event.hash) {
            let place = Place { day: ends.day(leaf.anchor), ..self.place(Some(event)) };
            report.add(
                What::Edited,
                place,
                "it is not the event that was anchored: the history was rewritten",
            );
        }
    }

    /// Places of events whose hash is not that of what they say and follow.
    fn broken(&self, erasures: &Erasures) -> BTreeSet<usize> {
        let mut broken = BTreeSet::new();
        // the hash before as it is stored, and as it should be; none where that event is gone
        let mut before: Option<(String, String)> = Some(Default::default());
        let mut seq = 0;
        for (at, event) in self.events.iter().enumerate() {
            if event.line.seq != seq + 1 {
                let leaf = self.leaves.iter().find(|leaf| leaf.seq + 1 == event.line.seq);
                before = leaf.map(|leaf| (leaf.hash.clone(), leaf.hash.clone()));
            }
            seq = event.line.seq;
            let digest = erasures.digest_of(event);
            let Some((stored, right)) = &before else {
                before = Some((event.hash.clone(), event.hash.clone()));
                continue;
            };
            let due = link(stored, &digest);
            if event.hash != due && (stored == right || event.hash != link(right, &digest)) {
                broken.insert(at);
            }
            before = Some((event.hash.clone(), due));
        }
        broken
    }

    /// The numbers under which broken events were written, where their content is still what it was.
    fn origins(&self, broken: &BTreeSet<usize>) -> BTreeMap<usize, i32> {
        if broken.is_empty() || self.events.len() > TRACEABLE {
            return BTreeMap::new();
        }
        let hashes: Vec<&str> =
            std::iter::once("").chain(self.events.iter().map(|event| event.hash.as_str())).collect();
        let last = self.events.last().map_or(0, |event| event.line.seq);
        let traced = broken.iter().filter_map(|&at| {
            let event = &self.events[at];
            let origin = (1..=last + 1).find(|&seq| {
                let digest = Line { seq, ..event.line.clone() }.digest();
                hashes.iter().any(|before| link(before, &digest) == event.hash)
            })?;
            Some((at, origin))
        });
        traced.collect()
    }

    /// Whether what comes after a broken event holds to its hash, so that only its content can have changed.
    fn is_vouched(&self, at: usize, broken: &BTreeSet<usize>) -> bool {
        match self.events.get(at + 1) {
            Some(next) => next.line.seq == self.events[at].line.seq + 1 && !broken.contains(&(at + 1)),
            None => self.head.is_some_and(|head| head.last_hash == self.events[at].hash),
        }
    }

    /// Whether each event was there when the day on which it says it happened was anchored.
    pub fn check_times(&self, ends: &Ends, report: &mut Report) {
        let mut leaves = self.leaves.iter().peekable();
        let mut latest = Time::from_microsecond(0);
        for event in self.events {
            while leaves.peek().is_some_and(|leaf| leaf.seq < event.line.seq) {
                leaves.next();
            }
            let anchor = leaves.peek().map(|leaf| leaf.anchor);
            report.unanchored += u64::from(anchor.is_none());
            if event.line.at < latest.plus_seconds(-MARGIN_SECONDS) {
                let detail = format!("it says {}, and an event before it {latest}", event.line.at);
                report.add(What::Backdated, self.place(Some(event)), detail);
            }
            latest = latest.max(event.line.at);
            if let Some((day, _)) = ends.before(anchor).filter(|(_, end)| latest < *end) {
                let detail = format!("it says {}, but was not there when {day} was anchored", event.line.at);
                report.add(What::Backdated, self.place(Some(event)), detail);
            }
        }
    }

    /// Whether code and words of the case and its answers are those whose digests its events hold.
    pub fn check_words(&self, erasures: &Erasures, report: &mut Report) {
        let Some(head) = self.head else { return };
        if let Some(Fact::CaseRegistered { tracking_code, text_sha256, .. }) = self.first_fact() {
            if tracking_code != head.tracking_code {
                let detail = format!("it was filed under the code {tracking_code}");
                report.add(What::Edited, self.place(None), detail);
            }
            self.check_told("the words of the case", &head.words, &text_sha256, erasures, report);
        }
        let written = self.events.iter().filter(|event| WRITTEN.contains(&event.kind.as_str()));
        for event in written {
            let (answer, text_sha256) = match serde_json::from_str(&event.line.payload) {
                Ok(Fact::AnswerSubmitted { answer, text_sha256, .. })
                | Ok(Fact::AnswerShared { answer, text_sha256, .. }) => (answer, text_sha256),
                _ => continue,
            };
            match self.own.answers.iter().find(|row| row.id == answer) {
                Some(row) => {
                    let what = format!("the words of answer {answer}");
                    self.check_text(&what, &row.text, &text_sha256, erasures, report);
                }
                None => {
                    let detail = format!("answer {answer} of it is gone");
                    report.add(What::Words, self.place(Some(event)), detail);
                }
            }
        }
    }

    /// The same of words that may be stored sealed.
    pub(super) fn check_told(
        &self,
        what: &str,
        words: &FiledWords,
        digest: &str,
        erasures: &Erasures,
        report: &mut Report,
    ) {
        match words {
            FiledWords::Read(text) => self.check_text(what, text, digest, erasures, report),
            FiledWords::Locked => report.locked += 1,
            FiledWords::Altered => {
                let detail = format!("{what} are stored sealed, and are gone, or were altered or moved");
                report.add(What::Words, self.place(None), detail);
            }
        }
    }

    pub(super) fn check_text(
        &self,
        what: &str,
        text: &str,
        digest: &str,
        erasures: &Erasures,
        report: &mut Report,
    ) {
        if text.is_empty() && erasures.hold_text() {
            report.erased += 1;
        } else if text.is_empty() {
            let detail = format!("{what} were emptied, and no signed tombstone says so");
            report.add(What::Erasure, self.place(None), detail);
        } else if sha256_hex(text.as_bytes()) != digest {
            let detail = format!("{what} are not those that were written then");
            report.add(What::Words, self.place(None), detail);
        }
    }
}
