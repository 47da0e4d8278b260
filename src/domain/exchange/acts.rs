//! What a body's own system does: it takes a referral up, returns it, answers it, and says how far it is.
//!
//! Each may be sent again: the second time finds what the first one did and changes nothing. An answer is known by the
//! body's own number of it; the same number with other words is refused.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::db::DbConnection;
use crate::db::dialect::Both;
use crate::db::schema::{exchange_answers, exchange_numbers};
use crate::db::types::{AnswerId, OfficeId, ReferralId, Time};
use crate::domain::actor::Act;
use crate::domain::cases::answer::{self, Answer, AnswerRow};
use crate::domain::cases::life::{Hop, HopState};
use crate::domain::cases::note::{self, Note};
use crate::domain::cases::{Docket, Expected, sha256_hex};
use crate::domain::input;
use crate::domain::referrals::{self, Move};
use crate::error::{Code, Error, Fields, Result};

/// Longest number or state of a body's own.
const NUMBER_MAX: usize = 100;

/// A referral is taken up.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    /// The body's own number of the matter, at most 100 characters.
    #[serde(default)]
    pub reference: Option<String>,
}

/// A referral goes back.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Giving {
    /// Coded reason of use `return`.
    #[serde(default)]
    pub reason: Option<String>,
    /// Code of the office whose it is.
    #[serde(default)]
    pub office: Option<String>,
    #[serde(default)]
    pub note: Option<String>,
    #[serde(default)]
    pub reference: Option<String>,
}

/// How far the body is.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// The body's own word for it, at most 100 characters.
    pub status: String,
    /// Becomes a note of the case, for staff only.
    #[serde(default)]
    pub note: Option<String>,
    #[serde(default)]
    pub reference: Option<String>,
}

/// An answer of the body.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExchangeAnswer {
    /// The body's own number of this answer; by it the answer is known again.
    pub reference: String,
    /// The text that the citizen will read.
    pub text: String,
    /// Coded outcome; required for the final answer of a lead.
    #[serde(default)]
    pub outcome: Option<String>,
    /// Coded reason, where the outcome needs one.
    #[serde(default)]
    pub reason_code: Option<String>,
    /// An interim answer leaves the referral open.
    #[serde(default)]
    pub interim: Option<bool>,
    /// When the citizen may expect the final answer; an interim one must name it.
    #[serde(default)]
    pub expected_at: Option<String>,
    /// Coded cause of the case, where the kind needs one.
    #[serde(default)]
    pub cause: Option<String>,
}

/// What a body noted of a referral.
#[derive(Debug, Clone, Default, Serialize, Queryable, utoipa::ToSchema)]
pub struct Numbers {
    /// The body's own number of the matter.
    pub reference: Option<String>,
    /// The body's own word for how far it is.
    pub status: Option<String>,
    pub noted_at: Option<Time>,
}

/// What became of an answer.
#[derive(Debug, Clone)]
pub enum Answered {
    Taken(AnswerRow),
    /// It came before, under the same number and with the same words.
    Known(AnswerRow),
}

/// A visible referral of the office itself, locked with its case.
fn own(connection: &mut DbConnection, act: &Act, office: OfficeId, id: ReferralId) -> Result<(Docket, Hop)> {
    let (docket, hop) = Docket::open_referral(connection, act, id, Expected::Any)?;
    // what lies below the office is read by its people; its system works on what was sent to the office itself
    if hop.office == office { Ok((docket, hop)) } else { Err(Error::NotFound) }
}

/// Takes a referral up.
pub fn accept(
    connection: &mut DbConnection,
    act: &Act,
    office: OfficeId,
    id: ReferralId,
    wish: &Acceptance,
) -> Result<()> {
    let (_, hop) = own(connection, act, office, id)?;
    keep_reference(connection, act, id, wish.reference.as_deref())?;
    let is_ours = hop.state == HopState::Accepted && hop.user == act.actor.user();
    if is_ours { Ok(()) } else { referrals::accept(connection, act, id, Expected::Any).map(drop) }
}

/// Returns a referral to whoever sent it.
pub fn give_back(
    connection: &mut DbConnection,
    act: &Act,
    office: OfficeId,
    id: ReferralId,
    wish: &Giving,
) -> Result<()> {
    let (_, hop) = own(connection, act, office, id)?;
    if hop.state == HopState::Returned && referrals::find(connection, id)?.reason_code == wish.reason {
        return Ok(());
    }
    keep_reference(connection, act, id, wish.reference.as_deref())?;
    let wish = Move {
        reason: wish.reason.clone(),
        office: wish.office.clone(),
        note: wish.note.clone(),
        ..Move::default()
    };
    referrals::give_back(connection, act, id, Expected::Any, &wish).map(drop)
}

