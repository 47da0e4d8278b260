//! The same matter told again: found across channels and in the household, capped in a day, closed after two
//! notified answers, opened by new facts.

use diesel::prelude::*;
use samad::db::schema::{audit, citizens};
use samad::workers::housekeeping;
use serde_json::{Value, json};

use crate::support::{Case, Client, MARYAM, REZA, TestApp, filing};

/// Two of the invented people who live behind the same postal code.
const HOME: (&str, &str) = ("8158713131", "خیابان آذر، کوچه ۳، پلاک ۱۲");

async fn agent(app: &TestApp) -> Client<'_> {
    app.as_user("agent.centre").await
}

/// Registered by the call agent; the whole reply.
async fn told(app: &TestApp, changes: Value) -> Value {
    agent(app).await.post("/cases", filing(changes)).await.expect(201)
}

fn reza(changes: Value) -> Value {
    let mut person = json!({ "national_id": REZA, "name": "رضا کاظمی‌نیا", "mobile": "09990000012" });
    person.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    json!({ "citizen": person })
}

fn similar(told: &Value) -> Vec<(String, String)> {
    let list = told["similar"].as_array().expect("a list").iter();
    list.map(|one| {
        (one["tracking_code"].as_str().unwrap().to_owned(), one["relation"].as_str().unwrap().to_owned())
    })
    .collect()
}

async fn file(app: &TestApp, changes: Value) -> crate::support::Reply {
    app.nobody().post("/public/cases", filing(changes)).await
}

fn notices(told: &Value) -> Vec<&str> {
    told["notices"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap()).collect()
}

async fn citizen<'a>(app: &'a TestApp, case: &Case) -> Client<'a> {
    let wish = json!({ "tracking_code": case.tracking_code, "access_code": case.access_code });
    let told = app.nobody().post("/public/lookups", wish).await.expect(200);
    app.bearer(told["token"].as_str().unwrap())
}

#[actix_web::test]
async fn the_same_matter_is_found_across_channels_and_the_agent_adds_to_the_open_case() {
    let app = TestApp::start().await;
    let first = app.register(json!({})).await;
    let by_sms = app
        .gateway()
        .post("/cases", filing(json!({ "channel": "sms", "text": "آب محله‌ی ما سه روز است قطع است" })))
        .await
        .expect(201);
    assert_eq!(by_sms["similar"], json!([]), "a gateway is told nothing");
    let other =
        told(&app, json!({ "subject": null, "text": "شناسنامه المثنی می‌خواهم و ثبت پاسخ نمی‌دهد." })).await;
    assert_eq!(other["similar"], json!([]), "another matter");
    let again = told(&app, json!({ "channel": "letter" })).await;
    let expected = [first.tracking_code.as_str(), by_sms["tracking_code"].as_str().unwrap()];
    assert_eq!(
        similar(&again).iter().map(|(code, _)| code.as_str()).collect::<Vec<_>>(),
        expected,
        "the most alike first"
    );
    let found = &again["similar"][0];
    assert_eq!(
        (&found["relation"], &found["likeness"], &found["why"]),
        (&json!("citizen"), &json!(1.0), &json!(["text"]))
    );
    assert_eq!(found["holder"]["code"], "CENTRE");
    let codes: Vec<&Value> = found["may"].as_array().unwrap().iter().map(|one| &one["code"]).collect();
    assert_eq!(codes, ["tell_status", "add_message"]);
    let href = found["may"][1]["href"].as_str().unwrap().to_owned();
    let words = json!({ "text": "امروز هم قطع بود.", "channel": "phone" });
    agent(&app).await.post(&href, words).await.expect(201);
    assert!(app.events(&first).await.contains(&"message_received".to_owned()));
    // kept with the case, seen from both sides
    let id = again["id"].as_str().unwrap();
    let officer = app.as_user("inspector.centre").await;
    let kept = officer.get(&format!("/cases/{id}/repeats")).await.expect(200);
    assert_eq!(kept["items"].as_array().unwrap().len(), 2);
    assert_eq!(kept["items"][0]["direction"], "earlier");
    let later = officer.get(&first.path("repeats")).await.expect(200);
    assert_eq!(
        (later["items"].as_array().unwrap().len(), &later["items"][0]["direction"]),
        (2, &json!("later"))
    );
}

