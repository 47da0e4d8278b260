//! A closure as it is wished, checked field by field.

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::db::types::ClosureId;
use crate::domain::actor::Act;
use crate::domain::calendar::{JalaliDate, Slot, TEHRAN};
use crate::domain::input;
use crate::domain::rulebook::Closure;
use crate::error::{Error, FieldError, Fields, Result};

/// How far back a closure may be declared, in days.
const BACK_DAYS: i64 = 60;
/// How far ahead, in days.
const AHEAD_DAYS: i64 = 366;
/// The longest closure, in days.
const LONGEST: i64 = 62;

/// A closure that is to be declared or tried.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Wish {
    /// One day, Jalali (1405/03/12) or ISO (2026-06-02).
    #[serde(default)]
    pub date: Option<String>,
    /// The first of several days.
    #[serde(default)]
    pub from: Option<String>,
    /// The last of several days, itself closed.
    #[serde(default)]
    pub to: Option<String>,
    /// Two-digit code, where only the offices of one province are closed.
    #[serde(default)]
    pub province: Option<String>,
    /// The hours that are not worked, such as `["11:00-14:30"]`; whole days when missing.
    #[serde(default)]
    pub slots: Option<Vec<String>>,
    /// Why, in words that citizens read.
    #[serde(default)]
    pub reason: String,
    /// Who decided it, and by which letter.
    #[serde(default)]
    pub source: String,
}

/// The closure that is wished, with its source.
///
/// # Errors
/// `NotFound` for an unknown calendar; a field error for each wrong field, and on `date` where nothing would close.
pub fn check(act: &Act, calendar: &str, id: ClosureId, wish: &Wish) -> Result<(Closure, String)> {
    if !act.rules.has_calendar(calendar) {
        return Err(Error::NotFound);
    }
    let mut fields = Fields::default();
    let days = days(act, wish, &mut fields)?;
    let province = wish.province.clone().filter(|code| !code.trim().is_empty());
    if let Some(code) = province.as_deref().filter(|code| !act.rules.provinces.contains_key(*code)) {
        fields.add(FieldError::unknown("province", code));
    }
    let hours = hours(wish, &mut fields);
    let reason = fields.take(input::text("reason", &wish.reason, input::LINE_MAX));
    let source = fields.take(input::text("source", &wish.source, input::LINE_MAX));
    fields.finish()?;
    let Some((first, last)) = days else { return Err(Error::field(FieldError::required("date"))) };
    let closure = Closure {
        id,
        calendar: calendar.to_owned(),
        province,
        first,
        last,
        hours,
        reason: reason.unwrap_or_default(),
    };
    closes_something(act, &closure, wish)?;
    Ok((closure, source.unwrap_or_default()))
}

fn days(act: &Act, wish: &Wish, fields: &mut Fields) -> Result<Option<(Date, Date)>> {
    let (first, last) = match (&wish.date, &wish.from, &wish.to) {
        (Some(day), None, None) => {
            let day = fields.take(parse("date", day));
            (day, day)
        }
        (None, Some(from), Some(to)) => (fields.take(parse("from", from)), fields.take(parse("to", to))),
        (None, Some(_), None) => {
            fields.add(FieldError::required("to"));
            (None, None)
        }
        (None, None, Some(_)) => {
            fields.add(FieldError::required("from"));
            (None, None)
        }
        (None, None, None) => {
            fields.add(FieldError::required("date"));
            (None, None)
        }
        (Some(_), ..) => {
            let (fa, en) = ("یا date بفرستید یا from و to.", "Send either date, or from and to.");
            fields.add(FieldError::new("date", "ambiguous", fa, en));
            (None, None)
        }
    };
    let Some((first, last)) = first.zip(last) else { return Ok(None) };
    let zone = jiff::tz::TimeZone::get(TEHRAN).map_err(Error::internal)?;
    let today = act.now.timestamp().to_zoned(zone).date();
    let field = if wish.date.is_some() { "date" } else { "from" };
    if last < first {
        let (fa, en) = ("پایان پیش از آغاز است.", "The end lies before the beginning.");
        fields.add(FieldError::new("to", "before_from", fa, en));
    } else if last > first.saturating_add(LONGEST.days()) {
        let (fa, en) = ("حداکثر ۶۲ روز در یک تعطیلی.", "At most 62 days in one closure.");
        fields.add(FieldError::new("to", "too_long", fa, en));
    }
    if first < today.saturating_sub(BACK_DAYS.days()) {
        let (fa, en) = ("حداکثر ۶۰ روز به گذشته.", "At most 60 days back.");
        fields.add(FieldError::new(field, "too_old", fa, en));
    }
    if first > today.saturating_add(AHEAD_DAYS.days()) {
        let (fa, en) = ("حداکثر یک سال به آینده.", "At most one year ahead.");
        fields.add(FieldError::new(field, "too_far", fa, en));
    }
    Ok(Some((first, last)))
}

/// Reads a Jalali or an ISO date: a year above 1700 is not a Jalali one.
pub fn parse(field: &str, text: &str) -> std::result::Result<Date, FieldError> {
    let jalali = JalaliDate::parse(text).ok().filter(|date| (1300..1700).contains(&date.year()));
    let iso = || text.trim().parse::<Date>().ok().filter(|date| date.year() > 1900);
    jalali.map(JalaliDate::to_civil).or_else(iso).ok_or_else(|| {
        let fa = "تاریخی که هست بنویسید، مانند 1405/03/12 یا 2026-06-02.";
        FieldError::new(field, "invalid", fa, "Write a date that exists, such as 1405/03/12 or 2026-06-02.")
    })
}

fn hours(wish: &Wish, fields: &mut Fields) -> Option<Vec<Slot>> {
    let slots = wish.slots.as_ref()?;
    let read = slots.iter().enumerate().filter_map(|(index, text)| {
        fields.take(text.parse::<Slot>().map_err(|error| {
            let fa = "ساعت‌ها را مانند 11:00-14:30 بنویسید.";
            FieldError::new(format!("slots[{index}]"), "invalid", fa, error.to_string())
        }))
    });
    let read: Vec<Slot> = read.collect();
    if slots.is_empty() {
        let (fa, en) =
            ("ساعتی بنویسید یا slots را نفرستید.", "Name hours, or leave slots out for whole days.");
        fields.add(FieldError::new("slots", "empty", fa, en));
    }
    Some(read)
}

/// A closure of what is closed already would only confuse.
fn closes_something(act: &Act, closure: &Closure, wish: &Wish) -> Result<()> {
    let (before, after) = (act.rules.calendars(), act.rules.calendars().with(std::iter::once(closure)));
    let mut changes = false;
    for office in act.rules.offices.all() {
        let offices = &act.rules.offices;
        changes |= before.of(offices, office.id)? != after.of(offices, office.id)?;
    }
    if changes {
        return Ok(());
    }
    let field = if wish.date.is_some() { "date" } else { "from" };
    Err(Error::field(FieldError::new(
        field,
        "already_closed",
        "در این روز و ساعت هیچ واحدی با این تقویم کار نمی‌کند؛ چیزی برای بستن نیست.",
        "No office that follows this calendar works then; there is nothing to close.",
    )))
}
