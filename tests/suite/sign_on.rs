//! Single sign-on: whom a provider names, what is refused, and what its second factor counts for.

use samad::config::OidcClaim;
use serde_json::{Value, json};

use crate::second_factor::{enrol, pass_seconds, session};
use crate::support::issuer::{CLIENT_ID, CLIENT_SECRET, Issuer, Token};
use crate::support::{Reply, TestApp};

const WHO: &str = "handler.moen";

async fn service(issuer: &Issuer) -> TestApp {
    let address = issuer.address();
    TestApp::start_with(|config| {
        config.oidc.issuer = address;
        config.oidc.client_id = CLIENT_ID.into();
        config.oidc.client_secret = CLIENT_SECRET.into();
        config.oidc.second_factor = "mfa".into();
    })
    .await
}

/// A browser that was sent to the provider: where to, and the cookie it holds.
async fn begin(app: &TestApp) -> (String, String) {
    let sent = app.nobody().get("/auth/oidc/start").await;
    assert_eq!((sent.status, sent.header("Cache-Control")), (303, "no-store"), "{}", sent.told());
    let cookie = sent.header("Set-Cookie");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    (sent.header("Location").to_owned(), cookie.split(';').next().unwrap().to_owned())
}

async fn come_back(app: &TestApp, cookie: &str, path: &str) -> Reply {
    app.nobody().with("Cookie", cookie).get(path).await
}

async fn sign_on(app: &TestApp, issuer: &Issuer, person: &str) -> Reply {
    let (at, cookie) = begin(app).await;
    come_back(app, &cookie, &issuer.sign_in(&at, person)).await
}

async fn works(app: &TestApp, tokens: &Value) {
    app.bearer(tokens["access_token"].as_str().unwrap()).get("/inbox").await.expect(200);
}

#[actix_web::test]
async fn a_person_of_the_provider_comes_in_without_a_password() {
    let issuer = Issuer::start();
    let app = service(&issuer).await;
    let (at, cookie) = begin(&app).await;
    let back = issuer.sign_in(&at, "Handler.MOEN");
    let reply = come_back(&app, &cookie, &back).await;
    assert!(reply.header("Set-Cookie").contains("Max-Age=0"), "the cookie is taken away");
    works(&app, &reply.expect(200)).await;
    // the way back is good once, even with the cookie kept
    come_back(&app, &cookie, &back).await.refused(401, "oidc_refused");
    let refresh = sign_on(&app, &issuer, WHO).await.expect(200)["refresh_token"].clone();
    let renewed = app.nobody().post("/auth/tokens/refresh", json!({ "refresh_token": refresh })).await;
    works(&app, &renewed.expect(200)).await;
}

#[actix_web::test]
async fn a_way_back_that_this_browser_did_not_begin_is_refused() {
    let issuer = Issuer::start();
    let app = service(&issuer).await;
    let (at, cookie) = begin(&app).await;
    let (_, other) = begin(&app).await;
    let back = issuer.sign_in(&at, WHO);
    app.nobody().get(&back).await.refused(401, "oidc_refused");
    come_back(&app, &other, &back).await.refused(401, "oidc_refused");
    come_back(&app, "samad_sign_on=nonsense", &back).await.refused(401, "oidc_refused");
    // a token of this service that is for something else
    let staff = session(&app, WHO).await.get("/inbox").await;
    assert_eq!(staff.status, 200);
    let state = back.split("state=").nth(1).unwrap().split('&').next().unwrap();
    for path in [
        "/auth/oidc/callback".to_owned(),
        format!("/auth/oidc/callback?error=access_denied&state={state}"),
        format!("{back}&iss=https://another.example"),
        back.replace(state, "guessed"),
    ] {
        come_back(&app, &cookie, &path).await.refused(401, "oidc_refused");
    }
    pass_seconds(&app, 601);
    come_back(&app, &cookie, &back).await.refused(401, "oidc_refused");
}

#[actix_web::test]
async fn an_id_token_that_is_not_whole_lets_nobody_in() {
    let issuer = Issuer::start();
    let app = service(&issuer).await;
    sign_on(&app, &issuer, WHO).await.expect(200);
    type Lie = fn(&mut Token);
    let lies: [(&str, Lie); 11] = [
        ("another's signature", |token| token.is_forged = true),
        ("a key that nobody has", |token| token.header["kid"] = json!("9")),
        ("another audience", |token| token.claims["aud"] = json!("another service")),
        ("two audiences", |token| token.claims["aud"] = json!([CLIENT_ID, "another service"])),
        ("another issuer", |token| token.claims["iss"] = json!("https://another.example")),
        ("another nonce", |token| token.claims["nonce"] = json!("of another sign-on")),
        ("no nonce", |token| drop(token.claims.as_object_mut().unwrap().remove("nonce"))),
        ("run out", |token| token.claims["exp"] = json!(1_700_000_000)),
        ("no signature", |token| token.header["alg"] = json!("none")),
        ("the client's secret as key", |token| {
            token.header["alg"] = json!("HS256");
            token.is_symmetric = true;
        }),
        ("no name", |token| token.claims["preferred_username"] = json!("  ")),
    ];
    for (what, lie) in lies {
        issuer.lie(lie);
        let reply = sign_on(&app, &issuer, WHO).await;
        assert_eq!((reply.status, reply.code()), (401, "oidc_refused"), "{what}: {}", reply.told());
    }
    issuer.lie(|_| {});
    sign_on(&app, &issuer, WHO).await.expect(200);
}

