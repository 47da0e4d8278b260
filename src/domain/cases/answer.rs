//! Answer, approve, reject: a handler writes, another person approves, and the text goes out on approval.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::docket::{Docket, Expected};
use super::family;
use super::interim;
use super::learn;
use super::life::{Fact, Hop, HopRole, Status};
use super::record::{record, sha256_hex};
use crate::db::DbConnection;
use crate::db::prepared::prepared;
use crate::db::schema::{answers, cases};
use crate::db::types::{AnswerId, CaseId, EventId, OfficeId, ReferralId, Time, UserId};
use crate::domain::actor::Act;
use crate::domain::deadlines;
use crate::domain::input;
use crate::domain::notifications::{self, Facts};
use crate::domain::policy;
use crate::domain::quality::{self, Lesson, Recommend};
use crate::domain::rulebook::Verb;
use crate::error::{Code, Error, FieldError, Fields, Result};
use crate::text_enum;

text_enum! {
    /// Where an answer stands.
    pub enum AnswerState { Submitted = "submitted", Approved = "approved", Rejected = "rejected" }
}

/// An answer as written (design §5).
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The text that the citizen will read; may be missing with `problem_answer`.
    #[serde(default)]
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
    /// When the citizen may expect the final answer: a Jalali or an ISO date; an interim answer must name it.
    #[serde(default)]
    pub expected_at: Option<String>,
    /// Coded cause of the case; mandatory for the final answer of a lead where the kind needs one.
    #[serde(default)]
    pub cause: Option<String>,
    /// What an office should change; sent with the approval.
    #[serde(default)]
    pub recommendation: Option<Recommend>,
    /// `true` answers with the approved answer of the problem that the case points to.
    #[serde(default)]
    pub problem_answer: Option<bool>,
}

/// An approver's word.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// Why; required for a rejection.
    #[serde(default)]
    pub note: Option<String>,
}

/// An answer as stored.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = answers)]
pub struct AnswerRow {
    pub id: AnswerId,
    pub case_id: CaseId,
    pub referral_id: ReferralId,
    pub text: String,
    pub is_interim: bool,
    pub outcome: Option<String>,
    pub reason_code: Option<String>,
    pub state: AnswerState,
    pub author_id: UserId,
    pub created_at: Time,
    pub decided_by: Option<UserId>,
    pub decided_at: Option<Time>,
    pub decision_note: Option<String>,
    pub expected_at: Option<Time>,
}

/// The answer of this id; whether its case is visible is asked elsewhere.
pub fn find(connection: &mut DbConnection, id: AnswerId) -> Result<AnswerRow> {
    Ok(answers::table.find(id).select(AnswerRow::as_select()).first(connection)?)
}

/// All answers of a case, oldest first.
pub fn of_case(connection: &mut DbConnection, case: CaseId) -> Result<Vec<AnswerRow>> {
    Ok(answers::table
        .filter(answers::case_id.eq(case))
        .order(answers::id)
        .select(AnswerRow::as_select())
        .load(connection)?)
}

/// Writes an answer; where the office needs no approval it goes out at once.
pub fn submit(
    connection: &mut DbConnection,
    act: &Act,
    referral: ReferralId,
    expected: Expected,
    wish: &Answer,
) -> Result<(Docket, AnswerRow)> {
    let (mut docket, hop) = Docket::open_referral(connection, act, referral, expected)?;
    let office = policy::allow(act, Verb::Answer, hop.office)?;
    let author = act.actor.user().ok_or(Error::Forbidden(Code::Forbidden))?;
    let is_interim = wish.interim.unwrap_or(false);
    docket.life.can_answer(referral, is_interim)?;
    let (text, expected, lesson) = check(connection, act, &docket, &hop, wish, is_interim)?;
    let answer: AnswerId = act.id();
    let fact = docket.life.submit(referral, answer, author, is_interim, sha256_hex(text.as_bytes()))?;
    diesel::insert_into(answers::table)
        .values((
            (answers::id.eq(answer), answers::case_id.eq(docket.row.id), answers::referral_id.eq(referral)),
            (answers::text.eq(&text), answers::is_interim.eq(is_interim), answers::outcome.eq(&wish.outcome)),
            (answers::reason_code.eq(&wish.reason_code), answers::state.eq(AnswerState::Submitted)),
            (answers::author_id.eq(author), answers::created_at.eq(act.now)),
            answers::expected_at.eq(expected),
        ))
        .execute(connection)?;
    quality::keep_draft(connection, act, &docket, answer, hop.office, &lesson)?;
    record(connection, act, &mut docket, &[fact], Some(office))?;
    let needs_approval = act.rules.offices.get(hop.office).is_none_or(|office| office.needs_approval);
    if !needs_approval {
        let fact =
            Fact::AnswerApproved { answer, referral, is_interim, outcome: wish.outcome.clone(), by: author };
        take_effect(connection, act, &mut docket, fact, &hop, office, None)?;
    }
    Ok((docket.reload(connection)?, find(connection, answer)?))
}

