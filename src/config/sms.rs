//! Settings of SMS: gateways by name, which of them sends what, who may push to us.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Deserialize;

/// The providers whose dialect is built in; `described` is told wholly by the settings.
pub const PROVIDERS: [&str; 7] =
    ["http", "kannel", "kavenegar", "melipayamak", "smsir", "magfa", "described"];

/// All of SMS. The first four settings are one gateway, named like its provider; more stand in `gateways`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sms {
    pub provider: String,
    pub url: String,
    pub key: String,
    pub line: String,
    #[serde(default)]
    pub allow: String,
    #[serde(default)]
    pub secret: String,
    #[serde(default)]
    pub per_minute: u32,
    /// Whether an unknown sender is asked for the national ID before the case is registered.
    pub ask_identity: bool,
    /// Seconds between two looks for delivery states and received messages.
    pub poll_seconds: u64,
    #[serde(default)]
    pub gateways: BTreeMap<String, SmsLine>,
    /// A notice, or one of the groups codes, dialogue and notices → gateway, or gateway/line.
    #[serde(default)]
    pub purposes: BTreeMap<String, String>,
}

/// One gateway.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SmsLine {
    pub provider: String,
    pub url: String,
    pub key: String,
    pub line: String,
    /// Addresses and networks that may push to us, with commas; empty is any.
    pub allow: String,
    /// Stands in the registered address of delivery reports; empty is one that is derived from the key.
    pub secret: String,
    /// Most messages a minute; 0 is any number.
    pub per_minute: u32,
    /// Whether received messages are asked for.
    pub poll: bool,
    /// Notice, or notice.language → the provider's template with its variables: `id: code, NAME=until`.
    pub templates: BTreeMap<String, String>,
    /// What a described gateway is.
    pub http: Described,
}

/// A gateway that is described wholly by the settings. `url`, `body` and the values of `headers` are templates over
/// `to`, `from`, `text`, `id`, `key` and `report_url`, with the filters `json` and `urlencode`; the tests are expressions
/// over `http` (the status), `body` (the text) and `json` (the parsed text).
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Described {
    pub method: String,
    pub headers: BTreeMap<String, String>,
    pub body: String,
    /// How numbers are written: `e164` (+98912…), `international` (98912…), `national` (0912…).
    pub numbers: String,
    pub success: String,
    /// Gives the provider's id of the message.
    pub message_id: String,
    /// Whether the message may be tried again.
    pub retry: String,
    pub no_credit: String,
    pub bad_key: String,
    /// Most parts of one message that the gateway takes; 0 is any number.
    pub parts: usize,
    /// Address that tells the state of `id`; empty where the gateway only reports.
    pub status_url: String,
    /// Gives the code of the state.
    pub status: String,
    /// The gateway's code → our state.
    pub states: BTreeMap<String, String>,
}

impl std::fmt::Debug for Described {
    /// Shows no header, which may hold a key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Described").field("method", &self.method).finish_non_exhaustive()
    }
}

impl Default for Described {
    fn default() -> Self {
        Self {
            method: "POST".into(),
            headers: BTreeMap::new(),
            body: String::new(),
            numbers: "e164".into(),
            success: "http >= 200 and http < 300".into(),
            message_id: String::new(),
            retry: String::new(),
            no_credit: String::new(),
            bad_key: String::new(),
            parts: 0,
            status_url: String::new(),
            status: String::new(),
            states: BTreeMap::new(),
        }
    }
}

impl Sms {
    /// Every gateway with its name; the unnamed one is named like its provider.
    pub fn all(&self) -> BTreeMap<String, SmsLine> {
        let mut all = self.gateways.clone();
        if self.provider != "none" {
            all.entry(self.provider.clone()).or_insert_with(|| SmsLine {
                provider: self.provider.clone(),
                url: self.url.clone(),
                key: self.key.clone(),
                line: self.line.clone(),
                allow: self.allow.clone(),
                secret: self.secret.clone(),
                per_minute: self.per_minute,
                ..SmsLine::default()
            });
        }
        all
    }

    /// The gateway that sends what no purpose names: the unnamed one, else the only one.
    pub fn usual(&self) -> Option<String> {
        if self.provider != "none" {
            return Some(self.provider.clone());
        }
        let mut names = self.gateways.keys();
        names.next().filter(|_| names.next().is_none()).cloned()
    }

    /// Whether this address may push to the gateway of this name; a gateway without a list may be called from anywhere.
    pub fn allows(&self, gateway: &str, address: &str) -> bool {
        let of_line = self.gateways.get(gateway).map(|line| line.allow.as_str());
        let list = of_line.unwrap_or(if gateway == self.provider { self.allow.as_str() } else { "" });
        contains(list, address)
    }

    /// Everything wrong with them: the setting under `sms.`, and what.
    pub(super) fn problems(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        if self.provider != "none" && !PROVIDERS.contains(&self.provider.as_str()) {
            let list = PROVIDERS.join(", ");
            return vec![("provider".into(), format!("'{}' is not one of none, {list}", self.provider))];
        }
        for (name, line) in self.all() {
            let at = |key: &str| match self.gateways.contains_key(&name) {
                true => format!("gateways.{name}.{key}"),
                false => key.to_owned(),
            };
            found.extend(line.problems().into_iter().map(|(key, what)| (at(key), what)));
        }
        let all = self.all();
        if self.usual().is_none() && !all.is_empty() && !self.purposes.contains_key("notices") {
            let what = "several gateways and none for the rest: write notices = \"<name of a gateway>\"";
            found.push(("purposes".into(), what.into()));
        }
        for (purpose, told) in &self.purposes {
            let name = told.split('/').next().unwrap_or_default();
            if !all.contains_key(name) {
                let what = format!("there is no gateway '{name}'");
                found.push((format!("purposes.{purpose}"), what));
            }
        }
        if self.poll_seconds == 0 {
            found.push(("poll_seconds".into(), "must be more than 0".into()));
        }
        found
    }
}

