//! What cannot be taken, comes twice, comes at once, or comes from the wrong hand: nothing lost, nothing twice, a named
//! problem.

use reqwest::Method;
use serde_json::{Value, json};

use super::adapters::{MOBILE, scan};
use crate::support::{Reply, TestApp, filing};

const SMS: &str = "/channels/sms/demo/inbound";
const FORM: &str = "application/x-www-form-urlencoded";

async fn items(app: &TestApp, query: &str) -> Vec<Value> {
    let told = app.as_user("registrar.centre").await.get(&format!("/intake/items{query}")).await.expect(200);
    told["items"].as_array().unwrap().clone()
}

async fn item(app: &TestApp, told: &Value) -> Value {
    let path = format!("/intake/items/{}", told["item"].as_str().unwrap());
    app.as_user("registrar.centre").await.get(&path).await.expect(200)
}

async fn case(app: &TestApp, told: &Value) -> Value {
    let path = format!("/cases/{}", told["case_id"].as_str().unwrap());
    app.as_user("inspector.centre").await.get(&path).await.expect(200)
}

async fn cases(app: &TestApp) -> usize {
    let found = app.as_user("inspector.centre").await.get("/cases").await.expect(200);
    found["items"].as_array().unwrap().len()
}

async fn problem(app: &TestApp, code: &str) -> Value {
    let health = app.as_user("admin").await.get("/health").await.expect(200);
    let problems = health["problems"].as_array().unwrap().clone();
    problems.into_iter().find(|problem| problem["code"] == code).unwrap_or(Value::Null)
}

async fn push(app: &TestApp, kind: &str, body: &[u8]) -> Reply {
    app.gateway().raw(Method::POST, SMS, kind, body.to_vec()).await
}

#[actix_web::test]
async fn what_nobody_can_read_is_kept_as_it_came_counted_and_named() {
    let app = TestApp::start().await;
    let broken: [(&str, &[u8], &str, Option<&str>); 7] = [
        ("application/json", b"{\"from\":\"0912\",\"text\":\"\\ud83d\"}", "malformed_json", None),
        ("application/json", b"{\"from\":\"0912\",\"text\":\"\xd8\"}", "invalid_input", Some("not_utf8")),
        ("application/json", b"{\"from\":", "malformed_json", None),
        (FORM, b"from=0912&text=%D8%A", "invalid_input", Some("not_encoded")),
        (FORM, b"from=0912&text=%ff", "invalid_input", Some("not_utf8")),
        ("text/xml", b"<sms/>", "unsupported_media_type", None),
        ("application/json", b"{\"from\":\"0912\"}", "invalid_input", Some("required")),
    ];
    for (kind, body, reason, field) in broken {
        let told = push(&app, kind, body).await.expect(202);
        assert_eq!((&told["state"], &told["reason"]), (&json!("failed"), &json!(reason)), "{told}");
        assert_eq!(told["fields"][0]["code"].as_str(), field, "{told}");
        let kept = item(&app, &told).await;
        let raw = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, kept["raw"].as_str().unwrap());
        assert_eq!((raw.unwrap().as_slice(), kept["raw_type"].as_str()), (body, Some(kind)));
    }
    assert_eq!(cases(&app).await, 0);
    let named = problem(&app, "intake_failed").await;
    assert_eq!((&named["count"], &named["channels"]), (&json!(7), &json!({ "sms": 7 })));
    assert!(named["action"].as_str().unwrap().contains("samad intake reprocess"));
    assert_eq!(items(&app, "?state=failed&channel=sms").await.len(), 7);
    assert_eq!(items(&app, "?state=failed&channel=fax").await.len(), 0);
    // the same garbage again is the same item
    push(&app, "text/xml", b"<sms/>").await.expect(202);
    assert_eq!(items(&app, "?state=failed").await.len(), 7);
}

#[actix_web::test]
async fn the_same_sms_ten_times_at_two_processes_at_once_is_one_case() {
    for id in [json!("g-77"), json!(null), json!("  ")] {
        let app = TestApp::start().await;
        let other = app.another().await;
        let body = json!({ "from": MOBILE, "to": "3000", "text": "آب نیست", "id": id });
        let sends = (0..10).map(|number| {
            let at = if number % 2 == 0 { &app } else { &other };
            let (client, body) = (at.gateway(), body.clone());
            async move { client.post(SMS, body).await }
        });
        let replies = futures_util::future::join_all(sends).await;
        let told: Vec<(u16, String)> = replies
            .iter()
            .map(|reply| (reply.status, reply.json["tracking_code"].as_str().unwrap().to_owned()))
            .collect();
        assert!(told.iter().all(|(_, code)| *code == told[0].1), "{told:?}");
        assert_eq!(told.iter().filter(|(status, _)| *status == 201).count(), 1, "{told:?}");
        assert_eq!((cases(&app).await, items(&app, "").await.len()), (1, 1));
        app.drain().await;
        assert_eq!(app.sms().sent().len(), 1, "one acknowledgement");
    }
}

