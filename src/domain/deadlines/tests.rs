//! Deadlines around Nowruz, weekends, midnight, pauses and late closures.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;

use super::*;
use crate::domain::calendar::trials::{at, calendars, day, instants, national, shown, weekly};
use crate::domain::calendar::{CalendarError, JalaliDate, Slot};

fn due_of(calendar: &Calendar, start: &str, span: &str) -> String {
    shown(due(calendar, at(start), span.parse().unwrap()).unwrap())
}

#[test]
fn the_day_of_receipt_is_not_counted() {
    let calendar = national();
    assert_eq!(due_of(&calendar, "1404/08/17 00:00", "1wd"), "1404/08/18 14:30:00");
    assert_eq!(due_of(&calendar, "1404/08/17 10:00", "10wd"), "1404/09/01 14:30:00");
    assert_eq!(due_of(&calendar, "1404/08/21 10:00", "1wd"), "1404/08/24 14:30:00");
}

#[test]
fn a_filing_before_nowruz_is_due_after_it() {
    // 1405/01/05 is a Wednesday: the first working day of the year; then a weekend
    assert_eq!(due_of(&national(), "1404/12/28 09:00", "3wd"), "1405/01/09 14:30:00");
}

#[test]
fn a_filing_on_28_esfand_is_due_on_the_third_working_day_of_any_new_year() {
    let calendar = national();
    for year in 1399..1409 {
        let filed = JalaliDate::new(year, 12, 28).unwrap().to_civil();
        let start = calendar.zone().to_timestamp(filed.at(10, 0, 0, 0)).unwrap();
        let due = due(&calendar, start, Span::WorkingDays(3)).unwrap();
        let date = JalaliDate::from_civil(calendar.date_of(due)).unwrap();
        assert_eq!((date.year(), date.month()), (year + 1, 1));
        assert!((7..=11).contains(&date.day()), "{date}");
        assert!(calendar.is_working_day(date.to_civil()));
    }
}

#[test]
fn both_sides_of_midnight_in_tehran_are_two_days_of_receipt() {
    let calendar = national();
    assert_eq!(due_of(&calendar, "1404/08/18 23:59", "2wd"), "1404/08/20 14:30:00");
    assert_eq!(due_of(&calendar, "1404/08/18 23:59:59", "2wd"), "1404/08/20 14:30:00");
    assert_eq!(due_of(&calendar, "1404/08/19 00:00", "2wd"), "1404/08/21 14:30:00");
}

#[test]
fn working_hours_run_from_the_next_opening() {
    let calendar = national();
    assert_eq!(due_of(&calendar, "1404/08/18 13:00", "8wh"), "1404/08/19 14:00:00");
    assert_eq!(due_of(&calendar, "1404/08/22 11:00", "1wh"), "1404/08/24 08:30:00");
    let split = weekly(&["07:30-12:00", "14:00-17:00"]);
    assert_eq!(due_of(&split, "1404/08/18 11:00", "3wh"), "1404/08/18 16:00:00");
}

#[test]
fn calendar_days_end_with_the_day_even_on_a_friday() {
    assert_eq!(due_of(&national(), "1404/08/23 18:00", "21d"), "1404/09/14 23:59:59");
    assert!(!national().is_working_day(day("1404/09/14")));
}

#[test]
fn a_limit_that_ends_at_midnight_reads_as_the_day_that_was_worked() {
    let calendar = weekly(&["20:00-24:00"]);
    assert_eq!(due_of(&calendar, "1404/08/21 22:00", "2wh"), "1404/08/21 23:59:59");
    assert_eq!(due_of(&calendar, "1404/08/20 22:00", "1wd"), "1404/08/21 23:59:59");
}

