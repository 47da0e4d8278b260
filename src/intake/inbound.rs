//! What a channel hands over, in one shape for all of them.

use serde::{Deserialize, Serialize};

use crate::db::types::Time;
use crate::domain::cases::Channel;
use crate::domain::cases::register::Place;
use crate::domain::intake::Form;
use crate::domain::visits::sheet_lines::Line;

/// One thing that came in by a channel. Whoever writes a channel fills what the channel knows and leaves the rest.
#[derive(Clone, Serialize, Deserialize)]
pub struct Inbound {
    /// In which outside form it came; its raw bytes are read again by that form's reader.
    pub form: Form,
    pub channel: Channel,
    /// Name of the mailbox, line or folder by which it came; a gateway that calls with its key needs none.
    #[serde(default)]
    pub gateway: Option<String>,
    /// The channel's own id of it: the same id of the same gateway is taken once, for ever. Without one the same words
    /// and files of the same sender are one delivery within the limit `intake_repeat_minutes`.
    #[serde(default)]
    pub external_id: Option<String>,
    /// When the channel got it; now when missing, and never later than now.
    #[serde(default)]
    pub received_at: Option<Time>,
    #[serde(default)]
    pub sender: Sender,
    /// The line, address or desk that it was sent to.
    #[serde(default)]
    pub recipient: Option<String>,
    #[serde(default)]
    pub subject: Option<String>,
    /// The sender's words; empty where no machine can read them, and then a person keys it.
    #[serde(default)]
    pub text: String,
    /// `fa` or `en`, where the channel knows.
    #[serde(default)]
    pub language: Option<String>,
    #[serde(default)]
    pub thread: Thread,
    #[serde(default)]
    pub enclosed: Vec<Enclosed>,
    /// The message as it came on the wire, where that says more than is told here (e-mail, a fax image).
    #[serde(default)]
    pub raw: Option<Enclosed>,
    /// What only this channel knows.
    #[serde(default)]
    pub particulars: Particulars,
    /// What the desk that typed it in said of the matter.
    #[serde(default)]
    pub matter: Matter,
    /// A code that says why a person must key it although there are words, such as `low_confidence`.
    #[serde(default)]
    pub to_key: Option<String>,
    /// Whether its sender can be asked something by the way it came before it is taken; the app fills it in.
    #[serde(default)]
    pub may_ask: bool,
}

impl std::fmt::Debug for Inbound {
    /// Shows no word and no number of anybody.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inbound").field("channel", &self.channel).finish_non_exhaustive()
    }
}

impl Inbound {
    /// Something without content that came in this form by this channel.
    pub fn new(form: Form, channel: Channel) -> Self {
        Self {
            form,
            channel,
            gateway: None,
            external_id: None,
            received_at: None,
            sender: Sender::default(),
            recipient: None,
            subject: None,
            text: String::new(),
            language: None,
            thread: Thread::default(),
            enclosed: Vec::new(),
            raw: None,
            particulars: Particulars::None,
            matter: Matter::default(),
            to_key: None,
            may_ask: false,
        }
    }
}

/// Whether the channel itself stands for who sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Vouch {
    /// The sender only says so: a letterhead, a fax header, a From line that nobody signed.
    #[default]
    Nobody,
    /// The carrier or a checked signature says so: the number of an SMS or a call, a mail whose DKIM holds.
    Channel,
}

/// The sender, as the channel knows them; what is no number or address is left out of the case and noted.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sender {
    /// A phone number, mobile or fixed.
    pub number: Option<String>,
    /// A mobile that the sender wrote beside it.
    pub mobile: Option<String>,
    pub email: Option<String>,
    pub name: Option<String>,
    pub national_id: Option<String>,
    pub address: Option<String>,
    pub vouch: Vouch,
}

/// Headers by which a mail names those before it.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Thread {
    pub message_id: Option<String>,
    pub in_reply_to: Option<String>,
    pub references: Vec<String>,
}

impl Thread {
    /// All messages that it answers, the nearest first.
    pub fn answered(&self) -> impl Iterator<Item = &str> {
        self.in_reply_to.iter().map(String::as_str).chain(self.references.iter().rev().map(String::as_str))
    }
}

/// A file that came with it.
#[derive(Clone, Serialize, Deserialize)]
pub struct Enclosed {
    /// Name as the sender gave it.
    pub name: String,
    /// Media type as the sender declared it; what is stored is what the bytes show.
    #[serde(default)]
    pub declared: Option<String>,
    pub content: Content,
}

/// Where the bytes of a file are.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// In hand; the door puts them into the storage before anything is written.
    #[serde(skip)]
    Bytes(Vec<u8>),
    /// In the storage, under their digest.
    Stored { sha256: String, size: i64, media_type: String },
}

/// What only one channel knows; shown with the item.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum Particulars {
    #[default]
    None,
    Fax {
        pages: Option<u32>,
        station: Option<String>,
    },
    Letter {
        registry_number: Option<String>,
        registry_date: Option<String>,
        annexes: Option<u32>,
    },
    Visit {
        ticket: Option<String>,
        desk: Option<String>,
        official: Option<String>,
        /// The form of a people's desk, by its stack and number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        form: Option<Line>,
    },
    Mail(super::email::MailParticulars),
    /// One part of a long message that its gateway does not put together.
    Sms {
        reference: String,
        /// 1 for the first.
        part: i32,
        total: i32,
    },
    Call {
        queue: Option<String>,
        waited_seconds: Option<u32>,
        length_seconds: Option<u32>,
    },
}

/// What the desk that typed it in said of the matter; by itself a channel knows none of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Matter {
    /// Code of the kind; a request when missing, until somebody classifies it.
    pub kind: Option<String>,
    pub category: Option<String>,
    pub place: Option<Place>,
    /// Why it is registered although the citizen reached the day's cap.
    pub override_reason: Option<String>,
}
