//! What a citizen does who is not content: objects once, rates, goes one level up; and who decides on it.

use serde_json::{Value, json};

use crate::support::{Case, Client, Reply, TestApp};

async fn look_up(app: &TestApp, case: &Case) -> Value {
    let wish = json!({ "tracking_code": case.tracking_code, "access_code": case.access_code });
    app.nobody().post("/public/lookups", wish).await.expect(200)
}

async fn citizen<'a>(app: &'a TestApp, case: &Case) -> Client<'a> {
    let told = look_up(app, case).await;
    app.bearer(told["token"].as_str().unwrap())
}

fn path(case: &Case, part: &str) -> String {
    format!("/public/cases/{}/{part}", case.tracking_code)
}

async fn say(app: &TestApp, case: &Case, part: &str, body: Value) -> Reply {
    citizen(app, case).await.post(&path(case, part), body).await
}

async fn object(app: &TestApp, case: &Case) -> Reply {
    say(app, case, "objection", json!({ "text": "آب هنوز قطع است." })).await
}

async fn appeal(app: &TestApp, case: &Case) -> Reply {
    say(app, case, "appeal", json!({ "text": "به حرف ما گوش ندادند." })).await
}

async fn rate(app: &TestApp, case: &Case, score: i64) -> Reply {
    say(app, case, "rating", json!({ "score": score })).await
}

async fn decide(app: &TestApp, username: &str, case: &Case, body: Value) -> Reply {
    app.as_user(username).await.post(&case.path("appeal-decision"), body).await
}

fn decision(result: &str, consequence: &str) -> Value {
    json!({ "result": result, "grounds": "مدارک پیوست بررسی شد.", "consequence": consequence })
}

/// What the look-up says of one verb.
async fn action(app: &TestApp, case: &Case, verb: &str) -> Value {
    let told = look_up(app, case).await;
    let actions = told["actions"].as_array().unwrap();
    actions.iter().find(|action| action["verb"] == verb).unwrap().clone()
}

async fn templates(app: &TestApp, case: &Case, template: &str) -> Vec<(Value, Value)> {
    let all = app.list(case, "messages").await;
    let of = all.iter().filter(|message| message["template"] == template);
    of.map(|message| (message["audience"].clone(), message["body"].clone())).collect()
}

/// Objected to, answered again and approved: an appeal is open.
async fn answered_again(app: &TestApp) -> Case {
    let case = app.closed().await;
    object(app, &case).await.expect(201);
    app.answer(&case, "MOEN-10").await;
    case
}

/// At the ministry, to be decided.
async fn appealed(app: &TestApp) -> Case {
    let case = answered_again(app).await;
    appeal(app, &case).await.expect(201);
    case
}

#[actix_web::test]
async fn an_objection_gets_one_additional_answer_from_the_same_body_under_a_new_deadline() {
    let app = TestApp::start().await;
    let case = app.closed().await;
    let told = object(&app, &case).await.expect(201);
    assert_eq!(
        (&told["case"]["status"], &told["case"]["holder"]["code"]),
        (&json!("referred"), &json!("MOEN-10"))
    );
    let now = app.case(&case).await;
    assert_eq!((&now["objections"], &now["reopenings"]), (&json!(1), &json!(1)));
    assert_eq!((&now["outcome"], &now["closed_at"]), (&Value::Null, &Value::Null));
    let lead = app.referral(&app.lead(&case).await).await;
    assert_eq!(lead["due_at"], now["due_at"], "the promise is that of the new referral");
    let words = app.list(&case, "objections").await;
    assert_eq!((&words[0]["text"], &words[0]["channel"]), (&json!("آب هنوز قطع است."), &json!("web")));
    app.answer(&case, "MOEN-10").await;
    assert_eq!(app.case(&case).await["status"], "answered");
    object(&app, &case).await.refused(409, "already_objected");
    assert_eq!(look_up(&app, &case).await["case"]["answers"].as_array().unwrap().len(), 2);
    app.whole();
}

