//! A handler of a sealed case tries every door: no reply holds a name, a number or a dropped word of the original.

use samad::domain::text::{latin_digits, search_key};
use serde_json::{Value, json};

use super::{citizen, classified, out_by_extract};
use crate::support::{Case, Client, Reply, TestApp};

/// What must be found nowhere, in search form and without blanks.
const SECRETS: [&str; 10] = [
    "مریم",
    "کاظمینیا",
    "گلدانابی",
    "درخشنده",
    "نسترن",
    "9990000011",
    "9991000011",
    "9990000022",
    "11822765",
    "32654321",
];

/// Fails where a reply holds a secret, in any letters and digits.
#[track_caller]
fn check(call: &str, reply: &Reply) {
    let text = match &reply.json {
        Value::Null => String::from_utf8_lossy(&reply.bytes).into_owned(),
        json => json.to_string(),
    };
    let headers = format!("{:?}", reply.headers);
    let bare = |text: &str| -> String {
        latin_digits(&search_key(text)).chars().filter(|sign| sign.is_alphanumeric()).collect()
    };
    let (bare, headers) = (bare(&text), bare(&headers));
    for secret in SECRETS {
        assert!(!bare.contains(secret), "{call} tells {secret}: {text}");
        assert!(!headers.contains(secret), "{call} tells {secret} in its head");
    }
}

const PARTS: [&str; 16] = [
    "",
    "referrals",
    "answers",
    "timeline",
    "messages",
    "notes",
    "actions",
    "receipt",
    "objections",
    "appeals",
    "attachments",
    "extract",
    "certificates/filing?text=true",
    "certificates/reply",
    "identity-requests",
    "identity-reads",
];

async fn try_all(app: &TestApp, person: &Client<'_>, case: &Case) {
    for part in PARTS {
        let path = case.path(part);
        check(&path, &person.get(&path).await);
    }
    for path in [
        "/cases",
        "/cases?sealed=true",
        "/inbox",
        "/inbox?box=new",
        "/inbox?box=in_progress",
        "/public/statistics",
    ] {
        check(path, &person.get(path).await);
    }
    for hop in app.list(case, "referrals").await {
        let path = format!("/referrals/{}", hop["id"].as_str().unwrap());
        check(&path, &person.get(&path).await);
    }
    for file in app.list(case, "attachments").await {
        let path = format!("/attachments/{}", file["id"].as_str().unwrap());
        check(&path, &person.get(&path).await);
    }
    for message in app.list(case, "messages").await {
        let path = format!("/messages/{}/deliveries", message["id"].as_str().unwrap());
        check(&path, &person.get(&path).await);
    }
}

/// Everybody says something on the case that names her.
async fn talked_about(app: &TestApp) -> Case {
    let case = out_by_extract(app).await;
    let classifier = app.as_user("classifier.centre").await;
    let note = json!({ "text": "با مریم کاظمی‌نیا (۰۹۹۹۰۰۰۰۰۱۱) حرف زدم؛ گلدان آبی را دیده است" });
    classifier.post(&case.path("notes"), note).await.expect(201);
    let agent = citizen(app, &case).await;
    let path = format!("/public/cases/{}", case.tracking_code);
    let word = json!({ "text": "من مريم هستم، ٠٩٩٩٠٠٠٠٠١١، گلدان آبی یادتان نرود" });
    agent.post(&format!("{path}/messages"), word).await.expect(201);
    agent
        .upload(&format!("{path}/attachments"), "maryam مریم کاظمی‌نیا.txt", "گلدان آبی مریم".as_bytes())
        .await
        .expect(201);
    case
}

#[actix_web::test]
async fn nothing_of_the_original_reaches_the_body_by_any_door() {
    let app = TestApp::start().await;
    let case = talked_about(&app).await;
    app.drain().await;
    for person in ["handler.mohme", "liaison.mohme", "approver.mohme", "appeal.centre"] {
        try_all(&app, &app.as_user(person).await, &case).await;
    }
    // the verbs' own replies
    let handler = app.as_user("handler.mohme").await;
    let lead = app.lead(&case).await;
    let verbs = [
        (format!("/referrals/{lead}/acceptance"), json!({})),
        (case.path("notes"), json!({ "text": "بررسی شد؛ مریم را می‌شناسم" })),
        (case.path("questions"), json!({ "text": "کدام باجه؟" })),
        (case.path("questions"), json!({ "text": "" })),
        (case.path("classification"), json!({})),
        (case.path("closure"), json!({ "outcome": "granted" })),
        (format!("/referrals/{lead}/return"), json!({ "reason": "?" })),
    ];
    for (path, body) in verbs {
        let reply = handler.post(&path, body).await;
        // what the handler wrote just now is the handler's own
        if !path.ends_with("notes") {
            check(&path, &reply);
        }
    }
    try_all(&app, &app.as_user("approver.mohme").await, &case).await;
    app.whole();
}

