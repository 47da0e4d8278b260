//! What is learnt from closed cases: causes and recommendations, the sample that is called back, false closures.

use serde_json::{Value, json};

use crate::support::{Case, REZA, TestApp};

/// A complaint that MOEN-10 took up.
async fn complaint(app: &TestApp) -> (Case, String) {
    let case = app.classified_with(json!({ "kind": "complaint" })).await;
    app.refer("classifier.centre", &case, &[("MOEN-10", "lead")]).await;
    let referral = app.lead(&case).await;
    let handler = app.as_user("handler.moen-10").await;
    handler.post(&format!("/referrals/{referral}/acceptance"), json!({})).await.expect(200);
    (case, referral)
}

fn learnt(changes: Value) -> Value {
    let mut body = json!({
        "text": "حق با شماست؛ لوله عوض شد.", "outcome": "upheld", "cause": "service_given",
        "recommendation": { "text": "برنامه تعویض لوله‌ها بازنگری شود.", "to_office": "MOEN" },
    });
    body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    body
}

/// A complaint whose answer recommends something to the ministry; gives the recommendation's path.
async fn recommended(app: &TestApp) -> (Case, String) {
    let (case, referral) = complaint(app).await;
    let path = format!("/referrals/{referral}/answers");
    let told = app.as_user("handler.moen-10").await.post(&path, learnt(json!({}))).await.expect(201);
    let all = || async { app.as_user("inspector.centre").await.get("/recommendations").await.expect(200) };
    assert_eq!(all().await["items"], json!([]), "nothing is sent before the approval");
    let approval = format!("/answers/{}/approval", told["id"].as_str().unwrap());
    app.as_user("approver.moen-10").await.post(&approval, json!({})).await.expect(200);
    let id = all().await["items"][0]["id"].as_str().unwrap().to_owned();
    (case, format!("/recommendations/{id}"))
}

