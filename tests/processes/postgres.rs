//! PostgreSQL: a database on the server of all tests, or a server of a test's own that may be
//! stopped under its users.

use std::path::{Path, PathBuf};
use std::process::Command;

use diesel::prelude::*;

/// A new database on the server of all tests; none where no server is named.
pub fn new_database() -> Option<String> {
    let server = std::env::var("REEVE_TEST_POSTGRES").ok()?;
    let name = format!("demo_{}", uuid::Uuid::new_v4().simple());
    let mut conn = diesel::PgConnection::establish(&server).unwrap();
    diesel::sql_query(format!("CREATE DATABASE {name}"))
        .execute(&mut conn)
        .unwrap();
    let (base, _) = server.rsplit_once('/').unwrap();
    Some(format!("{base}/{name}"))
}

/// A server that keeps what it acknowledges, also when it crashes.
pub struct Server {
    pub url: String,
    /// Removed with everything in it.
    folder: tempfile::TempDir,
}

impl Server {
    /// None where the tests have no PostgreSQL, or it runs on another machine and its programs are
    /// not on this one.
    pub fn start() -> Option<Self> {
        std::env::var_os("REEVE_TEST_POSTGRES")?;
        if !is_installed() {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        // Run by root, the server belongs to somebody else, who has to find their way in.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let open = std::fs::Permissions::from_mode(0o755);
            std::fs::set_permissions(folder.path(), open).unwrap();
        }
        let url = run("start", &cluster(folder.path()), &["durable"]);
        Some(Self { url, folder })
    }

    /// As a crash would.
    pub fn crash(&self) {
        run("crash", &cluster(self.folder.path()), &[]);
    }

    /// Starts it again at the same address.
    pub fn come_back(&self) {
        run("again", &cluster(self.folder.path()), &[]);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        run("stop", &cluster(self.folder.path()), &[]);
    }
}

fn cluster(folder: &Path) -> PathBuf {
    folder.join("postgres")
}

fn is_installed() -> bool {
    let versions = std::fs::read_dir("/usr/lib/postgresql");
    let is_packaged = versions.is_ok_and(|mut versions| versions.next().is_some());
    is_packaged || Command::new("initdb").arg("--version").output().is_ok()
}

fn run(action: &str, cluster: &Path, more: &[&str]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/throwaway-postgres");
    let mut command = Command::new(script);
    let ran = command
        .arg(action)
        .arg(cluster)
        .args(more)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).trim().to_owned();
    let why = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{action}: {said}\n{why}");
    said
}
