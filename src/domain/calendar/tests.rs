//! Working time around nights, weekends, holidays and clock changes.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;

use super::trials::{at, calendars, day, instants, national, shown, weekly};
use super::{Calendar, CalendarError, Day, Slot, Week, WorkTime};

fn hours(hours: u16) -> WorkTime {
    WorkTime::from_hours(hours)
}

#[test]
fn only_time_inside_the_slots_is_worked() {
    let calendar = national();
    assert_eq!(calendar.working_between(at("1404/08/20 10:00"), at("1404/08/20 12:30")).seconds(), 9000);
    assert_eq!(calendar.working_between(at("1404/08/20 05:00"), at("1404/08/20 08:30")), hours(1));
    assert_eq!(calendar.working_between(at("1404/08/20 14:30"), at("1404/08/21 07:30")), WorkTime::ZERO);
    assert_eq!(calendar.working_between(at("1404/08/21 10:00"), at("1404/08/20 10:00")), WorkTime::ZERO);
}

#[test]
fn thursdays_fridays_and_holidays_hold_no_work() {
    let calendar = national();
    // Wednesday 14:00 to Saturday 08:00
    assert_eq!(calendar.working_between(at("1404/08/21 14:00"), at("1404/08/24 08:00")), hours(1));
    assert!(!calendar.is_working_day(day("1404/08/22")) && !calendar.is_working_day(day("1404/08/23")));
    assert_eq!(calendar.working_between(at("1405/01/01 00:00"), at("1405/01/05 00:00")), WorkTime::ZERO);
    assert!(!calendar.is_working_day(day("1405/01/12")));
}

#[test]
fn work_is_added_across_nights_and_ends_with_the_slot() {
    let calendar = national();
    let add = |from: &str, hours| shown(calendar.add_working(at(from), WorkTime::from_hours(hours)).unwrap());
    assert_eq!(add("1404/08/20 10:00", 2), "1404/08/20 12:00:00");
    assert_eq!(add("1404/08/20 13:30", 1), "1404/08/20 14:30:00");
    assert_eq!(add("1404/08/20 13:30", 2), "1404/08/21 08:30:00");
    assert_eq!(add("1404/08/22 10:00", 7), "1404/08/24 14:30:00");
    assert_eq!(add("1404/08/22 10:00", 0), "1404/08/22 10:00:00");
}

#[test]
fn a_split_shift_rests_at_noon() {
    let calendar = weekly(&["07:30-12:00", "14:00-17:30"]);
    assert_eq!(calendar.working_between(at("1404/08/20 11:00"), at("1404/08/20 15:00")), hours(2));
    let end = calendar.add_working(at("1404/08/20 11:00"), hours(2)).unwrap();
    assert_eq!(shown(end), "1404/08/20 15:00:00");
}

#[test]
fn a_shift_over_midnight_is_one_run_of_work() {
    let calendar = weekly(&["00:00-06:00", "22:00-24:00"]);
    let (evening, morning) = (at("1404/08/20 23:00"), at("1404/08/21 03:00"));
    assert_eq!(calendar.working_between(evening, morning), hours(4));
    assert_eq!(calendar.add_working(evening, hours(4)), Ok(morning));
    assert_eq!(calendar.working_between(at("1404/08/20 23:59:59"), at("1404/08/21 00:00:01")).seconds(), 2);
}

#[test]
fn a_day_worked_until_midnight_ends_on_its_own_date() {
    let calendar = weekly(&["16:00-24:00"]);
    let end = calendar.end_of_nth_working_day(day("1404/08/20"), 1).unwrap();
    assert_eq!(shown(end), "1404/08/21 23:59:59");
}

#[test]
fn the_clock_change_belongs_to_the_day_it_falls_in() {
    let calendar = weekly(&["00:00-24:00"]);
    // in Tehran 1400/01/02 lasted 23 hours, from 01:00, and 1400/06/30 lasted 25
    let day_length = |from: &str, to: &str| calendar.working_between(at(from), at(to));
    assert_eq!(day_length("1400/01/01 00:00", "1400/01/02 01:00"), hours(24));
    assert_eq!(day_length("1400/01/02 00:00", "1400/01/03 00:00"), hours(23));
    assert_eq!(day_length("1400/06/30 00:00", "1400/06/31 00:00"), hours(25));
    assert_eq!(day_length("1402/01/02 00:00", "1402/01/03 00:00"), hours(24));
}

#[test]
fn a_slot_that_starts_in_a_skipped_hour_starts_when_it_ends() {
    let calendar = weekly(&["00:30-02:00"]);
    assert_eq!(calendar.working_between(at("1400/01/01 12:00"), at("1400/01/02 12:00")), hours(1));
    let swallowed = weekly(&["00:10-00:50"]);
    assert_eq!(swallowed.working_between(at("1400/01/01 12:00"), at("1400/01/02 12:00")), WorkTime::ZERO);
}

