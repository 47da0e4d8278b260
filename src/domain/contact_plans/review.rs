//! The right to a review: the citizen asks once for each plan, and somebody decides who did not make it.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::confirm::{log, reload, step};
use super::{PlanRow, PlanState, of_state, tell};
use crate::db::DbConnection;
use crate::db::schema::{contact_plan_reviews as r, contact_plans as p};
use crate::db::types::{CaseId, CitizenId, ContactPlanId, PlanReviewId, Time, UserId};
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::life::PlanStep;
use crate::domain::cases::{Channel, find_visible};
use crate::domain::rulebook::Verb;
use crate::domain::{input, policy};
use crate::error::{Code, Error, Fields, Result};
use crate::text_enum;

text_enum! {
    /// What a review finds.
    pub enum ReviewResult { Stands = "stands", Lifted = "lifted" }
}

/// The citizen's wish that the plan be reviewed.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AskReview {
    /// Why, in the citizen's words.
    pub text: String,
    /// The channel it came by; `web` for the citizen's own page, `phone` for staff.
    pub channel: Option<String>,
}

/// The decision on a review.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DecideReview {
    /// `stands` or `lifted`.
    pub result: String,
    /// Why, in words that the citizen reads.
    pub grounds: String,
}

/// A review as stored.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = r)]
pub struct ReviewRow {
    pub id: PlanReviewId,
    pub plan_id: ContactPlanId,
    pub text: String,
    pub channel: Channel,
    pub at: Time,
    pub result: Option<ReviewResult>,
    pub grounds: Option<String>,
    pub decided_by: Option<UserId>,
    pub decided_at: Option<Time>,
}

/// The review of a plan, where one was asked for.
pub fn review_of(connection: &mut DbConnection, plan: ContactPlanId) -> Result<Option<ReviewRow>> {
    Ok(r::table.filter(r::plan_id.eq(plan)).select(ReviewRow::as_select()).first(connection).optional()?)
}

/// Takes the citizen's wish for a review: by the look-up token of a case, or taken down by staff.
///
/// # Errors
/// `NotFound` where no plan holds; `already_done` where this plan's review was asked for before.
pub fn ask_review(
    connection: &mut DbConnection,
    act: &Act,
    citizen: Option<CitizenId>,
    wish: &AskReview,
) -> Result<(PlanRow, ReviewRow)> {
    let (plan, channel) = match (&act.actor, citizen) {
        (Actor::Citizen { case }, _) => {
            let case = find_visible(connection, act, *case)?;
            (super::own(connection, act, &case)?, Channel::Web)
        }
        (_, Some(citizen)) => {
            policy::allow_anywhere(act, Verb::Appeal)?;
            let plan = of_state(connection, citizen, PlanState::Active)?.filter(|plan| plan.holds(act.now));
            (plan.ok_or(Error::NotFound)?, Channel::Phone)
        }
        (_, None) => return Err(Error::Forbidden(Code::Forbidden)),
    };
    let mut fields = Fields::default();
    let text = fields.take(input::text("text", &wish.text, input::TEXT_MAX)).unwrap_or_default();
    let named = wish.channel.as_deref().filter(|_| citizen.is_some());
    let channel = named.and_then(|code| fields.take(input::choice("channel", code))).unwrap_or(channel);
    fields.finish()?;
    if review_of(connection, plan.id)?.is_some() {
        return Err(Error::Conflict(Code::AlreadyDone));
    }
    let told = tell::of(connection, act, &plan, PlanStep::ReviewAsked, None)?;
    let id: PlanReviewId = act.id();
    let case: CaseId = told.case;
    diesel::insert_into(r::table)
        .values((
            (r::id.eq(id), r::plan_id.eq(plan.id), r::case_id.eq(case), r::text.eq(text)),
            (r::channel.eq(channel.as_str()), r::recorded_by.eq(act.actor.user()), r::at.eq(act.now)),
        ))
        .execute(connection)?;
    let row = r::table.find(id).select(ReviewRow::as_select()).first(connection)?;
    Ok((plan, row))
}

/// Decides on the review of the plan that holds; `lifted` ends it. The citizen is told with the grounds.
///
/// # Errors
/// `own_plan` for whoever proposed or confirmed it; `already_done` once it was decided.
pub fn decide_review(
    connection: &mut DbConnection,
    act: &Act,
    citizen: CitizenId,
    wish: &DecideReview,
) -> Result<PlanRow> {
    policy::allow_anywhere(act, Verb::ReviewPlan)?;
    let by = act.actor.user().ok_or(Error::Forbidden(Code::Forbidden))?;
    let plan = of_state(connection, citizen, PlanState::Active)?.ok_or(Error::NotFound)?;
    let review = review_of(connection, plan.id)?.ok_or(Error::NotFound)?;
    if plan.was_made_by(by) {
        return Err(Error::Forbidden(Code::OwnPlan));
    }
    let mut fields = Fields::default();
    let result = fields.take(input::choice::<ReviewResult>("result", &wish.result));
    let grounds = fields.take(input::text("grounds", &wish.grounds, input::TEXT_MAX)).unwrap_or_default();
    fields.finish()?;
    let Some(result) = result else { return Err(Error::internal("a checked result was lost")) };
    let changed = diesel::update(r::table.find(review.id).filter(r::decided_at.is_null()))
        .set((
            (r::result.eq(result), r::grounds.eq(&grounds)),
            (r::decided_by.eq(by), r::decided_at.eq(act.now)),
        ))
        .execute(connection)?;
    if changed != 1 {
        return Err(Error::Conflict(Code::AlreadyDone));
    }
    let next = match result {
        ReviewResult::Stands => PlanStep::Stands,
        ReviewResult::Lifted => {
            step(connection, plan.id, PlanState::Active, PlanState::Lifted)?;
            diesel::update(p::table.find(plan.id))
                .set((p::ended_at.eq(act.now), p::ended_by.eq(by), p::end_reason.eq(&grounds)))
                .execute(connection)?;
            PlanStep::Lifted
        }
    };
    tell::of(connection, act, &plan, next, Some(&grounds))?;
    log(connection, act, "review", &plan)?;
    reload(connection, plan.id)
}
