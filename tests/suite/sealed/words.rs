//! The words of a sealed case in a stolen database: names and numbers that the citizen wrote are nowhere in it.

use samad::domain::history::audit::{self, Known, Report};
use samad::domain::vault::rotation;
use samad::workers::retention;
use serde_json::{Value, json};

use crate::support::{Case, Stolen, TestApp};

/// Who writes, in digits of three scripts and with blanks; and a word that only the text holds.
const TEXT: &str = "اینجانب شهلا فرخزادیان با کد ملی ۴۶۱۲۳۸۷۵۹۱ و همراه 0912 774 5518 و شماره ٠٢١٤٤٨٨٧٧٦٦ می‌گویم \
    کارمند باجه هفت پول خواست؛ سماور برنجی هم شاهد است";
const SECRETS: [&str; 8] =
    ["شهلا", "فرخزادیان", "4612387591", "+989127745518", "02144887766", "سماور برنجی", "حوضخانه", "گلابدان"];

fn filing(is_sealed: bool) -> Value {
    json!({ "kind": "complaint", "sealed": is_sealed, "text": TEXT, "subject": "شکایت شهلا فرخزادیان",
        "remedy_sought": "به گلابدان پاسخ دهید" })
}

#[track_caller]
fn assert_shows_nothing(stolen: &Stolen) {
    let seen: Vec<String> = SECRETS.iter().filter_map(|secret| stolen.place_of(secret)).collect();
    assert!(seen.is_empty(), "{seen:#?}");
}

async fn listed(app: &TestApp, words: &str) -> usize {
    let path = format!("/cases?q={words}");
    app.as_user("classifier.centre").await.get(&path).await.expect(200)["items"].as_array().unwrap().len()
}

async fn assert_read(app: &TestApp, case: &Case) {
    let told = app.as_user("classifier.centre").await.get(&case.path("")).await.expect(200);
    assert_eq!((&told["text"], &told["text_form"]), (&json!(TEXT), &json!("original")));
    assert_eq!(told["subject"], "شکایت شهلا فرخزادیان");
    assert_eq!(told["remedy_sought"], "به گلابدان پاسخ دهید");
}

async fn added(app: &TestApp, case: &Case) {
    let classifier = app.as_user("classifier.centre").await;
    let note = json!({ "text": "شهلا فرخزادیان تلفن کرد: 09127745518، حوضخانه" });
    classifier.post(&case.path("notes"), note).await.expect(201);
    let message = json!({ "text": "کد ملی من ۴۶۱۲۳۸۷۵۹۱ است", "channel": "phone" });
    classifier.post(&case.path("messages"), message).await.expect(201);
}

/// What the audit finds, with the keys at hand and without.
fn audited(app: &TestApp) -> (Report, Report) {
    let with = Known { vault: Some(app.app.vault.clone()), ..Known::default() };
    app.look(|connection| {
        let opened = audit::run(connection, &with, &mut |_| {})?;
        Ok((opened, audit::run(connection, &Known::default(), &mut |_| {})?))
    })
}

#[actix_web::test]
async fn a_stolen_database_shows_nothing_of_what_a_sealed_case_says() {
    let app = TestApp::start().await;
    let case = app.register(filing(true)).await;
    added(&app, &case).await;
    app.drain().await;
    assert_shows_nothing(&app.stolen());
    assert_read(&app, &case).await;
    assert_eq!(listed(&app, "سماور").await, 0, "only the extract is searched");
    let classifier = app.as_user("classifier.centre").await;
    let told = classifier.post(&case.path("extract"), json!({})).await.expect(201);
    let confirmed = json!({ "subject": told["extract"]["subject"], "text": told["extract"]["text"] });
    classifier.put(&case.path("extract"), confirmed).await.expect(200);
    assert_eq!((listed(&app, "سماور").await, listed(&app, "فرخزادیان").await), (1, 0));
    let stolen = app.stolen();
    assert!(stolen.place_of("سماور برنجی").is_some(), "the extract is readable");
    // what the extract proposes is readable, too: it was masked
    let names = SECRETS.iter().filter(|secret| !["سماور برنجی", "گلابدان"].contains(secret));
    assert_eq!(names.filter_map(|secret| stolen.place_of(secret)).collect::<Vec<_>>(), Vec::<String>::new());
    let (opened, locked) = audited(&app);
    assert_eq!((opened.total(), opened.locked), (0, 0), "{:?}", opened.findings);
    assert_eq!((locked.total(), locked.locked), (0, 2), "the words and the note: {:?}", locked.findings);
    // the citizen reads what was filed
    let pair = json!({ "tracking_code": case.tracking_code, "access_code": case.access_code });
    let told = app.nobody().post("/public/lookups", pair).await.expect(200);
    assert_eq!(told["case"]["subject"], "شکایت شهلا فرخزادیان");
}