#[actix_web::test]
async fn nothing_is_told_before_there_is_an_extract_either() {
    let app = TestApp::start().await;
    let case = app.accepted("MOHME").await;
    let classifier = app.as_user("classifier.centre").await;
    classifier.post(&case.path("sealing"), json!({ "reason": "به خواست شهروند" })).await.expect(200);
    let handler = app.as_user("handler.mohme").await;
    for part in PARTS {
        let reply = handler.get(&case.path(part)).await;
        check(part, &reply);
        assert!(!reply.json.to_string().contains("سه روز است که قطع"), "{part}: {}", reply.told());
    }
    app.whole();
}

#[actix_web::test]
async fn the_search_finds_a_sealed_case_by_its_extract_alone() {
    let app = TestApp::start().await;
    let case = out_by_extract(&app).await;
    let by = |person: &'static str| {
        let (app, case) = (&app, &case);
        async move |words: &str| {
            let told = app.as_user(person).await.get(&format!("/cases?q={words}")).await.expect(200);
            let items = told["items"].as_array().unwrap().clone();
            items.iter().any(|item| item["id"] == case.id.as_str())
        }
    };
    let (handler, desk) = (by("handler.mohme"), by("classifier.centre"));
    for (words, for_handler) in [
        ("باجه", true),
        ("باجه پول", true),
        ("گلدان", false),
        ("مریم", false),
        ("كاظمي‌نيا", false),
        ("9991000011", false),
        ("باج", false),
    ] {
        assert_eq!(handler(words).await, for_handler, "{words}");
    }
    assert!(!desk("گلدان").await && desk("باجه").await);
    assert!(handler(&case.tracking_code).await);
    app.whole();
}

#[actix_web::test]
async fn files_of_a_sealed_case_are_opened_one_by_one() {
    let app = TestApp::start().await;
    let case = talked_about(&app).await;
    let files = app.list(&case, "attachments").await;
    let path = format!("/attachments/{}", files[0]["id"].as_str().unwrap());
    let handler = app.as_user("handler.mohme").await;
    handler.get(&path).await.refused(404, "not_found");
    handler.post(&format!("{path}/release"), json!({})).await.refused(403, "forbidden");
    let classifier = app.as_user("classifier.centre").await;
    classifier.post(&format!("{path}/release"), json!({})).await.expect(200);
    classifier.post(&format!("{path}/release"), json!({})).await.refused(409, "already_done");
    let seen = handler.get(&case.path("attachments")).await.expect(200);
    assert_eq!(seen["items"].as_array().unwrap().len(), 1);
    assert!(seen["items"][0]["name"].as_str().unwrap().contains("[نام ۱]"), "{seen}");
    assert_eq!(handler.get(&path).await.bytes, "گلدان آبی مریم".as_bytes());
    classifier.delete(&format!("{path}/release")).await.expect(200);
    handler.get(&path).await.refused(404, "not_found");
    // what the body itself brings it may read
    let own = handler.upload(&case.path("attachments"), "visit.txt", b"visited").await.expect(201);
    handler.get(&format!("/attachments/{}", own["id"].as_str().unwrap())).await.expect(200);
    app.whole();
}

#[actix_web::test]
async fn a_list_shows_initials_only_and_of_a_sealed_case_nobody() {
    let app = TestApp::start().await;
    let sealed = classified(&app).await;
    let plain = app.register(json!({})).await;
    let told = app.as_user("classifier.centre").await.get("/cases?sort=registered_at").await.expect(200);
    let of = |case: &Case| {
        told["items"].as_array().unwrap().iter().find(|i| i["id"] == case.id.as_str()).unwrap().clone()
    };
    let citizen = &of(&plain)["citizen"];
    assert_eq!(
        (&citizen["name"], &citizen["masked"], &citizen["mobile"]),
        (&json!("م. ک."), &json!(true), &Value::Null)
    );
    assert_eq!((&of(&sealed)["citizen"], &of(&sealed)["text_form"]), (&Value::Null, &json!("hidden")));
    app.whole();
}
