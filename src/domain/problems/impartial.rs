//! Conflict of interest: a problem is one matter with the cases behind it, so whoever must have no part in one of
//! these has none in the problem (requirement tag S4.7). They do not see it, count it, own it, answer it or hear of
//! its deadlines; where its owner comes to be barred, the problem goes to the nearest free office above.

use diesel::dsl::not;
use diesel::prelude::*;

use super::ProblemState;
use super::answer::pending;
use super::row::{ProblemRow, find, lock, note};
use crate::db::DbConnection;
use crate::db::among::among;
use crate::db::connection::MultiBackend;
use crate::db::schema::{cases, problem_answers, problem_cases, problems};
use crate::db::types::{OfficeId, ProblemId, UserId};
use crate::domain::actor::Act;
use crate::domain::cases::{CaseRow, clocks};
use crate::domain::conflict::{Conflict, condition, desk};
use crate::domain::users;
use crate::error::{Code, Error, FieldError, Fields, Result};

/// Problems of which the actor may know.
pub(super) fn free<'a>(act: &Act) -> problems::BoxedQuery<'a, MultiBackend> {
    let barred = problem_cases::table.filter(among(problem_cases::case_id, condition::barred(act)));
    problems::table.filter(not(among(problems::id, barred.select(problem_cases::problem_id)))).into_boxed()
}

/// Whether the actor may know of this one.
pub(super) fn is_free(connection: &mut DbConnection, act: &Act, id: ProblemId) -> Result<bool> {
    let there: i64 = problem_cases::table
        .filter(problem_cases::problem_id.eq(id))
        .filter(among(problem_cases::case_id, condition::barred(act)))
        .count()
        .get_result(connection)?;
    Ok(there == 0)
}

/// Whom the cases of a problem are about.
pub(super) fn conflicts(connection: &mut DbConnection, act: &Act, id: ProblemId) -> Result<Vec<Conflict>> {
    let linked: Vec<CaseRow> = cases::table
        .inner_join(problem_cases::table)
        .filter(problem_cases::problem_id.eq(id))
        .filter(condition::ABOUT_SOMEBODY)
        .select(CaseRow::as_select())
        .load(connection)?;
    linked.iter().map(|row| Conflict::of(connection, &act.rules, row)).collect()
}

/// Whether an account must have no part in it.
fn bars_user(connection: &mut DbConnection, act: &Act, conflicts: &[Conflict], user: UserId) -> Result<bool> {
    if conflicts.is_empty() {
        return Ok(false);
    }
    let person = users::staff(connection, user)?;
    let bars = |one: &Conflict| {
        one.user == Some(user)
            || person.as_ref().is_some_and(|person| one.bars_person(&act.rules.offices, person))
    };
    Ok(conflicts.iter().any(bars))
}

/// Refuses an owner whom a case of the problem is about.
pub(super) fn check_owner(
    connection: &mut DbConnection,
    act: &Act,
    id: ProblemId,
    (office, user): (Option<OfficeId>, Option<UserId>),
    fields: &mut Fields,
) -> Result<()> {
    let conflicts = conflicts(connection, act, id)?;
    if office.is_some_and(|office| conflicts.iter().any(|one| one.bars_office(&act.rules.offices, office))) {
        fields.add(FieldError::new(
            "office",
            "conflict_of_interest",
            "پرونده‌ای از این مسئله درباره این واحد یا بالادست آن است؛ واحدی بی‌طرف را نام ببرید.",
            "A case of this problem is about this office or one above it; name an office that is free.",
        ));
    }
    if let Some(user) = user
        && bars_user(connection, act, &conflicts, user)?
    {
        fields.add(FieldError::new(
            "user",
            "conflict_of_interest",
            "این کاربر در پرونده‌ای از این مسئله تعارض منافع دارد؛ کس دیگری را نام ببرید.",
            "This user has a conflict of interest in a case of this problem; name another.",
        ));
    }
    Ok(())
}

/// What must change so that nobody with a conflict keeps a part: the free owner, and whether person and draft stay.
struct Taint {
    office: OfficeId,
    keeps_user: bool,
    keeps_draft: bool,
}

fn taint(connection: &mut DbConnection, act: &Act, row: &ProblemRow) -> Result<Option<Taint>> {
    let conflicts = conflicts(connection, act, row.id)?;
    if conflicts.is_empty() || row.state.is_settled() {
        return Ok(None);
    }
    let office = desk::free_of_all(&act.rules.offices, &conflicts, row.office_id)
        .ok_or(Error::Conflict(Code::NoFreeDesk))?;
    let bars = |connection: &mut DbConnection, user: Option<UserId>| match user {
        Some(user) => bars_user(connection, act, &conflicts, user),
        None => Ok(false),
    };
    let author = pending(connection, row.id)?.map(|draft| draft.author_id);
    let keeps_user = !bars(connection, row.user_id)?;
    let keeps_draft = !bars(connection, author)?;
    let is_clean = office == row.office_id && keeps_user && keeps_draft;
    Ok((!is_clean).then_some(Taint { office, keeps_user, keeps_draft }))
}

/// Problems of which somebody has a part who must have none; where nobody could take one, it is logged and left.
pub fn tainted(connection: &mut DbConnection, act: &Act) -> Result<Vec<ProblemId>> {
    let about_somebody = cases::table.filter(condition::ABOUT_SOMEBODY).select(cases::id);
    let linked = problem_cases::table.filter(problem_cases::case_id.eq_any(about_somebody));
    let rows: Vec<ProblemRow> = problems::table
        .filter(problems::id.eq_any(linked.select(problem_cases::problem_id)))
        .filter(problems::state.ne_all([ProblemState::Solved, ProblemState::Dropped]))
        .select(ProblemRow::as_select())
        .load(connection)?;
    let mut found = Vec::new();
    for row in rows {
        match taint(connection, act, &row) {
            Ok(Some(_)) => found.push(row.id),
            Ok(None) => {}
            Err(error @ Error::Unavailable { .. }) => return Err(error),
            Err(error) => {
                tracing::error!(problem.id = %row.id, %error, "a problem about those who own it finds no free office; give it to another");
            }
        }
    }
    Ok(found)
}

/// Takes a problem out of the hands of those whom its cases are about; false where it is in nobody's of these.
///
/// # Errors
/// `no_free_desk` where nobody could take it.
pub fn clear(connection: &mut DbConnection, act: &Act, id: ProblemId) -> Result<bool> {
    let row = lock(connection, act, id)?;
    let Some(taint) = taint(connection, act, &row)? else { return Ok(false) };
    if !taint.keeps_draft {
        let drafts = problem_answers::table.filter(problem_answers::problem_id.eq(id));
        diesel::delete(drafts.filter(problem_answers::decided_at.is_null())).execute(connection)?;
    }
    let calendar = act.rules.calendar(taint.office)?;
    let next = clocks::next_point(calendar, row.started_at, row.due_at, row.fired)?;
    let user = row.user_id.filter(|_| taint.keeps_user && taint.office == row.office_id);
    diesel::update(problems::table.find(id))
        .set((problems::office_id.eq(taint.office), problems::user_id.eq(user), problems::next_at.eq(next)))
        .execute(connection)?;
    let to = act.rules.offices.code(taint.office);
    note(connection, act, id, None, "conflict_cleared", Some(&to))?;
    tracing::info!(problem.id = %id, "a problem was taken out of the hands of those its cases are about");
    find(connection, act, id).map(|_| true)
}
