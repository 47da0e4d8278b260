//! What a channel tells about a citizen, and its checked form.

use serde::{Deserialize, Serialize};

use super::{EmailAddress, ForeignId, LegalEntityId, NationalId, Phone, PostalCode};
use crate::domain::input;
use crate::domain::text::latin_digits;
use crate::error::{FieldError, Fields};

/// What a channel tells about a citizen.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CitizenInput {
    /// National ID (10 digits) or legal-entity ID (11 digits); Persian digits are understood.
    #[serde(default)]
    pub national_id: Option<String>,
    /// Identity number of a foreign national.
    #[serde(default)]
    pub foreign_id: Option<String>,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub mobile: Option<String>,
    /// Fixed line.
    #[serde(default)]
    pub phone: Option<String>,
    #[serde(default)]
    pub email: Option<String>,
    #[serde(default)]
    pub address: Option<String>,
    /// Ten digits.
    #[serde(default)]
    pub postal_code: Option<String>,
    /// National ID of the head of the household, where somebody else is.
    #[serde(default)]
    pub household_head: Option<String>,
    /// `sms`, `email`, `phone` or `letter`.
    #[serde(default)]
    pub preferred_channel: Option<String>,
    /// `fa` or `en`.
    #[serde(default)]
    pub language: Option<String>,
}

/// The checked form of [`CitizenInput`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Identity {
    /// `natural`, `legal` or `foreign`.
    pub kind: &'static str,
    /// The identifier with its sort, such as `N:0013542419`.
    pub identifier: Option<String>,
    pub name: Option<String>,
    pub mobile: Option<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub address: Option<String>,
    pub postal_code: Option<String>,
    /// The head of the household, in the form of `identifier`.
    pub household_head: Option<String>,
    pub preferred_channel: Option<String>,
    pub language: Option<String>,
}

impl Identity {
    /// Whether nothing was told.
    pub fn is_empty(&self) -> bool {
        let told = [
            &self.identifier,
            &self.name,
            &self.mobile,
            &self.phone,
            &self.email,
            &self.address,
            &self.postal_code,
        ];
        told.iter().all(|field| field.is_none())
    }
}

/// Checks what was told; wrong fields are noted under `at` and left out of the result.
pub fn parse(given: &CitizenInput, at: &str, fields: &mut Fields) -> Identity {
    let named = |field: &str| format!("{at}.{field}");
    let (kind, identifier) = parse_identifier(given, at, fields);
    let mut phone = |field: &str, value: &Option<String>| {
        filled(value).and_then(|value| fields.take(parse_phone(&named(field), value)))
    };
    let mobile = phone("mobile", &given.mobile);
    let fixed = phone("phone", &given.phone);
    let email = filled(&given.email).and_then(|value| {
        fields.take(EmailAddress::parse(value).map(|e| e.as_str().to_owned()).map_err(|error| {
            FieldError::new(named("email"), "invalid", "نشانی رایانامه درست نیست.", error.to_string())
        }))
    });
    let postal_code = filled(&given.postal_code).and_then(|value| {
        fields.take(PostalCode::parse(value).map(|p| p.as_str().to_owned()).map_err(|error| {
            FieldError::new(named("postal_code"), "invalid", "کد پستی ده رقم است.", error.to_string())
        }))
    });
    let name =
        fields.take(input::optional_text(&named("name"), given.name.as_deref(), input::LINE_MAX)).flatten();
    let household_head = filled(&given.household_head).and_then(|value| {
        fields.take(NationalId::parse(value).map(|id| format!("N:{}", id.as_str())).map_err(|error| {
            let (fa, en) = (
                "کد ملی سرپرست خانوار درست نیست؛ ده رقم آن را بررسی کنید.",
                format!("{error}; check the ten digits of the household head's national ID."),
            );
            FieldError::new(named("household_head"), "invalid", fa, en)
        }))
    });
    let address = fields
        .take(input::optional_text(&named("address"), given.address.as_deref(), input::LINE_MAX))
        .flatten();
    let preferred_channel = one_of(
        given.preferred_channel.as_deref(),
        &["sms", "email", "phone", "letter"],
        &named("preferred_channel"),
        fields,
    );
    let language = one_of(given.language.as_deref(), &["fa", "en"], &named("language"), fields);
    Identity {
        kind,
        identifier,
        name,
        mobile,
        phone: fixed,
        email,
        address,
        postal_code,
        household_head,
        preferred_channel,
        language,
    }
}

fn filled(value: &Option<String>) -> Option<&str> {
    value.as_deref().map(str::trim).filter(|value| !value.is_empty())
}

fn parse_identifier(given: &CitizenInput, at: &str, fields: &mut Fields) -> (&'static str, Option<String>) {
    if let Some(value) = filled(&given.national_id) {
        let digits = latin_digits(value).chars().filter(char::is_ascii_digit).count();
        let parsed = if digits == 11 {
            LegalEntityId::parse(value).map(|id| ("legal", format!("L:{}", id.as_str())))
        } else {
            NationalId::parse(value).map(|id| ("natural", format!("N:{}", id.as_str())))
        };
        let parsed = parsed.map_err(|error| {
            FieldError::new(
                format!("{at}.national_id"),
                "invalid",
                "کد ملی درست نیست؛ ده رقم آن (یا یازده رقم شناسه ملی) را بررسی کنید.",
                format!("{error}; check the ten digits of the national ID (eleven for a legal entity)."),
            )
        });
        return fields.take(parsed).map_or(("natural", None), |(kind, id)| (kind, Some(id)));
    }
    if let Some(value) = filled(&given.foreign_id) {
        let parsed = ForeignId::parse(value).map(|id| format!("F:{}", id.as_str())).map_err(|error| {
            FieldError::new(
                format!("{at}.foreign_id"),
                "invalid",
                "شناسه اتباع درست نیست.",
                error.to_string(),
            )
        });
        return ("foreign", fields.take(parsed));
    }
    ("natural", None)
}

fn parse_phone(field: &str, value: &str) -> Result<String, FieldError> {
    Phone::parse(value).map(|phone| phone.as_str().to_owned()).map_err(|error| {
        FieldError::new(
            field,
            "invalid",
            "شماره تلفن درست نیست؛ نمونه: ۰۹۱۲۱۲۳۴۵۶۷",
            format!("{error}; for example 09121234567."),
        )
    })
}

fn one_of(value: Option<&str>, known: &[&str], field: &str, fields: &mut Fields) -> Option<String> {
    let value = value?;
    if known.contains(&value) {
        return Some(value.to_owned());
    }
    let list = known.join(", ");
    fields.add(FieldError::new(
        field,
        "unknown",
        format!("یکی از این‌ها: {list}"),
        format!("Must be one of: {list}."),
    ));
    None
}

/// The language in which a citizen is written to; Persian where nothing is known.
pub fn language_of(identity: Option<&Identity>) -> &str {
    identity.and_then(|identity| identity.language.as_deref()).unwrap_or("fa")
}
