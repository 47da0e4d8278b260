//! Sealed cases and the office complained of; what their handlers read, who reads the identity, and the log of it.

mod extract;
mod leaks;
mod reads;
mod release;
mod words;

use serde_json::{Value, json};

use crate::support::{Case, TestApp};

/// What Maryam wrote: her name and numbers in letters and digits of every sort, and a word that the extract drops.
const WORDS: &str = "اینجانب مريم كاظمي‌نيا با شماره ۰۹۹۹ ۰۰۰ ۰۰۱۱ و کد ملی ٩٩٩١٠٠٠٠١١ می‌گویم که کارمند باجه پول خواست؛ گلدان آبی هم شاهد است. \
    مــریم کاظمی نیا، کوچه نسترن پلاک ۱۲";

/// A sealed complaint of Maryam about a body of Isfahan, in the hands of the ministry of health by its extract.
async fn out_by_extract(app: &TestApp) -> Case {
    let case = classified(app).await;
    let classifier = app.as_user("classifier.centre").await;
    let told = classifier.post(&case.path("extract"), json!({})).await.expect(201);
    let text = told["extract"]["text"].as_str().unwrap().replace("؛ گلدان آبی هم شاهد است", "");
    let body = json!({ "subject": told["extract"]["subject"], "text": text });
    classifier.put(&case.path("extract"), body).await.expect(200);
    app.refer("classifier.centre", &case, &[("MOHME", "lead")]).await;
    case
}

/// The same, still at the desk and without an extract.
async fn classified(app: &TestApp) -> Case {
    let case = app
        .register(json!({
            "kind": "complaint", "about_office": "MOEN-10", "sealed": true, "subject": "شکایت مريم كاظمي‌نيا",
            "text": WORDS, "external_id": "call-09990000011", "remedy_sought": "به مریم کاظمی‌نیا پاسخ دهید",
            "representative": { "name": "شهاب درخشنده", "mobile": "09990000022", "proof": "وکالت‌نامه ۱۱۸۲۲۷۶۵" },
            "place": { "address": "کوچه نسترن، پلاک ۱۲", "lat": 32.654321, "lon": 51.66 },
        }))
        .await;
    app.classify(&case, "complaint", "conduct.bribery").await;
    case
}

/// The citizen of a case, with the look-up token.
async fn citizen<'a>(app: &'a TestApp, case: &Case) -> crate::support::Client<'a> {
    let pair = json!({ "tracking_code": case.tracking_code, "access_code": case.access_code });
    let told = app.nobody().post("/public/lookups", pair).await.expect(200);
    app.bearer(told["token"].as_str().expect("a token"))
}

/// A sealed complaint about the provincial water and power body of Isfahan.
async fn sealed_complaint(app: &TestApp) -> Case {
    app.register(json!({ "kind": "complaint", "about_office": "MOEN-10", "sealed": true })).await
}

#[actix_web::test]
async fn no_case_is_referred_to_the_office_complained_of_nor_below_it() {
    let app = TestApp::start().await;
    let case = app.classified_with(json!({ "kind": "complaint", "about_office": "MOEN" })).await;
    let classifier = app.as_user("classifier.centre").await;
    for (office, role) in [("MOEN", "lead"), ("MOEN-10", "lead"), ("MOEN-10", "helper"), ("MOEN", "copy")] {
        let mut to = vec![json!({ "office": office, "role": role })];
        if role != "lead" {
            to.push(json!({ "office": "MOI" }));
        }
        let reply = classifier.post(&case.path("referrals"), json!({ "to": to })).await;
        reply.refused(403, "office_complained_of");
    }
    // the routing rules would choose it too
    classifier.post(&case.path("referrals"), json!({})).await.refused(403, "office_complained_of");
    app.refer("classifier.centre", &case, &[("MOHME", "lead")]).await;
    let path = format!("/referrals/{}/transfer", app.lead(&case).await);
    let body = json!({ "office": "MOEN-10", "reason": "مربوط به نیرو" });
    app.as_user("liaison.mohme").await.post(&path, body).await.refused(403, "office_complained_of");
    app.whole();
}

