//! Taking an entry in hand, trying it, settling it.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::made::to_come;
use super::{CallbackState, Row, lock};
use crate::db::DbConnection;
use crate::db::schema::phone_callbacks as b;
use crate::db::types::{PhoneCallbackId, Time, UserId};
use crate::domain::actor::Act;
use crate::domain::cases::life::Fact;
use crate::domain::cases::{Docket, Expected, find_visible, record};
use crate::domain::confidentiality::guard_words;
use crate::domain::input;
use crate::domain::vault::field;
use crate::error::{Code, Error, FieldError, Fields, Result};

/// Seconds that an entry stays in the hands of whoever took it.
const TAKEN_SECONDS: i64 = 1800;
/// Seconds until the next try, where nothing else is said.
const AGAIN_SECONDS: i64 = 3600;
/// What came of a try.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Try {
    pub reached: Option<bool>,
    pub note: Option<String>,
    /// When to try again, where nobody answered; in an hour when missing.
    pub next_at: Option<Time>,
}

fn open(connection: &mut DbConnection, act: &Act, id: PhoneCallbackId) -> Result<Row> {
    let row = lock(connection, act, id)?;
    if row.state != CallbackState::Open { Err(Error::Conflict(Code::CallbackState)) } else { Ok(row) }
}

/// Takes an entry in hand for half an hour; who has it gets another half.
///
/// # Errors
/// `taken_by_another`; `callback_state` once it is settled.
pub fn take(connection: &mut DbConnection, act: &Act, id: PhoneCallbackId) -> Result<()> {
    let row = open(connection, act, id)?;
    if row.is_anothers(act) {
        return Err(Error::Conflict(Code::TakenByAnother));
    }
    diesel::update(b::table.find(id))
        .set((b::taken_by.eq(act.actor.user()), b::taken_until.eq(act.now.plus_seconds(TAKEN_SECONDS))))
        .execute(connection)?;
    Ok(())
}

/// Gives an entry back untried.
pub fn release(connection: &mut DbConnection, act: &Act, id: PhoneCallbackId) -> Result<()> {
    let row = held(connection, act, id)?;
    diesel::update(b::table.find(row.id))
        .set((b::taken_by.eq(None::<UserId>), b::taken_until.eq(None::<Time>)))
        .execute(connection)?;
    Ok(())
}

/// An open entry that the actor took and nobody else since.
fn held(connection: &mut DbConnection, act: &Act, id: PhoneCallbackId) -> Result<Row> {
    let row = open(connection, act, id)?;
    match row.taken_by == act.actor.user() && row.taken_by.is_some() {
        true => Ok(row),
        false => Err(Error::Conflict(Code::NotTakenByYou)),
    }
}

/// Notes a try of whoever has the entry in hand.
///
/// # Errors
/// `not_taken_by_you`, `callback_state`, or wrong fields.
pub fn settle_try(connection: &mut DbConnection, act: &Act, id: PhoneCallbackId, wish: &Try) -> Result<()> {
    let row = held(connection, act, id)?;
    let mut fields = Fields::default();
    let note = fields.take(input::optional_text("note", wish.note.as_deref(), input::LINE_MAX)).flatten();
    let next = to_come(act, "next_at", wish.next_at, &mut fields);
    if wish.reached.is_none() {
        fields.add(FieldError::required("reached"));
    }
    fields.finish()?;
    let tries = row.tries + 1;
    let most = act.rules.number("ring_back_tries")?;
    let end = match wish.reached {
        Some(true) => Some(CallbackState::Done),
        _ if i64::from(tries) >= most => Some(CallbackState::NotReached),
        _ => None,
    };
    add_note(connection, act, &row, note.as_deref())?;
    diesel::update(b::table.find(id)).set(b::tries.eq(tries)).execute(connection)?;
    if let Some(end) = end {
        return settle(connection, act, row, end, tries);
    }
    diesel::update(b::table.find(id))
        .set((
            b::next_at.eq(next.unwrap_or(act.now.plus_seconds(AGAIN_SECONDS))),
            (b::taken_by.eq(None::<UserId>), b::taken_until.eq(None::<Time>)),
        ))
        .execute(connection)?;
    Ok(())
}

/// Sets an entry aside that nobody need ring back, with the reason.
pub fn give_up(connection: &mut DbConnection, act: &Act, id: PhoneCallbackId, reason: &str) -> Result<()> {
    let row = open(connection, act, id)?;
    if row.is_anothers(act) {
        return Err(Error::Conflict(Code::TakenByAnother));
    }
    let reason = input::text("reason", reason, input::LINE_MAX).map_err(Error::field)?;
    add_note(connection, act, &row, Some(&reason))?;
    diesel::update(b::table.find(id)).set(b::taken_by.eq(act.actor.user())).execute(connection)?;
    let tries = row.tries;
    settle(connection, act, row, CallbackState::GivenUp, tries)
}

fn add_note(connection: &mut DbConnection, act: &Act, row: &Row, more: Option<&str>) -> Result<()> {
    let Some(more) = more else { return Ok(()) };
    if let Some(case) = row.case_id {
        let case = find_visible(connection, act, case)?;
        guard_words(connection, act, &case, "note", Some(more))?;
    }
    let known = act.vault.open_some(connection, field!(phone_callbacks::note), row.id, row.note.as_ref())?;
    let whole = known.map_or_else(|| more.to_owned(), |known| format!("{known}\n{more}"));
    let sealed = act.vault.seal(field!(phone_callbacks::note), row.id, &whole)?;
    diesel::update(b::table.find(row.id)).set(b::note.eq(sealed)).execute(connection)?;
    Ok(())
}

fn settle(connection: &mut DbConnection, act: &Act, row: Row, end: CallbackState, tries: i32) -> Result<()> {
    diesel::update(b::table.find(row.id))
        .set((b::state.eq(end), b::settled_at.eq(act.now), b::taken_until.eq(None::<Time>)))
        .execute(connection)?;
    let Some(case) = row.case_id else { return Ok(()) };
    let mut docket = Docket::open(connection, act, case, Expected::Any)?;
    let fact = Fact::RingBackMoved { callback: row.id, state: end.to_string(), tries, due_at: None };
    record(connection, act, &mut docket, &[fact], Some(row.office_id)).map(drop)
}
