//! Brings a case up to date with every recomputation that has not reached it: clocks, log, history, messages.

use diesel::prelude::*;

use super::plan::{Plan, Rewound, Sides, plan};
use crate::db::DbConnection;
use crate::db::schema::{
    cases, closure_cases, deadline_points, extension_requests as e, interim_demands as d, referrals,
};
use crate::db::types::{CaseId, EventId, OfficeId, ReferralId, Time};
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::life::{Clock, ClockMove, Fact};
use crate::domain::cases::{CaseRow, Docket, clocks, record};
use crate::domain::notifications::{self, Facts};
use crate::domain::rulebook::Run;
use crate::domain::warnings;
use crate::error::Result;

/// Recomputes a case for each run that has not done so; true when anything was written.
///
/// The case must be locked. What moves is logged, written into its history, and told to citizen and holder, all in
/// this transaction; a second call does nothing.
pub fn settle(connection: &mut DbConnection, act: &Act, case: CaseId) -> Result<bool> {
    let rules = act.rules.clone();
    let system = Act { actor: Actor::System, ..act.clone() };
    let mut has_written = false;
    for run in &rules.pending {
        let done: i64 = closure_cases::table
            .filter(closure_cases::run_id.eq(run.id).and(closure_cases::case_id.eq(case)))
            .count()
            .get_result(connection)?;
        if done == 0 {
            has_written |= apply(connection, &system, case, run)?;
        }
    }
    Ok(has_written)
}

fn apply(connection: &mut DbConnection, act: &Act, case: CaseId, run: &Run) -> Result<bool> {
    let row: CaseRow = cases::table.find(case).select(CaseRow::as_select()).first(connection)?;
    // what was registered later was promised with the closure in mind
    if row.registered_at >= run.begun_at {
        return Ok(false);
    }
    let sides = Sides {
        rules: &act.rules,
        before: &run.before,
        after: &run.after,
        now: act.now,
        withdrawn: run.is_withdrawal.then_some(run.closure.id),
    };
    let plan = plan(connection, &sides, &row)?;
    let (promise, window) = plan.told(act.now);
    let is_told = row.citizen_id.is_some() && (promise.is_some() || window.is_some());
    diesel::insert_into(closure_cases::table)
        .values((
            (closure_cases::run_id.eq(run.id), closure_cases::case_id.eq(case)),
            (closure_cases::is_moved.eq(!plan.moves.is_empty()), closure_cases::is_told.eq(is_told)),
        ))
        .execute(connection)?;
    for clock in &plan.rewound {
        rewind(connection, act, case, clock, run)?;
    }
    if plan.moves.is_empty() && plan.rewound.iter().all(|clock| !clock.is_lifted) {
        return Ok(!plan.rewound.is_empty());
    }
    write(connection, act, row, run, &plan, (promise, window))?;
    Ok(true)
}

fn write(
    connection: &mut DbConnection,
    act: &Act,
    row: CaseRow,
    run: &Run,
    plan: &Plan,
    (promise, window): (Option<Time>, Option<Time>),
) -> Result<()> {
    let case = row.id;
    for step in &plan.moves {
        store(connection, case, step)?;
        let change = if run.is_withdrawal { "closure_withdrawn" } else { "closure" };
        let reason = format!("closure:{}", run.closure.id);
        clocks::log_move(connection, act, case, step, change, &reason)?;
    }
    let mut docket = Docket::of_row(connection, act, row)?;
    let fact = Fact::DeadlinesMoved {
        closure: run.closure.id,
        withdrawn: run.is_withdrawal,
        moves: plan.moves.clone(),
        lifted: plan.rewound.iter().filter(|clock| clock.is_lifted).filter_map(|c| c.referral).collect(),
    };
    let event = record(connection, act, &mut docket, &[fact], None)?;
    let reason = Some(run.closure.reason.clone());
    if promise.is_some() || window.is_some() {
        let template = match (promise, window, run.is_withdrawal) {
            (None, Some(_), _) => "window_moved",
            (_, _, false) => "promise_moved",
            (_, _, true) => "promise_moved_back",
        };
        let facts = Facts { due: promise, until: window, reason: reason.clone(), ..Facts::default() };
        notifications::to_citizen(connection, act, &docket.row, event, template, &facts)?;
    }
    tell_offices(connection, act, &docket.row, event, plan, reason)
}

