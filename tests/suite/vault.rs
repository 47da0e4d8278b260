//! A stolen database shows no name, telephone, address or national ID, in any spelling.

use diesel::connection::SimpleConnection;
use samad::domain::text::persian_digits;
use serde_json::{Value, json};

use crate::support::{Case, Stolen, TestApp};

/// People who are in no other test, each filing by another channel.
fn people() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        (
            "agent.centre",
            "phone",
            json!({ "national_id": "۰۰۱۳۵۴۲۴۱۹", "name": "شاپور ذوالفقارپیشه", "mobile": "۰۹۱۲ ۳۴۷ ۸۸۹۱",
                "phone": "021-66778899", "email": "Shapur.Zolfaghar@Example.ir",
                "address": "کوچه سپیدارستان پلاک دوازده", "postal_code": "1436745981" }),
        ),
        (
            "registrar.centre",
            "letter",
            json!({ "national_id": "0076229645", "name": "گلاویژ هورامانی‌تبار",
            "address": "روستای بیدگل‌آباد", "postal_code": "6613934567" }),
        ),
        (
            "agent.gov-10",
            "visit",
            json!({ "foreign_id": "PK7788123X", "name": "Zulaikha Noorzai", "mobile": "+989374455661" }),
        ),
        (
            "",
            "web",
            json!({ "national_id": "2360001116", "name": "بهزاد کیانوش‌راد", "mobile": "09355512398",
            "email": "behzad.kianush@mail.example.org", "preferred_channel": "email" }),
        ),
        ("gateway", "sms", json!({ "mobile": "989018877665", "name": "ماه‌منیر رخشان‌فر" })),
        (
            "gateway",
            "email",
            json!({ "email": "tahmineh.rostami77@example.com", "name": "Tahmineh Rostamizadeh" }),
        ),
        (
            "gateway",
            "fax",
            json!({ "national_id": "14005893875", "name": "تعاونی زعفران‌کاران قاینات", "phone": "05632524477" }),
        ),
    ]
}

/// Everything that must not be found, as it was told.
const SECRETS: [&str; 34] = [
    "شاپور ذوالفقارپیشه",
    "0013542419",
    "+989123478891",
    "66778899",
    "shapur.zolfaghar@example.ir",
    "سپیدارستان",
    "1436745981",
    "گلاویژ هورامانی‌تبار",
    "0076229645",
    "بیدگل‌آباد",
    "6613934567",
    "PK7788123X",
    "Zulaikha Noorzai",
    "+989374455661",
    "2360001116",
    "بهزاد کیانوش‌راد",
    "+989355512398",
    "behzad.kianush@mail.example.org",
    "+989018877665",
    "ماه‌منیر رخشان‌فر",
    "tahmineh.rostami77@example.com",
    "Tahmineh Rostamizadeh",
    "14005893875",
    "زعفران‌کاران قاینات",
    "+985632524477",
    // a representative, the place of the matter, corrections, a file's name, a search
    "آذرمیدخت پورنامدار",
    "0481234561",
    "+989199987651",
    "وکالت‌نامه ۷۷۴۴۱۲",
    "نسترن‌زار",
    "+989123478800",
    "shapur.new@example.ir",
    "1276543212",
    "سیاوش اخترشناس",
];

/// The words of every case: content, which is searched, and by which it is seen that the search of this test finds.
const CONTENT: &str = "چراغ راهنمایی چهارراه خراب است";

async fn registered(app: &TestApp) -> Vec<Case> {
    let mut cases = Vec::new();
    for (number, (person, channel, citizen)) in people().into_iter().enumerate() {
        let wish = json!({
            "kind": "request", "channel": channel, "text": format!("{CONTENT} {number}"), "subject": "چراغ", "citizen": citizen,
            "place": { "province": "10", "address": "نبش خیابان نسترن‌زار" },
            "representative": { "name": "آذرمیدخت پورنامدار", "national_id": "0481234561", "mobile": "09199987651",
                "proof": "وکالت‌نامه ۷۷۴۴۱۲" },
        });
        let (client, path) = match person {
            "" => (app.nobody(), "/public/cases"),
            "gateway" => (app.gateway(), "/cases"),
            person => (app.as_user(person).await, "/cases"),
        };
        let client = client.with("Idempotency-Key", format!("client-key-of-0013542419-{number}"));
        let told = client.post(path, wish.clone()).await.expect(201);
        let again = client.post(path, wish).await.expect(201);
        assert_eq!(told, again, "a kept reply is opened and given again");
        let text = |field: &str| told[field].as_str().unwrap_or_default().to_owned();
        cases.push(Case {
            id: text("id"),
            tracking_code: text("tracking_code"),
            access_code: text("access_code"),
        });
    }
    cases
}

pub async fn found(app: &TestApp, query: &str) -> Vec<String> {
    let told = app.as_user("agent.centre").await.get(&format!("/citizens?{query}")).await.expect(200);
    let items = told["items"].as_array().unwrap();
    items.iter().map(|citizen| citizen["name"].as_str().unwrap_or_default().to_owned()).collect()
}

async fn assert_people_are_found(app: &TestApp) {
    for (query, name) in [
        ("national_id=0013542419", "شاپور ذوالفقارپیشه"),
        ("national_id=%DB%B0%DB%B0%DB%B1%DB%B3%DB%B5%DB%B4%DB%B2%DB%B4%DB%B1%DB%B9", "شاپور ذوالفقارپیشه"),
        ("mobile=09374455661", "Zulaikha Noorzai"),
        ("phone=05632524477", "تعاونی زعفران‌کاران قاینات"),
        ("email=TAHMINEH.Rostami77@example.com", "Tahmineh Rostamizadeh"),
        ("national_id=2360001116&mobile=09355512398", "بهزاد کیانوش‌راد"),
    ] {
        assert_eq!(found(app, query).await, [name], "{query}");
    }
    assert!(found(app, "national_id=2360001116&mobile=09123478891").await.is_empty());
}

