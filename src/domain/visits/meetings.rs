//! Public meetings of an official: slots of so many minutes with so many places, open to citizens or kept by the desk.

use std::collections::HashMap;

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::within;
use crate::db::DbConnection;
use crate::db::dialect::for_update;
use crate::db::schema::{appointments as a, meetings as m};
use crate::db::types::{AppointmentId, MeetingId, OfficeId, Time, UserId};
use crate::domain::actor::{Act, Actor};
use crate::domain::input;
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::error::{Code, Error, FieldError, Fields, Language, Result};

/// Most slots of one meeting.
const SLOTS_MAX: i32 = 200;
/// Days ahead that a meeting may be planned.
const DAYS_AHEAD: i64 = 365;

/// A new meeting.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PlanMeeting {
    /// Code of the office whose official receives; the own one when missing.
    pub office: Option<String>,
    /// Who receives: name and title.
    pub official: String,
    /// Where.
    pub place: String,
    pub starts_at: Option<Time>,
    /// 5 to 240; 10 when missing.
    pub slot_minutes: Option<i32>,
    /// 1 to 200.
    pub slots: i32,
    /// People in one slot, 1 to 100; 1 when missing.
    pub capacity: Option<i32>,
    /// Until when citizens book by themselves; until it begins when missing.
    pub books_until: Option<Time>,
    /// Whether citizens see it and book by themselves; they do when missing.
    pub public: Option<bool>,
}

/// A meeting as stored.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = m)]
pub struct Meeting {
    pub id: MeetingId,
    pub office_id: OfficeId,
    pub official: String,
    pub place: String,
    pub starts_at: Time,
    pub slot_minutes: i32,
    pub slots: i32,
    pub capacity: i32,
    pub books_until: Time,
    pub is_public: bool,
    pub cancelled_at: Option<Time>,
    pub reason: Option<String>,
    pub made_by: UserId,
}

impl Meeting {
    /// When a slot begins.
    pub fn at(&self, slot: i32) -> Time {
        self.starts_at.plus_seconds(i64::from(slot - 1) * i64::from(self.slot_minutes) * 60)
    }

    /// When the last slot ends.
    pub fn ends_at(&self) -> Time {
        self.at(self.slots + 1)
    }
}

/// A slot.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct SlotView {
    /// 1 for the first.
    pub slot: i32,
    pub at: Time,
    /// Places that are left.
    pub free: i64,
}

/// A meeting.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct MeetingView {
    pub id: MeetingId,
    /// Code of the office.
    pub office: String,
    pub office_name: String,
    pub official: String,
    pub place: String,
    pub starts_at: Time,
    pub ends_at: Time,
    pub slot_minutes: i32,
    pub capacity: i32,
    pub books_until: Time,
    pub public: bool,
    /// `planned`, `cancelled` or `over`.
    pub state: &'static str,
    /// Why it was cancelled.
    pub reason: Option<String>,
    pub slots: Vec<SlotView>,
}

/// Plans a meeting.
///
/// # Errors
/// `Invalid` with every wrong field; `forbidden`, `not_your_office`.
pub fn plan(
    connection: &mut DbConnection,
    act: &Act,
    wish: &PlanMeeting,
    reader: Language,
) -> Result<MeetingView> {
    let office = planner(act, wish.office.as_deref())?;
    let Some(made_by) = act.actor.user() else { return Err(Error::Forbidden(Code::Forbidden)) };
    let mut fields = Fields::default();
    let official = fields.take(input::text("official", &wish.official, 200));
    let place = fields.take(input::text("place", &wish.place, input::LINE_MAX));
    let starts_at = fields.take(starts(act, wish.starts_at));
    let minutes = fields.take(within("slot_minutes", wish.slot_minutes.unwrap_or(10), 5, 240));
    let slots = fields.take(within("slots", wish.slots, 1, SLOTS_MAX));
    let capacity = fields.take(within("capacity", wish.capacity.unwrap_or(1), 1, 100));
    let books_until = wish.books_until.or(starts_at);
    if books_until.zip(starts_at).is_some_and(|(until, starts)| until > starts) {
        let (fa, en) =
            ("نوبت‌گیری باید پیش از آغاز دیدار پایان یابد.", "Booking must end before the meeting begins.");
        fields.add(FieldError::new("books_until", "too_late", fa, en));
    }
    fields.finish()?;
    let id: MeetingId = act.id();
    diesel::insert_into(m::table)
        .values((
            (m::id.eq(id), m::office_id.eq(office), m::official.eq(official.unwrap_or_default())),
            (m::place.eq(place.unwrap_or_default()), m::starts_at.eq(starts_at.unwrap_or(act.now))),
            (m::slot_minutes.eq(minutes.unwrap_or(10)), m::slots.eq(slots.unwrap_or(1))),
            (m::capacity.eq(capacity.unwrap_or(1)), m::books_until.eq(books_until.unwrap_or(act.now))),
            (m::is_public.eq(wish.public.unwrap_or(true)), m::made_by.eq(made_by), m::made_at.eq(act.now)),
        ))
        .execute(connection)?;
    let meeting = load(connection, id)?;
    view(connection, act, meeting, reader)
}

/// The office for which somebody plans meetings.
fn planner(act: &Act, named: Option<&str>) -> Result<OfficeId> {
    let own = policy::allow_anywhere(act, Verb::HoldMeetings)?;
    let Some(code) = named else { return Ok(own) };
    let office = act.rules.offices.find("office", code).map_err(Error::field)?.id;
    policy::allow(act, Verb::HoldMeetings, office).map(|_| office)
}

