//! The extract: proposed, corrected, confirmed, and what happens without it.

use serde_json::{Value, json};

use super::{citizen, classified, out_by_extract};
use crate::support::TestApp;

#[actix_web::test]
async fn a_proposal_masks_the_citizen_in_every_spelling_and_a_stranger_too() {
    let app = TestApp::start().await;
    let case = classified(&app).await;
    let classifier = app.as_user("classifier.centre").await;
    let told = classifier.post(&case.path("extract"), json!({})).await.expect(201);
    let extract = &told["extract"];
    assert_eq!((&extract["state"], &extract["behind"]), (&json!("proposed"), &json!(false)));
    assert_eq!(extract["subject"], "شکایت [نام ۱]");
    assert_eq!(
        extract["text"],
        "اینجانب [نام ۱] با شماره [شماره ۱] و کد ملی [شماره ۲] می‌گویم که کارمند باجه پول خواست؛ گلدان آبی هم شاهد است. [نام ۱]، [نشانی ۱]"
    );
    assert_eq!(extract["remedy_sought"], "به [نام ۱] پاسخ دهید");
    assert_eq!(app.events(&case).await.last().unwrap(), "extract_proposed");
    // nobody else reads a proposal
    assert_eq!(told["case"]["text_form"], "hidden");
    app.as_user("inspector.centre").await.get(&case.path("extract")).await.refused(404, "not_found");
    app.whole();
}

#[actix_web::test]
async fn a_sealed_case_goes_nowhere_without_a_confirmed_extract() {
    let app = TestApp::start().await;
    let case = classified(&app).await;
    let classifier = app.as_user("classifier.centre").await;
    let to = json!({ "to": [{ "office": "MOHME" }] });
    classifier.post(&case.path("referrals"), to.clone()).await.refused(409, "extract_required");
    classifier.post(&case.path("extract"), json!({})).await.expect(201);
    classifier.post(&case.path("referrals"), to.clone()).await.refused(409, "extract_required");
    classifier.put(&case.path("extract"), json!({ "text": "کارمندی پول خواست" })).await.expect(200);
    classifier.post(&case.path("referrals"), to).await.expect(201);
    let told = app.as_user("handler.mohme").await.get(&case.path("")).await.expect(200);
    assert_eq!((&told["text"], &told["text_form"]), (&json!("کارمندی پول خواست"), &json!("extract")));
    app.whole();
}

#[actix_web::test]
async fn an_extract_that_still_names_the_citizen_is_refused_with_the_place_and_not_the_value() {
    let app = TestApp::start().await;
    let case = classified(&app).await;
    let classifier = app.as_user("classifier.centre").await;
    for text in [
        "مريم گفت",
        "خانم كاظمي نيا گفت",
        "م ر ی م گفت",
        "شماره 0999-000-0011",
        "کد ۹۹۹۱۰۰۰۰۱۱",
        "نماینده‌اش درخشنده",
        "کوچه نسترن",
        "شماره دیگری ٠٩١٢٣٤٥٦٧٨٩",
        "someone@example.com",
    ] {
        let reply = classifier.put(&case.path("extract"), json!({ "text": text })).await;
        let told = reply.told();
        reply.wrong("text", "identity_in_text");
        assert!(!told.contains("کاظمی") && !told.contains("9990000011") && !told.contains("نسترن"), "{told}");
    }
    let body = json!({ "text": "چکیده", "subject": "شکایت مریم" });
    classifier.put(&case.path("extract"), body).await.wrong("subject", "identity_in_text");
    classifier.put(&case.path("extract"), json!({ "text": " " })).await.wrong("text", "required");
    let to = json!({ "to": [{ "office": "MOHME" }], "instruction": "با خانم مریم تماس بگیرید" });
    app.extract(&case).await;
    classifier.post(&case.path("referrals"), to).await.wrong("instruction", "identity_in_text");
    app.whole();
}

