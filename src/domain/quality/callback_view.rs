//! Calls to be made and calls made, as far as the reader may see their cases.

use std::collections::{BTreeMap, HashMap};

use diesel::prelude::*;
use serde::Serialize;

use super::callback::not_of_office;
use super::{CallState, Claim, Finding};
use crate::db::DbConnection;
use crate::db::schema::{callbacks, cases, no_calls};
use crate::db::types::{CallbackId, CaseId, CitizenId, OfficeId, SampleId, Time, UserId};
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::{CaseRow, find_visible};
use crate::domain::confidentiality::Disclosure;
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::domain::users;
use crate::domain::views::{self, CaseView};
use crate::domain::visibility;
use crate::error::{Code, Error, Result};

/// A call.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct CallbackView {
    pub id: CallbackId,
    pub sample_id: SampleId,
    pub position: i32,
    /// About what; the citizen by initials in lists. `GET /quality/callbacks/{id}` shows whom to ring up to those who
    /// may read identities, and logs it.
    pub case: CaseView,
    /// Code of the office whose work is asked about.
    pub office: String,
    /// What the case was closed with.
    pub outcome: Option<String>,
    pub state: CallState,
    pub attempts: i32,
    pub tried_at: Option<Time>,
    pub called_by: Option<String>,
    pub claim: Option<Claim>,
    /// 0 to 100.
    pub score: Option<i32>,
    /// Points by item of the checklist: 0 to 2, or 0 and 1 for no and yes.
    pub answers: Option<BTreeMap<String, u32>>,
    pub comment: Option<String>,
    /// Whether the closing is suspected, confirmed or rejected as false.
    pub finding: Option<Finding>,
    pub decided_at: Option<Time>,
    pub note: Option<String>,
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = callbacks)]
struct Row {
    id: CallbackId,
    sample_id: SampleId,
    position: i32,
    case_id: CaseId,
    office_id: OfficeId,
    outcome: Option<String>,
    state: CallState,
    attempts: i32,
    tried_at: Option<Time>,
    called_by: Option<UserId>,
    claim: Option<Claim>,
    score: Option<i32>,
    answers: Option<String>,
    comment: Option<String>,
    finding: Option<Finding>,
    decided_at: Option<Time>,
    note: Option<String>,
}

/// What to list.
#[derive(Debug, Clone, Default)]
pub struct CallbackFilter {
    pub state: Option<CallState>,
    pub finding: Option<Finding>,
    pub sample: Option<SampleId>,
}

/// One page after `after`, by id: of cases that the reader sees, and not of the reader's own office.
pub fn callbacks(
    connection: &mut DbConnection,
    act: &Act,
    filter: &CallbackFilter,
    after: Option<CallbackId>,
    limit: i64,
) -> Result<Vec<CallbackView>> {
    allow(act)?;
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut found = Vec::new();
    let mut after = after.unwrap_or(CallbackId(0));
    // calls about cases that the reader may not see are left out, so one page may take several reads
    while found.len() < size {
        let rows = rows_after(connection, act, filter, after, limit)?;
        let is_last = rows.len() < size;
        let Some(last) = rows.last() else { break };
        after = last.id;
        found.extend(view_all(connection, act, rows)?);
        if is_last {
            break;
        }
    }
    found.truncate(size);
    Ok(found)
}

fn rows_after(
    connection: &mut DbConnection,
    act: &Act,
    filter: &CallbackFilter,
    after: CallbackId,
    limit: i64,
) -> Result<Vec<Row>> {
    use callbacks as c;
    let mut query = c::table.filter(c::id.gt(after)).into_boxed();
    query = query.filter(c::office_id.ne_all(own_offices(act)));
    if let Some(state) = filter.state {
        query = query.filter(c::state.eq(state));
    }
    if let Some(finding) = filter.finding {
        query = query.filter(c::finding.eq(finding));
    }
    if let Some(sample) = filter.sample {
        query = query.filter(c::sample_id.eq(sample));
    }
    Ok(query.order(c::id).limit(limit).select(Row::as_select()).load(connection)?)
}

/// One call after a verb on it.
pub fn callback_view(connection: &mut DbConnection, act: &Act, id: CallbackId) -> Result<CallbackView> {
    let row: Row = callbacks::table.find(id).select(Row::as_select()).first(connection)?;
    view_all(connection, act, vec![row])?.pop().ok_or(Error::NotFound)
}

