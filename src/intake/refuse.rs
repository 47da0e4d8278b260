//! Refuse: what cannot be taken is kept as it came, with the reason and the fields.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::door::{filing, filing_marks, kept, marks, new, office_of, window};
use super::form::Raw;
use super::inbound::Inbound;
use super::received::Received;
use crate::db::DbConnection;
use crate::db::types::IntakeItemId;
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::attach::StoredFile;
use crate::domain::cases::register::Register;
use crate::domain::intake::{
    FileRole, Form, ItemState, Kept, Marks, New, Outcome, Refusal, StepKind, files, items, steps,
};
use crate::error::{Code, Error, Result};

/// Whether something that fails with this error is kept. What a person at a form can mend at once is told and not kept;
/// who may not hand anything in leaves nothing; and what the database could not take now is sent again by its peer.
pub fn is_kept(actor: &Actor, error: &Error) -> bool {
    let is_machine = matches!(actor, Actor::Gateway { .. } | Actor::System);
    is_machine
        && match error {
            Error::Unavailable { .. } | Error::Away(_) | Error::Unauthenticated(_) => false,
            Error::Forbidden(code) => *code != Code::Forbidden,
            Error::NotFound
            | Error::Malformed(_)
            | Error::Invalid(_)
            | Error::Conflict(_)
            | Error::Clash { .. }
            | Error::TooMany { .. }
            | Error::Capped { .. }
            | Error::Internal(_) => true,
        }
}

/// Keeps what [`super::receive`] could not take.
pub fn refuse(
    connection: &mut DbConnection,
    act: &Act,
    inbound: &Inbound,
    refusal: &Refusal,
) -> Result<Received> {
    let office = office_of(act, inbound.channel)?;
    let window = window(act)?;
    let marks = marks(act, inbound, office, window)?;
    let content = serde_json::to_string(inbound).map_err(Error::internal)?;
    let id: IntakeItemId = act.id();
    let item = new(act, inbound, id, office, &marks, Some(content));
    keep(connection, act, item, &kept(inbound)?, refusal, window)
}

/// Keeps a filing of a gateway that [`super::file`] could not take; its sender is told what is wrong as well.
pub fn refuse_filing(
    connection: &mut DbConnection,
    act: &Act,
    form: Form,
    wish: &Register,
    refusal: &Refusal,
) -> Result<Received> {
    let Actor::Gateway { office, .. } = act.actor else { return Err(Error::Forbidden(Code::Forbidden)) };
    let marks = filing_marks(act, wish)?;
    let content = serde_json::to_string(wish).map_err(Error::internal)?;
    let received_at = wish.received_at.map_or(act.now, |at| at.min(act.now));
    let item = filing(form, wish, act.id(), office, &marks, received_at);
    keep(connection, act, New { content: Some(content), ..item }, &[], refusal, window(act)?)
}

/// What nothing could be read of, as far as it is kept.
#[derive(Debug, Clone)]
pub enum Unread {
    /// Few bytes lie sealed in the row.
    Sealed(Vec<u8>),
    /// Many lie in the storage.
    Stored(StoredFile),
}

/// Keeps what no reader could read.
pub fn keep_unread(
    connection: &mut DbConnection,
    act: &Act,
    raw: &Raw,
    bytes: &Unread,
    sha256: &str,
    refusal: &Refusal,
) -> Result<Received> {
    let channel = raw.form.channel();
    let office = office_of(act, channel)?;
    let window = window(act)?;
    let content = act.keys.digest("intake-content", &["unread", raw.form.as_str(), sha256]);
    let marks = Marks { identity: None, content, has_id: false };
    let (raw_text, stored) = match bytes {
        Unread::Sealed(bytes) => (Some((BASE64_STANDARD.encode(bytes), raw.media_type.clone())), None),
        Unread::Stored(file) => (None, Some(Kept { role: FileRole::Raw, file: file.clone() })),
    };
    let item = New {
        id: act.id(),
        form: raw.form,
        channel,
        gateway: raw.gateway.as_deref(),
        office,
        external_id: None,
        marks: &marks,
        content: None,
        raw: raw_text,
        received_at: act.now,
    };
    keep(connection, act, item, stored.as_slice(), refusal, window)
}

fn keep(
    connection: &mut DbConnection,
    act: &Act,
    new: New<'_>,
    came: &[Kept],
    refusal: &Refusal,
    window: i64,
) -> Result<Received> {
    items::one_at_a_time(connection, new.marks)?;
    let failed = (StepKind::Failed, Some(refusal.reason.clone()));
    if let Some(known) = items::known(connection, act, new.marks, window)? {
        // somebody else may have taken it in between, and whoever is refused twice is kept once
        let same = known.state != ItemState::Failed || known.content_hash == new.marks.content;
        let step = if same { (StepKind::Deduplicated, None) } else { failed };
        steps::add(connection, act, known.id, &[step])?;
        if !same {
            let content = new.content.unwrap_or_default();
            items::replace(connection, act, known.id, &content, &new.marks.content)?;
            items::settle(connection, act, known.id, ItemState::Failed, &Outcome::refused(refusal)?)?;
            files::clear(connection, known.id)?;
            files::add(connection, act, known.id, came)?;
            return Ok(Received::waits(known.id, ItemState::Failed, refusal.clone()));
        }
        return Received::again(connection, &known);
    }
    items::insert(connection, act, &new, ItemState::Failed, &Outcome::refused(refusal)?)?;
    files::add(connection, act, new.id, came)?;
    steps::add(connection, act, new.id, &[(StepKind::Received, None), failed])?;
    metrics::counter!("samad_intake_failed_total", "channel" => new.channel.as_str()).increment(1);
    Ok(Received::waits(new.id, ItemState::Failed, refusal.clone()))
}
