//! Appointments: a case of a citizen has a place in a slot of a meeting. Only a case that the meeting's office sees can be
//! brought there, one person has one place, and nobody is received about a complaint against that very office.

use diesel::prelude::*;
use serde::Serialize;

use super::meetings::{self, Meeting};
use crate::db::DbConnection;
use crate::db::schema::{appointments as a, case_scopes, cases, meetings as m};
use crate::db::types::{AppointmentId, CaseId, MeetingId, Time};
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::life::Status;
use crate::domain::cases::{CaseRow, find_visible};
use crate::domain::conflict::Conflict;
use crate::domain::input;
use crate::domain::notifications::{self, Facts};
use crate::domain::visibility::Predicate;
use crate::error::{Code, Error, FieldError, Result};

/// An appointment as stored.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = a)]
pub struct Appointment {
    pub id: AppointmentId,
    pub meeting_id: MeetingId,
    pub case_id: CaseId,
    pub slot: i32,
    pub booked_by: String,
    pub booked_at: Time,
    pub attended: Option<bool>,
    pub cancelled_at: Option<Time>,
    pub reason: Option<String>,
}

impl Appointment {
    fn state(&self) -> &'static str {
        match (self.cancelled_at, self.attended) {
            (Some(_), _) => "cancelled",
            (None, None) => "booked",
            (None, Some(true)) => "attended",
            (None, Some(false)) => "absent",
        }
    }
}

/// An appointment.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct AppointmentView {
    pub id: AppointmentId,
    pub meeting: MeetingId,
    /// Who receives.
    pub official: String,
    pub place: String,
    pub slot: i32,
    pub at: Time,
    /// `booked`, `attended`, `absent` or `cancelled`.
    pub state: &'static str,
    /// Who booked it: `citizen` or `staff`.
    pub booked_by: String,
    pub booked_at: Time,
    /// Why it was cancelled.
    pub reason: Option<String>,
}

pub(super) fn view(meeting: &Meeting, appointment: Appointment) -> AppointmentView {
    AppointmentView {
        id: appointment.id,
        meeting: meeting.id,
        official: meeting.official.clone(),
        place: meeting.place.clone(),
        slot: appointment.slot,
        at: meeting.at(appointment.slot),
        state: appointment.state(),
        booked_by: appointment.booked_by,
        booked_at: appointment.booked_at,
        reason: appointment.reason,
    }
}

/// Books a place for a case that the actor sees: its citizen, or a desk of the meeting. The citizen is told when and where.
///
/// # Errors
/// `NotFound`, `slot_full`, `meeting_over`, `booking_ended`, `already_booked`, `case_elsewhere`, `meeting_conflict`,
/// `wrong_state`; a field error on `slot`.
pub fn book(
    connection: &mut DbConnection,
    act: &Act,
    meeting: MeetingId,
    case: CaseId,
    slot: Option<i32>,
) -> Result<AppointmentView> {
    let is_citizen = matches!(act.actor, Actor::Citizen { .. });
    let meeting = meetings::lock(connection, meeting)?;
    if !(is_citizen && meeting.is_public || meetings::is_of_desk(act, &meeting)) {
        return Err(Error::NotFound);
    }
    let row = find_visible(connection, act, case)?;
    still_open(act, &meeting, is_citizen)?;
    belongs(connection, act, &meeting, &row)?;
    let slot = free_slot(connection, act, &meeting, slot)?;
    let id: AppointmentId = act.id();
    diesel::insert_into(a::table)
        .values((
            (a::id.eq(id), a::meeting_id.eq(meeting.id), a::case_id.eq(case), a::slot.eq(slot)),
            (a::booked_by.eq(act.actor.sort()), a::booked_at.eq(act.now)),
        ))
        .execute(connection)?;
    tell(connection, act, &meeting, case, slot, "appointment_booked", None)?;
    let appointment = load(connection, id)?;
    Ok(view(&meeting, appointment))
}

