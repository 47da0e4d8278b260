//! Consent to a second extension, the hard outer limit, warnings to superiors, and a month in which no lateness
//! goes unnoticed.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use samad::db::schema::deadline_points;
use serde_json::{Value, json};

use crate::escalation::addressed;
use crate::support::{Case, Reply, TestApp, time};

async fn extend(app: &TestApp, case: &Case, days: i64) -> Reply {
    let path = format!("/referrals/{}/extension", app.lead(case).await);
    let body = json!({ "days": days, "reason": "بازدید میدانی" });
    app.as_user("approver.moen-10").await.post(&path, body).await
}

async fn look_up(app: &TestApp, case: &Case) -> Value {
    let body = json!({ "tracking_code": case.tracking_code, "access_code": case.access_code });
    app.nobody().post("/public/lookups", body).await.expect(200)
}

fn action<'a>(told: &'a Value, verb: &str) -> &'a Value {
    told["actions"].as_array().unwrap().iter().find(|action| action["verb"] == verb).expect("an action")
}

async fn answer_consent(app: &TestApp, case: &Case, body: Value) -> Reply {
    let token = look_up(app, case).await["token"].as_str().unwrap().to_owned();
    let path = format!("/public/cases/{}/extension-consent", case.tracking_code);
    app.bearer(&token).post(&path, body).await
}

async fn sent(app: &TestApp, case: &Case, template: &str) -> usize {
    app.list(case, "messages").await.iter().filter(|message| message["template"] == template).count()
}

async fn of_kind(app: &TestApp, case: &Case, event: &str) -> Vec<Value> {
    app.list(case, "timeline").await.into_iter().filter(|line| line["event"] == event).collect()
}

#[actix_web::test]
async fn the_citizen_is_asked_agrees_by_the_look_up_and_only_then_the_deadline_moves() {
    let app = TestApp::start().await;
    let case = app.accepted("MOEN-10").await;
    extend(&app, &case, 3).await.expect(200);
    assert_eq!(action(&look_up(&app, &case).await, "consent")["code"], "consent_not_asked");
    answer_consent(&app, &case, json!({ "accepted": true })).await.refused(409, "consent_not_asked");
    let before = app.case(&case).await["due_at"].clone();
    extend(&app, &case, 11).await.wrong("days", "longer_than_original");
    let told = extend(&app, &case, 2).await.expect(200);
    assert_eq!(
        (&told["extensions"], &told["due_at"]),
        (&json!(1), &before),
        "the clock runs until the answer"
    );
    extend(&app, &case, 2).await.refused(409, "consent_pending");
    assert_eq!(sent(&app, &case, "consent_asked").await, 1);
    let offered = look_up(&app, &case).await;
    assert_eq!(action(&offered, "consent")["allowed"], true);
    assert!(action(&offered, "consent")["until"].is_string());
    answer_consent(&app, &case, json!({})).await.wrong("accepted", "required");
    answer_consent(&app, &case, json!({ "accepted": true })).await.expect(200);
    answer_consent(&app, &case, json!({ "accepted": true })).await.refused(409, "consent_not_asked");
    assert!(app.case(&case).await["due_at"].as_str() > before.as_str());
    let answered = of_kind(&app, &case, "consent_answered").await;
    assert_eq!(
        (&answered[0]["detail"]["accepted"], &answered[0]["detail"]["who"]),
        (&json!(true), &json!("citizen"))
    );
    assert_eq!(of_kind(&app, &case, "deadline_extended").await.len(), 2);
    assert_eq!(sent(&app, &case, "deadline_extended").await, 2);
    extend(&app, &case, 1).await.refused(409, "limit_reached");
}

