//! Numbers that want no more SMS: notices then take the next way. Whoever writes again, other than to stop, wants to be
//! answered.

use diesel::prelude::*;

use super::phone_hash;
use crate::db::DbConnection;
use crate::db::dialect::Both;
use crate::db::schema::sms_stops as s;
use crate::domain::actor::Act;
use crate::domain::keys::Keys;
use crate::error::Result;

/// From now on nothing goes to the number.
pub fn stop(connection: &mut DbConnection, act: &Act, phone_hash: &str) -> Result<()> {
    let row = (s::phone_hash.eq(phone_hash), s::at.eq(act.now));
    Both(diesel::insert_into(s::table).values(row).on_conflict_do_nothing()).execute(connection)?;
    Ok(())
}

/// The number may be written to again.
pub fn resume(connection: &mut DbConnection, phone_hash: &str) -> Result<()> {
    diesel::delete(s::table.find(phone_hash)).execute(connection)?;
    Ok(())
}

/// Whether the number wants none.
pub fn is_stopped(connection: &mut DbConnection, keys: &Keys, phone: &str) -> Result<bool> {
    let found: Option<String> =
        s::table.find(phone_hash(keys, phone)).select(s::phone_hash).first(connection).optional()?;
    Ok(found.is_some())
}