#[actix_web::test]
async fn the_same_subject_in_the_same_place_is_one_matter_whatever_the_words() {
    let app = TestApp::start().await;
    let case = app.register(json!({ "category": "water.outage" })).await;
    let words = json!({ "category": "water.outage", "subject": null, "text": "باز هم فشار نداریم، لطفاً کسی را بفرستید." });
    let again = told(&app, words.clone()).await;
    assert_eq!(similar(&again), [(case.tracking_code.clone(), "citizen".to_owned())]);
    assert_eq!(again["similar"][0]["why"], json!(["category"]));
    let mut elsewhere = words;
    elsewhere["place"] = json!({ "province": "10", "county": "1001" });
    let there = similar(&told(&app, elsewhere).await);
    assert!(!there.iter().any(|(code, _)| *code == case.tracking_code), "another place: {there:?}");
    // an old closed one is judged anew, an open one is always found
    app.pass_days(400);
    assert_eq!(similar(&told(&app, json!({})).await).len(), 1);
}

#[actix_web::test]
async fn a_household_is_the_same_address_the_same_head_or_a_shared_telephone() {
    let app = TestApp::start().await;
    let (code, address) = HOME;
    let home = json!({ "postal_code": code, "address": address });
    let first = app.register(json!({ "citizen": home })).await;
    let expected = vec![(first.tracking_code.clone(), "household".to_owned())];
    let spelled = reza(json!({ "postal_code": "۸۱۵۸۷-۱۳۱۳۱", "address": "خ آذر، ك 3 پ ١٢" }));
    let told_of = told(&app, spelled).await;
    assert_eq!(similar(&told_of), expected, "whatever the punctuation, digits and abbreviations");
    assert_eq!(
        told_of["similar"][0]["may"].as_array().unwrap().len(),
        1,
        "its status is not for another member"
    );
    let elsewhere = reza(
        json!({ "national_id": "0013542419", "mobile": "09990000099", "postal_code": code, "address": "جای دیگر" }),
    );
    assert_eq!(told(&app, elsewhere).await["similar"], json!([]), "one postal code has several homes");
    let of_head =
        reza(json!({ "national_id": "1276543212", "mobile": "09990000098", "household_head": MARYAM }));
    assert_eq!(similar(&told(&app, of_head).await), expected);
    let of_phone = reza(json!({ "national_id": "0499370899", "mobile": "09990000011" }));
    assert!(similar(&told(&app, of_phone).await).contains(&expected[0]));
    let wrong = reza(json!({ "household_head": "1234567890" }));
    agent(&app).await.post("/cases", filing(wrong)).await.wrong("citizen.household_head", "invalid");
}

#[actix_web::test]
async fn records_that_were_written_before_there_were_households_are_found_too() {
    let app = TestApp::start().await;
    let (code, address) = HOME;
    let home = json!({ "postal_code": code, "address": address });
    let first = app.register(json!({ "citizen": home.clone() })).await;
    app.look(|connection| {
        let none = citizens::household_index.eq(None::<samad::db::sealed::Blind>);
        Ok(diesel::update(citizens::table).set(none).execute(connection)?)
    });
    assert_eq!(told(&app, reza(home.clone())).await["similar"], json!([]));
    assert_eq!(housekeeping::index_households(&app.app).await.unwrap(), 1);
    assert_eq!(housekeeping::index_households(&app.app).await.unwrap(), 0);
    let found = similar(&told(&app, reza(home)).await);
    assert!(found.contains(&(first.tracking_code, "household".to_owned())));
}

#[actix_web::test]
async fn a_public_filer_is_told_of_the_own_open_case_only_and_only_when_proved_in_full() {
    let app = TestApp::start().await;
    let (code, address) = HOME;
    let home = json!({ "postal_code": code, "address": address });
    let first = app.register(json!({ "citizen": home.clone() })).await;
    let own = file(&app, json!({})).await.expect(201);
    assert_eq!(notices(&own), ["own_open_case"]);
    let shown = own.to_string();
    assert!(!shown.contains(&first.tracking_code) && own.get("similar").is_none(), "{shown}");
    for changes in [
        // somebody who knows the national ID only
        json!({ "citizen": { "mobile": "09990000077" } }),
        json!({ "citizen": { "mobile": null } }),
        // who knows the telephone only
        json!({ "citizen": { "national_id": null } }),
        // another matter
        json!({ "subject": null, "text": "شناسنامه المثنی می‌خواهم و ثبت پاسخ نمی‌دهد." }),
        // the household
        reza(home),
    ] {
        app.pass_days(1);
        let told = file(&app, changes.clone()).await.expect(201);
        assert!(notices(&told).is_empty(), "{changes}: {told}");
        assert!(!told.to_string().contains(&first.tracking_code));
    }
}

