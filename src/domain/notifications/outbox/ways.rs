//! The ways to one citizen: which of them a chain of messages has not taken yet, and who takes the next.

use diesel::prelude::*;

use super::settle::{Settled, note, put_back, take};
use super::{Claimed, MessageRow};
use crate::db::DbConnection;
use crate::db::prepared::prepared;
use crate::db::schema::{cases, messages};
use crate::db::types::MessageId;
use crate::domain::actor::Act;
use crate::domain::cases::Channel;
use crate::domain::citizens;
use crate::domain::notifications::{self, DeliveryState, Facts, Outlet};
use crate::error::Result;

/// Where no way is set up, a message is looked at again after so many seconds.
const UNSET_RETRY_SECONDS: i64 = 3600;
/// No gateway is set up for the message's way: it takes one of `usable`, or waits until one is.
pub fn reroute(
    connection: &mut DbConnection,
    act: &Act,
    claimed: &Claimed,
    usable: &[Outlet],
) -> Result<Settled> {
    let row = MessageRow::lock(connection, claimed.message)?;
    let is_way = |outlet: &Outlet| usable.contains(outlet) || !outlet.is_electronic();
    let other = untried(connection, act, &row)?.into_iter().find(is_way);
    let error = format!("no gateway for {} is set up", row.channel);
    let next_at = if other.is_some() { act.now } else { act.now.plus_seconds(UNSET_RETRY_SECONDS) };
    // paper waits for people, not in the outbox
    let is_ours = match other {
        Some(outlet) if !outlet.is_electronic() => take(connection, claimed)?,
        _ => put_back(connection, claimed, next_at, None)?,
    };
    if !is_ours {
        return Ok(Settled::Lost);
    }
    match other {
        Some(outlet) => {
            prepared(
                diesel::update(messages::table.find(row.id))
                    .set((messages::channel.eq(outlet), messages::attempts.eq(0))),
            )
            .execute(connection)?;
            note(
                connection,
                act,
                row.id,
                DeliveryState::Queued,
                Some(&format!("{error}; {outlet} is taken")),
            )?;
        }
        None => {
            prepared(diesel::update(messages::table.find(row.id)).set(messages::error.eq(error)))
                .execute(connection)?;
        }
    }
    Ok(Settled::Retry(next_at))
}

/// The next way to the citizen, where no successor took it already.
pub(super) fn next_outlet(
    connection: &mut DbConnection,
    act: &Act,
    row: &MessageRow,
) -> Result<Option<Outlet>> {
    let successors: i64 = messages::table
        .filter(messages::case_id.eq(row.case_id).and(messages::fallback_of.eq(row.id)))
        .count()
        .get_result(connection)?;
    if successors > 0 {
        return Ok(None);
    }
    Ok(untried(connection, act, row)?.into_iter().next())
}

/// Ways to the citizen that no message of this chain took, best first; none for offices.
fn untried(connection: &mut DbConnection, act: &Act, row: &MessageRow) -> Result<Vec<Outlet>> {
    let Some(id) = row.citizen_id else { return Ok(Vec::new()) };
    let Some(citizen) = citizens::find(connection, &act.vault, id)? else { return Ok(Vec::new()) };
    let channel: Channel = cases::table.find(row.case_id).select(cases::channel).first(connection)?;
    let mut left = notifications::ways(&citizen, channel, row.template.as_deref());
    left.retain(|outlet| Some(*outlet) != row.outlet());
    let mut before = row.fallback_of;
    while let Some(id) = before.filter(|_| !left.is_empty()) {
        let (taken, earlier): (String, Option<MessageId>) =
            messages::table.find(id).select((messages::channel, messages::fallback_of)).first(connection)?;
        left.retain(|outlet| outlet.as_str() != taken);
        before = earlier;
    }
    Ok(left)
}

/// Queues the successor of a message that reached nobody.
pub(super) fn succeed(
    connection: &mut DbConnection,
    act: &Act,
    row: &MessageRow,
    outlet: Outlet,
) -> Result<MessageId> {
    use messages as m;
    let id: MessageId = act.id();
    // sealed values belong to their row
    let facts = Facts::open(connection, &act.vault, row.id, &row.facts)?.sealed(&act.vault, id)?;
    diesel::insert_into(m::table)
        .values((
            (m::id.eq(id), m::case_id.eq(row.case_id), m::event_id.eq(row.event_id), m::direction.eq("out")),
            (m::audience.eq(&row.audience), m::citizen_id.eq(row.citizen_id), m::office_id.eq(row.office_id)),
            (m::channel.eq(outlet), m::template.eq(&row.template), m::language.eq(&row.language)),
            (m::facts.eq(facts), m::state.eq(DeliveryState::Queued), m::attempts.eq(0)),
            (m::fallback_of.eq(row.id), m::created_at.eq(act.now)),
        ))
        .execute(connection)?;
    if outlet.is_electronic() {
        notifications::enqueue(connection, id, act.now)?;
    }
    Ok(id)
}
