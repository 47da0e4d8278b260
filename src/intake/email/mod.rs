//! E-mail (RFC 5322, MIME): any bytes become a [`Mail`] or a named failure, in bounded time and memory.
//!
//! Pure: no storage, no clock. Charsets, broken headers and HTML are dealt with here; whether a mail is a person's, a
//! bounce or a robot's is told by its kind and decided by the module `automatic` beside it. The raw mail is always kept whole.

mod charset;
mod html;
mod kind;
mod parse;
mod quote;
#[cfg(test)]
mod tests;

pub use kind::{Bounce, Fate, Kind};
pub use parse::parse;
pub use quote::own_words;

use serde::{Deserialize, Serialize};

use super::form::Raw;
use super::inbound::{Content, Enclosed, Inbound, Particulars, Sender, Thread, Vouch};
use crate::db::types::Time;
use crate::domain::cases::{Channel, sha256_hex};
use crate::domain::intake::Form;
use crate::error::{Code, Error, Result};

/// The media type of a mail.
pub const MEDIA_TYPE: &str = "message/rfc822";
/// The media type of the head of a mail that was larger than the limit.
pub const CUT_TYPE: &str = "message/rfc822;cut";

/// A mail, read.
#[derive(Clone, Default)]
pub struct Mail {
    pub from: Option<Mailbox>,
    /// The first address that it was sent to.
    pub to: Option<String>,
    pub subject: Option<String>,
    /// All its words, HTML as plain text.
    pub text: String,
    pub files: Vec<File>,
    pub thread: Thread,
    /// When the last server got it, where that says so.
    pub received_at: Option<Time>,
    pub kind: Kind,
}

impl std::fmt::Debug for Mail {
    /// Shows no word and no address of anybody.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mail")
            .field("kind", &self.kind)
            .field("files", &self.files.len())
            .finish_non_exhaustive()
    }
}

/// A name and an address.
#[derive(Clone, PartialEq, Eq)]
pub struct Mailbox {
    pub name: Option<String>,
    pub address: String,
}

/// An attachment or inline image.
#[derive(Clone)]
pub struct File {
    pub name: String,
    pub media_type: Option<String>,
    pub bytes: Vec<u8>,
}

/// What only a mail tells.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MailParticulars {
    pub kind: Kind,
    /// It was larger than the limit; only its head is here.
    #[serde(default)]
    pub is_cut: bool,
}

/// Reads a mail.
///
/// # Errors
/// `Malformed` for what is no mail, `Invalid` for one that is built to exhaust its reader.
pub(super) fn read(raw: &Raw) -> Result<Inbound> {
    let is_cut = raw.media_type == CUT_TYPE;
    if !is_cut && ![MEDIA_TYPE, "application/octet-stream", "text/plain"].contains(&raw.media_type.as_str()) {
        return Err(Error::Malformed(Code::UnsupportedMedia));
    }
    let mail = parse(&raw.bytes)?;
    let text = words_of(&mail);
    let (name, email) = mail.from.map(|from| (from.name, from.address)).unzip();
    let mut files = mail.files;
    if is_cut {
        // the last file is broken off in the middle; the notice asks for the files again
        files.clear();
    }
    Ok(Inbound {
        external_id: Some(mail.thread.message_id.clone().unwrap_or_else(|| digest_id(&raw.bytes))),
        received_at: mail.received_at,
        sender: Sender { name: name.flatten(), email, vouch: Vouch::Nobody, ..Sender::default() },
        recipient: mail.to,
        subject: mail.subject,
        language: language(&text).map(str::to_owned),
        text,
        thread: mail.thread,
        enclosed: files.into_iter().map(enclosed).collect(),
        raw: Some(enclosed(File {
            name: "mail.eml".into(),
            media_type: Some(MEDIA_TYPE.into()),
            bytes: raw.bytes.clone(),
        })),
        particulars: Particulars::Mail(MailParticulars { kind: mail.kind, is_cut }),
        ..Inbound::new(Form::Email, Channel::Email)
    })
}

/// What a mail without a Message-ID is known by: the same bytes are the same mail.
fn digest_id(bytes: &[u8]) -> String {
    format!("sha256:{}", sha256_hex(bytes))
}

/// What the case is given: of a reply only the new words, of anything else all; a bare subject where there are none.
fn words_of(mail: &Mail) -> String {
    let is_reply = mail.thread.answered().next().is_some();
    let words = if is_reply { own_words(&mail.text) } else { mail.text.trim().to_owned() };
    match (words.is_empty(), &mail.subject) {
        (true, Some(subject)) if mail.text.trim().is_empty() => subject.trim().to_owned(),
        (true, _) => mail.text.trim().to_owned(),
        (false, _) => words,
    }
}

/// English where it is plainly no Persian; else the channel does not know.
fn language(text: &str) -> Option<&'static str> {
    let arabic = text.chars().filter(|c| matches!(c, '\u{600}'..='\u{6FF}')).count();
    let latin = text.chars().filter(char::is_ascii_alphabetic).count();
    match (arabic, latin) {
        (0, 20..) => Some("en"),
        (1.., _) if arabic * 2 > latin => Some("fa"),
        _ => None,
    }
}

fn enclosed(file: File) -> Enclosed {
    Enclosed { name: file.name, declared: file.media_type, content: Content::Bytes(file.bytes) }
}
