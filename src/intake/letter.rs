//! A letter as the registry office enters it: number, date, sender, scans, and the text where it was typed.

use serde::{Deserialize, Serialize};

use super::form::{Raw, Scan, enclosed, json};
use super::inbound::{Inbound, Matter, Particulars, Sender};
use crate::db::types::Time;
use crate::domain::cases::Channel;
use crate::domain::cases::register::Place;
use crate::domain::intake::Form;
use crate::error::{Fields, Result};

/// A letter.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Letter {
    /// Number in the office's register of letters; the same number of the same office is one letter.
    pub registry_number: Option<String>,
    /// Date in that register, as it is written there.
    pub registry_date: Option<String>,
    pub received_at: Option<Time>,
    pub name: Option<String>,
    pub national_id: Option<String>,
    pub mobile: Option<String>,
    pub address: Option<String>,
    pub subject: Option<String>,
    /// The words of the letter; without them it waits to be keyed from its scans.
    pub text: Option<String>,
    pub annexes: Option<u32>,
    pub scans: Vec<Scan>,
    /// Code of the kind; a request when missing.
    pub kind: Option<String>,
    pub category: Option<String>,
    pub place: Option<Place>,
    /// Why it is registered although the citizen reached the day's cap.
    pub override_reason: Option<String>,
}

/// Reads a letter.
pub(super) fn read(raw: &Raw) -> Result<Inbound> {
    let letter: Letter = json(raw)?;
    let mut fields = Fields::default();
    let files = enclosed("scans", &letter.scans, &mut fields);
    fields.finish()?;
    let (kind, category, place) = (letter.kind, letter.category, letter.place);
    Ok(Inbound {
        external_id: letter.registry_number.clone(),
        received_at: letter.received_at,
        sender: Sender {
            name: letter.name,
            national_id: letter.national_id,
            mobile: letter.mobile,
            address: letter.address,
            ..Sender::default()
        },
        subject: letter.subject,
        text: letter.text.unwrap_or_default(),
        enclosed: files,
        particulars: Particulars::Letter {
            registry_number: letter.registry_number,
            registry_date: letter.registry_date,
            annexes: letter.annexes,
        },
        matter: Matter { kind, category, place, override_reason: letter.override_reason },
        ..Inbound::new(Form::Letter, Channel::Letter)
    })
}