#[actix_web::test]
async fn a_complaint_is_not_answered_or_closed_without_a_cause() {
    let app = TestApp::start().await;
    let (case, referral) = complaint(&app).await;
    let handler = app.as_user("handler.moen-10").await;
    let path = format!("/referrals/{referral}/answers");
    handler.post(&path, learnt(json!({ "cause": null }))).await.wrong("cause", "required");
    handler.post(&path, learnt(json!({ "cause": "magic" }))).await.wrong("cause", "unknown");
    handler.post(&path, learnt(json!({ "interim": true }))).await.wrong("cause", "only_final");
    let nowhere = json!({ "text": "", "to_office": "NOWHERE", "due_at": "2020-01-01T00:00:00Z" });
    let wrong = handler.post(&path, learnt(json!({ "recommendation": nowhere }))).await;
    let fields: Vec<&str> =
        wrong.json["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["recommendation.text", "recommendation.to_office", "recommendation.due_at"]);
    // a rejected draft takes its lesson with it
    let told = handler.post(&path, learnt(json!({}))).await.expect(201);
    let rejection = format!("/answers/{}/rejection", told["id"].as_str().unwrap());
    app.as_user("approver.moen-10")
        .await
        .post(&rejection, json!({ "note": "روشن‌تر بنویسید" }))
        .await
        .expect(200);
    let told =
        handler.post(&path, learnt(json!({ "cause": "delay", "recommendation": null }))).await.expect(201);
    let approval = format!("/answers/{}/approval", told["id"].as_str().unwrap());
    app.as_user("approver.moen-10").await.post(&approval, json!({})).await.expect(200);
    // the answer named the cause, so the closing need not
    let closing = json!({ "outcome": "upheld" });
    app.as_user("classifier.centre").await.post(&case.path("closure"), closing).await.expect(200);
    let advised = app.register(json!({ "kind": "complaint" })).await;
    let advice = json!({ "outcome": "advice", "text": "به دفتر پیشخوان بروید." });
    app.as_user("agent.centre").await.post(&advised.path("closure"), advice).await.wrong("cause", "required");
    let advice = json!({ "outcome": "advice", "text": "به دفتر پیشخوان بروید.", "cause": "information" });
    app.as_user("agent.centre").await.post(&advised.path("closure"), advice).await.expect(200);
    let report = app
        .as_user("analyst.centre")
        .await
        .get("/statistics/quality?from=2026-06-01&to=2026-07-01")
        .await
        .expect(200);
    let causes: Vec<(&str, i64)> = report["causes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["cause"].as_str().unwrap(), row["count"].as_i64().unwrap()))
        .collect();
    assert_eq!(causes, [("delay", 1), ("information", 1)]);
    assert_eq!(report["causes_by_category"][0]["category"].as_str(), Some("water.outage"));
    assert_eq!(
        report["recommendations"],
        json!({ "open": 0, "late": 0, "done": 0, "verified": 0, "refused": 0, "dropped": 0 })
    );
    app.whole();
}

#[actix_web::test]
async fn a_recommendation_is_followed_until_another_office_finds_it_done() {
    let app = TestApp::start().await;
    crate::escalation::addressed(&app).await;
    let (case, path) = recommended(&app).await;
    let liaison = app.as_user("liaison.moen").await;
    let listed = liaison.get("/inbox?box=recommendations").await.expect(200);
    assert_eq!(listed["counts"]["recommendations"], json!(1));
    assert_eq!(listed["items"][0]["recommendation"]["cause"], "service_given");
    app.drain().await;
    assert!(app.mail().sent().iter().any(|letter| letter.rendered.body.contains("برنامه تعویض لوله‌ها")));
    app.as_user("liaison.mohme")
        .await
        .post(&format!("{path}/acceptance"), json!({}))
        .await
        .refused(403, "not_your_office");
    liaison.post(&format!("{path}/acceptance"), json!({})).await.expect(200);
    liaison.post(&format!("{path}/acceptance"), json!({})).await.refused(409, "recommendation_state");
    liaison.post(&format!("{path}/done"), json!({ "changed": " " })).await.wrong("changed", "required");
    // nobody judges before it is done, nor their own work
    let inspector = app.as_user("inspector.centre").await;
    inspector
        .post(&format!("{path}/verification"), json!({ "confirmed": true }))
        .await
        .refused(409, "recommendation_state");
    liaison.post(&format!("{path}/done"), json!({ "changed": "برنامه تازه ابلاغ شد." })).await.expect(200);
    app.as_user("approver.moen")
        .await
        .post(&format!("{path}/verification"), json!({ "confirmed": true }))
        .await
        .refused(403, "other_office");
    inspector.post(&format!("{path}/verification"), json!({})).await.wrong("confirmed", "required");
    inspector
        .post(&format!("{path}/verification"), json!({ "confirmed": false }))
        .await
        .wrong("note", "required");
    let not = json!({ "confirmed": false, "note": "هنوز ابلاغ نشده است." });
    let told = inspector.post(&format!("{path}/verification"), not).await.expect(200);
    assert_eq!(told["state"], "accepted");
    liaison.post(&format!("{path}/done"), json!({ "changed": "اکنون ابلاغ شد." })).await.expect(200);
    let told = app
        .as_user("approver.moen-10")
        .await
        .post(&format!("{path}/verification"), json!({ "confirmed": true }))
        .await
        .expect(200);
    assert_eq!((&told["state"], &told["verified_office"]), (&json!("verified"), &json!("MOEN-10")));
    let moved = app.events(&case).await.into_iter().filter(|event| event == "recommendation_moved").count();
    assert_eq!(moved, 5);
    app.whole();
}

#[actix_web::test]
async fn a_refused_recommendation_goes_to_the_office_above_and_a_late_one_too() {
    let app = TestApp::start().await;
    let (_, path) = recommended(&app).await;
    let liaison = app.as_user("liaison.moen").await;
    liaison.post(&format!("{path}/refusal"), json!({ "reason": "" })).await.wrong("reason", "required");
    liaison.post(&format!("{path}/refusal"), json!({ "reason": "اعتباری نیست." })).await.expect(200);
    let told = app
        .as_user("inspector.centre")
        .await
        .post(&format!("{path}/verification"), json!({ "confirmed": false, "note": "از محل صرفه‌جویی." }))
        .await
        .expect(200);
    assert_eq!(told["state"], "accepted");
    app.pass_days(90);
    app.drain().await;
    let late = app.as_user("liaison.moen").await.get("/recommendations?overdue=true").await.expect(200);
    assert_eq!((&late["items"][0]["late_mark"], &late["items"][0]["overdue"]), (&json!(150), &json!(true)));
    let report = app
        .as_user("inspector.centre")
        .await
        .get("/statistics/quality?from=2026-06-01&to=2027-01-01")
        .await
        .expect(200);
    assert_eq!(
        (&report["recommendations"]["open"], &report["recommendations"]["late"]),
        (&json!(1), &json!(1))
    );
    app.whole();
}

async fn sample(app: &TestApp, changes: Value) -> crate::support::Reply {
    let mut body = json!({ "from": "2026-06-01", "to": "2026-07-01", "size": 10, "seed": "سال-۱۴۰۵" });
    body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    app.as_user("inspector.centre").await.post("/quality/samples", body).await
}

/// A request of Reza that was closed by MOEN-10.
async fn closed_of_reza(app: &TestApp) -> Case {
    let case = app
        .classified_with(
            json!({ "citizen": { "national_id": REZA, "name": "رضا", "mobile": "09990000012" } }),
        )
        .await;
    app.refer("classifier.centre", &case, &[("MOEN-10", "lead")]).await;
    app.answer(&case, "MOEN-10").await;
    let closing = json!({ "outcome": "granted" });
    app.as_user("classifier.centre").await.post(&case.path("closure"), closing).await.expect(200);
    case
}

fn said(claim: &str) -> Value {
    let yes = |item: &str| json!({ "item": item, "yes": true });
    let score = |item: &str, score: i64| json!({ "item": item, "score": score });
    json!({
        "reached": true, "claim": claim, "comment": "هنوز آب نداریم.",
        "answers": [yes("contacted"), score("understood", 2), score("to_the_point", 1), score("done", 0), score("in_time", 2), yes("respect")],
    })
}

async fn open_calls(app: &TestApp, who: &str) -> Vec<String> {
    let told = app.as_user(who).await.get("/quality/callbacks?state=open").await.expect(200);
    told["items"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn the_same_seed_draws_the_same_sample_and_who_wants_no_calls_is_not_in_it() {
    let app = TestApp::start().await;
    for (change, field, code) in [
        (json!({ "size": 0 }), "size", "out_of_range"),
        (json!({ "share": 0.5 }), "size", "size_or_share"),
        (json!({ "size": null, "share": 1.5 }), "share", "out_of_range"),
        (json!({ "to": "2026-05-01" }), "to", "before_from"),
        (json!({ "from": null }), "from", "required"),
        (json!({ "from": "yesterday" }), "from", "invalid"),
        (json!({ "kind": "none" }), "kind", "unknown"),
        (json!({ "seed": "" }), "seed", "invalid"),
        (json!({}), "from", "no_cases"),
    ] {
        sample(&app, change).await.wrong(field, code);
    }
    let (first, second) = (app.closed().await, closed_of_reza(&app).await);
    let dry = sample(&app, json!({ "dry_run": true, "stratified": true })).await.expect(201);
    assert_eq!((&dry["id"], &dry["population"]), (&Value::Null, &json!(2)));
    let again = sample(&app, json!({ "dry_run": true, "stratified": true })).await.expect(201);
    assert_eq!((&dry["cases"], &dry["digest"]), (&again["cases"], &again["digest"]));
    assert_eq!(open_calls(&app, "agent.centre").await.len(), 0, "a dry run makes no calls");
    let half = sample(&app, json!({ "size": null, "share": 0.5 })).await.expect(201);
    assert_eq!((&half["size"], &half["cases"][0]), (&json!(1), &dry["cases"][0]));
    let citizen = app.case(&second).await["citizen"]["id"].as_str().unwrap().to_owned();
    let calls = format!("/citizens/{citizen}/calls");
    app.as_user("agent.centre").await.put(&calls, json!({ "allowed": false })).await.expect(200);
    let without = sample(&app, json!({ "dry_run": true })).await.expect(201);
    assert_eq!((&without["population"], &without["cases"][0]["case_id"]), (&json!(1), &json!(first.id)));
    app.as_user("agent.centre").await.put(&calls, json!({ "allowed": true })).await.expect(200);
    assert_eq!(sample(&app, json!({ "dry_run": true })).await.expect(201)["population"], json!(2));
    let body = json!({ "from": "2026-06-01", "to": "2026-07-01", "size": 1 });
    app.as_user("handler.moen-10").await.post("/quality/samples", body).await.refused(403, "forbidden");
    app.whole();
}

#[actix_web::test]
async fn a_false_closure_is_confirmed_by_another_and_reopens_the_case() {
    let app = TestApp::start().await;
    let case = app.closed().await;
    sample(&app, json!({})).await.expect(201);
    assert_eq!(open_calls(&app, "agent.gov-10").await.len(), 0, "nobody calls about a case they do not see");
    let id = open_calls(&app, "agent.centre").await.remove(0);
    let path = |verb: &str| format!("/quality/callbacks/{id}/{verb}");
    let agent = app.as_user("agent.centre").await;
    agent.post(&path("result"), json!({})).await.wrong("reached", "required");
    let half = json!({ "reached": true, "answers": [{ "item": "done", "score": 7 }] });
    let wrong = agent.post(&path("result"), half).await;
    assert_eq!(wrong.status, 422);
    let named = wrong.told();
    assert!(
        named.contains("claim") && named.contains("answers[0].score") && named.contains("missing_items"),
        "{named}"
    );
    agent.post(&path("result"), json!({ "reached": false })).await.expect(200);
    let told = agent.post(&path("result"), said("not_resolved")).await.expect(200);
    // 10 + 15 + 20/2 + 0 + 15 + 10 of 100
    assert_eq!(
        (&told["score"], &told["attempts"], &told["finding"]),
        (&json!(60), &json!(2), &json!("suspected"))
    );
    agent.post(&path("result"), said("resolved")).await.refused(409, "callback_state");
    agent.post(&path("confirmation"), json!({ "note": "بازدید شد." })).await.refused(403, "forbidden");
    let classifier = app.as_user("classifier.centre").await;
    classifier.post(&path("confirmation"), json!({ "note": "" })).await.wrong("note", "required");
    let note = json!({ "note": "بازدید نشان داد آب هنوز قطع است." });
    let told = classifier.post(&path("confirmation"), note.clone()).await.expect(200);
    assert_eq!((&told["finding"], &told["case"]["status"]), (&json!("confirmed"), &json!("referred")));
    classifier.post(&path("confirmation"), note).await.refused(409, "callback_state");
    let events = app.events(&case).await;
    let at =
        events.iter().position(|event| event == "false_closure_found").expect("the cause of the reopening");
    assert_eq!(events[at + 1], "case_reopened");
    let report = app
        .as_user("inspector.centre")
        .await
        .get("/statistics/quality?from=2026-06-01&to=2026-07-01")
        .await
        .expect(200);
    assert_eq!(
        (&report["sample_size"], &report["reached"]["count"], &report["score"]["mean"]),
        (&json!(1), &json!(1), &json!(60.0))
    );
    let office = &report["offices"][0];
    assert_eq!(
        (&office["office"], &office["false_closures"]["count"], &office["false_closures"]["of"]),
        (&json!("MOEN-10"), &json!(1), &json!(1))
    );
    // Wilson's interval for one of one
    assert_eq!(
        (&office["false_closures"]["low"], &office["false_closures"]["high"]),
        (&json!(0.2065), &json!(1.0))
    );
    app.as_user("inspector.centre")
        .await
        .get("/statistics/quality?from=2026-07-01&to=2026-06-01")
        .await
        .wrong("to", "before_from");
    app.as_user("inspector.centre").await.get("/statistics/quality").await.wrong("from", "required");
    app.as_user("agent.centre")
        .await
        .get("/statistics/quality?from=2026-06-01&to=2026-07-01")
        .await
        .refused(403, "forbidden");
    app.whole();
}

#[actix_web::test]
async fn a_citizen_who_is_not_reached_is_tried_three_times_and_not_asked_twice_about_one_closing() {
    let app = TestApp::start().await;
    app.closed().await;
    sample(&app, json!({})).await.expect(201);
    let id = open_calls(&app, "agent.centre").await.remove(0);
    let path = format!("/quality/callbacks/{id}/result");
    let agent = app.as_user("agent.centre").await;
    for state in ["open", "open", "not_reached"] {
        assert_eq!(agent.post(&path, json!({ "reached": false })).await.expect(200)["state"], state);
    }
    sample(&app, json!({ "seed": "دیگر" })).await.expect(201);
    assert_eq!(open_calls(&app, "agent.centre").await.len(), 0);
    let report = app
        .as_user("inspector.centre")
        .await
        .get("/statistics/quality?from=2026-06-01&to=2026-07-01")
        .await
        .expect(200);
    assert_eq!(
        (&report["samples"], &report["sample_size"], &report["not_reached"]),
        (&json!(2), &json!(1), &json!(1))
    );
    assert_eq!(
        app.as_user("inspector.centre").await.get("/quality/samples").await.expect(200)["items"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    app.whole();
}

#[actix_web::test]
async fn a_sealed_case_is_called_about_only_by_those_who_may_read_it() {
    let app = TestApp::start().await;
    let case = app.register(json!({ "kind": "complaint", "sealed": true })).await;
    let advice = json!({ "outcome": "advice", "text": "پرونده نزد بازرسی است.", "cause": "conduct" });
    app.as_user("classifier.centre").await.post(&case.path("closure"), advice).await.expect(200);
    // the classifier closed it at the centre, so somebody of another office would have to call
    let told = sample(&app, json!({})).await.expect(201);
    assert_eq!(told["population"], json!(1));
    assert_eq!(open_calls(&app, "agent.centre").await.len(), 0);
    let drawn = app.as_user("analyst.centre").await.get("/quality/samples").await.expect(200);
    assert_eq!(drawn["items"][0]["cases"], json!([]));
    app.whole();
}

/// A complaint about an office that the ministry of health answered with a recommendation; gives case and path.
async fn recommended_about(app: &TestApp, about: &str, to: &str) -> (Case, crate::support::Reply) {
    let wish = json!({ "kind": "complaint", "category": "water.outage", "about_office": about });
    let case = app.register(wish).await;
    app.classify(&case, "complaint", "water.outage").await;
    app.refer("classifier.centre", &case, &[("MOHME", "lead")]).await;
    let referral = app.lead(&case).await;
    let handler = app.as_user("handler.mohme").await;
    handler.post(&format!("/referrals/{referral}/acceptance"), json!({})).await.expect(200);
    let advice = json!({ "recommendation": { "text": "برنامه بازنگری شود.", "to_office": to } });
    (case, handler.post(&format!("/referrals/{referral}/answers"), learnt(advice)).await)
}

async fn counted(app: &TestApp, who: &str) -> Value {
    let path = "/statistics/quality?from=2026-06-01&to=2026-07-01";
    app.as_user(who).await.get(path).await.expect(200)
}

#[actix_web::test]
async fn a_recommendation_never_reaches_those_whom_its_case_is_about() {
    let app = TestApp::start().await;
    let (_, refused) = recommended_about(&app, "MOEN-10", "MOEN-10").await;
    refused.wrong("recommendation.to_office", "conflict_of_interest");
    let (case, told) = recommended_about(&app, "MOEN-10", "MOEN").await;
    let approval = format!("/answers/{}/approval", told.expect(201)["id"].as_str().unwrap());
    app.as_user("approver.mohme").await.post(&approval, json!({})).await.expect(200);
    let list = app.as_user("inspector.centre").await.get("/recommendations").await.expect(200);
    let path = format!("/recommendations/{}", list["items"][0]["id"].as_str().unwrap());
    assert_eq!(list["items"][0]["office"]["code"], "MOEN");
    // it turns out that the case is about the ministry that is to carry it out
    let about = json!({ "office": "MOEN", "reason": "گفته شهروند" });
    app.as_user("classifier.centre").await.put(&case.path("complained-of"), about).await.expect(200);
    for username in ["liaison.moen", "approver.moen", "liaison.moen-10"] {
        let person = app.as_user(username).await;
        for (verb, body) in [
            ("acceptance", json!({})),
            ("refusal", json!({ "reason": "نه" })),
            ("done", json!({ "changed": "شد" })),
            ("verification", json!({ "confirmed": true })),
        ] {
            person.post(&format!("{path}/{verb}"), body).await.refused(404, "not_found");
        }
        assert_eq!(person.get("/recommendations").await.expect(200)["items"], json!([]), "{username}");
        let work = person.get("/inbox?box=recommendations").await.expect(200);
        assert_eq!((&work["counts"]["recommendations"], &work["items"]), (&json!(0), &json!([])));
    }
    assert_eq!(counted(&app, "approver.moen").await["causes"], json!([]));
    app.drain().await;
    let list = app.as_user("inspector.centre").await.get("/recommendations").await.expect(200);
    let moved = &list["items"][0];
    assert_eq!((&moved["office"]["code"], &moved["state"]), (&json!("CENTRE"), &json!("sent")));
    app.drain().await;
    let made = app.events(&case).await.into_iter().filter(|event| event == "recommendation_made").count();
    assert_eq!(made, 2, "it moved once");
    app.whole();
}

#[actix_web::test]
async fn a_call_about_oneself_is_neither_drawn_listed_made_nor_counted() {
    let app = TestApp::start().await;
    let (plain, case) = (app.closed().await, closed_of_reza(&app).await);
    sample(&app, json!({})).await.expect(201);
    let all = open_calls(&app, "agent.centre").await;
    assert_eq!(all.len(), 2);
    let name = |user: &'static str| {
        let (app, path) = (&app, case.path("complained-of"));
        async move {
            let about = json!({ "user": user, "reason": "گفته شهروند" });
            app.as_user("classifier.centre").await.put(&path, about).await.expect(200);
        }
    };
    name("agent.centre").await;
    let left = open_calls(&app, "agent.centre").await;
    assert_eq!(left.len(), 1);
    let theirs = all.iter().find(|id| !left.contains(*id)).unwrap();
    let agent = app.as_user("agent.centre").await;
    agent.get(&format!("/quality/callbacks/{theirs}")).await.refused(404, "not_found");
    let path = format!("/quality/callbacks/{theirs}/result");
    agent.post(&path, said("not_resolved")).await.refused(404, "not_found");
    assert_eq!(counted(&app, "analyst.centre").await["sample_size"], 2);
    name("analyst.centre").await;
    assert_eq!(counted(&app, "analyst.centre").await["sample_size"], 1);
    assert_eq!(counted(&app, "analyst.centre").await["samples"], 0);
    let drawn = app.as_user("analyst.centre").await.get("/quality/samples").await.expect(200);
    assert_eq!(drawn["items"], json!([]));
    name("inspector.centre").await;
    let again = sample(&app, json!({ "dry_run": true })).await.expect(201);
    assert_eq!((&again["population"], &again["cases"][0]["case_id"]), (&json!(1), &json!(plain.id)));
    app.whole();
}

#[actix_web::test]
async fn whom_to_ring_up_is_read_call_by_call_and_the_citizen_sees_each_reading() {
    let app = TestApp::start().await;
    let case = app.closed().await;
    sample(&app, json!({})).await.expect(201);
    let agent = app.as_user("agent.centre").await;
    let listed = agent.get("/quality/callbacks").await.expect(200);
    let mobile = |call: &Value| call["case"]["citizen"]["mobile"].as_str().unwrap_or_default().to_owned();
    assert_eq!(mobile(&listed["items"][0]), "", "{listed}");
    let reads = || async {
        let pair = json!({ "tracking_code": case.tracking_code, "access_code": case.access_code });
        let found = app.nobody().post("/public/lookups", pair).await.expect(200);
        let citizen = app.bearer(found["token"].as_str().unwrap());
        let path = format!("/public/cases/{}/identity-reads", case.tracking_code);
        let all = citizen.get(&path).await.expect(200)["items"].as_array().unwrap().clone();
        all.into_iter().filter(|read| read["why"] == "callback").count()
    };
    assert_eq!(reads().await, 0);
    let path = format!("/quality/callbacks/{}", listed["items"][0]["id"].as_str().unwrap());
    let told = agent.get(&path).await.expect(200);
    assert_eq!(mobile(&told), "+989990000011", "{told}");
    agent.get(&path).await.expect(200);
    assert_eq!(reads().await, 2);
    // the office that closed it asks nobody, and others who see the case make no calls
    app.as_user("handler.moen-10").await.get(&path).await.refused(403, "forbidden");
    agent.get("/quality/callbacks/1").await.refused(404, "not_found");
    app.whole();
}
