//! What the database does alone with the rows Reeve writes, and with the row it reads: the limit that
//! Reeve is measured against, in the same round on the same server.
//!
//! On PostgreSQL that is `pgbench`, which writes all rows of one case in a transaction: one statement a
//! row, or all of them in one. On SQLite it is a bare loop on one connection, a durable transaction for
//! each case.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::copies::{Pattern, Press};
use super::models::Model;
use super::rounds::{Ask, Round, closed};
use crate::casework::audit::Chain;
use crate::store::Db;
use crate::store::db::{Address, Opening};
use crate::store::dialect::bulk;
use crate::time_source::TimeSource;

/// `pgbench` on a database that is the same as Reeve's, and that nobody reads.
pub struct PgBench {
    url: String,
    folder: PathBuf,
    program: PathBuf,
}

/// The scripts there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Script {
    StatementARow,
    OneStatement,
    /// A case by its reference.
    Select,
}

/// A bare loop over a SQLite file that is the same as Reeve's.
pub struct Loop {
    db: Db,
    pattern: Model,
}

/// So many cases are selected in turn.
const SELECTED: usize = 64;

impl PgBench {
    /// Writes the scripts for rows like those of this case.
    ///
    /// # Errors
    /// When `pgbench` is not there, or the scripts cannot be written.
    pub fn prepare(
        url: &str,
        folder: &Path,
        model: &Model,
        references: &[String],
    ) -> anyhow::Result<Self> {
        let db = Db::open(&Opening {
            address: Address::Postgres(url.to_owned()),
            pool_size: 1,
            allow_unsafe_durability: false,
        })?;
        let statements = db.at_start(|conn| bulk::statements(conn, &model.rows))?;
        drop(db);
        std::fs::create_dir_all(folder)?;
        let number = "\\set reeve_k :reeve_k + 1\n\
                      \\set reeve_n :reeve_base * 128 + :reeve_k * 128 + :client_id\n";
        let each = statements.join(";\n");
        std::fs::write(
            folder.join("rows.sql"),
            format!("{number}BEGIN;\n{each};\nEND;\n"),
        )?;
        let parts: Vec<String> = statements
            .iter()
            .enumerate()
            .map(|(place, statement)| format!("r{place} AS ({statement})"))
            .collect();
        std::fs::write(
            folder.join("one.sql"),
            format!("{number}WITH {} SELECT 1;\n", parts.join(",\n")),
        )?;
        for (place, reference) in references.iter().take(SELECTED).enumerate() {
            let plain = reference.replace('-', "");
            std::fs::write(
                folder.join(format!("select-{place}.sql")),
                format!("SELECT * FROM cases WHERE reference = '{plain}';\n"),
            )?;
        }
        Ok(Self {
            url: url.to_owned(),
            folder: folder.to_owned(),
            program: program()?,
        })
    }

    /// Transactions a second.
    ///
    /// # Errors
    /// When it fails, with what it said.
    pub fn run(&self, script: Script, clients: usize, lasts: Duration) -> anyhow::Result<f64> {
        let base = TimeSource::System.now().as_millisecond();
        let mut command = Command::new(&self.program);
        command
            .args(["--no-vacuum", "--protocol=prepared", "--jobs=2"])
            .arg(format!("--client={clients}"))
            .arg(format!("--time={}", lasts.as_secs().max(1)))
            .arg(format!("--define=reeve_base={base}"))
            .arg("--define=reeve_k=0");
        let files = match script {
            Script::StatementARow => vec!["rows.sql".to_owned()],
            Script::OneStatement => vec!["one.sql".to_owned()],
            Script::Select => (0..SELECTED)
                .map(|place| format!("select-{place}.sql"))
                .filter(|name| self.folder.join(name).is_file())
                .collect(),
        };
        for file in files {
            command.arg("--file").arg(self.folder.join(file));
        }
        let ended = command.arg(&self.url).output().context("running pgbench")?;
        // One client that gave up leaves the rest to look as if they were all.
        anyhow::ensure!(
            ended.status.success(),
            "pgbench: {}",
            String::from_utf8_lossy(&ended.stderr)
        );
        let said = String::from_utf8_lossy(&ended.stdout);
        let tps = said
            .lines()
            .filter_map(|line| line.strip_prefix("tps = "))
            .find_map(|rest| rest.split(' ').next());
        let tps =
            tps.with_context(|| format!("pgbench: {}", String::from_utf8_lossy(&ended.stderr)))?;
        Ok(tps.parse()?)
    }
}

/// Where `pgbench` is: on the path, or where Debian keeps it.
fn program() -> anyhow::Result<PathBuf> {
    let mut folders: Vec<PathBuf> = std::env::var_os("PATH")
        .map(|path| std::env::split_paths(&path).collect())
        .unwrap_or_default();
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        folders.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    folders
        .into_iter()
        .map(|folder| folder.join("pgbench"))
        .find(|program| program.is_file())
        .context("pgbench is not installed: it comes with PostgreSQL (postgresql-contrib)")
}

impl Loop {
    /// Over this file, which is a copy.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn over(copy: &Path, model: &Model) -> anyhow::Result<Self> {
        let db = Db::open(&Opening {
            address: Address::Sqlite(copy.to_owned()),
            pool_size: 1,
            allow_unsafe_durability: false,
        })?;
        Ok(Self {
            db,
            pattern: model.clone(),
        })
    }

    /// So many callers take turns at one connection, a transaction each time.
    ///
    /// # Errors
    /// When the database does not take it.
    pub fn run(&self, clients: usize, lasts: Duration) -> anyhow::Result<Round> {
        let now = TimeSource::System.now();
        self.db.at_start(|conn| {
            let mut pattern = None;
            bulk::alone(conn, |writer| {
                pattern = Some(Pattern::of(&self.pattern, writer)?);
                Ok(())
            })?;
            let pattern = pattern.context("a pattern was made")?;
            let seed = u64::try_from(now.as_microsecond())?;
            let last = crate::store::audit::last_seal(conn)?;
            let mut press = Press::new(
                StdRng::seed_from_u64(seed),
                seed.to_be_bytes().to_vec(),
                vec!["word".to_owned()],
                Chain::after(last, now),
                now,
            );
            press.begin_at(usize::try_from(seed % 1_000_000_000)?);
            let shared = Mutex::new((conn, press));
            let callers: Vec<Ask<'_>> = (0..clients)
                .map(|_| -> Ask<'_> {
                    Box::new(|| {
                        let mut held = shared.lock().unwrap_or_else(PoisonError::into_inner);
                        let (conn, press) = &mut *held;
                        let mut person = press.person();
                        bulk::alone(conn, |writer| press.print(&pattern, &mut person, writer))
                    })
                })
                .collect();
            closed(lasts, callers)
        })
    }
}
