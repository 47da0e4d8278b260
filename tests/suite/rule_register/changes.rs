//! Four eyes: proposed by one, agreed by another, in force at its time; and everything that may go wrong.

use serde_json::{Value, json};

use crate::support::TestApp;

fn path(change: &Value, verb: &str) -> String {
    format!("/changes/{}/{verb}", change["id"].as_str().expect("an id"))
}

#[actix_web::test]
async fn a_change_holds_only_when_a_second_person_approved_it() {
    let app = TestApp::start().await;
    let (first, second) = (app.as_user("admin").await, app.as_user("admin2").await);
    let wish = json!({ "span": "5wd", "because": "بار کار کمتر شده است" });
    let change = first.patch("/limits/answer.request", wish).await.expect(202);
    assert_eq!((&change["status"], &change["stale"]), (&json!("proposed"), &json!(false)));
    assert_eq!(change["diff"], json!([{ "field": "span", "before": "10wd", "after": "5wd" }]));
    let span = async || {
        let rules = app.nobody().get("/public/rules?code=answer.request").await.expect(200);
        rules["items"][0]["span"].as_str().unwrap().to_owned()
    };
    assert_eq!(span().await, "10wd");
    first.post(&path(&change, "approval"), json!({})).await.refused(403, "own_change");
    first.post(&path(&change, "rejection"), json!({ "reason": "no" })).await.refused(403, "own_change");
    second.post(&path(&change, "withdrawal"), json!({})).await.refused(403, "not_own_change");
    let told = second.post(&path(&change, "approval"), json!({ "reason": "درست است" })).await.expect(200);
    assert_eq!((&told["status"], &told["version"]), (&json!("applied"), &json!(2)));
    assert_eq!(span().await, "5wd");
    second.post(&path(&change, "approval"), json!({})).await.refused(409, "change_decided");
    let listed = app.as_user("auditor.centre").await.get("/changes?status=applied").await.expect(200);
    assert_eq!(listed["items"][0]["decision_reason"], "درست است");
}

#[actix_web::test]
async fn a_rejection_needs_a_reason_and_a_withdrawal_is_the_proposers() {
    let app = TestApp::start().await;
    let (first, second) = (app.as_user("admin").await, app.as_user("admin2").await);
    let change =
        first.patch("/limits/triage", json!({ "span": "2wd", "because": "تصمیم شورا" })).await.expect(202);
    second.post(&path(&change, "rejection"), json!({})).await.wrong("reason", "required");
    let told = second.post(&path(&change, "rejection"), json!({ "reason": "دیر است" })).await.expect(200);
    assert_eq!(told["status"], "rejected");
    let change =
        first.patch("/limits/triage", json!({ "span": "2wd", "because": "تصمیم شورا" })).await.expect(202);
    let told = first.post(&path(&change, "withdrawal"), json!({})).await.expect(200);
    assert_eq!(told["status"], "withdrawn");
    second.post(&path(&change, "approval"), json!({})).await.refused(409, "change_decided");
    first.get("/changes/1").await.refused(404, "not_found");
    first.get("/changes?status=lost").await.wrong("status", "unknown");
    app.as_user("classifier.centre").await.get("/changes").await.refused(403, "forbidden");
}

#[actix_web::test]
async fn a_stale_proposal_is_refused_with_both_versions() {
    let app = TestApp::start().await;
    let first = app.as_user("admin").await;
    let old = first
        .patch("/limits/answer.request", json!({ "span": "5wd", "because": "تصمیم شورا" }))
        .await
        .expect(202);
    app.agreed_patch("/limits/answer.request", json!({ "span": "7wd" })).await;
    assert_eq!(first.get(&path(&old, "")[..path(&old, "").len() - 1]).await.expect(200)["stale"], true);
    let second = app.as_user("admin2").await;
    let reply = second.post(&path(&old, "approval"), json!({})).await;
    assert_eq!((reply.status, reply.code()), (409, "stale_change"));
    let wrong = &reply.json["errors"][0];
    assert_eq!((&wrong["field"], &wrong["code"]), (&json!("span"), &json!("changed_since")));
    assert_eq!(wrong["message"], "Proposed on version 1: 10wd; now version 2: 7wd");
    let reply = second.reading("fa").post(&path(&old, "approval"), json!({})).await;
    assert!(reply.json["errors"][0]["message"].as_str().unwrap().contains("نسخه"));
    // an office has no version and is compared field by field
    let old = first.patch("/offices/MOEN-10", json!({ "email": "a@example.ir" })).await.expect(202);
    app.agreed_patch("/offices/MOEN-10", json!({ "email": "b@example.ir" })).await;
    let reply = app.as_user("admin2").await.post(&path(&old, "approval"), json!({})).await;
    assert_eq!((reply.status, reply.code()), (409, "stale_change"));
}

