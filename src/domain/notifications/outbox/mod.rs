//! The outbox: claimed by lease, sent with no transaction open, settled in one write.
//!
//! What is settled checks its lease first, so that two workers never settle one message. A process that dies
//! after a gateway took a letter and before it is settled sends that letter once more when its lease ends:
//! once per crash at worst. An e-mail then carries the same Message-ID, by which mail programs know it.

mod letter;
pub mod paper;
mod reports;
mod settle;
mod ways;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

pub use letter::{Haste, Letter, Loaded, Thread, load_for_sending};
pub use reports::{Fate, Reported, bounced, by_carrier, delivered, delivered_by, give_up, resend, state_of};
pub use settle::{Carrier, Fault, Settled, hold, settle_final, settle_passing, settle_sent, settle_withheld};
pub use ways::reroute;

use super::{DeliveryState, Outlet};
use crate::db::DbConnection;
use crate::db::dialect::{for_update, for_update_skip_locked};
use crate::db::prepared::{OneOf, prepared};
use crate::db::schema::{messages, outbox};
use crate::db::sealed::Sealed;
use crate::db::types::{CaseId, CitizenId, EventId, MessageId, OfficeId, Time};
use crate::error::Result;
use crate::text_enum;

text_enum! {
    /// Why a message waits that could go.
    pub enum Hold {
        /// The citizen is not to be disturbed at this hour.
        QuietHours = "quiet_hours",
        /// Its gateway takes so many a minute, and others came first.
        Turn = "turn",
    }
}

/// A message that one worker may send until its lease ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    pub message: MessageId,
    /// Whose lease it is.
    pub owner: String,
    /// When it ends; part of what a settlement checks.
    pub until: Time,
}

/// Whether any message is due that nobody holds.
pub fn is_due(connection: &mut DbConnection, now: Time) -> Result<bool> {
    let is_free = outbox::lease_until.is_null().or(outbox::lease_until.le(now));
    let first: Option<MessageId> = outbox::table
        .filter(outbox::next_at.le(now))
        .filter(is_free)
        .select(outbox::message_id)
        .first(connection)
        .optional()?;
    Ok(first.is_some())
}

/// Leases due messages that nobody else holds to `owner`, the longest waiting first.
pub fn claim(
    connection: &mut DbConnection,
    owner: &str,
    now: Time,
    lease_seconds: i64,
    limit: i64,
) -> Result<Vec<Claimed>> {
    let is_free = outbox::lease_until.is_null().or(outbox::lease_until.le(now));
    let due: Vec<MessageId> = for_update_skip_locked(
        outbox::table
            .filter(outbox::next_at.le(now))
            .filter(is_free)
            .order((outbox::next_at, outbox::message_id))
            .limit(limit)
            .select(outbox::message_id),
    )
    .load(connection)?;
    let until = now.plus_seconds(lease_seconds);
    if !due.is_empty() {
        let found = outbox::table.filter(outbox::message_id.one_of(due.iter().copied()));
        let lease = (outbox::lease_owner.eq(owner), outbox::lease_until.eq(until));
        prepared(diesel::update(found).set(lease)).execute(connection)?;
    }
    Ok(due.into_iter().map(|message| Claimed { message, owner: owner.to_owned(), until }).collect())
}

/// Gives all leases of `owner` back, so that another worker need not wait for their end.
pub fn release(connection: &mut DbConnection, owner: &str) -> Result<usize> {
    Ok(prepared(
        diesel::update(outbox::table.filter(outbox::lease_owner.eq(owner)))
            .set((outbox::lease_owner.eq(None::<String>), outbox::lease_until.eq(None::<Time>))),
    )
    .execute(connection)?)
}

/// How many messages wait to be sent, now or later.
pub fn waiting_count(connection: &mut DbConnection) -> Result<i64> {
    Ok(outbox::table.count().get_result(connection)?)
}

/// A message that reached nobody by any way; an administrator looks at it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct DeadLetter {
    pub message: MessageId,
    pub case: CaseId,
    /// `citizen` or `office`.
    pub audience: String,
    pub channel: String,
    pub template: Option<String>,
    pub attempts: i32,
    pub error: Option<String>,
    pub created_at: Time,
    pub settled_at: Option<Time>,
}

/// Failed, and no further way was taken. A literal, so that both databases use the index of failed messages.
const IS_DEAD: &str = "messages.state = 'failed' AND NOT EXISTS (SELECT 1 FROM messages AS later \
     WHERE later.case_id = messages.case_id AND later.fallback_of = messages.id)";

/// One page of dead letters after `after`, by id.
pub fn dead_letters(
    connection: &mut DbConnection,
    after: Option<MessageId>,
    limit: i64,
) -> Result<Vec<DeadLetter>> {
    use messages as m;
    Ok(m::table
        .filter(sql::<Bool>(IS_DEAD))
        .filter(m::id.gt(after.unwrap_or(MessageId(0))))
        .order(m::id)
        .limit(limit)
        .select((
            m::id,
            m::case_id,
            m::audience,
            m::channel,
            m::template,
            m::attempts,
            m::error,
            m::created_at,
            m::settled_at,
        ))
        .load(connection)?)
}

/// The case of a message.
pub fn case_of(connection: &mut DbConnection, message: MessageId) -> Result<CaseId> {
    Ok(messages::table.find(message).select(messages::case_id).first(connection)?)
}

/// How many dead letters there are.
pub fn dead_count(connection: &mut DbConnection) -> Result<i64> {
    Ok(messages::table.filter(sql::<Bool>(IS_DEAD)).count().get_result(connection)?)
}

/// What the outbox reads of a message.
#[derive(Queryable, Selectable)]
#[diesel(table_name = messages)]
struct MessageRow {
    id: MessageId,
    case_id: CaseId,
    event_id: EventId,
    direction: String,
    audience: String,
    citizen_id: Option<CitizenId>,
    office_id: Option<OfficeId>,
    channel: String,
    template: Option<String>,
    language: String,
    facts: Sealed,
    body: Option<Sealed>,
    state: DeliveryState,
    attempts: i32,
    fallback_of: Option<MessageId>,
    created_at: Time,
}

impl MessageRow {
    fn load(connection: &mut DbConnection, id: MessageId) -> Result<Self> {
        Ok(messages::table.find(id).select(Self::as_select()).first(connection)?)
    }

    /// The same, locked until the transaction ends; always before its outbox row, so that nobody waits in a circle.
    fn lock(connection: &mut DbConnection, id: MessageId) -> Result<Self> {
        Ok(for_update(messages::table.find(id).select(Self::as_select())).get_result(connection)?)
    }

    fn outlet(&self) -> Option<Outlet> {
        self.channel.parse().ok()
    }
}
