//! The second factor of an account: begun, confirmed by a first code, shown at each sign-in, removed.
//!
//! Its secret is sealed. A code's step is taken once (RFC 6238 §5.2), and every wrong one counts for the lock-out
//! of the account's name, as a wrong password does.

use diesel::prelude::*;

use super::sign_in::{self, SIGN_IN};
use super::{recovery, sessions, store, totp};
use crate::db::DbConnection;
use crate::db::schema::second_factors as factors;
use crate::db::sealed::Sealed;
use crate::db::types::{FactorId, SessionId, Time, UserId};
use crate::domain::actor::Act;
use crate::domain::text::machine_field;
use crate::domain::vault::field;
use crate::error::{Code, Error, Result};

/// Seconds that an enrolment waits for its confirmation.
const CONFIRM_SECONDS: i64 = 1800;
/// Digits of a one-time code.
const DIGITS: usize = 6;

/// Whose factor it is; the name is what tries are counted under.
#[derive(Debug, Clone, Copy)]
pub struct Holder<'a> {
    pub user: UserId,
    pub username: &'a str,
}

/// What a one-time code or a recovery code proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    Right,
    /// Wrong or used before; it was counted.
    Wrong,
    /// There is no factor to prove.
    NoFactor,
}

/// A secret that waits for its confirmation; it is shown this once.
#[derive(Clone)]
pub struct Enrolment {
    /// In base32.
    pub secret: String,
    /// `otpauth://…`
    pub uri: String,
}

impl std::fmt::Debug for Enrolment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Enrolment(…)")
    }
}

struct Factor {
    id: FactorId,
    secret: String,
    begun_at: Time,
    confirmed_at: Option<Time>,
    last_step: i64,
}

/// Begins an enrolment, or begins it anew.
///
/// # Errors
/// `already_done` when a factor is confirmed: it is removed first, with a proof.
pub fn begin(connection: &mut DbConnection, act: &Act, holder: Holder<'_>) -> Result<Enrolment> {
    if held(connection, act, holder.user)?.is_some_and(|factor| factor.confirmed_at.is_some()) {
        return Err(Error::Conflict(Code::AlreadyDone));
    }
    diesel::delete(factors::table.filter(factors::user_id.eq(holder.user))).execute(connection)?;
    let (id, secret): (FactorId, String) = (act.id(), totp::new_secret());
    diesel::insert_into(factors::table)
        .values((
            (factors::id.eq(id), factors::user_id.eq(holder.user)),
            factors::secret.eq(act.vault.seal(field!(second_factors::secret), id, &secret)?),
            (factors::begun_at.eq(act.now), factors::last_step.eq(0_i64)),
        ))
        .execute(connection)?;
    let uri = totp::uri(&secret, holder.username)?;
    Ok(Enrolment { secret, uri })
}

/// Confirms an enrolment by its first code; gives the recovery codes, or none when the code was wrong. All other
/// sessions end: they were opened without the factor.
///
/// # Errors
/// `no_second_factor` when none was begun lately, `already_done`, `account_locked`.
pub fn confirm(
    connection: &mut DbConnection,
    act: &Act,
    holder: Holder<'_>,
    code: &str,
    session: Option<SessionId>,
) -> Result<Option<Vec<String>>> {
    let factor = held(connection, act, holder.user)?.ok_or(Error::Conflict(Code::NoSecondFactor))?;
    if factor.confirmed_at.is_some() {
        return Err(Error::Conflict(Code::AlreadyDone));
    }
    if factor.begun_at.plus_seconds(CONFIRM_SECONDS) <= act.now {
        return Err(Error::Conflict(Code::NoSecondFactor));
    }
    sign_in::allow_try(connection, act, holder.username)?;
    if !take_step(connection, act, &factor, &machine_field(code))? {
        sign_in::note_failure(connection, act, "sign-in", holder.username, SIGN_IN)?;
        return Ok(None);
    }
    diesel::update(factors::table.find(factor.id))
        .set(factors::confirmed_at.eq(act.now))
        .execute(connection)?;
    sessions::end_all(connection, act, holder.user, session)?;
    recovery::renew(connection, act, holder.user).map(Some)
}

/// Proves the factor by a one-time code or a recovery code, in any digits and spelling; uses it up.
///
/// # Errors
/// `account_locked` after too many wrong ones.
pub fn prove(connection: &mut DbConnection, act: &Act, holder: Holder<'_>, given: &str) -> Result<Proof> {
    let factor = held(connection, act, holder.user)?.filter(|factor| factor.confirmed_at.is_some());
    let Some(factor) = factor else { return Ok(Proof::NoFactor) };
    sign_in::allow_try(connection, act, holder.username)?;
    let given = machine_field(given).to_lowercase();
    let is_right = match given.len() {
        DIGITS => take_step(connection, act, &factor, &given)?,
        recovery::LENGTH => recovery::take(connection, act, holder.user, &given)?,
        _ => false,
    };
    if is_right {
        sign_in::note_success(connection, act, "sign-in", holder.username)?;
        return Ok(Proof::Right);
    }
    sign_in::note_failure(connection, act, "sign-in", holder.username, SIGN_IN)?;
    Ok(Proof::Wrong)
}

/// Removes the factor and its recovery codes, and ends every session but `kept`.
///
/// # Errors
/// `no_second_factor` when there is none.
pub fn remove(connection: &mut DbConnection, act: &Act, user: UserId, kept: Option<SessionId>) -> Result<()> {
    store::hold(connection, user)?;
    let gone = diesel::delete(factors::table.filter(factors::user_id.eq(user))).execute(connection)?;
    if gone == 0 {
        return Err(Error::Conflict(Code::NoSecondFactor));
    }
    recovery::clear(connection, user)?;
    sessions::end_all(connection, act, user, kept)?;
    Ok(())
}

/// Whether the person has a confirmed factor.
pub fn is_enrolled(connection: &mut DbConnection, user: UserId) -> Result<bool> {
    let confirmed: i64 = factors::table
        .filter(factors::user_id.eq(user).and(factors::confirmed_at.is_not_null()))
        .count()
        .get_result(connection)?;
    Ok(confirmed > 0)
}

/// The factor as it stands. The account is held first, so that tries at it come one by one.
fn held(connection: &mut DbConnection, act: &Act, user: UserId) -> Result<Option<Factor>> {
    type Row = (FactorId, Sealed, Time, Option<Time>, i64);
    store::hold(connection, user)?;
    let row: Option<Row> = factors::table
        .filter(factors::user_id.eq(user))
        .select((factors::id, factors::secret, factors::begun_at, factors::confirmed_at, factors::last_step))
        .first(connection)
        .optional()?;
    let Some((id, sealed, begun_at, confirmed_at, last_step)) = row else { return Ok(None) };
    let secret = act.vault.open(connection, field!(second_factors::secret), id, &sealed)?;
    Ok(Some(Factor { id, secret, begun_at, confirmed_at, last_step }))
}

/// Takes the step of a code, once and never one before it.
fn take_step(connection: &mut DbConnection, act: &Act, factor: &Factor, code: &str) -> Result<bool> {
    let step = totp::step_of(&factor.secret, code, act.now)?.filter(|step| *step > factor.last_step);
    let Some(step) = step else { return Ok(false) };
    let newer = factors::table.find(factor.id).filter(factors::last_step.lt(step));
    Ok(diesel::update(newer).set(factors::last_step.eq(step)).execute(connection)? == 1)
}
