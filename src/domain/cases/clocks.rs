//! The stored clocks of a case: triage at the desk, one per referral, and the promise to the citizen.
//!
//! Pausing stands every clock still; resuming lays the working time that was left after the reply, on each
//! office's own calendar. Every change is a row of `clock_changes`, so that credit can be audited (tag P3.4).

use diesel::prelude::*;

use super::docket::Docket;
use super::life::{Clock, ClockMove, Fact, HopRole, Status};
use super::row::{CaseRow, Channel};
use crate::db::DbConnection;
use crate::db::prepared::prepared;
use crate::db::schema::{cases, clock_changes, referrals};
use crate::db::types::{CaseId, ClockChangeId, OfficeId, ReferralId, Time};
use crate::domain::actor::Act;
use crate::domain::calendar::{Calendar, CalendarError};
use crate::domain::deadlines::{self, Point, Span};
use crate::domain::rulebook::{Narrowing, Rulebook};
use crate::error::{Error, Result};

impl From<CalendarError> for Error {
    fn from(error: CalendarError) -> Self {
        Error::Internal(Box::new(error))
    }
}

/// One change of a deadline, for the audit.
struct Change<'a> {
    case: CaseId,
    referral: Option<ReferralId>,
    change: &'a str,
    before: Option<Time>,
    after: Option<Time>,
    reason: Option<&'a str>,
}

fn log(connection: &mut DbConnection, act: &Act, change: &Change<'_>) -> Result<()> {
    use clock_changes as c;
    let id: ClockChangeId = act.id();
    diesel::insert_into(c::table)
        .values((
            (c::id.eq(id), c::case_id.eq(change.case), c::referral_id.eq(change.referral)),
            (c::change.eq(change.change), c::at.eq(act.now), c::reason.eq(change.reason)),
            (c::due_before.eq(change.before), c::due_after.eq(change.after)),
        ))
        .execute(connection)?;
    Ok(())
}

/// Logs a due time that a closure moved, with the closure as its reason.
pub fn log_move(
    connection: &mut DbConnection,
    act: &Act,
    case: CaseId,
    step: &ClockMove,
    change: &str,
    reason: &str,
) -> Result<()> {
    let (before, after) = (Some(step.due_before), Some(step.due_at));
    log(
        connection,
        act,
        &Change { case, referral: step.referral, change, before, after, reason: Some(reason) },
    )
}

/// The due times of a new case: the promise to the citizen, the outer limit, and triage at the desk.
#[derive(Debug, Clone, Copy)]
pub struct Promise {
    pub due_at: Time,
    pub outer_at: Option<Time>,
    pub triage_due_at: Time,
    pub triage_next_at: Time,
}

/// By what an answer is promised.
#[derive(Debug, Clone, Copy)]
pub struct Promised<'a> {
    pub kind: &'a str,
    pub category: Option<&'a str>,
    pub is_urgent: bool,
    /// A provincial trip has a promise of its own.
    pub channel: Channel,
}

impl<'a> Promised<'a> {
    /// A case as it stands, without any hurry.
    pub fn of(row: &'a CaseRow) -> Self {
        Self { kind: &row.kind, category: row.category.as_deref(), is_urgent: false, channel: row.channel }
    }
}

/// Computes the due times of a case received at `received` by `office` (rules.md §5 defaults as data).
pub fn promise(act: &Act, office: OfficeId, received: Time, matter: Promised<'_>) -> Result<Promise> {
    promise_by(&act.rules, office, received, matter)
}

/// The same under any rules: those of another day, or proposed ones.
pub fn promise_by(
    rules: &Rulebook,
    office: OfficeId,
    received: Time,
    matter: Promised<'_>,
) -> Result<Promise> {
    let Promised { kind, category, is_urgent, channel } = matter;
    let calendar = rules.calendar(office)?;
    let level = rules.offices.get(office).map(|office| office.level.as_str());
    let due = |span: Option<Span>| -> Result<Option<Time>> {
        Ok(span.map(|span| deadlines::due(calendar, received.timestamp(), span)).transpose()?.map(Time::from))
    };
    let asked = Narrowing { kind: Some(kind), category, level, is_urgent };
    let subject = rules.answer_subject(channel == Channel::Trip, asked);
    let span = rules.required_span(subject, Some(kind), category, level, is_urgent)?;
    let due_at = deadlines::due(calendar, received.timestamp(), span)?.into();
    let outer_at = due(rules.span("outer", Some(kind), category, level, is_urgent))?;
    let triage = rules.required_span("triage", None, None, level, is_urgent)?;
    let triage_due = deadlines::due(calendar, received.timestamp(), triage)?;
    let first = deadlines::point_at(calendar, received.timestamp(), triage_due, Point::Half)?;
    Ok(Promise { due_at, outer_at, triage_due_at: triage_due.into(), triage_next_at: first.into() })
}

