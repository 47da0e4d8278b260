//! Rules as data: a change holds from now on, and an old case keeps the rules of its day.

use serde_json::json;

use crate::support::TestApp;

#[actix_web::test]
async fn a_changed_limit_holds_for_new_cases_only() {
    let app = TestApp::start().await;
    let before = app.register(json!({})).await;
    let due = app.case(&before).await["due_at"].clone();
    let told = app.agreed_patch("/limits/answer.request", json!({ "span": "3wd" })).await;
    assert_eq!(
        (&told["version"], &told["row"]["span"], &told["proposed_by"], &told["decided_by"]),
        (&json!(2), &json!("3wd"), &json!("admin"), &json!("admin2"))
    );
    let after = app.register(json!({})).await;
    assert_eq!(app.case(&before).await["due_at"], due);
    assert!(app.case(&after).await["due_at"].as_str() < due.as_str());
    let rules = app.nobody().get("/public/rules").await.expect(200);
    let row = rules["items"].as_array().unwrap().iter().find(|row| row["code"] == "answer.request").unwrap();
    assert_eq!(row["span"], "3wd");
}

#[actix_web::test]
async fn a_limit_needs_a_span_and_a_source() {
    let app = TestApp::start().await;
    let admin = app.as_user("admin").await;
    admin.patch("/limits/answer.request", json!({ "span": "soon" })).await.wrong("span", "invalid");
    admin.patch("/limits/answer.request", json!({ "source": null })).await.expect(422);
    admin.patch("/limits/answer.request", json!({ "code": "other" })).await.wrong("code", "fixed");
    admin.patch("/limits/none", json!({ "span": "3wd" })).await.refused(404, "not_found");
}

#[actix_web::test]
async fn a_routing_rule_is_tried_before_it_is_used_and_changes_the_next_referral() {
    let app = TestApp::start().await;
    let admin = app.as_user("admin").await;
    let trial = json!({ "kind": "request", "category": "water.outage", "place": { "county": "1002" } });
    let told = admin.post("/routing-rules/trial", trial.clone()).await.expect(200);
    assert_eq!(told["office"], "MOEN-10");
    let rule = json!({
        "code": "water-here", "order": 5, "category": "water.outage", "province": "10", "to": "FAR-1002",
        "fa": "آب", "en": "Water", "source": "Decision",
    });
    app.agreed_post("/routing-rules", rule.clone()).await;
    admin.post("/routing-rules", rule).await.refused(409, "duplicate");
    let told = admin.post("/routing-rules/trial", trial).await.expect(200);
    assert_eq!((&told["office"], &told["rule"]), (&json!("FAR-1002"), &json!("water-here")));
    let case = app.classified().await;
    let sent =
        app.as_user("classifier.centre").await.post(&case.path("referrals"), json!({})).await.expect(201);
    assert_eq!(sent["items"][0]["office"]["code"], "FAR-1002");
}

#[actix_web::test]
async fn a_holiday_that_is_added_moves_the_promise_of_new_cases() {
    let app = TestApp::start().await;
    let before = app.case(&app.register(json!({})).await).await["due_at"].clone();
    let admin = app.as_user("admin").await;
    let calendars = admin.get("/calendars").await.expect(200);
    let calendar = calendars["items"][0]["code"].clone();
    let listed = admin.get("/holidays?limit=1").await.expect(200)["items"][0].clone();
    let mut day = json!({ "calendar": calendar, "date": "1405/03/24", "fa": "تعطیلی", "en": "Closure", "source": "Decision" });
    for (field, value) in listed.as_object().unwrap() {
        let own = ["code", "version", "author", "valid_from"];
        if !own.contains(&field.as_str()) && day.get(field).is_none() {
            day[field] = value.clone();
        }
    }
    day["calendar"] = listed["calendar"].clone();
    app.agreed_post("/holidays", day).await;
    let after = app.case(&app.register(json!({})).await).await["due_at"].clone();
    assert!(after.as_str() > before.as_str(), "{before} {after}");
}

#[actix_web::test]
async fn an_office_that_is_added_takes_referrals_at_once() {
    let app = TestApp::start().await;
    let admin = app.as_user("admin").await;
    let new = json!({ "code": "MOEN-10-A", "parent": "MOEN-10", "level": "county", "name_fa": "اداره", "name_en": "Unit" });
    let told = app.agreed_post("/offices", new.clone()).await;
    assert_eq!(told["row"]["parent"], "MOEN-10");
    admin.post("/offices", new).await.refused(409, "duplicate");
    let case = app.referred_to("MOEN-10-A").await;
    assert_eq!(app.case(&case).await["holder"]["office"], "MOEN-10-A");
    app.as_user("handler.moen-10").await.get(&case.path("")).await.expect(200);
}

#[actix_web::test]
async fn an_office_without_approval_answers_at_once() {
    let app = TestApp::start().await;
    app.agreed_patch("/offices/MOEN-10", json!({ "needs_approval": false })).await;
    let case = app.accepted("MOEN-10").await;
    app.submit(&case, "MOEN-10").await;
    assert_eq!(app.case(&case).await["status"], "answered");
}

#[actix_web::test]
async fn every_list_of_the_configuration_pages_through_all_its_rows() {
    let app = TestApp::start().await;
    let admin = app.as_user("admin").await;
    for (noun, least) in [("offices", 1242), ("categories", 100), ("templates", 50), ("limits", 30)] {
        let (mut count, mut next) = (0, String::new());
        loop {
            let page = admin.get(&format!("/{noun}?limit=200{next}")).await.expect(200);
            count += page["items"].as_array().unwrap().len();
            match page["next_cursor"].as_str() {
                Some(cursor) => next = format!("&cursor={cursor}"),
                None => break,
            }
        }
        assert!(count >= least, "{noun} {count}");
    }
}

#[actix_web::test]
async fn only_an_administrator_configures() {
    let app = TestApp::start().await;
    for username in ["classifier.centre", "inspector.centre", "approver.moen", "auditor.centre"] {
        let person = app.as_user(username).await;
        person.patch("/limits/answer.request", json!({ "span": "3wd" })).await.refused(403, "forbidden");
        person
            .post("/gateways", json!({ "name": "x", "channels": ["*"], "office": "CENTRE" }))
            .await
            .refused(403, "forbidden");
    }
}
