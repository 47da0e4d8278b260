//! Bytes → [`Mail`].

use mail_parser::{
    Addr, Header, HeaderName, HeaderValue, Message, MessageParser, MessagePart, MimeHeaders, PartType,
};

use super::charset::{guessed, is_spoilt};
use super::{File, Mail, Mailbox, html, kind};
use crate::db::types::Time;
use crate::error::{Code, Error, FieldError, Result};
use crate::intake::inbound::Thread;

/// Most marks of a nested part; a mail of a hundred forwarded ones has fewer.
const NESTED: usize = 1000;
/// Bytes that reading may touch: each nested part may make the parser look through what is left once more.
const WORK: usize = 5_000_000_000;
/// Most files that are taken out of one mail; all of them are in the raw mail.
const FILES: usize = 200;
/// Characters of a subject that are kept.
const SUBJECT: usize = 1000;
/// Most Message-IDs of `References`.
const REFERENCES: usize = 100;

/// Reads a mail, as well as it can be read.
///
/// # Errors
/// `invalid_mail` where there is no header at all, a field `mail` with `too_nested` where it is built to exhaust.
pub fn parse(bytes: &[u8]) -> Result<Mail> {
    let nested = marks(bytes);
    if nested > NESTED || nested.saturating_mul(bytes.len()) > WORK {
        return Err(Error::field(FieldError::new(
            "mail",
            "too_nested",
            "بخش‌های تودرتوی رایانامه بیش از اندازه است؛ کسی باید آن را بخواند.",
            "The mail has too many parts inside parts; a person must read it.",
        )));
    }
    let mail = MessageParser::default().parse(headed(bytes)).filter(|mail| !mail.parts.is_empty());
    let Some(mail) = mail else { return Err(Error::Malformed(Code::InvalidMail)) };
    Ok(Mail {
        from: sender(&mail),
        to: mail.to().and_then(|to| to.first()).and_then(|to| to.address.as_deref().map(str::to_owned)),
        subject: subject(&mail),
        text: text(&mail),
        files: files(&mail),
        thread: thread(&mail),
        received_at: mail.received().and_then(|last| last.date()).and_then(|date| time(&date)),
        kind: kind::of(&mail),
    })
}

/// Without what stands before the first header: blank lines, and the line by which a mailbox file parts its mails.
fn headed(bytes: &[u8]) -> &[u8] {
    let rest = bytes.trim_ascii_start();
    let is_parting = |line: &[u8]| line.starts_with(b"From ") || line.starts_with(b">From ");
    match rest.iter().position(|byte| *byte == b'\n') {
        Some(end) if is_parting(rest) => &rest[end + 1..],
        _ => rest,
    }
}

/// How many nested parts the bytes can hold at most.
fn marks(bytes: &[u8]) -> usize {
    let count = |mark: &[u8]| {
        let first = mark[0];
        let starts = bytes
            .windows(mark.len())
            .filter(|window| window[0] | 0x20 == first && window.eq_ignore_ascii_case(mark));
        starts.count()
    };
    count(b"boundary") + count(b"message/rfc822") + count(b"message/global")
}

fn time(date: &mail_parser::DateTime) -> Option<Time> {
    let seconds = date.to_timestamp();
    (0..=4_102_444_800).contains(&seconds).then(|| Time::from_microsecond(seconds * 1_000_000))
}

/// Who wrote it: the first of From, Reply-To, Sender and Return-Path that holds an address.
fn sender(mail: &Message<'_>) -> Option<Mailbox> {
    let parsed = [mail.from(), mail.reply_to(), mail.sender()].into_iter().flatten();
    let found = parsed.flat_map(|list| list.iter()).find_map(mailbox);
    let raw = |name: &str| raw_header(mail, name).and_then(|raw| address_in(&raw));
    let found = match (found, raw("From")) {
        // a From that only a loose reader understands still comes before Reply-To
        (Some(found), Some(from))
            if mail.from().is_none_or(|list| list.iter().all(|one| mailbox(one).is_none())) =>
        {
            Some(Mailbox { address: from, ..found })
        }
        (Some(found), _) => Some(found),
        (None, from) => from.or_else(|| raw("Return-Path")).map(|address| Mailbox { name: None, address }),
    };
    found.map(|found| Mailbox { name: found.name.map(|name| readable(mail, "From", name)), ..found })
}

