//! Recomputes open cases for closures that were declared or withdrawn late, and sends the new promises.
//!
//! Each case is its own write and is done once, whoever does it; a restart goes on after the last case. One that
//! cannot be judged is logged and left out. A run ends when no transaction is left that could still bring in a case
//! promised without the closure.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};

use super::{Beat, repeat};
use crate::app::App;
use crate::db::dialect::running_transactions;
use crate::db::types::{CaseId, ClosureRunId};
use crate::domain::actor::Actor;
use crate::domain::cases::{Docket, Expected};
use crate::domain::closures;
use crate::error::{Error, Result};

const TICK: Duration = Duration::from_secs(5);
/// Cases of one step.
const PAGE: i64 = 200;

/// The worker's loop.
pub async fn run(app: App, stop: watch::Receiver<bool>) {
    let beat = Beat { name: "closures", tick: TICK, nudge: Arc::new(Notify::new()) };
    repeat(beat, stop, move || {
        let app = app.clone();
        async move { run_once(&app).await }
    })
    .await;
}

/// Does every run that has not ended; gives how many cases were looked at.
pub async fn run_once(app: &App) -> Result<usize> {
    let mut done = 0;
    let mut left_out: HashSet<CaseId> = HashSet::new();
    let mut older: Option<(ClosureRunId, Vec<String>)> = None;
    loop {
        let found = app.read(Actor::System, |connection, act| closures::batch(connection, act, PAGE)).await?;
        let Some(batch) = found else { break };
        if older.as_ref().is_none_or(|(run, _)| *run != batch.run) {
            // whoever begins from now on knows the closure
            older = Some((batch.run, app.db.read(running_transactions).await?));
            left_out.clear();
        }
        done += step(app, &batch, &mut left_out).await?;
        let noted = batch.clone();
        app.write(Actor::System, move |connection, act| closures::pass(connection, act, &noted)).await?;
        if batch.cases.is_empty() && !end(app, batch.run, &older, &left_out).await? {
            break;
        }
    }
    if done > 0 {
        app.nudges.outbox.notify_one();
    }
    Ok(done)
}

async fn step(app: &App, batch: &closures::Batch, left_out: &mut HashSet<CaseId>) -> Result<usize> {
    let mut done = 0;
    for case in batch.cases.iter().copied().filter(|case| !left_out.contains(case)).collect::<Vec<_>>() {
        let write = app.write(Actor::System, move |connection, act| {
            Docket::open(connection, act, case, Expected::Any).map(drop)
        });
        match write.await {
            Ok(()) => done += 1,
            Err(error @ Error::Unavailable { .. }) => return Err(error),
            Err(error) => {
                tracing::error!(case.id = %case, %error, "a case cannot be recomputed for a closure; it is left out");
                left_out.insert(case);
            }
        }
    }
    Ok(done)
}

/// Ends a run, unless an older transaction may still write a case; false where it must wait.
async fn end(
    app: &App,
    run: ClosureRunId,
    older: &Option<(ClosureRunId, Vec<String>)>,
    left_out: &HashSet<CaseId>,
) -> Result<bool> {
    let running = app.db.read(running_transactions).await?;
    let waits = older.as_ref().is_some_and(|(_, before)| running.iter().any(|name| before.contains(name)));
    if waits {
        return Ok(false);
    }
    let left_out: Vec<CaseId> = left_out.iter().copied().collect();
    app.write(Actor::System, move |connection, act| closures::finish(connection, act, run, &left_out)).await
}
