//! Who may do what: roles, openings and gateway keys are given by two persons, and taken away by one.

use diesel::prelude::*;
use serde_json::{Value, json};

use crate::support::{TestApp, filing};

const WHO: &str = "handler.moen-10";

async fn account(app: &TestApp, username: &str) -> Value {
    let users = app.as_user("admin").await.get("/users?limit=200").await.expect(200);
    let mut users = users["items"].as_array().unwrap().iter();
    users.find(|user| user["username"] == username).expect(username).clone()
}

async fn path(app: &TestApp, username: &str) -> String {
    format!("/users/{}", account(app, username).await["id"].as_str().unwrap())
}

fn roles(given: &[(&str, &str)]) -> Value {
    let roles = given.iter().map(|(role, office)| json!({ "role": role, "office": office }));
    json!({ "roles": roles.collect::<Vec<_>>() })
}

fn approval(waiting: &Value) -> String {
    format!("/changes/{}/approval", waiting["change"].as_str().expect("a change"))
}

const BOTH: [(&str, &str); 2] = [("approver", "MOEN-10"), ("handler", "MOEN-10")];

#[actix_web::test]
async fn a_role_is_given_by_two_persons() {
    let app = TestApp::start().await;
    let (admin, second) = (app.as_user("admin").await, app.as_user("admin2").await);
    let path = path(&app, WHO).await;
    let mut wish = roles(&BOTH);
    wish["because"] = json!("the manager retired");
    let waiting = admin.patch(&path, wish).await.expect(202);
    assert_eq!(waiting["roles"], roles(&BOTH[1..])["roles"], "nothing is given yet");
    assert_eq!(account(&app, WHO).await["change"], waiting["change"]);
    let approvals = approval(&waiting);
    let change = approvals.trim_end_matches("/approval");
    let told = second.get(change).await.expect(200);
    assert_eq!((&told["noun"], &told["code"], &told["stale"]), (&json!("staff"), &json!(WHO), &json!(false)));
    assert_eq!(told["because"], "the manager retired");
    let after = roles(&BOTH)["roles"].clone();
    let line = json!([{ "field": "roles", "before": roles(&BOTH[1..])["roles"], "after": after }]);
    assert_eq!(told["diff"], line);
    second.post(&format!("{change}/trial"), json!({})).await.refused(409, "nothing_to_try");
    admin.post(&approvals, json!({})).await.refused(403, "own_change");
    app.as_user(WHO).await.post(&approvals, json!({})).await.refused(403, "forbidden");
    let applied = second.post(&approvals, json!({})).await.expect(200);
    assert_eq!((&applied["status"], &applied["row"]["roles"]), (&json!("applied"), &after));
    let told = account(&app, WHO).await;
    assert_eq!((&told["roles"], &told["change"]), (&after, &Value::Null));
    second.post(&approvals, json!({})).await.refused(409, "change_decided");
}

#[actix_web::test]
async fn what_is_rejected_gives_nothing_and_nobody_agrees_to_rights_of_their_own() {
    let app = TestApp::start().await;
    let (admin, second) = (app.as_user("admin").await, app.as_user("admin2").await);
    let waiting = admin.patch(&path(&app, WHO).await, roles(&BOTH)).await.expect(202);
    let rejection = approval(&waiting).replace("approval", "rejection");
    second.post(&rejection, json!({})).await.wrong("reason", "required");
    second.post(&rejection, json!({ "reason": "not known here" })).await.expect(200);
    assert_eq!(account(&app, WHO).await["roles"], roles(&BOTH[1..])["roles"]);
    let more = roles(&[("admin", "CENTRE"), ("privacy", "CENTRE")]);
    let waiting = admin.patch(&path(&app, "admin2").await, more).await.expect(202);
    second.post(&approval(&waiting), json!({})).await.refused(403, "own_rights");
    admin.patch(&path(&app, WHO).await, roles(&[])).await.wrong("roles", "required");
    admin.patch(&path(&app, WHO).await, roles(&[("king", "MOEN")])).await.wrong("roles[0].role", "unknown");
}

