//! What a closure, or its withdrawal, does to the clocks of one case; nothing is written here.

use std::collections::BTreeMap;

use diesel::prelude::*;

use super::windows;
use crate::db::DbConnection;
use crate::db::schema::{clock_changes, questions, referrals};
use crate::db::types::{ClosureId, OfficeId, ReferralId, Time, UserId};
use crate::domain::calendar::Calendar;
use crate::domain::cases::CaseRow;
use crate::domain::cases::clocks;
use crate::domain::cases::life::{Clock, ClockMove, HopRole, Status};
use crate::domain::deadlines;
use crate::domain::rulebook::{Calendars, Rulebook};
use crate::error::Result;

/// The point at which a deadline is late, in percent.
const LATE: i32 = 100;
/// The point before it.
const NOT_YET_LATE: i32 = 80;

/// The calendars before and after, the rules beside them, and when this is judged.
pub struct Sides<'a> {
    pub rules: &'a Rulebook,
    pub before: &'a Calendars,
    pub after: &'a Calendars,
    pub now: Time,
    /// The closure that is taken back, where it is no declaration.
    pub withdrawn: Option<ClosureId>,
}

/// A clock as it runs on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewound {
    /// None for the desk.
    pub referral: Option<ReferralId>,
    pub office: OfficeId,
    pub user: Option<UserId>,
    pub started: Time,
    pub due: Time,
    pub fired: Option<i32>,
    pub next: Option<Time>,
    /// It was late, and is not any more.
    pub is_lifted: bool,
}

/// Everything that changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Due times and windows that move.
    pub moves: Vec<ClockMove>,
    /// Clocks with new times, also where only the points after the due time move.
    pub rewound: Vec<Rewound>,
}

impl Plan {
    /// The new promise or window of the citizen, where its date moves or it would be over at once.
    pub fn told(&self, now: Time) -> (Option<Time>, Option<Time>) {
        let day = |time: Time| crate::domain::notifications::date(Some(time), crate::error::Language::En);
        let is_told = |step: &&ClockMove| day(step.due_before) != day(step.due_at) || step.due_at < now;
        let promise = self.moves.iter().filter(is_told).find(|step| step.clock == Clock::Promise);
        let of_citizen =
            |clock: Clock| matches!(clock, Clock::Waiting | Clock::Window | Clock::Remedy | Clock::Consent);
        let window = self.moves.iter().filter(is_told).find(|step| of_citizen(step.clock));
        (promise.map(|step| step.due_at), window.map(|step| step.due_at))
    }
}

type Hop = (
    (ReferralId, Option<ReferralId>, OfficeId, HopRole, Option<UserId>),
    (Time, Time, Option<Time>, Option<i32>, Option<Time>),
);

/// Judges one case.
pub fn plan(connection: &mut DbConnection, sides: &Sides<'_>, row: &CaseRow) -> Result<Plan> {
    let mut plan = Plan::default();
    if row.status == Status::Closed || row.status == Status::Answered {
        windows::of_citizen(sides, row, &mut plan)?;
        return Ok(plan);
    }
    let at = row.paused_at.unwrap_or(sides.now);
    let pauses: Vec<(Time, Option<Time>)> = questions::table
        .filter(questions::case_id.eq(row.id))
        .order(questions::id)
        .select((questions::asked_at, questions::replied_at))
        .load(connection)?;
    let mut case = Case { row, given: given(connection, sides, row)?, dues: BTreeMap::new(), at, pauses };
    for hop in open_hops(connection, row)? {
        case.hop(sides, hop, &mut plan)?;
    }
    case.desk(sides, &mut plan)?;
    case.promise(connection, sides, &mut plan)?;
    windows::of_citizen(sides, row, &mut plan)?;
    windows::of_consent(connection, sides, row, &mut plan)?;
    windows::of_interim(connection, sides, row, &mut plan)?;
    Ok(plan)
}

/// What the closure that is withdrawn did to each referral.
fn given(
    connection: &mut DbConnection,
    sides: &Sides<'_>,
    row: &CaseRow,
) -> Result<BTreeMap<ReferralId, (Time, Time)>> {
    use clock_changes as c;
    let Some(closure) = sides.withdrawn else { return Ok(BTreeMap::new()) };
    let rows: Vec<(Option<ReferralId>, Option<Time>, Option<Time>)> = c::table
        .filter(c::case_id.eq(row.id).and(c::change.eq("closure")))
        .filter(c::reason.eq(format!("closure:{closure}")))
        .select((c::referral_id, c::due_before, c::due_after))
        .load(connection)?;
    Ok(rows.into_iter().filter_map(|(id, before, after)| Some((id?, (before?, after?)))).collect())
}

fn open_hops(connection: &mut DbConnection, row: &CaseRow) -> Result<Vec<Hop>> {
    use referrals as r;
    Ok(r::table
        .filter(r::case_id.eq(row.id).and(r::ended_at.is_null()).and(r::due_at.is_not_null()))
        .order(r::id)
        .select((
            (r::id, r::parent_id, r::office_id, r::role, r::user_id),
            (r::sent_at, r::started_at, r::due_at, r::fired, r::next_at),
        ))
        .load(connection)?)
}

struct Case<'a> {
    row: &'a CaseRow,
    /// What the closure that is withdrawn gave: due time before and after.
    given: BTreeMap<ReferralId, (Time, Time)>,
    /// The new due times so far, those that stay too.
    dues: BTreeMap<ReferralId, Time>,
    /// Now, or when the clocks were stopped.
    at: Time,
    pauses: Vec<(Time, Option<Time>)>,
}

