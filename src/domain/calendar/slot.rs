//! One stretch of work within a local day.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::CalendarError;

/// A stretch of work from `start` to before `end`, in minutes of the local day, 0 to 1440.
///
/// A split shift is two slots of one day. A shift over midnight is two slots as well: one that ends at 1440, and
/// one that starts at 0 on the next day. In text and JSON a slot is `07:30-14:30`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot {
    pub start: u16,
    pub end: u16,
}

/// The last minute mark of a day: 24:00.
pub(super) const DAY_END: u16 = 24 * 60;

impl Slot {
    /// Errors: `CalendarError::Slot` unless `start < end <= 1440`.
    pub fn new(start: u16, end: u16) -> Result<Self, CalendarError> {
        Self { start, end }.checked()
    }

    fn checked(self) -> Result<Self, CalendarError> {
        if self.start < self.end && self.end <= DAY_END {
            Ok(self)
        } else {
            Err(CalendarError::Slot(self.to_string()))
        }
    }
}

/// `slots` by time of day, each a real slot and none overlapping another; slots that touch are allowed.
pub(super) fn in_order(mut slots: Vec<Slot>) -> Result<Vec<Slot>, CalendarError> {
    for slot in &slots {
        slot.checked()?;
    }
    slots.sort_unstable();
    match slots.windows(2).find(|pair| pair[0].end > pair[1].start) {
        Some(pair) => Err(CalendarError::Overlap(pair[0], pair[1])),
        None => Ok(slots),
    }
}

/// What is left of `worked` when `closed` is taken out.
pub(super) fn without(worked: &[Slot], closed: &[Slot]) -> Vec<Slot> {
    let mut left = worked.to_vec();
    for out in closed {
        let pieces = left.iter().flat_map(|slot| {
            let head = Slot { start: slot.start, end: slot.end.min(out.start) };
            let tail = Slot { start: slot.start.max(out.end), end: slot.end };
            [head, tail]
        });
        left = pieces.filter(|slot| slot.start < slot.end).collect();
    }
    left
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { start, end } = self;
        write!(f, "{:02}:{:02}-{:02}:{:02}", start / 60, start % 60, end / 60, end % 60)
    }
}

impl FromStr for Slot {
    type Err = CalendarError;

    fn from_str(text: &str) -> Result<Self, CalendarError> {
        let refusal = || CalendarError::Slot(text.to_owned());
        let (start, end) = text.split_once('-').ok_or_else(refusal)?;
        let start = minute_of_day(start).ok_or_else(refusal)?;
        let end = minute_of_day(end).ok_or_else(refusal)?;
        Self::new(start, end).map_err(|_| refusal())
    }
}

fn minute_of_day(text: &str) -> Option<u16> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let (hours, minutes) = (hours.parse::<u16>().ok()?, minutes.parse::<u16>().ok()?);
    (hours <= 24 && minutes < 60).then_some(hours * 60 + minutes)
}

impl Serialize for Slot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Slot {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_read_and_written_as_hours() {
        let slot: Slot = "07:30-14:30".parse().unwrap();
        assert_eq!(slot, Slot { start: 450, end: 870 });
        assert_eq!(slot.to_string(), "07:30-14:30");
        assert_eq!("22:00-24:00".parse::<Slot>().unwrap(), Slot { start: 1320, end: 1440 });
        assert_eq!(serde_json::to_string(&slot).unwrap(), r#""07:30-14:30""#);
    }

    #[test]
    fn a_slot_that_ends_before_it_starts_or_after_the_day_is_refused() {
        for text in ["14:30-07:30", "08:00-08:00", "22:00-24:01", "22:00-25:00", "8-12", "08:60-09:00", ""] {
            assert_eq!(text.parse::<Slot>(), Err(CalendarError::Slot(text.to_owned())));
        }
    }

    #[test]
    fn slots_of_a_day_are_ordered_and_must_not_overlap() {
        let slot = |text: &str| text.parse::<Slot>().unwrap();
        let (morning, noon, evening) = (slot("07:00-12:00"), slot("12:00-13:00"), slot("16:00-19:00"));
        assert_eq!(in_order(vec![evening, morning, noon]), Ok(vec![morning, noon, evening]));
        let late = slot("11:59-15:00");
        assert_eq!(in_order(vec![late, morning]), Err(CalendarError::Overlap(morning, late)));
        assert!(in_order(vec![Slot { start: 9, end: 3 }]).is_err());
    }
}
