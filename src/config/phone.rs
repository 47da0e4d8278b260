//! Settings of the telephone: who may report calls, how events are signed, how often a stream says that it lives.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::sms::{contains, listed, network};

/// The telephone.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phone {
    pub allow: String,
    pub secret: String,
    pub heartbeat_seconds: u64,
    /// Exchanges with lists or secrets of their own, by the names of their keys.
    #[serde(default)]
    pub gateways: BTreeMap<String, Exchange>,
}

/// One exchange; what it does not say is that of all.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Exchange {
    pub allow: Option<String>,
    pub secret: Option<String>,
}

impl Phone {
    /// Whether the exchange of this name may call from this address; without a list from anywhere.
    pub fn allows(&self, gateway: &str, address: &str) -> bool {
        let own = self.gateways.get(gateway).and_then(|exchange| exchange.allow.as_deref());
        contains(own.unwrap_or(&self.allow), address)
    }

    /// The secret by which the exchange of this name signs; none where it need not.
    pub fn secret(&self, gateway: &str) -> Option<&str> {
        let own = self.gateways.get(gateway).and_then(|exchange| exchange.secret.as_deref());
        Some(own.unwrap_or(&self.secret)).filter(|secret| !secret.is_empty())
    }

    /// Everything wrong with them: the setting under `phone.`, and what.
    pub(super) fn problems(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let own = self.gateways.iter().map(|(name, exchange)| (format!("gateways.{name}."), exchange));
        let all = Exchange { allow: Some(self.allow.clone()), secret: Some(self.secret.clone()) };
        for (at, exchange) in own.chain([(String::new(), &all)]) {
            for one in listed(exchange.allow.as_deref().unwrap_or_default()) {
                if network(one).is_none() {
                    let what = format!("'{one}' is no address or network such as 10.1.0.0/16");
                    found.push((format!("{at}allow"), what));
                }
            }
            if exchange.secret.as_ref().is_some_and(|secret| (1..16).contains(&secret.len())) {
                found.push((format!("{at}secret"), "at least 16 characters".into()));
            }
        }
        if !(1..=60).contains(&self.heartbeat_seconds) {
            found.push(("heartbeat_seconds".into(), "between 1 and 60".into()));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phone() -> Phone {
        let own = Exchange { allow: Some("192.0.2.7".into()), secret: Some(String::new()) };
        Phone {
            allow: "10.1.0.0/16".into(),
            secret: "0123456789abcdef".into(),
            heartbeat_seconds: 15,
            gateways: BTreeMap::from([("isfahan".to_owned(), own)]),
        }
    }

    #[test]
    fn an_exchange_has_its_own_list_and_secret_or_those_of_all() {
        let phone = phone();
        assert!(phone.allows("tehran", "10.1.2.3") && !phone.allows("tehran", "192.0.2.7"));
        assert!(phone.allows("isfahan", "192.0.2.7") && !phone.allows("isfahan", "10.1.2.3"));
        assert_eq!((phone.secret("tehran"), phone.secret("isfahan")), (Some("0123456789abcdef"), None));
        assert_eq!(phone.problems(), []);
    }

    #[test]
    fn every_wrong_setting_is_named() {
        let mut wrong = phone();
        (wrong.allow, wrong.heartbeat_seconds) = ("somewhere".into(), 0);
        wrong.gateways.insert("qom".into(), Exchange { allow: None, secret: Some("short".into()) });
        let keys: Vec<String> = wrong.problems().into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["gateways.qom.secret", "allow", "heartbeat_seconds"]);
    }
}
