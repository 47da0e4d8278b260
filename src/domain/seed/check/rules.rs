//! Limits, routing rules and reasons: each has a source and names what exists.

use super::{Codes, Findings, codes, office_codes};
use crate::domain::deadlines::Span;
use crate::domain::rulebook::{BUILT_IN, NEEDED_NUMBERS, NEEDED_SPANS, Verb};
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
        built_in(row, findings);
    }
    needed(files, findings);
    rights(files, findings);
    for noun in ["limit", "right", "reason", "rule", "remedy"] {
        files.of(noun).for_each(|row| findings.dates(row));
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

/// What the life cycle is built on is shown by the register and cannot be set by it.
fn built_in(row: &Row, findings: &mut Findings) {
    let Some((subject, number)) = BUILT_IN.iter().find(|(subject, _)| row.text("subject") == Some(*subject))
    else {
        return;
    };
    if row.value("value").and_then(serde_json::Value::as_i64) != Some(*number) {
        let words = format!("'{subject}' is {number}: the program is built on it; write value = {number}");
        findings.add(row, "value", words);
    }
}

/// The service reckons with these, and they stand nowhere else (requirement tag S2.1).
fn needed(files: &Files, findings: &mut Findings) {
    let is_general = |row: &&Row| {
        ["kind", "category", "level"].iter().all(|field| row.text(field).is_none()) && !row.is("urgent")
    };
    let built_in = BUILT_IN.iter().map(|(subject, _)| (*subject, "value"));
    let spans = NEEDED_SPANS.into_iter().map(|subject| (subject, "span"));
    let numbers = NEEDED_NUMBERS.into_iter().map(|subject| (subject, "value")).chain(built_in);
    for (subject, field) in spans.chain(numbers) {
        let mut rows = files.of("limit").filter(|row| row.text("subject") == Some(subject));
        if !rows.any(|row| is_general(&row) && row.value(field).is_some()) {
            let words =
                format!("no limit for '{subject}'; add one with subject = \"{subject}\" and a {field}");
            findings.add_to_file("limits.toml", words);
        }
    }
    for kind in files.of("kind") {
        let own = |row: &&Row| {
            row.text("subject") == Some("answer")
                && [None, kind.text("code")].contains(&row.text("kind"))
                && ["category", "level"].iter().all(|field| row.text(field).is_none())
                && !row.is("urgent")
        };
        if !files.of("limit").any(|row| own(&row)) {
            let code = kind.text("code").unwrap_or_default();
            let words =
                format!("no limit for answers to '{code}'; add one with subject = \"answer\" to limits.toml");
            findings.add(kind, "code", words);
        }
    }
}

fn rights(files: &Files, findings: &mut Findings) {
    let (limits, verbs): (Codes, Codes) =
        (codes(files, "limit"), Verb::ALL.iter().map(ToString::to_string).collect());
    for row in files.of("right") {
        findings.source(row);
        findings.known(row, "verb", "verb", &verbs);
        for code in row.list("limits").into_iter().filter(|code| !limits.contains(*code)) {
            findings.add(
                row,
                "limits",
                format!("unknown limit '{code}'; name one that is listed, or add it"),
            );
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
