//! Watches the rules for conflicts of interest: where the tree or a subject changed, cases that are thereby in the
//! hands of somebody they are about leave them. People who move are looked after in the act that moves them.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, watch};

use super::{Beat, repeat};
use crate::app::App;
use crate::db::types::CaseId;
use crate::domain::actor::Actor;
use crate::domain::{conflict, rulebook};
use crate::error::{Error, Result};

const TICK: Duration = Duration::from_secs(60);
/// Cases that are read at once.
const PAGE: i64 = 200;

/// The worker's loop.
pub async fn run(app: App, stop: watch::Receiver<bool>) {
    let beat = Beat { name: "conflicts", tick: TICK, nudge: Arc::new(Notify::new()) };
    let judged = Arc::new(AtomicI64::new(-1));
    repeat(beat, stop, move || {
        let (app, judged) = (app.clone(), judged.clone());
        async move {
            let version = app.db.read(rulebook::version).await?;
            if judged.load(Ordering::Relaxed) == version {
                return Ok(0);
            }
            run_once(&app).await?;
            judged.store(version, Ordering::Relaxed);
            Ok(0)
        }
    })
    .await;
}

/// Looks at every open case about somebody; gives how many left somebody's hands.
pub async fn run_once(app: &App) -> Result<usize> {
    let (mut done, mut after) = (0, None);
    loop {
        let (tainted, last) = app
            .read(Actor::System, move |connection, act| {
                let page = conflict::about_somebody(connection, after, PAGE)?;
                let last = page.last().copied();
                let mut tainted = Vec::new();
                for case in page {
                    match conflict::is_tainted(connection, act, case) {
                        Ok(true) => tainted.push(case),
                        Ok(false) => {}
                        Err(error @ Error::Unavailable { .. }) => return Err(error),
                        Err(error) => log(case, &error),
                    }
                }
                Ok((tainted, last))
            })
            .await?;
        for case in tainted {
            match app
                .write(Actor::System, move |connection, act| conflict::review(connection, act, case))
                .await
            {
                Ok(cleared) => done += usize::from(cleared),
                Err(error @ Error::Unavailable { .. }) => return Err(error),
                Err(error) => log(case, &error),
            }
        }
        let Some(last) = last else { break };
        after = Some(last);
    }
    if done > 0 {
        app.nudges.outbox.notify_one();
    }
    Ok(done)
}

/// One case that cannot be judged holds up none of the others.
fn log(case: CaseId, error: &Error) {
    tracing::error!(case.id = %case, %error, "a case about those who hold it finds no free desk; name an office or person anew");
}
