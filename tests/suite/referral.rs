//! Leads, helpers and copies; returns, transfers and recalls.

use serde_json::{Value, json};

use crate::support::{Case, TestApp};

#[actix_web::test]
async fn helpers_are_due_before_their_lead() {
    let app = TestApp::start().await;
    let case = app.classified().await;
    app.refer("classifier.centre", &case, &[("MOEN", "lead"), ("MOHME", "helper"), ("MOI", "copy")]).await;
    let hops = app.list(&case, "referrals").await;
    let due =
        |office: &str| hops.iter().find(|hop| hop["office"]["code"] == office).unwrap()["due_at"].clone();
    assert!(due("MOHME").as_str() < due("MOEN").as_str(), "{hops:?}");
    assert_eq!(due("MOI"), Value::Null);
    app.whole();
}

#[actix_web::test]
async fn a_helper_is_refused_a_deadline_after_its_leads() {
    let app = TestApp::start().await;
    let case = app.classified().await;
    let classifier = app.as_user("classifier.centre").await;
    let to = |helper: &str| {
        json!({ "to": [{ "office": "MOHME", "role": "helper", "due_at": helper },
                       { "office": "MOEN", "role": "lead", "due_at": "2026-06-15T08:00:00Z" }] })
    };
    let path = case.path("referrals");
    classifier.post(&path, to("2026-06-16T08:00:00Z")).await.wrong("to[0].due_at", "too_late");
    classifier.post(&path, to("2026-06-09T08:00:00Z")).await.wrong("to[0].due_at", "in_the_past");
    classifier.post(&path, to("2026-06-14T08:00:00Z")).await.expect(201);
    app.whole();
}

#[actix_web::test]
async fn a_case_has_one_lead_and_at_most_five_helpers() {
    let app = TestApp::start().await;
    let case = app.classified().await;
    let classifier = app.as_user("classifier.centre").await;
    let path = case.path("referrals");
    let two = json!({ "to": [{ "office": "MOEN" }, { "office": "MOHME" }] });
    classifier.post(&path, two).await.wrong("to", "too_many_leads");
    let none = json!({ "to": [{ "office": "MOEN", "role": "helper" }] });
    classifier.post(&path, none).await.wrong("to", "lead_missing");
    let helpers = ["MOI", "MEFA", "MCLS", "MRUD", "MOE"];
    let mut to = vec![("MOEN", "lead")];
    to.extend(helpers.map(|office| (office, "helper")));
    app.refer("classifier.centre", &case, &to).await;
    let sixth = json!({ "to": [{ "office": "MOHME", "role": "helper" }] });
    classifier.post(&path, sixth).await.refused(409, "limit_reached");
    classifier.post(&path, json!({ "to": [{ "office": "MOHME" }] })).await.refused(409, "lead_exists");
    app.whole();
}

#[actix_web::test]
async fn a_case_is_not_referred_before_it_is_classified() {
    let app = TestApp::start().await;
    let case = app.register(json!({})).await;
    let to = json!({ "to": [{ "office": "MOEN" }] });
    app.as_user("classifier.centre")
        .await
        .post(&case.path("referrals"), to)
        .await
        .refused(409, "wrong_state");
    app.whole();
}

#[actix_web::test]
async fn a_return_needs_a_coded_reason_and_not_ours_a_suggestion() {
    let app = TestApp::start().await;
    let case = app.referred_to("MOEN-10").await;
    let handler = app.as_user("handler.moen-10").await;
    let path = format!("/referrals/{}/return", app.lead(&case).await);
    handler.post(&path, json!({})).await.wrong("reason", "required");
    handler.post(&path, json!({ "reason": "tired" })).await.wrong("reason", "unknown");
    handler.post(&path, json!({ "reason": "not_ours" })).await.wrong("office", "required");
    let told = handler
        .post(&path, json!({ "reason": "not_ours", "office": "MOHME", "note": "درمان" }))
        .await
        .expect(200);
    assert_eq!((&told["state"], &told["reason"]), (&json!("returned"), &json!("not_ours")));
    assert_eq!(told["suggested_office"], "MOHME");
    let back = app.case(&case).await;
    assert_eq!((&back["status"], &back["holder"]["office"]), (&json!("classified"), &json!("CENTRE")));
    handler.post(&path, json!({ "reason": "duplicate" })).await.refused(409, "wrong_state");
    app.whole();
}

async fn transfer(app: &TestApp, case: &Case, from: &str, to: &str) -> Value {
    let path = format!("/referrals/{}/transfer", app.lead(case).await);
    let body = json!({ "office": to, "reason": "در صلاحیت دیگری است" });
    app.as_user(&format!("liaison.{}", from.to_lowercase())).await.post(&path, body).await.expect(200)
}

#[actix_web::test]
async fn after_three_transfers_the_centre_rules() {
    let app = TestApp::start().await;
    let case = app.referred_to("MOEN").await;
    for (from, to) in [("MOEN", "MOHME"), ("MOHME", "MOEN"), ("MOEN", "MOHME")] {
        let told = transfer(&app, &case, from, to).await;
        assert_eq!((&told["office"]["code"], &told["state"]), (&json!(to), &json!("sent")));
        assert_eq!(app.case(&case).await["holder"]["office"], to);
    }
    let told = transfer(&app, &case, "MOHME", "MOEN").await;
    assert_eq!(told["state"], "transferred");
    let back = app.case(&case).await;
    assert_eq!((&back["status"], &back["holder"]["office"]), (&json!("classified"), &json!("CENTRE")));
    assert_eq!(app.events(&case).await.last().unwrap(), "ruling_asked");
    app.whole();
}

