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
use crate::text_enum;

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

/// Records what a fax server reports of a message; nothing where it still tries. What went another way meanwhile is not
/// its to tell.
///
/// # Errors
/// `NotFound` for a message that did not go out by this way.
pub fn delivered_by(
    connection: &mut DbConnection,
    act: &Act,
    message: MessageId,
    outlet: Outlet,
    state: Option<DeliveryState>,
) -> Result<Reported> {
    let row = locked(connection, message)?;
    if row.outlet() != Some(outlet) || row.body.is_none() {
        return Err(Error::NotFound);
    }
    match state {
        Some(state) => delivered(connection, act, message, state),
        None => Ok(Reported::AlreadyKnown),
    }
}

text_enum! {
    /// What a mail server reports of a mail that it took.
    pub enum Fate {
        /// It will never arrive.
        Refused = "refused",
        /// It was given up for a reason that passes, such as a full mailbox.
        GivenUp = "given_up",
        /// The server still tries.
        Delayed = "delayed",
        Arrived = "arrived",
    }
}

/// Seconds until a mail is sent again that was given up for a reason that passes.
const PASSING_SECONDS: i64 = 6 * 3600;
/// Sendings after which it is as good as refused.
const PASSING_MAX: i32 = 4;

/// Records what a mail server reported: what was refused takes the next way, what was given up for a while is sent
/// again later, and what is still tried waits.
///
/// # Errors
/// `NotFound` for a message that we did not send.
pub fn bounced(
    connection: &mut DbConnection,
    act: &Act,
    message: MessageId,
    fate: Fate,
    status: Option<&str>,
) -> Result<Reported> {
    let row = locked(connection, message)?;
    if rank(row.state) > rank(DeliveryState::AtCarrier) {
        return Ok(Reported::AlreadyKnown);
    }
    let told =
        format!("the mail server reports: {fate} {}", status.unwrap_or_default()).trim_end().to_owned();
    match fate {
        Fate::Arrived => return delivered(connection, act, message, DeliveryState::Delivered),
        Fate::Delayed => note(connection, act, message, row.state, Some(&told))?,
        // a second report on the same sending
        Fate::GivenUp if row.state == DeliveryState::Queued => return Ok(Reported::AlreadyKnown),
        Fate::GivenUp if row.attempts < PASSING_MAX => {
            queue_again(connection, &row, row.attempts, act.now.plus_seconds(PASSING_SECONDS))?;
            note(connection, act, message, DeliveryState::Queued, Some(&told))?;
        }
        Fate::GivenUp | Fate::Refused => {
            diesel::delete(outbox::table.find(message)).execute(connection)?;
            end(connection, act, &row, row.attempts, DeliveryState::Undelivered, &told)?;
        }
    }
    Ok(Reported::Recorded)
}

/// Puts a message that went out back into the outbox, or to the letters that wait to be printed.
fn queue_again(connection: &mut DbConnection, row: &MessageRow, attempts: i32, at: Time) -> Result<()> {
    use messages as m;
    prepared(diesel::update(m::table.find(row.id)).set((
        (m::state.eq(DeliveryState::Queued), m::attempts.eq(attempts), m::error.eq(None::<String>)),
        (m::carrier_id.eq(None::<String>), m::settled_at.eq(None::<Time>), m::body.eq(None::<Sealed>)),
    )))
    .execute(connection)?;
    match row.outlet() {
        Some(Outlet::Letter) => letters::print_again(connection, row.id),
        _ => notifications::enqueue(connection, row.id, at),
    }
}

/// Nobody told for so long what became of a message that its state stays unknown and the next way is taken; a report that
/// comes all the same is still believed.
pub fn give_up(connection: &mut DbConnection, act: &Act, message: MessageId) -> Result<Reported> {
    let row = locked(connection, message)?;
    if !matches!(row.state, DeliveryState::Sent | DeliveryState::AtCarrier) {
        return Ok(Reported::AlreadyKnown);
    }
    let why = "the carrier did not tell in time what became of it";
    end(connection, act, &row, row.attempts, DeliveryState::Unknown, why)?;
    Ok(Reported::Recorded)
}

/// How far a message is, as we know it.
pub fn state_of(connection: &mut DbConnection, message: MessageId) -> Result<DeliveryState> {
    Ok(messages::table.find(message).select(messages::state).first(connection)?)
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
    let row = locked(connection, message)?;
    let waiting: i64 = outbox::table.filter(outbox::message_id.eq(message)).count().get_result(connection)?;
    if waiting > 0 {
        return Err(Error::Conflict(Code::AlreadyDone));
    }
    if row.outlet().is_none() || row.template.is_none() {
        return Err(Error::Conflict(Code::WrongState));
    }
    queue_again(connection, &row, 0, act.now)?;
    let by = act.actor.key();
    note(connection, act, message, DeliveryState::Queued, Some(&format!("sent again by {by}")))
}

/// An outbound message, locked until the transaction ends.
fn locked(connection: &mut DbConnection, message: MessageId) -> Result<MessageRow> {
    let row = MessageRow::lock(connection, message)?;
    if row.direction == "out" { Ok(row) } else { Err(Error::NotFound) }
}
