//! Merge: what the standing record lacks it takes, the cases go over, and both contacts are told.

use diesel::prelude::*;

use super::super::reach;
use super::super::requests::RequestState;
use super::{MergeRecords, Taken, lead, lock, moved, tell};
use crate::db::DbConnection;
use crate::db::schema::{citizen_merges as m, erasure_requests as e};
use crate::db::types::{CitizenId, CitizenMergeId, UserId};
use crate::domain::actor::Act;
use crate::domain::citizens::{self, Citizen};
use crate::domain::vault::field;
use crate::domain::{definitions, input};
use crate::error::{Code, Error, FieldError, Fields, Result};

/// Puts the other record of a person to this one, which stands for both; gives the record that stands.
///
/// # Errors
/// `NotFound` where a record is not there or not the actor's to change; `second_person_required` where a case of one
/// is about the actor; `different_identifiers`; `merge_other_way`; `erasure_pending`; `already_done`; field errors.
pub fn merge(
    connection: &mut DbConnection,
    act: &Act,
    id: CitizenId,
    wish: &MergeRecords,
) -> Result<CitizenId> {
    let id = reach::allow(connection, act, id)?;
    let by = act.actor.user().ok_or(Error::Forbidden(Code::Forbidden))?;
    let (other, reason) = checked(connection, act, &wish.other, &wish.reason)?;
    let other = citizens::standing(connection, other)?;
    if other == id {
        return Err(Error::Conflict(Code::AlreadyDone));
    }
    lock(connection, [id, other])?;
    for record in [id, other] {
        reach::be_impartial(connection, act, record)?;
        stay_out_of_erasure(connection, record)?;
    }
    let standing = citizens::load(connection, &act.vault, id)?;
    let other = citizens::load(connection, &act.vault, other)?;
    may_be_one(&standing, &other)?;
    let told = tell::Told::before(connection, &standing, &other)?;
    let merge = put_together(connection, act, (standing, &other), by, &reason)?;
    moved::over(connection, act, merge, other.id, id)?;
    told.of_merging(connection, act)?;
    definitions::log(connection, act, "merge", &format!("citizen:{id}"), &format!("citizen:{}", other.id))?;
    definitions::log(connection, act, "merge", &format!("citizen:{}", other.id), &format!("citizen:{id}"))?;
    Ok(id)
}

/// The record that stands takes what it lacks, and the other one leads to it.
fn put_together(
    connection: &mut DbConnection,
    act: &Act,
    (mut standing, other): (Citizen, &Citizen),
    by: UserId,
    reason: &str,
) -> Result<CitizenMergeId> {
    let took = take(&mut standing, other);
    standing.updated_at = act.now;
    citizens::rewrite(connection, act, &standing)?;
    let records = citizens::records(connection, other.id)?;
    lead(connection, &records, Some(standing.id), act.now)?;
    let merge: CitizenMergeId = act.id();
    let took = took.iter().map(|field| field.as_str()).collect::<Vec<_>>().join(" ");
    diesel::insert_into(m::table)
        .values((
            (m::id.eq(merge), m::citizen_id.eq(standing.id), m::other_id.eq(other.id), m::took.eq(took)),
            m::reason.eq(act.vault.seal(field!(citizen_merges::reason), merge, reason)?),
            (m::merged_by.eq(by), m::merged_at.eq(act.now)),
        ))
        .execute(connection)?;
    Ok(merge)
}

/// The record that is named, which the actor must be allowed to change as well, and the reason.
pub(super) fn checked(
    connection: &mut DbConnection,
    act: &Act,
    other: &str,
    reason: &str,
) -> Result<(CitizenId, String)> {
    let mut fields = Fields::default();
    let reason = fields.take(input::text("reason", reason, input::LINE_MAX)).unwrap_or_default();
    let named = fields.take(input::text("other", other, input::LINE_MAX)).and_then(|text| {
        fields.take(text.parse::<CitizenId>().map_err(|_| {
            let (fa, en) = ("شناسه رکورد دیگر را بنویسید.", "Give the id of the other record.");
            FieldError::new("other", "invalid", fa, en)
        }))
    });
    if let Some(named) = named {
        match reach::allow(connection, act, named) {
            Err(Error::NotFound) => {
                let (fa, en) = (
                    "چنین رکوردی نیست یا پرونده‌ای از آن پیش شما نیست.",
                    "There is no such record, or none of its cases is with you.",
                );
                fields.add(FieldError::new("other", "unknown", fa, en));
            }
            allowed => drop(allowed?),
        }
    }
    fields.finish()?;
    named.map(|named| (named, reason)).ok_or_else(|| Error::internal("a record that was checked is missing"))
}

/// Whether nothing says that two records are of two persons.
pub(super) fn may_be_one(standing: &Citizen, other: &Citizen) -> Result<()> {
    match (&standing.identifier, &other.identifier) {
        (Some(_), Some(_)) => Err(Error::Conflict(Code::DifferentIdentifiers)),
        (None, Some(_)) => Err(Error::Conflict(Code::MergeOtherWay)),
        (_, None) => Ok(()),
    }
}

/// What is asked to be erased of one must not take the other with it.
fn stay_out_of_erasure(connection: &mut DbConnection, record: CitizenId) -> Result<()> {
    let running: i64 = e::table
        .filter(e::citizen_id.eq(record))
        .filter(e::state.eq_any([RequestState::Open, RequestState::Granted]))
        .count()
        .get_result(connection)?;
    if running > 0 { Err(Error::Conflict(Code::ErasurePending)) } else { Ok(()) }
}

/// Fills what the standing record lacks; gives what was taken.
fn take(standing: &mut Citizen, other: &Citizen) -> Vec<Taken> {
    let mut other = other.clone();
    let mut took = Vec::new();
    for field in Taken::ALL {
        let (place, value) = (field.of(standing), field.of(&mut other));
        if place.is_none() && value.is_some() {
            place.clone_from(value);
            took.push(*field);
        }
    }
    took
}
