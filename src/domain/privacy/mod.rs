//! Privacy: what is personal goes when its time is over, or when the citizen asks and nothing forbids it; what
//! counts stays (requirement tag S4.4).
//!
//! There is one machine: [`erase()`] takes classes of one case away and leaves a signed tombstone. Retention and
//! requests only decide when it runs; holds, open matters and recent writes stop both.

pub mod correction_requests;
pub mod corrections;
mod decided;
pub mod documents;
pub mod due;
pub mod erase;
pub mod exports;
mod files;
pub mod holds;
pub mod merging;
mod notices;
mod obstacles;
mod parts;
pub mod printed;
mod reach;
pub mod requests;
pub mod walk;

pub use decided::{DecidedView, Waits, decided};
pub use erase::{Cause, erase};
pub use files::{Waiting, forget as forget_file, is_named, mark_aside, settled, waiting as waiting_files};
pub use obstacles::{Obstacle, obstacles};
