//! A group: many persons, one lead, one answer to everybody, and an end that takes two persons.

use serde_json::{Value, json};

use super::{action, desk, family, look_up, national_id, of_person, say, told, with_mail};
use crate::support::{Case, TestApp};

/// The lead case of Maryam and so many other persons' cases, each a household of its own.
async fn people(app: &TestApp, others: u32) -> (Case, Vec<Case>) {
    let lead = app.classified().await;
    let mut cases = Vec::new();
    for number in 1..=others {
        cases.push(app.register(of_person(number)).await);
    }
    (lead, cases)
}

fn ids(cases: &[Case]) -> Vec<&str> {
    cases.iter().map(|case| case.id.as_str()).collect()
}

/// Five persons of five households at the provincial power body; the first member is the representative.
async fn mass(app: &TestApp) -> (Case, Vec<Case>) {
    let (lead, cases) = people(app, 4).await;
    let wish = json!({ "members": ids(&cases), "representatives": [cases[0].tracking_code], "lead_office": "MOEN-10" });
    let now = desk(app, &lead, "group", wish).await.expect(200);
    assert_eq!((&now["status"], &now["family"]["is_mass"]), (&json!("referred"), &json!(true)));
    (lead, cases)
}

#[actix_web::test]
async fn a_group_gets_one_answer_each_person_once_and_is_counted_both_ways() {
    let app = TestApp::start().await;
    let before = app.nobody().get("/public/statistics").await.expect(200)["totals"].clone();
    assert_eq!(
        before,
        json!({ "cases": null, "matters": null, "persons": null }),
        "small counts are not told"
    );
    let (lead, mut cases) = mass(&app).await;
    // Reza's neighbour joins later, by one call
    let late = app.register(of_person(9)).await;
    desk(&app, &lead, "members", json!({ "case": late.tracking_code })).await.expect(200);
    cases.push(late);
    for number in 20..24 {
        app.register(of_person(number)).await;
    }
    let totals = app.nobody().get("/public/statistics").await.expect(200)["totals"].clone();
    assert_eq!(totals, json!({ "cases": 10, "matters": 5, "persons": 10 }));
    let group = family(&app, &lead).await["group"].clone();
    assert_eq!(
        (&group["persons"], &group["households"], &group["is_mass"]),
        (&json!(6), &json!(6), &json!(true))
    );
    app.answer(&lead, "MOEN-10").await;
    for case in cases.iter().chain([&lead]) {
        assert_eq!(told(&app, case, "answer_approved").await, 1);
        assert_eq!(look_up(&app, case).await["case"]["status"], "answered");
    }
    app.whole();
}

#[actix_web::test]
async fn below_the_threshold_it_is_a_joint_case_and_a_household_counts_once() {
    let app = TestApp::start().await;
    let (lead, cases) = people(&app, 3).await;
    let now = desk(&app, &lead, "group", json!({ "members": ids(&cases) })).await.expect(200);
    assert_eq!(now["family"]["is_mass"], false);
    // two who live with somebody of the group: six persons, still four households
    let list = json!({ "signatories": [
        { "name": "یک", "national_id": national_id(11), "household_head": national_id(1) },
        { "name": "دو", "national_id": national_id(12), "household_head": national_id(1) },
    ] });
    desk(&app, &lead, "signatories", list).await.expect(201);
    let group = family(&app, &lead).await["group"].clone();
    assert_eq!(
        (&group["persons"], &group["households"], &group["is_mass"]),
        (&json!(6), &json!(4), &json!(false))
    );
    // the fifth household makes it a mass case by itself
    let fifth = json!({ "signatories": [{ "name": "سه", "national_id": national_id(13) }] });
    let done = desk(&app, &lead, "signatories", fifth).await.expect(201);
    assert_eq!(done["case"]["family"]["is_mass"], true);
    // and it is one no longer when that household leaves
    let joined = done["added"][0].as_str().unwrap().to_owned();
    let left = Case { id: joined, tracking_code: String::new(), access_code: String::new() };
    desk(&app, &left, "unmerge", json!({ "reason": "می‌خواهد جدا باشد" })).await.expect(200);
    assert_eq!(app.case(&lead).await["family"]["is_mass"], false);
    assert_eq!(app.events(&lead).await.iter().filter(|event| *event == "group_counted").count(), 4);
    app.whole();
}

