//! Which sealed cases wait for an extract, and why: the desk must not have to look for them.

use std::collections::HashMap;

use diesel::dsl::{exists, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::extract::ExtractState;
use crate::db::DbConnection;
use crate::db::connection::MultiBackend;
use crate::db::schema::{appeals, cases, extracts as e, messages, objections};
use crate::db::types::{CaseId, OfficeId};
use crate::error::Result;
use crate::text_enum;

text_enum! {
    /// What an open sealed case waits for.
    pub enum Wanting {
        /// There is no confirmed extract: it is referred to nobody.
        Missing = "extract_missing",
        /// The citizen said something that the extract does not tell.
        Behind = "extract_behind",
    }
}

/// Extracts that are older than the newest words of the citizen.
#[diesel::dsl::auto_type(no_type_alias)]
fn behind() -> _ {
    let said = messages::table
        .filter(messages::case_id.eq(e::case_id))
        .filter(messages::direction.eq("in"))
        .filter(messages::body.is_not_null())
        .filter(messages::created_at.gt(e::covers_until));
    let objected = objections::table
        .filter(objections::case_id.eq(e::case_id))
        .filter(objections::at.gt(e::covers_until));
    let appealed =
        appeals::table.filter(appeals::case_id.eq(e::case_id)).filter(appeals::at.gt(e::covers_until));
    e::table.filter(exists(said).or(exists(objected)).or(exists(appealed))).select(e::case_id)
}

/// Open sealed cases that these offices took in or hold, and that have no extract of the newest words.
pub fn unextracted<'a>(offices: &[OfficeId]) -> cases::BoxedQuery<'a, MultiBackend> {
    let confirmed = e::table.filter(e::state.eq(ExtractState::Confirmed)).select(e::case_id);
    cases::table
        // a literal, so that both databases use the small index of sealed cases
        .filter(sql::<Bool>("cases.is_sealed"))
        .filter(cases::closed_at.is_null())
        .filter(
            cases::intake_office_id
                .eq_any(offices.to_vec())
                .or(cases::holder_office_id.eq_any(offices.to_vec())),
        )
        .filter(
            cases::id
                .ne_all(confirmed)
                .or(cases::id.eq_any(behind().filter(e::state.eq(ExtractState::Confirmed)))),
        )
        .into_boxed()
}

/// What these sealed cases wait for; nothing for those whose extract is of the newest words.
pub fn wanting(connection: &mut DbConnection, sealed: &[CaseId]) -> Result<HashMap<CaseId, Wanting>> {
    if sealed.is_empty() {
        return Ok(HashMap::new());
    }
    let of = |ids: &[CaseId]| ids.to_vec();
    let confirmed: Vec<CaseId> = e::table
        .filter(e::case_id.eq_any(of(sealed)).and(e::state.eq(ExtractState::Confirmed)))
        .select(e::case_id)
        .load(connection)?;
    let late = behind().filter(e::case_id.eq_any(of(sealed)).and(e::state.eq(ExtractState::Confirmed)));
    let late: Vec<CaseId> = late.load(connection)?;
    let wants = |id: &CaseId| match (confirmed.contains(id), late.contains(id)) {
        (false, _) => Some((*id, Wanting::Missing)),
        (true, true) => Some((*id, Wanting::Behind)),
        (true, false) => None,
    };
    Ok(sealed.iter().filter_map(wants).collect())
}
