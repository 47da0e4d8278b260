//! What comes back about a message: delivery reports of carriers, and staff who send it again.

use diesel::prelude::*;

use super::MessageRow;
use super::settle::{end, note};
use crate::db::DbConnection;
use crate::db::prepared::prepared;
use crate::db::schema::{messages, outbox};
use crate::db::sealed::Sealed;
use crate::db::types::{MessageId, Time};
use crate::domain::actor::Act;
use crate::domain::letters;
use crate::domain::notifications::{self, DeliveryState, Outlet};
use crate::error::{Code, Error, Result};

/// What a delivery report changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reported {
    /// The state moved on.
    Recorded,
    /// We knew as much or more.
    AlreadyKnown,
}

/// Records a carrier's report. States only move forward; one that says that nobody was reached makes the
/// next way be taken.
///
/// # Errors
/// `NotFound` for a message that we did not send.
pub fn delivered(
    connection: &mut DbConnection,
    act: &Act,
    message: MessageId,
    state: DeliveryState,
) -> Result<Reported> {
    let row = locked(connection, message)?;
    if rank(state) <= rank(row.state) {
        return Ok(Reported::AlreadyKnown);
    }
    // what the carrier speaks of was taken by the gateway: it must not be sent again
    diesel::delete(outbox::table.find(message)).execute(connection)?;
    match state {
        DeliveryState::Undelivered | DeliveryState::Failed | DeliveryState::Blocked => {
            end(connection, act, &row, row.attempts, state, "reported by the carrier")?;
        }
        DeliveryState::Queued
        | DeliveryState::Sent
        | DeliveryState::AtCarrier
        | DeliveryState::Delivered
        | DeliveryState::Unknown
        | DeliveryState::Received => {
            prepared(
                diesel::update(messages::table.find(message))
                    .set((messages::state.eq(state), messages::settled_at.eq(act.now))),
            )
            .execute(connection)?;
            note(connection, act, message, state, None)?;
        }
    }
    Ok(Reported::Recorded)
}

/// How far a state is; a report never leads back.
fn rank(state: DeliveryState) -> u8 {
    match state {
        DeliveryState::Received | DeliveryState::Queued => 0,
        DeliveryState::Sent => 1,
        DeliveryState::AtCarrier => 2,
        DeliveryState::Unknown => 3,
        DeliveryState::Undelivered | DeliveryState::Failed | DeliveryState::Blocked => 4,
        DeliveryState::Delivered => 5,
    }
}

/// The message that a provider knows by its own id.
pub fn by_carrier(connection: &mut DbConnection, carrier_id: &str) -> Result<Option<MessageId>> {
    Ok(messages::table
        .filter(messages::carrier_id.is_not_null().and(messages::carrier_id.eq(carrier_id)))
        .order(messages::id.desc())
        .select(messages::id)
        .first(connection)
        .optional()?)
}

/// Queues a message once more: a dead letter, or one that went out and was not received. The caller has
/// checked that the actor sees its case and may `resend`.
///
/// # Errors
/// `wrong_state` for an inbound message, `already_done` for one that waits in the outbox anyway.
pub fn resend(connection: &mut DbConnection, act: &Act, message: MessageId) -> Result<()> {
    use messages as m;
    let row = locked(connection, message)?;
    let waiting: i64 = outbox::table.filter(outbox::message_id.eq(message)).count().get_result(connection)?;
    if waiting > 0 {
        return Err(Error::Conflict(Code::AlreadyDone));
    }
    if row.outlet().is_none() || row.template.is_none() {
        return Err(Error::Conflict(Code::WrongState));
    }
    prepared(diesel::update(m::table.find(message)).set((
        (m::state.eq(DeliveryState::Queued), m::attempts.eq(0), m::error.eq(None::<String>)),
        (m::carrier_id.eq(None::<String>), m::settled_at.eq(None::<Time>), m::body.eq(None::<Sealed>)),
    )))
    .execute(connection)?;
    match row.outlet() {
        Some(Outlet::Letter) => letters::print_again(connection, message)?,
        _ => notifications::enqueue(connection, message, act.now)?,
    }
    let by = act.actor.key();
    note(connection, act, message, DeliveryState::Queued, Some(&format!("sent again by {by}")))
}

/// An outbound message, locked until the transaction ends.
fn locked(connection: &mut DbConnection, message: MessageId) -> Result<MessageRow> {
    let row = MessageRow::lock(connection, message)?;
    if row.direction == "out" { Ok(row) } else { Err(Error::NotFound) }
}
