//! What citizens say to the service itself by SMS, and what they are answered.

use serde_json::{Value, json};

use crate::support::{Reply, TestApp};

/// Hers whose cases these are.
const MOBILE: &str = "09990000011";
/// A number that belongs to nobody known.
const UNKNOWN: &str = "09123334455";
/// A national ID that is right in form.
const NATIONAL_ID: &str = "9991000011";

async fn sms(app: &TestApp, from: &str, text: &str) -> Reply {
    app.gateway().post("/channels/sms/demo/inbound", json!({ "from": from, "text": text })).await
}

/// What it became, and the text that its sender is answered.
async fn answered(app: &TestApp, from: &str, text: &str) -> (Value, String) {
    let told = sms(app, from, text).await.json;
    let before = app.sms().sent().len();
    app.drain().await;
    let sent = app.sms().sent();
    let words =
        sent[before..].iter().map(|letter| letter.rendered.body.clone()).collect::<Vec<_>>().join("\n");
    (told["state"].clone(), words)
}

async fn asking() -> TestApp {
    TestApp::start_with(|config| config.sms.ask_identity = true).await
}

/// Kind and citizen of the case whose text this is.
async fn kinds(app: &TestApp) -> Vec<String> {
    let all = app.as_user("classifier.centre").await.get("/cases").await.expect(200);
    all["items"].as_array().unwrap().iter().map(|case| case["kind"].as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn an_unknown_sender_tells_who_it_is_and_gets_a_code() {
    let app = asking().await;
    let (state, words) = answered(&app, UNKNOWN, "آب محله قطع است.").await;
    assert_eq!(state, "asked");
    assert!(words.contains("کد ملی"), "{words}");
    assert_eq!(kinds(&app).await, Vec::<String>::new());
    // more words are added, and nobody is asked twice
    let (state, words) = answered(&app, UNKNOWN, "از دیروز.").await;
    assert_eq!((state, words.as_str()), (json!("asked"), ""));
    let (state, words) = answered(&app, UNKNOWN, "1111111111").await;
    assert_eq!(state, "answered");
    assert!(words.contains("درست نیست"), "{words}");
    let (state, words) = answered(&app, UNKNOWN, "۹۹۹۱۰۰۰۰۱۱").await;
    assert_eq!(state, "answered");
    assert!(words.contains("کد رهگیری"), "{words}");
    assert_eq!(kinds(&app).await, ["request"]);
}

#[actix_web::test]
async fn three_wrong_numbers_make_a_report_without_identity() {
    let app = asking().await;
    answered(&app, UNKNOWN, "آب محله قطع است.").await;
    // the same words within an hour are one delivery, so each try is another number
    for wrong in ["1111111111", "2222222222"] {
        answered(&app, UNKNOWN, wrong).await;
    }
    let (_, words) = answered(&app, UNKNOWN, "3333333333").await;
    assert!(words.contains("به‌عنوان گزارش"), "{words}");
    assert_eq!(kinds(&app).await, ["report"]);
    // the dialogue is over: the number alone is no answer to anything
    let (_, _) = answered(&app, UNKNOWN, "نه").await;
    assert_eq!(kinds(&app).await, ["report"]);
}

#[actix_web::test]
async fn what_an_unknown_sender_said_is_never_lost_by_silence() {
    let app = asking().await;
    answered(&app, UNKNOWN, "آب محله قطع است.").await;
    app.pass_hours(23);
    app.drain().await;
    assert_eq!(kinds(&app).await, Vec::<String>::new());
    // abandoned for most of a day, and resumed
    let other = "09123334466";
    answered(&app, other, "برق قطع است.").await;
    app.pass_hours(2);
    app.drain().await;
    assert_eq!(kinds(&app).await, ["report"]);
    answered(&app, other, NATIONAL_ID).await;
    let mut all = kinds(&app).await;
    all.sort();
    assert_eq!(all, ["report", "request"]);
}

#[actix_web::test]
async fn a_digit_rates_the_last_case_and_a_poor_one_opens_the_appeal() {
    let app = TestApp::start().await;
    let case = app.closed().await;
    app.drain().await;
    let (state, words) = answered(&app, MOBILE, "۵").await;
    assert_eq!(state, "answered");
    assert!(words.contains(&case.tracking_code), "{words}");
    assert_eq!(app.case(&case).await["rating"], 5);
    let (_, words) = answered(&app, MOBILE, "1").await;
    assert_eq!(app.case(&case).await["rating"], 1);
    assert!(words.contains("تجدیدنظر"), "{words}");
    let (_, words) = answered(&app, UNKNOWN, "٤").await;
    assert!(words.contains("پرونده‌ای برای امتیاز دادن نیست"), "{words}");
}

#[actix_web::test]
async fn a_code_alone_tells_its_phone_how_far_it_is_and_nobody_else() {
    let app = TestApp::start().await;
    let case = app.register(json!({})).await;
    app.drain().await;
    let (state, words) = answered(&app, MOBILE, &case.tracking_code).await;
    assert_eq!(state, "answered");
    assert!(words.contains(&case.tracking_code) && words.contains("ثبت شده است"), "{words}");
    let (_, hers) = answered(&app, UNKNOWN, &case.tracking_code).await;
    let (_, nobodys) = answered(&app, UNKNOWN, "12345678901").await;
    assert_eq!(hers, nobodys, "whether a code exists cannot be learned");
    assert!(!hers.contains(&case.tracking_code));
}

#[actix_web::test]
async fn a_case_is_taken_back_only_after_a_second_word() {
    let app = TestApp::start().await;
    let case = app.register(json!({})).await;
    app.drain().await;
    let text = format!("انصراف {}", case.tracking_code);
    let (_, words) = answered(&app, UNKNOWN, &text).await;
    assert!(!words.contains(&case.tracking_code), "{words}");
    let (_, words) = answered(&app, MOBILE, &text).await;
    assert!(words.contains("«بله»"), "{words}");
    let (_, words) = answered(&app, MOBILE, "نه").await;
    assert!(words.contains("پابرجاست"), "{words}");
    assert_eq!(app.case(&case).await["status"], "registered");
    answered(&app, MOBILE, "انصراف").await;
    answered(&app, MOBILE, "بله").await;
    let shown = app.case(&case).await;
    assert_eq!((&shown["status"], &shown["outcome"]), (&json!("closed"), &json!("withdrawn")));
}

#[actix_web::test]
async fn parts_of_a_long_message_become_one_in_whatever_order() {
    let app = TestApp::start().await;
    let part = |part: i32, text: &str| {
        json!({ "from": UNKNOWN, "text": text, "id": format!("p{part}"), "reference": "77",
            "part": part, "parts": 3 })
    };
    let gateway = app.gateway();
    for (number, text) in [(3, " است."), (1, "آب محله ")] {
        let told = gateway.post("/channels/sms/demo/inbound", part(number, text)).await.expect(202);
        assert_eq!(told["state"], "asked");
    }
    gateway.post("/channels/sms/demo/inbound", part(1, "آب محله ")).await;
    let told = gateway.post("/channels/sms/demo/inbound", part(2, "قطع")).await.expect(201);
    let id = told["case_id"].as_str().unwrap();
    let case = app.as_user("agent.centre").await.get(&format!("/cases/{id}")).await.expect(200);
    assert_eq!(case["text"], "آب محله قطع است.");
    // one that stays without the others is taken as it is
    let lone =
        json!({ "from": "09123334477", "text": "چراغ", "id": "q", "reference": "8", "part": 1, "parts": 2 });
    gateway.post("/channels/sms/demo/inbound", lone).await.expect(202);
    app.pass_hours(1);
    app.drain().await;
    assert_eq!(kinds(&app).await.len(), 2);
}

#[actix_web::test]
async fn a_number_that_wants_no_more_gets_none_until_it_writes_again() {
    let app = TestApp::start().await;
    let (state, words) = answered(&app, MOBILE, "لغو ۱۱").await;
    assert_eq!(state, "answered");
    assert!(words.contains("شروع"), "{words}");
    let before = app.sms().sent().len();
    app.register(json!({})).await;
    app.drain().await;
    assert_eq!(app.sms().sent().len(), before);
    let (_, words) = answered(&app, MOBILE, "شروع").await;
    assert!(words.contains("دوباره"), "{words}");
    app.register(json!({ "text": "موضوعی دیگر درباره چراغ کوچه" })).await;
    app.drain().await;
    assert!(app.sms().sent().len() > before + 1);
}

#[actix_web::test]
async fn two_machines_do_not_go_on_answering_each_other() {
    let app = TestApp::start().await;
    for n in 0..9 {
        sms(&app, UNKNOWN, &format!("1234567890{n}")).await;
    }
    // a short code and a fixed line are never answered
    sms(&app, "3000", "12345678901").await;
    sms(&app, "03136240000", "12345678901").await;
    app.drain().await;
    assert_eq!(app.sms().sent().iter().filter(|letter| letter.address == "+989123334455").count(), 6);
    assert!(app.sms().sent().iter().all(|letter| letter.address == "+989123334455"));
}
