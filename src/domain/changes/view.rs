//! A change as administrators and auditors see it: who, when, what differs, and whether it still fits.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Action, ChangeRow, GATEWAY, OFFICE, STAFF, Status, access, is_definition};
use crate::db::DbConnection;
use crate::db::types::{ChangeId, Time, UserId};
use crate::domain::actor::Act;
use crate::domain::definitions;
use crate::domain::rulebook::RulebookCache;
use crate::domain::users;
use crate::error::{Error, Result};

/// One field before and after.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct DiffLine {
    pub field: String,
    /// Null where the field is new.
    #[schema(value_type = Object)]
    pub before: Value,
    /// Null where the field goes away.
    #[schema(value_type = Object)]
    pub after: Value,
}

/// A change and how far it has come.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ChangeView {
    pub id: ChangeId,
    /// `limit`, `rule`, `reason`, `right`, `category`, `calendar`, `holiday`, `template`, `kind`, `office`, `staff`
    /// (its code is the user name) or `gateway` (its code is the key's id).
    pub noun: String,
    pub code: String,
    pub action: Action,
    pub status: Status,
    pub diff: Vec<DiffLine>,
    /// Why it is wished.
    pub because: Option<String>,
    /// From when on it holds; null is at once with the approval.
    pub valid_from: Option<Time>,
    /// Until when; then the row is again what it was.
    pub valid_to: Option<Time>,
    /// User name.
    pub proposed_by: Option<String>,
    pub proposed_at: Time,
    pub decided_by: Option<String>,
    pub decided_at: Option<Time>,
    pub decision_reason: Option<String>,
    pub applied_at: Option<Time>,
    /// The version that it was made from, and the one in force now; null where there is none.
    pub base_version: Option<i32>,
    pub current_version: Option<i32>,
    /// The version that it became.
    pub version: Option<i32>,
    /// The row has changed since; such a proposal cannot be approved.
    pub stale: bool,
    /// Code of the problem that kept it from taking effect.
    pub fault: Option<String>,
    /// The change that this one takes back.
    pub follows: Option<ChangeId>,
    /// The last trial on past cases.
    #[schema(value_type = Option<Object>)]
    pub trial: Option<Value>,
    /// The row as it is now.
    #[schema(value_type = Option<Object>)]
    pub row: Option<Value>,
}

impl ChangeView {
    /// The row as it is now, with its version and author beside its fields.
    pub fn row_with_version(&self) -> Value {
        let mut row = self.row.clone().unwrap_or_default();
        if let (Some(fields), Some(version)) = (row.as_object_mut(), self.current_version) {
            fields.insert("version".into(), version.into());
            fields.insert("author".into(), self.proposed_by.clone().into());
        }
        row
    }
}

/// One change.
pub fn view(connection: &mut DbConnection, act: &Act, row: ChangeRow) -> Result<ChangeView> {
    let people: Vec<UserId> = [Some(row.proposed_by), row.decided_by].into_iter().flatten().collect();
    let names = users::names(connection, &people)?;
    one(connection, act, row, &names)
}

/// A page of changes.
pub fn views(connection: &mut DbConnection, act: &Act, rows: Vec<ChangeRow>) -> Result<Vec<ChangeView>> {
    let people: Vec<UserId> =
        rows.iter().flat_map(|row| [Some(row.proposed_by), row.decided_by]).flatten().collect();
    let names = users::names(connection, &people)?;
    rows.into_iter().map(|row| one(connection, act, row, &names)).collect()
}

fn one(
    connection: &mut DbConnection,
    act: &Act,
    row: ChangeRow,
    names: &HashMap<UserId, (String, String)>,
) -> Result<ChangeView> {
    let name = |id: UserId| names.get(&id).map(|(username, _)| username.clone());
    let (current, current_version) = current(connection, act, &row)?;
    let base = row.base.as_deref().map(object);
    let is_open = matches!(row.status, Status::Proposed | Status::Approved);
    let moved = match is_definition(&row.noun) {
        false => base.is_some() && current.as_ref() != base.as_ref(),
        true => row.base_version.is_some() && current_version != row.base_version,
    };
    Ok(ChangeView {
        id: row.id,
        diff: diff(&row, base.unwrap_or_default()),
        noun: row.noun,
        code: row.code,
        action: row.action,
        status: row.status,
        because: row.because,
        valid_from: row.valid_from,
        valid_to: row.valid_to,
        proposed_by: name(row.proposed_by),
        proposed_at: row.proposed_at,
        decided_by: row.decided_by.and_then(name),
        decided_at: row.decided_at,
        decision_reason: row.decision_reason,
        applied_at: row.applied_at,
        base_version: row.base_version,
        current_version,
        version: row.version,
        stale: is_open && moved,
        fault: row.fault,
        follows: row.follows,
        trial: row.trial.as_deref().and_then(|text| serde_json::from_str(text).ok()),
        row: current.map(Value::Object),
    })
}

/// The fields of a row in force and its version.
type Current = (Option<Map<String, Value>>, Option<i32>);

/// The row in force and its version.
fn current(connection: &mut DbConnection, act: &Act, row: &ChangeRow) -> Result<Current> {
    if row.noun == OFFICE {
        // what was written within this act is not yet among its rules
        let rules = match row.applied_at == Some(act.now) {
            true => RulebookCache::default().current(connection)?,
            false => act.rules.clone(),
        };
        let found = super::propose::office(&rules, &row.code).ok();
        return Ok((found.and_then(|office| office.as_object().cloned()), None));
    }
    if let noun @ (STAFF | GATEWAY) = row.noun.as_str() {
        let state = access::state(connection, act, noun, &row.code)?;
        return Ok((state.as_object().cloned(), None));
    }
    match definitions::find(connection, &row.noun, &row.code) {
        Ok(found) => Ok((Some(found.fields()), Some(found.version))),
        Err(Error::NotFound) => Ok((None, None)),
        Err(other) => Err(other),
    }
}

fn object(text: &str) -> Map<String, Value> {
    serde_json::from_str(text).unwrap_or_default()
}

/// The fields that differ; an office's change names only what it touches.
fn diff(row: &ChangeRow, base: Map<String, Value>) -> Vec<DiffLine> {
    let body = object(&row.body);
    let is_partial = row.noun == OFFICE && row.action == Action::Change;
    let mut names: Vec<&String> = body.keys().collect();
    names.extend(base.keys().filter(|name| !is_partial && !body.contains_key(*name)));
    let value = |of: &Map<String, Value>, name: &String| of.get(name).cloned().unwrap_or(Value::Null);
    names
        .into_iter()
        .map(|name| DiffLine { field: name.clone(), before: value(&base, name), after: value(&body, name) })
        .filter(|line| line.before != line.after)
        .collect()
}