pub async fn assert_opens(app: &TestApp, case: &Case, factor: Value) {
    let mut wish = json!({ "tracking_code": case.tracking_code });
    wish.as_object_mut().unwrap().extend(factor.as_object().unwrap().clone());
    app.nobody().post("/public/lookups", wish).await.expect(200);
}

/// A life with all that tells or asks who somebody is.
pub async fn lived(app: &TestApp) -> Vec<Case> {
    let cases = registered(app).await;
    app.drain().await;
    let agent = app.as_user("agent.centre").await;
    let told = agent.get("/citizens?national_id=0013542419").await.expect(200);
    let path = format!("/citizens/{}", told["items"][0]["id"].as_str().unwrap());
    let contacts = json!({ "mobile": "09123478800", "email": "shapur.new@example.ir" });
    let told = agent.patch(&path, contacts).await.expect(200);
    assert_eq!((&told["mobile"], &told["name"]), (&json!("+989123478800"), &json!("شاپور ذوالفقارپیشه")));
    let key = agent.clone().with("Idempotency-Key", "one");
    key.post("/citizens", json!({ "national_id": "1276543212", "name": "سیاوش اخترشناس" })).await.expect(201);
    agent
        .upload(&cases[0].path("attachments"), "کارت ملی سیاوش اخترشناس 1276543212.txt", b"file")
        .await
        .expect(201);
    agent
        .post(
            &cases[0].path("messages"),
            json!({ "text": "من شاپور ذوالفقارپیشه هستم، ۰۹۱۲۳۴۷۸۸۹۱", "channel": "phone" }),
        )
        .await
        .expect(201);
    app.nobody()
        .post("/public/lookups", json!({ "tracking_code": cases[3].tracking_code, "mobile": "09123478891" }))
        .await
        .refused(404, "not_found");
    assert_opens(app, &cases[0], json!({ "mobile": "8800" })).await;
    assert_opens(app, &cases[3], json!({ "mobile": "۰۹۳۵۵۵۱۲۳۹۸" })).await;
    assert_opens(app, &cases[3], json!({ "national_id": "2360001116" })).await;
    app.drain().await;
    cases
}

/// The same after what [`lived`] corrected.
pub async fn assert_shifted_people_are_found(app: &TestApp) {
    assert_people_are_found(app).await;
    assert_eq!(found(app, "mobile=09123478800").await, ["شاپور ذوالفقارپیشه"], "the corrected number");
    assert!(found(app, "mobile=09123478891").await.is_empty(), "and not the old one");
}

/// Fails where a thief reads anything of the people of this test.
#[track_caller]
pub fn assert_shows_nobody(stolen: &Stolen) {
    let seen: Vec<String> = SECRETS.iter().filter_map(|secret| stolen.place_of(secret)).collect();
    assert!(seen.is_empty(), "{seen:#?}");
}

#[actix_web::test]
async fn a_stolen_database_shows_no_name_number_or_address() {
    let app = TestApp::start().await;
    let cases = lived(&app).await;
    let letters: Vec<String> =
        app.sms().sent().iter().chain(&app.mail().sent()).map(|letter| letter.address.clone()).collect();
    for address in [
        "+989123478891",
        "+989018877665",
        "behzad.kianush@mail.example.org",
        "tahmineh.rostami77@example.com",
    ] {
        assert!(letters.iter().any(|letter| letter == address), "{address} got no letter: {letters:?}");
    }
    let stolen = app.stolen();
    assert_shows_nobody(&stolen);
    // a search that could not find would prove nothing
    assert!(stolen.place_of(CONTENT).is_some());
    assert!(stolen.place_of(&cases[0].tracking_code).is_some());
    app.register(json!({ "text": persian_digits(&SECRETS.join(" ")).replace('+', "00") })).await;
    let stolen = app.stolen();
    let missed: Vec<&&str> = SECRETS.iter().filter(|secret| stolen.place_of(secret).is_none()).collect();
    assert!(missed.is_empty(), "what a case says is found, but not {missed:?}");
    let name = app.case(&cases[0]).await["citizen"]["name"].clone();
    assert_eq!(name, "شاپور ذوالفقارپیشه", "and the service itself reads it");
    let shown = app.case(&cases[0]).await;
    assert_eq!(shown["representative"]["name"], "آذرمیدخت پورنامدار");
    assert_eq!(shown["place"]["address"], "نبش خیابان نسترن‌زار");
    let files = app.list(&cases[0], "attachments").await;
    assert_eq!(files[0]["name"], "کارت ملی سیاوش اخترشناس 1276543212.txt");
    let words = app.list(&cases[0], "messages").await;
    assert!(words.iter().any(|message| message["body"].as_str().is_some_and(|body| body.contains("هستم"))));
}

#[actix_web::test]
async fn a_value_that_was_moved_or_edited_in_the_database_is_refused() {
    let app = TestApp::start().await;
    let cases = registered(&app).await;
    let agent = app.as_user("agent.centre").await;
    agent.get(&cases[0].path("")).await.expect(200);
    for change in [
        "UPDATE citizens SET name = (SELECT name FROM citizens ORDER BY id DESC LIMIT 1)",
        "UPDATE citizens SET name = address",
        "UPDATE citizens SET name = 'somebody'",
    ] {
        app.look(|connection| Ok(connection.batch_execute(change)?));
        agent.get(&cases[0].path("")).await.refused(500, "internal");
    }
}
