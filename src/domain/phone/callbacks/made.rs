//! How an entry comes to be: a call that nobody answered, or a promise; and how it is settled by the caller's own next call.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::super::calls::CallRow;
use super::super::{link, number_hash, pops};
use super::{CallbackOrigin, CallbackState};
use crate::db::DbConnection;
use crate::db::schema::phone_callbacks as b;
use crate::db::types::{CaseId, OfficeId, PhoneCallId, PhoneCallbackId, Time};
use crate::domain::actor::Act;
use crate::domain::cases::life::Fact;
use crate::domain::cases::{CaseRow, Docket, Expected, record};
use crate::domain::citizens::{self, Phone};
use crate::domain::confidentiality::guard_words;
use crate::domain::rulebook::Verb;
use crate::domain::vault::field;
use crate::domain::{deadlines, input, policy};
use crate::error::{Error, FieldError, Fields, Result};

/// Days ahead for which a call may be promised.
const AHEAD_DAYS: i64 = 30;

/// A call that is promised; the number is that of the call, else of the case's citizen, unless it is told.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Promise {
    /// The call in which it is promised: its id here, or that of the exchange.
    pub call_id: Option<String>,
    /// Id of the case that it is about.
    pub case_id: Option<String>,
    pub number: Option<String>,
    /// What was promised.
    pub note: Option<String>,
    /// When at the latest; by the limit `ring_back_wait` when missing.
    pub due_at: Option<Time>,
}

/// Notes a caller whom nobody answered; one who is on the list already rang once more. Nobody can be rung back without a
/// number.
pub(in super::super) fn missed(connection: &mut DbConnection, act: &Act, call: &CallRow) -> Result<()> {
    let (Some(number), Some(hash)) = (call.number(connection, act)?, &call.number_hash) else {
        return Ok(());
    };
    let known: Option<(PhoneCallbackId, Option<PhoneCallId>, i32)> = b::table
        .filter(b::settled_at.is_null().and(b::number_hash.eq(hash)).and(b::office_id.eq(call.office_id)))
        .select((b::id, b::call_id, b::calls))
        .first(connection)
        .optional()?;
    if let Some((id, of_call, calls)) = known {
        if of_call != Some(call.id) {
            diesel::update(b::table.find(id))
                .set((b::calls.eq(calls + 1), b::call_id.eq(call.id)))
                .execute(connection)?;
        }
        return Ok(());
    }
    let rang = !pops::shown_to(connection, call.id)?.is_empty();
    let origin = if rang { CallbackOrigin::Missed } else { CallbackOrigin::Abandoned };
    let due = wait(act, call.office_id)?;
    let new =
        New { office: call.office_id, origin, call: Some(call.id), case: None, number, note: None, due };
    insert(connection, act, &new).map(drop)
}

/// Whoever rang again and was answered need not be rung back; what was promised stays promised.
pub(in super::super) fn got_through(connection: &mut DbConnection, act: &Act, call: &CallRow) -> Result<()> {
    let waits = b::settled_at.is_null().and(b::origin.ne(CallbackOrigin::Promised));
    let settled = (b::state.eq(CallbackState::GotThrough), b::settled_at.eq(act.now));
    diesel::update(b::table.filter(waits.and(b::call_id.eq(call.id)))).set(settled).execute(connection)?;
    if let Some(hash) = &call.number_hash {
        let same = b::number_hash.eq(hash).and(b::created_at.le(act.now));
        diesel::update(b::table.filter(waits.and(same))).set(settled).execute(connection)?;
    }
    Ok(())
}

struct New {
    office: OfficeId,
    origin: CallbackOrigin,
    call: Option<PhoneCallId>,
    case: Option<CaseId>,
    number: String,
    note: Option<String>,
    due: Time,
}

fn insert(connection: &mut DbConnection, act: &Act, new: &New) -> Result<PhoneCallbackId> {
    let id: PhoneCallbackId = act.id();
    let number = act.vault.seal(field!(phone_callbacks::number), id, &new.number)?;
    let note = act.vault.seal_some(field!(phone_callbacks::note), id, new.note.as_deref())?;
    diesel::insert_into(b::table)
        .values((
            (b::id.eq(id), b::office_id.eq(new.office), b::origin.eq(new.origin)),
            (b::call_id.eq(new.call), b::case_id.eq(new.case), b::number.eq(number), b::note.eq(note)),
            b::number_hash.eq(number_hash(&act.keys, &new.number)),
            (b::calls.eq(i32::from(new.origin != CallbackOrigin::Promised)), b::tries.eq(0)),
            (b::state.eq(CallbackState::Open), b::due_at.eq(new.due), b::next_at.eq(act.now)),
            (b::created_by.eq(act.actor.user()), b::created_at.eq(act.now)),
        ))
        .execute(connection)?;
    Ok(id)
}