#[test]
fn an_hour_of_pause_in_working_time_is_given_back() {
    let calendar = national();
    let left = remaining(&calendar, at("1404/08/18 10:00"), at("1404/08/20 14:30")).unwrap();
    assert_eq!(left, Remaining { work_seconds: (4 * 3600 + 1800) + 14 * 3600, closed_seconds: 0 });
    let resumed = |instant| shown(resume(&calendar, at(instant), left).unwrap());
    assert_eq!(resumed("1404/08/18 11:00"), "1404/08/21 08:30:00");
    assert_eq!(resumed("1404/08/25 10:00"), "1404/08/27 14:30:00");
}

#[test]
fn a_pause_over_a_weekend_moves_nothing() {
    let calendar = national();
    let due = at("1404/08/25 14:30");
    let left = remaining(&calendar, at("1404/08/21 14:30"), due).unwrap();
    assert_eq!(resume(&calendar, at("1404/08/24 07:30"), left), Ok(due));
}

#[test]
fn what_is_overdue_at_the_pause_stays_overdue_by_as_much() {
    let calendar = national();
    let left = remaining(&calendar, at("1404/08/19 09:30"), at("1404/08/18 14:30")).unwrap();
    assert_eq!(left.work_seconds, -2 * 3600);
    assert_eq!(resume(&calendar, at("1404/08/25 08:30"), left), Ok(at("1404/08/24 13:30")));
}

#[test]
fn a_closure_added_late_moves_what_is_open_by_its_hours() {
    let before = national();
    let mut after = before.clone();
    after.close(day("1404/08/19"), "آلودگی هوا");
    let moved = |now, due| shown(moved_by_closure(&before, &after, &[], at(now), at(due)).unwrap());
    assert_eq!(moved("1404/08/18 20:00", "1404/08/20 14:30"), "1404/08/21 14:30:00");
    assert_eq!(moved("1404/08/18 20:00", "1404/08/18 14:30"), "1404/08/18 14:30:00");
    assert_eq!(moved("1404/08/19 20:00", "1404/08/20 14:30"), "1404/08/20 14:30:00");
}

#[test]
fn points_are_shares_of_the_working_time() {
    let calendar = national();
    // ten working days of 7 hours after a filing at closing time
    let points = points(&calendar, at("1404/08/17 14:30"), at("1404/09/01 14:30")).unwrap();
    let shown = points.map(|(point, instant)| (point, shown(instant)));
    let expected = [
        (Point::Half, "1404/08/24 14:30:00"),
        (Point::Reminder, "1404/08/27 14:30:00"),
        (Point::Dunning, "1404/09/01 14:30:00"),
        (Point::Superior, "1404/09/03 14:30:00"),
        (Point::Centre, "1404/09/08 14:30:00"),
    ];
    assert_eq!(shown, expected.map(|(point, text)| (point, text.to_owned())));
}

#[test]
fn every_point_is_followed_by_the_next_until_the_centre() {
    let mut fired = None;
    let mut order = Vec::new();
    while let Some(point) = next_after(fired) {
        order.push(point);
        fired = Some(point);
    }
    assert_eq!(order, Point::ALL);
}

#[test]
fn a_calendar_without_work_has_no_working_deadline() {
    let idle = weekly(&[]);
    let start = at("1404/08/18 10:00");
    for span in [Span::WorkingDays(1), Span::WorkingHours(1)] {
        assert_eq!(due(&idle, start, span), Err(CalendarError::TooLittleWork));
    }
    assert!(due(&idle, start, Span::CalendarDays(21)).is_ok());
    assert_eq!(due(&national(), start, Span::WorkingDays(0)), Err(CalendarError::NoDays));
}

fn working_spans() -> impl Strategy<Value = Span> {
    prop_oneof![(1..40u16).prop_map(Span::WorkingDays), (1..100u16).prop_map(Span::WorkingHours)]
}

fn spans() -> impl Strategy<Value = Span> {
    prop_oneof![2 => working_spans(), 1 => (1..60u16).prop_map(Span::CalendarDays)]
}

