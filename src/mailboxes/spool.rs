//! Mail that came by a pipe while the database was away: kept in a folder, taken later.
//!
//! A mail is a file that appears whole, by rename, after it is safely on disk; it is removed only
//! after it was taken. Its first line is what the mail server knew about it.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::casework::desk::Desk;
use crate::casework::mail_in;
use crate::channels::email_in::Envelope;
use crate::domain::access::Actor;

/// What a round of the folder came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Drained {
    pub n_taken: usize,
    /// They stay in the folder and are tried again.
    pub n_left: usize,
}

#[derive(Serialize, Deserialize)]
struct FirstLine {
    recipient: Option<String>,
    sender: Option<String>,
}

const ENDING: &str = "mail";
/// A mail that is refused so often, with the database there, is put aside with its bytes.
const MOST_TRIES: u32 = 3;

/// Keeps a mail in the folder. When this returns, it is safe on disk.
///
/// # Errors
/// When it cannot be written; the mail must then stay where it is.
pub fn keep(folder: &Path, envelope: &Envelope, raw: &[u8]) -> anyhow::Result<()> {
    make(folder).with_context(|| format!("making {}", folder.display()))?;
    let name = uuid::Uuid::from_u128(rand::random()).to_string();
    let unfinished = folder.join(format!(".{name}"));
    let finished = folder.join(format!("{name}.{ENDING}"));
    let first = FirstLine {
        recipient: envelope.recipient.clone(),
        sender: envelope.sender.clone(),
    };
    let mut bytes = serde_json::to_vec(&first)?;
    bytes.push(b'\n');
    bytes.extend_from_slice(raw);
    let written = write(&unfinished, &bytes)
        .and_then(|()| fs::rename(&unfinished, &finished))
        .and_then(|()| File::open(folder)?.sync_all());
    if let Err(why) = written {
        if let Err(left) = fs::remove_file(&unfinished)
            && left.kind() != ErrorKind::NotFound
        {
            tracing::warn!(
                "A file that is no mail stays in {}: {left}",
                folder.display()
            );
        }
        return Err(why).with_context(|| format!("writing into {}", folder.display()));
    }
    Ok(())
}

/// Whoever keeps and whoever takes may be two accounts of one group; nobody else has anything to do here.
fn make(folder: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o770);
    }
    builder.create(folder)
}

fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        // The worker may run as somebody else of the same group.
        options.mode(0o640);
    }
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Takes everything that waits in the folder, the oldest first. A mail that cannot be taken holds up
/// none behind it.
///
/// # Errors
/// When the folder cannot be read, or the database is away: nothing is removed then.
pub async fn drain(desk: &Arc<Desk>, folder: &Path) -> anyhow::Result<Drained> {
    let mut drained = Drained::default();
    let found = waiting(folder)?;
    if found.is_empty() {
        return Ok(drained);
    }
    // What cannot be removed would be taken anew at every round.
    can_remove(folder).with_context(|| {
        format!(
            "nothing is taken from {}, because nothing can be removed there; let the worker's group write into it",
            folder.display()
        )
    })?;
    for (came, path) in found {
        if take(desk, &path, came).await? {
            drained.n_taken += 1;
        } else {
            drained.n_left += 1;
        }
    }
    Ok(drained)
}

fn can_remove(folder: &Path) -> std::io::Result<()> {
    let trial = folder.join(format!(".trial-{}", uuid::Uuid::from_u128(rand::random())));
    File::create_new(&trial)?;
    fs::remove_file(&trial)
}

fn waiting(folder: &Path) -> anyhow::Result<Vec<(Timestamp, PathBuf)>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        // Nothing was ever kept there.
        Err(why) if why.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(why) => return Err(why).with_context(|| format!("reading {}", folder.display())),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry
            .with_context(|| format!("reading {}", folder.display()))?
            .path();
        if path.extension().is_none_or(|ending| ending != ENDING) {
            continue;
        }
        match fs::metadata(&path).and_then(|file| file.modified()) {
            Ok(came) => found.push((Timestamp::try_from(came)?, path)),
            // Another worker was faster.
            Err(why) if why.kind() == ErrorKind::NotFound => {}
            Err(why) => return Err(why).context("reading a mail that was kept"),
        }
    }
    found.sort();
    Ok(found)
}

/// False when it stays for later, while others go on.
async fn take(desk: &Arc<Desk>, path: &Path, came: Timestamp) -> anyhow::Result<bool> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(why) if why.kind() == ErrorKind::NotFound => return Ok(true),
        Err(why) => {
            tracing::error!("A mail that was kept cannot be read, and stays: {why}");
            return Ok(false);
        }
    };
    let (envelope, raw) = apart(bytes);
    let arrived_at = desk.time.by_this_clock(came);
    for n_tries in 0..=MOST_TRIES {
        let (moment, envelope, raw) = (desk.moment(), envelope.clone(), raw.clone());
        let delivery = tokio::task::spawn_blocking(move || {
            if n_tries == MOST_TRIES {
                let why = "it could not be taken in, several times";
                mail_in::set_aside(raw, envelope, why)
            } else {
                mail_in::read(&moment, raw, envelope)
            }
        });
        let delivery = Arc::new(delivery.await?.arrived(arrived_at));
        let taken = desk
            .perform(move |tx, at| mail_in::receive(tx, at, &Actor::System, &delivery))
            .await;
        match taken {
            Ok(taken) => {
                if let Err(why) = fs::remove_file(path)
                    && why.kind() != ErrorKind::NotFound
                {
                    return Err(why).context("removing a mail that was taken");
                }
                tracing::info!(
                    disposition = taken.disposition.as_str(),
                    contact = taken.contact.map(|id| id.to_string()),
                    "A mail that was kept while the database was away was taken"
                );
                return Ok(true);
            }
            Err(why) if why.is_of_the_database() => return Err(why.into()),
            Err(why) => tracing::error!("A mail that was kept could not be taken: {why:#}"),
        }
    }
    Ok(false)
}

/// The first line from the mail. A file somebody else put there has none, and is a mail all the same.
fn apart(mut bytes: Vec<u8>) -> (Envelope, Vec<u8>) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let first: Option<FirstLine> = bytes
        .get(..end)
        .and_then(|line| serde_json::from_slice(line).ok());
    match first {
        Some(first) => {
            let raw = bytes.split_off(end.saturating_add(1));
            let envelope = Envelope {
                recipient: first.recipient,
                sender: first.sender,
            };
            (envelope, raw)
        }
        None => (Envelope::default(), bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_found_as_it_came() {
        let folder = tempfile::tempdir().unwrap();
        let spool = folder.path().join("spool");
        let envelope = Envelope {
            recipient: Some("contact@council.example".to_owned()),
            sender: Some(String::new()),
        };
        let raw = b"Subject: A bin\r\n\r\nIt is full.\n\xff\n".to_vec();
        keep(&spool, &envelope, &raw).unwrap();
        fs::write(spool.join(".unfinished"), "half a mail").unwrap();
        fs::write(spool.join("by-hand.mail"), &raw).unwrap();
        let found: Vec<_> = waiting(&spool)
            .unwrap()
            .into_iter()
            .map(|(_, path)| apart(fs::read(path).unwrap()))
            .collect();
        assert_eq!(found.len(), 2);
        assert!(found.contains(&(envelope, raw.clone())));
        assert!(found.contains(&(Envelope::default(), raw)));
        assert!(
            waiting(&folder.path().join("never-used"))
                .unwrap()
                .is_empty()
        );
    }
}
