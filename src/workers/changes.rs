//! Lets agreed changes of the configuration take effect at their time.
//!
//! Each is its own write; one that no longer fits is marked as failed, with its reason, and holds up no other.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};

use super::{Beat, repeat};
use crate::app::App;
use crate::db::types::ChangeId;
use crate::domain::actor::Actor;
use crate::domain::changes;
use crate::error::{Error, Result};

const TICK: Duration = Duration::from_secs(15);
/// Changes that are read at once.
const PAGE: i64 = 50;

/// The worker's loop.
pub async fn run(app: App, stop: watch::Receiver<bool>) {
    let beat = Beat { name: "changes", tick: TICK, nudge: Arc::new(Notify::new()) };
    repeat(beat, stop, move || {
        let app = app.clone();
        async move { run_once(&app).await }
    })
    .await;
}

/// Applies every change whose time has come; gives how many were settled.
pub async fn run_once(app: &App) -> Result<usize> {
    let now = app.clock.now();
    let due = app.db.read(move |connection| changes::due(connection, now, PAGE)).await?;
    let mut done = 0;
    for id in due {
        done += usize::from(apply(app, id).await?);
    }
    Ok(done)
}

async fn apply(app: &App, id: ChangeId) -> Result<bool> {
    let applied = app.write(Actor::System, move |connection, act| changes::apply_due(connection, act, id));
    match applied.await {
        Ok(is_applied) => Ok(is_applied),
        Err(error @ Error::Unavailable { .. }) => Err(error),
        Err(error) => {
            tracing::error!(change.id = %id, %error, "an agreed change of the configuration cannot take effect");
            let fault = Arc::new(error);
            app.write(Actor::System, move |connection, act| changes::fail(connection, act, id, &fault)).await
        }
    }
}