#[actix_web::test]
async fn staff_take_down_a_refusal_by_telephone_and_nobody_asks_again() {
    let app = TestApp::start().await;
    let case = app.accepted("MOEN-10").await;
    extend(&app, &case, 3).await.expect(200);
    let due = app.case(&case).await["due_at"].clone();
    extend(&app, &case, 2).await.expect(200);
    let (agent, path) = (app.as_user("agent.centre").await, case.path("extension-consent"));
    agent.post(&path, json!({ "accepted": false })).await.wrong("who", "required");
    let stranger = json!({ "accepted": false, "who": "neighbour", "how": "telepathy" });
    agent.post(&path, stranger.clone()).await.wrong("who", "unknown");
    agent.post(&path, stranger).await.wrong("how", "unknown");
    let body = json!({ "accepted": false, "who": "citizen", "how": "phone" });
    app.as_user("handler.moen-10").await.post(&path, body.clone()).await.refused(403, "forbidden");
    agent.post(&path, body).await.expect(200);
    assert_eq!(app.case(&case).await["due_at"], due);
    extend(&app, &case, 2).await.refused(409, "consent_refused");
}

#[actix_web::test]
async fn silence_is_no_consent() {
    let app = TestApp::start().await;
    let case = app.accepted("MOEN-10").await;
    extend(&app, &case, 3).await.expect(200);
    extend(&app, &case, 2).await.expect(200);
    app.pass_days(9);
    let second = app.another().await;
    tokio::join!(app.drain(), second.drain());
    let answered = of_kind(&app, &case, "consent_answered").await;
    assert_eq!(answered.len(), 1);
    assert_eq!(
        (&answered[0]["detail"]["accepted"], &answered[0]["detail"]["who"]),
        (&json!(false), &json!("nobody"))
    );
    answer_consent(&app, &case, json!({ "accepted": true })).await.refused(409, "consent_not_asked");
    extend(&app, &case, 2).await.refused(409, "consent_refused");
}

/// A case that is past its outer limit, with the workers' word on it.
async fn past_outer(app: &TestApp) -> Case {
    let case = app.accepted("MOEN-10").await;
    app.pass_days(22);
    app.drain().await;
    case
}

async fn boxed(app: &TestApp, username: &str) -> Value {
    app.as_user(username).await.get("/inbox?box=interim").await.expect(200)
}

#[actix_web::test]
async fn past_the_outer_limit_an_interim_answer_is_demanded_and_an_office_gives_it_with_a_date() {
    let app = TestApp::start().await;
    let case = past_outer(&app).await;
    assert_eq!(of_kind(&app, &case, "outer_limit_passed").await.len(), 1);
    for username in ["handler.moen-10", "approver.moen-10"] {
        let inbox = boxed(&app, username).await;
        assert_eq!(
            (&inbox["counts"]["interim"], &inbox["items"][0]["case"]["id"]),
            (&json!(1), &json!(case.id))
        );
        assert!(inbox["items"][0]["interim_due_at"].is_string());
    }
    assert_eq!(boxed(&app, "handler.mohme").await["counts"]["interim"], 0);
    let (path, handler) =
        (format!("/referrals/{}/answers", app.lead(&case).await), app.as_user("handler.moen-10").await);
    let interim = |expected: Option<&str>| json!({ "text": "قطعه در راه است.", "interim": true, "expected_at": expected });
    handler.post(&path, interim(None)).await.wrong("expected_at", "required");
    handler.post(&path, interim(Some("soon"))).await.wrong("expected_at", "invalid");
    handler.post(&path, interim(Some("1405/03/01"))).await.wrong("expected_at", "in_the_past");
    handler.post(&path, interim(Some("1406/03/01"))).await.wrong("expected_at", "too_late");
    let answer = handler.post(&path, interim(Some("1405/05/10"))).await.expect(201);
    let path = format!("/answers/{}/approval", answer["id"].as_str().unwrap());
    app.as_user("approver.moen-10").await.post(&path, json!({})).await.expect(200);
    assert_eq!(boxed(&app, "handler.moen-10").await["counts"]["interim"], 0);
    let seen = look_up(&app, &case).await;
    assert_eq!(
        (&seen["case"]["answers"][0]["interim"], &seen["case"]["answers"][0]["expected_at"]),
        (&json!(true), &answer["expected_at"])
    );
    app.pass_days(3);
    app.drain().await;
    assert_eq!(of_kind(&app, &case, "interim_sent").await.len(), 0, "the office has spoken");
    // the date that it named passes too
    app.app.clock.set(time(answer["expected_at"].as_str().unwrap()).plus_seconds(60));
    app.drain().await;
    assert_eq!(of_kind(&app, &case, "outer_limit_passed").await.len(), 2);
}