#[actix_web::test]
async fn an_answered_case_is_objected_to_before_it_closes_and_the_author_does_not_approve_the_additional_answer()
 {
    let app = TestApp::start().await;
    let case = app.answered().await;
    object(&app, &case).await.expect(201);
    assert_eq!(app.case(&case).await["reopenings"], 0, "it was not closed");
    object(&app, &case).await.refused(409, "already_objected");
    let referral = app.lead(&case).await;
    let approver = app.as_user("approver.moen-10").await;
    approver
        .post(&format!("/referrals/{referral}/answers"), json!({ "text": "x", "outcome": "granted" }))
        .await
        .refused(403, "forbidden");
    let answer = app.submit(&case, "MOEN-10").await;
    app.as_user("handler.moen-10")
        .await
        .post(&format!("/answers/{answer}/approval"), json!({}))
        .await
        .refused(403, "forbidden");
    app.whole();
}

#[actix_web::test]
async fn nothing_is_objected_to_before_an_answer_or_after_the_window() {
    let app = TestApp::start().await;
    let case = app.accepted("MOEN-10").await;
    object(&app, &case).await.refused(409, "nothing_answered");
    say(&app, &case, "objection", json!({})).await.refused(422, "invalid_input");
    app.answer(&case, "MOEN-10").await;
    app.as_user("classifier.centre")
        .await
        .post(&case.path("closure"), json!({ "outcome": "granted" }))
        .await
        .expect(200);
    say(&app, &case, "objection", json!({ "text": " " })).await.wrong("text", "required");
    app.pass_days(11);
    object(&app, &case).await.refused(409, "window_passed");
    rate(&app, &case, 1).await.refused(409, "window_passed");
    appeal(&app, &case).await.refused(409, "window_passed");
    app.whole();
}

#[actix_web::test]
async fn a_withdrawn_case_is_neither_rated_nor_objected_to() {
    let app = TestApp::start().await;
    let case = app.answered().await;
    say(&app, &case, "withdrawal", json!({ "confirm": true })).await.expect(200);
    object(&app, &case).await.refused(409, "wrong_state");
    rate(&app, &case, 5).await.refused(409, "wrong_state");
    app.whole();
}

#[actix_web::test]
async fn an_appeal_needs_an_additional_answer_a_poor_rating_or_a_late_one() {
    let app = TestApp::start().await;
    let case = app.accepted("MOEN-10").await;
    appeal(&app, &case).await.refused(409, "appeal_not_open");
    app.answer(&case, "MOEN-10").await;
    appeal(&app, &case).await.refused(409, "appeal_not_open");
    rate(&app, &case, 3).await.expect(200);
    appeal(&app, &case).await.refused(409, "appeal_not_open");
    rate(&app, &case, 2).await.expect(200);
    let told = appeal(&app, &case).await.expect(201);
    assert_eq!(told["case"]["holder"]["code"], "MOEN");
    assert_eq!(app.list(&case, "appeals").await[0]["cause"], "poor_rating");
    appeal(&app, &case).await.refused(409, "appeal_pending");
    object(&app, &case).await.refused(409, "appeal_pending");
    app.whole();
}

