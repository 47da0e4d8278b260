//! How times would move: how many, which way, and by how much.

use serde::Serialize;

use crate::db::types::Time;

/// How many times would move, and by how much.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Shift {
    pub moved: usize,
    pub earlier: usize,
    pub later: usize,
    /// Seconds from the old to the new time, negative for an earlier one; null where none moves.
    pub smallest_seconds: Option<i64>,
    pub median_seconds: Option<i64>,
    pub largest_seconds: Option<i64>,
}

/// The moves that were seen.
#[derive(Debug, Default)]
pub(super) struct Moves(Vec<i64>);

impl Moves {
    /// Notes one; whether it moved at all.
    pub(super) fn take(&mut self, before: Time, after: Time) -> bool {
        let seconds = (after.as_microsecond() - before.as_microsecond()) / 1_000_000;
        if seconds != 0 {
            self.0.push(seconds);
        }
        seconds != 0
    }

    pub(super) fn shift(mut self) -> Shift {
        self.0.sort_unstable();
        Shift {
            moved: self.0.len(),
            earlier: self.0.iter().filter(|seconds| **seconds < 0).count(),
            later: self.0.iter().filter(|seconds| **seconds > 0).count(),
            smallest_seconds: self.0.first().copied(),
            median_seconds: self.0.get(self.0.len() / 2).copied(),
            largest_seconds: self.0.last().copied(),
        }
    }
}
