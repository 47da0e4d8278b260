//! The outbox of webhooks: queued with their event, claimed by lease, sent with no transaction open, settled in one write.
//!
//! A delivery that fails is tried again, later each time, and kept as failed after the last try, to be replayed. A process that
//! dies after a subscriber took it and before it is settled sends it once more, under the same id.

use diesel::prelude::*;
use serde::Serialize;
use serde_json::Value;

use super::claim::Claimed;
use super::standings;
use crate::db::DbConnection;
use crate::db::schema::{webhook_deliveries as d, webhook_tries as t};
use crate::db::types::{CaseId, DeliveryId, EventId, Time};
use crate::domain::actor::Act;
use crate::error::Result;
use crate::text_enum;

text_enum! {
    /// How far a delivery is.
    pub enum DeliveryState {
        Queued = "queued", Delivered = "delivered",
        /// Given up after the last try.
        Failed = "failed",
        /// Never sent: the subscription was ended or switched off, or gateways are off.
        Withheld = "withheld",
    }
}

/// How often and how long it is tried; times in seconds.
#[derive(Debug, Clone)]
pub struct Retry {
    pub backoff_seconds: i64,
    pub backoff_limit_seconds: i64,
    pub max_attempts: i32,
    pub breaker_failures: i32,
    pub breaker_seconds: i64,
}

/// A delivery as the log shows it.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, utoipa::ToSchema)]
#[diesel(table_name = d)]
pub struct DeliveryRow {
    /// The `webhook-id` of every try.
    pub id: DeliveryId,
    /// Code of the subscription.
    pub webhook: String,
    pub event: String,
    pub case_id: Option<CaseId>,
    pub state: DeliveryState,
    pub attempts: i32,
    /// HTTP status of the last try.
    pub response: Option<i32>,
    pub error: Option<String>,
    /// When it is tried next.
    pub next_at: Option<Time>,
    pub created_at: Time,
    pub settled_at: Option<Time>,
}

/// What a delivery is about.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Subject {
    pub event: Option<EventId>,
    pub case: Option<CaseId>,
}

/// How a subscriber answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// With a status of success.
    Taken(u16),
    /// With another, or not at all; the words are safe to keep.
    Refused(Option<u16>, String),
    /// It was not called on purpose; why.
    Withheld(&'static str),
}

/// A try at a delivery.
#[derive(Debug, Clone)]
pub struct Tried {
    pub answer: Answer,
    pub duration_ms: i64,
}

/// What becomes of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    Done,
    Retry(Time),
    Dead,
    /// The lease had ended; somebody else settles it.
    Lost,
}

/// Lays one delivery into the outbox.
pub(super) fn queue(
    connection: &mut DbConnection,
    act: &Act,
    webhook: &str,
    event: &str,
    subject: Subject,
    body: &Value,
) -> Result<DeliveryId> {
    let id: DeliveryId = act.id();
    diesel::insert_into(d::table)
        .values((
            (d::id.eq(id), d::webhook.eq(webhook), d::event.eq(event), d::event_id.eq(subject.event)),
            (d::case_id.eq(subject.case), d::body.eq(body.to_string()), d::state.eq(DeliveryState::Queued)),
            (d::attempts.eq(0), d::next_at.eq(act.now), d::created_at.eq(act.now)),
        ))
        .execute(connection)?;
    Ok(id)
}

/// Ends a delivery whose subscription has ended or is off; it can be replayed.
pub fn give_up(connection: &mut DbConnection, act: &Act, claimed: &Claimed) -> Result<Settled> {
    let error = "the subscription has ended or is switched off";
    end(connection, act, claimed, DeliveryState::Withheld, (None, Some(error)))
}

