//! What a seeding did, counted per noun.

use std::collections::BTreeMap;
use std::fmt;

/// Counts of one noun.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rows that were new.
    pub added: usize,
    /// Rows that differ from the last seeding: a new version each.
    pub changed: usize,
    /// Rows that stand as they were seeded.
    pub unchanged: usize,
    /// Rows that an administrator changed or ended since, left alone.
    pub kept: usize,
}

/// What happened to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Added,
    Changed,
    Unchanged,
    Kept,
}

/// Counts of all nouns; shown as one line a noun.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes(BTreeMap<String, Tally>);

impl Changes {
    pub(super) fn count(&mut self, noun: &str, change: Change) {
        let tally = self.0.entry(noun.to_owned()).or_default();
        match change {
            Change::Added => tally.added += 1,
            Change::Changed => tally.changed += 1,
            Change::Unchanged => tally.unchanged += 1,
            Change::Kept => tally.kept += 1,
        }
    }

    /// The counts of one noun, such as `office` or `template`.
    pub fn of(&self, noun: &str) -> Tally {
        self.0.get(noun).copied().unwrap_or_default()
    }

    /// The counts of all nouns together.
    pub fn total(&self) -> Tally {
        self.0.values().fold(Tally::default(), |sum, tally| Tally {
            added: sum.added + tally.added,
            changed: sum.changed + tally.changed,
            unchanged: sum.unchanged + tally.unchanged,
            kept: sum.kept + tally.kept,
        })
    }

    /// Whether no row was written.
    pub fn is_empty(&self) -> bool {
        self.total().added + self.total().changed == 0
    }
}

impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(noun, tally)| {
            let Tally { added, changed, unchanged, kept } = tally;
            writeln!(f, "{noun:10} {added:5} added {changed:5} changed {unchanged:5} unchanged {kept:5} kept")
        })
    }
}
