//! A database for one story: a file of its own, or a database of its own on the server that
//! `REEVE_TEST_POSTGRES` names.

use reeve::store::db::{Address, Db, Opening};

pub struct Database {
    address: Address,
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
