//! The door as edges see it: bytes go into the storage, then one transaction takes what came or another keeps it.

use std::sync::Arc;

use super::App;
use crate::db::types::IntakeItemId;
use crate::domain::actor::Actor;
use crate::domain::cases::attach::StoredFile;
use crate::domain::cases::sha256_hex;
use crate::domain::files::kinds::sniff;
use crate::domain::intake::Refusal;
use crate::domain::notifications::Outlet;
use crate::error::{Error, FieldError, Result};
use crate::intake::{self, Content, Enclosed, Inbound, Raw, Received, Told, Unread, Waiting};

/// Most unread bytes that lie sealed in the row; more go into the storage.
const SEALED_MAX: usize = 65_536;

impl App {
    /// Takes in what a channel hands over, and returns after the commit. What cannot be taken is kept, and told by
    /// [`Received::refusal`]; a second delivery gives the first one's result.
    ///
    /// # Errors
    /// What is not kept: a wrong field for a person at a form, a channel that is not the actor's, and `Unavailable`,
    /// after which the peer sends it again.
    pub async fn receive(&self, actor: Actor, inbound: Inbound) -> Result<Received> {
        let may_ask = self.config.sms.ask_identity && self.gateways.usable().contains(&Outlet::Sms);
        let inbound = Inbound { may_ask, ..self.stored(inbound).await? };
        let inbound = Arc::new(inbound);
        let told = inbound.clone();
        let taken = match too_large(&inbound, self.config.server.attachment_limit) {
            Some(error) => Err(error),
            None => self.write(actor.clone(), move |c, act| intake::receive(c, act, &told)).await,
        };
        let received = match taken {
            Err(error) if intake::is_kept(&actor, &error) => {
                let refusal = noted(&error);
                self.write(actor, move |c, act| intake::refuse(c, act, &inbound, &refusal)).await?
            }
            taken => taken?,
        };
        self.nudges.outbox.notify_one();
        Ok(received)
    }

    /// The same for bytes that its form's reader must read first; unreadable ones are kept as they are.
    pub async fn receive_raw(&self, actor: Actor, raw: Raw) -> Result<Received> {
        match intake::read(&raw) {
            Ok(inbound) => self.receive(actor, inbound).await,
            Err(error) if intake::is_kept(&actor, &error) => self.keep_unread(actor, raw, &error).await,
            Err(error) => Err(error),
        }
    }

    /// Keeps bytes that could not be read, or the head of what was too much.
    pub async fn keep_unread(&self, actor: Actor, raw: Raw, error: &Error) -> Result<Received> {
        let refusal = noted(error);
        let sha256 = sha256_hex(&raw.bytes);
        let bytes = if raw.bytes.len() <= SEALED_MAX {
            Unread::Sealed(raw.bytes.clone())
        } else {
            let file = self.keep_bytes("raw".into(), raw.bytes.clone()).await?;
            Unread::Stored(StoredFile { media_type: raw.media_type.clone(), ..file })
        };
        self.write(actor, move |c, act| intake::keep_unread(c, act, &raw, &bytes, &sha256, &refusal)).await
    }

    /// Takes a failed item once more; one that does not wait stays as it is.
    pub async fn reprocess(&self, actor: Actor, id: IntakeItemId) -> Result<Received> {
        let waiting = self.read(actor.clone(), move |c, act| intake::waiting(c, act, id)).await?;
        let told = match waiting {
            Waiting::Told(told) => Ok(told),
            Waiting::Raw(raw) => self.read_again(raw).await,
            Waiting::Stored { form, gateway, media_type, sha256 } => {
                let storage = self.gateways.storage.clone();
                let bytes = tokio::task::spawn_blocking(move || storage.get(&sha256))
                    .await
                    .map_err(Error::internal)?
                    .map_err(|error| Error::internal(format!("raw bytes of item {id}: {error}")))?;
                self.read_again(Raw { form, gateway, media_type, bytes }).await
            }
            Waiting::Settled(received) => return Ok(*received),
        };
        let limit = self.config.server.attachment_limit;
        let fits = |told: Told| match &told {
            Told::Words(inbound) => too_large(inbound, limit).map_or(Ok(told), Err),
            Told::Filing(_) => Ok(told),
        };
        let tried = match told.and_then(fits) {
            Ok(told) => self.write(actor.clone(), move |c, act| intake::retry(c, act, id, &told)).await,
            Err(error) => Err(error),
        };
        let received = match tried {
            Err(error) if intake::is_kept(&Actor::System, &error) => {
                let refusal = noted(&error);
                self.write(actor, move |c, act| intake::still_failed(c, act, id, &refusal)).await?
            }
            tried => tried?,
        };
        self.nudges.outbox.notify_one();
        Ok(received)
    }

    async fn read_again(&self, raw: Raw) -> Result<Told> {
        let inbound = self.stored(intake::read(&raw)?).await?;
        Ok(Told::Words(Box::new(inbound)))
    }

    /// The same with every file in the storage.
    async fn stored(&self, mut inbound: Inbound) -> Result<Inbound> {
        for file in &mut inbound.enclosed {
            let Content::Bytes(bytes) = &mut file.content else { continue };
            let bytes = std::mem::take(bytes);
            let stored = if bytes.len() > self.config.server.attachment_limit {
                // it will not be taken; its bytes stay as they came for whoever looks at the item
                self.keep_bytes(file.name.clone(), bytes).await?
            } else {
                self.take_file(file.name.clone(), bytes).await?
            };
            let StoredFile { name, media_type, size, sha256 } = stored;
            *file = Enclosed { name, content: Content::Stored { sha256, size, media_type }, ..file.clone() };
        }
        if let Some(file) = &mut inbound.raw
            && let Content::Bytes(bytes) = &mut file.content
        {
            let StoredFile { media_type, size, sha256, .. } =
                self.keep_bytes(String::new(), std::mem::take(bytes)).await?;
            *file = Enclosed { content: Content::Stored { sha256, size, media_type }, ..file.clone() };
        }
        Ok(inbound)
    }

    /// Puts bytes into the storage, durably.
    pub(super) async fn keep_bytes(&self, name: String, bytes: Vec<u8>) -> Result<StoredFile> {
        let storage = self.gateways.storage.clone();
        tokio::task::spawn_blocking(move || {
            let sha256 = sha256_hex(&bytes);
            storage.put(&sha256, &bytes).map_err(|error| {
                tracing::error!(%error, "a file of intake was not stored");
                Error::Unavailable { retry_after: 30 }
            })?;
            let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
            Ok(StoredFile { name, media_type: sniff(&bytes).to_owned(), size, sha256 })
        })
        .await
        .map_err(Error::internal)?
    }
}

/// Why something is kept; a fault of ours is logged, since nobody else hears of it.
fn noted(error: &Error) -> Refusal {
    if let Error::Internal(source) = error {
        tracing::error!(error = %source, "something that came in could not be taken; it is kept");
    }
    Refusal::of(error)
}

/// The first file that is larger than a case may hold; it is kept all the same.
fn too_large(inbound: &Inbound, limit: usize) -> Option<Error> {
    let is_over = |file: &Enclosed| match &file.content {
        Content::Stored { size, .. } => usize::try_from(*size).is_ok_and(|size| size > limit),
        Content::Bytes(bytes) => bytes.len() > limit,
    };
    let index = inbound.enclosed.iter().position(is_over)?;
    Some(Error::field(FieldError::new(
        format!("enclosed[{index}]"),
        "too_large",
        format!("هر پرونده حداکثر {limit} بایت."),
        format!("A file has at most {limit} bytes."),
    )))
}