fn starts(act: &Act, told: Option<Time>) -> Result<Time, FieldError> {
    let starts = told.ok_or_else(|| FieldError::required("starts_at"))?;
    if starts <= act.now {
        let (fa, en) = ("زمان دیدار باید در آینده باشد.", "The meeting must lie in the future.");
        return Err(FieldError::new("starts_at", "in_the_past", fa, en));
    }
    if starts > act.now.plus_days(DAYS_AHEAD) {
        let (fa, en) =
            ("دیدار حداکثر یک سال جلوتر برنامه‌ریزی می‌شود.", "A meeting is planned a year ahead at most.");
        return Err(FieldError::new("starts_at", "too_far", fa, en));
    }
    Ok(starts)
}

pub(super) fn load(connection: &mut DbConnection, id: MeetingId) -> Result<Meeting> {
    Ok(m::table.find(id).select(Meeting::as_select()).first(connection)?)
}

/// The same, locked until the transaction ends: who books and who cancels wait for each other.
pub(super) fn lock(connection: &mut DbConnection, id: MeetingId) -> Result<Meeting> {
    Ok(for_update(m::table.find(id).select(Meeting::as_select())).get_result(connection)?)
}

/// Whether the actor plans this meeting or books for it at a desk.
pub(super) fn is_of_desk(act: &Act, meeting: &Meeting) -> bool {
    let may = |verb| policy::allow(act, verb, meeting.office_id).is_ok();
    matches!(act.actor, Actor::Staff(_)) && (may(Verb::HoldMeetings) || may(Verb::Register))
}

/// A meeting for staff who have to do with it.
///
/// # Errors
/// `NotFound` for others.
pub fn find(connection: &mut DbConnection, act: &Act, id: MeetingId) -> Result<Meeting> {
    let meeting = load(connection, id)?;
    if is_of_desk(act, &meeting) { Ok(meeting) } else { Err(Error::NotFound) }
}

/// A meeting that citizens may know of.
///
/// # Errors
/// `NotFound` for one that the desk keeps.
pub fn find_public(connection: &mut DbConnection, id: MeetingId) -> Result<Meeting> {
    Ok(m::table.find(id).filter(m::is_public.eq(true)).select(Meeting::as_select()).first(connection)?)
}

/// A meeting with its free places.
pub fn view(
    connection: &mut DbConnection,
    act: &Act,
    meeting: Meeting,
    reader: Language,
) -> Result<MeetingView> {
    let taken: Vec<i32> = a::table
        .filter(a::meeting_id.eq(meeting.id).and(a::cancelled_at.is_null()))
        .select(a::slot)
        .load::<i32>(connection)?;
    let mut by_slot: HashMap<i32, i64> = HashMap::new();
    taken.into_iter().for_each(|slot| *by_slot.entry(slot).or_default() += 1);
    let slot = |slot: i32| SlotView {
        slot,
        at: meeting.at(slot),
        free: (i64::from(meeting.capacity) - by_slot.get(&slot).copied().unwrap_or(0)).max(0),
    };
    let state = match meeting.cancelled_at {
        Some(_) => "cancelled",
        None if meeting.ends_at() <= act.now => "over",
        None => "planned",
    };
    let office = act.rules.offices.get(meeting.office_id);
    Ok(MeetingView {
        id: meeting.id,
        office: act.rules.offices.code(meeting.office_id),
        office_name: office.map(|office| office.name(reader).to_owned()).unwrap_or_default(),
        starts_at: meeting.starts_at,
        ends_at: meeting.ends_at(),
        slot_minutes: meeting.slot_minutes,
        capacity: meeting.capacity,
        books_until: meeting.books_until,
        public: meeting.is_public,
        state,
        slots: (1..=meeting.slots).map(slot).collect(),
        reason: meeting.reason,
        official: meeting.official,
        place: meeting.place,
    })
}

/// Cancels a meeting and every appointment of it; each citizen is told.
///
/// # Errors
/// `already_done`; `meeting_over`.
pub fn cancel(
    connection: &mut DbConnection,
    act: &Act,
    id: MeetingId,
    reason: &str,
    reader: Language,
) -> Result<MeetingView> {
    let meeting = lock(connection, id)?;
    if !is_of_desk(act, &meeting) {
        return Err(Error::NotFound);
    }
    policy::allow(act, Verb::HoldMeetings, meeting.office_id)?;
    let reason = input::text("reason", reason, input::LINE_MAX).map_err(Error::field)?;
    if meeting.cancelled_at.is_some() {
        return Err(Error::Conflict(Code::AlreadyDone));
    }
    if meeting.ends_at() <= act.now {
        return Err(Error::Conflict(Code::MeetingOver));
    }
    diesel::update(m::table.find(id))
        .set((m::cancelled_at.eq(act.now), m::reason.eq(&reason)))
        .execute(connection)?;
    let open: Vec<AppointmentId> = a::table
        .filter(a::meeting_id.eq(id).and(a::cancelled_at.is_null()))
        .order(a::id)
        .select(a::id)
        .load(connection)?;
    for appointment in open {
        super::appointments::call_off(connection, act, &meeting, appointment, &reason)?;
    }
    let meeting = load(connection, id)?;
    view(connection, act, meeting, reader)
}
