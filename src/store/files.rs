//! The bytes of attachments: in one folder, once for each content, named after their SHA-256.
//!
//! What is still coming in lies under `incoming` with a name of its own, and is moved to its place when
//! all of it is on the disk: first the bytes, then the row that names them. What is left over when a
//! process is cut off (a part of a file, bytes without a row) is found by [`Folder::everything`].

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use tokio::io::AsyncWriteExt as _;
use uuid::Uuid;

use super::error::StoreError;
use crate::domain::attachment::Look;

/// Where attachments lie.
#[derive(Debug, Clone)]
pub struct Folder {
    root: PathBuf,
}

/// A file that is coming in.
#[derive(Debug)]
pub struct Coming {
    file: tokio::fs::File,
    left_over: LeftOver,
    hash: Sha256,
    look: Look,
}

/// A file that has come, whole and on the disk, and has no place yet. Gone when it is dropped.
#[derive(Debug)]
pub struct Came {
    /// SHA-256 of its bytes, in hex.
    pub hash: String,
    pub look: Look,
    left_over: LeftOver,
}

/// Everything in the folder, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// What is coming in, or never came whole.
    pub incoming: BTreeSet<PathBuf>,
    /// Hashes.
    pub placed: BTreeSet<String>,
}

const INCOMING: &str = "incoming";

impl Folder {
    /// A folder for attachments, made where it is not there.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(root: &Path) -> io::Result<Self> {
        fs::create_dir_all(root.join(INCOMING))?;
        sync(root)?;
        Ok(Self {
            root: root.to_owned(),
        })
    }

    /// Begins a file under a name nobody else has.
    ///
    /// # Errors
    /// When it cannot be made.
    pub async fn begin(&self, name: Uuid) -> Result<Coming, StoreError> {
        let path = self.root.join(INCOMING).join(name.to_string());
        let mut options = tokio::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        options.mode(0o600);
        let file = options.open(&path).await.map_err(cannot_write)?;
        Ok(Coming {
            file,
            left_over: LeftOver(path),
            hash: Sha256::new(),
            look: Look::default(),
        })
    }

    /// Where these bytes lie, when they are there.
    #[must_use]
    pub fn find(&self, hash: &str) -> Option<PathBuf> {
        self.path_of(hash).filter(|path| path.is_file())
    }

    /// Puts a file that has come where its hash says. Doing it twice is doing it once. Call it in the
    /// transaction that writes the row, holding the hash.
    ///
    /// # Errors
    /// When it cannot be put there.
    pub fn place(&self, came: &Came) -> Result<(), StoreError> {
        let target = self
            .path_of(&came.hash)
            .ok_or_else(|| StoreError::Unreadable("a hash that is none".to_owned()))?;
        let shelf = target.parent().unwrap_or(&self.root);
        if !shelf.is_dir() {
            fs::create_dir_all(shelf).map_err(cannot_write)?;
            sync(&self.root).map_err(cannot_write)?;
        }
        if !target.is_file() {
            fs::rename(&came.left_over.0, &target).map_err(cannot_write)?;
        }
        sync(shelf).map_err(cannot_write)
    }

    /// Takes bytes away. Taking away what is not there is done.
    ///
    /// # Errors
    /// When they cannot be taken away.
    pub fn remove(&self, hash: &str) -> Result<(), StoreError> {
        self.path_of(hash).map_or(Ok(()), |path| gone(&path))
    }

    /// Takes away what never came whole.
    ///
    /// # Errors
    /// When it cannot be taken away.
    pub fn remove_incoming(&self, path: &Path) -> Result<(), StoreError> {
        if path.parent() == Some(&self.root.join(INCOMING)) {
            gone(path)
        } else {
            Ok(())
        }
    }

    /// All that lies here.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn everything(&self) -> io::Result<Found> {
        let mut found = Found::default();
        for shelf in fs::read_dir(&self.root)? {
            let shelf = shelf?.path();
            if !shelf.is_dir() {
                continue;
            }
            let is_incoming = shelf.file_name() == Some(OsStr::new(INCOMING));
            for file in fs::read_dir(&shelf)? {
                let file = file?;
                if is_incoming {
                    found.incoming.insert(file.path());
                } else if let Some(name) = file.file_name().to_str().filter(|name| is_hash(name)) {
                    found.placed.insert(name.to_owned());
                }
            }
        }
        Ok(found)
    }

    /// A shelf for each first two letters, so that no folder grows too large.
    fn path_of(&self, hash: &str) -> Option<PathBuf> {
        let shelf = hash.get(..2).filter(|_| is_hash(hash))?;
        Some(self.root.join(shelf).join(hash))
    }
}

