//! Who speaks for a group: up to three representatives object, appeal and reply in the name of all; a member
//! who wants to go alone leaves the group first. And where a letter was answered as a whole, its parts are not
//! taken up again one by one.

use super::{group, links};
use crate::db::DbConnection;
use crate::db::types::CaseId;
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::docket::Docket;
use crate::domain::cases::life::{Relation, Status};
use crate::error::{Code, Error, Result};

/// In whose name an objection or appeal on this case is made: the case itself, or the one that leads the group
/// for which its citizen speaks; with the act that may do it.
///
/// # Errors
/// `not_representative` for any other member; `parent_answered` for a part of a letter that was answered.
pub fn voice(connection: &mut DbConnection, act: &Act, case: CaseId) -> Result<(Act, CaseId)> {
    match links::link_of(connection, case)? {
        Some(link) if link.relation == Relation::Member && link.is_representative => {
            Ok((in_name_of(act, link.parent_id), link.parent_id))
        }
        Some(link) if link.relation == Relation::Member => Err(Error::Forbidden(Code::NotRepresentative)),
        Some(link) if link.relation == Relation::Part => {
            let letter = Docket::glimpse(connection, act, link.parent_id)?;
            match letter.life.status {
                Status::Answered | Status::Closed => Err(Error::Conflict(Code::ParentAnswered)),
                _ => Ok((act.clone(), case)),
            }
        }
        Some(_) | None => {
            check_lead(connection, act, case)?;
            Ok((act.clone(), case))
        }
    }
}

/// To which case a reply goes: a representative answers the question that was put to the group; whatever else a
/// member says stays with the member's own case.
pub(in crate::domain::cases) fn reply_voice(
    connection: &mut DbConnection,
    act: &Act,
    case: CaseId,
) -> Result<(Act, CaseId)> {
    let link = links::link_of(connection, case)?.filter(|link| link.relation == Relation::Member);
    let Some(link) = link else {
        let is_asked = Docket::glimpse(connection, act, case)?.life.can_reply().is_ok();
        if is_asked && matches!(act.actor, Actor::Citizen { .. }) {
            check_lead(connection, act, case)?;
        }
        return Ok((act.clone(), case));
    };
    let is_asked = Docket::glimpse(connection, act, link.parent_id)?.life.can_reply().is_ok();
    match link.is_representative && is_asked {
        true => Ok((in_name_of(act, link.parent_id), link.parent_id)),
        false => Ok((act.clone(), case)),
    }
}

/// The citizen of the leading case speaks for the group only where it was named.
fn check_lead(connection: &mut DbConnection, act: &Act, case: CaseId) -> Result<()> {
    let is_silent = group::group_of(connection, case)?.is_some_and(|group| !group.lead_speaks);
    let leads = is_silent && Docket::glimpse(connection, act, case)?.life.has_members();
    if leads { Err(Error::Forbidden(Code::NotRepresentative)) } else { Ok(()) }
}

fn in_name_of(act: &Act, lead: CaseId) -> Act {
    let actor = match &act.actor {
        Actor::Citizen { .. } => Actor::Citizen { case: lead },
        other => other.clone(),
    };
    Act { actor, ..act.clone() }
}
