//! The two doors to the database: [`Db::read`] and [`Db::write`], the same on SQLite and PostgreSQL.
//!
//! A write's closure runs inside one transaction (or savepoint) and may run again after a lost connection,
//! so it does no network, no sleeping and no rendering. Nothing is acknowledged before its commit.

pub mod among;
pub mod connection;
pub mod dialect;
pub mod fulltext;
pub mod ids;
pub mod migrate;
pub mod prepared;
pub mod schema;
pub mod scratch;
pub mod sealed;
pub mod slots;
pub mod snapshot;
#[cfg(test)]
mod tests;
pub mod types;
mod writer;

use std::path::PathBuf;
use std::sync::Arc;

use diesel::prelude::*;

pub use connection::DbConnection;
pub use ids::IdMaker;

use crate::error::{Error, FieldError, Result};

/// Which database, parsed from its URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A file.
    Sqlite(PathBuf),
    /// A server's URL.
    Postgres(String),
}

impl Location {
    /// Parses `sqlite://path` or `postgres://…`; the error says what is expected.
    pub fn parse(url: &str) -> std::result::Result<Self, String> {
        match url.split_once("://") {
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(PathBuf::from(path))),
            Some(("postgres" | "postgresql", _)) => Ok(Self::Postgres(url.to_owned())),
            _ => Err(format!(
                "'{}' is not a database URL: write sqlite://path/to/file or postgres://user:password@host/name",
                url.split('@').next_back().unwrap_or_default()
            )),
        }
    }

    /// The string that a connection is opened with.
    fn target(&self) -> String {
        match self {
            Self::Sqlite(path) => path.to_string_lossy().into_owned(),
            Self::Postgres(url) => url.clone(),
        }
    }

    /// Opens one connection outside the pools; for migrations, backups and commands.
    pub fn open(&self) -> Result<DbConnection> {
        let mut connection = self.open_plain()?;
        connection::prepare(&mut connection).map_err(Error::from)?;
        Ok(connection)
    }

    /// The same without any setting: a database file that is only read stays as it is.
    pub fn open_plain(&self) -> Result<DbConnection> {
        DbConnection::establish(&self.target()).map_err(|e| match self {
            Self::Sqlite(path) => Error::internal(format!("database file {}: {e}", path.display())),
            Self::Postgres(_) => Error::internal(format!("PostgreSQL: {e}")),
        })
    }
}

/// The database of a running service; cheap to clone.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    location: Location,
    reads: connection::Pool,
    writer: writer::Writer,
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Db").field("is_sqlite", &self.is_sqlite()).finish_non_exhaustive()
    }
}

impl Db {
    /// Opens the pools and the writer; the schema must be there already (see [`migrate`]).
    pub fn open(location: &Location, pool_size: u32) -> Result<Self> {
        let reads = connection::Pool::builder()
            .max_size(pool_size)
            .min_idle(Some(1))
            .connection_timeout(std::time::Duration::from_secs(5))
            // a file does not go away between two reads; a server may
            .test_on_check_out(matches!(location, Location::Postgres(_)))
            .build(connection::Manager::new(location.target()))
            .map_err(Error::internal)?;
        let writer = match location {
            Location::Sqlite(_) => writer::Writer::group_commit(location.open()?),
            Location::Postgres(_) => writer::Writer::pooled(reads.clone()),
        };
        Ok(Self(Arc::new(Inner { location: location.clone(), reads, writer })))
    }

    /// Whether this is the embedded database.
    pub fn is_sqlite(&self) -> bool {
        matches!(self.0.location, Location::Sqlite(_))
    }

    /// Where the database is.
    pub fn location(&self) -> &Location {
        &self.0.location
    }

    /// Runs a read away from the async threads.
    pub async fn read<T, F>(&self, read: F) -> Result<T>
    where
        F: FnOnce(&mut DbConnection) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let db = self.clone();
        tokio::task::spawn_blocking(move || db.read_here(read)).await.map_err(Error::internal)?
    }

    /// Runs a read on this thread; for point reads of the embedded database, and for commands.
    pub fn read_here<T>(&self, read: impl FnOnce(&mut DbConnection) -> Result<T>) -> Result<T> {
        let mut connection = self.0.reads.get().map_err(|error| {
            tracing::warn!(%error, "no database connection became free");
            Error::Unavailable { retry_after: 2 }
        })?;
        let outcome = read(&mut connection);
        if matches!(outcome, Err(Error::Unavailable { .. })) {
            connection.suspect();
        }
        outcome
    }

    /// Runs a point read: on this thread where the database is embedded, else away from it.
    pub async fn glance<T, F>(&self, read: F) -> Result<T>
    where
        F: FnOnce(&mut DbConnection) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        if self.is_sqlite() { self.read_here(read) } else { self.read(read).await }
    }

    /// Runs one write in one transaction and returns after its commit. The closure may run more than once.
    pub async fn write<T, F>(&self, write: F) -> Result<T>
    where
        F: Fn(&mut DbConnection) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        self.0.writer.write(write).await
    }

    /// The same for a command line, outside any runtime.
    pub fn write_here<T, F>(&self, write: F) -> Result<T>
    where
        F: Fn(&mut DbConnection) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        self.0.writer.write_here(write)
    }
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        use diesel::result::DatabaseErrorKind as Kind;
        use diesel::result::Error as E;
        match error {
            E::NotFound => Error::NotFound,
            E::DatabaseError(Kind::UniqueViolation, _) => Error::Conflict(crate::error::Code::Duplicate),
            E::DatabaseError(Kind::SerializationFailure | Kind::ClosedConnection, _)
            | E::BrokenTransactionManager => Error::Unavailable { retry_after: 1 },
            E::DatabaseError(_, ref info) if is_passing(info.message()) => {
                Error::Unavailable { retry_after: 1 }
            }
            // PostgreSQL keeps no NUL in a text; nothing of ours has one, so it came from outside
            E::DatabaseError(_, ref info) if info.message().contains("invalid byte sequence") => {
                let (fa, en) = ("نویسه‌های کنترلی را پاک کنید.", "Remove the control characters.");
                Error::field(FieldError::new("request", "control_characters", fa, en))
            }
            other => Error::Internal(Box::new(other)),
        }
    }
}

/// Faults that another try can cure: locks, a server that restarts or changed its role, a full disk.
fn is_passing(message: &str) -> bool {
    const SIGNS: [&str; 11] = [
        "database is locked",
        "database table is locked",
        "disk is full",
        "No space left on device",
        "deadlock detected",
        "could not serialize",
        "terminating connection",
        "server closed the connection",
        "the database system is",
        "connection to server",
        "read-only transaction",
    ];
    SIGNS.iter().any(|sign| message.contains(sign))
}
