//! The one thread that writes to SQLite.
//!
//! It takes up to [`GROUP`] waiting transactions, runs each in a savepoint inside one
//! `BEGIN IMMEDIATE … COMMIT`, and answers all of them after the commit: so every answer is durable
//! (`synchronous=FULL`), one `fsync` serves many, and a transaction that fails or panics harms only
//! itself. When the group is lost, as when the disk is full, nobody in it is told that all is well,
//! and the next group finds a connection that works.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::Receiver;

use diesel::connection::{AnsiTransactionManager, SimpleConnection as _, TransactionManager as _};
use diesel::prelude::*;
use tokio::sync::oneshot;

use super::{Conn, Manager, Tx, depth, in_transaction};
use crate::store::error::StoreError;

/// How many waiting transactions share one commit.
const GROUP: usize = 128;

/// The connection that writes, and how to open another when it is spoilt.
pub(super) struct Writer {
    pub(super) conn: Conn,
    manager: Manager,
}

/// One waiting transaction, whatever it returns.
pub(super) trait Job: Send {
    fn run(&mut self, conn: &mut Conn);
    /// Tells the caller, given what came of the group's commit.
    fn answer(self: Box<Self>, commit: &Result<(), String>);
}

/// A transaction, what came of it, and who waits for it.
pub(super) struct Writing<F, T, E> {
    work: F,
    outcome: Option<Result<T, E>>,
    reply: Option<oneshot::Sender<Result<T, E>>>,
}

impl Writer {
    pub(super) fn new(conn: Conn, manager: Manager) -> Self {
        Self { conn, manager }
    }

    /// Writes until nobody is left who could ask for it.
    pub(super) fn write_what_comes(mut self, jobs: &Receiver<Box<dyn Job>>) {
        while let Ok(first) = jobs.recv() {
            let mut waiting = VecDeque::from([first]);
            while waiting.len() < GROUP
                && let Ok(next) = jobs.try_recv()
            {
                waiting.push_back(next);
            }
            self.write(waiting);
        }
    }

    /// Runs and answers all of them: in one group, unless that is lost on the way.
    pub(super) fn write(&mut self, mut waiting: VecDeque<Box<dyn Job>>) {
        while !waiting.is_empty() {
            let mut run = Vec::with_capacity(waiting.len());
            let commit = self.write_group(&mut waiting, &mut run);
            if let Err(why) = &commit {
                tracing::error!("Could not make {} transactions durable: {why}", run.len());
                self.mend();
            }
            for job in run {
                job.answer(&commit);
            }
        }
    }

    /// Moves what it has run, or what it could not begin, from `waiting` to `run`.
    fn write_group(
        &mut self,
        waiting: &mut VecDeque<Box<dyn Job>>,
        run: &mut Vec<Box<dyn Job>>,
    ) -> Result<(), String> {
        if let Err(why) = self.begin() {
            run.extend(waiting.drain(..));
            return Err(why.to_string());
        }
        while let Some(mut job) = waiting.pop_front() {
            let ran = catch_unwind(AssertUnwindSafe(|| job.run(&mut self.conn)));
            run.push(job);
            ran.map_err(|_| "undoing a transaction panicked".to_owned())?;
            self.check_group()?;
        }
        <Conn as diesel::Connection>::TransactionManager::commit_transaction(&mut self.conn)
            .map_err(|why| why.to_string())
    }

    fn begin(&mut self) -> QueryResult<()> {
        match &mut self.conn {
            // Deferred transactions that read and then write fail at once when another process
            // wrote meanwhile, without waiting: take the lock first.
            Conn::Sqlite(sqlite) => {
                AnsiTransactionManager::begin_transaction_sql(sqlite, "BEGIN IMMEDIATE")?;
            }
            Conn::Postgres(postgres) => AnsiTransactionManager::begin_transaction(postgres)?,
        }
        self.conn.batch_execute("SAVEPOINT of_the_group")
    }

    /// Whether the group's transaction is still the one that was begun. SQLite undoes all of it by
    /// itself when the disk is full or fails, without diesel's knowing: what comes after would be
    /// written outside any transaction. Its savepoint is then gone with it.
    fn check_group(&mut self) -> Result<(), String> {
        match depth(&mut self.conn) {
            Some(1) => {}
            other => return Err(format!("a transaction left its group at depth {other:?}")),
        }
        self.conn
            .batch_execute("RELEASE of_the_group; SAVEPOINT of_the_group")
            .map_err(|why| format!("SQLite has undone the transactions: {why}"))
    }

    /// After a group was lost: leaves a connection that can begin the next.
    fn mend(&mut self) {
        if let Err(why) = self.conn.batch_execute("ROLLBACK") {
            tracing::debug!("There was nothing left to roll back: {why}");
        }
        match self.manager.connect() {
            Ok(fresh) => self.conn = fresh,
            Err(why) => {
                tracing::error!("Could not open the database again: {why:#}");
                // The old connection is tried once more; one that is spoilt cannot begin.
                let status =
                    <Conn as diesel::Connection>::TransactionManager::transaction_manager_status_mut(
                        &mut self.conn,
                    );
                *status = diesel::connection::TransactionManagerStatus::default();
            }
        }
    }
}

impl<F, T, E> Writing<F, T, E> {
    pub(super) fn new(work: F, reply: oneshot::Sender<Result<T, E>>) -> Self {
        Self {
            work,
            outcome: None,
            reply: Some(reply),
        }
    }
}

impl<F, T, E> Job for Writing<F, T, E>
where
    T: Send,
    E: From<StoreError> + Send,
    F: Fn(&mut Tx<'_>) -> Result<T, E> + Send,
{
    fn run(&mut self, conn: &mut Conn) {
        self.outcome = Some(in_transaction(conn, &self.work));
    }

    fn answer(mut self: Box<Self>, commit: &Result<(), String>) {
        let outcome = match (self.outcome.take(), commit) {
            (Some(outcome), Ok(())) => outcome,
            // A refusal too: it may rest on what others of the group wrote, which is not there.
            (Some(_), Err(why)) => Err(StoreError::CannotWrite(why.clone()).into()),
            (None, Err(why)) => Err(StoreError::Away(why.clone()).into()),
            (None, Ok(())) => {
                Err(StoreError::Away("the transaction was not begun".to_owned()).into())
            }
        };
        if let Some(reply) = self.reply.take()
            && reply.send(outcome).is_err()
        {
            // The caller hung up. What was committed stays: a retry with the same key finds it.
            tracing::debug!("Nobody waited for the outcome of a transaction");
        }
    }
}
