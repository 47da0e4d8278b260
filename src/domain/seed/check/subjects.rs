//! Kinds, outcomes, groups, categories and roles.

use super::{Codes, Findings, codes, office_codes};
use crate::domain::actor::Role;
use crate::domain::rulebook::Verb;
use crate::domain::seed::files::Files;

/// The levels at which a category can first be acted on.
const LEVELS: [&str; 3] = ["county", "provincial", "national"];

pub(super) fn check(files: &Files, findings: &mut Findings) {
    kinds(files, findings);
    categories(files, findings);
    roles(files, findings);
}

fn kinds(files: &Files, findings: &mut Findings) {
    let (kinds, outcomes) = (codes(files, "kind"), codes(files, "outcome"));
    let identities: Codes = ["required", "optional"].map(str::to_owned).into();
    for row in files.of("kind") {
        for outcome in row.list("outcomes").into_iter().filter(|code| !outcomes.contains(*code)) {
            findings.add(
                row,
                "outcomes",
                format!("unknown outcome '{outcome}'; name one that is listed, or add it"),
            );
        }
        findings.known(row, "downgrade_to", "kind", &kinds);
        findings.required(row, "identity", "identity (required, optional)", &identities);
    }
}

fn categories(files: &Files, findings: &mut Findings) {
    let (kinds, groups, offices) = (codes(files, "kind"), codes(files, "group"), office_codes(files));
    let levels: Codes = LEVELS.map(str::to_owned).into();
    for row in files.of("group").chain(files.of("category")) {
        findings.required(row, "lead", "lead office", &offices);
        findings.required(row, "level", "level (county, provincial, national)", &levels);
    }
    for row in files.of("category") {
        findings.required(row, "group", "group", &groups);
        for kind in row.list("kinds").into_iter().filter(|code| !kinds.contains(*code)) {
            findings.add(row, "kinds", format!("unknown kind '{kind}'; name one that is listed, or add it"));
        }
    }
}

fn roles(files: &Files, findings: &mut Findings) {
    let roles: Codes = Role::ALL.iter().map(ToString::to_string).collect();
    for row in files.of("role") {
        findings.required(row, "code", "role", &roles);
        for field in ["own", "tree"] {
            for verb in row.list(field) {
                if let Err(expected) = verb.parse::<Verb>() {
                    findings.add(row, field, format!("unknown verb '{verb}'; write {expected}"));
                }
            }
        }
    }
}
