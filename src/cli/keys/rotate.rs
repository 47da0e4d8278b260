//! `samad keys rotate`: new data keys, every sealed value under them, the old ones destroyed.
//!
//! It asks the database where the change stands and takes the next step, so that it does not matter which run
//! took the one before. Between batches it rests longer than it worked: the service comes first.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use indicatif::ProgressBar;

use crate::cli::archive::count_bar;
use crate::cli::start::{self, Sealed};
use crate::clock::Clock;
use crate::db::{DbConnection, snapshot};
use crate::domain::vault::rotation::{self, Cursor, Stage};
use crate::error::{Error, Result};

/// How often a write is tried while the database is busy, a second apart.
const TRIES: u32 = 120;

/// Rotates the data keys, or finishes a rotation that was interrupted.
pub fn run(settings: &Path) -> anyhow::Result<()> {
    let sealed = start::sealed(&start::settings(settings)?)?;
    let stage = sealed.db.read_here(rotation::stage)?;
    if stage == Stage::Idle {
        let masters = sealed.file.masters.clone();
        write(&sealed, move |connection| rotation::announce(connection, &masters, Clock::System.now()))?;
    } else {
        println!("A rotation was begun before; it goes on.");
    }
    loop {
        match sealed.db.read_here(rotation::stage)? {
            Stage::Idle => return Ok(()),
            Stage::Announced => {
                wait_for_older(&sealed)?;
                write(&sealed, rotation::activate)?;
            }
            Stage::Moving(old) => {
                wait_for_older(&sealed)?;
                let rows = walk(&sealed)?;
                finish(&sealed, &old, rows)?;
            }
        }
    }
}

/// Destroys the old keys, under which nothing is left.
fn finish(sealed: &Sealed, old: &[i64], rows: usize) -> anyhow::Result<()> {
    // another version may have sealed columns that this one does not know
    start::same_version(&sealed.db)?;
    let retired = old.to_vec();
    write(sealed, move |connection| rotation::retire(connection, &retired, Clock::System.now()))?;
    if sealed.db.is_sqlite() {
        sealed.db.read_here(snapshot::settle_sqlite)?;
    }
    let old = old.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    println!("{rows} rows were sealed anew. The old data keys ({old}) are destroyed.");
    Ok(())
}

/// Waits until every transaction has ended that may not know of the last step.
fn wait_for_older(sealed: &Sealed) -> anyhow::Result<()> {
    let mut older: BTreeSet<String> = sealed.db.read_here(rotation::running)?.into_iter().collect();
    let bar = ProgressBar::new_spinner().with_message("waiting for older transactions");
    while !older.is_empty() {
        bar.tick();
        std::thread::sleep(Duration::from_millis(50));
        let running: BTreeSet<String> = sealed.db.read_here(rotation::running)?.into_iter().collect();
        older.retain(|transaction| running.contains(transaction));
    }
    bar.finish_and_clear();
    Ok(())
}

/// Walks through all tables until nothing is left under the old keys; gives how many rows were changed.
fn walk(sealed: &Sealed) -> anyhow::Result<usize> {
    let mut rows = 0;
    loop {
        let vault = sealed.vault.clone();
        let left = sealed.db.read_here(move |connection| rotation::left(connection, &vault))?;
        let left: i64 = left.iter().map(|(_, rows)| rows).sum();
        if left == 0 {
            return Ok(rows);
        }
        let bar = count_bar(left.unsigned_abs(), "sealing anew");
        let mut at = Some(Cursor::default());
        while let Some(cursor) = at {
            let (began, vault) = (Instant::now(), sealed.vault.clone());
            let step = write(sealed, move |connection| rotation::step(connection, &vault, &cursor))?;
            bar.inc(step.rows as u64);
            rows += step.rows;
            at = step.next;
            if step.rows > 0 {
                std::thread::sleep((began.elapsed() * 2).min(Duration::from_millis(500)));
            }
        }
        bar.finish_and_clear();
    }
}

/// Writes with some patience: the service has the database too.
pub(super) fn write<T: Send + 'static>(
    sealed: &Sealed,
    write: impl Fn(&mut DbConnection) -> Result<T> + Clone + Send + 'static,
) -> Result<T> {
    let mut tried = 0;
    loop {
        tried += 1;
        match sealed.db.write_here(write.clone()) {
            Err(Error::Unavailable { .. }) if tried < TRIES => std::thread::sleep(Duration::from_secs(1)),
            outcome => return outcome,
        }
    }
}
