//! A case that is not ours ends only by the word of two persons, with a signpost.

use serde_json::{Value, json};

use crate::support::TestApp;

fn dismissal() -> Value {
    json!({ "outcome": "out_of_scope", "reason": "court_matter", "signpost": "دادگستری استان اصفهان" })
}

#[actix_web::test]
async fn a_dismissal_takes_two_persons() {
    let app = TestApp::start().await;
    let case = app.classified().await;
    let first = app.as_user("classifier.centre").await;
    let proposed = first.post(&case.path("dismissal"), dismissal()).await.expect(200);
    assert_eq!(
        (&proposed["status"], &proposed["dismissal"]["outcome"]),
        (&json!("classified"), &json!("out_of_scope"))
    );
    first.post(&case.path("dismissal"), dismissal()).await.refused(403, "second_person_required");
    let second = app.as_user("classifier2.centre").await;
    let closed = second.post(&case.path("dismissal"), dismissal()).await.expect(200);
    assert_eq!((&closed["status"], &closed["outcome"]), (&json!("closed"), &json!("out_of_scope")));
    assert_eq!(closed["remedy"], "دادگستری استان اصفهان");
}

#[actix_web::test]
async fn a_dismissal_names_reason_and_signpost() {
    let app = TestApp::start().await;
    let case = app.classified().await;
    let classifier = app.as_user("classifier.centre").await;
    let body = json!({ "outcome": "granted", "reason": "no_budget", "signpost": " " });
    let reply = classifier.post(&case.path("dismissal"), body).await;
    let fields: Vec<&str> =
        reply.json["errors"].as_array().unwrap().iter().filter_map(|e| e["field"].as_str()).collect();
    assert_eq!(fields, ["outcome", "reason", "signpost"]);
}

#[actix_web::test]
async fn a_referral_ends_a_proposed_dismissal() {
    let app = TestApp::start().await;
    let case = app.classified().await;
    app.as_user("classifier.centre").await.post(&case.path("dismissal"), dismissal()).await.expect(200);
    app.refer("classifier.centre", &case, &[("MOEN-10", "lead")]).await;
    assert_eq!(app.case(&case).await["dismissal"], Value::Null);
    let second = app.as_user("classifier2.centre").await;
    second.post(&case.path("dismissal"), dismissal()).await.refused(409, "wrong_state");
}

#[actix_web::test]
async fn an_office_cannot_dismiss_what_was_referred_to_it() {
    let app = TestApp::start().await;
    let case = app.referred_to("MOEN-10").await;
    let handler = app.as_user("handler.moen-10").await;
    handler.post(&case.path("dismissal"), dismissal()).await.refused(403, "forbidden");
}
