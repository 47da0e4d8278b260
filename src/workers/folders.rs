//! Takes faxes and scanned letters in from folders: a fax server's spool, a scanner's share. A file is taken when nobody has
//! written to it for a while, under its name and digest, and then lies in `taken` beside it; one that stays because the process
//! died in between is known when it is met again.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tokio::sync::watch;

use super::{Beat, repeat};
use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::cases::sha256_hex;
use crate::error::{Error, Result};
use crate::intake::{FaxCall, Inbound, faxed, scanned};

const TICK: Duration = Duration::from_secs(20);
/// Since when nobody may have written to a file that is taken.
const QUIET: Duration = Duration::from_secs(10);
/// Where files go that were taken.
const TAKEN: &str = "taken";

/// Which channel a folder belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Fax,
    Letter,
}

/// The worker's loop; it sleeps where no folder is set.
pub async fn run(app: App, stop: watch::Receiver<bool>) {
    let beat = Beat { name: "folders", tick: TICK, nudge: std::sync::Arc::default() };
    repeat(beat, stop, move || {
        let app = app.clone();
        async move { run_once(&app).await }
    })
    .await;
}

/// Takes every file that lies still; gives how many were taken.
pub async fn run_once(app: &App) -> Result<usize> {
    let folders = &app.config.folders;
    let mut done = 0;
    for (folder, kind) in [(&folders.fax, Kind::Fax), (&folders.letters, Kind::Letter)] {
        if folder.as_os_str().is_empty() {
            continue;
        }
        for file in still(folder) {
            match take(app, &file, kind).await {
                Ok(()) => done += 1,
                // it is met again at the next tick, and holds up none of the others
                Err(error) => tracing::error!(%error, "a file of a watched folder was not taken"),
            }
        }
    }
    if done > 0 {
        app.nudges.recognition.notify_one();
    }
    Ok(done)
}

/// Scans of a folder to which nobody writes any more, by name.
fn still(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        tracing::error!("a watched folder cannot be read; check folders.fax and folders.letters");
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| is_scan(path) && lies_still(path))
        .collect();
    files.sort();
    files
}

fn is_scan(path: &Path) -> bool {
    let kind = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    path.is_file() && ["tif", "tiff", "pdf", "png", "jpg", "jpeg"].contains(&kind.as_str())
}

fn lies_still(path: &Path) -> bool {
    let written = std::fs::metadata(path).and_then(|data| data.modified());
    written.is_ok_and(|at| SystemTime::now().duration_since(at).is_ok_and(|age| age >= QUIET))
}

async fn take(app: &App, file: &Path, kind: Kind) -> Result<()> {
    let bytes = std::fs::read(file).map_err(Error::internal)?;
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let id = format!("{name}:{}", sha256_hex(&bytes).get(..16).unwrap_or_default());
    let inbound = match kind {
        Kind::Fax => faxed(FaxCall { external_id: Some(id), ..FaxCall::default() }, &name, bytes)?,
        Kind::Letter => scanned(&id, &name, bytes)?,
    };
    let inbound = Inbound { gateway: Some("folder".into()), ..inbound };
    app.receive(Actor::System, inbound).await?;
    aside(file, &name).map_err(Error::internal)
}

fn aside(file: &Path, name: &str) -> std::io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new(".")).join(TAKEN);
    std::fs::create_dir_all(&folder)?;
    std::fs::rename(file, folder.join(name))
}
