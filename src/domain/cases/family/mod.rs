//! Cases that belong together (design §2; requirement tags P4.2c, S4.5): merged, split, or gathered in a group.
//!
//! A follower keeps its own tracking code, messages, files and history; it gets the answer of the case that it
//! follows as a copy of its own, with its own window and remedies. A group speaks through its representatives.
//! Chains are refused: a case that others follow follows none, so that every answer travels one step.

mod count;
mod group;
mod household;
mod links;
mod merge;
mod share;
mod signatories;
mod split;
mod unsplit;
mod voice;

use diesel::prelude::*;

pub use group::{AddMember, Counted, Group, add_member, form, group_of};
pub use household::{Person, households};
pub use links::{Link, Ties, link_of, links_to, of};
pub(in crate::domain::cases) use links::{lay, save, widen};
pub use merge::{Merge, Unmerge, merge, unmerge};
pub(in crate::domain::cases) use share::{end_followers, share, tell_interim};
pub use signatories::{RowReport, Signatories, SignatoriesReport, Signatory, sign};
pub use split::{Part, Split, split};
pub use unsplit::{Unsplit, merged_answer, parts_to_undo, split_by, unsplit};
pub(in crate::domain::cases) use voice::reply_voice;
pub use voice::voice;

use super::TrackingCode;
use super::row::CaseRow;
use crate::db::DbConnection;
use crate::db::dialect::for_update;
use crate::db::schema::cases;
use crate::db::types::CaseId;
use crate::domain::actor::Act;
use crate::domain::visibility;
use crate::error::{Error, FieldError, Result};

/// A visible case by its id or tracking code.
///
/// # Errors
/// A field error on `field` when there is none that the actor sees.
fn find_case(connection: &mut DbConnection, act: &Act, field: &str, told: &str) -> Result<CaseRow> {
    let query = cases::table.filter(visibility::visible(act)).select(CaseRow::as_select());
    let by_code = match TrackingCode::parse(told) {
        Ok(code) => {
            query.filter(cases::tracking_code.eq(code.as_str().to_owned())).first(connection).optional()?
        }
        Err(_) => None,
    };
    let found: Option<CaseRow> = match (by_code, told.trim().parse::<CaseId>()) {
        (Some(row), _) => Some(row),
        (None, Ok(id)) => cases::table
            .filter(visibility::visible(act))
            .filter(cases::id.eq(id))
            .select(CaseRow::as_select())
            .first(connection)
            .optional()?,
        (None, Err(_)) => None,
    };
    found.ok_or_else(|| {
        let told: String = told.chars().take(60).collect();
        Error::field(FieldError::new(
            field,
            "unknown",
            format!("پرونده‌ای با کد رهگیری یا شناسه «{told}» نیست که شما ببینید؛ آن را بازبینی کنید."),
            format!("There is no case with the tracking code or id '{told}' that you may see; check it."),
        ))
    })
}

/// Locks cases in the order of their ids, so that two who put the same cases together do not wait for each other.
fn lock(connection: &mut DbConnection, mut ids: Vec<CaseId>) -> Result<()> {
    ids.sort();
    for id in ids {
        let _: CaseId = for_update(cases::table.find(id).select(cases::id)).get_result(connection)?;
    }
    Ok(())
}
