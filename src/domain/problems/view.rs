//! Problems as staff see them.

use std::collections::HashMap;

use diesel::prelude::*;
use serde::Serialize;

use super::answer::{ProblemAnswerRow, pending, standing_answer};
use super::row::{ProblemRow, counts};
use super::{Counts, ProblemState};
use crate::db::DbConnection;
use crate::db::schema::{cases, problem_cases, problem_events};
use crate::db::types::{CaseId, OfficeId, ProblemId, Time, UserId};
use crate::domain::actor::Act;
use crate::domain::cases::life::Status;
use crate::domain::users;
use crate::domain::views::{OfficeView, office_view};
use crate::domain::visibility;
use crate::error::Result;

/// A problem, for staff.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ProblemView {
    pub id: ProblemId,
    pub code: String,
    pub name_fa: String,
    pub name_en: String,
    pub description: String,
    pub category: Option<String>,
    pub province: Option<String>,
    pub county: Option<String>,
    /// The owner.
    pub office: OfficeView,
    /// User name of the person who runs it.
    pub user: Option<String>,
    pub state: ProblemState,
    pub cause: Option<String>,
    pub public: bool,
    pub created_at: Time,
    pub due_at: Time,
    pub overdue: bool,
    /// The last point of the deadline that was reached, in percent.
    pub late_mark: Option<i32>,
    pub counts: Counts,
    /// The approved answer.
    pub answer: Option<ProblemAnswerView>,
    /// The answer that waits for a second person.
    pub pending_answer: Option<ProblemAnswerView>,
    /// Why it is not solvable.
    pub reason: Option<String>,
    pub settled_at: Option<Time>,
    /// What was done, oldest first; in the reply for one problem.
    pub history: Vec<ProblemEventView>,
}

/// An answer to a problem.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ProblemAnswerView {
    pub text_fa: String,
    pub text_en: Option<String>,
    pub author: Option<String>,
    pub created_at: Time,
    pub approved_by: Option<String>,
    pub approved_at: Option<Time>,
}

/// A line of a problem's history.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ProblemEventView {
    pub at: Time,
    pub event: String,
    pub user: Option<String>,
    pub office: Option<String>,
    pub detail: Option<String>,
}

/// A case of a problem.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct LinkedCase {
    pub case_id: CaseId,
    pub tracking_code: String,
    pub status: Status,
    pub kind: String,
    pub category: Option<String>,
    pub linked_at: Time,
}

/// One problem with its history.
pub fn view(connection: &mut DbConnection, act: &Act, row: &ProblemRow) -> Result<ProblemView> {
    let history = history(connection, act, row.id)?;
    let mut views = views(connection, act, std::slice::from_ref(row))?;
    let mut view = views.remove(0);
    view.history = history;
    Ok(view)
}

/// Several problems, without their history.
pub fn views(connection: &mut DbConnection, act: &Act, rows: &[ProblemRow]) -> Result<Vec<ProblemView>> {
    let ids: Vec<ProblemId> = rows.iter().map(|row| row.id).collect();
    let counted = counts(connection, &ids)?;
    let people: Vec<UserId> = rows.iter().filter_map(|row| row.user_id).collect();
    let names = users::names(connection, &people)?;
    let one = |row: &ProblemRow| -> Result<ProblemView> {
        Ok(ProblemView {
            id: row.id,
            code: row.code.clone(),
            name_fa: row.name_fa.clone(),
            name_en: row.name_en.clone(),
            description: row.description.clone(),
            category: row.category.clone(),
            province: row.province.clone(),
            county: row.county.clone(),
            office: office_view(act, row.office_id),
            user: row.user_id.and_then(|id| names.get(&id)).map(|(username, _)| username.clone()),
            state: row.state,
            cause: row.cause.clone(),
            public: row.is_public,
            created_at: row.created_at,
            due_at: row.due_at,
            overdue: !row.state.is_settled() && row.due_at < act.now,
            late_mark: row.fired,
            counts: counted.get(&row.id).copied().unwrap_or_default(),
            answer: answer_view(connection, standing_answer, row.id)?,
            pending_answer: answer_view(connection, pending, row.id)?,
            reason: row.reason.clone(),
            settled_at: row.settled_at,
            history: Vec::new(),
        })
    };
    rows.iter().map(one).collect()
}

type ReadAnswer = fn(&mut DbConnection, ProblemId) -> Result<Option<ProblemAnswerRow>>;

fn answer_view(
    connection: &mut DbConnection,
    read: ReadAnswer,
    id: ProblemId,
) -> Result<Option<ProblemAnswerView>> {
    let Some(row) = read(connection, id)? else { return Ok(None) };
    let people: Vec<UserId> = [Some(row.author_id), row.decided_by].into_iter().flatten().collect();
    let names: HashMap<UserId, (String, String)> = users::names(connection, &people)?;
    let name = |id: UserId| names.get(&id).map(|(username, _)| username.clone());
    Ok(Some(ProblemAnswerView {
        author: name(row.author_id),
        approved_by: row.decided_by.and_then(name),
        approved_at: row.decided_at,
        text_fa: row.text_fa,
        text_en: row.text_en,
        created_at: row.created_at,
    }))
}

fn history(connection: &mut DbConnection, act: &Act, id: ProblemId) -> Result<Vec<ProblemEventView>> {
    use problem_events as e;
    type Line = (Time, String, Option<UserId>, Option<OfficeId>, Option<String>);
    let rows: Vec<Line> = e::table
        .filter(e::problem_id.eq(id))
        .order(e::id)
        .select((e::at, e::event, e::user_id, e::office_id, e::detail))
        .load(connection)?;
    let people: Vec<UserId> = rows.iter().filter_map(|row| row.2).collect();
    let names = users::names(connection, &people)?;
    let line = |(at, event, user, office, detail): Line| ProblemEventView {
        at,
        event,
        user: user.and_then(|id| names.get(&id)).map(|(username, _)| username.clone()),
        office: office.map(|office| act.rules.offices.code(office)),
        detail,
    };
    Ok(rows.into_iter().map(line).collect())
}

/// One page of the cases of a problem that the reader may see, after `after`. Sealed cases are counted, never
/// listed.
pub fn linked_cases(
    connection: &mut DbConnection,
    act: &Act,
    id: ProblemId,
    after: Option<CaseId>,
    limit: i64,
) -> Result<Vec<LinkedCase>> {
    let of_problem =
        problem_cases::table.filter(problem_cases::problem_id.eq(id)).select(problem_cases::case_id);
    type Row = (CaseId, String, Status, String, Option<String>);
    let rows: Vec<Row> = cases::table
        .filter(cases::id.eq_any(of_problem))
        .filter(cases::id.gt(after.unwrap_or(CaseId(0))))
        .filter(cases::is_sealed.eq(false))
        .filter(visibility::visible(act))
        .order(cases::id)
        .limit(limit)
        .select((cases::id, cases::tracking_code, cases::status, cases::kind, cases::category))
        .load(connection)?;
    let ids: Vec<CaseId> = rows.iter().map(|row| row.0).collect();
    let linked: HashMap<CaseId, Time> = problem_cases::table
        .filter(problem_cases::case_id.eq_any(ids))
        .select((problem_cases::case_id, problem_cases::linked_at))
        .load::<(CaseId, Time)>(connection)?
        .into_iter()
        .collect();
    Ok(rows
        .into_iter()
        .map(|(case_id, tracking_code, status, kind, category)| LinkedCase {
            linked_at: linked.get(&case_id).copied().unwrap_or(act.now),
            case_id,
            tracking_code,
            status,
            kind,
            category,
        })
        .collect())
}