impl Coming {
    /// Writes the next bytes.
    ///
    /// # Errors
    /// When the disk is full or failing.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.hash.update(bytes);
        self.look.add(bytes);
        self.file.write_all(bytes).await.map_err(cannot_write)
    }

    /// Bytes so far.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.look.size()
    }

    /// That was all of it: puts it on the disk.
    ///
    /// # Errors
    /// When the disk is full or failing.
    pub async fn end(mut self) -> Result<Came, StoreError> {
        self.file.flush().await.map_err(cannot_write)?;
        self.file.sync_all().await.map_err(cannot_write)?;
        let hash = self.hash.finalize();
        Ok(Came {
            hash: hash.iter().map(|byte| format!("{byte:02x}")).collect(),
            look: self.look,
            left_over: self.left_over,
        })
    }
}

impl Came {
    /// Where it lies until it is placed.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.left_over.0
    }

    /// It is placed, or will not be: nothing of it is left under `incoming` from now on, whoever still
    /// holds it.
    pub fn clear_away(&self) {
        self.left_over.clear_away();
    }
}

/// A file under `incoming`, taken away when nobody has placed it.
#[derive(Debug)]
struct LeftOver(PathBuf);

impl LeftOver {
    fn clear_away(&self) {
        if let Err(why) = gone(&self.0) {
            tracing::warn!("What is left of a file that came in could not be taken away: {why}");
        }
    }
}

impl Drop for LeftOver {
    fn drop(&mut self) {
        self.clear_away();
    }
}

fn gone(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(why) if why.kind() != io::ErrorKind::NotFound => Err(cannot_write(why)),
        _ => Ok(()),
    }
}

/// Makes the names in a folder last through a crash.
fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn is_hash(text: &str) -> bool {
    text.len() == 64
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

fn cannot_write(why: io::Error) -> StoreError {
    StoreError::CannotWrite(format!("the folder of attachments: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn came(folder: &Folder, bytes: &[u8]) -> Came {
        let mut coming = folder.begin(Uuid::new_v4()).await.unwrap();
        coming.write(bytes).await.unwrap();
        coming.end().await.unwrap()
    }

    #[tokio::test]
    async fn the_same_bytes_lie_there_once() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::open(root.path()).unwrap();
        let one = came(&folder, b"a bin").await;
        let other = came(&folder, b"a bin").await;
        assert_eq!(one.hash, other.hash);
        folder.place(&one).unwrap();
        folder.place(&other).unwrap();
        folder.place(&one).unwrap();
        let hash = one.hash.clone();
        other.clear_away();
        assert_eq!(folder.everything().unwrap().incoming, BTreeSet::new());
        drop((one, other));
        let found = folder.everything().unwrap();
        assert_eq!(found.placed, BTreeSet::from([hash.clone()]));
        assert_eq!(found.incoming, BTreeSet::new());
        assert_eq!(fs::read(folder.find(&hash).unwrap()).unwrap(), b"a bin");
        folder.remove(&hash).unwrap();
        folder.remove(&hash).unwrap();
        assert_eq!(folder.find(&hash), None);
    }

    #[tokio::test]
    async fn what_is_not_placed_leaves_nothing_behind() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::open(root.path()).unwrap();
        drop(came(&folder, b"refused").await);
        let mut half = folder.begin(Uuid::new_v4()).await.unwrap();
        half.write(b"ha").await.unwrap();
        assert_eq!(folder.everything().unwrap().incoming.len(), 1);
        drop(half);
        assert_eq!(folder.everything().unwrap(), Found::default());
    }

    #[test]
    fn no_hash_leads_out_of_the_folder() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::open(root.path()).unwrap();
        for hash in [
            "",
            "..",
            "../../../../etc/passwd",
            &"/".repeat(64),
            &"A".repeat(64),
        ] {
            assert_eq!(folder.path_of(hash), None, "{hash}");
            folder.remove(hash).unwrap();
        }
        folder.remove_incoming(Path::new("/etc/passwd")).unwrap();
    }
}