#[actix_web::test]
async fn a_signed_list_keeps_its_good_rows_and_names_its_bad_ones() {
    let app = TestApp::start().await;
    let letter = app.register(json!({ "channel": "letter" })).await;
    let list = json!({ "signatories": [
        { "name": "یک", "national_id": national_id(1), "mobile": "09990002001", "postal_code": "8174673441" },
        { "name": "دو", "national_id": "1234567890" },
        { "national_id": national_id(3) },
        { "name": "چهار", "national_id": national_id(4), "household_head": "12", "postal_code": "1" },
        { "name": "یک دوباره", "national_id": national_id(1) },
        { "name": "مریم", "national_id": crate::support::MARYAM },
        { "name": "پنج", "national_id": national_id(5) },
    ] });
    let done = desk(&app, &letter, "signatories", list).await.expect(201);
    assert_eq!((done["added"].as_array().unwrap().len(), &done["known"]), (2, &json!([4, 5])));
    let named: Vec<(u64, &str)> = done["rejected"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["row"].as_u64().unwrap(), row["field"].as_str().unwrap()))
        .collect();
    for wrong in [
        (1, "signatories[1].national_id"),
        (2, "signatories[2].name"),
        (3, "signatories[3].household_head"),
        (3, "signatories[3].postal_code"),
    ] {
        assert!(named.contains(&wrong), "{wrong:?} is not in {named:?}");
    }
    assert!(done["rejected"][0]["message"].as_str().unwrap().contains("national ID"), "{done}");
    app.drain().await;
    let member = Case {
        id: done["added"][0].as_str().unwrap().to_owned(),
        tracking_code: String::new(),
        access_code: String::new(),
    };
    let sent = app.list(&member, "messages").await;
    assert_eq!((sent.len(), &sent[0]["template"]), (1, &json!("group_joined")));
    let all_bad = json!({ "signatories": [{ "name": "x", "national_id": "1" }] });
    desk(&app, &letter, "signatories", all_bad).await.wrong("signatories[0].national_id", "invalid");
    desk(&app, &letter, "signatories", json!({ "signatories": [] })).await.wrong("signatories", "required");
    let many: Vec<Value> = (0..201).map(|_| json!({})).collect();
    desk(&app, &letter, "signatories", json!({ "signatories": many })).await.wrong("signatories", "too_many");
    assert_eq!(family(&app, &letter).await["total"], 2);
    app.whole();
}

#[actix_web::test]
async fn only_representatives_object_for_the_group_and_a_member_may_leave_and_go_alone() {
    let app = TestApp::start().await;
    let (lead, cases) = mass(&app).await;
    app.answer(&lead, "MOEN-10").await;
    let words = || json!({ "text": "برای همه محله وصل نشده است." });
    say(&app, &cases[1], "objection", words()).await.refused(403, "not_representative");
    say(&app, &lead, "objection", words()).await.refused(403, "not_representative");
    let seen = look_up(&app, &cases[1]).await;
    let object = seen["actions"].as_array().unwrap().iter().find(|a| a["verb"] == "object").unwrap().clone();
    assert_eq!((&object["allowed"], &object["code"]), (&json!(false), &json!("not_representative")));
    // one who leaves has the answer, its window and remedies of its own
    say(&app, &cases[3], "unmerge", json!({})).await.expect(200);
    say(&app, &cases[3], "objection", words()).await.expect(201);
    assert_eq!(app.case(&lead).await["status"], "answered");
    // the representative speaks with the code of its own case, for everybody
    let told_own = say(&app, &cases[0], "objection", words()).await.expect(201);
    assert_eq!(told_own["case"]["tracking_code"], json!(cases[0].tracking_code));
    let now = app.case(&lead).await;
    assert_eq!((&now["status"], &now["objections"]), (&json!("referred"), &json!(1)));
    app.answer(&lead, "MOEN-10").await;
    assert_eq!(told(&app, &cases[1], "answer_approved").await, 2, "the additional answer is for all as well");
    assert_eq!(look_up(&app, &cases[1]).await["case"]["answers"].as_array().unwrap().len(), 2);
    assert_eq!(
        told(&app, &cases[3], "answer_approved").await,
        1,
        "who went alone waits for an answer of its own"
    );
    // everybody rates for themselves
    say(&app, &cases[1], "rating", json!({ "score": 5 })).await.expect(200);
    app.whole();
}

#[actix_web::test]
async fn what_the_representatives_reach_by_an_appeal_holds_for_everybody() {
    let app = TestApp::start().await;
    let (lead, cases) = mass(&app).await;
    app.answer_with(&lead, "MOEN-10", "partly").await;
    say(&app, &cases[0], "objection", json!({ "text": "کافی نیست." })).await.expect(201);
    app.answer_with(&lead, "MOEN-10", "partly").await;
    say(&app, &cases[1], "appeal", json!({ "text": "کافی نیست." })).await.refused(403, "not_representative");
    say(&app, &cases[0], "appeal", json!({ "text": "کافی نیست." })).await.expect(201);
    let decision = json!({
        "result": "upheld", "grounds": "همه باید وصل شوند.", "consequence": "change_outcome", "outcome": "granted",
    });
    app.as_user("appeal.moen").await.post(&lead.path("appeal-decision"), decision).await.expect(200);
    for case in cases.iter().chain([&lead]) {
        let now = app.case(case).await;
        assert_eq!((&now["status"], &now["outcome"]), (&json!("closed"), &json!("granted")));
    }
    app.whole();
}

