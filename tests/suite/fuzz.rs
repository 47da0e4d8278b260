//! Nonsense at every door: no fault of ours, and every refusal a problem with its code.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::endpoints::{documented, filled, theirs};
use crate::support::{Client, Reply, TestApp};

/// Calls of one operation.
const TRIES: usize = 60;

/// Names of fields that some body has.
const FIELDS: [&str; 44] = [
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
    "consent",
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

fn text(rng: &mut StdRng) -> String {
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

fn body(rng: &mut StdRng, properties: &[String]) -> Vec<u8> {
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
fn properties(document: &Value, method: &str, path: &str) -> Vec<String> {
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

fn address(rng: &mut StdRng, method: &str, path: &str, real: &str) -> String {
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

fn with_headers<'a>(rng: &mut StdRng, client: Client<'a>) -> Client<'a> {
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

#[track_caller]
fn judge(what: &str, sent: &[u8], reply: &Reply) {
    let shown = || {
        format!(
            "{what}\nsent {}\ngot {} {}",
            String::from_utf8_lossy(&sent[..sent.len().min(600)]),
            reply.status,
            reply.told()
        )
    };
    assert!(reply.status < 500, "{}", shown());
    if reply.status >= 400 {
        assert_eq!(reply.header("Content-Type"), "application/problem+json", "{}", shown());
        assert!(!reply.code().is_empty() && reply.json["status"] == reply.status, "{}", shown());
    }
}

/// Sends nonsense to every operation whose number leaves `rest`.
async fn fuzz(seed: u64, rest: usize) {
    let app = TestApp::start().await;
    let ids = theirs(&app).await;
    let wish = json!({ "tracking_code": ids["tracking_code"], "national_id": crate::support::MARYAM });
    let token =
        app.nobody().post("/public/lookups", wish).await.expect(200)["token"].as_str().unwrap().to_owned();
    let document = serde_json::to_value(samad::server::document()).unwrap();
    let people = [
        "classifier.centre",
        "handler.moen-10",
        "approver.moen-10",
        "admin",
        "agent.centre",
        "liaison.moen-10",
    ];
    let mut rng = StdRng::seed_from_u64(seed);
    for (number, ((method, path), _)) in documented().into_iter().enumerate() {
        if number % 4 != rest || path == "/auth/tokens" && method == "DELETE" {
            continue;
        }
        let (fields, real) = (properties(&document, &method, &path), filled(&path, &ids));
        for _ in 0..TRIES {
            let client = match rng.random_range(0..8) {
                0 => app.nobody(),
                1 => app.bearer(&text(&mut rng).replace(|c: char| !c.is_ascii_graphic(), "")),
                _ if path.starts_with("/public/cases/") => app.bearer(&token),
                2 => app.gateway(),
                _ => app.as_user(people.choose(&mut rng).unwrap()).await,
            };
            let client = with_headers(&mut rng, client);
            let kind = *[
                "application/json",
                "application/json",
                "application/json",
                "multipart/form-data; boundary=edge",
                "text/xml",
                "application/merge-patch+json",
            ]
            .choose(&mut rng)
            .unwrap();
            let address = address(&mut rng, &method, &path, &real);
            let sent = if method == "GET" { Vec::new() } else { body(&mut rng, &fields) };
            let wire: Method = method.parse().unwrap();
            let reply =
                client.raw(wire, &address, if method == "GET" { "" } else { kind }, sent.clone()).await;
            judge(&format!("{method} {address}"), &sent, &reply);
        }
    }
    assert_eq!(app.nobody().get("/readyz").await.status, 200);
}

#[actix_web::test]
async fn nonsense_is_refused_as_a_problem_at_every_first_door() {
    fuzz(1, 0).await;
}

#[actix_web::test]
async fn nonsense_is_refused_as_a_problem_at_every_second_door() {
    fuzz(2, 1).await;
}

#[actix_web::test]
async fn nonsense_is_refused_as_a_problem_at_every_third_door() {
    fuzz(3, 2).await;
}

#[actix_web::test]
async fn nonsense_is_refused_as_a_problem_at_every_fourth_door() {
    fuzz(4, 3).await;
}
