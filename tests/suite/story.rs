//! One case from its first word to its end, and the turns that its life may take.

use serde_json::json;

use crate::support::{TestApp, filing};

#[actix_web::test]
async fn a_request_goes_from_the_call_to_the_answer_and_its_citizen_sees_every_step() {
    let app = TestApp::start().await;
    let case = app.register(json!({})).await;
    let registered = app.case(&case).await;
    assert_eq!(
        (&registered["status"], &registered["holder"]["office"]),
        (&json!("registered"), &json!("CENTRE"))
    );
    app.classify(&case, "request", "water.outage").await;
    app.refer("classifier.centre", &case, &[("MOEN-10", "lead")]).await;
    let referral = app.lead(&case).await;
    let handler = app.as_user("handler.moen-10").await;
    handler.post(&format!("/referrals/{referral}/acceptance"), json!({})).await.expect(200);
    let held = app.case(&case).await;
    assert_eq!(held["status"], "referred");
    assert_eq!(
        (&held["holder"]["office"], &held["holder"]["user"]),
        (&json!("MOEN-10"), &json!("handler.moen-10"))
    );
    app.answer(&case, "MOEN-10").await;
    let answered = app.case(&case).await;
    assert_eq!((&answered["status"], &answered["outcome"]), (&json!("answered"), &json!("granted")));
    let closing = json!({ "outcome": "granted", "remedy": "دیوان عدالت اداری" });
    app.as_user("classifier.centre").await.post(&case.path("closure"), closing).await.expect(200);

    let told = app
        .nobody()
        .post(
            "/public/lookups",
            json!({ "tracking_code": case.tracking_code, "access_code": case.access_code }),
        )
        .await
        .expect(200);
    assert_eq!((&told["case"]["status"], &told["case"]["outcome"]), (&json!("closed"), &json!("granted")));
    assert_eq!(told["case"]["outcome_text"], "آب از ساعت ده وصل می‌شود.");
    assert_eq!(told["case"]["remedy"], "دیوان عدالت اداری");
    let seen: Vec<&str> =
        told["timeline"].as_array().unwrap().iter().filter_map(|e| e["event"].as_str()).collect();
    let steps = [
        "case_registered",
        "case_classified",
        "case_referred",
        "referral_accepted",
        "answer_approved",
        "case_closed",
    ];
    assert_eq!(seen, steps);
    app.whole();
}

#[actix_web::test]
async fn the_citizen_is_told_of_every_step_that_matters() {
    let app = TestApp::start().await;
    let case = app.closed().await;
    app.drain().await;
    let messages = app.list(&case, "messages").await;
    let templates: Vec<&str> = messages
        .iter()
        .filter(|m| m["audience"] == "citizen")
        .filter_map(|m| m["template"].as_str())
        .collect();
    assert_eq!(templates, ["case_registered", "case_referred", "answer_approved", "case_closed"]);
    assert!(messages.iter().all(|message| message["state"] == "sent"), "{messages:?}");
    let sent = app.sms().sent();
    assert_eq!(sent.len(), 4);
    assert_eq!(sent.iter().filter(|letter| letter.rendered.body.contains(&case.access_code)).count(), 1);
    assert!(
        sent.iter()
            .all(|letter| !letter.rendered.body.contains("مریم") && !letter.rendered.body.contains("قطع"))
    );
    app.whole();
}

#[actix_web::test]
async fn a_case_solved_on_the_line_ends_as_advice() {
    let app = TestApp::start().await;
    let case = app.register(json!({})).await;
    let agent = app.as_user("agent.centre").await;
    agent.post(&case.path("closure"), json!({ "outcome": "advice" })).await.wrong("text", "required");
    let body = json!({ "outcome": "advice", "text": "با ۱۲۲ تماس بگیرید." });
    let closed = agent.post(&case.path("closure"), body.clone()).await.expect(200);
    assert_eq!((&closed["status"], &closed["outcome"]), (&json!("closed"), &json!("advice")));
    assert!(closed["remedy"].as_str().is_some_and(|remedy| !remedy.is_empty()));
    agent.post(&case.path("closure"), body).await.refused(409, "wrong_state");
    app.whole();
}

#[actix_web::test]
async fn a_closed_case_cannot_be_referred_nor_classified_nor_withdrawn() {
    let app = TestApp::start().await;
    let case = app.closed().await;
    let classifier = app.as_user("classifier.centre").await;
    let to = json!({ "to": [{ "office": "MOHME" }] });
    classifier.post(&case.path("referrals"), to).await.refused(409, "wrong_state");
    let kind = json!({ "kind": "request", "category": "water.bill" });
    classifier.put(&case.path("classification"), kind).await.refused(409, "wrong_state");
    classifier.post(&case.path("withdrawal"), json!({ "confirm": true })).await.refused(409, "wrong_state");
    app.whole();
}

