//! What became of a batch: totals that must match, and each letter that was not taken with its reason.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::scans::Scans;
use crate::domain::intake::ItemState;
use crate::intake::{Delivery, Received};

/// A letter that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Refused {
    line: u64,
    number: String,
    why: String,
}

/// What became of the letters of one run.
#[derive(Debug, Default)]
pub struct Report {
    rows: usize,
    states: BTreeMap<ItemState, usize>,
    /// How many of them were taken by an earlier run.
    known: usize,
    refused: Vec<Refused>,
    used: BTreeSet<PathBuf>,
    left: Vec<String>,
    unread: Vec<(String, String)>,
}

impl Report {
    pub fn new(rows: usize, unread: Vec<(String, String)>) -> Self {
        Self { rows, unread, ..Self::default() }
    }

    /// A letter that went through the door.
    pub fn note(&mut self, line: u64, number: &str, received: &Received, files: Vec<PathBuf>) {
        self.used.extend(files);
        *self.states.entry(received.state).or_default() += 1;
        if received.delivery == Delivery::Again {
            self.known += 1;
        }
        if let (ItemState::Failed, Some(refusal)) = (received.state, &received.refusal) {
            let fields: Vec<String> =
                refusal.fields.iter().map(|field| format!("{} {}", field.field, field.code)).collect();
            let why = format!("{} {} (kept as item {})", refusal.reason, fields.join(", "), received.item);
            self.refused.push(Refused { line, number: number.to_owned(), why });
        }
    }

    /// A letter that did not.
    pub fn refuse(&mut self, line: u64, number: &str, why: String) {
        self.refused.push(Refused { line, number: number.to_owned(), why });
    }

    /// After the last letter: which scans nobody took.
    pub fn finish(&mut self, scans: &Scans) {
        self.left = scans.left(&self.used);
    }

    fn of(&self, state: ItemState) -> usize {
        self.states.get(&state).copied().unwrap_or(0)
    }

    fn taken(&self) -> usize {
        [ItemState::Registered, ItemState::Joined, ItemState::ToKey, ItemState::Discarded]
            .into_iter()
            .map(|state| self.of(state))
            .sum()
    }

    /// Whether every letter and every scan was taken.
    pub fn is_whole(&self) -> bool {
        self.refused.is_empty() && self.left.is_empty() && self.taken() == self.rows
    }

    /// Writes what was not taken as a table.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        let mut table =
            csv::Writer::from_path(path).with_context(|| format!("{} cannot be written", path.display()))?;
        table.write_record(["line", "registry_number", "why"])?;
        for Refused { line, number, why } in &self.refused {
            table.write_record([&line.to_string(), number, why])?;
        }
        for name in &self.left {
            table.write_record(["", "", &format!("no letter took the scan {name}")])?;
        }
        table.flush()?;
        Ok(())
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (cases, messages) = (self.of(ItemState::Registered), self.of(ItemState::Joined));
        let (to_key, aside) = (self.of(ItemState::ToKey), self.of(ItemState::Discarded));
        writeln!(
            f,
            "Letters in the table: {}. Became cases: {cases}; messages on cases: {messages}; wait to be keyed: {to_key}; set aside: {aside}; not taken: {}.",
            self.rows,
            self.refused.len()
        )?;
        writeln!(f, "Of these, taken by an earlier run: {}.", self.known)?;
        let sum = self.taken() + self.refused.len();
        let verdict = if sum == self.rows { "match" } else { "DO NOT match" };
        writeln!(
            f,
            "Totals {verdict}: {sum} of {}. Scans taken: {}; left: {}.",
            self.rows,
            self.used.len(),
            self.left.len()
        )?;
        for Refused { line, number, why } in &self.refused {
            writeln!(f, "  line {line}, number {number}: {why}")?;
        }
        for name in &self.left {
            writeln!(f, "  no letter took the scan {name}")?;
        }
        for (name, why) in &self.unread {
            writeln!(f, "  {name} could not be looked at for separator pages: {why}")?;
        }
        Ok(())
    }
}
