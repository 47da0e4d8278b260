//! A citizen asks with the look-up that the own record be corrected, and sees what becomes of it.

use serde_json::{Value, json};

use crate::support::{Case, Client, MARYAM, Reply, TestApp};

async fn look_up(app: &TestApp, case: &Case) -> Value {
    let wish = json!({ "tracking_code": case.tracking_code, "access_code": case.access_code });
    app.nobody().post("/public/lookups", wish).await.expect(200)
}

async fn citizen<'a>(app: &'a TestApp, case: &Case) -> Client<'a> {
    let told = look_up(app, case).await;
    app.bearer(told["token"].as_str().unwrap())
}

async fn ask(app: &TestApp, case: &Case, body: Value) -> Reply {
    let path = format!("/public/cases/{}/correction", case.tracking_code);
    citizen(app, case).await.post(&path, body).await
}

async fn decide(app: &TestApp, username: &str, wish: &Value, body: Value) -> Reply {
    let path = format!("/correction-requests/{}/decision", wish["id"].as_str().unwrap());
    app.as_user(username).await.post(&path, body).await
}

#[actix_web::test]
async fn a_citizen_asks_staff_correct_on_evidence_and_the_look_up_shows_each_step() {
    let app = TestApp::start().await;
    let case = app.register(json!({})).await;
    assert_eq!(look_up(&app, &case).await["corrections"], json!([]));
    let wish = json!({ "field": "mobile", "value": "۰۹۹۹۰۰۰۰۰۵۵", "grounds": "قبض زعفرانیه دارم" });
    let asked = ask(&app, &case, wish.clone()).await.expect(201);
    assert_eq!((&asked["field"], &asked["state"]), (&json!("mobile"), &json!("open")));
    assert!(asked["due_at"].as_str().unwrap() > app.now().to_string().as_str(), "{asked}");
    assert_eq!(look_up(&app, &case).await["corrections"], json!([asked]));
    assert_eq!(app.stolen().place_of("زعفرانیه"), None, "the words are sealed");
    // bad input, and the same once more
    ask(&app, &case, json!({ "field": "shoe_size", "value": "42" })).await.wrong("field", "unknown");
    ask(&app, &case, json!({ "field": "email", "value": "@" })).await.wrong("value", "invalid");
    ask(&app, &case, json!({ "field": "email", "value": " " })).await.wrong("value", "required");
    ask(&app, &case, wish).await.refused(409, "already_done");
    // who decides sees the value, and that is logged for the citizen
    app.as_user("handler.moen-10").await.get("/correction-requests").await.refused(403, "forbidden");
    assert_eq!(
        app.as_user("agent.gov-10").await.get("/correction-requests").await.expect(200)["items"],
        json!([])
    );
    let waiting = app.as_user("registrar.centre").await.get("/correction-requests").await.expect(200);
    let item = &waiting["items"][0];
    assert_eq!((&item["id"], &item["value"]), (&asked["id"], &json!("۰۹۹۹۰۰۰۰۰۵۵")), "as it was told");
    assert_eq!(item["is_late"], false);
    decide(&app, "registrar.centre", &asked, json!({ "accept": true })).await.wrong("evidence", "required");
    decide(&app, "agent.gov-10", &asked, json!({ "accept": true, "evidence": "x" }))
        .await
        .refused(404, "not_found");
    app.drain().await;
    let before = app.sms().sent().len();
    let done = json!({ "accept": true, "evidence": "قبض تلفن ۱۲" });
    decide(&app, "registrar.centre", &asked, done.clone()).await.expect(200);
    decide(&app, "registrar.centre", &asked, done).await.refused(409, "already_done");
    app.drain().await;
    let told: Vec<String> = app.sms().sent()[before..].iter().map(|letter| letter.address.clone()).collect();
    assert!(told.contains(&"+989990000011".into()) && told.contains(&"+989990000055".into()), "{told:?}");
    assert_eq!(app.case(&case).await["citizen"]["mobile"], "+989990000055");
    let shown = look_up(&app, &case).await;
    assert_eq!(shown["corrections"][0]["state"], "accepted");
    assert!(shown["identity_reads"].to_string().contains("citizen_record"), "{shown}");
    let events = app.events(&case).await;
    for event in ["correction_asked", "citizen_corrected", "correction_decided"] {
        assert!(events.contains(&event.to_owned()), "{event}");
    }
    app.assert_verified("The history is whole");
}

