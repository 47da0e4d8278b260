//! Visits: the queue of a counter, public meetings of officials, and the paper forms of people's desks.
//!
//! What a visitor says comes in by the one door (`crate::intake`); here is what a visit has besides: a ticket, a slot, a
//! line of a sheet whose totals must match. Nothing of a person stands here: a ticket has a number, a slot and a line
//! have a case.

pub mod appointments;
pub mod meeting_list;
pub mod meetings;
pub mod orders;
pub mod sheet_lines;
pub mod sheet_totals;
pub mod sheets;
pub mod tickets;

use crate::db::types::{OfficeId, Time};
use crate::domain::actor::{Act, Actor};
use crate::domain::calendar::TEHRAN;
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::error::{Code, Error, FieldError, Result};

/// The office in whose name a desk works: the one that is named, or the actor's own.
///
/// # Errors
/// `unknown` on the field `office`; `not_your_office`; `forbidden` for whoever registers nothing.
pub(crate) fn desk_office(act: &Act, named: Option<&str>) -> Result<OfficeId> {
    let own = match &act.actor {
        Actor::Staff(_) => policy::allow_anywhere(act, Verb::Register)?,
        Actor::Gateway { office, channels, .. } => {
            let is_of_visits = channels.iter().any(|channel| channel == "*" || channel == "visit");
            if is_of_visits { *office } else { return Err(Error::Forbidden(Code::Forbidden)) }
        }
        Actor::System | Actor::Citizen { .. } | Actor::Public => {
            return Err(Error::Forbidden(Code::Forbidden));
        }
    };
    let Some(code) = named else { return Ok(own) };
    let office = act.rules.offices.find("office", code).map_err(Error::field)?.id;
    match act.actor {
        Actor::Gateway { .. } if office == own => Ok(office),
        Actor::Gateway { .. } => Err(Error::Forbidden(Code::NotYourOffice)),
        _ => policy::allow(act, Verb::Register, office).map(|_| office),
    }
}

/// The day in Tehran, as `2026-06-10`.
pub(crate) fn day_of(at: Time) -> Result<String> {
    let zone = jiff::tz::TimeZone::get(TEHRAN).map_err(Error::internal)?;
    Ok(at.timestamp().to_zoned(zone).date().to_string())
}

/// A day as it was told.
pub(crate) fn day(field: &str, text: &str) -> Result<String, FieldError> {
    text.parse::<jiff::civil::Date>().map(|date| date.to_string()).map_err(|_| {
        FieldError::new(field, "invalid", "تاریخی مانند 2026-06-10.", "A date such as 2026-06-10.")
    })
}

/// A whole number within bounds.
pub(crate) fn within(field: &str, value: i32, least: i32, most: i32) -> Result<i32, FieldError> {
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    Err(FieldError::new(
        field,
        "out_of_range",
        format!("میان {least} و {most}."),
        format!("Between {least} and {most}."),
    ))
}
