//! SMS pushed by a gateway: a JSON object or a form, whatever it calls its fields.

use serde::{Deserialize, Serialize};

use super::form::{Raw, named};
use super::inbound::{Inbound, Sender, Vouch};
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
}

const FROM: [&str; 6] = ["from", "sender", "mobile", "originator", "From", "msisdn"];
const TO: [&str; 5] = ["to", "receptor", "recipient", "To", "line"];
const TEXT: [&str; 6] = ["text", "message", "body", "payload", "Body", "Text"];
const ID: [&str; 5] = ["id", "messageid", "message_id", "SmsMessageSid", "MessageSid"];
const DATE: [&str; 3] = ["date", "received_at", "timestamp"];

/// Reads a pushed SMS.
pub(super) fn read(raw: &Raw) -> Result<Inbound> {
    let mut values = named(raw)?;
    let mut taken = |names: &[&str]| names.iter().find_map(|name| values.remove(*name));
    let (from, to, text, id, date) = (taken(&FROM), taken(&TO), taken(&TEXT), taken(&ID), taken(&DATE));
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
        text: text.ok_or_else(|| Error::field(FieldError::required("text")))?,
        ..Inbound::new(Form::Sms, Channel::Sms)
    })
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