#[test]
fn one_day_can_be_closed_opened_and_given_back_to_the_week() {
    let mut calendar = national();
    let (sunday, friday) = (day("1404/08/25"), day("1404/08/23"));
    calendar.close(sunday, "آلودگی هوا");
    assert!(!calendar.is_working_day(sunday));
    assert_eq!(calendar.exception(sunday), Some(&Day::Closed { name: "آلودگی هوا".to_owned() }));
    calendar.open(friday, vec![Slot { start: 480, end: 720 }]).unwrap();
    assert_eq!(calendar.working_between(at("1404/08/23 00:00"), at("1404/08/24 00:00")), hours(4));
    calendar.follow_week(sunday);
    assert!(calendar.is_working_day(sunday));
}

#[test]
fn a_calendar_that_never_works_says_so() {
    let idle = Calendar::new(TimeZone::UTC, Week::default()).unwrap();
    let now = at("1404/08/20 10:00");
    assert_eq!(idle.add_working(now, hours(1)), Err(CalendarError::TooLittleWork));
    assert_eq!(idle.subtract_working(now, hours(1)), Err(CalendarError::TooLittleWork));
    assert_eq!(idle.end_of_nth_working_day(day("1404/08/20"), 1), Err(CalendarError::TooLittleWork));
    assert_eq!(idle.working_between(now, now + 1000.hours()), WorkTime::ZERO);
    assert_eq!(idle.next_opening(now), None);
    assert_eq!(
        national().add_working(now, WorkTime::from_seconds(u64::MAX)),
        Err(CalendarError::TooLittleWork)
    );
    assert_eq!(national().end_of_nth_working_day(day("1404/08/20"), 0), Err(CalendarError::NoDays));
}

#[test]
fn the_ends_of_time_are_reckoned_with() {
    let calendar = national();
    assert!(calendar.working_between(Timestamp::MAX - 48.hours(), Timestamp::MAX) <= hours(48));
    assert!(calendar.add_working(Timestamp::MAX, hours(1)).is_err());
    assert!(calendar.subtract_working(Timestamp::MIN, hours(1)).is_err());
    assert_eq!(calendar.end_of_day(jiff::civil::Date::MAX), Err(CalendarError::OutOfRange));
}

proptest! {
    #[test]
    fn working_time_adds_up(calendar in calendars(), mut points in prop::array::uniform3(instants())) {
        points.sort();
        let [a, b, c] = points;
        let whole = calendar.working_between(a, c);
        prop_assert_eq!(calendar.working_between(a, b) + calendar.working_between(b, c), whole);
        prop_assert!(i128::from(whole.seconds()) <= c.duration_since(a).as_secs().into());
    }

    #[test]
    fn adding_work_is_the_inverse_of_measuring_it(calendar in calendars(), from in instants(), seconds in 0..2_000_000u64) {
        let work = WorkTime::from_seconds(seconds);
        let end = calendar.add_working(from, work).unwrap();
        prop_assert_eq!(calendar.working_between(from, end), work);
        let start = calendar.subtract_working(from, work).unwrap();
        prop_assert_eq!(calendar.working_between(start, from), work);
    }

    #[test]
    fn adding_the_work_between_two_instants_never_passes_the_second(calendar in calendars(), a in instants(), b in instants()) {
        let (a, b) = (a.min(b), a.max(b).min(a.min(b) + 4000.hours()));
        let reached = calendar.add_working(a, calendar.working_between(a, b)).unwrap();
        prop_assert!(reached <= b);
        prop_assert_eq!(calendar.working_between(reached, b), WorkTime::ZERO);
    }

    #[test]
    fn an_opening_is_the_next_moment_of_work(calendar in calendars(), now in instants()) {
        let opening = calendar.next_opening(now).unwrap();
        prop_assert_eq!(calendar.working_between(now, opening), WorkTime::ZERO);
        prop_assert_eq!(calendar.working_between(opening, opening + 1.second()).seconds(), 1);
    }

    #[test]
    fn the_end_of_a_working_day_lies_on_a_working_day(calendar in calendars(), now in instants(), n in 1..60u16) {
        let received = calendar.date_of(now);
        let end = calendar.end_of_nth_working_day(received, n).unwrap();
        let date = calendar.date_of(end);
        prop_assert!(calendar.is_working_day(date));
        let between = received.series(1.day()).skip(1).take_while(|day| *day <= date);
        prop_assert_eq!(between.filter(|day| calendar.is_working_day(*day)).count(), usize::from(n));
    }
}
