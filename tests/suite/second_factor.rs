//! One-time codes, recovery codes, roles that demand them, and which sessions a change ends.

use aws_lc_rs::hmac;
use diesel::prelude::*;
use samad::db::schema::audit;
use samad::domain::demo;
use samad::domain::text::persian_digits;
use serde_json::{Value, json};

use crate::keys::told;
use crate::support::{Client, Reply, TestApp};

const WHO: &str = "handler.moen";

/// An authenticator, written after RFC 6238 and RFC 4648 alone.
pub struct Authenticator(Vec<u8>);

impl Authenticator {
    fn of(secret: &str) -> Self {
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let bits: Vec<u32> = secret.chars().map(|c| alphabet.find(c).expect("base32") as u32).collect();
        let mut bytes = Vec::new();
        let (mut held, mut count) = (0_u32, 0);
        for five in bits {
            (held, count) = ((held << 5) | five, count + 5);
            if count >= 8 {
                count -= 8;
                bytes.push((held >> count) as u8);
                held &= (1 << count) - 1;
            }
        }
        Self(bytes)
    }

    /// The code of the step that is `steps` after the present one.
    pub fn code(&self, app: &TestApp, steps: i64) -> String {
        let step = app.now().as_microsecond() / 1_000_000 / 30 + steps;
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let tag = tag.as_ref();
        let at = usize::from(tag[19] & 15);
        let number = u32::from_be_bytes(tag[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
        format!("{:06}", number % 1_000_000)
    }

    /// A code that no step near the present one has.
    pub fn wrong(&self, app: &TestApp) -> String {
        let near: Vec<String> = (-3..=3).map(|steps| self.code(app, steps)).collect();
        (0..).map(|n| format!("{n:06}")).find(|code| !near.contains(code)).unwrap()
    }
}

pub fn pass_seconds(app: &TestApp, seconds: i64) {
    app.app.clock.set(app.now().plus_seconds(seconds));
}

async fn sign_in(app: &TestApp, username: &str, otp: Option<&str>) -> Reply {
    let mut wish = json!({ "username": username, "password": demo::PASSWORD });
    if let Some(otp) = otp {
        wish["otp"] = json!(otp);
    }
    app.nobody().post("/auth/tokens", wish).await
}

pub async fn session<'a>(app: &'a TestApp, username: &str) -> Client<'a> {
    holding(app, &sign_in(app, username, None).await.expect(200))
}

fn holding<'a>(app: &'a TestApp, tokens: &Value) -> Client<'a> {
    app.bearer(tokens["access_token"].as_str().unwrap())
}

fn otp(code: &str) -> Value {
    json!({ "otp": code })
}

/// Sets a factor up; gives the authenticator and the recovery codes. The next free code is one step ahead.
pub async fn enrol(app: &TestApp, person: &Client<'_>) -> (Authenticator, Vec<String>) {
    let begun = person.post("/auth/totp", json!({})).await.expect(201);
    let secret = begun["secret"].as_str().unwrap();
    let uri = begun["uri"].as_str().unwrap();
    assert!(uri.starts_with("otpauth://totp/Samad:") && uri.contains(secret), "{uri}");
    let authenticator = Authenticator::of(secret);
    let reply = person.post("/auth/totp/confirmation", otp(&authenticator.code(app, 0))).await;
    assert_eq!(reply.header("Cache-Control"), "no-store");
    (authenticator, codes(&reply.expect(200)))
}

