//! What is filed, checked: every wrong field is named at once, and a matter without identity finds its kind.

use serde::{Deserialize, Serialize};

use super::complained_of;
use super::register::Register;
use super::row::{Channel, Priority, Representative};
use super::words::Words;
use crate::db::DbConnection;
use crate::db::types::Time;
use crate::domain::actor::Act;
use crate::domain::citizens::{self, CitizenInput};
use crate::domain::conflict::About;
use crate::domain::input;
use crate::domain::repeats::Matter;
use crate::error::{Error, FieldError, Fields, Result};

/// Where it happened.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Two-digit code of the province.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub province: Option<String>,
    /// Four-digit code of the county.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub county: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Latitude in degrees, −90 to 90.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lat: Option<f64>,
    /// Longitude in degrees, −180 to 180.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lon: Option<f64>,
}

/// The checked input.
pub(super) struct Filing {
    pub(super) kind: String,
    pub(super) downgraded_from: Option<String>,
    pub(super) channel: Channel,
    pub(super) text: String,
    pub(super) subject: Option<String>,
    pub(super) category: Option<String>,
    pub(super) remedy_sought: Option<String>,
    pub(super) citizen: Option<citizens::Identity>,
    pub(super) representative: Option<String>,
    pub(super) place: Place,
    pub(super) about: About,
    pub(super) about_person: Option<String>,
    pub(super) is_sealed: bool,
    pub(super) is_anonymous: bool,
    pub(super) external_id: Option<String>,
    pub(super) received_at: Time,
    pub(super) priority: Priority,
    pub(super) override_reason: Option<String>,
}

impl Filing {
    /// What the citizen said.
    pub(super) fn words(&self) -> Words {
        let (subject, remedy_sought) = (self.subject.clone(), self.remedy_sought.clone());
        Words { subject, text: self.text.clone(), remedy_sought }
    }

    /// What it is about, to find its repeats.
    pub(super) fn matter(&self) -> Matter {
        let county = self.place.county.as_deref();
        Matter::new(self.category.as_deref(), county, self.subject.as_deref(), &self.text)
    }
}

/// Checks all that was told.
///
/// # Errors
/// `Invalid` with every wrong field.
pub(super) fn check(connection: &mut DbConnection, act: &Act, input: &Register) -> Result<Filing> {
    let mut fields = Fields::default();
    let rules = &act.rules;
    let kind = fields.take(rules.kind("kind", &input.kind).map(|kind| kind.code.clone()));
    let channel = fields.take(input::choice::<Channel>("channel", &input.channel));
    let text = fields.take(input::text("text", &input.text, input::TEXT_MAX));
    let subject =
        fields.take(input::optional_text("subject", input.subject.as_deref(), input::LINE_MAX)).flatten();
    let remedy_sought =
        fields.take(input::optional_text("remedy_sought", input.remedy_sought.as_deref(), 2000)).flatten();
    let leaf = input.category.as_deref().and_then(|code| fields.take(rules.category("category", code)));
    let told = complained_of::Told {
        office: ("about_office", input.about_office.as_deref()),
        user: ("about_user", input.about_user.as_deref()),
        person: ("about_person", input.about_person.as_deref()),
    };
    let (about, about_person) = complained_of::check(connection, act, told, &mut fields)?;
    let place = check_place(act, input.place.as_ref(), &mut fields);
    let external_id =
        fields.take(input::optional_text("external_id", input.external_id.as_deref(), 200)).flatten();
    let received_at = check_received(act, input.received_at, &mut fields);
    let priority = input
        .priority
        .as_deref()
        .and_then(|value| fields.take(input::choice::<Priority>("priority", value)))
        .unwrap_or(Priority::Normal);
    let representative = check_representative(input.representative.as_ref(), &mut fields);
    let override_reason = fields
        .take(input::optional_text("override_reason", input.override_reason.as_deref(), input::LINE_MAX))
        .flatten();
    let is_anonymous = input.anonymous.unwrap_or(false);
    let (citizen, is_identified) = check_citizen(input, is_anonymous, &mut fields);
    fields.finish()?;
    let (Some(kind), Some(channel), Some(text)) = (kind, channel, text) else {
        return Err(Error::internal("a required field was lost"));
    };
    // a complaint needs identity; without it the matter is taken as a report and the sender is told
    let downgraded_from = (kind == "complaint" && !is_identified).then(|| kind.clone());
    Ok(Filing {
        kind: if downgraded_from.is_some() { "report".into() } else { kind },
        downgraded_from,
        channel,
        text,
        subject,
        category: leaf.map(|leaf| leaf.code.clone()),
        remedy_sought,
        citizen,
        representative,
        place,
        about,
        about_person,
        is_sealed: input.sealed.unwrap_or(false) || leaf.is_some_and(|leaf| leaf.sealed),
        is_anonymous,
        external_id,
        received_at,
        priority,
        override_reason,
    })
}

