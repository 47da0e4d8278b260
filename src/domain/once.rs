//! Calls that are done once: the first reply under an actor's key is kept and given again.

use diesel::prelude::*;
use serde_json::Value;

use crate::db::DbConnection;
use crate::db::schema::idempotency_keys as keys;
use crate::domain::actor::Act;
use crate::error::{Code, Error, Result};

/// The kept reply (status and body) of this key.
///
/// # Errors
/// `idempotency_key_reused` when the key was used for another request.
pub fn known(
    connection: &mut DbConnection,
    act: &Act,
    key: &str,
    fingerprint: &str,
) -> Result<Option<(u16, Value)>> {
    let row: Option<(String, i32, String)> = keys::table
        .find((act.actor.key(), key))
        .select((keys::fingerprint, keys::status, keys::reply))
        .first(connection)
        .optional()?;
    let Some((first, status, body)) = row else { return Ok(None) };
    if first != fingerprint {
        return Err(Error::Conflict(Code::KeyReused));
    }
    let body = serde_json::from_str(&body).map_err(|error| Error::Internal(Box::new(error)))?;
    Ok(Some((u16::try_from(status).unwrap_or(200), body)))
}

/// Keeps a reply, in the transaction of what it tells.
pub fn keep(
    connection: &mut DbConnection,
    act: &Act,
    key: &str,
    fingerprint: &str,
    status: u16,
    body: &Value,
) -> Result<()> {
    diesel::insert_into(keys::table)
        .values((
            (keys::actor.eq(act.actor.key()), keys::key.eq(key), keys::fingerprint.eq(fingerprint)),
            (
                keys::status.eq(i32::from(status)),
                keys::reply.eq(body.to_string()),
                keys::created_at.eq(act.now),
            ),
        ))
        .execute(connection)?;
    Ok(())
}
