//! Whole databases out and in: what a backup reads and a restore writes.
//!
//! A snapshot is one moment of the database, taken while others write. SQLite gives it as a file of its own;
//! PostgreSQL as rows in JSON, table by table, parents before children. Files, archives and digests are not
//! known here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::connection::DbConnection;
use super::schema::{attachments, intake_files, item_pages, messages, outbox, webhook_deliveries};
use super::types::Time;
use crate::error::{Error, Result};

/// Rows that are fetched from PostgreSQL at a time.
const PAGE: usize = 1000;
/// Where Diesel keeps which migrations ran.
const MIGRATIONS: &str = "__diesel_schema_migrations";

/// A table of PostgreSQL with the columns that can be written.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Table {
    pub name: String,
    pub columns: Vec<String>,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

#[derive(QueryableByName)]
struct Pair {
    #[diesel(sql_type = Text)]
    one: String,
    #[diesel(sql_type = Text)]
    other: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn lines(connection: &mut DbConnection, query: &str) -> Result<Vec<String>> {
    let rows: Vec<Line> = diesel::sql_query(query).load(connection)?;
    Ok(rows.into_iter().map(|row| row.line).collect())
}

fn count(connection: &mut DbConnection, query: &str) -> Result<i64> {
    Ok(diesel::sql_query(query).get_result::<Count>(connection)?.count)
}

/// A name as SQL writes it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The versions of the migrations that ran, oldest first.
pub fn migrations(connection: &mut DbConnection) -> Result<Vec<String>> {
    lines(connection, &format!("SELECT version AS line FROM {MIGRATIONS} ORDER BY version"))
}

/// Digests of all files that attachments and items of intake name.
pub fn referenced_files(connection: &mut DbConnection) -> Result<BTreeSet<String>> {
    let of_cases: Vec<String> = attachments::table.select(attachments::sha256).distinct().load(connection)?;
    let of_items: Vec<String> =
        intake_files::table.select(intake_files::sha256).distinct().load(connection)?;
    let of_pages: Vec<String> = item_pages::table.select(item_pages::sha256).distinct().load(connection)?;
    Ok(of_cases.into_iter().chain(of_items).chain(of_pages).collect())
}

/// Empties the outbox and parks the deliveries of webhooks, so that nothing is sent twice; messages that waited in it have an unknown fate from
/// now on. Gives how many waited.
pub fn park_outbox(connection: &mut DbConnection) -> Result<usize> {
    let waiting = outbox::table.select(outbox::message_id);
    diesel::update(messages::table.filter(messages::id.eq_any(waiting)))
        .set((messages::state.eq("unknown"), messages::error.eq("parked by a restore")))
        .execute(connection)?;
    let queued = webhook_deliveries::table.filter(webhook_deliveries::next_at.is_not_null());
    diesel::update(queued)
        .set((
            webhook_deliveries::state.eq("withheld"),
            webhook_deliveries::error.eq("parked by a restore"),
            webhook_deliveries::next_at.eq(None::<Time>),
        ))
        .execute(connection)?;
    Ok(diesel::delete(outbox::table).execute(connection)?)
}

/// How many messages wait to be sent.
pub fn waiting(connection: &mut DbConnection) -> Result<usize> {
    let waiting: i64 = outbox::table.count().get_result(connection)?;
    Ok(usize::try_from(waiting).unwrap_or(0))
}

// SQLite

/// Writes one moment of an embedded database into a new file; others may go on writing.
pub fn copy_sqlite(connection: &mut DbConnection, to: &Path) -> Result<()> {
    let to = to.to_str().ok_or_else(|| Error::internal("the path of the copy is not UTF-8"))?;
    diesel::sql_query("VACUUM INTO ?").bind::<Text, _>(to).execute(connection)?;
    Ok(())
}

/// Rows by table of an embedded database, without SQLite's own tables and the insides of the full-text index.
pub fn count_sqlite(connection: &mut DbConnection) -> Result<BTreeMap<String, i64>> {
    let names = lines(
        connection,
        "SELECT name AS line FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
         AND name NOT IN (SELECT v.name || s.suffix FROM sqlite_master v, (SELECT '_data' AS suffix UNION ALL \
         SELECT '_idx' UNION ALL SELECT '_docsize' UNION ALL SELECT '_config' UNION ALL SELECT '_content') s \
         WHERE v.sql LIKE 'CREATE VIRTUAL TABLE%') ORDER BY name",
    )?;
    let mut counts = BTreeMap::new();
    for name in names {
        let rows = count(connection, &format!("SELECT count(*) AS count FROM {}", quoted(&name)))?;
        counts.insert(name, rows);
    }
    Ok(counts)
}

/// Writes the whole file anew, so that nothing is left in it of rows that moved within it before they were erased;
/// writers wait meanwhile, readers do not.
pub fn rewrite_sqlite(connection: &mut DbConnection) -> Result<()> {
    connection.batch_execute("VACUUM")?;
    settle_sqlite(connection)
}

/// Makes a restored file whole by itself, with nothing left in its write-ahead log.
pub fn settle_sqlite(connection: &mut DbConnection) -> Result<()> {
    connection.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok(())
}

/// Opens one unchanging view of either database, until [`end`]; others may go on writing.
pub fn begin_view(connection: &mut DbConnection) -> Result<()> {
    match connection {
        DbConnection::Sqlite(inner) => {
            inner.batch_execute("BEGIN")?;
            Ok(())
        }
        DbConnection::Postgres(_) => begin_reading(connection),
    }
}

// PostgreSQL

/// Opens one unchanging view of a PostgreSQL database, until [`end`].
pub fn begin_reading(connection: &mut DbConnection) -> Result<()> {
    connection.batch_execute(
        "SET idle_in_transaction_session_timeout = 0; SET extra_float_digits = 3; \
         BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    )?;
    Ok(())
}

/// Ends a view or a restore; what a restore wrote stands from now on.
pub fn end(connection: &mut DbConnection) -> Result<()> {
    connection.batch_execute("COMMIT")?;
    Ok(())
}

/// All tables, parents before children, without the list of migrations.
pub fn tables(connection: &mut DbConnection) -> Result<Vec<Table>> {
    let columns: Vec<Pair> = diesel::sql_query(format!(
        "SELECT c.relname::text AS one, a.attname::text AS other FROM pg_class c \
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' \
         WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> '{MIGRATIONS}' \
         AND c.relnamespace = current_schema()::regnamespace ORDER BY c.relname, a.attnum",
    ))
    .load(connection)?;
    let mut waiting: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for Pair { one, other } in columns {
        waiting.entry(one).or_default().push(other);
    }
    let edges: Vec<Pair> = diesel::sql_query(
        "SELECT child.relname::text AS one, parent.relname::text AS other FROM pg_constraint k \
         JOIN pg_class child ON child.oid = k.conrelid JOIN pg_class parent ON parent.oid = k.confrelid \
         WHERE k.contype = 'f' AND k.conrelid <> k.confrelid AND child.relnamespace = current_schema()::regnamespace",
    )
    .load(connection)?;
    let mut ordered = Vec::new();
    while !waiting.is_empty() {
        let is_ready =
            |name: &str| !edges.iter().any(|edge| edge.one == name && waiting.contains_key(&edge.other));
        let next = waiting.keys().find(|name| is_ready(name)).cloned();
        let Some(name) = next else {
            return Err(Error::internal("the tables refer to each other in a circle; no order loads them"));
        };
        let columns = waiting.remove(&name).unwrap_or_default();
        ordered.push(Table { name, columns });
    }
    Ok(ordered)
}

/// How many rows a table of PostgreSQL has.
pub fn count_rows(connection: &mut DbConnection, table: &Table) -> Result<i64> {
    count(connection, &format!("SELECT count(*) AS count FROM {}", quoted(&table.name)))
}

/// Hands every row of a table over as one line of JSON; reads page by page with a cursor of the server.
pub fn each_row<E: From<Error>>(
    connection: &mut DbConnection,
    table: &Table,
    mut take: impl FnMut(&str) -> std::result::Result<(), E>,
) -> std::result::Result<(), E> {
    let columns = table.columns.iter().map(|column| quoted(column)).collect::<Vec<_>>().join(", ");
    let cursor = format!(
        "DECLARE rows_of_table NO SCROLL CURSOR FOR \
         SELECT row_to_json(r)::text AS line FROM (SELECT {columns} FROM {}) r",
        quoted(&table.name)
    );
    connection.batch_execute(&cursor).map_err(Error::from)?;
    loop {
        let page = lines(connection, &format!("FETCH {PAGE} FROM rows_of_table"))?;
        page.iter().try_for_each(|line| take(line))?;
        if page.len() < PAGE {
            break;
        }
    }
    connection.batch_execute("CLOSE rows_of_table").map_err(Error::from)?;
    Ok(())
}

/// Whether nothing was ever done in this PostgreSQL database: no table, or none with rows but those that
/// migrations themselves write.
pub fn is_untouched(connection: &mut DbConnection) -> Result<bool> {
    for table in tables(connection)? {
        let is_own = ["rulebook_version", "process_slots"].contains(&table.name.as_str());
        if !is_own
            && count(
                connection,
                &format!("SELECT count(*) AS count FROM (SELECT 1 FROM {} LIMIT 1) r", quoted(&table.name)),
            )? > 0
        {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Opens the one transaction of a restore: tables are emptied, and a row may name another of its own table
/// that comes later.
pub fn begin_loading(connection: &mut DbConnection, tables: &[Table]) -> Result<()> {
    connection.batch_execute("SET idle_in_transaction_session_timeout = 0; BEGIN")?;
    let names = tables.iter().map(|table| quoted(&table.name)).collect::<Vec<_>>().join(", ");
    connection.batch_execute(&format!("TRUNCATE {names}"))?;
    for Pair { one, other } in self_references(connection)? {
        let (table, constraint) = (quoted(&one), quoted(&other));
        connection.batch_execute(&format!(
            "ALTER TABLE {table} ALTER CONSTRAINT {constraint} DEFERRABLE INITIALLY DEFERRED"
        ))?;
    }
    Ok(())
}

fn self_references(connection: &mut DbConnection) -> Result<Vec<Pair>> {
    Ok(diesel::sql_query(
        "SELECT c.relname::text AS one, k.conname::text AS other FROM pg_constraint k \
         JOIN pg_class c ON c.oid = k.conrelid WHERE k.contype = 'f' AND k.conrelid = k.confrelid \
         AND c.relnamespace = current_schema()::regnamespace",
    )
    .load(connection)?)
}

/// Writes rows as [`each_row`] gave them, one in a line; gives how many.
pub fn load_rows(connection: &mut DbConnection, table: &Table, rows: &str) -> Result<usize> {
    let columns = table.columns.iter().map(|column| quoted(column)).collect::<Vec<_>>().join(", ");
    let name = quoted(&table.name);
    let list = rows.lines().collect::<Vec<_>>().join(",");
    let statement = format!(
        "INSERT INTO {name} ({columns}) SELECT {columns} FROM json_populate_recordset(NULL::{name}, $1::json)"
    );
    Ok(diesel::sql_query(statement).bind::<Text, _>(format!("[{list}]")).execute(connection)?)
}

/// Checks every row's references and puts the constraints back as they were; then [`end`] makes it stand.
pub fn finish_loading(connection: &mut DbConnection) -> Result<()> {
    connection.batch_execute("SET CONSTRAINTS ALL IMMEDIATE")?;
    for Pair { one, other } in self_references(connection)? {
        let (table, constraint) = (quoted(&one), quoted(&other));
        connection
            .batch_execute(&format!("ALTER TABLE {table} ALTER CONSTRAINT {constraint} NOT DEFERRABLE"))?;
    }
    Ok(())
}

/// Lets PostgreSQL look at its new rows, so that it plans well from the first query on.
pub fn analyze(connection: &mut DbConnection) -> Result<()> {
    connection.batch_execute("ANALYZE")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_so_that_none_can_end_its_statement() {
        assert_eq!(quoted("cases"), "\"cases\"");
        assert_eq!(quoted("a\"; DROP"), "\"a\"\"; DROP\"");
    }
}
