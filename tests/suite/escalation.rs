//! Reminders and escalations: each level once, for everything that is open, after a restart and with two at once.

use samad::db::schema::offices;
use serde_json::{Value, json};

use crate::support::{Case, TestApp};

/// Gives every office an address, so that each point is also seen by somebody.
pub async fn addressed(app: &TestApp) {
    use diesel::prelude::*;
    app.app
        .db
        .write(|connection| {
            diesel::update(offices::table).set(offices::email.eq("office@example.ir")).execute(connection)?;
            samad::domain::rulebook::RulebookCache::default().current(connection)?;
            diesel::sql_query("UPDATE rulebook_version SET version = version + 1").execute(connection)?;
            Ok(())
        })
        .await
        .expect("the offices get an address");
}

/// The percentages that fired, in order.
async fn fired(app: &TestApp, case: &Case) -> Vec<i64> {
    let timeline = app.list(case, "timeline").await;
    let points = timeline.iter().filter(|event| event["event"] == "deadline_passed");
    points.map(|event| event["detail"]["percent"].as_i64().expect("a percentage")).collect()
}

const ALL: [i64; 5] = [50, 80, 100, 120, 150];

/// Two months, half a day at a time.
async fn two_months(app: &TestApp) {
    for _ in 0..120 {
        app.pass_hours(12);
        app.drain().await;
    }
}

#[actix_web::test]
async fn an_accepted_referral_is_reminded_once_at_every_level() {
    let app = TestApp::start().await;
    let case = app.accepted("MOEN-10").await;
    two_months(&app).await;
    assert_eq!(fired(&app, &case).await, ALL);
}

#[actix_web::test]
async fn a_referral_that_nobody_accepted_is_reminded_just_the_same() {
    let app = TestApp::start().await;
    let case = app.referred_to("MOEN-10").await;
    two_months(&app).await;
    assert_eq!(fired(&app, &case).await, ALL);
}

#[actix_web::test]
async fn a_case_that_nobody_classified_is_reminded_too() {
    let app = TestApp::start().await;
    let case = app.register(json!({})).await;
    two_months(&app).await;
    assert_eq!(fired(&app, &case).await, ALL);
    assert_eq!(app.case(&case).await["status"], "registered");
}

#[actix_web::test]
async fn points_that_came_due_together_fire_each_once_after_a_restart() {
    let app = TestApp::start().await;
    let case = app.accepted("MOEN-10").await;
    app.pass_days(8);
    app.drain().await;
    let before = fired(&app, &case).await;
    assert_eq!(before, [50]);
    app.pass_days(60);
    let second = app.another().await;
    second.drain().await;
    assert_eq!(fired(&app, &case).await, ALL);
    app.drain().await;
    assert_eq!(fired(&app, &case).await, ALL);
}

#[actix_web::test]
async fn two_workers_at_once_fire_and_send_once() {
    let app = TestApp::start().await;
    addressed(&app).await;
    let case = app.accepted("MOEN-10").await;
    app.drain().await;
    let second = app.another().await;
    app.pass_days(90);
    tokio::join!(app.drain(), second.drain());
    assert_eq!(fired(&app, &case).await, ALL);
    let notices = app.mail().sent().len() + second.mail().sent().len();
    // the referral itself, one notice a point, and of the outer limit one to the office and one above it
    assert_eq!(notices, 8);
}

#[actix_web::test]
async fn the_holder_is_told_first_then_the_office_above_then_the_centre() {
    let app = TestApp::start().await;
    addressed(&app).await;
    let case = app.accepted("MOEN-10").await;
    app.pass_days(90);
    app.drain().await;
    let messages = app.list(&case, "messages").await;
    let told: Vec<&Value> =
        messages.iter().filter(|m| m["audience"] == "office").map(|message| &message["template"]).collect();
    // the outer limit is told beside the points
    let told: Vec<&Value> =
        told.into_iter().filter(|name| *name != "interim_demanded" && *name != "outer_superior").collect();
    let levels = [
        "case_referred",
        "deadline_reminder",
        "deadline_reminder",
        "deadline_dunning",
        "deadline_superior",
        "deadline_centre",
    ];
    assert_eq!(told, levels);
}

#[actix_web::test]
async fn an_answered_case_is_reminded_of_nothing() {
    let app = TestApp::start().await;
    let case = app.answered().await;
    two_months(&app).await;
    assert_eq!(fired(&app, &case).await, [0; 0]);
}

#[actix_web::test]
async fn a_gateway_that_is_away_delays_a_notice_and_loses_none() {
    use samad::gateways::Sending;
    let app = TestApp::start().await;
    let case = app.register(json!({})).await;
    app.sms().answer_with(Some(Sending::Down("away".into())));
    app.drain().await;
    assert_eq!(app.list(&case, "messages").await[0]["state"], "queued");
    app.sms().answer_with(None);
    app.pass_hours(2);
    app.drain().await;
    assert_eq!(app.list(&case, "messages").await[0]["state"], "sent");
    assert_eq!(app.sms().sent().len(), 1);
}
