//! Provable history: receipts that anyone can check, anchors, and a database that cannot be edited unseen.

mod stranger;

use std::path::PathBuf;
use std::process::{Command, Output};

use diesel::connection::SimpleConnection;
use samad::db::{DbConnection, Location};
use samad::domain::history::check::{self, Evidence};
use samad::workers::anchoring;
use serde_json::{Value, json};

use crate::support::{Case, TestApp, filing};

const WORDS: &str = "آب محله ما سه روز است که قطع است.";

impl TestApp {
    /// Lets midnight pass in Tehran, and what is made after it.
    async fn pass_midnight(&self) -> usize {
        self.pass_days(1);
        anchoring::run_once(&self.app).await.expect("the anchors are made")
    }

    fn folder(&self) -> PathBuf {
        self.app.config.data.dir.clone()
    }

    /// Writes a file of the test; gives its path.
    fn file(&self, name: &str, content: &Value) -> String {
        let path = self.folder().join(name);
        std::fs::write(&path, serde_json::to_vec(content).unwrap()).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Runs the program over the test's database and root key.
    fn samad(&self, arguments: &[&str]) -> Output {
        let url = match self.app.db.location() {
            Location::Sqlite(path) => format!("sqlite://{}", path.display()),
            Location::Postgres(url) => url.clone(),
        };
        std::fs::write(self.folder().join("keys.hex"), "07".repeat(32)).unwrap();
        Command::new(env!("CARGO_BIN_EXE_samad"))
            .args(arguments)
            .env("SAMAD__DATA__DIR", self.folder())
            .env("SAMAD__DATABASE__URL", url)
            .output()
            .expect("the program starts")
    }

    async fn key(&self) -> String {
        let told = self.nobody().get("/public/anchors/key").await.expect(200);
        assert_eq!(told["algorithm"], "Ed25519");
        told["key"].as_str().unwrap().to_owned()
    }

    /// All anchors, page by page.
    async fn anchors(&self) -> Vec<Value> {
        let (mut all, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.nobody().get(&format!("/public/anchors?limit=2{cursor}")).await;
            assert!(page.header("Cache-Control").contains("public"));
            let page = page.expect(200);
            all.extend(page["items"].as_array().unwrap().clone());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return all,
            }
        }
    }

    async fn receipt(&self, case: &Case) -> Value {
        let pair = json!({ "tracking_code": case.tracking_code, "access_code": case.access_code });
        let told = self.nobody().post("/public/lookups", pair).await.expect(200);
        let citizen = self.bearer(told["token"].as_str().unwrap());
        citizen.get(&format!("/public/cases/{}/receipt", case.tracking_code)).await.expect(200)
    }

    /// Filed by the web; gives the case and the receipt of its filing.
    async fn filed(&self) -> (Case, Value) {
        let told = self.nobody().post("/public/cases", filing(json!({ "channel": "web" }))).await.expect(201);
        let code = told["tracking_code"].as_str().unwrap().to_owned();
        let found =
            self.as_user("classifier.centre").await.get(&format!("/cases?q={code}")).await.expect(200);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let case = Case {
            id: text(&found["items"][0]["id"]),
            tracking_code: code,
            access_code: text(&told["access_code"]),
        };
        (case, told["receipt"].clone())
    }

    /// Does something behind the service's back, with the database's guards off.
    fn spoil(&self, statements: &str) {
        let mut connection = self.app.db.location().open().unwrap();
        let guards = match connection {
            DbConnection::Sqlite(_) => "PRAGMA foreign_keys = OFF",
            DbConnection::Postgres(_) => "SET session_replication_role = replica",
        };
        connection.batch_execute(guards).unwrap();
        connection.batch_execute(statements).unwrap();
    }
}

fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[track_caller]
fn accepted(output: &Output, words: &[&str]) {
    let told = told(output);
    assert!(output.status.success(), "{told}");
    words.iter().for_each(|word| assert!(told.contains(word), "'{word}' is not in {told}"));
}