#[actix_web::test]
async fn rights_are_taken_away_at_once_and_a_proposal_made_before_is_stale() {
    let app = TestApp::start().await;
    let (admin, second) = (app.as_user("admin").await, app.as_user("admin2").await);
    let path = path(&app, WHO).await;
    app.agreed_access(admin.patch(&path, roles(&BOTH)).await.expect(202)).await;
    let waiting = admin.patch(&path, roles(&[("liaison", "MOEN-10")])).await.expect(202);
    let less = admin.patch(&path, roles(&BOTH[1..])).await.expect(200);
    assert_eq!(less["roles"], roles(&BOTH[1..])["roles"]);
    let reply = second.post(&approval(&waiting), json!({})).await;
    assert_eq!(reply.json["errors"][0]["field"], "roles");
    reply.refused(409, "stale_change");
    // a closing counts at once, an opening waits
    assert_eq!(admin.patch(&path, json!({ "active": false })).await.expect(200)["active"], false);
    let waiting = admin.patch(&path, json!({ "active": true })).await.expect(202);
    assert_eq!(waiting["active"], false);
    app.agreed_access(waiting).await;
    assert_eq!(account(&app, WHO).await["active"], true);
}

#[actix_web::test]
async fn a_deputy_has_the_rights_for_a_time() {
    let app = TestApp::start().await;
    let admin = app.as_user("admin").await;
    let path = path(&app, WHO).await;
    let mut wish = roles(&BOTH);
    wish["valid_to"] = json!("2020-01-01");
    admin.patch(&path, wish.clone()).await.wrong("valid_to", "before_valid_from");
    wish["valid_to"] = json!(app.now().plus_days(7).to_string());
    app.agreed_access(admin.patch(&path, wish).await.expect(202)).await;
    assert_eq!(account(&app, WHO).await["roles"], roles(&BOTH)["roles"]);
    app.pass_days(8);
    app.drain().await;
    assert_eq!(account(&app, WHO).await["roles"], roles(&BOTH[1..])["roles"]);
}

fn new_key(name: &str) -> Value {
    json!({ "name": name, "channels": ["web"], "office": "CENTRE" })
}

async fn try_key(app: &TestApp, made: &Value) -> u16 {
    let gateway = app.bearer(made["key"].as_str().unwrap());
    gateway.post("/cases", filing(json!({ "channel": "web" }))).await.status
}

#[actix_web::test]
async fn a_key_works_when_a_second_person_agreed_to_it() {
    let app = TestApp::start().await;
    let (admin, second) = (app.as_user("admin").await, app.as_user("admin2").await);
    let made = admin.post("/gateways", new_key("ivr")).await.expect(202);
    assert_eq!(made["agreed_at"], Value::Null);
    assert_eq!(try_key(&app, &made).await, 401);
    let told = second.get(approval(&made).trim_end_matches("/approval")).await.expect(200);
    assert_eq!((&told["noun"], &told["row"]["name"]), (&json!("gateway"), &json!("ivr")));
    assert!(!told.to_string().contains(made["key"].as_str().unwrap()));
    admin.post(&approval(&made), json!({})).await.refused(403, "own_change");
    app.agreed_access(made.clone()).await;
    assert_eq!(try_key(&app, &made).await, 201);
    // what is not agreed leaves no key behind, and an ended one is not agreed to
    let made = admin.post("/gateways", new_key("letters")).await.expect(202);
    let rejection = approval(&made).replace("approval", "rejection");
    second.post(&rejection, json!({ "reason": "unknown system" })).await.expect(200);
    let all = admin.get("/gateways").await.expect(200);
    let found = all["items"].as_array().unwrap().iter().find(|key| key["id"] == made["id"]).unwrap();
    assert!(found["revoked_at"].is_string());
    let made = admin.post("/gateways", new_key("fax")).await.expect(202);
    let path = format!("/gateways/{}", made["id"].as_str().unwrap());
    admin.patch(&path, json!({ "revoked": true })).await.expect(200);
    second.post(&approval(&made), json!({})).await.refused(409, "change_time_passed");
    assert_eq!(try_key(&app, &made).await, 401);
}

