//! A call to the citizen of a closed case: by somebody of another office than the one that closed it, along the
//! checklist, as often as the rules ask until somebody answers.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::score::score;
use super::{CallState, Claim, Finding};
use crate::db::DbConnection;
use crate::db::dialect::for_update;
use crate::db::schema::{callbacks, no_calls};
use crate::db::types::{CallbackId, CaseId, CitizenId, OfficeId, UserId};
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::life::{Fact, Status};
use crate::domain::cases::{Docket, Expected, record};
use crate::domain::confidentiality;
use crate::domain::definitions;
use crate::domain::input;
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::error::{Code, Error, FieldError, Fields, Result};
use crate::on_both;

/// An answer to one item of the checklist.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnsweredItem {
    /// Code of the item.
    pub item: String,
    /// 0 (no), 1 (partly) or 2 (yes), for an item with a score.
    #[serde(default)]
    pub score: Option<i64>,
    /// For an item of yes or no.
    #[serde(default)]
    pub yes: Option<bool>,
}

/// What came of a call.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CallResult {
    /// Whether the citizen answered.
    pub reached: Option<bool>,
    /// `true`: the citizen wants no calls any more; this one counts as declined where nothing was answered.
    #[serde(default)]
    pub no_calls: Option<bool>,
    #[serde(default)]
    pub answers: Vec<AnsweredItem>,
    #[serde(default)]
    pub comment: Option<String>,
    /// `resolved`, `partly`, `not_resolved` or `never_contacted`; needed once reached.
    #[serde(default)]
    pub claim: Option<String>,
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = callbacks)]
pub(super) struct CallRow {
    pub(super) id: CallbackId,
    pub(super) case_id: CaseId,
    /// None once the case has lost its identity.
    pub(super) citizen_id: Option<CitizenId>,
    pub(super) office_id: OfficeId,
    pub(super) outcome: Option<String>,
    pub(super) state: CallState,
    pub(super) attempts: i32,
    pub(super) called_by: Option<UserId>,
    pub(super) finding: Option<Finding>,
}

/// Loads and locks a call.
pub(super) fn lock(connection: &mut DbConnection, id: CallbackId) -> Result<CallRow> {
    Ok(for_update(callbacks::table.find(id).select(CallRow::as_select())).get_result(connection)?)
}

/// Nobody of the office whose work is asked about takes part.
pub(super) fn not_of_office(act: &Act, office: OfficeId) -> Result<()> {
    match &act.actor {
        Actor::Staff(staff) if staff.assignments.iter().any(|(_, at)| *at == office) => {
            Err(Error::Forbidden(Code::OtherOffice))
        }
        _ => Ok(()),
    }
}

/// Records one call. The citizen's claim against the outcome of the closing makes it suspected of being false.
///
/// # Errors
/// `NotFound` where the case is not visible, `other_office` for people of the office that closed it,
/// `callback_state` once the call is settled, or wrong fields.
pub fn record_call(
    connection: &mut DbConnection,
    act: &Act,
    id: CallbackId,
    wish: &CallResult,
) -> Result<()> {
    let row = lock(connection, id)?;
    let docket = Docket::open(connection, act, row.case_id, Expected::Any)?;
    let office = policy::allow_anywhere(act, Verb::CallBack)?;
    not_of_office(act, row.office_id)?;
    if row.state != CallState::Open {
        return Err(Error::Conflict(Code::CallbackState));
    }
    let wants_none = wish.no_calls == Some(true);
    match wish.reached {
        None => Err(Error::field(FieldError::required("reached"))),
        Some(true) if wants_none && wish.answers.is_empty() => {
            set_calls(connection, act, row.citizen_id, false)?;
            try_again(connection, act, &row, Some(CallState::Declined))
        }
        Some(true) => {
            reached(connection, act, &row, docket, office, wish)?;
            if wants_none { set_calls(connection, act, row.citizen_id, false) } else { Ok(()) }
        }
        Some(false) => {
            let most = act.rules.number("callback_tries")?;
            let is_last = i64::from(row.attempts) + 1 >= most;
            try_again(connection, act, &row, is_last.then_some(CallState::NotReached))
        }
    }
}

