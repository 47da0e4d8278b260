//! Confirm, reject, lift: the second person's part. From the confirmation on the plan holds and the citizen is told.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::{PlanRow, PlanState, of_state, tell};
use crate::db::DbConnection;
use crate::db::schema::contact_plans as p;
use crate::db::types::{CitizenId, ContactPlanId, UserId};
use crate::domain::actor::Act;
use crate::domain::cases::life::PlanStep;
use crate::domain::rulebook::Verb;
use crate::domain::{definitions, input, policy};
use crate::error::{Code, Error, Result};

/// A proposal that is not confirmed.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Reject {
    /// Why not.
    pub note: String,
}

/// The end of a plan before its review date.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct End {
    /// Why it is no longer needed.
    pub reason: String,
}

/// The proposal that waits for a citizen, and the second person who decides on it.
fn waiting(connection: &mut DbConnection, act: &Act, citizen: CitizenId) -> Result<(PlanRow, UserId)> {
    policy::allow_anywhere(act, Verb::ConfirmPlan)?;
    let by = act.actor.user().ok_or(Error::Forbidden(Code::Forbidden))?;
    let plan = of_state(connection, citizen, PlanState::Proposed)?.ok_or(Error::NotFound)?;
    if plan.proposed_by == by {
        return Err(Error::Forbidden(Code::SecondPersonRequired));
    }
    Ok((plan, by))
}

/// Moves a plan on, unless somebody else was faster.
pub(super) fn step(
    connection: &mut DbConnection,
    id: ContactPlanId,
    from: PlanState,
    to: PlanState,
) -> Result<()> {
    let changed = diesel::update(p::table.find(id).filter(p::state.eq(from)))
        .set(p::state.eq(to))
        .execute(connection)?;
    if changed == 1 { Ok(()) } else { Err(Error::Conflict(Code::AlreadyDone)) }
}

/// Confirms a proposal; a plan that it renews is replaced. The citizen is told with reasons, review date and the
/// right to a review.
///
/// # Errors
/// `second_person_required` for whoever proposed it; `plan_outdated` once its review date has passed.
pub fn approve(connection: &mut DbConnection, act: &Act, citizen: CitizenId) -> Result<PlanRow> {
    let (plan, by) = waiting(connection, act, citizen)?;
    if plan.review_at <= act.now {
        return Err(Error::Conflict(Code::PlanOutdated));
    }
    if let Some(former) = of_state(connection, citizen, PlanState::Active)? {
        step(connection, former.id, PlanState::Active, PlanState::Replaced)?;
        diesel::update(p::table.find(former.id))
            .set((p::ended_at.eq(act.now), p::ended_by.eq(by)))
            .execute(connection)?;
    }
    step(connection, plan.id, PlanState::Proposed, PlanState::Active)?;
    let told = tell::of(connection, act, &plan, PlanStep::Set, None)?;
    diesel::update(p::table.find(plan.id))
        .set((
            (p::decided_by.eq(by), p::decided_at.eq(act.now)),
            (p::case_id.eq(told.case), p::is_told.eq(told.is_sent)),
        ))
        .execute(connection)?;
    log(connection, act, "confirm", &plan)?;
    reload(connection, plan.id)
}

/// Rejects a proposal; nothing changes for the citizen, who is not told of it.
pub fn reject(
    connection: &mut DbConnection,
    act: &Act,
    citizen: CitizenId,
    wish: &Reject,
) -> Result<PlanRow> {
    let (plan, by) = waiting(connection, act, citizen)?;
    let note = input::text("note", &wish.note, input::LINE_MAX).map_err(Error::field)?;
    step(connection, plan.id, PlanState::Proposed, PlanState::Rejected)?;
    diesel::update(p::table.find(plan.id))
        .set((
            p::decided_by.eq(by),
            p::decided_at.eq(act.now),
            p::ended_at.eq(act.now),
            p::end_reason.eq(note),
        ))
        .execute(connection)?;
    log(connection, act, "reject", &plan)?;
    reload(connection, plan.id)
}

/// Ends the plan of a citizen before its review date; the citizen is told.
pub fn lift(connection: &mut DbConnection, act: &Act, citizen: CitizenId, wish: &End) -> Result<PlanRow> {
    policy::allow_anywhere(act, Verb::ConfirmPlan)?;
    let plan = of_state(connection, citizen, PlanState::Active)?.ok_or(Error::NotFound)?;
    let reason = input::text("reason", &wish.reason, input::LINE_MAX).map_err(Error::field)?;
    step(connection, plan.id, PlanState::Active, PlanState::Lifted)?;
    diesel::update(p::table.find(plan.id))
        .set((p::ended_at.eq(act.now), p::ended_by.eq(act.actor.user()), p::end_reason.eq(reason)))
        .execute(connection)?;
    tell::of(connection, act, &plan, PlanStep::Lifted, None)?;
    log(connection, act, "lift", &plan)?;
    reload(connection, plan.id)
}

pub(super) fn log(connection: &mut DbConnection, act: &Act, action: &str, plan: &PlanRow) -> Result<()> {
    let subject = format!("citizen:{}", plan.citizen_id);
    definitions::log(connection, act, action, &subject, &format!("contact plan {}", plan.id))
}

pub(super) fn reload(connection: &mut DbConnection, id: ContactPlanId) -> Result<PlanRow> {
    Ok(p::table.find(id).select(PlanRow::as_select()).first(connection)?)
}
