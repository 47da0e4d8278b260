//! Where a case goes that must leave its office: the nearest desk above that is free of conflict, else the
//! inspection office, else the centre.

use std::collections::BTreeSet;

use diesel::prelude::*;

use super::Conflict;
use crate::db::DbConnection;
use crate::db::schema::{user_roles, users as accounts};
use crate::db::types::{OfficeId, UserId};
use crate::domain::actor::{Act, Role};
use crate::domain::rulebook::{Offices, Reach, Verb};
use crate::domain::users;
use crate::error::{Code, Error, Result};

/// The nearest office above `from` that is free of conflict and of which `is_staffed` holds; else the inspection
/// office, else the centre, as far as they are free.
pub fn nearest(
    offices: &Offices,
    conflict: &Conflict,
    from: OfficeId,
    is_staffed: impl Fn(OfficeId) -> bool,
) -> Option<OfficeId> {
    let is_free = |office: &OfficeId| !conflict.bars_office(offices, *office);
    let takes = |office: &OfficeId| offices.get(*office).is_some_and(|row| !row.signpost_only);
    let mut above = offices.with_ancestors(from).into_iter().skip(1);
    above
        .find(|office| is_free(office) && takes(office) && is_staffed(*office))
        .or_else(|| offices.inspection().filter(is_free))
        .or_else(|| Some(offices.centre()).filter(is_free))
}

/// The office `from` where none of these conflicts bars it, else the nearest one above that none bars; else the
/// inspection office, else the centre, as far as they are free.
pub fn free_of_all(offices: &Offices, conflicts: &[Conflict], from: OfficeId) -> Option<OfficeId> {
    let is_free = |office: &OfficeId| !conflicts.iter().any(|one| one.bars_office(offices, *office));
    let takes = |office: &OfficeId| offices.get(*office).is_some_and(|row| !row.signpost_only);
    offices
        .with_ancestors(from)
        .into_iter()
        .find(|office| is_free(office) && takes(office))
        .or_else(|| offices.inspection().filter(is_free))
        .or_else(|| Some(offices.centre()).filter(is_free))
}

/// The office above that takes a case about conduct: the nearest one above whom it is about which is free of
/// conflict and to which `from` may lead, the centre aside; else the inspection office.
pub fn above(offices: &Offices, conflict: &Conflict, from: OfficeId) -> Option<OfficeId> {
    let is_free = |office: &OfficeId| !conflict.bars_office(offices, *office);
    let complained_of = conflict.office.iter().chain(&conflict.own).next().copied();
    let line = complained_of.map(|office| offices.with_ancestors(office)).unwrap_or_default();
    line.into_iter()
        .skip(1)
        .filter(|office| {
            *office != offices.centre() && offices.get(*office).is_some_and(|row| !row.signpost_only)
        })
        .find(|office| is_free(office) && offices.may_lead_to(from, *office))
        .or_else(|| offices.inspection().filter(is_free))
}

/// The desk that takes a case over from `from`.
///
/// # Errors
/// `no_free_desk` where the complaint is about the inspection office and the centre at once.
pub fn free(
    connection: &mut DbConnection,
    act: &Act,
    conflict: &Conflict,
    from: OfficeId,
    verb: Verb,
) -> Result<OfficeId> {
    let line = act.rules.offices.with_ancestors(from);
    let staffed = staffed(connection, act, conflict, line, verb, &BTreeSet::new())?;
    nearest(&act.rules.offices, conflict, from, |office| staffed.contains(&office))
        .ok_or(Error::Conflict(Code::NoFreeDesk))
}

/// Whether somebody of this office itself without a conflict, and none of `but`, may do `verb`.
pub fn is_staffed(
    connection: &mut DbConnection,
    act: &Act,
    conflict: &Conflict,
    office: OfficeId,
    verb: Verb,
    but: &BTreeSet<UserId>,
) -> Result<bool> {
    Ok(!staffed(connection, act, conflict, vec![office], verb, but)?.is_empty())
}

/// Offices of these where somebody without a conflict, and none of `but`, may do `verb`.
fn staffed(
    connection: &mut DbConnection,
    act: &Act,
    conflict: &Conflict,
    offices: Vec<OfficeId>,
    verb: Verb,
    but: &BTreeSet<UserId>,
) -> Result<BTreeSet<OfficeId>> {
    use user_roles as r;
    let rows: Vec<(UserId, Role, OfficeId)> = r::table
        .inner_join(accounts::table)
        .filter(accounts::is_active.eq(true).and(r::office_id.eq_any(offices)))
        .select((r::user_id, r::role, r::office_id))
        .load(connection)?;
    let mut staffed = BTreeSet::new();
    for (user, role, office) in rows {
        if but.contains(&user) || staffed.contains(&office) || act.rules.reach(role, verb) == Reach::None {
            continue;
        }
        let person = users::staff(connection, user)?;
        if person.is_some_and(|person| !conflict.bars_person(&act.rules.offices, &person)) {
            staffed.insert(office);
        }
    }
    Ok(staffed)
}
