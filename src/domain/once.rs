//! Calls that are done once: the first reply under an actor's key is kept, sealed, and given again.
//!
//! A key may hold anything that a client chose, and a digest of a request would tell which number was in it to
//! whoever tries all numbers: both are kept as keyed digests only.

use diesel::prelude::*;
use serde_json::Value;

use crate::db::DbConnection;
use crate::db::schema::idempotency_keys as keys;
use crate::db::sealed::Sealed;
use crate::domain::actor::Act;
use crate::domain::vault::field;
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
    let id = id_of(act, key);
    let row: Option<(String, i32, Sealed)> = keys::table
        .find(&id)
        .select((keys::fingerprint, keys::status, keys::reply))
        .first(connection)
        .optional()?;
    let Some((first, status, body)) = row else { return Ok(None) };
    if first != digest(act, fingerprint) {
        return Err(Error::Conflict(Code::KeyReused));
    }
    let body = act.vault.open(connection, field!(idempotency_keys::reply), &id, &body)?;
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
    let id = id_of(act, key);
    let reply = act.vault.seal(field!(idempotency_keys::reply), &id, &body.to_string())?;
    diesel::insert_into(keys::table)
        .values((
            (keys::id.eq(id), keys::fingerprint.eq(digest(act, fingerprint))),
            (keys::status.eq(i32::from(status)), keys::reply.eq(reply), keys::created_at.eq(act.now)),
        ))
        .execute(connection)?;
    Ok(())
}

fn id_of(act: &Act, key: &str) -> String {
    act.keys.digest("idempotency-key", &[&act.actor.key(), key])
}

fn digest(act: &Act, fingerprint: &str) -> String {
    act.keys.digest("idempotency-fingerprint", &[fingerprint])
}
