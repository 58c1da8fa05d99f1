//! The pool and the one way to write.
//!
//! **SQLite** has one `writer` thread, which commits many waiting transactions at once. Readers
//! have connections of their own (WAL).
//!
//! **PostgreSQL** has a pool; each transaction is its own, and one that lost a race is run again.
//!
//! Both run on threads of their own (`spawn_blocking`): nothing here blocks an async worker.

use std::num::NonZeroU32;
use std::ops::{Deref, DerefMut};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

use anyhow::Context as _;
use diesel::connection::TransactionManager as _;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::r2d2;
use diesel::sqlite::SqliteConnection;
use tokio::sync::oneshot;

use super::dialect;
use super::error::StoreError;
use writer::{Job, Writer, Writing};

mod writer;

/// A connection to either database.
#[derive(diesel::MultiConnection)]
pub enum AnyConnection {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

/// What reading takes.
pub type Conn = AnyConnection;

/// What writing takes: a connection inside the one transaction of a use case.
pub struct Tx<'c>(&'c mut Conn);

impl Deref for Tx<'_> {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        self.0
    }
}

impl DerefMut for Tx<'_> {
    fn deref_mut(&mut self) -> &mut Conn {
        self.0
    }
}

/// Where the data is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// One file, made when it is not there (its folder must be).
    Sqlite(PathBuf),
    /// A `postgres://` URL.
    Postgres(String),
}

impl Address {
    /// Reads `postgres://…`, `postgresql://…`, `sqlite:<path>` or a plain path.
    ///
    /// # Errors
    /// Names the schemes that are known when the one given is not.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        match text.split_once(':') {
            Some(("postgres" | "postgresql", _)) => Ok(Self::Postgres(text.to_owned())),
            Some(("sqlite", path)) => {
                Ok(Self::Sqlite(PathBuf::from(path.trim_start_matches("//"))))
            }
            Some((scheme, rest)) if rest.starts_with("//") => anyhow::bail!(
                "database URL scheme `{scheme}` is not known: use postgres://… or sqlite:<file>"
            ),
            _ => Ok(Self::Sqlite(PathBuf::from(text))),
        }
    }
}

/// How a database is opened.
#[derive(Debug, Clone)]
pub struct Opening {
    pub address: Address,
    /// Connections for PostgreSQL; readers for SQLite.
    pub pool_size: u32,
    /// Take a server or file that may lose what it acknowledged. For throw-away tests only.
    pub allow_unsafe_durability: bool,
}

/// How long the database is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For a connection, a new one or one of the pool's.
    pub connect: Duration,
    /// For one statement, on PostgreSQL, which ends it. SQLite ends none.
    pub statement: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            statement: Duration::from_secs(30),
        }
    }
}

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    address: Address,
    pool: r2d2::Pool<Manager>,
    /// Only on SQLite.
    writer: Option<SyncSender<Box<dyn Job>>>,
    patience: Patience,
}

/// How often a PostgreSQL transaction that lost a race is run again.
const ATTEMPTS: u32 = 5;

impl Db {
    /// Opens the database and checks that it keeps what it acknowledges.
    ///
    /// # Errors
    /// When it cannot be reached, or its settings could lose acknowledged work; the message names
    /// the setting.
    pub fn open(opening: &Opening) -> anyhow::Result<Self> {
        Self::open_with(opening, Patience::default())
    }

