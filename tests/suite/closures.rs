//! Closures declared late: what they move, whom they tell, and that a withdrawal gives everything back.

use serde_json::{Value, json};

use crate::support::{Case, Reply, TestApp};

const CLOSURES: &str = "/calendars/IR/closures";

async fn declare(app: &TestApp, changes: Value) -> Reply {
    let mut wish =
        json!({ "date": "2026-06-14", "reason": "گرمای شدید هوا", "source": "ستاد بحران، نامه ۱۲۳" });
    for (field, value) in changes.as_object().expect("changes") {
        match value {
            Value::Null => drop(wish.as_object_mut().expect("a wish").remove(field)),
            value => wish[field] = value.clone(),
        }
    }
    app.as_user("admin").await.post(CLOSURES, wish).await
}

async fn progress(app: &TestApp, closure: &Value) -> Vec<Value> {
    let path = format!("{CLOSURES}/{}", closure["id"].as_str().unwrap());
    let told = app.as_user("admin").await.get(&path).await.expect(200);
    told["progress"].as_array().unwrap().clone()
}

async fn templates(app: &TestApp, case: &Case) -> Vec<String> {
    let messages = app.list(case, "messages").await;
    messages.iter().filter_map(|m| m["template"].as_str().map(str::to_owned)).collect()
}

async fn dues(app: &TestApp, case: &Case) -> (Value, Value) {
    let lead = app.lead(case).await;
    (app.case(case).await["due_at"].clone(), app.referral(&lead).await["due_at"].clone())
}

#[actix_web::test]
async fn a_closure_declared_late_moves_what_runs_logs_it_and_sends_the_new_promise_once() {
    let app = TestApp::start().await;
    let case = app.accepted("MOEN-10").await;
    let before = dues(&app, &case).await;
    app.pass_hours(2);
    app.drain().await;
    let wish = json!({ "date": "2026-06-14", "reason": "گرما", "source": "ستاد بحران" });
    let told = app.as_user("admin").await.post("/calendars/IR/closures/trial", wish).await.expect(200);
    assert_eq!(
        (&told["cases"], &told["moved"], &told["promises"], &told["told"]),
        (&json!(1), &json!(1), &json!(1), &json!(1))
    );
    assert_eq!(dues(&app, &case).await, before, "a trial moves nothing");
    let closure = declare(&app, json!({})).await.expect(201);
    assert_eq!(closure["from_jalali"], "1405/03/24");
    assert_eq!(closure["progress"][0]["finished_at"], Value::Null);
    app.drain().await;
    let after = dues(&app, &case).await;
    assert!(
        after.0.as_str() > before.0.as_str() && after.1.as_str() > before.1.as_str(),
        "{before:?} {after:?}"
    );
    assert_eq!(after.0, after.1);
    let event = app.list(&case, "timeline").await.pop().unwrap();
    assert_eq!((&event["event"], &event["actor"]), (&json!("deadlines_moved"), &json!("system")));
    assert_eq!(event["detail"]["moves"][0]["due_before"], before.1);
    assert_eq!(event["detail"]["moves"][0]["due_at"], after.1);
    let sent = templates(&app, &case).await;
    assert_eq!(sent.iter().filter(|template| *template == "promise_moved").count(), 1);
    let run = &progress(&app, &closure).await[0];
    assert_eq!(
        (&run["cases"], &run["done"], &run["moved"], &run["told"]),
        (&json!(1), &json!(1), &json!(1), &json!(1))
    );
    assert!(run["finished_at"].is_string());
    assert_eq!(app.drain().await, 0, "nothing is done twice");
    app.whole();
}