fn codes(told: &Value) -> Vec<String> {
    let codes = told["recovery_codes"].as_array().unwrap();
    codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn an_enrolled_person_signs_in_with_password_and_code() {
    let app = TestApp::start().await;
    let person = session(&app, WHO).await;
    let before = json!({ "enrolled": false, "required": false, "recovery_codes_left": 0 });
    assert_eq!(person.get("/auth/totp").await.expect(200), before);
    let (authenticator, _) = enrol(&app, &person).await;
    let after = json!({ "enrolled": true, "required": false, "recovery_codes_left": 10 });
    assert_eq!(person.get("/auth/totp").await.expect(200), after);
    let asked = sign_in(&app, WHO, None).await;
    assert!(asked.told().contains("send the one-time code"), "{}", asked.told());
    asked.refused(401, "otp_required");
    sign_in(&app, WHO, Some("")).await.refused(401, "otp_required");
    sign_in(&app, WHO, Some(&authenticator.wrong(&app))).await.refused(401, "bad_otp");
    for nonsense in ["12345", "abcdef", "۱۲۳", "a much longer text than any code has", "💧💧"] {
        pass_seconds(&app, 3600);
        sign_in(&app, WHO, Some(nonsense)).await.refused(401, "bad_otp");
    }
    pass_seconds(&app, 3600);
    let typed = persian_digits(&authenticator.code(&app, 0));
    let tokens = sign_in(&app, WHO, Some(&format!("{} {}", &typed[..6], &typed[6..]))).await.expect(200);
    assert_eq!(tokens["enrolment_required"], json!(false));
    holding(&app, &tokens).get("/inbox").await.expect(200);
    // a wrong password tells nothing of the factor
    let wrong = json!({ "username": WHO, "password": "wrong password" });
    app.nobody().post("/auth/tokens", wrong).await.refused(401, "bad_credentials");
}

#[actix_web::test]
async fn a_step_is_taken_once_and_only_forward() {
    let app = TestApp::start().await;
    let (authenticator, _) = enrol(&app, &session(&app, WHO).await).await;
    // the code that confirmed is used up
    sign_in(&app, WHO, Some(&authenticator.code(&app, 0))).await.refused(401, "bad_otp");
    sign_in(&app, WHO, Some(&authenticator.code(&app, 2))).await.refused(401, "bad_otp");
    let ahead = authenticator.code(&app, 1);
    sign_in(&app, WHO, Some(&ahead)).await.expect(200);
    sign_in(&app, WHO, Some(&ahead)).await.refused(401, "bad_otp");
    pass_seconds(&app, 300);
    sign_in(&app, WHO, Some(&authenticator.code(&app, -2))).await.refused(401, "bad_otp");
    sign_in(&app, WHO, Some(&authenticator.code(&app, 0))).await.expect(200);
    // a code that was not used, but stands before one that was
    sign_in(&app, WHO, Some(&authenticator.code(&app, -1))).await.refused(401, "bad_otp");
    pass_seconds(&app, 90);
    sign_in(&app, WHO, Some(&authenticator.code(&app, -1))).await.expect(200);
}

#[actix_web::test]
async fn one_code_opens_one_session_however_many_try_at_once() {
    let app = TestApp::start().await;
    let (authenticator, recovery) = enrol(&app, &session(&app, WHO).await).await;
    let other = app.another().await;
    for code in [authenticator.code(&app, 1), recovery[0].clone()] {
        let (a, b, c, d) = futures_util::future::join4(
            sign_in(&app, WHO, Some(&code)),
            sign_in(&other, WHO, Some(&code)),
            sign_in(&app, WHO, Some(&code)),
            sign_in(&other, WHO, Some(&code)),
        )
        .await;
        let opened = [a, b, c, d].iter().filter(|reply| reply.status == 200).count();
        assert_eq!(opened, 1, "{code}");
        pass_seconds(&app, 2 * 86_400);
    }
}

#[actix_web::test]
async fn wrong_codes_lock_the_name_like_wrong_passwords() {
    let app = TestApp::start().await;
    let (authenticator, recovery) = enrol(&app, &session(&app, WHO).await).await;
    for _ in 0..2 {
        sign_in(&app, WHO, Some(&authenticator.wrong(&app))).await.refused(401, "bad_otp");
        // a missing code is no try, and forgets none
        sign_in(&app, WHO, None).await.refused(401, "otp_required");
        sign_in(&app, WHO, Some("aaaa-bbbb-cccc")).await.refused(401, "bad_otp");
    }
    sign_in(&app, WHO, Some("000-000-0")).await.refused(401, "bad_otp");
    let right = authenticator.code(&app, 1);
    sign_in(&app, WHO, Some(&right)).await.refused(429, "account_locked");
    sign_in(&app, WHO, Some(&recovery[0])).await.refused(429, "account_locked");
    pass_seconds(&app, 31);
    sign_in(&app, WHO, Some(&right)).await.expect(200);
}

#[actix_web::test]
async fn a_stolen_access_token_cannot_guess_the_code_away() {
    let app = TestApp::start().await;
    let person = session(&app, WHO).await;
    let (authenticator, _) = enrol(&app, &person).await;
    for path in ["/auth/recovery-codes", "/auth/recovery-codes", "/auth/recovery-codes"] {
        person.post(path, otp(&authenticator.wrong(&app))).await.wrong("otp", "wrong");
    }
    for _ in 0..2 {
        person.delete_with("/auth/totp", otp(&authenticator.wrong(&app))).await.wrong("otp", "wrong");
    }
    let right = otp(&authenticator.code(&app, 1));
    person.delete_with("/auth/totp", right.clone()).await.refused(429, "account_locked");
    person.delete("/auth/totp").await.wrong("otp", "required");
    pass_seconds(&app, 31);
    assert_eq!(person.delete_with("/auth/totp", right).await.status, 204);
    sign_in(&app, WHO, None).await.expect(200);
}

#[actix_web::test]
async fn recovery_codes_open_once_each_and_a_new_set_ends_the_old() {
    let app = TestApp::start().await;
    let person = session(&app, WHO).await;
    person.post("/auth/recovery-codes", otp("000000")).await.refused(409, "no_second_factor");
    let (_, first) = enrol(&app, &person).await;
    let distinct: std::collections::BTreeSet<&String> = first.iter().collect();
    assert_eq!((first.len(), distinct.len()), (10, 10));
    assert!(first.iter().all(|code| code.len() == 14), "{first:?}");
    sign_in(&app, WHO, Some(&first[0])).await.expect(200);
    sign_in(&app, WHO, Some(&first[0])).await.refused(401, "bad_otp");
    sign_in(&app, WHO, Some(&persian_digits(&first[1].to_uppercase().replace('-', " ")))).await.expect(200);
    let left = person.get("/auth/totp").await.expect(200)["recovery_codes_left"].clone();
    assert_eq!(left, json!(8));
    let second = codes(&person.post("/auth/recovery-codes", otp(&first[2])).await.expect(200));
    sign_in(&app, WHO, Some(&first[3])).await.refused(401, "bad_otp");
    sign_in(&app, WHO, Some(&second[3])).await.expect(200);
    // somebody else's code opens nothing of mine
    let (_, others) = enrol(&app, &session(&app, "approver.moen").await).await;
    sign_in(&app, WHO, Some(&others[0])).await.refused(401, "bad_otp");
    sign_in(&app, "approver.moen", Some(&others[0])).await.expect(200);
}

#[actix_web::test]
async fn an_enrolment_must_be_begun_and_confirmed_in_time() {
    let app = TestApp::start().await;
    let person = session(&app, WHO).await;
    person.post("/auth/totp/confirmation", otp("000000")).await.refused(409, "no_second_factor");
    person.delete_with("/auth/totp", otp("000000")).await.refused(409, "no_second_factor");
    let begin = async || {
        let begun = person.post("/auth/totp", json!({})).await.expect(201);
        Authenticator::of(begun["secret"].as_str().unwrap())
    };
    let old = begin().await;
    // what is not confirmed asks nothing of a sign-in
    sign_in(&app, WHO, None).await.expect(200);
    let new = begin().await;
    let of_old = person.post("/auth/totp/confirmation", otp(&old.code(&app, 0))).await;
    of_old.wrong("otp", "wrong");
    pass_seconds(&app, 1800);
    let late = person.post("/auth/totp/confirmation", otp(&new.code(&app, 0))).await;
    late.refused(409, "no_second_factor");
    let newest = begin().await;
    person.post("/auth/totp/confirmation", otp(&newest.code(&app, 0))).await.expect(200);
    person.post("/auth/totp", json!({})).await.refused(409, "already_done");
    person.post("/auth/totp/confirmation", otp(&newest.code(&app, 1))).await.refused(409, "already_done");
    app.gateway().post("/auth/totp", json!({})).await.refused(403, "forbidden");
}

#[actix_web::test]
async fn a_role_that_demands_a_factor_does_nothing_before_it_is_set_up() {
    let app =
        TestApp::start_with(|config| config.sign_in.require_second_factor = "admin, inspector".into()).await;
    let tokens = sign_in(&app, "inspector.centre", None).await.expect(200);
    assert_eq!(tokens["enrolment_required"], json!(true));
    let inspector = holding(&app, &tokens);
    for path in ["/inbox", "/cases", "/offices", "/users"] {
        inspector.get(path).await.refused(403, "second_factor_required");
    }
    let change = json!({ "old": demo::PASSWORD, "new": "a new long password" });
    inspector.put("/users/me/password", change).await.refused(403, "second_factor_required");
    let renew = json!({ "refresh_token": tokens["refresh_token"] });
    let renewed = app.nobody().post("/auth/tokens/refresh", renew).await.expect(200);
    assert_eq!(renewed["enrolment_required"], json!(true));
    let told = inspector.get("/auth/totp").await.expect(200);
    assert_eq!((&told["enrolled"], &told["required"]), (&json!(false), &json!(true)));
    let (authenticator, _) = enrol(&app, &inspector).await;
    inspector.get("/inbox").await.expect(200);
    let tokens = sign_in(&app, "inspector.centre", Some(&authenticator.code(&app, 1))).await.expect(200);
    assert_eq!(tokens["enrolment_required"], json!(false));
    // who removes it is back at the beginning
    pass_seconds(&app, 300);
    let gone = inspector.delete_with("/auth/totp", otp(&authenticator.code(&app, 0))).await;
    assert_eq!(gone.status, 204);
    inspector.get("/inbox").await.refused(403, "second_factor_required");
    assert_eq!(inspector.delete("/auth/tokens").await.status, 204);
    // other roles go on as before, and a new role binds at once
    let handler = session(&app, WHO).await;
    handler.get("/inbox").await.expect(200);
    let admin = session(&app, "admin").await;
    enrol(&app, &admin).await;
    let path = format!("/users/{}", id_of(&admin, WHO).await);
    let roles = json!({ "roles": [{ "role": "inspector", "office": "MOEN" }] });
    let waiting = admin.patch(&path, roles).await.expect(202);
    let second = session(&app, "admin2").await;
    enrol(&app, &second).await;
    let approval = format!("/changes/{}/approval", waiting["change"].as_str().unwrap());
    second.post(&approval, json!({})).await.expect(200);
    handler.get("/inbox").await.refused(403, "second_factor_required");
}

async fn id_of(admin: &Client<'_>, username: &str) -> String {
    let users = admin.get("/users?limit=200").await.expect(200);
    let mut users = users["items"].as_array().unwrap().iter();
    let found = users.find(|user| user["username"] == username).expect(username);
    found["id"].as_str().unwrap().to_owned()
}

fn audited(app: &TestApp, action: &str) -> Vec<(String, String)> {
    let lines = audit::table.filter(audit::action.eq(action.to_owned()));
    app.look(|connection| Ok(lines.select((audit::actor, audit::subject)).load(connection)?))
}

#[actix_web::test]
async fn an_administrator_removes_a_lost_factor_but_never_the_own_one() {
    let app = TestApp::start().await;
    let person = session(&app, WHO).await;
    enrol(&app, &person).await;
    let admin = app.as_user("admin").await;
    let id = id_of(&admin, WHO).await;
    let path = format!("/users/{id}/totp");
    person.delete(&path).await.refused(403, "forbidden");
    assert_eq!(admin.delete(&path).await.status, 204);
    person.get("/inbox").await.refused(401, "unauthenticated");
    sign_in(&app, WHO, None).await.expect(200);
    admin.delete(&path).await.refused(409, "no_second_factor");
    admin.delete("/users/1/totp").await.refused(404, "not_found");
    assert_eq!(audited(&app, "set_second_factor").len(), 1);
    let removed = audited(&app, "remove_second_factor");
    assert_eq!(removed.len(), 1);
    assert!(removed[0].0.contains("admin") && removed[0].1 == format!("user:{id}"), "{removed:?}");
    enrol(&app, &admin).await;
    let own = format!("/users/{}/totp", id_of(&admin, "admin").await);
    admin.delete(&own).await.refused(403, "second_person_required");
    let seen = admin.get("/users?limit=200").await.expect(200);
    let with_factor = seen["items"].as_array().unwrap().iter().filter(|user| user["second_factor"] == true);
    assert_eq!(with_factor.count(), 1);
}

/// Signs in again and again; gives who keeps a session after `change` was done in the first one.
async fn ends_all_others(app: &TestApp, mine: &Client<'_>, other: &Value, change: &str, reply: Reply) {
    assert!((200..300).contains(&reply.status), "{change}: {}", reply.told());
    mine.get("/inbox").await.expect(200);
    holding(app, other).get("/inbox").await.refused(401, "unauthenticated");
    let body = json!({ "refresh_token": other["refresh_token"] });
    app.nobody().post("/auth/tokens/refresh", body).await.refused(401, "unauthenticated");
}

#[actix_web::test]
async fn every_change_of_factor_or_password_ends_the_other_sessions() {
    let app = TestApp::start().await;
    let mine = session(&app, WHO).await;
    let other = sign_in(&app, WHO, None).await.expect(200);
    let begun = mine.post("/auth/totp", json!({})).await.expect(201);
    let authenticator = Authenticator::of(begun["secret"].as_str().unwrap());
    holding(&app, &other).get("/inbox").await.expect(200);
    let reply = mine.post("/auth/totp/confirmation", otp(&authenticator.code(&app, 0))).await;
    ends_all_others(&app, &mine, &other, "confirmation", reply).await;

    pass_seconds(&app, 60);
    let other = sign_in(&app, WHO, Some(&authenticator.code(&app, 0))).await.expect(200);
    let reply = mine.post("/auth/recovery-codes", otp(&authenticator.code(&app, 1))).await;
    ends_all_others(&app, &mine, &other, "recovery codes", reply).await;

    pass_seconds(&app, 90);
    let other = sign_in(&app, WHO, Some(&authenticator.code(&app, 0))).await.expect(200);
    let change = json!({ "old": demo::PASSWORD, "new": demo::PASSWORD });
    let reply = mine.put("/users/me/password", change).await;
    ends_all_others(&app, &mine, &other, "password", reply).await;

    pass_seconds(&app, 90);
    let other = sign_in(&app, WHO, Some(&authenticator.code(&app, 0))).await.expect(200);
    let reply = mine.delete_with("/auth/totp", otp(&authenticator.code(&app, 1))).await;
    ends_all_others(&app, &mine, &other, "removal", reply).await;

    let admin = app.as_user("admin").await;
    let path = format!("/users/{}", id_of(&admin, WHO).await);
    app.agreed_access(admin.patch(&path, json!({ "password": demo::PASSWORD })).await.expect(202)).await;
    mine.get("/inbox").await.refused(401, "unauthenticated");
    // closing ends sessions for good, also when the account is opened again
    let mine = session(&app, WHO).await;
    admin.patch(&path, json!({ "active": false })).await.expect(200);
    app.agreed_access(admin.patch(&path, json!({ "active": true })).await.expect(202)).await;
    mine.get("/inbox").await.refused(401, "unauthenticated");
    session(&app, WHO).await.get("/inbox").await.expect(200);
}

#[actix_web::test]
async fn a_password_is_changed_by_who_knows_the_old_one() {
    let app = TestApp::start().await;
    let person = session(&app, WHO).await;
    let change = async |old: &str, new: &str| {
        person.put("/users/me/password", json!({ "old": old, "new": new })).await
    };
    change("wrong password", "a new long password").await.wrong("old", "wrong");
    change("wrong password", "short").await.wrong("old", "wrong");
    change(demo::PASSWORD, "short").await.wrong("new", "too_short");
    assert_eq!(change(demo::PASSWORD, "a new long password").await.status, 204);
    sign_in(&app, WHO, None).await.refused(401, "bad_credentials");
    let wish = json!({ "username": WHO, "password": "a new long password" });
    app.nobody().post("/auth/tokens", wish).await.expect(200);
    assert_eq!(audited(&app, "change_password").len(), 1);
    // guessing by a stolen access token locks as well
    for _ in 0..5 {
        change("wrong password", "a new long password").await.wrong("old", "wrong");
    }
    change("a new long password", "a newer long password").await.refused(429, "account_locked");
    app.gateway()
        .put("/users/me/password", json!({ "old": "x", "new": "a new long password" }))
        .await
        .refused(403, "forbidden");
}

#[actix_web::test]
async fn a_stolen_database_shows_neither_secret_nor_recovery_codes() {
    let app = TestApp::start().await;
    let person = session(&app, WHO).await;
    let begun = person.post("/auth/totp", json!({})).await.expect(201);
    let secret = begun["secret"].as_str().unwrap();
    let authenticator = Authenticator::of(secret);
    let told = person.post("/auth/totp/confirmation", otp(&authenticator.code(&app, 0))).await.expect(200);
    let stolen = app.stolen();
    assert_eq!(stolen.place_of(secret), None);
    for code in codes(&told) {
        assert_eq!((stolen.place_of(&code), stolen.place_of(&code.replace('-', ""))), (None, None));
    }
    // a search that could not find would prove nothing
    assert!(stolen.place_of("set_second_factor").is_some());
}

#[actix_web::test]
async fn a_factor_outlives_its_key_and_ends_by_command_for_who_has_nobody_else() {
    let app = TestApp::start().await;
    let admin = session(&app, "admin").await;
    let (authenticator, _) = enrol(&app, &admin).await;
    let rotated = app.command(&["keys", "rotate"]).run();
    assert!(rotated.status.success(), "{}", told(&rotated));
    assert!(!app.rows().iter().any(|(_, row)| row.contains("v1.1.")), "a value is left under the old key");
    sign_in(&app, "admin", Some(&authenticator.code(&app, 1))).await.expect(200);
    let unknown = app.command(&["user", "remove-second-factor", "nobody"]).run();
    assert!(!unknown.status.success(), "{}", told(&unknown));
    let removed = app.command(&["user", "remove-second-factor", "admin"]).run();
    assert!(removed.status.success(), "{}", told(&removed));
    admin.get("/users").await.refused(401, "unauthenticated");
    sign_in(&app, "admin", None).await.expect(200);
    assert_eq!(audited(&app, "remove_second_factor").len(), 1);
    let mut wrong = app.command(&["config", "check"]);
    wrong.set("SAMAD__SIGN_IN__REQUIRE_SECOND_FACTOR", "admin,king");
    let checked = wrong.run();
    assert!(!checked.status.success() && told(&checked).contains("'king' is not"), "{}", told(&checked));
}

/// What a change ends must not come back by a sign-in that was under way.
#[actix_web::test]
async fn a_sign_in_beside_a_change_of_password_leaves_no_session_of_the_old_one() {
    let app = TestApp::start().await;
    let other = app.another().await;
    for round in 0..4 {
        let password = |round: usize| {
            if round == 0 { demo::PASSWORD.to_owned() } else { format!("a long password {round}") }
        };
        let wish = json!({ "username": WHO, "password": password(round) });
        let mine = app.nobody().post("/auth/tokens", wish.clone()).await.expect(200);
        let mine = holding(&app, &mine);
        let change = json!({ "old": password(round), "new": password(round + 1) });
        let (here, there) = (app.nobody(), other.nobody());
        let (changed, one, two) = futures_util::future::join3(
            mine.put("/users/me/password", change),
            here.post("/auth/tokens", wish.clone()),
            there.post("/auth/tokens", wish),
        )
        .await;
        assert_eq!(changed.status, 204, "{}", changed.told());
        for reply in [one, two].into_iter().filter(|reply| reply.status == 200) {
            holding(&app, &reply.json).get("/inbox").await.refused(401, "unauthenticated");
        }
    }
}
