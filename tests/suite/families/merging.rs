//! Duplicates and the same matter of another citizen: merged, answered together, taken apart again.

use serde_json::{Value, json};

use super::{action, citizen, desk, family, look_up, merge, of_person, say, told, with_mail};
use crate::support::{Case, REZA, TestApp};

/// A case of Maryam at the provincial power body, and one of Reza that follows it.
async fn merged(app: &TestApp) -> (Case, Case) {
    let parent = app.accepted("MOEN-10").await;
    let child = app.classified_with(reza()).await;
    merge(app, &child, &parent).await.expect(200);
    (parent, child)
}

fn reza() -> Value {
    json!({ "citizen": { "national_id": REZA, "name": "رضا موسوی", "mobile": "09990000022" } })
}

#[actix_web::test]
async fn a_merged_case_gets_the_same_answer_under_its_own_code_and_keeps_its_rights() {
    let app = TestApp::start().await;
    let (parent, child) = merged(&app).await;
    let now = app.case(&child).await;
    assert_eq!((&now["status"], &now["outcome"]), (&json!("closed"), &json!("merged")));
    assert_eq!(told(&app, &child, "case_merged").await, 1);
    app.answer(&parent, "MOEN-10").await;
    let answered = look_up(&app, &child).await;
    assert_eq!(answered["case"]["status"], "answered");
    assert_eq!(answered["case"]["answers"][0]["text"], "آب از ساعت ده وصل می‌شود.");
    assert_eq!(answered["case"]["tracking_code"], json!(child.tracking_code));
    assert_eq!(
        (told(&app, &child, "answer_approved").await, told(&app, &parent, "answer_approved").await),
        (1, 1)
    );
    // the right to object is the follower's own: it goes on alone, the other stays answered
    let objected = say(&app, &child, "objection", json!({ "text": "آب خانه ما وصل نشد." })).await.expect(201);
    assert_eq!(
        (&objected["case"]["status"], &objected["case"]["holder"]["code"]),
        (&json!("referred"), &json!("MOEN-10"))
    );
    assert_eq!(app.case(&parent).await["status"], "answered");
    assert_eq!(family(&app, &parent).await["total"], 0);
    app.answer(&child, "MOEN-10").await;
    assert_eq!(told(&app, &parent, "answer_approved").await, 1, "its own additional answer is nobody else's");
}

#[actix_web::test]
async fn a_citizen_who_looks_up_a_merged_case_sees_holder_date_and_nothing_of_the_other() {
    let app = TestApp::start().await;
    let parent = app.accepted("MOEN-10").await;
    let child = app.register(reza()).await;
    merge(&app, &child, &parent).await.expect(200);
    let seen = look_up(&app, &child).await;
    let case = &seen["case"];
    assert_eq!(
        (&case["follows"]["status"], &case["follows"]["holder"]["code"]),
        (&json!("referred"), &json!("MOEN-10"))
    );
    assert_eq!(case["due_at"], app.case(&parent).await["due_at"]);
    assert!(case["status_text"].as_str().unwrap().contains("you get the answer too"), "{case}");
    let whole = seen.to_string();
    for secret in
        [parent.tracking_code.as_str(), crate::support::MARYAM, "مریم", "09990000011", parent.id.as_str()]
    {
        assert!(!whole.contains(secret), "{secret} is told: {whole}");
    }
    let verbs = seen["actions"].as_array().unwrap();
    let of = |verb: &str| verbs.iter().find(|action| action["verb"] == verb).unwrap().clone();
    assert_eq!((&of("reply")["allowed"], &of("withdraw")["allowed"]), (&json!(true), &json!(true)));
    assert_eq!((&of("object")["allowed"], &of("object")["code"]), (&json!(false), &json!("follows_another")));
    say(&app, &child, "rating", json!({ "score": 1 })).await.refused(409, "follows_another");
    // late: it says so
    app.pass_days(40);
    let late = look_up(&app, &child).await;
    assert_eq!(late["case"]["overdue"], true);
    assert!(late["case"]["status_text"].as_str().unwrap().contains("late since"), "{late}");
}

