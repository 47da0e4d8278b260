//! `samad keys`: changes the keys under which identities are sealed, and tells about them.

mod master;
mod rotate;
mod status;

use std::path::Path;

use clap::Subcommand;

/// What can be done with keys.
#[derive(Debug, Subcommand)]
pub enum Keys {
    /// Make new data keys and bring every sealed value under them, while the service goes on serving
    ///
    /// May be stopped at any time; the same command goes on where it stopped. The old keys are destroyed when nothing is
    /// left under them.
    Rotate {
        /// Change the master key in the keys file instead; the data keys stay and are wrapped anew
        #[arg(long)]
        master: bool,
    },
    /// Tell which keys there are, and what is still under old ones
    Status,
}

/// Runs one of them.
pub fn run(settings: &Path, keys: &Keys) -> anyhow::Result<()> {
    match keys {
        Keys::Rotate { master: false } => rotate::run(settings),
        Keys::Rotate { master: true } => master::run(settings),
        Keys::Status => status::run(settings),
    }
}
