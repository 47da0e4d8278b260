//! Samad: one service through which a country's people reach their government.
//!
//! The tree, and what may import what (a test reads the sources and fails otherwise): a dependency points
//! right only, `main → cli → server → {api, workers} → app → {intake, gateways} → domain → telemetry → {clock, config} → db → error`.
//!
//! - `cli`: one file per command
//! - `server`: binds HTTP, mounts the API, stops gracefully
//! - `api`: REST under `/api/v1`: routes, extractors, problems
//! - `workers`: outbox, webhooks, deadlines, anchors, conflicts, what is followed up, files, housekeeping: one loop each, safe to run twice
//! - `app`: what every edge is handed, and `App::receive`, by which everything that arrives comes in
//! - `intake`: the one door: threads or registers what a channel hands over; one file for each outside form
//! - `gateways`: mail, SMS, fax, single sign-on, file storage, malware scanner, webhooks, exported files; they open no
//!   database connection
//! - `domain`: cases and their life, what came in, telephone, visits and meetings, drafts from the web, other systems,
//!   families, referrals, deadlines, conflicts, confidentiality, history, rules and their changes, problems, quality,
//!   privacy, people, notices; synchronous, no transport
//! - `db`: the one write door over SQLite and PostgreSQL, schema, types, dialect
//! - `config`, `clock`, `error`, `telemetry`: settings, time, the one error, logs and metrics

pub mod api;
pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod db;
pub mod domain;
pub mod error;
pub mod gateways;
pub mod intake;
pub mod server;
pub mod telemetry;
pub mod workers;
