//! SMS by a provider's gateway: one enum, one file per dialect.
//!
//! A dialect says how a letter is sent and how its answer is sorted. What they share is here: the client with
//! its time-outs, the sorting of HTTP statuses, delivery codes, and how many parts a text fills.

mod http;
mod kannel;
mod kavenegar;

use std::sync::Arc;
use std::time::Duration;

use reqwest::StatusCode;

use super::rest::Rest;
use super::{DEMO, Memory, Sending, scrubbed};
use crate::config::Config;
use crate::db::types::MessageId;
use crate::domain::keys::Keys;
use crate::domain::notifications::DeliveryState;
use crate::domain::notifications::outbox::Letter;

/// Sends SMS, or does not.
#[derive(Debug, Clone)]
pub enum SmsGateway {
    /// Not set up.
    Off,
    /// A demonstration: takes letters and sends none.
    Demo,
    /// Any service that takes a JSON document.
    Http(Arc<Line>),
    Kannel(Arc<Line>),
    Kavenegar(Arc<Line>),
    /// For tests.
    Memory(Memory),
}

/// A provider's address, our key and our line there.
pub struct Line {
    client: reqwest::Client,
    url: String,
    key: String,
    /// The sender's number; empty for the provider's default.
    line: String,
    /// Where delivery reports come in.
    public_url: String,
    rest: Rest,
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Line").finish_non_exhaustive()
    }
}

impl Line {
    fn new(config: &Config) -> Result<Self, String> {
        let client = reqwest::Client::builder()
            .timeout(Duration::from_secs(10))
            .connect_timeout(Duration::from_secs(5))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| format!("sms: no HTTP client can be made: {error}"))?;
        let is_address = config.sms.url.is_empty() || reqwest::Url::parse(&config.sms.url).is_ok();
        if !is_address {
            return Err("sms.url (SAMAD__SMS__URL): not an address such as https://gateway/send".into());
        }
        Ok(Self {
            client,
            url: config.sms.url.trim_end_matches('/').to_owned(),
            key: config.sms.key.clone(),
            line: config.sms.line.clone(),
            public_url: config.server.public_url.trim_end_matches('/').to_owned(),
            rest: Rest::default(),
        })
    }
}

impl SmsGateway {
    /// The gateway that the settings name.
    ///
    /// # Errors
    /// One line that names the wrong setting.
    pub fn new(config: &Config) -> Result<Self, String> {
        match config.sms.provider.as_str() {
            "none" => Ok(Self::Off),
            "http" => Ok(Self::Http(Arc::new(Line::new(config)?))),
            "kannel" => Ok(Self::Kannel(Arc::new(Line::new(config)?))),
            "kavenegar" => Ok(Self::Kavenegar(Arc::new(Line::new(config)?))),
            other => Err(format!("sms.provider (SAMAD__SMS__PROVIDER): '{other}' is not known")),
        }
    }

    /// Sends one letter.
    pub async fn send(&self, letter: &Letter) -> Sending {
        let line = match self {
            Self::Off => return Sending::Down("no SMS gateway is set up".into()),
            Self::Demo => return Sending::Withheld(DEMO),
            Self::Memory(memory) => return memory.send(letter).await,
            Self::Http(line) | Self::Kannel(line) | Self::Kavenegar(line) => line,
        };
        if let Some(answer) = line.rest.answer() {
            return answer;
        }
        let sending = match self {
            Self::Kannel(line) => kannel::send(line, letter).await,
            Self::Kavenegar(line) => kavenegar::send(line, letter).await,
            Self::Http(line) => http::send(line, letter).await,
            Self::Off | Self::Demo | Self::Memory(_) => return Sending::Withheld(DEMO),
        };
        line.rest.note(&sending);
        let count = u64::try_from(parts(&letter.rendered.body)).unwrap_or(0);
        if matches!(sending, Sending::Accepted { .. }) {
            metrics::counter!("samad_sms_parts_total").increment(count);
        }
        sending
    }
}