#[actix_web::test]
async fn a_refusal_says_why_and_a_late_decision_is_seen() {
    let app = TestApp::start().await;
    let case = app.register(json!({})).await;
    let asked = ask(&app, &case, json!({ "field": "name", "value": "مریم بهرامی" })).await.expect(201);
    app.pass_days(31);
    let privacy = app.as_user("privacy.centre").await;
    let waiting = privacy.get("/correction-requests").await.expect(200);
    assert_eq!(waiting["items"][0]["is_late"], true);
    decide(&app, "privacy.centre", &asked, json!({ "accept": false })).await.wrong("words", "required");
    let both = json!({ "accept": false, "words": "نه", "evidence": "x" });
    decide(&app, "privacy.centre", &asked, both).await.wrong("evidence", "not_for_refusal");
    let words = "نام شناسنامه‌ای همان است که ثبت شده؛ رونوشت شناسنامه را بیاورید.";
    decide(&app, "privacy.centre", &asked, json!({ "accept": false, "words": words })).await.expect(200);
    app.drain().await;
    assert!(app.list(&case, "messages").await.iter().any(|one| one["template"] == "correction_refused"));
    let shown = look_up(&app, &case).await;
    assert_eq!(
        (&shown["corrections"][0]["state"], &shown["corrections"][0]["words"]),
        (&json!("refused"), &json!(words))
    );
    assert_ne!(app.case(&case).await["citizen"]["name"], "مریم بهرامی");
    // it may be asked again with more to show
    ask(&app, &case, json!({ "field": "name", "value": "مریم بهرامی" })).await.expect(201);
    privacy.get("/correction-requests?state=lost").await.wrong("state", "unknown");
    privacy.get("/correction-requests?cursor=x").await.refused(400, "invalid_cursor");
    assert_eq!(
        privacy.get("/correction-requests?state=refused").await.expect(200)["items"][0]["id"],
        asked["id"]
    );
}

#[actix_web::test]
async fn a_wish_tells_nothing_of_the_record_and_reaches_nobody_elses() {
    let app = TestApp::start().await;
    let case = app.register(json!({})).await;
    // what it says already is taken like anything else: a stranger with the code learns nothing
    let asked = ask(&app, &case, json!({ "field": "national_id", "value": MARYAM })).await.expect(201);
    decide(&app, "registrar.centre", &asked, json!({ "accept": true, "evidence": "کارت" })).await.expect(200);
    assert!(
        !app.events(&case).await.contains(&"citizen_corrected".to_owned()),
        "nothing was to be corrected"
    );
    let other = app
        .register(json!({ "citizen": { "national_id": crate::support::REZA, "mobile": "09990000022" } }))
        .await;
    let path = format!("/public/cases/{}/correction", other.tracking_code);
    let wish = json!({ "field": "name", "value": "کسی" });
    citizen(&app, &case).await.post(&path, wish.clone()).await.refused(404, "not_found");
    let unnamed = app.register(json!({ "kind": "report", "citizen": null, "anonymous": true })).await;
    ask(&app, &unnamed, wish).await.refused(409, "no_record");
    // an identifier that another record has is no correction
    let taken = ask(&app, &other, json!({ "field": "national_id", "value": MARYAM })).await.expect(201);
    decide(&app, "registrar.centre", &taken, json!({ "accept": true, "evidence": "کارت" }))
        .await
        .refused(409, "duplicate");
    // nobody decides on the record of whoever complains of them
    let about = json!({ "kind": "complaint", "category": "water.outage", "about_user": "registrar.centre" });
    app.register_as("classifier.centre", about).await;
    let third = ask(&app, &case, json!({ "field": "name", "value": "کسی" })).await.expect(201);
    decide(&app, "registrar.centre", &third, json!({ "accept": false, "words": "نه" }))
        .await
        .refused(403, "second_person_required");
    // whose a sealed case is, is not told by a wish
    let sealed = app.register(json!({ "sealed": true })).await;
    let hidden = ask(&app, &sealed, json!({ "field": "name", "value": "کسی" })).await.expect(201);
    let seen = app.as_user("classifier.centre").await.get("/correction-requests").await.expect(200);
    assert!(!seen.to_string().contains(hidden["id"].as_str().unwrap()), "{seen}");
    decide(&app, "classifier.centre", &hidden, json!({ "accept": false, "words": "نه" }))
        .await
        .refused(404, "not_found");
    decide(&app, "privacy.centre", &hidden, json!({ "accept": false, "words": "نه" })).await.expect(200);
}
