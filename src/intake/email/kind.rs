//! Who speaks in a mail: a person, a mail server about a mail of ours, or a robot.

use mail_parser::{Message, MimeHeaders, PartType};
use serde::{Deserialize, Serialize};

/// What kind of mail it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    #[default]
    Ordinary,
    /// A report on a mail that was sent (RFC 3464).
    Bounce(Bounce),
    /// A vacation notice or another answer of a machine (RFC 3834).
    AutomaticReply,
    /// Only its subject says that a machine answered.
    LooksAutomatic,
    /// A machine wrote it, and not as an answer.
    Generated,
    /// It was sent to a mailing list (RFC 2919) or to many.
    List,
}

/// What a mail server reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounce {
    pub fate: Fate,
    /// Enhanced status code (RFC 3463), such as `5.1.1`.
    pub status: Option<String>,
    /// Message-IDs that it names; which of them are ours is told by their key.
    pub named: Vec<String>,
}

/// What became of the mail that a bounce speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It will never arrive: no such mailbox, refused for good.
    Hard,
    /// It was given up for a reason that passes, such as a full mailbox.
    Soft,
    /// It is still being tried.
    Delayed,
    /// It arrived, or was passed on.
    Delivered,
}

/// Most Message-IDs that are looked for in one bounce.
const NAMED: usize = 20;

/// The kind of a mail.
pub(super) fn of(mail: &Message<'_>) -> Kind {
    if let Some(bounce) = bounce(mail) {
        return Kind::Bounce(bounce);
    }
    let told = |name: &str| header(mail, name).unwrap_or_default();
    let submitted = told("Auto-Submitted");
    let precedence = told("Precedence");
    let is_receipt = report_type(mail).as_deref() == Some("disposition-notification");
    let has = |name: &str| header(mail, name).is_some();
    if submitted.starts_with("auto-replied")
        || precedence == "auto_reply"
        || is_receipt
        || ["X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Auto-Reply-From"]
            .iter()
            .any(|name| has(name))
    {
        return Kind::AutomaticReply;
    }
    if has("List-Id") || ["bulk", "list", "junk"].contains(&precedence.as_str()) || has("List-Post") {
        return Kind::List;
    }
    if !submitted.is_empty() && !submitted.starts_with("no") {
        return Kind::Generated;
    }
    if mail.subject().is_some_and(is_automatic_subject) { Kind::LooksAutomatic } else { Kind::Ordinary }
}

/// A header in lower case, without its comment; none where it is missing.
fn header(mail: &Message<'_>, name: &str) -> Option<String> {
    let raw = mail.header_raw(name)?;
    Some(raw.split(['(', ';']).next().unwrap_or_default().trim().to_lowercase())
}

fn is_automatic_subject(subject: &str) -> bool {
    let subject = subject.trim().to_lowercase().replace('ي', "ی").replace('ك', "ک");
    [
        "out of office",
        "out of the office",
        "automatic reply:",
        "automatic reply",
        "auto reply",
        "autoreply",
        "auto-reply",
        "auto:",
        "vacation",
        "پاسخ خودکار",
        "پاسخگوی خودکار",
        "پاسخ‌گوی خودکار",
        "خارج از دفتر",
        "در مرخصی",
    ]
    .iter()
    .any(|start| subject.starts_with(start))
}

fn report_type(mail: &Message<'_>) -> Option<String> {
    let kind = mail.content_type()?;
    let is_report = kind.ctype() == "multipart" && kind.subtype() == Some("report");
    is_report.then(|| kind.attribute("report-type").map(str::to_lowercase)).flatten()
}

fn bounce(mail: &Message<'_>) -> Option<Bounce> {
    let report = mail.parts.iter().find(|part| {
        part.content_type().is_some_and(|kind| {
            kind.ctype() == "message"
                && matches!(kind.subtype(), Some("delivery-status" | "global-delivery-status"))
        })
    });
    let words = report.map(|part| String::from_utf8_lossy(part.contents()).into_owned());
    if words.is_none() && report_type(mail).as_deref() != Some("delivery-status") && !looks_like_bounce(mail)
    {
        return None;
    }
    let field = |name: &str| {
        let line = words.as_deref()?.lines().find(|line| line.to_lowercase().starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_lowercase())
    };
    let status = field("status:").or_else(|| mail.body_text(0).and_then(|text| enhanced_status(&text)));
    let status = status
        .map(|status| status.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect::<String>());
    let action = field("action:").unwrap_or_default();
    let fate = match (action.as_str(), status.as_deref().and_then(|status| status.chars().next())) {
        ("delayed", _) => Fate::Delayed,
        ("delivered" | "relayed" | "expanded", _) => Fate::Delivered,
        (_, Some('4')) => Fate::Soft,
        (_, Some('2')) => Fate::Delivered,
        _ => Fate::Hard,
    };
    Some(Bounce { fate, status: status.filter(|status| !status.is_empty()), named: named(mail) })
}

/// Bounces of servers that know no RFC 3464.
fn looks_like_bounce(mail: &Message<'_>) -> bool {
    let from = mail
        .from()
        .and_then(|from| from.first())
        .and_then(|from| from.address.as_deref())
        .unwrap_or_default();
    let local = from.split('@').next().unwrap_or_default().to_lowercase();
    let is_daemon = ["mailer-daemon", "postmaster", "mail-daemon", "mdaemon"].contains(&local.as_str());
    let returns_nowhere = header(mail, "Return-Path").is_some_and(|path| path == "<>");
    let subject = mail.subject().unwrap_or_default().to_lowercase();
    let says = [
        "undeliver",
        "delivery status",
        "delivery fail",
        "failure notice",
        "returned mail",
        "mail delivery",
        "delivery has failed",
        "could not be delivered",
        "delivery notification",
        "عدم تحویل",
    ];
    (is_daemon || returns_nowhere || header(mail, "X-Failed-Recipients").is_some())
        && says.iter().any(|words| subject.contains(words))
}

/// The first enhanced status code of a text: `5.1.1`.
fn enhanced_status(text: &str) -> Option<String> {
    text.split(|c: char| c.is_whitespace() || "()[]<>,;:#".contains(c)).find_map(|word| {
        let mut parts = word.split('.');
        let class = parts.next().filter(|class| ["2", "4", "5"].contains(class))?;
        let (subject, detail) = (parts.next()?, parts.next()?);
        let is_number =
            |part: &str| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        (parts.next().is_none() && is_number(subject) && is_number(detail))
            .then(|| format!("{class}.{subject}.{detail}"))
    })
}

/// Message-IDs of ours that it may name: in its headers, in the mail that it returns, in its text.
fn named(mail: &Message<'_>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut add = |text: &str| {
        for (at, start) in text.match_indices("samad.") {
            let rest = &text[at + start.len()..];
            let length =
                rest.find(|c: char| !(c.is_ascii_alphanumeric() || "._-@".contains(c))).unwrap_or(rest.len());
            let id = &text[at..at + start.len() + length];
            if id.contains('@') && found.len() < NAMED && !found.iter().any(|known| known == id) {
                found.push(id.to_owned());
            }
        }
    };
    add(&String::from_utf8_lossy(&mail.raw_message));
    for part in &mail.parts {
        match &part.body {
            PartType::Text(text) | PartType::Html(text) => add(text),
            PartType::Binary(bytes) | PartType::InlineBinary(bytes) => add(&String::from_utf8_lossy(bytes)),
            PartType::Message(nested) => nested.message_id().into_iter().for_each(&mut add),
            PartType::Multipart(_) => {}
        }
    }
    found
}