impl SmsLine {
    fn problems(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        let mut wrong = |key, what: &str| found.push((key, what.to_owned()));
        match self.provider.as_str() {
            "http" | "kannel" | "described" if self.url.is_empty() => {
                wrong("url", "the gateway's address is missing")
            }
            // the secret of its delivery reports is derived from it
            "kannel" if self.key.is_empty() => wrong("key", "write user:password of the gateway"),
            "kavenegar" | "smsir" if self.key.is_empty() => wrong("key", "the provider's key is missing"),
            "melipayamak" if !self.key.contains(':') => wrong("key", "write user:password of the account"),
            "magfa" if !(self.key.contains('/') && self.key.contains(':')) => {
                wrong("key", "write user/domain:password of the account")
            }
            "smsir" | "magfa" | "melipayamak" if self.line.is_empty() => {
                wrong("line", "this provider needs the number of the line")
            }
            other if !PROVIDERS.contains(&other) => {
                wrong("provider", &format!("'{other}' is not one of {}", PROVIDERS.join(", ")))
            }
            _ => {}
        }
        for one in listed(&self.allow).filter(|one| network(one).is_none()) {
            wrong("allow", &format!("'{one}' is no address or network such as 10.1.0.0/16"));
        }
        if self.poll && !["kavenegar", "smsir", "melipayamak"].contains(&self.provider.as_str()) {
            wrong(
                "poll",
                "received messages can be asked of kavenegar, smsir and melipayamak; others push them",
            );
        }
        if !self.templates.is_empty()
            && !["kavenegar", "smsir", "melipayamak"].contains(&self.provider.as_str())
        {
            wrong("templates", "only kavenegar, smsir and melipayamak have templates");
        }
        found
    }
}

/// Whether an address is on a list of addresses and networks; an empty list has all.
pub(super) fn contains(list: &str, address: &str) -> bool {
    let mut networks = listed(list).peekable();
    if networks.peek().is_none() {
        return true;
    }
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    networks.filter_map(network).any(|network| is_in(address, network))
}

pub(super) fn listed(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|one| !one.is_empty())
}

/// An address with the number of its leading bits that count.
pub(super) fn network(told: &str) -> Option<(IpAddr, u32)> {
    let (address, bits) = told.split_once('/').unwrap_or((told, ""));
    let address: IpAddr = address.trim().parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let bits = if bits.is_empty() { Some(most) } else { bits.trim().parse().ok() };
    bits.filter(|bits| *bits <= most).map(|bits| (address, bits))
}

/// Whether an address lies in a network.
pub(super) fn is_in(address: IpAddr, (network, bits): (IpAddr, u32)) -> bool {
    // an IPv4 caller on a socket of IPv6
    match (address.to_canonical(), network.to_canonical()) {
        (IpAddr::V4(one), IpAddr::V4(other)) => {
            let differing = one.to_bits() ^ other.to_bits();
            differing.checked_shr(32 - bits).unwrap_or(0) == 0
        }
        (IpAddr::V6(one), IpAddr::V6(other)) => {
            let differing = one.to_bits() ^ other.to_bits();
            differing.checked_shr(128 - bits).unwrap_or(0) == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sms(allow: &str) -> Sms {
        Sms {
            provider: "kannel".into(),
            url: "http://127.0.0.1/".into(),
            key: "a:b".into(),
            line: String::new(),
            allow: allow.into(),
            per_minute: 0,
            secret: String::new(),
            ask_identity: true,
            poll_seconds: 60,
            gateways: BTreeMap::new(),
            purposes: BTreeMap::new(),
        }
    }

    #[test]
    fn an_allow_list_holds_addresses_and_networks() {
        let listed = sms("10.1.0.0/16, 192.0.2.7 ,2001:db8::/32");
        for (address, is_allowed) in [
            ("10.1.255.3", true),
            ("10.2.0.1", false),
            ("192.0.2.7", true),
            ("192.0.2.8", false),
            ("::ffff:10.1.0.9", true),
            ("2001:db8:1::5", true),
            ("2001:db9::1", false),
            ("nobody", false),
        ] {
            assert_eq!(listed.allows("kannel", address), is_allowed, "{address}");
        }
        assert!(listed.allows("other", "10.2.0.1"), "the list of one gateway is no other's");
        assert!(sms("").allows("kannel", "203.0.113.9"));
        assert!(sms("0.0.0.0/0").allows("kannel", "203.0.113.9"));
        assert!(!sms("0.0.0.0/0").allows("kannel", "::1"));
    }

    #[test]
    fn what_is_wrong_with_a_gateway_is_named() {
        let named = |provider: &str, key: &str| {
            let line = SmsLine { provider: provider.into(), key: key.into(), ..SmsLine::default() };
            let mut one = sms("10.0.0.0/33");
            one.gateways.insert("bulk".into(), line);
            one.purposes.insert("codes".into(), "nowhere/3000".into());
            one.problems().into_iter().map(|(key, _)| key).collect::<Vec<_>>()
        };
        assert_eq!(named("magfa", "user:x"), ["gateways.bulk.key", "allow", "purposes.codes"]);
        assert_eq!(named("pigeon", "")[0], "gateways.bulk.provider");
        assert_eq!(named("smsir", "k")[0], "gateways.bulk.line");
    }
}