    /// The same, waiting for it as long as is said.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_with(opening: &Opening, patience: Patience) -> anyhow::Result<Self> {
        if let Address::Sqlite(path) = &opening.address {
            let folder = path
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty());
            if let Some(folder) = folder
                && !folder.is_dir()
            {
                anyhow::bail!(
                    "the folder {} for the database file does not exist",
                    folder.display()
                );
            }
        }
        let manager = Manager {
            address: opening.address.clone(),
            patience,
        };
        let mut first = manager.connect().context("opening the database")?;
        if !opening.allow_unsafe_durability {
            dialect::check_durability(&mut first)?;
        }
        let for_writer = manager.clone();
        let pool = r2d2::Pool::builder()
            .max_size(opening.pool_size)
            .min_idle(Some(1))
            .connection_timeout(patience.connect)
            .test_on_check_out(matches!(opening.address, Address::Postgres(_)))
            .build(manager)
            .context("opening the pool of connections")?;
        let writer = match &opening.address {
            Address::Sqlite(_) => {
                let (sender, jobs) = sync_channel(1024);
                std::thread::Builder::new()
                    .name("sqlite-writer".to_owned())
                    .spawn(move || Writer::new(first, for_writer).write_what_comes(&jobs))
                    .context("starting the writer")?;
                Some(sender)
            }
            Address::Postgres(_) => None,
        };
        Ok(Self {
            address: opening.address.clone(),
            pool,
            writer,
            patience,
        })
    }

    /// Where the data is.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Runs what only reads.
    ///
    /// # Errors
    /// What `work` returns, or a [`StoreError`] when no connection could be had.
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    {
        let pool = self.pool.clone();
        on_a_thread(move || {
            let mut conn = pool
                .get()
                .map_err(|why| StoreError::Away(why.to_string()))?;
            work(&mut conn)
        })
        .await
    }

    /// Runs one use case in one transaction, and answers after it is durable. An error rolls
    /// everything back. `work` may be run more than once (a lost race on PostgreSQL) and must
    /// therefore have no effect but through `tx`.
    ///
    /// # Errors
    /// What `work` returns, or a [`StoreError`] when the transaction could not be made durable.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + IsRetryable + Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        let Some(writer) = self.writer.clone() else {
            let pool = self.pool.clone();
            return on_a_thread(move || {
                let mut conn = pool
                    .get()
                    .map_err(|why| StoreError::Away(why.to_string()))?;
                let mut attempt = 1;
                loop {
                    match in_transaction(&mut conn, &work) {
                        Err(error) if error.is_retryable() && attempt < ATTEMPTS => attempt += 1,
                        outcome => return outcome,
                    }
                }
            })
            .await;
        };
        let (reply, answer) = oneshot::channel();
        let job: Box<dyn Job> = Box::new(Writing::new(work, reply));
        // The channel is deep; when it is full, waiting for it must not block an async worker.
        on_a_thread(move || {
            writer
                .send(job)
                .map_err(|_| E::from(StoreError::Away("the writer has stopped".to_owned())))
        })
        .await?;
        answer
            .await
            .map_err(|_| StoreError::Away("the writer has stopped".to_owned()))?
    }

    /// A connection for start-up work that is done before anything is served.
    ///
    /// # Errors
    /// When none can be had in time.
    pub fn at_start<T>(
        &self,
        work: impl FnOnce(&mut Conn) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let mut conn = self.pool.get().context("connecting to the database")?;
        work(&mut conn)
    }

    /// Runs the migrations that are pending.
    ///
    /// # Errors
    /// Names the migration that failed; the schema is then as it was before it.
    pub fn migrate(&self) -> anyhow::Result<Vec<String>> {
        self.at_start(|conn| dialect::migrate(conn, self.patience))
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// Why it does not.
    pub async fn is_there(&self) -> Result<(), StoreError> {
        self.read(|conn| {
            diesel::sql_query("SELECT 1").execute(conn)?;
            Ok(())
        })
        .await
    }

    /// Empties SQLite's write-ahead log into the file and cuts it off, so that what was taken away and
    /// overwritten in the file does not stand in the log any longer.
    ///
    /// # Errors
    /// When the database cannot be asked. A log that somebody reads at this moment stays for the next time.
    pub async fn cut_log(&self) -> Result<(), StoreError> {
        self.read(|conn| Ok(dialect::cut_log(conn)?)).await
    }

    /// The data file, on SQLite.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match &self.address {
            Address::Sqlite(path) => Some(path),
            Address::Postgres(_) => None,
        }
    }
}

impl Tx<'_> {
    /// Does part of the work that may fail alone: nothing of it stays then, and the rest goes on.
    ///
    /// # Errors
    /// Why that part failed. What must be run again ([`IsRetryable`]) is to be handed on.
    pub fn attempt<T, E, F>(&mut self, work: F) -> Result<T, E>
    where
        E: From<StoreError>,
        F: Fn(&mut Tx<'_>) -> Result<T, E>,
    {
        in_transaction(self, &work)
    }
}

