//! A proposed rule is tried on past cases before it holds; and whether rules were applied alike.

use serde_json::{Value, json};

use crate::support::TestApp;

/// Six requests about water from Isfahan, one about a bill without a place, and a complaint.
async fn past(app: &TestApp) {
    for _ in 0..6 {
        app.classified().await;
    }
    let case = app.register(json!({ "place": null })).await;
    app.classify(&case, "request", "water.bill").await;
    app.classified_with(json!({ "kind": "complaint" })).await;
    app.pass_days(8);
}

#[actix_web::test]
async fn a_limit_is_tried_on_last_months_cases_and_whoever_approves_sees_what_it_does() {
    let app = TestApp::start().await;
    past(&app).await;
    let admin = app.as_user("admin").await;
    let wish = json!({ "code": "answer.request", "span": "3wd" });
    let told = admin.post("/limits/trial", wish).await.expect(200);
    assert_eq!(
        (&told["cases"], &told["due"]["moved"], &told["due"]["earlier"]),
        (&json!(8), &json!(7), &json!(7))
    );
    assert_eq!(
        (&told["outer"]["moved"], &told["triage"]["moved"], &told["rerouted"]),
        (&json!(0), &json!(0), &json!(0))
    );
    assert!(told["due"]["median_seconds"].as_i64().unwrap() < -5 * 86_400);
    assert_eq!((&told["late_before"], &told["late_after"]), (&json!(0), &json!(7)));
    assert_eq!(told["sample"], json!([]), "an administrator sees no case");
    let change = admin
        .patch("/limits/answer.request", json!({ "span": "3wd", "because": "تصمیم شورا" }))
        .await
        .expect(202);
    let path = format!("/changes/{}", change["id"].as_str().unwrap());
    assert_eq!(change["trial"], Value::Null);
    let tried = admin.post(&format!("{path}/trial"), json!({})).await.expect(200);
    assert_eq!(tried, told);
    let seen = app.as_user("admin2").await.get(&path).await.expect(200);
    assert_eq!(seen["trial"]["due"]["moved"], 7);
    // nothing was changed by all that
    assert_eq!(
        app.nobody().get("/public/rules?code=answer.request").await.expect(200)["items"][0]["span"],
        "10wd"
    );
    let earlier = json!({ "from": "2026-05-01", "to": "2026-06-01" });
    assert_eq!(admin.post(&format!("{path}/trial"), earlier).await.expect(200)["cases"], 0);
}

#[actix_web::test]
async fn a_routing_rule_is_tried_on_past_cases() {
    let app = TestApp::start().await;
    past(&app).await;
    let admin = app.as_user("admin").await;
    let rule = json!({
        "code": "water-here", "order": 5, "category": "water.outage", "to": "FAR-1002",
        "fa": "آب", "en": "Water", "source": "Decision",
    });
    let wish = json!({ "rule": rule, "kind": "request", "category": "water.outage" });
    let told = admin.post("/routing-rules/trial", wish).await.expect(200);
    assert_eq!((&told["office"], &told["rule"]), (&json!("FAR-1002"), &json!("water-here")));
    let past = &told["past"];
    assert_eq!((&past["rerouted"], &past["due"]["moved"]), (&json!(7), &json!(0)));
    assert_eq!(past["routes"], json!([{ "from": "MOEN-10", "to": "FAR-1002", "count": 7 }]));
    let only =
        admin.post("/routing-rules/trial", json!({ "rule": { "code": "default", "to": "MOEN" } })).await;
    assert_eq!(only.expect(200)["office"], Value::Null);
    admin.post("/routing-rules/trial", json!({})).await.wrong("kind", "required");
}

#[actix_web::test]
async fn a_trial_of_nonsense_is_refused() {
    let app = TestApp::start().await;
    let admin = app.as_user("admin").await;
    let limit = |more: Value| {
        let mut wish = json!({ "code": "answer.request", "span": "3wd" });
        more.as_object().unwrap().iter().for_each(|(field, value)| wish[field] = value.clone());
        wish
    };
    let turned = limit(json!({ "from": "2026-06-02", "to": "2026-06-01" }));
    admin.post("/limits/trial", turned).await.wrong("to", "before_from");
    admin.post("/limits/trial", limit(json!({ "from": "2020-01-01" }))).await.wrong("from", "too_long");
    admin.post("/limits/trial", limit(json!({ "from": 7 }))).await.wrong("from", "invalid");
    admin.post("/limits/trial", limit(json!({ "span": "soon" }))).await.wrong("span", "invalid");
    admin.post("/limits/trial", json!({ "code": "new" })).await.wrong("source", "required");
    let rule = json!({ "rule": { "code": "default", "to": "NOWHERE" } });
    admin.post("/routing-rules/trial", rule.clone()).await.wrong("to", "unknown");
    let change = admin.patch("/offices/MOEN", json!({ "email": "a@example.ir" })).await.expect(202);
    let path = format!("/changes/{}/trial", change["id"].as_str().unwrap());
    admin.post(&path, json!({})).await.refused(409, "nothing_to_try");
    let classifier = app.as_user("classifier.centre").await;
    classifier.post("/routing-rules/trial", rule).await.refused(403, "forbidden");
}

#[actix_web::test]
async fn the_parity_report_compares_groups_and_tells_no_small_one() {
    let app = TestApp::start().await;
    past(&app).await;
    let case = app.referred_to("MOEN-10").await;
    app.pass_days(1);
    let analyst = app.as_user("analyst.centre").await;
    let told = analyst.get("/statistics/parity?by=province").await.expect(200);
    let items = told["items"].as_array().unwrap();
    assert_eq!(items.iter().map(|one| &one["group"]).collect::<Vec<_>>(), [&json!("10"), &json!("none")]);
    assert_eq!((&items[0]["cases"], &items[0]["refusals"]), (&json!(8), &json!(0)));
    assert_eq!((&items[1]["cases"], &items[1]["limit_seconds"]), (&Value::Null, &Value::Null));
    assert!(items[0]["limit_seconds"].as_i64().unwrap() > 10 * 86_400);
    // the limit is the same for every channel, since no rule looks at it
    for by in ["kind", "channel", "office"] {
        let told = analyst.get(&format!("/statistics/parity?by={by}")).await.expect(200);
        assert!(!told["items"].as_array().unwrap().is_empty(), "{by}");
    }
    assert_eq!(app.case(&case).await["status"], "referred");
    // an office compares what it sees, and nothing else
    let theirs = app.as_user("handler.mohme").await.get("/statistics/parity?by=kind").await.expect(200);
    assert_eq!(theirs["items"], json!([]));
    analyst.get("/statistics/parity").await.wrong("by", "required");
    analyst.get("/statistics/parity?by=name").await.wrong("by", "unknown");
    analyst.get("/statistics/parity?by=kind&from=x").await.wrong("from", "invalid");
    app.as_user("admin").await.get("/statistics/parity?by=kind").await.refused(403, "forbidden");
}
