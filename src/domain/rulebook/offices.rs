//! The tree of offices in memory: by id, by code, upwards and downwards.

use std::collections::{BTreeMap, HashMap};

use crate::db::types::{OfficeId, Time};
use crate::error::{FieldError, Language};
use crate::text_enum;

text_enum! {
    /// The level of an office (tag P3.5).
    pub enum Level {
        Centre = "centre", Ministry = "ministry", Organisation = "organisation",
        Governorate = "governorate", Provincial = "provincial", County = "county", Partner = "partner",
    }
}

/// A node of the tree.
#[derive(Debug, Clone)]
pub struct Office {
    pub id: OfficeId,
    pub code: String,
    pub parent: Option<OfficeId>,
    pub level: Level,
    pub fa: String,
    pub en: String,
    pub province: Option<String>,
    pub county: Option<String>,
    pub email: Option<String>,
    pub calendar: Option<String>,
    pub signpost_only: bool,
    pub needs_approval: bool,
}

impl Office {
    /// The name in a language.
    pub fn name(&self, language: Language) -> &str {
        match language {
            Language::Fa => &self.fa,
            Language::En => &self.en,
        }
    }
}

/// All offices in force.
#[derive(Debug, Clone, Default)]
pub struct Offices {
    by_id: BTreeMap<OfficeId, Office>,
    by_code: HashMap<String, OfficeId>,
    /// What each office was below before the tree changed, and until when.
    former: HashMap<OfficeId, Vec<(OfficeId, Time)>>,
}

/// The inspection office: it takes what nobody else in the line may take.
pub const INSPECTION: &str = "INSP";

impl Offices {
    /// Indexes the rows.
    pub fn new(rows: Vec<Office>) -> Self {
        let by_code = rows.iter().map(|office| (office.code.clone(), office.id)).collect();
        let by_id = rows.into_iter().map(|office| (office.id, office)).collect();
        Self { by_id, by_code, former: HashMap::new() }
    }

    /// The same with what offices were below before: office, office above, until when.
    pub fn with_former_lines(mut self, rows: Vec<(OfficeId, OfficeId, Time)>) -> Self {
        for (office, above, until) in rows {
            self.former.entry(office).or_default().push((above, until));
        }
        self
    }

    /// What an office was below before the tree changed, and until when.
    pub fn former_lines(&self, id: OfficeId) -> &[(OfficeId, Time)] {
        self.former.get(&id).map_or(&[], Vec::as_slice)
    }

    /// The office of this id; none after its end.
    pub fn get(&self, id: OfficeId) -> Option<&Office> {
        self.by_id.get(&id)
    }

    /// The office of this code.
    pub fn by_code(&self, code: &str) -> Option<&Office> {
        self.by_code.get(code).and_then(|id| self.by_id.get(id))
    }

    /// The office of this code, or the field error that names it.
    pub fn find(&self, field: &str, code: &str) -> Result<&Office, FieldError> {
        self.by_code(code).ok_or_else(|| FieldError::unknown(field, code))
    }

    /// The root of the tree.
    pub fn centre(&self) -> OfficeId {
        self.by_code.get("CENTRE").copied().unwrap_or(OfficeId(0))
    }

    /// The inspection office, where the tree has one.
    pub fn inspection(&self) -> Option<OfficeId> {
        self.by_code.get(INSPECTION).copied()
    }

    /// The office and every office on whose word it depends, nearest first. The inspection office stands below
    /// the centre, but judges it freely: its line ends with itself.
    pub fn line(&self, id: OfficeId) -> Vec<OfficeId> {
        let mut line = self.with_ancestors(id);
        if let Some(at) = line.iter().position(|office| Some(*office) == self.inspection()) {
            line.truncate(at + 1);
        }
        line
    }

    /// All offices by id.
    pub fn all(&self) -> impl Iterator<Item = &Office> {
        self.by_id.values()
    }

    /// The code of an office, or its number where it ended.
    pub fn code(&self, id: OfficeId) -> String {
        self.get(id).map_or_else(|| id.to_string(), |office| office.code.clone())
    }

    /// The office and every office above it, nearest first.
    pub fn with_ancestors(&self, id: OfficeId) -> Vec<OfficeId> {
        let mut line = Vec::with_capacity(4);
        let mut next = Some(id);
        // a line is never longer than the tree has offices, even when rows were edited into a circle
        while let Some(office) = next.filter(|_| line.len() <= self.by_id.len()) {
            line.push(office);
            next = self.get(office).and_then(|office| office.parent);
        }
        line
    }

    /// Whether `below` is `above` or lies below it.
    pub fn is_within(&self, below: OfficeId, above: OfficeId) -> bool {
        self.with_ancestors(below).contains(&above)
    }

    /// Whether a lead may pass from `from` down to `to`: below it, or inside the province of a governorate; and
    /// from everywhere to the inspection office, which also takes up what its own desk received.
    pub fn may_lead_to(&self, from: OfficeId, to: OfficeId) -> bool {
        if Some(to) == self.inspection() {
            return true;
        }
        if from == to {
            return false;
        }
        let same_province = match (self.get(from), self.get(to)) {
            (Some(a), Some(b)) => a.level == Level::Governorate && a.province == b.province,
            _ => false,
        };
        same_province || self.is_within(to, from)
    }
}