#[actix_web::test]
async fn sealing_later_takes_the_words_out_of_the_file_and_unsealing_puts_them_back() {
    let app = TestApp::start().await;
    let case = app.register(filing(false)).await;
    added(&app, &case).await;
    app.drain().await;
    let stolen = app.stolen();
    assert!(stolen.place_of("سماور برنجی").is_some() && stolen.place_of("فرخزادیان").is_some());
    assert_eq!(listed(&app, "سماور").await, 1);
    let classifier = app.as_user("classifier.centre").await;
    classifier.post(&case.path("sealing"), json!({ "reason": "به خواست شهروند" })).await.expect(200);
    assert_eq!(listed(&app, "سماور").await, 0);
    assert_read(&app, &case).await;
    retention::run_once(&app.app).await.expect("what is left in the file is overwritten");
    assert_shows_nothing(&app.stolen());
    assert_eq!(audited(&app).0.total(), 0);

    app.announce().await;
    app.write(rotation::activate).await;
    assert_eq!(app.walk(usize::MAX).await, 0);
    assert_shows_nothing(&app.stolen());
    assert_read(&app, &case).await;

    let privacy = app.as_user("privacy.centre").await;
    privacy.post(&case.path("unsealing"), json!({ "reason": "شهروند خواست" })).await.expect(200);
    assert_read(&app, &case).await;
    assert_eq!(listed(&app, "سماور").await, 1);
    assert!(app.stolen().place_of("سماور برنجی").is_some());
    assert_eq!((audited(&app).0.total(), audited(&app).1.locked), (0, 1), "the note stays sealed");
}

#[actix_web::test]
async fn sealed_words_that_were_edited_moved_or_removed_are_found_by_the_audit_and_never_shown() {
    use diesel::connection::SimpleConnection;
    let app = TestApp::start().await;
    let (one, other) = (app.register(filing(true)).await, app.register(filing(true)).await);
    for change in [
        "UPDATE sealed_words SET text = (SELECT text FROM sealed_words ORDER BY id DESC LIMIT 1)",
        "UPDATE sealed_words SET text = 'other'",
        "DELETE FROM sealed_words",
    ] {
        app.look(|connection| Ok(connection.batch_execute(change)?));
        let (opened, locked) = audited(&app);
        assert!(opened.total() > 0, "{change}");
        assert_eq!((locked.total(), locked.locked), (0, 2), "{change}");
        app.as_user("classifier.centre").await.get(&one.path("")).await.refused(500, "internal");
    }
    assert_ne!(one.id, other.id);
}

#[actix_web::test]
async fn the_first_start_seals_what_an_earlier_version_left_in_clear() {
    use diesel::connection::SimpleConnection;
    use samad::domain::cases::words::{self, Adopted};
    let app = TestApp::start().await;
    let case = app.register(filing(false)).await;
    app.drain().await;
    // as it stood before: sealed by its mark alone, listed by the migration
    app.look(|connection| {
        let old =
            "UPDATE cases SET is_sealed = TRUE; INSERT INTO words_to_seal SELECT 'cases', id FROM cases";
        Ok(connection.batch_execute(old)?)
    });
    assert_read(&app, &case).await;
    let (vault, now) = (app.app.vault.clone(), app.now());
    let adopt = move |connection: &mut _| words::adopt(connection, &vault, now);
    assert_eq!(app.app.db.write(adopt.clone()).await.unwrap(), Adopted::Some(1));
    assert_eq!(app.app.db.write(adopt).await.unwrap(), Adopted::All);
    assert_read(&app, &case).await;
    retention::run_once(&app.app).await.unwrap();
    assert_shows_nothing(&app.stolen());
}
