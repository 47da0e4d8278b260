//! E-mail by SMTP: text and HTML, with a Message-ID that is the same at every try of one message.
//!
//! What the server answers is sorted: a bad address is final, a full mailbox passes, and a server that is
//! away or refuses our sign-in is a fault of the gateway and never of the message.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::{AsyncSmtpTransportBuilder, PoolConfig};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use super::rest::Rest;
use super::{DEMO, Memory, Sending, scrubbed};
use crate::config::{Config, smtp_url};
use crate::domain::notifications::outbox::Letter;
use crate::error::Language;

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
    from: Mailbox,
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
        let from =
            config.smtp.from.parse().map_err(|_| "smtp.from (SAMAD__SMTP__FROM): not a sender".to_owned())?;
        Ok(Self::Smtp(Arc::new(Post { builder, transport: OnceLock::new(), from, rest: Rest::default() })))
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
        let mail = match compose(letter, &self.from) {
            Ok(mail) => mail,
            Err(reason) => return Sending::Refused(reason),
        };
        let transport = self.transport.get_or_init(|| self.builder.clone().build());
        let sending = match transport.send(mail).await {
            Ok(_) => Sending::Accepted { carrier_id: Some(message_id(letter, &self.from)) },
            Err(error) => judge(&error),
        };
        self.rest.note(&sending);
        sending
    }
}

/// `<samad.{message}@{domain of the sender}>`: the same at every try.
fn message_id(letter: &Letter, from: &Mailbox) -> String {
    format!("<samad.{}@{}>", letter.message, from.email.domain())
}

/// The mail as it goes out; the error says why there is none.
fn compose(letter: &Letter, from: &Mailbox) -> Result<Message, String> {
    let to: Address = letter.address.parse().map_err(|_| "the address is no e-mail address".to_owned())?;
    let text = letter.rendered.body.trim_end().to_owned();
    let html = html(&text, letter.language);
    let automatic =
        HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".into());
    Message::builder()
        .from(from.clone())
        .to(to.into())
        .subject(letter.rendered.subject.clone().unwrap_or_default())
        .message_id(Some(message_id(letter, from)))
        .raw_header(automatic)
        .date_now()
        .multipart(MultiPart::alternative_plain_html(text, html))
        .map_err(|error| scrubbed(&error.to_string()))
}

/// The text as a page: paragraphs and lines, in the direction of its language.
fn html(text: &str, language: Language) -> String {
    let (lang, direction) = match language {
        Language::Fa => ("fa", "rtl"),
        Language::En => ("en", "ltr"),
    };
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let paragraphs: Vec<String> = escaped
        .split("\n\n")
        .map(|paragraph| paragraph.trim().replace('\n', "<br>\n"))
        .filter(|paragraph| !paragraph.is_empty())
        .map(|paragraph| format!("<p>{paragraph}</p>"))
        .collect();
    format!(
        "<!DOCTYPE html>\n<html lang=\"{lang}\" dir=\"{direction}\">\n<head><meta charset=\"utf-8\"></head>\n\
         <body dir=\"{direction}\" style=\"font-family: Vazirmatn, Tahoma, sans-serif; line-height: 1.8\">\n{}\n</body>\n</html>\n",
        paragraphs.join("\n")
    )
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::types::MessageId;
    use crate::domain::notifications::{Outlet, Rendered};

    fn letter(address: &str) -> Letter {
        Letter {
            message: MessageId(42),
            outlet: Outlet::Email,
            address: address.into(),
            language: Language::Fa,
            rendered: Rendered {
                subject: Some("سامد: پرونده".into()),
                body: "سلام\n<b>\n\nپایان".into(),
                filled: Default::default(),
            },
        }
    }

    #[test]
    fn a_mail_is_text_and_right_to_left_html_under_a_stable_id() {
        let from: Mailbox = "Samad <no-reply@samad.example>".parse().unwrap();
        let mail = String::from_utf8(compose(&letter("a@example.ir"), &from).unwrap().formatted()).unwrap();
        for part in [
            "Message-ID: <samad.42@samad.example>",
            "Auto-Submitted: auto-generated",
            "multipart/alternative",
            "text/plain; charset=utf-8",
            "text/html; charset=utf-8",
        ] {
            assert!(mail.contains(part), "{part} is missing in\n{mail}");
        }
        let page = html(&letter("").rendered.body, Language::Fa);
        assert!(
            page.contains("dir=\"rtl\"") && page.contains("<p>سلام<br>\n&lt;b&gt;</p>\n<p>پایان</p>"),
            "{page}"
        );
    }

    #[test]
    fn a_bad_address_is_refused_and_not_told() {
        let from: Mailbox = "no-reply@samad.example".parse().unwrap();
        let error = compose(&letter("nobody at home"), &from).unwrap_err();
        assert!(!error.contains("nobody"));
    }
}
