//! Referrals and answers as staff see them.

use serde::Serialize;

use super::case::{OfficeView, office_view};
use crate::db::DbConnection;
use crate::db::types::{AnswerId, CaseId, ReferralId, Time, UserId};
use crate::domain::actor::Act;
use crate::domain::cases::CaseRow;
use crate::domain::cases::answer::{self as answering, AnswerRow, AnswerState};
use crate::domain::cases::life::{HopRole, HopState};
use crate::domain::confidentiality::Veil;
use crate::domain::referrals::{self as stored, ReferralRow};
use crate::domain::users;
use crate::error::Result;

/// One hop of a case.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ReferralView {
    pub id: ReferralId,
    pub case_id: CaseId,
    /// The referral above, of which this is a sub-referral.
    pub parent_id: Option<ReferralId>,
    pub from: OfficeView,
    pub office: OfficeView,
    pub role: HopRole,
    pub state: HopState,
    /// User name of the person it is assigned to.
    pub user: Option<String>,
    pub instruction: Option<String>,
    pub sent_at: Time,
    pub accepted_at: Option<Time>,
    pub ended_at: Option<Time>,
    /// None for copies.
    pub due_at: Option<Time>,
    pub overdue: bool,
    /// The last deadline point that was reached, in percent.
    pub reached_percent: Option<i32>,
    pub extensions: i32,
    /// Coded reason of a return.
    pub reason: Option<String>,
    pub note: Option<String>,
    pub suggested_office: Option<String>,
}

/// An interim or final text of an office.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct AnswerView {
    pub id: AnswerId,
    pub case_id: CaseId,
    pub referral_id: ReferralId,
    pub text: String,
    pub interim: bool,
    pub outcome: Option<String>,
    pub reason_code: Option<String>,
    pub state: AnswerState,
    /// User name of the author.
    pub author: Option<String>,
    pub created_at: Time,
    /// User name of the one who approved or rejected.
    pub decided_by: Option<String>,
    pub decided_at: Option<Time>,
    pub decision_note: Option<String>,
    /// When an interim answer promises the final one.
    pub expected_at: Option<Time>,
}

type Names = std::collections::HashMap<UserId, (String, String)>;

/// All referrals of a case, oldest first.
pub fn referrals(connection: &mut DbConnection, act: &Act, case: &CaseRow) -> Result<Vec<ReferralView>> {
    let mut veil = Veil::of(connection, act, case)?;
    let rows = stored::of_case(connection, case.id)?;
    let names = names_of(connection, &rows)?;
    Ok(rows.iter().map(|row| view(act, row, &names, &mut veil)).collect())
}

/// These referrals of many cases, in their order; where a case is sealed, without the words of staff.
pub fn several(
    connection: &mut DbConnection,
    act: &Act,
    rows: &[(ReferralRow, bool)],
) -> Result<Vec<ReferralView>> {
    let hops: Vec<ReferralRow> = rows.iter().map(|(row, _)| row.clone()).collect();
    let names = names_of(connection, &hops)?;
    let view = |(row, is_sealed): &(ReferralRow, bool)| {
        let mut view = view(act, row, &names, &mut Veil::lifted());
        if *is_sealed {
            (view.instruction, view.note) = (None, None);
        }
        view
    };
    Ok(rows.iter().map(view).collect())
}

/// One referral of a case.
pub fn referral(
    connection: &mut DbConnection,
    act: &Act,
    case: &CaseRow,
    row: &ReferralRow,
) -> Result<ReferralView> {
    let mut veil = Veil::of(connection, act, case)?;
    let names = names_of(connection, std::slice::from_ref(row))?;
    Ok(view(act, row, &names, &mut veil))
}

fn names_of(connection: &mut DbConnection, rows: &[ReferralRow]) -> Result<Names> {
    let people: Vec<UserId> = rows.iter().filter_map(|row| row.user_id).collect();
    users::names(connection, &people)
}

fn view(act: &Act, row: &ReferralRow, names: &Names, veil: &mut Veil) -> ReferralView {
    ReferralView {
        id: row.id,
        case_id: row.case_id,
        parent_id: row.parent_id,
        from: office_view(act, row.from_office_id),
        office: office_view(act, row.office_id),
        role: row.role,
        state: row.state,
        user: username(names, row.user_id),
        instruction: veil.some(row.instruction.clone()),
        sent_at: row.sent_at,
        accepted_at: row.accepted_at,
        ended_at: row.ended_at,
        due_at: row.due_at,
        overdue: row.state.is_open() && row.due_at.is_some_and(|due| due < act.now),
        reached_percent: row.fired,
        extensions: row.extensions,
        reason: row.reason_code.clone(),
        note: veil.some(row.note.clone()),
        suggested_office: row.suggested_office_id.map(|id| act.rules.offices.code(id)),
    }
}

fn username(names: &Names, id: Option<UserId>) -> Option<String> {
    id.and_then(|id| names.get(&id)).map(|(username, _)| username.clone())
}

/// All answers of a case, oldest first.
pub fn answers(connection: &mut DbConnection, act: &Act, case: &CaseRow) -> Result<Vec<AnswerView>> {
    let mut veil = Veil::of(connection, act, case)?;
    let rows = answering::of_case(connection, case.id)?;
    rows.iter().map(|row| answer_view(connection, row, &mut veil)).collect()
}

/// One answer of a case.
pub fn answer(
    connection: &mut DbConnection,
    act: &Act,
    case: &CaseRow,
    row: &AnswerRow,
) -> Result<AnswerView> {
    let mut veil = Veil::of(connection, act, case)?;
    answer_view(connection, row, &mut veil)
}

fn answer_view(connection: &mut DbConnection, row: &AnswerRow, veil: &mut Veil) -> Result<AnswerView> {
    let people: Vec<UserId> = [Some(row.author_id), row.decided_by].into_iter().flatten().collect();
    let names = users::names(connection, &people)?;
    Ok(AnswerView {
        id: row.id,
        case_id: row.case_id,
        referral_id: row.referral_id,
        text: veil.words(row.text.clone()),
        interim: row.is_interim,
        outcome: row.outcome.clone(),
        reason_code: row.reason_code.clone(),
        state: row.state,
        author: username(&names, Some(row.author_id)),
        created_at: row.created_at,
        decided_by: username(&names, row.decided_by),
        decided_at: row.decided_at,
        decision_note: veil.some(row.decision_note.clone()),
        expected_at: row.expected_at,
    })
}
