//! Pages: `{items, next_cursor}`, their limit, and times in queries.

use serde::Serialize;

use crate::db::types::Time;
use crate::error::{Error, FieldError, Result};

/// A page of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Send it as `cursor` for the next page; null on the last.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// A list that has one page.
    pub fn whole(items: Vec<T>) -> Self {
        Self { items, next_cursor: None }
    }
}

/// How many items a page has: 1 to 200, 50 when nothing is said.
pub fn limit(wished: Option<i64>) -> Result<i64> {
    match wished.unwrap_or(50) {
        limit @ 1..=200 => Ok(limit),
        _ => {
            Err(Error::field(FieldError::new("limit", "out_of_range", "میان ۱ و ۲۰۰.", "Between 1 and 200.")))
        }
    }
}

/// An instant, or the beginning of a day in Tehran.
pub fn time(field: &str, text: &str) -> std::result::Result<Time, FieldError> {
    let day = || -> Option<Time> {
        let date: jiff::civil::Date = text.parse().ok()?;
        let zone = jiff::tz::TimeZone::get(crate::domain::calendar::TEHRAN).ok()?;
        Some(Time::from(date.to_zoned(zone).ok()?.timestamp()))
    };
    text.parse().ok().or_else(day).ok_or_else(|| {
        FieldError::new(
            field,
            "invalid",
            "تاریخی مانند 2026-11-21 یا زمان RFC 3339.",
            "A date such as 2026-11-21, or an RFC 3339 time.",
        )
    })
}
