//! Proof of work: asked for above a rate only, good for one call, harder under more load.

use samad::domain::cases::sha256_hex;
use serde_json::{Value, json};

use crate::support::{Client, TestApp};

/// Behind a proxy, so that callers have addresses of their own; the machine itself is never asked.
async fn started() -> TestApp {
    TestApp::start_with(|config| {
        config.server.trusted_proxies = "127.0.0.1".into();
        config.web.proof_free_per_minute = 2;
        config.web.proof_bits = 6;
        config.web.proof_bits_most = 8;
    })
    .await
}

fn filing(number: u32) -> Value {
    json!({ "kind": "report", "text": format!("چاله شماره {number}"), "anonymous": true })
}

async fn solved(client: &Client<'_>) -> String {
    let told = client.get("/public/challenge").await.expect(200);
    let (challenge, bits) = (told["challenge"].as_str().unwrap(), told["bits"].as_u64().unwrap());
    let is_right = |number: &u64| {
        let digest = sha256_hex(format!("{challenge}:{number}").as_bytes());
        u64::from(u32::from_str_radix(&digest[..8], 16).unwrap().leading_zeros()) >= bits
    };
    format!("{challenge} {}", (0..).find(is_right).unwrap())
}

#[actix_web::test]
async fn a_proof_is_asked_for_above_the_rate_and_is_good_for_one_call() {
    let app = started().await;
    let robot = app.nobody().with("X-Forwarded-For", "192.0.2.1");
    for number in 0..2 {
        robot.post("/public/cases", filing(number)).await.expect(201);
    }
    let reply = robot.post("/public/cases", filing(3)).await;
    reply.refused(428, "proof_required");
    let proof = solved(&robot).await;
    let proved = robot.clone().with("Proof-Of-Work", proof.clone());
    proved.post("/public/cases", filing(3)).await.expect(201);
    proved.post("/public/cases", filing(4)).await.refused(409, "proof_spent");
    for wrong in ["x", "6.1.a.b 1", &proof.replace('.', "-")] {
        let wrong = robot.clone().with("Proof-Of-Work", wrong);
        wrong.post("/public/cases", filing(5)).await.refused(403, "proof_wrong");
    }
    // drafts and one-time codes count too
    robot.post("/public/drafts", json!({})).await.refused(428, "proof_required");
    let mobile = json!({ "mobile": "09990000011" });
    robot.post("/public/my/codes", mobile).await.refused(428, "proof_required");
    let other = app.nobody().with("X-Forwarded-For", "192.0.2.2");
    other.post("/public/cases", filing(6)).await.expect(201);
    app.app.clock.set(app.now().plus_seconds(60));
    robot.post("/public/cases", filing(7)).await.expect(201);
}

#[actix_web::test]
async fn a_call_that_is_repeated_under_its_key_needs_no_second_proof() {
    let app = started().await;
    let person = app.nobody().with("X-Forwarded-For", "192.0.2.1");
    for number in 0..2 {
        person.post("/public/cases", filing(number)).await.expect(201);
    }
    let proved = person.clone().with("Proof-Of-Work", solved(&person).await);
    let keyed = proved.clone().with("Idempotency-Key", "mine");
    let first = keyed.post("/public/cases", filing(3)).await.expect(201);
    assert_eq!(keyed.post("/public/cases", filing(3)).await.expect(201), first);
    let other = proved.with("Idempotency-Key", "another");
    other.post("/public/cases", filing(3)).await.refused(409, "proof_spent");
}

#[actix_web::test]
async fn a_challenge_ends_and_more_load_asks_for_more() {
    let app = started().await;
    let robot = app.nobody().with("X-Forwarded-For", "192.0.2.1");
    let bits = |told: Value| told["bits"].as_u64().unwrap();
    assert_eq!(bits(robot.get("/public/challenge").await.expect(200)), 6);
    let early = solved(&robot).await;
    for number in 0..20 {
        robot.post("/public/cases", filing(number)).await;
    }
    assert_eq!(bits(robot.get("/public/challenge").await.expect(200)), 8);
    // what was easy before does not do any more
    let cheap = robot.clone().with("Proof-Of-Work", early);
    cheap.post("/public/cases", filing(30)).await.refused(428, "proof_required");
    let late = robot.clone().with("Proof-Of-Work", solved(&robot).await);
    app.app.clock.set(app.now().plus_seconds(300));
    for number in 40..42 {
        robot.post("/public/cases", filing(number)).await.expect(201);
    }
    late.post("/public/cases", filing(42)).await.refused(403, "proof_wrong");
}