/// Each office that holds a moved clock is told once, of its earliest one.
fn tell_offices(
    connection: &mut DbConnection,
    act: &Act,
    row: &CaseRow,
    event: EventId,
    plan: &Plan,
    reason: Option<String>,
) -> Result<()> {
    let mut told: Vec<OfficeId> = Vec::new();
    for step in plan.moves.iter().filter(|step| step.clock.is_of_office()) {
        if told.contains(&step.office) {
            continue;
        }
        told.push(step.office);
        let due = Some(step.due_at);
        let facts = Facts { office: Some(step.office), due, reason: reason.clone(), ..Facts::default() };
        notifications::to_office(connection, act, row, event, step.office, "deadline_moved", &facts)?;
    }
    Ok(())
}

/// The new time in its column; clocks with points are written by `rewind`.
fn store(connection: &mut DbConnection, case: CaseId, step: &ClockMove) -> Result<()> {
    let row = diesel::update(cases::table.find(case));
    match step.clock {
        Clock::Promise => row.set(cases::due_at.eq(step.due_at)).execute(connection)?,
        Clock::Waiting => row.set(cases::wait_until.eq(step.due_at)).execute(connection)?,
        Clock::Window => row.set(cases::window_until.eq(step.due_at)).execute(connection)?,
        Clock::Remedy => row.set(cases::remedy_until.eq(step.due_at)).execute(connection)?,
        Clock::Consent => {
            let asked = e::table.filter(e::case_id.eq(case).and(e::answered_at.is_null()));
            diesel::update(asked).set(e::wait_until.eq(step.due_at)).execute(connection)?
        }
        Clock::Interim => {
            let demanded = d::table.filter(d::case_id.eq(case).and(d::settled_at.is_null()));
            diesel::update(demanded)
                .set((d::due_at.eq(step.due_at), d::next_at.eq(Some(step.due_at))))
                .execute(connection)?
        }
        Clock::Referral | Clock::Desk => 0,
    };
    Ok(())
}

fn rewind(connection: &mut DbConnection, act: &Act, case: CaseId, clock: &Rewound, run: &Run) -> Result<()> {
    match clock.referral {
        Some(id) => diesel::update(referrals::table.find(id))
            .set((
                (referrals::started_at.eq(clock.started), referrals::due_at.eq(clock.due)),
                (referrals::fired.eq(clock.fired), referrals::next_at.eq(clock.next)),
            ))
            .execute(connection)?,
        None => diesel::update(cases::table.find(case))
            .set((
                (cases::triage_started_at.eq(clock.started), cases::triage_due_at.eq(clock.due)),
                (cases::triage_fired.eq(clock.fired), cases::triage_next_at.eq(clock.next)),
            ))
            .execute(connection)?,
    };
    if clock.is_lifted {
        lift(connection, act, case, clock.referral, run)?;
    }
    Ok(())
}

/// The marks of lateness stand no more; that they stood is kept.
fn lift(
    connection: &mut DbConnection,
    act: &Act,
    case: CaseId,
    referral: Option<ReferralId>,
    run: &Run,
) -> Result<()> {
    use deadline_points as p;
    let marks = diesel::update(p::table)
        .filter(p::case_id.eq(case).and(p::percent.ge(100)).and(p::lifted_at.is_null()))
        .set((p::lifted_at.eq(act.now), p::lifted_by.eq(run.closure.id)));
    match referral {
        Some(id) => {
            warnings::lifted(connection, act, id, &run.closure.reason)?;
            marks.filter(p::referral_id.eq(id)).execute(connection)?
        }
        None => marks.filter(p::referral_id.is_null()).execute(connection)?,
    };
    Ok(())
}
