//! Every notice goes out once, by some way, whatever happens to gateways and processes.

use std::collections::BTreeSet;

use super::cast::Cast;
use crate::domain::notifications::outbox::{self, Reported, Settled};
use crate::domain::notifications::{DeliveryState, Outlet};
use crate::error::{Code, Error};
use crate::gateways::{DEMO, Mailer, Sending, SmsGateway};
use crate::workers::{drain, outbox::drain_once};

const MOBILE: &str = "09121234567";
const EMAIL: &str = "citizen@example.ir";

fn down() -> Option<Sending> {
    Some(Sending::Down("no connection".into()))
}

fn refused() -> Option<Sending> {
    Some(Sending::Refused("no such subscriber".into()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_notice_is_sent_once_with_two_drains_at_once() {
    let cast = Cast::new();
    for _ in 0..40 {
        cast.case_of(Some(MOBILE), None).await;
    }
    let rounds = async || {
        while drain_once(&cast.app).await.unwrap() > 0 {}
    };
    tokio::join!(rounds(), rounds());
    let letters: Vec<_> = cast.sms.sent().into_iter().map(|letter| letter.message).collect();
    assert_eq!(letters.len(), 40);
    assert_eq!(letters.into_iter().collect::<BTreeSet<_>>().len(), 40);
    assert!(
        cast.messages()
            .await
            .iter()
            .all(|message| message.state == DeliveryState::Sent && message.attempts == 1)
    );
}

#[tokio::test]
async fn a_sent_message_keeps_its_text_but_not_its_access_code() {
    let cast = Cast::new();
    cast.case_of(Some(MOBILE), None).await;
    drain(&cast.app).await.unwrap();
    let letter = cast.sms.sent().remove(0);
    let message = cast.messages().await.remove(0);
    assert_eq!(letter.address, "+989121234567");
    assert!(
        letter.rendered.body.chars().filter(char::is_ascii_digit).count() >= 8 + 11,
        "both codes are told"
    );
    assert_eq!(message.facts.find("access_code"), None);
    let body = message.body.unwrap();
    assert!(body.contains("••••") && body != letter.rendered.body);
}

#[tokio::test]
async fn a_passing_failure_is_tried_again_later_and_later() {
    let cast = Cast::new();
    cast.case_of(Some(MOBILE), None).await;
    cast.sms.answer_with(Some(Sending::Deferred("busy".into())));
    drain(&cast.app).await.unwrap();
    cast.pass(20);
    drain(&cast.app).await.unwrap();
    assert_eq!(cast.sms.tries(), 1, "not before its time");
    cast.pass(10);
    drain(&cast.app).await.unwrap();
    cast.pass(30);
    drain(&cast.app).await.unwrap();
    assert_eq!(cast.sms.tries(), 2, "the second wait is twice as long");
    cast.sms.answer_with(None);
    cast.pass(30);
    drain(&cast.app).await.unwrap();
    let message = cast.messages().await.remove(0);
    assert_eq!((message.state, message.attempts, message.error), (DeliveryState::Sent, 3, None));
}

#[tokio::test]
async fn a_refused_message_takes_the_citizens_next_way() {
    let cast = Cast::new();
    cast.case_of(Some(MOBILE), Some(EMAIL)).await;
    cast.sms.answer_with(refused());
    drain(&cast.app).await.unwrap();
    let messages = cast.messages().await;
    assert_eq!(messages[0].state, DeliveryState::Failed);
    assert_eq!((messages[1].channel.as_str(), messages[1].fallback_of), ("email", Some(messages[0].id)));
    assert!(messages.iter().all(|message| !message.facts.contains("access_code")));
    let mails = cast.mail.sent();
    assert_eq!(mails.len(), 1);
    assert!(!mails[0].rendered.body.contains("••••"), "the code goes with the second letter");
    let dead = cast.app.db.read(|connection| outbox::dead_letters(connection, None, 10)).await.unwrap();
    assert!(dead.is_empty(), "what took another way is not dead");
}

#[tokio::test]
async fn what_reaches_nobody_is_a_dead_letter_until_it_is_sent_again() {
    let cast = Cast::new();
    cast.case_of(Some(MOBILE), None).await;
    cast.sms.answer_with(Some(Sending::Deferred("mailbox full".into())));
    for _ in 0..cast.app.config.outbox.max_attempts {
        drain(&cast.app).await.unwrap();
        cast.pass(3600);
    }
    let dead = cast.app.db.read(|connection| outbox::dead_letters(connection, None, 10)).await.unwrap();
    assert_eq!((dead.len(), dead[0].attempts), (1, 12));
    let message = dead[0].message;
    cast.sms.answer_with(None);
    cast.pass(86_400);
    drain(&cast.app).await.unwrap();
    assert!(cast.sms.sent().is_empty(), "nobody asked for it yet");
    cast.write(move |connection, act| outbox::resend(connection, act, message)).await;
    let twice = cast.write(move |connection, act| Ok(outbox::resend(connection, act, message))).await;
    assert!(matches!(twice, Err(Error::Conflict(Code::AlreadyDone))));
    drain(&cast.app).await.unwrap();
    let letter = cast.sms.sent().remove(0);
    assert!(!letter.rendered.body.contains("••••"), "a dead letter still has its access code");
    assert_eq!(cast.app.db.read(outbox::dead_count).await.unwrap(), 0);
}

#[tokio::test]
async fn after_a_long_outage_every_notice_arrives_and_none_twice() {
    let cast = Cast::new();
    cast.sms.answer_with(down());
    cast.mail.answer_with(down());
    for _ in 0..5 {
        cast.case_of(Some(MOBILE), None).await;
        cast.case_of(None, Some(EMAIL)).await;
    }
    for _ in 0..40 {
        drain_once(&cast.app).await.unwrap();
        cast.pass(3600);
    }
    assert!(cast.sms.tries() > 100, "it was tried all the time");
    cast.sms.answer_with(None);
    cast.mail.answer_with(None);
    drain_once(&cast.app).await.unwrap();
    drain_once(&cast.app).await.unwrap();
    for memory in [&cast.sms, &cast.mail] {
        let letters: BTreeSet<_> = memory.sent().into_iter().map(|letter| letter.message).collect();
        assert_eq!((letters.len(), memory.sent().len()), (5, 5));
    }
}

#[tokio::test]
async fn an_outage_makes_the_next_way_be_taken_where_there_is_one() {
    let cast = Cast::new();
    cast.sms.answer_with(down());
    cast.case_of(Some(MOBILE), Some(EMAIL)).await;
    for _ in 0..cast.app.config.outbox.max_attempts {
        drain_once(&cast.app).await.unwrap();
        cast.pass(3600);
    }
    drain_once(&cast.app).await.unwrap();
    assert_eq!(cast.mail.sent().len(), 1);
}

#[tokio::test]
async fn without_a_gateway_the_other_way_is_taken_or_the_message_waits_for_one() {
    let mut cast = Cast::new();
    let sms = std::mem::replace(&mut cast.app.gateways.sms, SmsGateway::Off);
    cast.case_of(Some(MOBILE), Some(EMAIL)).await;
    cast.case_of(Some("09121234568"), None).await;
    drain(&cast.app).await.unwrap();
    assert_eq!(cast.mail.sent().len(), 1);
    assert_eq!(cast.app.db.read(outbox::waiting_count).await.unwrap(), 1);
    cast.app.gateways.sms = sms;
    cast.pass(3600);
    drain(&cast.app).await.unwrap();
    assert_eq!((cast.sms.sent().len(), cast.mail.sent().len()), (1, 1));
}

#[tokio::test]
async fn a_demonstration_sends_nothing_and_says_so() {
    let mut cast = Cast::new();
    (cast.app.gateways.sms, cast.app.gateways.mailer) = (SmsGateway::Demo, Mailer::Demo);
    cast.case_of(Some(MOBILE), Some(EMAIL)).await;
    drain(&cast.app).await.unwrap();
    let messages = cast.messages().await;
    assert_eq!(messages.len(), 1);
    assert_eq!((messages[0].state, messages[0].error.as_deref()), (DeliveryState::Blocked, Some(DEMO)));
}

#[tokio::test]
async fn a_dead_workers_claim_is_taken_over_when_its_lease_ends() {
    let cast = Cast::new();
    cast.case_of(Some(MOBILE), None).await;
    let claimed =
        cast.write(|connection, act| outbox::claim(connection, "dead", act.now, 60, 10)).await.remove(0);
    assert_eq!(drain(&cast.app).await.unwrap(), 0, "it is somebody's");
    cast.pass(60);
    drain(&cast.app).await.unwrap();
    assert_eq!(cast.sms.sent().len(), 1);
    let letter = cast.sms.sent().remove(0);
    let late = cast
        .write(move |connection, act| {
            outbox::settle_sent(connection, act, &claimed, &letter, outbox::Carrier::default())
        })
        .await;
    assert_eq!(late, Settled::Lost);
    assert_eq!(cast.messages().await[0].attempts, 1);
}

#[tokio::test]
async fn a_worker_that_stops_gives_its_claims_back() {
    let cast = Cast::new();
    cast.case_of(Some(MOBILE), None).await;
    cast.write(|connection, act| outbox::claim(connection, "stopping", act.now, 60, 10)).await;
    cast.write(|connection, _| outbox::release(connection, "stopping")).await;
    drain(&cast.app).await.unwrap();
    assert_eq!(cast.sms.sent().len(), 1);
}

#[tokio::test]
async fn a_carriers_report_moves_a_message_only_forward() {
    let cast = Cast::new();
    cast.case_of(Some(MOBILE), Some(EMAIL)).await;
    drain(&cast.app).await.unwrap();
    let message = cast.messages().await[0].id;
    let report = async |state| {
        cast.write(move |connection, act| outbox::delivered(connection, act, message, state)).await
    };
    assert_eq!(report(DeliveryState::AtCarrier).await, Reported::Recorded);
    assert_eq!(report(DeliveryState::Queued).await, Reported::AlreadyKnown);
    assert_eq!(report(DeliveryState::Delivered).await, Reported::Recorded);
    assert_eq!(report(DeliveryState::Undelivered).await, Reported::AlreadyKnown);
    drain(&cast.app).await.unwrap();
    assert!(cast.mail.sent().is_empty());
}

#[tokio::test]
async fn an_undelivered_sms_makes_an_e_mail_once() {
    let cast = Cast::new();
    cast.case_of(Some(MOBILE), Some(EMAIL)).await;
    drain(&cast.app).await.unwrap();
    let carrier = format!("memory-{}", cast.messages().await[0].id);
    let message =
        cast.app.db.read(move |connection| outbox::by_carrier(connection, &carrier)).await.unwrap().unwrap();
    for state in [DeliveryState::Undelivered, DeliveryState::Failed] {
        cast.write(move |connection, act| outbox::delivered(connection, act, message, state)).await;
    }
    drain(&cast.app).await.unwrap();
    assert_eq!(cast.mail.sent().len(), 1);
    assert_eq!(cast.messages().await[0].state, DeliveryState::Undelivered);
}

#[tokio::test]
async fn a_report_that_overtakes_the_settlement_stops_a_second_sending() {
    let cast = Cast::new();
    cast.case_of(Some(MOBILE), None).await;
    let claimed =
        cast.write(|connection, act| outbox::claim(connection, "slow", act.now, 60, 10)).await.remove(0);
    let message = claimed.message;
    cast.write(move |connection, act| outbox::delivered(connection, act, message, DeliveryState::Delivered))
        .await;
    cast.pass(120);
    drain(&cast.app).await.unwrap();
    assert!(cast.sms.sent().is_empty(), "the carrier has it");
    let letter = outbox::Letter {
        message,
        outlet: Outlet::Sms,
        address: "+989121234567".into(),
        language: crate::error::Language::Fa,
        rendered: crate::domain::notifications::Rendered {
            subject: None,
            body: "text".into(),
            filled: Default::default(),
        },
        thread: Default::default(),
        haste: Default::default(),
        page: None,
    };
    let late = cast
        .write(move |connection, act| {
            outbox::settle_sent(connection, act, &claimed, &letter, outbox::Carrier::default())
        })
        .await;
    let kept = cast.messages().await.remove(0);
    assert_eq!(
        (late, kept.state, kept.body.as_deref()),
        (Settled::Done, DeliveryState::Delivered, Some("text"))
    );
}
