//! The pool and the one way to write.
//!
//! **SQLite** has one writer thread. It takes up to [`GROUP`] waiting transactions, runs each in a
//! savepoint inside one `BEGIN IMMEDIATE … COMMIT`, and answers all of them after the commit: so
//! every answer is durable (`synchronous=FULL`), one `fsync` serves many, and a failing
//! transaction harms only itself. Readers have connections of their own (WAL).
//!
//! **PostgreSQL** has a pool; each transaction is its own, and one that lost a race is run again.
//!
//! Both run on threads of their own (`spawn_blocking`): nothing here blocks an async worker.

use std::ops::{Deref, DerefMut};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use anyhow::Context as _;
use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager as _};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::r2d2;
use diesel::sqlite::SqliteConnection;
use tokio::sync::oneshot;

use super::dialect;
use super::error::StoreError;

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

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    address: Address,
    pool: r2d2::Pool<Manager>,
    /// Only on SQLite.
    writer: Option<SyncSender<Box<dyn Job>>>,
}

/// How many waiting transactions share one commit on SQLite.
const GROUP: usize = 128;
/// How often a PostgreSQL transaction that lost a race is run again.
const ATTEMPTS: u32 = 5;
const POOL_WAIT: Duration = Duration::from_secs(5);

impl Db {
    /// Opens the database and checks that it keeps what it acknowledges.
    ///
    /// # Errors
    /// When it cannot be reached, or its settings could lose acknowledged work; the message names
    /// the setting.
    pub fn open(opening: &Opening) -> anyhow::Result<Self> {
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
        };
        let mut first = manager.connect().context("opening the database")?;
        if !opening.allow_unsafe_durability {
            dialect::check_durability(&mut first)?;
        }
        let pool = r2d2::Pool::builder()
            .max_size(opening.pool_size)
            .min_idle(Some(1))
            .connection_timeout(POOL_WAIT)
            .test_on_check_out(matches!(opening.address, Address::Postgres(_)))
            .build(manager)
            .context("opening the pool of connections")?;
        let writer = match &opening.address {
            Address::Sqlite(_) => {
                let (sender, jobs) = sync_channel(1024);
                std::thread::Builder::new()
                    .name("sqlite-writer".to_owned())
                    .spawn(move || write_in_groups(first, &jobs))
                    .context("starting the writer")?;
                Some(sender)
            }
            Address::Postgres(_) => None,
        };
        Ok(Self {
            address: opening.address.clone(),
            pool,
            writer,
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
        let job: Box<dyn Job> = Box::new(Writing {
            work,
            outcome: None,
            reply: Some(reply),
        });
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
        self.at_start(dialect::migrate)
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

    /// The data file, on SQLite.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match &self.address {
            Address::Sqlite(path) => Some(path),
            Address::Postgres(_) => None,
        }
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

/// Carries either kind of error through diesel's transaction.
enum Undone<E> {
    Work(E),
    Diesel(diesel::result::Error),
}

impl<E> From<diesel::result::Error> for Undone<E> {
    fn from(error: diesel::result::Error) -> Self {
        Self::Diesel(error)
    }
}

fn in_transaction<T, E, F>(conn: &mut Conn, work: &F) -> Result<T, E>
where
    E: From<StoreError>,
    F: Fn(&mut Tx<'_>) -> Result<T, E>,
{
    conn.transaction(|conn| work(&mut Tx(conn)).map_err(Undone::Work))
        .map_err(|undone| match undone {
            Undone::Work(error) => error,
            Undone::Diesel(error) => StoreError::from(error).into(),
        })
}

/// One waiting transaction, whatever it returns.
trait Job: Send {
    fn run(&mut self, conn: &mut Conn);
    fn answer(self: Box<Self>, commit: &Result<(), String>);
}

struct Writing<F, T, E> {
    work: F,
    outcome: Option<Result<T, E>>,
    reply: Option<oneshot::Sender<Result<T, E>>>,
}

impl<F, T, E> Job for Writing<F, T, E>
where
    T: Send,
    E: From<StoreError> + Send,
    F: Fn(&mut Tx<'_>) -> Result<T, E> + Send,
{
    fn run(&mut self, conn: &mut Conn) {
        let work = &self.work;
        let run = catch_unwind(AssertUnwindSafe(|| in_transaction(conn, work)));
        self.outcome = Some(run.unwrap_or_else(|_| {
            Err(StoreError::Other(anyhow::anyhow!("a transaction panicked")).into())
        }));
    }

    fn answer(mut self: Box<Self>, commit: &Result<(), String>) {
        let outcome = match (self.outcome.take(), commit) {
            (Some(Ok(value)), Ok(())) => Ok(value),
            (Some(Err(error)), _) => Err(error),
            (Some(Ok(_)), Err(why)) => Err(StoreError::CannotWrite(why.clone()).into()),
            (None, _) => Err(StoreError::Away("the transaction was not begun".to_owned()).into()),
        };
        if let Some(reply) = self.reply.take()
            && reply.send(outcome).is_err()
        {
            // The caller hung up. What was committed stays: a retry with the same key finds it.
            tracing::debug!("Nobody waited for the outcome of a transaction");
        }
    }
}

fn write_in_groups(mut conn: Conn, jobs: &Receiver<Box<dyn Job>>) {
    while let Ok(first) = jobs.recv() {
        let mut group = vec![first];
        while group.len() < GROUP
            && let Ok(next) = jobs.try_recv()
        {
            group.push(next);
        }
        let commit = write_group(&mut conn, &mut group);
        for job in group {
            job.answer(&commit);
        }
    }
}

fn write_group(conn: &mut Conn, group: &mut [Box<dyn Job>]) -> Result<(), String> {
    begin_immediate(conn).map_err(|why| why.to_string())?;
    for job in group.iter_mut() {
        job.run(conn);
    }
    let commit = <Conn as diesel::Connection>::TransactionManager::commit_transaction(conn);
    if let Err(why) = commit {
        roll_back(conn);
        return Err(why.to_string());
    }
    Ok(())
}

fn begin_immediate(conn: &mut Conn) -> QueryResult<()> {
    match conn {
        // Deferred transactions that read and then write fail at once when another process wrote
        // meanwhile, without waiting: take the lock first.
        Conn::Sqlite(sqlite) => {
            AnsiTransactionManager::begin_transaction_sql(sqlite, "BEGIN IMMEDIATE")
        }
        Conn::Postgres(postgres) => AnsiTransactionManager::begin_transaction(postgres),
    }
}

/// After a failed commit: leaves the connection able to begin again.
fn roll_back(conn: &mut Conn) {
    let manager = <Conn as diesel::Connection>::TransactionManager::rollback_transaction(conn);
    if let Err(why) = manager {
        tracing::warn!("Could not roll back after a failed commit: {why}");
        if let Conn::Sqlite(sqlite) = conn
            && let Err(why) = sqlite.batch_execute("ROLLBACK")
        {
            tracing::debug!("SQLite had rolled back by itself: {why}");
        }
    }
}

/// Opens connections by the address's own scheme; diesel's enum would try both and hide why.
#[derive(Debug, Clone)]
struct Manager {
    address: Address,
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
                let mut postgres =
                    PgConnection::establish(url).context("connecting to PostgreSQL")?;
                dialect::prepare_postgres(&mut postgres)?;
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
