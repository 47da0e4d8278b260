//! Notes: what staff tell each other on a case; never shown to the citizen.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::docket::{Docket, Expected};
use super::life::Fact;
use super::record::{record, sha256_hex};
use crate::db::DbConnection;
use crate::db::schema::notes;
use crate::db::sealed::Sealed;
use crate::db::types::{CaseId, NoteId, OfficeId, Time, UserId};
use crate::domain::actor::Act;
use crate::domain::input;
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::domain::vault::field;
use crate::error::{Code, Error, Result};

/// A note.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Note {
    pub text: String,
}

/// A note, with its words; they are stored sealed.
#[derive(Debug, Clone)]
pub struct NoteRow {
    pub id: NoteId,
    pub case_id: CaseId,
    pub office_id: OfficeId,
    pub author_id: UserId,
    pub text: String,
    pub at: Time,
}

/// Adds a note to a visible case, open or closed.
pub fn add(connection: &mut DbConnection, act: &Act, id: CaseId, wish: &Note) -> Result<NoteRow> {
    let mut docket = Docket::open(connection, act, id, Expected::Any)?;
    // visible is enough of the case; the right to note may come from any assignment
    let office = policy::allow(act, Verb::Note, docket.life.holder)
        .or_else(|_| policy::allow_anywhere(act, Verb::Note))?;
    keep(connection, act, &mut docket, wish, office)
}

/// Writes a note in the name of an office; whether it may was judged before.
pub(super) fn keep(
    connection: &mut DbConnection,
    act: &Act,
    docket: &mut Docket,
    wish: &Note,
    office: OfficeId,
) -> Result<NoteRow> {
    let author_id = act.actor.user().ok_or(Error::Forbidden(Code::Forbidden))?;
    let text = input::text("text", &wish.text, input::TEXT_MAX).map_err(Error::field)?;
    let id = docket.row.id;
    let row = NoteRow { id: act.id(), case_id: id, office_id: office, author_id, text, at: act.now };
    diesel::insert_into(notes::table)
        .values((
            notes::id.eq(row.id),
            notes::case_id.eq(id),
            notes::office_id.eq(office),
            notes::author_id.eq(author_id),
            notes::text.eq(act.vault.seal(field!(notes::text), row.id, &row.text)?),
            notes::at.eq(row.at),
        ))
        .execute(connection)?;
    let fact = Fact::NoteAdded { note: row.id, text_sha256: Some(sha256_hex(row.text.as_bytes())) };
    record(connection, act, docket, &[fact], Some(office))?;
    Ok(row)
}

/// All notes of a case, oldest first.
pub fn of_case(connection: &mut DbConnection, act: &Act, case: CaseId) -> Result<Vec<NoteRow>> {
    let rows: Vec<(NoteId, OfficeId, UserId, Sealed, Time)> = notes::table
        .filter(notes::case_id.eq(case))
        .order(notes::id)
        .select((notes::id, notes::office_id, notes::author_id, notes::text, notes::at))
        .load(connection)?;
    rows.into_iter()
        .map(|(id, office_id, author_id, text, at)| {
            let text = act.vault.open(connection, field!(notes::text), id, &text)?;
            Ok(NoteRow { id, case_id: case, office_id, author_id, text, at })
        })
        .collect()
}
