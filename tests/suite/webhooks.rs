//! Subscribers are told of events: signed, once, and only what their office sees.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use samad::workers;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::support::{TestApp, filing};

/// What a subscriber was sent.
#[derive(Debug, Clone)]
struct Sent {
    head: String,
    body: String,
}

impl Sent {
    fn header(&self, name: &str) -> String {
        let line = self.head.lines().find(|line| line.to_lowercase().starts_with(&format!("{name}:")));
        line.and_then(|line| line.split_once(':'))
            .map(|(_, value)| value.trim().to_owned())
            .unwrap_or_default()
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// A subscriber on loopback that answers with the status that the test sets.
struct Subscriber {
    url: String,
    status: Arc<AtomicU16>,
    sent: Arc<Mutex<Vec<Sent>>>,
}

impl Subscriber {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let (status, sent): (Arc<AtomicU16>, Arc<Mutex<Vec<Sent>>>) =
            (Arc::new(AtomicU16::new(204)), Arc::default());
        let (answer, kept) = (status.clone(), sent.clone());
        // ends with the test's process
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let Some(one) = read(&mut stream) else { continue };
                kept.lock().unwrap().push(one);
                let code = answer.load(Ordering::SeqCst);
                let reply = format!(
                    "HTTP/1.1 {code} X\r\nLocation: /hook/elsewhere\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                );
                let _ = stream.write_all(reply.as_bytes());
            }
        });
        Self { url, status, sent }
    }

    fn answers(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }

    fn names(&self) -> Vec<String> {
        self.sent().iter().map(|one| one.header("samad-event")).collect()
    }
}

fn read(stream: &mut std::net::TcpStream) -> Option<Sent> {
    let (mut all, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let count = stream.read(&mut buffer).ok()?;
        all.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&all).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = |line: &str| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok();
            if body.len() >= head.lines().find_map(length).unwrap_or(0) {
                return Some(Sent { head: head.to_owned(), body: body.to_owned() });
            }
        }
        if count == 0 {
            return None;
        }
    }
}

async fn start() -> TestApp {
    TestApp::start_with(|config| config.webhooks.networks = "127.0.0.1".into()).await
}

fn wish(url: &str, changes: Value) -> Value {
    let mut body = json!({ "code": "board", "url": url, "events": ["*"], "office": "CENTRE", "fa": "تابلو",
        "en": "Board" });
    for (field, value) in changes.as_object().unwrap() {
        body[field] = value.clone();
    }
    body
}

async fn secret(app: &TestApp) -> Vec<u8> {
    let told = app.as_user("admin").await.post("/webhooks/board/secret", json!({})).await.expect(200);
    let secret = told["secret"].as_str().unwrap().strip_prefix("whsec_").unwrap().to_owned();
    BASE64_STANDARD.decode(secret).unwrap()
}

/// As a receiver verifies it after standardwebhooks.com.
fn is_signed(sent: &Sent, secret: &[u8]) -> bool {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    let (id, at) = (sent.header("webhook-id"), sent.header("webhook-timestamp"));
    mac.update(format!("{id}.{at}.{}", sent.body).as_bytes());
    let expected = format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()));
    sent.header("webhook-signature").split(' ').any(|one| one == expected)
}

async fn deliveries(app: &TestApp, state: &str) -> Vec<Value> {
    let path = format!("/webhooks/board/deliveries?state={state}");
    let page = app.as_user("admin").await.get(&path).await.expect(200);
    page["items"].as_array().unwrap().clone()
}

async fn problem(app: &TestApp, code: &str) -> Option<Value> {
    let page = app.as_user("admin").await.get("/health").await.expect(200);
    page["problems"].as_array().unwrap().iter().find(|problem| problem["code"] == code).cloned()
}

#[actix_web::test]
async fn a_subscriber_is_told_of_each_event_signed_and_without_anybodys_name_or_words() {
    let app = start().await;
    let board = Subscriber::start();
    app.agreed_post("/webhooks", wish(&board.url, json!({}))).await;
    let case = app.referred_to("MOEN-10").await;
    app.drain().await;
    let mut names = board.names();
    names.sort();
    assert_eq!(names, ["case_classified", "case_referred", "case_registered"]);
    let key = secret(&app).await;
    for sent in board.sent() {
        assert!(is_signed(&sent, &key), "{sent:?}");
        let told = sent.json();
        assert_eq!(told["data"]["case"]["id"], case.id.as_str());
        assert_eq!(told["type"], sent.header("samad-event").as_str());
        for hidden in ["مریم", "9991000011", "09990000011", "قطع", case.tracking_code.as_str()] {
            assert!(!sent.body.contains(hidden), "{hidden}");
        }
    }
    let at: i64 = board.sent()[0].header("webhook-timestamp").parse().unwrap();
    assert_eq!(at, app.now().timestamp().as_second());
    app.drain().await;
    assert_eq!(board.sent().len(), 3, "what was taken is not sent again");
}

