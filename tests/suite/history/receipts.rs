//! Receipts: what they prove, what they hide, and that none can be forged.

use samad::domain::history::check::{self, Evidence};
use serde_json::{Value, json};

use super::{WORDS, accepted, refused, stranger};
use crate::support::{TestApp, filing};

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
            "The events 1 to 2 of case",
            "the anchor of 2026-06-11",
            "is the published one",
            "continues the earlier of 1",
            "these are the words that were filed",
            "the events from 5 to 5 are in no anchor yet",
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
    refused(&output, &["the events 2 to 5 were removed", "give the earlier one first"]);
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
    let members =
        ["event", "tracking_code", "office", "kind", "channel", "text_sha256", "due_at", "citizen_digest"];
    assert_eq!(named, members);
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
