//! Escalation: reminders, dunning, the superior and the centre, for every open referral and for cases that
//! still wait at the desk.
//!
//! The next point of each clock is an indexed time on its row, so nothing has to be assigned to be found.
//! Firing locks the case and moves that time on, in one transaction: each point fires once, after a restart
//! and with two processes as well (requirement tag S2.2v).

use diesel::prelude::*;

use super::clocks;
use super::docket::{Docket, Expected};
use super::life::{Fact, Status};
use super::record::record;
use crate::db::DbConnection;
use crate::db::prepared::prepared;
use crate::db::schema::{cases, deadline_points, referrals};
use crate::db::types::{CaseId, DeadlinePointId, OfficeId, ReferralId, Time};
use crate::domain::actor::Act;
use crate::domain::conflict::{Conflict, desk};
use crate::domain::deadlines::{self, Point};
use crate::domain::notifications::{self, Facts};
use crate::domain::warnings;
use crate::error::Result;

/// A clock whose next point has been reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ringing {
    pub case: CaseId,
    /// None for the desk's own clock.
    pub referral: Option<ReferralId>,
}

/// Clocks that ring at `now`, the longest overdue first.
pub fn ringing(connection: &mut DbConnection, now: Time, limit: i64) -> Result<Vec<Ringing>> {
    let of_referrals: Vec<(CaseId, ReferralId)> = referrals::table
        .filter(referrals::next_at.le(now))
        .order(referrals::next_at)
        .limit(limit)
        .select((referrals::case_id, referrals::id))
        .load(connection)?;
    let of_desks: Vec<CaseId> = cases::table
        .filter(cases::triage_next_at.le(now))
        .order(cases::triage_next_at)
        .limit(limit)
        .select(cases::id)
        .load(connection)?;
    let desks = of_desks.into_iter().map(|case| Ringing { case, referral: None });
    Ok(of_referrals.into_iter().map(|(case, id)| Ringing { case, referral: Some(id) }).chain(desks).collect())
}

/// The stored part of a clock.
struct Clock {
    office: OfficeId,
    started: Time,
    due: Time,
    fired: Option<i32>,
    next: Option<Time>,
}

/// Fires one point of a ringing clock; false when it no longer rings.
pub fn fire(connection: &mut DbConnection, act: &Act, ringing: Ringing) -> Result<bool> {
    let mut docket = Docket::open(connection, act, ringing.case, Expected::Any)?;
    let Some(clock) = read_clock(connection, &docket, ringing.referral)? else {
        silence(connection, ringing)?;
        return Ok(false);
    };
    if clock.next.is_none_or(|next| next > act.now) {
        return Ok(false);
    }
    let fired = Point::ALL.into_iter().find(|point| Some(i32::from(point.percent())) == clock.fired);
    let Some(point) = deadlines::next_after(fired) else {
        silence(connection, ringing)?;
        return Ok(false);
    };
    let percent = point.percent();
    let calendar = act.rules.calendar(clock.office)?;
    let next = clocks::next_point(calendar, clock.started, clock.due, Some(i32::from(percent)))?;
    move_on(connection, ringing, percent, next)?;
    let fact = Fact::DeadlinePassed { referral: ringing.referral, percent };
    let event = record(connection, act, &mut docket, &[fact], None)?;
    let (template, receiver) = audience(act, &docket.conflict, point, clock.office);
    let facts = Facts { office: Some(clock.office), due: Some(clock.due), ..Facts::default() };
    notifications::to_office(connection, act, &docket.row, event, receiver, template, &facts)?;
    note(connection, act, &docket, ringing, &clock, percent, receiver)?;
    metrics::counter!("samad_deadline_points_total", "percent" => percent.to_string()).increment(1);
    Ok(true)
}

/// Keeps that the point fired and who was told; the database takes it once. A superior's point drafts a warning.
fn note(
    connection: &mut DbConnection,
    act: &Act,
    docket: &Docket,
    ringing: Ringing,
    clock: &Clock,
    percent: u16,
    told: OfficeId,
) -> Result<()> {
    use deadline_points as p;
    let id: DeadlinePointId = act.id();
    let user = ringing.referral.and_then(|id| docket.life.hops.get(&id)).and_then(|hop| hop.user);
    diesel::insert_into(p::table)
        .values((
            (p::id.eq(id), p::case_id.eq(ringing.case), p::referral_id.eq(ringing.referral)),
            (p::office_id.eq(clock.office), p::user_id.eq(user), p::percent.eq(i32::from(percent))),
            (p::due_at.eq(clock.due), p::at.eq(act.now), p::told_office_id.eq(told)),
        ))
        .execute(connection)?;
    match ringing.referral {
        Some(referral) if percent > Point::Dunning.percent() => {
            let late = warnings::Late { case: ringing.case, referral, office: clock.office };
            warnings::of_point(connection, act, late, percent)
        }
        Some(_) | None => Ok(()),
    }
}