#[actix_web::test]
async fn a_provider_may_change_its_keys() {
    let issuer = Issuer::start();
    let app = service(&issuer).await;
    sign_on(&app, &issuer, WHO).await.expect(200);
    issuer.rotate();
    works(&app, &sign_on(&app, &issuer, WHO).await.expect(200)).await;
}

#[actix_web::test]
async fn nobody_without_an_account_comes_in_and_none_is_made() {
    let issuer = Issuer::start();
    let app = service(&issuer).await;
    sign_on(&app, &issuer, "stranger").await.refused(401, "oidc_unknown_account");
    let admin = app.as_user("admin").await;
    let users = admin.get("/users?limit=200").await.expect(200);
    let all = users["items"].as_array().unwrap();
    assert!(all.iter().all(|user| user["username"] != "stranger"));
    let id = all.iter().find(|user| user["username"] == WHO).unwrap()["id"].as_str().unwrap();
    admin.patch(&format!("/users/{id}"), json!({ "active": false })).await.expect(200);
    sign_on(&app, &issuer, WHO).await.refused(401, "oidc_unknown_account");
}

#[actix_web::test]
async fn an_address_counts_only_when_the_provider_verified_it() {
    let issuer = Issuer::start();
    let address = issuer.address();
    let app = TestApp::start_with(|config| {
        config.oidc.issuer = address;
        config.oidc.client_id = CLIENT_ID.into();
        config.oidc.client_secret = CLIENT_SECRET.into();
        config.oidc.username_claim = OidcClaim::Email;
    })
    .await;
    issuer.lie(|token| token.claims["email"] = json!(WHO));
    sign_on(&app, &issuer, WHO).await.refused(401, "oidc_refused");
    issuer.lie(|token| {
        token.claims["email"] = json!(WHO);
        token.claims["email_verified"] = json!(true);
    });
    sign_on(&app, &issuer, WHO).await.expect(200);
}

#[actix_web::test]
async fn the_accounts_own_second_factor_is_asked_for_unless_the_provider_saw_one() {
    let issuer = Issuer::start();
    let app = service(&issuer).await;
    let (authenticator, recovery) = enrol(&app, &session(&app, WHO).await).await;
    let asked = sign_on(&app, &issuer, WHO).await.expect(202);
    assert_eq!((&asked["otp_required"], &asked["access_token"]), (&json!(true), &Value::Null));
    let step = |continuation: &Value, otp: &str| json!({ "continuation": continuation, "otp": otp });
    let nobody = app.nobody();
    let kept = &asked["continuation"];
    app.bearer(kept.as_str().unwrap()).get("/inbox").await.refused(401, "unauthenticated");
    nobody.post("/auth/oidc/otp", step(kept, &authenticator.wrong(&app))).await.refused(401, "bad_otp");
    nobody.post("/auth/oidc/otp", step(&json!("a.b.c"), &recovery[0])).await.refused(401, "unauthenticated");
    let tokens = nobody.post("/auth/oidc/otp", step(kept, &authenticator.code(&app, 1))).await.expect(200);
    works(&app, &tokens).await;
    nobody.post("/auth/oidc/otp", step(kept, &recovery[0])).await.refused(401, "oidc_refused");
    let late = sign_on(&app, &issuer, WHO).await.expect(202);
    pass_seconds(&app, 301);
    let late = step(&late["continuation"], &recovery[0]);
    nobody.post("/auth/oidc/otp", late).await.refused(401, "token_expired");
    issuer.lie(|token| token.claims["amr"] = json!(["pwd", "mfa"]));
    works(&app, &sign_on(&app, &issuer, WHO).await.expect(200)).await;
}

