//! What becomes of a message after a try: sent, tried again later, sent by the next way, or given up.

use diesel::prelude::*;
use rand::RngExt;

use super::ways::{next_outlet, succeed};
use super::{Claimed, Hold, Letter, MessageRow};
use crate::config::Outbox;
use crate::db::DbConnection;
use crate::db::prepared::prepared;
use crate::db::schema::{deliveries, messages, outbox};
use crate::db::sealed::Sealed;
use crate::db::types::{MessageId, Time};
use crate::domain::actor::Act;
use crate::domain::notifications::{DeliveryState, Facts};
use crate::domain::vault::field;
use crate::error::Result;

/// A message with no other way outlives an outage of its gateway by so many seconds.
const OUTAGE_PATIENCE_SECONDS: i64 = 3 * 86_400;

/// Whose fault a passing failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The gateway answers, and does not take this message now.
    Message,
    /// The gateway is away or refuses us; the message has done nothing wrong.
    Gateway,
}

/// How a try ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// It went out, or was kept back on purpose.
    Done,
    /// It is tried again at this time.
    Retry(Time),
    /// This new message takes the next way.
    FellBack(MessageId),
    /// No way is left: a dead letter.
    Dead,
    /// The lease had ended; somebody else settles it.
    Lost,
}

/// Who took a letter.
#[derive(Debug, Clone, Copy, Default)]
pub struct Carrier<'a> {
    pub gateway: Option<&'a str>,
    /// Its own id of the letter.
    pub id: Option<&'a str>,
}

/// The gateway took the letter: its text and address are kept, its access code is not.
pub fn settle_sent(
    connection: &mut DbConnection,
    act: &Act,
    claimed: &Claimed,
    letter: &Letter,
    by: Carrier<'_>,
) -> Result<Settled> {
    keep(connection, act, claimed, letter, DeliveryState::Sent, by, None)
}

/// The letter was kept back on purpose (a demonstration); `detail` says why.
pub fn settle_withheld(
    connection: &mut DbConnection,
    act: &Act,
    claimed: &Claimed,
    letter: &Letter,
    detail: &str,
) -> Result<Settled> {
    keep(connection, act, claimed, letter, DeliveryState::Blocked, Carrier::default(), Some(detail))
}

fn keep(
    connection: &mut DbConnection,
    act: &Act,
    claimed: &Claimed,
    letter: &Letter,
    state: DeliveryState,
    by: Carrier<'_>,
    detail: Option<&str>,
) -> Result<Settled> {
    let row = MessageRow::lock(connection, claimed.message)?;
    let is_ours = take(connection, claimed)?;
    // a delivery report may overtake us: it takes the message out of the outbox, and its text is still to be kept
    let is_reported = row.state != DeliveryState::Queued && row.body.is_none();
    if !is_ours && !is_reported {
        return Ok(Settled::Lost);
    }
    let state = if is_reported { row.state } else { state };
    store(connection, act, &row, letter, state, by, detail)?;
    Ok(Settled::Done)
}

/// Keeps what went out, and by which address; the access code goes.
pub(super) fn store(
    connection: &mut DbConnection,
    act: &Act,
    row: &MessageRow,
    letter: &Letter,
    state: DeliveryState,
    by: Carrier<'_>,
    detail: Option<&str>,
) -> Result<()> {
    use messages as m;
    let (facts, code) = without_code(connection, act, row)?;
    let mask = |text: &str| match code.as_deref() {
        Some(code) if !code.is_empty() => text.replace(code, "••••"),
        Some(_) | None => text.to_owned(),
    };
    let seal = |field, text: &str| act.vault.seal(field, row.id, text);
    let subject = letter.rendered.subject.as_deref().map(mask);
    let subject = subject.map(|text| seal(field!(messages::subject), &text)).transpose()?;
    let body = seal(field!(messages::body), &mask(&letter.rendered.body))?;
    let address = seal(field!(messages::address), &letter.address)?;
    prepared(diesel::update(m::table.find(row.id)).set((
        (m::state.eq(state), m::attempts.eq(row.attempts + 1), m::error.eq(detail), m::facts.eq(facts)),
        (m::address.eq(address), m::subject.eq(subject), m::body.eq(body)),
        (m::carrier_id.eq(by.id), m::gateway.eq(by.gateway), m::settled_at.eq(act.now)),
    )))
    .execute(connection)?;
    note(connection, act, row.id, state, detail)
}

/// The message could not go out now: it waits longer each time, and is given up after the last try.
///
/// A gateway's own fault is waited out for three days where the citizen has no other way.
pub fn settle_passing(
    connection: &mut DbConnection,
    act: &Act,
    claimed: &Claimed,
    fault: Fault,
    error: &str,
    retry: &Outbox,
) -> Result<Settled> {
    let row = MessageRow::lock(connection, claimed.message)?;
    let attempts = row.attempts + 1;
    let may_wait = fault == Fault::Gateway && row.created_at.plus_seconds(OUTAGE_PATIENCE_SECONDS) > act.now;
    if attempts >= retry.max_attempts && !(may_wait && next_outlet(connection, act, &row)?.is_none()) {
        return settle_final(connection, act, claimed, DeliveryState::Failed, error);
    }
    let wait = backoff(retry, attempts);
    // a little earlier than told, so that messages of one outage do not all come back at once
    let next_at = act.now.plus_seconds(wait - rand::rng().random_range(0..=wait / 10));
    if !put_back(connection, claimed, next_at, None)? {
        return Ok(Settled::Lost);
    }
    prepared(
        diesel::update(messages::table.find(row.id))
            .set((messages::attempts.eq(attempts), messages::error.eq(error))),
    )
    .execute(connection)?;
    note(connection, act, row.id, DeliveryState::Queued, Some(error))?;
    Ok(Settled::Retry(next_at))
}

