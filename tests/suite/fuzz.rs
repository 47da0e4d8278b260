//! Nonsense at every door: no fault of ours, and every refusal a problem with its code.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use reqwest::Method;
use serde_json::json;

use crate::endpoints::{documented, filled, theirs};
use crate::nonsense::{address, body, properties, text, with_headers};
use crate::support::{Reply, TestApp};

/// Calls of one operation.
const TRIES: usize = 60;

#[track_caller]
fn judge(what: &str, sent: &[u8], reply: &Reply) {
    let shown = || {
        format!(
            "{what}\nsent {}\ngot {} {}",
            String::from_utf8_lossy(&sent[..sent.len().min(600)]),
            reply.status,
            reply.told()
        )
    };
    assert!(reply.status < 500, "{}", shown());
    if reply.status >= 400 {
        assert_eq!(reply.header("Content-Type"), "application/problem+json", "{}", shown());
        // a reply to HEAD has the headers and no body (RFC 9110 §9.3.2)
        let is_told = !reply.code().is_empty() && reply.json["status"] == reply.status;
        assert!(is_told || what.starts_with("HEAD "), "{}", shown());
    }
}

/// Sends nonsense to every operation whose number leaves `rest`.
async fn fuzz(seed: u64, rest: usize) {
    let app = TestApp::start().await;
    let ids = theirs(&app).await;
    let wish = json!({ "tracking_code": ids["tracking_code"], "national_id": crate::support::MARYAM });
    let token =
        app.nobody().post("/public/lookups", wish).await.expect(200)["token"].as_str().unwrap().to_owned();
    let document = serde_json::to_value(samad::server::document()).unwrap();
    let people = [
        "classifier.centre",
        "handler.moen-10",
        "approver.moen-10",
        "admin",
        "agent.centre",
        "liaison.moen-10",
    ];
    let mut rng = StdRng::seed_from_u64(seed);
    for (number, ((method, path), _)) in documented().into_iter().enumerate() {
        if number % 4 != rest || path == "/auth/tokens" && method == "DELETE" {
            continue;
        }
        let (fields, real) = (properties(&document, &method, &path), filled(&path, &ids));
        for _ in 0..TRIES {
            let client = match rng.random_range(0..8) {
                0 => app.nobody(),
                1 => app.bearer(&text(&mut rng).replace(|c: char| !c.is_ascii_graphic(), "")),
                _ if path.starts_with("/public/cases/") => app.bearer(&token),
                2 => app.gateway(),
                _ => app.as_user(people.choose(&mut rng).unwrap()).await,
            };
            let client = with_headers(&mut rng, client);
            let kind = *[
                "application/json",
                "application/json",
                "application/json",
                "multipart/form-data; boundary=edge",
                "text/xml",
                "application/merge-patch+json",
            ]
            .choose(&mut rng)
            .unwrap();
            let address = address(&mut rng, &method, &path, &real);
            let sent = if method == "GET" { Vec::new() } else { body(&mut rng, &fields) };
            let wire: Method = method.parse().unwrap();
            let reply =
                client.raw(wire, &address, if method == "GET" { "" } else { kind }, sent.clone()).await;
            judge(&format!("{method} {address}"), &sent, &reply);
        }
    }
    assert_eq!(app.nobody().get("/readyz").await.status, 200);
}

#[actix_web::test]
async fn nonsense_is_refused_as_a_problem_at_every_first_door() {
    fuzz(1, 0).await;
}

#[actix_web::test]
async fn nonsense_is_refused_as_a_problem_at_every_second_door() {
    fuzz(2, 1).await;
}

#[actix_web::test]
async fn nonsense_is_refused_as_a_problem_at_every_third_door() {
    fuzz(3, 2).await;
}

#[actix_web::test]
async fn nonsense_is_refused_as_a_problem_at_every_fourth_door() {
    fuzz(4, 3).await;
}
