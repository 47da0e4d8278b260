//! The words of cases in the full-text index.
//!
//! On SQLite every savepoint makes the index write out what it has gathered, one small segment a job. The
//! writer therefore gathers the words of a batch itself and inserts them before its commit: still in the same
//! transaction as the cases, and only those of jobs that stand.

use std::cell::RefCell;

use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Text};

use super::connection::{DbConnection, MultiBackend};
use super::dialect::BATCH;
use super::types::{AttachmentId, CaseId};

/// What becomes of a case in the index.
enum Said {
    Words(String),
    /// Its words were taken out.
    Nothing,
}

thread_local! {
    /// What the jobs of this thread's open batch have to say; none outside a batch.
    static GATHERED: RefCell<Option<Vec<(CaseId, Said)>>> = const { RefCell::new(None) };
}

/// The insertion of a case's words; a statement of our own, so that its preparation is kept.
struct InsertWords<'a> {
    case: CaseId,
    words: &'a str,
}

impl QueryFragment<MultiBackend> for InsertWords<'_> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        let (before, between, after) = match pass.backend() {
            MultiBackend::Sqlite(_) => ("INSERT INTO case_search (rowid, words) VALUES (", ", ", ")"),
            MultiBackend::Postgres(_) => {
                ("INSERT INTO case_search (case_id, words) VALUES (", ", to_tsvector('simple', ", "))")
            }
        };
        pass.push_sql(before);
        pass.push_bind_param::<BigInt, _>(&self.case)?;
        pass.push_sql(between);
        pass.push_bind_param::<Text, _>(self.words)?;
        pass.push_sql(after);
        Ok(())
    }
}

impl QueryId for InsertWords<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<DbConnection> for InsertWords<'_> {}

/// Puts the words of a case (in search form) into the full-text index, in this transaction.
pub fn index(connection: &mut DbConnection, case: CaseId, words: String) -> QueryResult<()> {
    let left = GATHERED.with_borrow_mut(|gathered| match gathered {
        Some(gathered) => {
            gathered.push((case, Said::Words(words)));
            None
        }
        None => Some(words),
    });
    match left {
        Some(words) => InsertWords { case, words: &words }.execute(connection).map(|_| ()),
        None => Ok(()),
    }
}

/// Puts the words of a file (in search form) into the full-text index of attachments, in the place of what was there.
pub fn index_file(
    connection: &mut DbConnection,
    file: AttachmentId,
    case: CaseId,
    words: &str,
) -> QueryResult<()> {
    remove_files(connection, &[file])?;
    let statement = match connection {
        DbConnection::Sqlite(_) => {
            diesel::sql_query("INSERT INTO file_search (rowid, words) VALUES (?, ?)").into_boxed::<MultiBackend>()
        }
        DbConnection::Postgres(_) => diesel::sql_query(
            "INSERT INTO file_search (attachment_id, words, case_id) VALUES ($1, to_tsvector('simple', $2), $3)",
        )
        .into_boxed::<MultiBackend>(),
    };
    let statement = statement.bind::<BigInt, _>(file).bind::<Text, _>(words);
    match connection {
        DbConnection::Sqlite(_) => statement.execute(connection),
        DbConnection::Postgres(_) => statement.bind::<BigInt, _>(case).execute(connection),
    }
    .map(|_| ())
}

/// Takes the words of files out of the full-text index; [`settle`] then takes them out of its file.
pub fn remove_files(connection: &mut DbConnection, files: &[AttachmentId]) -> QueryResult<()> {
    let statement = match connection {
        DbConnection::Sqlite(_) => "DELETE FROM file_search WHERE rowid = ?",
        DbConnection::Postgres(_) => "DELETE FROM file_search WHERE attachment_id = $1",
    };
    files.iter().try_for_each(|file| {
        diesel::sql_query(statement).bind::<BigInt, _>(*file).execute(connection).map(|_| ())
    })
}

