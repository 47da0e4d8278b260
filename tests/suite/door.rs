//! The one door: what comes in by any channel, once, and never lost.

mod adapters;
mod failures;
mod matrix;
mod threading;
mod waiting;
