//! Problems: many cases point to one, one answer goes to everybody, and each citizen hears of its end once.

use serde_json::{Value, json};

use crate::support::{Case, REZA, TestApp};

fn named(cases: &[&Case]) -> Value {
    json!({
        "name_fa": "قطعی آب محله کاوه", "name_en": "Water cuts in Kaveh", "description": "لوله اصلی فرسوده است.",
        "category": "water.outage", "province": "10", "county": "1002", "office": "MOEN-10", "public": true,
        "cases": cases.iter().map(|case| case.tracking_code.clone()).collect::<Vec<_>>(),
    })
}

async fn problem(app: &TestApp, cases: &[&Case]) -> String {
    let told = app.as_user("inspector.centre").await.post("/problems", named(cases)).await.expect(201);
    told["id"].as_str().unwrap().to_owned()
}

async fn post(app: &TestApp, who: &str, id: &str, verb: &str, body: Value) -> crate::support::Reply {
    app.as_user(who).await.post(&format!("/problems/{id}/{verb}"), body).await
}

async fn answered(app: &TestApp, id: &str) {
    let body = json!({ "text_fa": "لوله اصلی عوض شد.", "text_en": "The main was replaced." });
    post(app, "liaison.moen-10", id, "answer", body).await.expect(201);
    post(app, "approver.moen-10", id, "approval", json!({})).await.expect(200);
}

/// The end notices that went out by SMS.
fn notices(app: &TestApp) -> Vec<String> {
    let sent = app.sms().sent().into_iter().map(|letter| letter.rendered.body);
    sent.filter(|body| body.contains("پیوند داشت")).collect()
}

async fn of_reza(app: &TestApp) -> Case {
    app.register(json!({ "citizen": { "national_id": REZA, "name": "رضا", "mobile": "09990000012" } })).await
}

async fn looked_up(app: &TestApp, case: &Case) -> Value {
    let body = json!({ "tracking_code": case.tracking_code, "access_code": case.access_code });
    app.nobody().post("/public/lookups", body).await.expect(200)
}

#[actix_web::test]
async fn a_problem_is_answered_by_two_solved_and_told_to_each_citizen_once() {
    let app = TestApp::start().await;
    let (first, second, other) = (
        app.register(json!({})).await,
        app.register(json!({ "text": "باز هم قطع شد." })).await,
        of_reza(&app).await,
    );
    let id = problem(&app, &[&first, &second, &other]).await;
    let inspector = app.as_user("inspector.centre").await;
    let path = format!("/problems/{id}");
    let told = inspector.get(&path).await.expect(200);
    assert_eq!(
        (&told["state"], &told["counts"]["cases"], &told["counts"]["citizens"]),
        (&json!("open"), &json!(3), &json!(2))
    );
    let box_of = app.as_user("liaison.moen-10").await.get("/inbox?box=problems").await.expect(200);
    assert_eq!(
        (&box_of["counts"]["problems"], &box_of["items"][0]["problem"]["id"]),
        (&json!(1), &json!(id))
    );
    // not solved before it is answered, not approved by its author
    post(&app, "liaison.moen-10", &id, "solution", json!({ "result": "solved" }))
        .await
        .refused(409, "problem_not_answered");
    post(&app, "approver.moen-10", &id, "answer", json!({ "text_fa": "لوله عوض شد." })).await.expect(201);
    post(&app, "approver.moen-10", &id, "approval", json!({})).await.refused(403, "second_person_required");
    answered(&app, &id).await;
    let view = looked_up(&app, &first).await;
    assert_eq!(
        (&view["case"]["problem"]["state"], &view["case"]["problem"]["answer"]),
        (&json!("answered"), &json!("The main was replaced."))
    );
    post(&app, "liaison.moen-10", &id, "solution", json!({ "result": "solved" })).await.expect(200);
    post(&app, "liaison.moen-10", &id, "solution", json!({ "result": "solved" }))
        .await
        .refused(409, "problem_state");
    // two processes at once, and again after that
    let twin = app.another().await;
    let (one, two) = futures_util::future::join(
        samad::workers::following::run_once(&app.app),
        samad::workers::following::run_once(&twin.app),
    )
    .await;
    assert_eq!(one.unwrap() + two.unwrap(), 3, "each case was dealt with once");
    app.drain().await;
    let sent = notices(&app);
    assert_eq!(sent.len(), 2, "one message a citizen: {sent:?}");
    assert!(sent.iter().any(|body| body.contains(&other.tracking_code)));
    assert!(sent.iter().all(|body| !body.contains("آب") && !body.contains("رضا")), "{sent:?}");
    // whoever is linked later is told too, and nobody twice
    let late = app
        .register(
            json!({ "citizen": { "national_id": "9992000023", "name": "زهرا", "mobile": "09990000013" } }),
        )
        .await;
    let third = app.register(json!({ "text": "سومین بار." })).await;
    post(&app, "inspector.centre", &id, "cases", json!({ "cases": [late.id, third.id] })).await.expect(200);
    app.drain().await;
    assert_eq!(notices(&app).len(), 3);
    let told = inspector.get(&path).await.expect(200);
    assert_eq!((&told["counts"]["citizens"], &told["counts"]["told"]), (&json!(3), &json!(3)));
    assert!(app.events(&third).await.contains(&"problem_settled".to_owned()));
    let view = looked_up(&app, &third).await;
    assert_eq!(
        (&view["case"]["problem"]["name"], &view["case"]["problem"]["state"]),
        (&json!("Water cuts in Kaveh"), &json!("solved"))
    );
    // it comes back, and its second end is a second notice
    post(&app, "liaison.moen-10", &id, "reopening", json!({ "reason": "دوباره قطع شد" })).await.expect(200);
    post(&app, "liaison.moen-10", &id, "solution", json!({ "result": "not_solvable" }))
        .await
        .wrong("reason", "required");
    let end = json!({ "result": "not_solvable", "reason": "تا سال آینده اعتباری نیست." });
    post(&app, "liaison.moen-10", &id, "solution", end).await.expect(200);
    app.drain().await;
    assert_eq!(notices(&app).len(), 6);
}

