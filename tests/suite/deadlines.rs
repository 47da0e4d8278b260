//! Clocks that pause for the citizen, extensions, and windows that pass.

use samad::db::types::{OfficeId, Time};
use samad::domain::rulebook::RulebookCache;
use serde_json::{Value, json};

use crate::support::{Case, TestApp, time};

/// Working seconds between two instants on an office's own calendar.
fn working_seconds(app: &TestApp, office: &str, from: Time, to: Time) -> u64 {
    app.look(|connection| {
        let rules = RulebookCache::default().current(connection)?;
        let office: OfficeId = rules.offices.by_code(office).expect("an office").id;
        Ok(rules.calendar(office)?.working_between(from.timestamp(), to.timestamp()).seconds())
    })
}

fn instant(value: &Value) -> Time {
    time(value.as_str().expect("an instant"))
}

async fn ask(app: &TestApp, case: &Case) -> Value {
    let body = json!({ "text": "شماره اشتراک آب را بنویسید." });
    app.as_user("handler.moen-10").await.post(&case.path("questions"), body).await.expect(201)
}

#[actix_web::test]
async fn a_question_stops_the_clock_and_the_reply_gives_back_exactly_the_working_time_that_was_left() {
    let app = TestApp::start().await;
    let case = app.accepted("MOEN-10").await;
    let lead = app.lead(&case).await;
    app.pass_hours(25);
    let (asked_at, due) = (app.now(), instant(&app.referral(&lead).await["due_at"]));
    let left = working_seconds(&app, "MOEN-10", asked_at, due);
    let waiting = ask(&app, &case).await;
    assert_eq!(waiting["status"], "awaiting_citizen");
    app.pass_hours(6 * 24 + 5);
    assert_eq!(
        app.drain().await,
        3,
        "the three notices to the citizen, and no reminder while the clock stands"
    );
    let reply = json!({ "text": "۱۲۳۴۵", "channel": "phone" });
    let told = app.as_user("agent.centre").await.post(&case.path("messages"), reply).await.expect(201);
    assert_eq!(told["case"]["status"], "referred");
    let resumed = instant(&app.referral(&lead).await["due_at"]);
    assert!(resumed > due);
    assert_eq!(working_seconds(&app, "MOEN-10", app.now(), resumed), left);
}

#[actix_web::test]
async fn the_citizen_is_asked_once_at_each_level() {
    let app = TestApp::start().await;
    let case = app.accepted("MOEN-10").await;
    ask(&app, &case).await;
    let agent = app.as_user("agent.centre").await;
    agent.post(&case.path("messages"), json!({ "text": "۱۲۳", "channel": "phone" })).await.expect(201);
    let handler = app.as_user("handler.moen-10").await;
    let again = json!({ "text": "نشانی دقیق؟" });
    handler.post(&case.path("questions"), again).await.refused(409, "question_already_asked");
}

#[actix_web::test]
async fn only_the_holder_asks() {
    let app = TestApp::start().await;
    let case = app.classified().await;
    app.refer("classifier.centre", &case, &[("MOEN-10", "lead"), ("MOHME", "helper")]).await;
    let helper = app.as_user("handler.mohme").await;
    helper.post(&case.path("questions"), json!({ "text": "چرا؟" })).await.refused(403, "not_your_office");
}

#[actix_web::test]
async fn nothing_moves_while_the_citizen_is_awaited() {
    let app = TestApp::start().await;
    let case = app.accepted("MOEN-10").await;
    let lead = app.lead(&case).await;
    ask(&app, &case).await;
    let handler = app.as_user("handler.moen-10").await;
    let answer = json!({ "text": "انجام شد.", "outcome": "granted" });
    handler.post(&format!("/referrals/{lead}/answers"), answer).await.refused(409, "wrong_state");
    let back = json!({ "reason": "duplicate" });
    handler.post(&format!("/referrals/{lead}/return"), back).await.refused(409, "wrong_state");
}

#[actix_web::test]
async fn twenty_days_of_silence_close_the_case_with_notice() {
    let app = TestApp::start().await;
    let case = app.accepted("MOEN-10").await;
    let until = instant(&ask(&app, &case).await["wait_until"]);
    app.drain().await;
    app.app.clock.set(until.plus_seconds(-1));
    app.drain().await;
    assert_eq!(app.case(&case).await["status"], "awaiting_citizen");
    app.app.clock.set(until);
    app.drain().await;
    let closed = app.case(&case).await;
    assert_eq!((&closed["status"], &closed["outcome"]), (&json!("closed"), &json!("no_reply")));
    let messages = app.list(&case, "messages").await;
    let last = messages.last().unwrap();
    assert_eq!((&last["template"], &last["state"]), (&json!("case_closed_no_reply"), &json!("sent")));
    assert_eq!(app.drain().await, 0);
}

async fn consent(app: &TestApp, case: &Case, accepted: bool) -> crate::support::Reply {
    let body = json!({ "accepted": accepted, "who": "citizen", "how": "phone" });
    app.as_user("agent.centre").await.post(&case.path("extension-consent"), body).await
}

async fn extend(app: &TestApp, case: &Case, body: Value) -> crate::support::Reply {
    let path = format!("/referrals/{}/extension", app.lead(case).await);
    app.as_user("approver.moen-10").await.post(&path, body).await
}

