//! Calls to be made and calls made, as far as the reader may see their cases.

use std::collections::{BTreeMap, HashMap};

use diesel::prelude::*;
use serde::Serialize;

use super::{CallState, Claim, Finding};
use crate::db::DbConnection;
use crate::db::schema::{callbacks, cases};
use crate::db::types::{CallbackId, CaseId, OfficeId, SampleId, Time, UserId};
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::CaseRow;
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
    /// Whom to ring up and about what; the citizen is shown to those who may read identities.
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
