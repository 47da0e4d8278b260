//! Frequent-contact plans: reasons, a second person, a review date, a right to review; and every case is still read.

use serde_json::{Value, json};

use crate::support::{Case, Client, REZA, Reply, TestApp, filing};

/// A case of Maryam's, and her id.
async fn known(app: &TestApp) -> (Case, String) {
    let case = app.register(json!({ "citizen": { "email": "maryam@example.ir" } })).await;
    let id = app.case(&case).await["citizen"]["id"].as_str().unwrap().to_owned();
    (case, id)
}

fn plan(app: &TestApp, changes: Value) -> Value {
    let mut plan = json!({
        "reasons": "در یک هفته هفتاد بار تماس گرفته شد و به کارکنان توهین شد.",
        "measures": ["single_contact", "writing_only"],
        "contact_office": "GOV-10",
        "review_at": app.now().plus_days(90).to_string(),
    });
    for (key, value) in changes.as_object().unwrap() {
        plan[key] = value.clone();
    }
    plan
}

async fn post(app: &TestApp, username: &str, citizen: &str, verb: &str, body: Value) -> Reply {
    let path = format!("/citizens/{citizen}/contact-plan{verb}");
    app.as_user(username).await.post(&path, body).await
}

/// Proposed by the classifier, confirmed by the inspector.
async fn set(app: &TestApp, citizen: &str, changes: Value) -> Value {
    post(app, "classifier.centre", citizen, "", plan(app, changes)).await.expect(201);
    post(app, "inspector.centre", citizen, "/approval", json!({})).await.expect(200)
}

async fn citizen<'a>(app: &'a TestApp, case: &Case) -> Client<'a> {
    let wish = json!({ "tracking_code": case.tracking_code, "access_code": case.access_code });
    let told = app.nobody().post("/public/lookups", wish).await.expect(200);
    app.bearer(told["token"].as_str().unwrap())
}

/// The states of a citizen's plans, the newest first.
async fn states(app: &TestApp, citizen: &str) -> Vec<String> {
    let path = format!("/citizens/{citizen}/contact-plans");
    let told = app.as_user("agent.centre").await.get(&path).await.expect(200);
    let items = told["items"].as_array().unwrap().iter();
    items.map(|one| one["state"].as_str().unwrap().to_owned()).collect()
}

fn own(case: &Case, part: &str) -> String {
    format!("/public/cases/{}/{part}", case.tracking_code)
}

#[actix_web::test]
async fn a_plan_needs_two_persons_is_told_in_writing_and_refuses_no_filing() {
    let app = TestApp::start().await;
    let (case, maryam) = known(&app).await;
    let proposed = post(&app, "inspector.centre", &maryam, "", plan(&app, json!({}))).await.expect(201);
    assert_eq!(
        (&proposed["state"], &proposed["proposed_by"]),
        (&json!("proposed"), &json!("inspector.centre"))
    );
    post(&app, "inspector.centre", &maryam, "/approval", json!({}))
        .await
        .refused(403, "second_person_required");
    post(&app, "classifier.centre", &maryam, "/approval", json!({})).await.refused(403, "forbidden");
    post(&app, "classifier.centre", &maryam, "", plan(&app, json!({}))).await.refused(409, "plan_pending");
    citizen(&app, &case).await.get(&own(&case, "contact-plan")).await.refused(404, "not_found");
    let waiting = app.as_user("privacy.centre").await.get("/contact-plans").await.expect(200);
    assert_eq!(waiting["items"][0]["id"], proposed["id"]);
    let active = post(&app, "privacy.centre", &maryam, "/approval", json!({})).await.expect(200);
    assert_eq!((&active["state"], &active["told"]), (&json!("active"), &json!(true)));
    post(&app, "privacy.centre", &maryam, "/approval", json!({})).await.refused(404, "not_found");
    // told by what the case came by, an SMS, without the reasons; the page tells them
    app.drain().await;
    let messages = app.list(&case, "messages").await;
    let notice = messages.iter().find(|one| one["template"] == "contact_plan_set").expect("a notice");
    assert!(!notice["body"].as_str().unwrap().contains("توهین"), "{notice}");
    let read = citizen(&app, &case).await.get(&own(&case, "contact-plan")).await.expect(200);
    assert!(read["reasons"].as_str().unwrap().contains("توهین"));
    assert_eq!((&read["contact_office"]["code"], &read["may_ask_review"]), (&json!("GOV-10"), &json!(true)));
    assert_eq!(read["review_at"], active["review_at"]);
    // shown to the desk, and each case is registered
    let told = app.as_user("agent.centre").await.post("/cases", filing(json!({}))).await.expect(201);
    assert_eq!(told["contact_plan"]["measures"], json!(["single_contact", "writing_only"]));
    assert_eq!(told["contact_plan"]["advice"].as_array().unwrap().len(), 4);
    let draft = json!({ "citizen": { "mobile": "09990000011" }, "text": "آب قطع است" });
    let seen = app.as_user("agent.centre").await.post("/cases/similar", draft).await.expect(200);
    assert_eq!(seen["contact_plan"]["id"], active["id"]);
    let filed = app.nobody().post("/public/cases", filing(json!({}))).await.expect(201);
    assert!(filed.get("contact_plan").is_none());
    assert_eq!(app.case(&case).await["status"], "registered");
}

