//! What goes of calls: with a case its number and the words about it, and what belongs to no case after its days.

use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::callbacks;
use crate::db::DbConnection;
use crate::db::schema::{phone_calls as c, phone_case_calls as l, phone_events, phone_pops};
use crate::db::sealed::Sealed;
use crate::db::types::{CaseId, PhoneCallId};
use crate::domain::actor::Act;
use crate::error::Result;

/// Calls of one round.
const ROUND: i64 = 500;
/// Days that an agent may come back for a line of the stream.
const STREAM_DAYS: i64 = 1;

/// Takes away whose calls the calls of a case were; that there were calls, how long they waited and lasted stays counted.
pub fn erase(connection: &mut DbConnection, case: CaseId) -> Result<()> {
    let calls: Vec<PhoneCallId> = l::table.filter(l::case_id.eq(case)).select(l::call_id).load(connection)?;
    diesel::update(c::table.filter(c::id.eq_any(calls)))
        .set((
            c::number.eq(None::<Sealed>),
            c::number_hash.eq(None::<String>),
            c::external_id.eq(None::<String>),
        ))
        .execute(connection)?;
    callbacks::erase(connection, case)
}

/// Deletes calls of no case that are older than the limit `call_log_days`, settled entries of that age, and lines of streams
/// of yesterday; gives the number of rows.
pub fn forget(connection: &mut DbConnection, act: &Act) -> Result<usize> {
    let before = act.now.plus_days(-act.rules.number("call_log_days")?);
    let lines = diesel::delete(phone_pops::table.filter(phone_pops::at.lt(act.now.plus_days(-STREAM_DAYS))))
        .execute(connection)?;
    let entries = callbacks::forget(connection, before)?;
    let past: Vec<PhoneCallId> = c::table
        .filter(c::created_at.lt(before))
        .filter(not(exists(l::table.filter(l::call_id.eq(c::id)))))
        .order(c::created_at)
        .limit(ROUND)
        .select(c::id)
        .load(connection)?;
    callbacks::forget_call(connection, &past)?;
    diesel::delete(phone_events::table.filter(phone_events::call_id.eq_any(&past))).execute(connection)?;
    diesel::delete(phone_pops::table.filter(phone_pops::call_id.eq_any(&past))).execute(connection)?;
    let calls = diesel::delete(c::table.filter(c::id.eq_any(&past))).execute(connection)?;
    Ok(lines + entries + calls)
}
