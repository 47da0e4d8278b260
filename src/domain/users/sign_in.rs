//! Failed tries: counted per subject (user name, tracking code, address), each further one locks longer.
//!
//! Subjects are stored as keyed digests, and unknown names are counted like known ones, so that neither the
//! table nor the reply tells which exist.

use diesel::prelude::*;

use crate::db::DbConnection;
use crate::db::schema::failures;
use crate::db::types::Time;
use crate::domain::actor::Act;
use crate::error::{Code, Error, Result};
use crate::on_both;

/// How many failures are free, how long the first lock lasts, and after what rest the count starts anew.
#[derive(Debug, Clone, Copy)]
pub struct Attempt {
    pub free: i32,
    pub first_lock_seconds: i64,
    pub forget_seconds: i64,
}

/// Sign-ins: five wrong passwords or one-time codes are free; then each one locks twice as long, from 30 seconds on.
pub const SIGN_IN: Attempt = Attempt { free: 5, first_lock_seconds: 30, forget_seconds: 86_400 };

/// Longest lock, in seconds.
const LONGEST_LOCK: i64 = 3600;

/// Seconds until all of these subjects (purpose, name) may try again; zero when they may now.
pub fn retry_after(connection: &mut DbConnection, act: &Act, subjects: [(&str, &str); 2]) -> Result<u64> {
    let [one, other] = subjects.map(|(purpose, subject)| digest(act, purpose, subject));
    // one statement, on the connection itself: this stands before every look-up
    let locks: Vec<Option<Time>> = on_both!(connection, |c| failures::table
        .filter(failures::subject.eq(&one).or(failures::subject.eq(&other)))
        .select(failures::locked_until)
        .load(c))?;
    let until = locks.into_iter().flatten().max();
    let left = until.map_or(0, |until| until.as_microsecond() - act.now.as_microsecond());
    Ok(u64::try_from((left + 999_999) / 1_000_000).unwrap_or(0))
}

/// Lets an account's password or code be tried now.
///
/// # Errors
/// `account_locked` with the seconds to wait.
pub fn allow_try(connection: &mut DbConnection, act: &Act, username: &str) -> Result<()> {
    let subject = ("sign-in", username);
    match retry_after(connection, act, [subject, subject])? {
        0 => Ok(()),
        retry_after => Err(Error::TooMany { code: Code::AccountLocked, retry_after }),
    }
}

/// Counts a failure; from `free` on each one locks twice as long as the last.
pub fn note_failure(
    connection: &mut DbConnection,
    act: &Act,
    purpose: &str,
    subject: &str,
    rule: Attempt,
) -> Result<()> {
    let key = digest(act, purpose, subject);
    let known: Option<(i32, Time)> = failures::table
        .find(&key)
        .select((failures::count, failures::last_at))
        .first(connection)
        .optional()?;
    let count = match known {
        Some((count, last)) if last.plus_seconds(rule.forget_seconds) > act.now => count + 1,
        Some(_) | None => 1,
    };
    let over = count - rule.free;
    let lock = (over >= 0).then(|| {
        let doubled = rule.first_lock_seconds.saturating_mul(1 << over.clamp(0, 20));
        act.now.plus_seconds(doubled.min(LONGEST_LOCK))
    });
    let values = (failures::count.eq(count), failures::last_at.eq(act.now), failures::locked_until.eq(lock));
    on_both!(connection, |c| diesel::insert_into(failures::table)
        .values((failures::subject.eq(&key), values))
        .on_conflict(failures::subject)
        .do_update()
        .set(values)
        .execute(c))?;
    Ok(())
}

/// Forgets the failures of a subject that succeeded.
pub fn note_success(connection: &mut DbConnection, act: &Act, purpose: &str, subject: &str) -> Result<()> {
    diesel::delete(failures::table.find(digest(act, purpose, subject))).execute(connection)?;
    Ok(())
}

fn digest(act: &Act, purpose: &str, subject: &str) -> String {
    act.keys.digest("failures", &[purpose, subject])
}
