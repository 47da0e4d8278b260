//! Working calendars: zones, hours and holidays.

use super::{Findings, codes};
use crate::domain::calendar::JalaliDate;
use crate::domain::rulebook::calendars::{DAYS, parse_slot};
use crate::domain::seed::files::Files;

pub(super) fn check(files: &Files, findings: &mut Findings) {
    let calendars = codes(files, "calendar");
    for row in files.of("calendar") {
        findings.known(row, "parent", "calendar", &calendars);
        let zone = row.text("zone").unwrap_or_default();
        if jiff::tz::TimeZone::get(zone).is_err() {
            findings.add(row, "zone", format!("unknown time zone '{zone}'; write one such as Asia/Tehran"));
        }
    }
    for row in files.of("shift") {
        findings.required(row, "calendar", "calendar", &calendars);
        for day in row.list("days").into_iter().filter(|day| !DAYS.contains(day)) {
            findings.add(
                row,
                "days",
                format!("'{day}' is no day of the week; write one of: {}", DAYS.join(", ")),
            );
        }
        for slot in row.list("slots").into_iter().filter(|slot| parse_slot(slot).is_err()) {
            findings.add(
                row,
                "slots",
                format!("'{slot}' is no slot of hours; write one such as 07:30-14:30"),
            );
        }
    }
    for row in files.of("holiday") {
        findings.required(row, "calendar", "calendar", &calendars);
        let date = row.text("date").unwrap_or_default();
        if let Err(error) = JalaliDate::parse(date) {
            findings.add(row, "date", format!("'{date}' is no Jalali date: {error}"));
        }
    }
}
