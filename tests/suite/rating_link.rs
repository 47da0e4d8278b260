//! The rating link of a closing notice: one case, one thing to do, and no account.

use serde_json::{Value, json};

use crate::support::{Case, Reply, TestApp};

/// The link as the closing SMS carries it.
async fn link(app: &TestApp) -> String {
    app.drain().await;
    let sent = app.sms().sent();
    let notice =
        sent.iter().rev().find(|letter| letter.rendered.body.contains("/r/")).expect("a closing notice");
    let link = notice.rendered.body.split_whitespace().find(|word| word.contains("/r/")).unwrap();
    link.split("/r/").nth(1).unwrap().to_owned()
}

fn path(token: &str) -> String {
    format!("/public/ratings/{token}")
}

async fn page(app: &TestApp, token: &str, form: Option<&str>) -> Reply {
    let browser = app.nobody().with("Accept", "text/html");
    match form {
        None => browser.get(&path(token)).await,
        Some(form) => {
            let kind = "application/x-www-form-urlencoded";
            browser.raw(reqwest::Method::POST, &path(token), kind, form.as_bytes().to_vec()).await
        }
    }
}

async fn closed(app: &TestApp) -> (Case, String) {
    let case = app.closed().await;
    let token = link(app).await;
    assert!(token.starts_with(&case.tracking_code), "{token}");
    (case, token)
}

#[actix_web::test]
async fn the_link_of_the_closing_sms_rates_without_an_account() {
    let app = TestApp::start().await;
    let (case, token) = closed(&app).await;
    let short = app.nobody().raw(reqwest::Method::GET, &format!("/r/{token}"), "", Vec::new()).await;
    assert_eq!((short.status, short.header("Location")), (303, &*format!("/api/v1{}", path(&token))));
    let open = page(&app, &token, None).await;
    let html = String::from_utf8(open.bytes).unwrap();
    assert!(
        html.contains(&case.tracking_code) && html.contains("<form") && html.contains("lang=\"en\""),
        "{html}"
    );
    for secret in ["مریم", "آب", "0912", "912"] {
        assert!(!html.contains(secret), "the page tells {secret}");
    }
    let none = page(&app, &token, Some("comment=")).await;
    assert_eq!(none.status, 422);
    assert!(String::from_utf8_lossy(&none.bytes).contains("role=\"alert\""));
    let poor = page(&app, &token, Some("score=1&comment=%D8%A8%D8%AF")).await;
    assert_eq!(poor.status, 200);
    let html = String::from_utf8(poor.bytes).unwrap();
    assert!(html.contains("Your rating is recorded: 1 of 5") && html.contains("appeal"), "{html}");
    let view = app.nobody().get(&path(&token)).await.expect(200);
    assert_eq!((&view["rating"], &view["action"]["allowed"]), (&json!(1), &json!(true)));
    assert!(view["message"].as_str().unwrap().contains("appeal"));
    // changeable inside the window, in the citizen's digits
    assert_eq!(page(&app, &token, Some("score=%DB%B5")).await.status, 200);
    let changed = app.nobody().post(&path(&token), json!({ "score": 4 })).await.expect(200);
    assert_eq!((&changed["rating"], &changed["message"]), (&json!(4), &Value::Null));
    app.nobody().post(&path(&token), json!({ "score": 9 })).await.wrong("score", "out_of_range");
}

#[actix_web::test]
async fn a_link_ends_with_the_window() {
    let app = TestApp::start().await;
    let (_, token) = closed(&app).await;
    app.pass_days(200);
    app.nobody().post(&path(&token), json!({ "score": 4 })).await.refused(409, "window_passed");
    let late = page(&app, &token, Some("score=4")).await;
    let html = String::from_utf8(late.bytes).unwrap();
    assert!(late.status == 409 && html.contains("role=\"alert\"") && !html.contains("<form"), "{html}");
}

#[actix_web::test]
async fn a_forged_link_rates_nothing_and_guessing_is_slowed() {
    let app = TestApp::start().await;
    let (_, token) = closed(&app).await;
    let (code, signature) = token.split_once('-').unwrap();
    let other = if signature.starts_with('0') { "1" } else { "0" };
    let forged = format!("{code}-{other}{}", &signature[1..]);
    for wrong in [forged.as_str(), code, "nonsense", "12345678901-0000000000"] {
        app.nobody().post(&path(wrong), json!({ "score": 1 })).await.refused(404, "not_found");
    }
    for _ in 0..3 {
        app.nobody().get(&path(&forged)).await.refused(404, "not_found");
    }
    app.nobody().get(&path(&forged)).await.refused(429, "too_many_requests");
    app.pass_hours(2);
    app.nobody().post(&path(&token), json!({ "score": 5 })).await.expect(200);
}
