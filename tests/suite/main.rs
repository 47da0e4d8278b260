//! What the service promises, asked of a running server over HTTP; the same on SQLite and on PostgreSQL.

mod architecture;
mod attachments;
mod backup;
mod configuration;
mod crash;
mod deadlines;
mod delivery;
mod dismissal;
mod endpoints;
mod escalation;
mod fuzz;
mod intake;
mod life;
mod listing;
mod nonsense;
mod people;
mod policy;
mod protocol;
mod public;
mod referral;
mod sealed;
mod story;
mod subreferral;
mod support;
mod vault;
mod visibility;
