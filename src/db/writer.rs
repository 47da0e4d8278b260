//! How writes are committed.
//!
//! SQLite: one thread owns the one writing connection; it takes all waiting jobs, runs each in its own
//! savepoint inside one transaction, commits once, and only then answers them. PostgreSQL: each job is its
//! own transaction on a pooled connection, tried again when the server went away before the commit.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use diesel::connection::{SimpleConnection, TransactionManager};
use diesel::prelude::*;
use tokio::sync::oneshot;

use super::connection::{DbConnection, Pool};
use super::fulltext;

use crate::error::{Code, Error, Result};

/// Jobs that may wait before callers are told to come back.
const QUEUE: usize = 2048;
/// Jobs that share one commit.
const MAX_BATCH: usize = 256;
/// Tries of a PostgreSQL transaction that did not reach its commit.
const TRIES: u32 = 3;

pub(super) enum Writer {
    GroupCommit(SyncSender<Box<dyn Job>>),
    Pooled(Pool),
}

/// A write that waits for its turn, and the place where its answer goes.
pub(super) trait Job: Send {
    /// Runs the write; says whether its savepoint may stay.
    fn run(&mut self, connection: &mut DbConnection) -> bool;
    /// Answers the caller; `committed` is false when the whole batch was lost.
    fn answer(self: Box<Self>, committed: bool);
}

struct Task<T, F> {
    write: F,
    outcome: Option<Result<T>>,
    reply: oneshot::Sender<Result<T>>,
}

impl<T: Send, F: Fn(&mut DbConnection) -> Result<T> + Send> Job for Task<T, F> {
    fn run(&mut self, connection: &mut DbConnection) -> bool {
        let outcome = guarded(&self.write, connection);
        let stays = outcome.is_ok();
        self.outcome = Some(outcome);
        stays
    }

    fn answer(self: Box<Self>, committed: bool) {
        let outcome = match self.outcome {
            Some(Ok(_)) if !committed => Err(Error::Unavailable { retry_after: 1 }),
            Some(outcome) => outcome,
            None => Err(Error::Unavailable { retry_after: 1 }),
        };
        // the caller may have gone away; its write stands all the same
        let _ = self.reply.send(outcome);
    }
}

fn guarded<T>(write: impl Fn(&mut DbConnection) -> Result<T>, connection: &mut DbConnection) -> Result<T> {
    catch_unwind(AssertUnwindSafe(|| write(connection)))
        .unwrap_or_else(|_| Err(Error::internal("a write panicked; it was rolled back")))
}

impl Writer {
    /// Starts the writer thread on its own connection.
    pub(super) fn group_commit(connection: DbConnection) -> Self {
        let (sender, receiver) = sync_channel(QUEUE);
        std::thread::Builder::new()
            .name("writer".into())
            .spawn(move || serve(connection, &receiver))
            .expect("the process may start a thread");
        Self::GroupCommit(sender)
    }

    pub(super) fn pooled(pool: Pool) -> Self {
        Self::Pooled(pool)
    }

    pub(super) async fn write<T, F>(&self, write: F) -> Result<T>
    where
        F: Fn(&mut DbConnection) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        match self {
            Self::GroupCommit(sender) => {
                enqueue(sender, write)?.await.map_err(|_| Error::Unavailable { retry_after: 1 })?
            }
            Self::Pooled(pool) => {
                let pool = pool.clone();
                tokio::task::spawn_blocking(move || transact(&pool, &write)).await.map_err(Error::internal)?
            }
        }
    }

    pub(super) fn write_here<T, F>(&self, write: F) -> Result<T>
    where
        F: Fn(&mut DbConnection) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        match self {
            Self::GroupCommit(sender) => {
                enqueue(sender, write)?.blocking_recv().map_err(|_| Error::Unavailable { retry_after: 1 })?
            }
            Self::Pooled(pool) => transact(pool, &write),
        }
    }
}

fn enqueue<T, F>(sender: &SyncSender<Box<dyn Job>>, write: F) -> Result<oneshot::Receiver<Result<T>>>
where
    F: Fn(&mut DbConnection) -> Result<T> + Send + 'static,
    T: Send + 'static,
{
    let (reply, answer) = oneshot::channel();
    match sender.try_send(Box::new(Task { write, outcome: None, reply })) {
        Ok(()) => Ok(answer),
        Err(TrySendError::Full(_)) => {
            metrics::counter!("samad_write_queue_full_total").increment(1);
            Err(Error::Unavailable { retry_after: 1 })
        }
        Err(TrySendError::Disconnected(_)) => Err(Error::Unavailable { retry_after: 5 }),
    }
}

/// The writer thread: until every sender is gone.
fn serve(mut connection: DbConnection, jobs: &Receiver<Box<dyn Job>>) {
    while let Ok(first) = jobs.recv() {
        let mut batch = vec![first];
        while batch.len() < MAX_BATCH {
            match jobs.try_recv() {
                Ok(job) => batch.push(job),
                Err(_) => break,
            }
        }
        metrics::histogram!("samad_write_batch_size").record(batch.len() as f64);
        let committed = commit(&mut connection, &mut batch);
        if let Err(error) = &committed {
            tracing::error!(%error, jobs = batch.len(), "a batch of writes was not committed");
        }
        batch.into_iter().for_each(|job| job.answer(committed.is_ok()));
    }
}

fn commit(connection: &mut DbConnection, batch: &mut [Box<dyn Job>]) -> QueryResult<()> {
    connection.batch_execute("BEGIN IMMEDIATE")?;
    let gathered = fulltext::Batch::begin();
    let ran = batch.iter_mut().try_for_each(|job| {
        connection.batch_execute("SAVEPOINT job")?;
        let mark = gathered.mark();
        if job.run(connection) {
            return connection.batch_execute("RELEASE job");
        }
        gathered.back_to(mark);
        connection.batch_execute("ROLLBACK TO job; RELEASE job")
    });
    let written = ran.and_then(|()| gathered.write(connection));
    let result = written.and_then(|()| connection.batch_execute("COMMIT"));
    if result.is_err() {
        // already rolled back by SQLite for some faults; then this says so and changes nothing
        let _ = connection.batch_execute("ROLLBACK");
    }
    result
}

/// One PostgreSQL transaction; a fault before the commit is tried again, a fault of the commit is not.
fn transact<T>(pool: &Pool, write: &impl Fn(&mut DbConnection) -> Result<T>) -> Result<T> {
    type Manager = <DbConnection as diesel::Connection>::TransactionManager;
    let mut tried = 0;
    loop {
        tried += 1;
        let mut connection = pool.get().map_err(|error| {
            tracing::warn!(%error, "no database connection became free for a write");
            Error::Unavailable { retry_after: 2 }
        })?;
        let outcome = Manager::begin_transaction(&mut **connection)
            .map_err(Error::from)
            .and_then(|()| guarded(write, &mut connection));
        match outcome {
            Ok(value) => {
                let committed = Manager::commit_transaction(&mut **connection).map_err(Error::from);
                if committed.is_err() {
                    connection.suspect();
                }
                return committed.map(|()| value);
            }
            Err(error) => {
                // a broken connection cannot roll back; the pool drops it
                let _ = Manager::rollback_transaction(&mut **connection);
                connection.suspect();
                match error {
                    // two insert the same at once: another run finds the row of the one that was first
                    Error::Conflict(Code::Duplicate) if tried == 1 => continue,
                    Error::Unavailable { .. } if tried < TRIES => {}
                    error => return Err(error),
                }
                std::thread::sleep(std::time::Duration::from_millis(50 << tried));
            }
        }
    }
}
