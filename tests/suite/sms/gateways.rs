//! Gateways as they are: what goes out, whether it arrived, what comes in once, and what an operator must mend.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use samad::config::sms::SmsLine;
use samad::gateways::SmsGateway;
use samad::workers::sms as worker;
use serde_json::{Value, json};

use super::standin::Standin;
use crate::support::{Case, TestApp};

fn line(provider: &str, key: &str, at: &Standin) -> SmsLine {
    SmsLine {
        provider: provider.into(),
        url: at.url.clone(),
        key: key.into(),
        line: "30001234".into(),
        ..SmsLine::default()
    }
}

async fn with(line: SmsLine) -> TestApp {
    TestApp::start_with(|config| drop(config.sms.gateways.insert("demo".into(), line))).await
}

/// State of the acknowledgement of a case.
async fn state(app: &TestApp, case: &Case) -> Value {
    let all = app.list(case, "communications").await;
    all.into_iter().find(|one| one["template"] == "case_registered").unwrap()["state"].clone()
}

async fn health(app: &TestApp, code: &str) -> Option<Value> {
    let page = app.as_user("admin").await.get("/health").await.expect(200);
    page["problems"].as_array().unwrap().iter().find(|problem| problem["code"] == code).cloned()
}

#[actix_web::test]
async fn a_provider_is_asked_until_it_tells_that_a_message_arrived() {
    let told = Arc::new(AtomicI64::new(3));
    let answers = told.clone();
    let provider = Standin::start(move |line, _| match line {
        "POST /send/bulk" => r#"{"status":1,"data":{"packId":"p","messageIds":[77],"cost":1}}"#.into(),
        _ => format!(
            r#"{{"status":1,"data":{{"messageId":77,"deliveryState":{}}}}}"#,
            answers.load(Ordering::SeqCst)
        ),
    });
    let app = with(line("smsir", "key", &provider)).await;
    let case = app.register(json!({})).await;
    app.drain().await;
    assert_eq!(state(&app, &case).await, "sent");
    assert_eq!(worker::poll_states(&app.app).await.unwrap(), 0, "not in the first minute");
    app.pass_hours(1);
    worker::poll_states(&app.app).await.unwrap();
    assert_eq!(state(&app, &case).await, "at_carrier");
    told.store(1, Ordering::SeqCst);
    app.pass_hours(1);
    worker::poll_states(&app.app).await.unwrap();
    assert_eq!(state(&app, &case).await, "delivered");
    app.pass_hours(40);
    assert_eq!(worker::poll_states(&app.app).await.unwrap(), 0, "what is known for good is asked no more");
    assert!(provider.asked().iter().any(|(line, _)| line == "GET /send/77"));
}

#[actix_web::test]
async fn a_state_that_never_settles_becomes_unknown_and_the_next_way_is_taken() {
    let provider = Standin::start(|_, _| {
        r#"{"status":0,"messages":[{"status":0,"id":77}],"dlrs":[{"mid":77,"status":8}]}"#.into()
    });
    let app = with(line("magfa", "user/domain:key", &provider)).await;
    let citizen = json!({ "citizen": { "national_id": "9991000011", "mobile": "09990000011", "email": "maryam@example.ir" },
        "channel": "phone" });
    let case = app.register(citizen).await;
    app.drain().await;
    for _ in 0..29 {
        app.pass_hours(1);
        worker::poll_states(&app.app).await.unwrap();
    }
    assert_eq!(state(&app, &case).await, "at_carrier");
    assert_eq!(app.mail().sent().len(), 0);
    app.pass_hours(2);
    worker::poll_states(&app.app).await.unwrap();
    worker::poll_states(&app.app).await.unwrap();
    app.drain().await;
    let all = app.list(&case, "communications").await;
    let states: Vec<&Value> =
        all.iter().filter(|one| one["template"] == "case_registered").map(|one| &one["state"]).collect();
    assert_eq!(states, [&json!("unknown"), &json!("sent")]);
    assert_eq!(app.mail().sent().len(), 1, "once");
}

#[actix_web::test]
async fn an_empty_account_is_an_alarm_until_it_is_paid_and_nothing_is_lost() {
    let credit = Arc::new(AtomicI64::new(0));
    let paid = credit.clone();
    let provider = Standin::start(move |_, _| match paid.load(Ordering::SeqCst) {
        // the error is inside a 200
        0 => r#"{"return":{"status":418,"message":"credit"},"entries":null}"#.into(),
        _ => r#"{"return":{"status":200,"message":"ok"},"entries":[{"messageid":8,"status":1}]}"#.into(),
    });
    let mut app = with(line("kavenegar", "key", &provider)).await;
    let case = app.register(json!({})).await;
    app.drain().await;
    let problem = health(&app, "sms_gateway_refuses").await.expect("an alarm");
    assert_eq!(problem["channels"], json!({ "demo: no_credit": 1 }));
    assert_eq!(state(&app, &case).await, "queued");
    credit.store(1, Ordering::SeqCst);
    // the process starts again: what it knew of the gateway is in the database
    app.app.gateways.sms = SmsGateway::new(&app.app.config).unwrap();
    app.pass_hours(1);
    app.drain().await;
    assert_eq!(state(&app, &case).await, "sent");
    assert_eq!(health(&app, "sms_gateway_refuses").await, None);
}