#[actix_web::test]
async fn merged_and_unmerged_stands_where_it_was_with_exactly_the_time_that_was_left() {
    let app = TestApp::start().await;
    with_mail(&app, "MOEN-23").await;
    let parent = app.accepted("MOEN-10").await;
    let child = app.classified_with(reza()).await;
    let referral = app.refer("classifier.centre", &child, &[("MOEN-23", "lead")]).await.remove(0);
    let before = (app.case(&child).await, app.referral(&referral).await);
    app.pass_hours(1);
    merge(&app, &child, &parent).await.expect(200);
    let ended = app.referral(&referral).await;
    assert_eq!(ended["state"], "ended");
    app.drain().await;
    assert!(
        app.list(&child, "messages")
            .await
            .iter()
            .any(|m| m["template"] == "case_merged" && m["audience"] == "office")
    );
    // a week of the same working hours: Wednesday to Wednesday
    app.pass_days(7);
    app.drain().await;
    desk(&app, &child, "unmerge", json!({ "reason": " " })).await.wrong("reason", "required");
    let again = desk(&app, &child, "unmerge", json!({ "reason": "موضوع دیگری است" })).await.expect(200);
    let after = (app.case(&child).await, app.referral(&referral).await);
    for field in ["status", "outcome", "holder", "transfers", "reopenings", "rating"] {
        assert_eq!(after.0[field], before.0[field], "{field}");
    }
    assert_eq!(after.0["closed_at"], Value::Null);
    for field in ["state", "office", "user", "extensions", "ended_at"] {
        assert_eq!(after.1[field], before.1[field], "{field}");
    }
    let moved = |field: &str| {
        let time = |value: &Value| crate::support::time(value.as_str().unwrap());
        time(&after.0[field]).as_microsecond() - time(&before.0[field]).as_microsecond()
    };
    assert_eq!(moved("outer_at"), 7 * 86_400 * 1_000_000, "calendar time is credited to the second");
    assert_eq!(again["due_at"], after.0["due_at"]);
    assert_ne!(after.1["due_at"], before.1["due_at"]);
    assert_eq!(told(&app, &child, "case_unmerged").await, 1);
    desk(&app, &child, "unmerge", json!({ "reason": "باز" })).await.refused(409, "not_merged");
    // and it goes its own way
    app.answer(&parent, "MOEN-10").await;
    assert_eq!(app.case(&child).await["status"], "referred");
}

#[actix_web::test]
async fn a_question_that_waited_waits_on_after_an_unmerging() {
    let app = TestApp::start().await;
    let parent = app.accepted("MOEN-10").await;
    let child = app.classified_with(reza()).await;
    desk(&app, &child, "questions", json!({ "text": "نشانی دقیق؟" })).await.expect(201);
    let before = app.case(&child).await;
    merge(&app, &child, &parent).await.expect(200);
    app.pass_days(30);
    app.drain().await;
    assert_eq!(app.case(&child).await["outcome"], "merged", "no question closes a case that follows another");
    desk(&app, &child, "unmerge", json!({ "reason": "موضوع دیگری است" })).await.expect(200);
    let after = app.case(&child).await;
    assert_eq!(
        (&after["status"], &before["status"]),
        (&json!("awaiting_citizen"), &json!("awaiting_citizen"))
    );
    let waits = crate::support::time(after["wait_until"].as_str().unwrap());
    assert_eq!(waits, crate::support::time(before["wait_until"].as_str().unwrap()).plus_days(30));
    say(&app, &child, "messages", json!({ "text": "خیابان اول" })).await.expect(201);
    assert_eq!(app.case(&child).await["status"], "classified");
}

