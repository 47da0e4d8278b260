//! What is handed in on a provincial trip has the promise of the trip: twenty days.

use serde_json::{Value, json};

use crate::support::TestApp;

async fn due(app: &TestApp, visit: Value) -> String {
    let desk = app.as_user("agent.gov-10").await;
    let told = desk.post("/channels/visits", visit).await.expect(201);
    let case = desk.get(&format!("/cases/{}", told["case_id"].as_str().unwrap())).await.expect(200);
    case["due_at"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn a_trip_promises_twenty_days_and_a_visit_the_usual_ones() {
    let app = TestApp::start().await;
    let trip = json!({ "channel": "trip", "text": "وام ازدواج می‌خواهم.", "desk": "ورزشگاه" });
    let due_of_trip = due(&app, trip).await;
    assert!(due_of_trip.starts_with("2026-06-30"), "twenty days from the tenth: {due_of_trip}");
    let visit = json!({ "text": "آب قطع است.", "desk": "1" });
    assert!(!due(&app, visit).await.starts_with("2026-06-30"));
    // the law on information does not wait for trips
    let law = json!({ "channel": "trip", "kind": "info_access", "text": "نسخه صورت‌جلسه را می‌خواهم." });
    assert!(due(&app, law).await < due_of_trip);
}

#[actix_web::test]
async fn the_promise_of_a_trip_stays_when_it_is_classified_and_its_rule_is_told() {
    let app = TestApp::start().await;
    let desk = app.as_user("agent.gov-10").await;
    let trip = json!({ "channel": "trip", "text": "وام ازدواج می‌خواهم.", "national_id": "9991000011" });
    let told = desk.post("/channels/visits", trip).await.expect(201);
    let path = format!("/cases/{}", told["case_id"].as_str().unwrap());
    let classifier = app.as_user("classifier.gov-10").await;
    let body = json!({ "kind": "request", "category": "water.bill" });
    let case = classifier.put(&format!("{path}/classification"), body).await.expect(200);
    assert!(case["due_at"].as_str().unwrap().starts_with("2026-06-30"), "{}", case["due_at"]);
    let told = classifier.get(&format!("{path}/explanation")).await.expect(200).to_string();
    assert!(told.contains("Published promise of the national service for provincial trips"), "{told}");
    // what is urgent does not wait twenty days
    let body = json!({ "kind": "report", "category": "water.bill", "priority": "urgent" });
    let case = classifier.put(&format!("{path}/classification"), body).await.expect(200);
    assert!(case["due_at"].as_str().unwrap() < "2026-06-15", "{}", case["due_at"]);
    app.whole();
}
