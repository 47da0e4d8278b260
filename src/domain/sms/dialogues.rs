//! Dialogues with a number: who it is, whether a case is taken back, the missing parts of a message. Each ends by a word,
//! or by its time, and what it held back is taken then.

use diesel::prelude::*;

use crate::db::DbConnection;
use crate::db::dialect::{for_update, lock_number};
use crate::db::schema::{sms_dialogue_items as di, sms_dialogues as d};
use crate::db::types::{CaseId, IntakeItemId, SmsDialogueId, Time};
use crate::domain::actor::Act;
use crate::error::{Error, Result};
use crate::text_enum;

text_enum! {
    /// What is being spoken of.
    pub enum Kind {
        /// The sender's national ID is asked for; what was said waits.
        Identity = "identity",
        /// The sender is asked whether the case is really taken back.
        Withdrawal = "withdrawal",
        /// Parts of one message; those that came wait for the others.
        Parts = "parts",
    }
}

/// A dialogue as stored.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = d)]
pub struct Dialogue {
    pub id: SmsDialogueId,
    pub phone_hash: String,
    pub kind: Kind,
    pub case_id: Option<CaseId>,
    /// The carrier's number of a message in parts.
    pub reference: Option<String>,
    /// How many parts it has.
    pub total: i32,
    /// Wrong answers so far.
    pub tries: i32,
    pub language: String,
    pub created_at: Time,
    pub expires_at: Time,
}

/// Lets one message of a number in at a time.
pub fn one_at_a_time(connection: &mut DbConnection, phone_hash: &str) -> Result<()> {
    let digits = phone_hash.get(..15).unwrap_or_default();
    let number = i64::from_str_radix(digits, 16).map_err(Error::internal)?;
    Ok(lock_number(connection, number)?)
}

/// Begins a dialogue.
pub fn begin(connection: &mut DbConnection, dialogue: &Dialogue) -> Result<()> {
    diesel::insert_into(d::table)
        .values((
            (d::id.eq(dialogue.id), d::phone_hash.eq(&dialogue.phone_hash), d::kind.eq(dialogue.kind)),
            (d::case_id.eq(dialogue.case_id), d::reference.eq(dialogue.reference.as_deref())),
            (d::total.eq(dialogue.total), d::tries.eq(dialogue.tries), d::language.eq(&dialogue.language)),
            (d::created_at.eq(dialogue.created_at), d::expires_at.eq(dialogue.expires_at)),
        ))
        .execute(connection)?;
    Ok(())
}

/// The dialogue of this kind with a number, the newest one, where it has not expired.
pub fn open(
    connection: &mut DbConnection,
    act: &Act,
    phone_hash: &str,
    kind: Kind,
) -> Result<Option<Dialogue>> {
    Ok(d::table
        .filter(d::phone_hash.eq(phone_hash).and(d::kind.eq(kind)).and(d::expires_at.gt(act.now)))
        .order(d::id.desc())
        .select(Dialogue::as_select())
        .first(connection)
        .optional()?)
}

/// The message in parts of this number and reference, where parts of it wait.
pub fn parts_of(
    connection: &mut DbConnection,
    phone_hash: &str,
    reference: &str,
    total: i32,
) -> Result<Option<Dialogue>> {
    Ok(d::table
        .filter(d::phone_hash.eq(phone_hash).and(d::kind.eq(Kind::Parts)))
        .filter(d::reference.eq(reference).and(d::total.eq(total)))
        .select(Dialogue::as_select())
        .first(connection)
        .optional()?)
}

/// The dialogue of this id, locked until the transaction ends; none where it has ended.
pub fn lock(connection: &mut DbConnection, id: SmsDialogueId) -> Result<Option<Dialogue>> {
    Ok(for_update(d::table.find(id).select(Dialogue::as_select())).get_result(connection).optional()?)
}

/// Holds an item back until the dialogue ends.
pub fn hold(
    connection: &mut DbConnection,
    dialogue: SmsDialogueId,
    item: IntakeItemId,
    part: i32,
) -> Result<()> {
    diesel::insert_into(di::table)
        .values((di::item_id.eq(item), di::dialogue_id.eq(dialogue), di::part.eq(part)))
        .execute(connection)?;
    Ok(())
}

/// What a dialogue holds back, by part and time.
pub fn held(connection: &mut DbConnection, dialogue: SmsDialogueId) -> Result<Vec<(IntakeItemId, i32)>> {
    Ok(di::table
        .filter(di::dialogue_id.eq(dialogue))
        .order((di::part, di::item_id))
        .select((di::item_id, di::part))
        .load(connection)?)
}

/// Counts a wrong answer.
pub fn wrong(connection: &mut DbConnection, dialogue: SmsDialogueId) -> Result<()> {
    diesel::update(d::table.find(dialogue)).set(d::tries.eq(d::tries + 1)).execute(connection)?;
    Ok(())
}

/// Ends a dialogue; what it held back is the caller's to take.
pub fn end(connection: &mut DbConnection, dialogue: SmsDialogueId) -> Result<()> {
    diesel::delete(di::table.filter(di::dialogue_id.eq(dialogue))).execute(connection)?;
    diesel::delete(d::table.find(dialogue)).execute(connection)?;
    Ok(())
}

/// Dialogues whose time is over, the oldest first.
pub fn expired(connection: &mut DbConnection, now: Time, limit: i64) -> Result<Vec<SmsDialogueId>> {
    Ok(d::table
        .filter(d::expires_at.le(now))
        .order(d::expires_at)
        .limit(limit)
        .select(d::id)
        .load(connection)?)
}
