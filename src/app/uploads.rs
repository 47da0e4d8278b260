//! Uploads in parts as edges see them: a piece goes into the storage, then its row says that it has come; the last one
//! makes a file of the whole.

use super::{App, Brought};
use crate::db::types::UploadId;
use crate::domain::actor::Actor;
use crate::domain::cases::attach::StoredFile;
use crate::domain::files::admission;
use crate::domain::files::uploads::{self, Announced, Piece, Upload};
use crate::domain::privacy;
use crate::error::{Error, Result};

/// The address of an upload: its id and its secret, by which alone it is known.
#[derive(Debug, Clone)]
pub struct Ticket {
    pub id: UploadId,
    pub secret: String,
}

impl std::str::FromStr for Ticket {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (id, secret) = text.split_once('-').ok_or(Error::NotFound)?;
        Ok(Self { id: id.parse().map_err(|_| Error::NotFound)?, secret: secret.to_owned() })
    }
}

impl std::fmt::Display for Ticket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.id, self.secret)
    }
}

impl App {
    /// Announces an upload.
    ///
    /// # Errors
    /// `empty`, `too_large` on the field `file`.
    pub async fn announce_upload(&self, actor: Actor, announced: Announced) -> Result<(Upload, Ticket)> {
        let limit = self.config.server.attachment_limit;
        let name = admission::bare_name(&announced.name);
        match usize::try_from(announced.size) {
            Ok(0) | Err(_) => return Err(admission::empty(&name)),
            Ok(size) if size > limit => return Err(admission::too_large(&name, limit)),
            Ok(_) => {}
        }
        let (announced, hours) = (Announced { name, ..announced }, self.config.files.upload_hours);
        let (upload, secret) =
            self.write(actor, move |c, act| uploads::announce(c, act, &announced, hours)).await?;
        let ticket = Ticket { id: upload.id, secret };
        Ok((upload, ticket))
    }

    /// How much of an upload has come.
    pub async fn upload(&self, ticket: &Ticket) -> Result<Upload> {
        let Ticket { id, secret } = ticket.clone();
        self.read(Actor::Public, move |c, act| uploads::find(c, act, id, &secret)).await
    }

    /// Goes on with an upload; the last piece makes a file of it.
    ///
    /// # Errors
    /// `upload_offset`; those of [`App::keep_file`] once it is whole, and the upload is then gone.
    pub async fn go_on(&self, ticket: &Ticket, start: i64, bytes: Vec<u8>) -> Result<Upload> {
        let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        let upload =
            if size == 0 { self.upload(ticket).await? } else { self.took(ticket, start, bytes).await? };
        if upload.received == upload.size && upload.file.is_none() {
            self.whole_upload(ticket).await?;
        }
        Ok(upload)
    }

    async fn took(&self, ticket: &Ticket, start: i64, bytes: Vec<u8>) -> Result<Upload> {
        let Ticket { id, secret } = ticket.clone();
        let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        // two who go on at once must not write over each other
        let piece = Piece { start, size, part: format!("{id}-{start}-{:08x}", rand::random::<u32>()) };
        let (storage, part) = (self.gateways.storage.clone(), piece.part.clone());
        on_disk(move || storage.put_part(&part, &bytes)).await?;
        let (hours, part) = (self.config.files.upload_hours, piece.part.clone());
        let taken =
            self.write(Actor::Public, move |c, act| uploads::took(c, act, id, &secret, &piece, hours)).await;
        if let Err(Error::Conflict(_) | Error::NotFound) = taken {
            self.remove_parts(vec![part]).await;
        }
        taken
    }

    /// The file of an upload that has come as a whole; opened and stored now, where that was not done yet.
    ///
    /// # Errors
    /// `upload_unfinished`; those of [`App::keep_file`], and the upload is then gone.
    pub async fn whole_upload(&self, ticket: &Ticket) -> Result<StoredFile> {
        let upload = self.upload(ticket).await?;
        if let Some(file) = upload.file {
            return Ok(file);
        }
        if upload.received < upload.size {
            return Err(Error::Conflict(crate::error::Code::UploadUnfinished));
        }
        let id = upload.id;
        let parts = self.db.read(move |connection| uploads::parts(connection, id)).await?;
        let (storage, wanted) = (self.gateways.storage.clone(), parts.clone());
        let bytes = on_disk(move || {
            let pieces: std::io::Result<Vec<Vec<u8>>> =
                wanted.iter().map(|part| storage.get_part(part)).collect();
            pieces.map(|pieces| pieces.concat())
        })
        .await?;
        if i64::try_from(bytes.len()) != Ok(upload.size) {
            // another process has just finished it
            return self.upload(ticket).await?.file.ok_or(Error::Unavailable { retry_after: 1 });
        }
        let brought = Brought { name: upload.name, declared: upload.declared, bytes };
        let file = match self.keep_file(brought).await {
            Ok(file) => file,
            Err(error @ (Error::Unavailable { .. } | Error::Internal(_))) => return Err(error),
            Err(refusal) => {
                self.drop_upload(id).await?;
                return Err(refusal);
            }
        };
        let kept = file.clone();
        self.db.write(move |connection| uploads::finished(connection, id, &kept)).await?;
        self.remove_parts(parts).await;
        Ok(file)
    }

    /// Throws an upload away.
    pub async fn remove_upload(&self, ticket: &Ticket) -> Result<()> {
        let id = self.upload(ticket).await?.id;
        self.drop_upload(id).await
    }

    /// Throws uploads away whose time is over; gives how many.
    pub async fn sweep_uploads(&self) -> Result<usize> {
        let now = self.clock.now();
        let expired = self.db.read(move |connection| uploads::expired(connection, now)).await?;
        for id in &expired {
            self.drop_upload(*id).await?;
        }
        Ok(expired.len())
    }

    async fn drop_upload(&self, id: UploadId) -> Result<()> {
        let parts = self
            .write(Actor::System, move |c, act| {
                let (parts, sha256) = match uploads::remove(c, id) {
                    // another process was faster
                    Err(Error::NotFound) => (Vec::new(), None),
                    removed => removed?,
                };
                sha256.map_or(Ok(()), |sha256| privacy::forget_file(c, &sha256, act.now))?;
                Ok(parts)
            })
            .await?;
        self.remove_parts(parts).await;
        Ok(())
    }

    /// Removes parts that no row names any more; one that stays lies there for nothing, and does no harm.
    async fn remove_parts(&self, parts: Vec<String>) {
        let storage = self.gateways.storage.clone();
        let removed = on_disk(move || parts.iter().try_for_each(|part| storage.remove_part(part))).await;
        if let Err(error) = removed {
            tracing::warn!(%error, "parts of an upload were not removed from the storage");
        }
    }
}

async fn on_disk<T: Send + 'static>(work: impl FnOnce() -> std::io::Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?.map_err(|error| {
        tracing::error!(%error, "the storage does not take or give a part of an upload");
        Error::Unavailable { retry_after: 30 }
    })
}