#[actix_web::test]
async fn a_deadline_is_extended_once_and_again_only_with_the_citizens_consent() {
    let app = TestApp::start().await;
    let case = app.accepted("MOEN-10").await;
    let before = instant(&app.case(&case).await["due_at"]);
    extend(&app, &case, json!({ "days": 3 })).await.wrong("reason", "required");
    extend(&app, &case, json!({ "reason": "بازدید" })).await.wrong("days", "required");
    let body = json!({ "days": 3, "reason": "بازدید میدانی" });
    let told = extend(&app, &case, body.clone()).await.expect(200);
    assert_eq!(told["extensions"], 1);
    assert!(instant(&told["due_at"]) > before);
    assert_eq!(app.case(&case).await["due_at"], told["due_at"], "the promise moves with the lead");
    let asked = extend(&app, &case, body.clone()).await.expect(200);
    assert_eq!((&asked["extensions"], &asked["due_at"]), (&json!(1), &told["due_at"]), "the clock runs on");
    extend(&app, &case, body.clone()).await.refused(409, "consent_pending");
    consent(&app, &case, true).await.expect(200);
    extend(&app, &case, body.clone()).await.refused(409, "limit_reached");
    let templates: Vec<Value> =
        app.list(&case, "messages").await.iter().map(|m| m["template"].clone()).collect();
    assert_eq!(templates.iter().filter(|template| *template == "deadline_extended").count(), 2);
}

#[actix_web::test]
async fn an_extension_is_never_longer_than_the_original_deadline() {
    let app = TestApp::start().await;
    let case = app.accepted("MOEN-10").await;
    let reason = "بازدید میدانی";
    let longer = json!({ "days": 11, "reason": reason });
    extend(&app, &case, longer).await.wrong("days", "longer_than_original");
    extend(&app, &case, json!({ "days": 10, "reason": reason })).await.expect(200);
}

#[actix_web::test]
async fn a_handler_does_not_extend_and_a_manager_of_another_office_neither() {
    let app = TestApp::start().await;
    let case = app.accepted("MOEN-10").await;
    let path = format!("/referrals/{}/extension", app.lead(&case).await);
    let body = json!({ "days": 1, "reason": "بازدید" });
    app.as_user("handler.moen-10").await.post(&path, body.clone()).await.refused(403, "forbidden");
    app.as_user("approver.moen").await.post(&path, body.clone()).await.refused(403, "not_your_office");
    app.as_user("approver.mohme").await.post(&path, body).await.refused(404, "not_found");
}

#[actix_web::test]
async fn an_answered_case_closes_by_itself_when_its_window_has_passed() {
    let app = TestApp::start().await;
    let case = app.answered().await;
    let until = instant(&app.case(&case).await["window_until"]);
    app.app.clock.set(until.plus_seconds(-1));
    app.drain().await;
    assert_eq!(app.case(&case).await["status"], "answered");
    app.app.clock.set(until);
    app.drain().await;
    let closed = app.case(&case).await;
    assert_eq!((&closed["status"], &closed["outcome"]), (&json!("closed"), &json!("granted")));
    let last = app.list(&case, "messages").await.pop().unwrap();
    assert_eq!((&last["template"], &last["state"]), (&json!("case_closed"), &json!("sent")));
}

#[actix_web::test]
async fn a_second_extension_is_measured_by_the_original_deadline_too() {
    let app = TestApp::start().await;
    let case = app.accepted("MOEN-10").await;
    extend(&app, &case, json!({ "days": 10, "reason": "بازدید" })).await.expect(200);
    let longer = json!({ "days": 15, "reason": "بازدید" });
    extend(&app, &case, longer).await.wrong("days", "longer_than_original");
    extend(&app, &case, json!({ "days": 10, "reason": "بازدید" })).await.expect(200);
    consent(&app, &case, true).await.expect(200);
}

#[actix_web::test]
async fn a_helper_is_not_extended_past_its_lead() {
    let app = TestApp::start().await;
    let case = app.classified().await;
    app.refer("classifier.centre", &case, &[("MOEN-10", "lead"), ("MOHME", "helper")]).await;
    let hops = app.list(&case, "referrals").await;
    let helper = hops.iter().find(|hop| hop["role"] == "helper").unwrap()["id"].as_str().unwrap().to_owned();
    let approver = app.as_user("approver.mohme").await;
    let path = format!("/referrals/{helper}/extension");
    approver.post(&path, json!({ "days": 6, "reason": "بازدید" })).await.wrong("days", "too_late");
    approver.post(&path, json!({ "days": 1, "reason": "بازدید" })).await.expect(200);
}

#[actix_web::test]
async fn an_overdue_referral_can_be_transferred_and_stays_overdue() {
    let app = TestApp::start().await;
    let case = app.referred_to("MOEN").await;
    app.pass_days(60);
    app.drain().await;
    let path = format!("/referrals/{}/transfer", app.lead(&case).await);
    let body = json!({ "office": "MOHME", "reason": "صلاحیت" });
    let told = app.as_user("liaison.moen").await.post(&path, body).await.expect(200);
    assert_eq!(told["overdue"], true);
    app.drain().await;
    assert_eq!(app.drain().await, 0);
}
