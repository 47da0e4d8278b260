//! Two records of one person are put together, and taken apart again with nothing lost (requirement tag P1.1).
//!
//! The record that stands takes over the cases and what it lacks; the other one stays as it was and leads to it, so
//! that an unmerging gives back exactly what was taken. Records with two different identifiers are two persons.

mod duplicates;
mod join;
mod moved;
mod part;
mod tell;
mod view;

use std::collections::BTreeSet;

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

pub use duplicates::{Duplicate, possible_duplicates};
pub use join::merge;
pub use part::unmerge;
pub use view::{MergeView, RecordView, record_of};

use crate::db::DbConnection;
use crate::db::dialect::for_update;
use crate::db::schema::{citizen_merges, citizens};
use crate::db::sealed::Sealed;
use crate::db::types::{CitizenId, CitizenMergeId, Time, UserId};
use crate::domain::citizens::Citizen;
use crate::error::Result;
use crate::text_enum;

/// Two records of one person.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeRecords {
    /// Id of the second record; it leads to this one from then on.
    pub other: String,
    /// By what it is known that they are of one person.
    pub reason: String,
}

/// A merging that was wrong.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnmergeRecords {
    /// Id of the record that is taken out again.
    pub other: String,
    /// By what it is known that they are of two persons.
    pub reason: String,
    /// Ids or tracking codes of cases that were filed since the merging and belong to the other person.
    #[serde(default)]
    pub cases: Vec<String>,
}

text_enum! {
    /// What the standing record can take from the other.
    pub enum Taken {
        Name = "name", Mobile = "mobile", Phone = "phone", Email = "email", Address = "address",
        PostalCode = "postal_code", HouseholdHead = "household_head",
        PreferredChannel = "preferred_channel",
    }
}

impl Taken {
    fn of(self, citizen: &mut Citizen) -> &mut Option<String> {
        match self {
            Taken::Name => &mut citizen.name,
            Taken::Mobile => &mut citizen.mobile,
            Taken::Phone => &mut citizen.phone,
            Taken::Email => &mut citizen.email,
            Taken::Address => &mut citizen.address,
            Taken::PostalCode => &mut citizen.postal_code,
            Taken::HouseholdHead => &mut citizen.household_head,
            Taken::PreferredChannel => &mut citizen.preferred_channel,
        }
    }
}

/// A merging as stored.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = citizen_merges)]
struct MergeRow {
    id: CitizenMergeId,
    citizen_id: CitizenId,
    other_id: CitizenId,
    reason: Sealed,
    took: String,
    merged_by: UserId,
    merged_at: Time,
    undone_at: Option<Time>,
    undone_reason: Option<Sealed>,
}

impl MergeRow {
    fn took(&self) -> Vec<Taken> {
        self.took.split(' ').filter_map(|field| field.parse().ok()).collect()
    }
}

/// Locks records in the order of their ids.
fn lock(connection: &mut DbConnection, ids: [CitizenId; 2]) -> Result<()> {
    for id in BTreeSet::from(ids) {
        let _: CitizenId =
            for_update(citizens::table.find(id).select(citizens::id)).get_result(connection)?;
    }
    Ok(())
}

/// Lets records lead to another, or stand for themselves.
fn lead(
    connection: &mut DbConnection,
    records: &[CitizenId],
    into: Option<CitizenId>,
    now: Time,
) -> Result<()> {
    diesel::update(citizens::table.filter(citizens::id.eq_any(records)))
        .set((citizens::merged_into.eq(into), citizens::updated_at.eq(now)))
        .execute(connection)?;
    Ok(())
}