#[track_caller]
fn refused(output: &Output, words: &[&str]) {
    let told = told(output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    words.iter().for_each(|word| assert!(told.contains(word), "'{word}' is not in {told}"));
}

#[actix_web::test]
async fn a_citizen_proves_offline_when_a_case_was_filed_and_that_nothing_of_it_was_rewritten() {
    let app = TestApp::start().await;
    let (case, at_filing) = app.filed().await;
    let (key, first) = (app.key().await, app.file("first.json", &at_filing));
    assert_eq!((&at_filing["filed_at"], &at_filing["proofs"]), (&json!("2026-06-10T06:00:00Z"), &json!([])));
    let output = app.samad(&["verify", "--receipt", &first, "--key", &key]);
    accepted(&output, &["VALID", "filed at 2026-06-10T06:00:00Z", "in no anchor yet", "get a later one"]);
    stranger::receipt(&at_filing, &key, None, None, Some(WORDS)).unwrap();

    app.as_user("classifier.centre")
        .await
        .post(&case.path("notes"), json!({ "text": "یادداشت درونی" }))
        .await
        .expect(201);
    assert_eq!(app.pass_midnight().await, 1);
    app.classify(&case, "request", "water.outage").await;
    app.refer("classifier.centre", &case, &[("MOEN-10", "lead")]).await;
    assert_eq!(app.pass_midnight().await, 1);
    assert_eq!(app.pass_midnight().await, 1, "a day without events is anchored, too");
    app.pass_hours(1);
    app.refer("classifier.centre", &case, &[("MOHME", "copy")]).await;
    let later = app.receipt(&case).await;
    assert_eq!(later["proofs"].as_array().unwrap().len(), 2);
    assert_eq!(later["events"], 5);

    let second = app.file("second.json", &later);
    let (folder, words) = (app.folder().join("anchors"), app.folder().join("words.txt"));
    std::fs::write(&words, format!("{WORDS}\n")).unwrap();
    let (folder, words) = (folder.to_str().unwrap(), words.to_str().unwrap());
    let output = app.samad(&[
        "verify",
        "--receipt",
        &first,
        "--receipt",
        &second,
        "--anchors",
        folder,
        "--text",
        words,
    ]);
    accepted(
        &output,
        &[
            "3 published anchors, of 2026-06-10 to 2026-06-12",
            "Event 1 to 2 of case",
            "the anchor of 2026-06-11",
            "is the published one",
            "continues the earlier of 1",
            "these are the words that were filed",
            "event 5 to 5 are in no anchor yet",
        ],
    );
    let published = app.anchors().await;
    published.iter().for_each(|anchor| stranger::anchor(anchor, &key).unwrap());
    published.windows(2).for_each(|pair| stranger::holds_together(&pair[0], &pair[1]).unwrap());
    stranger::receipt(&later, &key, Some(&at_filing), Some(&published), Some(WORDS)).unwrap();

    // the page of anchors, saved, serves as well; the later one does not come first
    let page = app.file("page.json", &json!({ "items": published, "next_cursor": null }));
    let output = app.samad(&["verify", "--receipt", &second, "--anchors", &page, "--key", &key]);
    accepted(&output, &["is the published one"]);
    let output = app.samad(&["verify", "--receipt", &second, "--receipt", &first, "--key", &key]);
    refused(&output, &["event 2 to 5 were removed", "give the earlier one first"]);
    accepted(
        &app.samad(&["verify"]),
        &["The history is whole", "3 anchors", "3 exported anchors were compared"],
    );
}

#[actix_web::test]
async fn staff_hand_out_the_same_receipt_and_it_tells_nothing_of_what_is_internal() {
    let app = TestApp::start().await;
    let case = app.accepted("MOEN-10").await;
    let handler = app.as_user("handler.moen-10").await;
    handler.post(&case.path("notes"), json!({ "text": "یادداشت درونی" })).await.expect(201);
    app.submit(&case, "MOEN-10").await;
    let by_staff = handler.get(&case.path("receipt")).await.expect(200);
    assert_eq!(by_staff, app.receipt(&case).await);
    let told = by_staff.to_string();
    let line: Value = serde_json::from_str(by_staff["first"].as_str().unwrap()).unwrap();
    let payload: Value = serde_json::from_str(line["payload"].as_str().unwrap()).unwrap();
    let named: Vec<&str> = payload.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(named, ["event", "tracking_code", "office", "kind", "channel", "text_sha256"]);
    for hidden in ["یادداشت", "handler", "note_added", "answer_submitted", "MOEN", "09990000011", "آب"]
    {
        assert!(!told.contains(hidden), "{hidden}: {told}");
    }
    // a call agent filed it: the digests of two equal notes differ, so that none can be guessed
    handler.post(&case.path("notes"), json!({ "text": "یادداشت درونی" })).await.expect(201);
    let digests = app.receipt(&case).await["digests"].as_array().unwrap().clone();
    assert_eq!(digests.iter().collect::<std::collections::HashSet<_>>().len(), digests.len());
    app.as_user("handler.mohme").await.get(&case.path("receipt")).await.refused(404, "not_found");
}

#[actix_web::test]
async fn the_receipt_of_a_sealed_complaint_does_not_say_whom_it_is_about() {
    let app = TestApp::start().await;
    let about =
        json!({ "kind": "complaint", "about_office": "GOV-10", "sealed": true, "category": "conduct.delay" });
    let told = app.nobody().post("/public/cases", filing(about)).await.expect(201);
    let line: Value = serde_json::from_str(told["receipt"]["first"].as_str().unwrap()).unwrap();
    let centre = app.look(|connection| Ok(app.app.rules.current(connection)?.offices.centre()));
    assert_eq!(line["office"], json!(centre.to_string()));
    let words = told["receipt"].to_string();
    for hidden in ["conduct", "sealed", "about", "GOV"] {
        assert!(!words.contains(hidden), "{hidden}: {words}");
    }
}

#[actix_web::test]
async fn the_receipt_of_another_case_is_not_had_with_a_token_of_ones_own() {
    let app = TestApp::start().await;
    let ((mine, _), (other, _)) = (app.filed().await, app.filed().await);
    let pair = json!({ "tracking_code": mine.tracking_code, "access_code": mine.access_code });
    let told = app.nobody().post("/public/lookups", pair).await.expect(200);
    let citizen = app.bearer(told["token"].as_str().unwrap());
    citizen.get(&format!("/public/cases/{}/receipt", other.tracking_code)).await.refused(404, "not_found");
    let path = format!("/public/cases/{}/receipt", mine.tracking_code);
    app.nobody().get(&path).await.refused(401, "unauthenticated");
}

/// Every string and number within a document, as a path to it.
fn leaves(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, member)| leaves(member, &format!("{path}/{name}"), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| leaves(item, &format!("{path}/{at}"), found));
        }
        _ => found.push(path.to_owned()),
    }
}

