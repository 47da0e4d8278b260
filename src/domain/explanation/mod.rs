//! Why a case stands as it does: for each limit, route, window and reason on it the rule of its day, with its
//! text and source, and how the time was reckoned (requirement tags S2.2ii and S2.2iii).
//!
//! The timeline says what happened and when; the register says which version held then. Each result is reckoned
//! anew from them, and `agrees` tells whether it is what the case was given.

mod events;
mod reckoning;
mod route;

use std::collections::BTreeMap;
use std::sync::Arc;

use diesel::prelude::*;
use serde::Serialize;

use crate::db::DbConnection;
use crate::db::schema::events as e;
use crate::db::types::{OfficeId, Time};
use crate::domain::actor::Act;
use crate::domain::cases::CaseRow;
use crate::domain::cases::life::Fact;
use crate::domain::register::{self, Entry};
use crate::domain::rulebook::{Narrowing, Rulebook, rules_of};
use crate::domain::views;
use crate::error::{Error, Language, Result};

pub use reckoning::{Reckoning, Skipped};
pub use route::Weighed;

/// Who reads the explanation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    Staff,
    /// Sees what concerns the citizen, not how offices dun each other.
    Citizen,
}

/// What concerns offices among themselves only.
const INTERNAL: [&str; 4] = ["referral_due", "lateness", "return", "transfer"];

/// Why a case stands as it does.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Explanation {
    pub tracking_code: String,
    pub kind: String,
    pub category: Option<String>,
    /// Until when an answer is promised now.
    pub due_at: Time,
    /// In the order in which they came about.
    pub consequences: Vec<Consequence>,
    /// What the citizen may do, each with its rule of today.
    pub rights: Vec<RightView>,
}

/// One thing that a rule brought about.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Consequence {
    /// `due`, `outer`, `triage`, `priority`, `route`, `referral_due`, `question`, `pause`, `extension`, `return`,
    /// `transfer`, `lateness`, `interim_answer`, `reason`, `reply_window`, `remedy_window`, `additional_answer`,
    /// `appeal` or `reopening`.
    pub what: &'static str,
    /// When the rule was applied.
    pub at: Time,
    pub fa: String,
    pub en: String,
    /// The time that came of it.
    pub until: Option<Time>,
    /// The rule as it was then; null where a person decided.
    pub rule: Option<Entry>,
    pub reckoning: Option<Reckoning>,
    /// For a route: the rules that came before and why they did not choose, then the one that did.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub weighed: Vec<Weighed>,
    /// Whether reckoning it anew by the rule of its day gives the same; null where nothing is reckoned.
    pub agrees: Option<bool>,
}

/// A right and whether it can be used now.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct RightView {
    pub rule: Entry,
    pub open: bool,
    pub until: Option<Time>,
    /// Why not now, in the reader's language.
    pub why: Option<String>,
}

/// What happened, with its time and the office in whose name it was done.
struct Event {
    at: Time,
    office: Option<OfficeId>,
    fact: Fact,
}

/// The explanation of a visible case.
pub fn explain(
    connection: &mut DbConnection,
    act: &Act,
    row: CaseRow,
    reader: Reader,
    language: Language,
) -> Result<Explanation> {
    let events = read(connection, &row)?;
    let mut walk = Walk { connection, act, row: &row, held: BTreeMap::new(), found: Vec::new() };
    walk.promises(&events)?;
    for event in &events {
        walk.event(event, &events)?;
    }
    walk.pauses()?;
    let mut consequences = walk.found;
    consequences.retain(|one| reader == Reader::Staff || !INTERNAL.contains(&one.what));
    consequences.sort_by_key(|one| one.at);
    Ok(Explanation {
        tracking_code: row.tracking_code.clone(),
        kind: row.kind.clone(),
        category: row.category.clone(),
        due_at: row.due_at,
        consequences,
        rights: rights(connection, act, row, language)?,
    })
}

