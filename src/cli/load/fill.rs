//! `samad load fill`: many invented cases straight into the configured database, to measure with a full one.

use std::path::Path;

use anyhow::bail;

use crate::cli::archive::count_bar;
use crate::cli::start;
use crate::clock::Clock;
use crate::domain::actor::Actor;
use crate::domain::crowd::{self, Crowd};

/// Cases of one transaction.
const BATCH: usize = 2000;

/// What `samad load fill` takes.
#[derive(Debug, clap::Args)]
pub struct Fill {
    /// How many cases
    count: u32,
    /// Fill a database that holds cases and is no demonstration
    #[arg(long)]
    yes: bool,
}

/// Fills the database of the settings.
pub fn run(settings: &Path, args: &Fill) -> anyhow::Result<()> {
    let (app, _) = start::app(start::settings(settings)?, Clock::System)?;
    if !app.db.read_here(crate::domain::seed::is_seeded)? {
        bail!("the database has no offices yet; run `samad seed` first");
    }
    if !args.yes && !app.db.read_here(crowd::is_playground)? {
        bail!(
            "the database holds cases and is no demonstration; invented cases cannot be told apart later. Give --yes if you mean it"
        );
    }
    let act = app.db.read_here(|connection| app.act(connection, Actor::System))?;
    let mut crowd = app.db.read_here(|connection| Crowd::new(connection, &act, i64::from(args.count)))?;
    let bar = count_bar(u64::from(args.count), "filling");
    let mut left = usize::try_from(args.count)?;
    let start = std::time::Instant::now();
    while left > 0 {
        let batch = crowd.next(&act, left.min(BATCH))?;
        left -= batch.len();
        bar.inc(batch.len() as u64);
        let within = app.clone();
        app.db.write_here(move |connection| {
            // the keys that seal are those that this transaction sees
            let act = within.act(connection, Actor::System)?;
            crowd::write(connection, &act, &batch)
        })?;
    }
    bar.finish_and_clear();
    println!("{} cases in {:.0} s.", args.count, start.elapsed().as_secs_f64());
    Ok(())
}
