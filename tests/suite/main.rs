//! What the service promises, asked of a running server over HTTP; the same on SQLite and on PostgreSQL.

mod attachments;
mod configuration;
mod deadlines;
mod dismissal;
mod escalation;
mod intake;
mod listing;
mod people;
mod protocol;
mod public;
mod referral;
mod sealed;
mod story;
mod subreferral;
mod support;
mod visibility;