/// Settles a delivery after a try, if the lease is still the one it was tried under.
pub fn settle(
    connection: &mut DbConnection,
    act: &Act,
    claimed: &Claimed,
    tried: &Tried,
    retry: &Retry,
) -> Result<Settled> {
    let held = d::table.find(claimed.id).filter(d::lease_until.eq(claimed.until));
    let row: Option<(String, i32)> = held.select((d::webhook, d::attempts)).first(connection).optional()?;
    let Some((webhook, attempts)) = row else { return Ok(Settled::Lost) };
    match &tried.answer {
        Answer::Withheld(why) => end(connection, act, claimed, DeliveryState::Withheld, (None, Some(why))),
        Answer::Taken(status) => {
            note(connection, act, claimed.id, Some(*status), None, tried.duration_ms)?;
            standings::succeeded(connection, &webhook, act.now)?;
            end(connection, act, claimed, DeliveryState::Delivered, (Some(*status), None))
        }
        Answer::Refused(status, error) => {
            note(connection, act, claimed.id, *status, Some(error), tried.duration_ms)?;
            standings::failed(connection, &webhook, act.now, error, retry)?;
            if attempts + 1 >= retry.max_attempts {
                let told = (*status, Some(error.as_str()));
                end(connection, act, claimed, DeliveryState::Failed, told)?;
                return Ok(Settled::Dead);
            }
            put_back(connection, act, claimed, attempts + 1, (*status, error), retry)
        }
    }
}

fn put_back(
    connection: &mut DbConnection,
    act: &Act,
    claimed: &Claimed,
    attempts: i32,
    (status, error): (Option<u16>, &str),
    retry: &Retry,
) -> Result<Settled> {
    let next_at = act.now.plus_seconds(backoff(retry, attempts));
    diesel::update(d::table.find(claimed.id))
        .set((
            (d::attempts.eq(attempts), d::next_at.eq(next_at), d::lease_until.eq(None::<Time>)),
            (d::response.eq(status.map(i32::from)), d::error.eq(error)),
        ))
        .execute(connection)?;
    Ok(Settled::Retry(next_at))
}

fn end(
    connection: &mut DbConnection,
    act: &Act,
    claimed: &Claimed,
    state: DeliveryState,
    (status, error): (Option<u16>, Option<&str>),
) -> Result<Settled> {
    let held = d::table.find(claimed.id).filter(d::lease_until.eq(claimed.until));
    let tried = i32::from(state != DeliveryState::Withheld);
    let changed = diesel::update(held)
        .set((
            (d::state.eq(state), d::attempts.eq(d::attempts + tried), d::settled_at.eq(act.now)),
            (d::next_at.eq(None::<Time>), d::lease_until.eq(None::<Time>)),
            (d::response.eq(status.map(i32::from)), d::error.eq(error)),
        ))
        .execute(connection)?;
    Ok(if changed == 1 { Settled::Done } else { Settled::Lost })
}

fn note(
    connection: &mut DbConnection,
    act: &Act,
    delivery: DeliveryId,
    status: Option<u16>,
    error: Option<&str>,
    duration_ms: i64,
) -> Result<()> {
    let id: i64 = act.id();
    diesel::insert_into(t::table)
        .values((
            (t::id.eq(id), t::delivery_id.eq(delivery), t::at.eq(act.now)),
            (t::response.eq(status.map(i32::from)), t::error.eq(error), t::duration_ms.eq(duration_ms)),
        ))
        .execute(connection)?;
    Ok(())
}

/// Seconds until the next try after so many: doubled each time, up to the limit.
fn backoff(retry: &Retry, attempts: i32) -> i64 {
    let doubled = retry.backoff_seconds.saturating_mul(1 << (attempts - 1).clamp(0, 30));
    doubled.min(retry.backoff_limit_seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_is_twice_the_last_up_to_the_limit() {
        let retry = Retry {
            backoff_seconds: 30,
            backoff_limit_seconds: 600,
            max_attempts: 8,
            breaker_failures: 5,
            breaker_seconds: 300,
        };
        let waits: Vec<i64> = (1..=6).map(|attempts| backoff(&retry, attempts)).collect();
        assert_eq!(waits, [30, 60, 120, 240, 480, 600]);
    }
}
