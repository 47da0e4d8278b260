//! Limits, routing rules and reasons: each has a source and names what exists.

use super::{Codes, Findings, codes, office_codes};
use crate::domain::deadlines::Span;
use crate::domain::seed::files::{Files, Row};

/// Targets of a routing rule that are no office codes.
const TARGETS: [&str; 4] = ["lead", "lead_province", "lead_county", "above"];

pub(super) fn check(files: &Files, findings: &mut Findings) {
    let (kinds, categories) = (codes(files, "kind"), codes(files, "category"));
    let offices = office_codes(files);
    for row in files.of("limit") {
        findings.source(row);
        findings.known(row, "kind", "kind", &kinds);
        findings.known(row, "category", "category", &categories);
        findings.known(row, "office", "office", &offices);
        limit(row, findings);
    }
    let outcomes = codes(files, "outcome");
    for row in files.of("reason") {
        findings.source(row);
        findings.known(row, "outcome", "outcome", &outcomes);
    }
    for row in files.of("remedy") {
        findings.source(row);
        findings.required(row, "office", "body", &offices);
    }
    routes(files, &kinds, &categories, findings);
}

fn limit(row: &Row, findings: &mut Findings) {
    match (row.value("span"), row.value("value")) {
        (Some(span), _) => {
            if let Err(error) = span.as_str().unwrap_or_default().parse::<Span>() {
                findings.add(row, "span", error.to_string());
            }
        }
        (None, Some(value)) if value.is_i64() => {}
        (None, Some(_)) => {
            findings.add(row, "value", "a limit's value is a whole number; write one such as 3")
        }
        (None, None) => {
            findings.add(row, "span", "a limit without span or value; write one, such as span = \"10wd\"")
        }
    }
}

fn routes(files: &Files, kinds: &Codes, categories: &Codes, findings: &mut Findings) {
    let (groups, provinces) = (codes(files, "group"), codes(files, "province"));
    let mut targets = office_codes(files);
    targets.extend(TARGETS.map(str::to_owned));
    for row in files.of("rule") {
        findings.source(row);
        findings.required(row, "to", "target", &targets);
        findings.known(row, "category", "category", categories);
        findings.known(row, "group", "group", &groups);
        findings.known(row, "kind", "kind", kinds);
        findings.known(row, "province", "province", &provinces);
    }
    let defaults: Vec<&Row> = files.of("rule").filter(|row| row.is("default")).collect();
    match defaults.as_slice() {
        [] => findings.add_to_file(
            "routing.toml",
            "no default rule; write default = true on the rule that catches the rest",
        ),
        [first, others @ ..] => others.iter().for_each(|row| {
            let words = format!(
                "a second default rule beside '{}'; only one may be",
                first.text("code").unwrap_or_default()
            );
            findings.add(row, "default", words);
        }),
    }
}
