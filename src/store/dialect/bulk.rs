//! Very many rows at once, on either database, for measuring: no use case writes this way.
//!
//! A [`Watch`] reads what was added to a small SQLite database since it last looked, as SQLite's own
//! literals. A [`Writer`] takes such rows into another database, where [`load`] has put indexes, keys
//! between tables and triggers away; they are made again afterwards from their own text. On PostgreSQL
//! rows go in by `COPY` and all of it is one transaction. On SQLite they are inserted many in a
//! statement; a load that was cut off there leaves a file to throw away.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use diesel::connection::SimpleConnection as _;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel::sqlite::SqliteConnection;
use jiff::Timestamp;

use super::TextRow;
use crate::store::db::Conn;
use crate::store::schema;

/// What SQLite writes for a value: `NULL`, `12`, `1.5`, `'text'`, `X'00FF'`.
pub type Literal = String;

/// A row that was added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added {
    pub table: String,
    /// In the order of the table.
    pub columns: Arc<[String]>,
    /// One for each column.
    pub values: Vec<Literal>,
}

/// Sees what is added to a SQLite database.
#[derive(Debug)]
pub struct Watch {
    tables: Vec<Watched>,
}

#[derive(Debug)]
struct Watched {
    name: String,
    columns: Arc<[String]>,
    last_row: i64,
}

/// Takes rows in. What is pushed is written a megabyte at a time.
pub struct Writer<'c> {
    conn: &'c mut Conn,
    /// By table, in the order of its columns; empty on SQLite, which reads its own literals.
    kinds: BTreeMap<String, Vec<Kind>>,
    waiting: BTreeMap<String, String>,
    n_uncommitted: usize,
    /// So much of one table is written in one statement.
    at_once: usize,
    /// Commits now and then, because nobody else does.
    commits: bool,
}

/// How PostgreSQL reads a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Id,
    Instant,
    Flag,
    Bytes,
    AsItIs,
}

/// What was put away, to be made again.
struct PutAway {
    restore: Vec<String>,
}

#[derive(QueryableByName)]
struct NameRow {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = BigInt)]
    n: i64,
}

#[derive(QueryableByName)]
struct ColumnRow {
    #[diesel(sql_type = Text)]
    owner: String,
    #[diesel(sql_type = Text)]
    kind: String,
}

#[derive(QueryableByName)]
struct PartRow {
    #[diesel(sql_type = Text)]
    owner: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    definition: String,
}

/// So much of one table is written in one statement.
const AT_ONCE: usize = 1 << 20;
/// So much is committed together on SQLite, whose log would else grow to the size of all of it.
const COMMITTED_TOGETHER: usize = 64 << 20;

impl Added {
    /// The value of a column.
    #[must_use]
    pub fn value(&self, column: &str) -> Option<&str> {
        let mut both = self.columns.iter().zip(&self.values);
        both.find(|(name, _)| *name == column)
            .map(|(_, value)| value.as_str())
    }
}

impl Watch {
    /// Begins to watch every table but those named.
    ///
    /// # Errors
    /// When the database is not SQLite, or cannot be asked.
    pub fn begin(conn: &mut Conn, but: &[&str]) -> anyhow::Result<Self> {
        let sqlite = sqlite_of(conn)?;
        let names: Vec<TextRow> = diesel::sql_query(
            "SELECT name AS value FROM sqlite_master WHERE type = 'table' \
             AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY name",
        )
        .load(sqlite)?;
        let mut tables = Vec::new();
        for TextRow { value: name } in names {
            if but.contains(&name.as_str()) {
                continue;
            }
            let columns: Vec<TextRow> = diesel::sql_query(format!(
                "SELECT name AS value FROM pragma_table_info('{name}') ORDER BY cid"
            ))
            .load(sqlite)?;
            tables.push(Watched {
                name,
                columns: columns.into_iter().map(|row| row.value).collect(),
                last_row: 0,
            });
        }
        let mut watch = Self { tables };
        watch.catch_up(conn)?;
        Ok(watch)
    }

    /// The tables that are watched.
    pub fn tables(&self) -> impl Iterator<Item = &str> {
        self.tables.iter().map(|table| table.name.as_str())
    }