/// The identity, and whether it is one by which a complaint can be taken.
fn check_citizen(
    input: &Register,
    is_anonymous: bool,
    fields: &mut Fields,
) -> (Option<citizens::Identity>, bool) {
    let Some(given) = input.citizen.as_ref().filter(|_| !is_anonymous) else { return (None, false) };
    let mut own = Fields::default();
    let identity = citizens::parse(given, "citizen", &mut own);
    let Err(Error::Invalid(wrong)) = own.finish() else {
        let is_identified = identity.identifier.is_some();
        return ((!identity.is_empty()).then_some(identity), is_identified);
    };
    // a wrong identifier makes a complaint a report; any other wrong field must be mended
    let is_lenient = input.kind == "complaint";
    for error in wrong {
        let is_identifier = error.field.ends_with("national_id") || error.field.ends_with("foreign_id");
        if !(is_lenient && is_identifier) {
            fields.add(error);
        }
    }
    ((!identity.is_empty()).then_some(identity), false)
}

pub(super) fn check_place(act: &Act, place: Option<&Place>, fields: &mut Fields) -> Place {
    let Some(place) = place else { return Place::default() };
    let mut checked = Place { lat: place.lat, lon: place.lon, ..Place::default() };
    if let Some(code) = place.county.as_deref() {
        match act.rules.counties.get(code) {
            Some(county) => {
                checked.county = Some(county.code.clone());
                checked.province = Some(county.province.clone());
            }
            None => fields.add(FieldError::unknown("place.county", code)),
        }
    }
    if let Some(code) = place.province.as_deref() {
        match act.rules.provinces.get(code) {
            Some(_) if checked.province.as_deref().is_some_and(|of_county| of_county != code) => {
                fields.add(FieldError::new(
                    "place.county",
                    "other_province",
                    "این شهرستان در استان نام‌برده نیست.",
                    "This county is not in the province named.",
                ));
            }
            Some(_) => checked.province = Some(code.to_owned()),
            None => fields.add(FieldError::unknown("place.province", code)),
        }
    }
    checked.address = fields
        .take(input::optional_text("place.address", place.address.as_deref(), input::LINE_MAX))
        .flatten();
    for (field, value, bound) in [("place.lat", place.lat, 90.0), ("place.lon", place.lon, 180.0)] {
        if value.is_some_and(|degrees| !degrees.is_finite() || degrees.abs() > bound) {
            let (fa, en) =
                (format!("درجه میان −{bound} و {bound}."), format!("Degrees between −{bound} and {bound}."));
            fields.add(FieldError::new(field, "out_of_range", fa, en));
        }
    }
    checked
}

fn check_received(act: &Act, received: Option<Time>, fields: &mut Fields) -> Time {
    let oldest = act.now.plus_days(-366 * 5);
    match received {
        Some(at) if at > act.now.plus_seconds(300) => {
            let (fa, en) = ("زمان دریافت در آینده است.", "The time of receipt lies in the future.");
            fields.add(FieldError::new("received_at", "in_the_future", fa, en));
        }
        Some(at) if at < oldest => {
            let (fa, en) =
                ("زمان دریافت بیش از پنج سال پیش است.", "The time of receipt is more than five years ago.");
            fields.add(FieldError::new("received_at", "too_old", fa, en));
        }
        Some(at) => return at.min(act.now),
        None => {}
    }
    act.now
}

fn check_representative(given: Option<&Representative>, fields: &mut Fields) -> Option<String> {
    let given = given?;
    let name = fields.take(input::text("representative.name", &given.name, input::LINE_MAX));
    let proof = fields.take(input::text("representative.proof", &given.proof, input::LINE_MAX));
    let as_citizen = CitizenInput {
        national_id: given.national_id.clone(),
        mobile: given.mobile.clone(),
        ..CitizenInput::default()
    };
    let identity = citizens::parse(&as_citizen, "representative", fields);
    let checked = Representative {
        name: name?,
        national_id: given.national_id.as_ref().and(identity.identifier.clone()),
        mobile: identity.mobile,
        proof: proof?,
    };
    serde_json::to_string(&checked).ok()
}