#[actix_web::test]
async fn a_change_begins_and_ends_at_its_own_times() {
    let app = TestApp::start().await;
    let wish = json!({
        "span": "14wd", "valid_from": "2026-06-12T06:00:00Z", "valid_to": "2026-06-20T06:00:00Z",
        "because": "تعطیلات",
    });
    let change = app.agreed_patch("/limits/answer.request", wish.clone()).await;
    assert_eq!((&change["status"], &change["version"]), (&json!("approved"), &Value::Null));
    let admin = app.as_user("admin").await;
    // a second one would overlap with what is to come
    admin.patch("/limits/answer.request", wish).await.refused(409, "change_waits");
    let now = admin
        .patch("/limits/answer.request", json!({ "span": "4wd", "because": "تصمیم شورا" }))
        .await
        .expect(202);
    app.as_user("admin2").await.post(&path(&now, "approval"), json!({})).await.refused(409, "change_waits");
    let span = async || {
        let limits = app.as_user("admin").await.get("/public/rules?code=answer.request").await.expect(200);
        limits["items"][0]["span"].as_str().unwrap().to_owned()
    };
    app.drain().await;
    assert_eq!(span().await, "10wd");
    app.pass_days(3);
    app.drain().await;
    assert_eq!(span().await, "14wd");
    app.pass_days(8);
    app.drain().await;
    assert_eq!(span().await, "10wd");
    assert_eq!(app.drain().await, 0);
}

#[actix_web::test]
async fn a_change_that_no_longer_fits_at_its_time_fails_loudly() {
    let app = TestApp::start().await;
    let wish = json!({
        "code": "here", "order": 5, "category": "water.outage", "to": "FAR-1002",
        "fa": "اینجا", "en": "Here", "source": "Decision", "valid_to": "2026-06-12T06:00:00Z",
    });
    app.agreed_post("/routing-rules", wish).await;
    let admin = app.as_user("admin").await;
    let waiting = admin.get("/changes?status=approved").await.expect(200)["items"][0].clone();
    assert_eq!(waiting["action"], "end");
    // whoever stops the end lets the rule stand
    app.as_user("admin2").await.post(&path(&waiting, "withdrawal"), json!({})).await.expect(200);
    let wish = json!({ "to": "MOEN", "valid_from": "2026-06-12T06:00:00Z" });
    let change = app.agreed_patch("/routing-rules/here", wish).await;
    app.look(|connection| {
        use diesel::prelude::*;
        use samad::db::schema::definitions::dsl::*;
        let row = definitions.filter(noun.eq("rule").and(code.eq("here")));
        diesel::update(row).set(version.eq(9)).execute(connection)?;
        Ok(())
    });
    app.pass_days(3);
    app.drain().await;
    let told = admin.get(&format!("/changes/{}", change["id"].as_str().unwrap())).await.expect(200);
    assert_eq!((&told["status"], &told["fault"]), (&json!("failed"), &json!("stale_change")));
    let health = admin.get("/health").await.expect(200);
    assert!(health["problems"].as_array().unwrap().iter().any(|problem| problem["code"] == "changes_failed"));
    admin.post(&path(&told, "withdrawal"), json!({})).await.expect(200);
}

#[actix_web::test]
async fn a_bad_rule_is_refused_before_anybody_has_to_decide_it() {
    let app = TestApp::start().await;
    let admin = app.as_user("admin").await;
    let limit = "/limits/answer.request";
    admin.patch(limit, json!({ "source": null })).await.wrong("source", "required");
    admin
        .patch(limit, json!({ "span": "5wd", "valid_from": "2020-01-01" }))
        .await
        .wrong("valid_from", "in_the_past");
    let turned = json!({ "span": "5wd", "valid_from": "2026-07-02", "valid_to": "2026-07-01" });
    admin.patch(limit, turned.clone()).await.wrong("valid_to", "before_valid_from");
    admin.patch(limit, json!({ "valid_from": "soon" })).await.wrong("valid_from", "invalid");
    admin.patch(limit, json!({ "valid_from": 7 })).await.wrong("valid_from", "invalid");
    admin.patch(limit, json!({ "because": 7 })).await.wrong("because", "invalid");
    admin.patch(limit, json!({ "end": true })).await.wrong("subject", "needed");
    admin.patch(limit, json!({ "end": true, "span": "5wd" })).await.wrong("end", "alone");
    admin.patch(limit, json!({ "urgent": true })).await.wrong("subject", "needed");
    admin.patch("/limits/dunning", json!({ "value": 90 })).await.wrong("value", "built_in");
    admin.patch("/limits/helpers_max", json!({ "value": -1 })).await.wrong("value", "out_of_range");
    admin.patch("/limits/none", json!({ "span": "5wd" })).await.refused(404, "not_found");
    admin.patch("/routing-rules/default", json!({ "end": true })).await.wrong("end", "not_possible");
    admin.patch("/routing-rules/default", json!({ "default": false })).await.wrong("default", "one_only");
    admin.patch("/routing-rules/conduct", json!({ "group": "none" })).await.wrong("group", "unknown");
    admin.patch("/kinds/request", json!({ "end": true })).await.wrong("end", "not_possible");
    admin.patch("/offices/MOEN", json!({ "end": true })).await.wrong("end", "not_possible");
    admin.patch("/rights/appeal", json!({ "limits": ["none"] })).await.wrong("limits", "unknown");
    let reason = json!({ "use": "decline", "code": "because", "fa": "چون", "en": "Because" });
    admin.post("/reasons", reason).await.wrong("source", "required");
    let reply = admin.reading("fa").patch(limit, turned).await;
    assert_eq!(reply.json["errors"][0]["message"], "پایان باید پس از آغاز باشد.");
    let none = app.as_user("admin").await.get("/changes").await.expect(200);
    assert_eq!(none["items"], json!([]));
}

