//! "My cases": a one-time code by SMS, and never a word to whoever does not hold the telephone.

use serde_json::{Value, json};

use crate::support::{Client, REZA, TestApp};

const MARYAMS: &str = "09990000011";

/// Asks for a code; gives it, where one went out.
async fn code(app: &TestApp, mobile: &str) -> Option<String> {
    app.drain().await;
    let before = app.sms().sent().len();
    app.nobody().post("/public/my/codes", json!({ "mobile": mobile })).await.expect(202);
    app.drain().await;
    let sent = app.sms().sent().split_off(before);
    let text = &sent.first()?.rendered.body;
    Some(text.chars().filter(char::is_ascii_digit).collect())
}

async fn entered<'a>(app: &'a TestApp, mobile: &str) -> Client<'a> {
    let code = code(app, mobile).await.expect("a code");
    let told = json!({ "mobile": mobile, "code": code });
    let told = app.nobody().post("/public/my/tokens", told).await.expect(201);
    app.bearer(told["token"].as_str().unwrap())
}

async fn codes_of(person: &Client<'_>) -> Vec<Value> {
    let told = person.get("/public/my/cases").await.expect(200);
    told["items"].as_array().unwrap().iter().map(|case| case["tracking_code"].clone()).collect()
}

#[actix_web::test]
async fn whoever_holds_the_telephone_sees_and_opens_the_own_cases() {
    let app = TestApp::start().await;
    let first = app.register(json!({})).await;
    let second = app.register(json!({ "subject": "چاله خیابان", "text": "چاله را پر کنید." })).await;
    let other = app
        .register(json!({ "citizen": { "national_id": REZA, "name": "رضا", "mobile": "09990000029" } }))
        .await;
    let maryam = entered(&app, "۰۹۹۹ ۰۰۰ ۰۰۱۱").await;
    assert_eq!(codes_of(&maryam).await, [second.tracking_code.as_str(), first.tracking_code.as_str()]);
    let page = maryam.get("/public/my/cases?limit=1").await.expect(200);
    let cursor = page["next_cursor"].as_str().unwrap();
    let page = maryam.get(&format!("/public/my/cases?limit=1&cursor={cursor}")).await.expect(200);
    assert_eq!(page["items"][0]["tracking_code"], first.tracking_code.as_str());
    let opened = json!({ "tracking_code": first.tracking_code });
    let opened = maryam.post("/public/my/lookups", opened).await.expect(200);
    assert_eq!(opened["case"]["tracking_code"], first.tracking_code.as_str());
    let citizen = app.bearer(opened["token"].as_str().unwrap());
    let path = format!("/public/cases/{}/messages", first.tracking_code);
    citizen.post(&path, json!({ "text": "هنوز قطع است." })).await.expect(201);
    for unknown in [other.tracking_code.as_str(), "04231234560", "x"] {
        maryam
            .post("/public/my/lookups", json!({ "tracking_code": unknown }))
            .await
            .refused(404, "not_found");
    }
    // the token is for nothing else, and no other token is for this
    maryam.get("/cases").await.refused(401, "unauthenticated");
    citizen.get("/public/my/cases").await.refused(401, "unauthenticated");
    maryam.delete("/public/my/tokens").await.expect(204);
    maryam.get("/public/my/cases").await.refused(401, "token_expired");
}

#[actix_web::test]
async fn a_known_and_an_unknown_number_are_answered_alike_and_the_unknown_one_hears_nothing() {
    let app = TestApp::start().await;
    app.register(json!({})).await;
    let ask = |mobile: &'static str| {
        let nobody = app.nobody();
        async move { nobody.post("/public/my/codes", json!({ "mobile": mobile })).await }
    };
    let (known, unknown) = (ask(MARYAMS).await, ask("09121234567").await);
    assert_eq!((known.status, &known.bytes), (202, &unknown.bytes));
    assert_eq!(code(&app, "09121234568").await, None);
    for mobile in [MARYAMS, "09121234567"] {
        let told = json!({ "mobile": mobile, "code": "12" });
        app.nobody().post("/public/my/tokens", told).await.refused(401, "wrong_one_time_code");
    }
    for wrong in ["", "12", "02188880000", "abc"] {
        let reply = app.nobody().post("/public/my/codes", json!({ "mobile": wrong })).await;
        reply.wrong("mobile", if wrong.is_empty() { "required" } else { "invalid" });
    }
}

