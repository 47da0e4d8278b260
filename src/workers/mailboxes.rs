//! Reads the mailboxes: each by one process at a time, each mail once, in the order of its UID.
//!
//! How far a mailbox was read is written after each mail, under the lease; a process that dies in between leaves one
//! mail to be read again, which the door knows by its Message-ID. Mail waits on its server as long as we are away.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::app::App;
use crate::config::ImapMailbox;
use crate::domain::actor::Actor;
use crate::domain::intake::Form;
use crate::domain::intake::mailboxes::{self, Position};
use crate::error::{Error, Result};
use crate::gateways::imap::{self, Fetched, Folder};
use crate::intake::{Raw, email};

/// Longer than one mail takes to come and to be taken in.
const LEASE_SECONDS: i64 = 420;
/// How long a mailbox is listened to before its lease is renewed.
const LISTEN: Duration = Duration::from_secs(60);
/// How often it is asked whether another process has let go of a mailbox.
const WATCH: Duration = Duration::from_secs(15);
/// First and longest pause after a fault.
const PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// Bytes that are read of a mail that is too large: its words stand before its files.
const HEAD: usize = 1_048_576;

/// Reads every mailbox until the service stops; `holder` names this process.
pub async fn run(app: App, holder: String, stop: watch::Receiver<bool>) {
    if app.config.is_demo {
        return;
    }
    let mut readers = JoinSet::new();
    for mailbox in app.config.imap.mailboxes().cloned() {
        let reader = Reader { app: app.clone(), owner: format!("{holder}/imap"), mailbox };
        readers.spawn(reader.run(stop.clone()));
    }
    while let Some(ended) = readers.join_next().await {
        if let Err(error) = ended {
            tracing::error!(%error, "a mailbox is not read any more; restart the service");
        }
    }
}

/// Reads every mailbox once, as far as nobody else reads it; gives how many mails were taken in.
///
/// # Errors
/// `Unavailable` where a server does not answer; what it said is kept with the mailbox.
pub async fn read_once(app: &App, owner: &str) -> Result<usize> {
    let mut taken = 0;
    for mailbox in app.config.imap.mailboxes().cloned() {
        let reader = Reader { app: app.clone(), owner: owner.to_owned(), mailbox };
        taken += match reader.round().await {
            Ok(Round::Read { taken, folder }) => {
                folder.close().await;
                reader.release().await?;
                taken
            }
            Ok(Round::Elsewhere) => 0,
            Err(fault) => {
                reader.note(&fault).await?;
                return Err(Error::Unavailable { retry_after: 30 });
            }
        };
    }
    Ok(taken)
}

/// Returns when the service stops.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    // an error means that whoever would tell us is gone already
    let _ = stop.wait_for(|is_stopped| *is_stopped).await;
}

struct Reader {
    app: App,
    owner: String,
    mailbox: ImapMailbox,
}

/// What keeps a mailbox from being read.
#[derive(Debug)]
enum Fault {
    /// The mail server; what it said.
    Server(String),
    /// Our own database.
    Ours(Error),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Ours(error)
    }
}

enum Round {
    Read {
        taken: usize,
        folder: Folder,
    },
    /// Another process holds the lease.
    Elsewhere,
}

