//! Items that wait for a person: keyed, set aside, read; and who may do that.

use serde_json::{Value, json};

use super::adapters::{MOBILE, scan};
use crate::support::{Case, TestApp, filing};

async fn unreadable_fax(app: &TestApp, id: &str) -> String {
    let fax = json!({ "external_id": id, "from": "031 3624 0000", "pages": 1, "scans": [scan("p1.tif", b"II*\0 a page")] });
    let told = app.gateway().post("/channels/fax/inbound", fax).await.expect(202);
    assert_eq!((&told["state"], &told["reason"]), (&json!("to_key"), &json!("no_text")));
    told["item"].as_str().unwrap().to_owned()
}

fn keyed() -> Value {
    // the channel is the item's, whatever the registrar's form says
    filing(json!({ "channel": "phone", "text": "آنچه در نمابر نوشته است." }))
}

#[actix_web::test]
async fn a_page_that_no_machine_reads_is_keyed_once_with_its_scan() {
    let app = TestApp::start().await;
    let id = unreadable_fax(&app, "h-1").await;
    let health = app.as_user("admin").await.get("/health").await.expect(200);
    assert!(
        health["problems"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["code"] == "intake_to_key" && one["channels"] == json!({ "fax": 1 }))
    );
    let registrar = app.as_user("registrar.centre").await;
    let path = format!("/intake/items/{id}/case");
    registrar
        .post(&path, json!({ "kind": "wish", "channel": "fax", "text": "x" }))
        .await
        .wrong("kind", "unknown");
    app.pass_hours(30);
    let told = registrar.clone().with("Idempotency-Key", "k").post(&path, keyed()).await.expect(201);
    let again = registrar.clone().with("Idempotency-Key", "k").post(&path, keyed()).await.expect(201);
    assert_eq!((&told["channel"], &told["id"]), (&json!("fax"), &again["id"]));
    assert_eq!(told["received_at"], crate::support::START, "the promise runs from when the fax came");
    registrar.post(&path, keyed()).await.refused(409, "already_done");
    let case = Case {
        id: told["id"].as_str().unwrap().into(),
        tracking_code: String::new(),
        access_code: String::new(),
    };
    let files = app.list(&case, "attachments").await;
    assert_eq!(
        (files.len(), &files[0]["name"], &files[0]["media_type"]),
        (1, &json!("p1.tif"), &json!("image/tiff"))
    );
    let said = app.list(&case, "communications").await;
    assert_eq!((&said[0]["what"], &said[0]["item_id"]), (&json!("filing"), &json!(id)));
    let item = registrar.get(&format!("/intake/items/{id}")).await.expect(200);
    let steps: Vec<(&str, &str)> = item["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| (step["step"].as_str().unwrap(), step["user"].as_str().unwrap_or_default()))
        .collect();
    assert_eq!(
        steps[..4],
        [("received", ""), ("to_key", ""), ("keyed", "registrar.centre"), ("registered", "registrar.centre")]
    );
}

#[actix_web::test]
async fn a_page_about_a_case_that_exists_is_laid_with_it() {
    let app = TestApp::start().await;
    let case = app.register(json!({})).await;
    let id = unreadable_fax(&app, "h-1").await;
    let registrar = app.as_user("registrar.centre").await;
    let path = format!("/intake/items/{id}/message");
    let wish = |case: &str| json!({ "case": case, "text": "مدرکی که خواسته بودید." });
    registrar.post(&path, wish("12345678901")).await.wrong("case", "unknown");
    registrar.post(&path, wish("kein")).await.wrong("case", "unknown");
    registrar.post(&path, wish("1")).await.wrong("case", "unknown");
    registrar.post(&path, json!({ "case": case.id, "text": " " })).await.wrong("text", "required");
    let told = registrar.post(&path, wish(&case.tracking_code)).await.expect(200);
    assert_eq!((&told["state"], &told["case_id"]), (&json!("joined"), &json!(case.id)));
    registrar.post(&path, wish(&case.id)).await.refused(409, "already_done");
    let said = app.list(&case, "communications").await;
    let heard = said.iter().filter(|one| one["what"] == "message" && one["direction"] == "in");
    assert_eq!(heard.map(|one| one["channel"].clone()).collect::<Vec<_>>(), ["fax"], "{said:?}");
    assert_eq!(app.list(&case, "attachments").await.len(), 1);
    assert_eq!(
        app.as_user("registrar.centre").await.get("/cases?channel=fax").await.expect(200)["items"],
        json!([])
    );
}

#[actix_web::test]
async fn an_item_set_aside_is_kept_with_its_reason() {
    let app = TestApp::start().await;
    let id = unreadable_fax(&app, "h-1").await;
    let registrar = app.as_user("registrar.centre").await;
    let path = format!("/intake/items/{id}/discard");
    registrar.post(&path, json!({})).await.wrong("reason", "required");
    registrar.post(&path, json!({ "reason": "ugly" })).await.expect(422);
    let told = registrar.post(&path, json!({ "reason": "spam" })).await.expect(200);
    assert_eq!((&told["state"], &told["reason"]), (&json!("discarded"), &json!("spam")));
    registrar.post(&path, json!({ "reason": "spam" })).await.refused(409, "already_done");
    registrar.post(&format!("/intake/items/{id}/case"), keyed()).await.refused(409, "already_done");
    let kept = registrar.get("/intake/items?state=discarded").await.expect(200);
    assert_eq!(kept["items"][0]["id"], id);
    let path = format!("/intake/items/{id}");
    assert_ne!(registrar.get(&path).await.expect(200)["content"], Value::Null);
    // another delivery of it says what became of it
    let fax =
        json!({ "external_id": "h-1", "from": "031 3624 0000", "scans": [scan("p1.tif", b"II*\0 a page")] });
    assert_eq!(app.gateway().post("/channels/fax/inbound", fax).await.expect(200)["state"], "discarded");
    // a year later it is only counted
    app.pass_days(366);
    samad::workers::housekeeping::forget(&app.app).await.expect("old items are forgotten");
    let left = registrar.get(&path).await.expect(200);
    assert_eq!(
        (&left["content"], &left["files"], &left["reason"]),
        (&Value::Null, &json!([]), &json!("spam"))
    );
}

#[actix_web::test]
async fn the_list_goes_on_where_the_last_page_ended() {
    let app = TestApp::start().await;
    let mut ids = Vec::new();
    for number in 0..5 {
        ids.push(unreadable_fax(&app, &format!("h-{number}")).await);
    }
    let registrar = app.as_user("registrar.centre").await;
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = registrar.get(&format!("/intake/items?state=to_key&limit=2{cursor}")).await.expect(200);
        seen.extend(
            page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()),
        );
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    ids.reverse();
    assert_eq!(seen, ids);
    registrar.get("/intake/items?cursor=x").await.refused(400, "invalid_cursor");
    registrar.get("/intake/items?state=lost").await.wrong("state", "unknown");
}

