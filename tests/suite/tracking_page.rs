//! The page to which every notice points: no account, no script, one screen.

use serde_json::json;

use crate::support::{Case, MARYAM, Reply, TestApp};

async fn open(app: &TestApp, path: &str, language: &'static str) -> String {
    let reply = app.nobody().reading(language).raw(reqwest::Method::GET, path, "", Vec::new()).await;
    assert_eq!(reply.status, 200, "{}", reply.told());
    html(reply)
}

/// The body of a page that keeps to what every page of it promises.
fn html(reply: Reply) -> String {
    assert_eq!(reply.header("Content-Type"), "text/html; charset=utf-8");
    assert_eq!((reply.header("Cache-Control"), reply.header("Referrer-Policy")), ("no-store", "no-referrer"));
    assert!(reply.header("Content-Security-Policy").starts_with("default-src 'none'"));
    assert!(reply.bytes.len() < 10_000, "{} bytes on a slow line", reply.bytes.len());
    let html = String::from_utf8(reply.bytes).unwrap();
    for foreign in ["<script", "http://", "https://", "src=", "@import", "url("] {
        assert!(!html.contains(foreign), "{foreign}: {html}");
    }
    html
}

async fn send(app: &TestApp, path: &str, code: &str, proof: &str, language: &'static str) -> Reply {
    let form = format!("tracking_code={code}&proof={}", proof.replace('+', "%2B"));
    let kind = "application/x-www-form-urlencoded";
    app.nobody().reading(language).raw(reqwest::Method::POST, path, kind, form.into_bytes()).await
}

async fn see(app: &TestApp, case: &Case, language: &'static str) -> String {
    let reply = send(app, "/track", &case.tracking_code, &case.access_code, language).await;
    assert_eq!(reply.status, 200, "{}", reply.told());
    html(reply)
}

#[actix_web::test]
async fn the_address_of_every_sms_is_a_page_in_persian_and_by_link_or_browser_in_english() {
    let app = TestApp::start().await;
    let case = app.register(json!({})).await;
    app.drain().await;
    let sent = app.sms().sent();
    let body = &sent.last().expect("an acknowledgement").rendered.body;
    let address = body.split_whitespace().find(|word| word.contains("/track")).expect("an address");
    let path = &address[address.find("/track").unwrap()..];
    let persian = open(&app, path, "de").await;
    assert!(
        persian.contains("dir=\"rtl\"") && persian.contains("lang=\"fa\"") && persian.contains("کد رهگیری")
    );
    assert!(open(&app, path, "en").await.contains("dir=\"ltr\""));
    assert!(open(&app, "/track?language=en", "fa").await.contains("Tracking code"));
    assert!(open(&app, "/track?language=fa", "en").await.contains("کد رهگیری"));
    let filled = open(&app, &format!("/track/{}", case.tracking_code), "fa").await;
    assert!(filled.contains(&format!("value=\"{}\"", case.tracking_code)));
    let nonsense = open(&app, "/track/%3Cb%3Enonsense", "fa").await;
    assert!(!nonsense.contains("nonsense"), "what is no code is not echoed");
}

#[actix_web::test]
async fn the_page_tells_where_the_case_is_who_holds_it_until_when_and_what_may_be_done() {
    let app = TestApp::start().await;
    let case = app.accepted("MOEN-10").await;
    let persian = see(&app, &case, "fa").await;
    for part in [
        "شرکت‌های آب و برق استان اصفهان",
        "قطعی آب",
        "در حال رسیدگی",
        "مهلت پاسخ",
        "۱۴۰۵&#x2f;",
        "tel:111",
        "رسیدگی آغاز شد",
        "به سطح بالاتر",
    ] {
        assert!(persian.contains(part), "{part}: {persian}");
    }
    let english = see(&app, &case, "en").await;
    for part in
        ["is working on it", "Answer due by", "2026-", "Take the case back", "you may go one level up"]
    {
        assert!(english.contains(part), "{part}: {english}");
    }
    app.pass_days(60);
    assert!(see(&app, &case, "en").await.contains("(this has passed)"));
    let closed = app.closed().await;
    let page = see(&app, &closed, "en").await;
    for part in
        ["آب از ساعت ده وصل می‌شود.", "Outcome", "Object to the answer", "Rate the answer", ", until 2026-"]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
    for private in ["مریم", "9991000011", "0912"] {
        assert!(!page.contains(private), "{private}");
    }
}

