#![doc = include_str!("FORMAT.md")]

pub mod anchor;
pub mod anchoring;
pub mod anchors;
pub mod audit;
pub mod chain;
pub mod check;
mod day;
pub mod hex;
pub mod merkle;
pub mod receipt;
mod signing;
#[cfg(test)]
mod tests;
pub mod tombstone;

pub use anchor::Anchor;
pub use chain::{Line, link};
pub use day::Day;
pub use receipt::Receipt;
pub use signing::Signer;
pub use tombstone::{Class, Tombstone};
