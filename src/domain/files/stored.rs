//! What is known of stored bytes, by their digest: what they came from, whether they are safe, what waits to be done.
//!
//! A row is written before any attachment names its bytes. The worker that scans and reads asks here what is due; it
//! may run twice at once, since a verdict is the same whoever brings it.

use diesel::prelude::*;

use super::{Notice, Scan, words};
use crate::db::DbConnection;
use crate::db::dialect::for_update;
use crate::db::schema::{attachments, stored_files as f};
use crate::db::types::Time;
use crate::error::Result;
use crate::on_both;

/// Seconds until the scanner is asked again for the first time; each further wait is twice as long.
const WAIT_SECONDS: i64 = 30;
/// Longest wait between two tries, in seconds.
const LONGEST_WAIT_SECONDS: i64 = 1_800;
/// Files of one round of the worker.
const ROUND: i64 = 20;

/// What the inspection of new bytes brought.
#[derive(Debug, Clone)]
pub struct Inspected {
    /// Digest of what is kept.
    pub sha256: String,
    /// Digest of what was sent, where that is not kept.
    pub original_sha256: Option<String>,
    pub media_type: String,
    pub pages: Option<i32>,
    pub notice: Option<Notice>,
    pub scan: Scan,
}

/// What is known of stored bytes.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = f)]
pub struct Stored {
    pub sha256: String,
    pub media_type: String,
    pub original_sha256: Option<String>,
    pub pages: Option<i32>,
    pub notice: Option<Notice>,
    pub scan: Scan,
    /// What the scanner found.
    pub signature: Option<String>,
    pub tries: i32,
    pub scanned_at: Option<Time>,
    /// Whether its words wait to be read.
    pub is_to_read: bool,
}

/// Notes new bytes; what is known already stays, and says again that somebody brings them just now.
pub fn note(connection: &mut DbConnection, inspected: &Inspected, now: Time) -> Result<()> {
    let next = matches!(inspected.scan, Scan::Scanning | Scan::Unscanned).then_some(now);
    let row = (
        (f::sha256.eq(&inspected.sha256), f::original_sha256.eq(&inspected.original_sha256)),
        (
            f::media_type.eq(&inspected.media_type),
            f::pages.eq(inspected.pages),
            f::notice.eq(inspected.notice),
        ),
        (
            f::scan.eq(inspected.scan),
            f::tries.eq(0),
            f::next_at.eq(next),
            f::is_to_read.eq(false),
            f::at.eq(now),
        ),
    );
    on_both!(connection, |c| {
        diesel::insert_into(f::table)
            .values(row)
            .on_conflict(f::sha256)
            .do_update()
            .set(f::at.eq(now))
            .execute(c)
    })?;
    Ok(())
}

/// What is known of these bytes.
pub fn of(connection: &mut DbConnection, sha256: &str) -> Result<Option<Stored>> {
    Ok(f::table.find(sha256).select(Stored::as_select()).first(connection).optional()?)
}

/// The same of many.
pub fn of_all(connection: &mut DbConnection, digests: &[&str]) -> Result<Vec<Stored>> {
    Ok(f::table.filter(f::sha256.eq_any(digests)).select(Stored::as_select()).load(connection)?)
}

/// An attachment names these bytes from now on: its words are to be read.
pub fn attached(connection: &mut DbConnection, sha256: &str, media_type: &str, now: Time) -> Result<()> {
    if words::has_words(media_type) {
        // what was closed when it came waits for nothing any more
        let waits = f::next_at.is_not_null().or(f::scan.ne(Scan::Quarantined));
        diesel::update(f::table.find(sha256).filter(f::scan.ne(Scan::Infected)).filter(waits))
            .set((f::is_to_read.eq(true), f::next_at.eq(now)))
            .execute(connection)?;
    }
    Ok(())
}

/// Bytes for which something is due, longest waiting first. Without a scanner only words are read.
pub fn due(connection: &mut DbConnection, now: Time, has_scanner: bool) -> Result<Vec<Stored>> {
    let mut query = f::table
        .filter(f::next_at.is_not_null().and(f::next_at.le(now)))
        .order(f::next_at)
        .limit(ROUND)
        .select(Stored::as_select())
        .into_boxed();
    if !has_scanner {
        query = query.filter(f::is_to_read.and(f::scan.eq_any([Scan::Clean, Scan::Unscanned])));
    }
    Ok(query.load(connection)?)
}

/// The scanner's word; gives whether the state is another than before.
pub fn judged(
    connection: &mut DbConnection,
    sha256: &str,
    signature: Option<&str>,
    now: Time,
) -> Result<bool> {
    let scan = if signature.is_some() { Scan::Infected } else { Scan::Clean };
    // perhaps its words are to be read; the next round sees
    let next = (scan == Scan::Clean).then_some(now);
    let changed = diesel::update(f::table.find(sha256).filter(f::scan.ne(scan)))
        .set((
            f::scan.eq(scan),
            f::signature.eq(signature),
            f::scanned_at.eq(now),
            f::next_at.eq(next),
            f::tries.eq(0),
        ))
        .execute(connection)?;
    Ok(changed > 0)
}

/// The scanner was away, or did not take the file: it stays closed and is tried again later.
pub fn postponed(
    connection: &mut DbConnection,
    known: &Stored,
    notice: Option<Notice>,
    now: Time,
) -> Result<()> {
    let wait = WAIT_SECONDS << known.tries.clamp(0, 10);
    let next = now.plus_seconds(wait.min(LONGEST_WAIT_SECONDS));
    // one that was open before there was a scanner stays so until it has a verdict
    let scan = if known.scan == Scan::Unscanned { Scan::Unscanned } else { Scan::Quarantined };
    diesel::update(f::table.find(&known.sha256).filter(f::scan.ne_all([Scan::Clean, Scan::Infected])))
        .set((
            f::scan.eq(scan),
            f::tries.eq(known.tries + 1),
            f::next_at.eq(next),
            f::notice.eq(known.notice.or(notice)),
        ))
        .execute(connection)?;
    Ok(())
}

/// Locks the row of these bytes until the transaction ends, so that nobody attaches them meanwhile.
pub fn lock(connection: &mut DbConnection, sha256: &str) -> Result<()> {
    let _: Option<String> =
        for_update(f::table.find(sha256).select(f::sha256)).get_result(connection).optional()?;
    Ok(())
}

/// Its words are read, or cannot be.
pub fn read(connection: &mut DbConnection, sha256: &str) -> Result<()> {
    diesel::update(f::table.find(sha256))
        .set((f::is_to_read.eq(false), f::next_at.eq(None::<Time>)))
        .execute(connection)?;
    Ok(())
}

/// The row of bytes that are gone, unless somebody brought them again since `since`.
pub fn forget(connection: &mut DbConnection, sha256: &str, since: Time) -> Result<()> {
    diesel::delete(f::table.find(sha256).filter(f::at.le(since))).execute(connection)?;
    Ok(())
}

/// How many files that cases name are infected, and how many wait for the scanner since before `late` or are closed.
pub fn troubles(connection: &mut DbConnection, late: Time) -> Result<(i64, i64)> {
    let named = || attachments::table.select(attachments::sha256).distinct();
    let infected = f::table.filter(f::scan.eq(Scan::Infected)).filter(f::sha256.eq_any(named()));
    let waiting = f::table
        .filter(f::scan.eq(Scan::Quarantined).or(f::scan.eq(Scan::Scanning).and(f::at.lt(late))))
        .filter(f::next_at.is_not_null())
        .filter(f::sha256.eq_any(named()));
    Ok((infected.count().get_result(connection)?, waiting.count().get_result(connection)?))
}
