//! Calendars and instants for tests: the national hours, and arbitrary ones for property tests.

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;

use super::{Calendar, JalaliDate, Slot, TEHRAN, Week};

/// Saturday to Wednesday 07:30–14:30 in Tehran, with the fixed solar holidays of 1399 to 1409.
pub(crate) fn national() -> Calendar {
    let mut calendar = weekly(&["07:30-14:30"]);
    let holidays =
        ["01/01", "01/02", "01/03", "01/04", "01/12", "01/13", "03/14", "03/15", "11/22", "12/29", "12/30"];
    for year in 1399..=1409 {
        for holiday in holidays {
            if let Ok(day) = JalaliDate::parse(&format!("{year}/{holiday}")) {
                calendar.close(day.to_civil(), "تعطیل رسمی");
            }
        }
    }
    calendar
}

/// The same slots from Saturday to Wednesday, closed on Thursday and Friday, in Tehran.
pub(crate) fn weekly(slots: &[&str]) -> Calendar {
    let slots: Vec<Slot> = slots.iter().map(|slot| slot.parse().unwrap()).collect();
    let week = std::array::from_fn(|day| if day < 5 { slots.clone() } else { Vec::new() });
    Calendar::in_tehran(week).unwrap()
}

/// The date of a Jalali day such as `1404/12/28`.
pub(crate) fn day(jalali: &str) -> Date {
    JalaliDate::parse(jalali).unwrap().to_civil()
}

/// The instant of `1404/12/28 10:00` in Tehran; seconds are optional.
pub(crate) fn at(jalali: &str) -> Timestamp {
    let (date, time) = jalali.split_once(' ').unwrap();
    let local = day(date).to_datetime(time.parse().unwrap());
    TimeZone::get(TEHRAN).unwrap().to_timestamp(local).unwrap()
}

/// How an instant reads in Tehran, such as `1404/12/28 10:00:00`.
pub(crate) fn shown(instant: Timestamp) -> String {
    let zone = TimeZone::get(TEHRAN).unwrap();
    format!("{} {}", JalaliDate::of(instant, &zone).unwrap(), zone.to_datetime(instant).time())
}

/// Instants, in whole seconds, of the years 2020 to 2027: with and without summer time in Tehran.
pub(crate) fn instants() -> impl Strategy<Value = Timestamp> {
    let second = |year| {
        TimeZone::UTC.to_timestamp(date(year, 1, 1).to_datetime(Default::default())).unwrap().as_second()
    };
    (second(2020)..second(2028)).prop_map(|second| Timestamp::from_second(second).unwrap())
}

/// Calendars with split shifts, night shifts, open weekends, closures and extra days, in three zones; every one
/// works at least on Sundays, so that no search runs into its horizon.
pub(crate) fn calendars() -> impl Strategy<Value = Calendar> {
    let zone = prop::sample::select(vec![TEHRAN, "UTC", "America/New_York"]);
    let week = prop::array::uniform7(prop_oneof![2 => slots(), 1 => Just(Vec::new())]);
    let exceptions = prop::collection::vec((0..2900i64, slots(), any::<bool>()), 0..200);
    (zone, week, exceptions).prop_map(|(zone, mut week, exceptions)| {
        week[1] = vec![Slot { start: 420, end: 780 }];
        let mut calendar = Calendar::new(TimeZone::get(zone).unwrap(), Week::from(week)).unwrap();
        for (days, slots, closed) in exceptions {
            let date = date(2020, 1, 1).checked_add(days.days()).unwrap();
            if closed { calendar.close(date, "تعطیل") } else { calendar.open(date, slots).unwrap() }
        }
        calendar
    })
}

/// One to four slots of a day, some touching, some reaching midnight at either end.
fn slots() -> impl Strategy<Value = Vec<Slot>> {
    let marks =
        prop::collection::btree_set(prop_oneof![4 => 0..=1440u16, 1 => Just(0), 1 => Just(1440)], 2..=5);
    let gaps = prop::collection::vec(any::<bool>(), 4);
    (marks, gaps).prop_map(|(marks, gaps)| {
        let marks: Vec<u16> = marks.into_iter().collect();
        let all = marks.windows(2).map(|pair| Slot { start: pair[0], end: pair[1] });
        let mut kept: Vec<Slot> =
            all.clone().zip(gaps).filter(|(_, kept)| *kept).map(|(slot, _)| slot).collect();
        if kept.is_empty() {
            kept.extend(all.take(1));
        }
        kept
    })
}
