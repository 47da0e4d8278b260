//! Letters to citizens on paper: who gets one, printing by itself and in a batch, hand-over, and what came back.

use serde_json::{Value, json};

use crate::support::{Case, TestApp};

const ADDRESS: &str = "اصفهان، خیابان چهارباغ، پلاک ۱۲";

/// A citizen whom only the post reaches.
fn by_post() -> Value {
    json!({ "citizen": { "mobile": null, "address": ADDRESS, "preferred_channel": "letter" } })
}

async fn letters(app: &TestApp, state: &str) -> Vec<Value> {
    let registrar = app.as_user("registrar.centre").await;
    let page = registrar.get(&format!("/letters?state={state}")).await.expect(200);
    page["items"].as_array().unwrap().clone()
}

fn id(value: &Value) -> String {
    value["id"].as_str().unwrap().to_owned()
}

/// The message of the case that was queued first.
async fn first_message(app: &TestApp, case: &Case) -> String {
    let messages = app.as_user("classifier.centre").await.get(&case.path("messages")).await.expect(200);
    id(&messages["items"][0])
}

#[actix_web::test]
async fn whom_only_the_post_reaches_gets_a_letter_that_waits_for_people() {
    let app = TestApp::start().await;
    let case = app.register(by_post()).await;
    app.drain().await;
    let waiting = letters(&app, "waiting").await;
    assert_eq!(waiting.len(), 1);
    assert_eq!(
        (&waiting[0]["case_id"], &waiting[0]["template"]),
        (&json!(case.id), &json!("case_registered"))
    );
    assert!(!waiting[0].to_string().contains("چهارباغ"), "a list names nobody");
    assert!(app.sms().sent().is_empty() && app.mail().sent().is_empty());
}

#[actix_web::test]
async fn a_letter_is_a_pdf_and_its_printing_is_logged_for_the_citizen() {
    let app = TestApp::start().await;
    let case = app.register(by_post()).await;
    let registrar = app.as_user("registrar.centre").await;
    let path = format!("/messages/{}/letter", first_message(&app, &case).await);
    let printed = registrar.get(&path).await;
    assert_eq!((printed.status, printed.header("Content-Type")), (200, "application/pdf"));
    assert_eq!(printed.header("Cache-Control"), "no-store");
    assert!(printed.bytes.starts_with(b"%PDF-") && printed.bytes.len() < 100_000, "{}", printed.bytes.len());
    let reads = app.as_user("privacy.centre").await.get(&case.path("identity-reads")).await.expect(200);
    assert!(reads.to_string().contains("\"letter\""), "{reads}");
    // a notice that went by SMS can be printed too; what the citizen sent cannot
    let other = app.register(json!({})).await;
    let path = format!("/messages/{}/letter", first_message(&app, &other).await);
    assert_eq!(registrar.get(&path).await.status, 200);
    app.as_user("handler.mohme").await.get(&path).await.refused(404, "not_found");
    app.as_user("analyst.centre").await.get(&path).await.refused(403, "forbidden");
    registrar.get("/messages/1/letter").await.refused(404, "not_found");
}

