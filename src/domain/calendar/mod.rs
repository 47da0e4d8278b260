//! Working calendars: when an office is open, and how much working time lies between two instants.
//!
//! A calendar is a week of slots plus single days that differ from it, in one time zone of the tz database.
//! Everything here is pure and counts whole seconds: fractions of a second of an instant are cut off.
//! Holidays are data (lunar dates are announced, not computed), and so are the hours of each office.

mod jalali;
mod slot;
mod walk;
mod work_time;

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) mod trials;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

pub use jalali::{JalaliDate, JalaliDateError};
pub use slot::Slot;
pub use work_time::WorkTime;

/// The zone of the country. Its summer time ended in autumn 2022; the tz database knows the years before.
pub const TEHRAN: &str = "Asia/Tehran";

/// The slots of each day of the week, Saturday first.
pub type Week = [Vec<Slot>; 7];

/// One date that differs from the week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Day {
    /// No work: a holiday or a closure, with the name that people know it by.
    Closed { name: String },
    /// Other hours than the week says, on a working day or on a weekend.
    Open(Vec<Slot>),
}

/// The working time of an office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    zone: TimeZone,
    week: Week,
    days: BTreeMap<Date, Day>,
}

/// Why a calendar cannot be built, or cannot tell a time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    #[error(
        "{0} is not a slot of a day: write hours as 07:30-14:30, from 00:00 to 24:00, the end after the start"
    )]
    Slot(String),
    #[error("the slots {0} and {1} of one day overlap")]
    Overlap(Slot, Slot),
    #[error("the tz database has no zone {0}")]
    Zone(String),
    #[error("the calendar has too little working time within {} years", walk::HORIZON_YEARS)]
    TooLittleWork,
    #[error("a limit of no days has no last working day")]
    NoDays,
    #[error("the date lies outside the years that can be reckoned with")]
    OutOfRange,
}

impl Calendar {
    /// A calendar without exceptions. The slots of each day are put in order.
    ///
    /// Errors: `Slot` and `Overlap`.
    pub fn new(zone: TimeZone, week: Week) -> Result<Self, CalendarError> {
        let mut ordered = Week::default();
        for (day, slots) in ordered.iter_mut().zip(week) {
            *day = slot::in_order(slots)?;
        }
        Ok(Self { zone, week: ordered, days: BTreeMap::new() })
    }

    /// A calendar without exceptions in the zone of the country.
    ///
    /// Errors: `Slot`, `Overlap`, and `Zone` on a machine without the tz database.
    pub fn in_tehran(week: Week) -> Result<Self, CalendarError> {
        let zone = TimeZone::get(TEHRAN).map_err(|_| CalendarError::Zone(TEHRAN.to_owned()))?;
        Self::new(zone, week)
    }

    /// The zone in which the days and hours of this calendar are meant.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Closes `date`, over whatever the calendar said of it.
    pub fn close(&mut self, date: Date, name: impl Into<String>) {
        self.days.insert(date, Day::Closed { name: name.into() });
    }

    /// Takes these hours out of the work of `date`; what is closed already stays so. With none left it is closed.
    /// In whichever order hours are taken out, the day is the same.
    pub fn close_hours(&mut self, date: Date, hours: &[Slot], name: &str) {
        let worked = self.slots(date);
        if worked.is_empty() {
            return;
        }
        let left = slot::without(worked, hours);
        if left == worked {
            return;
        }
        match left.is_empty() {
            true => self.close(date, name),
            false => drop(self.days.insert(date, Day::Open(left))),
        }
    }

    /// Gives `date` its own slots (none = closed without a name), over whatever the calendar said of it.
    ///
    /// Errors: `Slot` and `Overlap`; the calendar is then unchanged.
    pub fn open(&mut self, date: Date, slots: Vec<Slot>) -> Result<(), CalendarError> {
        self.days.insert(date, Day::Open(slot::in_order(slots)?));
        Ok(())
    }

    /// Takes back what was said of `date` alone; it follows the week again.
    pub fn follow_week(&mut self, date: Date) {
        self.days.remove(&date);
    }

    /// What the calendar says of `date` alone, such as the name of a holiday.
    pub fn exception(&self, date: Date) -> Option<&Day> {
        self.days.get(&date)
    }

    /// The working slots of `date`, in order; none on a closed day.
    pub fn slots(&self, date: Date) -> &[Slot] {
        match self.days.get(&date) {
            Some(Day::Closed { .. }) => &[],
            Some(Day::Open(slots)) => slots,
            None => &self.week[days_since_saturday(date.weekday())],
        }
    }

    /// Whether anything is worked on `date`.
    pub fn is_working_day(&self, date: Date) -> bool {
        !self.slots(date).is_empty()
    }

    /// The local date of an instant.
    pub fn date_of(&self, instant: Timestamp) -> Date {
        self.zone.to_datetime(instant).date()
    }
}

fn days_since_saturday(weekday: Weekday) -> usize {
    (usize::try_from(weekday.to_sunday_zero_offset()).expect("an offset of 0 to 6") + 1) % 7
}
