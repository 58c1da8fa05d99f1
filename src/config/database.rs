//! `[database]`: where cases are kept.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::secret::ConnectionUrl;

/// `[database]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Database {
    /// Empty for the SQLite file of the data directory.
    pub url: ConnectionUrl,
    pub url_file: String,
    pub data_dir: PathBuf,
    pub max_connections: u32,
    pub sqlite_readers: u32,
    pub connect_timeout_seconds: u64,
    pub statement_timeout_seconds: u64,
    pub allow_unsafe_durability: bool,
}

/// The database the settings name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A PostgreSQL server.
    Postgres(ConnectionUrl),
    /// A SQLite file.
    Sqlite(PathBuf),
}

impl Database {
    /// Where the cases are: chosen by the scheme of `url`, never by trying one and then the other.
    pub fn place(&self) -> Place {
        let url = self.url.expose();
        if url.is_empty() {
            return Place::Sqlite(self.data_dir.join("reeve.db"));
        }
        match sqlite_path(url) {
            Some(path) => Place::Sqlite(PathBuf::from(path)),
            None => Place::Postgres(self.url.clone()),
        }
    }
}

/// What is left of `sqlite:data/reeve.db` or `sqlite:///srv/reeve.db`.
fn sqlite_path(url: &str) -> Option<&str> {
    let path = url.strip_prefix("sqlite:")?;
    Some(path.strip_prefix("//").unwrap_or(path))
}

/// Says what is wrong with a database address, without repeating it: it holds a password.
pub(super) fn is_database_url(text: &str) -> Result<(), String> {
    let known = text.is_empty()
        || text.starts_with("postgres://")
        || text.starts_with("postgresql://")
        || sqlite_path(text).is_some_and(|path| !path.is_empty());
    if known {
        Ok(())
    } else {
        Err("write postgres://user:password@host/database, or leave it empty for SQLite".to_owned())
    }
}