#[actix_web::test]
async fn a_password_is_set_by_two_persons_and_never_that_of_a_second_person() {
    let app = TestApp::start().await;
    let admin = app.as_user("admin").await;
    let wish = json!({ "password": "another long password" });
    for username in ["admin2", "privacy.centre", "admin"] {
        admin.patch(&path(&app, username).await, wish.clone()).await.refused(403, "own_password");
    }
    // nor when the account was closed before
    let privacy = path(&app, "privacy.centre").await;
    admin.patch(&privacy, json!({ "active": false })).await.expect(200);
    admin.patch(&privacy, wish.clone()).await.refused(403, "own_password");
    // one administrator alone does not become somebody else
    let waiting = admin.patch(&path(&app, WHO).await, wish.clone()).await.expect(202);
    let sign_in = json!({ "username": WHO, "password": "another long password" });
    app.nobody().post("/auth/tokens", sign_in.clone()).await.refused(401, "bad_credentials");
    let told = admin.get(approval(&waiting).trim_end_matches("/approval")).await.expect(200);
    assert_eq!(told["diff"], json!([{ "field": "new_password", "before": null, "after": true }]));
    let before = app.as_user(WHO).await;
    before.get("/inbox").await.expect(200);
    app.agreed_access(waiting).await;
    before.get("/inbox").await.refused(401, "unauthenticated");
    app.nobody().post("/auth/tokens", sign_in.clone()).await.expect(200);
    // what is rejected leaves nothing behind
    let other = json!({ "password": "a third long password" });
    let waiting = admin.patch(&path(&app, WHO).await, other).await.expect(202);
    let rejection = approval(&waiting).replace("approval", "rejection");
    app.as_user("admin2").await.post(&rejection, json!({ "reason": "not asked for" })).await.expect(200);
    app.nobody().post("/auth/tokens", sign_in).await.expect(200);
    let secrets: i64 = app.look(|connection| {
        use samad::db::schema::changes;
        Ok(changes::table.filter(changes::secret.is_not_null()).count().get_result(connection)?)
    });
    assert_eq!(secrets, 0);
}

#[actix_web::test]
async fn an_administrator_who_is_alone_is_told_what_to_do() {
    let app = TestApp::start().await;
    let admin = app.as_user("admin").await;
    let codes = async || {
        let health = admin.get("/health").await.expect(200);
        let problems = health["problems"].as_array().unwrap().iter().map(|problem| problem["code"].clone());
        problems.collect::<Vec<Value>>()
    };
    assert!(!codes().await.contains(&json!("no_second_administrator")));
    admin.patch(&path(&app, "admin2").await, json!({ "active": false })).await.expect(200);
    assert!(codes().await.contains(&json!("no_second_administrator")));
}

#[actix_web::test]
async fn where_no_second_person_is_asked_for_rights_hold_at_once() {
    let app = TestApp::start_with(|config| config.configuration.four_eyes = false).await;
    let admin = app.as_user("admin").await;
    let told = admin.patch(&path(&app, WHO).await, roles(&BOTH)).await.expect(200);
    assert_eq!((&told["roles"], &told["change"]), (&roles(&BOTH)["roles"], &Value::Null));
    let made = admin.post("/gateways", new_key("web")).await.expect(201);
    assert_eq!(try_key(&app, &made).await, 201);
    let mut new = roles(&BOTH);
    for (field, value) in [("username", "new.person"), ("name", "new"), ("password", "a long password")] {
        new[field] = json!(value);
    }
    assert_eq!(admin.post("/users", new).await.expect(201)["roles"], roles(&BOTH)["roles"]);
}
