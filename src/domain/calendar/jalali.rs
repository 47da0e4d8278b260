//! Dates of the civil calendar of Iran (Solar Hijri, Jalali).
//!
//! Months 1–6 have 31 days, 7–11 have 30, month 12 has 29 or, in a leap year, 30. Leap years come from
//! `icu_calendar`. Dates are stored as instants or Gregorian dates; this type is for reading and showing.

use std::fmt;
use std::str::FromStr;

use icu_calendar::cal::{Iso, Persian};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::text::{latin_digits, persian_digits};

const MONTHS: [&str; 12] =
    ["فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور", "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند"];

/// An existing Jalali date between the years 1 and 9377. In text and JSON it is `1404/08/20`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JalaliDate {
    year: i16,
    month: u8,
    day: u8,
}

/// Why something is not a Jalali date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JalaliDateError {
    #[error("write a date as year/month/day, such as 1404/08/20")]
    Format,
    #[error("this day does not exist in the Jalali calendar")]
    NoSuchDay,
}

impl JalaliDate {
    /// Errors: `NoSuchDay`, as for 1404-12-30, since 1404 is not a leap year.
    pub fn new(year: i16, month: u8, day: u8) -> Result<Self, JalaliDateError> {
        let exists = (1..=9377).contains(&year)
            && icu_calendar::Date::try_new_persian(year.into(), month, day).is_ok();
        if exists { Ok(Self { year, month, day }) } else { Err(JalaliDateError::NoSuchDay) }
    }

    /// Reads `1404/08/20` or `1404-8-20` in Latin, Persian or Arabic digits; the year has four.
    pub fn parse(text: &str) -> Result<Self, JalaliDateError> {
        let text = latin_digits(text.trim());
        let parts: Vec<&str> = text.split(['/', '-']).collect();
        let &[year, month, day] = parts.as_slice() else { return Err(JalaliDateError::Format) };
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if year.len() != 4 || month.len() > 2 || day.len() > 2 || !parts.iter().all(|part| is_number(part)) {
            return Err(JalaliDateError::Format);
        }
        let number = |part: &str| part.parse::<u8>().map_err(|_| JalaliDateError::Format);
        Self::new(year.parse().map_err(|_| JalaliDateError::Format)?, number(month)?, number(day)?)
    }

    /// The date on which `instant` falls in `zone`.
    ///
    /// Errors: `NoSuchDay` outside the years of this type.
    pub fn of(instant: Timestamp, zone: &TimeZone) -> Result<Self, JalaliDateError> {
        Self::from_civil(zone.to_datetime(instant).date())
    }

    /// The Jalali name of a Gregorian date.
    ///
    /// Errors: `NoSuchDay` outside the years of this type.
    pub fn from_civil(date: Date) -> Result<Self, JalaliDateError> {
        let (month, day) = (date.month().unsigned_abs(), date.day().unsigned_abs());
        let jalali = icu_calendar::Date::try_new_iso(date.year().into(), month, day)
            .map_err(|_| JalaliDateError::NoSuchDay)?
            .to_calendar(Persian);
        let year = i16::try_from(jalali.era_year().extended_year).map_err(|_| JalaliDateError::NoSuchDay)?;
        Self::new(year, jalali.month().ordinal, jalali.day_of_month().0)
    }

    /// The same day in the Gregorian calendar.
    pub fn to_civil(self) -> Date {
        let jalali = icu_calendar::Date::try_new_persian(self.year.into(), self.month, self.day);
        let gregorian = jalali.expect("checked when it was made").to_calendar(Iso);
        let year = i16::try_from(gregorian.era_year().extended_year);
        let year = year.expect("Jalali years up to 9377 end before the Gregorian year 9999");
        Date::constant(year, gregorian.month().ordinal as i8, gregorian.day_of_month().0 as i8)
    }

    pub fn year(self) -> i16 {
        self.year
    }

    pub fn month(self) -> u8 {
        self.month
    }

    pub fn day(self) -> u8 {
        self.day
    }

    /// `آبان`
    pub fn month_fa(self) -> &'static str {
        MONTHS[usize::from(self.month) - 1]
    }

    /// `۱۴۰۴/۰۸/۲۰`
    pub fn short_fa(self) -> String {
        persian_digits(&self.to_string())
    }

    /// `۲۰ آبان ۱۴۰۴`
    pub fn long_fa(self) -> String {
        persian_digits(&format!("{} {} {}", self.day, self.month_fa(), self.year))
    }
}