/// Counts a try; with an end where it was the last.
fn try_again(connection: &mut DbConnection, act: &Act, row: &CallRow, end: Option<CallState>) -> Result<()> {
    use callbacks as c;
    diesel::update(c::table.find(row.id))
        .set((
            (c::attempts.eq(row.attempts + 1), c::tried_at.eq(act.now)),
            (c::called_by.eq(act.actor.user()), c::state.eq(end.unwrap_or(row.state))),
        ))
        .execute(connection)?;
    Ok(())
}

fn reached(
    connection: &mut DbConnection,
    act: &Act,
    row: &CallRow,
    mut docket: Docket,
    office: OfficeId,
    wish: &CallResult,
) -> Result<()> {
    let mut fields = Fields::default();
    let claim = match wish.claim.as_deref() {
        Some(code) => fields.take(input::choice::<Claim>("claim", code)),
        None => {
            fields.add(FieldError::required("claim"));
            None
        }
    };
    let comment =
        fields.take(input::optional_text("comment", wish.comment.as_deref(), input::TEXT_MAX)).flatten();
    confidentiality::guard_words(connection, act, &docket.row, "comment", comment.as_deref())?;
    let (score, given) = score(&act.rules.check_items(), &wish.answers, &mut fields);
    fields.finish()?;
    let claim = claim.ok_or_else(|| Error::internal("a call without claim passed its check"))?;
    let is_closed = docket.life.status == Status::Closed;
    let suspected = is_closed && contradicts(act, claim, row.outcome.as_deref());
    let answers = serde_json::to_string(&given).map_err(|error| Error::Internal(Box::new(error)))?;
    use callbacks as c;
    diesel::update(c::table.find(row.id))
        .set((
            (c::attempts.eq(row.attempts + 1), c::tried_at.eq(act.now), c::called_by.eq(act.actor.user())),
            (c::state.eq(CallState::Reached), c::claim.eq(claim), c::score.eq(score)),
            (c::answers.eq(answers), c::comment.eq(comment)),
            c::finding.eq(suspected.then_some(Finding::Suspected)),
        ))
        .execute(connection)?;
    let fact = Fact::CitizenCalledBack { callback: row.id, claim: claim.to_string(), score };
    record(connection, act, &mut docket, &[fact], Some(office)).map(drop)
}

/// Whether the citizen's word and the closing cannot both be true: what was told as resolved, wholly or partly, is
/// not; or nobody ever answered, whatever the outcome says.
fn contradicts(act: &Act, claim: Claim, outcome: Option<&str>) -> bool {
    let outcome = outcome.and_then(|code| act.rules.outcomes.get(code));
    let closes_as = outcome.map_or("other", |outcome| outcome.closes_as.as_str());
    match claim {
        Claim::Resolved | Claim::Partly => false,
        Claim::NotResolved => matches!(closes_as, "resolved" | "partly"),
        Claim::NeverContacted => matches!(closes_as, "resolved" | "partly" | "not_resolved"),
    }
}

/// Notes whether a citizen may be rung up about closed cases; with a no, open calls to them are declined.
pub fn allow_calls(
    connection: &mut DbConnection,
    act: &Act,
    citizen: CitizenId,
    allowed: bool,
) -> Result<()> {
    policy::allow_anywhere(act, Verb::EditCitizens)?;
    crate::domain::citizens::load(connection, &act.vault, citizen)?;
    set_calls(connection, act, Some(citizen), allowed)?;
    let open = callbacks::table.filter(callbacks::citizen_id.eq(citizen));
    if !allowed {
        diesel::update(open.filter(callbacks::state.eq(CallState::Open)))
            .set(callbacks::state.eq(CallState::Declined))
            .execute(connection)?;
    }
    let detail = if allowed { "calls allowed" } else { "no calls" };
    definitions::log(connection, act, "change", &format!("citizen:{citizen}"), detail)
}

fn set_calls(
    connection: &mut DbConnection,
    act: &Act,
    citizen: Option<CitizenId>,
    allowed: bool,
) -> Result<()> {
    use no_calls as n;
    let Some(citizen) = citizen else { return Ok(()) };
    if allowed {
        diesel::delete(n::table.find(citizen)).execute(connection)?;
        return Ok(());
    }
    let row = (n::citizen_id.eq(citizen), n::recorded_by.eq(act.actor.user()), n::at.eq(act.now));
    on_both!(connection, |c| diesel::insert_into(n::table).values(row).on_conflict_do_nothing().execute(c))?;
    Ok(())
}