#[actix_web::test]
async fn a_withdrawal_gives_the_old_dates_back_and_says_so() {
    let app = TestApp::start().await;
    let case = app.accepted("MOEN-10").await;
    let before = dues(&app, &case).await;
    app.pass_hours(2);
    let closure =
        declare(&app, json!({ "date": null, "from": "1405/03/24", "to": "1405/03/26" })).await.expect(201);
    app.drain().await;
    assert_ne!(dues(&app, &case).await, before);
    app.pass_hours(30);
    let path = format!("{CLOSURES}/{}/withdrawal", closure["id"].as_str().unwrap());
    let admin = app.as_user("admin").await;
    admin.post(&path, json!({})).await.wrong("reason", "required");
    admin.post(&path, json!({ "reason": "هوا خنک شد" })).await.expect(200);
    admin.post(&path, json!({ "reason": "هوا خنک شد" })).await.refused(409, "already_done");
    app.drain().await;
    assert_eq!(dues(&app, &case).await, before, "withdrawn, it is as before");
    assert!(templates(&app, &case).await.contains(&"promise_moved_back".to_owned()));
    assert_eq!(progress(&app, &closure).await.len(), 2);
    app.whole();
}

#[actix_web::test]
async fn a_closure_of_one_province_touches_only_what_falls_there() {
    let app = TestApp::start().await;
    let (theirs, others) = (app.accepted("MOEN-10").await, app.accepted("MOHME").await);
    let before = (dues(&app, &theirs).await, dues(&app, &others).await);
    app.pass_hours(1);
    let closure = declare(&app, json!({ "province": "10" })).await.expect(201);
    app.drain().await;
    assert_ne!(dues(&app, &theirs).await, before.0);
    assert_eq!(dues(&app, &others).await, before.1);
    assert_eq!(progress(&app, &closure).await[0]["done"], 1);
    assert!(!app.events(&others).await.contains(&"deadlines_moved".to_owned()));
    app.whole();
}

#[actix_web::test]
async fn hours_that_leave_the_date_where_it_is_send_no_message() {
    let app = TestApp::start().await;
    let urgent = json!({ "kind": "report", "category": "power.outage", "priority": "urgent" });
    let case = app.register(urgent).await;
    let due = app.case(&case).await["due_at"].as_str().unwrap().to_owned();
    app.pass_hours(1);
    // half an hour before the due time of this very day
    declare(&app, json!({ "date": "2026-06-10", "slots": ["12:00-12:30"] })).await.expect(201);
    app.drain().await;
    let moved = app.case(&case).await["due_at"].as_str().unwrap().to_owned();
    assert!(moved > due && moved[..10] == due[..10], "{due} {moved}");
    assert!(app.events(&case).await.contains(&"deadlines_moved".to_owned()));
    assert!(!templates(&app, &case).await.contains(&"promise_moved".to_owned()));
    app.whole();
}

#[actix_web::test]
async fn a_mark_of_lateness_that_a_closure_lifts_is_lifted_with_a_record_and_comes_again_when_it_is_true() {
    let app = TestApp::start().await;
    let case = app.accepted("MOEN-10").await;
    let lead = app.lead(&case).await;
    let due = crate::support::time(app.case(&case).await["due_at"].as_str().unwrap());
    app.app.clock.set(due.plus_seconds(3600));
    app.drain().await;
    assert_eq!(app.referral(&lead).await["reached_percent"], 100);
    // the two days before were closed, it turns out
    let day = &due.to_string()[..10].to_owned();
    declare(&app, json!({ "date": day })).await.expect(201);
    app.drain().await;
    let referral = app.referral(&lead).await;
    assert_eq!((&referral["overdue"], &referral["reached_percent"]), (&json!(false), &json!(80)));
    let event = app.list(&case, "timeline").await.pop().unwrap();
    assert_eq!(event["detail"]["lifted"][0], lead.as_str());
    let fired = async || -> Vec<i64> {
        let timeline = app.list(&case, "timeline").await;
        let points = timeline.iter().filter(|event| event["event"] == "deadline_passed");
        points.map(|event| event["detail"]["percent"].as_i64().unwrap()).collect()
    };
    assert_eq!(fired().await, [50, 80, 100]);
    app.pass_days(8);
    app.drain().await;
    assert_eq!(fired().await[..4], [50, 80, 100, 100], "late in truth, it is dunned in truth");
    app.whole();
}

