//! Unmerge: the other record stands for itself again, with its cases; the standing one gives back what it took.

use std::collections::BTreeSet;

use diesel::prelude::*;

use super::super::{notices, reach};
use super::join::checked;
use super::{MergeRow, UnmergeRecords, lead, lock, moved};
use crate::db::DbConnection;
use crate::db::schema::citizen_merges as m;
use crate::db::types::{CitizenId, CitizenMergeId};
use crate::domain::actor::Act;
use crate::domain::citizens;
use crate::domain::definitions;
use crate::domain::notifications::Facts;
use crate::domain::vault::field;
use crate::error::{Code, Error, Result};

/// Takes a record that was merged by mistake out again; gives the record that stood for both.
///
/// # Errors
/// `records_not_merged`; `second_person_required` where a case of them is about the actor; field errors.
pub fn unmerge(
    connection: &mut DbConnection,
    act: &Act,
    id: CitizenId,
    wish: &UnmergeRecords,
) -> Result<CitizenId> {
    let id = reach::allow(connection, act, id)?;
    let by = act.actor.user().ok_or(Error::Forbidden(Code::Forbidden))?;
    let (other, reason) = checked(connection, act, &wish.other, &wish.reason)?;
    lock(connection, [id, other])?;
    let row: Option<MergeRow> = m::table
        .filter(m::other_id.eq(other).and(m::citizen_id.eq(id)).and(m::undone_at.is_null()))
        .select(MergeRow::as_select())
        .first(connection)
        .optional()?;
    let row = row.ok_or(Error::Conflict(Code::RecordsNotMerged))?;
    reach::be_impartial(connection, act, id)?;
    let since = moved::filed_since(connection, act, &row, &wish.cases)?;
    give_back(connection, act, &row)?;
    let undone = act.vault.seal(field!(citizen_merges::undone_reason), row.id, &reason)?;
    diesel::update(m::table.find(row.id))
        .set((m::undone_by.eq(by), m::undone_at.eq(act.now), m::undone_reason.eq(undone)))
        .execute(connection)?;
    let below = below(connection, other)?;
    lead(connection, &below, Some(other), act.now)?;
    lead(connection, &[other], None, act.now)?;
    moved::back(connection, act, row.id, (id, other), &since)?;
    for record in [id, other] {
        notices::tell(connection, act, record, "citizen_unmerged", |_| Facts::default())?;
    }
    definitions::log(connection, act, "unmerge", &format!("citizen:{id}"), &format!("citizen:{other}"))?;
    definitions::log(connection, act, "unmerge", &format!("citizen:{other}"), &format!("citizen:{id}"))?;
    Ok(id)
}

/// What was taken and not corrected since leaves the standing record.
fn give_back(connection: &mut DbConnection, act: &Act, row: &MergeRow) -> Result<()> {
    let mut standing = citizens::load(connection, &act.vault, row.citizen_id)?;
    let mut other = citizens::load(connection, &act.vault, row.other_id)?;
    for field in row.took() {
        let (place, value) = (field.of(&mut standing), field.of(&mut other));
        if place == value {
            *place = None;
        }
    }
    standing.updated_at = act.now;
    citizens::rewrite(connection, act, &standing)
}

/// The records that had been merged into this one before it was merged itself.
fn below(connection: &mut DbConnection, root: CitizenId) -> Result<Vec<CitizenId>> {
    let standing: Vec<(CitizenMergeId, CitizenId, CitizenId)> = {
        let records = citizens::records(connection, root)?;
        m::table
            .filter(m::other_id.eq_any(records).and(m::undone_at.is_null()))
            .order(m::id.desc())
            .select((m::id, m::citizen_id, m::other_id))
            .load(connection)?
    };
    // a record can only have been merged into one that was merged later: newest first, parents come before children
    let mut found = BTreeSet::from([root]);
    for (_, into, other) in standing {
        if found.contains(&into) {
            found.insert(other);
        }
    }
    found.remove(&root);
    Ok(found.into_iter().collect())
}