#[actix_web::test]
async fn a_case_past_its_outer_limit_that_nobody_leads_is_at_the_desk_that_holds_it_until_it_is_done() {
    let app = TestApp::start().await;
    let case = app.classified().await;
    assert_eq!(boxed(&app, "classifier.centre").await["counts"]["interim"], 0);
    app.pass_days(22);
    app.drain().await;
    let inbox = boxed(&app, "classifier.centre").await;
    let item = &inbox["items"][0];
    assert_eq!((&inbox["counts"]["interim"], &item["case"]["id"]), (&json!(1), &json!(case.id)));
    assert_eq!((&item["reasons"], &item["referral"]), (&json!(["outer_limit"]), &Value::Null));
    assert!(item["interim_due_at"].is_string(), "{item}");
    let all = app.as_user("classifier.centre").await.get("/inbox").await.expect(200);
    let same = all["items"].as_array().unwrap().iter().filter(|item| item["case"]["id"] == json!(case.id));
    let reasons: Vec<&Value> = same.map(|item| &item["reasons"]).collect();
    assert_eq!(reasons, [&json!(["outer_limit"])], "once in the whole list");
    assert_eq!(boxed(&app, "classifier.gov-10").await["counts"]["interim"], 0);
    // referred: the body that leads now owes the answer
    app.refer("classifier.centre", &case, &[("MOEN-10", "lead")]).await;
    assert_eq!(boxed(&app, "classifier.centre").await["counts"]["interim"], 0);
    let inbox = boxed(&app, "handler.moen-10").await;
    assert_eq!(
        (&inbox["counts"]["interim"], &inbox["items"][0]["reasons"]),
        (&json!(1), &json!(["outer_limit"]))
    );
    // and back at the desk the desk does
    let path = format!("/referrals/{}/return", app.lead(&case).await);
    app.as_user("handler.moen-10").await.post(&path, json!({ "reason": "duplicate" })).await.expect(200);
    assert_eq!(boxed(&app, "handler.moen-10").await["counts"]["interim"], 0);
    assert_eq!(boxed(&app, "classifier.centre").await["counts"]["interim"], 1);
    // it goes when it is done
    let closed = json!({ "outcome": "advice", "text": "راهنمایی شد" });
    app.as_user("classifier.centre").await.post(&case.path("closure"), closed).await.expect(200);
    assert_eq!(boxed(&app, "classifier.centre").await["counts"]["interim"], 0);
}

#[actix_web::test]
async fn where_nobody_gives_an_interim_answer_the_service_tells_the_citizen_itself_once() {
    let app = TestApp::start().await;
    let case = past_outer(&app).await;
    app.pass_days(5);
    let second = app.another().await;
    tokio::join!(app.drain(), second.drain());
    let words = of_kind(&app, &case, "interim_sent").await;
    assert_eq!(words.len(), 1);
    assert_eq!((&words[0]["actor"], &words[0]["detail"]["reason"]), (&json!("system"), &Value::Null));
    assert!(time(words[0]["detail"]["expected_at"].as_str().unwrap()) > app.now());
    assert_eq!(sent(&app, &case, "interim_system").await, 1);
    let seen = look_up(&app, &case).await;
    let line =
        seen["timeline"].as_array().unwrap().iter().find(|line| line["event"] == "interim_sent").unwrap();
    assert!(line["text"].as_str().unwrap().contains("one level up"), "{line}");
    assert_eq!(action(&seen, "appeal")["allowed"], true, "the way up is open");
    app.pass_days(5);
    app.drain().await;
    assert_eq!(sent(&app, &case, "progress_notice").await, 1, "and a word of progress after thirty days");
    app.pass_days(31);
    app.drain().await;
    assert_eq!(sent(&app, &case, "progress_notice").await, 2);
}

