//! A database for one story: a file of its own, or a database of its own on the server that
//! `REEVE_TEST_POSTGRES` names.

use reeve::store::db::{Address, Db, Opening};

pub struct Database {
    address: Address,
    /// Where the attachments of whoever works on it lie.
    files: tempfile::TempDir,
    /// Gone with the story.
    _folder: Option<tempfile::TempDir>,
    dropped: Option<(String, String)>,
}

impl Database {
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = Address::Sqlite(folder.path().join("reeve.db"));
        Self {
            address,
            files: tempfile::tempdir().unwrap(),
            _folder: Some(folder),
            dropped: None,
        }
    }

    /// None where no server is named: `./test` always names one.
    pub fn postgres() -> Option<Self> {
        let server = std::env::var("REEVE_TEST_POSTGRES").ok()?;
        let name = format!("story_{}", uuid::Uuid::new_v4().simple());
        run(&server, &format!("CREATE DATABASE {name}"));
        let (base, _) = server.rsplit_once('/').unwrap();
        let url = format!("{base}/{name}");
        Some(Self {
            address: Address::Postgres(url),
            files: tempfile::tempdir().unwrap(),
            _folder: None,
            dropped: Some((server, name)),
        })
    }

    /// What somebody does who has the database to themselves: triggers and keys do not hold them.
    pub fn by_hand(&self, sql: &str) {
        use diesel::connection::SimpleConnection as _;
        use diesel::prelude::*;
        match &self.address {
            Address::Sqlite(path) => {
                let mut conn = diesel::SqliteConnection::establish(path.to_str().unwrap()).unwrap();
                let off = "PRAGMA foreign_keys = OFF; PRAGMA busy_timeout = 5000;
                    DROP TRIGGER IF EXISTS audit_waits;
                    DROP TRIGGER IF EXISTS audit_no_update; DROP TRIGGER IF EXISTS audit_no_delete;
                    DROP TRIGGER IF EXISTS audit_seals_no_update;
                    DROP TRIGGER IF EXISTS audit_seals_no_delete;";
                conn.batch_execute(&format!("{off} {sql}")).unwrap();
            }
            Address::Postgres(url) => {
                let mut conn = diesel::PgConnection::establish(url).unwrap();
                let off = "SET session_replication_role = replica;";
                conn.batch_execute(&format!("{off} {sql}")).unwrap();
            }
        }
    }

    /// Every column (`table.column`) in which a text stands, whatever its type.
    pub fn where_stands(&self, text: &str) -> Vec<String> {
        use diesel::prelude::*;
        let mut found = Vec::new();
        match &self.address {
            Address::Sqlite(path) => {
                let mut conn = diesel::SqliteConnection::establish(path.to_str().unwrap()).unwrap();
                let all: Vec<Place> = diesel::sql_query(
                    "SELECT m.name AS table_name, c.name AS column_name, c.type AS kind FROM sqlite_master m \
                     JOIN pragma_table_info(m.name) c WHERE m.type = 'table'",
                )
                .load(&mut conn)
                .unwrap();
                assert!(all.len() > 100, "{} columns", all.len());
                for Place {
                    table_name,
                    column_name,
                    ..
                } in all
                {
                    let asked = format!(
                        "SELECT count(*) AS n FROM {table_name} \
                         WHERE instr(CAST({column_name} AS blob), CAST(? AS blob)) > 0"
                    );
                    let n: Count = diesel::sql_query(asked)
                        .bind::<diesel::sql_types::Text, _>(text)
                        .get_result(&mut conn)
                        .unwrap();
                    if n.n > 0 {
                        found.push(format!("{table_name}.{column_name}"));
                    }
                }
            }
            Address::Postgres(url) => {
                let mut conn = diesel::PgConnection::establish(url).unwrap();
                let all: Vec<Place> = diesel::sql_query(
                    "SELECT table_name::text, column_name::text, data_type::text AS kind \
                     FROM information_schema.columns WHERE table_schema = 'public'",
                )
                .load(&mut conn)
                .unwrap();
                assert!(all.len() > 100, "{} columns", all.len());
                for Place {
                    table_name,
                    column_name,
                    kind,
                } in all
                {
                    let bytes = if kind == "bytea" {
                        column_name.clone()
                    } else {
                        format!("convert_to({column_name}::text, 'UTF8')")
                    };
                    let asked = format!(
                        "SELECT count(*) AS n FROM {table_name} \
                         WHERE position(convert_to($1, 'UTF8') IN {bytes}) > 0"
                    );
                    let n: Count = diesel::sql_query(asked)
                        .bind::<diesel::sql_types::Text, _>(text)
                        .get_result(&mut conn)
                        .unwrap();
                    if n.n > 0 {
                        found.push(format!("{table_name}.{column_name}"));
                    }
                }
            }
        }
        found
    }

    /// The bytes of the data file and everything beside it, on SQLite.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        let Address::Sqlite(path) = &self.address else {
            return None;
        };
        let folder = std::fs::read_dir(path.parent().unwrap()).unwrap();
        let files = folder.map(|file| std::fs::read(file.unwrap().path()).unwrap());
        Some(files.flatten().collect())
    }

    /// All that is written down, as text (bytes in hexadecimal): the same as long as nobody writes.
    pub fn everything(&self) -> String {
        use diesel::prelude::*;
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = diesel::sql_types::Text)]
            value: String,
        }
        fn read(conn: &mut diesel::SqliteConnection, sql: &str) -> Vec<String> {
            let rows: Vec<Row> = diesel::sql_query(sql).load(conn).unwrap();
            rows.into_iter().map(|row| row.value).collect()
        }
        let mut all = Vec::new();
        match &self.address {
            Address::Sqlite(path) => {
                let mut conn = diesel::SqliteConnection::establish(path.to_str().unwrap()).unwrap();
                let tables =
                    "SELECT name AS value FROM sqlite_master WHERE type = 'table' ORDER BY name";
                for table in read(&mut conn, tables) {
                    let columns = format!("SELECT name AS value FROM pragma_table_info('{table}')");
                    let shown: Vec<String> = read(&mut conn, &columns)
                        .iter()
                        .map(|name| format!("CASE typeof(\"{name}\") WHEN 'blob' THEN hex(\"{name}\") ELSE quote(\"{name}\") END"))
                        .collect();
                    let shown = shown.join(" || ',' || ");
                    all.extend(read(
                        &mut conn,
                        &format!("SELECT {shown} AS value FROM \"{table}\""),
                    ));
                }
            }
            Address::Postgres(url) => {
                let mut conn = diesel::PgConnection::establish(url).unwrap();
                let tables = "SELECT relname::text AS value FROM pg_class \
                    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname";
                let tables: Vec<Row> = diesel::sql_query(tables).load(&mut conn).unwrap();
                for table in tables {
                    let rows = format!("SELECT t::text AS value FROM {} t", table.value);
                    let rows: Vec<Row> = diesel::sql_query(rows).load(&mut conn).unwrap();
                    all.extend(rows.into_iter().map(|row| row.value));
                }
            }
        }
        all.join("\n")
    }

    /// Rows as text, without some of their columns.
    pub fn rows(&self, table: &str, but: &[&str], column: &str, id: uuid::Uuid) -> Vec<String> {
        let (columns, of_this) = match &self.address {
            Address::Sqlite(_) => (
                format!("SELECT name AS value FROM pragma_table_info('{table}')"),
                format!("{column} = X'{}'", id.simple()),
            ),
            Address::Postgres(_) => (
                format!(
                    "SELECT column_name::text AS value FROM information_schema.columns \
                     WHERE table_name = '{table}' ORDER BY ordinal_position"
                ),
                format!("{column} = '{id}'"),
            ),
        };
        let shown: Vec<String> = self
            .texts(&columns)
            .into_iter()
            .filter(|name| !but.contains(&name.as_str()))
            .map(|name| match &self.address {
                Address::Sqlite(_) => format!("'{name}=' || quote(\"{name}\")"),
                Address::Postgres(_) => {
                    format!("'{name}=' || coalesce(\"{name}\"::text, 'NULL')")
                }
            })
            .collect();
        let shown = shown.join(" || ' ' || ");
        self.texts(&format!(
            "SELECT {shown} AS value FROM {table} WHERE {of_this}"
        ))
    }

    /// Indexes, keys and triggers, each by what it is.
    pub fn parts(&self) -> Vec<String> {
        let mut parts = match &self.address {
            Address::Sqlite(_) => self.texts(
                "SELECT type || ' ' || coalesce(sql, name) AS value FROM sqlite_master WHERE type <> 'table'",
            ),
            Address::Postgres(_) => self.texts(
                "SELECT indexdef AS value FROM pg_indexes WHERE schemaname = 'public' UNION ALL \
                 SELECT conrelid::regclass::text || ' ' || conname::text || ' ' || pg_get_constraintdef(oid) \
                 FROM pg_constraint WHERE connamespace = 'public'::regnamespace UNION ALL \
                 SELECT tgrelid::regclass::text || ' ' || tgname::text || ' ' || tgenabled::text \
                 FROM pg_trigger WHERE NOT tgisinternal",
            ),
        };
        parts.sort();
        parts
    }

    /// Tables in which a row names another that is not there. PostgreSQL has checked that itself.
    pub fn orphans(&self) -> Vec<String> {
        match &self.address {
            Address::Sqlite(_) => self
                .texts("SELECT \"table\" || ' ' || parent AS value FROM pragma_foreign_key_check"),
            Address::Postgres(_) => Vec::new(),
        }
    }

    fn texts(&self, sql: &str) -> Vec<String> {
        use diesel::connection::SimpleConnection as _;
        use diesel::prelude::*;
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = diesel::sql_types::Text)]
            value: String,
        }
        let rows: Vec<Row> = match &self.address {
            Address::Sqlite(path) => {
                let mut conn = diesel::SqliteConnection::establish(path.to_str().unwrap()).unwrap();
                // Whoever closed the file last may still be tidying up.
                conn.batch_execute("PRAGMA busy_timeout = 5000").unwrap();
                diesel::sql_query(sql).load(&mut conn).unwrap()
            }
            Address::Postgres(url) => {
                let mut conn = diesel::PgConnection::establish(url).unwrap();
                diesel::sql_query(sql).load(&mut conn).unwrap()
            }
        };
        rows.into_iter().map(|row| row.value).collect()
    }

    /// Asks PostgreSQL again and again until the question finds something.
    pub async fn wait_for(&self, question: &str) {
        use diesel::prelude::*;
        let (url, question) = (self.url().unwrap().to_owned(), question.to_owned());
        let has_come = tokio::task::spawn_blocking(move || {
            let mut conn = diesel::PgConnection::establish(&url).unwrap();
            let question = format!("SELECT 1 WHERE EXISTS ({question})");
            (0..20_000).any(|_| diesel::sql_query(&question).execute(&mut conn).unwrap() > 0)
        });
        assert!(has_come.await.unwrap(), "nothing came of waiting");
    }

    /// The folder of attachments.
    pub fn files(&self) -> &std::path::Path {
        self.files.path()
    }

    /// The server's URL, on PostgreSQL.
    pub fn url(&self) -> Option<&str> {
        match &self.address {
            Address::Sqlite(_) => None,
            Address::Postgres(url) => Some(url),
        }
    }

    pub fn open(&self) -> Db {
        // The server of the tests does not sync; nothing on it outlives them.
        let opening = Opening {
            address: self.address.clone(),
            pool_size: 4,
            allow_unsafe_durability: self.dropped.is_some(),
        };
        let db = Db::open(&opening).unwrap();
        db.migrate().unwrap();
        db
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some((server, name)) = &self.dropped {
            run(
                server,
                &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
            );
        }
    }
}

fn run(server: &str, sql: &str) {
    use diesel::prelude::*;
    let mut conn = diesel::PgConnection::establish(server).unwrap();
    diesel::sql_query(sql).execute(&mut conn).unwrap();
}

#[derive(diesel::QueryableByName)]
struct Place {
    #[diesel(sql_type = diesel::sql_types::Text)]
    table_name: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    column_name: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    kind: String,
}

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}
