//! SMS beside the outbox: answers to what citizens send, dialogues whose time is over, states that a provider must be asked
//! for, messages that it received for us, and what gateways complain of.
//!
//! Asking a provider twice or in two processes changes nothing: the door knows what came before, and states only move on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};

use super::{Beat, repeat};
use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::cases::Channel;
use crate::domain::gateways;
use crate::domain::intake::Form;
use crate::domain::notifications::Links;
use crate::domain::sms::replies::{self, Claimed, Tried};
use crate::domain::sms::{dialogues, sendings, standings};
use crate::error::{Error, Result};
use crate::gateways::Sending;
use crate::gateways::sms::Pulled;
use crate::intake::{self, Delivery, Inbound, Sender, Vouch};

const TICK: Duration = Duration::from_secs(2);
/// Answers, states or dialogues of one round.
const ROUND: i64 = 100;
/// Pages of received messages after which a round ends; the next one goes on.
const PAGES: usize = 200;
/// Pages in a row with nothing new, after which there is nothing more.
const OLD_PAGES: usize = 2;

/// The loop for answers and dialogues.
pub async fn run(app: App, stop: watch::Receiver<bool>) {
    let beat = Beat { name: "sms", tick: TICK, nudge: Arc::new(Notify::new()) };
    repeat(beat, stop, move || {
        let app = app.clone();
        async move { run_once(&app).await }
    })
    .await;
}

/// The loop that asks providers.
pub async fn run_polling(app: App, stop: watch::Receiver<bool>) {
    let tick = Duration::from_secs(app.config.sms.poll_seconds.max(1));
    let beat = Beat { name: "sms-polling", tick, nudge: Arc::new(Notify::new()) };
    let anew = Arc::new(std::sync::Mutex::new(BTreeMap::new()));
    repeat(beat, stop, move || {
        let (app, anew) = (app.clone(), anew.clone());
        async move {
            poll_states(&app).await?;
            for gateway in app.gateways.sms.polled() {
                let known = |is_anew: Option<bool>| {
                    let mut anew = anew.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    match is_anew {
                        Some(is_anew) => anew.insert(gateway.clone(), is_anew),
                        None => anew.get(&gateway).copied(),
                    }
                };
                // after a start or a fault also what was read before: it may have been lost on its way
                let is_anew = known(None).unwrap_or(true);
                known(Some(true));
                poll_received(&app, &gateway, is_anew).await?;
                known(Some(false));
            }
            // once a tick, however much there was
            Ok(0)
        }
    })
    .await;
}

/// Sends the answers that are due and ends the dialogues whose time is over; gives how many.
pub async fn run_once(app: &App) -> Result<usize> {
    note_standings(app).await?;
    let ended = end_dialogues(app).await?;
    let clock = app.clock.clone();
    if !app.db.read(move |connection| replies::is_due(connection, clock.now())).await? {
        return Ok(ended);
    }
    let clock = app.clock.clone();
    let claimed = app.db.write(move |connection| replies::claim(connection, clock.now(), ROUND)).await?;
    let count = claimed.len();
    for claim in claimed {
        answer(app, claim).await?;
    }
    Ok(ended + count)
}

async fn answer(app: &App, claimed: Claimed) -> Result<()> {
    let inside = app.clone();
    let letter = app
        .read(Actor::System, move |connection, act| {
            let links = Links { base_url: &inside.config.server.public_url, keys: &inside.keys };
            replies::letter(connection, act, claimed, links)
        })
        .await;
    let tried = match letter {
        Ok(Some(letter)) => match app.gateways.send(&letter).await {
            Sending::Accepted { .. } => Tried::Sent,
            Sending::Withheld(_) => Tried::Withheld,
            Sending::Refused(reason) => Tried::Refused(reason),
            Sending::Deferred(reason) | Sending::Down(reason) | Sending::Misconfigured(reason) => {
                Tried::Later(reason)
            }
        },
        Ok(None) => return Ok(()),
        Err(error @ Error::Unavailable { .. }) => return Err(error),
        Err(error) => {
            tracing::error!(%error, "an answer by SMS cannot be written; mend its template");
            Tried::Later("it cannot be written; see the log".into())
        }
    };
    let retry = app.config.outbox.clone();
    app.write(Actor::System, move |connection, act| replies::settle(connection, act, claimed, &tried, &retry))
        .await
}

