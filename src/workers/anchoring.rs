//! Anchors the history: signs one root over all cases for every day that is over, and exports it as a file.
//!
//! A start after days of rest catches up day by day. Of two processes one writes an anchor; both export it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, watch};

use super::{Beat, repeat};
use crate::app::App;
use crate::domain::history::{Anchor, Signer, anchoring, anchors};
use crate::error::{Error, Result};
use crate::gateways::exports::{Export, Exports};

const TICK: Duration = Duration::from_secs(60);
/// Anchors that are exported at a time.
const PAGE: i64 = 200;
/// The file of the public keys, one in a line, the latest last.
pub const KEYS_FILE: &str = "public-key.hex";

/// The worker's loop.
pub async fn run(app: App, stop: watch::Receiver<bool>) {
    let beat = Beat { name: "anchoring", tick: TICK, nudge: Arc::new(Notify::new()) };
    let exported = Arc::new(AtomicI32::new(0));
    repeat(beat, stop, move || {
        let (app, exported) = (app.clone(), exported.clone());
        async move {
            let made = make_due(&app).await?;
            let last = export(&app, exported.load(Ordering::Relaxed)).await?;
            exported.store(last, Ordering::Relaxed);
            Ok(made)
        }
    })
    .await;
}

/// Makes and exports everything that is due; gives how many anchors were made. For tests.
pub async fn run_once(app: &App) -> Result<usize> {
    let made = make_due(app).await?;
    export(app, 0).await?;
    Ok(made)
}

/// Makes every anchor that is due, oldest first; stops where another process was faster.
async fn make_due(app: &App) -> Result<usize> {
    let now = app.clock.now();
    let Some(due) = app.db.read(move |connection| anchoring::due(connection, now)).await? else {
        return Ok(0);
    };
    let signer = Signer::of(&app.keys)?;
    let (mut number, mut hash) = due.after;
    let mut done = 0;
    for (day, harvest) in due.days {
        let made = anchoring::make(day, harvest, (number, &hash), now, &signer)?;
        (number, hash) = (made.anchor.number, made.anchor.hash.clone());
        let (leaves, events) = (made.anchor.leaves, made.anchor.events);
        let write =
            move |connection: &mut _| anchors::write(connection, &made.anchor, &made.heads, &made.blocks);
        if !app.db.write(write).await? {
            break;
        }
        tracing::info!(%day, number, leaves, events, "the history was anchored");
        done += 1;
    }
    Ok(done)
}

/// Exports the public key and every anchor above this number; gives the last number that is exported.
async fn export(app: &App, after: i32) -> Result<i32> {
    let exports = Exports::new(app.config.anchors_dir());
    let (mut last, mut is_key_there) = (after, false);
    loop {
        let page = app.db.read(move |connection| anchors::page(connection, last, PAGE)).await?;
        let Some(end) = page.last().map(|anchor| anchor.number) else { return Ok(last) };
        if !is_key_there {
            exports.add_line(KEYS_FILE, &Signer::of(&app.keys)?.public()).map_err(Error::internal)?;
            is_key_there = true;
        }
        let files = exports.clone();
        tokio::task::spawn_blocking(move || page.iter().try_for_each(|anchor| write_file(&files, anchor)))
            .await
            .map_err(Error::internal)??;
        last = end;
    }
}

fn write_file(exports: &Exports, anchor: &Anchor) -> Result<()> {
    let mut text = serde_json::to_string_pretty(anchor).map_err(|error| Error::Internal(Box::new(error)))?;
    text.push('\n');
    let name = format!("{}.json", anchor.day);
    if exports.put_once(&name, text.as_bytes()).map_err(Error::internal)? == Export::Different {
        tracing::error!(day = %anchor.day, "the exported anchor of this day is another one than the database has; run `samad verify`");
    }
    Ok(())
}
