//! Records that may be of the same person, as registration recognises them: proposed, never merged by the service.

use serde::Serialize;

use super::join::may_be_one;
use crate::db::DbConnection;
use crate::db::types::CitizenId;
use crate::domain::actor::Act;
use crate::domain::citizens::{self, Citizen, Kin, Relative, Tie};
use crate::domain::confidentiality::{Why, reads};
use crate::domain::rulebook::Verb;
use crate::domain::text::search_key;
use crate::domain::views::CitizenView;
use crate::domain::{definitions, policy};
use crate::error::Result;

/// Another record that may be of the same person.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Duplicate {
    /// Initials only.
    pub record: CitizenView,
    /// What both records say.
    pub tie: Tie,
    /// Both say the same name too: a merging is proposed. Else ask the citizen first.
    pub is_certain: bool,
    /// The record that would stand: the one with an identifier, else the older one.
    pub stands: CitizenId,
}

/// Records that share a contact with this person's and have no other name, the certain ones first.
///
/// # Errors
/// `Forbidden` without the right to read citizens; `NotFound` without such a record.
pub fn possible_duplicates(
    connection: &mut DbConnection,
    act: &Act,
    id: CitizenId,
) -> Result<Vec<Duplicate>> {
    policy::allow_anywhere(act, Verb::ReadCitizens)?;
    let id = citizens::standing(connection, id)?;
    let own = citizens::load(connection, &act.vault, id)?;
    definitions::log(connection, act, "read", &format!("citizen:{id}"), "possible duplicates")?;
    reads::of_record(connection, act, id, Verb::ReadCitizens, Why::CitizenRecord)?;
    let mut near = citizens::relatives(connection, act, &own)?;
    near.retain(|relative| relative.kin == Kin::Citizen);
    let known = citizens::load_all(connection, &act.vault, near.iter().map(|relative| relative.id))?;
    let mut found: Vec<Duplicate> =
        near.iter().filter_map(|relative| judged(&own, known.get(&relative.id)?, relative)).collect();
    found.sort_by_key(|one| (!one.is_certain, one.record.id));
    Ok(found)
}

fn judged(own: &Citizen, other: &Citizen, relative: &Relative) -> Option<Duplicate> {
    let (first, second) = if own.id < other.id { (own, other) } else { (other, own) };
    let stands = match (may_be_one(first, second), may_be_one(second, first)) {
        (Ok(()), _) => first.id,
        (_, Ok(())) => second.id,
        // two identifiers are two persons
        (Err(_), Err(_)) => return None,
    };
    let name = |citizen: &Citizen| citizen.name.as_deref().map(search_key);
    Some(Duplicate {
        record: CitizenView::masked(other),
        tie: relative.tie,
        is_certain: name(own).is_some() && name(own) == name(other),
        stands,
    })
}
