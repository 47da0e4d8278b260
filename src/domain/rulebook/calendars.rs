//! Calendars by office: an office follows its own calendar or that of the nearest office above it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{CalendarRow, Holiday, Rulebook, Shift};
use crate::db::types::OfficeId;
use crate::domain::calendar::{Calendar, JalaliDate, Slot};
use crate::error::{Error, Result};

/// The calendar that offices follow where none is named.
const NATIONAL: &str = "IR";
/// The days of a week as rows name them, Saturday first.
pub(crate) const DAYS: [&str; 7] =
    ["saturday", "sunday", "monday", "tuesday", "wednesday", "thursday", "friday"];

impl Rulebook {
    /// Whether a calendar of this code is in force.
    pub fn has_calendar(&self, code: &str) -> bool {
        self.calendars.contains_key(code)
    }

    /// The working calendar of an office.
    pub fn calendar(&self, office: OfficeId) -> Result<&Arc<Calendar>> {
        let named = self
            .offices
            .with_ancestors(office)
            .into_iter()
            .find_map(|id| self.offices.get(id).and_then(|office| office.calendar.as_deref()));
        self.calendars
            .get(named.unwrap_or(NATIONAL))
            .or_else(|| self.calendars.get(NATIONAL))
            .ok_or_else(|| Error::internal("no calendar is loaded; run: samad seed"))
    }
}

/// Builds the calendars from their rows; a calendar with a parent has the parent's week and holidays too.
pub(super) fn build(
    rows: &[CalendarRow],
    shifts: &[Shift],
    holidays: &[Holiday],
) -> Result<BTreeMap<String, Arc<Calendar>>> {
    let mut built = BTreeMap::new();
    for row in rows {
        let line = line_of(row, rows);
        let mut week: [Vec<Slot>; 7] = Default::default();
        for code in &line {
            for shift in shifts.iter().filter(|shift| shift.calendar == *code) {
                lay_shift(&mut week, shift)?;
            }
        }
        let zone = jiff::tz::TimeZone::get(&row.zone).map_err(Error::internal)?;
        let mut calendar = Calendar::new(zone, week).map_err(Error::internal)?;
        for holiday in holidays.iter().filter(|holiday| line.contains(&holiday.calendar.as_str())) {
            let date = JalaliDate::parse(&holiday.date).map_err(Error::internal)?;
            calendar.close(date.to_civil(), holiday.fa.clone());
        }
        built.insert(row.code.clone(), Arc::new(calendar));
    }
    Ok(built)
}

/// The calendar's line, the furthest ancestor first.
fn line_of<'a>(row: &'a CalendarRow, rows: &'a [CalendarRow]) -> Vec<&'a str> {
    let mut line = vec![row.code.as_str()];
    let mut parent = row.parent.as_deref();
    while let Some(code) = parent.filter(|code| !line.contains(code)) {
        line.insert(0, code);
        parent = rows.iter().find(|row| row.code == code).and_then(|row| row.parent.as_deref());
    }
    line
}

fn lay_shift(week: &mut [Vec<Slot>; 7], shift: &Shift) -> Result<()> {
    let slots = shift.slots.iter().map(|text| parse_slot(text)).collect::<Result<Vec<_>>>()?;
    for day in &shift.days {
        let index = DAYS.iter().position(|name| name == day);
        let index = index.ok_or_else(|| Error::internal(format!("'{day}' is no day of the week")))?;
        week[index] = slots.clone();
    }
    Ok(())
}

/// Parses `07:30-14:30`.
pub fn parse_slot(text: &str) -> Result<Slot> {
    let minutes = |part: &str| -> Option<u16> {
        let (hours, minutes) = part.trim().split_once(':')?;
        Some(hours.parse::<u16>().ok()? * 60 + minutes.parse::<u16>().ok()?)
    };
    text.split_once('-')
        .and_then(|(start, end)| Some((minutes(start)?, minutes(end)?)))
        .and_then(|(start, end)| Slot::new(start, end).ok())
        .ok_or_else(|| Error::internal(format!("'{text}' is no slot such as 07:30-14:30")))
}
