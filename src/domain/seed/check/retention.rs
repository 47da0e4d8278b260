//! Retention: every rule has a source, whole years for each class, and one rule catches the rest.

use super::{Findings, codes};
use crate::domain::history::Class;
use crate::domain::seed::files::{Files, Row};

/// Longest that anything personal is kept, in years; the identity of a reporter is the longest there is.
const YEARS_MAX: i64 = 200;

pub(super) fn check(files: &Files, findings: &mut Findings) {
    let (kinds, categories) = (codes(files, "kind"), codes(files, "category"));
    for row in files.of("retention") {
        findings.source(row);
        findings.known(row, "kind", "kind", &kinds);
        findings.known(row, "category", "category", &categories);
        for class in Class::ALL {
            years(row, class.as_str(), findings);
        }
    }
    let catches_all =
        |row: &&Row| row.text("kind").is_none() && row.text("category").is_none() && !row.is("sealed");
    match files.of("retention").filter(catches_all).collect::<Vec<_>>().as_slice() {
        [] => findings.add_to_file(
            "retention.toml",
            "no rule for the rest; write one without kind, category and sealed",
        ),
        [first, others @ ..] => others.iter().for_each(|row| {
            let first = first.text("code").unwrap_or_default();
            findings.add(
                row,
                "code",
                format!("a second rule for the rest beside '{first}'; only one may be"),
            );
        }),
    }
}

fn years(row: &Row, class: &str, findings: &mut Findings) {
    let given = row.value(class).and_then(serde_json::Value::as_i64);
    if !given.is_some_and(|years| (1..=YEARS_MAX).contains(&years)) {
        let words =
            format!("'{class}' is not kept for a number of years; write a whole number, 1 to {YEARS_MAX}");
        findings.add(row, class, words);
    }
}
