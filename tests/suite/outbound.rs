//! What goes out: when, by which way, whether it arrived, and what it waits for.

use serde_json::{Value, json};

use crate::support::{Case, MARYAM, TestApp};

const NIGHT: &str = "22:00-07:00";

async fn notices(app: &TestApp, case: &Case, template: &str) -> Vec<Value> {
    let mut all = app.list(case, "communications").await;
    all.retain(|one| one["template"] == template);
    all
}

async fn asked(app: &TestApp, changes: Value) -> Case {
    let case = app.classified_with(changes).await;
    let question = json!({ "text": "نشانی دقیق کجاست؟" });
    app.as_user("classifier.centre").await.post(&case.path("questions"), question).await.expect(201);
    case
}

/// The names of the templates that went out as SMS.
fn sms(app: &TestApp) -> Vec<String> {
    app.sms().sent().iter().map(|letter| letter.rendered.filled.event.clone()).collect()
}

#[actix_web::test]
async fn at_night_no_sms_goes_out_but_codes_and_urgent_ones() {
    let app = TestApp::start_with(|config| config.outbox.quiet_hours = NIGHT.into()).await;
    // half past eleven in Tehran
    app.pass_hours(14);
    let case = asked(&app, json!({})).await;
    app.drain().await;
    assert_eq!(sms(&app), ["case_registered"], "the caller waits for the code");
    let waiting = notices(&app, &case, "question_asked").await.remove(0);
    assert_eq!(waiting["state"], "queued");
    assert_eq!((&waiting["waits_for"], &waiting["attempts"]), (&json!("quiet_hours"), &json!(0)));
    assert_eq!(waiting["next_at"], "2026-06-11T03:30:00Z", "seven in the morning");
    assert_eq!(waiting["may_resend"], false, "it waits anyway");
    let urgent = asked(&app, json!({ "priority": "urgent" })).await;
    app.drain().await;
    assert_eq!(notices(&app, &urgent, "question_asked").await[0]["state"], "sent");
    app.pass_hours(7);
    app.drain().await;
    assert_eq!(notices(&app, &case, "question_asked").await[0]["state"], "queued");
    app.pass_hours(1);
    app.drain().await;
    let sent = notices(&app, &case, "question_asked").await.remove(0);
    assert_eq!(
        (&sent["state"], &sent["attempts"], &sent["next_at"]),
        (&json!("sent"), &json!(1), &Value::Null)
    );
    assert_eq!(sms(&app).iter().filter(|event| *event == "question_asked").count(), 2, "each once");
    app.whole();
}

#[actix_web::test]
async fn at_night_a_mail_goes_out() {
    let app = TestApp::start_with(|config| config.outbox.quiet_hours = NIGHT.into()).await;
    app.pass_hours(14);
    let citizen = json!({ "national_id": MARYAM, "mobile": null, "email": "maryam@example.ir" });
    let case = asked(&app, json!({ "citizen": citizen })).await;
    app.drain().await;
    assert_eq!(notices(&app, &case, "question_asked").await[0]["state"], "sent");
}

#[actix_web::test]
async fn a_gateway_gets_so_many_a_minute_and_the_others_keep_their_turn() {
    let app = TestApp::start_with(|config| config.smtp.per_minute = 60).await;
    let citizen = json!({ "national_id": MARYAM, "mobile": null, "email": "maryam@example.ir" });
    let mut cases = Vec::new();
    for _ in 0..3 {
        cases.push(asked(&app, json!({ "citizen": citizen })).await);
    }
    let sent = |app: &TestApp| {
        app.mail().sent().iter().filter(|letter| letter.rendered.filled.event == "question_asked").count()
    };
    app.drain().await;
    assert_eq!((sent(&app), app.mail().sent().len()), (1, 4), "codes wait for no turn");
    let mut waits = Vec::new();
    for case in &cases {
        let notice = notices(&app, case, "question_asked").await.remove(0);
        waits.push((notice["waits_for"].clone(), notice["gateway"].clone()));
    }
    let (turn, gone) = ((json!("turn"), Value::Null), (json!(null), json!("mail")));
    assert_eq!(
        (waits.iter().filter(|one| **one == turn).count(), waits.contains(&gone)),
        (2, true),
        "{waits:?}"
    );
    for count in [2, 3] {
        app.app.clock.set(app.now().plus_seconds(1));
        app.drain().await;
        assert_eq!(sent(&app), count);
    }
}

