//! The offices that the files describe: those listed, and those made by pattern for every province and county.

use serde::{Deserialize, Serialize};

use super::files::{Files, Row};
use crate::domain::rulebook::Level;

/// An office as the files have it; parents by code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SeedOffice {
    pub code: String,
    #[serde(default)]
    pub parent: Option<String>,
    pub level: Level,
    pub fa: String,
    pub en: String,
    #[serde(default)]
    pub province: Option<String>,
    #[serde(default)]
    pub county: Option<String>,
    #[serde(default)]
    pub email: Option<String>,
    #[serde(default)]
    pub short_number: Option<String>,
    #[serde(default)]
    pub calendar: Option<String>,
    #[serde(default)]
    pub signpost_only: bool,
    #[serde(default = "yes")]
    pub needs_approval: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sector: Option<String>,
}

fn yes() -> bool {
    true
}

impl SeedOffice {
    fn made(code: String, parent: String, level: Level, fa: String, en: String, province: &str) -> Self {
        Self {
            code,
            parent: Some(parent),
            level,
            fa,
            en,
            province: Some(province.to_owned()),
            county: None,
            email: None,
            short_number: None,
            calendar: None,
            signpost_only: false,
            needs_approval: true,
            sector: None,
        }
    }
}

/// The row as an office; the error says which field is missing or wrong.
pub(super) fn listed(row: &Row) -> serde_json::Result<SeedOffice> {
    serde_json::from_value(row.body())
}

/// All offices: the listed ones, the governorates, the provincial arms and the county offices.
/// Rows that are incomplete are left out; the check names them.
pub(super) fn all(files: &Files) -> Vec<SeedOffice> {
    let mut offices: Vec<SeedOffice> = files.of("office").filter_map(|row| listed(row).ok()).collect();
    offices.extend(files.of("governorate").flat_map(|pattern| governorates(files, pattern)));
    offices.extend(files.of("arm").flat_map(|pattern| arms(files, pattern)));
    offices.extend(files.of("county_office").flat_map(|pattern| county_offices(files, pattern)));
    offices
}

/// Persian and English text of a row; the Persian stands where the English is missing.
fn names(row: &Row) -> (&str, &str) {
    let fa = row.text("fa").unwrap_or_default();
    (fa, row.text("en").unwrap_or(fa))
}

fn governorates(files: &Files, pattern: &Row) -> Vec<SeedOffice> {
    let (fa, en) = names(pattern);
    let make = |province: &Row| {
        let (code, (place_fa, place_en)) = (province.text("code")?, names(province));
        let (fa, en) = (format!("{fa} {place_fa}"), format!("{en} {place_en}"));
        Some(SeedOffice::made(format!("GOV-{code}"), "CENTRE".into(), Level::Governorate, fa, en, code))
    };
    files.of("province").filter_map(make).collect()
}

fn arms(files: &Files, pattern: &Row) -> Vec<SeedOffice> {
    let (fa, en) = names(pattern);
    let Some(parent) = pattern.text("parent") else { return Vec::new() };
    let make = |province: &Row| {
        let (place, (place_fa, place_en)) = (province.text("code")?, names(province));
        let (fa, en) = (format!("{fa} {place_fa}"), format!("{en}, {place_en}"));
        Some(SeedOffice::made(format!("{parent}-{place}"), parent.into(), Level::Provincial, fa, en, place))
    };
    files.of("province").filter_map(make).collect()
}

fn county_offices(files: &Files, pattern: &Row) -> Vec<SeedOffice> {
    let (fa, en) = names(pattern);
    let make = |county: &Row| {
        let (code, province, (place_fa, place_en)) =
            (county.text("code")?, county.text("province")?, names(county));
        let (fa, en) = (format!("{fa} {place_fa}"), format!("{en} {place_en}"));
        let made = SeedOffice::made(
            format!("FAR-{code}"),
            format!("GOV-{province}"),
            Level::County,
            fa,
            en,
            province,
        );
        Some(SeedOffice { county: Some(code.to_owned()), ..made })
    };
    files.of("county").filter_map(make).collect()
}