fn check(
    connection: &mut DbConnection,
    act: &Act,
    docket: &Docket,
    hop: &Hop,
    wish: &Answer,
    is_interim: bool,
) -> Result<(String, Option<Time>, Lesson)> {
    let mut fields = Fields::default();
    let words = learn::words(connection, act, docket, wish)?;
    let text = fields.take(input::text("text", &words, input::TEXT_MAX));
    let is_decisive = hop.role == HopRole::Lead && hop.parent.is_none() && !is_interim;
    match wish.outcome.as_deref() {
        Some(code) => check_outcome(act, &docket.row.kind, code, wish.reason_code.as_deref(), &mut fields),
        None if is_decisive => fields.add(FieldError::required("outcome")),
        None => {}
    }
    let expected = match (is_interim, wish.expected_at.as_deref()) {
        (true, Some(text)) => fields.take(interim::expected(act, hop.office, text)),
        (true, None) => {
            fields.add(FieldError::required("expected_at"));
            None
        }
        (false, _) => None,
    };
    let lesson = match is_decisive {
        true => {
            let found = (wish.cause.as_deref(), wish.recommendation.as_ref());
            quality::check(connection, act, docket, found, &mut fields)?
        }
        false => learn::none(wish, &mut fields),
    };
    fields.finish()?;
    Ok((text.unwrap_or_default(), expected, lesson))
}

/// An outcome must be one of the kind's; some need a coded reason, so that no refusal is free text only (S2.2ii).
pub(super) fn check_outcome(act: &Act, kind: &str, code: &str, reason: Option<&str>, fields: &mut Fields) {
    let allowed =
        act.rules.kinds.get(kind).is_some_and(|kind| kind.outcomes.iter().any(|outcome| outcome == code));
    let Some(row) = act.rules.outcomes.get(code).filter(|row| allowed && !row.system) else {
        let list = act.rules.kinds.get(kind).map(|kind| {
            let own = kind
                .outcomes
                .iter()
                .filter(|code| act.rules.outcomes.get(*code).is_some_and(|row| !row.system));
            own.cloned().collect::<Vec<_>>().join(", ")
        });
        let list = list.unwrap_or_default();
        fields.add(FieldError::new(
            "outcome",
            "unknown",
            format!("نتیجه‌های این نوع: {list}"),
            format!("Outcomes of this kind: {list}."),
        ));
        return;
    };
    match reason {
        Some(code) => {
            let known =
                ["decline", "dismiss"].iter().any(|of| act.rules.reason(of, "reason_code", code).is_ok());
            if !known {
                fields.add(FieldError::unknown("reason_code", code));
            }
        }
        None if row.needs_reason => fields.add(FieldError::required("reason_code")),
        None => {}
    }
}

/// A second person approves; the text goes out with this transaction.
pub fn approve(
    connection: &mut DbConnection,
    act: &Act,
    id: AnswerId,
    expected: Expected,
    decision: &Decision,
) -> Result<(Docket, AnswerRow)> {
    let row = find(connection, id)?;
    let (mut docket, hop) = Docket::open_referral(connection, act, row.referral_id, expected)?;
    let office = policy::allow(act, Verb::Approve, hop.office)?;
    let by = act.actor.user().ok_or(Error::Forbidden(Code::Forbidden))?;
    let note =
        input::optional_text("note", decision.note.as_deref(), input::TEXT_MAX).map_err(Error::field)?;
    let fact = docket.life.approve(row.referral_id, id, by, row.outcome.clone())?;
    take_effect(connection, act, &mut docket, fact, &hop, office, note)?;
    Ok((docket.reload(connection)?, find(connection, id)?))
}

