//! The public rules equal the rows that the service works by, today and on any other day.

use std::collections::BTreeSet;

use samad::domain::definitions;
use samad::domain::register::NOUNS;
use serde_json::{Value, json};

use crate::support::TestApp;

fn find<'a>(rules: &'a Value, noun: &str, code: &str) -> Option<&'a Value> {
    rules["items"].as_array().unwrap().iter().find(|row| row["noun"] == noun && row["code"] == code)
}

#[actix_web::test]
async fn the_public_rules_equal_the_register_and_each_has_its_words_and_source() {
    let app = TestApp::start().await;
    let rules = app.nobody().get("/public/rules").await.expect(200);
    let told: BTreeSet<(String, String)> = rules["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["noun"].as_str().unwrap().to_owned(), row["code"].as_str().unwrap().to_owned()))
        .collect();
    let mut stored = BTreeSet::new();
    for noun in NOUNS {
        for row in app.look(|connection| definitions::list(connection, noun, None, 10_000)) {
            let entry = find(&rules, noun, &row.code).unwrap_or_else(|| panic!("{noun} {}", row.code));
            assert_eq!(entry["version"], row.version);
            for (field, value) in row.fields().iter().filter(|(field, _)| *field != "code") {
                assert_eq!(&entry[field], value, "{noun} {} {field}", row.code);
            }
            for field in ["fa", "en", "text_fa", "text_en", "source"] {
                assert!(!entry[field].as_str().unwrap().is_empty(), "{noun} {} {field}", row.code);
            }
            stored.insert((noun.to_owned(), row.code));
        }
    }
    assert_eq!(told, stored);
    let limit = find(&rules, "limit", "answer.request").unwrap();
    assert_eq!(limit["text_en"], "Answer to a request: 10 working days (kind: Request)");
    assert_eq!(limit["text_fa"], "پاسخ به درخواست: ۱۰ روز کاری (نوع: درخواست)");
}

#[actix_web::test]
async fn the_rules_are_cached_by_their_content() {
    let app = TestApp::start().await;
    let first = app.nobody().get("/public/rules?noun=right").await;
    let tag = first.header("etag").to_owned();
    assert!(first.header("cache-control").contains("max-age=300"));
    assert_eq!(
        app.nobody().with("If-None-Match", tag.clone()).get("/public/rules?noun=right").await.status,
        304
    );
    app.agreed_patch("/rights/appeal", json!({ "text_en": "You may appeal." })).await;
    let changed = app.nobody().with("If-None-Match", tag).get("/public/rules?noun=right").await;
    assert_eq!(find(&changed.expect(200), "right", "appeal").unwrap()["text_en"], "You may appeal.");
}

#[actix_web::test]
async fn the_rules_of_another_day_are_those_that_held_then() {
    let app = TestApp::start().await;
    app.pass_days(2);
    app.agreed_patch("/limits/answer.request", json!({ "span": "3wd" })).await;
    app.agreed_patch("/routing-rules/feeling", json!({ "end": true })).await;
    app.pass_days(2);
    let on = |day: &str| format!("/public/rules?on={day}");
    let before = app.nobody().get(&on("2026-06-11")).await.expect(200);
    let after = app.nobody().get(&on("2026-06-12")).await.expect(200);
    let limit = |rules: &Value| {
        let row = find(rules, "limit", "answer.request").unwrap().clone();
        (row["span"].clone(), row["version"].clone())
    };
    assert_eq!(limit(&before), (json!("10wd"), json!(1)));
    assert_eq!(limit(&after), (json!("3wd"), json!(2)));
    assert!(find(&before, "rule", "feeling").is_some());
    assert!(find(&after, "rule", "feeling").is_none());
    // nothing held before the date of effect that the row itself names
    let long_ago = app.nobody().get(&on("2020-01-01")).await.expect(200);
    assert!(find(&long_ago, "limit", "answer.request").is_none());
    let all = app.nobody().get("/public/rules?code=answer.request&versions=true").await.expect(200);
    assert_eq!(all["items"].as_array().unwrap().len(), 2);
    assert_eq!(all["items"][0]["valid_to"], all["items"][1]["valid_from"]);
}

#[actix_web::test]
async fn a_wrong_question_about_the_rules_names_its_field_in_both_languages() {
    let app = TestApp::start().await;
    app.nobody().get("/public/rules?on=yesterday").await.wrong("on", "invalid");
    app.nobody().get("/public/rules?noun=law").await.wrong("noun", "unknown");
    app.nobody().get("/public/rules?versions=true").await.wrong("code", "required");
    app.nobody().get("/public/rules?day=1").await.wrong("day", "invalid");
    let fa = app.nobody().reading("fa").get("/public/rules?on=yesterday").await;
    assert!(fa.json["errors"][0]["message"].as_str().unwrap().contains("تاریخی"));
    assert_eq!(app.nobody().get("/public/rules?code=none").await.expect(200)["items"], json!([]));
}

#[actix_web::test]
async fn the_rules_print_as_a_page_in_both_languages_with_everything_escaped() {
    let app = TestApp::start().await;
    app.agreed_patch("/rights/appeal", json!({ "text_fa": "<script>بد</script>", "text_en": "a < b" })).await;
    let page = app.nobody().reading("fa").get("/public/rules.html").await;
    assert_eq!((page.status, page.header("content-language")), (200, "fa"));
    let html = String::from_utf8(page.bytes).unwrap();
    assert!(html.contains("dir=\"rtl\"") && html.contains("۱۰ روز کاری") && html.contains("حق‌های شما"));
    assert!(!html.contains("<script>"));
    let page = app.nobody().get("/public/rules.html?noun=right").await;
    let html = String::from_utf8(page.bytes).unwrap();
    for told in ["lang=\"en\" dir=\"ltr\"", "a &lt; b", "No rule held on that day."] {
        assert!(html.contains(told), "{told} is not in {html}");
    }
}
