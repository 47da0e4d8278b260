//! Extracts, requests for an identity and the log of readings, as staff and as the citizen see them.

use serde::Serialize;

use super::case::{OfficeView, office_view};
use crate::db::DbConnection;
use crate::db::types::{CaseId, IdentityRequestId, ReadId, Time, UserId};
use crate::domain::actor::{Act, Role};
use crate::domain::cases::CaseRow;
use crate::domain::confidentiality::extract::{self, ExtractRow, ExtractState};
use crate::domain::confidentiality::reads::{self as log, What, Why};
use crate::domain::confidentiality::requests::{RequestRow, State};
use crate::domain::users;
use crate::error::{Language, Result};

/// The extract of a sealed case.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ExtractView {
    pub case_id: CaseId,
    /// `proposed`: to be read and confirmed; `confirmed`: what the body reads.
    pub state: ExtractState,
    pub subject: Option<String>,
    pub text: String,
    pub remedy_sought: Option<String>,
    /// User name of whoever had it proposed, or confirmed it.
    pub author: Option<String>,
    pub at: Time,
    /// The citizen said something since that it does not tell; have a new one proposed.
    pub behind: bool,
}

/// An extract.
pub fn extract_view(connection: &mut DbConnection, act: &Act, row: ExtractRow) -> Result<ExtractView> {
    let behind = extract::is_behind(connection, act, &row)?;
    let names = users::names(connection, &[row.author_id])?;
    Ok(ExtractView {
        case_id: row.case_id,
        state: row.state,
        author: names.get(&row.author_id).map(|(username, _)| username.clone()),
        subject: row.subject,
        text: row.text,
        remedy_sought: row.remedy_sought,
        at: row.at,
        behind,
    })
}

/// A request to see the identity behind a sealed case.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct RequestView {
    pub id: IdentityRequestId,
    pub case_id: CaseId,
    pub state: State,
    /// User name of whoever asked, and the office asked for.
    pub asked_by: Option<String>,
    pub office: OfficeView,
    pub reason: String,
    pub asked_at: Time,
    pub decided_by: Option<String>,
    pub decided_at: Option<Time>,
    pub decision_reason: Option<String>,
    /// User name of the one person who may see it.
    pub released_to: Option<String>,
    pub until: Option<Time>,
    pub revoked_by: Option<String>,
    pub revoked_at: Option<Time>,
    pub revoke_reason: Option<String>,
}

/// One request.
pub fn request(connection: &mut DbConnection, act: &Act, row: RequestRow) -> Result<RequestView> {
    let mut all = requests(connection, act, vec![row])?;
    all.pop().ok_or(crate::error::Error::NotFound)
}

/// These requests, in their order.
pub fn requests(connection: &mut DbConnection, act: &Act, rows: Vec<RequestRow>) -> Result<Vec<RequestView>> {
    let people: Vec<UserId> = rows
        .iter()
        .flat_map(|row| [Some(row.asked_by), row.decided_by, row.released_to, row.revoked_by])
        .flatten()
        .collect();
    let names = users::names(connection, &people)?;
    let name = |id: Option<UserId>| id.and_then(|id| names.get(&id)).map(|(username, _)| username.clone());
    let view = |row: RequestRow| RequestView {
        id: row.id,
        case_id: row.case_id,
        state: row.state(act.now),
        asked_by: name(Some(row.asked_by)),
        office: office_view(act, row.office_id),
        reason: row.reason,
        asked_at: row.asked_at,
        decided_by: name(row.decided_by),
        decided_at: row.decided_at,
        decision_reason: row.decision_reason,
        released_to: name(row.released_to),
        until: row.until,
        revoked_by: name(row.revoked_by),
        revoked_at: row.revoked_at,
        revoke_reason: row.revoke_reason,
    };
    Ok(rows.into_iter().map(view).collect())
}

/// One reading, for auditors.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ReadView {
    pub id: ReadId,
    /// None where the citizen's record was read outside any case.
    pub case_id: Option<CaseId>,
    /// User name.
    pub user: Option<String>,
    pub role: Role,
    pub office: OfficeView,
    pub why: Why,
    pub what: What,
    /// The release under which it was read.
    pub request_id: Option<IdentityRequestId>,
    pub at: Time,
}

/// The readings of a case, newest first.
pub fn reads(
    connection: &mut DbConnection,
    act: &Act,
    row: &CaseRow,
    before: Option<ReadId>,
    limit: i64,
) -> Result<Vec<ReadView>> {
    let rows = log::of_case(connection, row, before, limit)?;
    let people: Vec<UserId> = rows.iter().map(|row| row.user_id).collect();
    let names = users::names(connection, &people)?;
    let view = |row: log::ReadRow| ReadView {
        id: row.id,
        case_id: row.case_id,
        user: names.get(&row.user_id).map(|(username, _)| username.clone()),
        role: row.role,
        office: office_view(act, row.office_id),
        why: row.why,
        what: row.what,
        request_id: row.request_id,
        at: row.at,
    };
    Ok(rows.into_iter().map(view).collect())
}

/// One reading, for the citizen: by which office and role, for what and when; never by whom.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct OwnReadView {
    pub id: ReadId,
    pub office: OfficeView,
    /// The role in plain words of the reader's language.
    pub role: String,
    pub why: Why,
    /// The purpose in plain words of the reader's language.
    pub purpose: String,
    pub what: What,
    pub at: Time,
}

/// The readings of a case and of its citizen's record, newest first, for that citizen.
pub fn own_reads(
    connection: &mut DbConnection,
    act: &Act,
    row: &CaseRow,
    before: Option<ReadId>,
    limit: i64,
    reader: Language,
) -> Result<Vec<OwnReadView>> {
    let view = |row: log::ReadRow| {
        let role = act.rules.roles.get(&row.role);
        let role = role.map(|role| if reader == Language::En { role.en.clone() } else { role.fa.clone() });
        OwnReadView {
            id: row.id,
            office: office_view(act, row.office_id),
            role: role.unwrap_or_else(|| row.role.to_string()),
            why: row.why,
            purpose: row.why.name(reader).to_owned(),
            what: row.what,
            at: row.at,
        }
    };
    Ok(log::of_case(connection, row, before, limit)?.into_iter().map(view).collect())
}