/// Whether a failed transaction may simply be run again.
pub trait IsRetryable {
    fn is_retryable(&self) -> bool;
}

impl IsRetryable for StoreError {
    fn is_retryable(&self) -> bool {
        Self::is_retryable(self)
    }
}

async fn on_a_thread<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, E>
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(panic) => Err(StoreError::Other(anyhow::anyhow!("a query panicked: {panic}")).into()),
    }
}

/// Runs `work` in a transaction, or in a savepoint of the one that is open. Nothing of it stays when
/// it fails, and nothing when it panics: diesel undoes what returns an error, not what unwinds.
fn in_transaction<T, E, F>(conn: &mut Conn, work: &F) -> Result<T, E>
where
    E: From<StoreError>,
    F: Fn(&mut Tx<'_>) -> Result<T, E>,
{
    let mut why = None;
    let run = conn.transaction(|conn| {
        let opened = depth(conn);
        let error = match catch_unwind(AssertUnwindSafe(|| work(&mut Tx(&mut *conn)))) {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => error,
            Err(_) => {
                leave_nested(conn, opened);
                StoreError::Other(anyhow::anyhow!("a transaction panicked")).into()
            }
        };
        why = Some(error);
        Err(diesel::result::Error::RollbackTransaction)
    });
    // What made the work fail says more than what then went wrong with undoing it.
    run.map_err(|undone| why.unwrap_or_else(|| StoreError::from(undone).into()))
}

/// How many transactions are open within each other; nothing when diesel no longer knows.
fn depth(conn: &mut Conn) -> Option<u32> {
    <Conn as diesel::Connection>::TransactionManager::transaction_manager_status_mut(conn)
        .transaction_depth()
        .map_or(None, |depth| Some(depth.map_or(0, NonZeroU32::get)))
}

/// After a panic: undoes what the work had opened within its own transaction.
fn leave_nested(conn: &mut Conn, opened: Option<u32>) {
    while depth(conn) > opened {
        let undone = <Conn as diesel::Connection>::TransactionManager::rollback_transaction(conn);
        if let Err(error) = undone {
            tracing::warn!("Could not undo a nested transaction that panicked: {error}");
            return;
        }
    }
}

/// Opens connections by the address's own scheme; diesel's enum would try both and hide why.
#[derive(Debug, Clone)]
struct Manager {
    address: Address,
    patience: Patience,
}

impl Manager {
    fn connect(&self) -> anyhow::Result<Conn> {
        match &self.address {
            Address::Sqlite(path) => {
                let path = path.to_str().context("the database path is not UTF-8")?;
                let mut sqlite =
                    SqliteConnection::establish(path).with_context(|| format!("opening {path}"))?;
                dialect::prepare_sqlite(&mut sqlite)?;
                Ok(Conn::Sqlite(sqlite))
            }
            Address::Postgres(url) => {
                let url = dialect::within(url, self.patience.connect);
                let mut postgres =
                    PgConnection::establish(&url).context("connecting to PostgreSQL")?;
                dialect::prepare_postgres(&mut postgres, self.patience)?;
                Ok(Conn::Postgres(postgres))
            }
        }
    }
}

impl r2d2::ManageConnection for Manager {
    type Connection = Conn;
    type Error = ConnectFailure;

    fn connect(&self) -> Result<Conn, ConnectFailure> {
        Self::connect(self).map_err(|why| ConnectFailure(format!("{why:#}")))
    }

    fn is_valid(&self, conn: &mut Conn) -> Result<(), ConnectFailure> {
        diesel::sql_query("SELECT 1")
            .execute(conn)
            .map(|_| ())
            .map_err(|why| ConnectFailure(why.to_string()))
    }

    fn has_broken(&self, conn: &mut Conn) -> bool {
        std::thread::panicking()
            || <Conn as diesel::Connection>::TransactionManager::is_broken_transaction_manager(conn)
    }
}

/// Why a connection could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConnectFailure(String);

/// Shares a database between the parts of the program.
pub type SharedDb = Arc<Db>;

#[cfg(test)]
mod tests;
