//! Checks of free text and contacts as they come in: each wrong field is named with its remedy.

use serde::de::DeserializeOwned;

use crate::domain::text::storage_form;
use crate::error::{Code, Error, FieldError};

/// Longest text of a case, answer or question, in characters.
pub const TEXT_MAX: usize = 20_000;
/// Longest single line: subject, name, reason, address.
pub const LINE_MAX: usize = 500;

/// A text that must say something: no control characters, at most `max` characters, in storage form.
pub fn text(field: &str, value: &str, max: usize) -> Result<String, FieldError> {
    if value.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(FieldError::new(
            field,
            "control_characters",
            "نویسه‌های کنترلی را پاک کنید.",
            "Remove the control characters.",
        ));
    }
    let stored = storage_form(value.trim());
    let stored = stored.trim();
    if stored.is_empty() {
        return Err(FieldError::required(field));
    }
    match stored.chars().count() {
        length if length > max => Err(FieldError::new(
            field,
            "too_long",
            format!("حداکثر {max} نویسه؛ اکنون {length} است."),
            format!("At most {max} characters; there are {length}."),
        )),
        _ => Ok(stored.to_owned()),
    }
}

/// The same where the field may be missing; an empty one counts as missing.
pub fn optional_text(field: &str, value: Option<&str>, max: usize) -> Result<Option<String>, FieldError> {
    match value.map(str::trim).filter(|value| !value.is_empty()) {
        Some(value) => text(field, value, max).map(Some),
        None => Ok(None),
    }
}

/// One of a closed set of names.
pub fn choice<T: std::str::FromStr<Err = String>>(field: &str, value: &str) -> Result<T, FieldError> {
    value.parse().map_err(|expected: String| {
        FieldError::new(
            field,
            "unknown",
            format!("یکی از این‌ها: {}", expected.trim_start_matches("one of: ")),
            format!("Must be {expected}."),
        )
    })
}

/// Reads JSON; a wrong type or unknown field is told by its path.
pub fn json<T: DeserializeOwned>(bytes: &[u8]) -> crate::error::Result<T> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        if inner.is_data() {
            Error::field(wrong_type(path, &inner.to_string()))
        } else {
            Error::Malformed(Code::MalformedJson)
        }
    })?;
    deserializer.end().map_err(|_| Error::Malformed(Code::MalformedJson))?;
    Ok(value)
}

/// Serde's words, with the field named the way the client wrote it.
fn wrong_type(path: String, message: &str) -> FieldError {
    let told = message.split(" at line ").next().unwrap_or(message);
    let quoted = told.split('`').nth(1).unwrap_or_default().to_owned();
    let here = path == "." || path == "?";
    if told.starts_with("missing field") {
        return FieldError::required(if here { quoted } else { format!("{path}.{quoted}") });
    }
    if told.starts_with("unknown field") {
        let field = if here || path.ends_with(&quoted) { path.clone() } else { format!("{path}.{quoted}") };
        let field = if here { quoted } else { field };
        return FieldError::new(
            field,
            "unknown_field",
            "این فیلد شناخته نیست؛ املای آن را بررسی کنید.",
            format!("{told}."),
        );
    }
    let field = if here { "body".to_owned() } else { path };
    FieldError::new(field, "wrong_type", "نوع این مقدار درست نیست.", format!("{told}."))
}