#[actix_web::test]
async fn by_mail_the_citizen_reads_reasons_review_date_and_the_right_to_a_review() {
    let app = TestApp::start().await;
    let change = json!({ "channel": "email", "citizen": { "email": "maryam@example.ir" } });
    let case = app.register(change).await;
    let maryam = app.case(&case).await["citizen"]["id"].as_str().unwrap().to_owned();
    set(&app, &maryam, json!({ "measures": ["warning_letter", "subject_limits"], "subjects": "آب محله" }))
        .await;
    app.drain().await;
    let messages = app.list(&case, "messages").await;
    let notice = messages.iter().find(|one| one["template"] == "contact_plan_set").expect("a notice");
    let body = notice["body"].as_str().unwrap();
    for words in ["توهین", "بازبینی", "آب محله", &case.tracking_code] {
        assert!(body.contains(words), "{words} is missing: {body}");
    }
}

#[actix_web::test]
async fn a_review_is_asked_for_once_and_decided_by_somebody_who_did_not_make_the_plan() {
    let app = TestApp::start().await;
    let (case, maryam) = known(&app).await;
    post(&app, "inspector.centre", &maryam, "", plan(&app, json!({}))).await.expect(201);
    post(&app, "privacy.centre", &maryam, "/approval", json!({})).await.expect(200);
    let decision = json!({ "result": "lifted", "grounds": "تماس‌ها برای یک بیماری فوری بود." });
    post(&app, "appeal.centre", &maryam, "/review-decision", decision.clone())
        .await
        .refused(404, "not_found");
    let token = citizen(&app, &case).await;
    token.post(&own(&case, "contact-plan-review"), json!({ "text": " " })).await.wrong("text", "required");
    let wish = json!({ "text": "من بیمارم و ناچار بودم." });
    let asked = token.post(&own(&case, "contact-plan-review"), wish.clone()).await.expect(201);
    assert_eq!((&asked["may_ask_review"], &asked["review"]["result"]), (&json!(false), &Value::Null));
    token.post(&own(&case, "contact-plan-review"), wish.clone()).await.refused(409, "already_done");
    post(&app, "agent.centre", &maryam, "/review", wish).await.refused(409, "already_done");
    post(&app, "privacy.centre", &maryam, "/review-decision", decision.clone())
        .await
        .refused(403, "own_plan");
    post(&app, "inspector.centre", &maryam, "/review-decision", decision.clone())
        .await
        .refused(403, "forbidden");
    let wrong = json!({ "result": "x", "grounds": "" });
    let reply = post(&app, "appeal.centre", &maryam, "/review-decision", wrong).await;
    assert_eq!(reply.json["errors"].as_array().unwrap().len(), 2);
    let lifted = post(&app, "appeal.centre", &maryam, "/review-decision", decision).await.expect(200);
    assert_eq!((&lifted["state"], &lifted["review"]["result"]), (&json!("lifted"), &json!("lifted")));
    token.get(&own(&case, "contact-plan")).await.refused(404, "not_found");
    app.drain().await;
    assert!(app.list(&case, "messages").await.iter().any(|one| one["template"] == "contact_plan_reviewed"));
    let events = app.events(&case).await;
    assert_eq!(events.iter().filter(|event| *event == "contact_plan_noticed").count(), 3);
}

#[actix_web::test]
async fn staff_take_a_review_down_and_a_plan_that_stands_stays() {
    let app = TestApp::start().await;
    let (case, maryam) = known(&app).await;
    set(&app, &maryam, json!({})).await;
    let wish = json!({ "text": "نمی‌پذیرم.", "channel": "letter" });
    post(&app, "agent.centre", &maryam, "/review", wish).await.expect(201);
    let decision = json!({ "result": "stands", "grounds": "رفتار همان بود." });
    let stands = post(&app, "appeal.centre", &maryam, "/review-decision", decision.clone()).await.expect(200);
    assert_eq!(
        (&stands["state"], &stands["review"]["grounds"]),
        (&json!("active"), &json!("رفتار همان بود."))
    );
    post(&app, "appeal.centre", &maryam, "/review-decision", decision).await.refused(409, "already_done");
    let read = citizen(&app, &case).await.get(&own(&case, "contact-plan")).await.expect(200);
    assert_eq!(read["review"]["result"], "stands");
}