#[actix_web::test]
async fn a_code_is_good_once_and_for_ten_minutes_and_only_the_newest() {
    let app = TestApp::start().await;
    app.register(json!({})).await;
    let tell = |code: String| {
        let nobody = app.nobody();
        async move { nobody.post("/public/my/tokens", json!({ "mobile": MARYAMS, "code": code })).await }
    };
    let (old, new) = (code(&app, MARYAMS).await.unwrap(), code(&app, MARYAMS).await.unwrap());
    assert!(old == new || tell(old).await.status == 401, "an earlier code is good no more");
    tell(new.clone()).await.expect(201);
    tell(new).await.refused(401, "wrong_one_time_code");
    let late = code(&app, MARYAMS).await.unwrap();
    app.app.clock.set(app.now().plus_seconds(601));
    tell(late).await.refused(401, "wrong_one_time_code");
}

#[actix_web::test]
async fn tries_at_a_code_and_codes_for_a_number_are_limited() {
    let app = TestApp::start_with(|config| config.limits.lookup_tries = 100).await;
    app.register(json!({})).await;
    let right = code(&app, MARYAMS).await.unwrap();
    let wrong = if right == "111111" { "222222" } else { "111111" };
    for _ in 0..5 {
        let told = json!({ "mobile": MARYAMS, "code": wrong });
        app.nobody().post("/public/my/tokens", told).await.refused(401, "wrong_one_time_code");
    }
    let told = json!({ "mobile": MARYAMS, "code": right });
    app.nobody().post("/public/my/tokens", told).await.refused(401, "wrong_one_time_code");
    // an unknown number is held back like a known one
    for mobile in [MARYAMS, "09121234567"] {
        let mut last = 0;
        for _ in 0..5 {
            last = app.nobody().post("/public/my/codes", json!({ "mobile": mobile })).await.status;
        }
        assert_eq!(last, 429, "{mobile}");
    }
}

#[actix_web::test]
async fn a_number_of_several_persons_asks_for_the_national_id_and_shows_the_cases_of_one() {
    let app = TestApp::start().await;
    let hers = app.register(json!({})).await;
    let his = json!({ "citizen": { "national_id": REZA, "name": "رضا", "mobile": MARYAMS } });
    let his = app.register(his).await;
    let code = code(&app, MARYAMS).await.unwrap();
    let tell = |id: Option<&'static str>| {
        let (nobody, code) = (app.nobody(), code.clone());
        let told = json!({ "mobile": MARYAMS, "code": code, "national_id": id });
        async move { nobody.post("/public/my/tokens", told).await }
    };
    tell(None).await.wrong("national_id", "shared_number");
    tell(Some("9991000012")).await.wrong("national_id", "invalid");
    let token = tell(Some(REZA)).await.expect(201)["token"].as_str().unwrap().to_owned();
    let reza = app.bearer(&token);
    assert_eq!(codes_of(&reza).await, [his.tracking_code.as_str()]);
    let other = json!({ "tracking_code": hers.tracking_code });
    reza.post("/public/my/lookups", other).await.refused(404, "not_found");
}

#[actix_web::test]
async fn a_confidential_case_is_listed_without_its_subject_and_needs_its_access_code() {
    let app = TestApp::start().await;
    let case = app.register(json!({ "sealed": true })).await;
    let maryam = entered(&app, MARYAMS).await;
    let told = maryam.get("/public/my/cases").await.expect(200);
    assert_eq!((&told["items"][0]["sealed"], &told["items"][0]["subject"]), (&json!(true), &Value::Null));
    let wish = json!({ "tracking_code": case.tracking_code });
    maryam.post("/public/my/lookups", wish).await.refused(403, "access_code_needed");
    let wish = json!({ "tracking_code": case.tracking_code, "access_code": case.access_code });
    app.nobody().post("/public/lookups", wish).await.expect(200);
}

#[actix_web::test]
async fn whoever_files_in_anothers_name_sees_nothing_that_was_filed_before() {
    let app = TestApp::start().await;
    // by letter, without a telephone
    app.register(json!({ "channel": "letter", "citizen": { "mobile": null } })).await;
    app.pass_hours(1);
    let filing = json!({ "kind": "request", "text": "چیز دیگری.", "citizen": { "national_id": crate::support::MARYAM, "mobile": "09990000045" } });
    let filed = app.nobody().post("/public/cases", filing).await.expect(201);
    let somebody = entered(&app, "09990000045").await;
    assert_eq!(codes_of(&somebody).await, [filed["tracking_code"].clone()]);
}
