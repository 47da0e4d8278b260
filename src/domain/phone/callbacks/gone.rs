//! What goes of the list, and what is counted of it.

use diesel::prelude::*;

use crate::db::DbConnection;
use crate::db::schema::phone_callbacks as b;
use crate::db::sealed::Sealed;
use crate::db::types::{CaseId, PhoneCallId, Time};
use crate::error::Result;

/// The call of an entry, where it is still kept.
pub(in super::super) fn forget_call(connection: &mut DbConnection, calls: &[PhoneCallId]) -> Result<()> {
    diesel::update(b::table.filter(b::call_id.eq_any(calls)))
        .set(b::call_id.eq(None::<PhoneCallId>))
        .execute(connection)?;
    Ok(())
}

/// Takes number and words of a case's entries away; that somebody was rung back stays counted.
pub(in super::super) fn erase(connection: &mut DbConnection, case: CaseId) -> Result<()> {
    diesel::update(b::table.filter(b::case_id.eq(case)))
        .set((b::number.eq(None::<Sealed>), b::number_hash.eq(None::<String>), b::note.eq(None::<Sealed>)))
        .execute(connection)?;
    Ok(())
}

/// Deletes settled entries without a case, and gives their number.
pub(in super::super) fn forget(connection: &mut DbConnection, before: Time) -> Result<usize> {
    let past = b::case_id.is_null().and(b::settled_at.lt(before));
    Ok(diesel::delete(b::table.filter(past.assume_not_null())).execute(connection)?)
}

/// Entries whose time is over.
pub fn overdue(connection: &mut DbConnection, now: Time) -> Result<i64> {
    Ok(b::table.filter(b::settled_at.is_null().and(b::due_at.lt(now))).count().get_result(connection)?)
}