#[actix_web::test]
async fn a_plan_ends_by_itself_on_its_review_date_unless_it_is_renewed_with_reasons() {
    let app = TestApp::start().await;
    let (case, maryam) = known(&app).await;
    let first = set(&app, &maryam, json!({})).await;
    app.pass_days(60);
    let renewed = set(&app, &maryam, json!({ "reasons": "دوباره سی تماس در روز." })).await;
    assert_eq!(renewed["renews"], first["id"]);
    app.pass_days(40);
    app.drain().await;
    assert_eq!(states(&app, &maryam).await, ["active", "replaced"], "the first one's date has passed");
    app.pass_days(60);
    // before any worker has run it holds no more
    let told = app.as_user("agent.centre").await.post("/cases", filing(json!({}))).await.expect(201);
    assert_eq!(told["contact_plan"], Value::Null);
    let other = app.another().await;
    let (one, two) = (app.drain().await, other.drain().await);
    assert!(one > 0 && two == 0, "{one} {two}");
    assert_eq!(states(&app, &maryam).await, ["expired", "replaced"]);
    let ended = |one: &&Value| one["template"] == "contact_plan_ended";
    assert_eq!(app.list(&case, "messages").await.iter().filter(ended).count(), 1, "told once");
}

#[actix_web::test]
async fn a_plan_is_rejected_or_lifted_with_a_reason() {
    let app = TestApp::start().await;
    let (_, maryam) = known(&app).await;
    post(&app, "classifier.centre", &maryam, "", plan(&app, json!({}))).await.expect(201);
    post(&app, "inspector.centre", &maryam, "/rejection", json!({})).await.wrong("note", "required");
    let note = json!({ "note": "دلیل کافی نیست." });
    let rejected = post(&app, "inspector.centre", &maryam, "/rejection", note).await.expect(200);
    assert_eq!(
        (&rejected["state"], &rejected["end_reason"]),
        (&json!("rejected"), &json!("دلیل کافی نیست."))
    );
    post(&app, "inspector.centre", &maryam, "/ending", json!({ "reason": "x" }))
        .await
        .refused(404, "not_found");
    set(&app, &maryam, json!({})).await;
    post(&app, "inspector.centre", &maryam, "/ending", json!({})).await.wrong("reason", "required");
    let end = json!({ "reason": "تماس‌ها عادی شد." });
    assert_eq!(post(&app, "inspector.centre", &maryam, "/ending", end).await.expect(200)["state"], "lifted");
    // a proposal that lay too long is not confirmed
    post(&app, "classifier.centre", &maryam, "", plan(&app, json!({}))).await.expect(201);
    app.pass_days(91);
    post(&app, "inspector.centre", &maryam, "/approval", json!({})).await.refused(409, "plan_outdated");
}

#[actix_web::test]
async fn a_plan_that_is_not_complete_is_told_field_by_field() {
    let app = TestApp::start().await;
    let (_, maryam) = known(&app).await;
    let propose = |body: Value| {
        let (app, maryam): (&TestApp, &str) = (&app, &maryam);
        async move { post(app, "classifier.centre", maryam, "", body).await }
    };
    let empty = propose(json!({})).await;
    let fields: Vec<&Value> =
        empty.json["errors"].as_array().unwrap().iter().map(|one| &one["field"]).collect();
    assert_eq!(fields, ["reasons", "measures", "review_at"]);
    propose(plan(&app, json!({ "measures": ["no_calls"] }))).await.wrong("measures[0]", "unknown");
    propose(plan(&app, json!({ "contact_office": null }))).await.wrong("contact_office", "required");
    propose(plan(&app, json!({ "contact_office": "X" }))).await.wrong("contact_office", "unknown");
    propose(plan(&app, json!({ "measures": ["subject_limits"] }))).await.wrong("subjects", "required");
    let late = app.now().plus_days(367).to_string();
    propose(plan(&app, json!({ "review_at": late }))).await.wrong("review_at", "too_late");
    let past = app.now().plus_days(-1).to_string();
    propose(plan(&app, json!({ "review_at": past }))).await.wrong("review_at", "in_the_past");
    let new = json!({ "national_id": REZA });
    let reza = app.as_user("agent.centre").await.post("/citizens", new).await.expect(201);
    let reza = reza["id"].as_str().unwrap();
    post(&app, "classifier.centre", reza, "", plan(&app, json!({})))
        .await
        .refused(409, "citizen_without_case");
    post(&app, "classifier.centre", "1", "", plan(&app, json!({}))).await.refused(404, "not_found");
    post(&app, "agent.centre", &maryam, "", plan(&app, json!({}))).await.refused(403, "forbidden");
    app.as_user("inspector.centre").await.get("/contact-plans?state=x").await.wrong("state", "unknown");
}

#[actix_web::test]
async fn whoever_files_in_anothers_name_later_learns_nothing_of_a_plan() {
    let app = TestApp::start().await;
    let (_, maryam) = known(&app).await;
    set(&app, &maryam, json!({})).await;
    app.pass_hours(1);
    let filed = app
        .nobody()
        .post("/public/cases", filing(json!({ "citizen": { "mobile": "09990000077" } })))
        .await
        .expect(201);
    let text = |field: &str| filed[field].as_str().unwrap().to_owned();
    let case =
        Case { id: String::new(), tracking_code: text("tracking_code"), access_code: text("access_code") };
    let stranger = citizen(&app, &case).await;
    stranger.get(&own(&case, "contact-plan")).await.refused(404, "not_found");
    stranger
        .post(&own(&case, "contact-plan-review"), json!({ "text": "چرا؟" }))
        .await
        .refused(404, "not_found");
}
