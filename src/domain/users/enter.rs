//! The second half of a sign-in, after the password was found right or the sign-on provider named the person: the
//! second factor, then a session.

use super::factor::{self, Holder, Proof};
use super::sessions::{self, Owner};
use super::{UserRow, sign_in, store};
use crate::db::DbConnection;
use crate::db::types::{SessionId, UserId};
use crate::domain::actor::Act;
use crate::error::{Code, Error, Result};

/// A session that was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entered {
    pub session: SessionId,
    pub refresh_token: String,
}

/// Opens a session for a person whose password was verified, and proves the second factor where there is one.
/// None when the one-time code was wrong, which was counted.
///
/// # Errors
/// `otp_required`, `account_locked`, `no_rights`; `bad_credentials` when password or account changed meanwhile.
pub fn enter(
    connection: &mut DbConnection,
    act: &Act,
    verified: &UserRow,
    otp: Option<&str>,
    ttl_seconds: i64,
) -> Result<Option<Entered>> {
    // a change of password or factor ends what was opened before it, and is seen by what is opened after it
    store::hold(connection, verified.id)?;
    let user = store::by_id(connection, verified.id)?;
    if !user.is_active || user.password_hash != verified.password_hash {
        return Err(Error::Unauthenticated(Code::BadCredentials));
    }
    if factor::is_enrolled(connection, user.id)? {
        let otp = otp.ok_or(Error::Unauthenticated(Code::OtpRequired))?;
        match factor::prove(connection, act, Holder { user: user.id, username: &user.username }, otp)? {
            Proof::Right => {}
            Proof::Wrong => return Ok(None),
            Proof::NoFactor => return Err(Error::Unauthenticated(Code::BadCredentials)),
        }
    }
    opened(connection, act, &user, false, ttl_seconds).map(Some)
}

/// Somebody whom the sign-on provider sent.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<'a> {
    /// As an administrator made the account; none is ever made here.
    pub username: &'a str,
    /// The provider saw a second factor.
    pub is_vouched: bool,
    /// The code of the account's own second factor.
    pub otp: Option<&'a str>,
}

/// What became of an arrival.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Landed {
    Entered(UserId, Entered),
    /// The account has a second factor of its own, and the provider saw none.
    NeedsCode,
    /// The one-time code was wrong, which was counted.
    WrongCode,
}

/// Opens a session for a person whom the sign-on provider vouches for.
///
/// # Errors
/// `oidc_unknown_account` when there is no active account of this name; `account_locked` after too many wrong codes;
/// `no_rights` before a second person agreed to any.
pub fn land(connection: &mut DbConnection, act: &Act, who: Arrival<'_>, ttl_seconds: i64) -> Result<Landed> {
    let found = store::by_username(connection, who.username)?;
    let found = found.ok_or(Error::Unauthenticated(Code::OidcUnknownAccount))?;
    store::hold(connection, found.id)?;
    let user = store::by_id(connection, found.id)?;
    if !user.is_active {
        return Err(Error::Unauthenticated(Code::OidcUnknownAccount));
    }
    if !who.is_vouched && factor::is_enrolled(connection, user.id)? {
        let Some(otp) = who.otp else { return Ok(Landed::NeedsCode) };
        sign_in::allow_try(connection, act, &user.username)?;
        match factor::prove(connection, act, Holder { user: user.id, username: &user.username }, otp)? {
            Proof::Right => {}
            Proof::Wrong | Proof::NoFactor => return Ok(Landed::WrongCode),
        }
    }
    Ok(Landed::Entered(user.id, opened(connection, act, &user, who.is_vouched, ttl_seconds)?))
}

fn opened(
    connection: &mut DbConnection,
    act: &Act,
    user: &UserRow,
    is_vouched: bool,
    ttl_seconds: i64,
) -> Result<Entered> {
    if store::staff(connection, user.id)?.is_none() {
        return Err(Error::Forbidden(Code::NoRights));
    }
    sign_in::note_success(connection, act, "sign-in", &user.username)?;
    let owner = Owner { user: user.id, is_vouched };
    let (session, refresh_token) = sessions::open(connection, act, owner, ttl_seconds)?;
    Ok(Entered { session, refresh_token })
}