/// A case that came by fax, from a line and nothing else.
async fn faxed(app: &TestApp) -> Case {
    let scan = json!({ "name": "p1.txt", "content": "cGFnZQ==" });
    let fax = json!({ "external_id": "h-1", "from": "031 3624 0000", "text": "آب محله سه روز است که قطع است.", "scans": [scan],
        "national_id": MARYAM, "name": "مریم کاظمی" });
    let told = app.gateway().post("/channels/fax/inbound", fax).await;
    assert!(told.status < 300, "{}", told.told());
    let id = told.json["case_id"].as_str().unwrap_or_else(|| panic!("{}", told.told())).to_owned();
    Case { id, tracking_code: String::new(), access_code: String::new() }
}

#[actix_web::test]
async fn the_answer_to_a_fax_is_a_fax_and_where_it_fails_the_next_way_is_taken() {
    let app = TestApp::start().await;
    let case = faxed(&app).await;
    app.drain().await;
    let first = app.fax().sent().remove(0);
    assert_eq!(
        (first.address.as_str(), first.rendered.filled.event.as_str()),
        ("+983136240000", "case_registered")
    );
    let page = first.page.expect("a page");
    assert_eq!(page.recipient[0], "مریم کاظمی");
    let notice = notices(&app, &case, "case_registered").await.remove(0);
    assert_eq!(
        (&notice["channel"], &notice["gateway"], &notice["address"], &notice["waits_for"]),
        (&json!("fax"), &json!("fax"), &json!("***0000"), &json!("report"))
    );
    let told = |status: &str| json!({ "message_id": first.message.to_string(), "status": status });
    let gateway = app.gateway();
    app.as_user("agent.centre")
        .await
        .post("/channels/fax/deliveries", told("done"))
        .await
        .refused(403, "forbidden");
    gateway.post("/channels/fax/deliveries", told("")).await.wrong("status", "required");
    gateway.post("/channels/fax/deliveries", told("requeued")).await.expect(200);
    assert_eq!(notices(&app, &case, "case_registered").await[0]["state"], "sent");
    let strange = json!({ "message_id": "77", "status": "done" });
    gateway.post("/channels/fax/deliveries", strange).await.refused(404, "not_found");
    // a mobile became known: it is the next way
    let row = app.case(&case).await;
    let citizen = row["citizen"]["id"].as_str().unwrap().to_owned();
    app.as_user("agent.centre")
        .await
        .patch(&format!("/citizens/{citizen}"), json!({ "mobile": "09990000011" }))
        .await
        .expect(200);
    gateway.post("/channels/fax/deliveries", told("failed")).await.expect(200);
    app.drain().await;
    let all = notices(&app, &case, "case_registered").await;
    let states: Vec<(&Value, &Value)> = all.iter().map(|one| (&one["channel"], &one["state"])).collect();
    assert_eq!(states, [(&json!("fax"), &json!("undelivered")), (&json!("sms"), &json!("sent"))]);
    assert_eq!(all[1]["fallback_of"], all[0]["message_id"]);
    gateway.post("/channels/fax/deliveries", told("done")).await.expect(200);
    assert_eq!(
        notices(&app, &case, "case_registered").await[0]["state"],
        "delivered",
        "a late report is believed"
    );
    app.whole();
}

#[actix_web::test]
async fn without_a_fax_server_the_answer_waits_to_be_printed() {
    let mut app = TestApp::start().await;
    app.app.gateways.fax = samad::gateways::FaxGateway::Off;
    let case = faxed(&app).await;
    let citizen = app.case(&case).await["citizen"]["id"].as_str().unwrap().to_owned();
    let address = json!({ "address": "اصفهان، خیابان چهارباغ، پلاک ۱۲" });
    app.as_user("agent.centre").await.patch(&format!("/citizens/{citizen}"), address).await.expect(200);
    app.drain().await;
    let notice = notices(&app, &case, "case_registered").await.remove(0);
    assert_eq!((&notice["channel"], &notice["waits_for"]), (&json!("letter"), &json!("printing")));
}