#[actix_web::test]
async fn a_sealed_case_shows_itself_to_nobody_of_the_office_complained_of() {
    let app = TestApp::start().await;
    let case = sealed_complaint(&app).await;
    app.classify(&case, "complaint", "conduct.delay").await;
    for person in ["handler.moen-10", "liaison.moen-10", "approver.moen-10"] {
        let person = app.as_user(person).await;
        for part in ["", "timeline", "referrals", "actions", "notes", "attachments", "answers"] {
            person.get(&case.path(part)).await.refused(404, "not_found");
        }
        for query in ["", "?sealed=true", &format!("?q={}", case.tracking_code), "?q=آب"] {
            assert_eq!(
                person.get(&format!("/cases{query}")).await.expect(200)["items"],
                json!([]),
                "{query}"
            );
        }
        person.post(&case.path("notes"), json!({ "text": "؟" })).await.refused(404, "not_found");
    }
    app.whole();
}

#[actix_web::test]
async fn a_sealed_case_that_was_once_referred_still_hides_from_those_without_the_right() {
    let app = TestApp::start().await;
    let case = sealed_complaint(&app).await;
    app.classify(&case, "complaint", "conduct.delay").await;
    app.refer("classifier.centre", &case, &[("MOI", "lead")]).await;
    for (person, status) in [
        ("classifier.centre", 200),
        ("inspector.centre", 200),
        ("privacy.centre", 200),
        ("appeal.centre", 200),
        ("agent.centre", 404),
        ("analyst.centre", 404),
        ("auditor.centre", 404),
        ("handler.mohme", 404),
        ("classifier.gov-10", 404),
        ("admin", 403),
    ] {
        let reply = app.as_user(person).await.get(&case.path("")).await;
        assert_eq!(reply.status, status, "{person}: {}", reply.told());
    }
    app.whole();
}

#[actix_web::test]
async fn a_sealed_identity_is_shown_to_nobody() {
    let app = TestApp::start().await;
    let case = sealed_complaint(&app).await;
    app.classify(&case, "complaint", "conduct.delay").await;
    app.refer("classifier.centre", &case, &[("MOHME", "lead")]).await;
    for person in ["handler.mohme", "classifier.centre", "inspector.centre"] {
        let told = app.as_user(person).await.get(&case.path("")).await.expect(200);
        assert_eq!((&told["citizen"], &told["representative"]), (&Value::Null, &Value::Null), "{person}");
    }
    app.whole();
}

#[actix_web::test]
async fn the_messages_to_a_sealed_citizen_are_not_read_by_the_handler() {
    let app = TestApp::start().await;
    let case = sealed_complaint(&app).await;
    app.classify(&case, "complaint", "conduct.delay").await;
    app.refer("classifier.centre", &case, &[("MOHME", "lead")]).await;
    app.drain().await;
    let handler = app.as_user("handler.mohme").await;
    let words = handler.get(&case.path("messages")).await;
    assert!(!words.told().contains("989990000011"), "{}", words.told());
    assert!(!words.told().contains("مریم"), "{}", words.told());
    app.whole();
}

#[actix_web::test]
async fn a_subject_of_conduct_seals_the_case_by_itself() {
    let app = TestApp::start().await;
    let told = app.register(json!({ "kind": "complaint", "category": "conduct.rudeness" })).await;
    assert_eq!(app.case(&told).await["sealed"], true);
    let later = app.register(json!({ "kind": "complaint" })).await;
    assert_eq!(app.case(&later).await["sealed"], false);
    app.classify(&later, "complaint", "conduct.rudeness").await;
    assert_eq!(app.case(&later).await["sealed"], true);
    app.classify(&later, "complaint", "water.outage").await;
    assert_eq!(app.case(&later).await["sealed"], true, "a correction does not unseal");
    app.whole();
}

#[actix_web::test]
async fn even_the_desk_that_took_it_in_sees_no_sealed_complaint_about_itself() {
    let app = TestApp::start().await;
    let about = |office: &str| json!({ "kind": "complaint", "about_office": office, "sealed": true });
    let own = app.register_as("agent.gov-10", about("GOV-10")).await;
    let other = app.register_as("agent.gov-10", about("MOEN-10")).await;
    let classifier = app.as_user("classifier.gov-10").await;
    classifier.get(&own.path("")).await.refused(404, "not_found");
    classifier.get(&other.path("")).await.expect(200);
    let list = classifier.get("/cases").await.expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    let triage = classifier.get("/inbox?box=triage").await.expect(200);
    assert_eq!((&triage["counts"]["triage"], triage["items"].as_array().unwrap().len()), (&json!(1), 1));
    app.as_user("classifier.centre").await.get(&own.path("")).await.expect(200);
    app.whole();
}
