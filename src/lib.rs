//! Samad: one service through which a country's people reach their government.
pub mod app;
pub mod clock;
pub mod config;
pub mod db;
pub mod domain;
pub mod error;
pub mod gateways;
pub mod workers;
