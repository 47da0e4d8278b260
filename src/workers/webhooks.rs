//! Tells subscribers what waits for them: claims by lease, sends with no transaction open, settles.

use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{Beat, repeat};
use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::webhooks::{self, Answer, Claimed, Retry, Settled, Tried};
use crate::error::{Error, Result};

const TICK: Duration = Duration::from_secs(2);
/// Deliveries of one round, all sent at once.
const ROUND: i64 = 32;
/// Longer than a subscriber may take to answer.
const LEASE_SECONDS: i64 = 120;

/// The worker's loop.
pub async fn run(app: App, stop: watch::Receiver<bool>) {
    let beat = Beat { name: "webhooks", tick: TICK, nudge: app.nudges.webhooks.clone() };
    repeat(beat, stop, move || {
        let app = app.clone();
        async move { run_once(&app).await }
    })
    .await;
}

/// Sends one round of what is due; gives how many deliveries it took.
pub async fn run_once(app: &App) -> Result<usize> {
    let now = app.clock.now();
    if !app.db.read(move |connection| webhooks::is_due(connection, now)).await? {
        return Ok(0);
    }
    let claimed =
        app.db.write(move |connection| webhooks::claim(connection, now, LEASE_SECONDS, ROUND)).await?;
    let count = claimed.len();
    let mut sending = JoinSet::new();
    for one in claimed {
        let app = app.clone();
        sending.spawn(async move { deliver(&app, one).await });
    }
    while let Some(outcome) = sending.join_next().await {
        outcome.map_err(Error::internal)??;
    }
    Ok(count)
}

async fn deliver(app: &App, claimed: Claimed) -> Result<Settled> {
    let id = claimed.id;
    let post = app.read(Actor::System, move |connection, act| webhooks::load(connection, act, id)).await?;
    let Some(post) = post else {
        return app
            .write(Actor::System, move |connection, act| webhooks::give_up(connection, act, &claimed))
            .await;
    };
    let began = Instant::now();
    let timestamp = app.clock.now().timestamp().as_second();
    let answer = app.gateways.webhooks.send(&app.keys, &post, timestamp).await;
    let duration_ms = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
    tell(&post.webhook.code, &post.event, &answer, duration_ms);
    let (tried, retry) = (Tried { answer, duration_ms }, retry(app));
    app.write(Actor::System, move |connection, act| {
        webhooks::settle(connection, act, &claimed, &tried, &retry)
    })
    .await
}

fn retry(app: &App) -> Retry {
    let settings = &app.config.webhooks;
    Retry {
        backoff_seconds: settings.backoff_seconds,
        backoff_limit_seconds: settings.backoff_limit_seconds,
        max_attempts: settings.max_attempts,
        breaker_failures: settings.breaker_failures,
        breaker_seconds: settings.breaker_seconds,
    }
}

fn tell(webhook: &str, event: &str, answer: &Answer, duration_ms: i64) {
    let outcome = match answer {
        Answer::Taken(_) => "taken",
        Answer::Refused(..) => "refused",
        Answer::Withheld(_) => "withheld",
    };
    metrics::counter!("samad_webhooks_total", "outcome" => outcome).increment(1);
    match answer {
        Answer::Refused(_, reason) => {
            tracing::warn!(webhook, event, reason, duration_ms, "a subscriber did not take an event");
        }
        Answer::Taken(_) | Answer::Withheld(_) => {
            tracing::debug!(webhook, event, outcome, duration_ms, "a subscriber was told");
        }
    }
}
