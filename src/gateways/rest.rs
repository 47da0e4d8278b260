//! A moment's rest after a gateway failed, so that waiting for a dead one never holds up the other.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Sending;

/// How long no letter is offered to a gateway that was away.
const REST: Duration = Duration::from_secs(1);

/// When the gateway failed last, and how; clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Rest(Arc<Mutex<Option<(Instant, Sending)>>>);

impl Rest {
    /// The answer of a moment ago, while the gateway rests.
    pub(super) fn answer(&self) -> Option<Sending> {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.as_ref().filter(|(since, _)| since.elapsed() < REST).map(|(_, answer)| answer.clone())
    }

    /// Notes how a try ended.
    pub(super) fn note(&self, sending: &Sending) {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *last = match sending {
            Sending::Down(_) | Sending::Misconfigured(_) => Some((Instant::now(), sending.clone())),
            Sending::Accepted { .. } | Sending::Withheld(_) | Sending::Refused(_) | Sending::Deferred(_) => {
                None
            }
        };
    }
}
