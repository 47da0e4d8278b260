//! `samad load`: real records, measurements and fillings, against a service that runs.

mod bare;
mod bench;
mod client;
mod fill;
mod life;
mod pages;
mod replay;
mod staff;
mod summary;

use std::path::Path;

use clap::Subcommand;

/// What load to make.
#[derive(Debug, Subcommand)]
pub enum Load {
    /// Register records of a file through the API, and bring a share of them to their end
    ///
    /// Runs against a service that is up, with a gateway's key; stops by itself, and tells what was accepted, known already
    /// and refused (by problem code and field). Ctrl-C ends it early with the summary so far.
    Replay(replay::Replay),
    /// Measure the running service: create, status look-up, inbox, and the whole life cycle
    ///
    /// Writes cases into the service that it measures: use a demonstration or a test installation. With --baseline the same
    /// statements run in a bare loop beside it, and the ratios to it are told.
    Bench(bench::Bench),
    /// Write many invented cases straight into the configured database, to measure with a full one
    ///
    /// Two years of cases over all provinces and offices, most of them closed. Refuses a database that holds cases and is
    /// no demonstration.
    Fill(fill::Fill),
    /// Measure the recognition of pages: characters right and seconds a page, for faxes and scans
    ///
    /// Prints known texts with the service's own letters, makes TIFF pages of them as a fax machine and a scanner do (pdftoppm,
    /// tiffcp), and reads them back.
    Pages(pages::Pages),
}

/// Makes the load on one thread, which leaves the others to the service.
pub fn run(settings: &Path, load: &Load) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match load {
        Load::Replay(args) => runtime.block_on(replay::run(args)),
        Load::Bench(args) => runtime.block_on(bench::run(settings, args)),
        Load::Fill(args) => fill::run(settings, args),
        Load::Pages(args) => pages::run(settings, args),
    }
}
