//! What becomes of printed letters: handed over, delivered, returned, printed again.

use diesel::prelude::*;
use serde::Deserialize;

use super::batch::{Batch, batch, find, messages_of};
use crate::db::DbConnection;
use crate::db::schema::{letter_batches as b, paper_letters as p};
use crate::db::types::{LetterBatchId, MessageId};
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::find_visible;
use crate::domain::input;
use crate::domain::notifications::outbox::{self, Letter, paper};
use crate::domain::notifications::{DeliveryState, Links};
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::error::{Code, Error, Fields, Result};
use crate::text_enum;

text_enum! {
    /// How a letter ended; all but the first came back.
    pub enum Fate {
        Delivered = "delivered", UnknownAddress = "unknown_address", Moved = "moved", Refused = "refused",
        Unclaimed = "unclaimed", Damaged = "damaged",
    }
}

/// To whom a batch was handed.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HandOver {
    /// The post office, or the messenger.
    pub to: String,
    /// Number of its receipt.
    pub reference: Option<String>,
}

/// The words of a batch's letters as they stand, to be kept when it is handed over; read before the write.
pub fn to_post(
    connection: &mut DbConnection,
    act: &Act,
    id: LetterBatchId,
    links: Links<'_>,
) -> Result<Vec<Letter>> {
    find(connection, act, id)?;
    let mut letters = Vec::new();
    for (message, case) in messages_of(connection, id)? {
        let row = find_visible(connection, &Act { actor: Actor::System, ..act.clone() }, case)?;
        letters.push(paper::written(connection, act, &row, message, links)?.letter);
    }
    Ok(letters)
}

/// Notes that a batch was handed over: its letters count as sent.
///
/// # Errors
/// `already_done` for the second time; `Invalid` where nobody is named.
pub fn hand_over(
    connection: &mut DbConnection,
    act: &Act,
    id: LetterBatchId,
    wish: &HandOver,
    letters: &[Letter],
) -> Result<Batch> {
    let row = find(connection, act, id)?;
    let mut fields = Fields::default();
    let to = fields.take(input::text("to", &wish.to, input::LINE_MAX)).unwrap_or_default();
    let reference = fields.take(input::optional_text("reference", wish.reference.as_deref(), 100)).flatten();
    fields.finish()?;
    let changed = diesel::update(b::table.find(row.id).filter(b::handed_over_at.is_null()))
        .set((
            (b::handed_over_at.eq(act.now), b::handed_over_by.eq(act.actor.user())),
            (b::handed_to.eq(&to), b::reference.eq(&reference)),
        ))
        .execute(connection)?;
    if changed == 0 {
        return Err(Error::Conflict(Code::AlreadyDone));
    }
    let detail = match &reference {
        Some(reference) => format!("posted: {to}, {reference}"),
        None => format!("posted: {to}"),
    };
    for letter in letters {
        match paper::settle_posted(connection, act, letter, &detail) {
            // it was settled otherwise since it was printed; the paper goes all the same
            Ok(()) | Err(Error::Conflict(Code::WrongState)) => {}
            Err(error) => return Err(error),
        }
    }
    batch(connection, act, id)
}

/// Whether the actor notes the fate of this message: `NotFound` or `Forbidden` where not.
pub fn may_note(connection: &mut DbConnection, act: &Act, message: MessageId) -> Result<()> {
    let case = outbox::case_of(connection, message)?;
    policy::allow_reading(act)?;
    find_visible(connection, act, case)?;
    policy::allow_anywhere(act, Verb::PostLetters).map(|_| ())
}

/// Notes what became of a letter that was handed over; one that came back makes the next way be taken.
///
/// # Errors
/// `NotFound` for a message whose case is not visible or that was never printed; `wrong_state` before it was handed over.
pub fn note_fate(connection: &mut DbConnection, act: &Act, message: MessageId, fate: Fate) -> Result<()> {
    may_note(connection, act, message)?;
    let batch: LetterBatchId = p::table.find(message).select(p::batch_id).first(connection)?;
    if find(connection, act, batch)?.handed_over_at.is_none() {
        return Err(Error::Conflict(Code::WrongState));
    }
    let state = match fate {
        Fate::Delivered => DeliveryState::Delivered,
        Fate::UnknownAddress | Fate::Moved | Fate::Refused | Fate::Unclaimed | Fate::Damaged => {
            DeliveryState::Undelivered
        }
    };
    if outbox::delivered(connection, act, message, state)? == outbox::Reported::AlreadyKnown {
        return Err(Error::Conflict(Code::AlreadyDone));
    }
    diesel::update(p::table.find(message))
        .set((p::settled_at.eq(act.now), p::reason.eq(fate)))
        .execute(connection)?;
    Ok(())
}

/// Lets a letter wait again, to be printed with the next batch.
pub fn print_again(connection: &mut DbConnection, message: MessageId) -> Result<()> {
    diesel::delete(p::table.find(message)).execute(connection)?;
    Ok(())
}
