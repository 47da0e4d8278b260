//! How far messages got at their providers: asked again and again while a state may still settle, then given up.
//!
//! A carrier settles a message within about thirty hours (facts of the Iranian providers): after that its state stays
//! unknown and the next way to the citizen is taken.

use diesel::prelude::*;

use crate::db::DbConnection;
use crate::db::schema::sms_sendings as s;
use crate::db::types::{MessageId, Time};
use crate::domain::actor::Act;
use crate::domain::notifications::DeliveryState;
use crate::domain::notifications::outbox::{self, Reported};
use crate::error::{Error, Result};

/// Hours after which nobody waits for a state any more.
const SETTLING_HOURS: i64 = 30;
/// Seconds until the first, second … question; the last holds for all that follow.
const WAITS: [i64; 4] = [60, 300, 900, 3600];

/// A message whose state is asked for now, or that is given up.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = s)]
pub struct Sent {
    pub message_id: MessageId,
    pub gateway: String,
    pub carrier_id: Option<String>,
    sent_at: Time,
    checks: i32,
}

impl Sent {
    fn last_at(&self) -> Time {
        self.sent_at.plus_seconds(SETTLING_HOURS * 3600)
    }

    fn next_at(&self, now: Time) -> Time {
        let step = usize::try_from(self.checks).unwrap_or(0).min(WAITS.len() - 1);
        now.plus_seconds(WAITS[step]).min(self.last_at())
    }
}

/// Follows a message that a gateway took; `is_asked` where the gateway must be asked and does not report.
pub fn follow(
    connection: &mut DbConnection,
    act: &Act,
    message: MessageId,
    gateway: &str,
    carrier_id: Option<&str>,
    is_asked: bool,
) -> Result<()> {
    // sent again: it is followed anew
    diesel::delete(s::table.find(message)).execute(connection)?;
    let sent = Sent {
        message_id: message,
        gateway: gateway.to_owned(),
        carrier_id: carrier_id.map(str::to_owned),
        sent_at: act.now,
        checks: 0,
    };
    let next_at = if is_asked && carrier_id.is_some() { sent.next_at(act.now) } else { sent.last_at() };
    diesel::insert_into(s::table)
        .values((
            (s::message_id.eq(message), s::gateway.eq(gateway), s::carrier_id.eq(carrier_id)),
            (s::sent_at.eq(act.now), s::checks.eq(0), s::next_at.eq(next_at)),
        ))
        .execute(connection)?;
    Ok(())
}

/// Messages to look at, the longest waiting first.
pub fn due(connection: &mut DbConnection, now: Time, limit: i64) -> Result<Vec<Sent>> {
    Ok(s::table
        .filter(s::next_at.is_not_null().and(s::next_at.le(now)))
        .order(s::next_at)
        .limit(limit)
        .select(Sent::as_select())
        .load(connection)?)
}

/// The message that a gateway knows by its own id.
pub fn by_carrier(connection: &mut DbConnection, gateway: &str, carrier_id: &str) -> Result<MessageId> {
    match outbox::by_carrier(connection, carrier_id)? {
        None => Err(Error::NotFound),
        Some(latest) => {
            // ids of two providers may be equal by chance
            let own: Option<MessageId> = s::table
                .inner_join(crate::db::schema::messages::table)
                .filter(s::gateway.eq(gateway).and(crate::db::schema::messages::carrier_id.eq(carrier_id)))
                .order(s::message_id.desc())
                .select(s::message_id)
                .first(connection)
                .optional()?;
            Ok(own.unwrap_or(latest))
        }
    }
}

/// Lays what the provider told on the message; without a word it is asked later, or given up when its time is over. Safe to
/// run twice.
pub fn look(
    connection: &mut DbConnection,
    act: &Act,
    message: MessageId,
    told: Option<DeliveryState>,
) -> Result<Reported> {
    let sent: Option<Sent> = s::table.find(message).select(Sent::as_select()).first(connection).optional()?;
    let Some(sent) = sent else { return Ok(Reported::AlreadyKnown) };
    // an id that the provider does not know yet may be known later
    let mut reported = match told.filter(|state| *state != DeliveryState::Unknown) {
        Some(state) => outbox::delivered(connection, act, message, state)?,
        None => Reported::AlreadyKnown,
    };
    let is_open =
        matches!(outbox::state_of(connection, message)?, DeliveryState::Sent | DeliveryState::AtCarrier);
    let next_at = if !is_open {
        None
    } else if act.now >= sent.last_at() {
        reported = outbox::give_up(connection, act, message)?;
        None
    } else {
        Some(sent.next_at(act.now))
    };
    diesel::update(s::table.find(message))
        .set((s::next_at.eq(next_at), s::checks.eq(sent.checks + 1)))
        .execute(connection)?;
    Ok(reported)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_grow_rarer_and_end_after_thirty_hours() {
        let start = Time::from_microsecond(1_780_000_000_000_000);
        let sent = |checks| Sent {
            message_id: MessageId(1),
            gateway: "one".into(),
            carrier_id: None,
            sent_at: start,
            checks,
        };
        let waits = [0, 1, 2, 3, 9].map(|checks| sent(checks).next_at(start));
        assert_eq!(waits, [60, 300, 900, 3600, 3600].map(|seconds| start.plus_seconds(seconds)));
        let late = start.plus_seconds(30 * 3600 - 10);
        assert_eq!(sent(7).next_at(late), start.plus_seconds(30 * 3600));
    }
}
