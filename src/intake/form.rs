//! Outside forms as bytes, and what their readers share: text that is whole, JSON whose faults name the field, forms,
//! scans in base64.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::inbound::{Content, Enclosed, Inbound};
use super::{call, email, fax, letter, sms, visit};
use crate::domain::cases::Channel;
use crate::domain::input;
use crate::domain::intake::Form;
use crate::error::{Code, Error, FieldError, Fields, Result};

/// Something as it came on the wire.
#[derive(Clone)]
pub struct Raw {
    pub form: Form,
    /// Name of the mailbox, line or folder by which it came.
    pub gateway: Option<String>,
    /// Its declared media type.
    pub media_type: String,
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for Raw {
    /// Shows how much there is, and none of it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Raw")
            .field("form", &self.form)
            .field("bytes", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

/// Reads an outside form; pure, so that what failed is read again by a mended reader.
///
/// # Errors
/// `Malformed` or `Invalid`: what is wrong with it.
pub fn read(raw: &Raw) -> Result<Inbound> {
    let inbound = match raw.form {
        Form::Sms => sms::read(raw)?,
        Form::Fax => fax::read(raw)?,
        Form::Letter => letter::read(raw)?,
        Form::Visit => visit::read(raw)?,
        Form::Call => call::read(raw)?,
        Form::Email => email::read(raw)?,
        Form::Case | Form::PublicCase => {
            return Err(Error::internal("a filled-in form is registered and not read as a message"));
        }
    };
    Ok(Inbound { gateway: raw.gateway.clone(), ..inbound })
}

impl Form {
    /// The channel of a form; a letter or visit may say a finer one.
    pub fn channel(self) -> Channel {
        match self {
            Form::Case => Channel::Api,
            Form::PublicCase => Channel::Web,
            Form::Sms => Channel::Sms,
            Form::Fax => Channel::Fax,
            Form::Letter => Channel::Letter,
            Form::Visit => Channel::Visit,
            Form::Call => Channel::Phone,
            Form::Email => Channel::Email,
        }
    }
}

/// A file inside a JSON form.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Scan {
    pub name: String,
    /// Media type; the bytes themselves decide.
    pub media_type: Option<String>,
    /// The bytes in base64.
    pub content: String,
}

/// Scans with their bytes; a wrong one is named.
pub(super) fn enclosed(field: &str, scans: &[Scan], fields: &mut Fields) -> Vec<Enclosed> {
    let mut files = Vec::with_capacity(scans.len());
    for (index, scan) in scans.iter().enumerate() {
        match BASE64_STANDARD.decode(scan.content.trim()) {
            Ok(bytes) if bytes.is_empty() => fields.add(FieldError::new(
                format!("{field}[{index}].content"),
                "empty",
                "پرونده خالی است.",
                "The file is empty.",
            )),
            Ok(bytes) => files.push(Enclosed {
                name: scan.name.clone(),
                declared: scan.media_type.clone(),
                content: Content::Bytes(bytes),
            }),
            Err(_) => fields.add(FieldError::new(
                format!("{field}[{index}].content"),
                "not_base64",
                "محتوا را با base64 بفرستید.",
                "Send the content in base64.",
            )),
        }
    }
    files
}

/// The bytes as text; anything but UTF-8 is named.
fn utf8(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|error| {
        Error::field(FieldError::new(
            "body",
            "not_utf8",
            "متن باید UTF-8 باشد؛ کدگذاری درگاه را درست کنید.",
            format!(
                "The body must be UTF-8; byte {} is not. Mend the gateway's encoding.",
                error.valid_up_to()
            ),
        ))
    })
}

/// A JSON form.
pub(super) fn json<T: DeserializeOwned>(raw: &Raw) -> Result<T> {
    let text = utf8(&raw.bytes)?;
    match raw.media_type.as_str() {
        "application/json" => input::json(text.as_bytes()),
        _ => Err(Error::Malformed(Code::UnsupportedMedia)),
    }
}

/// Named values of a JSON object or a URL-encoded form, whatever the names.
pub(super) fn named(raw: &Raw) -> Result<BTreeMap<String, String>> {
    match raw.media_type.as_str() {
        "application/json" => {
            let object: BTreeMap<String, Value> = input::json(utf8(&raw.bytes)?.as_bytes())?;
            let plain = |value: Value| match value {
                Value::String(text) => Some(text),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            };
            Ok(object.into_iter().filter_map(|(name, value)| Some((name, plain(value)?))).collect())
        }
        "application/x-www-form-urlencoded" => {
            let pairs = utf8(&raw.bytes)?.split('&').filter(|pair| !pair.is_empty());
            pairs
                .map(|pair| {
                    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                    Ok((decoded(name)?, decoded(value)?))
                })
                .collect()
        }
        _ => Err(Error::Malformed(Code::UnsupportedMedia)),
    }
}

/// Undoes the encoding of a form's value.
fn decoded(value: &str) -> Result<String> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16));
                let (Some(high), Some(low)) = (digit(), digit()) else {
                    let (fa, en) = ("کدگذاری درصدی درست نیست.", "The percent-encoding is not right.");
                    return Err(Error::field(FieldError::new("body", "not_encoded", fa, en)));
                };
                bytes.push(u8::try_from(high * 16 + low).unwrap_or_default());
            }
            other => bytes.push(other),
        }
    }
    utf8(&bytes).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(media_type: &str, bytes: &[u8]) -> Raw {
        Raw { form: Form::Sms, gateway: None, media_type: media_type.into(), bytes: bytes.to_vec() }
    }

    const FORM: &str = "application/x-www-form-urlencoded";

    #[test]
    fn a_form_and_a_json_object_say_the_same() {
        let form =
            named(&raw(FORM, "from=%2B98912&text=%D8%A2%D8%A8+%D9%86%DB%8C%D8%B3%D8%AA&&x".as_bytes()))
                .unwrap();
        assert_eq!((form["from"].as_str(), form["text"].as_str()), ("+98912", "آب نیست"));
        let json =
            named(&raw("application/json", r#"{"from":"+98912","text":"آب نیست","n":7,"o":{}}"#.as_bytes()));
        let json = json.unwrap();
        assert_eq!((&json["from"], json["n"].as_str(), json.get("o")), (&form["from"], "7", None));
    }

    #[test]
    fn what_is_broken_is_named() {
        let code = |kind: &str, bytes: &[u8]| match named(&raw(kind, bytes)).unwrap_err() {
            Error::Invalid(fields) => fields[0].code,
            other => other.code().as_str(),
        };
        assert_eq!(code(FORM, b"text=%D8"), "not_utf8");
        assert_eq!(code(FORM, b"text=%D"), "not_encoded");
        assert_eq!(code(FORM, b"text=%zz"), "not_encoded");
        assert_eq!(code(FORM, b"text=\xff"), "not_utf8");
        assert_eq!(code("application/json", b"{\"text\":\"\\ud83d\"}"), "malformed_json");
        assert_eq!(code("application/json", b"{\"text\":\"\xd8\"}"), "not_utf8");
        assert_eq!(code("application/json", b"{"), "malformed_json");
        assert_eq!(code("text/plain", b"hello"), "unsupported_media_type");
    }
}
