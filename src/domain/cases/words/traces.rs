//! Cases whose words stood in clear before they were sealed: SQLite still holds them in freed pages, in merged parts of
//! the search index and in its log, until those are written anew.

use diesel::prelude::*;

use crate::db::DbConnection;
use crate::db::schema::clear_traces as t;
use crate::db::types::{CaseId, Time};
use crate::error::Result;
use crate::on_both;

/// A case whose clear words may still be in the file.
pub type Trace = (CaseId, Time);

/// Notes that words stood in clear.
pub(super) fn leave(connection: &mut DbConnection, id: CaseId, now: Time) -> Result<()> {
    let row = (t::id.eq(id), t::at.eq(now));
    on_both!(connection, |c| {
        diesel::insert_into(t::table).values(row).on_conflict(t::id).do_update().set(t::at.eq(now)).execute(c)
    })?;
    Ok(())
}

/// Those that are to be cleared.
pub fn traces(connection: &mut DbConnection) -> Result<Vec<Trace>> {
    Ok(t::table.order(t::id).select((t::id, t::at)).load(connection)?)
}

/// Forgets those that were cleared; what was noted anew meanwhile stays.
pub fn clear(connection: &mut DbConnection, cleared: &[Trace]) -> Result<()> {
    cleared.iter().try_for_each(|(id, at)| {
        diesel::delete(t::table.find(*id).filter(t::at.eq(*at))).execute(connection)?;
        Ok(())
    })
}