    /// The rows added since the last time, table by table, in the order they were added.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub fn added(&mut self, conn: &mut Conn) -> anyhow::Result<Vec<Added>> {
        let before: Vec<i64> = self.tables.iter().map(|table| table.last_row).collect();
        self.catch_up(conn)?;
        let sqlite = sqlite_of(conn)?;
        let mut added = Vec::new();
        for (table, before) in self.tables.iter().zip(before) {
            if table.last_row == before {
                continue;
            }
            let each: Vec<String> = table
                .columns
                .iter()
                .map(|column| format!("quote(\"{column}\")"))
                .collect();
            let rows: Vec<TextRow> = diesel::sql_query(format!(
                "SELECT {} AS value FROM \"{}\" WHERE rowid > {before} ORDER BY rowid",
                each.join(" || ',' || "),
                table.name
            ))
            .load(sqlite)?;
            added.extend(rows.into_iter().map(|row| Added {
                table: table.name.clone(),
                columns: Arc::clone(&table.columns),
                values: literals(&row.value),
            }));
        }
        Ok(added)
    }

    fn catch_up(&mut self, conn: &mut Conn) -> anyhow::Result<()> {
        let sqlite = sqlite_of(conn)?;
        let each: Vec<String> = self
            .tables
            .iter()
            .map(|Watched { name, .. }| {
                format!("SELECT '{name}' AS name, coalesce(max(rowid), 0) AS n FROM \"{name}\"")
            })
            .collect();
        let found: Vec<NameRow> = diesel::sql_query(each.join(" UNION ALL ")).load(sqlite)?;
        for row in found {
            let table = self.tables.iter_mut().find(|table| table.name == row.name);
            if let Some(table) = table {
                table.last_row = row.n;
            }
        }
        Ok(())
    }
}

/// Fills a database. Nothing else may use it meanwhile.
///
/// # Errors
/// What `fill` returns, or why the database does not take it. On PostgreSQL nothing is changed then.
pub fn load(
    conn: &mut Conn,
    fill: impl FnOnce(&mut Writer<'_>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    match conn {
        Conn::Postgres(_) => {
            conn.transaction(|conn| {
                let put_away = put_away(postgres_of(conn)?)?;
                filled(conn, fill)?;
                let postgres = postgres_of(conn)?;
                for statement in &put_away.restore {
                    postgres
                        .batch_execute(statement)
                        .with_context(|| statement.clone())?;
                }
                postgres.batch_execute("ANALYZE").context("ANALYZE")
            })?;
            vacuum(postgres_of(conn)?)
        }
        Conn::Sqlite(sqlite) => {
            let parts = put_away_in_file(sqlite)?;
            sqlite.batch_execute(
                "PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -262144; BEGIN IMMEDIATE",
            )?;
            filled(conn, fill)?;
            let sqlite = sqlite_of(conn)?;
            sqlite.batch_execute("COMMIT")?;
            for statement in &parts.restore {
                sqlite
                    .batch_execute(statement)
                    .with_context(|| statement.clone())?;
            }
            super::prepare_sqlite(sqlite)?;
            // With the durability that was just set again: all of it is on the disk now.
            sqlite.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")?;
            Ok(())
        }
    }
}

