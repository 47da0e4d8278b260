//! A body's own system takes its referrals and gives its answers back.

use serde_json::{Value, json};

use crate::support::{Client, Reply, TestApp};

/// A key by which the system of this office calls, agreed on by two persons.
async fn key_of(app: &TestApp, office: &str) -> String {
    let new = json!({ "name": format!("system of {office}"), "channels": ["exchange"], "office": office });
    let key = app.as_user("admin").await.post("/gateways", new).await.expect(202);
    app.agreed_access(key.clone()).await;
    key["key"].as_str().unwrap().to_owned()
}

async fn feed(system: &Client<'_>, after: &str) -> Value {
    system.get(&format!("/exchange/referrals?after={after}")).await.expect(200)
}

fn referral_of(entry: &Value) -> String {
    entry["referral"]["id"].as_str().unwrap().to_owned()
}

fn events(feed: &Value) -> Vec<&str> {
    feed["items"].as_array().unwrap().iter().map(|item| item["event"].as_str().unwrap()).collect()
}

fn answer(reference: &str, changes: Value) -> Value {
    let mut body = json!({ "reference": reference, "text": "آب از ساعت ده وصل می‌شود.", "outcome": "granted",
        "cause": "service_given" });
    for (field, value) in changes.as_object().unwrap() {
        body[field] = value.clone();
    }
    body
}

async fn take_all(app: &TestApp) -> (String, String, String) {
    let key = key_of(app, "MOEN-10").await;
    let case = app.referred_to("MOEN-10").await;
    let entries = feed(&app.bearer(&key), "").await;
    let referral = referral_of(&entries["items"][0]);
    (key, case.id, referral)
}

#[actix_web::test]
async fn a_system_takes_a_referral_answers_it_and_hears_of_the_approval() {
    let app = TestApp::start().await;
    let key = key_of(&app, "MOEN-10").await;
    let case = app.referred_to("MOEN-10").await;
    let system = app.bearer(&key);
    let first = feed(&system, "").await;
    assert_eq!(events(&first), ["case_referred"]);
    let entry = &first["items"][0];
    assert_eq!(entry["case"]["tracking_code"], case.tracking_code);
    assert_eq!((&entry["referral"]["state"], &entry["own"]["reference"]), (&json!("sent"), &Value::Null));
    // a list shows initials, never a number
    assert!(!entry.to_string().contains("09990000011"));
    let path = format!("/exchange/referrals/{}", referral_of(entry));
    let taken = system.post(&format!("{path}/acceptance"), json!({ "reference": "W-77" })).await.expect(200);
    assert_eq!(
        (&taken["referral"]["state"], &taken["own"]["reference"]),
        (&json!("accepted"), &json!("W-77"))
    );
    assert_eq!(taken["referral"]["user"], "exchange.moen-10");
    let given = system.post(&format!("{path}/answers"), answer("A-1", json!({}))).await.expect(201);
    assert_eq!(given["state"], "submitted");
    let approval = format!("/answers/{}/approval", given["id"].as_str().unwrap());
    app.as_user("approver.moen-10").await.post(&approval, json!({})).await.expect(200);
    let rest = feed(&system, first["after"].as_str().unwrap()).await;
    assert_eq!(events(&rest), ["referral_accepted", "answer_submitted", "answer_approved"]);
    let last = rest["items"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["answers"][0]["state"], &last["case"]["status"]),
        (&json!("approved"), &json!("answered"))
    );
    assert_eq!(rest["next_cursor"], Value::Null);
    assert!(events(&feed(&system, rest["after"].as_str().unwrap()).await).is_empty());
    app.whole();
}

#[actix_web::test]
async fn what_is_sent_twice_is_done_once() {
    let app = TestApp::start().await;
    let (key, case, referral) = take_all(&app).await;
    let (system, path) = (app.bearer(&key), format!("/exchange/referrals/{referral}"));
    for _ in 0..2 {
        system.post(&format!("{path}/acceptance"), json!({ "reference": "W-1" })).await.expect(200);
        let status = json!({ "status": "crew_on_site", "note": "گروه تعمیر در محل است." });
        let noted = system.put(&format!("{path}/status"), status).await.expect(200);
        assert_eq!(noted["own"]["status"], "crew_on_site");
    }
    let first = system.post(&format!("{path}/answers"), answer("A-1", json!({}))).await.expect(201);
    let again = system.post(&format!("{path}/answers"), answer("A-1", json!({}))).await.expect(200);
    assert_eq!(first["id"], again["id"]);
    let other = answer("A-1", json!({ "text": "متن دیگر" }));
    system.post(&format!("{path}/answers"), other).await.refused(409, "reference_reused");
    let timeline = format!("/cases/{case}/timeline");
    let timeline = app.as_user("inspector.centre").await.get(&timeline).await.expect(200);
    let count = |name: &str| {
        timeline["items"].as_array().unwrap().iter().filter(|event| event["event"] == name).count()
    };
    assert_eq!((count("referral_accepted"), count("note_added"), count("answer_submitted")), (1, 1, 1));
}

