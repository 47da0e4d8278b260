//! One letter with several matters: a part for each, a clock per part, one merged answer at the end.

use serde_json::{Value, json};

use super::{action, desk, family, look_up, say, told, with_mail};
use crate::support::{Case, TestApp};

fn letter() -> Value {
    json!({ "channel": "letter", "text": "هم آب قطع است و هم درمانگاه دارو ندارد.", "subject": "چند مشکل محله" })
}

fn two_parts() -> Value {
    json!({
        "parts": [
            { "text": "آب قطع است.", "subject": "آب", "category": "water.outage" },
            { "text": "درمانگاه دارو ندارد.", "subject": "دارو", "kind": "report" },
        ],
        "reason": "دو موضوع", "lead": "MOEN-10",
    })
}

/// A letter at the lead, and its two parts at the desk.
async fn split(app: &TestApp) -> (Case, Vec<Case>) {
    let letter = app.register(letter()).await;
    let done = desk(app, &letter, "split", two_parts()).await.expect(201);
    assert_eq!(done["case"]["status"], "referred");
    let text = |part: &Value, field: &str| part[field].as_str().unwrap().to_owned();
    let parts = done["parts"].as_array().unwrap().iter().map(|part| Case {
        id: text(part, "id"),
        tracking_code: text(part, "tracking_code"),
        access_code: String::new(),
    });
    (letter, parts.collect())
}

async fn close(app: &TestApp, case: &Case) {
    desk(app, case, "closure", json!({ "outcome": "granted" })).await.expect(200);
}

/// Referred, accepted, answered and closed.
async fn see_through(app: &TestApp, part: &Case, office: &str) {
    app.refer("classifier.centre", part, &[(office, "lead")]).await;
    app.answer(part, office).await;
    close(app, part).await;
}

#[actix_web::test]
async fn every_part_has_its_own_code_kind_and_clock_and_the_citizen_gets_one_message() {
    let app = TestApp::start().await;
    let (letter, parts) = split(&app).await;
    let (first, second) = (app.case(&parts[0]).await, app.case(&parts[1]).await);
    assert_eq!(
        (&first["status"], &first["category"], &first["kind"]),
        (&json!("classified"), &json!("water.outage"), &json!("request"))
    );
    assert_eq!((&second["status"], &second["kind"]), (&json!("registered"), &json!("report")));
    assert_eq!(first["family"]["relation"], "part");
    app.drain().await;
    let sent = app.list(&letter, "messages").await;
    let to_citizen: Vec<&Value> = sent.iter().filter(|m| m["audience"] == "citizen").collect();
    assert_eq!(to_citizen.len(), 2, "the acknowledgement and one message with all codes: {to_citizen:?}");
    let body = to_citizen[1]["body"].as_str().unwrap();
    for part in &parts {
        assert!(body.contains(&part.tracking_code), "{body}");
        assert_eq!(app.list(part, "messages").await.len(), 0);
    }
    let seen = look_up(&app, &letter).await;
    assert_eq!(seen["case"]["parts"].as_array().unwrap().len(), 2);
    // the codes of the parts open with the second factor of the same citizen
    let wish = json!({ "tracking_code": parts[0].tracking_code, "mobile": "09990000011" });
    app.nobody().post("/public/lookups", wish).await.expect(200);
    app.whole();
}

