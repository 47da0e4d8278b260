//! Sessions: a family of refresh tokens per sign-in. Each token is used once; using one again ends the whole
//! family, because then somebody else has a copy (RFC 9700 §4.14.2).

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use diesel::prelude::*;
use rand::RngExt;

use super::store;
use crate::db::DbConnection;
use crate::db::schema::refresh_tokens;
use crate::db::types::{SessionId, Time, UserId};
use crate::domain::actor::Act;
use crate::error::Result;

/// What a refresh token was good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refreshed {
    /// A new token of the same session.
    Renewed { user: UserId, session: SessionId, token: String },
    /// It was used before; the session has ended.
    Reused,
    /// Unknown, expired or revoked.
    Refused,
}

/// Whose session it is.
#[derive(Debug, Clone, Copy)]
pub struct Owner {
    pub user: UserId,
    /// The sign-on provider saw a second factor.
    pub is_vouched: bool,
}

/// Opens a session; gives its id and first refresh token.
pub fn open(
    connection: &mut DbConnection,
    act: &Act,
    owner: Owner,
    ttl_seconds: i64,
) -> Result<(SessionId, String)> {
    let session = act.id();
    Ok((session, issue(connection, act, owner, session, ttl_seconds)?))
}

fn issue(
    connection: &mut DbConnection,
    act: &Act,
    owner: Owner,
    session: SessionId,
    ttl_seconds: i64,
) -> Result<String> {
    let mut bytes = [0_u8; 32];
    rand::rng().fill(&mut bytes);
    let token = BASE64_URL_SAFE_NO_PAD.encode(bytes);
    use refresh_tokens as t;
    diesel::insert_into(t::table)
        .values((
            (t::token_hash.eq(digest(act, &token)), t::session_id.eq(session), t::user_id.eq(owner.user)),
            t::is_vouched.eq(owner.is_vouched),
            (t::issued_at.eq(act.now), t::expires_at.eq(act.now.plus_seconds(ttl_seconds))),
        ))
        .execute(connection)?;
    Ok(token)
}

/// Exchanges a refresh token for the next one of its session.
pub fn refresh(connection: &mut DbConnection, act: &Act, token: &str, ttl_seconds: i64) -> Result<Refreshed> {
    use refresh_tokens as t;
    type Row = (SessionId, UserId, bool, Time, Option<Time>, Option<Time>);
    let key = digest(act, token);
    let row: Option<Row> = t::table
        .find(&key)
        .select((t::session_id, t::user_id, t::is_vouched, t::expires_at, t::used_at, t::revoked_at))
        .first(connection)
        .optional()?;
    let Some((session, user, is_vouched, expires, used, revoked)) = row else {
        return Ok(Refreshed::Refused);
    };
    if revoked.is_some() || expires <= act.now || !is_open(connection, session)? {
        return Ok(Refreshed::Refused);
    }
    let taken = diesel::update(t::table.find(&key).filter(t::used_at.is_null()))
        .set(t::used_at.eq(act.now))
        .execute(connection)?;
    if used.is_some() || taken == 0 {
        end(connection, act, session)?;
        return Ok(Refreshed::Reused);
    }
    let token = issue(connection, act, Owner { user, is_vouched }, session, ttl_seconds)?;
    Ok(Refreshed::Renewed { user, session, token })
}

/// Ends a session: none of its tokens is good any more.
pub fn end(connection: &mut DbConnection, act: &Act, session: SessionId) -> Result<()> {
    use refresh_tokens as t;
    diesel::update(t::table.filter(t::session_id.eq(session).and(t::revoked_at.is_null())))
        .set(t::revoked_at.eq(act.now))
        .execute(connection)?;
    Ok(())
}

/// Ends every session of a person but `kept`; gives how many tokens that were good are so no longer.
pub fn end_all(
    connection: &mut DbConnection,
    act: &Act,
    user: UserId,
    kept: Option<SessionId>,
) -> Result<usize> {
    use refresh_tokens as t;
    store::hold(connection, user)?;
    let kept = kept.unwrap_or(SessionId(0));
    let others = t::user_id.eq(user).and(t::session_id.ne(kept)).and(t::revoked_at.is_null());
    Ok(diesel::update(t::table.filter(others)).set(t::revoked_at.eq(act.now)).execute(connection)?)
}

/// Whether a session still stands; an access token outlives it by no request.
pub fn is_open(connection: &mut DbConnection, session: SessionId) -> Result<bool> {
    use refresh_tokens as t;
    let ended: i64 = t::table
        .filter(t::session_id.eq(session).and(t::revoked_at.is_not_null()))
        .count()
        .get_result(connection)?;
    Ok(ended == 0)
}

/// Whether the sign-on provider saw a second factor when this session was opened.
pub fn is_vouched(connection: &mut DbConnection, session: SessionId) -> Result<bool> {
    use refresh_tokens as t;
    let vouched = t::session_id.eq(session).and(t::is_vouched.eq(true));
    Ok(diesel::select(diesel::dsl::exists(t::table.filter(vouched))).get_result(connection)?)
}

fn digest(act: &Act, token: &str) -> String {
    act.keys.digest("refresh-token", &[token])
}
