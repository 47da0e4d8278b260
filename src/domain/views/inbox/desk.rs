//! Work of a desk that no referral stands for: cases past their outer limit that nobody leads, and sealed cases that
//! wait for an extract.

use std::collections::HashMap;

use diesel::prelude::*;

use super::{Desks, Item, Tray};
use crate::db::DbConnection;
use crate::db::connection::MultiBackend;
use crate::db::prepared::OneOf;
use crate::db::schema::{cases, interim_demands};
use crate::db::types::{CaseId, OfficeId, Time};
use crate::domain::actor::Act;
use crate::domain::cases::CaseRow;
use crate::domain::cases::life::Status;
use crate::domain::cases::list::Cursor;
use crate::domain::confidentiality::wanting::unextracted;
use crate::domain::visibility;
use crate::error::Result;

/// Cases past their outer limit that nobody leads, at the offices that hold them, by when the limit passed. Beside the
/// triage of the same desk, the whole list has each once.
pub(super) fn unled_page(
    connection: &mut DbConnection,
    act: &Act,
    desks: &Desks,
    name: Option<Tray>,
    limit: i64,
    cursor: Option<&Cursor>,
) -> Result<Vec<Item>> {
    let mut query = match name {
        Some(_) => unled(act, &desks.holding),
        None => {
            let others = desks.holding.iter().filter(|office| !desks.triage.contains(office));
            unled(act, &others.copied().collect::<Vec<_>>())
        }
    };
    if let Some(c) = cursor {
        let id = CaseId(c.id);
        query = query.filter(cases::outer_at.gt(c.at).or(cases::outer_at.eq(c.at).and(cases::id.gt(id))));
    }
    let rows: Vec<CaseRow> = query
        .order((cases::outer_at.asc(), cases::id.asc()))
        .limit(limit)
        .select(CaseRow::as_select())
        .load(connection)?;
    Ok(rows.into_iter().map(|row| (row.outer_at.unwrap_or(row.due_at), row.id.0, row, None)).collect())
}

/// Sealed cases that wait for an extract, by due time. In the whole list those at the desk are told by its triage.
pub(super) fn extract_page(
    connection: &mut DbConnection,
    act: &Act,
    desks: &Desks,
    name: Option<Tray>,
    limit: i64,
    cursor: Option<&Cursor>,
) -> Result<Vec<Item>> {
    if desks.extract.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = unextracted(&desks.extract).filter(visibility::visible(act));
    if name.is_none() {
        query = query.filter(cases::status.ne_all([Status::Registered, Status::Classified]));
    }
    if let Some(c) = cursor {
        let id = CaseId(c.id);
        query = query.filter(cases::due_at.gt(c.at).or(cases::due_at.eq(c.at).and(cases::id.gt(id))));
    }
    let rows: Vec<CaseRow> = query
        .order((cases::due_at.asc(), cases::id.asc()))
        .limit(limit)
        .select(CaseRow::as_select())
        .load(connection)?;
    Ok(rows.into_iter().map(|row| (row.due_at, row.id.0, row, None)).collect())
}

pub(super) fn unled<'a>(act: &Act, offices: &[OfficeId]) -> cases::BoxedQuery<'a, MultiBackend> {
    cases::table
        .filter(cases::id.eq_any(demanded_cases()))
        .filter(cases::holder_office_id.one_of(offices.to_vec()))
        .filter(cases::lead_referral_id.is_null())
        .filter(cases::status.one_of([Status::Registered, Status::Classified]))
        .filter(visibility::visible(act))
        .into_boxed()
}

/// Cases of which an interim answer is demanded.
#[diesel::dsl::auto_type(no_type_alias)]
pub(super) fn demanded_cases() -> _ {
    interim_demands::table.filter(interim_demands::settled_at.is_null()).select(interim_demands::case_id)
}

/// When the interim answers are due that are demanded of these cases, and why they are.
pub(super) fn demanded(
    connection: &mut DbConnection,
    items: &[Item],
) -> Result<HashMap<CaseId, (Time, String)>> {
    let answers = |(_, _, row, hop): &&Item| {
        hop.as_ref().map_or(row.lead_referral_id.is_none(), |hop| row.lead_referral_id == Some(hop.id))
    };
    let ids: Vec<CaseId> = items.iter().filter(answers).map(|(_, _, row, _)| row.id).collect();
    let rows: Vec<(CaseId, Time, String)> = interim_demands::table
        .filter(interim_demands::settled_at.is_null().and(interim_demands::case_id.one_of(ids)))
        .select((interim_demands::case_id, interim_demands::due_at, interim_demands::cause))
        .load(connection)?;
    Ok(rows.into_iter().map(|(case, due, cause)| (case, (due, cause))).collect())
}
