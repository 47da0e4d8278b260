//! The life of a recommendation: taken up or refused by the addressed office, done, and looked at by another.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::AdviceState;
use super::impartial::{conflict_of, is_free};
use super::recommend::due_at;
use crate::db::DbConnection;
use crate::db::dialect::for_update;
use crate::db::schema::{cases, recommendations};
use crate::db::types::{CaseId, EventId, OfficeId, RecommendationId, Time};
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::life::Fact;
use crate::domain::cases::{CaseRow, Docket, clocks, escalate, record};
use crate::domain::conflict::Conflict;
use crate::domain::input;
use crate::domain::notifications::{self, Facts};
use crate::domain::policy;
use crate::domain::rulebook::{Reach, Verb};
use crate::error::{Code, Error, FieldError, Result};

/// A refusal.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refuse {
    /// Why; the office above reads it.
    pub reason: String,
}

/// What was changed.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// What is different now, and since when.
    pub changed: String,
}

/// What another office found.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Judge {
    /// `true`: it is done (or the refusal stands); `false`: it is not, the office goes on.
    pub confirmed: Option<bool>,
    /// Needed where it is not confirmed.
    #[serde(default)]
    pub note: Option<String>,
}

/// A recommendation as stored, as far as the verbs need it.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = recommendations)]
pub(super) struct AdviceRow {
    pub(super) id: RecommendationId,
    pub(super) case_id: CaseId,
    pub(super) from_office_id: OfficeId,
    pub(super) office_id: OfficeId,
    pub(super) text: String,
    pub(super) state: AdviceState,
    pub(super) made_at: Time,
    pub(super) due_at: Time,
    pub(super) fired: Option<i32>,
    pub(super) next_at: Option<Time>,
}

/// Loads and locks a recommendation; a draft is not there yet, nor is one from a case about the actor.
pub(super) fn lock(connection: &mut DbConnection, act: &Act, id: RecommendationId) -> Result<AdviceRow> {
    let row: AdviceRow =
        for_update(recommendations::table.find(id).select(AdviceRow::as_select())).get_result(connection)?;
    match row.state != AdviceState::Draft && is_free(connection, act, row.case_id)? {
        true => Ok(row),
        false => Err(Error::NotFound),
    }
}

/// Writes a step into the history of the case, which the addressed office need not see.
pub(super) fn log(
    connection: &mut DbConnection,
    act: &Act,
    row: &AdviceRow,
    state: AdviceState,
    percent: Option<u16>,
    office: Option<OfficeId>,
) -> Result<(CaseRow, EventId)> {
    let case: CaseRow =
        for_update(cases::table.find(row.case_id).select(CaseRow::as_select())).get_result(connection)?;
    let mut docket = Docket::of_row(connection, act, case)?;
    let fact = Fact::RecommendationMoved { recommendation: row.id, state: state.to_string(), percent };
    let event = record(connection, act, &mut docket, &[fact], office)?;
    Ok((docket.row, event))
}

fn may_be(row: &AdviceRow, states: &[AdviceState]) -> Result<()> {
    if states.contains(&row.state) { Ok(()) } else { Err(Error::Conflict(Code::RecommendationState)) }
}

/// The addressed office takes it up.
pub fn accept(connection: &mut DbConnection, act: &Act, id: RecommendationId) -> Result<()> {
    let row = lock(connection, act, id)?;
    let office = policy::allow(act, Verb::FollowAdvice, row.office_id)?;
    may_be(&row, &[AdviceState::Sent])?;
    replied(connection, act, id, AdviceState::Accepted)?;
    log(connection, act, &row, AdviceState::Accepted, None, Some(office)).map(drop)
}

/// The addressed office will not; the office above is told and decides.
pub fn refuse(connection: &mut DbConnection, act: &Act, id: RecommendationId, wish: &Refuse) -> Result<()> {
    let row = lock(connection, act, id)?;
    let office = policy::allow(act, Verb::FollowAdvice, row.office_id)?;
    may_be(&row, &[AdviceState::Sent, AdviceState::Accepted])?;
    let reason = input::text("reason", &wish.reason, input::TEXT_MAX).map_err(Error::field)?;
    replied(connection, act, id, AdviceState::Refused)?;
    diesel::update(recommendations::table.find(id))
        .set((recommendations::reason.eq(&reason), recommendations::next_at.eq(None::<Time>)))
        .execute(connection)?;
    let (case, event) = log(connection, act, &row, AdviceState::Refused, None, Some(office))?;
    let facts =
        Facts { office: Some(row.office_id), reason: Some(reason), text: Some(row.text), ..Facts::default() };
    let conflict = conflict_of(connection, act, row.case_id)?;
    let above = escalate::superior(act, &[conflict], row.office_id);
    notifications::to_office(connection, act, &case, event, above, "recommendation_refused", &facts)
}

