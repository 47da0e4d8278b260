//! Gateways to the outside: mail, SMS, fax, single sign-on, file storage, malware scanner, recognition of scans, exported
//! files; and the bench on which foreign files are opened.
//!
//! None of them opens a database connection, none is called inside a transaction, and none logs an address,
//! a text or a key. What a gateway says is cleaned of addresses and numbers before it leaves this module.

pub mod bench;
pub mod exports;
mod fax;
pub mod imap;
mod mail;
mod memory;
pub mod ocr;
pub mod oidc;
mod rest;
pub mod scanner;
pub mod sms;
pub mod smtp;
pub mod storage;
mod turns;
mod webhooks;

pub use bench::Bench;
pub use fax::FaxGateway;
pub use memory::Memory;
pub use ocr::Ocr;
pub use oidc::Oidc;
pub use scanner::Scanner;
pub use sms::SmsGateway;
pub use smtp::Mailer;
pub use storage::Storage;
pub use webhooks::Webhooks;

use crate::config::Config;
use crate::db::types::Time;
use crate::domain::notifications::Outlet;
use crate::domain::notifications::outbox::Letter;

/// What a demonstration answers in the place of a gateway.
pub const DEMO: &str = "demo: gateways are off";

/// What became of one letter at a gateway; the words are safe to keep and to show to staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sending {
    /// Taken over, perhaps under an id of the carrier.
    Accepted { carrier_id: Option<String> },
    /// Kept back on purpose.
    Withheld(&'static str),
    /// Never to be sent this way: a bad address, a refused text.
    Refused(String),
    /// Not now; this message may be tried again.
    Deferred(String),
    /// The gateway is away; nothing was wrong with the message.
    Down(String),
    /// The gateway refuses us: key, credit, address of the service. Somebody must mend it.
    Misconfigured(String),
}

/// All gateways of a process; cheap to clone.
#[derive(Debug, Clone)]
pub struct Gateways {
    /// Where attachments lie.
    pub storage: Storage,
    /// Where foreign files are opened.
    pub bench: Bench,
    /// Who looks for malware in them.
    pub scanner: Scanner,
    pub mailer: Mailer,
    pub sms: SmsGateway,
    pub fax: FaxGateway,
    turns: turns::Turns,
    /// Who signs staff on.
    pub oidc: Oidc,
    /// What reads scans.
    pub ocr: Ocr,
    /// Who tells subscribers.
    pub webhooks: Webhooks,
}

impl Gateways {
    /// The gateways that the settings name; in a demonstration none of them sends.
    ///
    /// # Errors
    /// One line that names the wrong setting.
    pub fn new(config: &Config) -> Result<Self, String> {
        let (storage, bench, scanner) = (Storage::new(config)?, Bench::default(), Scanner::new(config));
        let (oidc, ocr, is_demo) = (Oidc::new(config)?, Ocr::new(&config.ocr), config.is_demo);
        let mailer = if is_demo { Mailer::Demo } else { Mailer::new(config)? };
        let sms = if is_demo { SmsGateway::Demo } else { SmsGateway::new(config)? };
        let fax = if is_demo { FaxGateway::Demo } else { FaxGateway::new(&config.fax) };
        let (turns, webhooks) = (turns::Turns::new(config), Webhooks::new(config)?);
        Ok(Self { storage, bench, scanner, mailer, sms, fax, turns, oidc, ocr, webhooks })
    }

    /// Gateways that keep what they are given; for tests. Storage, scanner and webhooks are those of the settings.
    ///
    /// # Panics
    /// Where the settings of the storage are wrong.
    pub fn in_memory(config: &Config) -> Self {
        Self {
            storage: Storage::new(config).expect("the settings of a test are right"),
            bench: Bench::default(),
            scanner: Scanner::new(config),
            mailer: Mailer::Memory(Memory::default()),
            sms: SmsGateway::Memory(Memory::default()),
            fax: FaxGateway::Memory(Memory::default()),
            turns: turns::Turns::new(config),
            oidc: Oidc::new(config).unwrap_or_default(),
            ocr: Ocr::new(&config.ocr),
            webhooks: Webhooks::new(config).expect("a client can be made"),
        }
    }

    /// The outlets for which a gateway is set up.
    pub fn usable(&self) -> Vec<Outlet> {
        let is_usable = |outlet: &Outlet| match outlet {
            Outlet::Sms => !matches!(self.sms, SmsGateway::Off),
            Outlet::Email => !matches!(self.mailer, Mailer::Off),
            Outlet::Fax => self.fax.is_on(),
            Outlet::Letter => false,
        };
        Outlet::ALL.iter().copied().filter(is_usable).collect()
    }

    /// By which gateway a letter goes.
    pub fn name_for(&self, letter: &Letter) -> Option<String> {
        match letter.outlet {
            Outlet::Sms => self.sms.name_for(letter).map(str::to_owned),
            Outlet::Email => Some(turns::MAIL.into()),
            Outlet::Fax => Some(fax::NAME.into()),
            Outlet::Letter => None,
        }
    }

    /// By which gateway a letter goes, where that is told how far it gets; and whether it must be asked.
    pub fn follows(&self, letter: &Letter) -> Option<(&str, bool)> {
        match letter.outlet {
            Outlet::Sms => self.sms.follows(letter),
            // its reports come by themselves
            Outlet::Fax => Some((fax::NAME, false)),
            Outlet::Email | Outlet::Letter => None,
        }
    }

    /// Takes the next turn of a letter at its gateway: none is now, else when it is.
    pub fn turn(&self, letter: &Letter, now: Time) -> Option<Time> {
        self.turns.take(&self.name_for(letter)?, now)
    }

    /// Sends a letter by its outlet; takes 30 seconds at most.
    pub async fn send(&self, letter: &Letter) -> Sending {
        let sending = async {
            match letter.outlet {
                Outlet::Sms => self.sms.send(letter).await,
                Outlet::Email => self.mailer.send(letter).await,
                Outlet::Fax => self.fax.send(letter).await,
                Outlet::Letter => Sending::Refused("a letter is printed and posted by people".into()),
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(30), sending)
            .await
            .unwrap_or_else(|_| Sending::Down("no answer in 30 seconds".into()))
    }
}

/// A gateway's words on one line, without addresses and long numbers.
pub(crate) fn scrubbed(words: &str) -> String {
    let safe = |word: &str| {
        let digits = word.chars().filter(|letter| letter.is_numeric()).count();
        if word.contains('@') || digits >= 7 { "…".to_owned() } else { word.to_owned() }
    };
    words.split_whitespace().map(safe).collect::<Vec<_>>().join(" ").chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateways_words_name_nobody() {
        let said = "550 5.1.1 <citizen@example.ir>:\n recipient +989121234567 unknown";
        assert_eq!(scrubbed(said), "550 5.1.1 … recipient … unknown");
    }
}