#[actix_web::test]
async fn the_letter_is_answered_after_its_last_part_with_one_merged_answer() {
    let app = TestApp::start().await;
    with_mail(&app, "MOEN-10").await;
    let (letter, parts) = split(&app).await;
    let referral = app.lead(&letter).await;
    let answer = json!({ "text": "هر دو انجام شد.", "outcome": "granted" });
    let handler = app.as_user("handler.moen-10").await;
    handler.post(&format!("/referrals/{referral}/answers"), answer.clone()).await.refused(409, "parts_open");
    see_through(&app, &parts[0], "MOEN-10").await;
    assert_eq!(family(&app, &letter).await["merged_answer"], Value::Null);
    app.classify(&parts[1], "report", "health.drug_shortage").await;
    app.refer("classifier.centre", &parts[1], &[("MOHME", "lead")]).await;
    app.answer_with(&parts[1], "MOHME", "verified").await;
    desk(&app, &parts[1], "closure", json!({ "outcome": "verified" })).await.expect(200);
    let proposed = family(&app, &letter).await["merged_answer"].as_str().unwrap().to_owned();
    assert!(
        proposed.contains("آب از ساعت ده وصل می‌شود.") && proposed.contains(&parts[1].tracking_code),
        "{proposed}"
    );
    app.drain().await;
    assert!(app.list(&letter, "messages").await.iter().any(|m| m["template"] == "parts_closed"));
    handler
        .post(&format!("/referrals/{referral}/answers"), json!({ "text": proposed, "outcome": "granted" }))
        .await
        .expect(201);
    let pending = app.list(&letter, "answers").await[0]["id"].as_str().unwrap().to_owned();
    handler.post(&format!("/answers/{pending}/approval"), json!({})).await.refused(403, "forbidden");
    app.as_user("approver.moen-10")
        .await
        .post(&format!("/answers/{pending}/approval"), json!({}))
        .await
        .expect(200);
    assert_eq!(told(&app, &letter, "answer_approved").await, 1);
    // what was answered as a whole is not taken up again piece by piece
    desk(&app, &parts[0], "reopening", json!({ "reason": "بازبینی" })).await.refused(409, "parent_answered");
    desk(&app, &parts[0], "objection", json!({ "text": "نه" })).await.refused(409, "parent_answered");
    say(&app, &letter, "objection", json!({ "text": "آب باز قطع شد." })).await.expect(201);
    // while the letter is open again, its parts may be too, and it waits for them again
    desk(&app, &parts[0], "reopening", json!({ "reason": "بازبینی" })).await.expect(200);
    assert_eq!(app.case(&letter).await["family"]["open_parts"], 1);
    app.whole();
}

#[actix_web::test]
async fn a_late_part_is_the_reason_that_the_letter_shows() {
    let app = TestApp::start().await;
    let (letter, parts) = split(&app).await;
    app.refer("classifier.centre", &parts[0], &[("MOEN-10", "lead")]).await;
    app.pass_days(40);
    let officer = app.as_user("handler.moen-10").await.get(&letter.path("family")).await.expect(200);
    assert_eq!(officer["late"], 2);
    let why = officer["items"][0]["why"].as_str().unwrap();
    assert!(why.contains("late since"), "{why}");
    assert_eq!(app.case(&letter).await["family"]["late_parts"], 2);
    let seen = look_up(&app, &letter).await;
    let part = &seen["case"]["parts"][0];
    assert_eq!((&part["overdue"], &part["holder"]["code"]), (&json!(true), &json!("MOEN-10")));
    assert!(part["why"].as_str().unwrap().contains("late since"), "{part}");
    app.whole();
}

#[actix_web::test]
async fn a_letter_with_open_parts_is_neither_advised_dismissed_nor_left_to_a_question() {
    let app = TestApp::start().await;
    let (letter, _) = split(&app).await;
    let referral = app.lead(&letter).await;
    desk(&app, &letter, "questions", json!({ "text": "کجا؟" })).await.refused(409, "parts_open");
    app.as_user("handler.moen-10")
        .await
        .post(&format!("/referrals/{referral}/return"), json!({ "reason": "duplicate" }))
        .await
        .expect(200);
    desk(&app, &letter, "closure", json!({ "outcome": "advice", "text": "x" }))
        .await
        .refused(409, "parts_open");
    let dismissal = json!({ "outcome": "no_cause", "reason": "no_ground", "signpost": "دادگستری" });
    desk(&app, &letter, "dismissal", dismissal).await.refused(409, "parts_open");
    app.whole();
}

#[actix_web::test]
async fn a_letter_that_is_taken_back_takes_its_parts_along() {
    let app = TestApp::start().await;
    let (letter, parts) = split(&app).await;
    say(&app, &letter, "withdrawal", json!({ "confirm": true })).await.expect(200);
    for case in parts.iter().chain([&letter]) {
        assert_eq!(app.case(case).await["outcome"], "withdrawn");
    }
    assert_eq!(told(&app, &letter, "case_withdrawn").await, 1);
    app.whole();
}

