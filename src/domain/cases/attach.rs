//! Attachments: files that belong to a case; their bytes lie in the storage under their own digest.
//!
//! What is known of the bytes (`files::stored`) is noted before the attachment is added.

use diesel::prelude::*;

use super::docket::{Docket, Expected};
use super::life::Fact;
use super::record::record;
use crate::db::DbConnection;
use crate::db::schema::{attachments, cases};
use crate::db::sealed::Sealed;
use crate::db::types::{AttachmentId, CaseId, Time};
use crate::domain::actor::{Act, Actor};
use crate::domain::confidentiality::{files, sight};
use crate::domain::files::Scan;
use crate::domain::files::stored::{self, Stored};
use crate::domain::input;
use crate::domain::notifications::{self, Facts};
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::domain::vault::field;
use crate::error::{Code, Error, FieldError, Result};

/// A file whose bytes are in the storage already.
#[derive(Debug, Clone)]
pub struct StoredFile {
    /// Name as the sender gave it.
    pub name: String,
    /// Media type, as sniffed.
    pub media_type: String,
    /// Bytes.
    pub size: i64,
    /// Digest under which it lies in the storage.
    pub sha256: String,
}

/// An attachment, its name opened.
#[derive(Debug, Clone)]
pub struct Attachment {
    pub id: AttachmentId,
    pub case_id: CaseId,
    pub name: String,
    pub media_type: String,
    pub size: i64,
    pub sha256: String,
    pub uploaded_by: String,
    pub at: Time,
    /// What is known of its bytes; nothing of those that came before anybody looked.
    pub known: Option<Stored>,
}

impl Attachment {
    /// Whether malware was looked for, and found.
    pub fn scan(&self) -> Scan {
        self.known.as_ref().map_or(Scan::Unscanned, |known| known.scan)
    }
}

/// An attachment as stored; a file's name often is its sender's.
#[derive(Queryable, Selectable)]
#[diesel(table_name = attachments)]
struct AttachmentRow {
    id: AttachmentId,
    case_id: CaseId,
    name: Sealed,
    media_type: String,
    size: i64,
    sha256: String,
    uploaded_by: String,
    at: Time,
}

impl AttachmentRow {
    fn open(self, connection: &mut DbConnection, act: &Act) -> Result<Attachment> {
        let name = act.vault.open(connection, field!(attachments::name), self.id, &self.name)?;
        let known = stored::of(connection, &self.sha256)?;
        let Self { id, case_id, media_type, size, sha256, uploaded_by, at, .. } = self;
        Ok(Attachment { id, case_id, name, media_type, size, sha256, uploaded_by, at, known })
    }
}

/// Adds a stored file that a person brings to a visible case; a case holds only so many.
///
/// # Errors
/// `limit_reached` on the field `file`; those of [`add`].
pub fn bring(connection: &mut DbConnection, act: &Act, id: CaseId, file: &StoredFile) -> Result<Attachment> {
    let most = act.rules.number("attachments_max")?;
    let count: i64 = attachments::table.filter(attachments::case_id.eq(id)).count().get_result(connection)?;
    let added = add(connection, act, id, file)?;
    if count >= most {
        return Err(Error::Clash {
            code: Code::LimitReached,
            fields: vec![FieldError::new(
                "file",
                "limit_reached",
                format!("این پرونده {most} پیوست دارد و جای دیگری نیست؛ چند سند را در یک PDF بگذارید."),
                format!(
                    "This case has {most} files already and takes no more; put several documents into one PDF."
                ),
            )],
        });
    }
    Ok(added)
}