#[actix_web::test]
async fn what_cannot_be_merged_is_refused_with_its_reason() {
    let app = TestApp::start().await;
    let (parent, child) = merged(&app).await;
    let third = app.register(of_person(1)).await;
    merge(&app, &child, &third).await.refused(409, "follows_another");
    merge(&app, &third, &child).await.refused(409, "merged_into_merged");
    merge(&app, &parent, &third).await.refused(409, "has_followers");
    merge(&app, &third, &third).await.wrong("into", "itself");
    let unknown = desk(&app, &third, "merge", json!({ "into": "26061012344", "reason": "x" })).await;
    assert!(unknown.told().contains("There is no case with the tracking code or id"), "{}", unknown.told());
    unknown.wrong("into", "unknown");
    desk(&app, &third, "merge", json!({ "into": "nothing", "reason": "" })).await.wrong("reason", "required");
    desk(&app, &third, "merge", json!({ "reason": "x" })).await.wrong("into", "required");
    let closed = app.closed().await;
    merge(&app, &third, &closed).await.refused(409, "parent_closed");
    let answered = app.answered().await;
    merge(&app, &answered, &third).await.refused(409, "answered_before");
    let sealed = app.register(json!({ "sealed": true })).await;
    merge(&app, &sealed, &third).await.refused(409, "sealed_differs");
    merge(&app, &third, &sealed).await.refused(409, "sealed_differs");
    let about = app.register(json!({ "kind": "complaint", "about_office": "MOEN-23" })).await;
    merge(&app, &about, &third).await.refused(409, "about_differs");
    app.as_user("agent.centre")
        .await
        .post(&third.path("merge"), json!({ "into": parent.id, "reason": "x" }))
        .await
        .refused(403, "forbidden");
    assert_eq!(action(&app, "classifier.centre", &child, "/merge").await, (false, json!("follows_another")));
    assert_eq!(action(&app, "classifier.centre", &parent, "/merge").await, (false, json!("has_followers")));
    assert_eq!(action(&app, "classifier.centre", &third, "/merge").await, (true, Value::Null));
    assert_eq!(action(&app, "classifier.centre", &third, "/unmerge").await, (false, json!("not_merged")));
    assert_eq!(
        action(&app, "classifier.centre", &child, "/reopening").await,
        (false, json!("follows_another"))
    );
}

#[actix_web::test]
async fn an_appeal_in_progress_is_merged_neither_way() {
    let app = TestApp::start().await;
    let case = app.closed().await;
    say(&app, &case, "rating", json!({ "score": 1 })).await.expect(200);
    say(&app, &case, "appeal", json!({ "text": "نادرست است" })).await.expect(201);
    let other = app.register(of_person(1)).await;
    merge(&app, &case, &other).await.refused(409, "appeal_pending");
    merge(&app, &other, &case).await.refused(409, "appeal_pending");
}

#[actix_web::test]
async fn a_case_merged_into_an_answered_one_gets_the_answer_at_once() {
    let app = TestApp::start().await;
    let parent = app.answered().await;
    let child = app.classified_with(reza()).await;
    let now = merge(&app, &child, &parent).await.expect(200);
    assert_eq!((&now["status"], &now["outcome"]), (&json!("answered"), &json!("granted")));
    assert_eq!(told(&app, &child, "answer_approved").await, 1);
}

#[actix_web::test]
async fn one_citizen_with_two_cases_is_told_the_answer_once() {
    let app = TestApp::start().await;
    let parent = app.accepted("MOEN-10").await;
    let twin = app.classified().await;
    merge(&app, &twin, &parent).await.expect(200);
    app.answer(&parent, "MOEN-10").await;
    assert_eq!(
        (told(&app, &parent, "answer_approved").await, told(&app, &twin, "answer_approved").await),
        (1, 0)
    );
    assert_eq!(
        look_up(&app, &twin).await["case"]["status"],
        "answered",
        "its own code shows it all the same"
    );
    desk(&app, &parent, "closure", json!({ "outcome": "granted" })).await.expect(200);
    assert_eq!((told(&app, &parent, "case_closed").await, told(&app, &twin, "case_closed").await), (1, 0));
    assert_eq!(app.case(&twin).await["status"], "closed");
}

#[actix_web::test]
async fn the_parent_closes_with_all_that_follow_and_a_dismissal_reaches_them_too() {
    let app = TestApp::start().await;
    let parent = app.classified().await;
    let child = app.classified_with(reza()).await;
    merge(&app, &child, &parent).await.expect(200);
    let dismissal =
        json!({ "outcome": "out_of_scope", "reason": "court_matter", "signpost": "دادگستری استان اصفهان" });
    desk(&app, &parent, "dismissal", dismissal.clone()).await.expect(200);
    app.as_user("classifier2.centre").await.post(&parent.path("dismissal"), dismissal).await.expect(200);
    let now = app.case(&child).await;
    assert_eq!(
        (&now["status"], &now["outcome"], &now["remedy"]),
        (&json!("closed"), &json!("out_of_scope"), &json!("دادگستری استان اصفهان"))
    );
    assert_eq!(told(&app, &child, "case_dismissed").await, 1);
}

