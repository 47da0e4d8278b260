//! Tickets of a counter's queue: numbers run from 1 for each desk and day, the lowest that waits is called next, and two
//! who call at once get two visitors.

use diesel::prelude::*;
use serde::Serialize;

use super::{day_of, desk_office};
use crate::db::DbConnection;
use crate::db::dialect::{for_update, for_update_skip_locked, lock_number};
use crate::db::schema::queue_tickets as t;
use crate::db::types::{CaseId, OfficeId, TicketId, Time, UserId};
use crate::domain::actor::Act;
use crate::domain::input;
use crate::domain::text::{latin_digits, search_key};
use crate::error::{Code, Error, FieldError, Result};
use crate::text_enum;

/// Longest name of a desk, in characters.
const NAME_MAX: usize = 60;
/// Tickets that a desk gives out in a day at most; more is a fault of a machine.
const DAY_MAX: i32 = 9999;

text_enum! {
    /// How far a ticket got.
    pub enum TicketState {
        Waiting = "waiting",
        Called = "called",
        /// What the visitor said was taken in.
        Served = "served",
        /// Called, and nobody came.
        Absent = "absent",
    }
}

/// A ticket.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, utoipa::ToSchema)]
#[diesel(table_name = t)]
pub struct Ticket {
    pub id: TicketId,
    #[serde(skip)]
    #[diesel(column_name = office_id)]
    pub office: OfficeId,
    pub desk: String,
    /// The day in Tehran, as `2026-06-10`.
    pub day: String,
    pub number: i32,
    pub state: TicketState,
    pub taken_at: Time,
    pub called_at: Option<Time>,
    #[serde(skip)]
    pub called_by: Option<UserId>,
    pub settled_at: Option<Time>,
    /// What came of it; the case itself says who may see it.
    #[serde(skip)]
    pub case_id: Option<CaseId>,
}

/// A ticket that was just drawn, and how many wait before it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Drawn {
    #[serde(flatten)]
    pub ticket: Ticket,
    pub ahead: i64,
}

/// The name of a desk, and what it is known by however it is spelt.
fn desk(name: &str) -> Result<(String, String)> {
    let name = input::text("desk", name, NAME_MAX).map_err(Error::field)?;
    let key = search_key(&name);
    if key.trim().is_empty() { Err(Error::field(FieldError::required("desk"))) } else { Ok((name, key)) }
}

/// One at a time draws a number at a desk.
fn lock(connection: &mut DbConnection, act: &Act, office: OfficeId, key: &str, day: &str) -> Result<()> {
    let digest = act.keys.digest("queue", &[&office.to_string(), key, day]);
    let number = i64::from_str_radix(&digest[..15], 16).map_err(Error::internal)?;
    Ok(lock_number(connection, number)?)
}

/// Draws the next number of a desk today.
///
/// # Errors
/// A field error for a wrong name or office; `limit_reached` after 9,999 in one day.
pub fn draw(connection: &mut DbConnection, act: &Act, name: &str, office: Option<&str>) -> Result<Drawn> {
    let office = desk_office(act, office)?;
    let ((name, key), day) = (desk(name)?, day_of(act.now)?);
    lock(connection, act, office, &key, &day)?;
    let of_today = t::table.filter(t::office_id.eq(office).and(t::desk_key.eq(&key)).and(t::day.eq(&day)));
    let last: Option<i32> = of_today.select(diesel::dsl::max(t::number)).first(connection)?;
    let number = last.unwrap_or(0) + 1;
    if number > DAY_MAX {
        return Err(Error::Conflict(Code::LimitReached));
    }
    let ahead = of_today.filter(t::state.eq(TicketState::Waiting)).count().get_result(connection)?;
    let id: TicketId = act.id();
    diesel::insert_into(t::table)
        .values((
            (t::id.eq(id), t::office_id.eq(office), t::desk.eq(&name), t::desk_key.eq(&key)),
            (t::day.eq(&day), t::number.eq(number), t::state.eq(TicketState::Waiting)),
            t::taken_at.eq(act.now),
        ))
        .execute(connection)?;
    Ok(Drawn { ticket: load(connection, id)?, ahead })
}

fn load(connection: &mut DbConnection, id: TicketId) -> Result<Ticket> {
    Ok(t::table.find(id).select(Ticket::as_select()).first(connection)?)
}