/// The hard outer limit of a new round, from now on.
pub fn restart_outer(connection: &mut DbConnection, act: &Act, row: &CaseRow) -> Result<()> {
    let span = act.rules.span("outer", Some(&row.kind), row.category.as_deref(), None, false);
    let calendar = act.rules.calendar(row.intake_office_id)?;
    let outer = span.map(|span| deadlines::due(calendar, act.now.timestamp(), span)).transpose()?;
    prepared(diesel::update(cases::table.find(row.id)).set(cases::outer_at.eq(outer.map(Time::from))))
        .execute(connection)?;
    Ok(())
}

/// Starts the desk's clock again when a case comes back to be classified.
pub fn start_triage(connection: &mut DbConnection, act: &Act, docket: &mut Docket) -> Result<()> {
    let promise = promise(act, docket.life.holder, act.now, Promised::of(&docket.row))?;
    prepared(diesel::update(cases::table.find(docket.row.id)).set((
        cases::triage_started_at.eq(act.now),
        cases::triage_due_at.eq(promise.triage_due_at),
        cases::triage_fired.eq(None::<i32>),
        cases::triage_next_at.eq(promise.triage_next_at),
    )))
    .execute(connection)?;
    Ok(())
}

/// Stops the desk's clock: the case was referred or closed.
pub fn stop_triage(connection: &mut DbConnection, case: CaseId) -> Result<()> {
    prepared(diesel::update(cases::table.find(case)).set((
        cases::triage_started_at.eq(None::<Time>),
        cases::triage_due_at.eq(None::<Time>),
        cases::triage_next_at.eq(None::<Time>),
    )))
    .execute(connection)?;
    Ok(())
}

/// When a new referral is due: as wished inside what lies above it, else by rule. None for copies.
///
/// # Errors
/// A field error on `field` when the wished time is past, or later than the lead or the referral above.
pub fn referral_due(
    act: &Act,
    case: &CaseRow,
    office: OfficeId,
    role: HopRole,
    above: Option<Time>,
    wished: Option<Time>,
    field: &str,
) -> Result<Option<Time>> {
    if role == HopRole::Copy {
        return Ok(None);
    }
    let calendar = act.rules.calendar(office)?;
    if let Some(wished) = wished {
        return check_wished(act, above.or(case.outer_at), wished, field).map(Some);
    }
    let due = match (above, case.due_at) {
        (Some(above), _) if above > act.now => {
            let left = calendar.working_between(act.now.timestamp(), above.timestamp());
            let share = u16::try_from(act.rules.number("inner_share")?).unwrap_or(100);
            calendar.add_working(act.now.timestamp(), left.percent(share))?
        }
        (Some(above), _) => above.timestamp(),
        (None, promised) if promised > act.now => promised.timestamp(),
        (None, _) => {
            let span = act.rules.required_span("late_referral", None, None, None, false)?;
            deadlines::due(calendar, act.now.timestamp(), span)?
        }
    };
    Ok(Some(due.into()))
}

fn check_wished(act: &Act, bound: Option<Time>, wished: Time, field: &str) -> Result<Time> {
    use crate::error::FieldError;
    if wished <= act.now {
        let (fa, en) = ("مهلت باید در آینده باشد.", "The deadline must lie in the future.");
        return Err(Error::field(FieldError::new(field, "in_the_past", fa, en)));
    }
    match bound {
        Some(bound) if wished > bound => Err(Error::field(FieldError::new(
            field,
            "too_late",
            format!("مهلت باید پیش از {bound} باشد (مهلت دستگاه محوری یا حد بیرونی پرونده)."),
            format!(
                "The deadline must not be after {bound} (the lead's deadline or the case's outer limit)."
            ),
        ))),
        Some(_) | None => Ok(wished),
    }
}

/// Writes the clock of a referral that was just sent.
pub fn start_referral(
    connection: &mut DbConnection,
    act: &Act,
    case: CaseId,
    referral: ReferralId,
    office: OfficeId,
    due_at: Option<Time>,
) -> Result<()> {
    let next = match due_at {
        Some(due) => {
            let calendar = act.rules.calendar(office)?;
            Some(Time::from(deadlines::point_at(
                calendar,
                act.now.timestamp(),
                due.timestamp(),
                Point::Half,
            )?))
        }
        None => None,
    };
    prepared(
        diesel::update(referrals::table.find(referral))
            .set((referrals::due_at.eq(due_at), referrals::next_at.eq(next))),
    )
    .execute(connection)?;
    let change =
        Change { case, referral: Some(referral), change: "start", before: None, after: due_at, reason: None };
    log(connection, act, &change)
}

type Running = (ReferralId, OfficeId, Time, Option<Time>, Option<i32>);

