//! What comes in: identity, channels, repeated messages, and what is wrong with a filing.

use serde_json::{Value, json};

use crate::support::{MARYAM, TestApp, filing};

#[actix_web::test]
async fn a_complaint_without_identity_is_taken_as_a_report_and_the_sender_is_told() {
    let app = TestApp::start().await;
    let agent = app.as_user("agent.centre").await;
    for nobody in [json!({ "citizen": null }), json!({ "anonymous": true })] {
        let mut changes = json!({ "kind": "complaint" });
        changes.as_object_mut().unwrap().extend(nobody.as_object().unwrap().clone());
        let told = agent.post("/cases", filing(changes)).await.expect(201);
        assert_eq!((&told["kind"], &told["citizen"]), (&json!("report"), &Value::Null));
        assert_eq!(told["notices"][0]["code"], "downgraded_to_report");
    }
}

#[actix_web::test]
async fn a_complaint_with_a_wrong_national_id_is_taken_as_a_report() {
    let app = TestApp::start().await;
    let agent = app.as_user("agent.centre").await;
    let wish = filing(json!({ "kind": "complaint", "citizen": { "national_id": "9991000012" } }));
    let told = agent.post("/cases", wish).await.expect(201);
    let told = agent.get(&format!("/cases/{}", told["id"].as_str().unwrap())).await.expect(200);
    assert_eq!((&told["kind"], &told["citizen"]["national_id"]), (&json!("report"), &Value::Null));
    assert_eq!(told["citizen"]["mobile"], "+989990000011", "what was right is kept");
    app.drain().await;
    let templates: Vec<Value> = app.sms().sent().iter().map(|letter| json!(letter.outlet.as_str())).collect();
    assert_eq!(templates.len(), 2, "the acknowledgement and the notice of the downgrade");
}

#[actix_web::test]
async fn an_identified_complaint_stays_a_complaint() {
    let app = TestApp::start().await;
    let told = app
        .as_user("agent.centre")
        .await
        .post("/cases", filing(json!({ "kind": "complaint" })))
        .await
        .expect(201);
    assert_eq!((&told["kind"], &told["notices"]), (&json!("complaint"), &json!([])));
}

#[actix_web::test]
async fn a_wrong_national_id_on_a_request_is_named() {
    let app = TestApp::start().await;
    let agent = app.as_user("agent.centre").await;
    for wrong in ["9991000012", "1111111111", "12", "abc"] {
        let reply = agent.post("/cases", filing(json!({ "citizen": { "national_id": wrong } }))).await;
        assert_eq!(
            (reply.status, reply.json["errors"][0]["field"].as_str()),
            (422, Some("citizen.national_id")),
            "{wrong}"
        );
    }
}

#[actix_web::test]
async fn all_wrong_fields_are_named_at_once() {
    let app = TestApp::start().await;
    let wish = filing(json!({
        "kind": "wish", "channel": "pigeon", "text": " ", "category": "none", "about_office": "NOBODY",
        "citizen": { "mobile": "12", "email": "a@", "postal_code": "1" },
        "place": { "province": "99", "county": null, "lat": 91.0 }, "priority": "now",
        "received_at": "2026-07-01T00:00:00Z",
    }));
    let reply = app.as_user("agent.centre").await.post("/cases", wish).await;
    let fields: Vec<&str> =
        reply.json["errors"].as_array().unwrap().iter().filter_map(|e| e["field"].as_str()).collect();
    let wanted = [
        "kind",
        "channel",
        "text",
        "category",
        "about_office",
        "place.province",
        "place.lat",
        "received_at",
        "priority",
        "citizen.mobile",
        "citizen.email",
        "citizen.postal_code",
    ];
    assert_eq!(fields, wanted);
}