#[actix_web::test]
async fn a_verb_that_comes_before_the_worker_finds_the_closure_already_laid_on() {
    let app = TestApp::start().await;
    let case = app.accepted("MOEN-10").await;
    let (other, before) = (app.accepted("MOEN-10").await, dues(&app, &case).await);
    app.pass_hours(1);
    declare(&app, json!({})).await.expect(201);
    let question = json!({ "text": "شماره اشتراک؟" });
    app.as_user("handler.moen-10").await.post(&case.path("questions"), question).await.expect(201);
    app.pass_hours(1);
    let reply = json!({ "text": "۱۲۳۴۵", "channel": "phone" });
    app.as_user("agent.centre").await.post(&case.path("messages"), reply).await.expect(201);
    app.drain().await;
    let moved = app.events(&case).await;
    assert_eq!(moved.iter().filter(|event| *event == "deadlines_moved").count(), 1);
    // one working hour stood still, one day was closed
    assert!(dues(&app, &case).await.1.as_str() > dues(&app, &other).await.1.as_str());
    assert!(dues(&app, &other).await.1.as_str() > before.1.as_str());
    app.whole();
}

#[actix_web::test]
async fn two_workers_and_a_restart_recompute_each_case_once() {
    let app = TestApp::start().await;
    let mut cases = Vec::new();
    for _ in 0..12 {
        cases.push(app.referred_to("MOEN-10").await);
    }
    app.pass_hours(1);
    let closure = declare(&app, json!({})).await.expect(201);
    let second = app.another().await;
    tokio::join!(app.drain(), second.drain());
    app.drain().await;
    for case in &cases {
        let moved = app.events(case).await.iter().filter(|event| *event == "deadlines_moved").count();
        assert_eq!(moved, 1);
        let sent = templates(&app, case).await;
        assert_eq!(sent.iter().filter(|template| *template == "promise_moved").count(), 1);
    }
    let run = &progress(&app, &closure).await[0];
    assert_eq!((&run["done"], &run["moved"]), (&json!(12), &json!(12)));
    assert!(run["finished_at"].is_string());
    app.whole();
}

#[actix_web::test]
async fn a_window_that_ends_on_a_closed_day_runs_to_the_next_working_day() {
    let app = TestApp::start().await;
    let case = app.answered().await;
    let until = app.case(&case).await["window_until"].as_str().unwrap().to_owned();
    // ten days later in Tehran, as the citizen reads it
    app.pass_hours(1);
    let zone = jiff::tz::TimeZone::get("Asia/Tehran").unwrap();
    let day = crate::support::time(&until).timestamp().to_zoned(zone).date();
    let told = declare(&app, json!({ "date": day.to_string() })).await;
    if told.status == 422 {
        // the day is a weekend already: the rule of calendar days holds
        return told.wrong("date", "already_closed");
    }
    told.expect(201);
    app.drain().await;
    assert!(app.case(&case).await["window_until"].as_str().unwrap() > until.as_str());
    assert!(templates(&app, &case).await.contains(&"window_moved".to_owned()));
    app.whole();
}

#[actix_web::test]
async fn a_wrong_closure_is_refused_field_by_field() {
    let app = TestApp::start().await;
    declare(&app, json!({ "date": null })).await.wrong("date", "required");
    declare(&app, json!({ "date": "1405/13/01" })).await.wrong("date", "invalid");
    declare(&app, json!({ "date": "1405/03/24", "from": "1405/03/24" })).await.wrong("date", "ambiguous");
    declare(&app, json!({ "date": null, "from": "1405/03/24" })).await.wrong("to", "required");
    declare(&app, json!({ "date": null, "from": "1405/03/24", "to": "1405/03/23" }))
        .await
        .wrong("to", "before_from");
    declare(&app, json!({ "date": null, "from": "1405/03/24", "to": "1405/09/17" }))
        .await
        .wrong("to", "too_long");
    declare(&app, json!({ "date": "1404/03/18" })).await.wrong("date", "too_old");
    declare(&app, json!({ "date": "1407/03/18" })).await.wrong("date", "too_far");
    declare(&app, json!({ "province": "99" })).await.wrong("province", "unknown");
    declare(&app, json!({ "slots": ["25:00-26:00"] })).await.wrong("slots[0]", "invalid");
    declare(&app, json!({ "slots": [] })).await.wrong("slots", "empty");
    declare(&app, json!({ "slots": ["15:00-16:00"] })).await.wrong("date", "already_closed");
    declare(&app, json!({ "reason": "" })).await.wrong("reason", "required");
    declare(&app, json!({ "source": null })).await.wrong("source", "required");
    // a Friday
    declare(&app, json!({ "date": "2026-06-12" })).await.wrong("date", "already_closed");
    let wish = json!({ "date": "2026-06-14", "reason": "گرما", "source": "ستاد" });
    let handler = app.as_user("handler.moen-10").await;
    handler.post(CLOSURES, wish.clone()).await.refused(403, "forbidden");
    app.as_user("admin").await.post("/calendars/XX/closures", wish).await.refused(404, "not_found");
    declare(&app, json!({})).await.expect(201);
    declare(&app, json!({})).await.wrong("date", "already_closed");
    app.whole();
}

