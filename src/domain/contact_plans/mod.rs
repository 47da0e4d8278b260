//! Frequent-contact plans: how somebody with very many contacts is served (tag C3; New South Wales Ombudsman,
//! Managing unreasonable conduct by complainants).
//!
//! Conduct is judged, never the person: a plan has written reasons, is proposed by one person and confirmed by
//! another, is told to the citizen, ends by itself on its review date, and is reviewed by a third person when the
//! citizen asks. It never refuses a filing: each case is registered and read.

mod confirm;
mod expire;
mod propose;
mod review;
mod tell;

use diesel::prelude::*;

pub use confirm::{End, Reject, approve, lift, reject};
pub use expire::{due, expire};
pub use propose::{Propose, propose};
pub use review::{AskReview, DecideReview, ReviewResult, ReviewRow, ask_review, decide_review, review_of};

use crate::db::DbConnection;
use crate::db::schema::{citizens as citizens_table, contact_plans};
use crate::db::types::{CaseId, CitizenId, ContactPlanId, OfficeId, Time, UserId};
use crate::domain::actor::Act;
use crate::domain::cases::CaseRow;
use crate::domain::rulebook::Verb;
use crate::domain::{citizens, policy};
use crate::error::{Code, Error, Result};
use crate::text_enum;

text_enum! {
    /// Where a plan stands.
    pub enum PlanState {
        Proposed = "proposed", Active = "active", Rejected = "rejected",
        /// Renewed: another one took its place.
        Replaced = "replaced",
        Lifted = "lifted", Expired = "expired",
    }
}

text_enum! {
    /// What a plan arranges.
    pub enum Measure {
        /// One office is the contact for everything.
        SingleContact = "single_contact",
        /// Contacts are answered in writing.
        WritingOnly = "writing_only",
        /// Some subjects were answered for good and are not discussed again.
        SubjectLimits = "subject_limits",
        /// The citizen was told which conduct cannot go on.
        WarningLetter = "warning_letter",
    }
}

/// A plan as stored.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = contact_plans)]
pub struct PlanRow {
    pub id: ContactPlanId,
    pub citizen_id: CitizenId,
    pub state: PlanState,
    pub reasons: String,
    measures: String,
    pub contact_office_id: Option<OfficeId>,
    pub subjects: Option<String>,
    pub review_at: Time,
    pub renews_id: Option<ContactPlanId>,
    pub proposed_by: UserId,
    pub proposed_at: Time,
    pub decided_by: Option<UserId>,
    pub decided_at: Option<Time>,
    pub case_id: Option<CaseId>,
    pub is_told: bool,
    pub ended_at: Option<Time>,
    pub ended_by: Option<UserId>,
    pub end_reason: Option<String>,
}

impl PlanRow {
    pub fn measures(&self) -> Vec<Measure> {
        self.measures.split(' ').filter_map(|measure| measure.parse().ok()).collect()
    }

    /// Whether it holds at this moment, also where nobody has ended it yet.
    pub fn holds(&self, now: Time) -> bool {
        self.state == PlanState::Active && self.review_at > now
    }

    /// Whether this person proposed or confirmed it.
    fn was_made_by(&self, user: UserId) -> bool {
        self.proposed_by == user || self.decided_by == Some(user)
    }
}

/// The plan of this state that a citizen has; there is one at most of those proposed and of those active, unless
/// records with a plan each were merged: then the newest.
fn of_state(connection: &mut DbConnection, citizen: CitizenId, state: PlanState) -> Result<Option<PlanRow>> {
    let records = citizens::records(connection, citizen)?;
    Ok(contact_plans::table
        .filter(contact_plans::citizen_id.eq_any(records).and(contact_plans::state.eq(state)))
        .order(contact_plans::id.desc())
        .select(PlanRow::as_select())
        .first(connection)
        .optional()?)
}

/// The plan that holds for one of these records now.
pub fn in_force(connection: &mut DbConnection, act: &Act, own: &[CitizenId]) -> Result<Option<PlanRow>> {
    if own.is_empty() {
        return Ok(None);
    }
    let into: Vec<Option<CitizenId>> = own.iter().copied().map(Some).collect();
    let merged =
        citizens_table::table.filter(citizens_table::merged_into.eq_any(into)).select(citizens_table::id);
    let row: Option<PlanRow> = contact_plans::table
        .filter(contact_plans::citizen_id.eq_any(own.to_vec()).or(contact_plans::citizen_id.eq_any(merged)))
        .filter(contact_plans::state.eq(PlanState::Active).and(contact_plans::review_at.gt(act.now)))
        .order(contact_plans::id.desc())
        .select(PlanRow::as_select())
        .first(connection)
        .optional()?;
    Ok(row)
}

/// All plans of a citizen, the newest first; at most a hundred.
pub fn history(connection: &mut DbConnection, act: &Act, citizen: CitizenId) -> Result<Vec<PlanRow>> {
    let may_read = [Verb::ReadCitizens, Verb::ProposePlan, Verb::ConfirmPlan, Verb::ReviewPlan];
    if !may_read.into_iter().any(|verb| policy::allow_anywhere(act, verb).is_ok()) {
        return Err(Error::Forbidden(Code::Forbidden));
    }
    citizens::standing(connection, citizen)?;
    let records = citizens::records(connection, citizen)?;
    Ok(contact_plans::table
        .filter(contact_plans::citizen_id.eq_any(records))
        .order(contact_plans::id.desc())
        .limit(100)
        .select(PlanRow::as_select())
        .load(connection)?)
}

/// The plans of which a citizen was told, the newest first; at most a hundred.
pub fn told_to(connection: &mut DbConnection, citizen: CitizenId) -> Result<Vec<PlanRow>> {
    let records = citizens::records(connection, citizen)?;
    Ok(contact_plans::table
        .filter(contact_plans::citizen_id.eq_any(records))
        .filter(contact_plans::state.ne_all([PlanState::Proposed, PlanState::Rejected]))
        .order(contact_plans::id.desc())
        .limit(100)
        .select(PlanRow::as_select())
        .load(connection)?)
}

/// One page of the plans of a state, oldest first.
pub fn list(
    connection: &mut DbConnection,
    act: &Act,
    state: PlanState,
    after: Option<ContactPlanId>,
    limit: i64,
) -> Result<Vec<PlanRow>> {
    let may_read = [Verb::ProposePlan, Verb::ConfirmPlan, Verb::ReviewPlan];
    if !may_read.into_iter().any(|verb| policy::allow_anywhere(act, verb).is_ok()) {
        return Err(Error::Forbidden(Code::Forbidden));
    }
    Ok(contact_plans::table
        .filter(contact_plans::state.eq(state).and(contact_plans::id.gt(after.unwrap_or(ContactPlanId(0)))))
        .order(contact_plans::id)
        .limit(limit)
        .select(PlanRow::as_select())
        .load(connection)?)
}

/// The plan that holds for the citizen of a case that was proved. Only by a case that was there when the plan was
/// made: whoever files in another one's name later learns nothing of it.
///
/// # Errors
/// `NotFound` where there is none.
pub fn own(connection: &mut DbConnection, act: &Act, case: &CaseRow) -> Result<PlanRow> {
    let citizen = case.citizen_id.ok_or(Error::NotFound)?;
    let plan = of_state(connection, citizen, PlanState::Active)?.filter(|plan| plan.holds(act.now));
    plan.filter(|plan| plan.decided_at.is_some_and(|at| case.registered_at <= at)).ok_or(Error::NotFound)
}