fn filled(
    conn: &mut Conn,
    fill: impl FnOnce(&mut Writer<'_>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut writer = Writer::over(conn)?;
    writer.commits = true;
    fill(&mut writer)?;
    writer.finish()
}

impl<'c> Writer<'c> {
    fn over(conn: &'c mut Conn) -> anyhow::Result<Self> {
        let mut kinds: BTreeMap<String, Vec<Kind>> = BTreeMap::new();
        if let Conn::Postgres(postgres) = conn {
            let columns: Vec<ColumnRow> = diesel::sql_query(
                "SELECT table_name::text AS owner, data_type::text AS kind FROM information_schema.columns \
                 WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position",
            )
            .load(postgres)?;
            for column in columns {
                let kind = match column.kind.as_str() {
                    "uuid" => Kind::Id,
                    "timestamp with time zone" => Kind::Instant,
                    "boolean" => Kind::Flag,
                    "bytea" => Kind::Bytes,
                    _ => Kind::AsItIs,
                };
                kinds.entry(column.owner).or_default().push(kind);
            }
        }
        Ok(Self {
            conn,
            kinds,
            waiting: BTreeMap::new(),
            n_uncommitted: 0,
            at_once: AT_ONCE,
            commits: false,
        })
    }

    /// A row as this database takes it, to be pushed once or many times.
    ///
    /// # Errors
    /// When the table has other columns here, or a value is not of its column's kind.
    pub fn line(&self, table: &str, values: &[Literal]) -> anyhow::Result<String> {
        if matches!(self.conn, Conn::Sqlite(_)) {
            return Ok(format!("({})", values.join(",")));
        }
        let kinds = self
            .kinds
            .get(table)
            .with_context(|| format!("there is no table {table}"))?;
        anyhow::ensure!(kinds.len() == values.len(), "{table} has other columns");
        let mut fields = Vec::with_capacity(values.len());
        for (kind, value) in kinds.iter().zip(values) {
            fields.push(copied(*kind, value).with_context(|| format!("a value of {table}"))?);
        }
        Ok(format!("{}\n", fields.join("\t")))
    }

    /// Takes a line in.
    ///
    /// # Errors
    /// When the database does not take what has gathered.
    pub fn push(&mut self, table: &str, line: &str) -> anyhow::Result<()> {
        let is_sqlite = matches!(self.conn, Conn::Sqlite(_));
        if !self.waiting.contains_key(table) {
            self.waiting.insert(table.to_owned(), String::new());
        }
        let Some(waiting) = self.waiting.get_mut(table) else {
            return Ok(());
        };
        if is_sqlite && !waiting.is_empty() {
            waiting.push(',');
        }
        waiting.push_str(line);
        if waiting.len() < self.at_once {
            return Ok(());
        }
        let lines = std::mem::take(waiting);
        self.write(table, &lines)
    }

    fn write(&mut self, table: &str, lines: &str) -> anyhow::Result<()> {
        match self.conn {
            Conn::Postgres(postgres) => copy(postgres, table, lines)
                .with_context(|| format!("copying into {table}"))
                .map(|_| ()),
            Conn::Sqlite(sqlite) => {
                sqlite
                    .batch_execute(&format!("INSERT INTO \"{table}\" VALUES {lines}"))
                    .with_context(|| format!("inserting into {table}"))?;
                self.n_uncommitted += lines.len();
                if self.commits && self.n_uncommitted > COMMITTED_TOGETHER {
                    self.n_uncommitted = 0;
                    sqlite.batch_execute("COMMIT; BEGIN IMMEDIATE")?;
                }
                Ok(())
            }
        }
    }

    fn finish(mut self) -> anyhow::Result<()> {
        for (table, lines) in std::mem::take(&mut self.waiting) {
            if !lines.is_empty() {
                self.write(&table, &lines)?;
            }
        }
        Ok(())
    }
}

/// Writes rows one statement each, and each time `write` is called all of them in one durable
/// transaction: what SQLite itself needs for a case.
///
/// # Errors
/// What `write` returns, or why the database does not take it.
pub fn alone(
    conn: &mut Conn,
    write: impl FnOnce(&mut Writer<'_>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    sqlite_of(conn)?.batch_execute("BEGIN IMMEDIATE")?;
    let mut writer = Writer::over(conn)?;
    writer.at_once = 0;
    let written = write(&mut writer);
    let end = if written.is_ok() {
        "COMMIT"
    } else {
        "ROLLBACK"
    };
    sqlite_of(conn)?.batch_execute(end)?;
    written
}

/// Another database on the same server, the same as this one when it is made. Nobody else may use either
/// meanwhile.
///
/// # Errors
/// When the address names no database of a server, or the server refuses.
pub fn twin(url: &str, name: &str) -> anyhow::Result<String> {
    let (server, own) = url
        .rsplit_once('/')
        .with_context(|| format!("{url} names no database"))?;
    let own = own.split('?').next().unwrap_or(own);
    let mut postgres =
        PgConnection::establish(&format!("{server}/template1")).context("connecting")?;
    postgres.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))?;
    // A database that somebody has open cannot be copied, and a pool lets go in its own time.
    diesel::sql_query(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = $1",
    )
    .bind::<Text, _>(own)
    .execute(&mut postgres)?;
    postgres
        .batch_execute(&format!("CREATE DATABASE {name} TEMPLATE \"{own}\""))
        .context("making a second database of the same")?;
    Ok(format!("{server}/{name}"))
}

/// Copies the file of a database that nobody writes to.
///
/// # Errors
/// When the database is not SQLite, or the copy cannot be written.
pub fn copy_file(conn: &mut Conn, from: &Path, to: &Path) -> anyhow::Result<()> {
    // What stands in the log beside the file would be left behind.
    sqlite_of(conn)?.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")?;
    std::fs::copy(from, to).with_context(|| format!("copying to {}", to.display()))?;
    Ok(())
}

