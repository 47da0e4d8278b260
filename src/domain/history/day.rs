//! Days of Tehran by their Gregorian date: what an anchor stands for.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::db::types::Time;
use crate::domain::calendar::TEHRAN;
use crate::error::{Error, Result};

/// A day in Tehran; `2026-06-10` in text and JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(Date);

/// The zone in which days begin and end.
pub fn zone() -> Result<TimeZone> {
    TimeZone::get(TEHRAN).map_err(Error::internal)
}

impl Day {
    /// The day on which an instant falls.
    pub fn of(at: Time, zone: &TimeZone) -> Self {
        Self(zone.to_datetime(at.timestamp()).date())
    }

    /// The instant at which the day is over.
    ///
    /// # Errors
    /// `Internal` at the end of the calendar.
    pub fn end(self, zone: &TimeZone) -> Result<Time> {
        let midnight = self.next()?.0.to_zoned(zone.clone()).map_err(Error::internal)?;
        Ok(Time::from(midnight.timestamp()))
    }

    /// The day after.
    ///
    /// # Errors
    /// `Internal` at the end of the calendar.
    pub fn next(self) -> Result<Self> {
        self.0.tomorrow().map(Self).map_err(Error::internal)
    }

    /// Days from an earlier one to this; negative from a later one.
    pub fn days_since(self, earlier: Self) -> i64 {
        self.0.duration_since(earlier.0).as_hours() / 24
    }

    /// The day before.
    ///
    /// # Errors
    /// `Internal` at the beginning of the calendar.
    pub fn previous(self) -> Result<Self> {
        self.0.yesterday().map(Self).map_err(Error::internal)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Day {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let day = text.parse::<Date>().map(Self).map_err(Error::internal)?;
        // a date has other spellings, and what is signed has one
        if day.to_string() == text { Ok(day) } else { Err(Error::internal("a day is written 2026-06-10")) }
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(|_| serde::de::Error::custom("a day such as 2026-06-10"))
    }
}

impl utoipa::PartialSchema for Day {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .format(Some(utoipa::openapi::SchemaFormat::KnownFormat(utoipa::openapi::KnownFormat::Date)))
            .into()
    }
}

impl utoipa::ToSchema for Day {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_at_midnight_in_tehran_also_where_the_clock_jumps() {
        let zone = zone().unwrap();
        let end = |day: &str| day.parse::<Day>().unwrap().end(&zone).unwrap().to_string();
        assert_eq!(end("2026-06-10"), "2026-06-10T20:30:00Z");
        // summer time began at this midnight: the day after had no first hour
        assert_eq!(end("2022-03-21"), "2022-03-21T20:30:00Z");
        let day = Day::of("2026-06-10T20:30:00Z".parse().unwrap(), &zone);
        assert_eq!((day.to_string().as_str(), day.previous().unwrap().next().unwrap()), ("2026-06-11", day));
        for wrong in ["2026-6-10", "20260610", "2026-06-31", "2026-06-10T00:00", ""] {
            assert!(wrong.parse::<Day>().is_err(), "{wrong}");
        }
    }
}
