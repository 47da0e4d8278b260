//! Mails of machines: recognised, kept, never answered.

use serde_json::json;

use super::{acknowledged, case_count, item, last_letter, mail, mail_of, messages, push, steps};
use crate::support::TestApp;

#[actix_web::test]
async fn a_vacation_notice_is_set_aside_and_is_no_word_of_the_citizen() {
    let app = TestApp::start().await;
    let (id, ours) = acknowledged(&app).await;
    let before = app.mail().sent().len();
    let notice = mail(
        "auto",
        &format!("Auto-Submitted: auto-replied\r\nIn-Reply-To: {ours}\r\n"),
        "I am away until Monday.",
    );
    let told = push(&app, notice.clone()).await.expect(200);
    assert_eq!((&told["state"], &told["reason"]), (&json!("discarded"), &json!("automatic_reply")));
    assert!(steps(&app, &told).await.contains(&"set_aside:automatic_reply".to_owned()));
    assert_eq!(item(&app, &told).await["case_id"], id, "it is found from its case");
    assert_eq!(push(&app, notice).await.expect(200)["repeated"], true);
    app.drain().await;
    assert_eq!(app.mail().sent().len(), before);
    assert!(messages(&app, &id).await.iter().all(|message| message["direction"] == "out"));
}

#[actix_web::test]
async fn what_only_looks_like_a_machine_waits_for_a_person_and_is_not_answered() {
    let app = TestApp::start().await;
    let heads = [
        ("Subject: Automatic reply: case\r\n", "looks_automatic"),
        ("Auto-Submitted: auto-generated\r\n", "machine_mail"),
        ("List-Id: <news.example.com>\r\n", "list_mail"),
    ];
    for (head, reason) in heads {
        let told = push(&app, mail(reason, head, "some words")).await.expect(202);
        assert_eq!((&told["state"], &told["reason"]), (&json!("to_key"), &json!(reason)));
    }
    app.drain().await;
    assert_eq!((case_count(&app).await, app.mail().sent().len()), (0, 0));
}

#[actix_web::test]
async fn a_mail_of_ours_that_comes_back_is_no_case() {
    let app = TestApp::start().await;
    let (_, ours) = acknowledged(&app).await;
    let back = format!(
        "From: no-reply@samad.example\r\nMessage-ID: {ours}\r\nSubject: x\r\n\r\nyour case is registered\r\n"
    );
    let told = push(&app, back).await.expect(200);
    assert_eq!((&told["state"], &told["reason"]), (&json!("discarded"), &json!("own_mail")));
    assert_eq!(case_count(&app).await, 1);
}

#[actix_web::test]
async fn two_robots_that_nobody_recognised_stop_at_the_limit_of_the_address() {
    let app = TestApp::start().await;
    let mut states = Vec::new();
    for number in 0..14 {
        // each answers our last letter with a new subject, as ticket systems do
        let text = format!("Ticket number {number} was opened for you. Please wait for our people.");
        let told = push(&app, mail_of("robot@tickets.example", &format!("r{number}"), "", &text)).await;
        states.push(told.json["state"].as_str().unwrap().to_owned());
        app.drain().await;
    }
    let waiting = states.iter().filter(|state| *state == "to_key").count();
    assert!(states[10..].iter().all(|state| state == "to_key") && waiting >= 4, "{states:?}");
    assert!(app.mail().sent().len() <= 20, "{}", app.mail().sent().len());
    // others are heard, and so is this one an hour later
    push(&app, mail("person", "", "آب قطع است")).await.expect(201);
    app.pass_hours(25);
    let later = push(&app, mail_of("robot@tickets.example", "later", "", "It is me again, a person.")).await;
    assert_ne!(later.json["reason"], "mail_loop");
}

#[actix_web::test]
async fn one_case_takes_no_more_mails_in_a_day_than_people_write() {
    let app = TestApp::start().await;
    let (id, ours) = acknowledged(&app).await;
    let mut waiting = 0;
    for number in 0..24 {
        // from ever new addresses, so that only the case can tell
        let from = format!("robot{number}@tickets.example");
        let reply = mail_of(
            &from,
            &format!("c{number}"),
            &format!("In-Reply-To: {ours}\r\n"),
            &format!("Noted {number}."),
        );
        let told = push(&app, reply).await;
        waiting += usize::from(told.json["reason"] == "mail_loop");
    }
    let heard = messages(&app, &id).await.iter().filter(|message| message["direction"] == "in").count();
    assert_eq!((heard, waiting), (19, 5), "the first mail of the day was the case's own");
    assert_eq!(last_letter(&app).0.address, super::ADDRESS);
}
