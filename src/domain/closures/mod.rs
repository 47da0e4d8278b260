//! Closures declared late: what they do to deadlines that run already (requirement tags P3.4, S2.2v).
//!
//! Declaring one begins a run: every open case is recomputed once, by a worker or by whichever verb touches the case
//! first. A moved promise goes to the citizen in the same transaction, so that no date moves silently. A withdrawal
//! is a run of its own that gives the old due times back.

mod apply;
mod declare;
mod plan;
mod runs;
mod trial;
mod windows;
mod wish;

pub use apply::settle;
pub use declare::{ClosureView, Withdrawal, declare, list, read, withdraw};
pub use runs::{Batch, batch, finish, pass};
pub use trial::{Forecast, forecast};
pub use wish::{Wish, parse as parse_day};