#[actix_web::test]
async fn a_role_that_demands_a_second_factor_takes_the_providers() {
    let issuer = Issuer::start();
    let address = issuer.address();
    let app = TestApp::start_with(|config| {
        config.sign_in.require_second_factor = "handler".into();
        config.oidc.issuer = address;
        config.oidc.client_id = CLIENT_ID.into();
        config.oidc.client_secret = CLIENT_SECRET.into();
        config.oidc.second_factor = "mfa".into();
    })
    .await;
    let weak = sign_on(&app, &issuer, WHO).await.expect(200);
    assert_eq!(weak["enrolment_required"], true);
    let weak = app.bearer(weak["access_token"].as_str().unwrap());
    weak.get("/inbox").await.refused(403, "second_factor_required");
    issuer.lie(|token| token.claims["acr"] = json!("mfa"));
    let strong = sign_on(&app, &issuer, WHO).await.expect(200);
    assert_eq!(strong["enrolment_required"], false);
    works(&app, &strong).await;
    // the next tokens of the same session are as good
    let next = json!({ "refresh_token": strong["refresh_token"] });
    works(&app, &app.nobody().post("/auth/tokens/refresh", next).await.expect(200)).await;
}

#[actix_web::test]
async fn without_a_provider_the_password_is_left() {
    let app = TestApp::start().await;
    app.nobody().get("/auth/oidc/start").await.refused(404, "not_found");
    let away = TestApp::start_with(|config| {
        // nothing listens there
        config.oidc.issuer = "http://127.0.0.1:9".into();
        config.oidc.client_id = CLIENT_ID.into();
    })
    .await;
    let reply = away.nobody().reading("fa").get("/auth/oidc/start").await;
    assert_eq!(reply.header("Retry-After"), "30");
    reply.refused(503, "oidc_unavailable");
    session(&away, WHO).await.get("/inbox").await.expect(200);
}

/// The same with npm's `oidc-provider`, a certified implementation, where the workspace beside the project has the
/// script that starts it; elsewhere this says so and does nothing.
#[actix_web::test]
async fn a_certified_provider_signs_staff_on() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/services/oidc.sh");
    if !std::path::Path::new(script).exists() {
        eprintln!("skipped: {script} is not there");
        return;
    }
    let back = "http://127.0.0.1:8080/api/v1/auth/oidc/callback";
    let dir = tempfile::tempdir().unwrap();
    let run = |verb: &str| {
        let output = std::process::Command::new(script)
            .args([verb, dir.path().to_str().unwrap()])
            .env("OIDC_REDIRECT_URIS", back)
            .output()
            .unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (is_up, told) = run("start");
    if !is_up {
        eprintln!("skipped: the provider does not start here");
        return;
    }
    let told_of = |name: &str| {
        let rest = told.split(&format!("{name}=")).nth(1).unwrap();
        rest.split_whitespace().next().unwrap().to_owned()
    };
    let app = TestApp::start_with(|config| {
        config.oidc.issuer = told_of("OIDC_ISSUER");
        config.oidc.client_id = told_of("OIDC_CLIENT_ID");
        config.oidc.client_secret = told_of("OIDC_CLIENT_SECRET");
        config.oidc.username_claim = OidcClaim::Sub;
    })
    .await;
    let (at, cookie) = begin(&app).await;
    let returned = pages(&at, WHO).await;
    let reply =
        come_back(&app, &cookie, returned.strip_prefix("http://127.0.0.1:8080/api/v1").unwrap()).await;
    let (at, refused) = begin(&app).await;
    let denied = pages(&at, "denied").await;
    let denied =
        come_back(&app, &refused, denied.strip_prefix("http://127.0.0.1:8080/api/v1").unwrap()).await;
    run("stop");
    works(&app, &reply.expect(200)).await;
    denied.refused(401, "oidc_refused");
}

/// Walks through the provider's pages as a browser does; gives the address of the way back.
async fn pages(at: &str, login: &str) -> String {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let (mut at, mut cookies) = (reqwest::Url::parse(at).unwrap(), std::collections::BTreeMap::new());
    let mut form = None;
    for _ in 0..12 {
        let jar: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = match form.take() {
            Some(form) => client.post(at.clone()).form(&form),
            None => client.get(at.clone()),
        };
        let reply = request.header("Cookie", jar.join("; ")).send().await.unwrap();
        for cookie in reply.headers().get_all("Set-Cookie") {
            let (name, value) = cookie.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            cookies.insert(name.to_owned(), value.to_owned());
        }
        if let Some(next) = reply.headers().get("Location") {
            at = at.join(next.to_str().unwrap()).unwrap();
            if at.path().ends_with("/callback") {
                return at.into();
            }
            continue;
        }
        let page = reply.text().await.unwrap();
        let action = page.split("action=\"").nth(1).unwrap_or_else(|| panic!("no form in {page}"));
        at = at.join(action.split('"').next().unwrap()).unwrap();
        form = Some(vec![("login", login), ("password", "any")]);
    }
    panic!("the provider never sent the browser back");
}