/// One call with its case whole, as far as this reading goes: whom to ring up, and about what.
pub fn callback_detail(
    connection: &mut DbConnection,
    act: &Act,
    id: CallbackId,
    disclosed: &Disclosure,
) -> Result<CallbackView> {
    let mut view = callback_view(connection, act, id)?;
    let row = find_visible(connection, act, view.case.id)?;
    view.case = views::detail(connection, act, &row, disclosed)?;
    Ok(view)
}

/// The case of a call that the actor may make or judge.
///
/// # Errors
/// `NotFound` where the case is not visible, `other_office` for people of the office that closed it.
pub fn case_of(connection: &mut DbConnection, act: &Act, id: CallbackId) -> Result<CaseRow> {
    allow(act)?;
    let (case, office): (CaseId, OfficeId) =
        callbacks::table.find(id).select((callbacks::case_id, callbacks::office_id)).first(connection)?;
    let row = find_visible(connection, act, case)?;
    not_of_office(act, office)?;
    Ok(row)
}

/// What a citizen said when rung up about a case.
#[derive(Debug, Clone)]
pub struct CallAnswers {
    pub at: Option<Time>,
    pub claim: Option<Claim>,
    pub score: Option<i32>,
    pub answers: Option<BTreeMap<String, u32>>,
    pub comment: Option<String>,
}

/// The calls of a case in which its citizen was reached, oldest first.
pub fn answers_of(connection: &mut DbConnection, case: CaseId) -> Result<Vec<CallAnswers>> {
    let rows: Vec<Row> = callbacks::table
        .filter(callbacks::case_id.eq(case).and(callbacks::state.eq(CallState::Reached)))
        .order(callbacks::id)
        .select(Row::as_select())
        .load(connection)?;
    let one = |row: Row| CallAnswers {
        at: row.tried_at,
        claim: row.claim,
        score: row.score,
        answers: row.answers.as_deref().and_then(|text| serde_json::from_str(text).ok()),
        comment: row.comment,
    };
    Ok(rows.into_iter().map(one).collect())
}

/// Whether a citizen asked not to be rung up about closed cases.
pub fn wants_no_calls(connection: &mut DbConnection, citizen: CitizenId) -> Result<bool> {
    let there: i64 =
        no_calls::table.filter(no_calls::citizen_id.eq(citizen)).count().get_result(connection)?;
    Ok(there > 0)
}

/// Whoever makes calls or judges what they brought.
fn allow(act: &Act) -> Result<()> {
    let Actor::Staff(staff) = &act.actor else { return Err(Error::Forbidden(Code::Forbidden)) };
    let may = [Verb::CallBack, Verb::Reopen];
    match may.iter().any(|verb| policy::holds_anywhere(&act.rules, staff, *verb)) {
        true => Ok(()),
        false => Err(Error::Forbidden(Code::Forbidden)),
    }
}

fn own_offices(act: &Act) -> Vec<OfficeId> {
    match &act.actor {
        Actor::Staff(staff) => staff.assignments.iter().map(|(_, at)| *at).collect(),
        _ => Vec::new(),
    }
}

fn view_all(connection: &mut DbConnection, act: &Act, rows: Vec<Row>) -> Result<Vec<CallbackView>> {
    let ids: Vec<CaseId> = rows.iter().map(|row| row.case_id).collect();
    let seen: Vec<CaseRow> = cases::table
        .filter(cases::id.eq_any(ids))
        .filter(visibility::visible(act))
        .select(CaseRow::as_select())
        .load(connection)?;
    let shown = views::cases(connection, act, &seen)?;
    let shown: HashMap<CaseId, CaseView> = shown.into_iter().map(|case| (case.id, case)).collect();
    let people: Vec<UserId> = rows.iter().filter_map(|row| row.called_by).collect();
    let names = users::names(connection, &people)?;
    let one = |row: Row| {
        Some(CallbackView {
            case: shown.get(&row.case_id)?.clone(),
            office: act.rules.offices.code(row.office_id),
            called_by: row.called_by.and_then(|id| names.get(&id)).map(|(username, _)| username.clone()),
            answers: row.answers.as_deref().and_then(|text| serde_json::from_str(text).ok()),
            id: row.id,
            sample_id: row.sample_id,
            position: row.position,
            outcome: row.outcome,
            state: row.state,
            attempts: row.attempts,
            tried_at: row.tried_at,
            claim: row.claim,
            score: row.score,
            comment: row.comment,
            finding: row.finding,
            decided_at: row.decided_at,
            note: row.note,
        })
    };
    Ok(rows.into_iter().filter_map(one).collect())
}