/// Answers a referral; one that was not taken up yet is taken up with it.
///
/// # Errors
/// `reference_reused` where the number stands for an answer with other words.
pub fn answer(
    connection: &mut DbConnection,
    act: &Act,
    office: OfficeId,
    id: ReferralId,
    wish: &ExchangeAnswer,
) -> Result<Answered> {
    use exchange_answers as e;
    let (_, hop) = own(connection, act, office, id)?;
    let reference = input::text("reference", &wish.reference, NUMBER_MAX).map_err(Error::field)?;
    let digest = digest(wish)?;
    let known: Option<(AnswerId, String)> =
        e::table.find((id, &reference)).select((e::answer_id, e::digest)).first(connection).optional()?;
    match known {
        Some((answer, same)) if same == digest => {
            return answer::find(connection, answer).map(Answered::Known);
        }
        Some(_) => return Err(Error::Conflict(Code::ReferenceReused)),
        None => {}
    }
    if hop.state == HopState::Sent {
        referrals::accept(connection, act, id, Expected::Any)?;
    }
    let (_, row) = answer::submit(connection, act, id, Expected::Any, &wish.plain())?;
    diesel::insert_into(e::table)
        .values((
            (e::referral_id.eq(id), e::reference.eq(&reference), e::answer_id.eq(row.id)),
            (e::digest.eq(&digest), e::at.eq(act.now)),
        ))
        .execute(connection)?;
    Ok(Answered::Taken(row))
}

impl ExchangeAnswer {
    fn plain(&self) -> Answer {
        Answer {
            text: self.text.clone(),
            outcome: self.outcome.clone(),
            reason_code: self.reason_code.clone(),
            interim: self.interim,
            expected_at: self.expected_at.clone(),
            cause: self.cause.clone(),
            ..Answer::default()
        }
    }
}

/// Notes how far the body is.
pub fn progress(
    connection: &mut DbConnection,
    act: &Act,
    office: OfficeId,
    id: ReferralId,
    wish: &Progress,
) -> Result<()> {
    use exchange_numbers as n;
    let (docket, hop) = own(connection, act, office, id)?;
    let mut fields = Fields::default();
    let status = fields.take(input::text("status", &wish.status, NUMBER_MAX));
    let text = fields.take(input::optional_text("note", wish.note.as_deref(), input::TEXT_MAX)).flatten();
    fields.finish()?;
    let status = status.unwrap_or_default();
    keep_reference(connection, act, id, wish.reference.as_deref())?;
    let digest = digest(&(&status, &text))?;
    let before: Option<String> =
        n::table.find(id).select(n::digest).first::<Option<String>>(connection).optional()?.flatten();
    if before.as_deref() == Some(&digest) {
        return Ok(());
    }
    if !hop.state.is_open() {
        return Err(Error::Conflict(Code::WrongState));
    }
    ensure(connection, act, id)?;
    diesel::update(n::table.find(id))
        .set((n::status.eq(status), n::digest.eq(digest), n::noted_at.eq(act.now)))
        .execute(connection)?;
    match text {
        Some(text) => note::add(connection, act, docket.row.id, &Note { text }).map(drop),
        None => Ok(()),
    }
}

fn digest(told: &impl Serialize) -> Result<String> {
    let bytes = serde_json::to_vec(told).map_err(|error| Error::Internal(Box::new(error)))?;
    Ok(sha256_hex(&bytes))
}

/// Keeps the body's own number of a referral, where one is told.
fn keep_reference(
    connection: &mut DbConnection,
    act: &Act,
    id: ReferralId,
    told: Option<&str>,
) -> Result<()> {
    use exchange_numbers as n;
    let told = input::optional_text("reference", told, NUMBER_MAX).map_err(Error::field)?;
    let Some(reference) = told else { return Ok(()) };
    ensure(connection, act, id)?;
    let other = n::reference.is_null().or(n::reference.ne(reference.clone()));
    diesel::update(n::table.find(id).filter(other))
        .set((n::reference.eq(reference.clone()), n::noted_at.eq(act.now)))
        .execute(connection)?;
    Ok(())
}

fn ensure(connection: &mut DbConnection, act: &Act, id: ReferralId) -> Result<()> {
    use exchange_numbers as n;
    let row = (n::referral_id.eq(id), n::noted_at.eq(act.now));
    Both(diesel::insert_into(n::table).values(row).on_conflict_do_nothing()).execute(connection)?;
    Ok(())
}

/// What the body noted of a referral; empty where it noted nothing.
pub fn numbers(connection: &mut DbConnection, id: ReferralId) -> Result<Numbers> {
    use exchange_numbers as n;
    let known: Option<(Option<String>, Option<String>, Option<Time>)> = n::table
        .find(id)
        .select((n::reference, n::status, n::noted_at.nullable()))
        .first(connection)
        .optional()?;
    let (reference, status, noted_at) = known.unwrap_or_default();
    Ok(Numbers { reference, status, noted_at })
}