#[actix_web::test]
async fn a_sealed_case_is_linked_to_its_citizen_by_nobody_but_the_privacy_officer() {
    let app = TestApp::start().await;
    let sealed = app.register(json!({ "sealed": true })).await;
    assert!(notices(&file(&app, json!({})).await.expect(201)).is_empty(), "not even to its citizen");
    let open = told(&app, json!({})).await;
    let codes: Vec<String> = similar(&open).into_iter().map(|(code, _)| code).collect();
    assert!(!codes.contains(&sealed.tracking_code), "the desk sees no sealed case: {codes:?}");
    let path = format!("/cases/{}/repeats", open["id"].as_str().unwrap());
    // these see the sealed case, but not whose it is
    for username in ["inspector.centre", "classifier.centre"] {
        let officer = app.as_user(username).await;
        let items = officer.get(&path).await.expect(200).to_string();
        assert!(!items.contains(&sealed.tracking_code), "{username}");
        assert_eq!(officer.get(&sealed.path("repeats")).await.expect(200)["items"], json!([]), "{username}");
    }
    let privacy = app.as_user("privacy.centre").await;
    assert!(privacy.get(&path).await.expect(200).to_string().contains(&sealed.tracking_code));
    app.as_user("handler.mohme").await.get(&path).await.refused(404, "not_found");
}

#[actix_web::test]
async fn repeats_are_asked_for_before_anything_is_registered_and_the_reading_is_logged() {
    let app = TestApp::start().await;
    let first = app.register(json!({})).await;
    let desk = agent(&app).await;
    let before = desk.get("/cases").await.expect(200);
    let draft =
        json!({ "citizen": { "mobile": "09990000011" }, "text": "آب محله ما سه روز است که قطع است." });
    let found = desk.post("/cases/similar", draft.clone()).await.expect(200);
    assert_eq!(similar(&found), [(first.tracking_code.clone(), "citizen".to_owned())], "by telephone alone");
    assert_eq!((&found["today"], &found["reason_needed"]), (&json!(1), &json!(false)));
    assert_eq!(desk.get("/cases").await.expect(200), before, "nothing was written");
    let logged: i64 = app.look(|connection| {
        let read = audit::table.filter(audit::action.eq("read").and(audit::detail.eq("similar cases")));
        Ok(read.count().get_result(connection)?)
    });
    assert_eq!(logged, 1);
    desk.post("/cases/similar", json!({})).await.wrong("citizen", "required");
    desk.post("/cases/similar", json!({ "citizen": { "mobile": "09990000011" } }))
        .await
        .wrong("text", "required");
    let wrong = json!({ "citizen": { "mobile": "12" }, "category": "none", "place": { "county": "0" } });
    let reply = desk.post("/cases/similar", wrong).await;
    let fields: Vec<&Value> =
        reply.json["errors"].as_array().unwrap().iter().map(|one| &one["field"]).collect();
    assert_eq!(fields, ["citizen.mobile", "category", "place.county"]);
    app.as_user("handler.moen-10").await.post("/cases/similar", draft).await.refused(403, "forbidden");
}

#[actix_web::test]
async fn the_cap_of_a_day_asks_staff_for_a_reason_refuses_the_web_with_a_remedy_and_never_a_channel() {
    let app = TestApp::start().await;
    let mut last = None;
    for _ in 0..5 {
        last = Some(app.register(json!({})).await);
    }
    let open = last.unwrap();
    let desk = agent(&app).await;
    let without = filing(json!({ "override_reason": null }));
    desk.post("/cases", without).await.wrong("override_reason", "same_day_cap");
    let draft = json!({ "citizen": { "national_id": MARYAM }, "category": "water.outage" });
    assert_eq!(desk.post("/cases/similar", draft).await.expect(200)["reason_needed"], true);
    let wish = filing(json!({ "override_reason": "موضوع تازه و فوری است." }));
    let taken = desk.post("/cases", wish).await.expect(201);
    let case = Case {
        id: taken["id"].as_str().unwrap().into(),
        tracking_code: String::new(),
        access_code: String::new(),
    };
    let timeline = app.list(&case, "timeline").await;
    assert_eq!(timeline[1]["event"], "cap_overridden");
    assert_eq!(timeline[1]["detail"]["reason"], "موضوع تازه و فوری است.");
    // the web, with the words still in the citizen's hands
    for (language, words) in [("en", "5 cases a day"), ("fa", "۵ پرونده")] {
        let refused = app
            .nobody()
            .reading(language)
            .post("/public/cases", filing(json!({ "override_reason": "x" })))
            .await;
        assert!(refused.header("Retry-After").parse::<i64>().unwrap() > 3600);
        assert!(refused.told().contains(words), "{}", refused.told());
        refused.refused(429, "same_day_cap");
    }
    let path = format!("/public/cases/{}/messages", open.tracking_code);
    citizen(&app, &open).await.post(&path, json!({ "text": "همان متن که پذیرفته نشد" })).await.expect(201);
    // nobody shuts another one out, or learns how often he filed
    file(&app, json!({ "citizen": { "mobile": "09990000077" } })).await.expect(201);
    app.gateway().post("/cases", filing(json!({ "channel": "sms" }))).await.expect(201);
    app.pass_days(1);
    file(&app, json!({})).await.expect(201);
}

