//! The national configuration as text: embedded in the binary, or read from a directory with the same names.
//!
//! Every row and every field remembers its line, so that what is wrong can be named as `file:line`.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use toml::de::{DeTable, DeValue};

use crate::error::{Error, Result};

macro_rules! national {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../../config/national/", $name)))),*]
    };
}

/// The files that the binary carries, by name.
pub(super) const NATIONAL: [(&str, &str); 15] = national![
    "provinces.toml",
    "counties.toml",
    "calendars.toml",
    "offices.toml",
    "kinds.toml",
    "categories.toml",
    "reasons.toml",
    "limits.toml",
    "rights.toml",
    "routing.toml",
    "templates.toml",
    "roles.toml",
    "remedies.toml",
    "retention.toml",
    "quality.toml",
];

/// What a section may be called.
const SECTIONS: [&str; 23] = [
    "province",
    "county",
    "calendar",
    "shift",
    "holiday",
    "office",
    "arm",
    "governorate",
    "county_office",
    "kind",
    "outcome",
    "group",
    "category",
    "reason",
    "limit",
    "right",
    "rule",
    "template",
    "role",
    "remedy",
    "retention",
    "cause",
    "check_item",
];

/// One row: a `[[noun]]` section with its fields.
#[derive(Debug, Clone)]
pub struct Row {
    /// Name of the file.
    pub file: String,
    /// Name of the section.
    pub noun: String,
    /// Line of the section's heading, from 1.
    pub line: usize,
    fields: BTreeMap<String, (usize, Value)>,
}

/// All rows of a set of files, in their order.
#[derive(Debug, Clone, Default)]
pub struct Files {
    rows: Vec<Row>,
    broken: Vec<String>,
}

impl Files {
    /// The files that the binary carries.
    pub fn embedded() -> Self {
        Self::parse(NATIONAL)
    }

    /// Files of the same names in a directory.
    ///
    /// # Errors
    /// An internal fault that names the file which cannot be read.
    pub fn read(directory: &Path) -> Result<Self> {
        let mut texts = Vec::new();
        for (name, _) in NATIONAL {
            let path = directory.join(name);
            let text = std::fs::read_to_string(&path)
                .map_err(|error| Error::internal(format!("{}: {error}", path.display())))?;
            texts.push((name, text));
        }
        Ok(Self::parse(texts.iter().map(|(name, text)| (*name, text.as_str()))))
    }

    /// Reads texts by file name; what is no TOML is kept as a problem.
    pub fn parse<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut files = Self::default();
        for (name, text) in texts {
            let lines = Lines::of(text);
            match DeTable::parse(text) {
                Ok(table) => files.take(name, &lines, table.get_ref()),
                Err(error) => {
                    let line = lines.at(error.span().map_or(0, |span| span.start));
                    let words = error.message().replace('\n', " ");
                    files
                        .broken
                        .push(format!("{name}:{line}: not well-formed TOML: {words}; mend the text here"));
                }
            }
        }
        files
    }

    fn take(&mut self, file: &str, lines: &Lines, table: &DeTable<'_>) {
        let mut rows = Vec::new();
        for (key, value) in table {
            let (noun, line) = (key.get_ref().to_string(), lines.at(key.span().start));
            if !SECTIONS.contains(&noun.as_str()) {
                let list = SECTIONS.join(", ");
                self.broken.push(format!("{file}:{line}: unknown section '{noun}'; write one of: {list}"));
                continue;
            }
            let sections = match value.get_ref() {
                DeValue::Array(array) => array.iter().collect(),
                _ => vec![value],
            };
            for section in sections {
                let Some(fields) = section.get_ref().as_table() else {
                    self.broken.push(format!(
                        "{file}:{line}: '{noun}' is no section; write [[{noun}]] and its fields below"
                    ));
                    continue;
                };
                let line = lines.at(section.span().start);
                rows.push(Row {
                    file: file.to_owned(),
                    noun: noun.clone(),
                    line,
                    fields: fields_of(fields, lines),
                });
            }
        }
        rows.sort_by_key(|row| row.line);
        self.rows.extend(rows);
    }

    /// The rows of a noun, in their order.
    pub fn of<'a>(&'a self, noun: &'a str) -> impl Iterator<Item = &'a Row> {
        self.rows.iter().filter(move |row| row.noun == noun)
    }

    /// All rows.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// What could not be read as rows at all, each as `file:line: …`.
    pub fn broken(&self) -> &[String] {
        &self.broken
    }
}

fn fields_of(table: &DeTable<'_>, lines: &Lines) -> BTreeMap<String, (usize, Value)> {
    let field = |(key, value): (&toml::Spanned<_>, &toml::Spanned<DeValue<'_>>)| {
        let name: &std::borrow::Cow<'_, str> = key.get_ref();
        (name.to_string(), (lines.at(key.span().start), json(value.get_ref())))
    };
    table.iter().map(field).collect()
}

/// A TOML value as JSON; dates become text.
fn json(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).map_or(Value::Null, Value::from)
        }
        DeValue::Float(number) => number.as_str().parse::<f64>().map_or(Value::Null, Value::from),
        DeValue::Boolean(is_true) => Value::Bool(*is_true),
        DeValue::Datetime(time) => Value::String(time.to_string()),
        DeValue::Array(array) => array.iter().map(|item| json(item.get_ref())).collect(),
        DeValue::Table(table) => {
            let sorted: BTreeMap<_, _> =
                table.iter().map(|(key, value)| (key.get_ref().to_string(), json(value.get_ref()))).collect();
            Value::Object(sorted.into_iter().collect())
        }
    }
}

impl Row {
    /// A field's text; none when it is missing, empty or no text.
    pub fn text(&self, field: &str) -> Option<&str> {
        self.value(field).and_then(Value::as_str).filter(|text| !text.trim().is_empty())
    }

    /// A field's list of texts; empty when it is missing.
    pub fn list(&self, field: &str) -> Vec<&str> {
        self.value(field).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// Whether a field is `true`.
    pub fn is(&self, field: &str) -> bool {
        self.value(field).and_then(Value::as_bool).unwrap_or(false)
    }

    /// A field as it stands.
    pub fn value(&self, field: &str) -> Option<&Value> {
        self.fields.get(field).map(|(_, value)| value)
    }

    /// The line of a field, or of the section where the field is missing.
    pub fn line_of(&self, field: &str) -> usize {
        self.fields.get(field).map_or(self.line, |(line, _)| *line)
    }

    /// The whole row as JSON, its keys in alphabetical order.
    pub fn body(&self) -> Value {
        Value::Object(self.fields.iter().map(|(key, (_, value))| (key.clone(), value.clone())).collect())
    }

    /// What tells this row from the others of its noun; `None` where a part of it is missing.
    /// Shifts have no name of their own and are counted by the caller.
    pub fn code(&self) -> Option<String> {
        let parts: &[&str] = match self.noun.as_str() {
            "template" => &["event", "audience", "channel", "language"],
            "reason" => &["use", "code"],
            "holiday" => &["calendar", "date"],
            "shift" => &["calendar"],
            "arm" => &["parent"],
            _ => &["code"],
        };
        let parts: Option<Vec<&str>> = parts.iter().map(|part| self.text(part)).collect();
        parts.map(|parts| parts.join("."))
    }
}

/// Where the lines of a text begin.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect())
    }

    /// The line of a byte offset, from 1.
    fn at(&self, offset: usize) -> usize {
        self.0.partition_point(|start| *start <= offset)
    }
}
