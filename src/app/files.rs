//! Files as edges see them: opened on the bench, made safe, and put into the storage before any row names them.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::App;
use crate::domain::actor::Actor;
use crate::domain::cases::attach::StoredFile;
use crate::domain::cases::sha256_hex;
use crate::domain::files::admission::{self, Offered, bare_name};
use crate::domain::files::check::{self, Found};
use crate::domain::files::stored::{self, Inspected};
use crate::domain::files::{Notice, Scan, kinds};
use crate::error::{Error, Result};
use crate::gateways::Bench;
use crate::gateways::bench::Done;

/// Files that are opened at once; each may take much memory.
static BENCHES: Semaphore = Semaphore::const_new(2);

/// A file that a person brings.
#[derive(Debug, Clone)]
pub struct Brought {
    pub name: String,
    /// Media type that was declared with it.
    pub declared: Option<String>,
    pub bytes: Vec<u8>,
}

impl App {
    /// Keeps a file that a person brings: what cannot be made safe is refused, with the remedy.
    ///
    /// # Errors
    /// On the field `file`: `empty`, `too_large`, `type_not_allowed`, `type_mismatch`, `unreadable`, `too_many_pixels`,
    /// `archive_bomb`; `Unavailable` where the storage is away.
    pub async fn keep_file(&self, brought: Brought) -> Result<StoredFile> {
        let name = bare_name(&brought.name);
        let limit = self.config.server.attachment_limit;
        if brought.bytes.is_empty() {
            return Err(admission::empty(&name));
        }
        if brought.bytes.len() > limit {
            return Err(admission::too_large(&name, limit));
        }
        let offered = Offered { name: &name, declared: brought.declared.as_deref(), bytes: &brought.bytes };
        let media_type = admission::admitted(&offered, &self.config.files.allowed_types())?;
        let opened = self.opened(media_type, brought.bytes).await?;
        match opened.found.notice {
            Some(notice) if is_closed(&opened.found) => Err(admission::refused(&name, notice)),
            _ => self.kept(name, opened).await,
        }
    }

    /// Keeps a file that a channel brings: nothing is turned away; what cannot be made safe stays closed.
    pub(super) async fn take_file(&self, name: String, bytes: Vec<u8>) -> Result<StoredFile> {
        let media_type = kinds::sniff(&bytes);
        let name = bare_name(&name);
        if self.config.files.allowed_types().iter().any(|one| one == media_type) {
            let opened = self.opened(media_type, bytes).await?;
            return self.kept(name, opened).await;
        }
        let found =
            Found { media_type: media_type.to_owned(), pages: None, notice: Some(Notice::NotAllowed) };
        self.kept(name, Opened { found, bytes, original: None }).await
    }

    /// Opens a file on the bench, where its type is one that is opened.
    async fn opened(&self, media_type: &'static str, bytes: Vec<u8>) -> Result<Opened> {
        if !check::is_opened(media_type) {
            let found = Found { media_type: media_type.to_owned(), pages: None, notice: None };
            return Ok(Opened { found, bytes, original: None });
        }
        let _place = BENCHES.acquire().await.map_err(Error::internal)?;
        let bench = self.gateways.bench.clone();
        tokio::task::spawn_blocking(move || open_on(&bench, media_type, bytes))
            .await
            .map_err(Error::internal)?
    }

    /// Puts what is to be kept into the storage, and notes what is known of it.
    async fn kept(&self, name: String, opened: Opened) -> Result<StoredFile> {
        let Opened { found, bytes, original } = opened;
        let file = self.keep_bytes(kinds::with_ending(&name, &found.media_type), bytes).await?;
        let scan = match (is_closed(&found), self.gateways.scanner.is_on()) {
            (true, _) => Scan::Quarantined,
            (false, true) => Scan::Scanning,
            (false, false) => Scan::Unscanned,
        };
        let inspected = Inspected {
            sha256: file.sha256.clone(),
            original_sha256: original.filter(|digest| *digest != file.sha256),
            media_type: found.media_type.clone(),
            pages: found.pages,
            notice: found.notice,
            scan,
        };
        self.write(Actor::System, move |c, act| stored::note(c, &inspected, act.now)).await?;
        self.nudges.files.notify_one();
        Ok(StoredFile { media_type: found.media_type, ..file })
    }

    /// The bytes of a stored file, or some of them by their places.
    pub async fn file_bytes(&self, sha256: &str, range: Option<std::ops::Range<u64>>) -> Result<Vec<u8>> {
        let (storage, sha256): (_, Arc<str>) = (self.gateways.storage.clone(), sha256.into());
        tokio::task::spawn_blocking(move || match range {
            Some(range) => storage.get_range(&sha256, range),
            None => storage.get(&sha256),
        })
        .await
        .map_err(Error::internal)?
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Error::internal(format!("the bytes of a file are gone: {error}")),
            _ => {
                tracing::error!(%error, "the storage does not give a file");
                Error::Unavailable { retry_after: 30 }
            }
        })
    }
}

/// A file that was opened, and what is kept of it.
struct Opened {
    found: Found,
    bytes: Vec<u8>,
    /// Digest of what came, where other bytes are kept.
    original: Option<String>,
}

/// A picture that cannot be drawn anew may say where it was taken; scans are kept as they are, since they have no other copy.
fn is_closed(found: &Found) -> bool {
    let is_photo = check::is_picture(&found.media_type) && found.media_type != "image/tiff";
    found.notice.is_some_and(|notice| notice.closes() || (is_photo && notice == Notice::Unreadable))
}

fn open_on(bench: &Bench, media_type: &'static str, bytes: Vec<u8>) -> Result<Opened> {
    let done = bench.check(media_type, &bytes).map_err(|error| {
        tracing::error!(%error, "the process that opens files does not start");
        Error::Unavailable { retry_after: 30 }
    })?;
    let (found, kept) = match done {
        Done::Well(well) => well,
        Done::Broke => {
            let notice = if media_type == "application/pdf" { Notice::Unreadable } else { Notice::Bomb };
            let notice = if check::is_picture(media_type) { Notice::TooManyPixels } else { notice };
            (Found { media_type: media_type.to_owned(), pages: None, notice: Some(notice) }, None)
        }
    };
    Ok(match kept {
        Some(kept) => Opened { found, original: Some(sha256_hex(&bytes)), bytes: kept },
        None => Opened { found, bytes, original: None },
    })
}
