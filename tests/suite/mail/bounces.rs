//! What mail servers report of our mails.

use serde_json::{Value, json};

use super::{item, last_letter, messages, push, steps};
use crate::support::{TestApp, filing};

fn bounce(ours: &str, action: &str, status: &str) -> String {
    format!(
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example.ir\r\nMessage-ID: <{action}{status}@mx>\r\n\
         Subject: Undelivered Mail Returned to Sender\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822; a@b.ir\r\nAction: {action}\r\nStatus: {status}\r\n\r\n\
         --b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {ours}\r\nSubject: x\r\n--b--\r\n"
    )
}

/// A case whose citizen is told by e-mail and has a mobile; its id and the Message-ID of the acknowledgement.
async fn told_by_mail(app: &TestApp) -> (Value, String) {
    let wish = filing(json!({ "citizen": { "email": "maryam@example.ir", "preferred_channel": "email" } }));
    let told = app.as_user("agent.centre").await.post("/cases", wish).await.expect(201);
    app.drain().await;
    (told["id"].clone(), last_letter(app).1)
}

async fn states(app: &TestApp, id: &Value) -> Vec<String> {
    let state = |message: &Value| {
        format!("{} {}", message["channel"].as_str().unwrap(), message["state"].as_str().unwrap())
    };
    messages(app, id).await.iter().map(state).collect()
}

#[actix_web::test]
async fn a_hard_bounce_ends_the_mail_and_the_next_way_is_taken() {
    let app = TestApp::start().await;
    let (id, ours) = told_by_mail(&app).await;
    let told = push(&app, bounce(&ours, "failed", "5.1.1")).await.expect(200);
    assert_eq!((&told["state"], &told["reason"]), (&json!("discarded"), &json!("delivery_report")));
    assert!(steps(&app, &told).await.contains(&"bounced:refused".to_owned()));
    assert_eq!(item(&app, &told).await["case_id"], id);
    app.drain().await;
    assert_eq!(states(&app, &id).await, ["email undelivered", "sms sent"]);
    // another copy of the report changes nothing
    push(&app, bounce(&ours, "failed", "5.1.1").replace("<failed5.1.1@mx>", "<again@mx>")).await.expect(200);
    app.drain().await;
    assert_eq!(states(&app, &id).await, ["email undelivered", "sms sent"]);
    assert_eq!(app.sms().sent().len(), 1);
}

#[actix_web::test]
async fn a_soft_bounce_waits_and_is_sent_again_and_given_up_in_the_end() {
    let app = TestApp::start().await;
    let (id, ours) = told_by_mail(&app).await;
    push(&app, bounce(&ours, "delayed", "4.4.1")).await.expect(200);
    app.drain().await;
    assert_eq!((states(&app, &id).await, app.mail().sent().len()), (vec!["email sent".to_owned()], 1));
    for round in 0..3 {
        let full = bounce(&ours, "failed", "4.2.2").replace("<failed4.2.2@mx>", &format!("<full{round}@mx>"));
        push(&app, full).await.expect(200);
        app.drain().await;
        assert_eq!(states(&app, &id).await, ["email queued"], "round {round}");
        app.pass_hours(7);
        app.drain().await;
        assert_eq!(app.mail().sent().len(), 2 + round);
        assert_eq!(last_letter(&app).1, ours, "the same mail under the same Message-ID");
    }
    push(&app, bounce(&ours, "failed", "4.2.2")).await.expect(200);
    app.drain().await;
    assert_eq!(states(&app, &id).await, ["email undelivered", "sms sent"]);
}

#[actix_web::test]
async fn a_report_that_names_no_mail_of_ours_changes_nothing() {
    let app = TestApp::start().await;
    let (id, ours) = told_by_mail(&app).await;
    let (head, _) = ours.rsplit_once('.').unwrap().0.rsplit_once('.').unwrap_or((&ours, ""));
    for (number, named) in [
        "<samad.1.ffffffffffffffffffffffffffffffff@samad.example>",
        &format!("{head}.00000000000000000000000000000000@samad.example>"),
    ]
    .iter()
    .enumerate()
    {
        let report = bounce(named, "failed", "5.1.1").replace("<failed5.1.1@mx>", &format!("<n{number}@mx>"));
        let told = push(&app, report).await.expect(200);
        assert_eq!(told["reason"], "delivery_report");
    }
    app.drain().await;
    assert_eq!(states(&app, &id).await, ["email sent"]);
}
