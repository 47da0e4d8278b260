//! The rule register: every limit, reason, right, routing rule and outside remedy with its words, its legal
//! source and the time in which it holds (requirement tags S2.1, S2.2i and S2.2ii).
//!
//! It is read from the rows that the service itself works by, so that what is published is what is applied.

mod page;
mod words;

use std::collections::{BTreeMap, HashMap};

use diesel::prelude::*;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::db::DbConnection;
use crate::db::schema::{changes, definitions};
use crate::db::types::Time;
use crate::domain::calendar::{JalaliDate, TEHRAN};
use crate::domain::changes::Status;
use crate::domain::rulebook::Rulebook;
use crate::error::{Error, Result};

pub use page::page;
pub use words::span_words;

/// The nouns of the register, in the order in which they are shown.
pub const NOUNS: [&str; 5] = ["right", "limit", "reason", "rule", "remedy"];
/// Author of the rows that came with the installation.
const SEED: &str = "seed";

/// One version of one rule.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Entry {
    /// `right`, `limit`, `reason`, `rule` (of routing) or `remedy`.
    pub noun: String,
    /// Unique within the noun, such as `answer.request` or `decline.no_budget`.
    pub code: String,
    /// 1, 2, 3 …
    pub version: i32,
    pub fa: String,
    pub en: String,
    /// The rule in plain words.
    pub text_fa: String,
    pub text_en: String,
    /// Law and article, standard, or decision.
    pub source: String,
    /// Why this version stands in place of the former one, as its proposer told the public.
    pub because: Option<String>,
    /// From when on the service applied it.
    pub valid_from: Time,
    /// Until when; null while it is in force.
    pub valid_to: Option<Time>,
    /// The rule's own fields: `span`, `value`, `kind`, `category`, `to`, `effective_from` and the like.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub terms: Map<String, Value>,
}

/// What of a row is told by the entry itself.
const TOLD: [&str; 8] = ["code", "fa", "en", "text_fa", "text_en", "source", "version", "noun"];

/// A version as it is stored.
#[derive(Queryable, Selectable)]
#[diesel(table_name = definitions)]
struct Version {
    noun: String,
    code: String,
    version: i32,
    body: String,
    source: String,
    author: String,
    valid_from: Time,
    valid_to: Option<Time>,
}

impl Version {
    /// Whether it held at `moment`: what came with the installation also holds for what is older, from its
    /// date of effect on where one is told.
    fn held_at(&self, moment: Time) -> bool {
        let has_ended = self.valid_to.is_some_and(|end| end <= moment);
        let is_first = self.version == 1 && self.author == SEED;
        let begins = if is_first { self.effective_from() } else { Some(self.valid_from) };
        !has_ended && begins.is_none_or(|begins| begins.min(self.valid_from) <= moment)
    }

    fn effective_from(&self) -> Option<Time> {
        let body: Value = serde_json::from_str(&self.body).ok()?;
        let date = JalaliDate::parse(body.get("effective_from")?.as_str()?).ok()?.to_civil();
        let zone = jiff::tz::TimeZone::get(TEHRAN).ok()?;
        Some(Time::from(date.to_zoned(zone).ok()?.timestamp()))
    }

    fn entry(self, rules: &Rulebook, told: &Grounds) -> Result<Entry> {
        let mut terms: Map<String, Value> =
            serde_json::from_str(&self.body).map_err(|error| Error::Internal(Box::new(error)))?;
        let (text_fa, text_en) = words::plain(&self.noun, &terms, rules);
        let text = |field: &str| terms.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (fa, en) = (text("fa"), text("en"));
        terms.retain(|field, _| !TOLD.contains(&field.as_str()));
        let key = (self.noun.clone(), self.code.clone(), self.version);
        Ok(Entry {
            because: told.get(&key).cloned(),
            noun: self.noun,
            code: self.code,
            version: self.version,
            fa,
            en,
            text_fa,
            text_en,
            source: self.source,
            valid_from: self.valid_from,
            valid_to: self.valid_to,
            terms,
        })
    }
}

/// Why versions were made, by noun, code and version.
type Grounds = HashMap<(String, String, i32), String>;

/// What the proposers of the versions in force and of former ones told of them.
fn grounds(connection: &mut DbConnection) -> Result<Grounds> {
    let rows: Vec<(String, String, Option<i32>, Option<String>)> = changes::table
        .filter(changes::noun.eq_any(NOUNS).and(changes::because.is_not_null()))
        .filter(changes::status.eq(Status::Applied))
        .select((changes::noun, changes::code, changes::version, changes::because))
        .load(connection)?;
    let told = |(noun, code, version, because): (_, _, Option<i32>, Option<String>)| {
        Some(((noun, code, version?), because?))
    };
    Ok(rows.into_iter().filter_map(told).collect())
}

/// What is asked of the register.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    /// All nouns when missing.
    pub noun: Option<String>,
    /// All codes when missing.
    pub code: Option<String>,
}

/// The rules that held at `moment`, by noun and code; their names of kinds and categories are those of `rules`.
pub fn at(connection: &mut DbConnection, rules: &Rulebook, wish: &Wish, moment: Time) -> Result<Vec<Entry>> {
    use definitions as d;
    let nouns: Vec<&str> =
        NOUNS.into_iter().filter(|noun| wish.noun.as_deref().is_none_or(|wished| wished == *noun)).collect();
    let mut query = d::table
        .filter(d::noun.eq_any(nouns))
        .filter(d::valid_from.le(moment).or(d::version.eq(1)))
        .filter(d::valid_to.is_null().or(d::valid_to.gt(moment)))
        .order((d::noun, d::code, d::version))
        .select(Version::as_select())
        .into_boxed();
    if let Some(code) = &wish.code {
        query = query.filter(d::code.eq(code.clone()));
    }
    let rows: Vec<Version> = query.load(connection)?;
    let mut held: BTreeMap<(usize, String), Version> = BTreeMap::new();
    for row in rows.into_iter().filter(|row| row.held_at(moment)) {
        let place = NOUNS.iter().position(|noun| *noun == row.noun).unwrap_or(NOUNS.len());
        held.insert((place, row.code.clone()), row);
    }
    let told = grounds(connection)?;
    let entries: Result<Vec<Entry>> = held.into_values().map(|row| row.entry(rules, &told)).collect();
    // routing rules and remedies are read in their own order
    entries.map(|mut entries| {
        let place = |entry: &Entry| NOUNS.iter().position(|noun| *noun == entry.noun);
        let order = |entry: &Entry| entry.terms.get("order").and_then(Value::as_i64);
        entries.sort_by_key(|entry| (place(entry), order(entry)));
        entries
    })
}

/// One rule as it was at `moment`; none where it did not hold then.
pub fn one(
    connection: &mut DbConnection,
    rules: &Rulebook,
    noun: &str,
    code: &str,
    moment: Time,
) -> Result<Option<Entry>> {
    let wish = Wish { noun: Some(noun.to_owned()), code: Some(code.to_owned()) };
    Ok(at(connection, rules, &wish, moment)?.pop())
}

/// Every version of the rules of a code, the oldest first.
pub fn history(connection: &mut DbConnection, rules: &Rulebook, code: &str) -> Result<Vec<Entry>> {
    use definitions as d;
    let rows: Vec<Version> = d::table
        .filter(d::noun.eq_any(NOUNS).and(d::code.eq(code.to_owned())))
        .order((d::noun, d::version))
        .select(Version::as_select())
        .load(connection)?;
    let told = grounds(connection)?;
    rows.into_iter().map(|row| row.entry(rules, &told)).collect()
}
