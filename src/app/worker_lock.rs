//! One worker to a SQLite file, kept by a lock on the file beside it.
//!
//! Two processes sending the outbox of one file would be correct, since rows are leased, but would
//! wait for each other's locks all day. The lock ends with the process, however it ends. Commands
//! that write and go away (`reeve intake email`) take none.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// Held as long as the worker lives.
#[derive(Debug)]
pub struct WorkerLock {
    _file: File,
}

/// Another worker has the file.
#[derive(Debug, thiserror::Error)]
#[error(
    "another worker{} has {database}: stop it, or start this one with `reeve serve --role api`",
    .holder.map_or_else(String::new, |id| format!(" (process {id})"))
)]
pub struct Held {
    database: String,
    holder: Option<u32>,
}

impl WorkerLock {
    /// Takes the lock of a database file, without waiting.
    ///
    /// # Errors
    /// [`Held`] when another process has it.
    pub fn take(database: &Path) -> anyhow::Result<Self> {
        let path = lock_path(database);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .with_context(|| format!("opening {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut written = String::new();
                file.read_to_string(&mut written)
                    .with_context(|| format!("reading {}", path.display()))?;
                let holder = written.trim().parse().ok();
                return Err(Held {
                    database: database.display().to_string(),
                    holder,
                }
                .into());
            }
            Err(TryLockError::Error(why)) => {
                return Err(why).with_context(|| format!("locking {}", path.display()));
            }
        }
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .with_context(|| format!("writing {}", path.display()))?;
        Ok(Self { _file: file })
    }
}

fn lock_path(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_worker_is_told_who_has_the_file_and_a_later_one_may_have_it() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("reeve.db");
        let first = WorkerLock::take(&database).unwrap();
        let refused = WorkerLock::take(&database).unwrap_err().to_string();
        assert!(
            refused.contains(&format!("process {}", std::process::id())),
            "{refused}"
        );
        assert!(refused.contains("--role api"), "{refused}");
        drop(first);
        WorkerLock::take(&database).unwrap();
    }
}
