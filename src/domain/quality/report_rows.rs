//! What the report on quality counts, as rows; nothing of a case about whoever reads the report.

use std::collections::{BTreeMap, HashMap};

use diesel::dsl::{count_star, not};
use diesel::prelude::*;

use super::{AdviceState, CallState, Claim, Finding};
use crate::db::DbConnection;
use crate::db::among::among;
use crate::db::schema::{
    answers, appeals, callbacks, cases, lessons, objections, quality_samples, recommendations, referrals,
};
use crate::db::types::{AnswerId, CaseId, OfficeId, ReferralId, Time};
use crate::domain::actor::Act;
use crate::domain::cases::life::{AppealResult, HopRole};
use crate::domain::conflict::condition;
use crate::error::Result;

/// From (included) until (not included).
pub(super) type Span = (Time, Time);

/// One call of a sample that was drawn in the time: office, state, claim, score, finding.
pub(super) type Call = (OfficeId, CallState, Option<Claim>, Option<i32>, Option<Finding>);

pub(super) fn calls(connection: &mut DbConnection, act: &Act, (from, to): Span) -> Result<Vec<Call>> {
    use callbacks as c;
    Ok(c::table
        .inner_join(quality_samples::table)
        .filter(quality_samples::drawn_at.ge(from).and(quality_samples::drawn_at.lt(to)))
        .filter(c::state.ne(CallState::Covered))
        .filter(not(among(c::case_id, condition::barred(act))))
        .select((c::office_id, c::state, c::claim, c::score, c::finding))
        .load(connection)?)
}

pub(super) fn sample_count(connection: &mut DbConnection, act: &Act, (from, to): Span) -> Result<i64> {
    let about_them = callbacks::table.filter(among(callbacks::case_id, condition::barred(act)));
    Ok(quality_samples::table
        .filter(not(among(quality_samples::id, about_them.select(callbacks::sample_id))))
        .filter(quality_samples::drawn_at.ge(from).and(quality_samples::drawn_at.lt(to)))
        .count()
        .get_result(connection)?)
}

/// Causes in force that were found in the time: cause, office, category, how often.
pub(super) type Found = (String, OfficeId, Option<String>, i64);

pub(super) fn causes(connection: &mut DbConnection, act: &Act, (from, to): Span) -> Result<Vec<Found>> {
    use lessons as l;
    Ok(l::table
        .inner_join(cases::table)
        .filter(l::is_in_force.eq(true))
        .filter(not(among(l::case_id, condition::barred(act))))
        .filter(l::at.ge(from).and(l::at.lt(to)))
        .group_by((l::cause, l::office_id, cases::category))
        .select((l::cause, l::office_id, cases::category, count_star()))
        .load(connection)?)
}

/// A recommendation of the time: office, state, due, whether it was judged.
pub(super) type Advice = (OfficeId, AdviceState, Time, Option<Time>);

pub(super) fn advice(connection: &mut DbConnection, act: &Act, (from, to): Span) -> Result<Vec<Advice>> {
    use recommendations as r;
    Ok(r::table
        .filter(r::state.ne(AdviceState::Draft))
        .filter(not(among(r::case_id, condition::barred(act))))
        .filter(r::made_at.ge(from).and(r::made_at.lt(to)))
        .select((r::office_id, r::state, r::due_at, r::verified_at))
        .load(connection)?)
}

/// Appeals decided in the time against an office that were upheld, wholly or partly.
pub(super) fn appeals_upheld(
    connection: &mut DbConnection,
    act: &Act,
    (from, to): Span,
) -> Result<BTreeMap<OfficeId, i64>> {
    let rows: Vec<(OfficeId, i64)> = appeals::table
        .filter(not(among(appeals::case_id, condition::barred(act))))
        .filter(appeals::decided_at.ge(from).and(appeals::decided_at.lt(to)))
        .filter(appeals::result.eq_any([AppealResult::Upheld, AppealResult::Partly]))
        .group_by(appeals::against_office_id)
        .select((appeals::against_office_id, count_star()))
        .load(connection)?;
    Ok(rows.into_iter().collect())
}

/// Objections that were right: raised in the time, and the additional answer of the same office has another outcome,
/// one that gives the citizen something.
pub(super) fn objections_upheld(
    connection: &mut DbConnection,
    act: &Act,
    (from, to): Span,
) -> Result<BTreeMap<OfficeId, i64>> {
    let raised: Vec<(CaseId, ReferralId)> = objections::table
        .filter(not(among(objections::case_id, condition::barred(act))))
        .filter(objections::at.ge(from).and(objections::at.lt(to)))
        .select((objections::case_id, objections::referral_id))
        .load(connection)?;
    let ids: Vec<CaseId> = raised.iter().map(|(case, _)| *case).collect();
    type Given = (CaseId, AnswerId, ReferralId, OfficeId, Option<String>);
    let given: Vec<Given> = answers::table
        .inner_join(referrals::table)
        .filter(answers::case_id.eq_any(ids))
        .filter(answers::state.eq("approved").and(answers::is_interim.eq(false)))
        .filter(referrals::parent_id.is_null().and(referrals::role.eq(HopRole::Lead)))
        .order(answers::id)
        .select((answers::case_id, answers::id, answers::referral_id, referrals::office_id, answers::outcome))
        .load(connection)?;
    let mut by_case: HashMap<CaseId, Vec<&Given>> = HashMap::new();
    given.iter().for_each(|answer| by_case.entry(answer.0).or_default().push(answer));
    let mut upheld = BTreeMap::new();
    for (case, referral) in raised {
        let Some(answers) = by_case.get(&case) else { continue };
        let Some(at) = answers.iter().position(|answer| answer.2 == referral) else { continue };
        let former = at.checked_sub(1).map(|before| &answers[before].4);
        let gives = answers[at].4.as_deref().and_then(|code| act.rules.outcomes.get(code));
        let gives = gives.is_some_and(|outcome| matches!(outcome.closes_as.as_str(), "resolved" | "partly"));
        if gives && former.is_some_and(|former| *former != answers[at].4) {
            *upheld.entry(answers[at].3).or_default() += 1;
        }
    }
    Ok(upheld)
}
