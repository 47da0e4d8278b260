//! Causes and the checklist of calls: each has a source, and a kind that needs a cause finds one.

use super::Findings;
use crate::domain::seed::files::Files;

/// How an item of the checklist is answered.
const SCALES: [&str; 2] = ["score", "yes_no"];

pub(super) fn check(files: &Files, findings: &mut Findings) {
    for row in files.of("cause").chain(files.of("check_item")) {
        findings.source(row);
    }
    for row in files.of("check_item") {
        let scale = row.text("scale").unwrap_or_default();
        if !SCALES.contains(&scale) {
            findings.add(row, "scale", format!("unknown scale '{scale}'; write score or yes_no"));
        }
        let weight = row.value("weight").and_then(serde_json::Value::as_i64);
        if !weight.is_some_and(|weight| (1..=1000).contains(&weight)) {
            findings.add(row, "weight", "the weight is no whole number from 1 to 1000; write one such as 10");
        }
    }
    let needs = files.of("kind").find(|row| row.is("needs_cause"));
    if let (Some(kind), None) = (needs, files.of("cause").next()) {
        findings.add(kind, "needs_cause", "a cause is needed and none is listed; add causes to quality.toml");
    }
    if files.of("check_item").next().is_none() {
        findings.add_to_file("quality.toml", "no item of the checklist; add at least one [[check_item]]");
    }
}
