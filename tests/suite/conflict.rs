//! Conflict of interest: nobody sees, holds, answers or decides a case that is about them.

use std::collections::BTreeSet;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use samad::gateways::Sending;
use serde_json::{Value, json};

use crate::support::{Case, Reply, TestApp, filing};
use crate::visibility::STAFF;

/// Parts of a case that staff read.
const PARTS: [&str; 13] = [
    "",
    "timeline",
    "referrals",
    "actions",
    "notes",
    "attachments",
    "answers",
    "messages",
    "receipt",
    "objections",
    "appeals",
    "certificates/filing",
    "certificates/reply",
];

/// Fails unless the case is as if it were not there for this person, by every way.
async fn hidden_from(app: &TestApp, case: &Case, username: &str) {
    let person = app.as_user(username).await;
    for part in PARTS {
        let reply = person.get(&case.path(part)).await;
        assert_eq!(reply.status, 404, "{username} {part}: {}", reply.told());
    }
    for (verb, body) in [
        ("notes", json!({ "text": "؟" })),
        ("questions", json!({ "text": "؟" })),
        ("messages", json!({ "text": "؟", "channel": "phone" })),
        ("referrals", json!({})),
        ("closure", json!({ "outcome": "upheld" })),
        ("reopening", json!({ "reason": "؟" })),
        ("dismissal", json!({ "outcome": "no_cause", "reason": "no_ground", "signpost": "؟" })),
        ("withdrawal", json!({ "confirm": true })),
        ("objection", json!({ "text": "؟" })),
        ("appeal", json!({ "text": "؟" })),
        ("rating", json!({ "score": 1 })),
        ("appeal-decision", json!({ "result": "dismissed", "grounds": "؟", "consequence": "none" })),
    ] {
        person.post(&case.path(verb), body).await.refused(404, "not_found");
    }
    let class = json!({ "kind": "complaint", "category": "water.bill" });
    person.put(&case.path("classification"), class).await.refused(404, "not_found");
    let about = json!({ "reason": "؟" });
    person.put(&case.path("complained-of"), about).await.refused(404, "not_found");
    person.upload(&case.path("attachments"), "a.txt", b"text").await.refused(404, "not_found");
    for hop in app.look_at(case, "referrals").await {
        let path = format!("/referrals/{}", hop["id"].as_str().unwrap());
        person.get(&path).await.refused(404, "not_found");
        for (verb, body) in [
            ("acceptance", json!({})),
            ("return", json!({ "reason": "duplicate" })),
            ("transfer", json!({ "reason": "؟", "office": "MOI" })),
            ("recall", json!({ "reason": "؟" })),
            ("extension", json!({ "reason": "؟", "days": 1 })),
            ("assignment", json!({ "user": username })),
            ("answers", json!({ "text": "؟", "outcome": "upheld" })),
        ] {
            person.post(&format!("{path}/{verb}"), body).await.refused(404, "not_found");
        }
    }
    for answer in app.look_at(case, "answers").await {
        let path = format!("/answers/{}", answer["id"].as_str().unwrap());
        for verb in ["approval", "rejection"] {
            person.post(&format!("{path}/{verb}"), json!({ "note": "؟" })).await.refused(404, "not_found");
        }
    }
    for file in app.look_at(case, "attachments").await {
        let path = format!("/attachments/{}", file["id"].as_str().unwrap());
        person.get(&path).await.refused(404, "not_found");
    }
    for message in app.look_at(case, "messages").await {
        let path = format!("/messages/{}/deliveries", message["id"].as_str().unwrap());
        person.get(&path).await.refused(404, "not_found");
    }
    assert!(!listed(app, username, "").await.contains(&case.id), "{username} lists it");
    let found = listed(app, username, &format!("&q={}", case.tracking_code)).await;
    assert!(found.is_empty(), "{username} finds it");
    let work = inbox(app, username, "").await;
    let cases = work["items"].as_array().unwrap().iter().map(|item| &item["case"]["id"]);
    assert!(cases.into_iter().all(|id| id != &json!(case.id)), "{username} has it in the inbox");
}