proptest! {
    #[test]
    fn a_working_limit_never_ends_on_a_closed_day(calendar in calendars(), start in instants(), span in working_spans()) {
        let due = due(&calendar, start, span).unwrap();
        prop_assert!(due > start);
        prop_assert!(calendar.is_working_day(calendar.date_of(due)));
    }

    #[test]
    fn a_later_filing_is_never_due_earlier(calendar in calendars(), a in instants(), b in instants(), span in spans()) {
        prop_assert!(due(&calendar, a.min(b), span).unwrap() <= due(&calendar, a.max(b), span).unwrap());
    }

    #[test]
    fn the_zone_in_which_an_instant_was_written_does_not_matter(start in instants(), span in spans()) {
        let calendar = national();
        let expected = due(&calendar, start, span).unwrap();
        for zone in ["UTC", "Asia/Tehran", "America/New_York", "Asia/Kabul"] {
            let written = start.to_zoned(TimeZone::get(zone).unwrap()).to_string();
            let read: jiff::Zoned = written.parse().unwrap();
            prop_assert_eq!(due(&calendar, read.timestamp(), span).unwrap(), expected);
        }
    }

    #[test]
    fn pausing_and_resuming_at_once_changes_nothing(calendar in calendars(), paused in instants(), due in instants()) {
        let due = due.clamp(paused - 9000.hours(), paused + 9000.hours());
        let left = remaining(&calendar, paused, due).unwrap();
        prop_assert_eq!(resume(&calendar, paused, left).unwrap(), due);
    }

    #[test]
    fn a_pause_keeps_the_working_time_that_was_left(
        calendar in calendars(), paused in instants(), seconds in -9_000_000..9_000_000i64, pause in 0..9_000_000i64,
    ) {
        let due = paused + seconds.seconds();
        let left = remaining(&calendar, paused, due).unwrap();
        let resumed_at = paused + pause.seconds();
        let moved = resume(&calendar, resumed_at, left).unwrap();
        prop_assert!(moved >= due);
        prop_assert_eq!(remaining(&calendar, resumed_at, moved).unwrap().work_seconds, left.work_seconds);
        if calendar.working_between(paused, resumed_at).is_zero() {
            prop_assert_eq!(moved, due);
        }
    }

    #[test]
    fn two_pauses_credit_as_much_as_each_alone(calendar in calendars(), paused in instants(), stops in prop::array::uniform3(0..2_000_000i64)) {
        let due = due(&calendar, paused, Span::WorkingDays(10)).unwrap();
        let [first, run, second] = stops.map(|seconds| seconds.seconds());
        let resumed = paused + first;
        let once = resume(&calendar, resumed, remaining(&calendar, paused, due).unwrap()).unwrap();
        let again = resumed + run;
        let twice = resume(&calendar, again + second, remaining(&calendar, again, once).unwrap()).unwrap();
        let paused_work = calendar.working_between(paused, resumed) + calendar.working_between(again, again + second);
        prop_assert_eq!(calendar.working_between(due, twice), paused_work);
    }

    #[test]
    fn points_come_in_order_around_the_due_time(calendar in calendars(), start in instants(), span in spans()) {
        let due = due(&calendar, start, span).unwrap();
        let points = points(&calendar, start, due).unwrap();
        prop_assert!(points.is_sorted_by_key(|(_, at)| *at));
        prop_assert_eq!(points[2], (Point::Dunning, due));
        prop_assert!(points[0].1 >= start);
        let work = calendar.working_between(start, due);
        prop_assert_eq!(calendar.working_between(start, points[0].1), work.percent(50));
        prop_assert_eq!(calendar.working_between(start, points[4].1), work + work.percent(50));
    }

    #[test]
    fn a_paused_deadline_whose_start_moves_with_it_keeps_its_points(
        start in instants(), used in 0..400_000i64, pause in 0..4_000_000i64,
    ) {
        let calendar = national();
        let due = due(&calendar, start, Span::WorkingDays(10)).unwrap();
        let (paused, resumed) = (start + used.seconds(), start + (used + pause).seconds());
        let moved = |instant| resume(&calendar, resumed, remaining(&calendar, paused, instant).unwrap()).unwrap();
        let before = points(&calendar, start, due).unwrap();
        let after = points(&calendar, moved(start), moved(due)).unwrap();
        for ((_, old), (point, new)) in before.into_iter().zip(after) {
            if point != Point::Dunning {
                prop_assert_eq!(calendar.working_between(resumed, new), calendar.working_between(paused, old));
            }
        }
    }

    #[test]
    fn adding_a_closure_never_makes_a_due_time_earlier(
        before in calendars(), now in instants(), span in spans(), age in 0..3_000_000i64, closed in prop::collection::vec(-20..60i64, 1..9),
    ) {
        let due = due(&before, now - age.seconds(), span).unwrap();
        let mut after = before.clone();
        for days in closed {
            after.close(before.date_of(now).saturating_add(days.days()), "تعطیلی اضطراری");
        }
        let moved = moved_by_closure(&before, &after, &[], now, due).unwrap();
        prop_assert!(moved >= due);
        prop_assert_eq!(after.working_between(now, moved), before.working_between(now, due));
    }

    #[test]
    fn a_calendar_that_stays_the_same_moves_nothing(calendar in calendars(), now in instants(), span in spans()) {
        let due = due(&calendar, now, span).unwrap();
        prop_assert_eq!(moved_by_closure(&calendar, &calendar, &[], now, due).unwrap(), due);
    }

    #[test]
    fn a_late_closure_gives_back_exactly_what_it_took_and_its_withdrawal_takes_exactly_that(
        before in calendars(), start in instants(), span in working_spans(), age in 0..3_000_000i64, wait in 0..3_000_000i64,
        days in prop::collection::vec(-30..60i64, 1..9), hours in prop::collection::vec((0..1440u16, 1..600u16), 0..3),
    ) {
        let due = due(&before, start, span).unwrap();
        let declared = start + age.seconds();
        let mut after = before.clone();
        let hours: Vec<Slot> = hours.into_iter().map(|(from, length)| Slot { start: from, end: (from + length).min(1440) }).collect();
        let whole = [Slot { start: 0, end: 1440 }];
        for days in days {
            let closed = if hours.is_empty() { &whole[..] } else { &hours[..] };
            after.close_hours(before.date_of(declared).saturating_add(days.days()), closed, "تعطیلی دیرهنگام");
        }
        let moved = moved_by_closure(&before, &after, &[(start, declared)], declared, due).unwrap();
        prop_assert!(moved >= due, "{moved} {due}");
        prop_assert_eq!(after.working_between(start, moved), before.working_between(start, due), "exact credit");
        let again = moved_by_closure(&after, &after, &[(start, declared)], declared, moved).unwrap();
        prop_assert_eq!(again, moved, "done twice it moves nothing");
        let withdrawn = declared + wait.seconds();
        let back = moved_by_closure(&after, &before, &[(start, withdrawn)], withdrawn, moved).unwrap();
        prop_assert_eq!(back, due, "withdrawn, it is as before");
    }

    #[test]
    fn time_in_which_a_clock_stood_is_not_given_back(
        before in calendars(), start in instants(), span in working_spans(), age in 0..3_000_000i64,
    ) {
        let due = due(&before, start, span).unwrap();
        let declared = start + age.seconds();
        let mut after = before.clone();
        after.close(before.date_of(declared).saturating_add((-3).days()), "تعطیلی دیرهنگام");
        let moved = moved_by_closure(&before, &after, &[], declared, due).unwrap();
        prop_assert_eq!(moved, due);
    }

    #[test]
    fn any_instant_has_a_due_time(second in -60_000_000_000..250_000_000_000i64, span in spans()) {
        let start = Timestamp::from_second(second).unwrap();
        prop_assert!(due(&national(), start, span).unwrap() > start);
    }
}
