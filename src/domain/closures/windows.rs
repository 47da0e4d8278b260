//! Windows that a late closure lengthens: those of the citizen, and the time of an interim answer.
//!
//! One that counts working time keeps what is left of it; one of calendar days that ends on a day that closes runs to
//! the end of the next working day. Once lengthened it stays so, also where the closure is withdrawn.

use diesel::prelude::*;

use super::plan::{Plan, Sides};
use crate::db::DbConnection;
use crate::db::schema::{extension_requests, interim_demands};
use crate::db::types::{OfficeId, ReferralId, Time};
use crate::domain::cases::CaseRow;
use crate::domain::cases::life::{Clock, ClockMove, Status};
use crate::domain::deadlines::{self, Span};
use crate::error::Result;

/// A window as it stands.
struct Window {
    clock: Clock,
    /// Subject of its limit.
    subject: &'static str,
    /// The office whose calendar it follows.
    office: OfficeId,
    referral: Option<ReferralId>,
    from: Time,
    until: Time,
}

/// The citizen's own window: for a reply, after an answer, after the closing.
pub(super) fn of_citizen(sides: &Sides<'_>, row: &CaseRow, plan: &mut Plan) -> Result<()> {
    let found = match row.status {
        Status::AwaitingCitizen => Some((Clock::Waiting, "question_wait", row.wait_until, row.paused_at)),
        Status::Answered => Some((Clock::Window, "reply_window", row.window_until, row.answered_at)),
        Status::Closed => Some((Clock::Remedy, "objection_window", row.remedy_until, row.closed_at)),
        Status::Registered | Status::Classified | Status::Referred => None,
    };
    let Some((clock, subject, Some(until), Some(from))) = found else { return Ok(()) };
    let window = Window { clock, subject, office: row.holder_office_id, referral: None, from, until };
    lengthen(sides, window, plan)
}

/// The citizen's time to consent to a second extension.
pub(super) fn of_consent(
    connection: &mut DbConnection,
    sides: &Sides<'_>,
    row: &CaseRow,
    plan: &mut Plan,
) -> Result<()> {
    use extension_requests as e;
    let asked: Vec<(ReferralId, OfficeId, Time, Time)> = e::table
        .filter(e::case_id.eq(row.id).and(e::answered_at.is_null()))
        .order(e::id)
        .select((e::referral_id, e::office_id, e::asked_at, e::wait_until))
        .load(connection)?;
    for (referral, office, from, until) in asked {
        let (clock, subject) = (Clock::Consent, "consent_wait");
        lengthen(sides, Window { clock, subject, office, referral: Some(referral), from, until }, plan)?;
    }
    Ok(())
}

/// The time that an office has for the interim answer which the outer limit demands.
pub(super) fn of_interim(
    connection: &mut DbConnection,
    sides: &Sides<'_>,
    row: &CaseRow,
    plan: &mut Plan,
) -> Result<()> {
    use interim_demands as d;
    let demanded: Vec<(Option<ReferralId>, OfficeId, Time, Time)> = d::table
        .filter(d::case_id.eq(row.id).and(d::settled_at.is_null()))
        .order(d::id)
        .select((d::referral_id, d::office_id, d::made_at, d::due_at))
        .load(connection)?;
    for (referral, office, from, until) in demanded {
        let (clock, subject) = (Clock::Interim, "interim_wait");
        lengthen(sides, Window { clock, subject, office, referral, from, until }, plan)?;
    }
    Ok(())
}

fn lengthen(sides: &Sides<'_>, window: Window, plan: &mut Plan) -> Result<()> {
    let Window { clock, subject, office, referral, from, until } = window;
    let offices = &sides.rules.offices;
    let (before, after) = (sides.before.of(offices, office)?, sides.after.of(offices, office)?);
    if until <= sides.now || before == after || sides.withdrawn.is_some() {
        return Ok(());
    }
    let level = offices.get(office).map(|office| office.level.as_str());
    let new = match sides.rules.span(subject, None, None, level, false) {
        Some(Span::WorkingDays(_) | Span::WorkingHours(_)) => {
            let (from, now) = (from.timestamp(), sides.now.timestamp());
            deadlines::moved_by_closure(before, after, &[(from, now)], now, until.timestamp())?
        }
        Some(Span::CalendarDays(_)) | None => {
            let day = before.date_of(until.timestamp());
            match before.is_working_day(day) && !after.is_working_day(day) {
                true => {
                    let next = after.end_of_nth_working_day(day, 1)?;
                    after.end_of_day(after.date_of(next))?
                }
                false => until.timestamp(),
            }
        }
    };
    let new = Time::from(new);
    if new != until {
        plan.moves.push(ClockMove { clock, referral, office, due_before: until, due_at: new });
    }
    Ok(())
}
