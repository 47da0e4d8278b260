//! Walking a calendar slot by slot: the arithmetic of working time.
//!
//! Wall-clock marks become instants by the tz database: a mark that the clock skips is the moment of the skip, and
//! a mark that the clock shows twice is the first of the two. So marks never run backwards, slots that touch on
//! the clock touch in time, and an hour that is lived twice inside a slot is worked twice.

use jiff::civil::{Date, Time};
use jiff::tz::AmbiguousOffset;
use jiff::{Timestamp, ToSpan};

use super::slot::DAY_END;
use super::{Calendar, CalendarError, Slot, WorkTime};

/// No answer is looked for further away than this.
pub(super) const HORIZON_YEARS: i32 = 5;

/// A slot on one date as seconds of the Unix epoch, `[start, end)`.
type Stretch = (i64, i64);

impl Calendar {
    /// The working time from `from` to `to`; zero when `to` is not after `from`.
    ///
    /// It adds up: from a to b and from b to c is from a to c. The cost grows with the days between.
    pub fn working_between(&self, from: Timestamp, to: Timestamp) -> WorkTime {
        let (from, to) = (from.as_second(), to.as_second());
        if to <= from {
            return WorkTime::ZERO;
        }
        let worked =
            |(start, end): Stretch| end.min(to).saturating_sub(start.max(from)).max(0).unsigned_abs();
        let stretches = self.stretches(self.date_at(from), self.date_at(to));
        WorkTime::from_seconds(stretches.map(worked).sum())
    }

    /// The earliest instant, not before `from`, by which `work` has been done since `from`. So it is the end of
    /// a slot rather than the start of the next, and `from` itself for no work.
    ///
    /// Errors: `TooLittleWork` when the five years after `from` do not hold it.
    pub fn add_working(&self, from: Timestamp, work: WorkTime) -> Result<Timestamp, CalendarError> {
        let from = from.as_second();
        let mut left = i64::try_from(work.seconds()).map_err(|_| CalendarError::TooLittleWork)?;
        if left == 0 {
            return instant(from);
        }
        for (start, end) in self.stretches_ahead(from) {
            let start = start.max(from);
            let length = (end - start).max(0);
            if left <= length {
                return instant(start + left);
            }
            left -= length;
        }
        Err(CalendarError::TooLittleWork)
    }

    /// The earliest instant from which `work` has been done until `until`: the end of the slot before rather than
    /// the start of one, also for no work. With `add_working` it is the two directions of one ruler.
    ///
    /// Errors: `TooLittleWork` when the five years before `until` do not hold it.
    pub fn subtract_working(&self, until: Timestamp, work: WorkTime) -> Result<Timestamp, CalendarError> {
        let until = until.as_second();
        let mut left = i64::try_from(work.seconds()).map_err(|_| CalendarError::TooLittleWork)?;
        for (start, end) in self.stretches_behind(until) {
            let end = end.min(until);
            let length = (end - start).max(0);
            if left < length {
                return instant(end - left);
            }
            left -= length;
        }
        Err(CalendarError::TooLittleWork)
    }

    /// `instant` itself when it is being worked then, else the start of the next slot; none within five years
    /// is `None`.
    pub fn next_opening(&self, instant: Timestamp) -> Option<Timestamp> {
        let from = instant.as_second();
        let (start, _) = self.stretches_ahead(from).find(|(start, end)| *end > from && end > start)?;
        Timestamp::from_second(start.max(from)).ok()
    }

    /// The end of the last slot of the `n`-th working day after the date `after`, which is not counted itself.
    /// A day that is worked until 24:00 ends at 23:59:59, so that the answer reads as that day.
    ///
    /// Errors: `NoDays` for `n` = 0, `TooLittleWork` when the five years after do not have `n` working days.
    pub fn end_of_nth_working_day(&self, after: Date, n: u16) -> Result<Timestamp, CalendarError> {
        let skipped = usize::from(n.checked_sub(1).ok_or(CalendarError::NoDays)?);
        let last = after.saturating_add(HORIZON_YEARS.years());
        let dates = std::iter::successors(after.tomorrow().ok(), |date| date.tomorrow().ok());
        let dates = dates.take_while(|date| *date <= last);
        let mut last_slots = dates.filter_map(|date| Some((date, self.slots(date).last()?)));
        let (date, slot) = last_slots.nth(skipped).ok_or(CalendarError::TooLittleWork)?;
        let end = self.second_at(date, slot.end).ok_or(CalendarError::OutOfRange)?;
        instant(if slot.end == DAY_END { end - 1 } else { end })
    }

    /// The last second of the local day `date`, 23:59:59 on most days.
    ///
    /// Errors: `OutOfRange` at the end of the year 9999.
    pub fn end_of_day(&self, date: Date) -> Result<Timestamp, CalendarError> {
        let midnight = self.second_at(date, DAY_END).ok_or(CalendarError::OutOfRange)?;
        instant(midnight - 1)
    }

    fn date_at(&self, second: i64) -> Date {
        let instant = Timestamp::from_second(second).expect("seconds of an instant are an instant");
        self.date_of(instant)
    }

    fn stretches(&self, first: Date, last: Date) -> impl Iterator<Item = Stretch> {
        let dates = std::iter::successors(Some(first), |date| date.tomorrow().ok());
        let dates = dates.take_while(move |date| *date <= last);
        dates.flat_map(move |date| self.slots(date).iter().filter_map(move |slot| self.stretch(date, slot)))
    }

    fn stretches_ahead(&self, from: i64) -> impl Iterator<Item = Stretch> {
        let first = self.date_at(from);
        self.stretches(first, first.saturating_add(HORIZON_YEARS.years()))
    }

    fn stretches_behind(&self, until: i64) -> impl Iterator<Item = Stretch> {
        let last = self.date_at(until);
        let first = last.saturating_sub(HORIZON_YEARS.years());
        let dates = std::iter::successors(Some(last), |date| date.yesterday().ok());
        let dates = dates.take_while(move |date| *date >= first);
        dates.flat_map(move |date| {
            self.slots(date).iter().rev().filter_map(move |slot| self.stretch(date, slot))
        })
    }

    fn stretch(&self, date: Date, slot: &Slot) -> Option<Stretch> {
        Some((self.second_at(date, slot.start)?, self.second_at(date, slot.end)?))
    }

    /// The first second at which the local clock shows the minute mark of `date` or has passed it.
    fn second_at(&self, date: Date, minute: u16) -> Option<i64> {
        let mark = if minute == DAY_END {
            date.tomorrow().ok()?.to_datetime(Time::midnight())
        } else {
            let (hour, minute) = (i8::try_from(minute / 60).ok()?, i8::try_from(minute % 60).ok()?);
            date.at(hour, minute, 0, 0)
        };
        let mark = self.zone.to_ambiguous_timestamp(mark);
        let skipped = matches!(mark.offset(), AmbiguousOffset::Gap { .. });
        let earlier = mark.earlier().ok()?;
        let first = if skipped { self.zone.following(earlier).next()?.timestamp() } else { earlier };
        Some(first.as_second())
    }
}

fn instant(second: i64) -> Result<Timestamp, CalendarError> {
    Timestamp::from_second(second).map_err(|_| CalendarError::OutOfRange)
}