/// The same value with one character or one unit changed.
fn flipped(value: &Value, at: usize) -> Value {
    match value.as_str() {
        Some(text) => {
            let at = at % text.len();
            let (before, rest) = text.split_at(at);
            let other = if rest.starts_with('1') { "2" } else { "1" };
            json!(format!("{before}{other}{}", &rest[1..]))
        }
        None => json!(value.as_i64().unwrap() + 1),
    }
}

#[actix_web::test]
async fn a_receipt_of_which_any_field_was_changed_is_refused_by_both_verifiers() {
    let app = TestApp::start().await;
    let ((case, _), _) = (app.filed().await, app.filed().await);
    app.classify(&case, "request", "water.outage").await;
    app.pass_midnight().await;
    let (receipt, key) = (app.receipt(&case).await, app.key().await);
    let refuses = |changed: &Value| {
        let by_stranger = stranger::receipt(changed, &key, None, None, None).is_err();
        let by_house = match check::read_receipt(&serde_json::to_vec(changed).unwrap()) {
            Ok(receipt) => {
                let evidence =
                    Evidence { receipts: vec![receipt], keys: vec![key.clone()], ..Evidence::default() };
                !check::check(&evidence).wrong.is_empty()
            }
            Err(_) => true,
        };
        (by_house, by_stranger)
    };
    assert_eq!(refuses(&receipt), (false, false));
    let mut paths = Vec::new();
    leaves(&receipt, "", &mut paths);
    assert!(paths.len() >= 24, "{paths:?}");
    for path in &paths {
        for at in [0, 7, 31, 60] {
            let mut changed = receipt.clone();
            let value = changed.pointer_mut(path).unwrap();
            *value = flipped(value, at);
            assert_eq!(refuses(&changed), (true, true), "{path} {at}: {changed}");
        }
    }
    let changes: [fn(&mut Value); 5] = [
        |r| r["note"] = json!("more"),
        |r| r["digests"].as_array_mut().unwrap().clear(),
        |r| r["proofs"][0]["path"].as_array_mut().unwrap().clear(),
        |r| r["filed_at"] = json!("2026-06-10T09:30:00+03:30"),
        |r| {
            let twice = r["proofs"][0].clone();
            r["proofs"].as_array_mut().unwrap().push(twice);
        },
    ];
    for (number, change) in changes.iter().enumerate() {
        let mut changed = receipt.clone();
        change(&mut changed);
        assert_eq!(refuses(&changed), (true, true), "change {number}");
    }
}

