//! A mailbox on an IMAP server (RFC 3501): what is new after a UID, mail by mail, and word of new mail (IDLE, RFC 2177).
//!
//! The folder is opened for reading only: nothing in it is marked, moved or removed.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_imap::extensions::idle::IdleResponse;
use futures_util::StreamExt;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::scrubbed;
use crate::config::{ImapAddress, ImapMailbox, ImapSecurity};

/// How long one step of a conversation may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How long one mail may take to come.
const MAIL_TIMEOUT: Duration = Duration::from_secs(300);

trait Line: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug> Line for T {}
type Session = async_imap::Session<Box<dyn Line>>;

/// What went wrong, without addresses or passwords.
pub type Outcome<T> = Result<T, String>;

/// An open folder.
#[derive(Debug)]
pub struct Folder {
    session: Session,
    can_idle: bool,
    /// While it is the same, a UID means the same mail.
    pub uid_validity: i64,
}

/// A mail as it lies on the server.
pub struct Fetched {
    pub bytes: Vec<u8>,
    /// It is larger than the limit; these are its first bytes.
    pub is_cut: bool,
}

/// Connects, signs in and opens the folder.
///
/// # Errors
/// What the server or the network said.
pub async fn open(mailbox: &ImapMailbox) -> Outcome<Folder> {
    let address = ImapAddress::parse(&mailbox.url).map_err(str::to_owned)?;
    let client = step(TIMEOUT, "connect", connect(&address, &mailbox.ca)).await?;
    let sign_in =
        async { client.login(&address.user, &address.password).await.map_err(|(error, _)| told(&error)) };
    let mut session = step(TIMEOUT, "sign in", sign_in).await?;
    let can_idle =
        step(TIMEOUT, "capabilities", async { session.capabilities().await.map_err(|e| told(&e)) })
            .await?
            .has_str("IDLE");
    let opened = async { session.examine(mailbox.folder()).await.map_err(|error| told(&error)) };
    let folder = step(TIMEOUT, "open the folder", opened).await?;
    let uid_validity = folder.uid_validity.ok_or("the server tells no UIDVALIDITY")?;
    Ok(Folder { session, can_idle, uid_validity: i64::from(uid_validity) })
}

/// One step of a conversation, with its name before what went wrong.
async fn step<T>(limit: Duration, name: &str, doing: impl Future<Output = Outcome<T>>) -> Outcome<T> {
    match tokio::time::timeout(limit, doing).await {
        Ok(done) => done.map_err(|error| format!("{name}: {error}")),
        Err(_) => Err(format!("{name}: no answer in {} seconds", limit.as_secs())),
    }
}

fn told(error: &async_imap::error::Error) -> String {
    scrubbed(&error.to_string())
}

async fn connect(address: &ImapAddress, ca: &Path) -> Outcome<async_imap::Client<Box<dyn Line>>> {
    let said = |error: std::io::Error| scrubbed(&error.to_string());
    let plain =
        TcpStream::connect((address.host.trim_matches(['[', ']']), address.port)).await.map_err(said)?;
    let line: Box<dyn Line> = match address.security {
        ImapSecurity::Plain => Box::new(plain),
        ImapSecurity::Tls => Box::new(secured(plain, address, ca).await?),
        ImapSecurity::StartTls => {
            let mut client = async_imap::Client::new(plain);
            greeted(&mut client).await?;
            client.run_command_and_check_ok("STARTTLS", None).await.map_err(|error| told(&error))?;
            // what was greeted in the open is not greeted again
            return Ok(async_imap::Client::new(Box::new(secured(client.into_inner(), address, ca).await?)));
        }
    };
    let mut client = async_imap::Client::new(line);
    greeted(&mut client).await?;
    Ok(client)
}

async fn greeted<T: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug>(
    client: &mut async_imap::Client<T>,
) -> Outcome<()> {
    let greeting = client.read_response().await.map_err(|error| scrubbed(&error.to_string()))?;
    greeting.map(|_| ()).ok_or_else(|| "the server closed without a greeting".to_owned())
}