/// Sorts an HTTP status that is not success.
fn judge_status(status: StatusCode, words: &str) -> Sending {
    let reason =
        scrubbed(&format!("HTTP {}: {}", status.as_u16(), words.chars().take(200).collect::<String>()));
    match status.as_u16() {
        408 | 425 | 429 => Sending::Deferred(reason),
        // a wrong key, address or method is wrong for every message
        300..=399 | 401 | 403 | 404 | 405 | 407 => Sending::Misconfigured(reason),
        400..=499 => Sending::Refused(reason),
        _ => Sending::Down(reason),
    }
}

/// Sorts a fault of the network; the address, which holds key and number, is left out.
fn judge_fault(error: reqwest::Error) -> Sending {
    let what = if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the connection broke"
    };
    Sending::Down(what.into())
}

/// Maps a provider's delivery code to our state; none for codes that mean nothing to us.
pub fn delivery_state(provider: &str, code: i64) -> Option<DeliveryState> {
    match provider {
        "kannel" => kannel::delivery_state(code),
        "kavenegar" => kavenegar::delivery_state(code),
        _ => None,
    }
}

/// The secret that a delivery report of this message must carry; derived from the gateway's key.
pub fn delivery_secret(sms_key: &str, message: MessageId) -> String {
    let mut digest = Keys::new(sms_key.as_bytes()).digest("sms-delivery", &[&message.to_string()]);
    digest.truncate(32);
    digest
}

/// Whether a delivery report carries its secret; takes the same time for every wrong one.
pub fn is_delivery_secret(sms_key: &str, message: MessageId, given: &str) -> bool {
    let known = delivery_secret(sms_key, message);
    let differing = known.bytes().zip(given.bytes()).fold(0, |all, (a, b)| all | (a ^ b));
    known.len() == given.len() && differing == 0
}

/// Whether a text fits the alphabet of GSM 03.38, and then how many septets each character takes.
fn septets(letter: char) -> Option<usize> {
    const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
    const EXTENDED: &str = "^{}\\[~]|€\u{c}";
    if BASIC.contains(letter) {
        Some(1)
    } else if EXTENDED.contains(letter) {
        Some(2)
    } else {
        None
    }
}

/// Whether a text goes out in seven bits a character; one Persian letter makes it sixteen for all.
pub fn is_gsm7(text: &str) -> bool {
    text.chars().all(|letter| septets(letter).is_some())
}

