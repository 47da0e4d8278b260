use super::*;
use crate::config::sms::SmsLine;
use crate::db::types::MessageId;

/// Answers one request with `reply` and gives what was asked.
fn provider(reply: &'static str) -> (String, std::thread::JoinHandle<String>) {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = String::new();
        let mut buffer = [0; 4096];
        loop {
            let count = stream.read(&mut buffer).unwrap();
            asked.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
            let Some((head, body)) = asked.split_once("\r\n\r\n") else { continue };
            let length = head
                .to_lowercase()
                .lines()
                .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                break;
            }
        }
        let length = reply.len();
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{reply}")
            .unwrap();
        asked
    });
    (url, asked)
}

fn config(provider: &str, key: &str, url: String) -> Config {
    let mut config = Config::load(std::path::Path::new("/nowhere/local.toml")).unwrap();
    let line = SmsLine {
        provider: provider.into(),
        url,
        key: key.into(),
        line: "3000".into(),
        ..SmsLine::default()
    };
    config.sms.gateways.insert("one".into(), line);
    config
}

fn letter() -> Letter {
    Letter {
        message: MessageId(4711),
        outlet: crate::domain::notifications::Outlet::Sms,
        address: "+989121234567".into(),
        language: crate::error::Language::Fa,
        rendered: crate::domain::notifications::Rendered {
            subject: None,
            body: "hello there".into(),
            filled: crate::domain::notifications::Filled {
                event: "case_registered".into(),
                values: [("code", "04231234560"), ("access_code", "12345678"), ("office", "شرکت آب")]
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .into(),
            },
        },
        thread: Default::default(),
        haste: Default::default(),
        page: None,
    }
}

/// Sends the letter; gives what came of it and what was asked of the provider.
async fn sent(mut config: Config, reply: &'static str) -> (Sending, String) {
    let (url, asked) = provider(reply);
    config.sms.gateways.get_mut("one").unwrap().url = url;
    let sending = SmsGateway::new(&config).unwrap().send(&letter()).await;
    (sending, asked.join().unwrap().to_lowercase())
}

