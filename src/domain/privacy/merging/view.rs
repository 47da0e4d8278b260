//! A citizen's record as staff see it, with the records that were put to it.

use diesel::prelude::*;
use serde::Serialize;

use super::{MergeRow, Taken, moved};
use crate::db::DbConnection;
use crate::db::schema::citizen_merges as m;
use crate::db::types::{CaseId, CitizenId, CitizenMergeId, Time, UserId};
use crate::domain::actor::Act;
use crate::domain::confidentiality::{Why, reads};
use crate::domain::rulebook::Verb;
use crate::domain::vault::field;
use crate::domain::views::CitizenView;
use crate::domain::{citizens, definitions, policy, users};
use crate::error::Result;

/// Two records that were put together.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct MergeView {
    pub id: CitizenMergeId,
    /// The record that stood for both.
    pub citizen: CitizenId,
    pub other: CitizenId,
    pub reason: String,
    /// What the standing record took from the other.
    pub took: Vec<Taken>,
    /// Cases that went over, as far as the reader may know of them; sealed ones are not told.
    pub cases: Vec<CaseId>,
    /// User name.
    pub by: Option<String>,
    pub at: Time,
    pub undone_at: Option<Time>,
    pub undone_reason: Option<String>,
}

/// The record that stands for a person.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct RecordView {
    #[serde(flatten)]
    pub citizen: CitizenView,
    /// Every merging of this record, the newest first; at most a hundred.
    pub merges: Vec<MergeView>,
}

/// The record that stands for the person of this one; the reading is logged.
///
/// # Errors
/// `Forbidden` without the right to read citizens; `NotFound` without such a record.
pub fn record_of(connection: &mut DbConnection, act: &Act, id: CitizenId) -> Result<RecordView> {
    policy::allow_anywhere(act, Verb::ReadCitizens)?;
    let id = citizens::standing(connection, id)?;
    let citizen = citizens::load(connection, &act.vault, id)?;
    definitions::log(connection, act, "read", &format!("citizen:{id}"), "")?;
    reads::of_record(connection, act, id, Verb::ReadCitizens, Why::CitizenRecord)?;
    let rows: Vec<MergeRow> = m::table
        .filter(m::citizen_id.eq(id).or(m::other_id.eq(id)))
        .order(m::id.desc())
        .limit(100)
        .select(MergeRow::as_select())
        .load(connection)?;
    let people: Vec<UserId> = rows.iter().map(|row| row.merged_by).collect();
    let names = if people.is_empty() { Default::default() } else { users::names(connection, &people)? };
    let mut merges = Vec::new();
    for row in rows {
        let undone_reason = act.vault.open_some(
            connection,
            field!(citizen_merges::undone_reason),
            row.id,
            row.undone_reason.as_ref(),
        )?;
        merges.push(MergeView {
            id: row.id,
            citizen: row.citizen_id,
            other: row.other_id,
            reason: act.vault.open(connection, field!(citizen_merges::reason), row.id, &row.reason)?,
            took: row.took(),
            cases: moved::seen(connection, act, row.id)?,
            by: names.get(&row.merged_by).map(|(username, _)| username.clone()),
            at: row.merged_at,
            undone_at: row.undone_at,
            undone_reason,
        });
    }
    Ok(RecordView { citizen: CitizenView::of(&citizen), merges })
}