async fn listed(app: &TestApp, username: &str, query: &str) -> BTreeSet<String> {
    let list = app.as_user(username).await.get(&format!("/cases?limit=200{query}")).await.expect(200);
    let items = list["items"].as_array().unwrap().iter();
    items.map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

async fn inbox(app: &TestApp, username: &str, tray: &str) -> Value {
    let query = if tray.is_empty() { String::new() } else { format!("&box={tray}") };
    app.as_user(username).await.get(&format!("/inbox?limit=200{query}")).await.expect(200)
}

impl TestApp {
    /// A list of the case as whoever of the two that see everything may see it.
    async fn look_at(&self, case: &Case, part: &str) -> Vec<Value> {
        for username in ["inspector.centre", "approver.insp"] {
            let reply = self.as_user(username).await.get(&case.path(part)).await;
            if reply.status == 200 {
                return reply.expect(200)["items"].as_array().unwrap().clone();
            }
        }
        Vec::new()
    }
}

async fn name(app: &TestApp, username: &str, case: &Case, body: Value) -> Reply {
    app.as_user(username).await.put(&case.path("complained-of"), body).await
}

/// Gives a person these roles instead.
async fn repost(app: &TestApp, username: &str, roles: &[(&str, &str)]) -> Reply {
    let admin = app.as_user("admin").await;
    let all = admin.get("/users?limit=200").await.expect(200);
    let user = all["items"].as_array().unwrap().iter().find(|user| user["username"] == username).unwrap();
    let roles: Vec<Value> =
        roles.iter().map(|(role, office)| json!({ "role": role, "office": office })).collect();
    let path = format!("/users/{}", user["id"].as_str().unwrap());
    let reply = admin.patch(&path, json!({ "roles": roles })).await;
    match reply.json["change"].as_str().filter(|_| reply.status == 202) {
        Some(change) => {
            app.as_user("admin2").await.post(&format!("/changes/{change}/approval"), json!({})).await
        }
        None => reply,
    }
}

async fn complaint(app: &TestApp, category: &str, changes: Value) -> Case {
    let mut wish = json!({ "kind": "complaint", "category": category });
    for (field, value) in changes.as_object().unwrap() {
        wish[field] = value.clone();
    }
    let case = app.register(wish).await;
    app.classify(&case, "complaint", category).await;
    case
}

#[actix_web::test]
async fn a_complaint_is_hidden_from_the_office_it_is_about_and_from_all_below_sealed_or_not() {
    let app = TestApp::start().await;
    let case = complaint(&app, "water.outage", json!({ "about_office": "MOEN" })).await;
    app.refer("classifier.centre", &case, &[("MOHME", "lead"), ("GOV-10", "copy")]).await;
    let handler = app.as_user("handler.mohme").await;
    handler.upload(&case.path("attachments"), "a.txt", b"text").await.expect(201);
    app.submit(&case, "MOHME").await;
    for username in ["handler.moen", "liaison.moen", "approver.moen", "handler.moen-10", "appeal.moen"] {
        hidden_from(&app, &case, username).await;
    }
    for username in ["handler.mohme", "classifier.centre", "classifier.gov-10", "inspector.centre"] {
        app.as_user(username).await.get(&case.path("")).await.expect(200);
    }
    app.whole();
}

#[actix_web::test]
async fn a_complaint_about_the_centre_is_taken_in_and_answered_by_the_inspection_office() {
    let app = TestApp::start().await;
    let wish = json!({ "kind": "complaint", "category": "conduct.delay", "about_office": "CENTRE" });
    let told = app.as_user("agent.centre").await.post("/cases", filing(wish)).await.expect(201);
    assert_eq!((&told["intake_office"], &told["holder"]["office"]), (&json!("INSP"), &json!("INSP")));
    let text = |field: &str| told[field].as_str().unwrap().to_owned();
    let case =
        Case { id: text("id"), tracking_code: text("tracking_code"), access_code: text("access_code") };
    for username in ["agent.centre", "classifier.centre", "inspector.centre", "handler.moen", "appeal.centre"]
    {
        hidden_from(&app, &case, username).await;
    }
    let desk = app.as_user("classifier.insp").await;
    assert_eq!(inbox(&app, "classifier.insp", "triage").await["counts"]["triage"], 1);
    let class = json!({ "kind": "complaint", "category": "conduct.delay" });
    desk.put(&case.path("classification"), class).await.expect(200);
    app.extract_by("classifier.insp", &case).await;
    let referred = desk.post(&case.path("referrals"), json!({})).await.expect(201);
    assert_eq!(referred["items"][0]["office"]["code"], "INSP");
    let path = format!("/referrals/{}/answers", referred["items"][0]["id"].as_str().unwrap());
    let answer = json!({ "text": "به گفته شما رسیدگی شد.", "outcome": "upheld", "cause": "conduct" });
    let answer = app.as_user("handler.insp").await.post(&path, answer).await.expect(201);
    let path = format!("/answers/{}/approval", answer["id"].as_str().unwrap());
    app.as_user("approver.insp").await.post(&path, json!({})).await.expect(200);
    hidden_from(&app, &case, "classifier.centre").await;
    // above it stands only the centre, which may not judge itself
    let pair = json!({ "tracking_code": case.tracking_code, "access_code": case.access_code });
    let found = app.nobody().post("/public/lookups", pair).await.expect(200);
    let citizen = app.bearer(found["token"].as_str().unwrap());
    let public = |part: &str| format!("/public/cases/{}/{part}", case.tracking_code);
    citizen.post(&public("rating"), json!({ "score": 1 })).await.expect(200);
    let reply = citizen.post(&public("appeal"), json!({ "text": "نپذیرفتم" })).await;
    reply.refused(409, "no_level_above");
    app.whole();
}

#[actix_web::test]
async fn a_conduct_case_is_routed_above_the_office_complained_of() {
    let app = TestApp::start().await;
    for (about, above) in [
        (json!({ "about_office": "MOEN-10" }), "MOEN"),
        (json!({ "about_office": "MOEN" }), "INSP"),
        (json!({ "about_user": "handler.moen-10" }), "MOEN"),
        (json!({}), "INSP"),
    ] {
        let case = complaint(&app, "conduct.rudeness", about.clone()).await;
        app.extract(&case).await;
        let told =
            app.as_user("classifier.centre").await.post(&case.path("referrals"), json!({})).await.expect(201);
        assert_eq!(told["items"][0]["office"]["code"], above, "{about}");
    }
    // the governorate's desk cannot lead to a ministry, but always to the inspection office
    let wish = json!({ "kind": "complaint", "category": "conduct.rudeness", "about_office": "MOEN-10" });
    let case = app.register_as("agent.gov-10", wish).await;
    let desk = app.as_user("classifier.gov-10").await;
    let class = json!({ "kind": "complaint", "category": "conduct.rudeness" });
    desk.put(&case.path("classification"), class).await.expect(200);
    app.extract_by("classifier.gov-10", &case).await;
    let told = desk.post(&case.path("referrals"), json!({})).await.expect(201);
    assert_eq!(told["items"][0]["office"]["code"], "INSP");
    app.whole();
}

#[actix_web::test]
async fn a_person_complained_of_has_no_part_while_the_office_does_its_work() {
    let app = TestApp::start().await;
    let case = complaint(&app, "water.outage", json!({ "about_user": "handler.moen-10" })).await;
    app.refer("classifier.centre", &case, &[("MOEN-10", "lead")]).await;
    hidden_from(&app, &case, "handler.moen-10").await;
    let lead = app.lead(&case).await;
    let approver = app.as_user("approver.moen-10").await;
    let path = format!("/referrals/{lead}/assignment");
    approver.post(&path, json!({ "user": "handler.moen-10" })).await.wrong("user", "conflict_of_interest");
    for (username, new) in [("handler.moen-10", 0), ("liaison.moen-10", 1), ("approver.moen-10", 1)] {
        let work = inbox(&app, username, "").await;
        assert_eq!(work["counts"]["new"], new, "{username}");
        assert_eq!(work["items"].as_array().unwrap().len(), new, "{username}");
    }
    let body = json!({ "text": "وصل شد", "outcome": "upheld", "cause": "resources" });
    let answer = app
        .as_user("liaison.moen-10")
        .await
        .post(&format!("/referrals/{lead}/answers"), body)
        .await
        .expect(201);
    let path = format!("/answers/{}/approval", answer["id"].as_str().unwrap());
    approver.post(&path, json!({})).await.expect(200);
    app.whole();
}

#[actix_web::test]
async fn a_complaint_about_conduct_is_hidden_from_the_colleagues_too() {
    let app = TestApp::start().await;
    let case = complaint(&app, "conduct.rudeness", json!({ "about_user": "handler.moen-10" })).await;
    for username in ["handler.moen-10", "liaison.moen-10", "approver.moen-10"] {
        hidden_from(&app, &case, username).await;
    }
    let classifier = app.as_user("classifier.centre").await;
    let to = json!({ "to": [{ "office": "MOEN-10" }] });
    classifier.post(&case.path("referrals"), to).await.refused(403, "office_complained_of");
    app.refer("classifier.centre", &case, &[("MOEN", "lead")]).await;
    app.as_user("handler.moen").await.get(&case.path("")).await.expect(200);
    app.whole();
}

#[actix_web::test]
async fn whoever_the_person_heads_has_no_part_whatever_it_is_about() {
    let app = TestApp::start().await;
    let case = complaint(&app, "water.outage", json!({ "about_user": "approver.moen" })).await;
    for username in ["approver.moen", "handler.moen", "handler.moen-10"] {
        hidden_from(&app, &case, username).await;
    }
    let to = json!({ "to": [{ "office": "MOEN-10" }] });
    let classifier = app.as_user("classifier.centre").await;
    classifier.post(&case.path("referrals"), to).await.refused(403, "office_complained_of");
    app.whole();
}

#[actix_web::test]
async fn naming_the_office_that_works_on_it_takes_the_case_away_at_once_with_a_notice() {
    let app = TestApp::start().await;
    let email = json!({ "email": "desk@centre.example" });
    app.agreed_patch("/offices/CENTRE", email).await;
    let case = app.accepted("MOEN-10").await;
    app.submit(&case, "MOEN-10").await;
    app.drain().await;
    let before = app.mail().sent().len();
    let body = json!({ "office": "MOEN-10", "reason": "شهروند از همین اداره شکایت دارد" });
    let told = name(&app, "classifier.centre", &case, body).await.expect(200);
    assert_eq!((&told["status"], &told["about_office"]), (&json!("classified"), &json!("MOEN-10")));
    assert_eq!((&told["holder"]["office"], &told["holder"]["user"]), (&json!("CENTRE"), &Value::Null));
    let events = app.events(&case).await;
    assert_eq!(events[events.len() - 2..], ["complained_of_named", "conflict_cleared"]);
    hidden_from(&app, &case, "handler.moen-10").await;
    assert_eq!(inbox(&app, "classifier.centre", "triage").await["counts"]["triage"], 1);
    app.drain().await;
    let mails = app.mail().sent();
    assert!(mails[before..].iter().any(|mail| mail.address == "desk@centre.example"), "{mails:?}");
    // and it goes on from there
    app.refer("classifier.centre", &case, &[("MOHME", "lead")]).await;
    let found = json!({ "tracking_code": case.tracking_code, "access_code": case.access_code });
    let told = app.nobody().post("/public/lookups", found).await.expect(200);
    let words: Vec<&str> =
        told["timeline"].as_array().unwrap().iter().filter_map(|line| line["event"].as_str()).collect();
    assert!(words.contains(&"conflict_cleared"), "{words:?}");
    app.whole();
}

#[actix_web::test]
async fn naming_a_person_frees_what_is_assigned_to_them_and_drops_their_draft() {
    let app = TestApp::start().await;
    let case = app.accepted("MOEN-10").await;
    let answer = app.submit(&case, "MOEN-10").await;
    let body = json!({ "user": "handler.moen-10", "person": "آقای رستمی", "reason": "گفته شهروند" });
    let told = name(&app, "agent.centre", &case, body).await.expect(200);
    assert_eq!(
        (&told["about_user"], &told["about_person"]),
        (&json!("handler.moen-10"), &json!("آقای رستمی"))
    );
    assert_eq!((&told["holder"]["office"], &told["holder"]["user"]), (&json!("MOEN-10"), &Value::Null));
    hidden_from(&app, &case, "handler.moen-10").await;
    let path = format!("/answers/{answer}/approval");
    let approver = app.as_user("approver.moen-10").await;
    approver.post(&path, json!({})).await.refused(409, "already_done");
    let work = inbox(&app, "approver.moen-10", "").await;
    assert_eq!((&work["counts"]["new"], &work["counts"]["to_approve"]), (&json!(1), &json!(0)));
    // an analyst counts it, but reads no names
    let read = app.as_user("analyst.centre").await.get(&case.path("")).await.expect(200);
    assert_eq!((&read["about_user"], &read["about_person"]), (&Value::Null, &Value::Null));
    app.whole();
}

#[actix_web::test]
async fn a_waiting_question_and_an_appeal_survive_the_taking_away() {
    let app = TestApp::start().await;
    let case = app.accepted("MOEN-10").await;
    let asking = app.as_user("handler.moen-10").await;
    asking.post(&case.path("questions"), json!({ "text": "از کی؟" })).await.expect(201);
    let body = json!({ "office": "MOEN-10", "reason": "گفته شهروند" });
    let told = name(&app, "classifier.centre", &case, body).await.expect(200);
    assert_eq!((&told["status"], &told["holder"]["office"]), (&json!("awaiting_citizen"), &json!("CENTRE")));
    let said = json!({ "text": "از دیروز", "channel": "phone" });
    app.as_user("agent.centre").await.post(&case.path("messages"), said).await.expect(201);
    assert_eq!(app.case(&case).await["status"], "classified");
    assert_eq!(inbox(&app, "classifier.centre", "triage").await["counts"]["triage"], 1);

    let case = app.answered().await;
    let staff = app.as_user("agent.centre").await;
    staff.post(&case.path("rating"), json!({ "score": 1 })).await.expect(200);
    staff.post(&case.path("appeal"), json!({ "text": "نپذیرفتم" })).await.expect(200);
    assert_eq!(app.case(&case).await["holder"]["office"], "MOEN");
    let body = json!({ "office": "MOEN", "reason": "گفته شهروند" });
    let told = name(&app, "classifier.centre", &case, body).await.expect(200);
    assert_eq!((&told["status"], &told["holder"]["office"]), (&json!("referred"), &json!("CENTRE")));
    hidden_from(&app, &case, "appeal.moen").await;
    assert_eq!(inbox(&app, "appeal.centre", "appeals").await["counts"]["appeals"], 1);
    let again = json!({ "result": "upheld", "grounds": "دلیل", "consequence": "re_answer" });
    let officer = app.as_user("appeal.centre").await;
    officer.post(&case.path("appeal-decision"), again).await.wrong("consequence", "conflict_of_interest");
    let other = json!({ "result": "upheld", "grounds": "دلیل", "consequence": "change_outcome", "outcome": "partly" });
    officer.post(&case.path("appeal-decision"), other).await.expect(200);
    app.whole();
}

#[actix_web::test]
async fn an_objection_does_not_go_back_to_a_body_that_is_complained_of_by_now() {
    let app = TestApp::start().await;
    let case = app.closed().await;
    let body = json!({ "office": "MOEN-10", "reason": "گفته شهروند" });
    name(&app, "classifier.centre", &case, body).await.expect(200);
    assert_eq!(app.case(&case).await["holder"]["office"], "CENTRE");
    let staff = app.as_user("agent.centre").await;
    staff.post(&case.path("objection"), json!({ "text": "هنوز قطع است" })).await.expect(200);
    let told = app.case(&case).await;
    assert_eq!((&told["status"], &told["holder"]["office"]), (&json!("classified"), &json!("CENTRE")));
    hidden_from(&app, &case, "handler.moen-10").await;
    assert_eq!(inbox(&app, "classifier.centre", "triage").await["counts"]["triage"], 1);
    app.whole();
}

#[actix_web::test]
async fn a_move_takes_the_conflict_along() {
    let app = TestApp::start().await;
    let conduct = complaint(&app, "conduct.delay", json!({ "about_office": "MOEN-10" })).await;
    let water = complaint(&app, "water.outage", json!({ "about_office": "MOEN-10" })).await;
    let person = complaint(&app, "water.outage", json!({ "about_user": "handler.moen-10" })).await;
    app.pass_days(1);
    repost(&app, "handler.moen-10", &[("handler", "MOHME")]).await.expect(200);
    for case in [&conduct, &water, &person] {
        app.refer("classifier.centre", case, &[("MOHME", "lead")]).await;
    }
    // about conduct in the office of that time, and about the person: hidden for ever
    hidden_from(&app, &conduct, "handler.moen-10").await;
    hidden_from(&app, &person, "handler.moen-10").await;
    // about the water of an office left behind: work like any other
    app.as_user("handler.moen-10").await.get(&water.path("")).await.expect(200);
    for (username, work) in [("handler.moen-10", 1), ("handler.mohme", 3)] {
        let told = inbox(&app, username, "new").await;
        assert_eq!(told["counts"]["new"], work, "{username}");
        assert_eq!(told["items"].as_array().unwrap().len(), work, "{username}");
    }
    // what was filed after the move does not concern whoever left before
    app.pass_days(1);
    let later = complaint(&app, "conduct.delay", json!({ "about_office": "MOEN-10" })).await;
    app.refer("classifier.centre", &later, &[("MOHME", "lead")]).await;
    app.as_user("handler.moen-10").await.get(&later.path("")).await.expect(200);
    app.whole();
}

#[actix_web::test]
async fn a_case_leaves_the_office_to_which_the_person_complained_of_moves() {
    let app = TestApp::start().await;
    let case = complaint(&app, "conduct.delay", json!({ "about_user": "handler.mohme" })).await;
    app.refer("classifier.centre", &case, &[("MOEN-10", "lead")]).await;
    app.pass_days(1);
    repost(&app, "handler.mohme", &[("handler", "MOEN-10")]).await.expect(200);
    let told = app.case(&case).await;
    assert_eq!((&told["status"], &told["holder"]["office"]), (&json!("classified"), &json!("CENTRE")));
    for username in ["handler.moen-10", "handler.mohme", "approver.mohme", "approver.moen-10"] {
        hidden_from(&app, &case, username).await;
    }
    app.whole();
}

#[actix_web::test]
async fn work_leaves_a_person_who_moves_to_the_office_complained_of() {
    let app = TestApp::start().await;
    let case = complaint(&app, "water.outage", json!({ "about_office": "MOHME" })).await;
    app.refer("classifier.centre", &case, &[("MOEN-10", "lead")]).await;
    app.submit(&case, "MOEN-10").await;
    repost(&app, "handler.moen-10", &[("handler", "MOEN-10"), ("handler", "MOHME")]).await.expect(200);
    hidden_from(&app, &case, "handler.moen-10").await;
    let told = app.case(&case).await;
    assert_eq!((&told["holder"]["office"], &told["holder"]["user"]), (&json!("MOEN-10"), &Value::Null));
    let answers = app.list(&case, "answers").await;
    assert_eq!(answers[0]["state"], "rejected");
    for (username, new) in [("handler.moen-10", 0), ("liaison.moen-10", 1)] {
        assert_eq!(inbox(&app, username, "new").await["counts"]["new"], new, "{username}");
    }
    app.whole();
}

#[actix_web::test]
async fn a_wrong_name_is_told_with_its_field() {
    let app = TestApp::start().await;
    let desk = app.as_user("agent.centre").await;
    let wish = filing(json!({ "about_user": "nobody.here", "about_office": "NOWHERE" }));
    let reply = desk.post("/cases", wish.clone()).await;
    assert_eq!(reply.json["errors"].as_array().unwrap().len(), 2, "{}", reply.told());
    desk.post("/cases", wish).await.wrong("about_user", "unknown");
    let public = filing(json!({ "channel": null, "about_user": "handler.moen" }));
    app.nobody().post("/public/cases", public).await.wrong("about_user", "not_here");
    let case = app.register(json!({})).await;
    for (body, field, code) in [
        (json!({ "user": "nobody.here", "reason": "گفته شهروند" }), "user", "unknown"),
        (json!({ "office": "NOWHERE", "reason": "گفته شهروند" }), "office", "unknown"),
        (json!({ "office": "MOEN" }), "reason", "required"),
        (json!({ "person": "x".repeat(2000), "reason": "گفته شهروند" }), "person", "too_long"),
    ] {
        name(&app, "agent.centre", &case, body).await.wrong(field, code);
    }
    assert_eq!(app.case(&case).await["about_office"], Value::Null);
    let wish = json!({ "office": "MOEN", "reason": "گفته شهروند" });
    name(&app, "inspector.centre", &case, wish).await.refused(403, "forbidden");
    app.whole();
}

#[actix_web::test]
async fn a_citizen_names_a_person_in_free_words_and_they_are_sealed() {
    let app = TestApp::start().await;
    let wish =
        filing(json!({ "channel": null, "kind": "complaint", "about_person": "خانم توکلی‌نسب، باجه سه" }));
    let told = app.nobody().post("/public/cases", wish).await.expect(201);
    let code = told["tracking_code"].as_str().unwrap();
    let found = app.as_user("agent.centre").await.get(&format!("/cases?q={code}")).await.expect(200);
    assert_eq!(found["items"][0]["about_person"], "خانم توکلی‌نسب، باجه سه");
    let stored: String = app.look(|connection| {
        use diesel::prelude::*;
        use samad::db::schema::cases;
        let row: Option<samad::db::sealed::Sealed> = cases::table
            .filter(cases::tracking_code.eq(code))
            .select(cases::about_person)
            .first(connection)?;
        Ok(row.map(|sealed| sealed.as_plain().map_or("sealed".into(), str::to_owned)).unwrap_or_default())
    });
    assert_eq!(stored, "sealed");
    app.whole();
}

#[actix_web::test]
async fn where_nobody_could_take_it_naming_is_refused_with_a_signpost() {
    let app = TestApp::start().await;
    let case = app.register(json!({ "kind": "complaint", "category": "conduct.delay" })).await;
    let body = json!({ "office": "INSP", "user": "agent.centre", "reason": "گفته شهروند" });
    name(&app, "classifier.centre", &case, body).await.refused(409, "no_free_desk");
    let body = json!({ "office": "INSP", "reason": "گفته شهروند" });
    let told = name(&app, "classifier.centre", &case, body).await.expect(200);
    assert_eq!(told["holder"]["office"], "CENTRE");
    hidden_from(&app, &case, "handler.insp").await;
    app.whole();
}

#[actix_web::test]
async fn late_cases_are_not_told_to_those_they_are_about() {
    let app = TestApp::start().await;
    for (office, email) in [("CENTRE", "centre@x.example"), ("INSP", "insp@x.example")] {
        app.agreed_patch(&format!("/offices/{office}"), json!({ "email": email })).await;
    }
    let wish = json!({ "kind": "complaint", "category": "conduct.delay", "about_office": "CENTRE" });
    app.register(wish).await;
    app.drain().await;
    for _ in 0..30 {
        app.pass_days(2);
        app.drain().await;
    }
    let mails = app.mail().sent();
    let to = |address: &str| mails.iter().filter(|mail| mail.address == address).count();
    assert_eq!(to("centre@x.example"), 0, "{mails:?}");
    assert!(to("insp@x.example") >= 5, "reminders, dunning, superior and centre go to inspection: {mails:?}");
    app.whole();
}

#[actix_web::test]
async fn a_subject_that_becomes_one_of_conduct_takes_its_cases_from_the_colleagues() {
    let app = TestApp::start().await;
    let case = complaint(&app, "water.outage", json!({ "about_user": "handler.moen-10" })).await;
    app.refer("classifier.centre", &case, &[("MOEN-10", "lead")]).await;
    assert_eq!(samad::workers::conflicts::run_once(&app.app).await.unwrap(), 0);
    let change = json!({ "routed_above": true });
    app.agreed_patch("/categories/water.outage", change).await;
    assert_eq!(samad::workers::conflicts::run_once(&app.app).await.unwrap(), 1);
    assert_eq!(samad::workers::conflicts::run_once(&app.app).await.unwrap(), 0);
    assert_eq!(app.case(&case).await["holder"]["office"], "CENTRE");
    hidden_from(&app, &case, "approver.moen-10").await;
    app.whole();
}

#[actix_web::test]
async fn not_even_the_log_of_its_messages_is_told_to_the_administrator_it_is_about() {
    let app = TestApp::start().await;
    let about = json!({ "kind": "complaint", "category": "water.outage", "about_user": "classifier.centre" });
    let case = app.register(about).await;
    app.sms().answer_with(Some(Sending::Refused("no such number".into())));
    app.drain().await;
    for (username, letters) in [("classifier.centre", 0), ("classifier2.centre", 1)] {
        let dead = app.as_user(username).await.get("/messages/dead").await.expect(200);
        assert_eq!(dead["items"].as_array().unwrap().len(), letters, "{username}");
    }
    app.sms().answer_with(None);
    let messages = app.list(&case, "messages").await;
    let message = messages[0]["id"].as_str().unwrap().to_owned();
    let path = format!("/messages/{message}/deliveries");
    app.as_user("classifier2.centre").await.get(&path).await.expect(200);
    app.as_user("classifier.centre").await.get(&path).await.refused(404, "not_found");
    let resend = format!("/messages/{message}/resending");
    app.as_user("classifier.centre").await.post(&resend, json!({})).await.refused(404, "not_found");
    let body = json!({ "user": "admin", "reason": "گفته شهروند" });
    let case = app.register(json!({ "kind": "request", "category": "water.outage" })).await;
    name(&app, "agent.centre", &case, body).await.expect(200);
    let message = app.list(&case, "messages").await[0]["id"].as_str().unwrap().to_owned();
    let admin = app.as_user("admin").await;
    admin.get(&format!("/messages/{message}/deliveries")).await.refused(404, "not_found");
    admin.post(&format!("/messages/{message}/resending"), json!({})).await.refused(404, "not_found");
    app.whole();
}

/// Offices between which people move, and roles that they get.
const OFFICES: [&str; 7] = ["CENTRE", "INSP", "MOEN", "MOEN-10", "MOHME", "GOV-10", "FAR-1002"];

#[actix_web::test]
async fn visible_is_readable_is_found_is_counted_whoever_moves_where() {
    let app = TestApp::start().await;
    let mut rng = StdRng::seed_from_u64(20_261_122);
    let mut cases: Vec<(Case, Option<&str>)> = Vec::new();
    for _ in 0..14 {
        let office = rng.random_bool(0.5).then(|| *OFFICES[1..].choose(&mut rng).unwrap());
        let user = rng.random_bool(0.4).then(|| *STAFF[1..].choose(&mut rng).unwrap());
        let category = *["water.outage", "conduct.delay"].choose(&mut rng).unwrap();
        let wish =
            json!({ "kind": "complaint", "category": category, "about_office": office, "about_user": user });
        let reply = app.as_user("agent.centre").await.post("/cases", filing(wish)).await;
        if reply.status == 409 {
            continue;
        }
        let told = reply.expect(201);
        let text = |field: &str| told[field].as_str().unwrap().to_owned();
        let case = Case { id: text("id"), tracking_code: text("tracking_code"), access_code: String::new() };
        let class = json!({ "kind": "complaint", "category": category });
        let desk = if told["holder"]["office"] == "INSP" { "classifier.insp" } else { "classifier.centre" };
        app.as_user(desk).await.put(&case.path("classification"), class).await;
        let to = *OFFICES[1..].choose(&mut rng).unwrap();
        let reply = app
            .as_user(desk)
            .await
            .post(
                &case.path("referrals"),
                json!({ "to": [{ "office": to }, { "office": "MOE", "role": "copy" }] }),
            )
            .await;
        assert!([201, 403, 404, 409, 422].contains(&reply.status), "{}", reply.told());
        cases.push((case, user));
    }
    for round in 0..4 {
        agree(&app, &cases, round).await;
        app.pass_hours(1);
        for _ in 0..3 {
            let who = *STAFF[1..].choose(&mut rng).unwrap();
            let role = *["handler", "approver", "classifier", "appeal"].choose(&mut rng).unwrap();
            let office = *OFFICES.choose(&mut rng).unwrap();
            let reply = repost(&app, who, &[(role, office)]).await;
            assert!([200, 409].contains(&reply.status), "{}", reply.told());
        }
    }
    app.whole();
}

/// Everybody's list, reading, search and inbox tell the same, and nobody sees what is about them.
async fn agree(app: &TestApp, cases: &[(Case, Option<&str>)], round: usize) {
    for username in STAFF.into_iter().filter(|name| *name != "admin") {
        let person = app.as_user(username).await;
        let list = listed(app, username, "").await;
        for (case, about) in cases {
            let is_listed = list.contains(&case.id);
            assert!(!(is_listed && *about == Some(username)), "{round}: {username} sees what is about them");
            let status = person.get(&case.path("")).await.status;
            assert_eq!(status == 200, is_listed, "{round} {username} {}: {status}", case.id);
            let found = listed(app, username, &format!("&q={}", case.tracking_code)).await;
            assert_eq!(found.len(), usize::from(is_listed), "{round} {username} {}", case.id);
        }
        for tray in
            ["new", "in_progress", "overdue", "due_today", "copies", "triage", "appeals", "to_approve"]
        {
            let told = inbox(app, username, tray).await;
            let items = told["items"].as_array().unwrap();
            assert_eq!(told["counts"][tray], items.len(), "{round} {username} {tray}");
            for item in items {
                let id = item["case"]["id"].as_str().unwrap();
                assert!(list.contains(id), "{round} {username} {tray}: {id} is no listed case");
            }
        }
    }
}

#[actix_web::test]
async fn no_audit_export_or_erasure_leads_around_a_conflict_or_a_seal() {
    let app = TestApp::start().await;
    let plain = app.register(json!({})).await;
    let sealed = app.register(json!({ "sealed": true })).await;
    let about = complaint(&app, "water.outage", json!({ "about_user": "privacy.centre" })).await;
    let audited = complaint(&app, "water.outage", json!({ "about_user": "auditor.centre" })).await;
    let auditor = app.as_user("auditor.centre").await;
    auditor.get(&sealed.path("identity-reads")).await.expect(200);
    auditor.get(&audited.path("identity-reads")).await.refused(404, "not_found");

    let id = app.case(&plain).await["citizen"]["id"].as_str().unwrap().to_owned();
    let privacy = app.as_user("privacy.centre").await;
    let wish = json!({ "reason": "درخواست حضوری", "identity_checked_by": "کارت ملی" });
    let told = privacy.post(&format!("/citizens/{id}/exports"), wish).await.expect(201);
    let archive = privacy.get(told["href"].as_str().unwrap()).await;
    let files = format!("{:?}", crate::privacy::unpacked(&archive.bytes));
    assert!(files.contains(&plain.tracking_code));
    for hidden in [&sealed, &about] {
        assert!(!files.contains(&hidden.tracking_code), "{files}");
        assert!(!files.contains(&hidden.id), "{files}");
    }
    let lookup = json!({ "tracking_code": plain.tracking_code, "access_code": plain.access_code });
    let seen = app.nobody().post("/public/lookups", lookup).await.expect(200);
    assert!(seen["identity_reads"].to_string().contains("data over"), "{}", seen["identity_reads"]);

    let ask = json!({ "reason": "شهروند خواست" });
    let asked =
        app.as_user("classifier.centre").await.post(&format!("/citizens/{id}/erasure-requests"), ask).await;
    let path = format!("/erasure-requests/{}/decision", asked.expect(201)["id"].as_str().unwrap());
    let grant = json!({ "grant": true, "source": "قانون", "words": "انجام می‌شود." });
    privacy.post(&path, grant).await.refused(403, "second_person_required");
    let hold = format!("/citizens/{id}/hold");
    auditor.post(&hold, json!({ "reason": "حسابرسی" })).await.expect(201);
    privacy.delete(&hold).await.refused(403, "second_person_required");
    app.whole();
}
