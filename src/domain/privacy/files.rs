//! Bytes that no attachment names any more, to be removed outside of any transaction.
//!
//! The same bytes may come again while they go. They are therefore set aside first, and removed some minutes later
//! only if nobody named them in between; else they are put back.

use diesel::prelude::*;

use crate::db::DbConnection;
use crate::db::schema::{attachments, file_erasures as f, uploads};
use crate::db::types::Time;
use crate::domain::files::stored;
use crate::domain::intake;
use crate::error::Result;
use crate::on_both;

/// Seconds that bytes stand aside: longer than any upload takes between its bytes and its row.
const ASIDE_SECONDS: i64 = 600;
/// Files of one round.
const ROUND: i64 = 100;

/// Bytes that wait to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    pub sha256: String,
    pub is_set_aside: bool,
}

/// Notes that these bytes should go, unless an attachment still names them.
pub fn forget(connection: &mut DbConnection, sha256: &str, now: Time) -> Result<()> {
    if is_named(connection, sha256)? {
        return Ok(());
    }
    let row = (f::sha256.eq(sha256), f::at.eq(now), f::is_set_aside.eq(false));
    on_both!(connection, |c| diesel::insert_into(f::table).values(&row).on_conflict_do_nothing().execute(c))?;
    Ok(())
}

/// Whether an attachment, an upload or an item of intake names these bytes.
pub fn is_named(connection: &mut DbConnection, sha256: &str) -> Result<bool> {
    let count: i64 =
        attachments::table.filter(attachments::sha256.eq(sha256)).count().get_result(connection)?;
    let coming: i64 = uploads::table.filter(uploads::sha256.eq(sha256)).count().get_result(connection)?;
    Ok(count + coming > 0 || intake::files::is_named(connection, sha256)?)
}

/// What is to be set aside, or was long enough aside to go.
pub fn waiting(connection: &mut DbConnection, now: Time) -> Result<Vec<Waiting>> {
    let rows: Vec<(String, bool)> = f::table
        .filter(f::is_set_aside.eq(false).or(f::at.le(now.plus_seconds(-ASIDE_SECONDS))))
        .order(f::at)
        .limit(ROUND)
        .select((f::sha256, f::is_set_aside))
        .load(connection)?;
    Ok(rows.into_iter().map(|(sha256, is_set_aside)| Waiting { sha256, is_set_aside }).collect())
}

/// The bytes stand aside from now on.
pub fn mark_aside(connection: &mut DbConnection, sha256: &str, now: Time) -> Result<()> {
    diesel::update(f::table.find(sha256))
        .set((f::is_set_aside.eq(true), f::at.eq(now)))
        .execute(connection)?;
    Ok(())
}

/// The bytes are gone, or back; what was known of those that are gone goes too.
pub fn settled(connection: &mut DbConnection, sha256: &str, now: Time) -> Result<()> {
    if !is_named(connection, sha256)? {
        stored::forget(connection, sha256, now.plus_seconds(-ASIDE_SECONDS))?;
    }
    diesel::delete(f::table.find(sha256)).execute(connection)?;
    Ok(())
}