/// A ticket of an office whose desk the actor works at, locked until the transaction ends.
///
/// # Errors
/// `NotFound` for another office's.
pub fn find(connection: &mut DbConnection, act: &Act, id: TicketId) -> Result<Ticket> {
    desk_office(act, None)?;
    let ticket: Ticket = for_update(t::table.find(id).select(Ticket::as_select())).get_result(connection)?;
    let code = act.rules.offices.code(ticket.office);
    desk_office(act, Some(&code)).map(|_| ticket).map_err(|_| Error::NotFound)
}

/// Calls whoever waits longest at a desk today.
///
/// # Errors
/// `queue_empty`; those of [`draw`].
pub fn call_next(
    connection: &mut DbConnection,
    act: &Act,
    name: &str,
    office: Option<&str>,
) -> Result<Ticket> {
    let office = desk_office(act, office)?;
    let ((_, key), day) = (desk(name)?, day_of(act.now)?);
    let query = t::table
        .filter(t::office_id.eq(office).and(t::desk_key.eq(&key)).and(t::day.eq(&day)))
        .filter(t::state.eq(TicketState::Waiting))
        .order(t::number)
        .limit(1)
        .select(t::id);
    let next: Option<TicketId> = for_update_skip_locked(query).get_result(connection).optional()?;
    let id = next.ok_or(Error::Conflict(Code::QueueEmpty))?;
    diesel::update(t::table.find(id))
        .set((
            (t::state.eq(TicketState::Called), t::called_at.eq(act.now)),
            t::called_by.eq(act.actor.user()),
        ))
        .execute(connection)?;
    load(connection, id)
}

/// Sets a ticket of today's queue right: nobody came, somebody came after all, or it was served without a case.
///
/// # Errors
/// `NotFound` for one of another office; `already_done` for one whose case is registered.
pub fn settle(connection: &mut DbConnection, act: &Act, id: TicketId, state: TicketState) -> Result<Ticket> {
    let ticket = find(connection, act, id)?;
    if ticket.case_id.is_some() {
        return Err(Error::Conflict(Code::AlreadyDone));
    }
    let settled = matches!(state, TicketState::Served | TicketState::Absent).then_some(act.now);
    let called = match state {
        TicketState::Waiting => None,
        TicketState::Called => Some(act.now),
        TicketState::Served | TicketState::Absent => ticket.called_at,
    };
    diesel::update(t::table.find(id))
        .set((t::state.eq(state), t::settled_at.eq(settled), t::called_at.eq(called)))
        .execute(connection)?;
    load(connection, id)
}

/// The queue of a desk on a day after `after`, by number.
pub fn list(
    connection: &mut DbConnection,
    act: &Act,
    name: &str,
    office: Option<&str>,
    wished: (Option<String>, Option<TicketState>),
    after: Option<i32>,
    limit: i64,
) -> Result<Vec<Ticket>> {
    let office = desk_office(act, office)?;
    let (_, key) = desk(name)?;
    let day = match wished.0 {
        Some(text) => super::day("day", &text).map_err(Error::field)?,
        None => day_of(act.now)?,
    };
    let mut query = t::table
        .filter(t::office_id.eq(office).and(t::desk_key.eq(key)).and(t::day.eq(day)))
        .filter(t::number.gt(after.unwrap_or(0)))
        .order(t::number)
        .limit(limit)
        .select(Ticket::as_select())
        .into_boxed();
    if let Some(state) = wished.1 {
        query = query.filter(t::state.eq(state));
    }
    Ok(query.load(connection)?)
}

/// What the visitor of a ticket said was taken in. A number that nobody drew here is one of another queue and is let be.
pub fn served(
    connection: &mut DbConnection,
    act: &Act,
    office: OfficeId,
    name: &str,
    number: &str,
    case: Option<CaseId>,
) -> Result<()> {
    let key = search_key(name);
    let Ok(number) = latin_digits(number.trim()).parse::<i32>() else { return Ok(()) };
    let of_today = t::table
        .filter(t::office_id.eq(office).and(t::desk_key.eq(key)).and(t::day.eq(day_of(act.now)?)))
        .filter(t::number.eq(number).and(t::case_id.is_null()));
    diesel::update(of_today)
        .set((t::state.eq(TicketState::Served), t::settled_at.eq(act.now), t::case_id.eq(case)))
        .execute(connection)?;
    Ok(())
}