#[actix_web::test]
async fn a_forged_receipt_is_refused_with_the_reason() {
    let app = TestApp::start().await;
    let (case, at_filing) = app.filed().await;
    let (other, _) = app.filed().await;
    app.pass_midnight().await;
    let (key, good) = (app.key().await, app.receipt(&case).await);
    let verify = |name: &str, content: &Value, more: &[&str]| {
        let file = app.file(name, content);
        app.samad(&[&["verify", "--receipt", &file], more].concat())
    };
    refused(&verify("a.json", &good, &[]), &["No public key was given", &key]);
    refused(&verify("a.json", &good, &["--key", &"11".repeat(32)]), &["not trusted"]);
    refused(&verify("a.json", &good, &["--key", "short"]), &["64 lower-case hexadecimal"]);
    refused(&verify("b.json", &json!({ "id": 1 }), &["--key", &key]), &["NOT VALID", "no receipt"]);
    let mut earlier = good.clone();
    earlier["filed_at"] = json!("2026-06-01T06:00:00Z");
    refused(&verify("c.json", &earlier, &["--key", &key]), &["edited or forged", "says filed at 2026-06-01"]);
    let mut borrowed = good.clone();
    borrowed["proofs"] = app.receipt(&other).await["proofs"].clone();
    refused(&verify("d.json", &borrowed, &["--key", &key]), &["it does not hold event 1 of this history"]);
    // anchors that others were shown
    let mut shown = app.anchors().await;
    shown[0]["root"] = json!("ab".repeat(32));
    let page = app.file("shown.json", &json!(shown));
    refused(&verify("a.json", &good, &["--key", &key, "--anchors", &page]), &["not the published one"]);
    let words = app.folder().join("words.txt");
    std::fs::write(&words, "چیز دیگری").unwrap();
    let text = ["--key", &key, "--text", words.to_str().unwrap()];
    refused(&verify("a.json", &good, &text), &["not the words that were filed"]);
    // a receipt of another case does not continue this one
    let (first, second) = (app.file("e.json", &at_filing), app.file("f.json", &app.receipt(&other).await));
    let output = app.samad(&["verify", "--receipt", &first, "--receipt", &second, "--key", &key]);
    refused(&output, &["do not begin with the same event"]);
}

/// A case of four events that was anchored, and two whole ones beside it.
async fn anchored(app: &TestApp) -> Case {
    let case = app.classified().await;
    app.refer("classifier.centre", &case, &[("MOEN-10", "lead")]).await;
    app.as_user("classifier.centre")
        .await
        .post(&case.path("notes"), json!({ "text": "؟" }))
        .await
        .expect(201);
    app.filed().await;
    app.filed().await;
    app.pass_midnight().await;
    case
}

/// What was done behind the service's back, and what `samad verify` must say of it.
const SPOILT: [(&str, &[&str]); 12] = [
    (
        "UPDATE events SET payload = replace(payload, 'water.outage', 'water.bill') WHERE case_id = CASE AND seq = 2",
        &["edited: case CASE (CODE) event 2"],
    ),
    (
        "UPDATE events SET at = (SELECT at FROM events WHERE case_id = CASE AND seq = 1), user_id = 1 WHERE case_id = CASE AND seq = 3",
        &["edited: case CASE (CODE) event 3", "it is not what it was"],
    ),
    (
        "DELETE FROM events WHERE case_id = CASE AND seq = 2",
        &["removed: case CASE (CODE) event 2", "the event is gone"],
    ),
    (
        "DELETE FROM events WHERE case_id = CASE AND seq > 2",
        &["removed: case CASE (CODE) event 3", "the events 3 to 4 are gone"],
    ),
    (
        "DELETE FROM events WHERE case_id = CASE AND seq > 2; UPDATE cases SET last_seq = 2, last_hash = (SELECT hash FROM events WHERE case_id = CASE AND seq = 2) WHERE id = CASE",
        &["removed: case CASE (CODE) event 3"],
    ),
    (
        "INSERT INTO events SELECT 1, case_id, 5, kind, at, actor, user_id, office_id, payload, hash, salt FROM events WHERE case_id = CASE AND seq = 4",
        &["inserted: case CASE (CODE) event 5 (id 1)"],
    ),
    (
        "UPDATE events SET seq = 9 WHERE case_id = CASE AND seq = 2; UPDATE events SET seq = 2 WHERE case_id = CASE AND seq = 3; UPDATE events SET seq = 3 WHERE case_id = CASE AND seq = 9",
        &[
            "moved: case CASE (CODE) event 2",
            "it was written as event 3",
            "moved: case CASE (CODE) event 3",
            "it was written as event 2",
        ],
    ),
    (
        "DELETE FROM events WHERE case_id = CASE; DELETE FROM cases WHERE id = CASE",
        &["case removed: case CASE", "0 of at least 4 event(s) are left"],
    ),
    (
        "DELETE FROM events WHERE case_id = CASE; DELETE FROM cases WHERE id = CASE; DELETE FROM anchor_leaves WHERE case_id = CASE",
        &["case removed: anchor of 2026-06-10", "1 case(s) that it held were removed"],
    ),
    (
        "DELETE FROM anchor_leaves; DELETE FROM anchors",
        &["anchor: anchor of 2026-06-10: it was exported, and is not in the database"],
    ),
    ("UPDATE cases SET text = 'other words' WHERE id = CASE", &["words changed: case CASE (CODE)"]),
    (
        "UPDATE cases SET tracking_code = '12345678901' WHERE id = CASE",
        &["edited: case CASE (12345678901)", "it was filed under the code CODE"],
    ),
];

