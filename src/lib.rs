//! Samad: one service through which a country's people reach their government.

pub mod domain;
