//! A change takes effect: at once with its approval, or at its own time. Safe to be tried twice.

use diesel::prelude::*;
use serde_json::{Map, Value};

use super::propose::{office, read};
use super::row::{find, locked};
use super::{Action, ChangeRow, GATEWAY, OFFICE, STAFF, Status, access};
use crate::db::DbConnection;
use crate::db::schema::changes;
use crate::db::types::{ChangeId, Time};
use crate::domain::actor::Act;
use crate::domain::definitions::{self, log};
use crate::domain::offices;
use crate::domain::users;
use crate::error::{Code, Error, FieldError, Result};

/// Refuses a change whose row has moved on since it was proposed, and tells both versions field by field.
pub(super) fn must_be_fresh(connection: &mut DbConnection, act: &Act, row: &ChangeRow) -> Result<()> {
    let Some(base) = row.base.as_deref() else { return Ok(()) };
    let base: Map<String, Value> = serde_json::from_str(base).unwrap_or_default();
    let (now, versions) = match row.noun.as_str() {
        OFFICE => (office(&act.rules, &row.code)?.as_object().cloned().unwrap_or_default(), None),
        noun @ (STAFF | GATEWAY) => {
            let state = access::state(connection, act, noun, &row.code)?;
            (state.as_object().cloned().unwrap_or_default(), None)
        }
        noun => match definitions::find(connection, noun, &row.code) {
            Ok(found) => (found.fields(), row.base_version.zip(Some(found.version))),
            Err(Error::NotFound) => (Map::new(), row.base_version.zip(Some(0))),
            Err(other) => return Err(other),
        },
    };
    if versions.is_some_and(|(base, now)| base == now) || (versions.is_none() && base == now) {
        return Ok(());
    }
    let (old, new) = versions.unwrap_or_default();
    let mut names: Vec<&String> = base.keys().chain(now.keys()).collect();
    names.sort();
    names.dedup();
    let word = |value: Option<&Value>| value.map_or_else(|| "–".to_owned(), plain);
    let fields = names.into_iter().filter(|name| base.get(*name) != now.get(*name)).map(|name| {
        let (was, is) = (word(base.get(name)), word(now.get(name)));
        FieldError::new(
            name.clone(),
            "changed_since",
            format!("پیشنهاد بر نسخه {old} بود: {was}؛ اکنون نسخه {new}: {is}"),
            format!("Proposed on version {old}: {was}; now version {new}: {is}"),
        )
    });
    Err(Error::Clash { code: Code::StaleChange, fields: fields.collect() })
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Writes what was agreed, and what takes it back at its end.
pub(super) fn apply(connection: &mut DbConnection, act: &Act, row: &ChangeRow) -> Result<ChangeRow> {
    must_be_fresh(connection, act, row)?;
    let names = users::names(connection, &[row.proposed_by])?;
    let author = names.get(&row.proposed_by).map_or("system", |(username, _)| username);
    let body: Value = serde_json::from_str(&row.body).map_err(|error| Error::Internal(Box::new(error)))?;
    let version = write(connection, act, row, body, author)?;
    diesel::update(changes::table.find(row.id))
        .set((
            (changes::status.eq(Status::Applied), changes::applied_at.eq(act.now)),
            changes::version.eq(version),
        ))
        .execute(connection)?;
    if let Some(end) = row.valid_to {
        take_back_at(connection, act, row, end, version)?;
    }
    log(connection, act, "apply", &format!("change:{}", row.id), &format!("{}:{}", row.noun, row.code))?;
    find(connection, row.id)
}

/// Gives the version that the row has now; none for what is no definition.
fn write(
    connection: &mut DbConnection,
    act: &Act,
    row: &ChangeRow,
    body: Value,
    author: &str,
) -> Result<Option<i32>> {
    let draft = match (row.noun.as_str(), row.action) {
        (STAFF | GATEWAY, _) => return access::write(connection, act, row, &body).map(|()| None),
        (OFFICE, Action::Create) => {
            return offices::create(connection, act, &read(&body)?).map(|_| None);
        }
        (OFFICE, Action::Change | Action::End) => {
            return offices::change(connection, act, &row.code, &read(&body)?).map(|_| None);
        }
        (noun, Action::Create) => definitions::new(connection, act, noun, body)?,
        (noun, Action::Change) => definitions::replaced(connection, act, noun, &row.code, body)?,
        (noun, Action::End) => {
            let draft = definitions::ended(connection, act, noun, &row.code)?;
            if let Some(base) = &draft.base {
                definitions::end(connection, act, base)?;
            }
            log(connection, act, "end", &format!("{noun}:{}", row.code), "")?;
            return Ok(Some(draft.version));
        }
    };
    Ok(Some(definitions::lay(connection, act, &draft, author)?.version))
}

/// At its end the row is again what it was: a changed one gets its old fields, a new one ends.
fn take_back_at(
    connection: &mut DbConnection,
    act: &Act,
    row: &ChangeRow,
    end: Time,
    version: Option<i32>,
) -> Result<()> {
    let (action, body) = match (&row.action, &row.base) {
        (Action::Change, Some(base)) => (Action::Change, former(row, base)),
        _ => (Action::End, "null".to_owned()),
    };
    let base = match row.noun.as_str() {
        // the snapshot of this act is older than what was just written
        OFFICE => None,
        noun @ (STAFF | GATEWAY) => Some(access::state(connection, act, noun, &row.code)?.to_string()),
        noun => Some(Value::Object(definitions::find(connection, noun, &row.code)?.fields()).to_string()),
    };
    let follower = ChangeRow {
        id: act.id(),
        action,
        body,
        base,
        base_version: version,
        status: Status::Approved,
        valid_from: Some(end),
        valid_to: None,
        applied_at: None,
        version: None,
        fault: None,
        trial: None,
        follows: Some(row.id),
        ..row.clone()
    };
    diesel::insert_into(changes::table).values(&follower).execute(connection)?;
    Ok(())
}

/// The fields that a row had; of an office those that the change touched.
fn former(row: &ChangeRow, base: &str) -> String {
    if row.noun != OFFICE {
        return base.to_owned();
    }
    let base: Map<String, Value> = serde_json::from_str(base).unwrap_or_default();
    let wish: Map<String, Value> = serde_json::from_str(&row.body).unwrap_or_default();
    let old = wish.keys().map(|field| {
        // an office's field is emptied by an empty text
        let value = base.get(field).filter(|value| !value.is_null()).cloned();
        (field.clone(), value.unwrap_or_else(|| Value::String(String::new())))
    });
    Value::Object(old.collect()).to_string()
}

/// Agreed changes whose time has come, the earliest first.
pub fn due(connection: &mut DbConnection, now: Time, limit: i64) -> Result<Vec<ChangeId>> {
    Ok(changes::table
        .filter(changes::status.eq(Status::Approved).and(changes::valid_from.le(now)))
        .order((changes::valid_from, changes::id))
        .limit(limit)
        .select(changes::id)
        .load(connection)?)
}

/// Lets an agreed change take effect; false when another process did.
pub fn apply_due(connection: &mut DbConnection, act: &Act, id: ChangeId) -> Result<bool> {
    let row = locked(connection, id)?;
    if row.status != Status::Approved || row.valid_from.is_none_or(|from| from > act.now) {
        return Ok(false);
    }
    apply(connection, act, &row).map(|_| true)
}

/// Notes that an agreed change could not take effect, and why: a person must look at it.
pub fn fail(connection: &mut DbConnection, act: &Act, id: ChangeId, fault: &Error) -> Result<bool> {
    let row = locked(connection, id)?;
    if row.status != Status::Approved {
        return Ok(false);
    }
    diesel::update(changes::table.find(id))
        .set((changes::status.eq(Status::Failed), changes::fault.eq(fault.code().as_str())))
        .execute(connection)?;
    log(connection, act, "fail", &format!("change:{id}"), &fault.to_string())?;
    Ok(true)
}

/// How many agreed changes failed at their time and were not looked at since.
pub fn failed(connection: &mut DbConnection) -> Result<i64> {
    Ok(changes::table.filter(changes::status.eq(Status::Failed)).count().get_result(connection)?)
}