#[actix_web::test]
async fn an_answer_may_come_at_once_and_goes_out_where_no_second_person_is_asked_for() {
    let app = TestApp::start().await;
    app.agreed_patch("/offices/MOEN-10", json!({ "needs_approval": false })).await;
    let (key, _, referral) = take_all(&app).await;
    let path = format!("/exchange/referrals/{referral}/answers");
    let given = app.bearer(&key).post(&path, answer("A-1", json!({}))).await.expect(201);
    assert_eq!(given["state"], "approved");
}

#[actix_web::test]
async fn a_referral_goes_back_with_a_reason_once() {
    let app = TestApp::start().await;
    let (key, case, referral) = take_all(&app).await;
    let (system, path) = (app.bearer(&key), format!("/exchange/referrals/{referral}/return"));
    system.post(&path, json!({})).await.wrong("reason", "required");
    system.post(&path, json!({ "reason": "not_ours" })).await.wrong("office", "required");
    let body = json!({ "reason": "not_ours", "office": "MOI", "note": "در محدوده ما نیست" });
    for _ in 0..2 {
        let told = system.post(&path, body.clone()).await.expect(200);
        assert_eq!(told["referral"]["state"], "returned");
    }
    let case = app.as_user("inspector.centre").await.get(&format!("/cases/{case}")).await.expect(200);
    assert_eq!(case["status"], "classified");
}

#[actix_web::test]
async fn only_the_key_of_the_office_opens_its_exchange() {
    let app = TestApp::start().await;
    let (_, _, referral) = take_all(&app).await;
    let path = format!("/exchange/referrals/{referral}");
    let other = key_of(&app, "MOHME").await;
    let stranger = app.bearer(&other);
    assert!(events(&feed(&stranger, "").await).is_empty());
    stranger.get(&path).await.refused(404, "not_found");
    stranger.post(&format!("{path}/acceptance"), json!({})).await.refused(404, "not_found");
    stranger.post(&format!("{path}/answers"), answer("A-1", json!({}))).await.refused(404, "not_found");
    // the ministry reads below itself, yet what was sent below is not its system's work
    let above = key_of(&app, "MOEN").await;
    app.bearer(&above).get(&path).await.refused(404, "not_found");
    // a key for all channels is none of the exchange, and neither is a person
    app.gateway().get(&path).await.refused(403, "forbidden");
    app.as_user("handler.moen-10").await.get("/exchange/referrals").await.refused(403, "forbidden");
    // nobody signs in as the system
    let body = json!({ "username": "exchange.moen-10", "password": "" });
    assert!(app.nobody().post("/auth/tokens", body).await.status >= 400);
    app.bearer(&above).get("/exchange/referrals?after=x").await.wrong("after", "invalid");
}

#[actix_web::test]
async fn a_key_that_two_persons_did_not_agree_to_or_that_ended_opens_nothing() {
    let app = TestApp::start().await;
    let new = json!({ "name": "system", "channels": ["exchange"], "office": "MOEN-10" });
    let key = app.as_user("admin").await.post("/gateways", new).await.expect(202);
    let bearer = key["key"].as_str().unwrap();
    app.bearer(bearer).get("/exchange/referrals").await.refused(401, "unauthenticated");
    app.agreed_access(key.clone()).await;
    app.bearer(bearer).get("/exchange/referrals").await.expect(200);
    let path = format!("/gateways/{}", key["id"].as_str().unwrap());
    app.as_user("admin").await.patch(&path, json!({ "revoked": true })).await.expect(200);
    app.bearer(bearer).get("/exchange/referrals").await.refused(401, "unauthenticated");
    let users = app.as_user("admin").await.get("/users?limit=200").await.expect(200);
    let account =
        users["items"].as_array().unwrap().iter().find(|user| user["username"] == "exchange.moen-10");
    assert_eq!(account.unwrap()["active"], false);
    // what comes meanwhile waits; a new key finds all that is open
    app.referred_to("MOEN-10").await;
    let anew = key_of(&app, "MOEN-10").await;
    assert_eq!(events(&feed(&app.bearer(&anew), "").await), ["connected"]);
}