#[actix_web::test]
async fn where_the_parent_is_taken_back_its_followers_go_on_by_themselves() {
    let app = TestApp::start().await;
    let (parent, child) = merged(&app).await;
    say(&app, &parent, "withdrawal", json!({ "confirm": true })).await.expect(200);
    let now = app.case(&child).await;
    assert_eq!((&now["status"], &now["outcome"]), (&json!("classified"), &Value::Null));
    assert_eq!(told(&app, &child, "case_unmerged").await, 1);
}

#[actix_web::test]
async fn a_follower_writes_withdraws_and_leaves_by_itself() {
    let app = TestApp::start().await;
    let (parent, child) = merged(&app).await;
    say(&app, &child, "messages", json!({ "text": "کوچه ما هم همین است." })).await.expect(201);
    let seen = app.as_user("handler.moen-10").await.get(&parent.path("family")).await.expect(200);
    assert_eq!((&seen["items"][0]["case_id"], &seen["hidden"]), (&json!(child.id), &json!(0)));
    let words = app.as_user("handler.moen-10").await.get(&child.path("messages")).await.expect(200);
    assert!(
        words.to_string().contains("کوچه ما هم همین است."),
        "whoever handles the parent reads what followers say"
    );
    let alone = say(&app, &child, "unmerge", json!({})).await.expect(200);
    assert_eq!((&alone["status"], &alone["follows"]), (&json!("classified"), &Value::Null));
    merge(&app, &child, &parent).await.expect(200);
    say(&app, &child, "withdrawal", json!({ "confirm": true })).await.expect(200);
    assert_eq!(app.case(&child).await["outcome"], "withdrawn");
    app.answer(&parent, "MOEN-10").await;
    assert_eq!(app.case(&child).await["status"], "closed", "who withdrew gets no answer");
    citizen(&app, &parent)
        .await
        .post(&format!("/public/cases/{}/unmerge", parent.tracking_code), json!({}))
        .await
        .refused(409, "not_merged");
}

#[actix_web::test]
async fn followers_are_told_of_an_interim_answer_and_their_histories_verify() {
    let app = TestApp::start().await;
    let (parent, child) = merged(&app).await;
    let referral = app.lead(&parent).await;
    let body = json!({ "text": "قطعه سفارش داده شد.", "interim": true, "expected_at": "1405/04/10" });
    let answer = app
        .as_user("handler.moen-10")
        .await
        .post(&format!("/referrals/{referral}/answers"), body)
        .await
        .expect(201);
    let id = answer["id"].as_str().unwrap();
    app.as_user("approver.moen-10")
        .await
        .post(&format!("/answers/{id}/approval"), json!({}))
        .await
        .expect(200);
    assert_eq!(told(&app, &child, "interim_answer").await, 1);
    assert_eq!(look_up(&app, &child).await["case"]["answers"][0]["interim"], true);
    app.drain().await;
    for case in [&parent, &child] {
        let path = format!("/public/cases/{}/receipt", case.tracking_code);
        citizen(&app, case).await.get(&path).await.expect(200);
    }
    assert!(app.events(&parent).await.contains(&"case_joined".to_owned()));
    assert!(app.events(&child).await.contains(&"case_merged".to_owned()));
}

#[actix_web::test]
async fn members_that_a_reader_may_not_see_are_counted_and_not_shown() {
    let app = TestApp::start().await;
    let sealed = |person: u32| {
        let mut wish = of_person(person);
        wish["sealed"] = json!(true);
        wish
    };
    let parent = app.register(sealed(1)).await;
    let child = app.register(sealed(2)).await;
    merge(&app, &child, &parent).await.expect(200);
    let seen = app.as_user("classifier.centre").await.get(&parent.path("family")).await.expect(200);
    assert_eq!((&seen["total"], &seen["hidden"]), (&json!(1), &json!(0)));
    app.as_user("agent.centre").await.get(&parent.path("family")).await.refused(404, "not_found");
}
