//! Conflict of interest: what a case taught is followed by nobody whom that case is about (requirement tag S4.7). They
//! do not see it, count it or hear of it; where the addressed office comes to be barred, the recommendation goes to the
//! nearest free office above.

use diesel::prelude::*;

use super::AdviceState;
use super::advice::lock;
use super::recommend::{self, due_at};
use crate::db::DbConnection;
use crate::db::dialect::for_update;
use crate::db::schema::{cases, recommendations};
use crate::db::types::{CaseId, OfficeId, RecommendationId};
use crate::domain::actor::Act;
use crate::domain::cases::life::Fact;
use crate::domain::cases::{CaseRow, Docket, clocks, record, sha256_hex};
use crate::domain::conflict::{Conflict, condition, desk};
use crate::error::{Code, Error, Result};

/// States in which somebody has still to act.
const OPEN: [AdviceState; 4] =
    [AdviceState::Sent, AdviceState::Accepted, AdviceState::Done, AdviceState::Refused];

/// Whether the actor may know of what this case taught.
pub(super) fn is_free(connection: &mut DbConnection, act: &Act, case: CaseId) -> Result<bool> {
    Ok(condition::barred_among(connection, act, &[case])?.is_empty())
}

/// Who must have no part in what a case taught.
pub(super) fn conflict_of(connection: &mut DbConnection, act: &Act, case: CaseId) -> Result<Conflict> {
    let row: CaseRow = cases::table.find(case).select(CaseRow::as_select()).first(connection)?;
    Conflict::of(connection, &act.rules, &row)
}

/// The office itself, or whoever is free above it.
///
/// # Errors
/// `no_free_desk` where nobody is.
pub(super) fn free_office(act: &Act, conflict: &Conflict, office: OfficeId) -> Result<OfficeId> {
    desk::free_of_all(&act.rules.offices, std::slice::from_ref(conflict), office)
        .ok_or(Error::Conflict(Code::NoFreeDesk))
}

/// Open recommendations at an office that must have no part in their case; where nobody could take one, it is
/// logged and left.
pub fn tainted(connection: &mut DbConnection, act: &Act) -> Result<Vec<RecommendationId>> {
    use recommendations as r;
    let rows: Vec<(RecommendationId, OfficeId, CaseRow)> = r::table
        .inner_join(cases::table)
        .filter(condition::ABOUT_SOMEBODY)
        .filter(r::state.eq_any(OPEN).and(r::verified_at.is_null()))
        .select((r::id, r::office_id, CaseRow::as_select()))
        .load(connection)?;
    let mut found = Vec::new();
    for (id, office, row) in rows {
        let conflict = Conflict::of(connection, &act.rules, &row)?;
        match free_office(act, &conflict, office) {
            Ok(free) if free == office => {}
            Ok(_) => found.push(id),
            Err(error) => {
                tracing::error!(recommendation.id = %id, %error, "a recommendation to those its case is about finds no free office");
            }
        }
    }
    Ok(found)
}

/// Takes a recommendation from an office that must have no part in its case; false where it may stay.
///
/// # Errors
/// `no_free_desk` where nobody could take it.
pub fn clear(connection: &mut DbConnection, act: &Act, id: RecommendationId) -> Result<bool> {
    use recommendations as r;
    let row = lock(connection, act, id)?;
    let case: CaseRow =
        for_update(cases::table.find(row.case_id).select(CaseRow::as_select())).get_result(connection)?;
    let mut docket = Docket::of_row(connection, act, case)?;
    let office = free_office(act, &docket.conflict, row.office_id)?;
    if office == row.office_id || !OPEN.contains(&row.state) {
        return Ok(false);
    }
    let due = due_at(act, office)?;
    let next = clocks::next_point(act.rules.calendar(office)?, act.now, due, None)?;
    diesel::update(r::table.find(id))
        .set((
            (r::office_id.eq(office), r::state.eq(AdviceState::Sent), r::made_at.eq(act.now)),
            (r::due_at.eq(due), r::fired.eq(None::<i32>), r::next_at.eq(next)),
            (r::reason.eq(None::<String>), r::done_text.eq(None::<String>)),
        ))
        .execute(connection)?;
    let fact =
        Fact::RecommendationMade { recommendation: id, office, text_sha256: sha256_hex(row.text.as_bytes()) };
    let event = record(connection, act, &mut docket, &[fact], None)?;
    recommend::tell(connection, act, &docket.row, event, id).map(|()| true)
}
