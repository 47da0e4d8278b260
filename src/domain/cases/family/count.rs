//! How many persons and households a group is; at the threshold it becomes a mass case by itself.

use std::collections::BTreeMap;

use diesel::prelude::*;

use super::group::group_of;
use super::household::{Person, households};
use super::links;
use crate::db::DbConnection;
use crate::db::schema::{cases, families};
use crate::db::types::{CaseId, CitizenId};
use crate::domain::actor::Act;
use crate::domain::cases::docket::Docket;
use crate::domain::cases::life::{Fact, Relation};
use crate::domain::cases::record;
use crate::domain::citizens;
use crate::domain::vault::field;
use crate::error::Result;

/// Counts persons and households anew; at the threshold the group becomes a mass case, below it a joint one.
pub(super) fn count(connection: &mut DbConnection, act: &Act, case: CaseId) -> Result<()> {
    let Some(before) = group_of(connection, case)? else { return Ok(()) };
    let persons = persons(connection, act, case)?;
    let homes = households(&persons);
    let reaches = |count: usize, limit: &str| -> Result<bool> {
        Ok(i64::try_from(count).unwrap_or(i64::MAX) >= act.rules.number(limit)?)
    };
    let is_mass = reaches(persons.len(), "mass_case_min")? && reaches(homes, "mass_households_min")?;
    let sizes = (i32::try_from(persons.len()).unwrap_or(i32::MAX), i32::try_from(homes).unwrap_or(i32::MAX));
    if (before.persons, before.households, before.is_mass) == (sizes.0, sizes.1, is_mass) {
        return Ok(());
    }
    let mut docket = Docket::of_family(connection, act, case)?;
    diesel::update(families::table.find(case))
        .set((families::persons.eq(sizes.0), families::households.eq(sizes.1), families::is_mass.eq(is_mass)))
        .execute(connection)?;
    let (persons, households) = (sizes.0.unsigned_abs(), sizes.1.unsigned_abs());
    record(connection, act, &mut docket, &[Fact::GroupCounted { persons, households, is_mass }], None)?;
    Ok(())
}

/// Everybody in the group, each once; a case that names nobody adds no person.
fn persons(connection: &mut DbConnection, act: &Act, case: CaseId) -> Result<Vec<Person>> {
    let links = links::links_to(connection, case)?;
    let mut heads: BTreeMap<CaseId, String> = BTreeMap::new();
    let mut ids = vec![case];
    for link in links.into_iter().filter(|link| link.relation == Relation::Member) {
        ids.push(link.case_id);
        let head = link.household_head.as_ref();
        let head = act.vault.open_some(connection, field!(family_links::household_head), link.id, head)?;
        heads.extend(head.map(|head| (link.case_id, head)));
    }
    let filed: Vec<(CaseId, Option<CitizenId>)> = cases::table
        .filter(cases::id.eq_any(&ids))
        .order(cases::id)
        .select((cases::id, cases::citizen_id))
        .load(connection)?;
    let known = citizens::load_all(connection, &act.vault, filed.iter().filter_map(|(_, citizen)| *citizen))?;
    let mut found: BTreeMap<CitizenId, Person> = BTreeMap::new();
    for (case, citizen) in filed {
        let Some(citizen) = citizen.and_then(|id| known.get(&id)) else { continue };
        let person = found.entry(citizen.id).or_insert_with(|| Person {
            identifier: citizen.identifier.clone(),
            head: None,
            postal_code: citizen.postal_code.clone(),
            address: citizen.address.as_deref().map(citizens::address_key),
        });
        person.head = person.head.take().or_else(|| heads.remove(&case));
    }
    Ok(found.into_values().collect())
}
