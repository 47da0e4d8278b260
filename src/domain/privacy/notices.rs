//! Notices to a citizen that belong to no act on a case: they go with the latest case that can still tell.

use diesel::prelude::*;

use crate::db::DbConnection;
use crate::db::schema::{cases, events};
use crate::db::types::{CitizenId, EventId};
use crate::domain::actor::Act;
use crate::domain::cases::CaseRow;
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
    let row: Option<CaseRow> = cases::table
        .filter(cases::citizen_id.eq(citizen))
        .order(cases::id.desc())
        .select(CaseRow::as_select())
        .first(connection)
        .optional()?;
    match row {
        Some(row) => tell_with(connection, act, &row, template, facts),
        None => Ok(()),
    }
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
    let event: EventId = events::table
        .filter(events::case_id.eq(row.id))
        .order(events::seq.desc())
        .select(events::id)
        .first(connection)?;
    notifications::to_citizen(connection, act, row, event, template, &facts(language))
}
