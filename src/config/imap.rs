//! Mailboxes that are read by IMAP.

use std::path::PathBuf;

use serde::Deserialize;

/// A mailbox that is read.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ImapMailbox {
    pub name: String,
    pub url: String,
    pub folder: String,
    pub ca: PathBuf,
}

impl ImapMailbox {
    /// Under which name its items and its state are kept.
    pub fn name(&self) -> &str {
        if self.name.is_empty() { "mail" } else { &self.name }
    }

    /// The folder that is read.
    pub fn folder(&self) -> &str {
        if self.folder.is_empty() { "INBOX" } else { &self.folder }
    }
}

/// One mailbox (`[imap]`, `SAMAD__IMAP__URL`), or several (`[[imap]]`).
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Imap {
    One(ImapMailbox),
    Several(Vec<ImapMailbox>),
}

impl Imap {
    /// The mailboxes that are set up.
    pub fn mailboxes(&self) -> impl Iterator<Item = &ImapMailbox> {
        let all = match self {
            Imap::One(one) => std::slice::from_ref(one),
            Imap::Several(several) => several,
        };
        all.iter().filter(|mailbox| !mailbox.url.is_empty())
    }

    /// Everything wrong with them, one line each.
    pub(super) fn problems(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut names = std::collections::BTreeSet::new();
        for mailbox in self.mailboxes() {
            let name = mailbox.name();
            if let Err(what) = ImapAddress::parse(&mailbox.url) {
                found.push(format!("mailbox '{name}': {what}"));
            }
            if !mailbox.ca.as_os_str().is_empty() && !mailbox.ca.exists() {
                found.push(format!(
                    "mailbox '{name}': the certificate file {} is not there",
                    mailbox.ca.display()
                ));
            }
            if !names.insert(name) {
                found.push(format!("two mailboxes are named '{name}'; give each [[imap]] a name of its own"));
            }
        }
        found
    }
}

/// Where a mailbox is, read from its URL.
#[derive(Clone, PartialEq, Eq)]
pub struct ImapAddress {
    pub security: ImapSecurity,
    pub host: String,
    pub port: u16,
    pub user: String,
    pub password: String,
}

/// How the connection is kept private.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImapSecurity {
    /// `imaps://`, from the first byte.
    Tls,
    /// `imap+starttls://`
    StartTls,
    /// `imap://`, only on this machine.
    Plain,
}

impl ImapAddress {
    /// Reads `imaps://user:password@host:993`; the error says what is missing and shows no password.
    pub fn parse(url: &str) -> Result<Self, &'static str> {
        const SHAPE: &str = "write imaps://user:password@host:993 or imap+starttls://user:password@host:143; an @ in the user is %40";
        let (security, port) = match url.split_once("://").map(|(scheme, _)| scheme) {
            Some("imaps") => (ImapSecurity::Tls, 993),
            Some("imap+starttls") => (ImapSecurity::StartTls, 143),
            Some("imap") => (ImapSecurity::Plain, 143),
            _ => return Err(SHAPE),
        };
        let parsed = reqwest::Url::parse(url).map_err(|_| SHAPE)?;
        let host = parsed.host_str().filter(|host| !host.is_empty()).ok_or(SHAPE)?.to_owned();
        let plain = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        let (user, password) = (plain(parsed.username()), plain(parsed.password().unwrap_or_default()));
        if user.is_empty() || password.is_empty() {
            return Err(SHAPE);
        }
        if security == ImapSecurity::Plain && !["127.0.0.1", "localhost", "[::1]"].contains(&host.as_str()) {
            return Err("imap:// sends the password in the open; write imaps:// or imap+starttls://");
        }
        Ok(Self { security, host, port: parsed.port().unwrap_or(port), user, password })
    }
}

impl std::fmt::Debug for ImapMailbox {
    /// Shows no password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ImapMailbox").field("name", &self.name).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for ImapAddress {
    /// Shows no password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ImapAddress").field("security", &self.security).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailbox_is_named_by_one_url_and_never_read_in_the_open() {
        let read = |url: &str| {
            ImapAddress::parse(url).map(|at| (at.security, at.host, at.port, at.user, at.password))
        };
        let whole = read("imaps://people%40samad.ir:p%3Aw@mail.samad.ir");
        let wanted = (ImapSecurity::Tls, "mail.samad.ir".into(), 993, "people@samad.ir".into(), "p:w".into());
        assert_eq!(whole, Ok(wanted));
        assert!(read("imap://u:p@127.0.0.1:1143").is_ok());
        for wrong in
            ["", "mail.samad.ir", "pop3://u:p@h", "imaps://h", "imaps://u@h", "imap://u:p@mail.samad.ir"]
        {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