#[actix_web::test]
async fn whatever_is_done_behind_the_services_back_is_found_and_named() {
    for (statements, expected) in SPOILT {
        let app = TestApp::start().await;
        let case = anchored(&app).await;
        let filled = |text: &str| text.replace("CASE", &case.id).replace("CODE", &case.tracking_code);
        accepted(&app.samad(&["verify"]), &["The history is whole"]);
        app.spoil(&filled(statements));
        let words: Vec<String> = expected.iter().map(|words| filled(words)).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        refused(&app.samad(&["verify"]), &words);
    }
}

#[actix_web::test]
async fn a_history_that_somebody_computed_anew_is_found_by_its_anchor_and_gets_no_receipt() {
    let app = TestApp::start().await;
    let case = anchored(&app).await;
    let before = app.receipt(&case).await;
    // the last event says another person did it, and every hash was made to fit
    let number: i64 = case.id.parse().unwrap();
    let events = app.look(|connection| samad::domain::history::chain::of_case(connection, number.into()));
    let (mut line, previous) = (events[3].line.clone(), &events[2].hash);
    line.user = None;
    let hash = samad::domain::history::link(previous, &line.digest());
    app.spoil(&format!(
        "UPDATE events SET user_id = NULL, hash = '{hash}' WHERE case_id = {number} AND seq = 4; \
         UPDATE cases SET last_hash = '{hash}' WHERE id = {number}"
    ));
    let expected = format!("edited: anchor of 2026-06-10 case {} ({}) event 4", case.id, case.tracking_code);
    refused(&app.samad(&["verify"]), &[&expected, "the history was rewritten"]);
    let classifier = app.as_user("classifier.centre").await;
    classifier.get(&case.path("receipt")).await.refused(409, "history_broken");
    // nor does a forged receipt of it continue the old one
    let mut after = before.clone();
    after["digests"][2] = json!(line.digest());
    after["head"] = json!(hash);
    let (key, old, new) = (app.key().await, app.file("old.json", &before), app.file("new.json", &after));
    let output = app.samad(&["verify", "--receipt", &old, "--receipt", &new, "--key", &key]);
    refused(&output, &["event 4 was rewritten between them", "edited or forged"]);
}

#[actix_web::test]
async fn an_event_that_was_put_in_after_its_day_was_anchored_is_named_as_backdated() {
    let app = TestApp::start().await;
    let case = anchored(&app).await;
    app.app.clock.set(crate::support::time("2026-06-10T10:00:00Z"));
    let late = app.register(json!({})).await;
    app.app.clock.set(crate::support::time("2026-06-11T10:00:00Z"));
    let words = format!("backdated: case {} ({}) event 1", late.id, late.tracking_code);
    refused(&app.samad(&["verify"]), &[&words, "was not there when 2026-06-10 was anchored", "1 finding(s)"]);
    app.pass_midnight().await;
    refused(&app.samad(&["verify"]), &[&words, "1 finding(s)"]);
    let (key, file) = (app.key().await, app.file("late.json", &app.receipt(&late).await));
    let words = ["it was filed on 2026-06-10, but it is first held by the anchor of 2026-06-11"];
    refused(&app.samad(&["verify", "--receipt", &file, "--key", &key]), &words);
    let whole = app.file("whole.json", &app.receipt(&case).await);
    accepted(&app.samad(&["verify", "--receipt", &whole, "--key", &key]), &["VALID"]);
}

