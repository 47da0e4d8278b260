//! Updates of requests (the extension of mySociety): what happened, in its words of state; and what the citizen adds.

use diesel::prelude::*;
use serde::Serialize;

use super::requests::{Reader, Wanted, list};
use super::{ROWS, SPAN_DAYS};
use crate::db::DbConnection;
use crate::db::schema::{events, open311_requests, open311_updates as u};
use crate::db::types::{CaseId, EventId, GatewayId, MessageId, Time};
use crate::domain::actor::Act;
use crate::domain::cases::Channel;
use crate::domain::cases::ask::{self, Reply};
use crate::domain::input;
use crate::error::{Error, FieldError, Fields, Language, Result};

/// One update.
#[derive(Debug, Clone, Serialize)]
pub struct UpdateView {
    pub update_id: EventId,
    pub service_request_id: CaseId,
    pub status: &'static str,
    pub updated_datetime: Time,
    pub description: String,
    pub media_url: Option<String>,
}

/// Which updates are wanted.
#[derive(Debug, Clone, Default)]
pub struct UpdatesWanted {
    pub ids: Option<Vec<CaseId>>,
    pub from: Option<Time>,
    pub to: Option<Time>,
}

/// An update as it is sent.
#[derive(Debug, Clone, Default)]
pub struct Update {
    pub service_request_id: Option<String>,
    pub update_id: Option<String>,
    pub description: Option<String>,
}

/// Events that are told, with the state and the words of each.
const TOLD: [(&str, &str, &str, &str); 11] = [
    ("case_registered", "OPEN", "ثبت شد.", "It was registered."),
    ("case_classified", "INVESTIGATING", "موضوع آن روشن شد.", "Its subject was found."),
    ("case_referred", "IN_PROGRESS", "به دستگاه مسئول ارجاع شد.", "It was referred to the body in charge."),
    ("citizen_asked", "INVESTIGATING", "از فرستنده توضیح خواسته شد.", "The sender was asked for more."),
    ("citizen_replied", "IN_PROGRESS", "فرستنده پاسخ داد.", "The sender replied."),
    ("deadline_extended", "IN_PROGRESS", "مهلت رسیدگی تمدید شد.", "The deadline was extended."),
    ("answer_approved", "IN_PROGRESS", "دستگاه پاسخ داد.", "The body answered."),
    ("objection_raised", "OPEN", "به پاسخ اعتراض شد.", "The answer was objected to."),
    ("case_merged", "DUPLICATE", "همراه پرونده دیگری رسیدگی می‌شود.", "It is handled together with another."),
    ("case_closed", "CLOSED", "بسته شد.", "It was closed."),
    ("case_reopened", "OPEN", "دوباره باز شد.", "It was opened again."),
];

/// Updates of what the reader sees, oldest first; without dates and numbers those of the last 90 days.
pub fn updates(
    connection: &mut DbConnection,
    act: &Act,
    reader: Reader,
    wanted: &UpdatesWanted,
    language: Language,
) -> Result<Vec<UpdateView>> {
    let (from, to) = (
        wanted.from.unwrap_or_else(|| wanted.to.unwrap_or(act.now).plus_days(-SPAN_DAYS)),
        wanted.to.unwrap_or(act.now),
    );
    if wanted.ids.is_none() && (to < from || to > from.plus_days(SPAN_DAYS)) {
        let (fa, en) =
            ("از start_date تا end_date حداکثر ۹۰ روز.", "From start_date to end_date 90 days at most.");
        return Err(Error::field(FieldError::new("end_date", "out_of_range", fa, en)));
    }
    let which = match &wanted.ids {
        Some(ids) => Wanted { ids: Some(ids.clone()), ..Wanted::default() },
        None => Wanted { ids: changed(connection, from, to)?.into(), ..Wanted::default() },
    };
    let which = Wanted { page: 1, size: ROWS, ..which };
    let seen = list(connection, act, reader, &which, language)?;
    let ids: Vec<CaseId> = seen.iter().map(|request| request.service_request_id).collect();
    let names: Vec<&str> = TOLD.iter().map(|(name, ..)| *name).collect();
    let mut query = events::table
        .filter(events::case_id.eq_any(ids).and(events::kind.eq_any(names)))
        .order((events::at, events::id))
        .limit(ROWS)
        .select((events::id, events::case_id, events::kind, events::at))
        .into_boxed();
    if wanted.ids.is_none() || wanted.from.is_some() || wanted.to.is_some() {
        query = query.filter(events::at.ge(from).and(events::at.le(to)));
    }
    let rows: Vec<(EventId, CaseId, String, Time)> = query.load(connection)?;
    let view = |(update_id, case, kind, at): (EventId, CaseId, String, Time)| {
        let (_, status, fa, en) = TOLD.iter().find(|(name, ..)| *name == kind)?;
        let words = if language == Language::En { en } else { fa };
        // what it ended with is told by the request itself
        let notes = seen.iter().find(|request| request.service_request_id == case && kind == "case_closed");
        let notes = notes.and_then(|request| request.status_notes.as_deref()).unwrap_or_default();
        Some(UpdateView {
            update_id,
            service_request_id: case,
            status,
            updated_datetime: at,
            description: format!("{words} {notes}").trim_end().to_owned(),
            media_url: None,
        })
    };
    Ok(rows.into_iter().filter_map(view).collect())
}

/// Requests with an event in this time.
fn changed(connection: &mut DbConnection, from: Time, to: Time) -> Result<Vec<CaseId>> {
    let of_time = events::table
        .filter(events::case_id.eq(open311_requests::case_id))
        .filter(events::at.ge(from).and(events::at.le(to)));
    Ok(open311_requests::table
        .filter(diesel::dsl::exists(of_time))
        .order(open311_requests::case_id.desc())
        .limit(ROWS)
        .select(open311_requests::case_id)
        .load(connection)?)
}

/// Adds what the citizen says to a request of the same key; the same `update_id` is taken once. Gives the message.
///
/// # Errors
/// `NotFound` for a request that did not come by this key; `Invalid` for missing fields.
pub fn add_update(
    connection: &mut DbConnection,
    act: &Act,
    gateway: GatewayId,
    update: &Update,
) -> Result<MessageId> {
    let mut fields = Fields::default();
    let id = update.service_request_id.as_deref();
    let id = fields.take(id.ok_or_else(|| FieldError::required("service_request_id")));
    let told = update.update_id.as_deref().unwrap_or_default();
    let update_id = fields.take(input::text("update_id", told, 200));
    let words = update.description.as_deref().unwrap_or_default();
    let text = fields.take(input::text("description", words, input::TEXT_MAX));
    fields.finish()?;
    let case: CaseId = id.unwrap_or_default().parse().map_err(|_| Error::NotFound)?;
    let update_id = update_id.unwrap_or_default();
    let own = open311_requests::table.find(case).filter(open311_requests::gateway_id.eq(gateway));
    let _: CaseId = own.select(open311_requests::case_id).first(connection)?;
    let known: Option<MessageId> =
        u::table.find((case, &update_id)).select(u::message_id).first(connection).optional()?;
    if let Some(message) = known {
        return Ok(message);
    }
    let said = Reply { text: text.unwrap_or_default(), channel: Some(Channel::Api.to_string()) };
    let (_, message) = ask::reply(connection, act, case, &said)?;
    diesel::insert_into(u::table)
        .values((
            (u::case_id.eq(case), u::update_id.eq(update_id)),
            (u::message_id.eq(message), u::at.eq(act.now)),
        ))
        .execute(connection)?;
    Ok(message)
}
