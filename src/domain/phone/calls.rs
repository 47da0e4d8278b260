//! Calls as stored, and what one event of an exchange does: the call's row, the screens of its agents, the list of those
//! who are to be rung back.

use diesel::prelude::*;

use super::callbacks;
use super::course::{CallEvent, CallState, Course, Direction, EventKind};
use super::pops::{self, PopKind};
use super::{number_hash, seats};
use crate::db::DbConnection;
use crate::db::dialect::{Both, for_update};
use crate::db::schema::{phone_calls as c, phone_events as e};
use crate::db::sealed::Sealed;
use crate::db::types::{GatewayId, OfficeId, PhoneCallId, Time, UserId};
use crate::domain::actor::{Act, Actor};
use crate::domain::citizens::Phone;
use crate::domain::vault::field;
use crate::error::{Code, Error, Result};

/// Longest that an exchange's clock is believed to be behind.
const BELIEVED_SECONDS: i64 = 86_400;

/// A call as stored.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = crate::db::schema::phone_calls)]
pub struct CallRow {
    pub id: PhoneCallId,
    pub external_id: Option<String>,
    pub office_id: OfficeId,
    pub direction: Direction,
    pub number: Option<Sealed>,
    pub number_hash: Option<String>,
    pub line: Option<String>,
    pub queue: Option<String>,
    pub agent_name: Option<String>,
    pub agent_at: Option<Time>,
    pub user_id: Option<UserId>,
    pub state: CallState,
    pub cause: Option<String>,
    /// Code, by the area code of the number.
    pub province: Option<String>,
    pub rung_at: Option<Time>,
    pub answered_at: Option<Time>,
    pub ended_at: Option<Time>,
    pub waited: Option<i32>,
    pub length: Option<i32>,
    pub created_at: Time,
}

impl CallRow {
    fn course(&self) -> Course {
        Course {
            rung_at: self.rung_at,
            answered_at: self.answered_at,
            ended_at: self.ended_at,
            agent: self.agent_at.zip(self.agent_name.clone()),
            cause: self.cause.clone(),
        }
    }

    /// The number of whoever is at the other end, in E.164.
    pub fn number(&self, connection: &mut DbConnection, act: &Act) -> Result<Option<String>> {
        act.vault.open_some(connection, field!(phone_calls::number), self.id, self.number.as_ref())
    }
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    pub call: PhoneCallId,
    pub state: CallState,
    /// The event was known; nothing was done.
    pub is_repeated: bool,
    /// The exchange named an agent whom nobody knows here.
    pub is_agent_unknown: bool,
}

/// The call of this id.
pub fn find(connection: &mut DbConnection, id: PhoneCallId) -> Result<CallRow> {
    Ok(c::table.find(id).select(CallRow::as_select()).first(connection)?)
}

/// Takes an event in; a repeated one changes nothing, and no order is needed.
///
/// # Errors
/// `forbidden` for anybody but a gateway of this channel.
pub fn take_event(connection: &mut DbConnection, act: &Act, event: &CallEvent) -> Result<Taken> {
    let Actor::Gateway { id, office, .. } = &act.actor else {
        return Err(Error::Forbidden(Code::Forbidden));
    };
    let row = opened(connection, act, (*id, *office), event)?;
    let at = event.at.filter(|at| *at > act.now.plus_seconds(-BELIEVED_SECONDS));
    let at = at.map_or(act.now, |at| at.min(act.now));
    let mark = (e::call_id.eq(row.id), e::mark.eq(event.mark()), e::at.eq(at));
    let is_new =
        Both(diesel::insert_into(e::table).values(mark).on_conflict_do_nothing()).execute(connection)? == 1;
    if !is_new {
        return Ok(Taken { call: row.id, state: row.state, is_repeated: true, is_agent_unknown: false });
    }
    let mut course = row.course();
    course.apply(event, at);
    let after = completed(connection, act, &row, event, &course)?;
    let is_agent_unknown = show(connection, act, event, &row, &after)?;
    follow(connection, act, event, &row, &after)?;
    Ok(Taken { call: row.id, state: after.state, is_repeated: false, is_agent_unknown })
}

/// The row of the event's call, locked; made where it is the first that is heard of it.
fn opened(
    connection: &mut DbConnection,
    act: &Act,
    (gateway, office): (GatewayId, OfficeId),
    event: &CallEvent,
) -> Result<CallRow> {
    let fresh = (
        (c::id.eq(act.id::<PhoneCallId>()), c::gateway_id.eq(gateway), c::external_id.eq(&event.call_id)),
        (c::office_id.eq(office), c::direction.eq(event.direction)),
        (c::state.eq(CallState::Ringing), c::created_at.eq(act.now)),
    );
    Both(diesel::insert_into(c::table).values(fresh).on_conflict_do_nothing()).execute(connection)?;
    let own = c::gateway_id.eq(gateway).and(c::external_id.eq(&event.call_id));
    Ok(for_update(c::table.filter(own).select(CallRow::as_select())).get_result(connection)?)
}

