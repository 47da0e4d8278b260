//! Webhooks: subscribers are told of what happens to cases.
//!
//! A subscription is a row of the configuration, agreed on by two persons. What is told is written with its event in one
//! transaction, and sent later from an outbox of its own. It is told on behalf of an office: what that office does not see, a
//! sealed case, or one about the office itself, is never told; and it names nobody and holds nobody's words. Nor does it hold
//! the tracking code, which with a mobile number would open the case.
//!
//! Form and signature are those of Standard Webhooks 1.0 (standardwebhooks.com), so that a receiver may use its libraries.

mod claim;
mod deliveries;
mod log;
mod standings;
mod tell;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

pub use claim::{Claimed, Post, claim, is_due, load};
pub use deliveries::{Answer, DeliveryRow, DeliveryState, Retry, Settled, Tried, give_up, settle};
pub use log::{TryRow, find, forget, list, ping, replay, replay_failed, tries, undelivered};
pub use standings::{Standing, failing, standing};
pub use tell::{Told, tell};

use crate::domain::keys::Keys;
use crate::domain::rulebook::Webhook;

/// The noun of subscriptions in the configuration.
pub const NOUN: &str = "webhook";
/// All events.
pub const EVERY: &str = "*";
/// What is sent on request, to try a subscriber.
pub const PING: &str = "ping";

/// Events that can be subscribed to, by their names in the timeline.
pub const EVENTS: [&str; 25] = [
    "case_registered",
    "case_classified",
    "case_referred",
    "referral_accepted",
    "referral_assigned",
    "referral_returned",
    "referral_transferred",
    "referral_recalled",
    "citizen_asked",
    "citizen_replied",
    "deadline_extended",
    "deadline_passed",
    "outer_limit_passed",
    "answer_submitted",
    "answer_approved",
    "answer_rejected",
    "objection_raised",
    "appeal_raised",
    "appeal_decided",
    "case_rated",
    "case_merged",
    "case_unmerged",
    "message_received",
    "case_closed",
    "case_reopened",
];

/// The secret of a subscription: derived, so that neither database nor backup holds it. Another generation is another secret.
pub fn secret(keys: &Keys, code: &str, generation: u32) -> String {
    format!("whsec_{}", BASE64_STANDARD.encode(raw_secret(keys, code, generation)))
}

fn raw_secret(keys: &Keys, code: &str, generation: u32) -> [u8; 32] {
    keys.derive(&format!("webhook {generation} {code}"))
}

/// The signature header: HMAC-SHA256 over id, timestamp (seconds since 1970) and body. While a secret is being changed the
/// former one signs as well, so that the receiver may change at its own time.
pub fn signature(keys: &Keys, webhook: &Webhook, id: &str, timestamp: i64, body: &str) -> String {
    let generations = [Some(webhook.generation), webhook.generation.checked_sub(1)];
    let sign = |generation: u32| {
        let secret = raw_secret(keys, &webhook.code, generation);
        let mut mac = Hmac::<Sha256>::new_from_slice(&secret).expect("HMAC takes keys of any length");
        mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
        format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
    };
    generations.into_iter().flatten().map(sign).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn webhook(generation: u32) -> Webhook {
        Webhook { code: "board".into(), generation, ..Webhook::default() }
    }

    #[test]
    fn a_changed_secret_still_signs_with_the_former_one() {
        let keys = Keys::new(&[7; 32]);
        let old = signature(&keys, &webhook(0), "1", 60, "{}");
        let both = signature(&keys, &webhook(1), "1", 60, "{}");
        assert!(old.starts_with("v1,") && !old.contains(' '));
        assert_eq!(both.split(' ').nth(1), Some(old.as_str()));
        assert_ne!(both.split(' ').next(), Some(old.as_str()));
        assert!(secret(&keys, "board", 0).starts_with("whsec_"));
        assert_ne!(secret(&keys, "board", 0), secret(&keys, "other", 0));
    }

    #[test]
    fn a_signature_depends_on_id_time_and_body() {
        let keys = Keys::new(&[7; 32]);
        let sign = |id: &str, at: i64, body: &str| signature(&keys, &webhook(0), id, at, body);
        let all = [sign("1", 60, "{}"), sign("2", 60, "{}"), sign("1", 61, "{}"), sign("1", 60, "{ }")];
        let distinct: std::collections::BTreeSet<&String> = all.iter().collect();
        assert_eq!(distinct.len(), 4);
    }
}
