//! Down the tree and up again: sub-referrals, their answers, and who holds the case meanwhile.

use serde_json::json;

use crate::support::{Case, TestApp};

/// With the ministry, which passed it on to its provincial body.
async fn passed_down(app: &TestApp) -> (Case, String, String) {
    let case = app.accepted("MOEN").await;
    let above = app.lead(&case).await;
    let below = app.refer("handler.moen", &case, &[("MOEN-10", "lead")]).await.remove(0);
    (case, above, below)
}

async fn holder(app: &TestApp, case: &Case) -> String {
    app.case(case).await["holder"]["office"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn the_answer_travels_up_the_chain_it_came_down() {
    let app = TestApp::start().await;
    let (case, above, below) = passed_down(&app).await;
    assert_eq!(app.referral(&below).await["parent_id"], above.as_str());
    assert_eq!(holder(&app, &case).await, "MOEN-10");
    let answer = app.submit(&case, "MOEN-10").await;
    assert_eq!(holder(&app, &case).await, "MOEN-10");
    let approval = format!("/answers/{answer}/approval");
    app.as_user("approver.moen-10").await.post(&approval, json!({})).await.expect(200);
    assert_eq!(app.referral(&below).await["state"], "answered");
    let back = app.case(&case).await;
    assert_eq!((&back["status"], &back["holder"]["office"]), (&json!("referred"), &json!("MOEN")));
    assert_eq!(back["holder"]["user"], "handler.moen");
    app.answer(&case, "MOEN").await;
    assert_eq!(app.case(&case).await["status"], "answered");
}

#[actix_web::test]
async fn the_citizen_reads_only_the_answer_of_the_lead() {
    let app = TestApp::start().await;
    let (case, ..) = passed_down(&app).await;
    app.answer(&case, "MOEN-10").await;
    let wish = json!({ "tracking_code": case.tracking_code, "access_code": case.access_code });
    let told = app.nobody().post("/public/lookups", wish.clone()).await.expect(200);
    assert_eq!(told["case"]["answers"], json!([]));
    app.answer(&case, "MOEN").await;
    let told = app.nobody().post("/public/lookups", wish).await.expect(200);
    assert_eq!(told["case"]["answers"].as_array().unwrap().len(), 1);
}

#[actix_web::test]
async fn an_open_sub_referral_holds_up_the_final_answer_but_no_interim_one() {
    let app = TestApp::start().await;
    let (_case, above, _) = passed_down(&app).await;
    let handler = app.as_user("handler.moen").await;
    let path = format!("/referrals/{above}/answers");
    let last = json!({ "text": "انجام شد.", "outcome": "granted" });
    handler.post(&path, last).await.refused(409, "open_referral");
    handler
        .post(&path, json!({ "text": "در دست پیگیری.", "interim": true, "expected_at": "1405/04/10" }))
        .await
        .expect(201);
    let back = json!({ "reason": "duplicate" });
    handler.post(&format!("/referrals/{above}/return"), back).await.refused(409, "answer_pending");
}

#[actix_web::test]
async fn a_sub_referral_is_due_before_the_one_above() {
    let app = TestApp::start().await;
    let (_case, above, below) = passed_down(&app).await;
    let (above, below) = (app.referral(&above).await, app.referral(&below).await);
    assert!(below["due_at"].as_str() < above["due_at"].as_str(), "{below} {above}");
}

#[actix_web::test]
async fn a_lead_passes_only_down_the_tree() {
    let app = TestApp::start().await;
    let case = app.accepted("MOEN-10").await;
    let handler = app.as_user("handler.moen-10").await;
    for office in ["MOHME", "MOEN", "CENTRE"] {
        let to = json!({ "to": [{ "office": office }] });
        handler.post(&case.path("referrals"), to).await.wrong("to[0].office", "not_below");
    }
}

#[actix_web::test]
async fn a_governorate_refers_inside_its_own_province_only() {
    let app = TestApp::start().await;
    let case = app.register_as("agent.gov-10", json!({})).await;
    let body = json!({ "kind": "request", "category": "water.outage" });
    let classifier = app.as_user("classifier.gov-10").await;
    classifier.put(&case.path("classification"), body).await.expect(200);
    let elsewhere = json!({ "to": [{ "office": "MOEN-23" }] });
    classifier.post(&case.path("referrals"), elsewhere).await.wrong("to[0].office", "not_below");
    app.refer("classifier.gov-10", &case, &[("FAR-1002", "lead")]).await;
    assert_eq!(holder(&app, &case).await, "FAR-1002");
}

#[actix_web::test]
async fn a_returned_sub_referral_gives_the_case_back_to_the_office_above() {
    let app = TestApp::start().await;
    let (case, _, below) = passed_down(&app).await;
    let body = json!({ "reason": "other_unit", "office": "MOEN-23" });
    let handler = app.as_user("handler.moen-10").await;
    handler.post(&format!("/referrals/{below}/return"), body).await.expect(200);
    let back = app.case(&case).await;
    assert_eq!((&back["status"], &back["holder"]["office"]), (&json!("referred"), &json!("MOEN")));
}

#[actix_web::test]
async fn a_recalled_lead_takes_everything_below_with_it() {
    let app = TestApp::start().await;
    let (case, above, below) = passed_down(&app).await;
    let body = json!({ "reason": "اشتباه" });
    app.as_user("classifier.centre")
        .await
        .post(&format!("/referrals/{above}/recall"), body)
        .await
        .expect(200);
    assert_eq!(app.referral(&below).await["state"], "ended");
    assert_eq!(holder(&app, &case).await, "CENTRE");
}

#[actix_web::test]
async fn every_case_has_exactly_one_holder_at_every_step() {
    let app = TestApp::start().await;
    let case = app.register(json!({})).await;
    assert_eq!(holder(&app, &case).await, "CENTRE");
    app.classify(&case, "request", "water.outage").await;
    assert_eq!(holder(&app, &case).await, "CENTRE");
    app.refer("classifier.centre", &case, &[("MOEN", "lead"), ("MOHME", "helper")]).await;
    assert_eq!(holder(&app, &case).await, "MOEN");
    app.refer("handler.moen", &case, &[("MOEN-10", "lead")]).await;
    assert_eq!(holder(&app, &case).await, "MOEN-10");
    app.answer(&case, "MOEN-10").await;
    assert_eq!(holder(&app, &case).await, "MOEN");
    app.answer(&case, "MOEN").await;
    assert_eq!(holder(&app, &case).await, "MOEN");
    app.as_user("classifier.centre")
        .await
        .post(&case.path("closure"), json!({ "outcome": "granted" }))
        .await
        .expect(200);
    assert_eq!(holder(&app, &case).await, "MOEN");
}
