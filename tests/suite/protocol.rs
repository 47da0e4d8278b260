//! How the API speaks: versions, repeated calls, languages, problems and health.

use serde_json::{Value, json};

use crate::support::{Case, TestApp, filing};

#[actix_web::test]
async fn a_verb_of_a_case_needs_the_version_that_was_read() {
    let app = TestApp::start().await;
    let case = app.classified().await;
    let path = case.path("referrals");
    let to = json!({ "to": [{ "office": "MOEN" }] });
    let classifier = app.as_user("classifier.centre").await;
    let bytes = || to.to_string().into_bytes();
    let bare = classifier.raw(reqwest::Method::POST, &path, "application/json", bytes()).await;
    bare.refused(428, "version_required");
    let read = classifier.get(&case.path("")).await;
    let tag = read.header("ETag").to_owned();
    assert_eq!(tag, format!("\"{}\"", read.json["version"]));
    classifier.post(&case.path("notes"), json!({ "text": "یادداشت" })).await.expect(201);
    classifier.clone().with("If-Match", tag).post(&path, to.clone()).await.refused(412, "stale_version");
    classifier.clone().with("If-Match", "none").post(&path, to.clone()).await.refused(412, "stale_version");
    classifier.with("If-Match", "*").post(&path, to).await.expect(201);
}

#[actix_web::test]
async fn every_change_raises_the_version_by_one() {
    let app = TestApp::start().await;
    let case = app.register(json!({})).await;
    let version = async || app.case(&case).await["version"].as_i64().unwrap();
    let mut before = version().await;
    app.classify(&case, "request", "water.outage").await;
    for _ in 0..2 {
        let now = version().await;
        assert_eq!(now, before + 1);
        before = now;
        app.as_user("agent.centre")
            .await
            .post(&case.path("notes"), json!({ "text": "یادداشت" }))
            .await
            .expect(201);
    }
}

#[actix_web::test]
async fn a_repeated_key_gets_the_first_reply_again() {
    let app = TestApp::start().await;
    let agent = app.as_user("agent.centre").await.with("Idempotency-Key", "call-1");
    let first = agent.post("/cases", filing(json!({}))).await;
    let again = agent.post("/cases", filing(json!({}))).await;
    assert_eq!((first.status, &first.json), (201, &again.json));
    assert_eq!(again.status, 201);
    let other = agent.post("/cases", filing(json!({ "subject": "چیز دیگر" }))).await;
    other.refused(409, "idempotency_key_reused");
    let list = agent.get("/cases").await.expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    // somebody else's key is another key
    let registrar = app.as_user("registrar.centre").await.with("Idempotency-Key", "call-1");
    assert_ne!(registrar.post("/cases", filing(json!({}))).await.expect(201)["id"], first.json["id"]);
}

#[actix_web::test]
async fn a_refused_call_keeps_no_reply_under_its_key() {
    let app = TestApp::start().await;
    let agent = app.as_user("agent.centre").await.with("Idempotency-Key", "call-2");
    agent.post("/cases", filing(json!({ "kind": "wish" }))).await.wrong("kind", "unknown");
    agent.post("/cases", filing(json!({}))).await.expect(201);
}

#[actix_web::test]
async fn problems_are_told_in_the_readers_language() {
    let app = TestApp::start().await;
    let agent = app.as_user("agent.centre").await;
    let path = "/cases/1";
    let title = async |language| {
        let reply = agent.clone().reading(language).get(path).await;
        assert_eq!(reply.header("Content-Type"), "application/problem+json");
        (reply.json["title"].as_str().unwrap().to_owned(), reply.header("Content-Language").to_owned())
    };
    let (fa, en) = (title("fa").await, title("en").await);
    assert_eq!((fa.0.as_str(), fa.1.as_str()), ("یافت نشد؛ نشانی یا کد را بررسی کنید.", "fa"));
    assert_eq!((en.0.as_str(), en.1.as_str()), ("Not found; check the address or the code.", "en"));
    assert_eq!(title("de, fa;q=0.2, en-GB;q=0.8").await, en);
    assert_eq!(title("de").await, fa);
    let wrong = agent.reading("fa").post("/cases", filing(json!({ "kind": "wish" }))).await;
    assert!(wrong.json["errors"][0]["message"].as_str().unwrap().contains('ک'));
}