/// Two cases on the matter, answered, closed and notified; and a third one.
async fn third(app: &TestApp) -> ([Case; 2], Case) {
    let earlier = [app.closed().await, app.closed().await];
    app.drain().await;
    app.pass_days(3);
    (earlier, app.register(json!({})).await)
}

fn closing(of: &[&Case]) -> Value {
    let of: Vec<&str> = of.iter().map(|case| case.tracking_code.as_str()).collect();
    json!({ "of": of, "reason": "مطلب تازه‌ای در آن نیست." })
}

#[actix_web::test]
async fn the_third_identical_filing_is_closed_by_a_supervisor_and_new_facts_open_it_at_another_desk() {
    let app = TestApp::start().await;
    let ([one, two], case) = third(&app).await;
    let supervisor = app.as_user("inspector.centre").await;
    let path = case.path("closure-as-repeat");
    let closed = supervisor.post(&path, closing(&[&one, &two])).await.expect(200);
    assert_eq!((&closed["status"], &closed["outcome"]), (&json!("closed"), &json!("repeat")));
    let text = closed["outcome_text"].as_str().unwrap();
    assert!(
        text.contains("۱۴۰۵/۳/۲۰") || text.contains("۱۴۰۵/۰۳/۲۰"),
        "the day of the earlier answers: {text}"
    );
    assert!(closed["remedy"].as_str().unwrap().contains("مطلب"), "{closed}");
    assert_eq!(app.events(&case).await, ["case_registered", "repeat_judged", "case_closed"]);
    app.drain().await;
    let notice = app.list(&case, "messages").await.pop().unwrap();
    assert_eq!((&notice["template"], &notice["state"]), (&json!("case_closed_repeat"), &json!("sent")));
    supervisor.post(&path, closing(&[&one, &two])).await.refused(409, "wrong_state");
    // years later too
    app.pass_days(400);
    let words = json!({ "text": "این بار لوله هم ترکیده است؛ عکس دارم." });
    let own = format!("/public/cases/{}/messages", case.tracking_code);
    citizen(&app, &case).await.post(&own, words).await.expect(201);
    let opened = app.case(&case).await;
    assert_eq!((&opened["status"], &opened["holder"]["office"]), (&json!("classified"), &json!("CENTRE")));
    assert_eq!(
        (&opened["outcome"], &opened["closed_at"], &opened["overdue"]),
        (&Value::Null, &Value::Null, &json!(false))
    );
    let events = app.events(&case).await;
    assert_eq!(events[3..], ["message_received", "case_reopened"]);
    app.drain().await;
    assert!(app.list(&case, "messages").await.iter().any(|one| one["template"] == "case_reopened"));
    supervisor.post(&path, closing(&[&one, &two])).await.refused(409, "taken_up_again");
}

#[actix_web::test]
async fn staff_open_a_repeat_with_new_facts_and_nothing_else_that_way() {
    let app = TestApp::start().await;
    let ([one, two], case) = third(&app).await;
    app.as_user("inspector.centre")
        .await
        .post(&case.path("closure-as-repeat"), closing(&[&one, &two]))
        .await
        .expect(200);
    let desk = app.as_user("classifier.centre").await;
    let wish = json!({ "reason": "شهروند مدرک آورد", "new_facts": " " });
    desk.post(&case.path("reopening"), wish).await.wrong("new_facts", "required");
    let wish = json!({ "reason": "شهروند مدرک آورد", "new_facts": "قبض تازه‌ای دارد." });
    let opened = desk.post(&case.path("reopening"), wish.clone()).await.expect(200);
    assert_eq!((&opened["status"], &opened["reopenings"]), (&json!("classified"), &json!(1)));
    desk.post(&one.path("reopening"), wish).await.refused(409, "wrong_state");
}

