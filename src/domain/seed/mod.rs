//! Seeding: the national tree and its rules, from the files of `config/national` into the database.
//!
//! Files are checked before a row is written; every problem is named with file and line. Seeding again
//! changes only what changed in the files, and leaves alone what an administrator changed since.

mod admin;
mod apply;
mod changes;
pub mod check;
pub mod files;
mod offices;
#[cfg(test)]
pub(crate) mod tests;
mod tree;

pub use admin::first_admin;
pub use apply::{apply, is_seeded};
pub use changes::{Changes, Tally};
pub use check::problems;
pub use files::Files;