#[actix_web::test]
async fn a_final_answer_ends_the_demand_and_every_word_of_progress() {
    let app = TestApp::start().await;
    let case = past_outer(&app).await;
    app.answer(&case, "MOEN-10").await;
    assert_eq!(boxed(&app, "handler.moen-10").await["counts"]["interim"], 0);
    app.pass_days(60);
    app.drain().await;
    assert_eq!(sent(&app, &case, "interim_system").await + sent(&app, &case, "progress_notice").await, 0);
    assert_eq!(app.drain().await, 0);
}

async fn warnings(app: &TestApp, username: &str) -> Vec<Value> {
    let told = app.as_user(username).await.get("/warnings?limit=200").await.expect(200);
    told["items"].as_array().unwrap().clone()
}

#[actix_web::test]
async fn the_office_to_which_an_idle_draft_goes_up_is_told_once_and_has_it_in_its_list() {
    let app = TestApp::start().await;
    addressed(&app).await;
    let case = app.accepted("MOEN-10").await;
    app.pass_days(22);
    app.drain().await;
    let drafts = warnings(&app, "approver.moen").await;
    assert!(!drafts.is_empty());
    assert_eq!(sent(&app, &case, "warning_raised").await, 0, "who had it first was told of the limit");
    app.pass_days(10);
    let second = app.another().await;
    tokio::join!(app.drain(), second.drain());
    let raised: Vec<Value> = warnings(&app, "inspector.centre")
        .await
        .into_iter()
        .filter(|one| one["addressed_to"]["code"] == "CENTRE")
        .collect();
    assert_eq!(sent(&app, &case, "warning_raised").await, raised.len(), "one notice for each that went up");
    assert!(!raised.is_empty() && raised.iter().all(|one| one["state"] == "draft"));
    let mail = app.mail().sent().into_iter().chain(second.mail().sent());
    let notice = mail.into_iter().find(|letter| letter.rendered.body.contains("پیش‌نویس اخطار به"));
    let notice = notice.expect("a letter").rendered.body.clone();
    assert!(notice.contains(&case.tracking_code) && notice.contains("صادر کنید"), "{notice}");
    // at the centre it stays, and nobody is told again
    app.pass_days(30);
    app.drain().await;
    let later = warnings(&app, "inspector.centre").await;
    let up: i64 = later.iter().map(|one| one["steps"].as_i64().unwrap()).sum();
    assert_eq!(sent(&app, &case, "warning_raised").await as i64, up);
}

