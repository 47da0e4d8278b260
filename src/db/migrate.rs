//! Migrations: one set per database under the same names, embedded in the binary.

use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connection::DbConnection;
use crate::error::{Error, Result};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Brings the database to this binary's schema; gives the names of the migrations that ran.
pub fn run(connection: &mut DbConnection) -> Result<Vec<String>> {
    let applied = match connection {
        DbConnection::Sqlite(inner) => {
            inner.run_pending_migrations(SQLITE).map(|v| v.iter().map(ToString::to_string).collect())
        }
        DbConnection::Postgres(inner) => {
            inner.run_pending_migrations(POSTGRES).map(|v| v.iter().map(ToString::to_string).collect())
        }
    };
    applied.map_err(Error::Internal)
}
