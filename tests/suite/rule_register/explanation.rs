//! An old case is explained by the rules of its day, a new one by the new; the same inputs give the same.

use serde_json::{Value, json};

use crate::support::{Case, REZA, TestApp};

async fn explained(app: &TestApp, case: &Case) -> Value {
    app.as_user("inspector.centre").await.get(&case.path("explanation")).await.expect(200)
}

fn of<'a>(told: &'a Value, what: &str) -> &'a Value {
    let all = told["consequences"].as_array().unwrap();
    all.iter().find(|one| one["what"] == what).unwrap_or_else(|| panic!("{what} is not in {told}"))
}

/// Referred by the routing rules.
async fn routed(app: &TestApp, changes: Value) -> Case {
    let case = app.classified_with(changes).await;
    app.as_user("classifier.centre").await.post(&case.path("referrals"), json!({})).await.expect(201);
    case
}

#[actix_web::test]
async fn an_old_case_is_explained_by_the_old_version_and_a_new_one_by_the_new() {
    let app = TestApp::start().await;
    let old = routed(&app, json!({})).await;
    app.pass_days(1);
    let wish = json!({ "span": "3wd", "source": "Decision of the Centre, 2026-06-11" });
    app.agreed_patch("/limits/answer.request", wish).await;
    let rule = json!({
        "code": "water-here", "order": 5, "category": "water.outage", "province": "10", "to": "FAR-1002",
        "fa": "آب", "en": "Water", "source": "Decision of the Centre, 2026-06-11",
    });
    app.agreed_post("/routing-rules", rule).await;
    app.pass_hours(1);
    let new = routed(&app, json!({})).await;
    let (before, after) = (explained(&app, &old).await, explained(&app, &new).await);
    let told = |explanation: &Value| {
        let due = of(explanation, "due");
        (due["rule"]["version"].clone(), due["rule"]["span"].clone(), due["agrees"].clone())
    };
    assert_eq!(told(&before), (json!(1), json!("10wd"), json!(true)));
    assert_eq!(told(&after), (json!(2), json!("3wd"), json!(true)));
    assert_eq!(of(&after, "due")["rule"]["source"], "Decision of the Centre, 2026-06-11");
    assert_eq!(of(&after, "route")["rule"]["code"], "water-here");
    assert_eq!(of(&after, "route")["weighed"].as_array().unwrap().len(), 1);
    let route = of(&before, "route");
    assert_ne!(route["rule"]["code"], "water-here");
    assert_eq!(route["agrees"], true);
    let weighed = route["weighed"].as_array().unwrap();
    let (last, others) = weighed.split_last().unwrap();
    assert_eq!((&last["chose"], &last["rule"]), (&json!(true), &route["rule"]["code"]));
    assert!(others.iter().all(|one| one["chose"] == false && one["rule"] != "water-here"));
    assert!(others[0]["en"].as_str().unwrap().starts_with("It asks for the group conduct"), "{others:?}");
}

#[actix_web::test]
async fn a_due_time_is_explained_by_its_days() {
    let app = TestApp::start().await;
    let case = app.register(json!({})).await;
    let told = explained(&app, &case).await;
    let due = of(&told, "due");
    let reckoning = &due["reckoning"];
    assert_eq!((&reckoning["span"], &reckoning["working_days"]), (&json!("10wd"), &json!(10)));
    assert_eq!(reckoning["until"], app.case(&case).await["due_at"]);
    let skipped = reckoning["skipped"].as_array().unwrap();
    assert!(skipped.iter().any(|day| day["why"] == "weekend"), "{skipped:?}");
    let holiday = skipped.iter().find(|day| day["why"] == "holiday").expect("a holiday in these weeks");
    assert!(!holiday["name"].as_str().unwrap().is_empty());
    assert_eq!(
        (&of(&told, "outer")["agrees"], &of(&told, "outer")["rule"]["span"]),
        (&json!(true), &json!("21d"))
    );
    assert_eq!(of(&told, "triage")["rule"]["code"], "triage");
}

