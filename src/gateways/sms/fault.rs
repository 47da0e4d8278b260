//! Why a provider did not do what was asked, sorted; what all dialects share.

use reqwest::StatusCode;

use crate::domain::sms::Alarm;
use crate::gateways::{Sending, scrubbed};

/// What went wrong; the words are safe to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// Never this message.
    Refused(String),
    /// Not now.
    Deferred(String),
    /// The provider is away.
    Down(String),
    /// The provider refuses us.
    Alarm(Alarm, String),
}

impl Fault {
    pub(super) fn sending(self) -> Sending {
        match self {
            Fault::Refused(reason) => Sending::Refused(reason),
            Fault::Deferred(reason) => Sending::Deferred(reason),
            Fault::Down(reason) => Sending::Down(reason),
            Fault::Alarm(alarm, reason) => Sending::Misconfigured(format!("{alarm}: {reason}")),
        }
    }

    pub(super) fn alarm(&self) -> Option<Alarm> {
        match self {
            Fault::Alarm(alarm, _) => Some(*alarm),
            Fault::Refused(_) | Fault::Deferred(_) | Fault::Down(_) => None,
        }
    }
}

/// The provider's own code and words.
pub(super) fn told(provider: &str, code: impl std::fmt::Display, words: &str) -> String {
    scrubbed(&format!("{provider} {code}: {words}"))
}

/// What was answered without sense: the provider is at fault, not the message.
pub(super) fn unreadable() -> Fault {
    Fault::Down("the provider's answer cannot be read".into())
}

/// Sorts an HTTP status that is not success.
pub(super) fn of_status(status: StatusCode, words: &str) -> Fault {
    let reason =
        scrubbed(&format!("HTTP {}: {}", status.as_u16(), words.chars().take(200).collect::<String>()));
    match status.as_u16() {
        408 | 425 | 429 => Fault::Deferred(reason),
        // a wrong key, address or method is wrong for every message
        401 | 403 | 407 => Fault::Alarm(Alarm::BadKey, reason),
        300..=399 | 404 | 405 => Fault::Alarm(Alarm::WrongAddress, reason),
        400..=499 => Fault::Refused(reason),
        _ => Fault::Down(reason),
    }
}

/// Sorts a fault of the network; the address, which holds key and number, is left out.
pub(super) fn of_network(error: &reqwest::Error) -> Fault {
    let what = if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the connection broke"
    };
    Fault::Down(what.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_key_is_no_fault_of_the_message() {
        let judge = |code: u16| of_status(StatusCode::from_u16(code).unwrap(), "");
        assert_eq!(judge(403).alarm(), Some(Alarm::BadKey));
        assert_eq!(judge(404).alarm(), Some(Alarm::WrongAddress));
        assert!(matches!(judge(422), Fault::Refused(_)));
        assert!(matches!(judge(429), Fault::Deferred(_)));
        assert!(matches!(judge(503), Fault::Down(_)));
        let reason = Fault::Alarm(Alarm::NoCredit, "Kavenegar 418: x".into()).sending();
        assert_eq!(reason, Sending::Misconfigured("no_credit: Kavenegar 418: x".into()));
    }
}
