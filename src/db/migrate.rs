//! Migrations: one set per database under the same names, embedded in the binary.

use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel::sqlite::Sqlite;
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

/// Versions of the migrations that this binary carries; both databases have the same.
pub fn known() -> Result<Vec<String>> {
    let migrations: Vec<Box<dyn Migration<Sqlite>>> = SQLITE.migrations().map_err(Error::Internal)?;
    Ok(migrations.iter().map(|migration| migration.name().version().to_string()).collect())
}

/// Runs only those of the missing migrations that `versions` names: the schema of an older moment.
pub fn run_only(connection: &mut DbConnection, versions: &[String]) -> Result<()> {
    match connection {
        DbConnection::Sqlite(inner) => run_those::<Sqlite>(inner, SQLITE, versions),
        DbConnection::Postgres(inner) => run_those::<Pg>(inner, POSTGRES, versions),
    }
}

fn run_those<B: diesel::backend::Backend>(
    connection: &mut impl MigrationHarness<B>,
    source: EmbeddedMigrations,
    versions: &[String],
) -> Result<()>
where
    EmbeddedMigrations: MigrationSource<B>,
{
    for migration in connection.pending_migrations(source).map_err(Error::Internal)? {
        if versions.contains(&migration.name().version().to_string()) {
            connection.run_migration(&migration).map_err(Error::Internal)?;
        }
    }
    Ok(())
}