#[actix_web::test]
async fn a_sealed_case_is_counted_and_never_listed_and_nobody_links_what_they_do_not_see() {
    let app = TestApp::start().await;
    let plain = app.referred_to("MOEN-10").await;
    let sealed = app.register(json!({ "kind": "complaint", "sealed": true })).await;
    let id = problem(&app, &[&plain, &sealed]).await;
    let cases = format!("/problems/{id}/cases");
    for who in ["inspector.centre", "handler.moen-10", "handler.mohme"] {
        let listed = app.as_user(who).await.get(&cases).await.expect(200);
        let listed: Vec<&str> =
            listed["items"].as_array().unwrap().iter().map(|row| row["case_id"].as_str().unwrap()).collect();
        let wanted: &[&str] = if who == "handler.mohme" { &[] } else { &[&plain.id] };
        assert_eq!(listed, wanted, "{who}");
        let told = app.as_user(who).await.get(&format!("/problems/{id}")).await.expect(200);
        assert_eq!(told["counts"]["cases"], json!(2));
    }
    let hidden = app.register(json!({})).await;
    post(&app, "handler.mohme", &id, "cases", json!({ "cases": [hidden.id] }))
        .await
        .wrong("cases[0]", "unknown");
    post(&app, "handler.mohme", &id, "cases", json!({ "cases": [] })).await.wrong("cases", "out_of_range");
    let other = problem(&app, &[]).await;
    post(&app, "inspector.centre", &other, "cases", json!({ "cases": [plain.id, "nonsense"] }))
        .await
        .wrong("cases[0]", "already_linked");
    let inspector = app.as_user("inspector.centre").await;
    app.as_user("handler.mohme")
        .await
        .delete(&format!("{cases}/{}", plain.id))
        .await
        .refused(404, "not_found");
    inspector.delete(&format!("{cases}/{}", plain.id)).await.expect(200);
    inspector.delete(&format!("{cases}/{}", plain.id)).await.refused(404, "not_found");
    post(&app, "inspector.centre", &other, "cases", json!({ "cases": [plain.id] })).await.expect(200);
}

