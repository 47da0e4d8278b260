//! The worker's part: which cases a recomputation has still to reach, and when it has reached all.

use diesel::prelude::*;

use super::plan::{Plan, Sides};
use crate::db::DbConnection;
use crate::db::dialect::for_update;
use crate::db::schema::{cases, closure_cases, closure_runs, referrals};
use crate::db::types::{CaseId, ClosureRunId, OfficeId};
use crate::domain::actor::Act;
use crate::domain::cases::life::Status;
use crate::domain::rulebook::{Calendars, Rulebook, Run, changed};
use crate::error::Result;

/// Cases of one step.
#[derive(Debug, Clone)]
pub struct Batch {
    pub run: ClosureRunId,
    pub cases: Vec<CaseId>,
}

/// The offices whose calendar differs; none when all do.
pub(super) fn touched(
    rules: &Rulebook,
    before: &Calendars,
    after: &Calendars,
) -> Result<Option<Vec<OfficeId>>> {
    let mut touched = Vec::new();
    let mut all = 0;
    for office in rules.offices.all() {
        all += 1;
        if before.of(&rules.offices, office.id)? != after.of(&rules.offices, office.id)? {
            touched.push(office.id);
        }
    }
    Ok(if touched.len() == all { None } else { Some(touched) })
}

type Ids<'a> = cases::BoxedQuery<'a, crate::db::connection::MultiBackend, diesel::sql_types::BigInt>;

/// Cases with a running clock or an open window that registered before `begun`, in the order of their ids.
pub(super) fn candidates<'a>(
    act: &Act,
    touched: Option<Vec<OfficeId>>,
    begun: crate::db::types::Time,
) -> Ids<'a> {
    let query = cases::table
        .filter(cases::status.ne(Status::Closed).or(cases::remedy_until.gt(act.now).assume_not_null()))
        .filter(cases::registered_at.lt(begun))
        .select(cases::id)
        .into_boxed();
    let Some(offices) = touched else { return query };
    let of_hops = referrals::table
        .filter(referrals::ended_at.is_null())
        .filter(referrals::office_id.eq_any(offices.clone()))
        .select(referrals::case_id);
    query.filter(
        cases::intake_office_id
            .eq_any(offices.clone())
            .or(cases::holder_office_id.eq_any(offices))
            .or(cases::id.eq_any(of_hops)),
    )
}

/// The next cases of the oldest run that has not ended, after the one that was done last; none when all have ended.
pub fn batch(connection: &mut DbConnection, act: &Act, limit: i64) -> Result<Option<Batch>> {
    let Some(run) = act.rules.pending.first() else { return Ok(None) };
    let cursor: i64 = closure_runs::table.find(run.id).select(closure_runs::cursor).first(connection)?;
    let cases = waiting(act, run)?
        .filter(cases::id.gt(CaseId(cursor)))
        .order(cases::id)
        .limit(limit)
        .load(connection)?;
    Ok(Some(Batch { run: run.id, cases }))
}

fn waiting<'a>(act: &Act, run: &Run) -> Result<Ids<'a>> {
    let touched = touched(&act.rules, &run.before, &run.after)?;
    let done = closure_cases::table.filter(closure_cases::run_id.eq(run.id)).select(closure_cases::case_id);
    Ok(candidates(act, touched, run.begun_at).filter(cases::id.ne_all(done)))
}

/// Notes how far a run has come; counts its cases at first.
pub fn pass(connection: &mut DbConnection, act: &Act, batch: &Batch) -> Result<()> {
    let Some(run) = act.rules.pending.iter().find(|run| run.id == batch.run) else { return Ok(()) };
    let (cursor, total): (i64, Option<i64>) = closure_runs::table
        .find(run.id)
        .select((closure_runs::cursor, closure_runs::total))
        .first(connection)?;
    let last = batch.cases.iter().map(|case| case.0).max().unwrap_or(0).max(cursor);
    let total = match total {
        Some(total) => total,
        None => {
            let touched = touched(&act.rules, &run.before, &run.after)?;
            candidates(act, touched, run.begun_at).count().get_result(connection)?
        }
    };
    diesel::update(closure_runs::table.find(run.id))
        .set((closure_runs::cursor.eq(last), closure_runs::total.eq(total)))
        .execute(connection)?;
    Ok(())
}

/// Ends a run after which no case waits; false where one came in meanwhile, which is then looked at first.
pub fn finish(
    connection: &mut DbConnection,
    act: &Act,
    id: ClosureRunId,
    left_out: &[CaseId],
) -> Result<bool> {
    let _: ClosureRunId =
        for_update(closure_runs::table.find(id).select(closure_runs::id)).get_result(connection)?;
    let Some(run) = act.rules.pending.iter().find(|run| run.id == id) else { return Ok(false) };
    let late: i64 =
        waiting(act, run)?.filter(cases::id.ne_all(left_out.to_vec())).count().get_result(connection)?;
    if late > 0 {
        diesel::update(closure_runs::table.find(id)).set(closure_runs::cursor.eq(0)).execute(connection)?;
        return Ok(true);
    }
    let ended = diesel::update(closure_runs::table.find(id).filter(closure_runs::finished_at.is_null()))
        .set(closure_runs::finished_at.eq(act.now))
        .execute(connection)?;
    if ended > 0 {
        changed(connection)?;
    }
    Ok(ended > 0)
}

/// What one case would undergo; for trials.
pub(super) fn judge(connection: &mut DbConnection, sides: &Sides<'_>, case: CaseId) -> Result<(Plan, bool)> {
    use crate::domain::cases::CaseRow;
    let row: CaseRow = cases::table.find(case).select(CaseRow::as_select()).first(connection)?;
    Ok((super::plan::plan(connection, sides, &row)?, row.citizen_id.is_some()))
}
