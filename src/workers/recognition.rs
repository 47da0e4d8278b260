//! Reads the pages of faxes and scans that wait to be keyed, one item after the other, so that a registrar corrects instead
//! of typing. What it cannot read is said beside the item, which waits for its registrar all the same.

use std::time::Duration;

use tokio::sync::watch;

use super::{Beat, repeat};
use crate::app::App;
use crate::db::types::IntakeItemId;
use crate::domain::actor::Actor;
use crate::domain::cases::sha256_hex;
use crate::domain::intake::pages::{self, ReadPage, Reading};
use crate::error::{Error, Result};
use crate::gateways::ocr::{Ocr, RecognisedPage};
use crate::gateways::storage::Storage;

const TICK: Duration = Duration::from_secs(15);
/// Items of one run.
const ABREAST: i64 = 8;

/// The worker's loop.
pub async fn run(app: App, stop: watch::Receiver<bool>) {
    let beat = Beat { name: "recognition", tick: TICK, nudge: app.nudges.recognition.clone() };
    repeat(beat, stop, move || {
        let app = app.clone();
        async move { run_once(&app).await }
    })
    .await;
}

/// Reads some items that wait; gives how many. Without its programs it does nothing, and the health page says so.
pub async fn run_once(app: &App) -> Result<usize> {
    if !app.gateways.ocr.is_ready() {
        return Ok(0);
    }
    let found = app.read(Actor::System, |connection, _| pages::unread(connection, ABREAST)).await?;
    for id in &found {
        read(app, *id).await?;
    }
    Ok(found.len())
}

async fn read(app: &App, id: IntakeItemId) -> Result<()> {
    let scans = app.read(Actor::System, move |connection, act| pages::scans(connection, act, id)).await?;
    let (ocr, storage) = (app.gateways.ocr.clone(), app.gateways.storage.clone());
    let reading = tokio::task::spawn_blocking(move || all(&ocr, &storage, &scans))
        .await
        .map_err(Error::internal)?
        .map_err(|error| {
            tracing::error!(%error, item.id = %id, "scans of an item could not be fetched or kept");
            Error::Unavailable { retry_after: 30 }
        })?;
    app.write(Actor::System, move |connection, act| pages::keep(connection, act, id, &reading)).await
}

/// Every page of every scan; the first fault is told, and what could be read is kept.
fn all(ocr: &Ocr, storage: &Storage, scans: &[String]) -> std::io::Result<Reading> {
    let mut reading = Reading { pages: Vec::new(), reason: None };
    for sha256 in scans {
        match ocr.read(&storage.get(sha256)?) {
            Ok(found) => {
                for page in found {
                    reading.pages.push(kept(storage, &page)?);
                }
            }
            Err(why) => reading.reason = reading.reason.or(Some(why.to_string())),
        }
    }
    Ok(reading)
}

fn kept(storage: &Storage, page: &RecognisedPage) -> std::io::Result<ReadPage> {
    let sha256 = sha256_hex(&page.png);
    storage.put(&sha256, &page.png)?;
    let sum: i32 = page.lines.iter().map(|line| i32::from(line.confidence)).sum();
    let count = i32::try_from(page.lines.len()).unwrap_or(i32::MAX);
    let has_words = count > 0;
    Ok(ReadPage {
        sha256,
        size: i64::try_from(page.png.len()).unwrap_or(i64::MAX),
        lines: if has_words { Some(serde_json::to_string(&page.lines)?) } else { None },
        confidence: has_words.then(|| sum / count),
    })
}