#[actix_web::test]
async fn a_handler_only_proposes_and_the_owner_takes_it_up() {
    let app = TestApp::start().await;
    let case = app.accepted("MOEN-10").await;
    let told = app.as_user("handler.moen-10").await.post("/problems", named(&[&case])).await.expect(201);
    let id = told["id"].as_str().unwrap().to_owned();
    assert_eq!(told["state"], "proposed");
    // nobody outside hears of it yet
    assert_eq!(looked_up(&app, &case).await["case"]["problem"], Value::Null);
    assert_eq!(app.nobody().get("/public/problems").await.expect(200)["items"], json!([]));
    post(&app, "handler.moen-10", &id, "assignment", json!({ "office": "MOEN-10" }))
        .await
        .refused(403, "forbidden");
    post(&app, "liaison.mohme", &id, "assignment", json!({ "office": "MOEN-10" }))
        .await
        .refused(403, "not_your_office");
    post(
        &app,
        "liaison.moen-10",
        &id,
        "assignment",
        json!({ "office": "MOEN-10", "user": "handler.moen-10" }),
    )
    .await
    .wrong("user", "no_owner");
    let body = json!({ "office": "MOEN-10", "user": "liaison.moen-10" });
    let told = post(&app, "liaison.moen-10", &id, "assignment", body).await.expect(200);
    assert_eq!((&told["state"], &told["user"]), (&json!("open"), &json!("liaison.moen-10")));
    let listed = app.nobody().get("/public/problems?province=10&state=open").await;
    assert!(listed.header("Cache-Control").contains("public"));
    let listed = listed.expect(200);
    assert_eq!(
        (&listed["items"][0]["name"], &listed["items"][0]["cases"]),
        (&json!("Water cuts in Kaveh"), &Value::Null)
    );
    app.nobody().get("/public/problems?state=none").await.wrong("state", "unknown");
    let liaison = app.as_user("liaison.moen-10").await;
    liaison.patch(&format!("/problems/{id}"), json!({ "cause": "magic" })).await.wrong("cause", "unknown");
    liaison
        .patch(&format!("/problems/{id}"), json!({ "due_at": "2020-01-01T00:00:00Z" }))
        .await
        .wrong("due_at", "in_the_past");
    liaison
        .patch(&format!("/problems/{id}"), json!({ "cause": "resources", "public": false }))
        .await
        .expect(200);
    assert_eq!(app.nobody().get("/public/problems").await.expect(200)["items"], json!([]));
    for (change, field) in [
        (json!({ "name_fa": " " }), "name_fa"),
        (json!({ "office": "NOWHERE" }), "office"),
        (json!({ "category": "none" }), "category"),
        (json!({ "province": "10", "county": "2301" }), "county"),
    ] {
        let mut body = named(&[]);
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let reply = liaison.post("/problems", body).await;
        assert_eq!((reply.status, reply.json["errors"][0]["field"].as_str()), (422, Some(field)));
    }
}

#[actix_web::test]
async fn a_case_is_answered_with_the_answer_of_its_problem() {
    let app = TestApp::start().await;
    let case = app.accepted("MOEN-10").await;
    let referral = app.lead(&case).await;
    let path = format!("/referrals/{referral}/answers");
    let body = json!({ "problem_answer": true, "outcome": "granted" });
    let handler = app.as_user("handler.moen-10").await;
    handler.post(&path, body.clone()).await.refused(409, "no_problem_answer");
    let id = problem(&app, &[&case]).await;
    answered(&app, &id).await;
    let told = handler.post(&path, body).await.expect(201);
    assert_eq!(told["text"], "لوله اصلی عوض شد.");
}

#[actix_web::test]
async fn a_late_problem_is_marked_at_every_point_once_and_goes_up() {
    let app = TestApp::start().await;
    let case = app.register(json!({})).await;
    let id = problem(&app, &[&case]).await;
    app.pass_days(120);
    app.drain().await;
    app.drain().await;
    let told = app.as_user("inspector.centre").await.get(&format!("/problems/{id}")).await.expect(200);
    assert_eq!((&told["overdue"], &told["late_mark"]), (&json!(true), &json!(150)));
    let marks: Vec<&str> = told["history"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|line| line["event"] == "deadline_passed")
        .map(|line| line["detail"].as_str().unwrap())
        .collect();
    assert_eq!(marks, ["50% MOEN-10", "80% MOEN-10", "100% MOEN-10", "120% MOEN", "150% CENTRE"]);
    let listed = app.as_user("liaison.moen-10").await.get("/inbox?box=problems").await.expect(200);
    assert_eq!(listed["items"][0]["urgency"], "overdue");
}

/// A complaint about an office, of its own citizen.
async fn about(app: &TestApp, office: &str) -> Case {
    let wish = json!({
        "kind": "complaint", "category": "water.outage", "about_office": office,
        "citizen": { "national_id": REZA, "name": "رضا", "mobile": "09990000012" },
    });
    let case = app.register(wish).await;
    app.classify(&case, "complaint", "water.outage").await;
    case
}