#[actix_web::test]
async fn a_rating_is_given_once_changed_inside_the_window_and_a_poor_one_tells_of_the_appeal() {
    let app = TestApp::start().await;
    let open = app.accepted("MOEN-10").await;
    rate(&app, &open, 5).await.refused(409, "rating_not_open");
    let case = app.closed().await;
    for score in [0, 6, -1, 1000] {
        rate(&app, &case, score).await.wrong("score", "out_of_range");
    }
    say(&app, &case, "rating", json!({ "score": "five" })).await.wrong("score", "wrong_type");
    say(&app, &case, "rating", json!({})).await.wrong("score", "required");
    let good = rate(&app, &case, 4).await.expect(200);
    assert_eq!((&good["case"]["rating"], &good["message"]), (&json!(4), &Value::Null));
    let poor = rate(&app, &case, 1).await.expect(200);
    assert!(poor["message"].as_str().unwrap().contains("111"), "{poor}");
    let appeal = poor["actions"].as_array().unwrap().iter().find(|a| a["verb"] == "appeal").unwrap();
    assert_eq!((&appeal["allowed"], appeal["until"].is_string()), (&json!(true), true));
    rate(&app, &case, 1).await.expect(200);
    let rated = app.events(&case).await.iter().filter(|event| *event == "case_rated").count();
    assert_eq!(rated, 2, "the same rating again is no event");
    app.drain().await;
    let told = templates(&app, &case, "rating_poor").await;
    assert!(told.iter().any(|(audience, _)| audience == "citizen"), "{told:?}");
    app.whole();
}

#[actix_web::test]
async fn staff_take_a_rating_by_call_or_sms_and_name_no_other_channel() {
    let app = TestApp::start().await;
    let case = app.closed().await;
    let agent = app.as_user("agent.centre").await;
    agent
        .post(&case.path("rating"), json!({ "score": 2, "channel": "fax" }))
        .await
        .wrong("channel", "unknown");
    let told = agent.post(&case.path("rating"), json!({ "score": 2, "channel": "sms" })).await.expect(200);
    assert_eq!(told["case"]["rating"], 2);
    assert!(told["message"].is_string());
    agent.post(&case.path("appeal"), json!({ "text": "ناراضی است" })).await.expect(200);
    assert_eq!(app.list(&case, "appeals").await[0]["channel"], "phone");
    let handler = app.as_user("handler.moen-10").await;
    handler.post(&case.path("rating"), json!({ "score": 5 })).await.refused(403, "forbidden");
    app.whole();
}

#[actix_web::test]
async fn an_appeal_goes_to_the_level_above_and_the_centre_decides_only_where_nobody_is_left_there() {
    let app = TestApp::start().await;
    let case = appealed(&app).await;
    let now = app.case(&case).await;
    assert_eq!(
        (&now["holder"]["office"], &now["outcome"]),
        (&json!("MOEN"), &json!("granted")),
        "the answer stands"
    );
    let inbox = app.as_user("appeal.moen").await.get("/inbox?box=appeals").await.expect(200);
    assert_eq!((&inbox["counts"]["appeals"], &inbox["items"][0]["case"]["id"]), (&json!(1), &json!(case.id)));
    let of_handler = app.as_user("handler.moen").await.get("/inbox").await.expect(200);
    assert_eq!(of_handler["items"], json!([]));
    let referral = app.list(&case, "referrals").await.pop().unwrap();
    assert_eq!(referral["role"], "appeal");
    let id = referral["id"].as_str().unwrap();
    let handler = app.as_user("handler.moen").await;
    handler.post(&format!("/referrals/{id}/acceptance"), json!({})).await.refused(409, "appeal_pending");
    handler
        .post(&format!("/referrals/{id}/answers"), json!({ "text": "x", "outcome": "granted" }))
        .await
        .refused(409, "appeal_pending");
    for stranger in ["handler.moen", "approver.moen-10", "classifier.centre"] {
        decide(&app, stranger, &case, decision("dismissed", "none")).await.refused(403, "forbidden");
    }
    decide(&app, "handler.mohme", &case, decision("dismissed", "none")).await.refused(404, "not_found");
    // the level above keeps its hands clean for what may come to it, and steps in only where nobody else is left
    let centre = decide(&app, "appeal.centre", &case, decision("dismissed", "none")).await;
    centre.refused(403, "not_your_office");
    let actions = app.as_user("appeal.centre").await.get(&case.path("actions")).await.expect(200);
    let actions = actions["items"].as_array().unwrap().clone();
    let action = actions.iter().find(|action| action["verb"] == "decide_appeal").unwrap();
    assert_eq!((&action["allowed"], &action["code"]), (&json!(false), &json!("not_your_office")));
    let admin = app.as_user("admin").await;
    let users = admin.get("/users?limit=200").await.expect(200);
    let officer = users["items"].as_array().unwrap().iter().find(|user| user["username"] == "appeal.moen");
    let path = format!("/users/{}", officer.unwrap()["id"].as_str().unwrap());
    admin.patch(&path, json!({ "active": false })).await.expect(200);
    decide(&app, "appeal.centre", &case, decision("dismissed", "none")).await.expect(200);
    app.whole();
}