fn running(connection: &mut DbConnection, case: CaseId) -> Result<Vec<Running>> {
    use referrals as r;
    Ok(r::table
        .filter(r::case_id.eq(case).and(r::ended_at.is_null()).and(r::due_at.is_not_null()))
        .select((r::id, r::office_id, r::started_at, r::due_at, r::fired))
        .load(connection)?)
}

/// Stands all clocks of the case still while the citizen is asked.
pub fn pause(connection: &mut DbConnection, act: &Act, docket: &Docket, wait_until: Time) -> Result<()> {
    stand_still(connection, act, docket.row.id, "question")?;
    prepared(diesel::update(cases::table.find(docket.row.id)).set(cases::wait_until.eq(wait_until)))
        .execute(connection)?;
    Ok(())
}

/// Stands all clocks of a case still that follows another from now on; gives until when its question waited.
pub fn set_aside(connection: &mut DbConnection, act: &Act, docket: &Docket) -> Result<Option<Time>> {
    let row = &docket.row;
    if row.paused_at.is_none() {
        stand_still(connection, act, row.id, "merge")?;
    }
    prepared(diesel::update(cases::table.find(row.id)).set(cases::wait_until.eq(None::<Time>)))
        .execute(connection)?;
    Ok(row.wait_until)
}

/// Lets the clocks of a case that goes its own way again run on with exactly the time that was left; where the
/// citizen was asked, only the question waits on.
pub fn take_up(
    connection: &mut DbConnection,
    act: &Act,
    docket: &Docket,
    since: Time,
    wait_until: Option<Time>,
) -> Result<()> {
    match (docket.life.status, wait_until) {
        (Status::AwaitingCitizen, Some(until)) => {
            let gap = act.now.as_microsecond() - since.as_microsecond();
            let until = Time::from_microsecond(until.as_microsecond() + gap);
            prepared(diesel::update(cases::table.find(docket.row.id)).set(cases::wait_until.eq(until)))
                .execute(connection)?;
            Ok(())
        }
        _ => resume(connection, act, docket, "unmerge"),
    }
}

fn stand_still(connection: &mut DbConnection, act: &Act, case: CaseId, reason: &str) -> Result<()> {
    for (referral, _, _, due, _) in running(connection, case)? {
        let change = Change {
            case,
            referral: Some(referral),
            change: "pause",
            before: due,
            after: None,
            reason: Some(reason),
        };
        log(connection, act, &change)?;
    }
    prepared(
        diesel::update(referrals::table.filter(referrals::case_id.eq(case)))
            .set((referrals::next_at.eq(None::<Time>), referrals::is_paused.eq(true))),
    )
    .execute(connection)?;
    prepared(
        diesel::update(cases::table.find(case))
            .set((cases::paused_at.eq(act.now), cases::triage_next_at.eq(None::<Time>))),
    )
    .execute(connection)?;
    Ok(())
}

/// The times that a resumption now would give the case and its running referrals, the promise last.
pub fn resumption(connection: &mut DbConnection, act: &Act, row: &CaseRow) -> Result<Vec<ClockMove>> {
    let paused_at = row.paused_at.unwrap_or(act.now);
    let mut moves = Vec::new();
    for (referral, office, started, due, _) in running(connection, row.id)? {
        let Some(due_before) = due else { continue };
        let due_at = credit(act.rules.calendar(office)?, paused_at, act.now, started, due_before)?.1;
        let (clock, referral) = (Clock::Referral, Some(referral));
        moves.push(ClockMove { clock, referral, office, due_before, due_at });
    }
    let (office, due_before) = (row.intake_office_id, row.due_at);
    let due_at = credit(act.rules.calendar(office)?, paused_at, act.now, paused_at, due_before)?.1;
    moves.push(ClockMove { clock: Clock::Promise, referral: None, office, due_before, due_at });
    Ok(moves)
}

/// Lets all clocks run again, each with exactly the working time that was left.
pub fn resume(connection: &mut DbConnection, act: &Act, docket: &Docket, reason: &str) -> Result<()> {
    let (row, paused_at) = (&docket.row, docket.row.paused_at.unwrap_or(act.now));
    prepared(
        diesel::update(referrals::table.filter(referrals::case_id.eq(row.id)))
            .set(referrals::is_paused.eq(false)),
    )
    .execute(connection)?;
    for (referral, office, started, due, fired) in running(connection, row.id)? {
        let Some(due) = due else { continue };
        let calendar = act.rules.calendar(office)?;
        let (started, resumed) = credit(calendar, paused_at, act.now, started, due)?;
        let next = next_point(calendar, started, resumed, fired)?;
        prepared(diesel::update(referrals::table.find(referral)).set((
            referrals::started_at.eq(started),
            referrals::due_at.eq(resumed),
            referrals::next_at.eq(next),
        )))
        .execute(connection)?;
        let change = Change {
            case: row.id,
            referral: Some(referral),
            change: "resume",
            before: Some(due),
            after: Some(resumed),
            reason: Some(reason),
        };
        log(connection, act, &change)?;
    }
    resume_case(connection, act, docket, paused_at, reason)
}