fn mailbox(addr: &Addr<'_>) -> Option<Mailbox> {
    let address = addr.address.as_deref()?.trim();
    let address = if is_address(address) { address.to_owned() } else { address_in(address)? };
    let name = addr.name.as_deref().map(|name| name.trim().trim_matches(['"', '\'']).trim().to_owned());
    Some(Mailbox { name: name.filter(|name| !name.is_empty()), address })
}

/// Something with one @ and words on both sides; whether mail can be sent there is asked elsewhere.
fn is_address(text: &str) -> bool {
    let parts: Vec<&str> = text.split('@').collect();
    let is_word = |part: &str| {
        !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || "<>,;:()\"".contains(c))
    };
    matches!(parts.as_slice(), [local, domain] if is_word(local) && is_word(domain))
}

/// The first address that stands in a text, the last in angle brackets before others.
fn address_in(text: &str) -> Option<String> {
    let bracketed = text.rsplit('<').filter_map(|rest| rest.split_once('>')).map(|(inside, _)| inside);
    let words = text.split(|c: char| c.is_whitespace() || "<>,;:()\"".contains(c));
    bracketed.chain(words).map(str::trim).find(|word| is_address(word)).map(str::to_owned)
}

/// The bytes of a header in whatever charset they are, unfolded.
fn raw_header(mail: &Message<'_>, name: &str) -> Option<String> {
    let headers: &[Header<'_>] = mail.headers();
    let header = headers.iter().rev().find(|header| header.name().eq_ignore_ascii_case(name))?;
    let (start, end) = (header.offset_start() as usize, header.offset_end() as usize);
    let bytes = mail.raw_message.get(start..end)?;
    Some(
        guessed(bytes)
            .split(['\r', '\n'])
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect::<Vec<_>>()
            .join(" "),
    )
}

/// A header's value; where its charset was not declared, read again with a guess.
fn readable(mail: &Message<'_>, name: &str, value: String) -> String {
    if !is_spoilt(&value) {
        return value;
    }
    match raw_header(mail, name) {
        Some(raw) if !raw.contains("=?") => match (name, raw.rsplit_once('<')) {
            ("From", Some((person, _))) => person.trim().trim_matches('"').to_owned(),
            _ => raw,
        },
        _ => value,
    }
}

fn subject(mail: &Message<'_>) -> Option<String> {
    let subject = mail.subject().map(|subject| readable(mail, "Subject", subject.to_owned()))?;
    let one_line: String = subject.split_whitespace().collect::<Vec<_>>().join(" ");
    Some(one_line.chars().take(SUBJECT).collect::<String>()).filter(|subject| !subject.is_empty())
}

fn text(mail: &Message<'_>) -> String {
    let of = |ids: &[u32]| {
        let parts = ids.iter().filter_map(|id| mail.parts.get(*id as usize));
        let words: Vec<String> = parts.filter_map(|part| words(mail, part)).collect();
        words.join("\n").trim().to_owned()
    };
    let found = [of(&mail.text_body), of(&mail.html_body)].into_iter().find(|text| !text.is_empty());
    found.unwrap_or_else(|| leftover(mail))
}

/// Words of a mail whose structure names no body: those of any part without a name, else of a mail inside it.
fn leftover(mail: &Message<'_>) -> String {
    let nameless = mail.parts.iter().filter(|part| part.attachment_name().is_none());
    let own: Vec<String> = nameless.filter_map(|part| words(mail, part)).collect();
    let own = own.join("\n").trim().to_owned();
    let inside = || {
        mail.parts.iter().find_map(|part| match &part.body {
            PartType::Message(nested) => nested.body_text(0).map(|text| text.trim().to_owned()),
            PartType::Text(_)
            | PartType::Html(_)
            | PartType::Binary(_)
            | PartType::InlineBinary(_)
            | PartType::Multipart(_) => None,
        })
    };
    if own.is_empty() { inside().unwrap_or_default() } else { own }
}

fn words(mail: &Message<'_>, part: &MessagePart<'_>) -> Option<String> {
    let text = match &part.body {
        PartType::Text(text) => recovered(mail, part, text),
        PartType::Html(page) => html::text(&recovered(mail, part, page)),
        PartType::Binary(_) | PartType::InlineBinary(_) | PartType::Message(_) | PartType::Multipart(_) => {
            return None;
        }
    };
    Some(text.replace("\r\n", "\n").replace('\r', "\n"))
}

/// The text of a part; one that was read in the wrong charset is read again from its bytes.
fn recovered(mail: &Message<'_>, part: &MessagePart<'_>, text: &str) -> String {
    if !is_spoilt(text) {
        return text.to_owned();
    }
    let raw = mail.raw_message.get(part.raw_body_offset() as usize..part.raw_end_offset() as usize);
    let bytes = raw.and_then(|raw| match part.encoding {
        mail_parser::Encoding::None => Some(raw.to_vec()),
        mail_parser::Encoding::QuotedPrintable => {
            mail_parser::decoders::quoted_printable::quoted_printable_decode(raw)
        }
        mail_parser::Encoding::Base64 => mail_parser::decoders::base64::base64_decode(raw),
    });
    match bytes.map(|bytes| guessed(&bytes)) {
        Some(better)
            if better.matches(char::REPLACEMENT_CHARACTER).count()
                < text.matches(char::REPLACEMENT_CHARACTER).count() =>
        {
            better
        }
        _ => text.to_owned(),
    }
}

fn files(mail: &Message<'_>) -> Vec<File> {
    let parts = mail.attachments.iter().filter_map(|id| mail.parts.get(*id as usize));
    let files = parts.enumerate().map(|(index, part)| file(part, index + 1));
    files.filter(|file| !file.bytes.is_empty()).take(FILES).collect()
}

fn file(part: &MessagePart<'_>, number: usize) -> File {
    let kind = part.content_type();
    let media_type = kind.map(|kind| match kind.subtype() {
        Some(sub) => format!("{}/{sub}", kind.ctype()).to_lowercase(),
        None => kind.ctype().to_lowercase(),
    });
    let name = part.attachment_name().map(|name| name.split_whitespace().collect::<Vec<_>>().join(" "));
    let name = name.filter(|name| !name.is_empty()).unwrap_or_else(|| {
        let ending = match media_type.as_deref() {
            Some("image/jpeg") => "jpg",
            Some("text/plain") => "txt",
            Some("message/rfc822" | "message/global") => "eml",
            Some(other) => other
                .rsplit('/')
                .next()
                .filter(|sub| sub.len() <= 5 && sub.bytes().all(|b| b.is_ascii_alphanumeric()))
                .unwrap_or("bin"),
            None => "bin",
        };
        format!("part-{number}.{ending}")
    });
    File { name, media_type, bytes: part.contents().to_vec() }
}

fn thread(mail: &Message<'_>) -> Thread {
    let clean = |id: &str| {
        Some(format!("<{}>", id.trim().trim_matches(['<', '>']))).filter(|id| id.len() > 2 && id.len() < 500)
    };
    let list = |value: &HeaderValue<'_>| match value {
        HeaderValue::Text(id) => vec![id.to_string()],
        HeaderValue::TextList(ids) => ids.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    };
    let of = |name: HeaderName<'static>| mail.header(name).map(list).unwrap_or_default();
    let mut references: Vec<String> =
        of(HeaderName::References).iter().rev().take(REFERENCES).filter_map(|id| clean(id)).collect();
    references.reverse();
    Thread {
        message_id: mail.message_id().and_then(clean),
        in_reply_to: of(HeaderName::InReplyTo).iter().find_map(|id| clean(id)),
        references,
    }
}
