//! Files of an item: what came with it, and its raw bytes. The bytes lie in the storage under their digest.

use diesel::prelude::*;

use crate::db::DbConnection;
use crate::db::schema::{intake_files as f, item_pages as p};
use crate::db::sealed::Sealed;
use crate::db::types::{AttachmentId, IntakeFileId, IntakeItemId};
use crate::domain::actor::Act;
use crate::domain::cases::attach::StoredFile;
use crate::domain::vault::field;
use crate::error::Result;
use crate::text_enum;

text_enum! {
    /// What a file of an item is.
    pub enum FileRole { Attachment = "attachment", Raw = "raw" }
}

/// A file of an item whose bytes are in the storage already.
#[derive(Debug, Clone)]
pub struct Kept {
    pub role: FileRole,
    pub file: StoredFile,
}

/// A file as stored, its name opened.
#[derive(Debug, Clone)]
pub struct ItemFile {
    pub id: IntakeFileId,
    pub role: FileRole,
    pub file: StoredFile,
    pub attachment: Option<AttachmentId>,
}

/// Keeps the files of an item.
pub fn add(connection: &mut DbConnection, act: &Act, item: IntakeItemId, files: &[Kept]) -> Result<()> {
    for Kept { role, file } in files {
        let id: IntakeFileId = act.id();
        let name = act.vault.seal(field!(intake_files::name), id, &file.name)?;
        diesel::insert_into(f::table)
            .values((
                (f::id.eq(id), f::item_id.eq(item), f::role.eq(*role), f::name.eq(name)),
                (f::media_type.eq(&file.media_type), f::size.eq(file.size), f::sha256.eq(&file.sha256)),
            ))
            .execute(connection)?;
    }
    Ok(())
}

type Row = (IntakeFileId, FileRole, Sealed, String, i64, String, Option<AttachmentId>);

/// The files of an item, in the order in which they came.
pub fn of_item(connection: &mut DbConnection, act: &Act, item: IntakeItemId) -> Result<Vec<ItemFile>> {
    let rows: Vec<Row> = f::table
        .filter(f::item_id.eq(item))
        .order(f::id)
        .select((f::id, f::role, f::name, f::media_type, f::size, f::sha256, f::attachment_id))
        .load(connection)?;
    rows.into_iter()
        .map(|(id, role, name, media_type, size, sha256, attachment)| {
            let name = act.vault.open(connection, field!(intake_files::name), id, &name)?;
            Ok(ItemFile { id, role, file: StoredFile { name, media_type, size, sha256 }, attachment })
        })
        .collect()
}

/// Takes the files of an item away, to keep others in their place.
pub fn clear(connection: &mut DbConnection, item: IntakeItemId) -> Result<()> {
    diesel::delete(f::table.filter(f::item_id.eq(item))).execute(connection)?;
    Ok(())
}

/// The file lies with the case from now on.
pub fn attached(connection: &mut DbConnection, file: IntakeFileId, attachment: AttachmentId) -> Result<()> {
    diesel::update(f::table.find(file)).set(f::attachment_id.eq(attachment)).execute(connection)?;
    Ok(())
}

/// Whether an item holds these bytes, as a file or as the image of a page.
pub fn is_named(connection: &mut DbConnection, sha256: &str) -> Result<bool> {
    let files: i64 = f::table.filter(f::sha256.eq(sha256)).count().get_result(connection)?;
    let pages: i64 = p::table.filter(p::sha256.eq(sha256)).count().get_result(connection)?;
    Ok(files + pages > 0)
}
