//! What goes with a case's classes: the words and identity of its items, their files, the channel's identifiers.

use diesel::prelude::*;

use crate::db::DbConnection;
use crate::db::schema::{intake_files as f, intake_items as i, item_pages as p};
use crate::db::sealed::Sealed;
use crate::db::types::{CaseId, IntakeItemId, Time};
use crate::domain::actor::Act;
use crate::error::Result;

use super::steps::{self, StepKind};
use super::{ItemState, items};

/// Items of one round.
const ROUND: i64 = 500;

/// Takes away what the items of a case said, and from whom.
pub fn words(connection: &mut DbConnection, act: &Act, case: CaseId) -> Result<()> {
    let ids: Vec<IntakeItemId> = i::table
        .filter(i::case_id.eq(case).and(i::content.is_not_null().or(i::raw.is_not_null())))
        .select(i::id)
        .load(connection)?;
    for id in &ids {
        steps::add(connection, act, *id, &[(StepKind::Erased, None)])?;
    }
    diesel::update(i::table.filter(i::id.eq_any(&ids)))
        .set((i::content.eq(None::<Sealed>), i::raw.eq(None::<Sealed>)))
        .execute(connection)?;
    let of_case = i::table.filter(i::case_id.eq(case)).select(i::id);
    diesel::update(p::table.filter(p::item_id.eq_any(of_case)))
        .set(p::lines.eq(None::<Sealed>))
        .execute(connection)?;
    Ok(())
}

/// Takes away by what the channel knew the items of a case.
pub fn identifiers(connection: &mut DbConnection, case: CaseId) -> Result<()> {
    diesel::update(i::table.filter(i::case_id.eq(case)))
        .set((i::external_id.eq(None::<String>), i::identity_hash.eq(None::<String>), i::content_hash.eq("")))
        .execute(connection)?;
    Ok(())
}

/// Takes the files of a case's items away; gives their digests, whose bytes may go where nothing else names them.
pub fn files(connection: &mut DbConnection, case: CaseId) -> Result<Vec<String>> {
    let ids: Vec<IntakeItemId> = i::table.filter(i::case_id.eq(case)).select(i::id).load(connection)?;
    gone(connection, &ids)
}

/// Takes the files and pages of items away; gives their digests.
fn gone(connection: &mut DbConnection, ids: &[IntakeItemId]) -> Result<Vec<String>> {
    let mut digests: Vec<String> =
        f::table.filter(f::item_id.eq_any(ids)).select(f::sha256).load(connection)?;
    let of_pages: Vec<String> = p::table.filter(p::item_id.eq_any(ids)).select(p::sha256).load(connection)?;
    digests.extend(of_pages);
    diesel::delete(f::table.filter(f::item_id.eq_any(ids))).execute(connection)?;
    diesel::delete(p::table.filter(p::item_id.eq_any(ids))).execute(connection)?;
    Ok(digests)
}

/// Takes away what items said that were set aside before `until`; gives how many, and the digests of their files.
pub fn set_aside(connection: &mut DbConnection, until: Time) -> Result<(usize, Vec<String>)> {
    let ids: Vec<IntakeItemId> = i::table
        .filter(i::state.eq(ItemState::Discarded).and(i::settled_at.lt(until)))
        .filter(i::content_hash.ne("").and(items::aside()))
        .limit(ROUND)
        .select(i::id)
        .load(connection)?;
    let digests = gone(connection, &ids)?;
    diesel::update(i::table.filter(i::id.eq_any(&ids)))
        .set((
            (i::content.eq(None::<Sealed>), i::raw.eq(None::<Sealed>), i::content_hash.eq("")),
            (i::external_id.eq(None::<String>), i::identity_hash.eq(None::<String>)),
        ))
        .execute(connection)?;
    Ok((ids.len(), digests))
}
