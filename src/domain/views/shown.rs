//! What a reader gets of what the citizen said and is: the words in one of three forms, the identity whole or as initials.

use serde::Serialize;

use crate::db::DbConnection;
use crate::db::types::CitizenId;
use crate::domain::actor::Act;
use crate::domain::cases::{CaseRow, Representative, Words};
use crate::domain::citizens::Citizen;
use crate::domain::confidentiality::Veil;
use crate::domain::confidentiality::extract::{self, ExtractRow, ExtractState};
use crate::error::Result;
use crate::text_enum;

text_enum! {
    /// In which form a reader gets the citizen's words.
    pub enum TextForm {
        Original = "original",
        /// The pseudonymised extract of a sealed case.
        Extract = "extract",
        /// A sealed case that has no confirmed extract yet.
        Hidden = "hidden",
    }
}

/// A citizen's identity: whole in the detail of a case, for those who may read it; elsewhere initials only.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct CitizenView {
    pub id: CitizenId,
    /// `natural`, `legal` or `foreign`.
    pub kind: String,
    /// Only initials are shown here; the detail of the case shows the rest, and logs it.
    pub masked: bool,
    pub national_id: Option<String>,
    pub name: Option<String>,
    pub mobile: Option<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub address: Option<String>,
    pub postal_code: Option<String>,
    /// National ID of the head of the household, where somebody else is.
    pub household_head: Option<String>,
    pub preferred_channel: Option<String>,
    pub language: String,
}

impl CitizenView {
    /// Initials, by which a person at the desk knows a row again, and nothing by which a stranger would be known.
    pub fn masked(citizen: &Citizen) -> Self {
        let initials = |name: &String| {
            let letters = name.split_whitespace().filter_map(|word| word.chars().next());
            letters.map(|letter| format!("{letter}.")).collect::<Vec<_>>().join(" ")
        };
        Self {
            id: citizen.id,
            kind: citizen.kind.clone(),
            masked: true,
            national_id: None,
            name: citizen.name.as_ref().map(initials),
            mobile: None,
            phone: None,
            email: None,
            address: None,
            postal_code: None,
            household_head: None,
            preferred_channel: citizen.preferred_channel.clone(),
            language: citizen.language.clone(),
        }
    }

    /// The full identity.
    pub fn of(citizen: &Citizen) -> Self {
        let digits = |identifier: &Option<String>| {
            identifier.as_deref().and_then(|id| id.split_once(':')).map(|(_, digits)| digits.to_owned())
        };
        Self {
            id: citizen.id,
            kind: citizen.kind.clone(),
            masked: false,
            national_id: digits(&citizen.identifier),
            name: citizen.name.clone(),
            mobile: citizen.mobile.clone(),
            phone: citizen.phone.clone(),
            email: citizen.email.clone(),
            address: citizen.address.clone(),
            postal_code: citizen.postal_code.clone(),
            household_head: digits(&citizen.household_head),
            preferred_channel: citizen.preferred_channel.clone(),
            language: citizen.language.clone(),
        }
    }
}

/// The subject line of a case in a list: of a sealed one that of its extract.
pub(super) fn subject(connection: &mut DbConnection, act: &Act, row: &CaseRow) -> Result<Option<String>> {
    match row.is_sealed {
        true => Ok(extract::find(connection, row.id, ExtractState::Confirmed)?.and_then(|row| row.subject)),
        false => Ok(row.words(connection, &act.vault)?.subject),
    }
}

/// What a reader gets of what the citizen said and is.
pub(super) struct Shown {
    pub form: TextForm,
    pub subject: Option<String>,
    pub text: String,
    pub remedy_sought: Option<String>,
    pub address: Option<String>,
    pub citizen: Option<CitizenView>,
    pub representative: Option<Representative>,
    /// Name of the person complained of.
    pub about_person: Option<String>,
    /// Before the words of staff.
    pub veil: Veil,
}

impl Shown {
    /// The words as they came, without identity.
    pub(super) fn original(words: Words) -> Self {
        Self {
            form: TextForm::Original,
            subject: words.subject,
            text: words.text,
            remedy_sought: words.remedy_sought,
            address: None,
            citizen: None,
            representative: None,
            about_person: None,
            veil: Veil::lifted(),
        }
    }

    /// The extract, or nothing as long as there is none.
    pub(super) fn extract(extract: Option<ExtractRow>, veil: Veil) -> Self {
        let form = if extract.is_some() { TextForm::Extract } else { TextForm::Hidden };
        let (subject, text, remedy_sought) =
            extract.map(|extract| (extract.subject, extract.text, extract.remedy_sought)).unwrap_or_default();
        let (address, citizen, representative, about_person) = (None, None, None, None);
        Self { form, subject, text, remedy_sought, address, citizen, representative, about_person, veil }
    }
}
