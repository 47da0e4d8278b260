//! Notices to a citizen that belong to no act on a case: they go with the latest case that can still tell.

use diesel::prelude::*;

use crate::db::DbConnection;
use crate::db::schema::cases;
use crate::db::types::CitizenId;
use crate::domain::actor::Act;
use crate::domain::cases::{CaseRow, last_event};
use crate::domain::notifications::{self, Facts};
use crate::error::{Language, Result};

/// Tells a citizen; nobody is told where the citizen has no case or no way.
pub(super) fn tell(
    connection: &mut DbConnection,
    act: &Act,
    citizen: CitizenId,
    template: &str,
    facts: impl FnOnce(Language) -> Facts,
) -> Result<()> {
    match latest(connection, citizen)? {
        Some(row) => tell_with(connection, act, &row, template, facts),
        None => Ok(()),
    }
}

/// The latest case of a citizen.
pub(super) fn latest(connection: &mut DbConnection, citizen: CitizenId) -> Result<Option<CaseRow>> {
    Ok(cases::table
        .filter(cases::citizen_id.eq(citizen))
        .order(cases::id.desc())
        .select(CaseRow::as_select())
        .first(connection)
        .optional()?)
}

/// Tells the citizen of this case.
pub(super) fn tell_with(
    connection: &mut DbConnection,
    act: &Act,
    row: &CaseRow,
    template: &str,
    facts: impl FnOnce(Language) -> Facts,
) -> Result<()> {
    let language = if row.language == "en" { Language::En } else { Language::Fa };
    let event = last_event(connection, row.id)?;
    notifications::to_citizen(connection, act, row, event, template, &facts(language))
}
