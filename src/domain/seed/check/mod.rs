//! What is wrong in the files, each problem as `file:line: what, and what to do`.
//!
//! A start refuses files with problems (requirement tag S2.1: no limit and no rule without its source).

mod calendars;
mod quality;
mod retention;
mod rules;
mod subjects;
#[cfg(test)]
mod tests;
mod texts;
mod tree;

use std::collections::{BTreeSet, HashMap};

use serde::de::DeserializeOwned;

use super::files::{Files, Row};
use super::offices;
use crate::domain::calendar::JalaliDate;
use crate::domain::rulebook as book;

/// Everything that is wrong, by file and line; empty when the files can be seeded.
pub fn problems(files: &Files) -> Vec<String> {
    let mut findings = Findings::default();
    duplicates(files, &mut findings);
    tree::check(files, &mut findings);
    calendars::check(files, &mut findings);
    subjects::check(files, &mut findings);
    rules::check(files, &mut findings);
    retention::check(files, &mut findings);
    quality::check(files, &mut findings);
    texts::check(files, &mut findings);
    shapes(files, &mut findings);
    findings.0.sort();
    let found = findings.0.into_iter().map(|(file, line, words)| format!("{file}:{line}: {words}"));
    files.broken().iter().cloned().chain(found).collect()
}

/// The problems found so far.
#[derive(Default)]
struct Findings(Vec<(String, usize, String)>);

impl Findings {
    /// Notes what is wrong with a field, or with the whole row where the field is missing.
    fn add(&mut self, row: &Row, field: &str, words: impl Into<String>) {
        self.0.push((row.file.clone(), row.line_of(field), words.into()));
    }

    /// Notes what is wrong with a file as a whole.
    fn add_to_file(&mut self, file: &str, words: impl Into<String>) {
        self.0.push((file.to_owned(), 1, words.into()));
    }

    /// A field that may be missing must name something that is known.
    fn known(&mut self, row: &Row, field: &str, what: &str, known: &Codes) {
        if let Some(code) = row.text(field).filter(|code| !known.contains(*code)) {
            self.add(row, field, format!("unknown {what} '{code}'; name one that is listed, or add it"));
        }
    }

    /// A field that must name something that is known.
    fn required(&mut self, row: &Row, field: &str, what: &str, known: &Codes) {
        match row.text(field) {
            Some(_) => self.known(row, field, what, known),
            None => self.add(row, field, format!("no {field}; name a {what} in the field '{field}'")),
        }
    }

    /// The dates of a row are Jalali, and it does not end before it begins.
    fn dates(&mut self, row: &Row) {
        let mut days = Vec::new();
        for field in ["effective_from", "effective_to"] {
            let Some(text) = row.value(field).map(|_| row.text(field).unwrap_or_default()) else { continue };
            match JalaliDate::parse(text) {
                Ok(date) => days.push((field, date.to_civil())),
                Err(error) => self.add(row, field, format!("'{text}' is no Jalali date: {error}")),
            }
        }
        if let [("effective_from", from), ("effective_to", to)] = days.as_slice()
            && to < from
        {
            let words = "it ends before it begins; write an effective_to that is not before effective_from";
            self.add(row, "effective_to", words);
        }
    }

    /// A rule or limit must say where it comes from.
    fn source(&mut self, row: &Row) {
        if row.text("source").is_none() {
            self.add(row, "source", "no source; name the law, the standard or the decision it comes from");
        }
    }
}

/// A set of codes.
type Codes = BTreeSet<String>;

/// The codes of a noun.
fn codes(files: &Files, noun: &str) -> Codes {
    files.of(noun).filter_map(|row| row.text("code")).map(str::to_owned).collect()
}

/// The codes of all offices, those made by pattern too.
fn office_codes(files: &Files) -> Codes {
    let mut known = codes(files, "office");
    known.extend(offices::all(files).into_iter().map(|office| office.code));
    known
}

fn duplicates(files: &Files, findings: &mut Findings) {
    let mut seen: HashMap<(&str, String), &Row> = HashMap::new();
    for row in files.rows().iter().filter(|row| row.noun != "shift") {
        let Some(code) = row.code() else { continue };
        let field = if row.value("code").is_some() { "code" } else { "" };
        match seen.get(&(row.noun.as_str(), code.clone())) {
            Some(first) => {
                let words = format!(
                    "{} '{code}' stands in {}:{} already; give it another code or remove one",
                    row.noun, first.file, first.line
                );
                findings.add(row, field, words);
            }
            None => drop(seen.insert((&row.noun, code), row)),
        }
    }
}

/// Rows without another problem must be readable as what they are.
fn shapes(files: &Files, findings: &mut Findings) {
    let found: BTreeSet<(String, usize)> =
        findings.0.iter().map(|(file, line, _)| (file.clone(), *line)).collect();
    let mut next: HashMap<&str, usize> = HashMap::new();
    for row in files.rows().iter().rev() {
        let end = next.insert(&row.file, row.line).unwrap_or(usize::MAX);
        if found.range((row.file.clone(), row.line)..(row.file.clone(), end)).next().is_some() {
            continue;
        }
        if let Err(error) = shape(row) {
            findings.add(
                row,
                "",
                format!("{} is not complete: {error}; compare the rows beside it", row.noun),
            );
        }
    }
}

fn shape(row: &Row) -> serde_json::Result<()> {
    match row.noun.as_str() {
        "province" => read::<book::Province>(row),
        "county" => read::<book::County>(row),
        "calendar" => read::<book::CalendarRow>(row),
        "shift" => read::<book::Shift>(row),
        "holiday" => read::<book::Holiday>(row),
        "kind" => read::<book::Kind>(row),
        "outcome" => read::<book::Outcome>(row),
        "group" => read::<book::Group>(row),
        "category" => read::<book::Category>(row),
        "reason" => read::<book::Reason>(row),
        "limit" => read::<book::Limit>(row),
        "right" => read::<book::Right>(row),
        "rule" => read::<book::Rule>(row),
        "template" => read::<book::Template>(row),
        "role" => read::<book::Role>(row),
        "remedy" => read::<book::Remedy>(row),
        "retention" => read::<book::Retention>(row),
        "cause" => read::<book::Cause>(row),
        "check_item" => read::<book::CheckItem>(row),
        "office" => offices::listed(row).map(drop),
        _ => Ok(()),
    }
}

fn read<T: DeserializeOwned>(row: &Row) -> serde_json::Result<()> {
    serde_json::from_value::<T>(row.body()).map(drop)
}