#[actix_web::test]
async fn a_superior_issues_a_warning_or_sets_it_aside_and_an_idle_one_goes_up() {
    let app = TestApp::start().await;
    let case = app.accepted("MOEN-10").await;
    app.pass_days(30);
    let second = app.another().await;
    tokio::join!(app.drain(), second.drain());
    let drafts = warnings(&app, "approver.moen").await;
    let causes: Vec<&str> = drafts.iter().map(|warning| warning["cause"].as_str().unwrap()).collect();
    assert_eq!(drafts.len(), 3, "each made once: {causes:?}");
    assert!(
        causes.contains(&"point_120") && causes.contains(&"point_150") && causes.contains(&"outer_limit")
    );
    assert_eq!(drafts[0]["cases"][0]["case_id"], case.id.as_str());
    assert_eq!(warnings(&app, "inspector.centre").await.len(), 3);
    assert!(warnings(&app, "approver.mohme").await.is_empty());
    assert!(warnings(&app, "approver.moen-10").await.is_empty(), "the warned office decides nothing");
    let path = |n: usize, verb: &str| format!("/warnings/{}/{verb}", drafts[n]["id"].as_str().unwrap());
    app.as_user("approver.mohme").await.post(&path(0, "issue"), json!({})).await.refused(404, "not_found");
    app.as_user("analyst.centre").await.post(&path(0, "issue"), json!({})).await.refused(403, "forbidden");
    let superior = app.as_user("approver.moen").await;
    superior.post(&path(1, "set-aside"), json!({})).await.wrong("reason", "required");
    let set_aside =
        superior.post(&path(1, "set-aside"), json!({ "reason": "خرابی سامانه" })).await.expect(200);
    assert_eq!(
        (&set_aside["state"], &set_aside["decided_by"]),
        (&json!("set_aside"), &json!("approver.moen"))
    );
    let issued = superior.post(&path(0, "issue"), json!({ "reason": "تکرار نشود" })).await.expect(200);
    assert_eq!(issued["state"], "issued");
    superior.post(&path(0, "issue"), json!({})).await.refused(409, "already_done");
    assert_eq!(of_kind(&app, &case, "warning_decided").await.len(), 2);
    app.pass_days(10);
    app.drain().await;
    assert!(warnings(&app, "approver.moen").await.iter().all(|warning| warning["state"] != "draft"));
    let up = warnings(&app, "inspector.centre").await.into_iter().find(|w| w["state"] == "draft").unwrap();
    assert_eq!((&up["addressed_to"]["code"], &up["steps"]), (&json!("CENTRE"), &json!(1)));
    let report =
        app.as_user("inspector.centre").await.get("/statistics/lateness?from=2026-06-10").await.expect(200);
    let office = &report["offices"]["MOEN-10"];
    assert_eq!(
        (&office["warnings_issued"], &office["warnings_set_aside"], &office["warnings_draft"]),
        (&json!(1), &json!(1), &json!(1))
    );
    app.as_user("inspector.centre").await.get("/warnings?state=x").await.wrong("state", "unknown");
}

#[actix_web::test]
async fn five_late_referrals_in_a_month_make_one_warning_of_the_office_and_one_of_the_person() {
    let app = TestApp::start().await;
    for _ in 0..5 {
        app.accepted("MOEN-10").await;
    }
    // due on 27 June: the month of Tir has begun
    app.app.clock.set(time("2026-06-28T06:00:00Z"));
    let second = app.another().await;
    tokio::join!(app.drain(), second.drain());
    app.drain().await;
    let piled: Vec<Value> = warnings(&app, "approver.moen").await;
    let of =
        |cause: &str| piled.iter().filter(|warning| warning["cause"] == cause).cloned().collect::<Vec<_>>();
    let (office, person) = (of("overdue_office"), of("overdue_person"));
    assert_eq!((office.len(), person.len()), (1, 1), "{piled:?}");
    assert_eq!((&office[0]["count"], &person[0]["user"]), (&json!(5), &json!("handler.moen-10")));
    assert_eq!(office[0]["cases"].as_array().unwrap().len(), 5);
}

async fn report(app: &TestApp) -> Value {
    app.as_user("inspector.centre")
        .await
        .get("/statistics/lateness?from=2026-06-01&limit=200")
        .await
        .expect(200)
}

/// A random officer's day: answers in time, late, asks, extends, or lets it lie.
async fn work(app: &TestApp, random: &mut StdRng, cases: &[Case]) {
    for case in cases {
        match random.random_range(0..200) {
            0..3 if app.case(case).await["status"] == "referred" => {
                let lead = app.lead(case).await;
                let body = json!({ "text": "انجام شد.", "outcome": "granted" });
                let handler = app.as_user("handler.moen-10").await;
                let reply = handler.post(&format!("/referrals/{lead}/answers"), body).await;
                if reply.status == 201 {
                    let path = format!("/answers/{}/approval", reply.json["id"].as_str().unwrap());
                    app.as_user("approver.moen-10").await.post(&path, json!({})).await.expect(200);
                }
            }
            3 if app.case(case).await["status"] == "referred" => {
                extend(app, case, random.random_range(1..5)).await;
            }
            4 => {
                let question = json!({ "text": "شماره اشتراک؟" });
                app.as_user("handler.moen-10").await.post(&case.path("questions"), question).await;
            }
            5 => {
                let reply = json!({ "text": "۱۲۳۴۵", "channel": "phone" });
                app.as_user("agent.centre").await.post(&case.path("messages"), reply).await;
            }
            6 => drop(answer_consent(app, case, json!({ "accepted": random.random_bool(0.5) })).await),
            _ => {}
        }
    }
}