#[actix_web::test]
async fn a_representative_answers_the_question_to_the_group_and_a_members_word_stays_its_own() {
    let app = TestApp::start().await;
    let (lead, cases) = mass(&app).await;
    app.as_user("handler.moen-10")
        .await
        .post(&lead.path("questions"), json!({ "text": "از چه روزی؟" }))
        .await
        .expect(201);
    say(&app, &cases[1], "messages", json!({ "text": "از شنبه" })).await.expect(201);
    say(&app, &lead, "messages", json!({ "text": "از شنبه" })).await.refused(403, "not_representative");
    assert_eq!(app.case(&lead).await["status"], "awaiting_citizen");
    let told = say(&app, &cases[0], "messages", json!({ "text": "از شنبه" })).await.expect(201);
    assert_eq!(told["tracking_code"], json!(cases[0].tracking_code));
    assert_eq!(app.case(&lead).await["status"], "referred");
    app.whole();
}

#[actix_web::test]
async fn a_mass_case_is_closed_by_two_persons_with_minutes_and_never_by_time_alone() {
    let app = TestApp::start().await;
    with_mail(&app, "MOEN-10").await;
    let (lead, cases) = mass(&app).await;
    app.answer(&lead, "MOEN-10").await;
    say(&app, &lead, "withdrawal", json!({ "confirm": true })).await.refused(409, "speaks_for_others");
    app.pass_days(15);
    app.drain().await;
    assert_eq!(
        (app.case(&lead).await["status"].clone(), app.case(&cases[1]).await["status"].clone()),
        (json!("answered"), json!("answered"))
    );
    app.drain().await;
    let due =
        app.list(&lead, "messages").await.iter().filter(|m| m["template"] == "mass_closing_due").count();
    assert_eq!(due, 1, "its holder is told once");
    let closing = || json!({ "outcome": "granted", "minutes": "شورا در نشست ۱۲ تیر شنید و پذیرفت." });
    desk(&app, &lead, "closure", json!({ "outcome": "granted" })).await.wrong("minutes", "required");
    let proposed = desk(&app, &lead, "closure", closing()).await.expect(200);
    assert_eq!(proposed["status"], "answered");
    assert_eq!(family(&app, &lead).await["group"]["closing"]["outcome"], "granted");
    assert!(
        app.list(&lead, "notes").await.iter().any(|note| note["text"].as_str().unwrap().contains("۱۲ تیر"))
    );
    desk(&app, &lead, "closure", closing()).await.refused(403, "second_person_required");
    assert!(!action(&app, "classifier.centre", &lead, "/closure").await.0);
    let second = app.as_user("classifier2.centre").await;
    let closed = second.post(&lead.path("closure"), json!({ "outcome": "granted" })).await.expect(200);
    assert_eq!((&closed["status"], &closed["outcome"]), (&json!("closed"), &json!("granted")));
    for case in &cases {
        assert_eq!(app.case(case).await["status"], "closed");
        assert_eq!(told(&app, case, "case_closed").await, 1);
    }
    app.whole();
}

#[actix_web::test]
async fn a_group_that_cannot_be_formed_says_which_member_and_why() {
    let app = TestApp::start().await;
    let (lead, cases) = people(&app, 2).await;
    let answered = app.answered().await;
    let sealed = app.register(json!({ "sealed": true })).await;
    let wish = json!({ "members": [cases[0].id, answered.id, sealed.id, "26061012344"] });
    desk(&app, &lead, "group", wish).await.wrong("members[3]", "unknown");
    let reply = desk(&app, &lead, "group", json!({ "members": [cases[0].id, answered.id, sealed.id] })).await;
    let told = reply.json["errors"].to_string();
    assert!(
        told.contains("members[1]") && told.contains("answered_before") && told.contains("sealed_differs"),
        "{told}"
    );
    assert_eq!(app.case(&cases[0]).await["status"], "registered", "then none has joined");
    desk(&app, &lead, "group", json!({ "members": [lead.id] })).await.wrong("members", "itself");
    desk(&app, &lead, "group", json!({})).await.wrong("members", "required");
    let speakers = json!({ "members": [cases[0].id], "representatives": [cases[1].id] });
    desk(&app, &lead, "group", speakers).await.wrong("representatives", "not_a_member");
    let (_, many) = people(&app, 4).await;
    let crowd = json!({ "members": ids(&many), "representatives": ids(&many) });
    desk(&app, &lead, "group", crowd).await.wrong("representatives", "too_many");
    desk(&app, &lead, "members", json!({ "case": answered.id })).await.wrong("case", "answered_before");
    app.as_user("agent.centre")
        .await
        .post(&lead.path("group"), json!({ "members": ids(&cases) }))
        .await
        .refused(403, "forbidden");
    app.whole();
}
