//! The one answer of a problem: written by its owner, approved by another person, then shown to everybody.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::ProblemState;
use super::impartial::is_free;
use super::link::of_case;
use super::row::{ProblemRow, find, lock, note};
use crate::db::DbConnection;
use crate::db::schema::{problem_answers, problems};
use crate::db::types::{CaseId, ProblemAnswerId, ProblemId, Time, UserId};
use crate::domain::actor::Act;
use crate::domain::input;
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::error::{Code, Error, Fields, Language, Result};

/// An answer for everybody behind a problem.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerProblem {
    /// The text as citizens will read it.
    pub text_fa: String,
    /// The same in English.
    #[serde(default)]
    pub text_en: Option<String>,
}

/// An answer as stored.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = problem_answers)]
pub struct ProblemAnswerRow {
    pub id: ProblemAnswerId,
    pub problem_id: ProblemId,
    pub text_fa: String,
    pub text_en: Option<String>,
    pub author_id: UserId,
    pub created_at: Time,
    pub decided_by: Option<UserId>,
    pub decided_at: Option<Time>,
}

impl ProblemAnswerRow {
    /// The text in a reader's language; Persian where there is no other.
    pub fn text(&self, reader: Language) -> &str {
        match (reader, &self.text_en) {
            (Language::En, Some(text)) => text,
            (Language::En, None) | (Language::Fa, _) => &self.text_fa,
        }
    }
}

/// Writes an answer; it takes the place of one that still waits for approval.
pub fn propose_answer(
    connection: &mut DbConnection,
    act: &Act,
    id: ProblemId,
    wish: &AnswerProblem,
) -> Result<ProblemRow> {
    let row = lock(connection, act, id)?;
    let office = policy::allow(act, Verb::RunProblem, row.office_id)?;
    let author = act.actor.user().ok_or(Error::Forbidden(Code::Forbidden))?;
    row.state.can_be_answered()?;
    let mut fields = Fields::default();
    let text_fa = fields.take(input::text("text_fa", &wish.text_fa, input::TEXT_MAX));
    let text_en =
        fields.take(input::optional_text("text_en", wish.text_en.as_deref(), input::TEXT_MAX)).flatten();
    fields.finish()?;
    use problem_answers as a;
    diesel::delete(a::table.filter(a::problem_id.eq(id).and(a::decided_at.is_null()))).execute(connection)?;
    let answer: ProblemAnswerId = act.id();
    diesel::insert_into(a::table)
        .values((
            (a::id.eq(answer), a::problem_id.eq(id), a::text_fa.eq(text_fa.unwrap_or_default())),
            (a::text_en.eq(text_en), a::author_id.eq(author), a::created_at.eq(act.now)),
        ))
        .execute(connection)?;
    note(connection, act, id, Some(office), "answer_written", None)?;
    find(connection, act, id)
}

/// Another person approves the answer that waits; from now on citizens see it.
///
/// # Errors
/// `second_person_required` for its author, `problem_state` where no answer waits.
pub fn approve(connection: &mut DbConnection, act: &Act, id: ProblemId) -> Result<ProblemRow> {
    let row = lock(connection, act, id)?;
    let office = policy::allow(act, Verb::ApproveProblem, row.office_id)?;
    row.state.can_be_answered()?;
    let waiting = pending(connection, id)?.ok_or(Error::Conflict(Code::ProblemState))?;
    if act.actor.user() == Some(waiting.author_id) {
        return Err(Error::Forbidden(Code::SecondPersonRequired));
    }
    diesel::update(problem_answers::table.find(waiting.id))
        .set((problem_answers::decided_by.eq(act.actor.user()), problem_answers::decided_at.eq(act.now)))
        .execute(connection)?;
    diesel::update(problems::table.find(id))
        .set(problems::state.eq(ProblemState::Answered))
        .execute(connection)?;
    note(connection, act, id, Some(office), "answer_approved", None)?;
    find(connection, act, id)
}

/// The answer that waits for approval.
pub(super) fn pending(connection: &mut DbConnection, id: ProblemId) -> Result<Option<ProblemAnswerRow>> {
    use problem_answers as a;
    Ok(a::table
        .filter(a::problem_id.eq(id).and(a::decided_at.is_null()))
        .order(a::id.desc())
        .select(ProblemAnswerRow::as_select())
        .first(connection)
        .optional()?)
}

/// The last approved answer of the problem that a case points to; none where there is none for the actor.
pub fn answer_for(
    connection: &mut DbConnection,
    act: &Act,
    case: CaseId,
) -> Result<Option<ProblemAnswerRow>> {
    match of_case(connection, case)? {
        Some(problem) if is_free(connection, act, problem)? => standing_answer(connection, problem),
        Some(_) | None => Ok(None),
    }
}

/// The last approved answer.
pub(super) fn standing_answer(
    connection: &mut DbConnection,
    id: ProblemId,
) -> Result<Option<ProblemAnswerRow>> {
    use problem_answers as a;
    Ok(a::table
        .filter(a::problem_id.eq(id).and(a::decided_at.is_not_null()))
        .order(a::id.desc())
        .select(ProblemAnswerRow::as_select())
        .first(connection)
        .optional()?)
}
