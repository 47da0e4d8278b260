//! Calendars by office: an office follows its own calendar or that of the nearest office above it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{CalendarRow, Closure, Holiday, Offices, Rulebook, Shift};
use crate::db::types::OfficeId;
use crate::domain::calendar::{Calendar, JalaliDate, Slot};
use crate::error::{Error, Result};

/// The calendar that offices follow where none is named.
const NATIONAL: &str = "IR";
/// The days of a week as rows name them, Saturday first.
pub(crate) const DAYS: [&str; 7] =
    ["saturday", "sunday", "monday", "tuesday", "wednesday", "thursday", "friday"];

/// The calendars as they stand with a certain set of closures.
#[derive(Debug, Clone, Default)]
pub struct Calendars {
    by_code: BTreeMap<String, Arc<Calendar>>,
    /// Where something is closed in one province only: by code and province.
    in_province: BTreeMap<(String, String), Arc<Calendar>>,
    /// Each calendar with those whose days it shares, the furthest first.
    lines: BTreeMap<String, Vec<String>>,
}

impl Calendars {
    /// The working calendar of an office: its own or that of the nearest office above it, with what is closed in
    /// its province.
    pub fn of(&self, offices: &Offices, office: OfficeId) -> Result<&Arc<Calendar>> {
        let line: Vec<_> =
            offices.with_ancestors(office).into_iter().filter_map(|id| offices.get(id)).collect();
        let code = line.iter().find_map(|office| office.calendar.as_deref()).unwrap_or(NATIONAL);
        let code = if self.by_code.contains_key(code) { code } else { NATIONAL };
        let province = line.iter().find_map(|office| office.province.as_ref());
        province
            .and_then(|province| self.in_province.get(&(code.to_owned(), province.clone())))
            .or_else(|| self.by_code.get(code))
            .ok_or_else(|| Error::internal("no calendar is loaded; run: samad seed"))
    }

    /// The same calendars with these closures on top.
    pub fn with<'a>(&self, closures: impl Iterator<Item = &'a Closure>) -> Self {
        let mut these = self.clone();
        for closure in closures {
            let below: Vec<String> = these
                .lines
                .iter()
                .filter(|(_, line)| line.contains(&closure.calendar))
                .map(|(code, _)| code.clone())
                .collect();
            below.iter().for_each(|code| these.close(code, closure));
        }
        these
    }

    fn close(&mut self, code: &str, closure: &Closure) {
        if let Some(province) = &closure.province {
            let key = (code.to_owned(), province.clone());
            let base = self.in_province.get(&key).or_else(|| self.by_code.get(code)).cloned();
            if let Some(base) = base {
                self.in_province.insert(key, closure.laid_on(&base));
            }
            return;
        }
        self.by_code.entry(code.to_owned()).and_modify(|base| *base = closure.laid_on(base));
        let provinces = self.in_province.iter_mut().filter(|((of, _), _)| of == code);
        provinces.for_each(|(_, base)| *base = closure.laid_on(base));
    }
}

impl Rulebook {
    /// Whether a calendar of this code is in force.
    pub fn has_calendar(&self, code: &str) -> bool {
        self.calendars.by_code.contains_key(code)
    }

    /// The working calendar of an office.
    pub fn calendar(&self, office: OfficeId) -> Result<&Arc<Calendar>> {
        self.calendars.of(&self.offices, office)
    }
}

/// Builds the calendars from their rows; a calendar with a parent has the parent's week and holidays too.
pub(super) fn build(rows: &[CalendarRow], shifts: &[Shift], holidays: &[Holiday]) -> Result<Calendars> {
    let mut built = Calendars::default();
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
        built.lines.insert(row.code.clone(), line.into_iter().map(str::to_owned).collect());
        built.by_code.insert(row.code.clone(), Arc::new(calendar));
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