fn still_open(act: &Act, meeting: &Meeting, is_citizen: bool) -> Result<()> {
    if meeting.cancelled_at.is_some() || meeting.ends_at() <= act.now {
        return Err(Error::Conflict(Code::MeetingOver));
    }
    match is_citizen && meeting.books_until <= act.now {
        true => Err(Error::Conflict(Code::BookingEnded)),
        false => Ok(()),
    }
}

/// Whether a case can be brought to a meeting.
fn belongs(connection: &mut DbConnection, act: &Act, meeting: &Meeting, row: &CaseRow) -> Result<()> {
    if row.status == Status::Closed {
        return Err(Error::Conflict(Code::WrongState));
    }
    let offices = &act.rules.offices;
    if Conflict::of(connection, &act.rules, row)?.bars_office(offices, meeting.office_id) {
        return Err(Error::Conflict(Code::MeetingConflict));
    }
    let is_seen: i64 = case_scopes::table
        .filter(case_scopes::case_id.eq(row.id).and(case_scopes::office_id.eq(meeting.office_id)))
        .count()
        .get_result(connection)?;
    if is_seen == 0 && meeting.office_id != offices.centre() {
        return Err(Error::Conflict(Code::CaseElsewhere));
    }
    let same: Predicate = match row.citizen_id {
        Some(citizen) => {
            Box::new(cases::id.eq(row.id).or(cases::citizen_id.eq(Some(citizen)).assume_not_null()))
        }
        None => Box::new(cases::id.eq(row.id)),
    };
    let own: Vec<CaseId> = cases::table.filter(same).select(cases::id).load(connection)?;
    let booked: i64 = a::table
        .filter(a::meeting_id.eq(meeting.id).and(a::cancelled_at.is_null()).and(a::case_id.eq_any(own)))
        .count()
        .get_result(connection)?;
    if booked > 0 { Err(Error::Conflict(Code::AlreadyBooked)) } else { Ok(()) }
}

/// The wished slot, or the first that is to come and has a place.
fn free_slot(
    connection: &mut DbConnection,
    act: &Act,
    meeting: &Meeting,
    wished: Option<i32>,
) -> Result<i32> {
    let taken: Vec<i32> = a::table
        .filter(a::meeting_id.eq(meeting.id).and(a::cancelled_at.is_null()))
        .select(a::slot)
        .load(connection)?;
    let count = |slot: i32| taken.iter().filter(|one| **one == slot).count();
    let is_free = |slot: &i32| i32::try_from(count(*slot)).is_ok_and(|count| count < meeting.capacity);
    let Some(slot) = wished else {
        let to_come = (1..=meeting.slots).filter(|slot| meeting.at(*slot) > act.now);
        return to_come.into_iter().find(is_free).ok_or(Error::Conflict(Code::SlotFull));
    };
    super::within("slot", slot, 1, meeting.slots).map_err(Error::field)?;
    if meeting.at(slot + 1) <= act.now {
        let (fa, en) = ("زمان این نوبت گذشته است.", "The time of this slot is over.");
        return Err(Error::field(FieldError::new("slot", "in_the_past", fa, en)));
    }
    if is_free(&slot) { Ok(slot) } else { Err(Error::Conflict(Code::SlotFull)) }
}

fn tell(
    connection: &mut DbConnection,
    act: &Act,
    meeting: &Meeting,
    case: CaseId,
    slot: i32,
    template: &str,
    reason: Option<&str>,
) -> Result<()> {
    let facts = Facts {
        office: Some(meeting.office_id),
        until: Some(meeting.at(slot)),
        text: Some(format!("{}، {}", meeting.official, meeting.place)),
        reason: reason.map(str::to_owned),
        ..Facts::default()
    };
    notifications::to_citizen_of(connection, act, case, template, &facts)
}

pub(super) fn load(connection: &mut DbConnection, id: AppointmentId) -> Result<Appointment> {
    Ok(a::table.find(id).select(Appointment::as_select()).first(connection)?)
}