/// An empty database on the same server.
///
/// # Errors
/// As [`twin`].
pub fn fresh(url: &str, name: &str) -> anyhow::Result<String> {
    let (server, _) = url
        .rsplit_once('/')
        .with_context(|| format!("{url} names no database"))?;
    let mut postgres = PgConnection::establish(url).context("connecting")?;
    postgres.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))?;
    postgres.batch_execute(&format!("CREATE DATABASE {name}"))?;
    Ok(format!("{server}/{name}"))
}

/// The statements by which `pgbench` writes rows like these, one for each: under other ids, which it
/// reckons from its variable `reeve_n`, and with the present instant wherever there is one.
///
/// # Errors
/// When a table has other columns here.
pub fn statements(conn: &mut Conn, rows: &[Added]) -> anyhow::Result<Vec<String>> {
    let writer = Writer::over(conn)?;
    let ids: Vec<&str> = rows
        .iter()
        .filter_map(|row| row.value("id").and_then(digits_of))
        .collect();
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        let kinds = writer
            .kinds
            .get(&row.table)
            .with_context(|| format!("there is no table {}", row.table))?;
        let mut values = Vec::with_capacity(row.values.len());
        for ((kind, column), value) in kinds.iter().zip(row.columns.iter()).zip(&row.values) {
            values.push(asked(*kind, &row.table, column, value, &ids)?);
        }
        let (columns, values) = (row.columns.join(", "), values.join(", "));
        all.push(format!(
            "INSERT INTO {} ({columns}) VALUES ({values})",
            row.table
        ));
    }
    Ok(all)
}

/// A value as `pgbench` is to write it.
fn asked(
    kind: Kind,
    table: &str,
    column: &str,
    literal: &str,
    ids: &[&str],
) -> anyhow::Result<String> {
    /// Columns in which no two rows say the same.
    const UNIQUE: &[(&str, &str)] = &[
        ("cases", "reference"),
        ("tracking_links", "token_hash"),
        ("tracking_links", "reply_token"),
        ("outbox", "dedupe_key"),
        ("outbox", "message_id"),
        ("identifiers", "value"),
    ];
    if literal == "NULL" {
        return Ok(literal.to_owned());
    }
    Ok(match kind {
        Kind::Id => {
            let digits = digits_of(literal).context("an id is bytes")?;
            match ids.iter().position(|id| *id == digits) {
                Some(place) => format!(
                    "(lpad(to_hex(:reeve_n::bigint), 12, '0') || '70008000{place:012x}')::uuid"
                ),
                None => format!("'{}'::uuid", uuid::Uuid::try_parse(digits)?),
            }
        }
        Kind::Instant => "now()".to_owned(),
        Kind::Flag => (literal != "0").to_string(),
        Kind::Bytes => {
            let digits = digits_of(literal).context("bytes are written as such")?;
            format!("'\\x{digits}'::bytea")
        }
        Kind::AsItIs if UNIQUE.contains(&(table, column)) => {
            format!("{} || :reeve_n::text", without_colons(literal))
        }
        Kind::AsItIs => without_colons(literal),
    })
}

/// A literal as `pgbench` leaves it alone: it takes a word after a colon for one of its variables, within a
/// text too.
fn without_colons(literal: &str) -> String {
    if literal.contains(':') {
        let escaped = literal.replace('\\', "\\\\").replace(':', "\\x3A");
        format!("E{escaped}")
    } else {
        literal.to_owned()
    }
}

/// The text in a literal; nothing when it is none.
#[must_use]
pub fn text_of(literal: &str) -> Option<String> {
    let inner = literal.strip_prefix('\'')?.strip_suffix('\'')?;
    Some(inner.replace("''", "'"))
}

/// The literal of a text.
#[must_use]
pub fn literal_of(text: &str) -> Literal {
    format!("'{}'", text.replace('\'', "''"))
}

/// The hexadecimal digits of a literal of bytes, in capitals.
#[must_use]
pub fn digits_of(literal: &str) -> Option<&str> {
    literal.strip_prefix("X'")?.strip_suffix('\'')
}

/// Takes apart literals with commas between them.
fn literals(row: &str) -> Vec<Literal> {
    let mut all = Vec::new();
    let mut one = String::new();
    let mut is_within = false;
    for c in row.chars() {
        match c {
            // A quote within a text is written twice, and so ends and begins it again.
            '\'' => is_within = !is_within,
            ',' if !is_within => {
                all.push(std::mem::take(&mut one));
                continue;
            }
            _ => {}
        }
        one.push(c);
    }
    all.push(one);
    all
}