#[actix_web::test]
async fn everything_on_a_long_case_has_its_rule() {
    let app = TestApp::start().await;
    let case = app.accepted("MOEN-10").await;
    let handler = app.as_user("handler.moen-10").await;
    handler.post(&case.path("questions"), json!({ "text": "شماره اشتراک؟" })).await.expect(201);
    app.pass_days(2);
    let reply = json!({ "text": "۱۲۳۴۵", "channel": "phone" });
    app.as_user("agent.centre").await.post(&case.path("messages"), reply).await.expect(201);
    let lead = app.lead(&case).await;
    let longer = json!({ "reason": "field_visit", "days": 2 });
    let approver = app.as_user("approver.moen-10").await;
    approver.post(&format!("/referrals/{lead}/extension"), longer).await.expect(200);
    app.pass_days(20);
    app.drain().await;
    let body = json!({ "text": "ممکن نیست", "outcome": "declined", "reason_code": "no_budget" });
    let answer = handler.post(&format!("/referrals/{lead}/answers"), body).await.expect(201);
    let path = format!("/answers/{}/approval", answer["id"].as_str().unwrap());
    approver.post(&path, json!({})).await.expect(200);
    let told = explained(&app, &case).await;
    let rule = |what: &str| of(&told, what)["rule"]["code"].as_str().unwrap_or_default().to_owned();
    assert_eq!(rule("question"), "question_wait");
    assert_eq!(of(&told, "question")["agrees"], true);
    assert_eq!(rule("pause"), "question_reply");
    assert_eq!(rule("extension"), "extension_max_percent");
    assert!(of(&told, "extension")["en"].as_str().unwrap().contains("field"));
    assert_eq!(rule("reason"), "decline.no_budget");
    assert_eq!(
        (rule("reply_window"), &of(&told, "reply_window")["agrees"]),
        ("reply_window".into(), &json!(true))
    );
    assert_eq!(rule("lateness"), "reminder_first");
    assert_eq!(of(&told, "due")["agrees"], Value::Null, "a pause and an extension moved it since");
    assert_eq!(of(&told, "route")["rule"], Value::Null, "a person named the office");
    // the citizen sees the same, without what offices have among themselves
    let pair = json!({ "tracking_code": case.tracking_code, "access_code": case.access_code });
    let token =
        app.nobody().post("/public/lookups", pair).await.expect(200)["token"].as_str().unwrap().to_owned();
    let path = format!("/public/cases/{}/explanation", case.tracking_code);
    let own = app.bearer(&token).get(&path).await.expect(200);
    assert_eq!(of(&own, "reason"), of(&told, "reason"));
    assert!(own["consequences"].as_array().unwrap().iter().all(|one| one["what"] != "lateness"));
    let right = |code: &str| {
        own["rights"].as_array().unwrap().iter().find(|one| one["rule"]["code"] == code).unwrap().clone()
    };
    assert_eq!(
        (&right("objection")["open"], &right("objection")["until"]),
        (&json!(true), &of(&own, "reply_window")["until"])
    );
    assert_eq!(right("appeal")["open"], false);
    assert!(right("appeal")["why"].as_str().unwrap().contains("appeal"));
    app.nobody().get(&path).await.refused(401, "unauthenticated");
}

#[actix_web::test]
async fn an_objection_and_a_closing_are_explained_too() {
    let app = TestApp::start().await;
    let case = app.closed().await;
    let told = explained(&app, &case).await;
    assert_eq!(
        (&of(&told, "remedy_window")["rule"]["code"], &of(&told, "remedy_window")["agrees"]),
        (&json!("objection_window"), &json!(true))
    );
    let body = json!({ "text": "وصل نشد" });
    app.as_user("agent.centre").await.post(&case.path("objection"), body).await.expect(200);
    let told = explained(&app, &case).await;
    let again = of(&told, "additional_answer");
    assert_eq!((&again["rule"]["code"], &again["agrees"]), (&json!("additional_answer"), &json!(true)));
}

#[actix_web::test]
async fn the_same_inputs_give_the_same_route_and_limit_whoever_files() {
    let app = TestApp::start().await;
    let mut seen = Vec::new();
    for person in
        [json!({}), json!({ "citizen": { "national_id": REZA, "name": "رضا", "mobile": "09991234561" } })]
    {
        for channel in ["phone", "visit", "letter"] {
            let mut changes = person.clone();
            changes["channel"] = json!(channel);
            let case = routed(&app, changes).await;
            let told = explained(&app, &case).await;
            let (route, due) = (of(&told, "route"), of(&told, "due"));
            assert_eq!((&route["agrees"], &due["agrees"]), (&json!(true), &json!(true)));
            let lead = app.referral(&app.lead(&case).await).await;
            seen.push((
                route["rule"].clone(),
                lead["office"]["code"].clone(),
                due["rule"].clone(),
                due["until"].clone(),
            ));
        }
    }
    seen.dedup();
    assert_eq!(seen.len(), 1, "{seen:?}");
}
