//! `samad load`: real records, measurements and fillings, against a service that runs.

mod client;
mod life;
mod replay;
mod summary;

use clap::Subcommand;

/// What load to make.
#[derive(Debug, Subcommand)]
pub enum Load {
    /// Register records of a file through the API, and bring a share of them to their end
    ///
    /// Runs against a service that is up, with a gateway's key; stops by itself, and tells what was accepted, known already
    /// and refused (by problem code and field). Ctrl-C ends it early with the summary so far.
    Replay(replay::Replay),
}

/// Makes the load on one thread, which leaves the others to the service.
pub fn run(load: &Load) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match load {
        Load::Replay(args) => runtime.block_on(replay::run(args)),
    }
}
