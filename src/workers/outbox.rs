//! Sends what waits in the outbox: claims by lease, sends with no transaction open, settles.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::{Beat, repeat};
use crate::app::App;
use crate::db::DbConnection;
use crate::db::types::Time;
use crate::domain::actor::{Act, Actor};
use crate::domain::calendar::TEHRAN;
use crate::domain::letters;
use crate::domain::notifications::outbox::{self, Carrier, Claimed, Fault, Hold, Letter, Loaded, Settled};
use crate::domain::notifications::{DeliveryState, Links, Outlet};
use crate::domain::sms::sendings;
use crate::error::{Error, Result};
use crate::gateways::Sending;

/// How often the outbox is looked at when nobody nudges.
const TICK: Duration = Duration::from_secs(2);
/// Messages claimed at once, for each that is sent at once.
const CLAIM_FACTOR: usize = 4;
/// Longer than all messages of one claim take, at 30 seconds each.
const LEASE_SECONDS: i64 = 180;
/// Pauses between tries to settle a message that was sent: worth some patience, since the lease guards it.
const SETTLE_PAUSES_MS: [u64; 6] = [50, 200, 1000, 3000, 10_000, 20_000];

/// The worker's loop; its leases are in the name of `owner`.
pub async fn run(app: App, owner: String, stop: watch::Receiver<bool>) {
    let beat = Beat { name: "outbox", tick: TICK, nudge: app.nudges.outbox.clone() };
    let stopping = stop.clone();
    repeat(beat, stop, move || {
        let (app, owner, stopping) = (app.clone(), owner.clone(), stopping.clone());
        async move { drain_batch(&app, &owner, Some(stopping)).await }
    })
    .await;
}

/// Claims, sends and settles one batch; gives how many messages it took. Two at once share nothing.
pub async fn drain_once(app: &App) -> Result<usize> {
    static DRAINS: AtomicU64 = AtomicU64::new(0);
    let owner = format!("{}/drain-{}", std::process::id(), DRAINS.fetch_add(1, Ordering::Relaxed));
    drain_batch(app, &owner, None).await
}

async fn drain_batch(app: &App, owner: &str, stopping: Option<watch::Receiver<bool>>) -> Result<usize> {
    let concurrency = app.config.outbox.concurrency.max(1);
    let limit = i64::try_from(concurrency.saturating_mul(CLAIM_FACTOR)).unwrap_or(i64::MAX);
    let (owner, clock) = (owner.to_owned(), app.clock.clone());
    // looked at without the write lock first: an idle service writes nothing
    if !app.db.read(move |connection| outbox::is_due(connection, clock.now())).await? {
        return Ok(0);
    }
    let clock = app.clock.clone();
    let claimed = app
        .db
        .write(move |connection| outbox::claim(connection, &owner, clock.now(), LEASE_SECONDS, limit))
        .await?;
    let count = claimed.len();
    let places = Arc::new(Semaphore::new(concurrency));
    let mut sending = JoinSet::new();
    for claim in claimed {
        let (app, places, stopping) = (app.clone(), places.clone(), stopping.clone());
        sending.spawn(async move {
            // the semaphore is never closed
            let _place = places.acquire_owned().await;
            if stopping.is_some_and(|stopping| *stopping.borrow()) {
                return;
            }
            deliver(&app, claim).await;
        });
    }
    while let Some(ended) = sending.join_next().await {
        if let Err(error) = ended {
            tracing::error!(%error, "a message was not settled; its lease will end");
        }
    }
    Ok(count)
}

/// One message from its claim to its settlement; faults are logged here and leave the lease to end.
async fn deliver(app: &App, claimed: Claimed) {
    let message = claimed.message;
    match try_deliver(app, &claimed).await {
        Ok(Settled::Done | Settled::Retry(_) | Settled::FellBack(_)) => {}
        Ok(Settled::Dead) => {
            metrics::counter!("samad_dead_letters_total").increment(1);
            tracing::error!(message.id = %message, "a notice reached nobody by any way; send it again once the cause is mended");
        }
        Ok(Settled::Lost) => {
            tracing::warn!(message.id = %message, "the lease of a message had ended before it was settled")
        }
        Err(error) => {
            tracing::warn!(message.id = %message, %error, "a message was not settled; its lease will end")
        }
    }
}

async fn try_deliver(app: &App, claimed: &Claimed) -> Result<Settled> {
    let letter = match load(app, claimed).await {
        Ok(Loaded::Ready(letter)) => *letter,
        Ok(Loaded::Lost) => return Ok(Settled::Lost),
        Ok(Loaded::Unreachable(why)) => {
            return settle(app, claimed, move |connection, act, claimed, _| {
                outbox::settle_final(connection, act, claimed, DeliveryState::Failed, why)
            })
            .await;
        }
        Err(error @ Error::Unavailable { .. }) => return Err(error),
        Err(error) => {
            tracing::error!(message.id = %claimed.message, %error, "a message cannot be written; mend its template");
            return settle(app, claimed, |connection, act, claimed, app| {
                let why = "the message cannot be written; see the log";
                outbox::settle_passing(connection, act, claimed, Fault::Message, why, &app.config.outbox)
            })
            .await;
        }
    };
    let usable = app.gateways.usable();
    if !usable.contains(&letter.outlet) {
        return settle(app, claimed, move |connection, act, claimed, _| {
            outbox::reroute(connection, act, claimed, &usable)
        })
        .await;
    }
    if let Some((until, why)) = held_back(app, &letter) {
        return settle(app, claimed, move |connection, act, claimed, _| {
            outbox::hold(connection, act, claimed, until, why)
        })
        .await;
    }
    let started = std::time::Instant::now();
    let sending = app.gateways.send(&letter).await;
    tell(&letter, &sending, started.elapsed());
    settle_sending(app, claimed, letter, sending).await
}