impl Case<'_> {
    /// The stretches since `from` in which the clocks of the case ran.
    fn ran(&self, from: Time) -> Vec<(jiff::Timestamp, jiff::Timestamp)> {
        let (mut pieces, mut start) = (Vec::new(), from);
        for (asked, replied) in self.pauses.iter().filter(|(asked, _)| *asked >= from) {
            pieces.push((start.timestamp(), (*asked).min(self.at).timestamp()));
            start = replied.unwrap_or(self.at);
        }
        pieces.push((start.timestamp(), self.at.timestamp()));
        pieces
    }

    fn moved(&self, before: &Calendar, after: &Calendar, from: Time, due: Time) -> Result<Time> {
        let (at, due) = (self.at.timestamp(), due.timestamp());
        Ok(deadlines::moved_by_closure(before, after, &self.ran(from), at, due)?.into())
    }

    fn hop(&mut self, sides: &Sides<'_>, hop: Hop, plan: &mut Plan) -> Result<()> {
        let ((id, parent, office, role, user), (sent, started, Some(due), fired, next)) = hop else {
            return Ok(());
        };
        let offices = &sides.rules.offices;
        let (before, after) = (sides.before.of(offices, office)?, sides.after.of(offices, office)?);
        let given = self.given.get(&id).filter(|(_, was_given)| *was_given == due).map(|(old, _)| *old);
        let mut new = match given {
            Some(old) => old,
            None if before == after => due,
            None => self.moved(before, after, sent, due)?,
        };
        // what works for another stays inside it, and a closure never cuts it
        let above = match role {
            HopRole::Helper => parent.or(self.row.lead_referral_id),
            HopRole::Lead | HopRole::Copy | HopRole::Appeal => parent,
        };
        if let Some(bound) = above.and_then(|above| self.dues.get(&above)) {
            let least = if sides.withdrawn.is_some() { *bound } else { due.max(*bound) };
            new = new.min(least);
        }
        self.dues.insert(id, new);
        if before == after && new == due {
            return Ok(());
        }
        let started = match self.pauses.is_empty() {
            true => started,
            false => self.moved(before, after, sent, started)?.min(new),
        };
        let clock = Running { referral: Some(id), office, user, due, fired, next };
        self.rewind(sides, after, clock, started, new, plan)
    }

    fn desk(&self, sides: &Sides<'_>, plan: &mut Plan) -> Result<()> {
        let row = self.row;
        let (Some(started), Some(due)) = (row.triage_started_at, row.triage_due_at) else { return Ok(()) };
        let (office, offices) = (row.holder_office_id, &sides.rules.offices);
        let (before, after) = (sides.before.of(offices, office)?, sides.after.of(offices, office)?);
        if before == after {
            return Ok(());
        }
        let new = self.moved(before, after, started, due)?;
        let clock = Running {
            referral: None,
            office,
            user: None,
            due,
            fired: row.triage_fired,
            next: row.triage_next_at,
        };
        self.rewind(sides, after, clock, started, new, plan)
    }

    fn rewind(
        &self,
        sides: &Sides<'_>,
        after: &Calendar,
        clock: Running,
        started: Time,
        new: Time,
        plan: &mut Plan,
    ) -> Result<()> {
        let is_lifted =
            clock.fired.is_some_and(|percent| percent >= LATE) && new > sides.now && new > clock.due;
        let fired = if is_lifted { Some(NOT_YET_LATE) } else { clock.fired };
        // a clock that stands has no next point
        let stands = self.row.paused_at.is_some();
        let next = if stands { None } else { clocks::next_point(after, started, new, fired)? };
        let Running { referral, office, user, due, .. } = clock;
        if new != due {
            let sort = if referral.is_some() { Clock::Referral } else { Clock::Desk };
            plan.moves.push(ClockMove { clock: sort, referral, office, due_before: due, due_at: new });
        }
        if new != due || next != clock.next || fired != clock.fired {
            plan.rewound.push(Rewound { referral, office, user, started, due: new, fired, next, is_lifted });
        }
        Ok(())
    }

    /// The citizen's promise goes with the referral it was made of; before there is one, with the desk's calendar.
    fn promise(&self, connection: &mut DbConnection, sides: &Sides<'_>, plan: &mut Plan) -> Result<()> {
        let row = self.row;
        let lead: Option<Option<Time>> = match row.lead_referral_id {
            Some(lead) => referrals::table
                .find(lead)
                .filter(referrals::ended_at.is_null())
                .select(referrals::due_at)
                .first(connection)
                .optional()?,
            None => None,
        };
        let new = match lead.flatten() {
            Some(due) if due == row.due_at => {
                let of_lead = plan.moves.iter().find(|step| step.referral == row.lead_referral_id);
                of_lead.map_or(row.due_at, |step| step.due_at)
            }
            _ => {
                let (office, offices) = (row.intake_office_id, &sides.rules.offices);
                let (before, after) = (sides.before.of(offices, office)?, sides.after.of(offices, office)?);
                if before == after {
                    row.due_at
                } else {
                    self.moved(before, after, row.received_at, row.due_at)?
                }
            }
        };
        if new != row.due_at {
            plan.moves.push(ClockMove {
                clock: Clock::Promise,
                referral: None,
                office: row.holder_office_id,
                due_before: row.due_at,
                due_at: new,
            });
        }
        Ok(())
    }
}

/// A stored clock.
struct Running {
    referral: Option<ReferralId>,
    office: OfficeId,
    user: Option<UserId>,
    due: Time,
    fired: Option<i32>,
    next: Option<Time>,
}
