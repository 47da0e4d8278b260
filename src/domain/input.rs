//! Checks of free text and contacts as they come in: each wrong field is named with its remedy.

use crate::domain::text::storage_form;
use crate::error::FieldError;

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
