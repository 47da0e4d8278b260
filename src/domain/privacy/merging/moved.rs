//! The cases that go over with a record, and back: each says so in its history.

use diesel::prelude::*;

use super::MergeRow;
use crate::db::DbConnection;
use crate::db::dialect::for_update;
use crate::db::schema::{cases, citizen_merge_cases as c};
use crate::db::types::{CaseId, CitizenId, CitizenMergeId};
use crate::domain::actor::Act;
use crate::domain::cases::life::{Fact, citizen_digest};
use crate::domain::cases::{CaseRow, Docket, TrackingCode, record};
use crate::domain::visibility;
use crate::error::{Error, FieldError, Fields, Result};

/// Takes every case of one record over to another, and keeps which these were.
pub(super) fn over(
    connection: &mut DbConnection,
    act: &Act,
    merge: CitizenMergeId,
    from: CitizenId,
    to: CitizenId,
) -> Result<()> {
    let theirs = cases::table.filter(cases::citizen_id.eq(from)).order(cases::id).select(cases::id);
    let theirs: Vec<CaseId> = for_update(theirs).load(connection)?;
    for case in theirs {
        diesel::insert_into(c::table)
            .values((c::merge_id.eq(merge), c::case_id.eq(case)))
            .execute(connection)?;
        let citizen_digest = Some(citizen_digest(&act.keys, case, to));
        hand(connection, act, case, to, Fact::CitizenMerged { merge, citizen_digest })?;
    }
    Ok(())
}

/// Gives the cases of a merging back, and those that were filed since and are the other person's as well.
pub(super) fn back(
    connection: &mut DbConnection,
    act: &Act,
    merge: CitizenMergeId,
    (from, to): (CitizenId, CitizenId),
    since: &[CaseId],
) -> Result<()> {
    let kept = c::table.filter(c::merge_id.eq(merge)).select(c::case_id);
    let theirs = cases::table
        .filter(cases::citizen_id.eq(from))
        .filter(cases::id.eq_any(kept).or(cases::id.eq_any(since.to_vec())))
        .order(cases::id)
        .select(cases::id);
    let theirs: Vec<CaseId> = for_update(theirs).load(connection)?;
    theirs.into_iter().try_for_each(|case| {
        let citizen_digest = Some(citizen_digest(&act.keys, case, to));
        hand(connection, act, case, to, Fact::CitizenUnmerged { merge, citizen_digest })
    })
}

fn hand(connection: &mut DbConnection, act: &Act, case: CaseId, to: CitizenId, fact: Fact) -> Result<()> {
    diesel::update(cases::table.find(case)).set(cases::citizen_id.eq(to)).execute(connection)?;
    let row: CaseRow = cases::table.find(case).select(CaseRow::as_select()).first(connection)?;
    let mut docket = Docket::of_row(connection, act, row)?;
    record(connection, act, &mut docket, &[fact], None).map(drop)
}

/// The named cases: of the standing record, filed since the merging, and visible to the actor.
///
/// # Errors
/// A field error for each that is not.
pub(super) fn filed_since(
    connection: &mut DbConnection,
    act: &Act,
    row: &MergeRow,
    named: &[String],
) -> Result<Vec<CaseId>> {
    let mut fields = Fields::default();
    let mut found = Vec::new();
    for (index, text) in named.iter().enumerate() {
        let code = TrackingCode::parse(text).map(|code| code.as_str().to_owned()).unwrap_or_default();
        let id = text.trim().parse().unwrap_or(CaseId(0));
        let case: Option<CaseId> = cases::table
            .filter(cases::id.eq(id).or(cases::tracking_code.eq(code)))
            .filter(cases::citizen_id.eq(row.citizen_id).and(cases::registered_at.ge(row.merged_at)))
            .filter(visibility::visible(act))
            .select(cases::id)
            .first(connection)
            .optional()?;
        match case {
            Some(case) => found.push(case),
            None => {
                let (fa, en) = (
                    "پرونده‌ای را نام ببرید که پس از ادغام برای همین شهروند ثبت شده است؛ پرونده‌های پیشین خود بازمی‌گردند.",
                    "Name a case of this citizen that was filed since the merging; earlier ones go back by themselves.",
                );
                fields.add(FieldError::new(format!("cases[{index}]"), "unknown", fa, en));
            }
        }
    }
    fields.finish()?;
    Ok(found)
}

/// The cases of a merging that the actor sees; a sealed one is never told by the record beside it.
pub(super) fn seen(connection: &mut DbConnection, act: &Act, merge: CitizenMergeId) -> Result<Vec<CaseId>> {
    let kept = c::table.filter(c::merge_id.eq(merge)).select(c::case_id);
    cases::table
        .filter(cases::id.eq_any(kept).and(cases::is_sealed.eq(false)))
        .filter(visibility::visible(act))
        .order(cases::id)
        .select(cases::id)
        .load(connection)
        .map_err(Error::from)
}
