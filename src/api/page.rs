//! Pages: `{items, next_cursor}`, their limit, and times in queries.

use serde::{Deserialize, Serialize};

use crate::db::types::Time;
use crate::error::{Code, Error, FieldError, Result};

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

/// Which page of a list.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    /// 1 to 200; 50 when missing.
    limit: Option<i64>,
    cursor: Option<String>,
}

impl PageQuery {
    /// How many items the page has.
    pub fn limit(&self) -> Result<i64> {
        limit(self.limit)
    }

    /// Where it begins, as an earlier page told it; nothing for the first.
    pub fn after<T: std::str::FromStr>(&self) -> Result<Option<T>> {
        let told = self.cursor.as_deref();
        told.map(|text| text.parse().map_err(|_| Error::Malformed(Code::InvalidCursor))).transpose()
    }

    /// The cursor as it was told.
    pub fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
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

/// A page from one row too many.
pub fn keyset<R, T>(
    mut rows: Vec<R>,
    limit: i64,
    key: impl Fn(&R) -> String,
    view: impl Fn(R) -> T,
) -> Page<T> {
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = rows.len() > size;
    rows.truncate(size);
    let next_cursor = rows.last().filter(|_| has_more).map(key);
    Page { items: rows.into_iter().map(view).collect(), next_cursor }
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