#[actix_web::test]
async fn one_citizen_stands_behind_one_national_id_on_every_channel_and_in_every_spelling() {
    let app = TestApp::start().await;
    let mut ids = Vec::new();
    for (channel, spelling) in [
        ("phone", "9991000011"),
        ("letter", "۹۹۹۱۰۰۰۰۱۱"),
        ("sms", "999-100001-1"),
        ("visit", " ٩٩٩١٠٠٠٠١١ "),
    ] {
        let wish = filing(json!({ "channel": channel, "citizen": { "national_id": spelling } }));
        let told = app.as_user("registrar.centre").await.post("/cases", wish).await.expect(201);
        ids.push(told["citizen"]["id"].as_str().expect("a citizen").to_owned());
    }
    app.nobody().post("/public/cases", filing(json!({ "channel": null }))).await.expect(201);
    ids.dedup();
    assert_eq!(ids.len(), 1);
    let agent = app.as_user("agent.centre").await;
    let found = agent.get(&format!("/citizens?national_id={MARYAM}")).await.expect(200);
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
    let cases = agent.get(&format!("/cases?citizen={}", ids[0])).await.expect(200);
    assert_eq!(cases["items"].as_array().unwrap().len(), 5);
}

#[actix_web::test]
async fn a_message_of_one_external_id_is_registered_once() {
    let app = TestApp::start().await;
    let gateway = app.gateway();
    let wish = filing(json!({ "channel": "sms", "external_id": "op-1/77" }));
    let first = gateway.post("/cases", wish.clone()).await.expect(201);
    let again = gateway.post("/cases", wish).await.expect(200);
    assert_eq!((&first["id"], &again["access_code"]), (&again["id"], &Value::Null));
    let other = filing(json!({ "channel": "fax", "external_id": "op-1/77" }));
    assert_ne!(gateway.post("/cases", other).await.expect(201)["id"], first["id"]);
}

#[actix_web::test]
async fn the_promise_runs_from_when_the_channel_got_it() {
    let app = TestApp::start().await;
    let agent = app.as_user("registrar.centre").await;
    let today = agent.post("/cases", filing(json!({}))).await.expect(201);
    let letter = filing(json!({ "channel": "letter", "received_at": "2026-06-06T06:00:00Z" }));
    let letter = agent.post("/cases", letter).await.expect(201);
    assert!(letter["due_at"].as_str() < today["due_at"].as_str());
}

#[actix_web::test]
async fn a_gateway_registers_only_on_its_channels() {
    let app = TestApp::start().await;
    let new = json!({ "name": "sms of Isfahan", "channels": ["sms"], "office": "GOV-10" });
    let key = app.as_user("admin").await.post("/gateways", new).await.expect(202);
    app.agreed_access(key.clone()).await;
    let gateway = app.bearer(key["key"].as_str().unwrap());
    let told = gateway.post("/cases", filing(json!({ "channel": "sms" }))).await.expect(201);
    assert_eq!((&told["intake_office"], &told["citizen"]), (&json!("GOV-10"), &Value::Null));
    gateway.post("/cases", filing(json!({ "channel": "fax" }))).await.refused(403, "forbidden");
    let path = format!("/gateways/{}", key["id"].as_str().unwrap());
    app.as_user("admin").await.patch(&path, json!({ "revoked": true })).await.expect(200);
    gateway.post("/cases", filing(json!({ "channel": "sms" }))).await.refused(401, "unauthenticated");
}

#[actix_web::test]
async fn a_tracking_code_has_eleven_digits_and_no_two_cases_share_it() {
    let app = TestApp::start().await;
    let (a, b) = (app.register(json!({})).await, app.register(json!({})).await);
    assert_ne!(a.tracking_code, b.tracking_code);
    assert!(a.tracking_code.len() == 11 && a.tracking_code.chars().all(|c| c.is_ascii_digit()));
}

#[actix_web::test]
async fn an_external_id_opens_nobody_elses_case() {
    let app = TestApp::start().await;
    let hidden =
        json!({ "channel": "sms", "external_id": "guess", "sealed": true, "about_office": "GOV-10" });
    app.register(hidden).await;
    let wish = filing(json!({ "channel": "sms", "external_id": "guess" }));
    app.as_user("agent.gov-10").await.post("/cases", wish).await.refused(409, "duplicate");
}