fn read(connection: &mut DbConnection, row: &CaseRow) -> Result<Vec<Event>> {
    let rows: Vec<(Time, Option<OfficeId>, String)> = e::table
        .filter(e::case_id.eq(row.id))
        .order(e::seq)
        .select((e::at, e::office_id, e::payload))
        .load(connection)?;
    rows.into_iter()
        .map(|(at, office, payload)| {
            let fact = serde_json::from_str(&payload).map_err(|error| Error::Internal(Box::new(error)))?;
            Ok(Event { at, office, fact })
        })
        .collect()
}

fn rights(
    connection: &mut DbConnection,
    act: &Act,
    row: CaseRow,
    language: Language,
) -> Result<Vec<RightView>> {
    let actions = views::citizen_actions(connection, act, row, language)?;
    let wish = register::Wish { noun: Some("right".into()), code: None };
    let entries = register::at(connection, &act.rules, &wish, act.now)?;
    let view = |rule: Entry| {
        let verb = act.rules.rights.get(&rule.code).and_then(|right| right.verb);
        let action = verb.and_then(|verb| actions.iter().find(|action| action.verb == verb));
        RightView {
            open: action.is_none_or(|action| action.allowed),
            until: action.and_then(|action| action.until),
            why: action.and_then(|action| action.why.clone()),
            rule,
        }
    };
    Ok(entries.into_iter().map(view).collect())
}

/// The walk through a case's timeline.
struct Walk<'a> {
    connection: &'a mut DbConnection,
    act: &'a Act,
    row: &'a CaseRow,
    /// The rules of the days that were asked for.
    held: BTreeMap<Time, Arc<Rulebook>>,
    found: Vec<Consequence>,
}

impl Walk<'_> {
    /// The rules that held at `moment`.
    fn rules(&mut self, moment: Time) -> Result<Arc<Rulebook>> {
        if let Some(rules) = self.held.get(&moment) {
            return Ok(rules.clone());
        }
        let rules = rules_of(self.connection, &self.act.rules, moment)?;
        self.held.insert(moment, rules.clone());
        Ok(rules)
    }

    /// A rule of the register as it was at `moment`.
    fn entry(&mut self, noun: &str, code: &str, moment: Time) -> Result<Option<Entry>> {
        let rules = self.rules(moment)?;
        register::one(self.connection, &rules, noun, code, moment)
    }

    /// The limit that gave the span of `subject` at `moment`.
    fn limit(&mut self, subject: &str, asked: Narrowing<'_>, moment: Time) -> Result<Option<Entry>> {
        let rules = self.rules(moment)?;
        match rules.limit(subject, asked) {
            Some(limit) => self.entry("limit", &limit.code, moment),
            None => Ok(None),
        }
    }

    /// The limit that gave the number of `subject` at `moment`.
    fn number(&mut self, subject: &str, moment: Time) -> Result<Option<Entry>> {
        let rules = self.rules(moment)?;
        match rules.limits.values().find(|limit| limit.subject == subject) {
            Some(limit) => self.entry("limit", &limit.code, moment),
            None => Ok(None),
        }
    }

    fn push(&mut self, what: &'static str, at: Time, words: (String, String), rule: Option<Entry>) {
        let (fa, en) = words;
        self.found.push(Consequence {
            what,
            at,
            fa,
            en,
            until: None,
            rule,
            reckoning: None,
            weighed: Vec::new(),
            agrees: None,
        });
    }

    /// A time that was reckoned from a limit, beside the one that the case was given.
    fn push_time(
        &mut self,
        what: &'static str,
        at: Time,
        rule: Option<Entry>,
        reckoning: Option<Reckoning>,
        given: Option<Time>,
    ) {
        let Some(rule) = rule else { return };
        let agrees = given.zip(reckoning.as_ref()).map(|(given, reckoned)| given == reckoned.until);
        let until = given.or(reckoning.as_ref().map(|reckoned| reckoned.until));
        self.push(what, at, (rule.text_fa.clone(), rule.text_en.clone()), Some(rule));
        if let Some(last) = self.found.last_mut() {
            (last.until, last.reckoning, last.agrees) = (until, reckoning, agrees);
        }
    }
}
