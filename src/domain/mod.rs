//! The domain: what a case is and what may be done with it. Synchronous; knows a connection, no transport.

pub mod actor;
pub mod calendar;
pub mod cases;
pub mod certificates;
pub mod citizens;
pub mod crowd;
pub mod deadlines;
pub mod definitions;
pub mod demo;
pub mod expiry;
pub mod gateways;
pub mod health;
pub mod input;
pub mod keys;
pub mod notifications;
pub mod offices;
pub mod once;
pub mod policy;
pub mod referrals;
pub mod rulebook;
pub mod seed;
pub mod statistics;
pub mod text;
pub mod users;
pub mod views;
pub mod visibility;
