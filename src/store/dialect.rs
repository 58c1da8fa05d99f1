//! What differs between the two databases, all of it.

use std::time::Duration;

use anyhow::Context as _;
use diesel::connection::SimpleConnection;
use diesel::migration::MigrationSource;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Text};
use diesel::sqlite::SqliteConnection;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _, embed_migrations};

use super::db::{Conn, Patience};
use super::types::{At, Day, On, Ts};

pub mod bulk;

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Older libraries can corrupt a WAL file when two connections write and checkpoint at once
/// (sqlite.org/wal.html#walresetbug).
const OLDEST_SQLITE: i32 = 3_051_003;

/// A migration takes as long as it takes, and so does waiting for another that runs.
const NO_HURRY: &str = "SET statement_timeout = 0; SET lock_timeout = 0;";

#[derive(QueryableByName)]
struct TextRow {
    #[diesel(sql_type = Text)]
    value: String,
}

#[derive(QueryableByName)]
struct NumberRow {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

pub(super) fn prepare_sqlite(conn: &mut SqliteConnection) -> anyhow::Result<()> {
    #[expect(
        unsafe_code,
        reason = "the version of the linked library; takes no argument"
    )]
    // SAFETY: `sqlite3_libversion_number` reads a constant.
    let version = unsafe { libsqlite3_sys::sqlite3_libversion_number() };
    anyhow::ensure!(
        version >= OLDEST_SQLITE,
        "SQLite {version} can corrupt its write-ahead log; 3.51.3 or newer is needed"
    );
    conn.batch_execute(
        "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
         PRAGMA foreign_keys = ON; PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY; \
         PRAGMA cache_size = -16000; PRAGMA secure_delete = ON;",
    )
    .context("setting up the SQLite connection")
}

pub(super) fn prepare_postgres(conn: &mut PgConnection, patience: Patience) -> anyhow::Result<()> {
    conn.batch_execute("SET TIME ZONE 'UTC'; SET idle_in_transaction_session_timeout = '60s';")
        .and_then(|()| conn.batch_execute(&wait(patience)))
        .context("setting up the PostgreSQL connection")
}

/// The address with how long connecting may take, in whole seconds as libpq reads it. What the address
/// says itself stands.
pub(super) fn within(url: &str, connect: Duration) -> String {
    if url.contains("connect_timeout=") {
        return url.to_owned();
    }
    let joint = if url.contains('?') { '&' } else { '?' };
    format!("{url}{joint}connect_timeout={}", connect.as_secs().max(1))
}

/// How long a request waits for PostgreSQL: for a statement, and of that for what another holds.
fn wait(patience: Patience) -> String {
    format!(
        "SET statement_timeout = {}; SET lock_timeout = '5s';",
        patience.statement.as_millis()
    )
}

/// Refuses a database that could lose what it acknowledged.
pub(super) fn check_durability(conn: &mut Conn) -> anyhow::Result<()> {
    match conn {
        Conn::Sqlite(sqlite) => {
            let mode: TextRow =
                diesel::sql_query("SELECT journal_mode AS value FROM pragma_journal_mode")
                    .get_result(sqlite)?;
            anyhow::ensure!(
                mode.value == "wal",
                "journal_mode is {}, not wal",
                mode.value
            );
            let level: NumberRow =
                diesel::sql_query("SELECT synchronous AS value FROM pragma_synchronous")
                    .get_result(sqlite)?;
            anyhow::ensure!(
                level.value >= 2,
                "synchronous is {}, below FULL",
                level.value
            );
            let keys: NumberRow =
                diesel::sql_query("SELECT foreign_keys AS value FROM pragma_foreign_keys")
                    .get_result(sqlite)?;
            anyhow::ensure!(keys.value == 1, "foreign_keys is off");
        }
        Conn::Postgres(postgres) => {
            for (setting, good) in [
                ("fsync", &["on"][..]),
                (
                    "synchronous_commit",
                    &["on", "local", "remote_write", "remote_apply"],
                ),
                ("full_page_writes", &["on"]),
                ("server_encoding", &["UTF8"]),
            ] {
                let found: TextRow = diesel::sql_query("SELECT current_setting($1) AS value")
                    .bind::<Text, _>(setting)
                    .get_result(postgres)?;
                anyhow::ensure!(
                    good.contains(&found.value.as_str()),
                    "PostgreSQL has {setting} = {}, which can lose acknowledged work; set it to {} or, for a \
                     throw-away test server only, set database.allow_unsafe_durability",
                    found.value,
                    good.join(" or "),
                );
            }
        }
    }
    Ok(())
}