#[tokio::test]
async fn each_dialect_says_what_its_provider_expects() {
    let kavenegar = r#"{"return":{"status":200,"message":"ok"},"entries":[{"messageid":8,"status":1}]}"#;
    type Case<'a> = (&'a str, &'a str, &'a str, Option<&'a str>, &'a [&'a str]);
    let cases: [Case<'_>; 6] = [
        (
            "http",
            "user:key",
            r#"{"id":8}"#,
            Some("8"),
            &["POST / ", "bearer user:key", r#""to":"+989121234567""#, r#""text":"hello there""#],
        ),
        (
            "kavenegar",
            "user:key",
            kavenegar,
            Some("8"),
            &[
                "POST /v1/user:key/sms/send.json ",
                "receptor=09121234567",
                "message=hello+there",
                "sender=3000",
                "localid=4711",
            ],
        ),
        (
            "kannel",
            "user:key",
            "0: Accepted",
            None,
            &[
                "GET /?username=user&password=key&to=%2B989121234567",
                "coding=0",
                "from=3000",
                "sms%2Fone%2Fdelivery%3Fid%3D4711%26status%3D%25d",
            ],
        ),
        (
            "melipayamak",
            "user:key",
            r#"{"Value":"4611686018427387904","RetStatus":1,"StrRetStatus":"Ok"}"#,
            Some("4611686018427387904"),
            &["POST /SendSMS ", "username=user&password=key&to=09121234567&from=3000&text=hello+there"],
        ),
        (
            "smsir",
            "key",
            r#"{"status":1,"message":"ok","data":{"packId":"p","messageIds":[8],"cost":1}}"#,
            Some("8"),
            &["POST /send/bulk ", "x-api-key: key", r#""lineNumber":3000"#, r#""Mobiles":["9121234567"]"#],
        ),
        (
            "magfa",
            "user/domain:key",
            r#"{"status":0,"messages":[{"status":0,"id":8,"userId":4711,"parts":1}]}"#,
            Some("8"),
            &[
                "POST /send ",
                // user/domain:key
                "authorization: basic dXNlci9kb21haW46a2V5",
                r#""recipients":["989121234567"]"#,
                r#""uids":[4711]"#,
            ],
        ),
    ];
    for (name, key, reply, id, expected) in cases {
        let (sending, asked) = sent(config(name, key, String::new()), reply).await;
        assert_eq!(sending, Sending::Accepted { carrier_id: id.map(str::to_owned) }, "{name}");
        for part in expected {
            assert!(asked.contains(&part.to_lowercase()), "{name}: {part} is missing in\n{asked}");
        }
    }
}

#[tokio::test]
async fn a_notice_with_a_template_goes_by_the_service_line() {
    let ok = [
        (
            "kavenegar",
            r#"{"return":{"status":200,"message":"ok"},"entries":[{"messageid":8}]}"#,
            "verify/lookup.json",
            "template=ack&localid=4711&token=04231234560&token2=12345678",
        ),
        ("melipayamak", r#""4611686018427""#, "/baseservicenumber", "text=04231234560%3b12345678&to="),
        (
            "smsir",
            r#"{"status":1,"data":{"messageId":8}}"#,
            "/send/verify",
            r#""templateid":"ack","parameters":[{"name":"code","value":"04231234560"},{"name":"pin","value":"12345678"}]"#,
        ),
    ];
    for (provider, reply, path, body) in ok {
        let mut config = config(provider, "a:b", String::new());
        let templates = &mut config.sms.gateways.get_mut("one").unwrap().templates;
        templates.insert("case_registered".into(), "ack: CODE=code, PIN=access_code".into());
        let (sending, asked) = sent(config, reply).await;
        assert!(matches!(sending, Sending::Accepted { carrier_id: Some(_) }), "{provider}: {sending:?}");
        assert!(asked.contains(path) && asked.contains(body), "{provider}:\n{asked}");
    }
    // a value with a blank cannot go by Kavenegar's template
    let mut config = config("kavenegar", "a:b", String::new());
    let templates = &mut config.sms.gateways.get_mut("one").unwrap().templates;
    templates.insert("case_registered".into(), "ack: code, office".into());
    let (_, asked) = sent(config, r#"{"return":{"status":200},"entries":[{"messageid":8}]}"#).await;
    assert!(asked.contains("/sms/send.json"), "{asked}");
}

#[tokio::test]
async fn a_refusal_by_the_account_is_an_alarm_and_the_next_acceptance_ends_it() {
    let (url, asked) = provider(r#"{"status":102,"message":"no credit"}"#);
    let gateway = SmsGateway::new(&config("smsir", "key", url)).unwrap();
    assert_eq!(gateway.standings(), []);
    let sending = gateway.send(&letter()).await;
    assert_eq!(sending, Sending::Misconfigured("no_credit: SMS.ir 102: no credit".into()));
    assert_eq!(gateway.standings(), [("one".to_owned(), Some(Alarm::NoCredit))]);
    drop(asked);
}

#[tokio::test]
async fn a_gateway_that_is_away_is_told_from_a_refusal() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let gateway = SmsGateway::new(&config("http", "", format!("http://{gone}/send"))).unwrap();
    assert_eq!(gateway.send(&letter()).await, Sending::Down("no connection".into()));
    assert_eq!(gateway.standings(), []);
}

#[test]
fn a_purpose_chooses_gateway_and_line() {
    let mut config = config("http", "", "http://one/".into());
    config
        .sms
        .gateways
        .insert("two".into(), SmsLine { line: "20".into(), ..config.sms.gateways["one"].clone() });
    let told = |config: &Config, event: &str, has_code: bool| {
        let lines = Lines::new(config).unwrap();
        let (line, number) = lines.of(event, has_code).unwrap();
        (line.name.clone(), number.to_owned())
    };
    let pair = |name: &str, number: &str| (name.to_owned(), number.to_owned());
    for (purpose, gateway) in [("notices", "one"), ("codes", "two/9999"), ("case_closed", "two")] {
        config.sms.purposes.insert(purpose.into(), gateway.into());
    }
    assert_eq!(told(&config, "case_referred", false), pair("one", "3000"));
    assert_eq!(told(&config, "case_registered", true), pair("two", "9999"));
    assert_eq!(told(&config, "case_closed", false), pair("two", "20"));
    assert_eq!(told(&config, "sms_status", false), pair("one", "3000"));
}

#[test]
fn delivery_codes_become_states() {
    use DeliveryState::{AtCarrier, Blocked, Delivered, Failed, Queued, Undelivered, Unknown};
    let tables: [(&str, &[(i64, DeliveryState)]); 5] = [
        ("kannel", &[(1, Delivered), (2, Undelivered), (4, Queued), (8, AtCarrier), (16, Failed)]),
        (
            "kavenegar",
            &[
                (1, Queued),
                (2, Queued),
                (4, AtCarrier),
                (5, AtCarrier),
                (6, Failed),
                (10, Delivered),
                (11, Undelivered),
                (13, Failed),
                (14, Blocked),
                (100, Unknown),
            ],
        ),
        (
            "melipayamak",
            &[(0, Queued), (1, Delivered), (2, Undelivered), (8, AtCarrier), (16, Failed), (27, Blocked)],
        ),
        (
            "smsir",
            &[
                (1, Delivered),
                (2, Undelivered),
                (3, AtCarrier),
                (4, Failed),
                (5, AtCarrier),
                (6, Failed),
                (7, Blocked),
            ],
        ),
        ("magfa", &[(0, Queued), (1, Delivered), (2, Undelivered), (8, AtCarrier), (16, Failed)]),
    ];
    for (provider, codes) in tables {
        let gateway = SmsGateway::new(&config(provider, "a:b", String::new())).unwrap();
        let line = gateway.line("one").unwrap();
        for (code, state) in codes {
            assert_eq!(line.state_of(&code.to_string()), Some(*state), "{provider} {code}");
        }
        assert_eq!(line.state_of("99"), None, "{provider}");
        assert_eq!(line.state_of("x"), None, "{provider}");
    }
}

#[test]
fn times_of_providers_are_read() {
    let expected = "2026-05-28T20:26:40Z".parse::<Time>().ok();
    for told in ["2026-05-28T20:26:40Z", "1780000000", "2026-05-28T23:56:40", "2026-05-28 23:56:40"] {
        assert_eq!(time(told), expected, "{told}");
    }
    assert_eq!(time("yesterday"), None);
}
