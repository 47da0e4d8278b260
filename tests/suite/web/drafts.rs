//! A draft survives a lost line and becomes one case.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Client, MARYAM, Reply, TestApp};

fn filing() -> Value {
    json!({ "kind": "request", "text": "آب محله ما قطع است.", "subject": "قطعی آب",
        "citizen": { "national_id": MARYAM, "mobile": "09990000011" }, "place": { "province": "10" } })
}

/// The id of a draft and a caller who knows its secret.
async fn begun(app: &TestApp, filing: Value) -> (String, Client<'_>) {
    let told = app.nobody().post("/public/drafts", json!({ "filing": filing })).await.expect(201);
    let secret = told["secret"].as_str().expect("a secret").to_owned();
    (format!("/public/drafts/{}", told["id"].as_str().unwrap()), app.nobody().with("Draft-Secret", secret))
}

async fn save(draft: &Client<'_>, path: &str, version: &str, body: Value) -> Reply {
    draft.clone().with("If-Match", version).put(path, body).await
}

#[actix_web::test]
async fn a_draft_survives_a_lost_line_and_becomes_one_case() {
    let app = TestApp::start().await;
    let (path, draft) = begun(&app, json!({ "text": "آب" })).await;
    // what is still missing is no fault
    let saved = save(&draft, &path, "\"1\"", json!({ "filing": filing() })).await;
    assert_eq!(saved.header("ETag"), "\"2\"");
    // the answer was lost: the same once more is the same version
    let again = save(&draft, &path, "\"1\"", json!({ "filing": filing() })).await.expect(200);
    assert_eq!(again["version"], 2);
    let read = draft.get(&path).await.expect(200);
    assert_eq!((&read["filing"]["subject"], &read["secret"]), (&json!("قطعی آب"), &Value::Null));
    let first = draft.post(&format!("{path}/submission"), json!({})).await.expect(201);
    let again = draft.post(&format!("{path}/submission"), json!({})).await.expect(201);
    assert_eq!(first, again, "submitting twice is one case");
    assert!(first["access_code"].is_string());
    let read = draft.get(&path).await.expect(200);
    assert_eq!((&read["state"], &read["filing"]), (&json!("submitted"), &Value::Null));
    assert_eq!(read["tracking_code"], first["tracking_code"]);
    draft.put(&path, json!({ "filing": {} })).await.refused(409, "draft_submitted");
    draft.delete(&path).await.refused(409, "draft_submitted");
    let all = app.as_user("inspector.centre").await.get("/cases?channel=web").await.expect(200);
    assert_eq!(all["items"].as_array().unwrap().len(), 1);
    app.whole();
}

#[actix_web::test]
async fn what_was_saved_elsewhere_is_not_written_over() {
    let app = TestApp::start().await;
    let (path, draft) = begun(&app, json!({ "text": "یک" })).await;
    save(&draft, &path, "\"1\"", json!({ "filing": { "text": "دو" } })).await.expect(200);
    save(&draft, &path, "\"1\"", json!({ "filing": { "text": "سه" } })).await.refused(412, "draft_changed");
    assert_eq!(draft.get(&path).await.expect(200)["filing"]["text"], "دو");
}

#[actix_web::test]
async fn a_draft_is_known_by_its_secret_only_and_its_time_ends() {
    let app = TestApp::start().await;
    let (path, draft) = begun(&app, filing()).await;
    let wrong = app.nobody().with("Draft-Secret", "x".repeat(32));
    for stranger in [app.nobody(), wrong] {
        stranger.get(&path).await.refused(404, "not_found");
        stranger.put(&path, json!({ "filing": { "wrong": 1 } })).await.refused(404, "not_found");
        stranger.post(&format!("{path}/submission"), json!({})).await.refused(404, "not_found");
        stranger.delete(&path).await.refused(404, "not_found");
    }
    app.pass_hours(72);
    draft.get(&path).await.refused(410, "draft_expired");
    draft.post(&format!("{path}/submission"), json!({})).await.refused(410, "draft_expired");
    app.pass_hours(25);
    samad::workers::housekeeping::forget(&app.app).await.unwrap();
    draft.get(&path).await.refused(404, "not_found");
}

#[actix_web::test]
async fn a_wrong_field_is_named_while_writing_and_a_missing_one_when_it_is_sent() {
    let app = TestApp::start().await;
    let nobody = app.nobody();
    for (filing, field, code) in [
        (json!({ "text": 5 }), "text", "wrong_type"),
        (json!({ "txt": "a" }), "txt", "unknown_field"),
        (json!({ "citizen": { "mobil": "1" } }), "citizen.mobil", "unknown_field"),
    ] {
        nobody.post("/public/drafts", json!({ "filing": filing })).await.wrong(field, code);
    }
    let long = json!({ "filing": { "text": "آ".repeat(80_000) } });
    nobody.post("/public/drafts", long).await.wrong("filing", "too_long");
    let (path, draft) = begun(&app, json!({ "kind": "request" })).await;
    draft.post(&format!("{path}/submission"), json!({})).await.wrong("text", "required");
    // the draft stays, and is sent when it is mended
    draft.put(&path, json!({ "filing": filing() })).await.expect(200);
    draft.post(&format!("{path}/submission"), json!({})).await.expect(201);
}

#[actix_web::test]
async fn files_that_came_in_parts_go_with_the_draft() {
    let app = TestApp::start().await;
    let (path, draft) = begun(&app, filing()).await;
    let tus = app.nobody().with("Tus-Resumable", "1.0.0");
    let announced = tus.clone().with("Upload-Length", "4").with("Upload-Metadata", "filename YS50eHQ=");
    let announced = announced.raw(Method::POST, "/uploads", "", Vec::new()).await;
    let location = announced.header("Location").to_owned();
    let upload = location.rsplit('/').next().unwrap().to_owned();
    draft.put(&path, json!({ "filing": filing(), "uploads": [upload] })).await.expect(200);
    let submission = format!("{path}/submission");
    draft.post(&submission, json!({})).await.wrong("uploads[0]", "unfinished");
    let part = tus.with("Upload-Offset", "0");
    let sent = part.raw(Method::PATCH, &location, "application/offset+octet-stream", b"text".to_vec()).await;
    assert_eq!(sent.status, 204, "{}", sent.told());
    let filed = draft.post(&submission, json!({})).await.expect(201);
    assert_eq!(draft.post(&submission, json!({})).await.expect(201), filed);
    let all = app.as_user("inspector.centre").await.get("/cases?channel=web").await.expect(200);
    let case = all["items"][0]["id"].as_str().unwrap();
    let files = app.as_user("inspector.centre").await;
    let files = files.get(&format!("/cases/{case}/attachments")).await.expect(200);
    assert_eq!(files["items"].as_array().unwrap().len(), 1);
    let (path, draft) = begun(&app, filing()).await;
    draft.put(&path, json!({ "filing": filing(), "uploads": ["7-none"] })).await.expect(200);
    draft.post(&format!("{path}/submission"), json!({})).await.wrong("uploads[0]", "unknown");
}
