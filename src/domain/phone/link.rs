//! A call and the cases that were registered or spoken of in it.

use diesel::prelude::*;
use serde::Serialize;

use super::calls::{CallRow, province};
use super::course::{CallState, Direction};
use super::{number_hash, seats};
use crate::db::DbConnection;
use crate::db::dialect::Both;
use crate::db::schema::{phone_calls as c, phone_case_calls as l};
use crate::db::types::{CaseId, OfficeId, PhoneCallId, Time, UserId};
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::life::Fact;
use crate::domain::cases::{CaseRow, Docket, record};
use crate::domain::citizens::Phone;
use crate::domain::users;
use crate::domain::vault::field;
use crate::error::{FieldError, Result};

/// A call of a case, as whoever sees the case sees it; not its number.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct CaseCall {
    pub id: PhoneCallId,
    /// The exchange's id of the call.
    pub call_id: Option<String>,
    pub state: CallState,
    pub queue: Option<String>,
    pub waited_seconds: Option<i32>,
    pub length_seconds: Option<i32>,
    /// User name of who answered.
    pub agent: Option<String>,
    pub rung_at: Option<Time>,
    pub answered_at: Option<Time>,
    pub ended_at: Option<Time>,
    /// When the case was tied to it.
    pub linked_at: Time,
}

/// The call that an agent names: by our id or by the exchange's, among those of the agent's desk. The field error is the
/// inner one, to be told with others.
pub fn wanted(
    connection: &mut DbConnection,
    act: &Act,
    told: &str,
) -> Result<std::result::Result<CallRow, FieldError>> {
    let told = told.trim();
    let own = c::table
        .filter(c::id.eq(told.parse::<PhoneCallId>().unwrap_or(PhoneCallId(0))).or(c::external_id.eq(told)))
        .order(c::created_at.desc())
        .limit(10)
        .select(CallRow::as_select());
    let found: Vec<CallRow> = own.load(connection)?;
    let office = match &act.actor {
        Actor::Gateway { office, .. } => Some(*office),
        _ => None,
    };
    let is_own = |row: &CallRow| office == Some(row.office_id) || seats::is_desk(act, row.office_id);
    Ok(found.into_iter().find(is_own).ok_or_else(|| {
        FieldError::new(
            "call_id",
            "unknown",
            "تماسی با این شناسه به میز شما نرسیده است؛ شناسه را از صفحه تماس بردارید یا خالی بگذارید.",
            "No call of this id came to your desk; take the id from the call's screen, or leave it out.",
        )
    }))
}

/// Ties a case to a call in which it was registered; doing so twice is once. A call whose agent the exchange could not name
/// is the actor's.
pub fn link(connection: &mut DbConnection, act: &Act, row: CaseRow, call: &CallRow) -> Result<CaseRow> {
    if !tie(connection, act, row.id, call)? {
        return Ok(row);
    }
    if let Some(user) = act.actor.user().filter(|_| call.user_id.is_none()) {
        diesel::update(c::table.find(call.id)).set(c::user_id.eq(user)).execute(connection)?;
    }
    let office = row.intake_office_id;
    let mut docket = Docket::of_row(connection, act, row)?;
    let fact = Fact::CallLinked {
        call: call.id,
        queue: call.queue.clone(),
        waited_seconds: call.waited,
        length_seconds: call.length,
    };
    record(connection, act, &mut docket, &[fact], Some(office))?;
    Ok(docket.row)
}

/// The same for what came in by the channel itself, whose item tells it; gives whether it was new.
pub fn tie(connection: &mut DbConnection, act: &Act, case: CaseId, call: &CallRow) -> Result<bool> {
    let values = (l::case_id.eq(case), l::call_id.eq(call.id), l::at.eq(act.now));
    let tied =
        Both(diesel::insert_into(l::table).values(values).on_conflict_do_nothing()).execute(connection)?;
    Ok(tied == 1)
}

/// What the hand-over of a finished call tells of it.
#[derive(Debug, Clone, Default)]
pub struct Finished {
    pub external_id: Option<String>,
    pub number: Option<String>,
    pub line: Option<String>,
    pub queue: Option<String>,
    pub waited: Option<i32>,
    pub length: Option<i32>,
    pub at: Option<Time>,
}

/// The call of a hand-over: the one that events told of, else a new one.
pub fn finished(
    connection: &mut DbConnection,
    act: &Act,
    office: OfficeId,
    told: &Finished,
) -> Result<CallRow> {
    if let Some(id) = told.external_id.as_deref()
        && let Ok(known) = wanted(connection, act, id)?
    {
        return Ok(known);
    }
    let id: PhoneCallId = act.id();
    let number = told.number.as_deref().and_then(|number| Phone::parse(number).ok());
    let sealed = act.vault.seal_some(field!(phone_calls::number), id, number.as_ref().map(Phone::as_str))?;
    let gateway = match &act.actor {
        Actor::Gateway { id, .. } => Some(*id),
        _ => None,
    };
    diesel::insert_into(c::table)
        .values((
            (c::id.eq(id), c::gateway_id.eq(gateway), c::external_id.eq(&told.external_id)),
            (c::office_id.eq(office), c::direction.eq(Direction::In), c::state.eq(CallState::Ended)),
            (c::number.eq(sealed), c::line.eq(&told.line), c::queue.eq(&told.queue)),
            c::number_hash.eq(number.as_ref().map(|number| number_hash(&act.keys, number.as_str()))),
            c::province.eq(number.as_ref().and_then(|number| province(act, number))),
            (c::user_id.eq(act.actor.user()), c::waited.eq(told.waited), c::length.eq(told.length)),
            (c::rung_at.eq(told.at), c::created_at.eq(act.now)),
        ))
        .execute(connection)?;
    super::find(connection, id)
}

/// The calls of a visible case, oldest first.
pub fn of_case(connection: &mut DbConnection, _: &Act, row: &CaseRow) -> Result<Vec<CaseCall>> {
    let rows: Vec<(CallRow, Time)> = l::table
        .inner_join(c::table)
        .filter(l::case_id.eq(row.id))
        .order((l::at, l::call_id))
        .select((CallRow::as_select(), l::at))
        .load(connection)?;
    let people: Vec<UserId> = rows.iter().filter_map(|(call, _)| call.user_id).collect();
    let names = if people.is_empty() { Default::default() } else { users::names(connection, &people)? };
    let view = |(call, linked_at): (CallRow, Time)| CaseCall {
        id: call.id,
        call_id: call.external_id,
        state: call.state,
        queue: call.queue,
        waited_seconds: call.waited,
        length_seconds: call.length,
        agent: call.user_id.and_then(|id| names.get(&id)).map(|(name, _)| name.clone()),
        rung_at: call.rung_at,
        answered_at: call.answered_at,
        ended_at: call.ended_at,
        linked_at,
    };
    Ok(rows.into_iter().map(view).collect())
}
