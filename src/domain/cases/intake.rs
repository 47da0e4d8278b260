//! Intake: which office takes a new case in.

use super::filing::Filing;
use crate::db::DbConnection;
use crate::db::types::OfficeId;
use crate::domain::actor::{Act, Actor};
use crate::domain::conflict::{Conflict, desk};
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::error::{Code, Error, Result};

/// Which office takes a new case in: the one that would, or the nearest desk above it that is free of conflict.
/// Nobody takes in what is said about themselves (tag S4.7).
pub(super) fn intake_office(connection: &mut DbConnection, act: &Act, filing: &Filing) -> Result<OfficeId> {
    let office = own_office(act, filing)?;
    let category = filing.category.as_deref();
    let conflict = Conflict::about(connection, &act.rules, filing.about, category, act.now)?;
    match conflict.bars_office(&act.rules.offices, office) {
        true => desk::free(connection, act, &conflict, office, Verb::Classify),
        false => Ok(office),
    }
}

/// The office of the staff or gateway, else the governorate of the place.
fn own_office(act: &Act, filing: &Filing) -> Result<OfficeId> {
    let offices = &act.rules.offices;
    match &act.actor {
        Actor::Staff(_) => policy::allow_anywhere(act, Verb::Register),
        Actor::Gateway { office, channels, .. } => {
            if channels.iter().any(|channel| channel == "*" || channel == filing.channel.as_str()) {
                Ok(*office)
            } else {
                Err(Error::Forbidden(Code::Forbidden))
            }
        }
        Actor::Public | Actor::System | Actor::Citizen { .. } => Ok(filing
            .place
            .province
            .as_deref()
            .and_then(|code| offices.by_code(&format!("GOV-{code}")))
            .map_or(offices.centre(), |office| office.id)),
    }
}
