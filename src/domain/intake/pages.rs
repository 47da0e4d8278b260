//! Pages of an item, as recognition read them: an image each, and lines with a confidence. A proposal for the registrar who
//! keys the item; it becomes nothing by itself.

use diesel::dsl::{exists, not};
use diesel::prelude::*;
use serde::Serialize;

use super::files::{self, FileRole};
use super::{Form, ItemState, StepKind, access, items, steps};
use crate::db::DbConnection;
use crate::db::schema::{intake_files as f, intake_items as i, item_pages as p, item_readings as r};
use crate::db::sealed::Sealed;
use crate::db::types::{IntakeItemId, ItemPageId, Time};
use crate::domain::actor::Act;
use crate::domain::vault::field;
use crate::error::{Error, Language, Result};
use crate::text_enum;

text_enum! {
    /// How the recognition of an item ended.
    pub enum ReadingState { Read = "read", Unreadable = "unreadable" }
}

/// A page whose image is in the storage already.
#[derive(Debug, Clone)]
pub struct ReadPage {
    pub sha256: String,
    pub size: i64,
    /// Its lines as JSON; none where it has no word.
    pub lines: Option<String>,
    /// 0 to 100, the mean of its lines.
    pub confidence: Option<i32>,
}

/// What recognition made of one item.
#[derive(Debug, Clone)]
pub struct Reading {
    pub pages: Vec<ReadPage>,
    /// Why a file of it could not be read.
    pub reason: Option<String>,
}

/// Items with scans that wait for a person and were not read by machine, the oldest first.
pub fn unread(connection: &mut DbConnection, limit: i64) -> Result<Vec<IntakeItemId>> {
    Ok(i::table
        .filter(i::state.eq(ItemState::ToKey).and(items::aside()))
        .filter(i::form.eq_any([Form::Fax, Form::Letter, Form::Visit]))
        .filter(not(exists(r::table.filter(r::item_id.eq(i::id)))))
        .filter(exists(f::table.filter(f::item_id.eq(i::id).and(f::role.eq(FileRole::Attachment)))))
        .order(i::id)
        .limit(limit)
        .select(i::id)
        .load(connection)?)
}

/// Digests of the scans of an item, in their order.
pub fn scans(connection: &mut DbConnection, act: &Act, id: IntakeItemId) -> Result<Vec<String>> {
    let files = files::of_item(connection, act, id)?;
    Ok(files
        .into_iter()
        .filter(|file| file.role == FileRole::Attachment)
        .map(|file| file.file.sha256)
        .collect())
}

/// Keeps what was read; whoever comes second keeps nothing.
pub fn keep(connection: &mut DbConnection, act: &Act, id: IntakeItemId, reading: &Reading) -> Result<()> {
    let item = items::lock(connection, id)?;
    let known: i64 = r::table.filter(r::item_id.eq(id)).count().get_result(connection)?;
    // it may have been keyed or erased in between
    if known > 0 || item.state != ItemState::ToKey {
        return Ok(());
    }
    for (index, page) in reading.pages.iter().enumerate() {
        let row: ItemPageId = act.id();
        let lines = page.lines.as_deref();
        let lines = lines.map(|lines| act.vault.seal(field!(item_pages::lines), row, lines)).transpose()?;
        diesel::insert_into(p::table)
            .values((
                (p::id.eq(row), p::item_id.eq(id), p::number.eq(number(index)), p::lines.eq(lines)),
                (p::sha256.eq(&page.sha256), p::size.eq(page.size), p::confidence.eq(page.confidence)),
            ))
            .execute(connection)?;
    }
    let state = if reading.pages.is_empty() { ReadingState::Unreadable } else { ReadingState::Read };
    diesel::insert_into(r::table)
        .values((
            (r::item_id.eq(id), r::state.eq(state), r::reason.eq(&reading.reason)),
            (r::pages.eq(number(reading.pages.len()) - 1), r::tries.eq(1), r::at.eq(act.now)),
        ))
        .execute(connection)?;
    let step = match state {
        ReadingState::Read => (StepKind::Recognised, Some(reading.pages.len().to_string())),
        ReadingState::Unreadable => (StepKind::Unrecognised, reading.reason.clone()),
    };
    steps::add(connection, act, id, &[step])
}

/// The number of the page at this index, from 1.
fn number(index: usize) -> i32 {
    i32::try_from(index + 1).unwrap_or(i32::MAX)
}

