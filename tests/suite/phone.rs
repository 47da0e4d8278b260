//! The telephone: events of an exchange, the screen of who answers, who is to be rung back, the machine at the line.

use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::support::{Client, Reply, TestApp, time};

/// Hers whose cases these are.
const MOBILE: &str = "09990000011";
const EVENTS: &str = "/channels/phone/events";

async fn event(app: &TestApp, what: Value) -> Value {
    app.gateway().post(EVENTS, what).await.expect(200)
}

/// A call to the agent at extension 201 that is being spoken.
async fn talking(app: &TestApp, call: &str, from: &str) -> Value {
    event(app, json!({ "event": "newCall", "callId": call, "from": from, "to": "111", "queue": "111" }))
        .await;
    app.app.clock.set(app.now().plus_seconds(12));
    event(app, json!({ "event": "answer", "callId": call, "answeringNumber": "201" })).await
}

async fn seated(app: &TestApp) -> Client<'_> {
    let agent = app.as_user("agent.centre").await;
    let seat = agent.put("/phone/seat", json!({ "extension": "۲۰۱" })).await.expect(200);
    assert_eq!(seat["extension"], "201");
    agent
}

/// The agent's stream as it is read piece by piece.
struct Stream {
    response: reqwest::Response,
    text: String,
}

impl Stream {
    async fn open(app: &TestApp, last: Option<&str>) -> Self {
        let token = app.token_of("agent.centre").await;
        let mut call = reqwest::Client::new()
            .get(format!("{}/api/v1/phone/calls/stream", app.address()))
            .header("Accept-Language", "en")
            .bearer_auth(token);
        if let Some(last) = last {
            call = call.header("Last-Event-ID", last);
        }
        let response = call.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/event-stream"));
        Self { response, text: String::new() }
    }

    /// The next block up to its empty line.
    async fn block(&mut self) -> String {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                return block;
            }
            let piece = self.response.chunk().await.unwrap().expect("the stream goes on");
            self.text.push_str(std::str::from_utf8(&piece).unwrap());
        }
    }

    /// The next event: id, name, data.
    async fn event(&mut self) -> (String, String, Value) {
        loop {
            let block = self.block().await;
            let field = |name: &str| {
                let of = |line: &str| line.strip_prefix(name).map(str::to_owned);
                block.lines().find_map(of).unwrap_or_default()
            };
            if !field("event: ").is_empty() {
                return (field("id: "), field("event: "), serde_json::from_str(&field("data: ")).unwrap());
            }
        }
    }
}

#[actix_web::test]
async fn who_answers_sees_the_caller_and_each_reading_is_logged() {
    let app = TestApp::start().await;
    let case = app.register(json!({})).await;
    let agent = seated(&app).await;
    let mut stream = Stream::open(&app, None).await;
    let answered = talking(&app, "a-1", MOBILE).await;
    assert_eq!((&answered["state"], &answered["agent_unknown"]), (&json!("talking"), &json!(false)));
    let (id, name, card) = stream.event().await;
    assert_eq!((id.as_str(), name.as_str()), ("1", "answered"));
    assert_eq!(
        (&card["call"]["number"], &card["call"]["waited_seconds"]),
        (&json!("+989990000011"), &json!(12))
    );
    assert_eq!(card["callers"][0]["citizen"]["name"], "مریم کاظمی‌نیا");
    assert_eq!(card["callers"][0]["open_cases"][0]["id"], case.id.as_str());
    let reads = app.as_user("auditor.centre").await.get(&case.path("identity-reads")).await.expect(200);
    let whys: Vec<&str> =
        reads["items"].as_array().unwrap().iter().filter_map(|read| read["why"].as_str()).collect();
    assert!(whys.contains(&"phone_call"), "{whys:?}");
    // what the agent registers carries the call
    let filing =
        crate::support::filing(json!({ "channel": "phone", "call_id": "a-1", "text": "آب قطع است" }));
    let second = agent.post("/cases", filing).await.expect(201);
    app.app.clock.set(app.now().plus_seconds(60));
    event(&app, json!({ "event": "hangup", "callId": "a-1", "cause": "normalClearing" })).await;
    let (id, name, over) = stream.event().await;
    assert_eq!((id.as_str(), name.as_str()), ("2", "ended"));
    assert_eq!((&over["call"]["length_seconds"], over.get("callers")), (&json!(60), None));
    let path = format!("/cases/{}/calls", second["id"].as_str().unwrap());
    let calls = agent.get(&path).await.expect(200);
    let call = &calls["items"][0];
    assert_eq!(
        (&call["call_id"], &call["queue"], &call["agent"]),
        (&json!("a-1"), &json!("111"), &json!("agent.centre"))
    );
    assert_eq!((&call["waited_seconds"], &call["length_seconds"]), (&json!(12), &json!(60)));
    // a line that was lost goes on where it was, and nothing comes twice
    let mut again = Stream::open(&app, Some("1")).await;
    assert_eq!(again.event().await.0, "2");
    agent.get("/phone/calls/stream?last_event_id=-1").await.wrong("Last-Event-ID", "invalid");
    app.as_user("analyst.centre").await.get("/phone/calls/stream").await.refused(403, "forbidden");
    app.whole();
}

