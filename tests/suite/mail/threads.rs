//! To which case a mail belongs, and what is sent back.

use serde_json::{Value, json};

use super::{
    ADDRESS, acknowledged, case, case_count, item, last_letter, mail, mail_of, messages, problem, push, steps,
};
use crate::support::TestApp;

#[actix_web::test]
async fn a_mail_becomes_a_case_and_its_acknowledgement_stands_in_the_same_thread() {
    let app = TestApp::start().await;
    let told = push(&app, mail("one", "Subject: آب\r\n", "سه روز است که آب محله قطع است.")).await.expect(201);
    let row = case(&app, &told["case_id"]).await;
    assert_eq!(
        (&row["channel"], &row["subject"], &row["text"]),
        (&json!("email"), &json!("آب"), &json!("سه روز است که آب محله قطع است."))
    );
    assert_eq!(row["citizen"]["email"], ADDRESS);
    app.drain().await;
    let (letter, _) = last_letter(&app);
    assert_eq!(
        (letter.address.as_str(), letter.thread.answers.as_deref()),
        (ADDRESS, Some("<one@example.ir>"))
    );
    // the same mail by another way is the same case
    let again =
        push(&app, mail("one", "Received: from mx2\r\nSubject: آب\r\n", "سه روز است که آب محله قطع است."))
            .await
            .expect(200);
    assert_eq!((&again["repeated"], &again["item"]), (&json!(true), &told["item"]));
    let kept = item(&app, &told).await;
    let raw: Vec<&Value> =
        kept["files"].as_array().unwrap().iter().filter(|file| file["role"] == "raw").collect();
    assert_eq!((raw.len(), &raw[0]["name"]), (1, &json!("mail.eml")), "the whole mail is kept");
}

#[actix_web::test]
async fn a_reply_joins_by_its_keyed_reference_from_whatever_address_with_its_new_words_only() {
    let app = TestApp::start().await;
    let (id, ours) = acknowledged(&app).await;
    let quoted = "هنوز قطع است.\r\n\r\nOn Mon, 1 Jun 2026, Samad <no-reply@samad.example> wrote:\r\n> ثبت شد";
    let reply = mail_of("maryam.k@work.example", "two", &format!("In-Reply-To: {ours}\r\n"), quoted);
    let told = push(&app, reply).await.expect(200);
    assert_eq!(
        (&told["state"], &told["case_id"]),
        (&json!("joined"), &Value::Null),
        "of a joined case nothing is told"
    );
    let said: Vec<Value> = messages(&app, &id).await.into_iter().filter(|m| m["direction"] == "in").collect();
    assert_eq!((said.len(), &said[0]["body"]), (1, &json!("هنوز قطع است.")));
    // deep in a thread, where only References still name us
    let deep = mail(
        "three",
        &format!("In-Reply-To: <x@y>\r\nReferences: <a@b>\r\n {ours}\r\n <x@y>\r\n"),
        "و امروز هم.",
    );
    assert_eq!(push(&app, deep).await.expect(200)["state"], "joined");
}

#[actix_web::test]
async fn a_forged_reference_joins_nothing() {
    let app = TestApp::start().await;
    let (id, ours) = acknowledged(&app).await;
    let (local, domain) = ours.rsplit_once('@').unwrap();
    let (head, proof) = local.rsplit_once('.').unwrap();
    let turned: String = proof.chars().rev().collect();
    let forged = [
        format!("{head}.{turned}@{domain}"),
        format!("{head}@{domain}"),
        format!("{head}.@{domain}"),
        "<samad.1.x@y>".to_owned(),
    ];
    for (number, header) in forged.iter().enumerate() {
        let reply = mail_of(
            "mallory@example.com",
            &format!("f{number}"),
            &format!("In-Reply-To: {header}\r\n"),
            "پرونده را ببندید.",
        );
        let told = push(&app, reply).await.expect(201);
        assert_ne!(told["case_id"], id);
    }
    assert!(messages(&app, &id).await.iter().all(|message| message["direction"] == "out"));
}

#[actix_web::test]
async fn a_mail_that_is_too_large_is_taken_without_its_files_and_its_sender_is_told() {
    let app = TestApp::start_with(|config| config.server.intake_limit = 200_000).await;
    let large = format!(
        "From: {ADDRESS}\r\nMessage-ID: <big@example.ir>\r\nSubject: پل\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\nپل روستا شکسته است.\r\n--b\r\nContent-Type: application/pdf; name=a.pdf\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{}\r\n--b--\r\n",
        "JVBERi0xLjQK".repeat(30_000)
    );
    let told = push(&app, large.clone()).await.expect(201);
    let row = case(&app, &told["case_id"]).await;
    assert_eq!(row["text"], "پل روستا شکسته است.");
    app.drain().await;
    let sent = app.mail().sent();
    assert_eq!(sent.len(), 2, "the acknowledgement and the notice");
    assert!(sent.iter().any(|letter| letter.rendered.body.contains("پیوست‌ها پذیرفته نشد")));
    assert_eq!(push(&app, large).await.expect(200)["repeated"], true);
    app.drain().await;
    assert_eq!(app.mail().sent().len(), 2);
}

#[actix_web::test]
async fn what_is_no_mail_is_kept_and_named() {
    let app = TestApp::start().await;
    let empty = push(&app, Vec::new()).await.expect(202);
    assert_eq!((&empty["state"], &empty["reason"]), (&json!("failed"), &json!("invalid_mail")));
    let nested = "Content-Type: message/rfc822\r\n\r\n".repeat(2000);
    let told = push(&app, nested).await.expect(202);
    assert_eq!(
        (&told["fields"][0]["field"], &told["fields"][0]["code"]),
        (&json!("mail"), &json!("too_nested"))
    );
    let wrong = app
        .gateway()
        .raw(reqwest::Method::POST, "/channels/email/inbound", "text/html", b"<p>".to_vec())
        .await;
    assert_eq!(wrong.expect(202)["reason"], "unsupported_media_type");
    assert_eq!(problem(&app, "intake_failed").await["channels"], json!({ "email": 3 }));
    assert_eq!(case_count(&app).await, 0);
    // whoever pushes by hand is told at once, and nothing is kept
    let agent = app.as_user("agent.centre").await;
    let refused =
        agent.raw(reqwest::Method::POST, "/channels/email/inbound", "message/rfc822", Vec::new()).await;
    refused.refused(422, "invalid_mail");
}

#[actix_web::test]
async fn a_mail_without_message_id_or_sender_is_taken_once() {
    let app = TestApp::start().await;
    let bare = "Subject: bridge\r\n\r\nThe bridge of our village is broken since Monday.\r\n";
    let told = push(&app, bare).await.expect(201);
    let again = push(&app, bare).await.expect(200);
    assert_eq!((&again["repeated"], &again["item"]), (&json!(true), &told["item"]));
    assert_eq!(case(&app, &told["case_id"]).await["citizen"], Value::Null);
    assert!(!steps(&app, &told).await.iter().any(|step| step.starts_with("acknowledged")));
}