#[actix_web::test]
async fn a_seal_and_a_conflict_keep_the_system_away_too() {
    let app = TestApp::start().await;
    let key = key_of(&app, "MOHME").await;
    let system = app.bearer(&key);
    // a sealed complaint: the system reads the extract and no identity
    let case = app
        .register(json!({ "kind": "complaint", "about_office": "MOEN-10", "sealed": true,
            "text": "مریم کاظمی‌نیا می‌گوید کارمند پول خواست. شماره ۰۹۹۹۰۰۰۰۰۱۱" }))
        .await;
    app.classify(&case, "complaint", "conduct.bribery").await;
    app.refer("classifier.centre", &case, &[("MOHME", "lead")]).await;
    let entries = feed(&system, "").await;
    assert_eq!(entries["items"][0]["case"]["text_form"], "extract");
    let referral = referral_of(&entries["items"][0]);
    let whole = system.get(&format!("/exchange/referrals/{referral}")).await.expect(200);
    assert_eq!(whole["case"]["citizen"], Value::Null);
    assert!(!whole.to_string().contains("کاظمی") && !whole.to_string().contains("09990000011"));
    // once the body is itself complained of, the case is as if it were not there
    let about = json!({ "office": "MOHME", "reason": "گفته شهروند" });
    app.as_user("classifier.centre").await.put(&case.path("complained-of"), about).await.expect(200);
    assert!(events(&feed(&system, "").await).is_empty());
    let path = format!("/exchange/referrals/{referral}");
    system.get(&path).await.refused(404, "not_found");
    system.post(&format!("{path}/answers"), answer("A-1", json!({}))).await.refused(404, "not_found");
}

#[actix_web::test]
async fn a_reading_of_an_identity_by_the_system_is_shown_to_the_citizen() {
    let app = TestApp::start().await;
    let (key, case, referral) = take_all(&app).await;
    let whole = app.bearer(&key).get(&format!("/exchange/referrals/{referral}")).await.expect(200);
    assert_eq!(whole["case"]["citizen"]["mobile"], "+989990000011");
    let path = format!("/cases/{case}/identity-reads");
    let reads = app.as_user("privacy.centre").await.get(&path).await.expect(200);
    assert!(reads.to_string().contains("exchange.moen-10"), "{reads}");
}

#[actix_web::test]
async fn wrong_input_is_named_and_changes_nothing() {
    let app = TestApp::start().await;
    let (key, _, referral) = take_all(&app).await;
    let (system, path) = (app.bearer(&key), format!("/exchange/referrals/{referral}"));
    let post = async |changes: Value| -> Reply {
        system.post(&format!("{path}/answers"), answer("A-1", changes)).await
    };
    post(json!({ "reference": " " })).await.wrong("reference", "required");
    post(json!({ "outcome": "nonsense" })).await.wrong("outcome", "unknown");
    post(json!({ "text": "" })).await.wrong("text", "required");
    system
        .put(&format!("{path}/status"), json!({ "status": "x".repeat(101) }))
        .await
        .wrong("status", "too_long");
    // nothing was taken up on the way
    let told = system.get(&path).await.expect(200);
    assert_eq!((&told["referral"]["state"], &told["answers"]), (&json!("sent"), &json!([])));
    // and the number is still free
    post(json!({})).await.expect(201);
}

#[actix_web::test]
async fn the_feed_is_read_page_by_page_and_tells_what_the_citizen_adds() {
    let app = TestApp::start().await;
    let key = key_of(&app, "MOEN-10").await;
    for _ in 0..3 {
        app.referred_to("MOEN-10").await;
    }
    let system = app.bearer(&key);
    let (mut after, mut seen) = (String::new(), Vec::new());
    loop {
        let page = system.get(&format!("/exchange/referrals?limit=2&after={after}")).await.expect(200);
        seen.extend(page["items"].as_array().unwrap().iter().map(referral_of));
        after = page["after"].as_str().unwrap().to_owned();
        if page["next_cursor"].is_null() {
            break;
        }
    }
    assert_eq!(seen.iter().collect::<std::collections::BTreeSet<_>>().len(), 3);
    let case = app.referred_to("MOEN-10").await;
    let words = json!({ "text": "هنوز قطع است", "channel": "phone" });
    app.as_user("agent.centre").await.post(&case.path("messages"), words).await.expect(201);
    assert_eq!(events(&feed(&system, &after).await), ["case_referred", "message_received"]);
    system.get("/exchange/referrals?limit=0").await.wrong("limit", "out_of_range");
}
