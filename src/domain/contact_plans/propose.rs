//! Propose: one person writes down why and how; while a plan holds, the proposal renews it.

use std::collections::BTreeSet;

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Measure, PlanRow, PlanState, of_state, tell};
use crate::db::DbConnection;
use crate::db::schema::contact_plans;
use crate::db::types::{CitizenId, ContactPlanId, OfficeId, Time};
use crate::domain::actor::Act;
use crate::domain::rulebook::Verb;
use crate::domain::text::persian_digits;
use crate::domain::{citizens, definitions, input, policy};
use crate::error::{Code, Error, FieldError, Fields, Result};

/// A proposed plan.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Propose {
    /// Which conduct makes it necessary, in words that the citizen will read.
    pub reasons: String,
    /// `single_contact`, `writing_only`, `subject_limits`, `warning_letter`: one or several.
    pub measures: Vec<String>,
    /// Code of the one office of contact; needed for `single_contact`.
    pub contact_office: Option<String>,
    /// Which subjects are not discussed again; needed for `subject_limits`.
    pub subjects: Option<String>,
    /// When it ends unless it is renewed; within the limit `contact_plan_max`.
    pub review_at: Option<Time>,
}

/// What was told, checked.
struct Checked {
    reasons: String,
    measures: String,
    office: Option<OfficeId>,
    subjects: Option<String>,
    review_at: Time,
}

/// Proposes a plan for a citizen; another person confirms it.
///
/// # Errors
/// `plan_pending` while another proposal waits; `citizen_without_case` where nothing was ever filed.
pub fn propose(
    connection: &mut DbConnection,
    act: &Act,
    citizen: CitizenId,
    wish: &Propose,
) -> Result<PlanRow> {
    use contact_plans as p;
    policy::allow_anywhere(act, Verb::ProposePlan)?;
    let by = act.actor.user().ok_or(Error::Forbidden(Code::Forbidden))?;
    let citizen = citizens::standing(connection, citizen)?;
    let checked = check(act, wish)?;
    if of_state(connection, citizen, PlanState::Proposed)?.is_some() {
        return Err(Error::Conflict(Code::PlanPending));
    }
    tell::case_of(connection, citizen)?.ok_or(Error::Conflict(Code::CitizenWithoutCase))?;
    let renews = of_state(connection, citizen, PlanState::Active)?.filter(|plan| plan.holds(act.now));
    let id: ContactPlanId = act.id();
    diesel::insert_into(p::table)
        .values((
            (p::id.eq(id), p::citizen_id.eq(citizen), p::state.eq(PlanState::Proposed)),
            (p::reasons.eq(checked.reasons), p::measures.eq(checked.measures)),
            (p::contact_office_id.eq(checked.office), p::subjects.eq(checked.subjects)),
            (p::review_at.eq(checked.review_at), p::renews_id.eq(renews.map(|plan| plan.id))),
            (p::proposed_by.eq(by), p::proposed_at.eq(act.now), p::is_told.eq(false)),
        ))
        .execute(connection)?;
    definitions::log(
        connection,
        act,
        "propose",
        &format!("citizen:{citizen}"),
        &format!("contact plan {id}"),
    )?;
    Ok(p::table.find(id).select(PlanRow::as_select()).first(connection)?)
}

fn check(act: &Act, wish: &Propose) -> Result<Checked> {
    let mut fields = Fields::default();
    let reasons = fields.take(input::text("reasons", &wish.reasons, input::TEXT_MAX));
    let measures: BTreeSet<Measure> = wish
        .measures
        .iter()
        .enumerate()
        .filter_map(|(index, code)| fields.take(input::choice(&format!("measures[{index}]"), code)))
        .collect();
    if wish.measures.is_empty() {
        fields.add(FieldError::required("measures"));
    }
    let office = wish.contact_office.as_deref();
    let office = office.and_then(|code| fields.take(act.rules.offices.find("contact_office", code)));
    if measures.contains(&Measure::SingleContact) && wish.contact_office.is_none() {
        fields.add(FieldError::required("contact_office"));
    }
    let subjects = input::optional_text("subjects", wish.subjects.as_deref(), input::LINE_MAX);
    let subjects = fields.take(subjects).flatten();
    if measures.contains(&Measure::SubjectLimits) && subjects.is_none() {
        fields.add(FieldError::required("subjects"));
    }
    let review_at = check_review(act, wish.review_at, &mut fields)?;
    let office = office.map(|office| office.id);
    fields.finish()?;
    let measures: Vec<&str> = measures.iter().map(|measure| measure.as_str()).collect();
    Ok(Checked {
        reasons: reasons.unwrap_or_default(),
        measures: measures.join(" "),
        office,
        subjects,
        review_at,
    })
}

fn check_review(act: &Act, wished: Option<Time>, fields: &mut Fields) -> Result<Time> {
    let days = act.rules.number("contact_plan_max")?;
    match wished {
        None => fields.add(FieldError::required("review_at")),
        Some(at) if at <= act.now => {
            let (fa, en) = ("تاریخ بازبینی باید در آینده باشد.", "The review date must lie in the future.");
            fields.add(FieldError::new("review_at", "in_the_past", fa, en));
        }
        Some(at) if at > act.now.plus_days(days) => {
            let fa = persian_digits(&format!("تاریخ بازبینی حداکثر {days} روز دیگر است."));
            let en = format!("The review date is at most {days} days away.");
            fields.add(FieldError::new("review_at", "too_late", fa, en));
        }
        Some(at) => return Ok(at),
    }
    Ok(act.now)
}
