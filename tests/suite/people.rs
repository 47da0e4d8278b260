//! Sign-in, sessions and accounts.

use samad::domain::demo;
use serde_json::{Value, json};

use crate::support::{Reply, TestApp};

async fn sign_in(app: &TestApp, password: &str) -> Reply {
    app.nobody().post("/auth/tokens", json!({ "username": " Handler.MOEN ", "password": password })).await
}

#[actix_web::test]
async fn an_access_token_ends_after_a_quarter_of_an_hour_and_is_refreshed() {
    let app = TestApp::start_with(|config| config.tokens.access_seconds = 900).await;
    let tokens = sign_in(&app, demo::PASSWORD).await.expect(200);
    assert_eq!((&tokens["expires_in"], &tokens["token_type"]), (&json!(900), &json!("Bearer")));
    let access = tokens["access_token"].as_str().unwrap();
    app.bearer(access).get("/inbox").await.expect(200);
    app.pass_hours(1);
    app.bearer(access).get("/inbox").await.refused(401, "token_expired");
    let body = json!({ "refresh_token": tokens["refresh_token"] });
    let fresh = app.nobody().post("/auth/tokens/refresh", body).await.expect(200);
    app.bearer(fresh["access_token"].as_str().unwrap()).get("/inbox").await.expect(200);
}

#[actix_web::test]
async fn a_refresh_token_that_is_used_twice_ends_the_whole_session() {
    let app = TestApp::start().await;
    let tokens = sign_in(&app, demo::PASSWORD).await.expect(200);
    let refresh = async |token: &Value| {
        app.nobody().post("/auth/tokens/refresh", json!({ "refresh_token": token })).await
    };
    let fresh = refresh(&tokens["refresh_token"]).await.expect(200);
    refresh(&tokens["refresh_token"]).await.refused(401, "token_reused");
    refresh(&fresh["refresh_token"]).await.refused(401, "unauthenticated");
    for token in [&tokens["access_token"], &fresh["access_token"]] {
        app.bearer(token.as_str().unwrap()).get("/inbox").await.refused(401, "unauthenticated");
    }
}

#[actix_web::test]
async fn signing_out_ends_the_access_token_and_leaves_other_sessions_alone() {
    let app = TestApp::start().await;
    let (mine, other) =
        (sign_in(&app, demo::PASSWORD).await.expect(200), sign_in(&app, demo::PASSWORD).await.expect(200));
    let mine_token = mine["access_token"].as_str().unwrap();
    assert_eq!(app.bearer(mine_token).delete("/auth/tokens").await.status, 204);
    app.bearer(mine_token).get("/inbox").await.refused(401, "unauthenticated");
    let body = json!({ "refresh_token": mine["refresh_token"] });
    app.nobody().post("/auth/tokens/refresh", body).await.refused(401, "unauthenticated");
    app.bearer(other["access_token"].as_str().unwrap()).get("/inbox").await.expect(200);
}

#[actix_web::test]
async fn five_wrong_passwords_lock_the_name_and_a_rest_opens_it() {
    let app = TestApp::start().await;
    for _ in 0..5 {
        sign_in(&app, "wrong password").await.refused(401, "bad_credentials");
    }
    let locked = sign_in(&app, demo::PASSWORD).await;
    assert!(locked.header("Retry-After").parse::<u64>().is_ok_and(|seconds| (1..=30).contains(&seconds)));
    assert!(locked.json["detail"].as_str().is_some_and(|told| told.starts_with("Try again in ")));
    locked.refused(429, "account_locked");
    app.pass_hours(1);
    sign_in(&app, demo::PASSWORD).await.expect(200);
}

#[actix_web::test]
async fn a_wrong_name_and_a_wrong_password_get_the_same_reply() {
    let app = TestApp::start().await;
    let wrong = sign_in(&app, "wrong password").await;
    let unknown = app
        .nobody()
        .post("/auth/tokens", json!({ "username": "nobody", "password": "wrong password" }))
        .await;
    assert_eq!((wrong.status, &wrong.bytes), (401, &unknown.bytes));
}

#[actix_web::test]
async fn a_forged_or_foreign_token_is_refused() {
    let app = TestApp::start().await;
    let tokens = sign_in(&app, demo::PASSWORD).await.expect(200);
    let token = tokens["access_token"].as_str().unwrap();
    let (head, rest) = token.split_once('.').unwrap();
    for forged in
        [format!("{head}.{}x", rest), "a.b.c".into(), "gateway".into(), "eyJhbGciOiJub25lIn0.e30.".into()]
    {
        app.bearer(&forged).get("/inbox").await.refused(401, "unauthenticated");
    }
}

#[actix_web::test]
async fn a_new_account_works_when_a_second_person_agrees_and_a_closed_one_no_longer() {
    let app = TestApp::start().await;
    let admin = app.as_user("admin").await;
    let roles = json!([{ "role": "handler", "office": "MOHME" }]);
    let body = json!({ "username": "New.Person", "name": "کارشناس تازه", "password": "a long password", "roles": roles });
    let made = admin.post("/users", body.clone()).await.expect(202);
    assert_eq!((&made["username"], &made["roles"]), (&json!("new.person"), &json!([])));
    admin.post("/users", body).await.refused(409, "duplicate");
    let wish = json!({ "username": "new.person", "password": "a long password" });
    app.nobody().post("/auth/tokens", wish.clone()).await.refused(403, "no_rights");
    app.agreed_access(made.clone()).await;
    let tokens = app.nobody().post("/auth/tokens", wish.clone()).await.expect(200);
    let person = app.bearer(tokens["access_token"].as_str().unwrap());
    person.get("/inbox").await.expect(200);
    person.get("/users").await.refused(403, "forbidden");
    let path = format!("/users/{}", made["id"].as_str().unwrap());
    admin.patch(&path, json!({ "active": false })).await.expect(200);
    person.get("/inbox").await.refused(401, "unauthenticated");
    app.nobody().post("/auth/tokens", wish).await.refused(401, "bad_credentials");
}

#[actix_web::test]
async fn a_weak_password_and_an_unknown_role_are_named() {
    let app = TestApp::start().await;
    let admin = app.as_user("admin").await;
    let short = json!({ "username": "x", "name": "x", "password": "short", "roles": [] });
    admin.post("/users", short).await.wrong("password", "too_short");
    let roles = json!([{ "role": "king", "office": "NOWHERE" }]);
    let wish = json!({ "username": "x y", "name": "", "password": "a long password", "roles": roles });
    let reply = admin.post("/users", wish).await;
    let fields: Vec<&str> =
        reply.json["errors"].as_array().unwrap().iter().filter_map(|e| e["field"].as_str()).collect();
    assert_eq!(fields, ["username", "name", "roles[0].role", "roles[0].office"]);
}

#[actix_web::test]
async fn a_handler_of_no_body_reads_no_citizens() {
    let app = TestApp::start().await;
    app.register(json!({})).await;
    let handler = app.as_user("handler.mohme").await;
    handler.get("/citizens?national_id=9991000011").await.refused(403, "forbidden");
    let agent = app.as_user("agent.centre").await;
    agent.get("/citizens").await.wrong("national_id", "required");
    let found = agent.get("/citizens?mobile=09990000011").await.expect(200);
    let path = format!("/citizens/{}", found["items"][0]["id"].as_str().unwrap());
    let told = agent
        .patch(&path, json!({ "preferred_channel": "email", "email": "maryam@example.ir" }))
        .await
        .expect(200);
    assert_eq!(told["preferred_channel"], "email");
    handler.patch(&path, json!({ "name": "کسی" })).await.refused(403, "forbidden");
}
