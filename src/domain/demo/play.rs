//! Plays the cases one after the other: each step at its time, the clocks ringing in between.

use diesel::prelude::*;

use super::data::{Case, Data, State};
use super::steps;
use crate::db::DbConnection;
use crate::db::schema::{cases, referrals};
use crate::db::types::Time;
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::escalate;
use crate::error::{Error, Result};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// One verb of the life cycle, as the story uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Register,
    Advise,
    Classify,
    Dismiss,
    ConfirmDismissal,
    Refer,
    Withdraw,
    GiveBack,
    Accept,
    Ask,
    Extend,
    Answer,
    Approve,
    Close,
}

impl Step {
    /// The steps that lead to a state.
    fn to(state: State) -> &'static [Step] {
        use Step as S;
        match state {
            State::Registered => &[S::Register],
            State::Advice => &[S::Register, S::Advise],
            State::Classified => &[S::Register, S::Classify],
            State::Dismissed => &[S::Register, S::Classify, S::Dismiss, S::ConfirmDismissal],
            State::Referred => &[S::Register, S::Classify, S::Refer],
            State::Withdrawn => &[S::Register, S::Classify, S::Refer, S::Withdraw],
            State::Returned => &[S::Register, S::Classify, S::Refer, S::GiveBack],
            State::Accepted | State::Overdue => &[S::Register, S::Classify, S::Refer, S::Accept],
            State::AwaitingCitizen => &[S::Register, S::Classify, S::Refer, S::Accept, S::Ask],
            State::Extended => &[S::Register, S::Classify, S::Refer, S::Accept, S::Extend],
            State::AnswerPending => &[S::Register, S::Classify, S::Refer, S::Accept, S::Answer],
            State::Answered => &[S::Register, S::Classify, S::Refer, S::Accept, S::Answer, S::Approve],
            State::Closed => {
                &[S::Register, S::Classify, S::Refer, S::Accept, S::Answer, S::Approve, S::Close]
            }
        }
    }

    /// Seconds after the filing.
    fn after(self) -> i64 {
        match self {
            Step::Register => 0,
            Step::Advise => HOUR / 4,
            Step::Classify => HOUR,
            Step::Refer => 2 * HOUR,
            Step::Accept | Step::Dismiss => DAY,
            Step::Ask | Step::ConfirmDismissal => DAY + 3 * HOUR,
            Step::GiveBack => 2 * DAY,
            Step::Withdraw => 3 * DAY,
            Step::Answer => 5 * DAY,
            Step::Approve => 6 * DAY,
            Step::Extend => 8 * DAY,
            Step::Close => 16 * DAY + HOUR,
        }
    }
}

/// Plays every case up to the present; gives how many there are.
pub(super) fn play(connection: &mut DbConnection, act: &Act, gateway: &Actor, data: &Data) -> Result<usize> {
    for case in &data.cases {
        tell(connection, act, gateway, data, case)
            .map_err(|error| Error::internal(format!("demo case {}: {error}", case.key)))?;
    }
    Ok(data.cases.len())
}

fn tell(connection: &mut DbConnection, act: &Act, gateway: &Actor, data: &Data, case: &Case) -> Result<()> {
    let filed = act.now.plus_seconds(-case.days_ago * DAY - 3 * HOUR);
    let mut stage = steps::Stage::new(act, gateway, data, case);
    for step in Step::to(case.state.unwrap_or(State::Registered)) {
        stage.now = filed.plus_seconds(step.after()).min(act.now);
        ring(connection, act, stage.now)?;
        steps::take(connection, &mut stage, *step)?;
    }
    ring(connection, act, act.now)
}

/// Fires every point that is reached until then, each at its own time.
fn ring(connection: &mut DbConnection, act: &Act, until: Time) -> Result<()> {
    while let Some(at) = next_ring(connection, until)? {
        let at_that_time = Act { actor: Actor::System, now: at, ..act.clone() };
        for clock in escalate::ringing(connection, at, 100)? {
            escalate::fire(connection, &at_that_time, clock)?;
        }
    }
    Ok(())
}

fn next_ring(connection: &mut DbConnection, until: Time) -> Result<Option<Time>> {
    use diesel::dsl::min;
    let of_referrals: Option<Time> = referrals::table
        .filter(referrals::next_at.le(until))
        .select(min(referrals::next_at))
        .first(connection)?;
    let of_desks: Option<Time> = cases::table
        .filter(cases::triage_next_at.le(until))
        .select(min(cases::triage_next_at))
        .first(connection)?;
    Ok([of_referrals, of_desks].into_iter().flatten().min())
}