#[actix_web::test]
async fn a_batch_is_printed_once_handed_over_once_and_each_letter_has_its_fate() {
    let app = TestApp::start().await;
    let cases = [app.register(by_post()).await, app.register(by_post()).await];
    let registrar = app.as_user("registrar.centre").await;
    let batch = registrar.post("/letters/batches", json!({})).await.expect(201);
    assert_eq!((&batch["letters"], &batch["withheld"]), (&json!(2), &json!(0)));
    registrar.post("/letters/batches", json!({})).await.wrong("letters", "nothing_to_print");
    let path = format!("/letters/batches/{}", id(&batch));
    let pdf = registrar.get(&format!("{path}/print")).await;
    assert_eq!((pdf.status, pdf.header("Content-Type")), (200, "application/pdf"));
    assert!(pdf.bytes.starts_with(b"%PDF-"));
    let message = id(&letters(&app, "printed").await[0]);
    let fate = format!("/messages/{message}/letter-fate");
    registrar.post(&fate, json!({ "fate": "delivered" })).await.refused(409, "wrong_state");
    registrar.post(&format!("{path}/handover"), json!({})).await.wrong("to", "required");
    let told = json!({ "to": "پست ناحیه ۱", "reference": "77" });
    let handed = registrar.post(&format!("{path}/handover"), told.clone()).await.expect(200);
    assert_eq!((&handed["handed_to"], &handed["reference"]), (&json!("پست ناحیه ۱"), &json!("77")));
    registrar.post(&format!("{path}/handover"), told).await.refused(409, "already_done");
    let sent = letters(&app, "handed_over").await;
    assert_eq!(sent.len(), 2);
    registrar.post(&fate, json!({ "fate": "lost" })).await.wrong("fate", "unknown");
    registrar.post(&fate, json!({ "fate": "delivered" })).await.expect(200);
    let other = format!("/messages/{}/letter-fate", id(&sent[1]));
    registrar.post(&other, json!({ "fate": "moved" })).await.expect(200);
    registrar.post(&other, json!({ "fate": "moved" })).await.refused(409, "already_done");
    let end = registrar.get(&path).await.expect(200);
    assert_eq!((&end["delivered"], &end["returned"]), (&json!(1), &json!(1)));
    // what is kept of the letter does not open the case
    let messages =
        app.as_user("classifier.centre").await.get(&cases[0].path("messages")).await.expect(200).to_string();
    assert!(!messages.contains(&cases[0].access_code));
}

#[actix_web::test]
async fn a_letter_that_came_back_lets_the_next_way_be_taken() {
    let app = TestApp::start().await;
    let wish = json!({ "citizen": { "address": ADDRESS, "preferred_channel": "letter" } });
    app.register(wish).await;
    let registrar = app.as_user("registrar.centre").await;
    let batch = registrar.post("/letters/batches", json!({})).await.expect(201);
    let handover = format!("/letters/batches/{}/handover", id(&batch));
    registrar.post(&handover, json!({ "to": "پست" })).await.expect(200);
    let message = id(&letters(&app, "handed_over").await[0]);
    let told = json!({ "fate": "unknown_address" });
    registrar.post(&format!("/messages/{message}/letter-fate"), told).await.expect(200);
    app.drain().await;
    assert_eq!(app.sms().sent().len(), 1, "the same notice goes by SMS");
    // sent again by staff, it waits for the next batch
    let classifier = app.as_user("classifier.centre").await;
    classifier.post(&format!("/messages/{message}/resending"), json!({})).await.expect(200);
    assert_eq!(letters(&app, "waiting").await.len(), 1);
}

#[actix_web::test]
async fn a_letter_of_a_sealed_case_waits_for_whom_the_identity_was_released_to() {
    let app = TestApp::start().await;
    let mut wish = by_post();
    wish["sealed"] = json!(true);
    app.register(wish).await;
    let registrar = app.as_user("registrar.centre").await;
    registrar.post("/letters/batches", json!({})).await.wrong("letters", "nothing_to_print");
    assert!(letters(&app, "waiting").await.is_empty(), "who does not see the case sees no letter of it");
    let classifier = app.as_user("classifier.centre").await;
    let all = classifier.get("/letters?state=waiting").await.expect(200);
    let path = format!("/messages/{}/letter", id(&all["items"][0]));
    classifier.get(&path).await.refused(403, "extract_only");
    classifier.post("/letters/batches", json!({})).await.wrong("letters", "nothing_to_print");
}

#[actix_web::test]
async fn batches_are_for_those_who_post_for_their_office() {
    let app = TestApp::start().await;
    app.register(by_post()).await;
    let batch = app.as_user("registrar.centre").await.post("/letters/batches", json!({})).await.expect(201);
    let path = format!("/letters/batches/{}", id(&batch));
    app.as_user("classifier.gov-10").await.get(&path).await.refused(404, "not_found");
    app.as_user("handler.moen-10").await.get("/letters").await.refused(403, "forbidden");
    let wrong = app.as_user("registrar.centre").await.get("/letters?state=lost").await;
    wrong.wrong("state", "unknown");
}
