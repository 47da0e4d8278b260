//! The second half of a sign-in, after the password was found right: the second factor, then a session.

use super::factor::{self, Holder, Proof};
use super::{UserRow, sessions, sign_in, store};
use crate::db::DbConnection;
use crate::db::types::SessionId;
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
/// `otp_required`, `account_locked`; `bad_credentials` when password or account changed meanwhile.
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
    sign_in::note_success(connection, act, "sign-in", &user.username)?;
    let (session, refresh_token) = sessions::open(connection, act, user.id, ttl_seconds)?;
    Ok(Some(Entered { session, refresh_token }))
}
