//! One connection type over both databases, and how a connection is opened.

use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, CustomizeConnection};
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
pub type Pool = diesel::r2d2::Pool<ConnectionManager<DbConnection>>;

/// Sets what every connection needs, once, when it is opened.
#[derive(Debug, Clone, Copy)]
pub struct OnOpen;

impl CustomizeConnection<DbConnection, diesel::r2d2::Error> for OnOpen {
    fn on_acquire(&self, connection: &mut DbConnection) -> Result<(), diesel::r2d2::Error> {
        prepare(connection).map_err(diesel::r2d2::Error::QueryError)
    }
}

/// Pragmas of SQLite (durable WAL) and session settings of PostgreSQL (UTC).
pub fn prepare(connection: &mut DbConnection) -> QueryResult<()> {
    use diesel::connection::SimpleConnection;
    let settings = match connection {
        DbConnection::Sqlite(_) => {
            "PRAGMA busy_timeout = 15000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
             PRAGMA foreign_keys = ON; PRAGMA cache_size = -8000; PRAGMA temp_store = MEMORY; \
             PRAGMA mmap_size = 67108864; PRAGMA wal_autocheckpoint = 4000;"
        }
        DbConnection::Postgres(_) => {
            "SET TIME ZONE 'UTC'; SET idle_in_transaction_session_timeout = '60s'; SET lock_timeout = '15s';"
        }
    };
    connection.batch_execute(settings)
}