#[actix_web::test]
async fn only_wished_events_of_what_the_office_sees_are_told() {
    let app = start().await;
    let board = Subscriber::start();
    let own = json!({ "office": "MOEN-10", "events": ["case_referred", "case_closed"] });
    app.agreed_post("/webhooks", wish(&board.url, own)).await;
    app.referred_to("MOHME").await;
    app.referred_to("MOEN-10").await;
    // sealed, and sent there by its extract
    let sealed = app.register(json!({ "kind": "complaint", "sealed": true })).await;
    app.classify(&sealed, "complaint", "water.outage").await;
    app.refer("classifier.centre", &sealed, &[("MOEN-10", "lead")]).await;
    app.drain().await;
    assert_eq!(board.names(), ["case_referred"]);
}

#[actix_web::test]
async fn an_office_is_not_told_of_a_complaint_about_itself() {
    let app = start().await;
    let board = Subscriber::start();
    app.agreed_post("/webhooks", wish(&board.url, json!({ "office": "GOV-10" }))).await;
    app.register_as("agent.gov-10", json!({})).await;
    let wish = filing(json!({ "kind": "complaint", "about_office": "GOV-10" }));
    app.as_user("agent.centre").await.post("/cases", wish).await.expect(201);
    app.drain().await;
    assert_eq!(board.names(), ["case_registered"]);
}

#[actix_web::test]
async fn what_fails_is_tried_later_and_later_then_kept_to_be_replayed() {
    let app = TestApp::start_with(|config| {
        config.webhooks.networks = "127.0.0.0/8".into();
        config.webhooks.max_attempts = 3;
        config.webhooks.breaker_failures = 100;
    })
    .await;
    let board = Subscriber::start();
    app.agreed_post("/webhooks", wish(&board.url, json!({}))).await;
    board.answers(500);
    app.register(json!({})).await;
    app.drain().await;
    assert_eq!(board.sent().len(), 1, "not again at once");
    let waiting = &deliveries(&app, "queued").await[0];
    assert_eq!((&waiting["response"], &waiting["error"]), (&json!(500), &json!("HTTP 500")));
    for _ in 0..3 {
        app.pass_hours(1);
        app.drain().await;
    }
    let ids: std::collections::BTreeSet<String> =
        board.sent().iter().map(|one| one.header("webhook-id")).collect();
    assert_eq!((board.sent().len(), ids.len()), (3, 1));
    assert_eq!(problem(&app, "webhooks_undelivered").await.unwrap()["channels"]["board"], 1);
    let failed = deliveries(&app, "failed").await;
    let path = format!("/webhooks/board/deliveries/{}", failed[0]["id"].as_str().unwrap());
    let told = app.as_user("admin").await.get(&path).await.expect(200);
    assert_eq!(
        (told["tries"].as_array().unwrap().len(), &told["body"]["type"]),
        (3, &json!("case_registered"))
    );
    board.answers(200);
    let again = app.as_user("admin").await.post("/webhooks/board/replay", json!({})).await.expect(200);
    assert_eq!(again["replayed"], 1);
    app.drain().await;
    assert_eq!(problem(&app, "webhooks_undelivered").await, None);
    let delivered = deliveries(&app, "delivered").await;
    assert_eq!(delivered[0]["id"], failed[0]["id"]);
    // a single one may be sent again whatever became of it
    app.as_user("admin").await.post(&format!("{path}/replay"), json!({})).await.expect(200);
    app.drain().await;
    assert_eq!(board.sent().len(), 5);
    // and the log ends with its time
    app.pass_days(31);
    workers::housekeeping::forget(&app.app).await.unwrap();
    app.as_user("admin").await.get(&path).await.refused(404, "not_found");
}

#[actix_web::test]
async fn after_many_failures_a_subscriber_is_left_alone_and_then_tried_with_one() {
    let app = TestApp::start_with(|config| {
        config.webhooks.networks = "127.0.0.1".into();
        config.webhooks.breaker_failures = 3;
        config.webhooks.breaker_seconds = 7200;
    })
    .await;
    let board = Subscriber::start();
    app.agreed_post("/webhooks", wish(&board.url, json!({ "events": ["case_registered"] }))).await;
    board.answers(503);
    for _ in 0..3 {
        app.register(json!({})).await;
    }
    app.drain().await;
    let list = app.as_user("admin").await.get("/webhooks").await.expect(200);
    assert_eq!(list["items"][0]["standing"]["failures"], 3);
    assert!(problem(&app, "webhooks_failing").await.is_some());
    app.register(json!({})).await;
    app.pass_hours(1);
    app.drain().await;
    assert_eq!(board.sent().len(), 3, "nobody is bothered while the breaker is open");
    app.pass_hours(1);
    app.drain().await;
    assert_eq!(board.sent().len(), 4, "one tries");
    board.answers(200);
    app.pass_hours(3);
    app.drain().await;
    assert_eq!(deliveries(&app, "delivered").await.len(), 4);
    assert_eq!(problem(&app, "webhooks_failing").await, None);
}