fn resume_case(
    connection: &mut DbConnection,
    act: &Act,
    docket: &Docket,
    paused_at: Time,
    reason: &str,
) -> Result<()> {
    let row = &docket.row;
    let calendar = act.rules.calendar(row.intake_office_id)?;
    let pause = act.now.as_microsecond() - paused_at.as_microsecond();
    let outer = row.outer_at.map(|outer| Time::from_microsecond(outer.as_microsecond() + pause));
    let mut triage = (row.triage_started_at, row.triage_due_at, None);
    if let (Status::Classified | Status::Registered, Some(started), Some(due)) =
        (docket.life.status, row.triage_started_at, row.triage_due_at)
    {
        let (started, due) = credit(calendar, paused_at, act.now, started, due)?;
        triage = (Some(started), Some(due), next_point(calendar, started, due, row.triage_fired)?);
    }
    let due = credit(calendar, paused_at, act.now, paused_at, row.due_at)?.1;
    prepared(diesel::update(cases::table.find(row.id)).set((
        (cases::paused_at.eq(None::<Time>), cases::wait_until.eq(None::<Time>)),
        (cases::due_at.eq(due), cases::outer_at.eq(outer)),
        (
            cases::triage_started_at.eq(triage.0),
            cases::triage_due_at.eq(triage.1),
            cases::triage_next_at.eq(triage.2),
        ),
    )))
    .execute(connection)?;
    let change = Change {
        case: row.id,
        referral: None,
        change: "resume",
        before: Some(row.due_at),
        after: Some(due),
        reason: Some(reason),
    };
    log(connection, act, &change)
}

/// Start and due time moved over a pause: the same working time before and after.
fn credit(calendar: &Calendar, paused_at: Time, now: Time, started: Time, due: Time) -> Result<(Time, Time)> {
    let moved = |instant: Time| -> Result<Time> {
        let left = deadlines::remaining(calendar, paused_at.timestamp(), instant.timestamp())?;
        Ok(deadlines::resume(calendar, now.timestamp(), left)?.into())
    };
    Ok((moved(started)?, moved(due)?))
}

/// When the next point of a clock is reached; none after the last.
pub fn next_point(calendar: &Calendar, started: Time, due: Time, fired: Option<i32>) -> Result<Option<Time>> {
    let fired =
        fired.and_then(|percent| Point::ALL.into_iter().find(|point| i32::from(point.percent()) == percent));
    deadlines::next_after(fired)
        .map(|point| Ok(deadlines::point_at(calendar, started.timestamp(), due.timestamp(), point)?.into()))
        .transpose()
}

/// Moves a referral's due time for an extension; points that passed do not fire again.
pub fn extend(
    connection: &mut DbConnection,
    act: &Act,
    case: &CaseRow,
    fact: &Fact,
    office: OfficeId,
    is_root_lead: bool,
) -> Result<()> {
    let Fact::DeadlineExtended { referral, due_before, due_at, reason, .. } = fact else { return Ok(()) };
    let (started, fired): (Time, Option<i32>) = referrals::table
        .find(referral)
        .select((referrals::started_at, referrals::fired))
        .first(connection)?;
    let next = next_point(act.rules.calendar(office)?, started, *due_at, fired)?;
    prepared(
        diesel::update(referrals::table.find(referral))
            .set((referrals::due_at.eq(due_at), referrals::next_at.eq(next))),
    )
    .execute(connection)?;
    if is_root_lead && case.due_at < *due_at {
        prepared(diesel::update(cases::table.find(case.id)).set(cases::due_at.eq(due_at)))
            .execute(connection)?;
    }
    let change = Change {
        case: case.id,
        referral: Some(*referral),
        change: "extend",
        before: *due_before,
        after: Some(*due_at),
        reason: Some(reason),
    };
    log(connection, act, &change)
}

/// Working seconds by which a referral was extended so far.
pub fn extended_by(connection: &mut DbConnection, calendar: &Calendar, referral: ReferralId) -> Result<u64> {
    use clock_changes as c;
    let moves: Vec<(Option<Time>, Option<Time>)> = c::table
        .filter(c::referral_id.eq(referral).and(c::change.eq("extend")))
        .select((c::due_before, c::due_after))
        .load(connection)?;
    let gained = |(before, after): (Time, Time)| {
        calendar.working_between(before.timestamp(), after.timestamp()).seconds()
    };
    Ok(moves.into_iter().filter_map(|(before, after)| before.zip(after)).map(gained).sum())
}