#[actix_web::test]
async fn an_appeal_officer_of_another_office_or_with_a_hand_in_the_case_does_not_decide() {
    let app = TestApp::start().await;
    let admin = app.as_user("admin").await;
    let person = |name: &str, roles: Value| json!({ "username": name, "name": name, "password": samad::domain::demo::PASSWORD, "roles": roles });
    let both = json!([{ "role": "handler", "office": "MOEN-10" }, { "role": "appeal", "office": "MOEN" }]);
    app.agreed_access(admin.post("/users", person("both.hands", both)).await.expect(202)).await;
    let below = json!([{ "role": "appeal", "office": "MOEN-10" }]);
    app.agreed_access(admin.post("/users", person("appeal.below", below)).await.expect(202)).await;
    let case = app.referred_to("MOEN-10").await;
    let lead = app.lead(&case).await;
    let both = app.as_user("both.hands").await;
    both.post(&format!("/referrals/{lead}/acceptance"), json!({})).await.expect(200);
    app.answer(&case, "MOEN-10").await;
    rate(&app, &case, 1).await.expect(200);
    appeal(&app, &case).await.expect(201);
    decide(&app, "both.hands", &case, decision("dismissed", "none")).await.refused(403, "same_person");
    decide(&app, "appeal.below", &case, decision("dismissed", "none")).await.refused(403, "not_your_office");
    let actions = both.get(&case.path("actions")).await.expect(200);
    let verdict =
        actions["items"].as_array().unwrap().iter().find(|a| a["verb"] == "decide_appeal").unwrap().clone();
    assert_eq!((&verdict["allowed"], &verdict["code"]), (&json!(false), &json!("same_person")));
    decide(&app, "appeal.moen", &case, decision("dismissed", "none")).await.expect(200);
    app.whole();
}

#[actix_web::test]
async fn a_decision_has_grounds_and_a_consequence_that_fits() {
    let app = TestApp::start().await;
    let case = appealed(&app).await;
    let wrong = json!({ "result": "perhaps", "grounds": "", "consequence": "?" });
    let reply = decide(&app, "appeal.moen", &case, wrong).await;
    assert_eq!(reply.json["errors"].as_array().unwrap().len(), 3, "{}", reply.told());
    for (result, consequence, field, code) in [
        ("upheld", "none", "consequence", "required"),
        ("partly", "none", "consequence", "required"),
        ("dismissed", "change_outcome", "consequence", "not_with_dismissed"),
        ("dismissed", "re_answer", "consequence", "not_with_dismissed"),
        ("upheld", "change_outcome", "outcome", "required"),
    ] {
        decide(&app, "appeal.moen", &case, decision(result, consequence)).await.wrong(field, code);
    }
    let mut other = decision("upheld", "change_outcome");
    other["outcome"] = json!("verified");
    decide(&app, "appeal.moen", &case, other.clone()).await.wrong("outcome", "unknown");
    other["outcome"] = json!("declined");
    decide(&app, "appeal.moen", &case, other).await.wrong("reason_code", "required");
    let unappealed = app.closed().await;
    decide(&app, "appeal.centre", &unappealed, decision("dismissed", "none"))
        .await
        .refused(409, "wrong_state");
    app.whole();
}

