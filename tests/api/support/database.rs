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
