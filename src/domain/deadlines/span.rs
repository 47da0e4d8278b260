//! How long an office has: the unit of every limit in the configuration.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

/// The length of a limit. In JSON `{"working_days": 10}`; in text `10wd`, `8wh` or `21d`. Read from outside it is
/// at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Span {
    /// Days on which the office works, after the day of receipt.
    WorkingDays(#[serde(deserialize_with = "at_least_one")] u16),
    /// Hours inside the slots of the office.
    WorkingHours(#[serde(deserialize_with = "at_least_one")] u16),
    /// Days by the wall calendar, after the day of receipt.
    CalendarDays(#[serde(deserialize_with = "at_least_one")] u16),
}

/// Why a text is not a limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a limit: write 10wd for working days, 8wh for working hours, 21d for calendar days")]
pub struct SpanError(String);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WorkingDays(days) => write!(f, "{days}wd"),
            Self::WorkingHours(hours) => write!(f, "{hours}wh"),
            Self::CalendarDays(days) => write!(f, "{days}d"),
        }
    }
}

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        let unit_at = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(unit_at);
        let refusal = || SpanError(text.to_owned());
        let number = number.parse().ok().filter(|&number: &u16| number > 0).ok_or_else(refusal)?;
        match unit {
            "wd" => Ok(Self::WorkingDays(number)),
            "wh" => Ok(Self::WorkingHours(number)),
            "d" => Ok(Self::CalendarDays(number)),
            _ => Err(refusal()),
        }
    }
}

fn at_least_one<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    Ok(std::num::NonZeroU16::deserialize(deserializer)?.get())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_read_and_written_in_two_ways() {
        let ways = [
            (Span::WorkingDays(10), "10wd", r#"{"working_days":10}"#),
            (Span::WorkingHours(8), "8wh", r#"{"working_hours":8}"#),
            (Span::CalendarDays(21), "21d", r#"{"calendar_days":21}"#),
        ];
        for (span, text, json) in ways {
            assert_eq!(span.to_string(), text);
            assert_eq!(text.parse(), Ok(span));
            assert_eq!(serde_json::to_string(&span).unwrap(), json);
            assert_eq!(serde_json::from_str::<Span>(json).unwrap(), span);
        }
    }

    #[test]
    fn an_empty_or_unknown_limit_is_refused() {
        for text in ["", "10", "wd", "0wd", "-1d", "10 wd", "10w", "70000d", "10wdd"] {
            assert_eq!(text.parse::<Span>(), Err(SpanError(text.to_owned())));
        }
        assert!(serde_json::from_str::<Span>(r#"{"working_days":0}"#).is_err());
    }
}
