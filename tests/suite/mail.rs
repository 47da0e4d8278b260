//! E-mail in and out: what people write becomes a case or joins one, machines are never answered, nothing is lost.

mod bounces;
mod machines;
mod mailbox;
mod threads;

use reqwest::Method;
use samad::domain::notifications::outbox::Letter;
use serde_json::{Value, json};

use crate::support::{Reply, TestApp};

/// A citizen known by nothing but the address.
const ADDRESS: &str = "maryam@example.ir";

/// A plain mail with more headers, each with its line end.
fn mail(id: &str, headers: &str, text: &str) -> String {
    mail_of(ADDRESS, id, headers, text)
}

fn mail_of(from: &str, id: &str, headers: &str, text: &str) -> String {
    format!(
        "From: Maryam <{from}>\r\nTo: people@samad.example\r\nMessage-ID: <{id}@example.ir>\r\n{headers}\
         MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
    )
}

async fn push(app: &TestApp, mail: impl Into<Vec<u8>>) -> Reply {
    app.gateway().raw(Method::POST, "/channels/email/inbound", "message/rfc822", mail.into()).await
}

/// What the item of a reply says, with its steps.
async fn item(app: &TestApp, told: &Value) -> Value {
    let path = format!("/intake/items/{}", told["item"].as_str().unwrap());
    app.as_user("registrar.centre").await.get(&path).await.expect(200)
}

async fn steps(app: &TestApp, told: &Value) -> Vec<String> {
    let item = item(app, told).await;
    let steps = item["steps"].as_array().unwrap().iter();
    steps
        .map(|step| {
            format!("{}:{}", step["step"].as_str().unwrap(), step["detail"].as_str().unwrap_or_default())
        })
        .collect()
}

async fn case(app: &TestApp, id: &Value) -> Value {
    let path = format!("/cases/{}", id.as_str().unwrap());
    app.as_user("inspector.centre").await.get(&path).await.expect(200)
}

async fn case_count(app: &TestApp) -> usize {
    let found = app.as_user("inspector.centre").await.get("/cases?limit=200").await.expect(200);
    found["items"].as_array().unwrap().len()
}

/// What was said on a case: direction, template, state.
async fn messages(app: &TestApp, id: &Value) -> Vec<Value> {
    let path = format!("/cases/{}/messages", id.as_str().unwrap());
    let found = app.as_user("inspector.centre").await.get(&path).await.expect(200);
    found["items"].as_array().unwrap().clone()
}

/// The last letter to the citizen, and its whole Message-ID.
fn last_letter(app: &TestApp) -> (Letter, String) {
    let letter = app.mail().sent().pop().expect("a letter");
    let id = format!("<{}@samad.example>", letter.thread.local);
    (letter, id)
}

/// A case that came by mail, acknowledged; its id and the Message-ID of the acknowledgement.
async fn acknowledged(app: &TestApp) -> (Value, String) {
    let told =
        push(app, mail("first", "Subject: آب\r\n", "سه روز است که آب محله قطع است.")).await.expect(201);
    app.drain().await;
    (told["case_id"].clone(), last_letter(app).1)
}

async fn problem(app: &TestApp, code: &str) -> Value {
    let health = app.as_user("admin").await.get("/health").await.expect(200);
    let problems = health["problems"].as_array().unwrap().clone();
    problems.into_iter().find(|problem| problem["code"] == code).unwrap_or(json!(null))
}