#[actix_web::test]
async fn broken_bodies_and_unknown_addresses_are_problems_too() {
    let app = TestApp::start().await;
    let agent = app.as_user("agent.centre").await;
    let post = async |kind, body: &str| agent.raw(reqwest::Method::POST, "/cases", kind, body.into()).await;
    post("application/json", "{\"kind\":").await.refused(400, "malformed_json");
    post("text/plain", "{}").await.refused(415, "unsupported_media_type");
    post("application/json", "{} {}").await.wrong("kind", "required");
    post("application/json", &format!("\"{}\"", "x".repeat(2_000_000)))
        .await
        .refused(413, "payload_too_large");
    agent.get("/nothing").await.refused(404, "not_found");
    agent.get("/cases/abc").await.refused(404, "not_found");
    agent.get("/cases?limit=0").await.wrong("limit", "out_of_range");
    agent.get("/cases?colour=red").await.wrong("colour", "invalid");
    agent.get("/cases?cursor=abc").await.refused(400, "invalid_cursor");
}

/// Asks for the actions of a case and then does each; gives how many there were.
async fn compare(app: &TestApp, case: &Case, username: &str) -> usize {
    let person = app.as_user(username).await;
    let told = person.get(&case.path("actions")).await.expect(200);
    let actions = told["items"].as_array().unwrap();
    for action in actions {
        let path = action["href"].as_str().unwrap().strip_prefix("/api/v1").unwrap();
        let (verb, is_allowed) = (action["verb"].as_str().unwrap(), action["allowed"] == true);
        // what is allowed gets a body that fails on its fields, so that it changes nothing
        // several verbs of a family are one right
        let call = if ["merge", "split"].contains(&verb) { path.rsplit('/').next().unwrap() } else { verb };
        let body = if is_allowed { wrong_body(verb) } else { right_body(call) };
        let reply = match action["method"].as_str() {
            Some("PUT") => person.put(path, body).await,
            _ if path.ends_with("attachments") => {
                // an empty file is told before the right to attach it
                let bytes: &[u8] = if is_allowed { b"" } else { b"text" };
                person.upload(path, "file", bytes).await
            }
            _ => person.post(path, body).await,
        };
        if is_allowed {
            assert!([200, 201, 422].contains(&reply.status), "{username} {action}: {}", reply.told());
        } else {
            let code = action["code"].as_str().unwrap();
            assert_eq!(reply.code(), code, "{username} {action}: {}", reply.told());
        }
    }
    actions.len()
}

#[actix_web::test]
async fn the_actions_of_a_case_say_what_its_verbs_then_do() {
    let app = TestApp::start().await;
    let everybody = [
        "classifier.centre",
        "agent.centre",
        "liaison.moen-10",
        "handler.moen-10",
        "approver.moen-10",
        "liaison.mohme",
        "handler.moen",
        "appeal.moen",
    ];
    let with_helper = app.classified().await;
    app.refer("classifier.centre", &with_helper, &[("MOEN-10", "lead"), ("MOHME", "helper")]).await;
    let asked = app.accepted("MOEN-10").await;
    let question = json!({ "text": "شماره اشتراک؟" });
    app.as_user("handler.moen-10").await.post(&asked.path("questions"), question).await.expect(201);
    let reply = json!({ "text": "۱۲", "channel": "phone" });
    app.as_user("agent.centre").await.post(&asked.path("messages"), reply).await.expect(201);
    let pending = app.accepted("MOEN-10").await;
    app.submit(&pending, "MOEN-10").await;
    let appealed = app.closed().await;
    let agent = app.as_user("agent.centre").await;
    agent.post(&appealed.path("rating"), json!({ "score": 1 })).await.expect(200);
    agent.post(&appealed.path("appeal"), json!({ "text": "ناراضی است" })).await.expect(200);
    let (answered, closed, classified) = (app.answered().await, app.closed().await, app.classified().await);
    let mut checked = 0;
    for case in [with_helper, asked, pending, appealed, answered, closed, classified] {
        for username in everybody {
            // not everybody sees every case
            if app.as_user(username).await.get(&case.path("")).await.status == 200 {
                checked += compare(&app, &case, username).await;
            }
        }
    }
    assert!(checked > 300, "{checked}");
}

