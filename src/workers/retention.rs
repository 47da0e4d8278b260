//! Erases what is past its time: steps of the walk, then the bytes of files, the search index and the log. Words that
//! stood in clear before they were sealed go from index and log the same way.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};

use super::{Beat, repeat};
use crate::app::App;
use crate::db::{fulltext, snapshot};
use crate::domain::actor::Actor;
use crate::domain::cases::words;
use crate::domain::privacy::{self, requests, walk};
use crate::error::{Error, Result};

const TICK: Duration = Duration::from_secs(300);

/// The worker's loop.
pub async fn run(app: App, stop: watch::Receiver<bool>) {
    let beat = Beat { name: "retention", tick: TICK, nudge: Arc::new(Notify::new()) };
    repeat(beat, stop, move || {
        let app = app.clone();
        async move { run_once(&app).await }
    })
    .await;
}

/// One step of the walk, or what remains to be done after one; gives how much was done.
pub async fn run_once(app: &App) -> Result<usize> {
    let step = app.write(Actor::System, walk::step).await?;
    let granted = app.write(Actor::System, requests::carry_out).await?;
    if step.erased + granted > 0 {
        tracing::info!(past_time = step.erased, granted, "cases were erased");
    }
    let sealed = app.db.read(words::traces).await?;
    if step.leaves_traces || granted > 0 || !sealed.is_empty() {
        settle(app).await?;
        app.db.write(move |connection| words::clear(connection, &sealed)).await?;
    }
    Ok(step.examined + granted + settle_files(app).await?)
}

/// Takes erased words out of the search index, and out of SQLite's file and log.
async fn settle(app: &App) -> Result<()> {
    let mut is_first = true;
    while !app.db.write(move |connection| Ok(fulltext::settle(connection, is_first)?)).await? {
        is_first = false;
    }
    if app.db.is_sqlite() {
        let location = app.db.location().clone();
        tokio::task::spawn_blocking(move || snapshot::rewrite_sqlite(&mut location.open()?))
            .await
            .map_err(Error::internal)??;
    }
    Ok(())
}

/// Sets bytes aside that no attachment names, and removes those that stood aside long enough.
async fn settle_files(app: &App) -> Result<usize> {
    let waiting = app.read(Actor::System, |c, act| privacy::waiting_files(c, act.now)).await?;
    for file in &waiting {
        let (storage, sha256) = (app.gateways.storage.clone(), file.sha256.clone());
        if file.is_set_aside {
            let asked = sha256.clone();
            let is_named = app.db.read(move |connection| privacy::is_named(connection, &asked)).await?;
            let digest = sha256.clone();
            let done =
                move || if is_named { storage.put_back(&digest) } else { storage.remove_aside(&digest) };
            on_disk(done).await?;
            app.write(Actor::System, move |c, act| privacy::settled(c, &sha256, act.now)).await?;
        } else {
            let digest = sha256.clone();
            on_disk(move || storage.set_aside(&digest)).await?;
            app.write(Actor::System, move |c, act| privacy::mark_aside(c, &sha256, act.now)).await?;
        }
    }
    Ok(waiting.len())
}

async fn on_disk(done: impl FnOnce() -> std::io::Result<()> + Send + 'static) -> Result<()> {
    tokio::task::spawn_blocking(done).await.map_err(Error::internal)?.map_err(Error::internal)
}
