//! Provinces, counties and the tree of offices.

use std::collections::HashMap;

use super::{Codes, Findings, codes};
use crate::domain::rulebook::{INSPECTION, Level};
use crate::domain::seed::files::{Files, Row};

pub(super) fn check(files: &Files, findings: &mut Findings) {
    let (provinces, counties, calendars) =
        (codes(files, "province"), codes(files, "county"), codes(files, "calendar"));
    for row in files.of("county") {
        findings.required(row, "province", "province", &provinces);
        let (code, province) =
            (row.text("code").unwrap_or_default(), row.text("province").unwrap_or_default());
        if provinces.contains(province) && !(code.len() == 4 && code.starts_with(province)) {
            let words = format!(
                "county '{code}' does not begin with its province {province}; write {province} and two digits"
            );
            findings.add(row, "code", words);
        }
    }
    let offices = codes(files, "office");
    for row in files.of("office") {
        office(row, &offices, findings);
        findings.known(row, "province", "province", &provinces);
        findings.known(row, "county", "county", &counties);
        findings.known(row, "calendar", "calendar", &calendars);
    }
    for row in files.of("arm") {
        findings.required(row, "parent", "office", &offices);
    }
    for noun in ["governorate", "county_office"] {
        if files.of(noun).count() != 1 {
            findings.add_to_file(
                "offices.toml",
                format!("[{noun}] must stand here once; it names the offices made from it"),
            );
        }
    }
    inspection(files, findings);
    circles(files, findings);
}

/// What is about everybody else goes to the inspection office, so there must be one that takes cases.
fn inspection(files: &Files, findings: &mut Findings) {
    let row = files.of("office").find(|row| row.text("code") == Some(INSPECTION));
    match row {
        Some(row) if row.body()["signpost_only"] == true => {
            findings.add(row, "signpost_only", "the inspection office takes cases; remove signpost_only");
        }
        Some(_) => {}
        None => findings.add_to_file(
            "offices.toml",
            format!(
                "there is no office '{INSPECTION}'; complaints about the centre, and about conduct, need it"
            ),
        ),
    }
}

fn office(row: &Row, offices: &Codes, findings: &mut Findings) {
    let code = row.text("code").unwrap_or_default();
    if code == "CENTRE" {
        if row.text("parent").is_some() {
            findings.add(row, "parent", "the centre is the root of the tree; remove its parent");
        }
    } else {
        findings.required(row, "parent", "parent office", offices);
    }
    let levels: Codes = Level::ALL.iter().map(ToString::to_string).collect();
    findings.required(row, "level", "level", &levels);
}

/// Every office whose line upwards comes back to itself.
fn circles(files: &Files, findings: &mut Findings) {
    let parents: HashMap<&str, &str> =
        files.of("office").filter_map(|row| Some((row.text("code")?, row.text("parent")?))).collect();
    for row in files.of("office") {
        let Some(code) = row.text("code") else { continue };
        let mut above = parents.get(code);
        // a line is never longer than there are offices
        for _ in 0..parents.len() {
            match above {
                Some(parent) if *parent == code => {
                    findings.add(
                        row,
                        "parent",
                        format!("office '{code}' lies above itself; break the circle of parents"),
                    );
                    break;
                }
                Some(parent) => above = parents.get(parent),
                None => break,
            }
        }
    }
}
