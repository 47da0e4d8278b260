//! The rules in force, as one immutable snapshot: offices, kinds, categories, calendars, limits, routes,
//! templates and the policy matrix.
//!
//! Rules are rows with versions (tag S2.2ii). A process holds them in memory and reads them again when the
//! database says that they changed; a verb is judged by one snapshot from beginning to end.

pub(crate) mod calendars;
mod closures;
mod days;
mod limits;
pub(crate) mod load;
mod offices;
mod roles;
mod routing;
mod rows;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

pub use calendars::Calendars;
pub use closures::{Closure, Run};
pub use days::{Lay, rules_of, with};
pub use limits::{BUILT_IN, NEEDED_NUMBERS, NEEDED_SPANS, Narrowing};
pub use load::{RulebookCache, changed, version};
pub use offices::{INSPECTION, Level, Office, Offices};
pub use roles::{Reach, Verb};
pub use routing::{Miss, Route};
pub use rows::{
    Calendar as CalendarRow, Category, Cause, CheckItem, County, Group, Holiday, Kind, Limit, Outcome,
    Province, Reason, Remedy, Retention, Right, Role, Rule, Shift, Template, Webhook,
};

use crate::error::{FieldError, Language};

/// Every rule in force at one moment.
#[derive(Debug)]
pub struct Rulebook {
    /// Rises with every change.
    pub version: i64,
    /// The tree of offices.
    pub offices: Offices,
    /// Kinds of cases by code.
    pub kinds: BTreeMap<String, Kind>,
    /// Outcomes by code.
    pub outcomes: BTreeMap<String, Outcome>,
    /// Groups of categories by code.
    pub groups: BTreeMap<String, Group>,
    /// Categories (leaves) by code.
    pub categories: BTreeMap<String, Category>,
    /// Reasons by use and code.
    pub reasons: BTreeMap<(String, String), Reason>,
    /// Limits by code.
    pub limits: BTreeMap<String, Limit>,
    /// What a citizen may demand, by code.
    pub rights: BTreeMap<String, Right>,
    /// Routing rules in their order.
    pub rules: Vec<Rule>,
    /// Templates by event, audience, channel and language.
    pub templates: BTreeMap<(String, String, String, String), Template>,
    /// Courts and ombudsman by code.
    pub remedies: BTreeMap<String, Remedy>,
    /// How long what is personal is kept, by code.
    pub retention: BTreeMap<String, Retention>,
    /// Causes by code.
    pub causes: BTreeMap<String, Cause>,
    /// The checklist of calls by code.
    pub checklist: BTreeMap<String, CheckItem>,
    /// Provinces by code.
    pub provinces: BTreeMap<String, Province>,
    /// Counties by code.
    pub counties: BTreeMap<String, County>,
    /// The policy matrix: what each role may do, and how far.
    pub roles: BTreeMap<crate::domain::actor::Role, Role>,
    /// Who is told of events.
    pub webhooks: Vec<Webhook>,
    /// Offices whose own system takes their referrals.
    pub exchange: BTreeSet<crate::db::types::OfficeId>,
    /// Recomputations for closures that have not reached every case yet, oldest first.
    pub pending: Vec<Run>,
    calendars: Calendars,
}

impl Rulebook {
    /// The kind of this code, or the field error that names it.
    pub fn kind(&self, field: &str, code: &str) -> Result<&Kind, FieldError> {
        self.kinds.get(code).ok_or_else(|| FieldError::unknown(field, code))
    }

    /// The category of this code, or the field error that names it.
    pub fn category(&self, field: &str, code: &str) -> Result<&Category, FieldError> {
        self.categories.get(code).ok_or_else(|| FieldError::unknown(field, code))
    }

    /// The cause of this code, or the field error that lists the causes.
    pub fn cause(&self, field: &str, code: &str) -> Result<&Cause, FieldError> {
        self.causes.get(code).ok_or_else(|| {
            let list = self.causes.keys().cloned().collect::<Vec<_>>().join(", ");
            FieldError::new(field, "unknown", format!("علت‌ها: {list}"), format!("Causes: {list}."))
        })
    }

    /// The checklist in its order.
    pub fn check_items(&self) -> Vec<&CheckItem> {
        let mut items: Vec<&CheckItem> = self.checklist.values().collect();
        items.sort_by_key(|item| (item.order, &item.code));
        items
    }

    /// The name of an outcome in a language, or its code where no row knows it.
    pub fn outcome_name(&self, code: &str, language: Language) -> String {
        self.outcomes.get(code).map_or_else(
            || code.to_owned(),
            |row| match language {
                Language::Fa => row.fa.clone(),
                Language::En => row.en.clone(),
            },
        )
    }

    /// The calendars in force.
    pub fn calendars(&self) -> &Calendars {
        &self.calendars
    }

    /// The retention rule that fits a case best: of sealed cases before its category, before its kind.
    pub fn retention_of(&self, kind: &str, category: Option<&str>, is_sealed: bool) -> Option<&Retention> {
        let fits = |rule: &&Retention| {
            (!rule.sealed || is_sealed)
                && rule.kind.as_deref().is_none_or(|of| of == kind)
                && rule.category.as_deref().is_none_or(|of| Some(of) == category)
        };
        let weight = |rule: &&Retention| (rule.sealed, rule.category.is_some(), rule.kind.is_some());
        self.retention.values().filter(fits).max_by_key(weight)
    }

    /// The reason of this use and code, or the field error that names it.
    pub fn reason(&self, reason_use: &str, field: &str, code: &str) -> Result<&Reason, FieldError> {
        self.reasons
            .get(&(reason_use.to_owned(), code.to_owned()))
            .ok_or_else(|| FieldError::unknown(field, code))
    }
}
