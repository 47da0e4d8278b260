//! Uploads in parts (tus 1.0.0: core, creation, expiration): a file is announced, comes piece by piece over a line that
//! may break, and is attached to a case by its id once it is whole.
//!
//! Whoever knows the secret of an upload may go on with it; it is told once, when the upload is announced. Only the row
//! says how much has come: a part of which no row speaks counts for nothing.

use diesel::prelude::*;

use crate::db::DbConnection;
use crate::db::dialect::for_update;
use crate::db::schema::{upload_parts as p, uploads as u};
use crate::db::sealed::Sealed;
use crate::db::types::{Time, UploadId};
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::attach::StoredFile;
use crate::domain::vault::field;
use crate::error::{Code, Error, Result};

/// Uploads of one round of cleaning.
const ROUND: i64 = 200;

/// An upload, with its name opened.
#[derive(Debug, Clone)]
pub struct Upload {
    pub id: UploadId,
    pub name: String,
    /// Media type that was declared with it.
    pub declared: Option<String>,
    /// Bytes of the whole.
    pub size: i64,
    /// Bytes that have come.
    pub received: i64,
    pub expires_at: Time,
    /// What became of it, once it was whole and opened.
    pub file: Option<StoredFile>,
}

/// What is announced.
#[derive(Debug, Clone)]
pub struct Announced {
    pub name: String,
    pub declared: Option<String>,
    pub size: i64,
}

/// A piece that has come and lies in the storage.
#[derive(Debug, Clone)]
pub struct Piece {
    /// Where it begins in the whole.
    pub start: i64,
    pub size: i64,
    /// Its name in the storage.
    pub part: String,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = u)]
struct Row {
    id: UploadId,
    secret_hash: String,
    name: Sealed,
    declared: Option<String>,
    size: i64,
    received: i64,
    sha256: Option<String>,
    media_type: Option<String>,
    kept_size: Option<i64>,
    expires_at: Time,
}

/// Announces an upload; gives it, and the secret with which it goes on.
pub fn announce(
    connection: &mut DbConnection,
    act: &Act,
    announced: &Announced,
    hours: i64,
) -> Result<(Upload, String)> {
    let id: UploadId = act.id();
    let secret = secret();
    let upload = Upload {
        id,
        name: announced.name.clone(),
        declared: announced.declared.clone(),
        size: announced.size,
        received: 0,
        expires_at: act.now.plus_seconds(hours * 3600),
        file: None,
    };
    diesel::insert_into(u::table)
        .values((
            (u::id.eq(id), u::owner.eq(owner(&act.actor)), u::secret_hash.eq(digest(act, id, &secret))),
            (
                u::name.eq(act.vault.seal(field!(uploads::name), id, &upload.name)?),
                u::declared.eq(&upload.declared),
            ),
            (u::size.eq(upload.size), u::received.eq(0_i64)),
            (u::expires_at.eq(upload.expires_at), u::at.eq(act.now)),
        ))
        .execute(connection)?;
    Ok((upload, secret))
}

/// Who announced it, for the record.
fn owner(actor: &Actor) -> String {
    match actor {
        Actor::Staff(staff) => format!("staff:{}", staff.id),
        other => other.sort().to_owned(),
    }
}

fn secret() -> String {
    use rand::distr::{Alphanumeric, SampleString};
    Alphanumeric.sample_string(&mut rand::rng(), 32)
}

fn digest(act: &Act, id: UploadId, secret: &str) -> String {
    act.keys.digest("upload", &[&id.to_string(), secret])
}

/// The upload of this id and secret; an expired one is gone.
///
/// # Errors
/// `NotFound` for an unknown id and a wrong secret alike; `upload_expired`.
pub fn find(connection: &mut DbConnection, act: &Act, id: UploadId, secret: &str) -> Result<Upload> {
    let row: Row = u::table.find(id).select(Row::as_select()).first(connection)?;
    open(connection, act, row, secret)
}

/// The same, locked until the transaction ends.
fn locked(connection: &mut DbConnection, act: &Act, id: UploadId, secret: &str) -> Result<Upload> {
    let row: Row = for_update(u::table.find(id).select(Row::as_select())).get_result(connection)?;
    open(connection, act, row, secret)
}