#[actix_web::test]
async fn a_changed_rule_brings_a_new_source_or_says_why_and_the_public_reads_it() {
    let app = TestApp::start().await;
    let admin = app.as_user("admin").await;
    for (path, change) in [
        ("/limits/answer.request", json!({ "span": "5wd" })),
        ("/limits/helpers_max", json!({ "value": 4 })),
        ("/reasons/return.not_ours", json!({ "fa": "نزد ما نیست" })),
        ("/rights/appeal", json!({ "text_en": "You may appeal." })),
        ("/routing-rules/conduct", json!({ "order": 77 })),
    ] {
        let reply = admin.patch(path, change.clone()).await;
        reply.wrong("source", "not_backed");
        let mut backed = change.clone();
        backed["source"] = json!("Decree 12 of 2026-06-10");
        admin.patch(path, backed).await.expect(202);
        let mut told = change;
        told["because"] = json!("تصمیم شورا");
        admin.patch(path, told).await.expect(202);
    }
    let reply = admin.reading("fa").patch("/limits/answer.request", json!({ "span": "5wd" })).await;
    assert!(reply.json["errors"][0]["message"].as_str().unwrap().contains("because"));
    // a row may be named anew, or get a better source, without more
    let admin = app.as_user("admin").await;
    admin.patch("/limits/answer.request", json!({ "en": "Answer to any request" })).await.expect(202);
    admin.patch("/limits/answer.request", json!({ "source": "Law, article 7" })).await.expect(202);
    app.agreed_patch("/limits/answer.request", json!({ "span": "5wd", "because": "بار کار کمتر شده است" }))
        .await;
    let rules = app.nobody().get("/public/rules?code=answer.request").await.expect(200);
    assert_eq!(rules["items"][0]["because"], "بار کار کمتر شده است");
    let page = app.nobody().get("/public/rules.html?noun=limit").await;
    assert!(String::from_utf8(page.bytes).unwrap().contains("Why it was changed: بار کار کمتر شده است"));
    app.pass_hours(1);
    let case = app.register(json!({})).await;
    let told = app.as_user("classifier.centre").await.get(&case.path("explanation")).await.expect(200);
    let due = told["consequences"].as_array().unwrap().iter().find(|one| one["what"] == "due").unwrap();
    assert_eq!(
        (&due["rule"]["because"], &due["rule"]["version"]),
        (&json!("بار کار کمتر شده است"), &json!(2))
    );
}

#[actix_web::test]
async fn a_reason_that_ends_is_refused_afterwards_and_may_come_back() {
    let app = TestApp::start().await;
    let case = app.accepted("MOEN-10").await;
    app.agreed_patch("/reasons/return.not_ours", json!({ "end": true })).await;
    let referral = app.lead(&case).await;
    let handler = app.as_user("handler.moen-10").await;
    let back = json!({ "reason": "not_ours", "office": "MOHME" });
    handler.post(&format!("/referrals/{referral}/return"), back.clone()).await.wrong("reason", "unknown");
    let reason = json!({
        "use": "return", "code": "not_ours", "fa": "خارج از صلاحیت", "en": "Not ours", "needs": "office",
        "source": "Decision of the Centre, 2026-06-10",
    });
    let told = app.agreed_post("/reasons", reason).await;
    assert_eq!(told["version"], 2);
    handler.post(&format!("/referrals/{referral}/return"), back).await.expect(200);
}

#[actix_web::test]
async fn an_operator_may_do_without_the_second_person_and_is_told_so() {
    let app = TestApp::start_with(|config| config.configuration.four_eyes = false).await;
    let admin = app.as_user("admin").await;
    let told = admin
        .patch("/limits/answer.request", json!({ "span": "3wd", "because": "تصمیم شورا" }))
        .await
        .expect(200);
    assert_eq!(
        (&told["version"], &told["span"], &told["author"]),
        (&json!(2), &json!("3wd"), &json!("admin"))
    );
    let new = json!({ "code": "MOEN-10-A", "parent": "MOEN-10", "level": "county", "name_fa": "اداره", "name_en": "Unit" });
    assert_eq!(admin.post("/offices", new).await.expect(201)["code"], "MOEN-10-A");
    let later = json!({ "span": "4wd", "valid_from": "2026-07-01", "because": "تصمیم شورا" });
    assert_eq!(admin.patch("/limits/answer.request", later).await.expect(202)["status"], "approved");
    let health = admin.get("/health").await.expect(200);
    assert!(health["problems"].as_array().unwrap().iter().any(|problem| problem["code"] == "four_eyes_off"));
    assert_eq!(admin.get("/changes?status=applied").await.expect(200)["items"].as_array().unwrap().len(), 2);
}
