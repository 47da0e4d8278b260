//! What a run tells at its end: how many, how fast, how late, and every refusal by its code.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Counts of one sort of call; shared by all workers.
#[derive(Debug, Default)]
pub struct Tally(Mutex<Counts>);

#[derive(Debug, Default, Clone)]
struct Counts {
    /// Microseconds of each call.
    took: Vec<u32>,
    by_name: BTreeMap<String, u64>,
}

/// Share `percent` of calls took at most this long, in milliseconds; `sorted` rises.
pub fn percentile(sorted: &[u32], percent: usize) -> f64 {
    let at = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(at).map_or(0.0, |micros| f64::from(*micros) / 1000.0)
}

impl Tally {
    fn counts(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Counts one outcome by its name.
    pub fn count(&self, name: &str) {
        *self.counts().by_name.entry(name.to_owned()).or_default() += 1;
    }

    /// Notes how long one call took.
    pub fn took(&self, took: Duration) {
        self.counts().took.push(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
    }

    /// How many outcomes had this name.
    pub fn of(&self, name: &str) -> u64 {
        self.counts().by_name.get(name).copied().unwrap_or(0)
    }

    /// Every outcome with its count; the commonest first.
    pub fn all(&self) -> Vec<(String, u64)> {
        let mut all: Vec<_> = self.counts().by_name.clone().into_iter().collect();
        all.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), name.clone()));
        all
    }

    /// Calls a second since `start`, p50 and p99 in milliseconds.
    pub fn speed(&self, start: Instant) -> (f64, f64, f64) {
        let mut took = self.counts().took.clone();
        took.sort_unstable();
        let seconds = start.elapsed().as_secs_f64().max(0.001);
        (took.len() as f64 / seconds, percentile(&took, 50), percentile(&took, 99))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let took: Vec<u32> = (1..=100).map(|ms| ms * 1000).collect();
        assert_eq!((percentile(&took, 50), percentile(&took, 99)), (50.0, 99.0));
        assert_eq!(percentile(&[], 50), 0.0);
        assert_eq!(percentile(&[7000], 99), 7.0);
    }
}
