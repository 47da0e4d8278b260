//! Workers: what the service does on its own, beside answering requests.
//!
//! Each takes no input, may run twice at once and after a crash, and goes the same round: nudge or tick → run
//! once → log → back off on a fault → stop. Tests call [`drain`] and never wait for a tick.

pub mod anchoring;
pub mod changes;
pub mod closures;
pub mod conflicts;
pub mod deadlines;
pub mod files;
pub mod folders;
pub mod following;
pub mod housekeeping;
pub mod mailboxes;
pub mod outbox;
pub mod recognition;
pub mod retention;
pub mod sms;
#[cfg(test)]
mod tests;
pub mod webhooks;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use crate::app::App;
use crate::domain::notifications;
use crate::error::{Error, Result};

/// Longest pause of a worker whose runs fail.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Which id slot this process holds, and under which name.
#[derive(Debug, Clone)]
pub struct Slot {
    pub number: i64,
    pub holder: String,
}

/// The running workers of a process.
#[derive(Debug)]
pub struct Workers {
    app: App,
    stop: watch::Sender<bool>,
    lost: watch::Receiver<bool>,
    tasks: Vec<JoinHandle<()>>,
    owner: String,
}

/// Starts every worker; must be called inside the runtime.
pub fn start_all(app: App, slot: Slot) -> Workers {
    let (stop, stopped) = watch::channel(false);
    let (told_lost, lost) = watch::channel(false);
    let owner = format!("{}/outbox", slot.holder);
    let tasks = vec![
        tokio::spawn(outbox::run(app.clone(), owner.clone(), stopped.clone())),
        tokio::spawn(closures::run(app.clone(), stopped.clone())),
        tokio::spawn(deadlines::run(app.clone(), stopped.clone())),
        tokio::spawn(following::run(app.clone(), stopped.clone())),
        tokio::spawn(files::run(app.clone(), stopped.clone())),
        tokio::spawn(anchoring::run(app.clone(), stopped.clone())),
        tokio::spawn(conflicts::run(app.clone(), stopped.clone())),
        tokio::spawn(changes::run(app.clone(), stopped.clone())),
        tokio::spawn(retention::run(app.clone(), stopped.clone())),
        tokio::spawn(mailboxes::run(app.clone(), slot.holder.clone(), stopped.clone())),
        tokio::spawn(sms::run(app.clone(), stopped.clone())),
        tokio::spawn(sms::run_polling(app.clone(), stopped.clone())),
        tokio::spawn(webhooks::run(app.clone(), stopped.clone())),
        tokio::spawn(recognition::run(app.clone(), stopped.clone())),
        tokio::spawn(folders::run(app.clone(), stopped.clone())),
        tokio::spawn(housekeeping::run(app.clone(), slot, told_lost, stopped)),
    ];
    Workers { app, stop, lost, tasks, owner }
}

impl Workers {
    /// Returns when another process took our id slot: the process must then stop, or ids could collide.
    pub async fn slot_lost(&self) {
        let mut lost = self.lost.clone();
        if lost.wait_for(|is_lost| *is_lost).await.is_err() {
            // the housekeeping worker has ended without having lost anything
            std::future::pending::<()>().await;
        }
    }

    /// Stops all workers: what is being sent is finished within the time that `server.stop_seconds` gives,
    /// what was only claimed is given back.
    pub async fn stop(self) {
        // nobody may be listening any more; then there is nothing to stop
        let _ = self.stop.send(true);
        let deadline = tokio::time::Instant::now() + Duration::from_secs(self.app.config.server.stop_seconds);
        let mut is_clean = true;
        for mut task in self.tasks {
            if tokio::time::timeout_at(deadline, &mut task).await.is_err() {
                tracing::warn!("a worker did not stop in time and was cut off");
                task.abort();
                is_clean = false;
            }
        }
        if !is_clean {
            // what was cut off may still be on its way: its leases end by themselves
            return;
        }
        let owner = self.owner;
        if let Err(error) =
            self.app.db.write(move |connection| notifications::outbox::release(connection, &owner)).await
        {
            tracing::warn!(%error, "leases were not given back; they end by themselves");
        }
    }
}

/// Runs changes, closures, deadlines, what is followed up, dialogues by SMS, files, webhooks and the outbox until none finds anything more; for tests.
/// Gives how much was done.
pub async fn drain(app: &App) -> Result<usize> {
    let mut done = 0;
    loop {
        let ruled = changes::run_once(app).await? + closures::run_once(app).await?;
        let watched = deadlines::run_once(app).await? + following::run_once(app).await?;
        let answered = sms::run_once(app).await?;
        let looked_into = files::run_once(app).await?;
        let told = webhooks::run_once(app).await?;
        let step = ruled + watched + answered + looked_into + told + outbox::drain_once(app).await?;
        done += step;
        if step == 0 {
            return Ok(done);
        }
    }
}

/// When a worker runs: at every tick, and at once when it is nudged.
struct Beat {
    name: &'static str,
    tick: Duration,
    nudge: Arc<Notify>,
}

/// Runs `once` again and again: at once while it finds work, later and later while it fails.
async fn repeat<F, R>(beat: Beat, mut stop: watch::Receiver<bool>, once: F)
where
    F: Fn() -> R,
    R: Future<Output = Result<usize>> + Send + 'static,
{
    let mut failures: u32 = 0;
    while !*stop.borrow() {
        // in a task of its own, so that a panic ends one run and not the worker
        let outcome = tokio::spawn(once()).await.unwrap_or_else(|panic| Err(Error::internal(panic)));
        let pause = match outcome {
            Ok(done) => {
                failures = 0;
                if done > 0 {
                    tracing::debug!(worker = beat.name, done, "worker ran");
                    continue;
                }
                beat.tick
            }
            Err(error) => {
                failures += 1;
                log_failure(beat.name, failures, &error);
                LONGEST_PAUSE.min(beat.tick * 2_u32.saturating_pow(failures.min(6)))
            }
        };
        tokio::select! {
            _ = stop.wait_for(|is_stopped| *is_stopped) => {}
            () = tokio::time::sleep(pause) => {}
            () = beat.nudge.notified(), if failures == 0 => {}
        }
    }
}

fn log_failure(worker: &str, failures: u32, error: &Error) {
    metrics::counter!("samad_worker_failures_total", "worker" => worker.to_owned()).increment(1);
    match error {
        // the database is away for a moment; only a lasting outage needs somebody
        Error::Unavailable { .. } if failures < 5 => {
            tracing::warn!(worker, failures, %error, "worker will try again")
        }
        _ => tracing::error!(worker, failures, %error, "worker failed; it will try again"),
    }
}