/// Takes the words of a case out of the full-text index; [`settle`] then takes them out of its file.
pub fn remove(connection: &mut DbConnection, case: CaseId) -> QueryResult<()> {
    let waits = GATHERED.with_borrow_mut(|gathered| {
        gathered.as_mut().map(|gathered| gathered.push((case, Said::Nothing))).is_some()
    });
    if waits { Ok(()) } else { delete(connection, case) }
}

fn delete(connection: &mut DbConnection, case: CaseId) -> QueryResult<()> {
    let statement = match connection {
        DbConnection::Sqlite(_) => "DELETE FROM case_search WHERE rowid = ?",
        DbConnection::Postgres(_) => "DELETE FROM case_search WHERE case_id = $1",
    };
    diesel::sql_query(statement).bind::<BigInt, _>(case).execute(connection).map(|_| ())
}

/// Merges the segments of the index, a few hundred pages a call, so that removed words are in none of them; true
/// when nothing is left to merge. PostgreSQL's vacuum does as much in its own time.
pub fn settle(connection: &mut DbConnection, is_first: bool) -> QueryResult<bool> {
    if matches!(connection, DbConnection::Postgres(_)) {
        return Ok(true);
    }
    // a negative number takes all segments into one merge; positive ones go on with it
    let pages = if is_first { -500 } else { 500 };
    let mut is_merged = true;
    for index in ["case_search", "file_search"] {
        let before = total_changes(connection)?;
        diesel::sql_query(format!("INSERT INTO {index} ({index}, rank) VALUES ('merge', {pages})"))
            .execute(connection)?;
        // the command itself counts as one change
        is_merged &= total_changes(connection)? - before < 2;
    }
    Ok(is_merged)
}

fn total_changes(connection: &mut DbConnection) -> QueryResult<i64> {
    diesel::select(diesel::dsl::sql::<BigInt>("total_changes()")).get_result(connection)
}

/// The words of one batch of jobs on this thread; what was not written is forgotten with it.
pub(super) struct Batch;

impl Batch {
    pub(super) fn begin() -> Self {
        GATHERED.set(Some(Vec::new()));
        Self
    }

    /// How many cases have spoken: the mark to which a failed job goes back.
    pub(super) fn mark(&self) -> usize {
        GATHERED.with_borrow(|gathered| gathered.as_ref().map_or(0, Vec::len))
    }

    pub(super) fn back_to(&self, mark: usize) {
        GATHERED.with_borrow_mut(|gathered| gathered.iter_mut().for_each(|words| words.truncate(mark)));
    }

    /// Writes all of them, in the order in which they came.
    pub(super) fn write(self, connection: &mut DbConnection) -> QueryResult<()> {
        let gathered = GATHERED.take().unwrap_or_default();
        gathered.iter().try_for_each(|(case, said)| match said {
            Said::Words(words) => InsertWords { case: *case, words }.execute(connection).map(|_| ()),
            Said::Nothing => delete(connection, *case),
        })
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        GATHERED.set(None);
    }
}

/// Puts the words of many cases (in search form) into the full-text index with one statement.
pub fn index_all(connection: &mut DbConnection, rows: &[(CaseId, String)]) -> QueryResult<()> {
    let is_sqlite = matches!(connection, DbConnection::Sqlite(_));
    for rows in rows.chunks(BATCH) {
        let head = if is_sqlite { "(rowid, words)" } else { "(case_id, words)" };
        let values = (0..rows.len()).map(|at| match is_sqlite {
            true => "(?, ?)".to_owned(),
            false => format!("(${}, to_tsvector('simple', ${}))", at * 2 + 1, at * 2 + 2),
        });
        let values = values.collect::<Vec<_>>().join(", ");
        let mut statement = diesel::sql_query(format!("INSERT INTO case_search {head} VALUES {values}"))
            .into_boxed::<MultiBackend>();
        for (case, words) in rows {
            statement = statement.bind::<BigInt, _>(*case).bind::<Text, _>(words);
        }
        statement.execute(connection)?;
    }
    Ok(())
}