#[actix_web::test]
async fn a_split_is_undone_while_no_part_has_been_referred() {
    let app = TestApp::start().await;
    let (letter, parts) = split(&app).await;
    assert_eq!(action(&app, "classifier.centre", &letter, "/unsplit").await, (true, Value::Null));
    let back = desk(&app, &letter, "unsplit", json!({ "reason": "یک موضوع است" })).await.expect(200);
    assert_eq!((&back["status"], &back["holder"]["office"]), (&json!("registered"), &json!("CENTRE")));
    for part in &parts {
        assert_eq!(app.case(part).await["outcome"], "merged");
    }
    assert_eq!(
        (family(&app, &letter).await["total"].clone(), told(&app, &letter, "split_undone").await),
        (json!(2), 1)
    );
    let wish = json!({ "tracking_code": parts[0].tracking_code, "mobile": "09990000011" });
    let seen = app.nobody().post("/public/lookups", wish).await.expect(200);
    assert_eq!(seen["case"]["follows"]["relation"], "merged", "the code still shows where the matter stands");
    desk(&app, &letter, "unsplit", json!({ "reason": "باز" })).await.refused(409, "not_split");
    // referred: too late
    let (letter, parts) = split(&app).await;
    app.refer("classifier.centre", &parts[0], &[("MOEN-10", "lead")]).await;
    desk(&app, &letter, "unsplit", json!({ "reason": "باز" })).await.refused(409, "part_referred");
    assert_eq!(action(&app, "classifier.centre", &letter, "/unsplit").await, (false, json!("part_referred")));
    app.whole();
}

#[actix_web::test]
async fn a_referred_letter_keeps_its_lead_when_it_is_split() {
    let app = TestApp::start().await;
    let letter = app.accepted("MOEN-10").await;
    let lead = app.lead(&letter).await;
    desk(&app, &letter, "split", two_parts()).await.wrong("lead", "lead_exists");
    let mut wish = two_parts();
    wish.as_object_mut().unwrap().remove("lead");
    desk(&app, &letter, "split", wish).await.expect(201);
    assert_eq!(
        (app.lead(&letter).await, app.case(&letter).await["status"].clone()),
        (lead, json!("referred"))
    );
    app.whole();
}

#[actix_web::test]
async fn a_wrong_split_names_every_field() {
    let app = TestApp::start().await;
    let letter = app.register(letter()).await;
    let wish = json!({
        "parts": [{ "text": " " }, { "text": "دو", "kind": "poem", "category": "none" }, { "text": "سه", "place": { "county": "9999" } }],
        "reason": "",
    });
    let reply = desk(&app, &letter, "split", wish).await;
    let fields: Vec<&str> =
        reply.json["errors"].as_array().unwrap().iter().filter_map(|e| e["field"].as_str()).collect();
    for field in
        ["reason", "parts[0].text", "parts[1].kind", "parts[1].category", "parts[2].place.county", "lead"]
    {
        assert!(fields.contains(&field), "{field} is not in {fields:?}");
    }
    desk(&app, &letter, "split", json!({ "parts": [{ "text": "یک" }], "reason": "x" }))
        .await
        .wrong("parts", "out_of_range");
    let many: Vec<Value> = (0..11).map(|_| json!({ "text": "یک" })).collect();
    desk(&app, &letter, "split", json!({ "parts": many, "reason": "x" }))
        .await
        .wrong("parts", "out_of_range");
    let (_, parts) = split(&app).await;
    desk(&app, &parts[0], "split", two_parts()).await.refused(409, "part_of_case");
    super::merge(&app, &parts[0], &letter).await.refused(409, "part_of_case");
    assert_eq!(app.case(&letter).await["status"], "registered", "nothing was done");
    app.whole();
}

#[actix_web::test]
async fn a_sealed_matter_of_a_letter_is_counted_and_not_shown_to_its_lead() {
    let app = TestApp::start().await;
    let letter = app.register(letter()).await;
    let mut wish = two_parts();
    wish["parts"][1]["category"] = json!("conduct.bribery");
    desk(&app, &letter, "split", wish).await.expect(201);
    let lead = app.as_user("handler.moen-10").await.get(&letter.path("family")).await.expect(200);
    assert_eq!(
        (&lead["total"], &lead["hidden"], lead["items"].as_array().unwrap().len()),
        (&json!(2), &json!(1), 1)
    );
    let centre = app.as_user("classifier.centre").await.get(&letter.path("family")).await.expect(200);
    assert_eq!(centre["hidden"], 0);
    let page = app
        .as_user("classifier.centre")
        .await
        .get(&format!("{}?limit=1", letter.path("family")))
        .await
        .expect(200);
    let next = page["next_cursor"].as_str().unwrap();
    let rest = app
        .as_user("classifier.centre")
        .await
        .get(&format!("{}?limit=1&cursor={next}", letter.path("family")))
        .await
        .expect(200);
    assert_ne!(page["items"][0]["case_id"], rest["items"][0]["case_id"]);
    assert_eq!(rest["next_cursor"], Value::Null);
    app.as_user("classifier.centre")
        .await
        .get(&format!("{}?cursor=x", letter.path("family")))
        .await
        .refused(400, "invalid_cursor");
    app.whole();
}