/// A literal in the text format of `COPY`.
fn copied(kind: Kind, literal: &str) -> anyhow::Result<String> {
    if literal == "NULL" {
        return Ok("\\N".to_owned());
    }
    Ok(match kind {
        Kind::Id => {
            let digits = digits_of(literal).context("an id is bytes")?;
            uuid::Uuid::try_parse(digits)?.to_string()
        }
        Kind::Instant => Timestamp::from_microsecond(literal.parse()?)?.to_string(),
        Kind::Flag if literal == "0" => "f".to_owned(),
        Kind::Flag => "t".to_owned(),
        Kind::Bytes => {
            let digits = digits_of(literal).context("bytes are written as such")?;
            format!("\\\\x{digits}")
        }
        Kind::AsItIs => match text_of(literal) {
            None => literal.to_owned(),
            Some(text) => {
                let mut escaped = String::with_capacity(text.len());
                for c in text.chars() {
                    match c {
                        '\\' => escaped.push_str("\\\\"),
                        '\n' => escaped.push_str("\\n"),
                        '\r' => escaped.push_str("\\r"),
                        '\t' => escaped.push_str("\\t"),
                        other => escaped.push(other),
                    }
                }
                escaped
            }
        },
    })
}

/// Every table that rows of a case may stand in. A test in `bench::models` holds them against the schema.
macro_rules! tables {
    ($($name:ident)+) => {
        /// The tables that a [`Writer`] takes rows for.
        pub const TAKEN: &[&str] = &[$(stringify!($name)),+];

        fn copy(postgres: &mut PgConnection, table: &str, lines: &str) -> QueryResult<usize> {
            use diesel::ExecuteCopyFromDsl as _;
            match table {
                $(stringify!($name) => diesel::copy_from(schema::$name::table)
                    .from_raw_data(schema::$name::table, |out: &mut dyn std::io::Write| {
                        out.write_all(lines.as_bytes())
                            .map_err(|why| diesel::result::Error::SerializationError(Box::new(why)))
                    })
                    .execute(postgres),)+
                other => Err(diesel::result::Error::QueryBuilderError(
                    format!("`tables!` in store/dialect/bulk.rs does not name the table {other}").into(),
                )),
            }
        }
    };
}

tables!(
    people identifiers person_merges people_apart markers organisations
    cases case_measures stage_measures case_departures case_access case_passes case_aliases case_people case_links legal_holds
    incident_cases incident_told
    contacts contact_reasons visits raw_messages attachments calls call_events call_contacts callbacks
    events clocks escalations outbox tracking_links inbox_links receipts feedback audit audit_seals
);

fn put_away(postgres: &mut PgConnection) -> anyhow::Result<PutAway> {
    postgres.batch_execute(
        "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; \
         SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL maintenance_work_mem = '256MB'",
    )?;
    // Primary keys stay: rows come in the order of their ids.
    let parts: Vec<PartRow> = diesel::sql_query(
        "SELECT conrelid::regclass::text AS owner, quote_ident(conname)::text AS name, contype::text AS kind, \
         pg_get_constraintdef(oid) AS definition FROM pg_constraint \
         WHERE connamespace = current_schema()::regnamespace AND contype IN ('f', 'u') \
         UNION ALL \
         SELECT i.indrelid::regclass::text, i.indexrelid::regclass::text, 'i', pg_get_indexdef(i.indexrelid) \
         FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
         WHERE c.relnamespace = current_schema()::regnamespace AND NOT EXISTS \
         (SELECT 1 FROM pg_constraint p WHERE p.conindid = i.indexrelid AND p.contype IN ('p', 'u', 'x')) \
         UNION ALL \
         SELECT DISTINCT tgrelid::regclass::text, '', 't', '' FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid \
         WHERE NOT tgisinternal AND c.relnamespace = current_schema()::regnamespace",
    )
    .load(postgres)?;
    let mut restore = BTreeMap::from([("u", Vec::new()), ("i", Vec::new()), ("f", Vec::new())]);
    let mut enable = Vec::new();
    for part in &parts {
        let PartRow {
            owner,
            name,
            kind,
            definition,
        } = part;
        let (away, again) = match kind.as_str() {
            "i" => (format!("DROP INDEX {name}"), definition.clone()),
            "t" => (
                format!("ALTER TABLE {owner} DISABLE TRIGGER USER"),
                format!("ALTER TABLE {owner} ENABLE TRIGGER USER"),
            ),
            _ => (
                format!("ALTER TABLE {owner} DROP CONSTRAINT {name}"),
                format!("ALTER TABLE {owner} ADD CONSTRAINT {name} {definition}"),
            ),
        };
        postgres
            .batch_execute(&away)
            .with_context(|| away.clone())?;
        match restore.get_mut(kind.as_str()) {
            Some(of_kind) => of_kind.push(again),
            None => enable.push(again),
        }
    }
    // Keys between tables are checked by those within them, so they come last.
    let mut all = Vec::new();
    for kind in ["u", "i", "f"] {
        all.extend(restore.remove(kind).into_iter().flatten());
    }
    all.extend(enable);
    Ok(PutAway { restore: all })
}

