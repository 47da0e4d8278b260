//! Certificates to print: what was filed, and what was replied or that nothing was.

use serde_json::json;

use crate::support::{Case, Client, TestApp};

async fn citizen<'a>(app: &'a TestApp, case: &Case) -> Client<'a> {
    let wish = json!({ "tracking_code": case.tracking_code, "access_code": case.access_code });
    let told = app.nobody().post("/public/lookups", wish).await.expect(200);
    app.bearer(told["token"].as_str().unwrap())
}

async fn print(person: &Client<'_>, path: &str) -> String {
    let reply = person.get(path).await;
    assert_eq!(
        (reply.status, reply.header("Content-Type")),
        (200, "text/html; charset=utf-8"),
        "{}",
        reply.told()
    );
    assert!(reply.header("Content-Security-Policy").contains("default-src 'none'"));
    String::from_utf8(reply.bytes).unwrap().replace("&#x2f;", "/")
}

fn path(case: &Case, sort: &str) -> String {
    format!("/public/cases/{}/certificates/{sort}", case.tracking_code)
}

#[actix_web::test]
async fn a_certificate_of_filing_is_a_printable_persian_page_without_the_citizens_name() {
    let app = TestApp::start().await;
    let case = app.referred_to("MOEN-10").await;
    let page = print(&citizen(&app, &case).await.reading("fa"), &path(&case, "filing")).await;
    for part in [
        "dir=\"rtl\"",
        "lang=\"fa\"",
        "@page { size: A4",
        "گواهی ثبت",
        "۱۴۰۵/۰۳/۲۰ ساعت ۰۹:۳۰",
        "قطعی آب",
        "دیوان عدالت اداری",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let isolated = format!("<bdi class=\"code\" dir=\"ltr\">{}</bdi>", case.tracking_code);
    assert!(page.contains(&isolated));
    for hidden in ["مریم", "9991000011", "آب محله ما"] {
        assert!(!page.contains(hidden), "{hidden}");
    }
    let with_text = print(&citizen(&app, &case).await, &format!("{}?text=true", path(&case, "filing"))).await;
    assert!(
        with_text.contains("آب محله ما")
            && with_text.contains("dir=\"ltr\"")
            && with_text.contains("Certificate of filing")
    );
}

#[actix_web::test]
async fn whatever_was_written_is_escaped() {
    let app = TestApp::start().await;
    let case = app.register(json!({ "text": "<script>alert(1)</script> & \"x\"" })).await;
    let page = print(&citizen(&app, &case).await, &format!("{}?text=true", path(&case, "filing"))).await;
    assert!(!page.contains("<script") && page.contains("&lt;script&gt;"), "{page}");
}

#[actix_web::test]
async fn a_reply_is_certified_with_its_day_and_its_absence_until_the_due_time() {
    let app = TestApp::start().await;
    let case = app.accepted("MOEN-10").await;
    let early = print(&citizen(&app, &case).await, &path(&case, "reply")).await;
    assert!(early.contains("Certificate of non-reply") && early.contains("has not passed"), "{early}");
    app.pass_days(30);
    let late = print(&citizen(&app, &case).await.reading("fa"), &path(&case, "reply")).await;
    assert!(late.contains("گواهی عدم پاسخ") && late.contains("پاسخ نهایی داده نشده است"), "{late}");
    app.answer(&case, "MOEN-10").await;
    let replied = print(&citizen(&app, &case).await, &path(&case, "reply")).await;
    assert!(
        replied.contains("Certificate of reply") && replied.contains("آب از ساعت ده وصل می‌شود."),
        "{replied}"
    );
    assert!(replied.contains("2026-07-10 09:30"), "{replied}");
}

#[actix_web::test]
async fn staff_who_see_the_case_print_the_same_and_others_nothing() {
    let app = TestApp::start().await;
    let case = app.closed().await;
    let agent = app.as_user("agent.centre").await;
    assert!(print(&agent, &case.path("certificates/reply")).await.contains("Certificate of reply"));
    assert!(print(&agent, &case.path("certificates/filing")).await.contains("Certificate of filing"));
    app.as_user("handler.mohme").await.get(&case.path("certificates/reply")).await.refused(404, "not_found");
    let other = app.register(json!({})).await;
    citizen(&app, &other).await.get(&path(&case, "reply")).await.refused(404, "not_found");
    app.nobody().get(&path(&case, "filing")).await.refused(401, "unauthenticated");
    citizen(&app, &case)
        .await
        .get(&format!("{}?words=1", path(&case, "filing")))
        .await
        .wrong("words", "invalid");
}
