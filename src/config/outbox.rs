//! How messages go out: tries, and the hours in which nobody is disturbed.

use jiff::civil;
use serde::Deserialize;

use crate::db::types::Time;

/// Sending.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outbox {
    pub backoff_seconds: i64,
    pub backoff_limit_seconds: i64,
    pub max_attempts: i32,
    pub concurrency: usize,
    /// `22:00-07:00`; empty is none.
    pub quiet_hours: String,
}

/// Hours of each day, perhaps over midnight, in which no telephone is made to ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quiet {
    from: civil::Time,
    until: civil::Time,
}

impl Outbox {
    /// Its quiet hours, where it has any.
    ///
    /// # Errors
    /// One line that says how they are written.
    pub fn quiet(&self) -> Result<Option<Quiet>, String> {
        let told = self.quiet_hours.trim();
        if told.is_empty() {
            return Ok(None);
        }
        let hours = told.split_once('-').and_then(|(from, until)| {
            let (from, until) = (from.trim().parse().ok()?, until.trim().parse().ok()?);
            Some(Quiet { from, until }).filter(|_| from != until)
        });
        hours.map(Some).ok_or_else(|| format!("'{told}' is no span of a day such as 22:00-07:00"))
    }
}

impl Quiet {
    /// When they end, where `now` lies in them by the clocks of this zone.
    pub fn until(self, now: Time, zone: &jiff::tz::TimeZone) -> Option<Time> {
        let local = now.timestamp().to_zoned(zone.clone());
        let at = local.time();
        let is_over_midnight = self.from > self.until;
        let is_quiet = match is_over_midnight {
            true => at >= self.from || at < self.until,
            false => at >= self.from && at < self.until,
        };
        if !is_quiet {
            return None;
        }
        let ends_tomorrow = is_over_midnight && at >= self.from;
        let day = if ends_tomorrow { local.date().tomorrow().ok()? } else { local.date() };
        Some(Time::from(day.to_datetime(self.until).to_zoned(zone.clone()).ok()?.timestamp()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quiet(told: &str) -> Result<Option<Quiet>, String> {
        Outbox {
            backoff_seconds: 1,
            backoff_limit_seconds: 1,
            max_attempts: 1,
            concurrency: 1,
            quiet_hours: told.into(),
        }
        .quiet()
    }

    #[test]
    fn hours_over_midnight_end_in_the_morning_by_local_clocks() {
        let zone = jiff::tz::TimeZone::get("Asia/Tehran").unwrap();
        let hours = quiet("22:00-07:00").unwrap().unwrap();
        let until = |now: &str| hours.until(now.parse().unwrap(), &zone).map(|time| time.to_string());
        // Tehran is 3:30 ahead
        assert_eq!(until("2026-03-01T18:29:59Z"), None);
        assert_eq!(until("2026-03-01T18:30:00Z").as_deref(), Some("2026-03-02T03:30:00Z"));
        assert_eq!(until("2026-03-02T03:29:59Z").as_deref(), Some("2026-03-02T03:30:00Z"));
        assert_eq!(until("2026-03-02T03:30:00Z"), None);
        let noon = quiet(" 13:00 - 15:30 ").unwrap().unwrap();
        assert_eq!(noon.until("2026-03-02T09:29:00Z".parse().unwrap(), &zone), None);
        assert!(noon.until("2026-03-02T09:30:00Z".parse().unwrap(), &zone).is_some());
    }

    #[test]
    fn what_is_no_span_of_a_day_is_named() {
        assert_eq!(quiet("  "), Ok(None));
        for told in ["22", "22:00-", "late-early", "22:00-22:00", "25:00-07:00"] {
            assert!(quiet(told).unwrap_err().contains(told), "{told}");
        }
    }
}
