//! Keeps the process's id slot and forgets what is past its time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, watch};

use super::{Beat, Slot, repeat};
use crate::app::App;
use crate::db::slots;
use crate::domain::actor::Actor;
use crate::domain::{citizens, expiry, phone, webhooks};
use crate::error::Result;

const TICK: Duration = Duration::from_secs(30);
/// Seconds between two rounds of forgetting.
const FORGET_SECONDS: i64 = 600;

/// The worker's loop; `lost` is told when another process holds our slot.
pub async fn run(app: App, slot: Slot, lost: watch::Sender<bool>, stop: watch::Receiver<bool>) {
    let beat = Beat { name: "housekeeping", tick: TICK, nudge: Arc::new(Notify::new()) };
    let lost = Arc::new(lost);
    let forgot_at = Arc::new(AtomicI64::new(0));
    repeat(beat, stop, move || {
        let (app, slot, lost, forgot_at) = (app.clone(), slot.clone(), lost.clone(), forgot_at.clone());
        async move {
            if !renew(&app, &slot).await? {
                tracing::error!(
                    slot = slot.number,
                    "another process holds our id slot; this process must stop"
                );
                lost.send_replace(true);
            }
            let now = app.clock.now().as_microsecond() / 1_000_000;
            if now - forgot_at.load(Ordering::Relaxed) >= FORGET_SECONDS {
                forget(&app).await?;
                index_households(&app).await?;
                forgot_at.store(now, Ordering::Relaxed);
            }
            Ok(0)
        }
    })
    .await;
}

/// Renews the lease on the id slot; false when it is somebody else's by now.
pub async fn renew(app: &App, slot: &Slot) -> Result<bool> {
    let (app_inside, slot) = (app.clone(), slot.clone());
    app.db
        .write(move |connection| {
            let high_water = app_inside.ids.high_water_ms();
            slots::renew(connection, slot.number, &slot.holder, high_water, app_inside.clock.now())
        })
        .await
}

/// Finds the households of records that were written before there were any, some at a time; gives the number of rows.
pub async fn index_households(app: &App) -> Result<usize> {
    let mut rows = 0;
    loop {
        let inside = app.clone();
        let step = app
            .db
            .write(move |connection| {
                // the keys that index are those that this transaction sees
                let act = inside.act(connection, Actor::System)?;
                citizens::index_households(connection, &act.vault)
            })
            .await?;
        rows += step;
        if step == 0 {
            return Ok(rows);
        }
    }
}

/// Forgets what is past its time; gives the number of rows.
pub async fn forget(app: &App) -> Result<usize> {
    let (now, keep_days) = (app.clock.now(), app.config.webhooks.keep_days);
    let past = app
        .db
        .write(move |connection| {
            let told = webhooks::forget(connection, now.plus_days(-keep_days))?;
            Ok(told + expiry::forget(connection, now)?)
        })
        .await?;
    Ok(past + app.write(Actor::System, phone::forget).await?)
}
