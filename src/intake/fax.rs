//! A fax as JSON: the pages as files, the text where somebody or something has read it.

use serde::{Deserialize, Serialize};

use super::form::{Raw, Scan, enclosed, json};
use super::inbound::{Content, Enclosed, Inbound, Particulars, Sender};
use crate::db::types::Time;
use crate::domain::cases::Channel;
use crate::domain::intake::Form;
use crate::error::{Error, FieldError, Fields, Result};

/// A fax that a fax server received.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Fax {
    /// The fax server's id of it.
    pub external_id: Option<String>,
    pub received_at: Option<Time>,
    /// Number of the sender, as the line tells it.
    pub from: Option<String>,
    /// What the sending machine calls itself.
    pub station: Option<String>,
    /// Our line.
    pub to: Option<String>,
    pub pages: Option<u32>,
    pub subject: Option<String>,
    /// What was read of the pages; without it a registrar keys them.
    pub text: Option<String>,
    pub national_id: Option<String>,
    pub name: Option<String>,
    /// The pages; at least one file where there is no text.
    pub scans: Vec<Scan>,
}

/// What a fax server knows of a call that brought a file.
#[derive(Debug, Clone, Default)]
pub struct FaxCall {
    /// The fax server's id of it.
    pub external_id: Option<String>,
    pub received_at: Option<Time>,
    /// Number of the caller, as the line tells it.
    pub from: Option<String>,
    /// What the sending machine calls itself.
    pub station: Option<String>,
    /// Our line.
    pub to: Option<String>,
    pub pages: Option<u32>,
}

/// A fax that came as a file (TIFF or PDF): nobody has read it yet, so it waits for a registrar.
///
/// # Errors
/// `Invalid` for an empty file.
pub fn faxed(call: FaxCall, name: &str, bytes: Vec<u8>) -> Result<Inbound> {
    if bytes.is_empty() {
        let (fa, en) = ("پرونده خالی است.", "The file is empty.");
        return Err(Error::field(FieldError::new("file", "empty", fa, en)));
    }
    let filled = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    Ok(Inbound {
        external_id: filled(call.external_id),
        received_at: call.received_at,
        sender: Sender { number: filled(call.from), ..Sender::default() },
        recipient: filled(call.to),
        enclosed: vec![Enclosed { name: name.to_owned(), declared: None, content: Content::Bytes(bytes) }],
        particulars: Particulars::Fax { pages: call.pages, station: filled(call.station) },
        ..Inbound::new(Form::Fax, Channel::Fax)
    })
}

/// Reads a fax.
pub(super) fn read(raw: &Raw) -> Result<Inbound> {
    let fax: Fax = json(raw)?;
    let mut fields = Fields::default();
    let has_words = fax.text.as_deref().is_some_and(|text| !text.trim().is_empty());
    if fax.scans.is_empty() && !has_words {
        fields.add(FieldError::required("scans"));
    }
    let files = enclosed("scans", &fax.scans, &mut fields);
    fields.finish()?;
    Ok(Inbound {
        external_id: fax.external_id,
        received_at: fax.received_at,
        sender: Sender {
            number: fax.from,
            national_id: fax.national_id,
            name: fax.name,
            ..Sender::default()
        },
        recipient: fax.to,
        subject: fax.subject,
        text: fax.text.unwrap_or_default(),
        enclosed: files,
        particulars: Particulars::Fax { pages: fax.pages, station: fax.station },
        ..Inbound::new(Form::Fax, Channel::Fax)
    })
}