async fn secured(
    plain: TcpStream,
    address: &ImapAddress,
    ca: &Path,
) -> Outcome<tokio_rustls::client::TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    if ca.as_os_str().is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    } else {
        let unread = |error: rustls_pki_types::pem::Error| format!("imap.ca: {error}");
        for certificate in CertificateDer::pem_file_iter(ca).map_err(unread)? {
            roots.add(certificate.map_err(unread)?).map_err(|error| format!("imap.ca: {error}"))?;
        }
    }
    let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(address.host.trim_matches(['[', ']']).to_owned())
        .map_err(|error| error.to_string())?;
    TlsConnector::from(Arc::new(config))
        .connect(name, plain)
        .await
        .map_err(|error| scrubbed(&error.to_string()))
}

impl Folder {
    /// UIDs of all mails after `last`, the oldest first.
    pub async fn after(&mut self, last: i64) -> Outcome<Vec<i64>> {
        let query = format!("UID {}:*", last.saturating_add(1));
        let found = async { self.session.uid_search(&query).await.map_err(|error| told(&error)) };
        // "*" is the last mail, also where that lies before the range
        let found = step(MAIL_TIMEOUT, "search", found).await?;
        let mut uids: Vec<i64> = found.into_iter().map(i64::from).filter(|uid| *uid > last).collect();
        uids.sort_unstable();
        Ok(uids)
    }

    /// A mail, or its first `head` bytes where it is larger than `limit`; none when it is gone.
    pub async fn fetch(&mut self, uid: i64, limit: usize, head: usize) -> Outcome<Option<Fetched>> {
        let size = step(TIMEOUT, "size", self.fetched(uid, "(UID RFC822.SIZE)", |fetch| fetch.size)).await?;
        let Some(size) = size else { return Ok(None) };
        let is_cut = usize::try_from(size).is_ok_and(|size| size > limit);
        let what =
            if is_cut { format!("(UID BODY.PEEK[]<0.{head}>)") } else { "(UID BODY.PEEK[])".to_owned() };
        let bytes = self.fetched(uid, &what, |fetch| fetch.body().map(<[u8]>::to_vec));
        let bytes = step(MAIL_TIMEOUT, "fetch", bytes).await?;
        Ok(bytes.map(|bytes| Fetched { bytes, is_cut }))
    }

    async fn fetched<T>(
        &mut self,
        uid: i64,
        what: &str,
        take: impl Fn(&async_imap::types::Fetch) -> Option<T>,
    ) -> Outcome<Option<T>> {
        let mut answers =
            self.session.uid_fetch(uid.to_string(), what).await.map_err(|error| told(&error))?;
        let mut found = None;
        // servers may tell of other mails in between
        while let Some(answer) = answers.next().await {
            let answer = answer.map_err(|error| told(&error))?;
            if answer.uid.map(i64::from) == Some(uid) {
                found = found.or_else(|| take(&answer));
            }
        }
        Ok(found)
    }

    /// Waits until the server tells of something new, or for `longest`; where it cannot tell, for `longest`.
    pub async fn wait(mut self, longest: Duration) -> Outcome<Self> {
        let Self { can_idle, uid_validity, .. } = self;
        if !can_idle {
            tokio::time::sleep(longest).await;
            step(TIMEOUT, "noop", async { self.session.noop().await.map_err(|error| told(&error)) }).await?;
            return Ok(self);
        }
        let mut idle = self.session.idle();
        step(TIMEOUT, "idle", async { idle.init().await.map_err(|error| told(&error)) }).await?;
        let (word, _stop) = idle.wait_with_timeout(longest);
        // its own clock begins anew with every sign of life
        if let Ok(Ok(IdleResponse::ManualInterrupt)) = tokio::time::timeout(longest, word).await {
            return Err("the connection was closed".into());
        }
        let session =
            step(TIMEOUT, "idle", async { idle.done().await.map_err(|error| told(&error)) }).await?;
        Ok(Self { session, can_idle, uid_validity })
    }

    /// Ends the conversation.
    pub async fn close(mut self) {
        // the server may be gone already; there is nothing to lose
        let _ = tokio::time::timeout(TIMEOUT, self.session.logout()).await;
    }
}
