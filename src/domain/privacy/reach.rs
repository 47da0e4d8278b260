//! Whose record a person of staff may change: that of a citizen of whom a case is visible; at the centre, anybody's;
//! and who may decide that something of it goes.

use diesel::prelude::*;

use crate::db::DbConnection;
use crate::db::schema::cases;
use crate::db::types::{CaseId, CitizenId};
use crate::domain::actor::Act;
use crate::domain::conflict::condition;
use crate::domain::rulebook::Verb;
use crate::domain::{citizens, policy, visibility};
use crate::error::{Code, Error, Result};

/// Allows the change of a citizen's record; gives the one that stands for the person.
///
/// # Errors
/// `Forbidden` without the right; `NotFound` for a citizen of whom no case is visible.
pub(super) fn allow(connection: &mut DbConnection, act: &Act, citizen: CitizenId) -> Result<CitizenId> {
    policy::allow_anywhere(act, Verb::EditCitizens)?;
    let citizen = citizens::standing(connection, citizen)?;
    if policy::allow(act, Verb::EditCitizens, act.rules.offices.centre()).is_ok() {
        return Ok(citizen);
    }
    let seen: i64 = cases::table
        .filter(cases::citizen_id.eq(citizen))
        .filter(visibility::visible(act))
        .count()
        .get_result(connection)?;
    if seen > 0 { Ok(citizen) } else { Err(Error::NotFound) }
}

/// Nobody lets go what is said about them (requirement tag S4.7).
///
/// # Errors
/// `second_person_required` where a case of the citizen is about the actor.
pub(super) fn be_impartial(connection: &mut DbConnection, act: &Act, citizen: CitizenId) -> Result<()> {
    let citizen = citizens::standing(connection, citizen)?;
    let theirs = cases::table.filter(cases::citizen_id.eq(citizen)).select(cases::id);
    let theirs: Vec<CaseId> = theirs.load(connection)?;
    match condition::barred_among(connection, act, &theirs)?.is_empty() {
        true => Ok(()),
        false => Err(Error::Forbidden(Code::SecondPersonRequired)),
    }
}
