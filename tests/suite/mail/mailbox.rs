//! A real mailbox: Dovecot on loopback, by TLS and in the open, read by one process or two.
//!
//! Needs root and Debian's packages (see `support/peers.sh`); elsewhere it says so and does nothing.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use diesel::prelude::*;
use samad::config::{Config, Imap, ImapMailbox};
use samad::db::DbConnection;
use samad::db::schema::mailboxes as b;
use samad::workers;
use serde_json::json;

use super::{case_count, mail_of, problem};
use crate::support::TestApp;

/// The mail server; ends with the value.
struct Peer {
    folder: tempfile::TempDir,
    told: HashMap<String, String>,
}

fn script(command: &str, dir: &Path) -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/suite/support/peers.sh");
    let output = Command::new(path).arg(command).arg(dir).arg("imap").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

impl Peer {
    /// None where no server can be started.
    fn start() -> Option<Self> {
        let is_root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
        if !is_root {
            println!("skipped: the real mail server needs root");
            return None;
        }
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        let folder = tempfile::Builder::new().permissions(open).tempdir().unwrap();
        let lines = script("start", folder.path());
        let told = lines.lines().filter_map(|line| line.split_once('='));
        let told = told.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Some(Self { folder, told })
    }

    fn stop(&self) {
        script("stop", self.folder.path());
    }

    fn start_again(&self) {
        script("start", self.folder.path());
    }

    /// Lays a mail into the mailbox, as a delivery does.
    fn deliver(&self, name: &str, bytes: &str) {
        let inbox = PathBuf::from(&self.told["IMAP_BOX"]);
        let (tmp, new) = (inbox.join("tmp").join(name), inbox.join("new").join(name));
        std::fs::write(&tmp, bytes).unwrap();
        let all = std::os::unix::fs::PermissionsExt::from_mode(0o666);
        std::fs::set_permissions(&tmp, all).unwrap();
        std::fs::rename(tmp, new).unwrap();
    }

    fn deliver_many(&self, range: std::ops::Range<usize>) {
        for number in range {
            // people of their own, so that nobody reaches a cap of the day
            let from = format!("person{number}@example.ir");
            let text = format!("شماره {number}: آب محله ما قطع است.");
            self.deliver(&format!("{number:04}"), &mail_of(&from, &format!("m{number}"), "", &text));
        }
    }