impl fmt::Display for JalaliDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}/{:02}/{:02}", self.year, self.month, self.day)
    }
}

impl FromStr for JalaliDate {
    type Err = JalaliDateError;

    fn from_str(text: &str) -> Result<Self, JalaliDateError> {
        Self::parse(text)
    }
}

impl Serialize for JalaliDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for JalaliDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn jalali(text: &str) -> JalaliDate {
        JalaliDate::parse(text).unwrap()
    }

    #[test]
    fn known_days_have_both_names() {
        let pairs = [
            ("1357-11-22", date(1979, 2, 11)),
            ("1400-01-01", date(2021, 3, 21)),
            ("1403-12-30", date(2025, 3, 20)),
            ("1404-01-01", date(2025, 3, 21)),
            ("1404-06-31", date(2025, 9, 22)),
            ("1404-07-01", date(2025, 9, 23)),
            ("1408-12-30", date(2030, 3, 20)),
        ];
        for (text, gregorian) in pairs {
            assert_eq!(jalali(text).to_civil(), gregorian);
            assert_eq!(JalaliDate::from_civil(gregorian), Ok(jalali(text)));
        }
    }

    #[test]
    fn only_leap_years_have_a_thirtieth_of_esfand() {
        let leap: Vec<i16> = (1394..=1441).filter(|&year| JalaliDate::new(year, 12, 30).is_ok()).collect();
        assert_eq!(leap, [1395, 1399, 1403, 1408, 1412, 1416, 1420, 1424, 1428, 1432, 1436, 1441]);
        assert_eq!(JalaliDate::parse("1404-12-30"), Err(JalaliDateError::NoSuchDay));
    }

    #[test]
    fn dates_are_read_in_every_script_of_digits() {
        let day = JalaliDate::new(1404, 8, 20).unwrap();
        for text in ["1404/08/20", "1404-08-20", "۱۴۰۴/۰۸/۲۰", "١٤٠٤/٠٨/٢٠", " 1404/8/20 "] {
            assert_eq!(jalali(text), day);
        }
    }

    #[test]
    fn what_is_not_a_date_is_refused() {
        for text in [
            "",
            "1404",
            "1404/08",
            "04/08/20",
            "1404/08/20/1",
            "1404/+8/20",
            "1404/٠٠٨/20",
            "a/b/c",
            "1404//2",
        ] {
            assert_eq!(JalaliDate::parse(text), Err(JalaliDateError::Format), "{text}");
        }
        for text in ["1404/07/31", "1404/13/01", "1404/00/01", "1404/01/00", "0000/01/01", "9999/01/01"] {
            assert_eq!(JalaliDate::parse(text), Err(JalaliDateError::NoSuchDay), "{text}");
        }
    }

    #[test]
    fn dates_are_shown_in_persian() {
        assert_eq!(jalali("1404/08/20").short_fa(), "۱۴۰۴/۰۸/۲۰");
        assert_eq!(jalali("1404/08/20").long_fa(), "۲۰ آبان ۱۴۰۴");
        assert_eq!(jalali("1404/01/05").long_fa(), "۵ فروردین ۱۴۰۴");
        assert_eq!(serde_json::to_string(&jalali("1404-08-20")).unwrap(), r#""1404/08/20""#);
    }

    #[test]
    fn the_day_changes_at_midnight_in_the_zone() {
        let tehran = TimeZone::get("Asia/Tehran").unwrap();
        let before: Timestamp = "2025-03-20T20:29:59Z".parse().unwrap();
        let after: Timestamp = "2025-03-20T20:30:00Z".parse().unwrap();
        assert_eq!(JalaliDate::of(before, &tehran), Ok(jalali("1403-12-30")));
        assert_eq!(JalaliDate::of(after, &tehran), Ok(jalali("1404-01-01")));
    }

    proptest! {
        #[test]
        fn every_day_goes_there_and_back(days in -490_000..2_900_000i32) {
            let gregorian = date(1970, 1, 1).checked_add(jiff::Span::new().days(days)).unwrap();
            let jalali = JalaliDate::from_civil(gregorian).unwrap();
            prop_assert_eq!(jalali.to_civil(), gregorian);
            prop_assert_eq!(JalaliDate::parse(&jalali.to_string()), Ok(jalali));
        }
    }
}
