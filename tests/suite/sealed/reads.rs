//! The log of readings: a row for each, kept, and shown to the citizen.

use diesel::prelude::*;
use samad::db::schema::identity_reads;
use serde_json::{Value, json};

use super::{citizen, out_by_extract};
use crate::support::{Case, MARYAM, TestApp};

async fn log(app: &TestApp, case: &Case) -> Vec<Value> {
    let told = app.as_user("privacy.centre").await.get(&case.path("identity-reads")).await.expect(200);
    told["items"].as_array().unwrap().clone()
}

#[actix_web::test]
async fn every_reading_of_an_identity_is_a_row_and_lists_and_verbs_read_none() {
    let app = TestApp::start().await;
    let case = app.referred_to("MOEN-10").await;
    let before = log(&app, &case).await.len();
    let handler = app.as_user("handler.moen-10").await;
    for path in ["/cases", "/inbox", &format!("/cases?q={}", case.tracking_code)] {
        let told = handler.get(path).await.expect(200);
        assert!(
            !told.to_string().contains("مریم") && !told.to_string().contains("9990000011"),
            "{path}: {told}"
        );
    }
    for part in ["timeline", "referrals", "notes", "actions", "answers", "attachments"] {
        handler.get(&case.path(part)).await.expect(200);
    }
    app.as_user("analyst.centre").await.get(&case.path("")).await.expect(200);
    assert_eq!(log(&app, &case).await.len(), before, "none of these reads an identity");
    for _ in 0..2 {
        assert_eq!(handler.get(&case.path("")).await.expect(200)["citizen"]["national_id"], MARYAM);
    }
    let rows = log(&app, &case).await;
    assert_eq!(rows.len(), before + 2, "the second reading within a minute is a row too");
    let row = &rows[0];
    assert_eq!((&row["user"], &row["role"]), (&json!("handler.moen-10"), &json!("handler")));
    assert_eq!(
        (&row["office"]["code"], &row["why"], &row["what"]),
        (&json!("MOEN-10"), &json!("case"), &json!("identity"))
    );
    app.whole();
}

#[actix_web::test]
async fn readings_of_a_sealed_case_say_whether_words_or_the_identity_were_read_and_under_which_release() {
    let app = TestApp::start().await;
    let case = out_by_extract(&app).await;
    app.as_user("handler.mohme").await.get(&case.path("")).await.expect(200);
    let before = log(&app, &case).await;
    assert!(before.iter().all(|row| row["user"] != "handler.mohme"), "an extract is nobody's identity");
    for part in ["", "messages", "attachments", "objections", "appeals", "certificates/filing?text=true"] {
        assert_eq!(app.as_user("classifier.centre").await.get(&case.path(part)).await.status, 200, "{part}");
    }
    let rows = log(&app, &case).await;
    let whys: Vec<&str> =
        rows[..rows.len() - before.len()].iter().map(|row| row["why"].as_str().unwrap()).collect();
    assert_eq!(whys, ["certificate", "appeals", "objections", "attachments", "messages", "case"]);
    assert!(rows[..6].iter().all(|row| row["what"] == "words"), "{rows:?}");
    let body = json!({ "reason": "ناگزیر" });
    let handler = app.as_user("handler.mohme").await;
    let request = handler.post(&case.path("identity-requests"), body.clone()).await.expect(201);
    let request = request["id"].as_str().unwrap().to_owned();
    app.as_user("privacy.centre")
        .await
        .post(&format!("/identity-requests/{request}/release"), body)
        .await
        .expect(200);
    handler.get(&case.path("")).await.expect(200);
    let row = &log(&app, &case).await[0];
    assert_eq!((&row["what"], &row["request_id"]), (&json!("identity_and_words"), &json!(request)));
    app.whole();
}

