//! Nonsense in many shapes: bodies, addresses and headers that no client should send.

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::{Map, Value, json};

use crate::support::Client;

/// Names of fields that some body has.
const FIELDS: [&str; 47] = [
    "kind",
    "channel",
    "text",
    "subject",
    "category",
    "citizen",
    "anonymous",
    "representative",
    "place",
    "about_office",
    "sealed",
    "external_id",
    "received_at",
    "priority",
    "to",
    "instruction",
    "outcome",
    "reason",
    "reason_code",
    "remedy",
    "signpost",
    "confirm",
    "interim",
    "office",
    "note",
    "days",
    "user",
    "accepted",
    "who",
    "how",
    "expected_at",
    "username",
    "password",
    "roles",
    "refresh_token",
    "tracking_code",
    "access_code",
    "mobile",
    "national_id",
    "code",
    "parent",
    "level",
    "span",
    "source",
    "revoked",
    "channels",
    "date",
];

/// Names of parameters that some query has.
const PARAMETERS: [&str; 20] = [
    "limit",
    "cursor",
    "status",
    "kind",
    "channel",
    "category",
    "office",
    "province",
    "county",
    "holder",
    "citizen",
    "overdue",
    "sealed",
    "q",
    "from",
    "to",
    "sort",
    "box",
    "national_id",
    "mobile",
];

pub fn text(rng: &mut StdRng) -> String {
    let known = [
        "",
        " ",
        "\0",
        "a\0b",
        "\u{1b}[31m",
        "\u{202e}معکوس",
        "null",
        "true",
        "-1",
        "0",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "1e400",
        "NaN",
        "2026-02-30",
        "2026-13-01T99:99:99Z",
        "-009999-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999999Z",
        "0000-00-00",
        "1405/13/32",
        "10wd",
        "99999wd",
        "0d",
        "request",
        "complaint",
        "phone",
        "MOEN",
        "CENTRE",
        "water.outage",
        "granted",
        "declined",
        "lead",
        "helper",
        "' OR 1=1 --",
        "\" * NEAR(",
        "{{ 7*7 }}",
        "../../etc/passwd",
        "%00",
        "%s%n",
        "\u{feff}",
        "۱۲۳۴",
        "کی",
        "eyJzb3J0IjoiZHVlX2F0IiwiYXQiOiItOTk5OTk5OTk5OTk5OTk5OTkiLCJpZCI6MX0",
        "eyJzb3J0IjoiLXJlZ2lzdGVyZWRfYXQiLCJhdCI6IjIwMjYtMDEtMDFUMDA6MDA6MDBaIiwiaWQiOi05MjIzMzcyMDM2ODU0Nzc1ODA4fQ",
    ];
    match rng.random_range(0..10) {
        0 => "x".repeat(rng.random_range(1..30_000)),
        1 => "\u{1F600}\u{301}".repeat(rng.random_range(1..3_000)),
        2 => (0..rng.random_range(0..40))
            .map(|_| char::from_u32(rng.random_range(0..0x3000)).unwrap_or('\u{fffd}'))
            .collect(),
        _ => (*known.choose(rng).unwrap()).to_owned(),
    }
}

fn value(rng: &mut StdRng, depth: usize) -> Value {
    match rng.random_range(0..14) {
        0 => Value::Null,
        1 => json!(rng.random_bool(0.5)),
        2 => json!(*[-1, 0, 1, i64::MAX, i64::MIN, 365, 65_536].choose(rng).unwrap()),
        3 => json!(*[-0.5, 91.0, 1e308, -1e-308].choose(rng).unwrap()),
        4 if depth > 0 => Value::Array((0..rng.random_range(0..4)).map(|_| value(rng, depth - 1)).collect()),
        5 | 6 if depth > 0 => Value::Object(object(rng, depth - 1)),
        _ => Value::String(text(rng)),
    }
}

fn object(rng: &mut StdRng, depth: usize) -> Map<String, Value> {
    (0..rng.random_range(0..6))
        .map(|_| ((*FIELDS.choose(rng).unwrap()).to_owned(), value(rng, depth)))
        .collect()
}

/// A body whose fields are those of the operation, with wrong values in them.
fn near(rng: &mut StdRng, properties: &[String], right: bool) -> Value {
    let mut body = Map::new();
    for name in properties {
        if rng.random_bool(0.8) {
            body.insert(name.clone(), if right { Value::String(text(rng)) } else { value(rng, 3) });
        }
    }
    Value::Object(body)
}

pub fn body(rng: &mut StdRng, properties: &[String]) -> Vec<u8> {
    match rng.random_range(0..12) {
        0 => Vec::new(),
        1 => (0..rng.random_range(1..200)).map(|_| rng.random()).collect(),
        2 => format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000)).into_bytes(),
        3 => "{\"a\":".repeat(3_000).into_bytes(),
        4 => value(rng, 4).to_string().into_bytes(),
        5 => b"{\"text\":\"\\ud800\",\"kind\":\"request\"}".to_vec(),
        6 => Value::Object(object(rng, 4)).to_string().into_bytes(),
        7..=9 => near(rng, properties, true).to_string().into_bytes(),
        _ => near(rng, properties, false).to_string().into_bytes(),
    }
}

/// The fields of an operation's body, from the document.
pub fn properties(document: &Value, method: &str, path: &str) -> Vec<String> {
    let operation = &document["paths"][format!("/api/v1{path}")][method.to_lowercase()];
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
    let name = schema.as_str().and_then(|name| name.rsplit('/').next()).unwrap_or_default();
    let properties = &document["components"]["schemas"][name]["properties"];
    let own =
        properties.as_object().map(|fields| fields.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
    if own.is_empty() { FIELDS.map(str::to_owned).to_vec() } else { own }
}

fn escaped(text: &str) -> String {
    text.bytes()
        .take(3_000)
        .map(
            |byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            },
        )
        .collect()
}

pub fn address(rng: &mut StdRng, method: &str, path: &str, real: &str) -> String {
    let mut address = if path.contains('{') && rng.random_bool(0.3) {
        let (head, tail) = (path.split('{').next().unwrap(), path.split('}').nth(1).unwrap());
        let wrong = text(rng);
        format!("{head}{}{tail}", escaped(if wrong.is_empty() { "-" } else { &wrong }))
    } else {
        real.to_owned()
    };
    if method == "GET" && rng.random_bool(0.8) {
        for index in 0..rng.random_range(1..4) {
            let sign = if index == 0 { '?' } else { '&' };
            address.push_str(&format!("{sign}{}={}", PARAMETERS.choose(rng).unwrap(), escaped(&text(rng))));
        }
    }
    address
}

pub fn with_headers<'a>(rng: &mut StdRng, client: Client<'a>) -> Client<'a> {
    let tags = ["\"1\"", "*", "W/\"2\"", "\"99999999999999\"", "-1", "\"", ""];
    let languages = ["fa;q=x", ",,,;;", "en;q=9e999", "\u{e9}", "*"];
    let mut client = client.with("If-Match", *tags.choose(rng).unwrap());
    if rng.random_bool(0.3) {
        client = client.with(
            "Idempotency-Key",
            ["", " ", "\"k\"", &"k".repeat(300), "same"].choose(rng).unwrap().to_string(),
        );
    }
    if rng.random_bool(0.2) {
        client = client.with("Accept-Language", *languages.choose(rng).unwrap());
    }
    client
}