fn read_clock(
    connection: &mut DbConnection,
    docket: &Docket,
    referral: Option<ReferralId>,
) -> Result<Option<Clock>> {
    let Some(id) = referral else {
        let row = &docket.row;
        let at_desk = matches!(docket.life.status, Status::Registered | Status::Classified);
        let next: Option<Time> = cases::table.find(row.id).select(cases::triage_next_at).first(connection)?;
        return Ok(row.triage_started_at.zip(row.triage_due_at).filter(|_| at_desk).map(|(started, due)| {
            Clock { office: docket.life.holder, started, due, fired: row.triage_fired, next }
        }));
    };
    use referrals as r;
    type Row = (OfficeId, Time, Option<Time>, Option<i32>, Option<Time>);
    let (office, started, due, fired, next): Row = r::table
        .find(id)
        .select((r::office_id, r::started_at, r::due_at, r::fired, r::next_at))
        .first(connection)?;
    let is_open = docket.life.hops.get(&id).is_some_and(|hop| hop.state.is_open());
    Ok(due.filter(|_| is_open).map(|due| Clock { office, started, due, fired, next }))
}

fn move_on(connection: &mut DbConnection, ringing: Ringing, percent: u16, next: Option<Time>) -> Result<()> {
    let percent = i32::from(percent);
    match ringing.referral {
        Some(id) => prepared(
            diesel::update(referrals::table.find(id))
                .set((referrals::fired.eq(percent), referrals::next_at.eq(next))),
        )
        .execute(connection)?,
        None => prepared(
            diesel::update(cases::table.find(ringing.case))
                .set((cases::triage_fired.eq(percent), cases::triage_next_at.eq(next))),
        )
        .execute(connection)?,
    };
    Ok(())
}

/// A clock whose work has ended rings no more.
fn silence(connection: &mut DbConnection, ringing: Ringing) -> Result<()> {
    match ringing.referral {
        Some(id) => {
            prepared(diesel::update(referrals::table.find(id)).set(referrals::next_at.eq(None::<Time>)))
                .execute(connection)?
        }
        None => prepared(
            diesel::update(cases::table.find(ringing.case)).set(cases::triage_next_at.eq(None::<Time>)),
        )
        .execute(connection)?,
    };
    Ok(())
}

/// The notice of a point and who gets it.
fn audience(act: &Act, conflict: &Conflict, point: Point, office: OfficeId) -> (&'static str, OfficeId) {
    let template = match point {
        Point::Half | Point::Reminder => "deadline_reminder",
        Point::Dunning => "deadline_dunning",
        Point::Superior => "deadline_superior",
        Point::Centre => "deadline_centre",
    };
    (template, receiver(act, std::slice::from_ref(conflict), point, office))
}

/// Who is told of a point: the holder, then the office above it, then the centre; where one of the cases is about
/// these, whoever is free above them.
pub fn receiver(act: &Act, conflicts: &[Conflict], point: Point, office: OfficeId) -> OfficeId {
    let offices = &act.rules.offices;
    let told = match point {
        Point::Half | Point::Reminder | Point::Dunning => return office,
        Point::Superior => return superior(act, conflicts, office),
        Point::Centre => offices.centre(),
    };
    desk::free_of_all(offices, conflicts, told).unwrap_or(told)
}

/// The office above, or the centre; where one of the cases is about it, whoever is free above that.
pub fn superior(act: &Act, conflicts: &[Conflict], office: OfficeId) -> OfficeId {
    let offices = &act.rules.offices;
    let above = offices.get(office).and_then(|office| office.parent).unwrap_or_else(|| offices.centre());
    desk::free_of_all(offices, conflicts, above).unwrap_or(above)
}

/// Cases whose citizen did not reply in time.
pub fn unanswered(connection: &mut DbConnection, now: Time, limit: i64) -> Result<Vec<CaseId>> {
    Ok(cases::table
        .filter(cases::wait_until.le(now))
        .order(cases::wait_until)
        .limit(limit)
        .select(cases::id)
        .load(connection)?)
}

/// Answered cases whose reply window has passed.
pub fn window_passed(connection: &mut DbConnection, now: Time, limit: i64) -> Result<Vec<CaseId>> {
    Ok(cases::table
        .filter(cases::window_until.le(now))
        .order(cases::window_until)
        .limit(limit)
        .select(cases::id)
        .load(connection)?)
}
