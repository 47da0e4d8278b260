//! Reads the rules in force and keeps them until the database says that they changed.

use std::sync::{Arc, RwLock};

use diesel::prelude::*;
use serde::de::DeserializeOwned;

use super::{Office, Offices, Rulebook, calendars, closures};
use crate::db::DbConnection;
use crate::db::schema::{definitions, former_lines, offices, rulebook_version};
use crate::db::types::OfficeId;
use crate::domain::exchange;
use crate::error::{Error, Result};
use crate::on_both;

/// The rules in memory, shared by all threads of a process.
#[derive(Debug, Clone, Default)]
pub struct RulebookCache(Arc<RwLock<Option<Arc<Rulebook>>>>);

impl RulebookCache {
    /// A cache that begins with rules that were read already.
    pub fn holding(rules: Arc<Rulebook>) -> Self {
        Self(Arc::new(RwLock::new(Some(rules))))
    }

    /// The rules in force as this transaction sees them.
    pub fn current(&self, connection: &mut DbConnection) -> Result<Arc<Rulebook>> {
        let version = version(connection)?;
        let held = self.0.read().unwrap_or_else(|poisoned| poisoned.into_inner()).clone();
        if let Some(rules) = held.filter(|rules| rules.version == version) {
            return Ok(rules);
        }
        let rules = Arc::new(read(connection, version)?);
        *self.0.write().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(rules.clone());
        Ok(rules)
    }
}

/// The version as this transaction sees it; it rises with every change of rules, and of keys.
pub fn version(connection: &mut DbConnection) -> Result<i64> {
    Ok(on_both!(connection, |c| rulebook_version::table.select(rulebook_version::version).first(c))?)
}

/// Tells every process that rules or keys changed; to be called in the transaction that changes them.
pub fn changed(connection: &mut DbConnection) -> Result<()> {
    diesel::update(rulebook_version::table)
        .set(rulebook_version::version.eq(rulebook_version::version + 1))
        .execute(connection)?;
    Ok(())
}

fn read(connection: &mut DbConnection, version: i64) -> Result<Rulebook> {
    let rows: Vec<(String, String)> = definitions::table
        .filter(definitions::valid_to.is_null())
        .order((definitions::noun, definitions::code))
        .select((definitions::noun, definitions::body))
        .load(connection)?;
    build(connection, version, &rows)
}

/// Rules made of rows (noun, body) in the order of noun and code; the tree of offices is that of now.
pub(super) fn build(
    connection: &mut DbConnection,
    version: i64,
    rows: &[(String, String)],
) -> Result<Rulebook> {
    let mut rules = rows_of::<super::Rule>(rows, "rule")?;
    rules.sort_by_key(|rule| rule.order);
    let bare =
        calendars::build(&rows_of(rows, "calendar")?, &rows_of(rows, "shift")?, &rows_of(rows, "holiday")?)?;
    let (calendars, pending) = closures::read(connection)?.laid_on(&bare);
    Ok(Rulebook {
        version,
        offices: Offices::new(read_offices(connection)?)
            .with_former_lines(former_lines::table.load(connection)?),
        kinds: keyed(rows_of::<super::Kind>(rows, "kind")?, |row| row.code.clone()),
        outcomes: keyed(rows_of::<super::Outcome>(rows, "outcome")?, |row| row.code.clone()),
        groups: keyed(rows_of::<super::Group>(rows, "group")?, |row| row.code.clone()),
        categories: keyed(rows_of::<super::Category>(rows, "category")?, |row| row.code.clone()),
        reasons: keyed(rows_of::<super::Reason>(rows, "reason")?, |row| {
            (row.reason_use.clone(), row.code.clone())
        }),
        limits: keyed(rows_of::<super::Limit>(rows, "limit")?, |row| row.code.clone()),
        rights: keyed(rows_of::<super::Right>(rows, "right")?, |row| row.code.clone()),
        templates: keyed(rows_of::<super::Template>(rows, "template")?, |row| {
            (row.event.clone(), row.audience.clone(), row.channel.clone(), row.language.clone())
        }),
        remedies: keyed(rows_of::<super::Remedy>(rows, "remedy")?, |row| row.code.clone()),
        retention: keyed(rows_of::<super::Retention>(rows, "retention")?, |row| row.code.clone()),
        causes: keyed(rows_of::<super::Cause>(rows, "cause")?, |row| row.code.clone()),
        checklist: keyed(rows_of::<super::CheckItem>(rows, "check_item")?, |row| row.code.clone()),
        provinces: keyed(rows_of::<super::Province>(rows, "province")?, |row| row.code.clone()),
        counties: keyed(rows_of::<super::County>(rows, "county")?, |row| row.code.clone()),
        roles: rows_of::<super::Role>(rows, "role")?
            .into_iter()
            .filter_map(|row| Some((row.code.parse().ok()?, row)))
            .collect(),
        webhooks: rows_of(rows, "webhook")?,
        exchange: exchange::offices(connection)?,
        calendars,
        pending,
        rules,
    })
}

fn keyed<K: Ord, T>(rows: Vec<T>, key: impl Fn(&T) -> K) -> std::collections::BTreeMap<K, T> {
    rows.into_iter().map(|row| (key(&row), row)).collect()
}

fn rows_of<T: DeserializeOwned>(rows: &[(String, String)], noun: &str) -> Result<Vec<T>> {
    rows.iter()
        .filter(|(of, _)| of == noun)
        .map(|(_, body)| {
            serde_json::from_str(body).map_err(|error| Error::internal(format!("{noun}: {error}: {body}")))
        })
        .collect()
}

type OfficeRow = (
    (OfficeId, String, Option<OfficeId>, super::Level, String, String),
    (Option<String>, Option<String>, Option<String>, Option<String>, bool, bool),
);

fn read_offices(connection: &mut DbConnection) -> Result<Vec<Office>> {
    use offices as o;
    let rows: Vec<OfficeRow> = o::table
        .filter(o::valid_to.is_null())
        .select((
            (o::id, o::code, o::parent_id, o::level, o::name_fa, o::name_en),
            (o::province, o::county, o::email, o::calendar, o::signpost_only, o::needs_approval),
        ))
        .load(connection)?;
    Ok(rows
        .into_iter()
        .map(
            |(
                (id, code, parent, level, fa, en),
                (province, county, email, calendar, signpost_only, needs_approval),
            )| Office {
                id,
                code,
                parent,
                level,
                fa,
                en,
                province,
                county,
                email,
                calendar,
                signpost_only,
                needs_approval,
            },
        )
        .collect())
}