/// Fails unless the problem is as if it were not there for this person, by every way.
async fn hidden_from(app: &TestApp, id: &str, username: &str) {
    let person = app.as_user(username).await;
    for path in [format!("/problems/{id}"), format!("/problems/{id}/cases")] {
        person.get(&path).await.refused(404, "not_found");
    }
    for (verb, body) in [
        ("cases", json!({ "cases": ["1"] })),
        ("assignment", json!({ "office": "MOEN-10" })),
        ("answer", json!({ "text_fa": "متن" })),
        ("approval", json!({})),
        ("solution", json!({ "result": "solved" })),
        ("reopening", json!({ "reason": "؟" })),
    ] {
        post(app, username, id, verb, body).await.refused(404, "not_found");
    }
    person.patch(&format!("/problems/{id}"), json!({ "public": false })).await.refused(404, "not_found");
    let listed = person.get("/problems").await.expect(200);
    assert_eq!(listed["items"], json!([]), "{username} lists it");
    let work = person.get("/inbox?box=problems").await.expect(200);
    assert_eq!((&work["counts"]["problems"], &work["items"]), (&json!(0), &json!([])), "{username}");
}

#[actix_web::test]
async fn a_problem_leaves_the_hands_of_those_whom_one_of_its_cases_is_about() {
    let app = TestApp::start().await;
    crate::escalation::addressed(&app).await;
    let plain = app.accepted("MOEN-10").await;
    let id = problem(&app, &[&plain]).await;
    let body = json!({ "office": "MOEN-10", "user": "liaison.moen-10" });
    post(&app, "liaison.moen-10", &id, "assignment", body).await.expect(200);
    post(&app, "liaison.moen-10", &id, "answer", json!({ "text_fa": "بی‌گناهیم." })).await.expect(201);
    let case = about(&app, "MOEN-10").await;
    let told = post(&app, "inspector.centre", &id, "cases", json!({ "cases": [case.id] })).await.expect(200);
    assert_eq!(
        (&told["office"]["code"], &told["user"], &told["pending_answer"]),
        (&json!("MOEN"), &Value::Null, &Value::Null)
    );
    for username in ["liaison.moen-10", "approver.moen-10", "handler.moen-10"] {
        hidden_from(&app, &id, username).await;
    }
    // its answer is not theirs to give either
    let path = format!("/referrals/{}/answers", app.lead(&plain).await);
    let answer = json!({ "problem_answer": true, "outcome": "granted" });
    app.as_user("handler.moen-10").await.post(&path, answer).await.refused(409, "no_problem_answer");
    post(
        &app,
        "inspector.centre",
        &id,
        "assignment",
        json!({ "office": "MOEN-10", "user": "liaison.moen-10" }),
    )
    .await
    .wrong("office", "conflict_of_interest");
    let work = app.as_user("liaison.moen").await.get("/inbox?box=problems").await.expect(200);
    assert_eq!((&work["counts"]["problems"], &work["items"][0]["problem"]["id"]), (&json!(1), &json!(id)));
    // what is said later of a case counts as well, and nobody complained of hears of the deadline
    let about = json!({ "office": "MOEN", "reason": "گفته شهروند" });
    let path = case.path("complained-of");
    app.as_user("classifier.centre").await.put(&path, about).await.expect(200);
    hidden_from(&app, &id, "liaison.moen").await;
    app.drain().await;
    let told = app.as_user("inspector.centre").await.get(&format!("/problems/{id}")).await.expect(200);
    assert_eq!(told["office"]["code"], "CENTRE");
    app.pass_days(120);
    app.drain().await;
    let told = app.as_user("inspector.centre").await.get(&format!("/problems/{id}")).await.expect(200);
    let history = told["history"].as_array().unwrap();
    let of = |event: &str| -> Vec<String> {
        let lines = history.iter().filter(|line| line["event"] == event);
        lines.map(|line| line["detail"].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(of("conflict_cleared"), ["MOEN", "CENTRE"]);
    let told = of("deadline_passed");
    assert!(told.len() == 5 && told.iter().all(|line| line.ends_with("CENTRE")), "{told:?}");
    // the case leaves, and the problem may go back
    let inspector = app.as_user("inspector.centre").await;
    inspector.delete(&format!("/problems/{id}/cases/{}", case.id)).await.expect(200);
    post(&app, "inspector.centre", &id, "assignment", json!({ "office": "MOEN-10" })).await.expect(200);
    app.as_user("liaison.moen-10").await.get(&format!("/problems/{id}")).await.expect(200);
}
