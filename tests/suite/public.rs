//! The part without an account: file, follow, reply, take back.

use serde_json::{Value, json};

use crate::support::{Case, MARYAM, Reply, TestApp, filing};

async fn look_up(app: &TestApp, code: &str, factor: Value) -> Reply {
    let mut wish = json!({ "tracking_code": code });
    wish.as_object_mut().unwrap().extend(factor.as_object().unwrap().clone());
    app.nobody().post("/public/lookups", wish).await
}

async fn token(app: &TestApp, case: &Case) -> String {
    let told =
        look_up(app, &case.tracking_code, json!({ "access_code": case.access_code })).await.expect(200);
    told["token"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn a_citizen_files_without_an_account_and_the_governorate_of_the_place_takes_it_in() {
    let app = TestApp::start().await;
    let wish = filing(json!({ "channel": "web", "priority": "immediate" }));
    let receipt = app.nobody().post("/public/cases", wish).await.expect(201);
    let (code, access) =
        (receipt["tracking_code"].as_str().unwrap(), receipt["access_code"].as_str().unwrap());
    let told = look_up(&app, code, json!({ "access_code": access })).await.expect(200);
    assert_eq!(
        (&told["case"]["channel"], &told["case"]["holder"]["code"]),
        (&json!("web"), &json!("GOV-10"))
    );
    let found = app.as_user("classifier.gov-10").await.get(&format!("/cases?q={code}")).await.expect(200);
    assert_eq!(found["items"][0]["priority"], "normal", "the citizen does not set the priority");
}

#[actix_web::test]
async fn a_complaint_about_the_governorate_is_not_taken_in_by_it() {
    let app = TestApp::start().await;
    let wish =
        filing(json!({ "kind": "complaint", "channel": "web", "about_office": "GOV-10", "sealed": true }));
    let receipt = app.nobody().post("/public/cases", wish).await.expect(201);
    let (code, access) =
        (receipt["tracking_code"].as_str().unwrap(), receipt["access_code"].as_str().unwrap());
    let told = look_up(&app, code, json!({ "access_code": access })).await.expect(200);
    assert_eq!(told["case"]["holder"]["code"], "CENTRE");
    let found = app.as_user("classifier.gov-10").await.get("/cases").await.expect(200);
    assert_eq!(found["items"], json!([]));
}

#[actix_web::test]
async fn a_case_opens_by_access_code_mobile_or_national_id_in_any_digits() {
    let app = TestApp::start().await;
    let case = app.register(json!({})).await;
    let persian: String =
        case.tracking_code.chars().map(|c| char::from_u32(c as u32 - 0x30 + 0x6F0).unwrap()).collect();
    for (code, factor) in [
        (case.tracking_code.as_str(), json!({ "access_code": case.access_code })),
        (persian.as_str(), json!({ "mobile": "۰۹۹۹۰۰۰۰۰۱۱" })),
        (case.tracking_code.as_str(), json!({ "mobile": "0011" })),
        (case.tracking_code.as_str(), json!({ "national_id": MARYAM })),
    ] {
        look_up(&app, code, factor).await.expect(200);
    }
    look_up(&app, &case.tracking_code, json!({})).await.wrong("access_code", "required");
}

#[actix_web::test]
async fn a_wrong_pair_and_an_unknown_code_get_the_same_reply() {
    let app = TestApp::start().await;
    let case = app.register(json!({})).await;
    let wrong = look_up(&app, &case.tracking_code, json!({ "access_code": "00000000" })).await;
    let unknown = look_up(&app, "12345678901", json!({ "access_code": "00000000" })).await;
    let broken = look_up(&app, "no code", json!({ "access_code": "00000000" })).await;
    assert_eq!((wrong.status, unknown.status, broken.status), (404, 404, 404));
    assert_eq!((&wrong.bytes, &unknown.bytes), (&unknown.bytes, &broken.bytes));
}

#[actix_web::test]
async fn tries_are_limited_for_a_code_however_it_is_spelt() {
    let app = TestApp::start().await;
    let case = app.register(json!({})).await;
    let spellings = [
        case.tracking_code.clone(),
        format!(" {}", case.tracking_code),
        format!("{}-{}", &case.tracking_code[..4], &case.tracking_code[4..]),
        case.tracking_code.chars().map(|c| char::from_u32(c as u32 - 0x30 + 0x6F0).unwrap()).collect(),
        format!("{} ", case.tracking_code),
    ];
    for code in &spellings {
        assert_eq!(look_up(&app, code, json!({ "mobile": "0000" })).await.status, 404);
    }
    let right = json!({ "access_code": case.access_code });
    let limited = look_up(&app, &case.tracking_code, right.clone()).await;
    assert!(limited.header("Retry-After").parse::<u64>().is_ok_and(|seconds| seconds > 0));
    limited.refused(429, "too_many_requests");
    app.pass_hours(1);
    look_up(&app, &case.tracking_code, right).await.expect(200);
}

#[actix_web::test]
async fn tries_are_limited_for_an_address_over_all_codes() {
    let app = TestApp::start().await;
    for number in 0..50 {
        let code = format!("{:011}", 10_000_000_000_u64 + number);
        assert_eq!(look_up(&app, &code, json!({ "mobile": "0000" })).await.status, 404);
    }
    look_up(&app, "19999999999", json!({ "mobile": "0000" })).await.refused(429, "too_many_requests");
}

#[actix_web::test]
async fn a_citizen_replies_and_takes_the_case_back() {
    let app = TestApp::start().await;
    let case = app.accepted("MOEN-10").await;
    let body = json!({ "text": "شماره اشتراک؟" });
    app.as_user("handler.moen-10").await.post(&case.path("questions"), body).await.expect(201);
    let told =
        look_up(&app, &case.tracking_code, json!({ "access_code": case.access_code })).await.expect(200);
    assert_eq!(told["case"]["question"], "شماره اشتراک؟");
    let citizen = app.bearer(told["token"].as_str().unwrap());
    let path = |part: &str| format!("/public/cases/{}/{part}", case.tracking_code);
    let now = citizen.post(&path("messages"), json!({ "text": "۱۲۳۴۵" })).await.expect(201);
    assert_eq!((&now["status"], &now["question"]), (&json!("referred"), &Value::Null));
    citizen.post(&path("withdrawal"), json!({})).await.wrong("confirm", "confirm");
    let closed = citizen.post(&path("withdrawal"), json!({ "confirm": true })).await.expect(200);
    assert_eq!((&closed["status"], &closed["outcome"]), (&json!("closed"), &json!("withdrawn")));
    citizen.post(&path("messages"), json!({ "text": "بازگردانید" })).await.refused(409, "wrong_state");
}

#[actix_web::test]
async fn a_look_up_token_is_good_for_its_own_case_and_for_half_an_hour() {
    let app = TestApp::start().await;
    let (mine, other) = (app.register(json!({})).await, app.register(json!({})).await);
    let citizen = app.bearer(&token(&app, &mine).await);
    let path = |case: &Case| format!("/public/cases/{}/messages", case.tracking_code);
    citizen.post(&path(&other), json!({ "text": "سلام" })).await.refused(404, "not_found");
    citizen.get("/cases").await.refused(401, "unauthenticated");
    app.as_user("agent.centre")
        .await
        .post(&path(&mine), json!({ "text": "سلام" }))
        .await
        .refused(401, "unauthenticated");
    app.pass_hours(1);
    citizen.post(&path(&mine), json!({ "text": "سلام" })).await.refused(401, "token_expired");
}

#[actix_web::test]
async fn the_public_sees_no_names_of_staff_no_notes_and_no_drafts() {
    let app = TestApp::start().await;
    let case = app.accepted("MOEN-10").await;
    let handler = app.as_user("handler.moen-10").await;
    handler.post(&case.path("notes"), json!({ "text": "یادداشت درونی" })).await.expect(201);
    app.submit(&case, "MOEN-10").await;
    let told = look_up(&app, &case.tracking_code, json!({ "access_code": case.access_code })).await;
    let words = String::from_utf8(told.bytes.clone()).unwrap();
    for hidden in ["یادداشت", "handler.moen-10", "answer_submitted", "آب از ساعت ده"] {
        assert!(!words.contains(hidden), "{hidden}");
    }
}

#[actix_web::test]
async fn anyone_reads_kinds_subjects_offices_rules_holidays_and_counts() {
    let app = TestApp::start().await;
    for part in ["kinds", "categories", "offices", "rules", "holidays"] {
        let told = app.nobody().get(&format!("/public/{part}")).await;
        assert!(told.header("Cache-Control").contains("public"));
        assert!(!told.expect(200)["items"].as_array().unwrap().is_empty(), "{part}");
    }
    for _ in 0..5 {
        app.register(json!({})).await;
    }
    app.register(json!({ "kind": "report" })).await;
    let counts = app.nobody().get("/public/statistics?province=10").await.expect(200);
    assert_eq!((&counts["by_kind"]["request"], &counts["by_kind"]["report"]), (&json!(5), &Value::Null));
}