#[actix_web::test]
async fn a_dismissed_appeal_leaves_the_outcome_and_points_to_court_and_ombudsman() {
    let app = TestApp::start().await;
    let case = appealed(&app).await;
    let closed = decide(&app, "appeal.moen", &case, decision("dismissed", "none")).await.expect(200);
    assert_eq!((&closed["status"], &closed["outcome"]), (&json!("closed"), &json!("granted")));
    let remedy = closed["remedy"].as_str().unwrap();
    assert!(remedy.contains("دیوان عدالت اداری") && remedy.contains("۱۳۶"), "{remedy}");
    appeal(&app, &case).await.refused(409, "appeal_decided");
    object(&app, &case).await.refused(409, "appeal_decided");
    decide(&app, "appeal.centre", &case, decision("upheld", "re_answer")).await.refused(409, "wrong_state");
    let kept = app.list(&case, "appeals").await;
    assert_eq!((&kept[0]["result"], &kept[0]["decided_by"]), (&json!("dismissed"), &json!("appeal.moen")));
    assert_eq!(kept[0]["grounds"], "مدارک پیوست بررسی شد.");
    app.whole();
}

#[actix_web::test]
async fn an_upheld_appeal_changes_the_outcome_or_orders_a_new_answer_and_the_next_appeal_goes_higher() {
    let app = TestApp::start().await;
    let changed = appealed(&app).await;
    let mut body = decision("partly", "change_outcome");
    body["outcome"] = json!("partly");
    let closed = decide(&app, "appeal.moen", &changed, body).await.expect(200);
    assert_eq!((&closed["status"], &closed["outcome"]), (&json!("closed"), &json!("partly")));
    assert_eq!(closed["outcome_text"], "مدارک پیوست بررسی شد.");

    let case = appealed(&app).await;
    let ordered = decide(&app, "appeal.moen", &case, decision("upheld", "re_answer")).await.expect(200);
    assert_eq!((&ordered["status"], &ordered["holder"]["office"]), (&json!("referred"), &json!("MOEN-10")));
    app.answer(&case, "MOEN-10").await;
    let told = appeal(&app, &case).await.expect(201);
    assert_eq!(told["case"]["holder"]["code"], "CENTRE", "never the same office");
    decide(&app, "appeal.moen", &case, decision("dismissed", "none")).await.refused(403, "not_your_office");
    decide(&app, "appeal.centre", &case, decision("dismissed", "none")).await.expect(200);
    app.whole();
}

#[actix_web::test]
async fn a_late_case_goes_one_level_up_past_the_late_body() {
    let app = TestApp::start().await;
    let case = app.accepted("MOEN-10").await;
    let due = app.referral(&app.lead(&case).await).await["due_at"].clone();
    let before = action(&app, &case, "appeal").await;
    assert_eq!((&before["allowed"], &before["from"]), (&json!(false), &due), "it says from when");
    assert_eq!(before["code"], "appeal_not_open");
    app.pass_days(30);
    assert_eq!(action(&app, &case, "appeal").await["allowed"], true);
    appeal(&app, &case).await.expect(201);
    assert_eq!(app.list(&case, "appeals").await[0]["cause"], "late");
    let handler = app.as_user("handler.moen-10").await;
    let late = app.list(&case, "referrals").await[0]["id"].as_str().unwrap().to_owned();
    handler
        .post(&format!("/referrals/{late}/answers"), json!({ "text": "x", "outcome": "granted" }))
        .await
        .refused(409, "wrong_state");
    decide(&app, "appeal.moen", &case, decision("dismissed", "none"))
        .await
        .wrong("consequence", "no_answer_yet");
    let mut body = decision("upheld", "change_outcome");
    body["outcome"] = json!("granted");
    let closed = decide(&app, "appeal.moen", &case, body).await.expect(200);
    assert_eq!((&closed["status"], &closed["outcome"]), (&json!("closed"), &json!("granted")));
    app.whole();
}

