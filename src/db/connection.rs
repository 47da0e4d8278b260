//! One connection type over both databases, and how a connection is opened.

use std::ops::{Deref, DerefMut};
use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, ManageConnection};
use diesel::{PgConnection, SqliteConnection};

/// A connection to either database; the dialect differences live in [`super::dialect`].
#[derive(diesel::MultiConnection)]
pub enum DbConnection {
    /// The bundled, embedded default.
    Sqlite(SqliteConnection),
    /// Where one machine is outgrown.
    Postgres(PgConnection),
}

/// The r2d2 pool of such connections.
pub type Pool = diesel::r2d2::Pool<Manager>;

/// A connection in use within this time is taken to be alive; any other is asked first.
const FRESH: Duration = Duration::from_secs(1);

/// A pooled connection, and when it last did its work.
pub struct Pooled {
    inner: DbConnection,
    used: Option<Instant>,
}

impl Pooled {
    /// The server may be gone: the connection is asked before it is used again.
    pub fn suspect(&mut self) {
        self.used = None;
    }
}

impl Deref for Pooled {
    type Target = DbConnection;

    fn deref(&self) -> &DbConnection {
        &self.inner
    }
}

impl DerefMut for Pooled {
    fn deref_mut(&mut self) -> &mut DbConnection {
        &mut self.inner
    }
}

/// Opens connections, and asks whether one is alive only when it was idle or failed: asking every time would
/// be one more round trip for every read.
#[derive(Debug)]
pub struct Manager(ConnectionManager<DbConnection>);

impl Manager {
    pub fn new(target: String) -> Self {
        Self(ConnectionManager::new(target))
    }
}

impl ManageConnection for Manager {
    type Connection = Pooled;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<Pooled, Self::Error> {
        let mut inner = self.0.connect()?;
        prepare(&mut inner).map_err(diesel::r2d2::Error::QueryError)?;
        Ok(Pooled { inner, used: Some(Instant::now()) })
    }

    fn is_valid(&self, pooled: &mut Pooled) -> Result<(), Self::Error> {
        if pooled.used.is_some_and(|used| used.elapsed() < FRESH) {
            return Ok(());
        }
        self.0.is_valid(&mut pooled.inner)
    }

    fn has_broken(&self, pooled: &mut Pooled) -> bool {
        // called when the connection comes back
        pooled.used = pooled.used.map(|_| Instant::now());
        self.0.has_broken(&mut pooled.inner)
    }
}

/// Pragmas of SQLite (durable WAL) and session settings of PostgreSQL (UTC).
pub fn prepare(connection: &mut DbConnection) -> QueryResult<()> {
    use diesel::connection::SimpleConnection;
    let settings = match connection {
        DbConnection::Sqlite(_) => {
            "PRAGMA busy_timeout = 15000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
             PRAGMA foreign_keys = ON; PRAGMA cache_size = -8000; PRAGMA temp_store = MEMORY; \
             PRAGMA wal_autocheckpoint = 4000;"
        }
        DbConnection::Postgres(_) => {
            "SET TIME ZONE 'UTC'; SET idle_in_transaction_session_timeout = '60s'; SET lock_timeout = '15s';"
        }
    };
    connection.batch_execute(settings)
}