/// Adds a stored file to a visible case.
pub fn add(connection: &mut DbConnection, act: &Act, id: CaseId, file: &StoredFile) -> Result<Attachment> {
    let mut docket = Docket::open(connection, act, id, Expected::Any)?;
    let office = match act.actor {
        Actor::Citizen { .. } => None,
        _ => Some(
            policy::allow(act, Verb::Attach, docket.life.holder)
                .or_else(|_| policy::allow_anywhere(act, Verb::Attach))?,
        ),
    };
    let row = Attachment {
        id: act.id(),
        case_id: id,
        name: input::text("name", &file.name, 255).map_err(Error::field)?,
        media_type: file.media_type.clone(),
        size: file.size,
        sha256: file.sha256.clone(),
        uploaded_by: act.actor.sort().to_owned(),
        at: act.now,
        known: stored::of(connection, &file.sha256)?,
    };
    let name = act.vault.seal(field!(attachments::name), row.id, &row.name)?;
    diesel::insert_into(attachments::table)
        .values((
            (attachments::id.eq(row.id), attachments::case_id.eq(id), attachments::name.eq(name)),
            (attachments::media_type.eq(&row.media_type), attachments::size.eq(row.size)),
            (attachments::sha256.eq(&row.sha256), attachments::uploaded_by.eq(&row.uploaded_by)),
            attachments::at.eq(row.at),
        ))
        .execute(connection)?;
    stored::attached(connection, &row.sha256, &row.media_type, act.now)?;
    let fact = Fact::FileAttached { attachment: row.id, sha256: row.sha256.clone() };
    let event = record(connection, act, &mut docket, &[fact], office)?;
    if row.known.as_ref().is_some_and(|known| known.notice.is_some()) && !matches!(act.actor, Actor::Staff(_))
    {
        notifications::to_citizen(connection, act, &docket.row, event, "file_unusable", &Facts::default())?;
    }
    if row.scan() == Scan::Infected {
        infected(connection, act, &mut docket, &row)?;
    }
    // what somebody brings who does not know the citizen hides nobody
    if matches!(act.actor, Actor::Staff(_)) && !sight(connection, act, &docket.row)?.shows_words() {
        files::mark(connection, act, id, row.id)?;
    }
    Ok(row)
}

/// Tells the case and its citizen that malware was found in one of its files.
fn infected(connection: &mut DbConnection, act: &Act, docket: &mut Docket, file: &Attachment) -> Result<()> {
    let signature = file.known.as_ref().and_then(|known| known.signature.clone()).unwrap_or_default();
    let fact = Fact::FileInfected { attachment: file.id, signature };
    let event = record(connection, act, docket, &[fact], None)?;
    if file.uploaded_by != "staff" {
        notifications::to_citizen(connection, act, &docket.row, event, "file_unusable", &Facts::default())?;
    }
    Ok(())
}

/// Tells every case that names these bytes that malware was found in them.
pub fn found_infected(connection: &mut DbConnection, act: &Act, sha256: &str) -> Result<()> {
    let rows: Vec<AttachmentRow> = attachments::table
        .filter(attachments::sha256.eq(sha256))
        .order(attachments::id)
        .select(AttachmentRow::as_select())
        .load(connection)?;
    for row in rows {
        let file = row.open(connection, act)?;
        let mut docket = Docket::open(connection, act, file.case_id, Expected::Any)?;
        infected(connection, act, &mut docket, &file)?;
    }
    Ok(())
}

/// The attachments that name these bytes, with their cases, sealed ones left out: nothing of those is searched but the
/// extract.
pub fn searched_by(connection: &mut DbConnection, sha256: &str) -> Result<Vec<(AttachmentId, CaseId)>> {
    Ok(attachments::table
        .inner_join(cases::table.on(cases::id.eq(attachments::case_id)))
        .filter(attachments::sha256.eq(sha256).and(cases::is_sealed.eq(false)))
        .order(attachments::id)
        .select((attachments::id, attachments::case_id))
        .load(connection)?)
}

/// All attachments of a case, oldest first.
pub fn of_case(connection: &mut DbConnection, act: &Act, case: CaseId) -> Result<Vec<Attachment>> {
    let rows: Vec<AttachmentRow> = attachments::table
        .filter(attachments::case_id.eq(case))
        .order(attachments::id)
        .select(AttachmentRow::as_select())
        .load(connection)?;
    rows.into_iter().map(|row| row.open(connection, act)).collect()
}

/// The attachment of this id; whether its case is visible is asked elsewhere.
pub fn find(connection: &mut DbConnection, act: &Act, id: AttachmentId) -> Result<Attachment> {
    let row: AttachmentRow =
        attachments::table.find(id).select(AttachmentRow::as_select()).first(connection)?;
    row.open(connection, act)
}
