//! Clocks ring once, windows close, and one broken case holds up none of the others.

use diesel::prelude::*;

use super::cast::Cast;
use crate::db::schema::{cases, events};
use crate::db::types::CaseId;
use crate::domain::actor::Act;
use crate::domain::cases::life::Status;
use crate::domain::once;
use crate::error::Result;
use crate::workers::deadlines::run_once;
use crate::workers::{Slot, drain, housekeeping, start_all};

async fn events_of(cast: &Cast, case: CaseId, kind: &'static str) -> i64 {
    let read = cast.app.db.read(move |connection| -> Result<i64> {
        Ok(events::table
            .filter(events::case_id.eq(case).and(events::kind.eq(kind)))
            .count()
            .get_result(connection)?)
    });
    read.await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_point_of_a_desks_clock_fires_once_with_two_workers() {
    let cast = Cast::new();
    let case = cast.case_of(None, None).await;
    cast.pass(20 * 86_400);
    let (one, other) = tokio::join!(run_once(&cast.app), run_once(&cast.app));
    assert_eq!(one.unwrap() + other.unwrap(), 5);
    assert_eq!(run_once(&cast.app).await.unwrap(), 0);
    assert_eq!(events_of(&cast, case, "deadline_passed").await, 5);
    drain(&cast.app).await.unwrap();
    assert_eq!(cast.mail.sent().len(), 5, "the offices are told of each");
}

#[tokio::test]
async fn a_broken_case_is_left_out_and_the_others_go_on() {
    let cast = Cast::new();
    let (broken, whole) = (cast.case_of(None, None).await, cast.case_of(None, None).await);
    cast.write(move |connection, _| {
        diesel::update(cases::table.find(broken)).set(cases::dismissal.eq("no json")).execute(connection)?;
        Ok(())
    })
    .await;
    cast.pass(20 * 86_400);
    assert_eq!(run_once(&cast.app).await.unwrap(), 5);
    assert_eq!(events_of(&cast, whole, "deadline_passed").await, 5);
    assert_eq!(events_of(&cast, broken, "deadline_passed").await, 0);
}

#[tokio::test]
async fn questions_without_reply_and_passed_windows_close_their_cases() {
    let cast = Cast::new();
    let (asked, answered) =
        (cast.case_of(Some("09121234567"), None).await, cast.case_of(Some("09121234568"), None).await);
    cast.write(move |connection, act| {
        let until = act.now.plus_days(20);
        diesel::update(cases::table.find(asked))
            .set((
                cases::status.eq(Status::AwaitingCitizen),
                cases::resume_status.eq(Status::Classified),
                cases::wait_until.eq(until),
                cases::triage_next_at.eq(None::<crate::db::types::Time>),
            ))
            .execute(connection)?;
        diesel::update(cases::table.find(answered))
            .set((
                cases::status.eq(Status::Answered),
                cases::outcome.eq("granted"),
                cases::window_until.eq(until),
                cases::triage_next_at.eq(None::<crate::db::types::Time>),
            ))
            .execute(connection)?;
        Ok(())
    })
    .await;
    drain(&cast.app).await.unwrap();
    assert_eq!(run_once(&cast.app).await.unwrap(), 0, "not before their time");
    cast.pass(20 * 86_400);
    drain(&cast.app).await.unwrap();
    for case in [asked, answered] {
        assert_eq!(events_of(&cast, case, "case_closed").await, 1);
    }
    assert_eq!(cast.sms.sent().len(), 4, "an acknowledgement and a closing each");
}

#[tokio::test]
async fn what_is_past_its_time_is_forgotten_and_the_slot_is_kept() {
    let cast = Cast::new();
    cast.write(|connection, act| {
        for (key, age) in [("old", 8), ("new", 6)] {
            let then = Act { now: act.now.plus_days(-age), ..act.clone() };
            once::keep(connection, &then, key, "fingerprint", 201, &serde_json::json!({}))?;
        }
        Ok(())
    })
    .await;
    assert_eq!(housekeeping::forget(&cast.app).await.unwrap(), 1);
    let (number, _) =
        cast.write(|connection, act| crate::db::slots::acquire(connection, "here", act.now)).await;
    let renewed = async |holder: &str| {
        housekeeping::renew(&cast.app, &Slot { number, holder: holder.into() }).await.unwrap()
    };
    assert!(renewed("here").await);
    assert!(!renewed("elsewhere").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn running_workers_send_at_a_nudge_and_stop_at_once() {
    let cast = Cast::new();
    let (number, _) =
        cast.write(|connection, act| crate::db::slots::acquire(connection, "here", act.now)).await;
    let workers = start_all(cast.app.clone(), Slot { number, holder: "here".into() });
    cast.case_of(Some("09121234567"), None).await;
    cast.app.nudges.outbox.notify_one();
    let sent = async {
        while cast.sms.sent().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), sent).await.unwrap();
    tokio::time::timeout(std::time::Duration::from_secs(5), workers.stop()).await.unwrap();
}
