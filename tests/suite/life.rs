//! What happened, replayed, is what is: random stories over HTTP, rebuilt from their events.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use samad::db::types::{CaseId, OfficeId};
use samad::domain::actor::{Act, Actor};
use samad::domain::cases::life::{Fact, Life, Status};
use samad::domain::cases::{find_visible, life_of};
use samad::domain::history::{audit, chain};
use serde_json::{Value, json};

use crate::support::{Case, TestApp};

/// The stored state, after the chain of events was checked and replayed to the same.
fn checked_life(app: &TestApp, case: &Case) -> Life {
    let id: CaseId = case.id.parse().unwrap();
    let (row, stored, events) = app.look(|connection| {
        let report = audit::run(connection, &audit::Known::default(), &mut |_| {})?;
        assert_eq!(report.findings, [], "the chains are whole");
        let act: Act = app.app.act(connection, Actor::System)?;
        let row = find_visible(connection, &act, id)?;
        let life = life_of(connection, &row)?;
        Ok((row, life, chain::of_case(connection, id)?))
    });
    let mut replayed = Life::registered(OfficeId(0));
    for event in &events {
        replayed.apply(&serde_json::from_str::<Fact>(&event.line.payload).unwrap());
    }
    assert_eq!(replayed, stored, "{row:?}");
    stored
}

/// One of the verbs that somebody may use now; none when nobody may.
async fn any_step(app: &TestApp, case: &Case, rng: &mut StdRng) -> Option<String> {
    let people = [
        "classifier.centre",
        "agent.centre",
        "liaison.moen",
        "handler.moen-10",
        "approver.moen-10",
        "handler.mohme",
        "liaison.mohme",
        "approver.moen",
        "handler.moen",
        "approver.mohme",
    ];
    for _ in 0..80 {
        let person = app.as_user(people.choose(rng).unwrap()).await;
        let told = person.get(&case.path("actions")).await;
        let allowed: Vec<Value> = told.json["items"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|a| a["allowed"] == true)
            .cloned()
            .collect();
        let Some(action) = allowed.choose(rng) else { continue };
        let verb = action["verb"].as_str().unwrap();
        // endings would end the story too soon
        if verb == "attach" || (["withdraw", "advise", "dismiss"].contains(&verb) && rng.random_bool(0.97)) {
            continue;
        }
        let path = action["href"].as_str().unwrap().strip_prefix("/api/v1").unwrap();
        let body = step_body(verb, path, rng);
        let reply = if action["method"] == "PUT" {
            person.put(path, body).await
        } else {
            person.post(path, body).await
        };
        assert!(reply.status < 500, "{verb}: {}", reply.told());
        assert_ne!(reply.status, 404, "{verb}: {}", reply.told());
        return Some(format!("{verb} {}", reply.status));
    }
    None
}

fn step_body(verb: &str, path: &str, rng: &mut StdRng) -> Value {
    let offices = ["MOEN", "MOEN-10", "MOHME", "MOI", "MOEN-23"];
    let office = *offices.choose(rng).unwrap();
    let role = *["lead", "lead", "helper", "copy"].choose(rng).unwrap();
    let user = *["handler.moen-10", "handler.moen", "handler.mohme"].choose(rng).unwrap();
    match verb {
        "classify" => json!({ "kind": "request", "category": "water.outage" }),
        "refer" => json!({ "to": [{ "office": office, "role": role }] }),
        "transfer" => json!({ "office": office, "reason": "صلاحیت" }),
        "return" => json!({ "reason": "duplicate" }),
        "recall" | "reopen" => json!({ "reason": "بازبینی" }),
        "extend" => json!({ "reason": "بازدید", "days": 1 }),
        "assign" => json!({ "user": user }),
        "answer" => json!({ "text": "پاسخ", "outcome": "granted", "interim": rng.random_bool(0.3) }),
        "approve" if path.ends_with("rejection") => json!({ "note": "دوباره" }),
        "ask" | "reply" | "note" => json!({ "text": "متن" }),
        "advise" => json!({ "outcome": "advice", "text": "راهنمایی" }),
        "close" => json!({ "outcome": "granted" }),
        "withdraw" => json!({ "confirm": true }),
        "dismiss" => json!({ "outcome": "no_cause", "reason": "no_ground", "signpost": "دادگستری" }),
        _ => json!({}),
    }
}

#[actix_web::test]
async fn replaying_the_events_of_any_story_rebuilds_its_state_and_its_chain_is_whole() {
    let app = TestApp::start().await;
    let mut steps = 0;
    for seed in 0..4 {
        let mut rng = StdRng::seed_from_u64(seed);
        let case = app.classified().await;
        let mut story = Vec::new();
        for _ in 0..25 {
            app.pass_hours(3);
            let Some(step) = any_step(&app, &case, &mut rng).await else { break };
            story.push(step);
            let life = checked_life(&app, &case);
            let is_out = life.status == Status::Referred || life.resume == Some(Status::Referred);
            assert_eq!(life.working_lead().is_some(), is_out, "{story:?} {life:?}");
        }
        app.drain().await;
        checked_life(&app, &case);
        steps += story.len();
    }
    assert!(steps > 60, "{steps}");
}

#[actix_web::test]
async fn one_act_stands_alone_when_many_want_the_same() {
    let app = TestApp::start().await;
    let case = app.referred_to("MOEN-10").await;
    let path = format!("/referrals/{}/acceptance", app.lead(&case).await);
    let (handler, liaison) = (app.as_user("handler.moen-10").await, app.as_user("liaison.moen-10").await);
    let (a, b, c) = tokio::join!(
        handler.post(&path, json!({})),
        liaison.post(&path, json!({})),
        handler.post(&path, json!({})),
    );
    let mut statuses = [a.status, b.status, c.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409]);
    checked_life(&app, &case);
}

#[actix_web::test]
async fn cases_registered_at_once_all_stand() {
    let app = TestApp::start().await;
    let agent = app.as_user("agent.centre").await;
    let all = (0..20).map(|_| agent.post("/cases", crate::support::filing(json!({}))));
    let told = futures_util::future::join_all(all).await;
    told.iter().for_each(|reply| assert_eq!(reply.status, 201, "{}", reply.told()));
    let list = agent.get("/cases").await.expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 20);
}

#[actix_web::test]
async fn a_message_that_arrives_twice_at_once_is_registered_once() {
    let app = TestApp::start().await;
    let (gateway, wish) =
        (app.gateway(), crate::support::filing(json!({ "channel": "sms", "external_id": "7" })));
    let all = (0..6).map(|_| gateway.post("/cases", wish.clone()));
    let told = futures_util::future::join_all(all).await;
    let ids: std::collections::BTreeSet<&str> =
        told.iter().filter_map(|reply| reply.json["id"].as_str()).collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(told.iter().filter(|reply| reply.status == 201).count(), 1);
    assert_eq!(told.iter().filter(|reply| reply.status == 200).count(), 5);
}

#[actix_web::test]
async fn a_call_that_is_repeated_at_once_under_its_key_is_done_once() {
    let app = TestApp::start().await;
    let agent = app.as_user("agent.centre").await.with("Idempotency-Key", "once");
    let all = (0..6).map(|_| agent.post("/cases", crate::support::filing(json!({}))));
    let told = futures_util::future::join_all(all).await;
    let ids: std::collections::BTreeSet<&str> =
        told.iter().filter_map(|reply| reply.json["id"].as_str()).collect();
    assert_eq!((ids.len(), told.iter().all(|reply| reply.status == 201)), (1, true));
}
