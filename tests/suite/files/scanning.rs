//! Malware: a file is opened after the scanner's word and not before. The scanner here speaks clamd's protocol; a real
//! one is asked where `SAMAD_TEST_CLAMD` names its address.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use super::path_of;
use crate::support::TestApp;

const MALWARE: &[u8] = b"a text with SAMAD-TEST-MALWARE in it";

/// Speaks INSTREAM; knows one malware; hangs up while it is away.
struct Scanner {
    address: String,
    is_away: Arc<AtomicBool>,
}

impl Scanner {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let (address, is_away) =
            (listener.local_addr().unwrap().to_string(), Arc::new(AtomicBool::new(false)));
        let away = is_away.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if !away.load(Ordering::SeqCst) {
                    // one who goes away in between is no fault of the scanner
                    let _ = answer(stream);
                }
            }
        });
        Self { address, is_away }
    }

    fn away(&self, is_away: bool) {
        self.is_away.store(is_away, Ordering::SeqCst);
    }
}

fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    let mut command = [0; 10];
    stream.read_exact(&mut command)?;
    assert_eq!(&command, b"zINSTREAM\0");
    let mut bytes = Vec::new();
    loop {
        let mut length = [0; 4];
        stream.read_exact(&mut length)?;
        let length = u32::from_be_bytes(length) as usize;
        if length == 0 {
            break;
        }
        let mut piece = vec![0; length];
        stream.read_exact(&mut piece)?;
        bytes.extend(piece);
    }
    let is_bad = super::holds(&bytes, b"SAMAD-TEST-MALWARE");
    stream.write_all(if is_bad { b"stream: Samad-Test-Malware FOUND\0" } else { b"stream: OK\0" })
}

#[actix_web::test]
async fn a_file_opens_when_it_was_scanned() {
    let scanner = Scanner::start();
    let app = TestApp::start_with(|config| config.antivirus.address = scanner.address.clone()).await;
    let case = app.register(json!({})).await;
    let agent = app.as_user("agent.centre").await;
    let told = agent.upload(&case.path("attachments"), "a.txt", b"clean words").await.expect(201);
    assert_eq!(told["scan"], "scanning");
    agent.get(&path_of(&told)).await.refused(409, "file_scanning");
    app.drain().await;
    assert_eq!(app.list(&case, "attachments").await[0]["scan"], "clean");
    assert_eq!(agent.get(&path_of(&told)).await.bytes, b"clean words");
    let found = agent.get("/cases?q=clean words").await.expect(200);
    assert_eq!(found["items"][0]["id"], case.id, "its words are read after the verdict");
}

/// Malware stays closed for ever, and everybody who must know is told.
async fn malware_stays_closed(address: &str) {
    let app = TestApp::start_with(|config| config.antivirus.address = address.to_owned()).await;
    let case = app.register(json!({})).await;
    let citizen = app.own_citizen(&case).await;
    let path = format!("/public/cases/{}/attachments", case.tracking_code);
    let told = citizen.upload(&path, "a.txt", MALWARE).await.expect(201);
    app.drain().await;
    let agent = app.as_user("agent.centre").await;
    agent.get(&path_of(&told)).await.refused(409, "file_infected");
    let file = &app.list(&case, "attachments").await[0];
    assert_eq!(file["scan"], "infected");
    assert!(file["signature"].as_str().unwrap().starts_with("Samad-Test-Malware"), "{file}");
    assert_eq!(app.events(&case).await.last().unwrap(), "file_infected");
    assert_eq!(app.health_of("files_infected").await, 1);
    assert!(app.sms().sent().iter().any(|letter| letter.rendered.body.contains("باز نمی‌شود")));
    let found = agent.get("/cases?q=malware").await.expect(200);
    assert!(found["items"].as_array().unwrap().is_empty(), "nobody reads its words");
    // the same bytes in another case are known at once
    let other = app.register(json!({ "text": "دوباره همان پرونده را می‌فرستم." })).await;
    let again = agent.upload(&other.path("attachments"), "b.txt", MALWARE).await.expect(201);
    assert_eq!(again["scan"], "infected");
    app.pass_days(30);
    app.drain().await;
    agent.get(&path_of(&again)).await.refused(409, "file_infected");
}

#[actix_web::test]
async fn malware_is_never_opened_and_everybody_is_told() {
    malware_stays_closed(&Scanner::start().address).await;
}

#[actix_web::test]
async fn a_real_scanner_finds_it_too() {
    match std::env::var("SAMAD_TEST_CLAMD") {
        Ok(address) => malware_stays_closed(&address).await,
        Err(_) => println!("skipped: SAMAD_TEST_CLAMD names no clamd"),
    }
}

#[actix_web::test]
async fn while_the_scanner_is_away_files_are_closed_and_not_lost() {
    let scanner = Scanner::start();
    scanner.away(true);
    let app = TestApp::start_with(|config| config.antivirus.address = scanner.address.clone()).await;
    let case = app.register(json!({})).await;
    let agent = app.as_user("agent.centre").await;
    let told = agent.upload(&case.path("attachments"), "a.txt", b"words").await.expect(201);
    app.drain().await;
    assert_eq!(app.list(&case, "attachments").await[0]["scan"], "quarantined");
    agent.get(&path_of(&told)).await.refused(409, "file_quarantined");
    assert_eq!(app.health_of("files_unscanned").await, 1);
    scanner.away(false);
    app.drain().await;
    agent.get(&path_of(&told)).await.refused(409, "file_quarantined");
    app.pass_hours(1);
    app.drain().await;
    assert_eq!(agent.get(&path_of(&told)).await.bytes, b"words");
    assert_eq!(app.health_of("files_unscanned").await, 0);
}
