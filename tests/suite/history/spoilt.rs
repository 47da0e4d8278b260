//! What is done to the database behind the service's back.

use serde_json::json;

use super::{accepted, anchored, refused};
use crate::support::TestApp;

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
        "INSERT INTO events SELECT 1, case_id, 5, kind, at, actor, user_id, office_id, payload, hash, salt, digest FROM events WHERE case_id = CASE AND seq = 4",
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