#[actix_web::test]
async fn one_field_takes_the_access_code_a_mobile_or_a_national_id_in_any_digits() {
    let app = TestApp::start().await;
    let case = app.register(json!({})).await;
    for proof in [case.access_code.as_str(), MARYAM, "۰۹۹۹۰۰۰۰۰۱۱", "+989990000011", "0011"] {
        let reply = send(&app, "/track", &case.tracking_code, proof, "fa").await;
        assert_eq!(reply.status, 200, "{proof}: {}", reply.told());
    }
    let path = format!("/track/{}?language=en", case.tracking_code);
    let elsewhere = send(&app, &path, &case.tracking_code, MARYAM, "fa").await;
    assert!(html(elsewhere).contains("What you may do now"));
    let words = app.register(json!({ "subject": "<b>آب</b>" })).await;
    assert!(see(&app, &words, "fa").await.contains("&lt;b&gt;آب"), "what was written is escaped");
}

#[actix_web::test]
async fn a_wrong_pair_and_an_unknown_code_get_the_same_page_and_guessing_is_slowed() {
    let app = TestApp::start().await;
    let case = app.register(json!({})).await;
    let wrong = send(&app, "/track", &case.tracking_code, "00000000", "fa").await;
    let unknown = send(&app, "/track", "12345678901", "00000000", "fa").await;
    assert_eq!((wrong.status, unknown.status), (404, 404));
    let (wrong, unknown) = (html(wrong), html(unknown));
    assert!(wrong.contains("role=\"alert\"") && wrong.contains("پیدا نشد"));
    assert_eq!(wrong.replace(&case.tracking_code, ""), unknown.replace("12345678901", ""));
    let none = send(&app, "/track", &case.tracking_code, "", "en").await;
    assert_eq!(none.status, 422);
    assert!(html(none).contains("Give the access code"));
    for _ in 0..10 {
        send(&app, "/track", &case.tracking_code, "00000000", "fa").await;
    }
    let slowed = send(&app, "/track", &case.tracking_code, &case.access_code, "fa").await;
    assert!(slowed.status == 429 && !slowed.header("Retry-After").is_empty());
    assert!(html(slowed).contains("دقیقه دیگر"));
    // the API counts the same tries
    let pair = json!({ "tracking_code": case.tracking_code, "access_code": case.access_code });
    app.nobody().post("/public/lookups", pair).await.refused(429, "too_many_requests");
    app.pass_hours(2);
    see(&app, &case, "fa").await;
}

#[actix_web::test]
async fn the_address_limit_of_the_public_holds_for_the_page_too() {
    let app = TestApp::start_with(|config| {
        config.limits.public_per_minute = 2;
        // the test stands behind a proxy: its own address is never limited
        config.server.trusted_proxies = "127.0.0.1".into();
    })
    .await;
    let visitor = app.nobody().with("X-Forwarded-For", "203.0.113.9");
    let mut last = 0;
    for _ in 0..4 {
        last = visitor.raw(reqwest::Method::GET, "/track", "", Vec::new()).await.status;
    }
    assert_eq!(last, 429);
}

#[actix_web::test]
async fn a_sealed_case_shows_its_citizen_who_read_the_identity() {
    let app = TestApp::start().await;
    let case = app.register(json!({ "kind": "complaint", "about_office": "MOEN-10", "sealed": true })).await;
    let page = see(&app, &case, "en").await;
    assert!(page.contains("Who read your identity") && page.contains("Nobody."), "{page}");
    let plain = app.referred_to("MOEN-10").await;
    app.as_user("handler.moen-10").await.get(&plain.path("")).await.expect(200);
    let page = see(&app, &plain, "en").await;
    assert!(page.contains("Who read your identity") && !page.contains("Nobody."), "{page}");
    assert!(!page.contains("handler.moen-10"), "the office is told, never the person");
}
