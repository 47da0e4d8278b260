//! Which records are of one person: a second record that was merged stays as it was, and leads to the one that
//! stands for the person (tag P1.1).

use std::collections::BTreeMap;

use diesel::prelude::*;

use super::{Citizen, load_all};
use crate::db::DbConnection;
use crate::db::schema::{citizen_merge_cases, citizen_merges, citizens};
use crate::db::types::{CaseId, CitizenId};
use crate::domain::vault::Vault;
use crate::error::Result;

/// The record that stands for the person of this one: itself, unless it was merged into another.
///
/// # Errors
/// `NotFound` without such a record.
pub fn standing(connection: &mut DbConnection, id: CitizenId) -> Result<CitizenId> {
    let into: Option<CitizenId> = citizens::table.find(id).select(citizens::merged_into).first(connection)?;
    Ok(into.unwrap_or(id))
}

/// All records of the person of whom this is one, the standing one first; only itself once it is gone.
pub fn records(connection: &mut DbConnection, id: CitizenId) -> Result<Vec<CitizenId>> {
    let root = standing(connection, id).or_else(|error| match error {
        crate::error::Error::NotFound => Ok(id),
        other => Err(other),
    })?;
    let merged: Vec<CitizenId> = citizens::table
        .filter(citizens::merged_into.eq(root))
        .order(citizens::id)
        .select(citizens::id)
        .load(connection)?;
    Ok([vec![root], merged].concat())
}

/// The records that were merged into these, each with the one that stands for it.
pub fn merged_among(
    connection: &mut DbConnection,
    of: &[CitizenId],
) -> Result<BTreeMap<CitizenId, CitizenId>> {
    let rows: Vec<(CitizenId, Option<CitizenId>)> = citizens::table
        .filter(citizens::merged_into.eq_any(of.iter().copied().map(Some).collect::<Vec<_>>()))
        .select((citizens::id, citizens::merged_into))
        .load(connection)?;
    Ok(rows.into_iter().filter_map(|(id, into)| Some((id, into?))).collect())
}

/// The merged records under which a case was filed before it went over to the standing one.
pub fn filed_under(connection: &mut DbConnection, vault: &Vault, case: CaseId) -> Result<Vec<Citizen>> {
    let ids: Vec<CitizenId> = citizen_merge_cases::table
        .inner_join(citizen_merges::table)
        .filter(citizen_merge_cases::case_id.eq(case).and(citizen_merges::undone_at.is_null()))
        .order(citizen_merges::id)
        .select(citizen_merges::other_id)
        .load(connection)?;
    let mut known = load_all(connection, vault, ids.clone())?;
    Ok(ids.into_iter().filter_map(|id| known.remove(&id)).collect())
}