#[actix_web::test]
async fn in_a_simulated_month_no_late_case_goes_unnoticed_and_the_report_finds_one_that_does() {
    let app = TestApp::start().await;
    let mut random = StdRng::seed_from_u64(1405);
    let mut cases = Vec::new();
    for n in 0..220 {
        cases.push(match n % 11 {
            0 => app.register(json!({})).await,
            1 => app.classified().await,
            2..5 => app.referred_to("MOEN-10").await,
            _ => app.accepted("MOEN-10").await,
        });
        if n % 20 == 19 {
            app.pass_hours(1);
        }
    }
    let mut second = app.another().await;
    let mut closure = Value::Null;
    for step in 0..60 {
        app.pass_hours(12);
        match step {
            // a closure of tomorrow, of yesterday, and the first one taken back
            10 | 24 => {
                let day = &app.now().plus_days(if step == 10 { 3 } else { -2 }).to_string()[..10].to_owned();
                let wish = json!({ "date": day, "reason": "گرما", "source": "ستاد بحران" });
                let told = app.as_user("admin").await.post("/calendars/IR/closures", wish).await;
                if step == 10 && told.status == 201 {
                    closure = told.json["id"].clone();
                }
            }
            30 if closure.is_string() => {
                let path = format!("/calendars/IR/closures/{}/withdrawal", closure.as_str().unwrap());
                app.as_user("admin").await.post(&path, json!({ "reason": "لغو شد" })).await.expect(200);
            }
            // the other process dies and another comes
            20 | 40 => second = app.another().await,
            _ => {}
        }
        if step % 3 == 0 {
            tokio::join!(app.drain(), second.drain());
        }
        app.drain().await;
        work(&app, &mut random, &cases[..]).await;
    }
    app.drain().await;
    let told = report(&app).await;
    assert!(told["late"].as_i64().unwrap() > 50, "{}", told["late"]);
    assert_eq!(told["unnoticed"], json!([]));
    let item = told["items"].as_array().unwrap().iter().find(|item| {
        item["points"].as_array().unwrap().iter().any(|p| p["percent"] == 100 && p["lifted_at"].is_null())
            && item["ended_at"].is_null()
    });
    let item = item.expect("one that is late").clone();
    assert!(!item["warnings"].as_array().unwrap().is_empty(), "and a warning followed: {item}");
    let referral: i64 = item["referral_id"].as_str().unwrap().parse().unwrap();
    app.app
        .db
        .write(move |connection| {
            use diesel::prelude::*;
            use samad::db::types::ReferralId;
            let marks = deadline_points::table
                .filter(deadline_points::referral_id.eq(ReferralId(referral)))
                .filter(deadline_points::percent.eq(100));
            Ok(diesel::delete(marks).execute(connection)?)
        })
        .await
        .expect("the row is removed by hand");
    let told = report(&app).await;
    assert_eq!(told["unnoticed"][0]["referral_id"], item["referral_id"]);
    assert_eq!(
        (&told["unnoticed"][0]["percent"], told["unnoticed"].as_array().unwrap().len()),
        (&json!(100), 1)
    );
    let inspector = app.as_user("inspector.centre").await;
    inspector.get("/statistics/lateness?from=never").await.wrong("from", "invalid");
    inspector.get("/statistics/lateness?from=2026-07-01&to=2026-06-01").await.wrong("from", "after_to");
}
