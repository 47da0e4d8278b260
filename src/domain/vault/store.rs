//! The rows of data keys: wrapped, with their state.

use diesel::prelude::*;

use super::cipher::{Cipher, KEY_BYTES};
use super::masters::master_of;
use super::{Masters, rows};
use crate::db::DbConnection;
use crate::db::dialect::for_update;
use crate::db::schema::data_keys as k;
use crate::db::types::Time;
use crate::error::{Error, Result};
use crate::text_enum;

text_enum! {
    /// What a data key is for.
    pub enum Purpose {
        /// Seals values.
        Identity = "identity",
        /// Makes the digests of blind indexes.
        Index = "index",
    }
}

text_enum! {
    /// Where a data key stands in its life; each state is reached from the one before it.
    pub enum KeyState {
        /// Announced: opens and finds, does not write yet.
        Coming = "coming",
        /// Writes; there is one of each purpose.
        Active = "active",
        /// Opens and finds what is still under it.
        Retiring = "retiring",
        /// Nothing is under it; its wrapped key was destroyed.
        Retired = "retired",
    }
}

/// A data key as stored. Its `Debug` does not show the wrapped key.
#[derive(Clone, Queryable, Selectable)]
#[diesel(table_name = k)]
pub struct DataKey {
    /// 1, 2, 3 …; never used twice.
    pub id: i64,
    pub purpose: Purpose,
    pub state: KeyState,
    /// None once it was destroyed.
    pub wrapped: Option<String>,
    pub created_at: Time,
    pub retired_at: Option<Time>,
}

impl std::fmt::Debug for DataKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DataKey").field("id", &self.id).field("state", &self.state).finish_non_exhaustive()
    }
}

impl DataKey {
    /// The name of the master key that it is wrapped by; none once it was destroyed.
    pub fn master(&self) -> Option<&str> {
        self.wrapped.as_deref().and_then(master_of)
    }
}

/// Every data key that there ever was, oldest first.
pub fn data_keys(connection: &mut DbConnection) -> Result<Vec<DataKey>> {
    Ok(k::table.order(k::id).select(DataKey::as_select()).load(connection)?)
}

/// Every wrapped data key; none where the database has no such table yet.
pub fn wrapped_keys(connection: &mut DbConnection) -> Result<Vec<String>> {
    if !crate::db::dialect::has_table(connection, "data_keys")? {
        return Ok(Vec::new());
    }
    let wrapped: Vec<Option<String>> =
        k::table.filter(k::wrapped.is_not_null()).select(k::wrapped).load(connection)?;
    Ok(wrapped.into_iter().flatten().collect())
}

/// Those that can still be used.
pub(super) fn live(connection: &mut DbConnection) -> Result<Vec<DataKey>> {
    Ok(k::table
        .filter(k::state.ne(KeyState::Retired))
        .order(k::id)
        .select(DataKey::as_select())
        .load(connection)?)
}

/// The same, locked until the transaction ends.
pub(super) fn locked(connection: &mut DbConnection) -> Result<Vec<DataKey>> {
    let query = k::table.filter(k::state.ne(KeyState::Retired)).order(k::id).select(DataKey::as_select());
    Ok(for_update(query).load(connection)?)
}

/// Makes the first data keys of a database, and seals whatever was written in clear before; false when there
/// were keys already. To be called in a transaction, at the start of a process.
///
/// Freed pages of an embedded database may still hold what was in clear; a backup and its restore make a clean file.
pub fn found(connection: &mut DbConnection, masters: &Masters, now: Time) -> Result<bool> {
    let there: i64 = k::table.count().get_result(connection)?;
    if there > 0 {
        return Ok(false);
    }
    for purpose in [Purpose::Identity, Purpose::Index] {
        make(connection, masters, purpose, KeyState::Active, now)?;
    }
    rows::adopt(connection, masters)?;
    Ok(true)
}

/// Makes one data key under the next number.
pub(super) fn make(
    connection: &mut DbConnection,
    masters: &Masters,
    purpose: Purpose,
    state: KeyState,
    now: Time,
) -> Result<()> {
    let last: Option<i64> = k::table.select(diesel::dsl::max(k::id)).first(connection)?;
    let (id, key): (i64, [u8; KEY_BYTES]) = (last.unwrap_or(0) + 1, Cipher::random_key());
    let wrapped =
        masters.wrap(id, &key).ok_or_else(|| Error::internal("the machine gives no random numbers"))?;
    diesel::insert_into(k::table)
        .values((
            (k::id.eq(id), k::purpose.eq(purpose), k::state.eq(state)),
            (k::wrapped.eq(wrapped), k::created_at.eq(now)),
        ))
        .execute(connection)?;
    Ok(())
}

/// Wraps every data key anew that the newest master key did not wrap; gives how many. Their values stay.
pub(super) fn rewrap(connection: &mut DbConnection, masters: &Masters) -> Result<usize> {
    let mut done = 0;
    for row in locked(connection)? {
        let Some(wrapped) = row.wrapped.filter(|wrapped| master_of(wrapped) != Some(masters.current()))
        else {
            continue;
        };
        let anew = masters.unwrap(row.id, &wrapped).and_then(|key| masters.wrap(row.id, &key));
        let anew =
            anew.ok_or_else(|| Error::internal(format!("data key {} cannot be wrapped anew", row.id)))?;
        diesel::update(k::table.find(row.id)).set(k::wrapped.eq(anew)).execute(connection)?;
        done += 1;
    }
    Ok(done)
}
