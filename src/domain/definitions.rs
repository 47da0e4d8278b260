//! Definitions: kinds, categories, calendars, limits, routing rules and templates as versioned rows.
//!
//! A change ends the old version and begins the next, so that an old case can be explained by the rules of
//! its day (requirement tag S2.2ii). Every change is logged with its author.

use diesel::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::rulebook::{self, Rulebook};
use crate::db::DbConnection;
use crate::db::schema::{audit, definitions};
use crate::db::types::{AuditId, DefinitionId, Time};
use crate::domain::actor::{Act, Actor};
use crate::error::{Code, Error, FieldError, Fields, Result};

/// What a row must be to be read by the service.
type Check = fn(&Value) -> std::result::Result<(), String>;

/// The nouns that can be configured: name in the path, noun of the rows, and how a row is checked.
pub const NOUNS: [(&str, &str, Check); 7] = [
    ("categories", "category", reads::<rulebook::Category>),
    ("routing-rules", "rule", reads::<rulebook::Rule>),
    ("calendars", "calendar", reads::<rulebook::CalendarRow>),
    ("holidays", "holiday", reads::<rulebook::Holiday>),
    ("templates", "template", reads::<rulebook::Template>),
    ("limits", "limit", reads::<rulebook::Limit>),
    ("kinds", "kind", reads::<rulebook::Kind>),
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
    /// The row's fields, with its version, author and date beside them.
    pub fn view(&self) -> Value {
        let mut map: Map<String, Value> = serde_json::from_str(&self.body).unwrap_or_default();
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

/// Makes a row; its code must be new.
pub fn create(
    connection: &mut DbConnection,
    act: &Act,
    noun: &str,
    check: Check,
    body: Value,
) -> Result<DefinitionRow> {
    let code = code_of(noun, &body)?;
    let known: i64 = definitions::table
        .filter(definitions::noun.eq(noun).and(definitions::code.eq(&code)))
        .count()
        .get_result(connection)?;
    if known > 0 {
        return Err(Error::Conflict(Code::Duplicate));
    }
    write(connection, act, noun, check, &code, 1, body)
}

/// Changes fields of a row: the old version ends now and the next begins. A null takes a field away.
pub fn change(
    connection: &mut DbConnection,
    act: &Act,
    noun: &str,
    check: Check,
    code: &str,
    changes: Map<String, Value>,
) -> Result<DefinitionRow> {
    let old = find(connection, noun, code)?;
    let mut body: Map<String, Value> =
        serde_json::from_str(&old.body).map_err(|e| Error::Internal(Box::new(e)))?;
    for (field, value) in changes {
        match value {
            Value::Null => body.remove(&field),
            value => body.insert(field, value),
        };
    }
    if code_of(noun, &Value::Object(body.clone()))? != code {
        let (fa, en) = ("کد عوض نمی‌شود؛ ردیف تازه بسازید.", "A code does not change; make a new row.");
        return Err(Error::field(FieldError::new("code", "fixed", fa, en)));
    }
    diesel::update(definitions::table.find(old.id))
        .set(definitions::valid_to.eq(act.now))
        .execute(connection)?;
    write(connection, act, noun, check, code, old.version + 1, Value::Object(body))
}

/// How rows of a noun are named: by their code, or by what makes them unique.
pub fn code_of(noun: &str, body: &Value) -> Result<String> {
    let parts: &[&str] = match noun {
        "template" => &["event", "audience", "channel", "language"],
        "reason" => &["use", "code"],
        "holiday" => &["calendar", "date"],
        _ => &["code"],
    };
    let mut fields = Fields::default();
    let named: Vec<String> = parts
        .iter()
        .filter_map(|part| {
            let value = body.get(*part).and_then(Value::as_str).filter(|value| !value.trim().is_empty());
            fields.take(value.map(str::to_owned).ok_or_else(|| FieldError::required(*part)))
        })
        .collect();
    fields.finish()?;
    Ok(named.join("."))
}

fn write(
    connection: &mut DbConnection,
    act: &Act,
    noun: &str,
    check: Check,
    code: &str,
    version: i32,
    body: Value,
) -> Result<DefinitionRow> {
    check(&body).map_err(|told| {
        let field = told.split('`').nth(1).unwrap_or("body").to_owned();
        Error::field(FieldError::new(field, "invalid", "این ردیف درست نیست.", told))
    })?;
    check_references(&act.rules, noun, &body)?;
    let author = author(act);
    let id: DefinitionId = act.id();
    diesel::insert_into(definitions::table)
        .values((
            (definitions::id.eq(id), definitions::noun.eq(noun), definitions::code.eq(code)),
            (definitions::version.eq(version), definitions::body.eq(body.to_string())),
            (definitions::source.eq(body
                .get("source")
                .and_then(Value::as_str)
                .unwrap_or("decision")
                .to_owned())),
            (definitions::author.eq(&author), definitions::valid_from.eq(act.now)),
        ))
        .execute(connection)?;
    log(
        connection,
        act,
        if version == 1 { "create" } else { "change" },
        &format!("{noun}:{code}"),
        &body.to_string(),
    )?;
    rulebook::load::changed(connection)?;
    find(connection, noun, code)
}

/// A row may only name what exists, and a rule needs its source (requirement tag S2.1).
fn check_references(rules: &Rulebook, noun: &str, body: &Value) -> Result<()> {
    let mut fields = Fields::default();
    let text = |field: &str| body.get(field).and_then(Value::as_str).filter(|value| !value.is_empty());
    match noun {
        "category" => {
            fields.take(text("lead").map_or(Ok(()), |code| rules.offices.find("lead", code).map(|_| ())));
            let group = text("group").filter(|code| !rules.groups.contains_key(*code));
            group.into_iter().for_each(|code| fields.add(FieldError::unknown("group", code)));
        }
        "rule" => {
            fields.take(text("category").map_or(Ok(()), |code| rules.category("category", code).map(|_| ())));
            fields.take(text("kind").map_or(Ok(()), |code| rules.kind("kind", code).map(|_| ())));
            let words = ["lead", "lead_province", "lead_county", "above"];
            let target = text("to").filter(|to| !words.contains(to));
            fields.take(target.map_or(Ok(()), |code| rules.offices.find("to", code).map(|_| ())));
        }
        "limit" => {
            let span = text("span").filter(|span| span.parse::<crate::domain::deadlines::Span>().is_err());
            span.into_iter().for_each(|span| {
                let (fa, en) = (
                    "بازه‌ای مانند 10wd، 8wh یا 21d.",
                    format!("'{span}' is no span such as 10wd, 8wh or 21d."),
                );
                fields.add(FieldError::new("span", "invalid", fa, en));
            });
        }
        "holiday" => {
            let date = text("date").filter(|date| crate::domain::calendar::JalaliDate::parse(date).is_err());
            date.into_iter().for_each(|_| {
                let (fa, en) = ("تاریخی مانند ۱۴۰۵/۰۱/۰۱.", "A Jalali date such as 1405/01/01.");
                fields.add(FieldError::new("date", "invalid", fa, en));
            });
        }
        _ => {}
    }
    if matches!(noun, "rule" | "limit" | "holiday") && text("source").is_none() {
        fields.add(FieldError::required("source"));
    }
    fields.finish()
}

fn author(act: &Act) -> String {
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