#[actix_web::test]
async fn closing_needs_an_outcome_of_the_kind_and_a_refusal_a_coded_reason() {
    let app = TestApp::start().await;
    let case = app.answered().await;
    let classifier = app.as_user("classifier.centre").await;
    classifier.post(&case.path("closure"), json!({ "outcome": "upheld" })).await.wrong("outcome", "unknown");
    classifier.post(&case.path("closure"), json!({ "outcome": "merged" })).await.wrong("outcome", "unknown");
    classifier
        .post(&case.path("closure"), json!({ "outcome": "declined" }))
        .await
        .wrong("reason_code", "required");
    let body = json!({ "outcome": "declined", "reason_code": "no_budget" });
    classifier.post(&case.path("closure"), body).await.expect(200);
    app.whole();
}

#[actix_web::test]
async fn a_withdrawal_must_be_confirmed_and_ends_every_referral() {
    let app = TestApp::start().await;
    let case = app.referred_to("MOEN-10").await;
    let agent = app.as_user("agent.centre").await;
    agent.post(&case.path("withdrawal"), json!({})).await.wrong("confirm", "confirm");
    let closed = agent.post(&case.path("withdrawal"), json!({ "confirm": true })).await.expect(200);
    assert_eq!((&closed["status"], &closed["outcome"]), (&json!("closed"), &json!("withdrawn")));
    assert!(app.list(&case, "referrals").await.iter().all(|hop| hop["state"] == "ended"));
    app.whole();
}

#[actix_web::test]
async fn a_reopened_case_goes_back_to_the_office_that_answered_with_a_new_clock() {
    let app = TestApp::start().await;
    let case = app.closed().await;
    app.pass_days(3);
    let inspector = app.as_user("inspector.centre").await;
    inspector.post(&case.path("reopening"), json!({ "reason": "" })).await.wrong("reason", "required");
    let reopened =
        inspector.post(&case.path("reopening"), json!({ "reason": "آب وصل نشد" })).await.expect(200);
    assert_eq!((&reopened["status"], &reopened["reopenings"]), (&json!("referred"), &json!(1)));
    assert_eq!((&reopened["holder"]["office"], &reopened["outcome"]), (&json!("MOEN-10"), &json!(null)));
    let lead = app.referral(&app.lead(&case).await).await;
    assert_eq!(lead["state"], "sent");
    assert!(lead["due_at"].as_str().unwrap() > reopened["updated_at"].as_str().unwrap());
    app.answer(&case, "MOEN-10").await;
    assert_eq!(app.case(&case).await["status"], "answered");
    app.whole();
}

#[actix_web::test]
async fn a_case_may_be_reopened_to_be_referred_anew() {
    let app = TestApp::start().await;
    let case = app.closed().await;
    let body = json!({ "reason": "مرجع دیگر", "to": "classified" });
    let reopened =
        app.as_user("classifier.centre").await.post(&case.path("reopening"), body).await.expect(200);
    assert_eq!(
        (&reopened["status"], &reopened["holder"]["office"]),
        (&json!("classified"), &json!("CENTRE"))
    );
    app.refer("classifier.centre", &case, &[("MOHME", "lead")]).await;
    assert_eq!(app.case(&case).await["holder"]["office"], "MOHME");
    app.whole();
}

#[actix_web::test]
async fn an_open_case_is_not_reopened() {
    let app = TestApp::start().await;
    let case = app.referred_to("MOEN-10").await;
    let body = json!({ "reason": "شتاب" });
    app.as_user("inspector.centre")
        .await
        .post(&case.path("reopening"), body)
        .await
        .refused(409, "wrong_state");
    app.whole();
}

#[actix_web::test]
async fn without_a_named_office_the_routing_rules_choose_the_body_of_the_place() {
    let app = TestApp::start().await;
    let case = app.classified().await;
    let told =
        app.as_user("classifier.centre").await.post(&case.path("referrals"), json!({})).await.expect(201);
    assert_eq!(told["items"][0]["office"]["code"], "MOEN-10");
    assert_eq!(told["items"][0]["role"], "lead");
    app.whole();
}

#[actix_web::test]
async fn a_correction_keeps_the_status_and_stands_in_the_timeline() {
    let app = TestApp::start().await;
    let case = app.referred_to("MOEN-10").await;
    // held by the provincial body now: the centre's classifier reaches it, that of the governorate does not
    app.classify(&case, "request", "water.bill").await;
    let now = app.case(&case).await;
    assert_eq!((&now["status"], &now["category"]), (&json!("referred"), &json!("water.bill")));
    let timeline = app.list(&case, "timeline").await;
    assert_eq!(timeline.last().unwrap()["detail"]["previous"], "water.outage");
    app.whole();
}

#[actix_web::test]
async fn an_unknown_field_is_named() {
    let app = TestApp::start().await;
    let agent = app.as_user("agent.centre").await;
    agent.post("/cases", filing(json!({ "kin": "request" }))).await.wrong("kin", "unknown_field");
    app.whole();
}

#[actix_web::test]
async fn a_withdrawn_case_is_not_reopened() {
    let app = TestApp::start().await;
    let case = app.register(json!({})).await;
    let agent = app.as_user("agent.centre").await;
    agent.post(&case.path("withdrawal"), json!({ "confirm": true })).await.expect(200);
    let body = json!({ "reason": "بازبینی" });
    app.as_user("inspector.centre")
        .await
        .post(&case.path("reopening"), body)
        .await
        .refused(409, "wrong_state");
    app.whole();
}
