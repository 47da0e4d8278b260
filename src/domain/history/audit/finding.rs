//! What an audit finds, and where.

use std::collections::BTreeMap;
use std::fmt;

use crate::db::types::{CaseId, EventId, Time};
use crate::domain::history::Day;

/// Findings that are kept with their words; more are only counted.
const KEPT: usize = 10_000;

/// What was done to the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// An event, or what it stands for, says something else than it did.
    Edited,
    /// Events are gone.
    Removed,
    /// An event was put in.
    Inserted,
    /// An event stands at another place than it was written.
    Moved,
    /// A whole case is gone.
    CaseRemoved,
    /// An event says it happened at a time when it was not there.
    Backdated,
    /// The words of a case or an answer are not those that its event holds the digest of.
    Words,
    /// A row does not say what the events of its case say.
    Row,
    /// Words are gone and no signed tombstone says so, or a tombstone is missing or forged.
    Erasure,
    /// An anchor is missing, forged, or not of this database.
    Anchor,
}

impl What {
    /// One word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            What::Edited => "edited",
            What::Removed => "removed",
            What::Inserted => "inserted",
            What::Moved => "moved",
            What::CaseRemoved => "case removed",
            What::Backdated => "backdated",
            What::Words => "words changed",
            What::Row => "row changed",
            What::Erasure => "erasure",
            What::Anchor => "anchor",
        }
    }
}

/// Where it was done, as far as that is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    pub case: Option<CaseId>,
    pub tracking_code: Option<String>,
    pub seq: Option<i32>,
    pub event: Option<EventId>,
    pub day: Option<Day>,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub what: What,
    pub place: Place,
    /// What is wrong, in plain words.
    pub detail: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { case, tracking_code, seq, event, day } = &self.place;
        write!(f, "{}:", self.what.as_str())?;
        if let Some(day) = day {
            write!(f, " anchor of {day}")?;
        }
        if let Some(case) = case {
            write!(f, " case {case}")?;
        }
        if let Some(code) = tracking_code {
            write!(f, " ({code})")?;
        }
        if let Some(seq) = seq {
            write!(f, " event {seq}")?;
        }
        if let Some(event) = event {
            write!(f, " (id {event})")?;
        }
        write!(f, ": {}", self.detail)
    }
}

/// What no event tells, because it was written by an earlier version or the key to it is not there.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Untold {
    /// Due times of cases and referrals.
    pub dues: u64,
    /// Whose case it is.
    pub citizens: u64,
    /// Words of notes.
    pub texts: u64,
}

/// What an audit saw and found.
#[derive(Debug, Default)]
pub struct Report {
    pub events: u64,
    pub cases: u64,
    pub anchors: u64,
    /// The latest day that is anchored.
    pub last_day: Option<Day>,
    /// Events that no anchor holds yet.
    pub unanchored: u64,
    /// Texts that were erased under a tombstone; their digests stand.
    pub erased: u64,
    /// Texts of sealed cases that were not compared, since the keys were not at hand.
    pub locked: u64,
    /// Cases whose rows could not be compared, since an event of theirs is missing or cannot be read.
    pub unread: u64,
    pub untold: Untold,
    /// Erasures by the rule or decision they were made under: how many, the first and the last.
    pub erasures: BTreeMap<String, (u64, Time, Time)>,
    /// How many findings of each sort.
    pub counts: BTreeMap<What, u64>,
    /// The findings with their words, up to a limit.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Notes a finding.
    pub fn add(&mut self, what: What, place: Place, detail: impl Into<String>) {
        *self.counts.entry(what).or_default() += 1;
        if self.findings.len() < KEPT {
            self.findings.push(Finding { what, place, detail: detail.into() });
        }
    }

    /// Counts an erasure by what it was made under.
    pub fn erased_under(&mut self, cause: String, at: Time) {
        let (count, first, last) = self.erasures.entry(cause).or_insert((0, at, at));
        (*count, *first, *last) = (*count + 1, (*first).min(at), (*last).max(at));
    }

    /// How many findings there are.
    pub fn total(&self) -> u64 {
        self.counts.values().sum()
    }
}
