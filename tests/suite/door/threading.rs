//! To which case something belongs: by code and owner, by sender, and never by chance.

use serde_json::{Value, json};

use super::adapters::MOBILE;
use crate::support::{Case, Reply, TestApp, filing};

async fn sms(app: &TestApp, from: &str, text: &str) -> Reply {
    app.gateway().post("/channels/sms/demo/inbound", json!({ "from": from, "text": text })).await
}

async fn words(app: &TestApp, case: &Case) -> Vec<Value> {
    let messages = app.list(case, "messages").await;
    messages.into_iter().filter(|message| message["direction"] == "in").map(|m| m["body"].clone()).collect()
}

#[actix_web::test]
async fn a_code_of_somebody_elses_case_joins_nothing_and_tells_nothing() {
    let app = TestApp::start().await;
    let hers = app.register(json!({})).await;
    let before = app.case(&hers).await;
    for from in ["09123334455", "031 3624 0000", "SAMAD"] {
        let text = format!("پرونده {} چه شد؟ {from}", hers.tracking_code);
        let told = sms(&app, from, &text).await.expect(201);
        assert_ne!(told["tracking_code"], hers.tracking_code);
        let shown = told.to_string();
        assert!(!shown.contains(&hers.tracking_code) && !shown.contains(&hers.id), "{shown}");
        let path = format!("/intake/items/{}", told["item"].as_str().unwrap());
        let item = app.as_user("registrar.centre").await.get(&path).await.expect(200);
        let steps = item["steps"].clone();
        assert!(steps.as_array().unwrap().iter().any(|step| step["step"] == "code_unproved"), "{steps}");
    }
    assert_eq!(app.case(&hers).await["version"], before["version"]);
    assert_eq!(words(&app, &hers).await, Vec::<Value>::new());
}

#[actix_web::test]
async fn a_code_with_a_wrong_check_digit_is_a_number_like_any_other() {
    let app = TestApp::start().await;
    let hers = app.register(json!({})).await;
    let last = hers.tracking_code.chars().last().unwrap().to_digit(10).unwrap();
    let wrong = format!("{}{}", &hers.tracking_code[..10], (last + 1) % 10);
    let mine = sms(&app, "09123334455", &format!("شماره {wrong}")).await.expect(201);
    let item = mine["item"].as_str().unwrap();
    let item = app.as_user("registrar.centre").await.get(&format!("/intake/items/{item}")).await.expect(200);
    let steps: Vec<&str> =
        item["steps"].as_array().unwrap().iter().map(|s| s["step"].as_str().unwrap()).collect();
    assert_eq!(steps, ["received", "registered", "acknowledged", "read"]);
}

#[actix_web::test]
async fn a_letter_with_code_and_national_id_joins_whatever_phone_it_names() {
    let app = TestApp::start().await;
    let hers = app.register(json!({})).await;
    let mut letter = json!({ "registry_number": "140/7", "national_id": "۹۹۹۱۰۰۰۰۱۱", "mobile": "09123334455",
        "text": format!("بازگشت به {}", hers.tracking_code) });
    let told = app.gateway().post("/channels/letters", letter.clone()).await.expect(200);
    assert_eq!(told["state"], "joined");
    // her own phone in the hands of another person
    letter["registry_number"] = json!("140/8");
    letter["national_id"] = json!(crate::support::REZA);
    letter["mobile"] = json!("09990000011");
    app.gateway().post("/channels/letters", letter).await.expect(201);
    assert_eq!(words(&app, &hers).await.len(), 1);
}

#[actix_web::test]
async fn a_reply_to_a_question_by_sms_runs_the_clocks_again() {
    let app = TestApp::start().await;
    let case = app.classified().await;
    let ask = json!({ "text": "نشانی دقیق را بفرستید." });
    app.as_user("classifier.centre").await.post(&case.path("questions"), ask).await.expect(201);
    assert_eq!(app.case(&case).await["status"], "awaiting_citizen");
    let text = format!("کوچه پنجم، پلاک ۷. {}", case.tracking_code);
    sms(&app, MOBILE, &text).await.expect(200);
    assert_eq!(app.case(&case).await["status"], "classified");
    assert!(app.events(&case).await.contains(&"citizen_replied".to_owned()));
}

#[actix_web::test]
async fn a_sender_with_one_open_case_is_heard_on_it_within_the_window_only() {
    let app = TestApp::start().await;
    let first = sms(&app, MOBILE, "آب قطع است.").await.expect(201);
    let told = sms(&app, MOBILE, "هنوز هم.").await.expect(200);
    assert_eq!(told["state"], "joined");
    app.pass_days(4);
    let second = sms(&app, MOBILE, "چراغ کوچه سوخته است.").await.expect(201);
    assert_ne!(first["tracking_code"], second["tracking_code"]);
    // with two open cases nobody guesses
    sms(&app, MOBILE, "کی درست می‌شود؟").await.expect(201);
    // a sender whom no carrier vouches for is never guessed
    sms(&app, "09120001122", "یک").await.expect(201);
    let fax = json!({ "from": "09120001122", "text": "دو" });
    app.gateway().post("/channels/fax/inbound", fax).await.expect(201);
}

#[actix_web::test]
async fn words_for_a_case_that_takes_none_any_more_become_a_new_matter() {
    let app = TestApp::start().await;
    let case = app.closed().await;
    let text = format!("دوباره قطع شد. {}", case.tracking_code);
    let told = sms(&app, MOBILE, &text).await.expect(201);
    let item = told["item"].as_str().unwrap();
    let item = app.as_user("registrar.centre").await.get(&format!("/intake/items/{item}")).await.expect(200);
    assert!(item["steps"].as_array().unwrap().iter().any(|step| step["step"] == "case_silent"), "{item}");
    assert_eq!(item["case_id"], told["case_id"]);
}

#[actix_web::test]
async fn a_filing_joins_nothing_because_its_filer_says_that_it_is_new() {
    let app = TestApp::start().await;
    let first = app.register(json!({})).await;
    let wish = filing(json!({ "text": format!("مانند {}", first.tracking_code) }));
    let told = app.as_user("agent.centre").await.post("/cases", wish).await.expect(201);
    assert_ne!(told["tracking_code"], first.tracking_code);
}