/// How many parts a text fills: 160 characters or 153 each in GSM 03.38, else 70 or 67 each in UCS-2.
pub fn parts(text: &str) -> usize {
    let (single, each, sizes): (usize, usize, Vec<usize>) = if is_gsm7(text) {
        (160, 153, text.chars().filter_map(septets).collect())
    } else {
        (70, 67, text.chars().map(char::len_utf16).collect())
    };
    if sizes.iter().sum::<usize>() <= single {
        return 1;
    }
    // a character of two units is never cut in half
    let mut count = 1;
    let mut filled = 0;
    for size in sizes {
        if filled + size > each {
            count += 1;
            filled = 0;
        }
        filled += size;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_counted_as_carriers_count_them() {
        let of = |letter: &str, count: usize| parts(&letter.repeat(count));
        assert_eq!([of("a", 0), of("a", 160), of("a", 161), of("a", 306), of("a", 307)], [1, 1, 2, 2, 3]);
        assert_eq!([of("س", 70), of("س", 71), of("س", 134), of("س", 135)], [1, 2, 2, 3]);
        assert_eq!(
            parts(&format!("{}س", "a".repeat(70))),
            2,
            "one Persian letter makes all of it sixteen bits"
        );
        assert_eq!([of("€", 80), of("€", 81)], [1, 2], "an extended character takes two");
        assert_eq!(of("€", 153), 3, "76 to a part: none is cut in half");
        assert_eq!([of("🙂", 35), of("🙂", 36)], [1, 2]);
    }

    #[test]
    fn delivery_codes_become_states() {
        use DeliveryState::{AtCarrier, Blocked, Delivered, Failed, Queued, Undelivered, Unknown};
        let kannel = [1, 2, 4, 8, 16].map(|code| delivery_state("kannel", code));
        assert_eq!(kannel, [Delivered, Undelivered, Queued, AtCarrier, Failed].map(Some));
        let kavenegar = [1, 2, 4, 5, 6, 10, 11, 13, 14, 100].map(|code| delivery_state("kavenegar", code));
        let states =
            [Queued, Queued, AtCarrier, AtCarrier, Failed, Delivered, Undelivered, Failed, Blocked, Unknown];
        assert_eq!(kavenegar, states.map(Some));
        assert_eq!(delivery_state("kannel", 3), None);
        assert_eq!(delivery_state("pigeon", 1), None);
    }

    #[test]
    fn a_secret_is_good_for_one_message() {
        let secret = delivery_secret("app:secret", MessageId(7));
        assert!(is_delivery_secret("app:secret", MessageId(7), &secret));
        assert!(!is_delivery_secret("app:secret", MessageId(8), &secret));
        assert!(!is_delivery_secret("app:secret", MessageId(7), ""));
    }

    #[test]
    fn a_wrong_key_is_no_fault_of_the_message() {
        let judge = |code: u16| judge_status(StatusCode::from_u16(code).unwrap(), "");
        assert!(matches!(judge(403), Sending::Misconfigured(_)));
        assert!(matches!(judge(422), Sending::Refused(_)));
        assert!(matches!(judge(429), Sending::Deferred(_)));
        assert!(matches!(judge(503), Sending::Down(_)));
    }

    /// Answers one request with `reply` and gives what was asked.
    fn provider(reply: &'static str) -> (String, std::thread::JoinHandle<String>) {
        use std::io::{Read, Write};
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = String::new();
            let mut buffer = [0; 4096];
            // the body is the last thing, and each of ours ends with the message id
            while !asked.contains("4711") || !asked.contains("\r\n\r\n") {
                let count = stream.read(&mut buffer).unwrap();
                asked.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
            }
            let length = reply.len();
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{reply}")
                .unwrap();
            asked
        });
        (url, asked)
    }

    fn gateway(provider: &str, url: String) -> SmsGateway {
        let mut config = Config::load(std::path::Path::new("/nowhere/local.toml")).unwrap();
        config.sms = crate::config::Sms {
            provider: provider.into(),
            url,
            key: "user:key".into(),
            line: "3000".into(),
        };
        SmsGateway::new(&config).unwrap()
    }

    fn letter() -> Letter {
        Letter {
            message: MessageId(4711),
            outlet: crate::domain::notifications::Outlet::Sms,
            address: "+989121234567".into(),
            language: crate::error::Language::En,
            rendered: crate::domain::notifications::Rendered { subject: None, body: "hello there".into() },
            thread: Default::default(),
        }
    }

    #[tokio::test]
    async fn each_dialect_says_what_its_provider_expects() {
        let kavenegar = r#"{"return":{"status":200,"message":"ok"},"entries":[{"messageid":8,"status":1}]}"#;
        let cases: [(&str, &str, Option<&str>, &[&str]); 3] = [
            (
                "http",
                r#"{"id":8}"#,
                Some("8"),
                &["POST / ", "bearer user:key", r#""to":"+989121234567""#, r#""text":"hello there""#],
            ),
            (
                "kavenegar",
                kavenegar,
                Some("8"),
                &[
                    "POST /v1/user:key/sms/send.json ",
                    "receptor=09121234567",
                    "message=hello+there",
                    "sender=3000",
                ],
            ),
            (
                "kannel",
                "0: Accepted",
                None,
                &[
                    "GET /?username=user&password=key&to=%2B989121234567",
                    "coding=0",
                    "from=3000",
                    "status%3D%25d",
                ],
            ),
        ];
        for (name, reply, id, expected) in cases {
            let (url, asked) = provider(reply);
            let sending = gateway(name, url).send(&letter()).await;
            assert_eq!(sending, Sending::Accepted { carrier_id: id.map(str::to_owned) }, "{name}");
            let asked = asked.join().unwrap();
            for part in expected {
                assert!(
                    asked.to_lowercase().contains(&part.to_lowercase()),
                    "{name}: {part} is missing in\n{asked}"
                );
            }
        }
    }

    #[tokio::test]
    async fn a_gateway_that_is_away_is_told_from_a_refusal() {
        let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let sending = gateway("http", format!("http://{gone}/send")).send(&letter()).await;
        assert_eq!(sending, Sending::Down("no connection".into()));
    }
}
