//! Watches the clocks: reminders and escalations, questions that nobody answered, windows that passed.
//!
//! Each case is its own write, so that one that cannot be judged holds up none of the others; it is logged and
//! tried again at the next tick.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};

use super::{Beat, repeat};
use crate::app::App;
use crate::db::DbConnection;
use crate::db::types::{CaseId, ContactPlanId, Time};
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::escalate::Ringing;
use crate::domain::cases::{close, escalate};
use crate::domain::contact_plans;
use crate::error::{Error, Result};

const TICK: Duration = Duration::from_secs(15);
/// Clocks that are read at once.
const PAGE: i64 = 200;

/// The worker's loop.
pub async fn run(app: App, stop: watch::Receiver<bool>) {
    let beat = Beat { name: "deadlines", tick: TICK, nudge: Arc::new(Notify::new()) };
    repeat(beat, stop, move || {
        let app = app.clone();
        async move { run_once(&app).await }
    })
    .await;
}

/// One thing that its time has come for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Due {
    Point { case: CaseId, referral: Option<crate::db::types::ReferralId> },
    Unanswered(CaseId),
    WindowPassed(CaseId),
    PlanExpired(ContactPlanId),
}

impl Due {
    /// The case, where it is one's own time that has come.
    fn case(self) -> Option<CaseId> {
        match self {
            Due::Point { case, .. } | Due::Unanswered(case) | Due::WindowPassed(case) => Some(case),
            Due::PlanExpired(_) => None,
        }
    }
}

/// Does everything that is due, until nothing is; gives how much was done.
pub async fn run_once(app: &App) -> Result<usize> {
    let mut done = 0;
    // what moved nothing on would be found again at once
    let mut skipped: HashSet<Due> = HashSet::new();
    loop {
        let now = app.clock.now();
        let limit = PAGE + i64::try_from(skipped.len()).unwrap_or(0);
        let found = app.db.read(move |connection| find(connection, now, limit)).await?;
        let fresh: Vec<Due> = found.into_iter().filter(|due| !skipped.contains(due)).collect();
        if fresh.is_empty() {
            break;
        }
        for due in fresh {
            match act_on(app, due).await {
                Ok(true) => done += 1,
                Ok(false) => {
                    skipped.insert(due);
                }
                Err(error @ Error::Unavailable { .. }) => return Err(error),
                Err(error) => {
                    tracing::error!(case.id = ?due.case(), ?due, %error, "a deadline cannot be handled; the case is left for the next run");
                    skipped.insert(due);
                }
            }
        }
    }
    if done > 0 {
        app.nudges.outbox.notify_one();
    }
    Ok(done)
}

fn find(connection: &mut DbConnection, now: Time, limit: i64) -> Result<Vec<Due>> {
    let points = escalate::ringing(connection, now, limit)?;
    let unanswered = escalate::unanswered(connection, now, limit)?;
    let passed = escalate::window_passed(connection, now, limit)?;
    let expired = contact_plans::due(connection, now, limit)?;
    Ok(points
        .into_iter()
        .map(|Ringing { case, referral }| Due::Point { case, referral })
        .chain(unanswered.into_iter().map(Due::Unanswered))
        .chain(passed.into_iter().map(Due::WindowPassed))
        .chain(expired.into_iter().map(Due::PlanExpired))
        .collect())
}

/// Handles one in its own write; false when somebody else did.
async fn act_on(app: &App, due: Due) -> Result<bool> {
    let inside = app.clone();
    app.db
        .write(move |connection| {
            let act: Act = inside.act(connection, Actor::System)?;
            match due {
                Due::Point { case, referral } => escalate::fire(connection, &act, Ringing { case, referral }),
                Due::Unanswered(case) => close::close_without_reply(connection, &act, case),
                Due::WindowPassed(case) => close::close_after_window(connection, &act, case),
                Due::PlanExpired(plan) => contact_plans::expire(connection, &act, plan),
            }
        })
        .await
}
