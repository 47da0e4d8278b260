//! Visible in the list ⇔ readable in detail ⇔ found by search, for everybody and every case.

use std::collections::BTreeSet;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::json;

use crate::support::{Case, TestApp};

/// Everybody of the demo staff.
pub const STAFF: [&str; 24] = [
    "admin",
    "agent.centre",
    "agent.gov-10",
    "registrar.centre",
    "classifier.centre",
    "classifier2.centre",
    "classifier.gov-10",
    "liaison.moen",
    "handler.moen",
    "approver.moen",
    "liaison.moen-10",
    "handler.moen-10",
    "approver.moen-10",
    "liaison.mohme",
    "handler.mohme",
    "approver.mohme",
    "liaison.far-1002",
    "handler.far-1002",
    "approver.far-1002",
    "appeal.centre",
    "inspector.centre",
    "privacy.centre",
    "analyst.centre",
    "auditor.centre",
];

/// Cases of many kinds, some of them passed on.
async fn crowd(app: &TestApp, rng: &mut StdRng) -> Vec<Case> {
    let mut cases = Vec::new();
    for _ in 0..16 {
        let about =
            [None, None, Some("MOEN"), Some("MOEN-10"), Some("MOHME"), Some("GOV-10")].choose(rng).unwrap();
        let wish = json!({ "kind": "complaint", "sealed": rng.random_bool(0.4), "about_office": about });
        let desk = ["agent.centre", "agent.gov-10"].choose(rng).unwrap();
        let case = app.register_as(desk, wish).await;
        if rng.random_bool(0.8) {
            app.classify(&case, "complaint", ["water.outage", "conduct.delay"].choose(rng).unwrap()).await;
            refer_somewhere(app, &case, rng).await;
        }
        cases.push(case);
    }
    cases
}

async fn refer_somewhere(app: &TestApp, case: &Case, rng: &mut StdRng) {
    let from = if app.case(case).await["intake_office"] == "GOV-10" {
        "classifier.gov-10"
    } else {
        "classifier.centre"
    };
    let lead = ["MOEN", "MOEN-10", "MOHME", "FAR-1002", "MOI"].choose(rng).unwrap();
    let to = json!({ "to": [{ "office": lead }, { "office": "MOE", "role": "copy" }] });
    app.extract(case).await;
    let reply = app.as_user(from).await.post(&case.path("referrals"), to).await;
    assert!([201, 403, 404, 422].contains(&reply.status), "{}", reply.told());
    if reply.status == 201 && rng.random_bool(0.5) {
        let body = json!({ "reason": "duplicate" });
        let path = format!("/referrals/{}/return", app.lead(case).await);
        // whoever has it, if somebody of the demo staff does
        app.as_user(&format!("handler.{}", lead.to_lowercase().replace("moi", "moen")))
            .await
            .post(&path, body)
            .await;
    }
}

#[actix_web::test]
async fn the_list_the_detail_and_the_search_show_the_same_cases_to_everybody() {
    let app = TestApp::start().await;
    let mut rng = StdRng::seed_from_u64(20_260_610);
    let cases = crowd(&app, &mut rng).await;
    let (mut seen, mut hidden) = (0, 0);
    for username in STAFF {
        let person = app.as_user(username).await;
        let list = person.get("/cases?limit=200").await;
        if list.status == 403 {
            for case in &cases {
                assert_eq!(person.get(&case.path("")).await.status, 403, "{username}");
            }
            continue;
        }
        let list = list.expect(200);
        let listed: BTreeSet<&str> =
            list["items"].as_array().unwrap().iter().filter_map(|i| i["id"].as_str()).collect();
        for case in &cases {
            let is_listed = listed.contains(case.id.as_str());
            for part in ["", "timeline", "referrals", "attachments"] {
                let status = person.get(&case.path(part)).await.status;
                assert_eq!(status == 200, is_listed, "{username} {} {part}: {status}", case.id);
                assert!(status == 200 || status == 404);
            }
            let found = person.get(&format!("/cases?q={}", case.tracking_code)).await.expect(200);
            assert_eq!(
                found["items"].as_array().unwrap().len(),
                usize::from(is_listed),
                "{username} {}",
                case.id
            );
            if is_listed { seen += 1 } else { hidden += 1 }
        }
    }
    assert!(seen > 50 && hidden > 50, "{seen} {hidden}");
}

#[actix_web::test]
async fn an_office_above_sees_what_its_offices_hold_and_one_beside_does_not() {
    let app = TestApp::start().await;
    let case = app.referred_to("MOEN-10").await;
    for (username, status) in
        [("handler.moen-10", 200), ("handler.moen", 200), ("handler.mohme", 404), ("agent.gov-10", 404)]
    {
        assert_eq!(app.as_user(username).await.get(&case.path("")).await.status, status, "{username}");
    }
}

#[actix_web::test]
async fn whoever_ever_held_a_referral_sees_the_case_after() {
    let app = TestApp::start().await;
    let case = app.referred_to("MOHME").await;
    let path = format!("/referrals/{}/return", app.lead(&case).await);
    let handler = app.as_user("handler.mohme").await;
    handler.post(&path, json!({ "reason": "duplicate" })).await.expect(200);
    handler.get(&case.path("")).await.expect(200);
}

#[actix_web::test]
async fn an_analyst_sees_cases_without_their_people() {
    let app = TestApp::start().await;
    let case = app.register(json!({ "place": { "address": "کوچه نسترن" } })).await;
    let told = app.as_user("analyst.centre").await.get(&case.path("")).await.expect(200);
    assert!(told["citizen"].is_null() && told["place"].get("address").is_none());
    app.as_user("analyst.centre").await.get(&case.path("messages")).await.refused(403, "forbidden");
}