#[actix_web::test]
async fn only_the_desk_and_the_privacy_officer_make_an_extract_and_only_of_a_sealed_case() {
    let app = TestApp::start().await;
    let case = out_by_extract(&app).await;
    for person in ["handler.mohme", "approver.mohme", "inspector.centre", "appeal.centre"] {
        let person = app.as_user(person).await;
        person.post(&case.path("extract"), json!({})).await.refused(403, "forbidden");
        person.put(&case.path("extract"), json!({ "text": "x" })).await.refused(403, "forbidden");
    }
    app.as_user("privacy.centre")
        .await
        .put(&case.path("extract"), json!({ "text": "متن تازه" }))
        .await
        .expect(200);
    let told = app.as_user("handler.mohme").await.get(&case.path("extract")).await.expect(200);
    assert_eq!((&told["text"], &told["author"]), (&json!("متن تازه"), &json!("privacy.centre")));
    let plain = app.register(json!({})).await;
    let classifier = app.as_user("classifier.centre").await;
    classifier.post(&plain.path("extract"), json!({})).await.refused(409, "not_sealed");
    classifier.get(&plain.path("extract")).await.refused(404, "not_found");
    app.whole();
}

#[actix_web::test]
async fn what_the_citizen_says_later_reaches_the_body_by_the_next_extract() {
    let app = TestApp::start().await;
    let case = out_by_extract(&app).await;
    let handler = app.as_user("handler.mohme").await;
    handler.post(&case.path("questions"), json!({ "text": "کدام باجه بود؟" })).await.expect(201);
    app.pass_hours(1);
    let reply = json!({ "text": "باجه سوم؛ من كاظمي‌نيا هستم، ٠٩٩٩٠٠٠٠٠١١" });
    let path = format!("/public/cases/{}/messages", case.tracking_code);
    citizen(&app, &case).await.post(&path, reply).await.expect(201);
    let before = handler.get(&case.path("extract")).await.expect(200);
    assert_eq!(before["behind"], true);
    assert!(!before["text"].as_str().unwrap().contains("باجه سوم"));
    let classifier = app.as_user("classifier.centre").await;
    let told = classifier.post(&case.path("extract"), json!({})).await.expect(201);
    let text = told["extract"]["text"].as_str().unwrap();
    assert!(text.starts_with(before["text"].as_str().unwrap()), "what was confirmed stays: {text}");
    assert!(text.ends_with("باجه سوم؛ من [نام ۱] هستم، [شماره ۱]"), "{text}");
    // until it is confirmed, the body reads the one before
    assert_eq!(handler.get(&case.path("extract")).await.expect(200)["text"], before["text"]);
    classifier.put(&case.path("extract"), json!({ "text": text })).await.expect(200);
    let after = handler.get(&case.path("")).await.expect(200);
    assert!(after["text"].as_str().unwrap().contains("باجه سوم"));
    assert_eq!(handler.get(&case.path("extract")).await.expect(200)["behind"], false);
    app.whole();
}

#[actix_web::test]
async fn a_case_that_is_sealed_on_its_way_is_hidden_at_once_and_opened_by_the_privacy_officer_only() {
    let app = TestApp::start().await;
    let case = app.accepted("MOEN-10").await;
    let handler = app.as_user("handler.moen-10").await;
    assert_eq!(handler.get(&case.path("")).await.expect(200)["text_form"], "original");
    handler.post(&case.path("sealing"), json!({ "reason": "x" })).await.refused(403, "forbidden");
    let classifier = app.as_user("classifier.centre").await;
    classifier.post(&case.path("sealing"), json!({})).await.wrong("reason", "required");
    let named = json!({ "reason": "به خواست مریم" });
    classifier.post(&case.path("sealing"), named).await.wrong("reason", "identity_in_text");
    classifier.post(&case.path("sealing"), json!({ "reason": "به خواست شهروند" })).await.expect(200);
    let told = handler.get(&case.path("")).await.expect(200);
    assert_eq!(
        (&told["text"], &told["text_form"], &told["citizen"], &told["subject"]),
        (&json!(""), &json!("hidden"), &json!(null), &json!(null))
    );
    let back = json!({ "reason": "اشتباه بود" });
    classifier.post(&case.path("sealing"), back.clone()).await.refused(409, "already_done");
    classifier.post(&case.path("unsealing"), back.clone()).await.refused(403, "forbidden");
    let privacy = app.as_user("privacy.centre").await;
    privacy.post(&case.path("unsealing"), json!({ "reason": " " })).await.wrong("reason", "required");
    privacy.post(&case.path("unsealing"), back.clone()).await.expect(200);
    privacy.post(&case.path("unsealing"), back).await.refused(409, "not_sealed");
    let told = handler.get(&case.path("")).await.expect(200);
    assert_eq!((&told["text_form"], &told["citizen"]["masked"]), (&json!("original"), &json!(false)));
    let events = app.events(&case).await;
    assert_eq!(events[events.len() - 2..], ["case_sealed", "case_unsealed"]);
    app.whole();
}

