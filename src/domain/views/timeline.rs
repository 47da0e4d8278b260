//! The timeline, messages, notes and files of a case as staff see them.

use diesel::prelude::*;
use serde::Serialize;

use crate::db::DbConnection;
use crate::db::schema::{events, messages};
use crate::db::sealed::Sealed;
use crate::db::types::{AttachmentId, CaseId, EventId, MessageId, NoteId, OfficeId, Time, UserId};
use crate::domain::actor::Act;
use crate::domain::cases::{CaseRow, attach, note};
use crate::domain::confidentiality::{Disclosure, Veil, files, known};
use crate::domain::files::{Notice, Scan};
use crate::domain::masking::{Known, Masker};
use crate::domain::notifications::DeliveryState;
use crate::domain::users;
use crate::domain::vault::field;
use crate::error::{Language, Result};

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
    /// Whether malware was looked for, and found; only a `clean` or an `unscanned` file is opened.
    pub scan: Scan,
    /// The name of what the scanner found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// Pages of a document, where they could be counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pages: Option<i32>,
    /// What a person should know of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notice: Option<NoticeView>,
    /// Digest of what was sent, where another form of it is kept (pictures without their place).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_sha256: Option<String>,
}

/// What a person should know of a file, and what to do.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct NoticeView {
    pub code: Notice,
    pub fa: &'static str,
    pub en: &'static str,
}

impl From<Notice> for NoticeView {
    fn from(code: Notice) -> Self {
        let (fa, en) = code.told();
        Self { code, fa, en }
    }
}

type EventRow = (EventId, i32, String, Time, String, Option<UserId>, Option<OfficeId>, String, String);

/// The timeline of a case from its first event on. Who reads the extract gets no digest of what was said, by which a guess
/// could be proved.
pub fn timeline(connection: &mut DbConnection, act: &Act, row: &CaseRow) -> Result<Vec<EventView>> {
    use events as e;
    let (case, mut veil) = (row.id, Veil::of(connection, act, row)?);
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
            detail: veiled(serde_json::from_str(&payload).unwrap_or_default(), &mut veil),
            hash,
        })
        .collect())
}

fn veiled(detail: serde_json::Value, veil: &mut Veil) -> serde_json::Value {
    use serde_json::Value;
    match detail {
        detail if !veil.hides() => detail,
        Value::Object(map) => {
            let kept = map.into_iter().filter(|(key, _)| !key.ends_with("sha256"));
            // reasons are words of staff; the rest are codes, ids and times
            let veiled = kept.map(|(key, value)| match value {
                Value::String(words) if key == "reason" || key == "signpost" => {
                    (key, Value::String(veil.words(words)))
                }
                value @ (Value::Object(_) | Value::Array(_)) => (key, veiled(value, veil)),
                value => (key, value),
            });
            Value::Object(veiled.collect())
        }
        Value::Array(list) => Value::Array(list.into_iter().map(|value| veiled(value, veil)).collect()),
        other => other,
    }
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

/// All messages of a case, oldest first; of a sealed one their words only where that was disclosed, because the reply to a
/// sender and the words of a carrier name the citizen as easily as the citizen does.
pub fn messages(
    connection: &mut DbConnection,
    act: &Act,
    row: &CaseRow,
    disclosed: &Disclosure,
) -> Result<Vec<MessageView>> {
    let shows_words = disclosed.still(connection, act, row)?.shows_words(row.id);
    let case = row.id;
    let rows: Vec<MessageRow> = messages::table
        .filter(messages::case_id.eq(case))
        .order(messages::id)
        .select(MessageRow::as_select())
        .load(connection)?;
    rows.into_iter()
        .map(|row| {
            let mut open = |field, sealed: Option<Sealed>| {
                act.vault.open_some(connection, field, row.id, sealed.as_ref().filter(|_| shows_words))
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
                error: row.error.filter(|_| shows_words),
                created_at: row.created_at,
                settled_at: row.settled_at,
            })
        })
        .collect()
}

/// All notes of a case, oldest first. Who reads the extract does not get those of the desk, which quote the original.
pub fn notes(connection: &mut DbConnection, act: &Act, row: &CaseRow) -> Result<Vec<NoteView>> {
    let mut veil = Veil::of(connection, act, row)?;
    let desk = act.rules.offices.with_ancestors(row.intake_office_id);
    let mut rows = note::of_case(connection, act, row.id)?;
    let own = act.actor.user();
    rows.retain(|note| !veil.hides() || !desk.contains(&note.office_id) || Some(note.author_id) == own);
    let people: Vec<UserId> = rows.iter().map(|row| row.author_id).collect();
    let names = users::names(connection, &people)?;
    Ok(rows
        .into_iter()
        .map(|row| NoteView {
            id: row.id,
            office: act.rules.offices.code(row.office_id),
            author: names.get(&row.author_id).map(|(username, _)| username.clone()),
            text: veil.words(row.text),
            at: row.at,
        })
        .collect())
}

impl From<attach::Attachment> for AttachmentView {
    fn from(row: attach::Attachment) -> Self {
        let scan = row.scan();
        let (signature, pages, notice, original_sha256) = match row.known {
            Some(known) => (known.signature, known.pages, known.notice, known.original_sha256),
            None => (None, None, None, None),
        };
        Self {
            id: row.id,
            name: row.name,
            media_type: row.media_type,
            size: row.size,
            sha256: row.sha256,
            uploaded_by: row.uploaded_by,
            at: row.at,
            scan,
            signature,
            pages,
            notice: notice.map(NoticeView::from),
            original_sha256,
        }
    }
}

/// All files of a case, oldest first; of a sealed one that was not disclosed the released ones, by masked names.
pub fn attachments(
    connection: &mut DbConnection,
    act: &Act,
    row: &CaseRow,
    disclosed: &Disclosure,
) -> Result<Vec<AttachmentView>> {
    let all = attach::of_case(connection, act, row.id)?;
    if disclosed.still(connection, act, row)?.shows_words(row.id) {
        return Ok(all.into_iter().map(AttachmentView::from).collect());
    }
    let released = files::released(connection, row.id)?;
    let mut masker = known::masker(connection, act, row)?;
    let kept = all.into_iter().filter(|file| released.contains(&file.id));
    Ok(kept.map(|file| AttachmentView { name: masker.mask(&file.name), ..file.into() }).collect())
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
    // a carrier likes to quote the address
    let mut masker = Masker::new(&Known::default(), Language::En);
    let view = |(at, state, detail): (Time, DeliveryState, Option<String>)| DeliveryView {
        at,
        state,
        detail: detail.map(|words| masker.mask(&words)),
    };
    Ok(rows.into_iter().map(view).collect())
}
