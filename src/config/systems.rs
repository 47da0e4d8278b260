//! Other systems that are told of events, and those that file by Open311.

use std::net::IpAddr;

use serde::Deserialize;

use super::sms;

/// Subscribers to events.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhooks {
    pub networks: String,
    pub seconds: u64,
    pub backoff_seconds: i64,
    pub backoff_limit_seconds: i64,
    pub max_attempts: i32,
    pub breaker_failures: i32,
    pub breaker_seconds: i64,
    pub keep_days: i64,
}

impl Webhooks {
    pub(super) fn check(&self, wrong: &mut dyn FnMut(&str, String)) {
        for one in sms::listed(&self.networks).filter(|one| sms::network(one).is_none()) {
            wrong("webhooks.networks", format!("'{one}' is no address or network such as 10.1.0.0/16"));
        }
        for (key, number) in [
            ("webhooks.backoff_seconds", self.backoff_seconds),
            ("webhooks.backoff_limit_seconds", self.backoff_limit_seconds),
            ("webhooks.breaker_seconds", self.breaker_seconds),
            ("webhooks.keep_days", self.keep_days),
            ("webhooks.max_attempts", self.max_attempts.into()),
            ("webhooks.breaker_failures", self.breaker_failures.into()),
        ] {
            if number < 1 {
                wrong(key, "must be at least 1".into());
            }
        }
        if !(1..=60).contains(&self.seconds) {
            wrong("webhooks.seconds", "must be between 1 and 60".into());
        }
    }

    /// Whether an address inside may be called although it is not public.
    pub fn allows(&self, address: IpAddr) -> bool {
        sms::listed(&self.networks).filter_map(sms::network).any(|network| sms::is_in(address, network))
    }
}

/// The Open311 server.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Open311 {
    pub enabled: bool,
    pub jurisdiction: String,
    pub contact: String,
}
