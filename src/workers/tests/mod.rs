//! What the workers promise, on a database of its own with gateways in memory.

mod cast;
mod deadlines;
mod outbox;
mod texts;
