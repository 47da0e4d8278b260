//! What the two databases spell differently; everything else is portable Diesel.
//!
//! `Both` sends a statement that the shared backend refuses (upserts, unions); `on_both!` runs a block on
//! the concrete connection (batch inserts); `lock_suffix` adds row locks where they exist.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sqlite::Sqlite;

use super::connection::{DbConnection, MultiBackend};

/// A statement that both databases understand but the common denominator does not (`ON CONFLICT`, `UNION`).
#[derive(Debug, Clone, Copy)]
pub struct Both<T>(pub T);

impl<T> QueryFragment<MultiBackend> for Both<T>
where
    T: QueryFragment<Sqlite> + QueryFragment<Pg>,
{
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        MultiBackend::walk_variant_ast(&self.0, pass)
    }
}

impl<T: QueryId> QueryId for Both<T> {
    type QueryId = T::QueryId;
    const HAS_STATIC_QUERY_ID: bool = T::HAS_STATIC_QUERY_ID;
}

impl<T: Query> Query for Both<T> {
    type SqlType = T::SqlType;
}

impl<T> RunQueryDsl<DbConnection> for Both<T> {}

/// A query whose rows stay locked until the transaction ends: `FOR UPDATE` on PostgreSQL; on SQLite the
/// write lock is held already.
#[derive(Debug, Clone, Copy)]
pub struct Locked<T>(pub T, pub &'static str);

impl<T: QueryFragment<MultiBackend>> QueryFragment<MultiBackend> for Locked<T> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        self.0.walk_ast(pass.reborrow())?;
        if let MultiBackend::Postgres(_) = pass.backend() {
            pass.push_sql(self.1);
        }
        Ok(())
    }
}

impl<T> QueryId for Locked<T> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<T: Query> Query for Locked<T> {
    type SqlType = T::SqlType;
}

impl<T> RunQueryDsl<DbConnection> for Locked<T> {}

/// Locks the rows of a query until the end of the transaction.
pub fn for_update<T>(query: T) -> Locked<T> {
    Locked(query, " FOR UPDATE")
}

/// Locks the rows of a query, leaving out those that another transaction holds.
pub fn for_update_skip_locked<T>(query: T) -> Locked<T> {
    Locked(query, " FOR UPDATE SKIP LOCKED")
}

/// Runs one block on whichever concrete connection it is; for batch inserts.
#[macro_export]
macro_rules! on_both {
    ($connection:expr, |$inner:ident| $body:expr) => {
        match $connection {
            $crate::db::DbConnection::Sqlite($inner) => $body,
            $crate::db::DbConnection::Postgres($inner) => $body,
        }
    };
}

/// How many rows one batch insert may have; SQLite counts bind variables.
pub const BATCH: usize = 500;

/// Whether a table of this name exists.
pub fn has_table(connection: &mut DbConnection, name: &str) -> QueryResult<bool> {
    use diesel::sql_types::Text;
    let query = match connection {
        DbConnection::Sqlite(_) => "SELECT name AS line FROM sqlite_master WHERE type = 'table' AND name = ?",
        DbConnection::Postgres(_) => {
            "SELECT relname::text AS line FROM pg_class WHERE relkind = 'r' AND relname = $1 \
             AND relnamespace = current_schema()::regnamespace"
        }
    };
    let found: Vec<Line> = diesel::sql_query(query).bind::<Text, _>(name).load(connection)?;
    Ok(!found.is_empty())
}

/// Names of the transactions that run in this database beside this one, in whichever process. SQLite has none:
/// its writers come one after the other.
pub fn running_transactions(connection: &mut DbConnection) -> crate::error::Result<Vec<String>> {
    if matches!(connection, DbConnection::Sqlite(_)) {
        return Ok(Vec::new());
    }
    // readable for every role, unlike the times of other roles' transactions
    let found: Vec<Line> = diesel::sql_query(
        "SELECT l.virtualtransaction AS line FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid \
         WHERE l.locktype = 'virtualxid' AND a.datname = current_database() AND a.backend_type = 'client backend' \
         AND l.pid <> pg_backend_pid()",
    )
    .load(connection)?;
    Ok(found.into_iter().map(|row| row.line).collect())
}

/// Holds a lock of this number until the transaction ends. SQLite needs none: its writers come one after the other.
pub fn lock_number(connection: &mut DbConnection, number: i64) -> QueryResult<()> {
    use diesel::sql_types::BigInt;
    if let DbConnection::Postgres(inner) = connection {
        diesel::sql_query("SELECT pg_advisory_xact_lock($1)").bind::<BigInt, _>(number).execute(inner)?;
    }
    Ok(())
}

/// Runs a change after which the old content must be gone from the file as well: SQLite then overwrites it with
/// zeros, where it would only mark it as free. PostgreSQL's vacuum does as much in its own time.
pub fn overwriting<T>(
    connection: &mut DbConnection,
    change: impl FnOnce(&mut DbConnection) -> crate::error::Result<T>,
) -> crate::error::Result<T> {
    use diesel::connection::SimpleConnection;
    if matches!(connection, DbConnection::Postgres(_)) {
        return change(connection);
    }
    connection.batch_execute("PRAGMA secure_delete = ON")?;
    let outcome = change(connection);
    connection.batch_execute("PRAGMA secure_delete = OFF")?;
    outcome
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = diesel::sql_types::Text)]
    line: String,
}