#[actix_web::test]
async fn kavenegar_reports_by_its_own_id_and_the_registered_secret() {
    let provider = Standin::start(|_, _| {
        r#"{"return":{"status":200,"message":"ok"},"entries":[{"messageid":8792343,"status":1}]}"#.into()
    });
    let line = SmsLine { secret: "s3cret".into(), ..line("kavenegar", "key", &provider) };
    let app = with(line).await;
    let case = app.register(json!({})).await;
    app.drain().await;
    let report = json!({ "messageid": 8792343.to_string(), "status": "10" });
    let nobody = app.nobody();
    nobody.post("/channels/sms/demo/delivery?secret=wrong", report.clone()).await.expect(404);
    assert_eq!(state(&app, &case).await, "sent");
    nobody.post("/channels/sms/demo/delivery?secret=s3cret", report.clone()).await.expect(200);
    nobody.post("/channels/sms/demo/delivery?secret=s3cret", report).await.expect(200);
    assert_eq!(state(&app, &case).await, "delivered");
}

#[actix_web::test]
async fn received_messages_are_pulled_exactly_once_also_where_they_are_pushed() {
    let provider = Standin::start(|line, body| {
        let entry = |id: i64, text: &str| {
            format!(
                r#"{{"messageid":{id},"message":"{text}","sender":"0912333445{id}","receptor":"30001234","date":1781070000}}"#
            )
        };
        let entries = match (line.ends_with("sms/receive.json"), body.contains("isread=1")) {
            (true, true) => entry(1, "آب قطع است"),
            (true, false) => entry(2, "برق قطع است"),
            _ => String::new(),
        };
        format!(r#"{{"return":{{"status":200,"message":"ok"}},"entries":[{entries}]}}"#)
    });
    let line = SmsLine { poll: true, ..line("kavenegar", "key", &provider) };
    let app = with(line).await;
    // the provider pushed one of them as well
    let pushed =
        json!({ "messageid": 2, "message": "برق قطع است", "sender": "09123334452", "receptor": "30001234" });
    app.gateway().post("/channels/sms/demo/inbound", pushed).await.expect(201);
    assert_eq!(worker::poll_received(&app.app, "demo", true).await.unwrap(), 1);
    assert_eq!(worker::poll_received(&app.app, "demo", true).await.unwrap(), 0);
    let other = app.another().await;
    assert_eq!(worker::poll_received(&other.app, "demo", true).await.unwrap(), 0);
    let cases = app.as_user("classifier.centre").await.get("/cases").await.expect(200);
    assert_eq!(cases["items"].as_array().unwrap().len(), 2);
}

#[actix_web::test]
async fn melipayamak_and_kannel_push_by_get() {
    let app = TestApp::start().await;
    let nobody = app.nobody();
    let key = "key=demo-gateway-key";
    let calls = [
        "from=09123334455&to=30001234&text=%D8%A2%D8%A8+%D9%82%D8%B7%D8%B9+%D8%A7%D8%B3%D8%AA",
        "from=%2B989123334466&to=3000&text=%D8%A8%D8%B1%D9%82&charset=UTF-8&coding=2&unix=1781070000&smsc=main&id=a-1&part=",
    ];
    for call in calls {
        for _ in 0..10 {
            nobody.get(&format!("/channels/sms/demo/inbound?{key}&{call}")).await.expect(200);
        }
    }
    let cases = app.as_user("classifier.centre").await.get("/cases").await.expect(200);
    assert_eq!(cases["items"].as_array().unwrap().len(), 2, "the same SMS ten times is one");
    nobody.get(&format!("/channels/sms/demo/inbound?key=wrong&{}", calls[0])).await.expect(401);
}

#[actix_web::test]
async fn a_call_from_a_wrong_address_is_refused_and_shown_to_the_operator() {
    let provider = Standin::start(|_, _| String::new());
    let line = SmsLine { allow: "10.0.0.0/8".into(), ..line("kannel", "a:b", &provider) };
    let app = with(line).await;
    let call = json!({ "from": "09123334455", "text": "آب قطع است" });
    let told = app.gateway().post("/channels/sms/demo/inbound", call).await.expect(403);
    assert_eq!(told["code"], "address_not_allowed");
    let problem = health(&app, "sms_wrong_address").await.expect("a problem");
    assert_eq!(problem["channels"], json!({ "demo": 1 }));
}

#[actix_web::test]
async fn a_described_gateway_needs_no_line_of_code() {
    let provider = Standin::start(|_, _| r#"{"code":0,"ids":[991]}"#.into());
    let mut own = line("described", "k-1", &provider);
    own.url = format!("{}/out?user={{{{ key|urlencode }}}}", provider.url);
    own.http.body = r#"{"dst": {{ to|json }}, "msg": {{ text|json }}, "ref": {{ id|json }}}"#.into();
    own.http.numbers = "national".into();
    own.http.success = "http == 200 and json.code == 0".into();
    own.http.message_id = "json.ids[0]".into();
    own.http.states.insert("DELIVRD".into(), "delivered".into());
    own.secret = "s".into();
    let app = with(own).await;
    let case = app.register(json!({})).await;
    app.drain().await;
    let (line, body) = provider.asked()[0].clone();
    assert_eq!(line, "POST /out?user=k-1");
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["dst"], "09990000011");
    let report = json!({ "messageid": "991", "status": "DELIVRD" });
    app.nobody().post("/channels/sms/demo/delivery?secret=s", report).await.expect(200);
    assert_eq!(state(&app, &case).await, "delivered");
}
