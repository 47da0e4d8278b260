//! Ids: 41 bits of milliseconds, 10 bits of process, 12 bits of counter.
//!
//! Two processes never share a slot: each holds a lease on its number in `process_slots`, and the next
//! holder starts above everything the last one can have made, even when a clock jumps back.

use std::sync::Mutex;

/// Milliseconds of 2024-01-01T00:00:00Z, where our ids begin.
const EPOCH_MS: i64 = 1_704_067_200_000;

/// Makes time-ordered ids for one process.
#[derive(Debug)]
pub struct IdMaker {
    slot: i64,
    last: Mutex<(i64, i64)>,
}

impl IdMaker {
    /// `slot` is 0..=1023; no id is made below `floor_ms` (milliseconds since 1970).
    pub fn new(slot: i64, floor_ms: i64) -> Self {
        Self { slot: slot & 0x3ff, last: Mutex::new((floor_ms, 0)) }
    }

    /// The next id; ids of one maker rise strictly, whatever the clock does.
    pub fn next(&self) -> i64 {
        self.next_at(jiff::Timestamp::now().as_millisecond())
    }

    /// The next id at a moment, in milliseconds since 1970; ids still rise when moments do not.
    pub(crate) fn next_at(&self, now_ms: i64) -> i64 {
        let mut last = self.last.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let (ms, counter) = *last;
        *last = match (now_ms > ms, counter < 0xfff) {
            (true, _) => (now_ms, 0),
            (false, true) => (ms, counter + 1),
            (false, false) => (ms + 1, 0),
        };
        ((last.0 - EPOCH_MS) << 22) | (self.slot << 12) | last.1
    }

    /// Another maker on the same slot that starts at the beginning, for rows that are told to be old.
    pub(crate) fn backdated(&self) -> Self {
        Self::new(self.slot, 0)
    }

    /// The latest millisecond used, for the lease's floor.
    pub fn high_water_ms(&self) -> i64 {
        self.last.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).0
    }
}

/// The smallest id that can be made at or after `time`; for ranges by time.
pub fn first_id_at(time: super::types::Time) -> i64 {
    (time.as_microsecond() / 1000 - EPOCH_MS).max(0) << 22
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_rise_even_when_the_clock_jumps_back_or_stands() {
        let maker = IdMaker::new(7, 0);
        let mut last = 0;
        for now in [1_800_000_000_000, 1_800_000_000_000, 1_700_000_000_000, 1_800_000_000_001] {
            for _ in 0..5000 {
                let id = maker.next_at(now);
                assert!(id > last);
                last = id;
            }
        }
    }

    #[test]
    fn two_slots_never_make_the_same_id() {
        let (a, b) = (IdMaker::new(1, 0), IdMaker::new(2, 0));
        let of = |m: &IdMaker| (0..9000).map(|_| m.next_at(1_800_000_000_000)).collect::<Vec<_>>();
        let ids: std::collections::HashSet<_> = of(&a).into_iter().chain(of(&b)).collect();
        assert_eq!(ids.len(), 18_000);
    }
}
