//! E-mail by SMTP; what a mail looks like is told in the module `mail` beside it.
//!
//! What the server answers is sorted: a bad address is final, a full mailbox passes, and a server that is
//! away or refuses our sign-in is a fault of the gateway and never of the message.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use lettre::transport::smtp::{AsyncSmtpTransportBuilder, PoolConfig};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use super::mail::Stationery;
use super::rest::Rest;
use super::{DEMO, Memory, Sending, scrubbed};
use crate::config::{Config, smtp_url};
use crate::domain::notifications::outbox::Letter;

type Transport = AsyncSmtpTransport<Tokio1Executor>;

/// How long one step of a conversation with the server may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Replies by which a server refuses the sign-in (RFC 4954 §6).
const REFUSED_SIGN_IN: [&str; 4] = ["530", "534", "535", "538"];

/// Sends e-mail, or does not.
#[derive(Debug, Clone)]
pub enum Mailer {
    /// Not set up.
    Off,
    /// A demonstration: takes letters and sends none.
    Demo,
    Smtp(Arc<Post>),
    /// For tests.
    Memory(Memory),
}

/// A mail server and the sender in whose name we write.
pub struct Post {
    builder: AsyncSmtpTransportBuilder,
    /// Built at the first letter: its pool needs a running executor.
    transport: OnceLock<Transport>,
    stationery: Stationery,
    rest: Rest,
}

impl std::fmt::Debug for Post {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Post").finish_non_exhaustive()
    }
}

impl Mailer {
    /// The mailer that the settings name; `Off` where there is no server.
    ///
    /// # Errors
    /// One line that names the wrong setting.
    pub fn new(config: &Config) -> Result<Self, String> {
        if config.smtp.url.is_empty() {
            return Ok(Self::Off);
        }
        let builder = Transport::from_url(&smtp_url(&config.smtp.url))
            .map_err(|_| "smtp.url (SAMAD__SMTP__URL): not the address of a mail server".to_owned())?;
        let connections = u32::try_from(config.outbox.concurrency).unwrap_or(u32::MAX);
        let builder = builder.timeout(Some(TIMEOUT)).pool_config(PoolConfig::new().max_size(connections));
        let stationery = Stationery::new(config)?;
        let transport = OnceLock::new();
        Ok(Self::Smtp(Arc::new(Post { builder, transport, stationery, rest: Rest::default() })))
    }

    /// Sends one letter.
    pub async fn send(&self, letter: &Letter) -> Sending {
        match self {
            Self::Off => Sending::Down("no mail server is set up".into()),
            Self::Demo => Sending::Withheld(DEMO),
            Self::Memory(memory) => memory.send(letter).await,
            Self::Smtp(post) => post.send(letter).await,
        }
    }
}

impl Post {
    async fn send(&self, letter: &Letter) -> Sending {
        if let Some(answer) = self.rest.answer() {
            return answer;
        }
        let mail = match self.stationery.compose(letter) {
            Ok(mail) => mail,
            Err(reason) => return Sending::Refused(reason),
        };
        let transport = self.transport.get_or_init(|| self.builder.clone().build());
        let sending = match transport.send(mail).await {
            Ok(_) => Sending::Accepted { carrier_id: Some(self.stationery.message_id(letter)) },
            Err(error) => judge(&error),
        };
        self.rest.note(&sending);
        sending
    }
}

/// Sorts what the server or the network said.
fn judge(error: &lettre::transport::smtp::Error) -> Sending {
    let code = error.status().map(|code| code.to_string());
    let reason = scrubbed(&format!("SMTP: {error}"));
    match code.as_deref() {
        Some(code) if REFUSED_SIGN_IN.contains(&code) => Sending::Misconfigured(reason),
        // 421: the server closes; it speaks of itself
        Some("421") => Sending::Down(reason),
        Some(code) if code.starts_with('5') => Sending::Refused(reason),
        Some(_) => Sending::Deferred(reason),
        // the letter itself cannot be put into the protocol, such as an address the server has no words for
        None if error.is_client() => Sending::Refused(reason),
        None if error.is_tls() => Sending::Misconfigured(reason),
        None => Sending::Down(reason),
    }
}