impl Reader {
    async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut failures: u32 = 0;
        while !*stop.borrow() {
            let pause = tokio::select! {
                () = stopped(&mut stop) => break,
                ended = self.listen() => match ended {
                    Ok(()) => {
                        failures = 0;
                        WATCH
                    }
                    Err(fault) => {
                        failures += 1;
                        self.complain(&fault, failures).await;
                        LONGEST_PAUSE.min(PAUSE * 2_u32.saturating_pow(failures.min(7) - 1))
                    }
                },
            };
            tokio::select! {
                () = stopped(&mut stop) => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        if let Err(error) = self.release().await {
            tracing::warn!(%error, "the lease of a mailbox was not given back; it ends by itself");
        }
    }

    /// Reads and listens by turns while the lease is ours; ends without a fault when it is somebody else's.
    async fn listen(&self) -> std::result::Result<(), Fault> {
        let Round::Read { mut folder, .. } = self.round().await? else { return Ok(()) };
        loop {
            folder = folder.wait(LISTEN).await.map_err(Fault::Server)?;
            let Some(position) = self.lease().await? else { return Ok(()) };
            if self.catch_up(&mut folder, position).await?.is_none() {
                return Ok(());
            }
        }
    }

    /// Takes the lease, connects, and takes in all that is new.
    async fn round(&self) -> std::result::Result<Round, Fault> {
        let Some(position) = self.lease().await? else { return Ok(Round::Elsewhere) };
        let mut folder = imap::open(&self.mailbox).await.map_err(Fault::Server)?;
        match self.catch_up(&mut folder, position).await? {
            Some(taken) => Ok(Round::Read { taken, folder }),
            None => Ok(Round::Elsewhere),
        }
    }

    /// Takes in what lies after the position; none when the lease was lost meanwhile.
    async fn catch_up(
        &self,
        folder: &mut Folder,
        known: Position,
    ) -> std::result::Result<Option<usize>, Fault> {
        // another validity: the UIDs mean other mails now, and those that were read are known by their Message-IDs
        let is_same = known.uid_validity == folder.uid_validity;
        let mut position = Position {
            uid_validity: folder.uid_validity,
            last_uid: if is_same { known.last_uid } else { 0 },
        };
        if known.uid_validity != 0 && !is_same {
            tracing::warn!(
                mailbox = self.mailbox.name(),
                "the mail server numbered the mailbox anew; it is read from its start"
            );
        }
        let mut taken = 0;
        for uid in folder.after(position.last_uid).await.map_err(Fault::Server)? {
            let limit = self.app.config.server.intake_limit;
            let fetched = folder.fetch(uid, limit, HEAD).await.map_err(Fault::Server)?;
            if let Some(mail) = fetched {
                self.take(mail).await?;
                taken += 1;
            }
            position.last_uid = uid;
            if !self.advance(position).await? {
                return Ok(None);
            }
        }
        Ok(self.advance(position).await?.then_some(taken))
    }

    /// Hands one mail to the door; what cannot be read is kept there, whatever goes wrong with it.
    async fn take(&self, mail: Fetched) -> Result<()> {
        let media_type = if mail.is_cut { email::CUT_TYPE } else { email::MEDIA_TYPE };
        let gateway = Some(self.mailbox.name().to_owned());
        let raw = Raw { form: Form::Email, gateway, media_type: media_type.into(), bytes: mail.bytes };
        let (app, copy) = (self.app.clone(), raw.clone());
        // in a task of its own: a mail that makes its reader panic holds up no other
        match tokio::spawn(async move { app.receive_raw(Actor::System, copy).await }).await {
            Ok(received) => received.map(|_| ()),
            Err(panic) => self.app.keep_unread(Actor::System, raw, &Error::internal(panic)).await.map(|_| ()),
        }
    }

    async fn lease(&self) -> Result<Option<Position>> {
        let (name, owner) = (self.mailbox.name().to_owned(), self.owner.clone());
        let clock = self.app.clock.clone();
        self.app.db.write(move |c| mailboxes::lease(c, &name, &owner, clock.now(), LEASE_SECONDS)).await
    }

    async fn advance(&self, position: Position) -> Result<bool> {
        let (name, owner) = (self.mailbox.name().to_owned(), self.owner.clone());
        let clock = self.app.clock.clone();
        self.app
            .db
            .write(move |c| mailboxes::advance(c, &name, &owner, position, clock.now(), LEASE_SECONDS))
            .await
    }

    async fn release(&self) -> Result<()> {
        let (name, owner) = (self.mailbox.name().to_owned(), self.owner.clone());
        self.app.db.write(move |c| mailboxes::release(c, &name, &owner)).await
    }

    /// Keeps what went wrong with the mailbox, for the health page, and lets another process try.
    async fn note(&self, fault: &Fault) -> Result<()> {
        let said = match fault {
            Fault::Server(said) => said.clone(),
            Fault::Ours(error) => error.code().as_str().to_owned(),
        };
        let (name, clock) = (self.mailbox.name().to_owned(), self.app.clock.clone());
        self.app.db.write(move |c| mailboxes::failed(c, &name, &said, clock.now())).await?;
        self.release().await
    }

    async fn complain(&self, fault: &Fault, failures: u32) {
        let mailbox = self.mailbox.name();
        metrics::counter!("samad_mailbox_failures_total").increment(1);
        match fault {
            Fault::Server(said) => {
                tracing::warn!(mailbox, failures, said, "a mailbox cannot be read; it is tried again")
            }
            Fault::Ours(error) => {
                tracing::warn!(mailbox, failures, %error, "mail was not taken in; it is tried again")
            }
        }
        if let Err(error) = self.note(fault).await {
            tracing::warn!(mailbox, %error, "the fault of a mailbox was not noted");
        }
    }
}