#[actix_web::test]
async fn a_stream_says_that_it_lives() {
    let app = TestApp::start_with(|config| config.phone.heartbeat_seconds = 1).await;
    let mut stream = Stream::open(&app, None).await;
    assert!(stream.block().await.contains(": open"));
    assert_eq!(stream.block().await, ": beat");
}

#[actix_web::test]
async fn events_come_in_any_order_and_more_than_once() {
    let app = TestApp::start().await;
    seated(&app).await;
    let at = |seconds: i64| app.now().plus_seconds(seconds - 200).to_string();
    let hangup = json!({ "event": "hangup", "callId": "b", "at": at(90) });
    let missed = event(&app, hangup.clone()).await;
    assert_eq!(missed["state"], "missed");
    let answer = json!({ "event": "answer", "callId": "b", "user": "201", "at": at(20) });
    assert_eq!(event(&app, answer.clone()).await["state"], "ended");
    let new = json!({ "event": "newCall", "callId": "b", "from": "031-36240000", "at": at(10) });
    event(&app, new).await;
    for repeated in [hangup, answer] {
        assert_eq!(event(&app, repeated).await["repeated"], true);
    }
    let agent = app.as_user("agent.centre").await;
    let calls = agent.get("/phone/calls").await.expect(200);
    let call = &calls["items"][0];
    assert_eq!((&call["waited_seconds"], &call["length_seconds"]), (&json!(10), &json!(70)));
    assert_eq!((&call["province"]["code"], &call["province"]["name"]), (&json!("10"), &json!("Isfahan")));
    assert!(
        call["number"].as_str().unwrap().starts_with('*')
            || !call["number"].as_str().unwrap().contains("36240")
    );
    // it was answered after all: nobody need ring back
    assert_eq!(agent.get("/phone/callbacks").await.expect(200)["items"], json!([]));
    // what a dialect has beside the three is taken and nothing done
    assert_eq!(event(&app, json!({ "event": "dtmf", "callId": "b", "digit": "5" })).await["taken"], false);
}

#[actix_web::test]
async fn a_call_whose_agent_nobody_knows_is_opened_by_whoever_took_it() {
    let app = TestApp::start().await;
    let agent = seated(&app).await;
    let told = event(&app, json!({ "event": "answer", "callId": "c", "from": MOBILE, "user": "999" })).await;
    assert_eq!(told["agent_unknown"], true);
    let open = agent.get("/phone/calls?unclaimed=true&state=talking").await.expect(200);
    assert_eq!(open["items"][0]["agent_unknown"], true);
    let path = format!("/phone/calls/{}", told["id"].as_str().unwrap());
    agent.get(&path).await.expect(200);
    let filing = crate::support::filing(json!({ "channel": "phone", "call_id": told["id"] }));
    agent.post("/cases", filing).await.expect(201);
    // it is this agent's from now on
    app.as_user("agent.gov-10").await.get(&path).await.refused(404, "not_found");
    let wrong = crate::support::filing(json!({ "channel": "phone", "call_id": "nowhere" }));
    agent.post("/cases", wrong).await.wrong("call_id", "unknown");
    app.as_user("registrar.centre")
        .await
        .put("/phone/seat", json!({ "extension": "201" }))
        .await
        .refused(409, "seat_taken");
    agent.put("/phone/seat", json!({ "extension": "a b" })).await.wrong("extension", "invalid");
}

async fn signed(app: &TestApp, body: &str, signature: Option<&str>) -> Reply {
    let mut caller = app.gateway();
    if let Some(signature) = signature {
        caller = caller.with("X-Signature", signature);
    }
    caller.raw(Method::POST, EVENTS, "application/json", body.as_bytes().to_vec()).await
}