fn put_away_in_file(sqlite: &mut SqliteConnection) -> anyhow::Result<PutAway> {
    let parts: Vec<PartRow> = diesel::sql_query(
        "SELECT tbl_name AS owner, name, type AS kind, sql AS definition FROM sqlite_master \
         WHERE type IN ('index', 'trigger') AND sql IS NOT NULL",
    )
    .load(sqlite)?;
    let mut away = String::new();
    let mut restore = Vec::new();
    for part in parts {
        write!(away, "DROP {} \"{}\";", part.kind, part.name)?;
        restore.push(part.definition);
    }
    sqlite.batch_execute(&away)?;
    Ok(PutAway { restore })
}

/// What autovacuum would else begin to do while somebody measures.
fn vacuum(postgres: &mut PgConnection) -> anyhow::Result<()> {
    let patience: TextRow =
        diesel::sql_query("SELECT current_setting('statement_timeout') AS value")
            .get_result(postgres)?;
    postgres.batch_execute("SET statement_timeout = 0")?;
    let done = postgres.batch_execute("VACUUM");
    postgres.batch_execute(&format!("SET statement_timeout = '{}'", patience.value))?;
    done.context("VACUUM")
}

fn sqlite_of(conn: &mut Conn) -> anyhow::Result<&mut SqliteConnection> {
    match conn {
        Conn::Sqlite(sqlite) => Ok(sqlite),
        Conn::Postgres(_) => anyhow::bail!("this is PostgreSQL, and SQLite was expected"),
    }
}

fn postgres_of(conn: &mut Conn) -> anyhow::Result<&mut PgConnection> {
    match conn {
        Conn::Postgres(postgres) => Ok(postgres),
        Conn::Sqlite(_) => anyhow::bail!("this is SQLite, and PostgreSQL was expected"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_taken_apart_at_the_commas_between_its_values() {
        let row = "NULL,12,-1.5,'it''s, here','',X'00FF','a\nb'";
        assert_eq!(
            literals(row),
            [
                "NULL",
                "12",
                "-1.5",
                "'it''s, here'",
                "''",
                "X'00FF'",
                "'a\nb'"
            ]
        );
        assert_eq!(text_of("'it''s, here'").unwrap(), "it's, here");
        assert_eq!(literal_of("it's"), "'it''s'");
    }

    #[test]
    fn pgbench_finds_no_variable_of_its_own_in_a_text() {
        assert_eq!(without_colons("'a \\ b'"), "'a \\ b'");
        assert_eq!(
            without_colons(r"'category:it''s \n'"),
            r"E'category\x3Ait''s \\n'"
        );
        assert_eq!(without_colons("12"), "12");
    }

    #[test]
    fn a_value_is_copied_as_postgresql_reads_it() {
        let check = |kind, literal: &str, expect: &str| {
            assert_eq!(copied(kind, literal).unwrap(), expect, "{literal}");
        };
        check(
            Kind::Id,
            "X'0192F0C1A2B37C4D8E9F001122334455'",
            "0192f0c1-a2b3-7c4d-8e9f-001122334455",
        );
        check(
            Kind::Instant,
            "1763600000123456",
            "2025-11-20T00:53:20.123456Z",
        );
        check(Kind::Flag, "0", "f");
        check(Kind::Flag, "1", "t");
        check(Kind::Bytes, "X'00FF'", "\\\\x00FF");
        check(Kind::AsItIs, "NULL", "\\N");
        check(Kind::AsItIs, "54.35", "54.35");
        check(
            Kind::AsItIs,
            "'{\"said\":\"a\\nb''s\"}\t'",
            "{\"said\":\"a\\\\nb's\"}\\t",
        );
        assert!(copied(Kind::Instant, "'soon'").is_err());
    }
}
