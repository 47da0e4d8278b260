//! The table of letters: a row each, with everything wrong told by its line.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, bail};
use serde::Deserialize;

use crate::domain::cases::register::Place;
use crate::domain::text::latin_digits;
use crate::intake::Letter;

/// A row as it is written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Row {
    /// Line of the file, from 1 with its head.
    #[serde(skip)]
    pub line: u64,
    pub registry_number: String,
    pub registry_date: Option<String>,
    pub name: Option<String>,
    pub national_id: Option<String>,
    pub mobile: Option<String>,
    pub address: Option<String>,
    pub subject: Option<String>,
    pub text: Option<String>,
    pub annexes: Option<String>,
    pub kind: Option<String>,
    pub category: Option<String>,
    pub province: Option<String>,
    pub county: Option<String>,
    pub files: Option<String>,
}

/// A row that is no letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    pub line: u64,
    pub number: String,
    pub why: String,
}

/// The columns that are known; any other is a mistake that would lose what it holds.
const COLUMNS: [&str; 15] = [
    "registry_number",
    "registry_date",
    "name",
    "national_id",
    "mobile",
    "address",
    "subject",
    "text",
    "annexes",
    "kind",
    "category",
    "province",
    "county",
    "files",
    "note",
];

impl Row {
    /// The letter that the row tells of, without its scans.
    pub fn letter(&self) -> Letter {
        let some = |value: &Option<String>| value.clone().filter(|value| !value.trim().is_empty());
        let place = some(&self.province).map(|province| Place {
            province: Some(province),
            county: some(&self.county),
            ..Place::default()
        });
        Letter {
            registry_number: Some(self.registry_number.trim().to_owned()),
            registry_date: some(&self.registry_date),
            name: some(&self.name),
            national_id: some(&self.national_id),
            mobile: some(&self.mobile),
            address: some(&self.address),
            subject: some(&self.subject),
            text: some(&self.text),
            annexes: some(&self.annexes).and_then(|count| latin_digits(count.trim()).parse().ok()),
            kind: some(&self.kind),
            category: some(&self.category),
            place,
            ..Letter::default()
        }
    }
}

/// Reads the table.
///
/// # Errors
/// A file that is no table of letters; a wrong row is told beside the right ones.
pub fn read(path: &Path) -> anyhow::Result<Vec<Result<Row, Wrong>>> {
    let bytes = std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    rows(bytes).with_context(|| format!("{} is no table of letters", path.display()))
}

fn rows(bytes: &[u8]) -> anyhow::Result<Vec<Result<Row, Wrong>>> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(false).from_reader(bytes);
    let head = reader.headers().context("its head cannot be read; it must be UTF-8")?.clone();
    if !head.iter().any(|column| column == "registry_number") {
        bail!("the column registry_number is missing; the columns are {}", COLUMNS.join(", "));
    }
    if let Some(unknown) = head.iter().find(|column| !COLUMNS.contains(column)) {
        bail!("the column '{unknown}' is unknown; the columns are {}", COLUMNS.join(", "));
    }
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for (index, record) in reader.records().enumerate() {
        let line = index as u64 + 2;
        all.push(row(record, &head, line, &mut seen));
    }
    Ok(all)
}

fn row(
    record: Result<csv::StringRecord, csv::Error>,
    head: &csv::StringRecord,
    line: u64,
    seen: &mut BTreeSet<String>,
) -> Result<Row, Wrong> {
    let wrong = |number: &str, why: String| Wrong { line, number: number.to_owned(), why };
    let record = record.map_err(|error| wrong("", error.to_string()))?;
    let line = record.position().map_or(line, csv::Position::line);
    let row: Row = record.deserialize(Some(head)).map_err(|error| wrong("", error.to_string()))?;
    let number = row.registry_number.trim().to_owned();
    if number.is_empty() {
        return Err(Wrong { line, number, why: "registry_number is empty; each letter needs one".into() });
    }
    if !seen.insert(latin_digits(&number)) {
        return Err(Wrong { line, number, why: "this registry number stands in an earlier row too".into() });
    }
    Ok(Row { line, ..row })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_by_the_names_of_their_columns() {
        let table =
            "mobile,registry_number,text,annexes,province\n09990000011,۱۲۳/۴,\"آب، قطع است\",۲,10\n,124,,,\n";
        let rows = rows(table.as_bytes()).unwrap();
        let letter = rows[0].as_ref().unwrap().letter();
        assert_eq!(letter.registry_number.as_deref(), Some("۱۲۳/۴"));
        assert_eq!((letter.text.as_deref(), letter.annexes), (Some("آب، قطع است"), Some(2)));
        assert!(rows[1].as_ref().unwrap().letter().text.is_none());
    }

    #[test]
    fn what_is_wrong_is_told_by_its_line() {
        let rows = rows("registry_number,text\n1,a\n,b\n۱,c\n2,d,e\n3,f\n".as_bytes()).unwrap();
        let wrong: Vec<u64> =
            rows.iter().filter_map(|row| row.as_ref().err()).map(|wrong| wrong.line).collect();
        assert_eq!((rows.len(), wrong), (5, vec![3, 4, 5]));
    }

    #[test]
    fn a_table_without_numbers_or_with_unknown_columns_is_refused() {
        assert!(rows(b"text\na\n").unwrap_err().to_string().contains("registry_number"));
        assert!(rows(b"registry_number,phone\n1,2\n").unwrap_err().to_string().contains("phone"));
    }
}
