//! The clock: system time in service, a settable one in tests.
//!
//! Time is an argument everywhere in the domain; only edges and workers ask the clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::db::types::Time;

/// Where the time comes from. Cheap to clone; clones of a set clock share its time.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// The machine's clock.
    #[default]
    System,
    /// A clock that stands until it is set (microseconds since 1970).
    Set(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `time` until it is moved.
    pub fn standing_at(time: Time) -> Self {
        Clock::Set(Arc::new(AtomicI64::new(time.as_microsecond())))
    }

    /// The present, in UTC, to the microsecond.
    pub fn now(&self) -> Time {
        match self {
            Clock::System => Time::from(jiff::Timestamp::now()),
            Clock::Set(micros) => Time::from_microsecond(micros.load(Ordering::SeqCst)),
        }
    }

    /// Moves a standing clock to `time`; the system clock cannot be moved and stays as it is.
    pub fn set(&self, time: Time) {
        if let Clock::Set(micros) = self {
            micros.store(time.as_microsecond(), Ordering::SeqCst);
        }
    }
}
