//! What is good once: a token that signs in is taken by whoever brings it first.

use diesel::prelude::*;

use crate::db::DbConnection;
use crate::db::schema::spent;
use crate::db::types::Time;
use crate::domain::actor::Act;
use crate::error::Result;
use crate::on_both;

/// Takes a token that is good for one use; false when it was taken before. `expires_at` is when the token itself
/// runs out: it is remembered until then.
pub fn spend(
    connection: &mut DbConnection,
    act: &Act,
    purpose: &str,
    token: &str,
    expires_at: Time,
) -> Result<bool> {
    let digest = act.keys.digest("spent", &[purpose, token]);
    let taken = on_both!(connection, |c| diesel::insert_into(spent::table)
        .values((spent::digest.eq(&digest), spent::expires_at.eq(expires_at)))
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(taken == 1)
}
