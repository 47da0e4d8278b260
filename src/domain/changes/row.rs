//! The stored change.

use diesel::prelude::*;

use super::{Action, Status};
use crate::db::DbConnection;
use crate::db::dialect::for_update;
use crate::db::schema::changes;
use crate::db::types::{ChangeId, Time, UserId};
use crate::error::Result;

/// A change as it is stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = changes, treat_none_as_default_value = false)]
pub struct ChangeRow {
    pub id: ChangeId,
    pub noun: String,
    pub code: String,
    pub action: Action,
    /// The whole new row, or the wished fields of an office, as JSON.
    pub body: String,
    /// The row as it was when this was proposed.
    pub base: Option<String>,
    pub base_version: Option<i32>,
    pub because: Option<String>,
    pub status: Status,
    pub proposed_by: UserId,
    pub proposed_at: Time,
    pub valid_from: Option<Time>,
    pub valid_to: Option<Time>,
    pub decided_by: Option<UserId>,
    pub decided_at: Option<Time>,
    pub decision_reason: Option<String>,
    pub applied_at: Option<Time>,
    /// The version that it became.
    pub version: Option<i32>,
    /// Code of what stopped it at its time.
    pub fault: Option<String>,
    /// The last trial, as JSON.
    pub trial: Option<String>,
    /// The change that this one takes back.
    pub follows: Option<ChangeId>,
}

/// A change by its id.
pub fn find(connection: &mut DbConnection, id: ChangeId) -> Result<ChangeRow> {
    Ok(changes::table.find(id).select(ChangeRow::as_select()).first(connection)?)
}

/// A change that is to be decided; nobody else decides it meanwhile.
pub(super) fn locked(connection: &mut DbConnection, id: ChangeId) -> Result<ChangeRow> {
    let _: ChangeId = for_update(changes::table.find(id).select(changes::id)).get_result(connection)?;
    find(connection, id)
}

/// Changes, the newest first, one page before `before`.
pub fn list(
    connection: &mut DbConnection,
    status: Option<Status>,
    before: Option<ChangeId>,
    limit: i64,
) -> Result<Vec<ChangeRow>> {
    let mut query =
        changes::table.order(changes::id.desc()).limit(limit).select(ChangeRow::as_select()).into_boxed();
    if let Some(status) = status {
        query = query.filter(changes::status.eq(status));
    }
    if let Some(before) = before {
        query = query.filter(changes::id.lt(before));
    }
    Ok(query.load(connection)?)
}

/// Whether another approved change of the same row is still to come.
pub(super) fn another_waits(
    connection: &mut DbConnection,
    noun: &str,
    code: &str,
    but: Option<ChangeId>,
) -> Result<bool> {
    let mut query = changes::table
        .filter(changes::noun.eq(noun.to_owned()).and(changes::code.eq(code.to_owned())))
        .filter(changes::status.eq(Status::Approved))
        .into_boxed();
    if let Some(but) = but {
        query = query.filter(changes::id.ne(but));
    }
    let waiting: i64 = query.count().get_result(connection)?;
    Ok(waiting > 0)
}

/// The newest change of a row that is proposed or still to come.
pub fn waiting(connection: &mut DbConnection, noun: &str, code: &str) -> Result<Option<ChangeId>> {
    Ok(changes::table
        .filter(changes::noun.eq(noun.to_owned()).and(changes::code.eq(code.to_owned())))
        .filter(changes::status.eq(Status::Proposed).or(changes::status.eq(Status::Approved)))
        .order(changes::id.desc())
        .select(changes::id)
        .first(connection)
        .optional()?)
}

/// Keeps the result of a trial with its change, so that whoever decides sees it.
pub fn keep_trial(connection: &mut DbConnection, id: ChangeId, trial: &str) -> Result<()> {
    diesel::update(changes::table.find(id)).set(changes::trial.eq(trial)).execute(connection)?;
    Ok(())
}
