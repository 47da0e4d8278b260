//! Turns at a gateway: so many messages a minute, and the others wait in line, so that the answers of a mass case make no
//! carrier refuse us. Each process counts for itself.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use crate::config::Config;
use crate::db::types::Time;

/// The name of the mail server among the gateways.
pub const MAIL: &str = "mail";

/// The pace of each gateway, and when its next turn is; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Turns {
    per_minute: Arc<BTreeMap<String, u32>>,
    next: Arc<Mutex<HashMap<String, Time>>>,
}

impl Turns {
    pub(super) fn new(config: &Config) -> Self {
        let mut per_minute: BTreeMap<String, u32> =
            config.sms.all().into_iter().map(|(name, line)| (name, line.per_minute)).collect();
        per_minute.insert(MAIL.into(), config.smtp.per_minute);
        per_minute.retain(|_, count| *count > 0);
        Self { per_minute: Arc::new(per_minute), next: Arc::default() }
    }

    /// Takes a turn: none is now, else when it is. A turn once taken is the caller's.
    pub fn take(&self, gateway: &str, now: Time) -> Option<Time> {
        let pause = 60_000_000 / i64::from(*self.per_minute.get(gateway)?);
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = next.get(gateway).copied().unwrap_or(now).max(now);
        next.insert(gateway.to_owned(), Time::from_microsecond(turn.as_microsecond() + pause));
        (turn > now).then_some(turn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_lie_apart_and_an_idle_gateway_has_none_left_over() {
        let per_minute = Arc::new(BTreeMap::from([("one".to_owned(), 60)]));
        let turns = Turns { per_minute, next: Arc::default() };
        let now = Time::from_microsecond(1_000_000);
        let at = |seconds: i64| Time::from_microsecond(1_000_000 + seconds * 1_000_000);
        assert_eq!([turns.take("one", now), turns.take("one", now)], [None, Some(at(1))]);
        assert_eq!(turns.take("one", now), Some(at(2)));
        assert_eq!(turns.take("one", at(100)), None, "what was not used is gone");
        assert_eq!(turns.take("one", at(100)), Some(at(101)));
        assert_eq!((turns.take("other", now), turns.take("other", now)), (None, None));
    }
}