fn wait(act: &Act, office: OfficeId) -> Result<Time> {
    let span = act.rules.required_span("ring_back_wait", None, None, None, false)?;
    Ok(deadlines::due(act.rules.calendar(office)?, act.now.timestamp(), span)?.into())
}

/// A time to come, at most 30 days ahead.
pub(super) fn to_come(act: &Act, name: &str, told: Option<Time>, fields: &mut Fields) -> Option<Time> {
    let is_right = |at: &Time| *at > act.now && *at <= act.now.plus_days(AHEAD_DAYS);
    if told.is_some_and(|at| !is_right(&at)) {
        fields.add(FieldError::new(
            name,
            "out_of_range",
            "زمانی از اکنون تا ۳۰ روز دیگر.",
            "A time from now to 30 days ahead.",
        ));
    }
    told.filter(is_right)
}

/// Promises a call; on a case it becomes an event of its timeline.
///
/// # Errors
/// Wrong fields; `NotFound` for a case that the actor does not see.
pub fn promise(connection: &mut DbConnection, act: &Act, wish: &Promise) -> Result<PhoneCallbackId> {
    let office = policy::allow_anywhere(act, Verb::Register)?;
    let mut fields = Fields::default();
    let note = fields.take(input::optional_text("note", wish.note.as_deref(), input::LINE_MAX)).flatten();
    let due = to_come(act, "due_at", wish.due_at, &mut fields);
    let told = wish.number.as_deref().filter(|number| !number.trim().is_empty());
    let told = told.and_then(|number| match Phone::parse(number) {
        Ok(phone) => Some(phone.as_str().to_owned()),
        Err(error) => {
            let fa = "شماره‌ای که بتوان به آن زنگ زد، مانند 09121234567 یا 02188776655.";
            fields.take(Err(FieldError::new("number", "invalid", fa, error.to_string())))
        }
    });
    let call = match wish.call_id.as_deref() {
        Some(call) => fields.take(link::wanted(connection, act, call)?),
        None => None,
    };
    let case = wish.case_id.as_deref().and_then(|id| match id.parse::<CaseId>() {
        Ok(id) => Some(id),
        Err(_) => fields.take(Err(FieldError::unknown("case_id", id))),
    });
    fields.finish()?;
    let docket = case.map(|case| Docket::open(connection, act, case, Expected::Any)).transpose()?;
    if let Some(docket) = &docket {
        guard_words(connection, act, &docket.row, "note", note.as_deref())?;
    }
    let of_call = call.as_ref().map(|call| call.number(connection, act)).transpose()?.flatten();
    let number = match told.or(of_call) {
        Some(number) => number,
        None => number_of(connection, act, docket.as_ref().map(|docket| &docket.row))?,
    };
    let due = due.map_or_else(|| wait(act, office), Ok)?;
    let origin = CallbackOrigin::Promised;
    let new = New { office, origin, call: call.map(|call| call.id), case, number, note, due };
    let id = insert(connection, act, &new)?;
    if let Some(mut docket) = docket {
        let fact =
            Fact::RingBackMoved { callback: id, state: "promised".into(), tries: 0, due_at: Some(due) };
        record(connection, act, &mut docket, &[fact], Some(office))?;
    }
    Ok(id)
}

fn number_of(connection: &mut DbConnection, act: &Act, row: Option<&CaseRow>) -> Result<String> {
    let citizen = row.filter(|row| !row.is_sealed).and_then(|row| row.citizen_id);
    let citizen = citizen.map(|id| citizens::load(connection, &act.vault, id)).transpose()?;
    citizen.and_then(|citizen| citizen.mobile.or(citizen.phone)).ok_or_else(|| {
        Error::field(FieldError::new(
            "number",
            "required",
            "شماره‌ای که باید به آن زنگ زد، یا تماسی (call_id) که شماره‌اش پیداست.",
            "The number to ring, or a call (call_id) whose number is known.",
        ))
    })
}