#[actix_web::test]
async fn a_transfer_buys_no_time() {
    let app = TestApp::start().await;
    let case = app.referred_to("MOEN").await;
    let before = app.referral(&app.lead(&case).await).await["due_at"].clone();
    app.pass_days(2);
    assert_eq!(transfer(&app, &case, "MOEN", "MOHME").await["due_at"], before);
    app.whole();
}

#[actix_web::test]
async fn the_sender_recalls_and_nobody_else() {
    let app = TestApp::start().await;
    let case = app.referred_to("MOEN-10").await;
    let path = format!("/referrals/{}/recall", app.lead(&case).await);
    let body = json!({ "reason": "اشتباه فرستاده شد" });
    app.as_user("approver.moen-10").await.post(&path, body.clone()).await.refused(403, "not_your_office");
    let told = app.as_user("classifier.centre").await.post(&path, body).await.expect(200);
    assert_eq!(told["state"], "recalled");
    let back = app.case(&case).await;
    assert_eq!((&back["status"], &back["holder"]["office"]), (&json!("classified"), &json!("CENTRE")));
    app.whole();
}

#[actix_web::test]
async fn a_referral_is_accepted_once() {
    let app = TestApp::start().await;
    let case = app.referred_to("MOEN-10").await;
    let path = format!("/referrals/{}/acceptance", app.lead(&case).await);
    let handler = app.as_user("handler.moen-10").await;
    handler.post(&path, json!({})).await.expect(200);
    handler.post(&path, json!({})).await.refused(409, "already_done");
    app.as_user("handler.mohme").await.post(&path, json!({})).await.refused(404, "not_found");
    app.whole();
}

#[actix_web::test]
async fn a_referral_is_assigned_to_a_handler_of_its_own_office() {
    let app = TestApp::start().await;
    let case = app.referred_to("MOEN-10").await;
    let path = format!("/referrals/{}/assignment", app.lead(&case).await);
    let liaison = app.as_user("liaison.moen-10").await;
    liaison.post(&path, json!({})).await.wrong("user", "required");
    liaison.post(&path, json!({ "user": "handler.mohme" })).await.wrong("user", "no_handler");
    let told = liaison.post(&path, json!({ "user": "handler.moen-10" })).await.expect(200);
    assert_eq!((&told["state"], &told["user"]), (&json!("accepted"), &json!("handler.moen-10")));
    liaison.post(&path, json!({ "user": "handler.moen-10" })).await.refused(409, "already_done");
    app.whole();
}

#[actix_web::test]
async fn nobody_approves_an_answer_of_their_own() {
    let app = TestApp::start().await;
    let case = app.accepted("MOEN-10").await;
    // the handler becomes a manager as well
    let admin = app.as_user("admin").await;
    let users = admin.get("/users?limit=200").await.expect(200);
    let handler =
        users["items"].as_array().unwrap().iter().find(|user| user["username"] == "handler.moen-10").unwrap();
    let both = json!({ "roles": [{ "role": "handler", "office": "MOEN-10" }, { "role": "approver", "office": "MOEN-10" }] });
    let waiting = admin.patch(&format!("/users/{}", handler["id"].as_str().unwrap()), both).await.expect(202);
    app.agreed_access(waiting).await;
    let answer = app.submit(&case, "MOEN-10").await;
    let path = format!("/answers/{answer}/approval");
    app.as_user("handler.moen-10").await.post(&path, json!({})).await.refused(403, "second_person_required");
    app.as_user("approver.moen-10").await.post(&path, json!({})).await.expect(200);
    app.whole();
}

#[actix_web::test]
async fn a_rejected_answer_goes_back_with_a_note_and_nothing_is_sent() {
    let app = TestApp::start().await;
    let case = app.accepted("MOEN-10").await;
    let answer = app.submit(&case, "MOEN-10").await;
    let approver = app.as_user("approver.moen-10").await;
    let path = format!("/answers/{answer}/rejection");
    approver.post(&path, json!({})).await.wrong("note", "required");
    let told = approver.post(&path, json!({ "note": "روشن‌تر بنویسید" })).await.expect(200);
    assert_eq!((&told["state"], &told["decision_note"]), (&json!("rejected"), &json!("روشن‌تر بنویسید")));
    approver.post(&format!("/answers/{answer}/approval"), json!({})).await.refused(409, "already_done");
    assert_eq!(app.case(&case).await["status"], "referred");
    app.answer(&case, "MOEN-10").await;
    let templates: Vec<Value> =
        app.list(&case, "messages").await.iter().map(|m| m["template"].clone()).collect();
    assert_eq!(templates.iter().filter(|template| *template == "answer_approved").count(), 1);
    app.whole();
}

#[actix_web::test]
async fn an_interim_answer_leaves_the_case_with_its_office() {
    let app = TestApp::start().await;
    let case = app.accepted("MOEN-10").await;
    let path = format!("/referrals/{}/answers", app.lead(&case).await);
    let body = json!({ "text": "در دست بررسی است.", "interim": true, "expected_at": "1405/04/10" });
    let told = app.as_user("handler.moen-10").await.post(&path, body).await.expect(201);
    let approval = format!("/answers/{}/approval", told["id"].as_str().unwrap());
    app.as_user("approver.moen-10").await.post(&approval, json!({})).await.expect(200);
    let now = app.case(&case).await;
    assert_eq!((&now["status"], &now["holder"]["office"]), (&json!("referred"), &json!("MOEN-10")));
    app.answer(&case, "MOEN-10").await;
    assert_eq!(app.case(&case).await["status"], "answered");
    app.whole();
}