#[actix_web::test]
async fn the_citizen_sees_which_office_read_it_and_never_which_person() {
    let app = TestApp::start().await;
    let case = out_by_extract(&app).await;
    app.as_user("classifier.centre").await.get(&case.path("")).await.expect(200);
    app.as_user("agent.centre").await.get(&format!("/citizens?national_id={MARYAM}")).await.expect(200);
    let pair = json!({ "tracking_code": case.tracking_code, "access_code": case.access_code });
    let told = app.nobody().reading("fa").post("/public/lookups", pair).await.expect(200);
    let shown = &told["identity_reads"][0];
    assert_eq!((&shown["office"]["code"], &shown["role"]), (&json!("CENTRE"), &json!("کارشناس پاسخگو")));
    assert_eq!((&shown["why"], &shown["purpose"]), (&json!("citizen_search"), &json!("جست‌وجوی شهروند")));
    assert_eq!(
        (&told["identity_reads"][1]["what"], &told["identity_reads"][1]["why"]),
        (&json!("words"), &json!("case"))
    );
    assert!(!told["identity_reads"].to_string().contains("agent.centre"), "{told}");
    let citizen = citizen(&app, &case).await;
    let path = format!("/public/cases/{}/identity-reads", case.tracking_code);
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = citizen.get(&format!("{path}?limit=2{cursor}")).await.expect(200);
        ids.extend(
            page["items"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()),
        );
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(ids.len(), log(&app, &case).await.len());
    assert!(ids.windows(2).all(|pair| pair[0].parse::<i64>().unwrap() > pair[1].parse::<i64>().unwrap()));
    citizen.get(&format!("{path}?cursor=x")).await.refused(400, "invalid_cursor");
    let other = app.register(json!({})).await;
    citizen
        .get(&format!("/public/cases/{}/identity-reads", other.tracking_code))
        .await
        .refused(404, "not_found");
    app.whole();
}

#[actix_web::test]
async fn the_log_is_read_by_auditors_and_the_privacy_officer_only() {
    let app = TestApp::start().await;
    let case = out_by_extract(&app).await;
    for (person, status) in [
        ("privacy.centre", 200),
        ("auditor.centre", 200),
        ("handler.mohme", 403),
        ("classifier.centre", 403),
        ("inspector.centre", 403),
        ("admin", 403),
        ("handler.moen-10", 404),
        ("agent.gov-10", 404),
        ("analyst.centre", 404),
    ] {
        let reply = app.as_user(person).await.get(&case.path("identity-reads")).await;
        assert_eq!(reply.status, status, "{person}: {}", reply.told());
    }
    // the auditor reads the log and not the case
    app.as_user("auditor.centre").await.get(&case.path("")).await.refused(404, "not_found");
    app.whole();
}

#[actix_web::test]
async fn a_row_of_the_log_can_be_neither_changed_nor_deleted() {
    let app = TestApp::start().await;
    let case = app.register(json!({})).await;
    app.case(&case).await;
    let count = |app: &TestApp| app.look(|c| Ok(identity_reads::table.count().get_result::<i64>(c)?));
    let before = count(&app);
    assert!(before > 0);
    let deleted = app.app.db.read_here(|c| Ok(diesel::delete(identity_reads::table).execute(c)?));
    assert!(deleted.is_err_and(|error| error.to_string().contains("only ever inserted")));
    let changed = app.app.db.read_here(|c| {
        Ok(diesel::update(identity_reads::table).set(identity_reads::why.eq("messages")).execute(c)?)
    });
    assert!(changed.is_err_and(|error| error.to_string().contains("only ever inserted")));
    assert_eq!(count(&app), before);
    app.whole();
}

#[actix_web::test]
async fn without_its_row_no_identity_is_shown() {
    let app = TestApp::start().await;
    let case = app.register(json!({})).await;
    // the log takes no rows any more
    let hinder = match app.app.db.is_sqlite() {
        true => "CREATE TRIGGER full BEFORE INSERT ON identity_reads BEGIN SELECT RAISE(ABORT, 'full'); END",
        false => "ALTER TABLE identity_reads ADD CONSTRAINT nothing CHECK (id < 0) NOT VALID",
    };
    app.look(|c| Ok(diesel::sql_query(hinder).execute(c)?));
    let reply = app.as_user("agent.centre").await.get(&case.path("")).await;
    assert_eq!(reply.status, 500, "{}", reply.told());
    assert!(!reply.told().contains("مریم") && !reply.told().contains("9990000011"));
    let found = app.as_user("agent.centre").await.get(&format!("/citizens?national_id={MARYAM}")).await;
    assert_eq!(found.status, 500, "{}", found.told());
    // who reads no identity is not hindered
    app.as_user("analyst.centre").await.get(&case.path("")).await.expect(200);
    app.whole();
}