#[actix_web::test]
async fn only_an_exchange_with_key_address_and_signature_is_believed() {
    const SECRET: &str = "a secret of an exchange";
    let app = TestApp::start_with(|config| config.phone.secret = SECRET.into()).await;
    let body = r#"{"event":"newCall","callId":"1"}"#;
    signed(&app, body, None).await.refused(401, "signature_wrong");
    signed(&app, body, Some("sha256=00")).await.refused(401, "signature_wrong");
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    let right: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    signed(&app, body, Some(&format!("sha256={right}"))).await.expect(200);
    signed(&app, r#"{"event":"newCall","callId":"2"}"#, Some(&format!("sha256={right}")))
        .await
        .refused(401, "signature_wrong");
    let elsewhere = app.another_with(|config| config.phone.allow = "192.0.2.0/24".into()).await;
    signed(&elsewhere, body, None).await.refused(403, "address_not_allowed");
    let open = app.another().await;
    let by_key = format!("{EVENTS}?key={}", samad::domain::demo::GATEWAY_KEY);
    let form = b"event=newCall&callId=7&from=021-88776655".to_vec();
    let reply = open.nobody().raw(Method::POST, &by_key, "application/x-www-form-urlencoded", form).await;
    assert_eq!(reply.expect(200)["state"], "ringing");
    open.nobody().post(EVENTS, json!({})).await.refused(401, "unauthenticated");
    open.gateway().post(EVENTS, json!({ "event": "answer" })).await.wrong("callId", "required");
    open.as_user("agent.centre").await.post(EVENTS, json!({})).await.refused(403, "forbidden");
}

#[actix_web::test]
async fn whoever_gave_up_is_rung_back_and_whoever_got_through_is_not() {
    let app = TestApp::start().await;
    let agent = seated(&app).await;
    let gave_up = |call: &str, from: &str| {
        let (new, over) = (
            json!({ "event": "newCall", "callId": call, "from": from }),
            json!({ "event": "hangup", "callId": call, "cause": "cancel" }),
        );
        [new, over]
    };
    for what in gave_up("d1", "09121112233").into_iter().chain(gave_up("d2", "09121112233")) {
        event(&app, what).await;
    }
    for what in gave_up("d3", "09124445566") {
        event(&app, what).await;
    }
    let list = agent.get("/phone/callbacks").await.expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
    let first = &list["items"][0];
    assert_eq!((&first["origin"], &first["calls"]), (&json!("abandoned"), &json!(2)));
    let path = format!("/phone/callbacks/{}", first["id"].as_str().unwrap());
    // the other one rings again and is answered
    talking(&app, "d4", "09124445566").await;
    assert_eq!(
        agent.get("/phone/callbacks?state=got_through").await.expect(200)["items"].as_array().unwrap().len(),
        1
    );
    agent.post(&format!("{path}/tries"), json!({ "reached": true })).await.refused(409, "not_taken_by_you");
    let taken = agent.post(&format!("{path}/taking"), json!({})).await.expect(200);
    assert_eq!((&taken["number"], &taken["taken_by"]), (&json!("+989121112233"), &json!("agent.centre")));
    let other = app.as_user("registrar.centre").await;
    other.post(&format!("{path}/taking"), json!({})).await.refused(409, "taken_by_another");
    assert_eq!(other.get("/phone/callbacks?ready=true").await.expect(200)["items"], json!([]));
    agent.post(&format!("{path}/tries"), json!({})).await.wrong("reached", "required");
    for _ in 0..2 {
        agent.post(&format!("{path}/taking"), json!({})).await.expect(200);
        let tried = agent.post(&format!("{path}/tries"), json!({ "reached": false })).await.expect(200);
        assert_eq!(tried["state"], "open");
    }
    app.pass_days(3);
    assert_eq!(agent.get("/phone/callbacks?overdue=true").await.expect(200)["items"][0]["overdue"], true);
    agent.post(&format!("{path}/taking"), json!({})).await.expect(200);
    let last = agent.post(&format!("{path}/tries"), json!({ "reached": false })).await.expect(200);
    assert_eq!((&last["state"], &last["tries"]), (&json!("not_reached"), &json!(3)));
    agent.post(&format!("{path}/taking"), json!({})).await.refused(409, "callback_state");
}

#[actix_web::test]
async fn a_promised_call_stands_in_the_citizens_timeline() {
    let app = TestApp::start().await;
    let case = app.register(json!({})).await;
    let agent = app.as_user("agent.centre").await;
    let due = app.now().plus_seconds(7200).to_string();
    let wish = json!({ "case_id": case.id, "due_at": due, "note": "نتیجه بازدید" });
    let promised = agent.post("/phone/callbacks", wish).await.expect(201);
    assert_eq!((&promised["origin"], &promised["number"]), (&json!("promised"), &json!("+989990000011")));
    let path = format!("/phone/callbacks/{}", promised["id"].as_str().unwrap());
    app.as_user("agent.gov-10").await.get(&path).await.refused(404, "not_found");
    agent.post(&format!("{path}/taking"), json!({})).await.expect(200);
    agent.delete(&format!("{path}/taking")).await.expect(200);
    agent.post(&format!("{path}/taking"), json!({})).await.expect(200);
    let done =
        agent.post(&format!("{path}/tries"), json!({ "reached": true, "note": "گفته شد" })).await.expect(200);
    assert_eq!((&done["state"], &done["note"]), (&json!("done"), &json!("نتیجه بازدید\nگفته شد")));
    assert_eq!(app.events(&case).await.iter().filter(|name| *name == "ring_back_moved").count(), 2);
    let late = json!({ "number": "09121112233", "due_at": "2020-01-01T00:00:00Z" });
    agent.post("/phone/callbacks", late).await.wrong("due_at", "out_of_range");
    agent.post("/phone/callbacks", json!({ "number": "111" })).await.wrong("number", "invalid");
    agent.post("/phone/callbacks", json!({})).await.wrong("number", "required");
    let other = agent.post("/phone/callbacks", json!({ "number": "02188776655" })).await.expect(201);
    let path = format!("/phone/callbacks/{}/giving-up", other["id"].as_str().unwrap());
    agent.post(&path, json!({})).await.wrong("reason", "required");
    assert_eq!(agent.post(&path, json!({ "reason": "اشتباه بود" })).await.expect(200)["state"], "given_up");
    app.whole();
}

#[actix_web::test]
async fn the_machine_says_how_far_a_case_is_and_the_same_for_a_wrong_code_and_a_wrong_factor() {
    let app = TestApp::start().await;
    let case = app.register(json!({})).await;
    let ask = async |code: &str, factor: &str, from: &str| {
        let body = json!({ "code": code, "factor": factor, "from": from });
        app.gateway().post("/channels/phone/ivr", body).await.expect(200)
    };
    for factor in ["9991000011", "09990000011", "0011", case.access_code.as_str()] {
        let told = ask(&case.tracking_code, factor, "09990000011").await;
        assert_eq!((&told["state"], &told["status"]), (&json!("told"), &json!("registered")), "{factor}");
        let text = told["text"].as_str().unwrap();
        assert!(text.contains("ثبت شده است") && !text.contains(|c: char| c.is_ascii_digit()), "{text}");
    }
    let wrong_factor = ask(&case.tracking_code, "9991234561", "09120000001").await;
    let wrong_code = ask("99999999999", "9991000011", "09120000002").await;
    assert_eq!((&wrong_factor, &wrong_factor["state"]), (&wrong_code, &json!("unknown")));
    for _ in 0..4 {
        ask(&case.tracking_code, "12345678", "09120000003").await;
    }
    // locked for the right factor too, and at the web as well
    let locked = ask(&case.tracking_code, "9991000011", "09120000004").await;
    assert_eq!(locked["state"], "wait");
    assert!(locked["retry_after"].as_u64().unwrap() > 0);
    let body = json!({ "tracking_code": case.tracking_code, "national_id": "9991000011" });
    app.nobody().post("/public/lookups", body).await.refused(429, "too_many_requests");
    app.pass_hours(2);
    assert_eq!(ask(&case.tracking_code, "9991000011", "09120000004").await["state"], "told");
    app.gateway().post("/channels/phone/ivr", json!({ "code": "1a" })).await.wrong("code", "invalid");
    app.gateway().post("/channels/phone/ivr", json!({ "code": "1" })).await.wrong("factor", "required");
}

#[actix_web::test]
async fn a_finished_call_leaves_its_queue_wait_and_length_with_the_case() {
    let app = TestApp::start().await;
    let call = json!({ "call_id": "e1", "from": MOBILE, "to": "111", "queue": "night", "waited_seconds": 40,
        "length_seconds": 300, "text": "آب قطع است" });
    let taken = app.gateway().post("/channels/phone/calls", call).await.expect(201);
    let agent = app.as_user("agent.centre").await;
    let path = format!("/cases/{}/calls", taken["case_id"].as_str().unwrap());
    let calls = agent.get(&path).await.expect(200);
    let call = &calls["items"][0];
    assert_eq!((&call["call_id"], &call["queue"]), (&json!("e1"), &json!("night")));
    assert_eq!((&call["waited_seconds"], &call["length_seconds"]), (&json!(40), &json!(300)));
    // calls of no case are forgotten, those of a case stay
    event(&app, json!({ "event": "newCall", "callId": "e2", "from": "09121112233" })).await;
    event(&app, json!({ "event": "hangup", "callId": "e2" })).await;
    app.app.clock.set(time("2026-12-01T06:00:00Z"));
    samad::workers::housekeeping::forget(&app.app).await.unwrap();
    let left = agent.get("/phone/calls").await.expect(200);
    let ids: Vec<&Value> = left["items"].as_array().unwrap().iter().map(|call| &call["call_id"]).collect();
    assert_eq!(ids, [&json!("e1")]);
    app.whole();
}
