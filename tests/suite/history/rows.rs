//! Rows that somebody edits behind the service's back while the events are left alone.

use diesel::Connection;
use diesel::connection::SimpleConnection;
use samad::domain::history::audit;
use samad::error::Error;
use serde_json::{Value, json};

use super::{accepted, anchored, refused};
use crate::support::{Case, REZA, TestApp};

/// What was done to the rows of a case whose story reached an appeal, and what `samad verify` must say of it.
const EDITS: [(&str, &str); 27] = [
    ("UPDATE cases SET outcome = 'declined' WHERE id = CASE", "outcome is"),
    ("UPDATE cases SET status = 'referred' WHERE id = CASE", "status is Referred, not Closed"),
    ("UPDATE cases SET registered_at = due_at WHERE id = CASE", "registered_at is"),
    ("UPDATE cases SET due_at = registered_at WHERE id = CASE", "due_at is"),
    (
        "UPDATE cases SET citizen_id = (SELECT id FROM citizens WHERE id NOT IN (SELECT citizen_id FROM cases WHERE id = CASE) LIMIT 1) WHERE id = CASE",
        "who did not file it",
    ),
    (
        "UPDATE cases SET citizen_id = NULL WHERE id = CASE",
        "cut from its citizen, and no signed tombstone says so",
    ),
    ("UPDATE cases SET category = 'water.bill' WHERE id = CASE", "category is"),
    ("UPDATE cases SET priority = 'immediate' WHERE id = CASE", "priority is"),
    ("UPDATE cases SET kind = 'report' WHERE id = CASE", "kind is"),
    ("UPDATE cases SET channel = 'fax' WHERE id = CASE", "channel is"),
    (
        "UPDATE cases SET holder_office_id = 1, holder_user_id = NULL WHERE id = CASE",
        "holder_office_id is OfficeId(1)",
    ),
    ("UPDATE cases SET rating = 5 WHERE id = CASE", "rating is Some(5)"),
    ("UPDATE cases SET objections = 0 WHERE id = CASE", "objections is 0, not 1"),
    ("UPDATE referrals SET due_at = sent_at WHERE case_id = CASE", "due_at is Some"),
    ("UPDATE referrals SET office_id = 1 WHERE case_id = CASE", "office_id is OfficeId(1)"),
    ("UPDATE referrals SET state = 'recalled' WHERE case_id = CASE AND role = 'lead'", "state is Recalled"),
    ("DELETE FROM ratings WHERE case_id = CASE", "is gone"),
    ("UPDATE ratings SET score = 5 WHERE case_id = CASE", "score is 5, not 1"),
    ("UPDATE objections SET text = 'content' WHERE case_id = CASE", "the words of objection"),
    ("DELETE FROM objections WHERE case_id = CASE", "is gone"),
    ("UPDATE appeals SET grounds = 'none' WHERE case_id = CASE", "the grounds of appeal"),
    ("UPDATE appeals SET text = 'none' WHERE case_id = CASE", "the words of appeal"),
    ("UPDATE appeals SET result = 'upheld' WHERE case_id = CASE", "result is Some(Upheld)"),
    ("UPDATE answers SET author_id = decided_by WHERE case_id = CASE", "author_id is"),
    ("UPDATE answers SET state = 'rejected' WHERE case_id = CASE", "not \"approved\""),
    ("UPDATE notes SET text = 'other' WHERE case_id = CASE", "the words of note"),
    ("DELETE FROM notes WHERE case_id = CASE", "is gone"),
];

/// A case that was answered, noted on, rated poorly, objected to, answered again and appealed in vain.
async fn appealed(app: &TestApp) -> Case {
    let case = app.closed().await;
    app.register(json!({ "citizen": { "national_id": REZA, "name": "رضا کریمی", "mobile": "09121112233" } }))
        .await;
    let pair = json!({ "tracking_code": case.tracking_code, "access_code": case.access_code });
    let say = async |part: &str, body: Value| {
        let told = app.nobody().post("/public/lookups", pair.clone()).await.expect(200);
        let citizen = app.bearer(told["token"].as_str().unwrap());
        citizen.post(&format!("/public/cases/{}/{part}", case.tracking_code), body).await
    };
    let classifier = app.as_user("classifier.centre").await;
    classifier.post(&case.path("notes"), json!({ "text": "یادداشت" })).await.expect(201);
    assert!(say("rating", json!({ "score": 1 })).await.status < 300);
    say("objection", json!({ "text": "آب هنوز قطع است." })).await.expect(201);
    app.answer(&case, "MOEN-10").await;
    say("appeal", json!({ "text": "به حرف ما گوش ندادند." })).await.expect(201);
    let decision = json!({ "result": "dismissed", "grounds": "مدارک بررسی شد.", "consequence": "none" });
    app.as_user("appeal.moen").await.post(&case.path("appeal-decision"), decision).await.expect(200);
    case
}

#[actix_web::test]
async fn whatever_column_of_a_row_is_edited_its_events_tell_what_it_was() {
    let app = TestApp::start().await;
    let case = appealed(&app).await;
    app.whole();
    let mut connection = app.unguarded();
    let (root, vault) = (Some(app.app.keys.clone()), Some(app.app.vault.clone()));
    let known = audit::Known { root, vault, ..audit::Known::default() };
    for (statement, words) in EDITS {
        let statement = statement.replace("CASE", &case.id);
        connection.test_transaction::<_, Error, _>(|connection| {
            connection.batch_execute(&statement)?;
            let report = audit::run(connection, &known, &mut |_| {})?;
            let found: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
            let place = format!("case {} ({})", case.id, case.tracking_code);
            let names = |line: &String| line.contains(words) && line.contains(&place);
            assert!(found.iter().any(names), "{statement}: '{words}' is not in {found:#?}");
            Ok(())
        });
    }
}

#[actix_web::test]
async fn the_program_names_an_edited_row_and_says_what_it_does_not_check() {
    let app = TestApp::start().await;
    let case = anchored(&app).await;
    let unchecked =
        ["The history is whole", "Not checked, since no event tells it: messages", "the rule register"];
    accepted(&app.samad(&["verify"]), &unchecked);
    app.spoil(&format!("UPDATE cases SET outcome = 'granted' WHERE id = {}", case.id));
    let words = format!("row changed: case {} ({})", case.id, case.tracking_code);
    refused(&app.samad(&["verify"]), &[&words, "outcome is Some(\"granted\"), not None"]);
}
