//! People's desks: a stack of paper forms is declared, keyed in, and closed when its totals match.

use serde_json::{Value, json};

use crate::support::{Client, TestApp};

async fn declared(desk: &Client<'_>, total: i32, counts: Value) -> String {
    let body = json!({ "desk": "نماز جمعه", "day": "2026-06-05", "total": total, "counts": counts });
    let told = desk.post("/channels/visits/batches", body).await.expect(201);
    format!("/channels/visits/batches/{}", told["id"].as_str().unwrap())
}

fn form(line: i32, visit: Value) -> Value {
    json!({ "line": line, "visit": visit })
}

fn request(number: i32) -> Value {
    json!({ "text": format!("درخواست شماره {number}"), "name": "مریم", "mobile": "09990000011",
        "override_reason": "فرم‌های چند نفر" })
}

#[actix_web::test]
async fn a_stack_is_closed_when_what_was_keyed_is_what_was_declared() {
    let app = TestApp::start().await;
    let desk = app.as_user("agent.gov-10").await;
    let path = declared(&desk, 3, json!({ "request": 2, "report": 1 })).await;
    let close = format!("{path}/closing");
    let forms = json!({ "forms": [form(1, request(1)), form(2, request(2))] });
    let told = desk.post(&format!("{path}/forms"), forms.clone()).await.expect(200);
    assert_eq!(told["items"][0]["state"], "registered");
    assert_eq!((&told["batch"]["keyed"], &told["batch"]["matches"]), (&json!(2), &json!(false)));
    let reply = desk.post(&close, json!({})).await;
    assert_eq!((reply.status, reply.code()), (409, "totals_differ"));
    let named: Vec<&str> =
        reply.json["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap()).collect();
    assert_eq!(named, ["total", "counts.report"]);
    // the answer was lost: the same forms once more make nothing twice
    let again = desk.post(&format!("{path}/forms"), forms).await.expect(200);
    assert_eq!((&again["items"][0]["repeated"], &again["batch"]["keyed"]), (&json!(true), &json!(2)));
    assert_eq!(again["items"][0]["tracking_code"], told["items"][0]["tracking_code"]);
    let mut report = request(3);
    report["kind"] = json!("report");
    let last = json!({ "forms": [form(3, report)] });
    desk.post(&format!("{path}/forms"), last.clone()).await.expect(200);
    let closed = desk.post(&close, json!({})).await.expect(200);
    assert_eq!((&closed["state"], &closed["closed_by"]), (&json!("closed"), &json!("agent.gov-10")));
    desk.post(&format!("{path}/forms"), last).await.refused(409, "sheet_closed");
    desk.post(&close, json!({})).await.refused(409, "sheet_closed");
    let lines = desk.get(&format!("{path}/forms?limit=2")).await.expect(200);
    assert_eq!((&lines["items"][1]["line"], &lines["next_cursor"]), (&json!(2), &json!("2")));
    assert_eq!(lines["items"][0]["tracking_code"], told["items"][0]["tracking_code"]);
    let cases = app.as_user("inspector.centre").await.get("/cases?channel=desk").await.expect(200);
    assert_eq!(cases["items"].as_array().unwrap().len(), 3);
    app.whole();
}

#[actix_web::test]
async fn a_wrong_form_is_told_and_keyed_again_and_a_miscount_is_corrected_with_a_reason() {
    let app = TestApp::start().await;
    let desk = app.as_user("agent.gov-10").await;
    let path = declared(&desk, 1, json!({})).await;
    let keys = format!("{path}/forms");
    let forms = json!({ "forms": [
        form(0, request(1)), form(2, request(2)),
        form(1, json!({ "text": "متن", "kind": "nothing" })), form(1, json!({})),
    ] });
    let told = desk.post(&keys, forms).await.expect(200);
    let refused =
        |index: usize| (told["items"][index]["state"].clone(), told["items"][index]["fields"][0].clone());
    assert_eq!(refused(0), (json!("refused"), json!({ "field": "line", "code": "out_of_range" })));
    assert_eq!(refused(1), (json!("refused"), json!({ "field": "line", "code": "beyond_total" })));
    assert_eq!(refused(2).1["field"], "kind");
    assert_eq!(refused(3).1["field"], "text");
    assert_eq!(told["batch"]["keyed"], 0, "what was refused left nothing");
    let scan = json!({ "scans": [{ "name": "form.png", "content": "iVBORw0KGgo=" }] });
    let reply = desk.post(&keys, json!({ "forms": [form(1, scan)] })).await;
    assert!(reply.status == 200, "{}", reply.told());
    desk.post(&keys, json!({ "forms": [form(1, request(1))] })).await.expect(200);
    // a second form lay under the first
    desk.patch(&path, json!({ "total": 2, "counts": { "request": 1 } })).await.wrong("counts", "differs");
    desk.patch(&path, json!({ "total": 2 })).await.wrong("reason", "required");
    desk.patch(&path, json!({ "total": 2, "reason": "دو برگ چسبیده بود" })).await.expect(200);
    desk.post(&keys, json!({ "forms": [form(2, request(2))] })).await.expect(200);
    let closed = desk.post(&format!("{path}/closing"), json!({})).await.expect(200);
    assert_eq!(closed["recounted"], "دو برگ چسبیده بود");
}

#[actix_web::test]
async fn a_stack_is_of_its_office_and_its_fields_are_checked() {
    let app = TestApp::start().await;
    let desk = app.as_user("agent.gov-10").await;
    let path = declared(&desk, 1, json!({})).await;
    for (body, field, code) in [
        (json!({ "desk": "", "total": 1 }), "desk", "required"),
        (json!({ "desk": "x", "total": 0 }), "total", "out_of_range"),
        (json!({ "desk": "x", "total": 1, "channel": "sms" }), "channel", "unknown"),
        (json!({ "desk": "x", "total": 1, "day": "2027-01-01" }), "day", "in_the_future"),
        (json!({ "desk": "x", "total": 1, "counts": { "nothing": 1 } }), "counts.nothing", "unknown"),
        (json!({ "desk": "x", "total": 2, "counts": { "request": 1 } }), "counts", "differs"),
    ] {
        desk.post("/channels/visits/batches", body).await.wrong(field, code);
    }
    app.as_user("agent.centre").await.get(&path).await.expect(200);
    for stranger in ["handler.moen-10", "analyst.centre"] {
        let stranger = app.as_user(stranger).await;
        stranger.get(&path).await.refused(403, "forbidden");
        stranger.post(&format!("{path}/forms"), json!({ "forms": [] })).await.refused(403, "forbidden");
    }
    let many: Vec<Value> = (0..101).map(|line| form(line, json!({}))).collect();
    desk.post(&format!("{path}/forms"), json!({ "forms": many })).await.wrong("forms", "too_many");
    let own = desk.get("/channels/visits/batches").await.expect(200);
    assert_eq!(own["items"].as_array().unwrap().len(), 1);
}
