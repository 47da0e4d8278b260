//! The timeline, messages, notes and files of a case as staff see them.

use diesel::prelude::*;
use serde::Serialize;

use crate::db::DbConnection;
use crate::db::schema::{events, messages};
use crate::db::sealed::Sealed;
use crate::db::types::{AttachmentId, CaseId, EventId, MessageId, NoteId, OfficeId, Time, UserId};
use crate::domain::actor::Act;
use crate::domain::cases::{attach, note};
use crate::domain::notifications::DeliveryState;
use crate::domain::users;
use crate::domain::vault::field;
use crate::error::Result;

/// One line of the timeline.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct EventView {
    pub id: EventId,
    /// 1, 2, 3 … without a gap.
    pub seq: i32,
    /// The event's name, such as `case_referred`.
    pub event: String,
    pub at: Time,
    /// `staff`, `citizen`, `gateway` or `system`.
    pub actor: String,
    /// User name, where a person of staff acted.
    pub user: Option<String>,
    /// Code of the office in whose name it was done.
    pub office: Option<String>,
    /// The facts of the event.
    #[schema(value_type = Object)]
    pub detail: serde_json::Value,
    /// SHA-256 over the previous hash and this event.
    pub hash: String,
}

/// One communication with the citizen or an office.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct MessageView {
    pub id: MessageId,
    pub case_id: CaseId,
    /// `in` or `out`.
    pub direction: String,
    /// `citizen` or `office`.
    pub audience: String,
    pub channel: String,
    /// The template, for outgoing ones.
    pub template: Option<String>,
    pub subject: Option<String>,
    pub body: Option<String>,
    pub state: DeliveryState,
    pub attempts: i32,
    pub error: Option<String>,
    pub created_at: Time,
    pub settled_at: Option<Time>,
}

/// A note.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct NoteView {
    pub id: NoteId,
    pub office: String,
    pub author: Option<String>,
    pub text: String,
    pub at: Time,
}

/// A file.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct AttachmentView {
    pub id: AttachmentId,
    pub name: String,
    pub media_type: String,
    /// Bytes.
    pub size: i64,
    pub sha256: String,
    /// `staff`, `citizen` or `gateway`.
    pub uploaded_by: String,
    pub at: Time,
}

type EventRow = (EventId, i32, String, Time, String, Option<UserId>, Option<OfficeId>, String, String);

/// The timeline of a case from its first event on.
pub fn timeline(connection: &mut DbConnection, act: &Act, case: CaseId) -> Result<Vec<EventView>> {
    use events as e;
    let rows: Vec<EventRow> = e::table
        .filter(e::case_id.eq(case))
        .order(e::seq)
        .select((e::id, e::seq, e::kind, e::at, e::actor, e::user_id, e::office_id, e::payload, e::hash))
        .load(connection)?;
    let people: Vec<UserId> = rows.iter().filter_map(|row| row.5).collect();
    let names = users::names(connection, &people)?;
    Ok(rows
        .into_iter()
        .map(|(id, seq, event, at, actor, user, office, payload, hash)| EventView {
            id,
            seq,
            event,
            at,
            actor,
            user: user.and_then(|id| names.get(&id)).map(|(username, _)| username.clone()),
            office: office.map(|id| act.rules.offices.code(id)),
            detail: serde_json::from_str(&payload).unwrap_or_default(),
            hash,
        })
        .collect())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = messages)]
struct MessageRow {
    id: MessageId,
    case_id: CaseId,
    direction: String,
    audience: String,
    channel: String,
    template: Option<String>,
    subject: Option<Sealed>,
    body: Option<Sealed>,
    state: DeliveryState,
    attempts: i32,
    error: Option<String>,
    created_at: Time,
    settled_at: Option<Time>,
}

/// All messages of a case, oldest first.
pub fn messages(connection: &mut DbConnection, act: &Act, case: CaseId) -> Result<Vec<MessageView>> {
    let rows: Vec<MessageRow> = messages::table
        .filter(messages::case_id.eq(case))
        .order(messages::id)
        .select(MessageRow::as_select())
        .load(connection)?;
    rows.into_iter()
        .map(|row| {
            let mut open = |field, sealed: Option<Sealed>| {
                act.vault.open_some(connection, field, row.id, sealed.as_ref())
            };
            Ok(MessageView {
                id: row.id,
                case_id: row.case_id,
                direction: row.direction,
                audience: row.audience,
                channel: row.channel,
                template: row.template,
                subject: open(field!(messages::subject), row.subject)?,
                body: open(field!(messages::body), row.body)?,
                state: row.state,
                attempts: row.attempts,
                error: row.error,
                created_at: row.created_at,
                settled_at: row.settled_at,
            })
        })
        .collect()
}

/// All notes of a case, oldest first.
pub fn notes(connection: &mut DbConnection, act: &Act, case: CaseId) -> Result<Vec<NoteView>> {
    let rows = note::of_case(connection, case)?;
    let people: Vec<UserId> = rows.iter().map(|row| row.author_id).collect();
    let names = users::names(connection, &people)?;
    Ok(rows
        .into_iter()
        .map(|row| NoteView {
            id: row.id,
            office: act.rules.offices.code(row.office_id),
            author: names.get(&row.author_id).map(|(username, _)| username.clone()),
            text: row.text,
            at: row.at,
        })
        .collect())
}

impl From<attach::Attachment> for AttachmentView {
    fn from(row: attach::Attachment) -> Self {
        Self {
            id: row.id,
            name: row.name,
            media_type: row.media_type,
            size: row.size,
            sha256: row.sha256,
            uploaded_by: row.uploaded_by,
            at: row.at,
        }
    }
}

/// All files of a case, oldest first.
pub fn attachments(connection: &mut DbConnection, act: &Act, case: CaseId) -> Result<Vec<AttachmentView>> {
    Ok(attach::of_case(connection, act, case)?.into_iter().map(AttachmentView::from).collect())
}

/// One attempt to deliver a message, or one report of its carrier.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct DeliveryView {
    pub at: Time,
    pub state: DeliveryState,
    pub detail: Option<String>,
}

/// The delivery log of a message, oldest first.
pub fn deliveries(connection: &mut DbConnection, message: MessageId) -> Result<Vec<DeliveryView>> {
    use crate::db::schema::deliveries as d;
    let rows: Vec<(Time, DeliveryState, Option<String>)> = d::table
        .filter(d::message_id.eq(message))
        .order((d::at, d::id))
        .select((d::at, d::state, d::detail))
        .load(connection)?;
    Ok(rows.into_iter().map(|(at, state, detail)| DeliveryView { at, state, detail }).collect())
}