#[actix_web::test]
async fn equal_ids_of_two_gateways_are_two_messages() {
    let app = TestApp::start().await;
    let new = json!({ "name": "second line", "channels": ["sms"], "office": "GOV-10" });
    let key = app.as_user("admin").await.post("/gateways", new).await.expect(202);
    app.agreed_access(key.clone()).await;
    let key = key["key"].as_str().unwrap();
    let body = json!({ "from": MOBILE, "text": "یک", "id": "77" });
    app.gateway().post(SMS, body).await.expect(201);
    let body = json!({ "from": "09123334455", "text": "دو", "id": "77" });
    // a gateway that cannot set headers sends its key in the address
    let path = format!("/channels/sms/second%20line/inbound?key={key}");
    let told = app.nobody().post(&path, body).await.expect(201);
    assert_eq!(case(&app, &told).await["intake_office"], "GOV-10");
}

#[actix_web::test]
async fn a_wrong_key_and_an_unknown_gateway_leave_nothing() {
    let app = TestApp::start().await;
    let body = json!({ "from": MOBILE, "text": "آب" });
    app.nobody().post(SMS, body.clone()).await.refused(401, "unauthenticated");
    app.nobody().post(&format!("{SMS}?key=guess"), body.clone()).await.refused(401, "unauthenticated");
    app.bearer("guess").post(SMS, body.clone()).await.refused(401, "unauthenticated");
    app.gateway().post("/channels/sms/other/inbound", body.clone()).await.refused(404, "not_found");
    app.as_user("agent.centre").await.post(SMS, body.clone()).await.refused(403, "forbidden");
    let new = json!({ "name": "fax only", "channels": ["fax"], "office": "CENTRE" });
    let key = app.as_user("admin").await.post("/gateways", new).await.expect(202);
    app.agreed_access(key.clone()).await;
    let fax = app.bearer(key["key"].as_str().unwrap());
    fax.post("/channels/sms/fax%20only/inbound", body).await.refused(403, "forbidden");
    assert_eq!((cases(&app).await, items(&app, "").await.len()), (0, 0));
}

#[actix_web::test]
async fn a_body_of_thirty_megabytes_is_told_and_its_head_is_kept() {
    let app = TestApp::start_with(|config| config.server.intake_limit = 2_000_000).await;
    let mut body = br#"{"registry_number":"7","text":""#.to_vec();
    body.resize(30_000_000, b'x');
    let reply = app.gateway().raw(Method::POST, "/channels/letters", "application/json", body).await;
    // whoever sends more than eight times the limit may find the line closed
    assert_eq!((reply.status, reply.code()), (413, "payload_too_large"), "{}", reply.told());
    let kept = items(&app, "?state=failed").await;
    assert_eq!((kept.len(), &kept[0]["reason"]), (1, &json!("payload_too_large")));
    let told = json!({ "item": kept[0]["id"] });
    assert!(item(&app, &told).await["raw"].as_str().unwrap().len() > 80_000);
    assert_eq!(problem(&app, "intake_failed").await["channels"], json!({ "letter": 1 }));
}

#[actix_web::test]
async fn a_clock_that_is_set_back_hides_no_repetition_and_dates_nothing_ahead() {
    let app = TestApp::start().await;
    let body = json!({ "from": MOBILE, "text": "آب", "date": "2031-01-01T00:00:00Z" });
    let first = app.gateway().post(SMS, body.clone()).await.expect(201);
    app.app.clock.set(app.now().plus_seconds(-1800));
    let again = app.gateway().post(SMS, body.clone()).await.expect(200);
    assert_eq!((&again["item"], &again["repeated"]), (&first["item"], &json!(true)));
    assert_eq!(case(&app, &first).await["received_at"], crate::support::START);
    // after the window the same words are said anew
    app.pass_hours(3);
    let later = app.gateway().post(SMS, body).await.expect(200);
    assert_eq!((&later["repeated"], &later["state"]), (&json!(false), &json!("joined")));
}