/// An appointment of a meeting of the actor, about a case that the actor sees; its meeting is locked.
pub(super) fn find(
    connection: &mut DbConnection,
    act: &Act,
    id: AppointmentId,
) -> Result<(Meeting, Appointment)> {
    let appointment = load(connection, id)?;
    let meeting = meetings::lock(connection, appointment.meeting_id)?;
    let is_own = matches!(act.actor, Actor::Citizen { case } if case == appointment.case_id);
    if !(is_own || meetings::is_of_desk(act, &meeting)) {
        return Err(Error::NotFound);
    }
    find_visible(connection, act, appointment.case_id)?;
    // as it stands now that the meeting is held
    Ok((meeting, load(connection, id)?))
}

/// Cancels an appointment before its time; the place is free again.
///
/// # Errors
/// `NotFound`; `already_done`; `meeting_over`.
pub fn cancel(
    connection: &mut DbConnection,
    act: &Act,
    id: AppointmentId,
    reason: Option<&str>,
) -> Result<AppointmentView> {
    let (meeting, appointment) = find(connection, act, id)?;
    if appointment.cancelled_at.is_some() || appointment.attended.is_some() {
        return Err(Error::Conflict(Code::AlreadyDone));
    }
    if meeting.ends_at() <= act.now {
        return Err(Error::Conflict(Code::MeetingOver));
    }
    let reason = input::optional_text("reason", reason, input::LINE_MAX).map_err(Error::field)?;
    let told = match (&act.actor, &reason) {
        (Actor::Citizen { .. }, _) => "",
        (_, Some(reason)) => reason.as_str(),
        (_, None) => return Err(Error::field(FieldError::required("reason"))),
    };
    call_off(connection, act, &meeting, id, told)?;
    let appointment = load(connection, id)?;
    Ok(view(&meeting, appointment))
}

/// Cancels one appointment; its citizen is told, also where it was the own wish.
pub(super) fn call_off(
    connection: &mut DbConnection,
    act: &Act,
    meeting: &Meeting,
    id: AppointmentId,
    reason: &str,
) -> Result<()> {
    let appointment = load(connection, id)?;
    let reason = Some(reason).filter(|reason| !reason.is_empty());
    diesel::update(a::table.find(id))
        .set((a::cancelled_at.eq(act.now), a::reason.eq(reason)))
        .execute(connection)?;
    tell(connection, act, meeting, appointment.case_id, appointment.slot, "appointment_cancelled", reason)
}

/// Whether the actor sees this appointment at all.
///
/// # Errors
/// `NotFound`.
pub fn allow(connection: &mut DbConnection, act: &Act, id: AppointmentId) -> Result<()> {
    find(connection, act, id).map(|_| ())
}

/// Notes whether the citizen came, from the meeting's beginning on.
///
/// # Errors
/// `NotFound`; `wrong_appointment` before the beginning and for a cancelled one.
pub fn attend(
    connection: &mut DbConnection,
    act: &Act,
    id: AppointmentId,
    attended: bool,
) -> Result<AppointmentView> {
    let (meeting, appointment) = find(connection, act, id)?;
    if appointment.cancelled_at.is_some() || act.now < meeting.starts_at {
        return Err(Error::Conflict(Code::WrongAppointment));
    }
    diesel::update(a::table.find(id)).set(a::attended.eq(attended)).execute(connection)?;
    let appointment = load(connection, id)?;
    Ok(view(&meeting, appointment))
}

/// The appointments of a visible case, the newest first.
pub fn of_case(connection: &mut DbConnection, act: &Act, case: CaseId) -> Result<Vec<AppointmentView>> {
    find_visible(connection, act, case)?;
    let rows: Vec<(Appointment, Meeting)> = a::table
        .inner_join(m::table)
        .filter(a::case_id.eq(case))
        .order(a::id.desc())
        .select((Appointment::as_select(), Meeting::as_select()))
        .load(connection)?;
    Ok(rows.into_iter().map(|(appointment, meeting)| view(&meeting, appointment)).collect())
}
