//! SMS pushed by a gateway: a JSON object or a form, whatever it calls its fields. What is said by SMS to the service itself
//! is understood in `grammar` and answered in `talk`; `held` takes what waited for a word or for its other parts.

mod grammar;
mod held;
mod talk;

use serde::{Deserialize, Serialize};

use super::form::{Raw, named};
pub use held::{end_dialogue, give_dialogue_up};
pub(super) use held::{hold_back, is_unknown, part_of};
pub(super) use talk::talk;

use super::inbound::{Inbound, Particulars, Sender, Vouch};
use crate::db::types::Time;
use crate::domain::cases::Channel;
use crate::domain::intake::Form;
use crate::error::{Error, FieldError, Fields, Result};

/// An SMS as a gateway pushes it. The usual other names of each field are understood as well.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Sms {
    /// Number of the sender; also `sender`, `mobile`, `originator`, `From`.
    pub from: String,
    /// Our line; also `receptor`, `recipient`, `To`.
    pub to: Option<String>,
    /// The text, all parts in one; also `message`, `body`, `payload`, `Body`.
    pub text: String,
    /// The gateway's id of the message; also `messageid`, `message_id`, `SmsMessageSid`.
    pub id: Option<String>,
    /// When the gateway got it: RFC 3339 or seconds since 1970; also `received_at`, `timestamp`.
    pub date: Option<String>,
    /// The carrier's number of a long message whose parts come one by one; also `concat-ref`.
    pub reference: Option<String>,
    /// Which part of it this is, from 1; also `concat-part`.
    pub part: Option<i32>,
    /// How many parts it has; also `concat-total`.
    pub parts: Option<i32>,
}

const FROM: [&str; 6] = ["from", "sender", "mobile", "originator", "From", "msisdn"];
const TO: [&str; 5] = ["to", "receptor", "recipient", "To", "line"];
const TEXT: [&str; 6] = ["text", "message", "body", "payload", "Body", "Text"];
const ID: [&str; 5] = ["id", "messageid", "message_id", "SmsMessageSid", "MessageSid"];
const DATE: [&str; 4] = ["date", "received_at", "timestamp", "unix"];
const REFERENCE: [&str; 2] = ["reference", "concat-ref"];
const PART: [&str; 2] = ["part", "concat-part"];
const PARTS: [&str; 2] = ["parts", "concat-total"];
/// A message of more parts is none.
const MOST_PARTS: i32 = 40;

/// Reads a pushed SMS.
pub(super) fn read(raw: &Raw) -> Result<Inbound> {
    let mut values = named(raw)?;
    let mut taken = |names: &[&str]| names.iter().find_map(|name| values.remove(*name));
    let (from, to, text, id, date) = (taken(&FROM), taken(&TO), taken(&TEXT), taken(&ID), taken(&DATE));
    let particulars = particulars(taken(&REFERENCE), taken(&PART), taken(&PARTS));
    let mut fields = Fields::default();
    if from.as_deref().is_none_or(|from| from.trim().is_empty()) {
        fields.add(FieldError::required("from"));
    }
    if text.as_deref().is_none_or(|text| text.trim().is_empty()) {
        fields.add(FieldError::required("text"));
    }
    fields.finish()?;
    Ok(Inbound {
        external_id: id,
        received_at: date.as_deref().and_then(time),
        // the carrier's number; an alphanumeric sender can be anybody's
        sender: Sender { number: from, vouch: Vouch::Channel, ..Sender::default() },
        recipient: to,
        particulars,
        text: text.ok_or_else(|| Error::field(FieldError::required("text")))?,
        ..Inbound::new(Form::Sms, Channel::Sms)
    })
}

/// A part of a longer message, where all three values say so.
fn particulars(reference: Option<String>, part: Option<String>, total: Option<String>) -> Particulars {
    let number = |told: Option<String>| told.and_then(|told| told.trim().parse::<i32>().ok());
    match (reference.filter(|told| !told.trim().is_empty()), number(part), number(total)) {
        (Some(reference), Some(part), Some(total))
            if (2..=MOST_PARTS).contains(&total) && (1..=total).contains(&part) =>
        {
            Particulars::Sms { reference: reference.trim().to_owned(), part, total }
        }
        _ => Particulars::None,
    }
}

/// A gateway's time; one that cannot be read is no fault of the message.
fn time(told: &str) -> Option<Time> {
    let seconds =
        |text: &str| text.parse::<i64>().ok().filter(|seconds| (0..=4_102_444_800).contains(seconds));
    told.trim().parse().ok().or_else(|| seconds(told.trim()).map(|s| Time::from_microsecond(s * 1_000_000)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> Result<Inbound> {
        let media_type = "application/json".into();
        read(&Raw { form: Form::Sms, gateway: None, media_type, bytes: json.into() })
    }

    #[test]
    fn the_names_of_every_gateway_are_understood() {
        for json in [
            r#"{"from":"0912","to":"3000","text":"آب","id":"7","date":"1780000000"}"#,
            r#"{"sender":"0912","receptor":"3000","message":"آب","messageid":7,"date":1780000000}"#,
            r#"{"From":"0912","To":"3000","Body":"آب","SmsMessageSid":"7","timestamp":"2026-05-28T20:26:40Z"}"#,
        ] {
            let sms = of(json).unwrap();
            let told = (sms.sender.number.as_deref(), sms.recipient.as_deref(), sms.external_id.as_deref());
            assert_eq!((told, sms.text.as_str()), ((Some("0912"), Some("3000"), Some("7")), "آب"), "{json}");
            assert_eq!(sms.received_at, "2026-05-28T20:26:40Z".parse().ok(), "{json}");
        }
    }

    #[test]
    fn what_is_missing_is_named_all_at_once() {
        let Error::Invalid(fields) = of(r#"{"text":"  "}"#).unwrap_err() else { panic!("not named") };
        assert_eq!(fields.iter().map(|field| field.field.as_str()).collect::<Vec<_>>(), ["from", "text"]);
        assert_eq!(of(r#"{"from":"1","text":"x","date":"yesterday"}"#).unwrap().received_at, None);
    }
}