#[actix_web::test]
async fn no_address_inside_is_called_and_no_redirect_followed() {
    let app = TestApp::start().await;
    let board = Subscriber::start();
    app.agreed_post("/webhooks", wish(&board.url, json!({}))).await;
    let named = board.url.replace("http://127.0.0.1", "https://localhost");
    let other = json!({ "code": "named", "url": named });
    app.agreed_post("/webhooks", wish(&board.url, other)).await;
    app.register(json!({})).await;
    app.drain().await;
    assert!(board.sent().is_empty());
    for code in ["board", "named"] {
        let path = format!("/webhooks/{code}/deliveries");
        let page = app.as_user("admin").await.get(&path).await.expect(200);
        let error = page["items"][0]["error"].as_str().unwrap();
        assert!(error.contains("not public"), "{code}: {error}");
    }
    let app = start().await;
    app.agreed_post("/webhooks", wish(&board.url, json!({}))).await;
    board.answers(307);
    app.register(json!({})).await;
    app.drain().await;
    assert_eq!(board.sent().len(), 1);
    assert!(deliveries(&app, "queued").await[0]["error"].as_str().unwrap().contains("redirects"));
}

#[actix_web::test]
async fn a_subscription_needs_two_persons_and_is_checked() {
    let app = start().await;
    let admin = app.as_user("admin").await;
    let board = Subscriber::start();
    admin.post("/webhooks", wish(&board.url, json!({}))).await.expect(202);
    app.register(json!({})).await;
    app.drain().await;
    assert!(board.sent().is_empty(), "a proposal tells nobody");
    for (field, value, code) in [
        ("url", json!("ftp://example.ir"), "invalid"),
        ("url", json!("https://user:secret@example.ir/"), "invalid"),
        ("url", json!("https://"), "invalid"),
        ("events", json!(["identity_released"]), "unknown"),
        ("events", json!([]), "required"),
        ("office", json!("NOWHERE"), "unknown"),
        ("code", json!("Board 1"), "invalid"),
        ("colour", json!("red"), "invalid"),
    ] {
        admin.post("/webhooks", wish(&board.url, json!({ field: value }))).await.wrong(field, code);
    }
    for user in ["classifier.centre", "auditor.centre"] {
        let person = app.as_user(user).await;
        person.get("/webhooks").await.refused(403, "forbidden");
        person.post("/webhooks/board/secret", json!({})).await.refused(403, "forbidden");
    }
}

#[actix_web::test]
async fn a_subscription_rests_changes_its_secret_and_ends() {
    let app = start().await;
    let board = Subscriber::start();
    app.agreed_post("/webhooks", wish(&board.url, json!({}))).await;
    let admin = app.as_user("admin").await;
    let old = secret(&app).await;
    admin.post("/webhooks/board/ping", json!({})).await.expect(201);
    app.drain().await;
    assert_eq!(board.names(), ["ping"]);
    app.agreed_patch("/webhooks/board", json!({ "generation": 1 })).await;
    let new = secret(&app).await;
    assert_ne!(old, new);
    admin.post("/webhooks/board/ping", json!({})).await.expect(201);
    app.drain().await;
    let last = board.sent().pop().unwrap();
    assert!(is_signed(&last, &new) && is_signed(&last, &old), "both while it is being changed");
    app.agreed_patch("/webhooks/board", json!({ "active": false })).await;
    app.register(json!({})).await;
    admin.post("/webhooks/board/ping", json!({})).await.expect(201);
    app.drain().await;
    assert_eq!(board.sent().len(), 2);
    assert_eq!(deliveries(&app, "withheld").await.len(), 1);
    app.agreed_patch("/webhooks/board", json!({ "end": true })).await;
    admin.post("/webhooks/board/ping", json!({})).await.refused(404, "not_found");
    assert_eq!(deliveries(&app, "delivered").await.len(), 2, "the log stays");
}

#[actix_web::test]
async fn two_processes_send_one_event_once() {
    let app = start().await;
    let other = app.another_with(|config| config.webhooks.networks = "127.0.0.1".into()).await;
    let board = Subscriber::start();
    app.agreed_post("/webhooks", wish(&board.url, json!({ "events": ["case_registered"] }))).await;
    for _ in 0..6 {
        app.register(json!({})).await;
    }
    let (one, two) =
        tokio::join!(workers::webhooks::run_once(&app.app), workers::webhooks::run_once(&other.app));
    assert_eq!(one.unwrap() + two.unwrap(), 6);
    assert_eq!(board.sent().len(), 6);
}