/// A body by which the verb of this name is called, but not done.
fn wrong_body(verb: &str) -> Value {
    match verb {
        "classify" => json!({ "kind": "", "category": "" }),
        "refer" => json!({ "to": [{ "office": "" }] }),
        "advise" => json!({ "outcome": "advice" }),
        "close" => json!({ "outcome": "" }),
        "reopen" => json!({ "reason": "" }),
        "dismiss" => json!({ "outcome": "", "reason": "", "signpost": "" }),
        "ask" | "reply" | "note" | "answer" => json!({ "text": "" }),
        _ => json!({}),
    }
}

/// A body that the verb of this name takes.
fn right_body(verb: &str) -> Value {
    match verb {
        "classify" => json!({ "kind": "request", "category": "water.bill" }),
        "refer" => json!({ "to": [{ "office": "MOHME" }] }),
        "advise" => json!({ "outcome": "advice", "text": "راهنمایی" }),
        "close" => json!({ "outcome": "granted" }),
        "reopen" => json!({ "reason": "بازبینی" }),
        "dismiss" => json!({ "outcome": "no_cause", "reason": "no_ground", "signpost": "دادگستری" }),
        "withdraw" => json!({ "confirm": true }),
        "ask" | "reply" | "note" => json!({ "text": "متن" }),
        "answer" => json!({ "text": "متن", "outcome": "granted" }),
        "return" => json!({ "reason": "duplicate" }),
        "transfer" => json!({ "reason": "صلاحیت", "office": "MOHME" }),
        "recall" => json!({ "reason": "اشتباه" }),
        "assign" => json!({ "user": "handler.moen-10" }),
        "extend" => json!({ "reason": "بازدید", "days": 1 }),
        "object" | "appeal" => json!({ "text": "متن" }),
        "rate" => json!({ "score": 1 }),
        "merge" => json!({ "into": "1", "reason": "همان موضوع" }),
        "unmerge" | "unsplit" => json!({ "reason": "موضوع دیگری است" }),
        "split" => json!({ "parts": [{ "text": "یک" }, { "text": "دو" }], "reason": "دو موضوع" }),
        "group" => json!({ "members": ["1"] }),
        "decide_appeal" => json!({ "result": "dismissed", "grounds": "دلیل", "consequence": "none" }),
        _ => json!({}),
    }
}

#[actix_web::test]
async fn the_service_tells_whether_it_lives_is_ready_and_what_needs_a_person() {
    let app = TestApp::start().await;
    assert_eq!(app.nobody().get("/healthz").await.bytes, b"ok\n");
    assert_eq!(app.nobody().get("/readyz").await.bytes, b"ready\n");
    let admin = app.as_user("admin").await;
    assert_eq!(admin.get("/health").await.expect(200)["status"], "ok");
    app.register(json!({})).await;
    app.pass_days(30);
    let told = admin.get("/health").await.expect(200);
    let codes: Vec<&str> =
        told["problems"].as_array().unwrap().iter().filter_map(|p| p["code"].as_str()).collect();
    assert_eq!(codes, ["messages_waiting", "deadlines_unattended", "history_unanchored"]);
    app.drain().await;
    assert_eq!(samad::workers::anchoring::run_once(&app.app).await.unwrap(), 30);
    assert_eq!(admin.get("/health").await.expect(200)["status"], "ok");
}

#[actix_web::test]
async fn a_public_address_that_calls_too_often_from_outside_is_slowed() {
    let app = TestApp::start_with(|config| {
        config.limits.public_per_minute = 3;
        config.server.trusted_proxies = "127.0.0.1".into();
    })
    .await;
    let from = |address: &str| app.nobody().with("X-Forwarded-For", address);
    for left in ["2", "1", "0"] {
        let told = from("192.0.2.7").get("/public/kinds").await;
        assert_eq!((told.status, told.header("RateLimit-Remaining")), (200, left));
    }
    let slowed = from("192.0.2.7").get("/public/kinds").await;
    assert!(slowed.header("Retry-After").parse::<u64>().is_ok());
    slowed.refused(429, "too_many_requests");
    from("192.0.2.8").get("/public/kinds").await.expect(200);
}