fn open(connection: &mut DbConnection, act: &Act, row: Row, secret: &str) -> Result<Upload> {
    if row.secret_hash != digest(act, row.id, secret) {
        return Err(Error::NotFound);
    }
    if row.expires_at <= act.now {
        return Err(Error::Conflict(Code::UploadExpired));
    }
    let name = act.vault.open(connection, field!(uploads::name), row.id, &row.name)?;
    let file = match (row.sha256, row.media_type, row.kept_size) {
        (Some(sha256), Some(media_type), Some(size)) => {
            let name = super::kinds::with_ending(&name, &media_type);
            Some(StoredFile { name, media_type, size, sha256 })
        }
        _ => None,
    };
    let Row { id, declared, size, received, expires_at, .. } = row;
    Ok(Upload { id, name, declared, size, received, expires_at, file })
}

/// Takes a piece that lies in the storage; the upload's time begins anew.
///
/// # Errors
/// `upload_offset` where the upload is not where the piece begins: somebody else went on with it.
pub fn took(
    connection: &mut DbConnection,
    act: &Act,
    id: UploadId,
    secret: &str,
    piece: &Piece,
    hours: i64,
) -> Result<Upload> {
    let upload = locked(connection, act, id, secret)?;
    if upload.received != piece.start || upload.file.is_some() {
        return Err(Error::Conflict(Code::UploadOffset));
    }
    let (received, expires_at) = (piece.start + piece.size, act.now.plus_seconds(hours * 3600));
    diesel::insert_into(p::table)
        .values((
            p::upload_id.eq(id),
            p::start.eq(piece.start),
            p::size.eq(piece.size),
            p::part.eq(&piece.part),
        ))
        .execute(connection)?;
    diesel::update(u::table.find(id))
        .set((u::received.eq(received), u::expires_at.eq(expires_at)))
        .execute(connection)?;
    Ok(Upload { received, expires_at, ..upload })
}

/// The parts of an upload in their order, as the storage knows them.
pub fn parts(connection: &mut DbConnection, id: UploadId) -> Result<Vec<String>> {
    Ok(p::table.filter(p::upload_id.eq(id)).order(p::start).select(p::part).load(connection)?)
}

/// The whole was opened and is stored as this file; its parts may go.
pub fn finished(connection: &mut DbConnection, id: UploadId, file: &StoredFile) -> Result<()> {
    diesel::update(u::table.find(id))
        .set(((u::sha256.eq(&file.sha256), u::media_type.eq(&file.media_type)), u::kept_size.eq(file.size)))
        .execute(connection)?;
    diesel::delete(p::table.filter(p::upload_id.eq(id))).execute(connection)?;
    Ok(())
}

/// Takes a whole upload to attach it: it is gone afterwards, so that it is attached once.
///
/// # Errors
/// `upload_unfinished` where bytes are still to come.
pub fn take(connection: &mut DbConnection, act: &Act, id: UploadId, secret: &str) -> Result<StoredFile> {
    let upload = locked(connection, act, id, secret)?;
    let file = upload.file.ok_or(Error::Conflict(Code::UploadUnfinished))?;
    diesel::delete(u::table.find(id)).execute(connection)?;
    Ok(file)
}

/// Removes an upload; gives its parts, and the digest of what it was stored as.
pub fn remove(connection: &mut DbConnection, id: UploadId) -> Result<(Vec<String>, Option<String>)> {
    let parts = parts(connection, id)?;
    let sha256: Option<String> = u::table.find(id).select(u::sha256).first(connection)?;
    diesel::delete(p::table.filter(p::upload_id.eq(id))).execute(connection)?;
    diesel::delete(u::table.find(id)).execute(connection)?;
    Ok((parts, sha256))
}

/// Uploads whose time is over.
pub fn expired(connection: &mut DbConnection, now: Time) -> Result<Vec<UploadId>> {
    Ok(u::table
        .filter(u::expires_at.le(now))
        .order(u::expires_at)
        .limit(ROUND)
        .select(u::id)
        .load(connection)?)
}
