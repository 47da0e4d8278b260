//! Watches the clocks: reminders and escalations, questions that nobody answered, windows and outer limits that
//! passed, consent that did not come, warnings that nobody decided.
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
use crate::db::types::{CaseId, ContactPlanId, ExtensionRequestId, InterimDemandId, Time};
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::escalate::Ringing;
use crate::domain::cases::{close, escalate, interim};
use crate::domain::{contact_plans, referrals, warnings};
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
    Silence { case: CaseId, request: ExtensionRequestId },
    OuterLimit(CaseId),
    Interim { case: CaseId, demand: InterimDemandId },
    Progress(CaseId),
    PlanExpired(ContactPlanId),
}

impl Due {
    /// The case, where it is one's own time that has come.
    fn case(self) -> Option<CaseId> {
        match self {
            Due::Point { case, .. }
            | Due::Silence { case, .. }
            | Due::Interim { case, .. }
            | Due::Unanswered(case)
            | Due::WindowPassed(case)
            | Due::OuterLimit(case)
            | Due::Progress(case) => Some(case),
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
    done += warn(app).await?;
    if done > 0 {
        app.nudges.outbox.notify_one();
    }
    Ok(done)
}

/// Drafts warnings of offices and persons who are late too often, and sends idle drafts up.
async fn warn(app: &App) -> Result<usize> {
    let mut done = 0;
    let piled = app.read(Actor::System, warnings::piled).await?;
    for one in piled {
        let write = app.write(Actor::System, move |connection, act| warnings::of_pile(connection, act, &one));
        done += usize::from(write.await?);
    }
    let now = app.clock.now();
    let idle = app.db.read(move |connection| warnings::idle(connection, now, PAGE)).await?;
    for id in idle {
        let write = app.write(Actor::System, move |connection, act| warnings::go_up(connection, act, id));
        done += usize::from(write.await?);
    }
    Ok(done)
}

fn find(connection: &mut DbConnection, now: Time, limit: i64) -> Result<Vec<Due>> {
    let points = escalate::ringing(connection, now, limit)?;
    let unanswered = escalate::unanswered(connection, now, limit)?;
    let passed = escalate::window_passed(connection, now, limit)?;
    let silent = referrals::silent(connection, now, limit)?;
    let outer = interim::past_outer(connection, now, limit)?;
    let demands = interim::due(connection, now, limit)?;
    let expired = contact_plans::due(connection, now, limit)?;
    Ok(points
        .into_iter()
        .map(|Ringing { case, referral }| Due::Point { case, referral })
        .chain(unanswered.into_iter().map(Due::Unanswered))
        .chain(passed.into_iter().map(Due::WindowPassed))
        .chain(silent.into_iter().map(|(case, request)| Due::Silence { case, request }))
        .chain(outer.into_iter().map(Due::OuterLimit))
        .chain(demands.into_iter().map(|(case, demand)| match demand {
            Some(demand) => Due::Interim { case, demand },
            None => Due::Progress(case),
        }))
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
                Due::Silence { case, request } => referrals::lapse(connection, &act, case, request),
                Due::OuterLimit(case) => interim::demand(connection, &act, case),
                Due::Interim { case, demand } => interim::settle(connection, &act, case, demand),
                Due::Progress(case) => interim::progress(connection, &act, case),
                Due::PlanExpired(plan) => contact_plans::expire(connection, &act, plan),
            }
        })
        .await
}