#[actix_web::test]
async fn an_item_is_read_by_those_who_key_and_each_reading_is_logged() {
    let app = TestApp::start().await;
    let id = unreadable_fax(&app, "h-1").await;
    let path = format!("/intake/items/{id}");
    for stranger in ["agent.centre", "handler.moen", "admin", "analyst.centre"] {
        app.as_user(stranger).await.get(&path).await.refused(403, "forbidden");
        app.as_user(stranger).await.get("/intake/items").await.refused(403, "forbidden");
    }
    // the desk of a province keys for its own tree
    let elsewhere = app.as_user("classifier.gov-10").await;
    elsewhere.get(&path).await.refused(404, "not_found");
    elsewhere.post(&format!("{path}/discard"), json!({ "reason": "spam" })).await.refused(404, "not_found");
    assert_eq!(elsewhere.get("/intake/items").await.expect(200)["items"], json!([]));
    let registrar = app.as_user("registrar.centre").await;
    registrar.get(&path).await.expect(200);
    let read = registrar.get(&path).await.expect(200);
    let reads = read["steps"].as_array().unwrap().iter().filter(|step| step["step"] == "read");
    assert_eq!(reads.map(|step| step["user"].as_str().unwrap()).collect::<Vec<_>>(), ["registrar.centre"; 2]);
    assert_eq!(read["content"]["sender"]["number"], "031 3624 0000");
    registrar.get("/intake/items/1").await.refused(404, "not_found");
}

#[actix_web::test]
async fn of_a_sealed_case_an_item_tells_nobody_who_sent_it() {
    let app = TestApp::start().await;
    let sms = json!({ "from": MOBILE, "text": "رئیس اداره رشوه می‌گیرد." });
    let told = app.gateway().post("/channels/sms/demo/inbound", sms).await.expect(201);
    let item = format!("/intake/items/{}", told["item"].as_str().unwrap());
    let seal = json!({ "reason": "گزارش تخلف" });
    let case = told["case_id"].as_str().unwrap();
    app.as_user("classifier.centre").await.post(&format!("/cases/{case}/sealing"), seal).await.expect(200);
    let read = app.as_user("classifier.centre").await.get(&item).await.expect(200);
    assert_eq!((&read["content"], &read["external_id"]), (&Value::Null, &Value::Null));
    // who may not see the case does not see its item either
    let registrar = app.as_user("registrar.centre").await;
    registrar.get(&item).await.refused(404, "not_found");
    assert_eq!(registrar.get("/intake/items").await.expect(200)["items"], json!([]));
    let said = app
        .as_user("classifier.centre")
        .await
        .get(&format!("/cases/{case}/communications"))
        .await
        .expect(200);
    assert!(!said.to_string().contains("0011") || said["items"][1]["address"] == "***0011");
}

#[actix_web::test]
async fn what_an_item_says_goes_with_its_case() {
    let app = TestApp::start().await;
    let fax = json!({ "external_id": "h-9", "from": MOBILE, "text": "آب محله قطع است.", "scans": [scan("p.pdf", b"%PDF-1.4 x")] });
    let told = app.gateway().post("/channels/fax/inbound", fax).await.expect(201);
    let case = told["case_id"].as_str().unwrap().to_owned();
    let withdrawal = format!("/cases/{case}/withdrawal");
    app.as_user("classifier.centre").await.post(&withdrawal, json!({ "confirm": true })).await.expect(200);
    app.pass_days(366 * 7);
    while samad::workers::retention::run_once(&app.app).await.expect("the walk goes on") > 0 {}
    let item = told["item"].as_str().unwrap();
    let read = app.as_user("classifier.centre").await.get(&format!("/intake/items/{item}")).await.expect(200);
    assert_eq!(
        (&read["content"], &read["external_id"], &read["files"]),
        (&Value::Null, &Value::Null, &json!([]))
    );
    assert!(read["steps"].as_array().unwrap().iter().any(|step| step["step"] == "erased"), "{read}");
}
