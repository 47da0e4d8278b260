//! Definitions: kinds, categories, calendars, limits, reasons, rights, routing rules, templates and webhooks as
//! versioned rows.
//!
//! A change ends the old version and begins the next, so that an old case can be explained by the rules of
//! its day (requirement tag S2.2ii). It is first a [`Draft`], checked and unwritten, so that it can be shown,
//! tried and agreed; [`lay`] writes it. Every change is logged with its author.

mod check;
mod draft;

use diesel::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{rulebook, webhooks};
use crate::db::DbConnection;
use crate::db::schema::{audit, definitions};
use crate::db::types::{AuditId, DefinitionId, Time};
use crate::domain::actor::{Act, Actor};
use crate::error::Result;

pub use check::may_end;
pub use draft::{Draft, amended, end, ended, lay, new, replaced};

/// What a row must be to be read by the service.
pub type Check = fn(&Value) -> std::result::Result<(), String>;

/// The nouns that can be configured: name in the path, noun of the rows, and how a row is checked.
pub const NOUNS: [(&str, &str, Check); 10] = [
    ("categories", "category", reads::<rulebook::Category>),
    ("routing-rules", "rule", reads::<rulebook::Rule>),
    ("calendars", "calendar", reads::<rulebook::CalendarRow>),
    ("holidays", "holiday", reads::<rulebook::Holiday>),
    ("templates", "template", reads::<rulebook::Template>),
    ("limits", "limit", reads::<rulebook::Limit>),
    ("reasons", "reason", reads::<rulebook::Reason>),
    ("rights", "right", reads::<rulebook::Right>),
    ("kinds", "kind", reads::<rulebook::Kind>),
    ("webhooks", webhooks::NOUN, reads::<rulebook::Webhook>),
];

fn reads<T: DeserializeOwned>(row: &Value) -> std::result::Result<(), String> {
    serde_json::from_value::<T>(row.clone()).map(|_| ()).map_err(|error| error.to_string())
}

/// A row in force.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = definitions)]
pub struct DefinitionRow {
    pub id: DefinitionId,
    pub noun: String,
    pub code: String,
    pub version: i32,
    pub body: String,
    pub author: String,
    pub valid_from: Time,
}

impl DefinitionRow {
    /// The row's own fields.
    pub fn fields(&self) -> Map<String, Value> {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// The row's fields, with its version, author and date beside them.
    pub fn view(&self) -> Value {
        let mut map = self.fields();
        map.insert("code".into(), self.code.clone().into());
        map.insert("version".into(), self.version.into());
        map.insert("author".into(), self.author.clone().into());
        map.insert("valid_from".into(), self.valid_from.to_string().into());
        Value::Object(map)
    }
}

/// Rows in force of a noun, one page after `after`.
pub fn list(
    connection: &mut DbConnection,
    noun: &str,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<DefinitionRow>> {
    Ok(definitions::table
        .filter(definitions::noun.eq(noun).and(definitions::valid_to.is_null()))
        .filter(definitions::code.gt(after.unwrap_or_default().to_owned()))
        .order(definitions::code)
        .limit(limit)
        .select(DefinitionRow::as_select())
        .load(connection)?)
}

/// The bodies of all rows in force of a noun.
pub fn bodies(connection: &mut DbConnection, _act: &Act, noun: &str) -> Result<Vec<Value>> {
    Ok(list(connection, noun, None, 10_000)?.iter().map(DefinitionRow::view).collect())
}

/// The row in force of this code.
pub fn find(connection: &mut DbConnection, noun: &str, code: &str) -> Result<DefinitionRow> {
    Ok(definitions::table
        .filter(
            definitions::noun.eq(noun).and(definitions::code.eq(code)).and(definitions::valid_to.is_null()),
        )
        .select(DefinitionRow::as_select())
        .first(connection)?)
}

/// Who stands as the author of what this act does.
pub fn author(act: &Act) -> String {
    match &act.actor {
        Actor::Staff(staff) => staff.username.clone(),
        other => other.sort().to_owned(),
    }
}

/// Writes a line of the audit log of configuration.
pub fn log(
    connection: &mut DbConnection,
    act: &Act,
    action: &str,
    subject: &str,
    detail: &str,
) -> Result<()> {
    let id: AuditId = act.id();
    diesel::insert_into(audit::table)
        .values((
            (audit::id.eq(id), audit::at.eq(act.now), audit::actor.eq(author(act))),
            (audit::action.eq(action), audit::subject.eq(subject), audit::detail.eq(detail)),
        ))
        .execute(connection)?;
    Ok(())
}
