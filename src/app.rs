//! The application: what every edge is handed. Built once.

use std::sync::Arc;

use tokio::sync::Notify;

use crate::clock::Clock;
use crate::config::Config;
use crate::db::types::Time;
use crate::db::{Db, DbConnection, IdMaker};
use crate::domain::actor::{Act, Actor};
use crate::domain::keys::Keys;
use crate::domain::rulebook::RulebookCache;
use crate::error::Result;
use crate::gateways::Gateways;

/// Everything that handlers and workers need; cheap to clone.
#[derive(Debug, Clone)]
pub struct App {
    pub config: Arc<Config>,
    pub db: Db,
    pub clock: Clock,
    pub ids: Arc<IdMaker>,
    pub keys: Keys,
    pub rules: RulebookCache,
    pub gateways: Gateways,
    pub nudges: Nudges,
    /// Turns for password hashing: it is slow and takes 19 MiB each.
    pub hashing: Arc<tokio::sync::Semaphore>,
}

/// Wakes a worker before its next tick.
#[derive(Debug, Clone, Default)]
pub struct Nudges {
    /// A message was queued.
    pub outbox: Arc<Notify>,
}

impl App {
    /// An act of `actor` now, under the rules that this transaction sees.
    pub fn act(&self, connection: &mut DbConnection, actor: Actor) -> Result<Act> {
        self.act_at(connection, actor, self.clock.now())
    }

    /// The same at a given time.
    pub fn act_at(&self, connection: &mut DbConnection, actor: Actor, now: Time) -> Result<Act> {
        let rules = self.rules.current(connection)?;
        Ok(Act { actor, now, rules, ids: self.ids.clone(), keys: self.keys.clone() })
    }
}
