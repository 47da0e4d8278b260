//! Link: cases point to a problem; whoever links sees both.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::impartial::clear;
use super::row::{ProblemRow, find, lock, note};
use crate::db::DbConnection;
use crate::db::schema::{cases, problem_cases};
use crate::db::types::{CaseId, ProblemId, Time};
use crate::domain::actor::Act;
use crate::domain::cases::life::Fact;
use crate::domain::cases::{Docket, Expected, TrackingCode, record};
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::domain::visibility;
use crate::error::{Error, FieldError, Fields, Result};

/// Cases that are linked in one call.
const MOST: usize = 500;

/// The cases of a problem.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Ids or tracking codes, 1 to 500.
    pub cases: Vec<String>,
}

/// Links cases to a problem; one that points to it already stays as it is. A citizen whose case is linked after
/// the settlement is told of it too. Where a case is about the owner, the problem goes to a free office above.
///
/// # Errors
/// Each case that is not there for the actor, or points to another problem, is named.
pub fn link(connection: &mut DbConnection, act: &Act, id: ProblemId, wish: &Link) -> Result<ProblemRow> {
    let office = policy::allow_anywhere(act, Verb::LinkProblem)?;
    let problem = lock(connection, act, id)?;
    let mut fields = Fields::default();
    if wish.cases.is_empty() || wish.cases.len() > MOST {
        let (fa, en) = ("یک تا ۵۰۰ پرونده نام ببرید.", "Name 1 to 500 cases.");
        return Err(Error::field(FieldError::new("cases", "out_of_range", fa, en)));
    }
    let mut new = Vec::new();
    for (index, name) in wish.cases.iter().enumerate() {
        let field = format!("cases[{index}]");
        let Some(case) = visible_case(connection, act, name)? else {
            fields.add(FieldError::unknown(field, name));
            continue;
        };
        match of_case(connection, case)? {
            Some(other) if other != id => fields.add(FieldError::new(
                field,
                "already_linked",
                "این پرونده به مسئله دیگری پیوند دارد؛ نخست آن پیوند را بردارید.",
                "This case points to another problem; remove that link first.",
            )),
            Some(_) => {}
            None => new.push(case),
        }
    }
    fields.finish()?;
    // in one order, so that two who link the same cases do not wait for each other
    new.sort();
    new.dedup();
    let notice_at: Option<Time> = (problem.state.is_settled() && problem.round > 0).then_some(act.now);
    for case in &new {
        let mut docket = Docket::open(connection, act, *case, Expected::Any)?;
        let fact = Fact::ProblemLinked { problem: id };
        let event = record(connection, act, &mut docket, &[fact], Some(office))?;
        use problem_cases as l;
        diesel::insert_into(l::table)
            .values((
                (l::case_id.eq(case), l::problem_id.eq(id), l::event_id.eq(event)),
                (l::linked_by.eq(act.actor.user()), l::linked_at.eq(act.now), l::notice_at.eq(notice_at)),
            ))
            .execute(connection)?;
    }
    if !new.is_empty() {
        note(connection, act, id, Some(office), "cases_linked", Some(&new.len().to_string()))?;
        clear(connection, act, id)?;
    }
    find(connection, act, id)
}

/// A case by id or tracking code, where the actor sees it.
fn visible_case(connection: &mut DbConnection, act: &Act, name: &str) -> Result<Option<CaseId>> {
    let seen = cases::table.filter(visibility::visible(act)).select(cases::id).into_boxed();
    let found = match (TrackingCode::parse(name), name.parse::<CaseId>()) {
        (Ok(code), _) => seen.filter(cases::tracking_code.eq(code.as_str().to_owned())).first(connection),
        (Err(_), Ok(id)) => seen.filter(cases::id.eq(id)).first(connection),
        (Err(_), Err(_)) => return Ok(None),
    };
    Ok(found.optional()?)
}

/// The problem that a case points to.
pub fn of_case(connection: &mut DbConnection, case: CaseId) -> Result<Option<ProblemId>> {
    Ok(problem_cases::table.find(case).select(problem_cases::problem_id).first(connection).optional()?)
}

/// Takes a case out of a problem; whoever was told already stays told.
///
/// # Errors
/// `NotFound` where the case is not visible or does not point to this problem.
pub fn unlink(connection: &mut DbConnection, act: &Act, id: ProblemId, case: CaseId) -> Result<ProblemRow> {
    let office = policy::allow_anywhere(act, Verb::LinkProblem)?;
    lock(connection, act, id)?;
    let there =
        problem_cases::table.filter(problem_cases::case_id.eq(case).and(problem_cases::problem_id.eq(id)));
    if diesel::delete(there).execute(connection)? == 0 {
        return Err(Error::NotFound);
    }
    let mut docket = Docket::open(connection, act, case, Expected::Any)?;
    record(connection, act, &mut docket, &[Fact::ProblemUnlinked { problem: id }], Some(office))?;
    note(connection, act, id, Some(office), "case_unlinked", None)?;
    find(connection, act, id)
}
