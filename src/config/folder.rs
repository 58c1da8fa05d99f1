//! Reads a council's catalogue folder from disk into texts. What they mean is the catalogue's
//! business.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Larger than any file of a catalogue: something else lies in the folder.
const LARGEST_FILE: u64 = 4 * 1024 * 1024;

/// Why a folder could not be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}: {reason}", path.display())]
pub struct Unreadable {
    pub path: PathBuf,
    pub reason: String,
}

/// Every file below a folder as text, with its path below it (`services/parking.toml`), in the
/// order of the paths. Names that begin with a dot, as editors and version control leave them,
/// and copies that end in `~` are passed over.
///
/// # Errors
/// The first file or folder that cannot be read, is not UTF-8, or is far too large.
pub fn read_folder(folder: &Path) -> Result<Vec<(String, String)>, Unreadable> {
    let mut texts = Vec::new();
    let mut folders = vec![(folder.to_owned(), String::new())];
    while let Some((folder, below)) = folders.pop() {
        let entries =
            fs::read_dir(&folder).map_err(|error| Unreadable::because(&folder, &error))?;
        for entry in entries {
            let entry = entry.map_err(|error| Unreadable::because(&folder, &error))?;
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') || name.ends_with('~') {
                continue;
            }
            let known_as = format!("{below}{name}");
            if path.is_dir() {
                folders.push((path, format!("{known_as}/")));
            } else {
                texts.push((known_as, read(&path)?));
            }
        }
    }
    texts.sort();
    Ok(texts)
}

fn read(path: &Path) -> Result<String, Unreadable> {
    let size = fs::metadata(path)
        .map_err(|error| Unreadable::because(path, &error))?
        .len();
    if size > LARGEST_FILE {
        let reason = "it is far larger than any file of a catalogue".to_owned();
        return Err(Unreadable {
            path: path.to_owned(),
            reason,
        });
    }
    fs::read_to_string(path).map_err(|error| Unreadable::because(path, &error))
}

impl Unreadable {
    fn because(path: &Path, error: &io::Error) -> Self {
        Self {
            path: path.to_owned(),
            reason: error.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_path_below_the_folder_and_editors_leavings_are_not() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("services")).unwrap();
        fs::create_dir_all(folder.path().join(".git")).unwrap();
        for (path, text) in [
            ("services/parking.toml", "a"),
            ("council.toml", "b"),
            (".git/x", "c"),
            ("council.toml~", "d"),
        ] {
            fs::write(folder.path().join(path), text).unwrap();
        }
        let texts = read_folder(folder.path()).unwrap();
        let expected = [("council.toml", "b"), ("services/parking.toml", "a")];
        assert_eq!(
            texts,
            expected.map(|(path, text)| (path.to_owned(), text.to_owned()))
        );
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("posts.toml"), [0xff, 0xfe]).unwrap();
        let message = read_folder(folder.path()).unwrap_err().to_string();
        assert!(message.contains("posts.toml"), "{message}");
        assert!(read_folder(&folder.path().join("nowhere")).is_err());
    }
}