/// Writes what is known now.
fn completed(
    connection: &mut DbConnection,
    act: &Act,
    row: &CallRow,
    event: &CallEvent,
    course: &Course,
) -> Result<CallRow> {
    let (theirs, ours) = match event.direction {
        Direction::In => (&event.from, &event.to),
        Direction::Out => (&event.to, &event.from),
    };
    let number = theirs.as_deref().and_then(|number| Phone::parse(number).ok());
    if let Some(number) = number.filter(|_| row.number.is_none()) {
        let sealed = act.vault.seal(field!(phone_calls::number), row.id, number.as_str())?;
        diesel::update(c::table.find(row.id))
            .set((
                (c::number.eq(sealed), c::number_hash.eq(number_hash(&act.keys, number.as_str()))),
                (c::province.eq(province(act, &number)), c::direction.eq(event.direction)),
            ))
            .execute(connection)?;
    }
    let agent = course.agent.as_ref();
    let user = match agent {
        Some((_, name)) => seats::agent(connection, act, row.office_id, name)?.or(row.user_id),
        None => row.user_id,
    };
    let kept = |known: &Option<String>, told: &Option<String>| known.clone().or(told.clone());
    diesel::update(c::table.find(row.id))
        .set((
            (c::line.eq(kept(&row.line, ours)), c::queue.eq(kept(&row.queue, &event.queue))),
            (c::agent_name.eq(agent.map(|(_, name)| name)), c::agent_at.eq(agent.map(|(at, _)| *at))),
            (c::user_id.eq(user), c::state.eq(course.state()), c::cause.eq(&course.cause)),
            (c::rung_at.eq(course.rung_at), c::answered_at.eq(course.answered_at)),
            (c::ended_at.eq(course.ended_at), c::waited.eq(course.waited()), c::length.eq(course.length())),
        ))
        .execute(connection)?;
    find(connection, row.id)
}

/// The province of a fixed line, by the area codes of the rules; a mobile tells nothing of the place.
pub(super) fn province(act: &Act, number: &Phone) -> Option<String> {
    let area = number.province_area_code()?;
    let mut all = act.rules.provinces.values();
    all.find(|province| province.area_code.as_deref() == Some(area)).map(|province| province.code.clone())
}

/// Tells the screens of the agents whom it concerns; gives whether the exchange named one whom nobody knows.
fn show(
    connection: &mut DbConnection,
    act: &Act,
    event: &CallEvent,
    before: &CallRow,
    after: &CallRow,
) -> Result<bool> {
    let shown = pops::shown_to(connection, after.id)?;
    let mut known = Vec::new();
    for name in &event.agents {
        known.extend(seats::agent(connection, act, after.office_id, name)?);
    }
    match (event.kind, after.state) {
        (EventKind::NewCall, CallState::Ringing) => {
            for user in &known {
                pops::push(connection, act, *user, after.id, PopKind::Ringing)?;
            }
        }
        // it came late: the screen that is open already gets what it lacked
        (EventKind::NewCall, CallState::Talking) if before.number.is_none() && after.number.is_some() => {
            for user in shown {
                pops::push(connection, act, user, after.id, PopKind::Updated)?;
            }
        }
        (EventKind::Answer, CallState::Talking) => {
            if let Some(user) = after.user_id {
                pops::push(connection, act, user, after.id, PopKind::Answered)?;
            }
            for user in shown.into_iter().filter(|user| Some(*user) != after.user_id) {
                pops::push(connection, act, user, after.id, PopKind::Taken)?;
            }
        }
        (EventKind::Hangup, state) => {
            let kind = if state == CallState::Missed { PopKind::Missed } else { PopKind::Ended };
            for user in shown.into_iter().filter(|user| after.user_id.is_none_or(|agent| agent == *user)) {
                pops::push(connection, act, user, after.id, kind)?;
            }
        }
        (EventKind::NewCall | EventKind::Answer, _) => {}
    }
    Ok(known.len() < event.agents.len())
}

/// What the list of those who are to be rung back makes of it.
fn follow(
    connection: &mut DbConnection,
    act: &Act,
    event: &CallEvent,
    before: &CallRow,
    after: &CallRow,
) -> Result<()> {
    if after.direction != Direction::In {
        return Ok(());
    }
    match after.state {
        CallState::Missed if before.state != CallState::Missed || before.number.is_none() => {
            callbacks::missed(connection, act, after)
        }
        CallState::Talking | CallState::Ended if event.kind != EventKind::Hangup => {
            callbacks::got_through(connection, act, after)
        }
        CallState::Ringing | CallState::Talking | CallState::Ended | CallState::Missed => Ok(()),
    }
}