/// The addressed office says what it changed; another office looks at it.
pub fn finish(connection: &mut DbConnection, act: &Act, id: RecommendationId, wish: &Report) -> Result<()> {
    let row = lock(connection, act, id)?;
    let office = policy::allow(act, Verb::FollowAdvice, row.office_id)?;
    may_be(&row, &[AdviceState::Sent, AdviceState::Accepted])?;
    let text = input::text("changed", &wish.changed, input::TEXT_MAX).map_err(Error::field)?;
    replied(connection, act, id, AdviceState::Done)?;
    diesel::update(recommendations::table.find(id))
        .set((recommendations::done_text.eq(text), recommendations::next_at.eq(None::<Time>)))
        .execute(connection)?;
    log(connection, act, &row, AdviceState::Done, None, Some(office)).map(drop)
}

fn replied(connection: &mut DbConnection, act: &Act, id: RecommendationId, state: AdviceState) -> Result<()> {
    diesel::update(recommendations::table.find(id))
        .set((
            recommendations::state.eq(state),
            recommendations::replied_by.eq(act.actor.user()),
            recommendations::replied_at.eq(act.now),
        ))
        .execute(connection)?;
    Ok(())
}

/// Somebody of another office judges what was done, or a refusal: confirmed it is at its end, else the addressed
/// office goes on under a new deadline.
///
/// # Errors
/// `other_office` for people of the addressed office, `recommendation_state` where nothing waits for a judgement.
pub fn verify(connection: &mut DbConnection, act: &Act, id: RecommendationId, wish: &Judge) -> Result<()> {
    let row = lock(connection, act, id)?;
    let conflict = conflict_of(connection, act, row.case_id)?;
    let office = judging_office(act, &row, &conflict)?;
    may_be(&row, &[AdviceState::Done, AdviceState::Refused])?;
    let confirmed = wish.confirmed.ok_or_else(|| Error::field(FieldError::required("confirmed")))?;
    let note = input::optional_text("note", wish.note.as_deref(), input::TEXT_MAX).map_err(Error::field)?;
    if !confirmed && note.is_none() {
        return Err(Error::field(FieldError::required("note")));
    }
    use recommendations as r;
    let state = match (confirmed, row.state) {
        (true, AdviceState::Refused) => AdviceState::Refused,
        (true, _) => AdviceState::Verified,
        (false, _) => AdviceState::Accepted,
    };
    if confirmed {
        diesel::update(r::table.find(id))
            .set((
                (r::state.eq(state), r::verified_by.eq(act.actor.user())),
                (r::verified_office_id.eq(office), r::verified_at.eq(act.now)),
            ))
            .execute(connection)?;
    } else {
        let due = due_at(act, row.office_id)?;
        let next = clocks::next_point(act.rules.calendar(row.office_id)?, act.now, due, None)?;
        diesel::update(r::table.find(id))
            .set((
                (r::state.eq(state), r::reason.eq(note), r::made_at.eq(act.now)),
                (r::due_at.eq(due), r::fired.eq(None::<i32>), r::next_at.eq(next)),
            ))
            .execute(connection)?;
    }
    log(connection, act, &row, state, None, Some(office)).map(drop)
}

/// In whose name it is judged: an office above the addressed one, or the one that recommended; never itself.
fn judging_office(act: &Act, row: &AdviceRow, conflict: &Conflict) -> Result<OfficeId> {
    let Actor::Staff(staff) = &act.actor else { return Err(Error::Forbidden(Code::Forbidden)) };
    if !policy::holds_anywhere(&act.rules, staff, Verb::VerifyAdvice) {
        return Err(Error::Forbidden(Code::Forbidden));
    }
    if staff.assignments.iter().any(|(_, at)| *at == row.office_id) {
        return Err(Error::Forbidden(Code::OtherOffice));
    }
    let above = escalate::superior(act, std::slice::from_ref(conflict), row.office_id);
    let judges = |role, at: OfficeId| match act.rules.reach(role, Verb::VerifyAdvice) {
        Reach::None => false,
        Reach::Own => at == row.from_office_id || at == above,
        Reach::Tree => at == row.from_office_id || act.rules.offices.is_within(row.office_id, at),
    };
    let found = staff.assignments.iter().find(|(role, at)| judges(*role, *at));
    found.map(|(_, at)| *at).ok_or(Error::Forbidden(Code::NotYourOffice))
}
