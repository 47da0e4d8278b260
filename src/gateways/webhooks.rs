//! Calls of subscribers: signed, never inside the network unless the settings allow it, redirects not followed.
//!
//! The address is looked at when it is called, by the very look-up that the connection uses: a name that points inside today
//! and outside tomorrow is judged each time.

use std::error::Error as _;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::CONTENT_TYPE;

use super::DEMO;
use crate::config::{self, Config};
use crate::domain::keys::Keys;
use crate::domain::webhooks::{Answer, Post, signature};

/// Who calls subscribers; cheap to clone.
#[derive(Debug, Clone)]
pub enum Webhooks {
    Demo,
    On { client: reqwest::Client, settings: Arc<config::Webhooks> },
}

impl Webhooks {
    /// The caller that the settings describe; a demonstration calls nobody.
    ///
    /// # Errors
    /// One line where no HTTP client can be made.
    pub fn new(config: &Config) -> Result<Self, String> {
        if config.is_demo {
            return Ok(Self::Demo);
        }
        let settings = Arc::new(config.webhooks.clone());
        let patience = Duration::from_secs(settings.seconds);
        let client = reqwest::Client::builder()
            .timeout(patience)
            .connect_timeout(patience.min(Duration::from_secs(5)))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .dns_resolver(Arc::new(Guard(settings.clone())))
            .user_agent(concat!("samad/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| format!("webhooks: no HTTP client can be made: {error}"))?;
        Ok(Self::On { client, settings })
    }

    /// Makes one try at a delivery at this time, in seconds since 1970.
    pub async fn send(&self, keys: &Keys, post: &Post, timestamp: i64) -> Answer {
        let Self::On { client, settings } = self else { return Answer::Withheld(DEMO) };
        let Ok(url) = reqwest::Url::parse(&post.webhook.url) else {
            return Answer::Refused(None, "the address cannot be read".into());
        };
        if let Err(inside) = allowed(settings, &url) {
            return Answer::Refused(None, inside.to_string());
        }
        let id = post.id.to_string();
        let signed = signature(keys, &post.webhook, &id, timestamp, &post.body);
        let request = client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", &id)
            .header("webhook-timestamp", timestamp.to_string())
            .header("webhook-signature", signed)
            .header("samad-event", &post.event)
            .body(post.body.clone());
        match request.send().await {
            Ok(reply) if reply.status().is_success() => Answer::Taken(reply.status().as_u16()),
            Ok(reply) if reply.status().is_redirection() => {
                let status = reply.status().as_u16();
                Answer::Refused(Some(status), format!("HTTP {status}: redirects are not followed"))
            }
            Ok(reply) => {
                let status = reply.status().as_u16();
                Answer::Refused(Some(status), format!("HTTP {status}"))
            }
            Err(error) => Answer::Refused(None, told(&error)),
        }
    }
}

/// What may be said before a name is looked up: an address written out, and whether a plain call stays inside.
fn allowed(settings: &config::Webhooks, url: &reqwest::Url) -> Result<(), Inside> {
    let host = url.host_str().unwrap_or_default();
    let written: Option<IpAddr> = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
    match (url.scheme(), written) {
        (_, Some(address)) if !may_call(settings, address) => Err(Inside::Address),
        ("https", _) => Ok(()),
        ("http", Some(address)) if settings.allows(address) => Ok(()),
        _ => Err(Inside::Plain),
    }
}

fn may_call(settings: &config::Webhooks, address: IpAddr) -> bool {
    is_public(address) || settings.allows(address)
}

/// Why an address is not called.
#[derive(Debug)]
enum Inside {
    Address,
    Plain,
}

impl fmt::Display for Inside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Inside::Address => "the address is not public; allow its network with webhooks.networks",
            Inside::Plain => {
                "http:// is for written-out addresses inside webhooks.networks only; use https://"
            }
        })
    }
}

impl std::error::Error for Inside {}

/// Looks names up, and hands on only addresses that may be called.
struct Guard(Arc<config::Webhooks>);

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let settings = self.0.clone();
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let good: Vec<SocketAddr> =
                found.into_iter().filter(|one| may_call(&settings, one.ip())).collect();
            if good.is_empty() {
                return Err(Box::new(Inside::Address) as Box<dyn std::error::Error + Send + Sync>);
            }
            Ok(Box::new(good.into_iter()) as Addrs)
        })
    }
}

/// What went wrong, without the address.
fn told(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(inside) = inner.downcast_ref::<Inside>() {
            return inside.to_string();
        }
        cause = inner.source();
    }
    match error {
        error if error.is_timeout() => "no answer in time",
        error if error.is_connect() => "no connection",
        _ => "the connection broke",
    }
    .into()
}

/// Whether an address is one of the open Internet (IANA special-purpose registries, RFC 6890).
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (18..20).contains(&b)))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    // 2000::/3 is all that is given out; of it tunnels lead elsewhere and 2001:db8::/32 is for books
    (0x2000..0x4000).contains(&a) && a != 0x2002 && !(a == 0x2001 && (b < 0x0200 || b == 0x0db8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_open_internet_is_public() {
        for (address, expected) in [
            ("185.143.233.5", true),
            ("2a02:26f0::1", true),
            ("127.0.0.1", false),
            ("10.1.2.3", false),
            ("172.16.0.1", false),
            ("192.168.1.1", false),
            ("169.254.169.254", false),
            ("100.64.0.1", false),
            ("0.0.0.0", false),
            ("255.255.255.255", false),
            ("::1", false),
            ("::ffff:10.0.0.1", false),
            ("fd00::1", false),
            ("fe80::1", false),
            ("64:ff9b::a00:1", false),
            ("2002:a00:1::", false),
        ] {
            assert_eq!(is_public(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn a_written_out_address_is_judged_before_anything_is_sent() {
        let mut settings = Config::load(std::path::Path::new("/nowhere")).unwrap().webhooks;
        settings.networks = "10.1.0.0/16".into();
        let judge = |url: &str| allowed(&settings, &reqwest::Url::parse(url).unwrap()).is_ok();
        assert!(judge("https://example.ir/hook"));
        assert!(judge("http://10.1.2.3:8080/hook"));
        assert!(judge("https://10.1.2.3/hook"));
        assert!(!judge("http://example.ir/hook"));
        assert!(!judge("https://10.2.0.1/hook"));
        assert!(!judge("https://[::1]/hook"));
        assert!(!judge("https://[::ffff:127.0.0.1]/hook"));
        assert!(!judge("https://2130706433/hook"));
    }
}
