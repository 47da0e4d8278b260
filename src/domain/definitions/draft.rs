//! A row that would be written: checked against the rules in force, and then laid down.

use diesel::dsl::max;
use diesel::prelude::*;
use serde_json::{Map, Value};

use super::check::{check_end, check_row};
use super::{Check, DefinitionRow, NOUNS, find, log};
use crate::db::DbConnection;
use crate::db::schema::definitions;
use crate::db::types::DefinitionId;
use crate::domain::actor::Act;
use crate::domain::rulebook;
use crate::error::{Code, Error, FieldError, Fields, Result};

/// A row that is checked and not yet written.
#[derive(Debug, Clone)]
pub struct Draft {
    pub noun: &'static str,
    pub code: String,
    /// The version that it will be.
    pub version: i32,
    /// The whole new row; null where the row ends.
    pub body: Value,
    /// The row that it stands in place of.
    pub base: Option<DefinitionRow>,
}

/// The noun of stored rows and its check.
fn known(noun: &str) -> Result<(&'static str, Check)> {
    let found = NOUNS.into_iter().find(|(_, name, _)| *name == noun);
    found.map(|(_, name, check)| (name, check)).ok_or(Error::NotFound)
}

/// A new row; its code must be free.
pub fn new(connection: &mut DbConnection, act: &Act, noun: &str, body: Value) -> Result<Draft> {
    let (noun, check) = known(noun)?;
    let code = code_of(noun, &body)?;
    let rows = definitions::table.filter(definitions::noun.eq(noun).and(definitions::code.eq(&code)));
    let in_force: i64 = rows.filter(definitions::valid_to.is_null()).count().get_result(connection)?;
    if in_force > 0 {
        return Err(Error::Conflict(Code::Duplicate));
    }
    let last: Option<i32> = rows.select(max(definitions::version)).first(connection)?;
    check_row(&act.rules, noun, check, &code, &body)?;
    Ok(Draft { noun, code, version: last.map_or(1, |last| last + 1), body, base: None })
}

/// The row in force with some fields changed; a null takes a field away.
pub fn amended(
    connection: &mut DbConnection,
    act: &Act,
    noun: &str,
    code: &str,
    changes: Map<String, Value>,
) -> Result<Draft> {
    let mut body = find(connection, known(noun)?.0, code)?.fields();
    for (field, value) in changes {
        match value {
            Value::Null => body.remove(&field),
            value => body.insert(field, value),
        };
    }
    replaced(connection, act, noun, code, Value::Object(body))
}

/// Another row in place of the one in force.
pub fn replaced(
    connection: &mut DbConnection,
    act: &Act,
    noun: &str,
    code: &str,
    body: Value,
) -> Result<Draft> {
    let (noun, check) = known(noun)?;
    let base = find(connection, noun, code)?;
    if code_of(noun, &body)? != code {
        let (fa, en) = ("کد عوض نمی‌شود؛ ردیف تازه بسازید.", "A code does not change; make a new row.");
        return Err(Error::field(FieldError::new("code", "fixed", fa, en)));
    }
    check_row(&act.rules, noun, check, code, &body)?;
    Ok(Draft { noun, code: code.to_owned(), version: base.version + 1, body, base: Some(base) })
}

/// The end of the row in force.
pub fn ended(connection: &mut DbConnection, act: &Act, noun: &str, code: &str) -> Result<Draft> {
    let noun = known(noun)?.0;
    let base = find(connection, noun, code)?;
    check_end(&act.rules, noun, code)?;
    Ok(Draft { noun, code: code.to_owned(), version: base.version, body: Value::Null, base: Some(base) })
}

/// Writes a draft in the name of `author`: the old version ends now and the new one begins.
pub fn lay(connection: &mut DbConnection, act: &Act, draft: &Draft, author: &str) -> Result<DefinitionRow> {
    if let Some(base) = &draft.base {
        end(connection, act, base)?;
    }
    let id: DefinitionId = act.id();
    let source = draft.body.get("source").and_then(Value::as_str).unwrap_or("decision");
    diesel::insert_into(definitions::table)
        .values((
            (definitions::id.eq(id), definitions::noun.eq(draft.noun), definitions::code.eq(&draft.code)),
            (definitions::version.eq(draft.version), definitions::body.eq(draft.body.to_string())),
            (definitions::source.eq(source), definitions::author.eq(author)),
            definitions::valid_from.eq(act.now),
        ))
        .execute(connection)?;
    let action = if draft.base.is_none() { "create" } else { "change" };
    log(connection, act, action, &format!("{}:{}", draft.noun, draft.code), &draft.body.to_string())?;
    rulebook::load::changed(connection)?;
    find(connection, draft.noun, &draft.code)
}

/// Ends a version now.
pub fn end(connection: &mut DbConnection, act: &Act, base: &DefinitionRow) -> Result<()> {
    diesel::update(definitions::table.find(base.id))
        .set(definitions::valid_to.eq(act.now))
        .execute(connection)?;
    rulebook::load::changed(connection)
}

/// How rows of a noun are named: by their code, or by what makes them unique.
fn code_of(noun: &str, body: &Value) -> Result<String> {
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
