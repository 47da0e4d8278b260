//! Looks for malware in files that came, and then reads what they say for the search; throws old uploads away.
//!
//! A file is taken a second time where two processes see it at once; both bring the same verdict, and one writes it.

use std::time::Duration;

use tokio::sync::watch;

use super::{Beat, repeat};
use crate::app::App;
use crate::db::fulltext;
use crate::domain::actor::Actor;
use crate::domain::cases::attach;
use crate::domain::files::stored::{self, Stored};
use crate::domain::files::{Notice, Scan, words};
use crate::error::{Error, Result};
use crate::gateways::bench::Done;
use crate::gateways::scanner::Verdict;

const TICK: Duration = Duration::from_secs(15);

/// The worker's loop.
pub async fn run(app: App, stop: watch::Receiver<bool>) {
    let beat = Beat { name: "files", tick: TICK, nudge: app.nudges.files.clone() };
    repeat(beat, stop, move || {
        let app = app.clone();
        async move { run_once(&app).await }
    })
    .await;
}

/// Does what is due now, once for each file; gives how many were scanned, read or thrown away.
pub async fn run_once(app: &App) -> Result<usize> {
    let has_scanner = app.gateways.scanner.is_on();
    let due = app.read(Actor::System, move |c, act| stored::due(c, act.now, has_scanner)).await?;
    let mut done = app.sweep_uploads().await?;
    for file in due {
        let digest = file.sha256.clone();
        match settle(app, file).await {
            Ok(step) => done += step,
            // the next one may be well
            Err(error) => {
                tracing::error!(%error, file.sha256 = digest, "a file was not looked into; it will be tried again")
            }
        }
    }
    Ok(done)
}

async fn settle(app: &App, file: Stored) -> Result<usize> {
    if !matches!(file.scan, Scan::Clean | Scan::Infected) && app.gateways.scanner.is_on() {
        return scan(app, file).await;
    }
    if !file.is_to_read || !file.scan.may_open() {
        app.write(Actor::System, move |c, _| stored::read(c, &file.sha256)).await?;
        return Ok(0);
    }
    read(app, file).await.map(|()| 1)
}

/// Asks the scanner; gives 1 where there is a verdict.
async fn scan(app: &App, file: Stored) -> Result<usize> {
    let (storage, scanner, digest) =
        (app.gateways.storage.clone(), app.gateways.scanner.clone(), file.sha256.clone());
    let verdict = tokio::task::spawn_blocking(move || match storage.get(&digest) {
        Ok(bytes) => scanner.scan(&bytes),
        Err(error) => Verdict::Away(format!("the storage does not give the file: {error}")),
    })
    .await
    .map_err(Error::internal)?;
    let (found, notice) = match verdict {
        Verdict::Clean => (None, None),
        Verdict::Infected(name) => (Some(name), None),
        Verdict::TooLarge => (None, Some(Some(Notice::NotScannable))),
        Verdict::Away(reason) => {
            tracing::warn!(reason, "the malware scanner gave no verdict; the file stays closed");
            (None, Some(None))
        }
    };
    if let Some(notice) = notice {
        app.write(Actor::System, move |c, act| stored::postponed(c, &file, notice, act.now)).await?;
        return Ok(0);
    }
    if found.is_some() {
        tracing::error!(file.sha256, signature = found, "malware was found in a file; it is closed");
    }
    app.write(Actor::System, move |c, act| {
        let is_new = stored::judged(c, &file.sha256, found.as_deref(), act.now)?;
        if is_new && found.is_some() {
            attach::found_infected(c, act, &file.sha256)?;
        }
        Ok(())
    })
    .await?;
    Ok(1)
}

/// Reads the words of a file on the bench, and puts them into the index for each attachment that names it.
async fn read(app: &App, file: Stored) -> Result<()> {
    let (storage, bench) = (app.gateways.storage.clone(), app.gateways.bench.clone());
    let (digest, media_type) = (file.sha256.clone(), file.media_type.clone());
    let has_words = words::has_words(&file.media_type) && file.notice.is_none();
    let said = tokio::task::spawn_blocking(move || match has_words {
        true => bench.words(&media_type, &storage.get(&digest)?),
        false => Ok(Done::Well(String::new())),
    })
    .await
    .map_err(Error::internal)?
    .map_err(Error::internal)?;
    let said = match said {
        Done::Well(said) => said,
        Done::Broke => {
            tracing::warn!(file.sha256, "the words of a file cannot be read; it is found by its case only");
            String::new()
        }
    };
    app.write(Actor::System, move |c, _| {
        stored::lock(c, &file.sha256)?;
        if !said.is_empty() {
            for (attachment, case) in attach::searched_by(c, &file.sha256)? {
                fulltext::index_file(c, attachment, case, &said)?;
            }
        }
        stored::read(c, &file.sha256)
    })
    .await
}