async fn end_dialogues(app: &App) -> Result<usize> {
    let now = app.clock.now();
    let over = app.db.read(move |connection| dialogues::expired(connection, now, ROUND)).await?;
    let mut ended = 0;
    for id in over {
        let outcome =
            app.write(Actor::System, move |connection, act| intake::end_dialogue(connection, act, id));
        match outcome.await {
            Ok(()) => ended += 1,
            Err(error @ Error::Unavailable { .. }) => return Err(error),
            Err(error) => {
                tracing::error!(dialogue.id = %id, %error, "a dialogue by SMS cannot be ended; what it holds is kept for a person");
                app.write(Actor::System, move |connection, act| {
                    intake::give_dialogue_up(connection, act, id)
                })
                .await?;
                ended += 1;
            }
        }
    }
    if ended > 0 {
        app.nudges.outbox.notify_one();
    }
    Ok(ended)
}

/// Asks providers how far messages got, and gives up those that nobody tells of; gives how many were looked at.
pub async fn poll_states(app: &App) -> Result<usize> {
    let now = app.clock.now();
    let due = app.db.read(move |connection| sendings::due(connection, now, 5 * ROUND)).await?;
    let count = due.len();
    let mut asked: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for sent in &due {
        asked.entry(sent.gateway.clone()).or_default().extend(sent.carrier_id.clone());
    }
    let mut told = BTreeMap::new();
    for (gateway, ids) in asked {
        let states = app.gateways.sms.states(&gateway, &ids).await;
        told.extend(states.into_iter().map(|(id, state)| ((gateway.clone(), id), state)));
    }
    for sent in due {
        let key = (sent.gateway, sent.carrier_id.unwrap_or_default());
        let (message, state) = (sent.message_id, told.get(&key).copied());
        app.write(Actor::System, move |connection, act| sendings::look(connection, act, message, state))
            .await?;
    }
    if count > 0 {
        app.nudges.outbox.notify_one();
    }
    Ok(count)
}

/// Takes in what a provider received for us, until it has nothing new; gives how many were new.
///
/// # Errors
/// `Unavailable` where the database could not take something: the provider is asked for all of it again.
pub async fn poll_received(app: &App, gateway: &str, is_anew: bool) -> Result<usize> {
    let (name, now) = (gateway.to_owned(), app.clock.now());
    // by the key of the same name, so that what is also pushed is one delivery
    let by_key = app.db.read(move |connection| gateways::by_name(connection, &name, now)).await?;
    let (mut new, mut old) = (0, 0);
    for page in 0..PAGES {
        let pulled = app.gateways.sms.received(gateway, page, is_anew).await.map_err(|fault| {
            Error::internal(format!("the gateway {gateway} does not tell what it received: {fault}"))
        })?;
        let mut fresh = 0;
        for one in pulled {
            let actor = by_key.clone().unwrap_or(Actor::System);
            let inbound = inbound(gateway, one);
            if app.receive(actor, inbound).await?.delivery == Delivery::First {
                fresh += 1;
            }
        }
        new += fresh;
        old = if fresh == 0 { old + 1 } else { 0 };
        if old == OLD_PAGES {
            break;
        }
    }
    Ok(new)
}

fn inbound(gateway: &str, pulled: Pulled) -> Inbound {
    Inbound {
        gateway: Some(gateway.to_owned()),
        external_id: Some(pulled.id),
        received_at: pulled.at,
        sender: Sender { number: Some(pulled.from), vouch: Vouch::Channel, ..Sender::default() },
        recipient: pulled.to,
        text: pulled.text,
        ..Inbound::new(Form::Sms, Channel::Sms)
    }
}

/// Lays on the health page what gateways complain of, where that changed.
async fn note_standings(app: &App) -> Result<()> {
    let told = app.gateways.sms.standings();
    if told.is_empty() {
        return Ok(());
    }
    let now = app.clock.now();
    let known = app.db.read(standings::alarms).await?;
    for (gateway, alarm) in told {
        if known.get(&gateway).copied() != alarm {
            app.db.write(move |connection| standings::note(connection, now, &gateway, alarm)).await?;
        }
    }
    Ok(())
}
