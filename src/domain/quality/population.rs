//! From which closed cases a sample is drawn.

use diesel::dsl::not;
use diesel::prelude::*;

use super::CallState;
use super::draw::Candidate;
use crate::db::DbConnection;
use crate::db::among::among;
use crate::db::schema::{callbacks, cases, citizens, no_calls};
use crate::db::types::{CaseId, OfficeId, Time};
use crate::domain::actor::Act;
use crate::domain::cases::life::Status;
use crate::domain::conflict::condition;
use crate::error::Result;

/// The cases a sample is drawn from, by id.
pub(super) fn candidates(
    connection: &mut DbConnection,
    act: &Act,
    (from, to): (Time, Time),
    office: OfficeId,
    kind: Option<&str>,
) -> Result<Vec<Candidate>> {
    let reachable = citizens::table
        .filter(citizens::mobile.is_not_null().or(citizens::phone.is_not_null()))
        .filter(citizens::id.ne_all(no_calls::table.select(no_calls::citizen_id)))
        .select(citizens::id.nullable());
    let mut query = cases::table
        .filter(cases::closed_at.is_not_null())
        .filter(cases::closed_at.ge(from).and(cases::closed_at.lt(to)))
        .filter(cases::status.eq(Status::Closed))
        .filter(cases::outcome.is_not_null())
        .filter(cases::outcome.ne_all(["withdrawn", "merged"].map(|code| Some(code.to_owned()))))
        .filter(cases::citizen_id.eq_any(reachable))
        .filter(not(among(cases::id, condition::barred(act))))
        .into_boxed();
    if let Some(kind) = kind {
        query = query.filter(cases::kind.eq(kind.to_owned()));
    }
    if office != act.rules.offices.centre() {
        let below = act.rules.offices.all().filter(|row| act.rules.offices.is_within(row.id, office));
        let below: Vec<OfficeId> = below.map(|row| row.id).collect();
        query = query.filter(cases::holder_office_id.eq_any(below));
    }
    let rows: Vec<(CaseId, OfficeId)> =
        query.order(cases::id).select((cases::id, cases::holder_office_id)).load(connection)?;
    Ok(rows.into_iter().map(|(case, office)| Candidate { case, office }).collect())
}

/// Nobody is rung up twice about one closing.
pub(super) fn is_covered(connection: &mut DbConnection, case: CaseId, closed: Option<Time>) -> Result<bool> {
    use callbacks as c;
    let asked = c::tried_at.ge(closed).and(c::state.ne(CallState::Covered));
    let there: i64 = c::table
        .filter(c::case_id.eq(case))
        .filter(c::state.eq(CallState::Open).or(asked.assume_not_null()))
        .count()
        .get_result(connection)?;
    Ok(there > 0)
}