#[actix_web::test]
async fn a_ministrys_own_answer_is_appealed_at_the_centre_and_the_centres_nowhere_inside() {
    let app = TestApp::start().await;
    let case = app.accepted("MOEN").await;
    app.answer(&case, "MOEN").await;
    rate(&app, &case, 1).await.expect(200);
    let told = appeal(&app, &case).await.expect(201);
    assert_eq!(told["case"]["holder"]["code"], "CENTRE");
    let advised = app.register(json!({})).await;
    let advice = json!({ "outcome": "advice", "text": "با ۱۲۲ تماس بگیرید." });
    app.as_user("agent.centre").await.post(&advised.path("closure"), advice).await.expect(200);
    object(&app, &advised).await.refused(409, "nothing_answered");
    let rated = rate(&app, &advised, 1).await.expect(200);
    assert_eq!(rated["message"], Value::Null);
    appeal(&app, &advised).await.refused(409, "no_level_above");
    app.whole();
}

#[actix_web::test]
async fn citizen_and_both_offices_are_told_and_an_sms_says_nothing_private() {
    let app = TestApp::start().await;
    let case = appealed(&app).await;
    decide(&app, "appeal.moen", &case, decision("upheld", "re_answer")).await.expect(200);
    app.drain().await;
    for template in ["objection_raised", "appeal_raised", "appeal_decided"] {
        let told = templates(&app, &case, template).await;
        assert!(told.iter().any(|(audience, _)| audience == "citizen"), "{template}: {told:?}");
        for (_, body) in told.iter().filter(|(audience, _)| audience == "citizen") {
            let body = body.as_str().unwrap();
            assert!(body.contains(&case.tracking_code), "{body}");
            for private in ["قطعی آب", "مریم", "مدارک پیوست", "گوش ندادند", "هنوز قطع"]
            {
                assert!(!body.contains(private), "{template}: {body}");
            }
        }
    }
    app.whole();
}

#[actix_web::test]
async fn the_timeline_tells_the_citizen_every_step_of_an_appeal() {
    let app = TestApp::start().await;
    let case = appealed(&app).await;
    decide(&app, "appeal.moen", &case, decision("partly", "re_answer")).await.expect(200);
    let told = look_up(&app, &case).await;
    let words: Vec<&str> =
        told["timeline"].as_array().unwrap().iter().map(|e| e["text"].as_str().unwrap()).collect();
    for expected in ["You objected", "You appealed", "upheld in part"] {
        assert!(words.iter().any(|text| text.contains(expected)), "{expected}: {words:?}");
    }
    app.whole();
}

#[actix_web::test]
async fn the_citizen_gets_the_grounds_the_consequence_and_the_next_step_of_a_decision_in_the_own_language() {
    let app = TestApp::start().await;
    for (result, consequence, words, follows, next) in [
        ("dismissed", "none", "The appeal was dismissed", "The former answer stands", "final here"),
        (
            "upheld",
            "re_answer",
            "The appeal was upheld",
            "must answer again",
            "The new answer reaches you by 2026-",
        ),
        (
            "partly",
            "change_outcome",
            "The appeal was upheld in part",
            "outcome of the case was changed",
            "final here",
        ),
    ] {
        let case = appealed(&app).await;
        let before = &look_up(&app, &case).await["case"];
        assert_eq!(before["objections"][0]["body"]["code"], "MOEN-10");
        let waits = &before["appeals"][0];
        assert_eq!(
            (&waits["result"], &waits["grounds"], &waits["body"]["code"]),
            (&Value::Null, &Value::Null, &json!("MOEN"))
        );
        assert!(waits["next_step"].as_str().unwrap().contains("decides by 2026-"), "{waits}");
        let mut body = decision(result, consequence);
        if consequence == "change_outcome" {
            body["outcome"] = json!("partly");
        }
        decide(&app, "appeal.moen", &case, body).await.expect(200);
        let told = look_up(&app, &case).await;
        let decided = &told["case"]["appeals"][0];
        assert_eq!((&decided["result"], &decided["consequence"]), (&json!(result), &json!(consequence)));
        assert_eq!(
            (&decided["result_text"], &decided["grounds"]),
            (&json!(words), &json!("مدارک پیوست بررسی شد."))
        );
        assert!(decided["decided_at"].is_string());
        for (field, expected) in [("consequence_text", follows), ("next_step", next)] {
            assert!(decided[field].as_str().unwrap().contains(expected), "{field}: {decided}");
        }
        let line =
            told["timeline"].as_array().unwrap().iter().find(|e| e["event"] == "appeal_decided").unwrap();
        assert!(line["text"].as_str().unwrap().ends_with("grounds: مدارک پیوست بررسی شد."), "{line}");
        let pair = json!({ "tracking_code": case.tracking_code, "access_code": case.access_code });
        let persian = app.nobody().reading("fa").post("/public/lookups", pair).await.expect(200);
        assert!(persian["case"]["appeals"][0]["result_text"].as_str().unwrap().contains("تجدیدنظر"));
        // the next step that the service wrote follows the reader, not the language of the filing
        if consequence != "re_answer" {
            let english = told["case"]["remedy"].as_str().unwrap();
            assert!(english.contains("Administrative") && !english.contains("دیوان"), "{english}");
            assert!(persian["case"]["remedy"].as_str().unwrap().contains("دیوان"));
        }
        app.drain().await;
        let sms = app.sms().sent();
        let told = |body: &str| body.contains("تجدیدنظر") && body.contains("شد (");
        assert!(sms.iter().any(|letter| told(&letter.rendered.body)), "the result stands in one: {sms:?}");
    }
}