#[actix_web::test]
async fn days_of_rest_are_caught_up_and_two_processes_make_each_anchor_once() {
    let app = TestApp::start().await;
    let other = app.another().await;
    app.filed().await;
    app.pass_days(4);
    let (one, two) = tokio::join!(anchoring::run_once(&app.app), anchoring::run_once(&other.app));
    assert_eq!(one.unwrap() + two.unwrap(), 4);
    anchoring::run_once(&app.app).await.unwrap();
    let anchors = app.anchors().await;
    let days: Vec<&str> = anchors.iter().map(|anchor| anchor["day"].as_str().unwrap()).collect();
    assert_eq!(days, ["2026-06-10", "2026-06-11", "2026-06-12", "2026-06-13"]);
    assert_eq!(anchors[3]["root"], stranger::sha256(b""));
    for anchor in &anchors {
        let name = format!("{}.json", anchor["day"].as_str().unwrap());
        let file = std::fs::read(app.folder().join("anchors").join(name)).unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&file).unwrap(), *anchor);
    }
    app.nobody().get("/public/anchors?cursor=x").await.refused(400, "invalid_cursor");
    let key = std::fs::read_to_string(app.folder().join("anchors/public-key.hex")).unwrap();
    assert_eq!(key.trim(), app.key().await);
}

#[actix_web::test]
async fn the_chain_in_the_database_is_the_one_of_the_document() {
    use diesel::prelude::*;
    use samad::db::schema::events as e;
    use samad::db::types::{CaseId, OfficeId, Time, UserId};
    type Row = (i64, CaseId, i32, Time, String, Option<UserId>, Option<OfficeId>, String, String, String);
    let app = TestApp::start().await;
    let case = anchored(&app).await;
    let rows: Vec<Row> = app.look(|connection| {
        Ok(e::table
            .filter(e::case_id.eq(case.id.parse::<CaseId>().unwrap()))
            .order(e::seq)
            .select((
                e::id,
                e::case_id,
                e::seq,
                e::at,
                e::actor,
                e::user_id,
                e::office_id,
                e::salt,
                e::payload,
                e::hash,
            ))
            .load(connection)?)
    });
    let string = |text: &str| serde_json::to_string(text).unwrap();
    let id = |id: Option<i64>| id.map_or("null".to_owned(), |id| format!("\"{id}\""));
    let digests: Vec<String> = rows
        .iter()
        .map(|(event, case, seq, at, actor, user, office, salt, payload, _)| {
            let at = jiff::Timestamp::from_microsecond(at.as_microsecond()).unwrap();
            let line = format!(
                r#"{{"id":"{event}","case":"{case}","seq":{seq},"at":"{}","actor":"{actor}","user":{},"office":{},"salt":"{salt}","payload":{}}}"#,
                at.strftime("%Y-%m-%dT%H:%M:%S%.fZ"),
                id(user.map(|id| id.0)),
                id(office.map(|id| id.0)),
                string(payload)
            );
            stranger::sha256(line.as_bytes())
        })
        .collect();
    let kept: Vec<String> = rows.into_iter().map(|row| row.9).collect();
    assert_eq!(stranger::hashes(&digests), kept);
    assert_eq!(kept.len(), 4);
}

#[actix_web::test]
async fn without_the_root_key_the_database_is_verified_with_the_published_one() {
    let app = TestApp::start().await;
    anchored(&app).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let url = match app.app.db.location() {
        Location::Sqlite(path) => format!("sqlite://{}", path.display()),
        Location::Postgres(url) => url.clone(),
    };
    let verify = |more: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_samad"))
            .arg("verify")
            .args(more)
            .env("SAMAD__DATA__DIR", elsewhere.path())
            .env("SAMAD__DATABASE__URL", &url)
            .output()
            .unwrap()
    };
    accepted(&verify(&[]), &["is not judged", "The history is whole"]);
    assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 0, "verifying makes no key");
    accepted(&verify(&["--key", &app.key().await]), &["The history is whole"]);
    refused(&verify(&["--key", &"22".repeat(32)]), &["not trusted", "anchor of 2026-06-10"]);
    let folder = app.folder().join("anchors");
    let output = verify(&["--anchors", folder.to_str().unwrap()]);
    accepted(&output, &["1 exported anchors were compared", "The history is whole"]);
}