/// The citizen is asked for consent to a second extension; gives until when.
async fn asked_for_consent(app: &TestApp, case: &Case) -> String {
    let path = format!("/referrals/{}/extension", app.lead(case).await);
    let approver = app.as_user("approver.moen-10").await;
    for days in [3, 2] {
        approver.post(&path, json!({ "days": days, "reason": "بازدید میدانی" })).await.expect(200);
    }
    consent(app, case).await["until"].as_str().expect("a time").to_owned()
}

async fn consent(app: &TestApp, case: &Case) -> Value {
    let wish = json!({ "tracking_code": case.tracking_code, "access_code": case.access_code });
    let told = app.nobody().post("/public/lookups", wish).await.expect(200);
    let actions = told["actions"].as_array().unwrap();
    actions.iter().find(|action| action["verb"] == "consent").expect("an action").clone()
}

#[actix_web::test]
async fn the_time_to_consent_grows_with_a_closure_and_the_citizen_is_told_the_new_date() {
    let app = TestApp::start().await;
    let case = app.accepted("MOEN-10").await;
    let until = asked_for_consent(&app, &case).await;
    app.pass_hours(1);
    let closure = declare(&app, json!({})).await.expect(201);
    app.drain().await;
    let moved = consent(&app, &case).await["until"].as_str().unwrap().to_owned();
    assert!(moved > until, "{until} {moved}");
    let event = app.list(&case, "timeline").await.pop().unwrap();
    let moves = event["detail"]["moves"].as_array().unwrap();
    let step = moves.iter().find(|step| step["clock"] == "consent").expect("a move");
    assert_eq!((&step["due_before"], &step["due_at"]), (&json!(until), &json!(moved)));
    let told = templates(&app, &case).await;
    assert!(
        told.contains(&"promise_moved".to_owned()) || told.contains(&"window_moved".to_owned()),
        "{told:?}"
    );
    // what would have been silence is still a consent
    app.app.clock.set(crate::support::time(&until).plus_seconds(3600));
    app.drain().await;
    assert!(!app.events(&case).await.contains(&"consent_answered".to_owned()));
    let body = json!({ "accepted": true, "who": "citizen", "how": "phone" });
    let agent = app.as_user("agent.centre").await;
    agent.post(&case.path("extension-consent"), body).await.expect(200);
    assert_eq!(progress(&app, &closure).await[0]["told"], 1);
    app.whole();
}

#[actix_web::test]
async fn an_interim_answer_that_is_demanded_gets_the_closed_hours_back() {
    let app = TestApp::start().await;
    let case = app.accepted("MOEN-10").await;
    app.pass_days(22);
    app.drain().await;
    let due = async || {
        let inbox = app.as_user("handler.moen-10").await.get("/inbox?box=interim").await.expect(200);
        inbox["items"][0]["interim_due_at"].as_str().expect("a time").to_owned()
    };
    let before = due().await;
    let today = app.now().to_string()[..10].to_owned();
    declare(&app, json!({ "date": null, "from": today, "to": before[..10] })).await.expect(201);
    app.drain().await;
    let after = due().await;
    assert!(after > before, "{before} {after}");
    let steps = app.list(&case, "timeline").await;
    let moved = steps.iter().filter(|line| line["event"] == "deadlines_moved");
    assert!(
        moved
            .flat_map(|line| line["detail"]["moves"].as_array().unwrap())
            .any(|step| step["clock"] == "interim")
    );
    app.whole();
}
