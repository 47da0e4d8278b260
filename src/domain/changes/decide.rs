//! Approve, reject and withdraw: whoever proposed a change never decides it.

use diesel::prelude::*;
use serde::Deserialize;

use super::apply::apply;
use super::row::{another_waits, find, locked};
use super::{ChangeRow, STAFF, Status, access};
use crate::db::DbConnection;
use crate::db::schema::changes;
use crate::db::types::{ChangeId, UserId};
use crate::domain::actor::Act;
use crate::domain::definitions::log;
use crate::domain::input;
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::domain::users;
use crate::error::{Code, Error, FieldError, Result};

/// The words of whoever decides.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// Must be told for a rejection.
    #[serde(default)]
    pub reason: Option<String>,
}

impl Decision {
    fn words(&self) -> Result<Option<String>> {
        input::optional_text("reason", self.reason.as_deref(), input::TEXT_MAX).map_err(Error::field)
    }
}

/// Whoever may decide no change at all hears that, and nothing about changes.
pub fn allow_deciding(act: &Act) -> Result<()> {
    let rights = [Verb::ManageUsers, Verb::ManageGateways];
    let first = policy::allow_anywhere(act, Verb::Configure);
    rights.into_iter().fold(first, |allowed, verb| allowed.or_else(|_| policy::allow_anywhere(act, verb)))?;
    Ok(())
}

/// The change, and who decides it: somebody with the right to change such rows.
fn open(connection: &mut DbConnection, act: &Act, id: ChangeId) -> Result<(ChangeRow, UserId)> {
    allow_deciding(act)?;
    let by = act.actor.user().ok_or(Error::Forbidden(Code::Forbidden))?;
    let row = locked(connection, id)?;
    policy::allow_anywhere(act, access::right(&row.noun))?;
    Ok((row, by))
}

/// Approves a change of somebody else; it takes effect now or at its own time.
///
/// # Errors
/// `own_change`, `own_rights`, `change_decided`, `change_time_passed`, `change_waits`, or `stale_change` with both versions.
pub fn approve(
    connection: &mut DbConnection,
    act: &Act,
    id: ChangeId,
    decision: &Decision,
) -> Result<ChangeRow> {
    let (row, by) = open(connection, act, id)?;
    if row.proposed_by == by {
        return Err(Error::Forbidden(Code::OwnChange));
    }
    if row.noun == STAFF && users::id_of(connection, &row.code)? == by {
        return Err(Error::Forbidden(Code::OwnRights));
    }
    agree(connection, act, row, by, decision)
}

/// Lets a change take effect without a second person: only where the settings ask for none.
pub fn agree_alone(connection: &mut DbConnection, act: &Act, id: ChangeId) -> Result<ChangeRow> {
    let (row, by) = open(connection, act, id)?;
    agree(connection, act, row, by, &Decision::default())
}

fn agree(
    connection: &mut DbConnection,
    act: &Act,
    row: ChangeRow,
    by: UserId,
    decision: &Decision,
) -> Result<ChangeRow> {
    let reason = decision.words()?;
    must_be(&row, &[Status::Proposed])?;
    if row.valid_to.is_some_and(|end| end <= act.now) {
        return Err(Error::Conflict(Code::ChangePassed));
    }
    if another_waits(connection, &row.noun, &row.code, Some(row.id))? {
        return Err(Error::Conflict(Code::ChangeWaits));
    }
    super::apply::must_be_fresh(connection, act, &row)?;
    settle(connection, act, &row, Status::Approved, by, reason)?;
    let row = find(connection, row.id)?;
    if row.valid_from.is_some_and(|from| from > act.now) {
        return Ok(row);
    }
    apply(connection, act, &row)
}

/// Rejects a change of somebody else; the reason must be told.
pub fn reject(
    connection: &mut DbConnection,
    act: &Act,
    id: ChangeId,
    decision: &Decision,
) -> Result<ChangeRow> {
    let (row, by) = open(connection, act, id)?;
    if row.proposed_by == by {
        return Err(Error::Forbidden(Code::OwnChange));
    }
    let reason = decision.words()?.ok_or_else(|| Error::field(FieldError::required("reason")))?;
    must_be(&row, &[Status::Proposed])?;
    settle(connection, act, &row, Status::Rejected, by, Some(reason))?;
    access::refuse(connection, act, &row)?;
    find(connection, id)
}

/// Takes a change back: its own proposal, any that is agreed and still waits for its time, or one that failed.
pub fn withdraw(
    connection: &mut DbConnection,
    act: &Act,
    id: ChangeId,
    decision: &Decision,
) -> Result<ChangeRow> {
    let (row, by) = open(connection, act, id)?;
    if row.status == Status::Proposed && row.proposed_by != by {
        return Err(Error::Forbidden(Code::NotOwnChange));
    }
    let reason = decision.words()?;
    must_be(&row, &[Status::Proposed, Status::Approved, Status::Failed])?;
    settle(connection, act, &row, Status::Withdrawn, by, reason)?;
    access::refuse(connection, act, &row)?;
    find(connection, id)
}

fn must_be(row: &ChangeRow, statuses: &[Status]) -> Result<()> {
    if statuses.contains(&row.status) { Ok(()) } else { Err(Error::Conflict(Code::ChangeDecided)) }
}

fn settle(
    connection: &mut DbConnection,
    act: &Act,
    row: &ChangeRow,
    status: Status,
    by: UserId,
    reason: Option<String>,
) -> Result<()> {
    diesel::update(changes::table.find(row.id))
        .set((
            (changes::status.eq(status), changes::decided_by.eq(by), changes::decided_at.eq(act.now)),
            changes::decision_reason.eq(&reason),
        ))
        .execute(connection)?;
    let action = match status {
        Status::Approved => "approve",
        Status::Rejected => "reject",
        Status::Withdrawn => "withdraw",
        Status::Proposed | Status::Applied | Status::Failed => "settle",
    };
    log(connection, act, action, &format!("change:{}", row.id), reason.as_deref().unwrap_or_default())
}
