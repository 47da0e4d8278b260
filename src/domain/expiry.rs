//! What may be forgotten after its time: replies kept for repeated requests, sign-in tokens and what they were
//! made from, failed tries, second factors that were begun and never confirmed, what came in and was set aside, drafts
//! of the web and proved telephones.

use diesel::prelude::*;

use crate::db::DbConnection;
use crate::db::schema::{failures, idempotency_keys, refresh_tokens, second_factors, spent};
use crate::db::types::Time;
use crate::domain::{intake, privacy, web};
use crate::error::Result;

/// Days that a reply is kept for a repeated `Idempotency-Key`.
const KEY_DAYS: i64 = 7;
/// Days after its end that a refresh token is kept, so that an ended session stays ended for every access token.
const TOKEN_DAYS: i64 = 1;
/// Days without a further failure after which a subject starts anew.
const FAILURE_DAYS: i64 = 7;

/// Days that an unconfirmed second factor is kept; it cannot be confirmed that long.
const FACTOR_DAYS: i64 = 1;

/// Days after which nothing is left of what an item said that was set aside; that it came stays counted.
const DISCARDED_DAYS: i64 = 365;

/// Deletes what is past its time; gives the number of rows.
pub fn forget(connection: &mut DbConnection, now: Time) -> Result<usize> {
    let (aside, files) = intake::erase::set_aside(connection, now.plus_days(-DISCARDED_DAYS))?;
    files.iter().try_for_each(|sha256| privacy::forget_file(connection, sha256, now))?;
    let keys = diesel::delete(
        idempotency_keys::table.filter(idempotency_keys::created_at.lt(now.plus_days(-KEY_DAYS))),
    )
    .execute(connection)?;
    let tokens = diesel::delete(
        refresh_tokens::table.filter(refresh_tokens::expires_at.lt(now.plus_days(-TOKEN_DAYS))),
    )
    .execute(connection)?;
    let is_free = failures::locked_until.is_null().or(failures::locked_until.lt(now));
    let tries = diesel::delete(
        failures::table.filter(failures::last_at.lt(now.plus_days(-FAILURE_DAYS))).filter(is_free),
    )
    .execute(connection)?;
    let begun = diesel::delete(
        second_factors::table
            .filter(second_factors::confirmed_at.is_null())
            .filter(second_factors::begun_at.lt(now.plus_days(-FACTOR_DAYS))),
    )
    .execute(connection)?;
    let spent = diesel::delete(spent::table.filter(spent::expires_at.lt(now))).execute(connection)?;
    let web = web::forget(connection, now)?;
    Ok(aside + keys + tokens + tries + begun + spent + web)
}