    fn reads(&self, scheme: &str, password: &str) -> impl Fn(&mut Config) + use<> {
        let port = if scheme == "imaps" { &self.told["IMAPS_PORT"] } else { &self.told["IMAP_PORT"] };
        let url = format!("{scheme}://people:{password}@127.0.0.1:{port}");
        let ca = if scheme == "imap" { PathBuf::new() } else { PathBuf::from(&self.told["IMAP_CA"]) };
        move |config: &mut Config| {
            config.imap =
                Imap::One(ImapMailbox { url: url.clone(), ca: ca.clone(), ..ImapMailbox::default() });
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn read(app: &TestApp, owner: &str) -> usize {
    workers::mailboxes::read_once(&app.app, owner).await.expect("the mailbox is read")
}

/// Lays something on what is remembered of the mailbox.
async fn change(app: &TestApp, write: impl Fn(&mut DbConnection) -> QueryResult<usize> + Send + 'static) {
    let changed = app.app.db.write(move |connection| Ok(write(connection)?)).await.expect("it is written");
    assert_eq!(changed, 1);
}

#[actix_web::test]
async fn an_outage_of_a_week_loses_nothing_and_nothing_comes_twice() {
    let Some(peer) = Peer::start() else { return };
    let app = TestApp::start_with(peer.reads("imaps", "secret")).await;
    peer.deliver_many(0..3);
    assert_eq!((read(&app, "a").await, case_count(&app).await), (3, 3));
    assert_eq!(read(&app, "a").await, 0);
    // we are away for a week, and people write all the same
    app.pass_days(7);
    peer.deliver_many(3..30);
    peer.deliver("broken", "");
    peer.deliver("strange", "\u{0}\u{0}\u{0}");
    read(&app, "a").await;
    assert_eq!(case_count(&app).await, 30);
    let found = app.as_user("registrar.centre").await.get("/intake/items?limit=100").await.expect(200);
    let named = found["items"].as_array().unwrap().iter().filter(|item| item["gateway"] == "mail").count();
    assert_eq!(named, found["items"].as_array().unwrap().len());
    // a process that died after it took a mail in and before it wrote so: what was read is known
    change(&app, |connection| diesel::update(b::table).set(b::last_uid.eq(10_i64)).execute(connection)).await;
    assert!(read(&app, "b").await >= 20);
    assert_eq!(case_count(&app).await, 30);
    // the server numbered the mailbox anew
    change(&app, |connection| diesel::update(b::table).set(b::uid_validity.eq(1_i64)).execute(connection))
        .await;
    assert!(read(&app, "b").await >= 30);
    assert_eq!(case_count(&app).await, 30);
}

#[actix_web::test]
async fn two_processes_never_read_one_mailbox_at_once() {
    let Some(peer) = Peer::start() else { return };
    let app = TestApp::start_with(peer.reads("imap+starttls", "secret")).await;
    let other = app.another_with(peer.reads("imap", "secret")).await;
    peer.deliver_many(0..12);
    let (a, b) = futures_util::future::join(read(&app, "a"), read(&other, "b")).await;
    assert!((a == 12 && b == 0) || (a == 0 && b == 12), "{a} and {b}");
    assert_eq!(case_count(&app).await, 12);
    // a process that died holds its lease until its end, and no longer
    let until = app.now().plus_seconds(420);
    change(&app, move |connection| {
        let dead = (b::lease_owner.eq("dead"), b::lease_until.eq(until));
        diesel::update(b::table).set(dead).execute(connection)
    })
    .await;
    peer.deliver_many(12..14);
    assert_eq!(read(&other, "b").await, 0);
    app.pass_hours(1);
    assert_eq!(read(&other, "b").await, 2);
}

#[actix_web::test]
async fn a_mailbox_that_cannot_be_read_is_named_and_read_again_when_it_can_be() {
    let Some(peer) = Peer::start() else { return };
    let wrong = TestApp::start_with(peer.reads("imaps", "not-it")).await;
    workers::mailboxes::read_once(&wrong.app, "a").await.expect_err("the password is wrong");
    wrong.pass_hours(1);
    let named = problem(&wrong, "mailboxes_unread").await;
    assert_eq!((&named["count"], &named["channels"]), (&json!(1), &json!({ "mail": 1 })));
    let told = wrong.as_user("admin").await.get("/intake/mailboxes").await.expect(200);
    let said = told["items"][0]["error"].as_str().unwrap();
    assert!(said.starts_with("sign in:") && !said.contains("not-it"), "{said}");
    peer.deliver_many(0..2);
    let right = wrong.another_with(peer.reads("imaps", "secret")).await;
    peer.stop();
    workers::mailboxes::read_once(&right.app, "b").await.expect_err("the server is away");
    peer.start_again();
    assert_eq!(read(&right, "b").await, 2);
    assert_eq!(problem(&right, "mailboxes_unread").await, json!(null));
    let untrusted = wrong.another_with(|config| {
        peer.reads("imaps", "secret")(config);
        if let Imap::One(mailbox) = &mut config.imap {
            mailbox.ca = PathBuf::new();
        }
    });
    let untrusted = untrusted.await;
    workers::mailboxes::read_once(&untrusted.app, "c").await.expect_err("nobody vouches for its certificate");
}

#[actix_web::test]
async fn a_mail_larger_than_the_limit_is_read_by_its_head() {
    let Some(peer) = Peer::start() else { return };
    let app = TestApp::start_with(|config| {
        peer.reads("imap", "secret")(config);
        config.server.intake_limit = 100_000;
    })
    .await;
    let head = "Content-Type: multipart/mixed; boundary=b\r\n";
    let body = format!(
        "--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nپل شکسته است.\r\n--b\r\nContent-Type: image/png\r\n\r\n{}",
        "x".repeat(31_000_000)
    );
    let large = mail_of("a@example.ir", "large", head, &body)
        .replace("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n", "");
    peer.deliver("large", &large);
    assert_eq!(read(&app, "a").await, 1);
    app.drain().await;
    let sent = app.mail().sent();
    assert_eq!((case_count(&app).await, sent.len()), (1, 2));
    assert!(sent.iter().any(|letter| letter.rendered.body.contains("پیوست‌ها پذیرفته نشد")));
}

#[actix_web::test]
async fn a_mail_that_comes_while_we_listen_is_taken_at_once() {
    let Some(peer) = Peer::start() else { return };
    let app = TestApp::start_with(peer.reads("imaps", "secret")).await;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let worker = actix_web::rt::spawn(workers::mailboxes::run(app.app.clone(), "one".into(), stopped));
    for number in 0..3 {
        peer.deliver_many(number..number + 1);
        let arrived = async {
            while case_count(&app).await <= number {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        // much sooner than it is asked for without IDLE
        tokio::time::timeout(Duration::from_secs(30), arrived).await.expect("the server tells of new mail");
    }
    stop.send(true).unwrap();
    worker.await.unwrap();
    let leased: Option<String> =
        app.look(|connection| Ok(b::table.select(b::lease_owner).first(connection)?));
    assert_eq!(leased, None, "the lease is given back");
}