pub(super) fn migrate(conn: &mut Conn, patience: Patience) -> anyhow::Result<Vec<String>> {
    let run = match conn {
        Conn::Sqlite(sqlite) => {
            let pending = sqlite
                .has_pending_migration(SQLITE)
                .map_err(|why| anyhow::anyhow!(why))?;
            if pending {
                sqlite
                    .run_pending_migrations(SQLITE)
                    .map(|done| done.iter().map(ToString::to_string).collect())
            } else {
                Ok(Vec::new())
            }
        }
        Conn::Postgres(postgres) => {
            // A role that may not change the schema can start on one that is up to date.
            if is_up_to_date(postgres)? {
                return Ok(Vec::new());
            }
            postgres.batch_execute(NO_HURRY)?;
            let run = migrate_in_turn(postgres);
            // The connection goes back to those who wait for an answer, whatever came of it.
            let restored = postgres.batch_execute(&wait(patience));
            return run.and_then(|done| {
                restored.context("setting up the PostgreSQL connection")?;
                Ok(done)
            });
        }
    };
    run.map_err(|why| anyhow::anyhow!("running migrations: {why}"))
}

fn is_up_to_date(postgres: &mut PgConnection) -> anyhow::Result<bool> {
    let table: NumberRow =
        diesel::sql_query("SELECT count(to_regclass('__diesel_schema_migrations')) AS value")
            .get_result(postgres)?;
    if table.value == 0 {
        return Ok(false);
    }
    let run: Vec<TextRow> =
        diesel::sql_query("SELECT version::text AS value FROM __diesel_schema_migrations")
            .load(postgres)?;
    let known = MigrationSource::<diesel::pg::Pg>::migrations(&POSTGRES)
        .map_err(|why| anyhow::anyhow!(why))?;
    Ok(known.iter().all(|one| {
        let version = one.name().version().to_string();
        run.iter().any(|run| run.value == version)
    }))
}

fn migrate_in_turn(postgres: &mut PgConnection) -> anyhow::Result<Vec<String>> {
    // Runners take turns; the number is arbitrary and ours alone.
    postgres.batch_execute("SELECT pg_advisory_lock(724381955)")?;
    let run = postgres
        .run_pending_migrations(POSTGRES)
        .map(|done| done.iter().map(ToString::to_string).collect())
        .map_err(|why| anyhow::anyhow!("running migrations: {why}"));
    let unlocked = postgres.batch_execute("SELECT pg_advisory_unlock(724381955)");
    run.and_then(|done| {
        unlocked.context("letting other runners of migrations have their turn")?;
        Ok(done)
    })
}

/// The names of all migrations, for the test that both databases have the same.
#[must_use]
pub fn migration_names() -> (Vec<String>, Vec<String>) {
    let sqlite = <EmbeddedMigrations as diesel::migration::MigrationSource<
        diesel::sqlite::Sqlite,
    >>::migrations(&SQLITE)
    .map(|all| all.iter().map(|one| one.name().to_string()).collect());
    let postgres = POSTGRES.migrations().map(
        |all: Vec<Box<dyn diesel::migration::Migration<diesel::pg::Pg>>>| {
            all.iter().map(|one| one.name().to_string()).collect()
        },
    );
    (
        sqlite.unwrap_or_else(|_| Vec::new()),
        postgres.unwrap_or_else(|_| Vec::new()),
    )
}