#[actix_web::test]
async fn a_transfer_of_a_case_that_was_sealed_on_its_way_waits_for_the_extract() {
    let app = TestApp::start().await;
    let case = app.accepted("MOHME").await;
    let classifier = app.as_user("classifier.centre").await;
    classifier.post(&case.path("sealing"), json!({ "reason": "به خواست شهروند" })).await.expect(200);
    let path = format!("/referrals/{}/transfer", app.lead(&case).await);
    let body = json!({ "office": "MOI", "reason": "صلاحیت" });
    let liaison = app.as_user("liaison.mohme").await;
    liaison.post(&path, body.clone()).await.refused(409, "extract_required");
    app.extract(&case).await;
    liaison.post(&path, body).await.expect(200);
    app.whole();
}

async fn waiting(app: &TestApp, username: &str) -> Vec<(Value, Value)> {
    let told = app.as_user(username).await.get("/inbox?box=extract").await.expect(200);
    let items = told["items"].as_array().unwrap();
    assert_eq!(told["counts"]["extract"], items.len(), "counts are of the same rows");
    items.iter().map(|item| (item["case"]["id"].clone(), item["reasons"].clone())).collect()
}

#[actix_web::test]
async fn the_desk_is_told_which_sealed_case_waits_for_an_extract_and_why_it_goes_nowhere() {
    let app = TestApp::start().await;
    app.register(json!({})).await;
    let case = classified(&app).await;
    let missing = vec![(json!(case.id), json!(["extract_missing"]))];
    assert_eq!(waiting(&app, "classifier.centre").await, missing);
    assert_eq!(waiting(&app, "privacy.centre").await, missing);
    assert_eq!(waiting(&app, "classifier.gov-10").await, []);
    let classifier = app.as_user("classifier.centre").await;
    let refer = async || {
        let told = classifier.get(&case.path("actions")).await.expect(200);
        told["items"].as_array().unwrap().iter().find(|one| one["verb"] == "refer").unwrap().clone()
    };
    let refused = refer().await;
    assert_eq!((&refused["allowed"], &refused["code"]), (&json!(false), &json!("extract_required")));
    assert!(refused["reason"].as_str().unwrap().contains("inbox"), "{refused}");
    // a proposal that nobody confirmed is none; in the whole list it stands once, with its reason
    classifier.post(&case.path("extract"), json!({})).await.expect(201);
    assert_eq!(waiting(&app, "classifier.centre").await, missing);
    let all = classifier.get("/inbox").await.expect(200);
    let same = all["items"].as_array().unwrap().iter().filter(|item| item["case"]["id"] == json!(case.id));
    let reasons: Vec<&Value> = same.map(|item| &item["reasons"]).collect();
    assert_eq!(reasons, [&json!(["extract_missing"])]);
    app.extract(&case).await;
    assert_eq!(waiting(&app, "classifier.centre").await, []);
    assert_eq!(refer().await["allowed"], true);
    // the citizen says more while a body works on it
    app.refer("classifier.centre", &case, &[("MOHME", "lead")]).await;
    app.pass_hours(1);
    let path = format!("/public/cases/{}/messages", case.tracking_code);
    citizen(&app, &case).await.post(&path, json!({ "text": "باجه سوم بود" })).await.expect(201);
    let behind = vec![(json!(case.id), json!(["extract_behind"]))];
    assert_eq!(waiting(&app, "classifier.centre").await, behind);
    let all = classifier.get("/inbox").await.expect(200).to_string();
    assert!(all.contains("extract_behind") && !all.contains("باجه سوم"), "{all}");
    app.extract(&case).await;
    assert_eq!(waiting(&app, "classifier.centre").await, []);
    app.whole();
}
