//! Lays the files on the database: what is new is added, what changed becomes a new version.
//!
//! Offices keep their ids for ever; beside its row in `offices` each has a definition that says how the
//! files had it last, so that a change by an administrator is told from a change of the files.

use std::collections::HashMap;

use diesel::prelude::*;

use super::changes::{Change, Changes};
use super::files::Files;
use super::offices::{self as seed_offices, SeedOffice};
use super::tree::Tree;
use crate::db::dialect::BATCH;
use crate::db::schema::{definitions, offices};
use crate::db::types::{DefinitionId, Time};
use crate::db::{DbConnection, IdMaker};
use crate::domain::rulebook::load;
use crate::error::{Error, Result};
use crate::on_both;

/// Who stands as the author of seeded rows.
const AUTHOR: &str = "seed";
/// What becomes definitions, offices last, since they are checked against their rows.
const DEFINED: [&str; 20] = [
    "province",
    "county",
    "calendar",
    "shift",
    "holiday",
    "role",
    "kind",
    "outcome",
    "group",
    "category",
    "reason",
    "limit",
    "right",
    "rule",
    "template",
    "remedy",
    "retention",
    "cause",
    "check_item",
    "office",
];

/// A row as the files want it.
struct Wanted {
    noun: &'static str,
    code: String,
    body: String,
    source: String,
}

/// The latest version of a row in the database.
#[derive(Queryable)]
struct Held {
    id: DefinitionId,
    noun: String,
    code: String,
    version: i32,
    body: String,
    author: String,
    valid_to: Option<Time>,
}

#[derive(Insertable)]
#[diesel(table_name = definitions, treat_none_as_default_value = false)]
struct NewDefinition {
    id: DefinitionId,
    noun: &'static str,
    code: String,
    version: i32,
    body: String,
    source: String,
    author: &'static str,
    valid_from: Time,
    valid_to: Option<Time>,
}

/// Whether the national tree and its rules are there.
pub fn is_seeded(connection: &mut DbConnection) -> Result<bool> {
    let centres: i64 = offices::table.filter(offices::code.eq("CENTRE")).count().get_result(connection)?;
    let rows: i64 = definitions::table.filter(definitions::noun.eq("role")).count().get_result(connection)?;
    Ok(centres > 0 && rows > 0)
}

/// Seeds the database from the files; doing it again changes nothing.
///
/// # Errors
/// An internal fault with the first problem of the files, before anything is written.
pub fn apply(connection: &mut DbConnection, files: &Files, now: Time, ids: &IdMaker) -> Result<Changes> {
    let problems = super::check::problems(files);
    if let Some(first) = problems.first() {
        let count = problems.len();
        return Err(Error::internal(format!("{count} problems in the configuration, the first: {first}")));
    }
    let held = held(connection)?;
    let mut tree = Tree::read(connection)?;
    let mut changes = Changes::default();
    let mut plan = Plan::default();
    for wanted in wanted(files)? {
        let old = held.get(&(wanted.noun.to_owned(), wanted.code.clone()));
        let mut change = judge(&wanted, old);
        if wanted.noun == "office" {
            change = tree.lay(change, &wanted.body, old.map(|old| old.body.as_str()))?;
        }
        changes.count(wanted.noun, change);
        match change {
            Change::Unchanged | Change::Kept => {}
            Change::Added | Change::Changed => plan.add(wanted, old, now, ids),
        }
    }
    tree.save(connection, now)?;
    plan.save(connection, now)?;
    if !changes.is_empty() {
        load::changed(connection)?;
    }
    Ok(changes)
}

fn judge(wanted: &Wanted, old: Option<&Held>) -> Change {
    match old {
        None => Change::Added,
        Some(old) if old.author != AUTHOR || old.valid_to.is_some() => Change::Kept,
        Some(old) if old.body == wanted.body => Change::Unchanged,
        Some(_) => Change::Changed,
    }
}

fn held(connection: &mut DbConnection) -> Result<HashMap<(String, String), Held>> {
    use definitions as d;
    let rows: Vec<Held> = d::table
        .order(d::version)
        .select((d::id, d::noun, d::code, d::version, d::body, d::author, d::valid_to))
        .load(connection)?;
    // later versions come later and stand in place of the earlier ones
    Ok(rows.into_iter().map(|row| ((row.noun.clone(), row.code.clone()), row)).collect())
}

fn wanted(files: &Files) -> Result<Vec<Wanted>> {
    let mut all = Vec::new();
    let mut shifts: HashMap<String, usize> = HashMap::new();
    for noun in DEFINED.into_iter().filter(|noun| *noun != "office") {
        for row in files.of(noun) {
            let mut code = row.code().unwrap_or_default();
            if noun == "shift" {
                let count = shifts.entry(code.clone()).or_default();
                *count += 1;
                code = format!("{code}.{count}");
            }
            let source = row.text("source").unwrap_or("config").to_owned();
            all.push(Wanted { noun, code, body: row.body().to_string(), source });
        }
    }
    for office in seed_offices::all(files) {
        let body = text_of(&office)?;
        all.push(Wanted { noun: "office", code: office.code, body, source: "config".into() });
    }
    Ok(all)
}

fn text_of(office: &SeedOffice) -> Result<String> {
    serde_json::to_string(office).map_err(|error| Error::Internal(Box::new(error)))
}

/// The versions to be written, and those that they end.
#[derive(Default)]
struct Plan {
    new: Vec<NewDefinition>,
    ended: Vec<DefinitionId>,
}

impl Plan {
    fn add(&mut self, wanted: Wanted, old: Option<&Held>, now: Time, ids: &IdMaker) {
        self.ended.extend(old.map(|old| old.id));
        self.new.push(NewDefinition {
            id: ids.next().into(),
            noun: wanted.noun,
            code: wanted.code,
            version: old.map_or(1, |old| old.version + 1),
            body: wanted.body,
            source: wanted.source,
            author: AUTHOR,
            valid_from: now,
            valid_to: None,
        });
    }

    fn save(&self, connection: &mut DbConnection, now: Time) -> Result<()> {
        for ids in self.ended.chunks(BATCH) {
            diesel::update(definitions::table.filter(definitions::id.eq_any(ids.to_vec())))
                .set(definitions::valid_to.eq(now))
                .execute(connection)?;
        }
        for rows in self.new.chunks(BATCH) {
            on_both!(connection, |c| diesel::insert_into(definitions::table).values(rows).execute(c))?;
        }
        Ok(())
    }
}