/// Until when a letter waits that could go now, and why.
fn held_back(app: &App, letter: &Letter) -> Option<(Time, Hold)> {
    let haste = letter.haste;
    if haste.is_prompt {
        return None;
    }
    let now = app.clock.now();
    let rings = matches!(letter.outlet, Outlet::Sms | Outlet::Fax);
    // the settings were checked at the start
    let quiet = app.config.outbox.quiet().ok().flatten().filter(|_| rings);
    let zone = jiff::tz::TimeZone::get(TEHRAN).ok()?;
    if let Some(until) = quiet.and_then(|quiet| quiet.until(now, &zone)) {
        return Some((until, Hold::QuietHours));
    }
    if haste.has_turn {
        return None;
    }
    app.gateways.turn(letter, now).map(|turn| (turn, Hold::Turn))
}

async fn load(app: &App, claimed: &Claimed) -> Result<Loaded> {
    let (app, claimed) = (app.clone(), claimed.clone());
    app.db
        .clone()
        .read(move |connection| {
            let rules = app.rules.current(connection)?;
            let links = Links { base_url: &app.config.server.public_url, keys: &app.keys };
            let mut loaded = outbox::load_for_sending(connection, &rules, &app.vault, &claimed, links)?;
            if let Loaded::Ready(letter) = &mut loaded
                && letter.outlet == Outlet::Fax
            {
                let head = &app.config.letters;
                letter.page = Some(letters::fax_page(connection, &rules, &app.vault, letter, head, links)?);
            }
            Ok(loaded)
        })
        .await
}

/// Logs and counts how a try ended; an alarm where somebody must mend the gateway.
fn tell(letter: &Letter, sending: &Sending, took: Duration) {
    let (outlet, message) = (letter.outlet.as_str(), letter.message);
    let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let outcome = match sending {
        Sending::Accepted { .. } => "sent",
        Sending::Withheld(_) => "withheld",
        Sending::Refused(_) => "refused",
        Sending::Deferred(_) => "deferred",
        Sending::Down(_) => "down",
        Sending::Misconfigured(_) => "misconfigured",
    };
    metrics::counter!("samad_messages_total", "channel" => outlet, "outcome" => outcome).increment(1);
    match sending {
        Sending::Accepted { .. } | Sending::Withheld(_) => {
            tracing::info!(message.id = %message, channel = outlet, outcome, duration_ms, "message handed over");
        }
        Sending::Refused(reason) | Sending::Deferred(reason) | Sending::Down(reason) => {
            tracing::warn!(message.id = %message, channel = outlet, outcome, reason, duration_ms, "message not handed over");
        }
        Sending::Misconfigured(reason) => {
            tracing::error!(message.id = %message, channel = outlet, reason, "the gateway refuses us: check its key, credit and address");
        }
    }
}

async fn settle_sending(app: &App, claimed: &Claimed, letter: Letter, sending: Sending) -> Result<Settled> {
    settle(app, claimed, move |connection, act, claimed, app| {
        let retry = &app.config.outbox;
        match &sending {
            Sending::Accepted { carrier_id } => {
                let (id, gateway) = (carrier_id.as_deref(), app.gateways.name_for(&letter));
                let by = Carrier { gateway: gateway.as_deref(), id };
                let settled = outbox::settle_sent(connection, act, claimed, &letter, by)?;
                let followed = app.gateways.follows(&letter);
                if let (Settled::Done, Some((gateway, is_asked))) = (settled, followed) {
                    sendings::follow(connection, act, letter.message, gateway, id, is_asked)?;
                }
                Ok(settled)
            }
            Sending::Withheld(detail) => outbox::settle_withheld(connection, act, claimed, &letter, detail),
            Sending::Refused(reason) => {
                outbox::settle_final(connection, act, claimed, DeliveryState::Failed, reason)
            }
            Sending::Deferred(reason) => {
                outbox::settle_passing(connection, act, claimed, Fault::Message, reason, retry)
            }
            Sending::Down(reason) | Sending::Misconfigured(reason) => {
                outbox::settle_passing(connection, act, claimed, Fault::Gateway, reason, retry)
            }
        }
    })
    .await
}

/// Settles in one write, with some patience while the database is away.
async fn settle<F>(app: &App, claimed: &Claimed, settlement: F) -> Result<Settled>
where
    F: Fn(&mut DbConnection, &Act, &Claimed, &App) -> Result<Settled> + Send + Sync + 'static,
{
    let settlement = Arc::new(settlement);
    let mut pauses = SETTLE_PAUSES_MS.into_iter();
    loop {
        let (app_inside, claimed, settlement) = (app.clone(), claimed.clone(), settlement.clone());
        let outcome = app
            .db
            .write(move |connection| {
                let act = app_inside.act(connection, Actor::System)?;
                settlement(connection, &act, &claimed, &app_inside)
            })
            .await;
        match (outcome, pauses.next()) {
            (Err(Error::Unavailable { .. }), Some(pause)) => {
                tokio::time::sleep(Duration::from_millis(pause)).await
            }
            (outcome, _) => return outcome,
        }
    }
}