/// The message could go and waits until `next_at` all the same; that is no try.
pub fn hold(
    connection: &mut DbConnection,
    act: &Act,
    claimed: &Claimed,
    next_at: Time,
    why: Hold,
) -> Result<Settled> {
    let row = MessageRow::lock(connection, claimed.message)?;
    if !put_back(connection, claimed, next_at, Some(why))? {
        return Ok(Settled::Lost);
    }
    if why == Hold::QuietHours {
        note(connection, act, row.id, DeliveryState::Queued, Some("waits for the end of the quiet hours"))?;
    }
    Ok(Settled::Retry(next_at))
}

/// Seconds until the next try after so many: doubled each time, up to the limit.
fn backoff(retry: &Outbox, attempts: i32) -> i64 {
    let doubled = retry.backoff_seconds.saturating_mul(1 << (attempts - 1).clamp(0, 30));
    doubled.min(retry.backoff_limit_seconds)
}

/// The message will never go out this way: the next one is taken, or it stays as a dead letter.
pub fn settle_final(
    connection: &mut DbConnection,
    act: &Act,
    claimed: &Claimed,
    state: DeliveryState,
    error: &str,
) -> Result<Settled> {
    let row = MessageRow::lock(connection, claimed.message)?;
    if !take(connection, claimed)? {
        return Ok(Settled::Lost);
    }
    end(connection, act, &row, row.attempts + 1, state, error)
}

/// Ends a message that reached nobody, and queues its successor where there is another way.
pub(super) fn end(
    connection: &mut DbConnection,
    act: &Act,
    row: &MessageRow,
    attempts: i32,
    state: DeliveryState,
    error: &str,
) -> Result<Settled> {
    use messages as m;
    let next = next_outlet(connection, act, row)?;
    // the access code goes on with the successor; a dead letter keeps it to be sent again
    let facts = if next.is_some() { without_code(connection, act, row)?.0 } else { row.facts.clone() };
    prepared(diesel::update(m::table.find(row.id)).set((
        (m::state.eq(state), m::attempts.eq(attempts), m::error.eq(error)),
        (m::facts.eq(facts), m::settled_at.eq(act.now)),
    )))
    .execute(connection)?;
    note(connection, act, row.id, state, Some(error))?;
    match next {
        Some(outlet) => Ok(Settled::FellBack(succeed(connection, act, row, outlet)?)),
        None => Ok(Settled::Dead),
    }
}

/// Takes a message out of the outbox; false when the lease is no longer ours.
pub(super) fn take(connection: &mut DbConnection, claimed: &Claimed) -> Result<bool> {
    let gone = diesel::delete(
        outbox::table
            .find(claimed.message)
            .filter(outbox::lease_owner.eq(&claimed.owner).and(outbox::lease_until.eq(claimed.until))),
    )
    .execute(connection)?;
    Ok(gone == 1)
}

/// Ends the lease and sets when the message is due again; false when the lease is no longer ours.
pub(super) fn put_back(
    connection: &mut DbConnection,
    claimed: &Claimed,
    next_at: Time,
    held: Option<Hold>,
) -> Result<bool> {
    let back = prepared(
        diesel::update(
            outbox::table
                .find(claimed.message)
                .filter(outbox::lease_owner.eq(&claimed.owner).and(outbox::lease_until.eq(claimed.until))),
        )
        .set((
            outbox::next_at.eq(next_at),
            outbox::held.eq(held),
            outbox::lease_owner.eq(None::<String>),
            outbox::lease_until.eq(None::<Time>),
        )),
    )
    .execute(connection)?;
    Ok(back == 1)
}

/// The facts without the access code, and that code.
fn without_code(
    connection: &mut DbConnection,
    act: &Act,
    row: &MessageRow,
) -> Result<(Sealed, Option<String>)> {
    let mut facts = Facts::open(connection, &act.vault, row.id, &row.facts)?;
    let code = facts.access_code.take();
    Ok((facts.sealed(&act.vault, row.id)?, code))
}

/// Keeps one attempt or report for the record.
pub(super) fn note(
    connection: &mut DbConnection,
    act: &Act,
    message: MessageId,
    state: DeliveryState,
    detail: Option<&str>,
) -> Result<()> {
    use deliveries as d;
    let id: i64 = act.id();
    diesel::insert_into(d::table)
        .values((
            d::id.eq(id),
            d::message_id.eq(message),
            d::at.eq(act.now),
            d::state.eq(state),
            d::detail.eq(detail),
        ))
        .execute(connection)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_is_twice_the_last_up_to_the_limit() {
        let retry = Outbox {
            backoff_seconds: 30,
            backoff_limit_seconds: 3600,
            max_attempts: 12,
            concurrency: 1,
            quiet_hours: String::new(),
        };
        let waits: Vec<i64> = (1..=9).map(|attempts| backoff(&retry, attempts)).collect();
        assert_eq!(waits, [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
        assert_eq!(backoff(&retry, i32::MAX), 3600);
    }
}
