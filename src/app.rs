//! The application: what every edge is handed. Built once.

mod door;
mod files;
mod uploads;

use std::sync::Arc;

use tokio::sync::Notify;

use crate::clock::Clock;
use crate::config::Config;
use crate::db::types::Time;
use crate::db::{Db, DbConnection, IdMaker};
use crate::domain::actor::{Act, Actor};
use crate::domain::keys::Keys;
use crate::domain::rulebook::RulebookCache;
use crate::domain::vault::Vault;
use crate::error::{Error, Result};
use crate::gateways::Gateways;

pub use files::Brought;
pub use uploads::Ticket;

/// Everything that handlers and workers need; cheap to clone.
#[derive(Debug, Clone)]
pub struct App {
    pub config: Arc<Config>,
    pub db: Db,
    pub clock: Clock,
    pub ids: Arc<IdMaker>,
    pub keys: Keys,
    pub vault: Vault,
    pub rules: RulebookCache,
    pub gateways: Gateways,
    pub nudges: Nudges,
    /// Where passwords are hashed.
    pub hashing: Hashing,
}

/// Wakes a worker before its next tick.
#[derive(Debug, Clone, Default)]
pub struct Nudges {
    /// A message was queued.
    pub outbox: Arc<Notify>,
    /// Scans came in.
    pub recognition: Arc<Notify>,
    /// A problem was settled.
    pub following: Arc<Notify>,
    /// A file came.
    pub files: Arc<Notify>,
    /// A subscriber is to be told again.
    pub webhooks: Arc<Notify>,
    /// A call rang, was answered or ended.
    pub calls: Arc<Notify>,
}

impl App {
    /// An act of `actor` now, under the rules and keys that this transaction sees.
    pub fn act(&self, connection: &mut DbConnection, actor: Actor) -> Result<Act> {
        self.act_at(connection, actor, self.clock.now())
    }

    /// The same at a given time.
    pub fn act_at(&self, connection: &mut DbConnection, actor: Actor, now: Time) -> Result<Act> {
        let rules = self.rules.current(connection)?;
        self.vault.follow(connection, rules.version)?;
        let (ids, keys, vault) = (self.ids.clone(), self.keys.clone(), self.vault.clone());
        Ok(Act { actor, now, rules, ids, keys, vault })
    }

    /// Runs a read as `actor`, away from the async threads.
    pub async fn read<T, F>(&self, actor: Actor, read: F) -> Result<T>
    where
        F: FnOnce(&mut DbConnection, &Act) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let app = self.clone();
        self.db
            .read(move |connection| {
                let act = app.act(connection, actor)?;
                read(connection, &act)
            })
            .await
    }

    /// Runs a point read as `actor`.
    pub async fn glance<T, F>(&self, actor: Actor, read: F) -> Result<T>
    where
        F: FnOnce(&mut DbConnection, &Act) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let app = self.clone();
        self.db
            .glance(move |connection| {
                let act = app.act(connection, actor)?;
                read(connection, &act)
            })
            .await
    }

    /// Runs one write as `actor`, in one transaction; returns after its commit. It may run more than once.
    pub async fn write<T, F>(&self, actor: Actor, write: F) -> Result<T>
    where
        F: Fn(&mut DbConnection, &Act) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let app = self.clone();
        self.db
            .write(move |connection| {
                let act = app.act(connection, actor.clone())?;
                write(connection, &act)
            })
            .await
    }
}

type Hash = Box<dyn FnOnce() + Send>;

/// One thread that hashes passwords, one after the other: each takes 19 MiB, and many threads would each keep
/// theirs.
#[derive(Clone)]
pub struct Hashing(std::sync::mpsc::Sender<Hash>);

impl std::fmt::Debug for Hashing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hashing")
    }
}

impl Default for Hashing {
    fn default() -> Self {
        let (sender, waiting) = std::sync::mpsc::channel::<Hash>();
        std::thread::Builder::new()
            .name("hashing".into())
            .spawn(move || waiting.into_iter().for_each(|hash| hash()))
            .expect("the process may start a thread");
        Self(sender)
    }
}

impl Hashing {
    /// Runs one hash when its turn comes.
    pub async fn run<T: Send + 'static>(&self, hash: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let (answer, done) = tokio::sync::oneshot::channel();
        let job: Hash = Box::new(move || {
            // whoever asked may have gone away
            let _ = answer.send(hash());
        });
        self.0.send(job).map_err(|_| Error::internal("the hashing thread has ended"))?;
        done.await.map_err(Error::internal)
    }
}