#[actix_web::test]
async fn a_failed_item_is_taken_when_its_cause_is_mended_and_only_once() {
    let small = TestApp::start_with(|config| config.server.attachment_limit = 100).await;
    let fax = json!({ "external_id": "hyla-1", "from": MOBILE, "text": "آب", "scans": [scan("a.tif", &[b'x'; 500])] });
    let told = small.gateway().post("/channels/fax/inbound", fax.clone()).await.expect(202);
    assert_eq!(told["fields"], json!([{ "field": "enclosed[0]", "code": "too_large" }]));
    let path = format!("/intake/items/{}/reprocessing", told["item"].as_str().unwrap());
    let registrar = small.as_user("registrar.centre").await;
    registrar.post(&path, json!({})).await.expect(202);
    // the same delivery again says the same
    small.gateway().post("/channels/fax/inbound", fax).await.expect(202);
    assert_eq!(items(&small, "").await.len(), 1);
    let large = small.another().await;
    let registrar = large.as_user("registrar.centre").await;
    let taken = registrar.post(&path, json!({})).await.expect(201);
    let again = registrar.post(&path, json!({})).await.expect(200);
    assert_eq!((&again["tracking_code"], &again["repeated"]), (&taken["tracking_code"], &json!(true)));
    assert_eq!(cases(&large).await, 1);
    let files = large.as_user("registrar.centre").await;
    let files =
        files.get(&format!("/cases/{}/attachments", taken["case_id"].as_str().unwrap())).await.expect(200);
    assert_eq!(files["items"][0]["size"], 500);
    let steps = item(&large, &told).await["steps"].clone();
    let steps: Vec<&str> =
        steps.as_array().unwrap().iter().map(|step| step["step"].as_str().unwrap()).collect();
    let wanted = ["received", "failed", "reprocessed", "failed", "deduplicated", "reprocessed", "registered"];
    assert_eq!(steps[..7], wanted);
    assert_eq!(problem(&large, "intake_failed").await, Value::Null);
}

#[actix_web::test]
async fn a_filing_of_a_gateway_that_is_wrong_is_told_and_kept_until_it_is_mended() {
    let app = TestApp::start().await;
    let wrong = filing(json!({ "channel": "fax", "kind": "wish", "external_id": "f-1" }));
    app.gateway().post("/cases", wrong.clone()).await.wrong("kind", "unknown");
    app.gateway().post("/cases", wrong).await.wrong("kind", "unknown");
    let kept = items(&app, "?state=failed").await;
    assert_eq!((kept.len(), &kept[0]["fields"]), (1, &json!([{ "field": "kind", "code": "unknown" }])));
    let right = filing(json!({ "channel": "fax", "external_id": "f-1" }));
    let told = app.gateway().post("/cases", right).await.expect(201);
    let now = items(&app, "").await;
    assert_eq!((now.len(), &now[0]["state"], &now[0]["case_id"]), (1, &json!("registered"), &told["id"]));
    // a person at the desk mends it at once, and nothing is kept
    let wrong = filing(json!({ "kind": "wish" }));
    app.as_user("agent.centre").await.post("/cases", wrong).await.wrong("kind", "unknown");
    assert_eq!(items(&app, "?state=failed").await.len(), 0);
    let letter = json!({ "text": "x", "scans": [{ "name": "a", "content": "%%" }] });
    let registrar = app.as_user("registrar.centre").await;
    registrar.post("/channels/letters", letter).await.wrong("scans[0].content", "not_base64");
    assert_eq!(items(&app, "?state=failed").await.len(), 0);
}

#[actix_web::test]
async fn an_id_whose_content_was_mended_takes_the_place_of_what_failed() {
    let app = TestApp::start().await;
    let letter =
        |kind: &str| json!({ "registry_number": "12", "mobile": MOBILE, "text": "آب", "kind": kind });
    app.gateway().post("/channels/letters", letter("wish")).await.expect(202);
    let mut mended = letter("request");
    mended["text"] = json!("آب نیست");
    app.gateway().post("/channels/letters", mended).await.expect(201);
    let all = items(&app, "").await;
    assert_eq!((all.len(), &all[0]["state"]), (1, &json!("registered")));
}

#[actix_web::test]
async fn the_command_takes_what_was_mended_and_reports_what_still_fails() {
    let small = TestApp::start_with(|config| config.server.attachment_limit = 100).await;
    let fax = |id: &str, bytes: usize| {
        let scans = [scan("a.tif", &vec![b'x'; bytes])];
        json!({ "external_id": id, "from": MOBILE, "text": format!("آب {id}"), "scans": scans })
    };
    let told = small.gateway().post("/channels/fax/inbound", fax("one", 500)).await.expect(202);
    push(&small, "text/xml", b"<sms/>").await.expect(202);
    let one = told["item"].as_str().unwrap().to_owned();
    let run = |arguments: &[&str]| {
        let ran = small.command(&[&["intake", "reprocess"], arguments].concat()).run();
        assert!(ran.status.success(), "{}", crate::keys::told(&ran));
        crate::keys::told(&ran)
    };
    let report = run(&["--channel", "sms"]);
    assert!(report.contains("Items tried: 1. Became cases: 0"), "{report}");
    assert!(report.contains("unsupported_media_type: 1"), "{report}");
    let report = run(&[]);
    assert!(
        report.contains("Items tried: 2. Became cases: 1") && report.contains("still failing: 1"),
        "{report}"
    );
    assert_eq!(item(&small, &told).await["state"], "registered");
    let report = run(&["--id", &one]);
    assert!(report.contains("does not wait"), "{report}");
    assert_eq!(cases(&small).await, 1);
}