#[actix_web::test]
async fn a_case_is_no_repeat_without_two_notified_answers_to_the_same_household_on_the_same_matter() {
    let app = TestApp::start().await;
    let one = app.closed().await;
    let supervisor = app.as_user("inspector.centre").await;
    let open = app.register(json!({})).await;
    let stranger = app.register(reza(json!({ "name": "رضا" }))).await;
    let matter = json!({ "subject": null, "text": "شناسنامه المثنی می‌خواهم و ثبت پاسخ نمی‌دهد." });
    let other = app.register(matter).await;
    let case = app.register(json!({})).await;
    let path = case.path("closure-as-repeat");
    let close = |of: Vec<Case>| {
        let (supervisor, path) = (supervisor.clone(), path.clone());
        async move { supervisor.post(&path, closing(&of.iter().collect::<Vec<_>>())).await }
    };
    close(vec![one.clone()]).await.wrong("of[0]", "not_notified");
    app.drain().await;
    close(vec![one.clone()]).await.wrong("of", "too_few");
    close(vec![one.clone(), one.clone()]).await.wrong("of", "too_few");
    close(vec![one.clone(), open]).await.wrong("of[1]", "not_answered");
    close(vec![one.clone(), stranger]).await.wrong("of[1]", "not_same_citizen");
    close(vec![one.clone(), other]).await.wrong("of[1]", "not_same_matter");
    close(vec![one.clone(), case.clone()]).await.wrong("of[1]", "same_case");
    supervisor.post(&path, json!({ "of": ["1", "x"], "reason": "" })).await.wrong("of[1]", "unknown");
    supervisor.post(&path, json!({ "of": [], "reason": "" })).await.wrong("reason", "required");
    supervisor.post(&path, json!({ "of": vec!["1"; 11], "reason": "x" })).await.wrong("of", "too_many");
    agent(&app).await.post(&path, closing(&[&one])).await.refused(403, "forbidden");
    assert_eq!(app.case(&case).await["status"], "registered");
}

#[actix_web::test]
async fn whoever_handled_an_earlier_case_does_not_judge_the_repeat_and_of_a_household_no_date_is_told() {
    let app = TestApp::start().await;
    let ([one, two], _) = third(&app).await;
    let of_home = app.register(reza(json!({ "mobile": "09990000011" }))).await;
    app.classify(&of_home, "request", "water.outage").await;
    app.refer("classifier.centre", &of_home, &[("MOEN-10", "lead")]).await;
    let path = of_home.path("closure-as-repeat");
    let wish = closing(&[&one, &two]);
    app.as_user("approver.moen-10").await.post(&path, wish.clone()).await.refused(403, "own_earlier_answer");
    app.as_user("approver.mohme").await.post(&path, wish.clone()).await.refused(404, "not_found");
    let closed = app.as_user("inspector.centre").await.post(&path, wish).await.expect(200);
    let text = closed["outcome_text"].as_str().unwrap();
    assert!(text.contains("۲ بار") && !text.contains("۱۴۰۵"), "{text}");
    let lead = app.list(&of_home, "referrals").await.pop().unwrap();
    assert_eq!(lead["state"], "ended");
    let actions = app.list(&of_home, "actions").await;
    let action = actions.iter().find(|action| action["verb"] == "close_as_repeat").unwrap();
    assert_eq!((&action["allowed"], &action["code"]), (&json!(false), &json!("wrong_state")));
}

#[actix_web::test]
async fn whoever_files_for_the_first_time_or_without_a_name_repeats_nothing() {
    let app = TestApp::start().await;
    let first = told(&app, json!({})).await;
    assert_eq!((&first["similar"], &first["contact_plan"]), (&json!([]), &Value::Null));
    let anonymous = told(&app, json!({ "kind": "report", "anonymous": true })).await;
    assert_eq!(anonymous["similar"], json!([]));
}

#[actix_web::test]
async fn an_earlier_complaint_about_an_office_is_not_told_to_it_by_the_repeat() {
    let app = TestApp::start().await;
    let about = json!({ "kind": "complaint", "category": "water.outage", "about_office": "MOEN" });
    let earlier = app.register(about).await;
    let later = app.register(json!({ "category": "water.outage" })).await;
    app.classify(&later, "request", "water.outage").await;
    app.refer("classifier.centre", &later, &[("MOEN-10", "lead")]).await;
    let told = |username: &'static str| {
        let (app, path) = (&app, later.path("repeats"));
        async move { app.as_user(username).await.get(&path).await.expect(200).to_string() }
    };
    assert!(told("inspector.centre").await.contains(&earlier.tracking_code));
    for username in ["handler.moen-10", "approver.moen-10"] {
        assert!(!told(username).await.contains(&earlier.tracking_code), "{username}");
    }
}