#[actix_web::test]
async fn the_mail_on_a_decision_carries_its_grounds() {
    let app = TestApp::start().await;
    let citizen = json!({ "email": "maryam@example.ir", "preferred_channel": "email" });
    let case = app.classified_with(json!({ "citizen": citizen })).await;
    app.refer("classifier.centre", &case, &[("MOEN-10", "lead")]).await;
    let referral = app.lead(&case).await;
    let handler = app.as_user("handler.moen-10").await;
    handler.post(&format!("/referrals/{referral}/acceptance"), json!({})).await.expect(200);
    app.answer(&case, "MOEN-10").await;
    rate(&app, &case, 1).await.expect(200);
    appeal(&app, &case).await.expect(201);
    decide(&app, "appeal.moen", &case, decision("dismissed", "none")).await.expect(200);
    app.drain().await;
    let sent = app.mail().sent();
    let mail = sent.iter().find(|letter| letter.rendered.body.contains("تجدیدنظر رد شد")).expect("the mail");
    for part in ["دلیل تصمیم:", "مدارک پیوست بررسی شد.", "نهایی", "دیوان عدالت اداری"]
    {
        assert!(mail.rendered.body.contains(part), "{part}: {}", mail.rendered.body);
    }
}

#[actix_web::test]
async fn forged_foreign_and_expired_tokens_open_nothing() {
    let app = TestApp::start().await;
    let (case, other) = (app.closed().await, app.closed().await);
    let mine = citizen(&app, &case).await;
    for part in ["objection", "appeal", "rating"] {
        let body = if part == "rating" { json!({ "score": 1 }) } else { json!({ "text": "متن" }) };
        app.bearer("a.b.c").post(&path(&case, part), body.clone()).await.refused(401, "unauthenticated");
        mine.post(&path(&other, part), body.clone()).await.refused(404, "not_found");
        mine.post(&format!("/public/cases/12345678901/{part}"), body).await.refused(404, "not_found");
    }
    let keyed = mine.clone().with("Idempotency-Key", "once");
    keyed.post(&path(&case, "objection"), json!({ "text": "متن" })).await.expect(201);
    keyed.post(&path(&case, "objection"), json!({ "text": "متن" })).await.expect(201);
    mine.post(&path(&case, "objection"), json!({ "text": "متن" })).await.refused(409, "already_objected");
    app.pass_hours(1);
    mine.post(&path(&case, "rating"), json!({ "score": 1 })).await.refused(401, "token_expired");
    app.whole();
}
