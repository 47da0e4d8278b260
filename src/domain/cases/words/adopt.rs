//! Seals what an earlier version wrote in clear: the words of sealed cases, and of objections, appeals and notes. The
//! migration lists them once, so that nothing that is written in clear later is taken for it.

use diesel::prelude::*;

use super::{seal, traces};
use crate::db::DbConnection;
use crate::db::dialect::{for_update, overwriting};
use crate::db::schema::{appeals, notes, objections, words_to_seal as l};
use crate::db::sealed::Sealed;
use crate::db::types::{AppealId, CaseId, NoteId, ObjectionId, Time};
use crate::domain::vault::{Vault, field};
use crate::error::{Error, Result};

/// Rows of one transaction.
const ROWS: i64 = 100;

/// Whether anything is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adopted {
    All,
    /// So many now, and more to come.
    Some(usize),
}

/// Seals some of what is listed; to be called in a transaction, at the start of a process, until all is sealed.
pub fn adopt(connection: &mut DbConnection, vault: &Vault, now: Time) -> Result<Adopted> {
    let query = l::table.order((l::place, l::id)).limit(ROWS).select((l::place, l::id));
    let rows: Vec<(String, i64)> = for_update(query).load(connection)?;
    if rows.is_empty() {
        return Ok(Adopted::All);
    }
    overwriting(connection, |connection| {
        for (place, id) in &rows {
            match place.as_str() {
                "cases" => seal(connection, vault, CaseId(*id), now)?,
                "objections" => objection(connection, vault, ObjectionId(*id), now)?,
                "appeals" => appeal(connection, vault, AppealId(*id), now)?,
                "notes" => note(connection, vault, NoteId(*id), now)?,
                other => return Err(Error::internal(format!("words_to_seal names the table {other}"))),
            }
            diesel::delete(l::table.find((place, id))).execute(connection)?;
        }
        Ok(Adopted::Some(rows.len()))
    })
}

macro_rules! adopts {
    ($name:ident, $table:ident, $id:ty) => {
        fn $name(connection: &mut DbConnection, vault: &Vault, id: $id, now: Time) -> Result<()> {
            use $table as t;
            let row: Option<(CaseId, Sealed)> =
                t::table.find(id).select((t::case_id, t::text)).first(connection).optional()?;
            let Some((case, text)) = row else { return Ok(()) };
            let Some(plain) = text.as_plain() else { return Ok(()) };
            let sealed = vault.seal(field!($table::text), id, plain)?;
            diesel::update(t::table.find(id)).set(t::text.eq(sealed)).execute(connection)?;
            traces::leave(connection, case, now)
        }
    };
}

adopts!(objection, objections, ObjectionId);
adopts!(appeal, appeals, AppealId);
adopts!(note, notes, NoteId);
