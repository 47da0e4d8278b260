//! A plan ends by itself on its review date; whoever wants it longer renews it with new reasons.

use diesel::prelude::*;

use super::confirm::{log, reload, step};
use super::{PlanRow, PlanState, tell};
use crate::db::DbConnection;
use crate::db::schema::contact_plans as p;
use crate::db::types::{ContactPlanId, Time};
use crate::domain::actor::Act;
use crate::domain::cases::life::PlanStep;
use crate::error::Result;

/// Plans whose review date has come.
pub fn due(connection: &mut DbConnection, now: Time, limit: i64) -> Result<Vec<ContactPlanId>> {
    // a literal, so that SQLite uses the index of active plans
    let is_active = diesel::dsl::sql::<diesel::sql_types::Bool>("contact_plans.state = 'active'");
    Ok(p::table
        .filter(is_active)
        .filter(p::review_at.le(now))
        .order(p::review_at)
        .limit(limit)
        .select(p::id)
        .load(connection)?)
}

/// Ends a plan whose review date has come, and tells the citizen; false when that was done already.
pub fn expire(connection: &mut DbConnection, act: &Act, id: ContactPlanId) -> Result<bool> {
    let plan: PlanRow = reload(connection, id)?;
    if plan.state != PlanState::Active || plan.review_at > act.now {
        return Ok(false);
    }
    step(connection, id, PlanState::Active, PlanState::Expired)?;
    diesel::update(p::table.find(id)).set(p::ended_at.eq(act.now)).execute(connection)?;
    tell::of(connection, act, &plan, PlanStep::Expired, None)?;
    log(connection, act, "expire", &plan)?;
    Ok(true)
}
