//! Mailboxes that are read by IMAP: how far, by whom, and what is wrong with them.
//!
//! One process reads a mailbox at a time, by lease; how far it was read is written under that lease only.

use diesel::prelude::*;
use serde::Serialize;

use crate::db::DbConnection;
use crate::db::schema::mailboxes as b;
use crate::db::types::Time;
use crate::error::Result;
use crate::on_both;

/// How far a mailbox was read (RFC 3501 §2.3.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    pub uid_validity: i64,
    /// The last UID that was taken in; 0 before the first.
    pub last_uid: i64,
}

/// Takes the lease of a mailbox, or renews one's own; none while somebody else holds it.
pub fn lease(
    connection: &mut DbConnection,
    name: &str,
    owner: &str,
    now: Time,
    seconds: i64,
) -> Result<Option<Position>> {
    let new = (b::name.eq(name), b::uid_validity.eq(0_i64), b::last_uid.eq(0_i64));
    on_both!(connection, |c| {
        diesel::insert_into(b::table).values(new).on_conflict(b::name).do_nothing().execute(c)
    })?;
    let is_free = b::lease_until.is_null().or(b::lease_until.le(now)).or(b::lease_owner.eq(owner));
    let taken = diesel::update(b::table.find(name).filter(is_free))
        .set((b::lease_owner.eq(owner), b::lease_until.eq(now.plus_seconds(seconds))))
        .execute(connection)?;
    if taken == 0 {
        return Ok(None);
    }
    let (uid_validity, last_uid) =
        b::table.find(name).select((b::uid_validity, b::last_uid)).first(connection)?;
    Ok(Some(Position { uid_validity, last_uid }))
}

/// Writes how far a mailbox was read, and renews the lease; false when the lease is somebody else's by now.
pub fn advance(
    connection: &mut DbConnection,
    name: &str,
    owner: &str,
    position: Position,
    now: Time,
    seconds: i64,
) -> Result<bool> {
    let moved = diesel::update(b::table.find(name).filter(b::lease_owner.eq(owner)))
        .set((
            (b::uid_validity.eq(position.uid_validity), b::last_uid.eq(position.last_uid)),
            (b::lease_until.eq(now.plus_seconds(seconds)), b::read_at.eq(now)),
            (b::failing_since.eq(None::<Time>), b::error.eq(None::<String>)),
        ))
        .execute(connection)?;
    Ok(moved == 1)
}

/// Gives a lease back.
pub fn release(connection: &mut DbConnection, name: &str, owner: &str) -> Result<()> {
    diesel::update(b::table.find(name).filter(b::lease_owner.eq(owner)))
        .set((b::lease_owner.eq(None::<String>), b::lease_until.eq(None::<Time>)))
        .execute(connection)?;
    Ok(())
}

/// Notes that a mailbox cannot be read, and since when.
pub fn failed(connection: &mut DbConnection, name: &str, error: &str, now: Time) -> Result<()> {
    diesel::update(b::table.find(name)).set(b::error.eq(error)).execute(connection)?;
    diesel::update(b::table.find(name).filter(b::failing_since.is_null()))
        .set(b::failing_since.eq(now))
        .execute(connection)?;
    Ok(())
}

/// A mailbox as operators see it.
#[derive(Debug, Clone, Queryable, Selectable, Serialize, utoipa::ToSchema)]
#[schema(as = MailboxState)]
#[diesel(table_name = b)]
pub struct State {
    pub name: String,
    pub last_uid: i64,
    pub read_at: Option<Time>,
    pub failing_since: Option<Time>,
    /// What the server or the network said, without addresses.
    pub error: Option<String>,
}

/// All mailboxes that were ever read.
pub fn states(connection: &mut DbConnection) -> Result<Vec<State>> {
    Ok(b::table.order(b::name).select(State::as_select()).load(connection)?)
}

/// Mailboxes that cannot be read since before `until`.
pub fn failing(connection: &mut DbConnection, until: Time) -> Result<Vec<String>> {
    Ok(b::table.filter(b::failing_since.lt(until)).order(b::name).select(b::name).load(connection)?)
}
