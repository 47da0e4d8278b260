//! A false closure: the citizen says that what the closing told was not so, a supervisor of another office looks, and
//! the case is taken up again (requirement tags P3.4, P5.7; Singapore's OneService: closed means solved).

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::Finding;
use super::callback::{CallRow, lock, not_of_office};
use crate::db::DbConnection;
use crate::db::schema::callbacks;
use crate::db::types::CallbackId;
use crate::domain::actor::Act;
use crate::domain::cases::reopen::{Again, again};
use crate::domain::cases::{Docket, Expected};
use crate::domain::confidentiality;
use crate::domain::input;
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::error::{Code, Error, Result};

/// A supervisor's word on a suspected false closure.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Ruling {
    /// Why; the citizen reads it where the case is reopened.
    pub note: String,
}

/// Confirms it: the case is reopened at the office that closed it, and counts against that office.
///
/// # Errors
/// `callback_state` where nothing is suspected, `second_person_required` for whoever made the call, `other_office`
/// for people of the office that closed it, `wrong_state` where the case is open again already.
pub fn confirm(connection: &mut DbConnection, act: &Act, id: CallbackId, wish: &Ruling) -> Result<Docket> {
    let (row, docket, note) = judged(connection, act, id, wish)?;
    let office = policy::allow(act, Verb::Reopen, docket.life.holder)?;
    let by = act.actor.user().ok_or(Error::Forbidden(Code::Forbidden))?;
    let fact = docket.life.false_closure(id, row.office_id, by)?;
    settle(connection, act, id, Finding::Confirmed, &note)?;
    again(connection, act, docket, office, Again { reason: note, to: None, first: vec![fact] })
}

/// Rejects it: the closing stands.
pub fn reject(connection: &mut DbConnection, act: &Act, id: CallbackId, wish: &Ruling) -> Result<Docket> {
    let (_, docket, note) = judged(connection, act, id, wish)?;
    policy::allow(act, Verb::Reopen, docket.life.holder)?;
    settle(connection, act, id, Finding::Rejected, &note)?;
    Ok(docket)
}

fn judged(
    connection: &mut DbConnection,
    act: &Act,
    id: CallbackId,
    wish: &Ruling,
) -> Result<(CallRow, Docket, String)> {
    let row = lock(connection, id)?;
    let docket = Docket::open(connection, act, row.case_id, Expected::Any)?;
    policy::allow(act, Verb::Reopen, row.office_id)?;
    not_of_office(act, row.office_id)?;
    if row.finding != Some(Finding::Suspected) {
        return Err(Error::Conflict(Code::CallbackState));
    }
    if row.called_by == act.actor.user() {
        return Err(Error::Forbidden(Code::SecondPersonRequired));
    }
    let note = input::text("note", &wish.note, input::LINE_MAX).map_err(Error::field)?;
    confidentiality::guard_words(connection, act, &docket.row, "note", Some(&note))?;
    Ok((row, docket, note))
}

fn settle(
    connection: &mut DbConnection,
    act: &Act,
    id: CallbackId,
    finding: Finding,
    note: &str,
) -> Result<()> {
    diesel::update(callbacks::table.find(id))
        .set((
            (callbacks::finding.eq(finding), callbacks::decided_by.eq(act.actor.user())),
            (callbacks::decided_at.eq(act.now), callbacks::note.eq(note)),
        ))
        .execute(connection)?;
    Ok(())
}
