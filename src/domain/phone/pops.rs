//! What agents are shown, numbered one by one: whoever comes back with the last number misses nothing and sees nothing
//! twice. The number is given under the lock of the agent's own row, so that no later one is seen before it.

use diesel::prelude::*;

use super::course::CallState;
use crate::db::DbConnection;
use crate::db::dialect::{Both, for_update};
use crate::db::schema::{phone_calls as c, phone_pops as p, phone_streams as s};
use crate::db::types::{PhoneCallId, Time, UserId};
use crate::domain::actor::Act;
use crate::error::Result;
use crate::text_enum;

text_enum! {
    /// What happened to a call, as far as an agent is concerned.
    pub enum PopKind {
        /// It rings at the agent's desk.
        Ringing = "ringing",
        /// The agent answered: the screen opens.
        Answered = "answered",
        /// More became known of it, such as the number that came late.
        Updated = "updated",
        /// Somebody else answered: the screen may close.
        Taken = "taken",
        Ended = "ended",
        Missed = "missed",
    }
}

/// One line of an agent's stream.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Pop {
    /// 1 for the agent's first; the id of the event.
    pub seq: i64,
    pub call: PhoneCallId,
    pub kind: PopKind,
    pub at: Time,
}

/// Adds a line to an agent's stream.
pub(super) fn push(
    connection: &mut DbConnection,
    act: &Act,
    user: UserId,
    call: PhoneCallId,
    kind: PopKind,
) -> Result<()> {
    let fresh = (s::user_id.eq(user), s::last.eq(0_i64));
    Both(diesel::insert_into(s::table).values(fresh).on_conflict_do_nothing()).execute(connection)?;
    let last: i64 = for_update(s::table.find(user).select(s::last)).get_result(connection)?;
    diesel::update(s::table.find(user)).set(s::last.eq(last + 1)).execute(connection)?;
    diesel::insert_into(p::table)
        .values((
            (p::user_id.eq(user), p::seq.eq(last + 1), p::call_id.eq(call)),
            (p::kind.eq(kind), p::at.eq(act.now)),
        ))
        .execute(connection)?;
    Ok(())
}

/// Whom a call was shown to.
pub(super) fn shown_to(connection: &mut DbConnection, call: PhoneCallId) -> Result<Vec<UserId>> {
    Ok(p::table
        .filter(p::call_id.eq(call))
        .select(p::user_id)
        .distinct()
        .order(p::user_id)
        .load(connection)?)
}

/// The lines of an agent after this number, the oldest first.
pub fn after(connection: &mut DbConnection, user: UserId, seq: i64, limit: i64) -> Result<Vec<Pop>> {
    Ok(p::table
        .filter(p::user_id.eq(user).and(p::seq.gt(seq)))
        .order(p::seq)
        .limit(limit)
        .select((p::seq, p::call_id, p::kind, p::at))
        .load(connection)?)
}

/// After which line a stream begins that nobody comes back to: before those of the calls that go on.
pub fn begin(connection: &mut DbConnection, user: UserId) -> Result<i64> {
    let open = [CallState::Ringing, CallState::Talking];
    let first: Option<i64> = p::table
        .inner_join(c::table)
        .filter(p::user_id.eq(user).and(c::state.eq_any(open)))
        .order(p::seq)
        .select(p::seq)
        .first(connection)
        .optional()?;
    first.map_or_else(|| last(connection, user), |seq| Ok(seq - 1))
}

/// The number of an agent's last line; 0 where there is none.
fn last(connection: &mut DbConnection, user: UserId) -> Result<i64> {
    Ok(s::table.find(user).select(s::last).first(connection).optional()?.unwrap_or(0))
}
