//! Drafts: a filing that is saved while it is written, over a line that may break, and submitted once.
//!
//! Whoever knows the secret of a draft may go on with it; it is told once, when the draft is begun. What is written is
//! sealed, and is gone when it was submitted or its time is over.

use diesel::prelude::*;

use crate::db::DbConnection;
use crate::db::dialect::for_update;
use crate::db::schema::drafts as d;
use crate::db::sealed::Sealed;
use crate::db::types::{DraftId, Time};
use crate::domain::actor::Act;
use crate::domain::vault::field;
use crate::error::{Code, Error, FieldError, Result};

/// Largest content, in bytes of JSON: the longest text that a case takes, in Persian, and its other fields.
pub const CONTENT_MAX: usize = 131_072;
/// Seconds after its end that a draft still tells that it is over.
pub const KEPT_SECONDS: i64 = 86_400;

/// A draft, opened.
#[derive(Debug, Clone)]
pub struct Draft {
    pub id: DraftId,
    /// JSON, as it was saved; none once it was submitted.
    pub content: Option<String>,
    /// Rises with each saving.
    pub version: i32,
    /// Of the case that it became.
    pub tracking_code: Option<String>,
    pub updated_at: Time,
    pub expires_at: Time,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = d)]
struct Row {
    id: DraftId,
    secret_hash: String,
    content: Option<Sealed>,
    version: i32,
    tracking_code: Option<String>,
    updated_at: Time,
    expires_at: Time,
}

/// Begins a draft that is kept for `hours` after its last change; gives it, and the secret by which it is known.
///
/// # Errors
/// `too_long` on the field `filing`.
pub fn begin(connection: &mut DbConnection, act: &Act, content: &str, hours: i64) -> Result<(Draft, String)> {
    fits(content)?;
    let id: DraftId = act.id();
    let secret = secret();
    let draft = Draft {
        id,
        content: Some(content.to_owned()),
        version: 1,
        tracking_code: None,
        updated_at: act.now,
        expires_at: act.now.plus_seconds(hours * 3600),
    };
    diesel::insert_into(d::table)
        .values((
            (d::id.eq(id), d::secret_hash.eq(digest(act, id, &secret)), d::version.eq(draft.version)),
            d::content.eq(Some(act.vault.seal(field!(drafts::content), id, content)?)),
            (d::created_at.eq(act.now), d::updated_at.eq(act.now), d::expires_at.eq(draft.expires_at)),
        ))
        .execute(connection)?;
    Ok((draft, secret))
}

fn fits(content: &str) -> Result<()> {
    if content.len() <= CONTENT_MAX {
        return Ok(());
    }
    Err(Error::field(FieldError::new(
        "filing",
        "too_long",
        format!("پیش‌نویس حداکثر {CONTENT_MAX} بایت است؛ متن را کوتاه کنید یا بخشی را پیوست کنید."),
        format!("A draft has at most {CONTENT_MAX} bytes; shorten the text, or attach a part of it."),
    )))
}

fn secret() -> String {
    use rand::distr::{Alphanumeric, SampleString};
    Alphanumeric.sample_string(&mut rand::rng(), 32)
}

fn digest(act: &Act, id: DraftId, secret: &str) -> String {
    act.keys.digest("draft", &[&id.to_string(), secret])
}

/// The draft of this id and secret.
///
/// # Errors
/// `NotFound` for an unknown id and a wrong secret alike; `draft_expired`.
pub fn find(connection: &mut DbConnection, act: &Act, id: DraftId, secret: &str) -> Result<Draft> {
    let row: Row = d::table.find(id).select(Row::as_select()).first(connection)?;
    open(connection, act, row, secret)
}

/// The same where it can still be written, locked until the transaction ends.
///
/// # Errors
/// `draft_submitted`; those of [`find`].
pub fn unsent(connection: &mut DbConnection, act: &Act, id: DraftId, secret: &str) -> Result<Draft> {
    let row: Row = for_update(d::table.find(id).select(Row::as_select())).get_result(connection)?;
    let draft = open(connection, act, row, secret)?;
    match draft.tracking_code {
        Some(_) => Err(Error::Conflict(Code::DraftSubmitted)),
        None => Ok(draft),
    }
}

fn open(connection: &mut DbConnection, act: &Act, row: Row, secret: &str) -> Result<Draft> {
    if row.secret_hash != digest(act, row.id, secret) {
        return Err(Error::NotFound);
    }
    if row.expires_at <= act.now {
        return Err(Error::Conflict(Code::DraftExpired));
    }
    let content = act.vault.open_some(connection, field!(drafts::content), row.id, row.content.as_ref())?;
    let Row { id, version, tracking_code, updated_at, expires_at, .. } = row;
    Ok(Draft { id, content, version, tracking_code, updated_at, expires_at })
}

/// Saves a draft; its time begins anew. The content that stands already is saved once more without a new version, so
/// that a call whose answer was lost can be repeated.
///
/// # Errors
/// `draft_changed` where another version than `expected` stands; those of [`unsent`] and [`begin`].
pub fn save(
    connection: &mut DbConnection,
    act: &Act,
    id: DraftId,
    secret: &str,
    expected: Option<i32>,
    content: &str,
    hours: i64,
) -> Result<Draft> {
    fits(content)?;
    let draft = unsent(connection, act, id, secret)?;
    let is_same = draft.content.as_deref() == Some(content);
    if !is_same && expected.is_some_and(|version| version != draft.version) {
        return Err(Error::Conflict(Code::DraftChanged));
    }
    let version = if is_same { draft.version } else { draft.version + 1 };
    let expires_at = act.now.plus_seconds(hours * 3600);
    let sealed = act.vault.seal(field!(drafts::content), id, content)?;
    diesel::update(d::table.find(id))
        .set((
            (d::content.eq(Some(sealed)), d::version.eq(version)),
            (d::updated_at.eq(act.now), d::expires_at.eq(expires_at)),
        ))
        .execute(connection)?;
    Ok(Draft { content: Some(content.to_owned()), version, updated_at: act.now, expires_at, ..draft })
}

/// The draft became a case: what was written stands there now.
pub fn submitted(connection: &mut DbConnection, act: &Act, id: DraftId, tracking_code: &str) -> Result<()> {
    diesel::update(d::table.find(id))
        .set((
            (d::content.eq(None::<Sealed>), d::tracking_code.eq(Some(tracking_code))),
            d::updated_at.eq(act.now),
        ))
        .execute(connection)?;
    Ok(())
}

/// Throws a draft away.
///
/// # Errors
/// Those of [`unsent`].
pub fn discard(connection: &mut DbConnection, act: &Act, id: DraftId, secret: &str) -> Result<()> {
    let draft = unsent(connection, act, id, secret)?;
    diesel::delete(d::table.find(draft.id)).execute(connection)?;
    Ok(())
}