/// What was read of an item.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ReadingView {
    /// `read`, `unreadable`, or null while it waits to be read or recognition is off.
    pub state: Option<ReadingState>,
    /// Code of why a file could not be read, and what to do, in the reader's language.
    pub reason: Option<String>,
    pub advice: Option<&'static str>,
    pub at: Option<Time>,
    pub pages: Vec<PageView>,
}

/// One page.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PageView {
    /// From 1; its image is under `/pages/{number}`.
    pub number: i32,
    /// 0 to 100; null where no word was found.
    pub confidence: Option<i32>,
    /// The words of the page, line by line.
    pub text: String,
    /// `{text, confidence, place: [left, top, width, height]}` of each line, in pixels of the image.
    #[schema(value_type = Vec<Object>)]
    pub lines: Vec<serde_json::Value>,
}

type PageRow = (ItemPageId, i32, Option<Sealed>, Option<i32>);

/// The pages of an item whose reading was logged.
///
/// # Errors
/// `NotFound` for an item that the actor does not see, or may not read.
pub fn shown(
    connection: &mut DbConnection,
    act: &Act,
    id: IntakeItemId,
    reader: Language,
) -> Result<ReadingView> {
    access::words_of(connection, act, id)?;
    let reading: Option<(ReadingState, Option<String>, Time)> =
        r::table.find(id).select((r::state, r::reason, r::at)).first(connection).optional()?;
    let rows: Vec<PageRow> = p::table
        .filter(p::item_id.eq(id))
        .order(p::number)
        .select((p::id, p::number, p::lines, p::confidence))
        .load(connection)?;
    let mut pages = Vec::with_capacity(rows.len());
    for (row, number, lines, confidence) in rows {
        let json = act.vault.open_some(connection, field!(item_pages::lines), row, lines.as_ref())?;
        let lines: Vec<serde_json::Value> = json
            .map(|json| serde_json::from_str(&json))
            .transpose()
            .map_err(Error::internal)?
            .unwrap_or_default();
        let text: Vec<&str> = lines.iter().filter_map(|line| line["text"].as_str()).collect();
        pages.push(PageView { number, confidence, text: text.join("\n"), lines });
    }
    let (state, reason, at) = match reading {
        Some((state, reason, at)) => (Some(state), reason, Some(at)),
        None => (None, None, None),
    };
    let advice = reason.as_deref().map(|reason| advice(reason, reader));
    Ok(ReadingView { state, reason, advice, at, pages })
}

/// Digest of the image of one page.
pub fn image(connection: &mut DbConnection, act: &Act, id: IntakeItemId, number: i32) -> Result<String> {
    access::words_of(connection, act, id)?;
    Ok(p::table.filter(p::item_id.eq(id).and(p::number.eq(number))).select(p::sha256).first(connection)?)
}

/// What a registrar does about a file that no machine could read.
fn advice(reason: &str, reader: Language) -> &'static str {
    let (fa, en) = match reason {
        "encrypted" => (
            "پرونده گذرواژه دارد؛ آن را از فرستنده بخواهید یا از او بخواهید بی گذرواژه بفرستد.",
            "The file wants a password; ask its sender for it, or for the file without one.",
        ),
        "lies_about_size" => (
            "اندازه‌ای که پرونده می‌گوید با محتوایش نمی‌خواند؛ آن را باز نکنید و از فرستنده بخواهید دوباره بفرستد.",
            "The file says a size that it does not have; do not open it, and ask for it again.",
        ),
        "too_many_pages" => (
            "برگ‌ها بیش از اندازه است؛ پرونده را بخش کنید یا از روی خود آن ثبت کنید.",
            "There are too many pages; split the file, or key from the file itself.",
        ),
        "took_too_long" | "too_much_memory" => (
            "خواندن آن بیش از اندازه زمان یا حافظه می‌خواهد؛ از روی خود پرونده ثبت کنید.",
            "Reading it takes too much time or memory; key from the file itself.",
        ),
        "no_pages" => (
            "نه تصویر است و نه سند؛ آن را ببینید و ثبت کنید یا کنار بگذارید.",
            "It is neither an image nor a document; look at it and key it or set it aside.",
        ),
        _ => (
            "پرونده آسیب دیده است؛ از فرستنده بخواهید دوباره بفرستد.",
            "The file is damaged; ask its sender to send it again.",
        ),
    };
    if reader == Language::En { en } else { fa }
}
