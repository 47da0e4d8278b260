//! Seven channels, in and out again: by each a case comes in, and its answer goes back the way it came.

use std::fmt::Write;

use serde_json::{Value, json};

use super::adapters::{Adapter, Call, Email, Fax, Letter, Sms, Visit, Web};
use crate::support::{Case, TestApp};

/// Each with the way that its answer is to take: a caller and a visitor have a telephone, and who writes on the web tells
/// an address.
const WAYS: [(Adapter, &str); 7] = [
    (Call, "sms"),
    (Sms, "sms"),
    (Fax, "fax"),
    (Web, "email"),
    (Email, "email"),
    (Letter, "letter"),
    (Visit, "sms"),
];

/// What a registrar adds of the citizen, from the head of the fax or the letter, or the form.
async fn completed(app: &TestApp, adapter: Adapter, case: &Case) {
    let more = match adapter {
        Fax => json!({ "phone": "02188881234" }),
        Letter => json!({ "address": "اصفهان، خیابان چهارباغ، پلاک ۱۲" }),
        Web => json!({ "email": "maryam@example.ir" }),
        Call | Sms | Email | Visit | Adapter::Desk => return,
    };
    let citizen = app.case(case).await["citizen"]["id"].as_str().expect("a citizen").to_owned();
    app.as_user("agent.centre").await.patch(&format!("/citizens/{citizen}"), more).await.expect(200);
}

async fn answered(app: &TestApp, case: &Case) {
    app.classify(case, "request", "water.outage").await;
    app.refer("classifier.centre", case, &[("MOEN-10", "lead")]).await;
    let acceptance = format!("/referrals/{}/acceptance", app.lead(case).await);
    app.as_user("handler.moen-10").await.post(&acceptance, json!({})).await.expect(200);
    app.answer(case, "MOEN-10").await;
    let outcome = json!({ "outcome": "granted" });
    app.as_user("classifier.centre").await.post(&case.path("closure"), outcome).await.expect(200);
    app.drain().await;
}

/// Prints what waits for the post, and hands it over.
async fn posted(app: &TestApp) {
    let registrar = app.as_user("registrar.centre").await;
    let batch = registrar.post("/letters/batches", json!({})).await.expect(201);
    let path = format!("/letters/batches/{}", batch["id"].as_str().expect("an id"));
    assert_eq!(registrar.get(&format!("{path}/print")).await.status, 200);
    registrar.post(&format!("{path}/handover"), json!({ "to": "پست" })).await.expect(200);
}

#[actix_web::test]
async fn through_every_channel_a_case_comes_in_and_its_answer_goes_out() {
    let mut table = format!("{:<8} {:<9} {:<8} {:<10} {}\n", "channel", "in", "out", "by", "state");
    for (adapter, way) in WAYS {
        let app = TestApp::start().await;
        let case = adapter.files(&app).await;
        completed(&app, adapter, &case).await;
        answered(&app, &case).await;
        if adapter == Letter {
            posted(&app).await;
        }
        let said = app.list(&case, "communications").await;
        let filing = said.iter().find(|one| one["what"] == "filing").expect("a filing");
        let answer = said.iter().find(|one| one["template"] == "answer_approved").expect("an answer");
        assert_eq!(filing["channel"], adapter.channel());
        let told = (&answer["channel"], &answer["state"]);
        assert_eq!(told, (&json!(way), &json!("sent")), "{adapter:?}");
        let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        let by = if way == "letter" { "the post".to_owned() } else { word(&answer["gateway"]) };
        let (came, channel) = (word(&filing["state"]), adapter.channel());
        writeln!(table, "{channel:<8} {came:<9} {way:<8} {by:<10} {}", word(&answer["state"])).unwrap();
        app.whole();
    }
    print!("{table}");
    // the test run shows it at its end
    std::fs::write(concat!(env!("CARGO_TARGET_TMPDIR"), "/channels.txt"), table).unwrap();
}
