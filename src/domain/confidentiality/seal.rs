//! Seal and unseal: a case is hidden at once; only the privacy officer opens it again, with a reason.

use diesel::prelude::*;

use super::known;
use super::requests::Reason;
use super::sight::leak;
use crate::db::DbConnection;
use crate::db::schema::cases;
use crate::db::types::CaseId;
use crate::domain::actor::Act;
use crate::domain::cases::life::Fact;
use crate::domain::cases::{Docket, Expected, record, words};
use crate::domain::input;
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::error::{Code, Error, Result};

/// Seals a case: from this commit on handlers read its extract, or nothing until there is one.
///
/// # Errors
/// `already_done`; `identity_in_text` where the reason names the citizen, since the history keeps it for ever.
pub fn seal(
    connection: &mut DbConnection,
    act: &Act,
    id: CaseId,
    expected: Expected,
    wish: &Reason,
) -> Result<Docket> {
    turn(connection, act, id, expected, wish, Verb::Seal)
}

/// Opens a sealed case to all who work on it.
///
/// # Errors
/// `not_sealed`; `forbidden` to everybody but the privacy officer.
pub fn unseal(
    connection: &mut DbConnection,
    act: &Act,
    id: CaseId,
    expected: Expected,
    wish: &Reason,
) -> Result<Docket> {
    turn(connection, act, id, expected, wish, Verb::Unseal)
}

fn turn(
    connection: &mut DbConnection,
    act: &Act,
    id: CaseId,
    expected: Expected,
    wish: &Reason,
    verb: Verb,
) -> Result<Docket> {
    let mut docket = Docket::open(connection, act, id, expected)?;
    let office = policy::allow(act, verb, docket.row.intake_office_id)?;
    let given = wish.reason.as_deref().unwrap_or_default();
    let reason = input::text("reason", given, input::LINE_MAX).map_err(Error::field)?;
    let leaks = known::masker(connection, act, &docket.row)?.leaks(&reason);
    if let Some(error) = leak("reason", &leaks) {
        return Err(Error::field(error));
    }
    let is_sealed = verb == Verb::Seal;
    if docket.row.is_sealed == is_sealed {
        return Err(Error::Conflict(if is_sealed { Code::AlreadyDone } else { Code::NotSealed }));
    }
    let fact = if is_sealed { Fact::CaseSealed { reason } } else { Fact::CaseUnsealed { reason } };
    record(connection, act, &mut docket, &[fact], Some(office))?;
    match is_sealed {
        true => words::seal(connection, &act.vault, id, act.now)?,
        false => words::unseal(connection, &act.vault, id, act.now)?,
    }
    diesel::update(cases::table.find(id)).set(cases::is_sealed.eq(is_sealed)).execute(connection)?;
    docket.reload(connection)
}