/// The approver sends a draft back with a note.
pub fn reject(
    connection: &mut DbConnection,
    act: &Act,
    id: AnswerId,
    expected: Expected,
    decision: &Decision,
) -> Result<(Docket, AnswerRow)> {
    let row = find(connection, id)?;
    let (mut docket, hop) = Docket::open_referral(connection, act, row.referral_id, expected)?;
    let office = policy::allow(act, Verb::Approve, hop.office)?;
    let by = act.actor.user().ok_or(Error::Forbidden(Code::Forbidden))?;
    let note = input::text("note", decision.note.as_deref().unwrap_or_default(), input::TEXT_MAX)
        .map_err(Error::field)?;
    let fact = docket.life.reject(row.referral_id, id, by)?;
    decide(connection, act, id, AnswerState::Rejected, Some(note))?;
    quality::drop_draft(connection, id)?;
    record(connection, act, &mut docket, &[fact], Some(office))?;
    Ok((docket.reload(connection)?, find(connection, id)?))
}

fn decide(
    connection: &mut DbConnection,
    act: &Act,
    id: AnswerId,
    state: AnswerState,
    note: Option<String>,
) -> Result<()> {
    prepared(diesel::update(answers::table.find(id).filter(answers::state.eq(AnswerState::Submitted))).set(
        (
            answers::state.eq(state),
            answers::decided_by.eq(act.actor.user()),
            answers::decided_at.eq(act.now),
            answers::decision_note.eq(note),
        ),
    ))
    .execute(connection)?;
    Ok(())
}

/// What an approval changes: the answer, the case, the reply window, and the notice to the citizen.
fn take_effect(
    connection: &mut DbConnection,
    act: &Act,
    docket: &mut Docket,
    fact: Fact,
    hop: &Hop,
    office: OfficeId,
    note: Option<String>,
) -> Result<()> {
    let Fact::AnswerApproved { answer, is_interim, .. } = fact else { return Ok(()) };
    decide(connection, act, answer, AnswerState::Approved, note)?;
    let effect = quality::take_force(connection, act, docket.row.id, answer)?;
    let facts: Vec<Fact> = effect.facts.iter().cloned().chain([fact]).collect();
    let event = record(connection, act, docket, &facts, Some(office))?;
    quality::announce(connection, act, &docket.row, event, &effect)?;
    let concerns_citizen = hop.role == HopRole::Lead && hop.parent.is_none();
    let is_final = docket.life.status == Status::Answered;
    if is_final {
        open_window(connection, act, docket, answer)?;
    }
    if concerns_citizen {
        interim::answered(connection, act, docket, answer, is_interim)?;
        tell(connection, act, docket, event, answer, is_interim, hop.office)?;
    }
    match (is_final, concerns_citizen && is_interim) {
        (true, _) => family::share(connection, act, docket, answer),
        (false, true) => {
            let (due, office) = (Some(docket.row.due_at), Some(hop.office));
            let facts = Facts { office, answer: Some(answer), due, ..Facts::default() };
            family::tell_interim(connection, act, docket, &facts)
        }
        (false, false) => Ok(()),
    }
}

/// The reply window: after it the case closes by itself.
pub(super) fn open_window(
    connection: &mut DbConnection,
    act: &Act,
    docket: &Docket,
    answer: AnswerId,
) -> Result<()> {
    let row = find(connection, answer)?;
    let span = act.rules.required_span("reply_window", None, None, None, false)?;
    let until: Time =
        deadlines::due(act.rules.calendar(docket.life.holder)?, act.now.timestamp(), span)?.into();
    prepared(diesel::update(cases::table.find(docket.row.id)).set((
        cases::answered_at.eq(act.now),
        cases::window_until.eq(until),
        cases::outcome_reason.eq(row.reason_code),
        cases::outcome_text.eq(row.text),
    )))
    .execute(connection)?;
    Ok(())
}

pub(super) fn tell(
    connection: &mut DbConnection,
    act: &Act,
    docket: &Docket,
    event: EventId,
    answer: AnswerId,
    is_interim: bool,
    office: OfficeId,
) -> Result<()> {
    let (until, due): (Option<Time>, Time) =
        cases::table.find(docket.row.id).select((cases::window_until, cases::due_at)).first(connection)?;
    let outcome = docket.life.outcome.clone();
    let expected = find(connection, answer)?.expected_at;
    let facts = Facts {
        office: Some(office),
        answer: Some(answer),
        until,
        due: Some(expected.unwrap_or(due)),
        outcome,
        ..Facts::default()
    };
    let template = if is_interim { "interim_answer" } else { "answer_approved" };
    notifications::to_citizen(connection, act, &docket.row, event, template, &facts)
}
