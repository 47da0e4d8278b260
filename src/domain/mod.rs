//! The domain: what a case is and what may be done with it. Synchronous; knows a connection, no transport.

pub mod actor;
pub mod calendar;
pub mod cases;
pub mod citizens;
pub mod deadlines;
pub mod expiry;
pub mod input;
pub mod keys;
pub mod notifications;
pub mod policy;
pub mod referrals;
pub mod rulebook;
pub mod text;
pub mod users;
pub mod visibility;
