//! A letter as the registry office enters it: number, date, sender, scans, and the text where it was typed.

use serde::{Deserialize, Serialize};

use super::form::{Raw, Scan, enclosed, json};
use super::inbound::{Content, Enclosed, Inbound, Matter, Particulars, Sender};
use crate::db::types::Time;
use crate::domain::cases::Channel;
use crate::domain::cases::register::Place;
use crate::domain::intake::Form;
use crate::error::{Error, FieldError, Fields, Result};

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

/// A letter that came as a scan only: nobody has read it yet, so it waits for a registrar.
///
/// # Errors
/// `Invalid` for an empty file.
pub fn scanned(id: &str, name: &str, bytes: Vec<u8>) -> Result<Inbound> {
    if bytes.is_empty() {
        let (fa, en) = ("پرونده خالی است.", "The file is empty.");
        return Err(Error::field(FieldError::new("file", "empty", fa, en)));
    }
    Ok(Inbound {
        external_id: Some(id.to_owned()),
        enclosed: vec![Enclosed { name: name.to_owned(), declared: None, content: Content::Bytes(bytes) }],
        ..Inbound::new(Form::Letter, Channel::Letter)
    })
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