/// Waits until no other writer holds `key` in a transaction of its own, and holds it until ours
/// ends. On SQLite there is one writer anyway.
pub(super) fn hold(conn: &mut Conn, key: &str) -> QueryResult<()> {
    match conn {
        Conn::Sqlite(_) => Ok(()),
        Conn::Postgres(postgres) => {
            diesel::sql_query("SELECT pg_advisory_xact_lock(hashtextextended($1, 7243))")
                .bind::<Text, _>(key)
                .execute(postgres)
                .map(|_| ())
        }
    }
}

/// An answer kept under an Idempotency-Key.
#[derive(QueryableByName)]
pub(super) struct KeptAnswer {
    #[diesel(sql_type = Text)]
    pub principal: String,
    #[diesel(sql_type = Text)]
    pub method: String,
    #[diesel(sql_type = Text)]
    pub path: String,
    #[diesel(sql_type = Text)]
    pub key: String,
    #[diesel(sql_type = Binary)]
    pub body: Vec<u8>,
}

/// The kept answers in whose path or body this name stands.
pub(super) fn answers_naming(conn: &mut Conn, name: &str) -> QueryResult<Vec<KeptAnswer>> {
    match conn {
        Conn::Sqlite(sqlite) => diesel::sql_query(
            "SELECT principal, method, path, key, body FROM idempotency \
             WHERE instr(body, $1) > 0 OR instr(path, $2) > 0",
        )
        .bind::<Binary, _>(name.as_bytes())
        .bind::<Text, _>(name)
        .load(sqlite),
        Conn::Postgres(postgres) => diesel::sql_query(
            "SELECT principal, method, path, key, body FROM idempotency \
             WHERE position($1 IN body) > 0 OR strpos(path, $2) > 0",
        )
        .bind::<Binary, _>(name.as_bytes())
        .bind::<Text, _>(name)
        .load(postgres),
    }
}

/// Asks a question that is put together at run time, of two days, an instant and some names.
macro_rules! ask_of_days {
    ($conn:expr, $question:expr, ($from:expr, $to:expr, $at:expr), $names:expr) => {{
        macro_rules! ask {
            ($own:expr, $database:ty) => {{
                let mut query = diesel::sql_query($question)
                    .into_boxed::<$database>()
                    .bind::<Day, _>($from)
                    .bind::<Day, _>($to)
                    .bind::<Ts, _>($at);
                for name in $names {
                    query = query.bind::<Text, _>(name);
                }
                query.load($own)
            }};
        }
        match $conn {
            Conn::Sqlite(sqlite) => ask!(sqlite, diesel::sqlite::Sqlite),
            Conn::Postgres(postgres) => ask!(postgres, diesel::pg::Pg),
        }
    }};
}

/// Sums over cases: the question takes two days, an instant, and the names it is narrowed to.
pub(super) fn sums(
    conn: &mut Conn,
    question: &str,
    (from, to, now): (On, On, At),
    names: Vec<String>,
) -> QueryResult<Vec<super::measures::Row>> {
    ask_of_days!(conn, question, (from, to, now), names)
}

/// Cases counted: the question takes two days, an instant, and the names it is narrowed to.
pub(super) fn tallies(
    conn: &mut Conn,
    question: &str,
    (from, to, since): (On, On, At),
    names: Vec<String>,
) -> QueryResult<Vec<super::measures::Tally>> {
    ask_of_days!(conn, question, (from, to, since), names)
}

/// Promises counted: the question takes two days, an instant, and names.
pub(super) fn kept_promises(
    conn: &mut Conn,
    question: &str,
    (from, to, now): (On, On, At),
    names: Vec<String>,
) -> QueryResult<Vec<super::measures::PromiseKept>> {
    ask_of_days!(conn, question, (from, to, now), names)
}

/// Empties the write-ahead log into the file and cuts it off, so that what was overwritten in the file
/// stands in the log no longer. PostgreSQL sees to its own with autovacuum and the recycling of its log.
pub(super) fn cut_log(conn: &mut Conn) -> QueryResult<()> {
    match conn {
        Conn::Sqlite(sqlite) => sqlite.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)"),
        Conn::Postgres(_) => Ok(()),
    }
}
