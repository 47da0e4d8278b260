//! Release of the identity: asked for, decided by another person, for a named one, for a time.

use serde_json::{Value, json};

use super::out_by_extract;
use crate::support::{Case, TestApp};

async fn ask(app: &TestApp, case: &Case, who: &str) -> String {
    let body = json!({ "reason": "بی نام او پرونده پرسنلی پیدا نمی‌شود" });
    let told = app.as_user(who).await.post(&case.path("identity-requests"), body).await.expect(201);
    format!("/identity-requests/{}", told["id"].as_str().unwrap())
}

async fn identity(app: &TestApp, case: &Case, who: &str) -> Value {
    app.as_user(who).await.get(&case.path("")).await.expect(200)["citizen"]["name"].clone()
}

#[actix_web::test]
async fn a_release_shows_the_identity_to_the_named_person_until_it_expires() {
    let app = TestApp::start().await;
    let case = out_by_extract(&app).await;
    let request = ask(&app, &case, "handler.mohme").await;
    let privacy = app.as_user("privacy.centre").await;
    let waiting = privacy.get("/identity-requests").await.expect(200);
    assert_eq!(waiting["items"][0]["asked_by"], "handler.mohme");
    let told =
        privacy.post(&format!("{request}/release"), json!({ "reason": "ناگزیر است" })).await.expect(200);
    assert_eq!((&told["state"], &told["released_to"]), (&json!("released"), &json!("handler.mohme")));
    assert_eq!(privacy.get("/identity-requests").await.expect(200)["items"], json!([]));
    let seen = app.as_user("handler.mohme").await.get(&case.path("")).await.expect(200);
    assert_eq!(seen["citizen"]["name"], "مریم کاظمی‌نیا");
    assert_eq!(seen["representative"]["name"], "شهاب درخشنده");
    assert_eq!(seen["text_form"], "original");
    // to this person, and to nobody beside, the officer who released it included
    for other in ["liaison.mohme", "approver.mohme", "classifier.centre", "privacy.centre"] {
        assert_eq!(identity(&app, &case, other).await, Value::Null, "{other}");
    }
    app.pass_hours(71);
    assert_eq!(identity(&app, &case, "handler.mohme").await, "مریم کاظمی‌نیا");
    app.pass_hours(1);
    assert_eq!(identity(&app, &case, "handler.mohme").await, Value::Null);
    let list = app.as_user("handler.mohme").await.get(&case.path("identity-requests")).await.expect(200);
    assert_eq!(list["items"][0]["state"], "expired");
    privacy
        .post(&format!("{request}/revocation"), json!({ "reason": "x" }))
        .await
        .refused(409, "wrong_state");
    app.whole();
}

#[actix_web::test]
async fn a_revoked_release_shows_nothing_from_then_on() {
    let app = TestApp::start().await;
    let case = out_by_extract(&app).await;
    let request = ask(&app, &case, "handler.mohme").await;
    let privacy = app.as_user("privacy.centre").await;
    let body = json!({ "reason": "ناگزیر است", "hours": 720, "to": "liaison.mohme" });
    privacy.post(&format!("{request}/release"), body).await.expect(200);
    assert_eq!(identity(&app, &case, "handler.mohme").await, Value::Null, "it went to another person");
    assert_eq!(identity(&app, &case, "liaison.mohme").await, "مریم کاظمی‌نیا");
    privacy.post(&format!("{request}/revocation"), json!({})).await.wrong("reason", "required");
    privacy.post(&format!("{request}/revocation"), json!({ "reason": "کار تمام شد" })).await.expect(200);
    assert_eq!(identity(&app, &case, "liaison.mohme").await, Value::Null);
    privacy
        .post(&format!("{request}/revocation"), json!({ "reason": "x" }))
        .await
        .refused(409, "already_done");
    app.whole();
}

#[actix_web::test]
async fn a_release_needs_a_reason_a_right_time_and_a_person_who_works_on_the_case() {
    let app = TestApp::start().await;
    let case = out_by_extract(&app).await;
    let handler = app.as_user("handler.mohme").await;
    handler.post(&case.path("identity-requests"), json!({})).await.wrong("reason", "required");
    let request = format!("{}/release", ask(&app, &case, "handler.mohme").await);
    let again = json!({ "reason": "دوباره" });
    handler.post(&case.path("identity-requests"), again).await.refused(409, "already_done");
    let privacy = app.as_user("privacy.centre").await;
    privacy.post(&request, json!({})).await.wrong("reason", "required");
    privacy.post(&request, json!({ "reason": " " })).await.wrong("reason", "required");
    for hours in [0, -1, 721] {
        privacy.post(&request, json!({ "reason": "x", "hours": hours })).await.wrong("hours", "out_of_range");
    }
    privacy.post(&request, json!({ "reason": "x", "to": "nobody" })).await.wrong("to", "unknown");
    for stranger in ["handler.moen-10", "agent.centre", "admin"] {
        privacy.post(&request, json!({ "reason": "x", "to": stranger })).await.wrong("to", "cannot_see");
    }
    assert_eq!(identity(&app, &case, "handler.mohme").await, Value::Null, "nothing of this released it");
    app.whole();
}

#[actix_web::test]
async fn nobody_releases_to_himself_or_on_his_own_request_and_only_the_privacy_officer_decides() {
    let app = TestApp::start().await;
    let case = out_by_extract(&app).await;
    let own = ask(&app, &case, "privacy.centre").await;
    let privacy = app.as_user("privacy.centre").await;
    let reason = json!({ "reason": "ناگزیر است" });
    privacy.post(&format!("{own}/release"), reason.clone()).await.refused(403, "second_person_required");
    privacy.post(&format!("{own}/refusal"), reason.clone()).await.refused(403, "second_person_required");
    let request = ask(&app, &case, "handler.mohme").await;
    let to_self = json!({ "reason": "x", "to": "privacy.centre" });
    privacy.post(&format!("{request}/release"), to_self).await.refused(403, "second_person_required");
    for person in ["handler.mohme", "approver.mohme", "classifier.centre", "inspector.centre", "admin"] {
        let person = app.as_user(person).await;
        for verb in ["release", "refusal", "revocation"] {
            person.post(&format!("{request}/{verb}"), reason.clone()).await.refused(403, "forbidden");
        }
        person.get("/identity-requests").await.refused(403, "forbidden");
    }
    privacy.post(&format!("{request}/refusal"), reason.clone()).await.expect(200);
    privacy.post(&format!("{request}/release"), reason.clone()).await.refused(409, "already_done");
    assert_eq!(identity(&app, &case, "handler.mohme").await, Value::Null);
    // after a refusal one may ask again, with a better reason
    ask(&app, &case, "handler.mohme").await;
    let seen = app.as_user("handler.mohme").await.get(&case.path("identity-requests")).await.expect(200);
    assert_eq!(seen["items"].as_array().unwrap().len(), 2, "one's own only");
    let all = privacy.get(&case.path("identity-requests")).await.expect(200);
    assert_eq!(all["items"].as_array().unwrap().len(), 3);
    app.whole();
}

#[actix_web::test]
async fn the_identity_of_a_plain_case_needs_no_request() {
    let app = TestApp::start().await;
    let case = app.referred_to("MOHME").await;
    let reason = json!({ "reason": "ناگزیر است" });
    let handler = app.as_user("handler.mohme").await;
    handler.post(&case.path("identity-requests"), reason).await.refused(409, "not_sealed");
    app.whole();
}
