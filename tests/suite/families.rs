//! Cases that belong together: one answer to all, letters with several matters, groups that speak as one.

mod groups;
mod merging;
mod splitting;

use serde_json::{Value, json};

use crate::support::{Case, Client, Reply, TestApp};

/// The invented people: a national ID with a right check digit, in the prefix of the demonstration.
pub fn national_id(number: u32) -> String {
    let nine = format!("999{:06}", 200_000 + number);
    let sum: u32 =
        nine.chars().zip((2..=10).rev()).map(|(digit, weight)| digit.to_digit(10).unwrap() * weight).sum();
    let rest = sum % 11;
    format!("{nine}{}", if rest < 2 { rest } else { 11 - rest })
}

/// A request by the person of this number.
pub fn of_person(number: u32) -> Value {
    json!({ "citizen": {
        "national_id": national_id(number), "name": format!("شهروند {number}"), "mobile": format!("0999000{:04}", 1000 + number),
    } })
}

pub async fn look_up(app: &TestApp, case: &Case) -> Value {
    let wish = json!({ "tracking_code": case.tracking_code, "access_code": case.access_code });
    app.nobody().post("/public/lookups", wish).await.expect(200)
}

pub async fn citizen<'a>(app: &'a TestApp, case: &Case) -> Client<'a> {
    let told = look_up(app, case).await;
    app.bearer(told["token"].as_str().unwrap())
}

pub async fn say(app: &TestApp, case: &Case, part: &str, body: Value) -> Reply {
    citizen(app, case).await.post(&format!("/public/cases/{}/{part}", case.tracking_code), body).await
}

/// Gives an office an address, so that it is told.
pub async fn with_mail(app: &TestApp, office: &str) {
    let body = json!({ "email": "office@example.ir" });
    app.agreed_patch(&format!("/offices/{office}"), body).await;
}

/// A verb of the centre's classifier.
pub async fn desk(app: &TestApp, case: &Case, verb: &str, body: Value) -> Reply {
    app.as_user("classifier.centre").await.post(&case.path(verb), body).await
}

pub async fn merge(app: &TestApp, case: &Case, into: &Case) -> Reply {
    desk(app, case, "merge", json!({ "into": into.tracking_code, "reason": "همان موضوع" })).await
}

pub async fn family(app: &TestApp, case: &Case) -> Value {
    app.as_user("inspector.centre").await.get(&case.path("family")).await.expect(200)
}

/// The notices of one template to the citizen of a case.
pub async fn told(app: &TestApp, case: &Case, template: &str) -> usize {
    let all = app.list(case, "messages").await;
    all.iter().filter(|message| message["template"] == template && message["audience"] == "citizen").count()
}

/// Whether a verb is open to a person, and the code that says why not.
pub async fn action(app: &TestApp, username: &str, case: &Case, path: &str) -> (bool, Value) {
    let told = app.as_user(username).await.get(&case.path("actions")).await.expect(200);
    let items = told["items"].as_array().unwrap().clone();
    let found = items.into_iter().find(|item| item["href"].as_str().unwrap().ends_with(path)).expect(path);
    (found["allowed"].as_bool().unwrap(), found["code"].clone())
}
