//! Mailboxes read by IMAP, side by side: mail is fetched, taken in, and only then put away at its
//! source.
//!
//! Each mailbox has a task of its own, so that a slow server keeps no other waiting, and of several
//! replicas one reads it. Mail is found by its number (UID), never by a date and never by whether
//! somebody has read it, so that an outage of any length leaves nothing behind. What is taken is
//! decided by `casework`; a mail it cannot take holds up none of those behind it. Nothing here is
//! logged that a mail server or a mail says.

mod connection;
mod reading;
mod session;
pub mod spool;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

use crate::casework::desk::Desk;
use crate::casework::mailboxes;
use reading::Reader;

/// One mailbox and how it is read.
#[derive(Clone)]
pub struct Account {
    /// What it is called in log and figures.
    pub name: String,
    pub host: String,
    pub port: u16,
    pub protection: Protection,
    /// Certificates to trust besides the machine's own.
    pub ca_file: Option<PathBuf>,
    pub username: String,
    pub credential: Credential,
    pub folder: String,
    /// The address its mail came to.
    pub recipient: Option<String>,
    pub afterwards: Afterwards,
    pub poll: Duration,
    /// Whether the server may tell us between two looks.
    pub idle: bool,
    /// A mail larger than this is not read: it is put into quarantine with its bytes.
    pub largest: usize,
}

/// How the connection to a mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// Not at all: only to a server on the same machine or a closed network.
    None,
    /// STARTTLS, required.
    StartTls,
    /// TLS from the first byte.
    Tls,
}

/// What Reeve signs in with.
#[derive(Clone)]
pub enum Credential {
    Password(String),
    /// A program and its arguments, which prints an access token.
    Token(Vec<String>),
}

/// What happens to a mail at its source once it was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Afterwards {
    /// It goes into this folder.
    Move(String),
    /// It stays, marked as read.
    Keep,
    Delete,
}

/// The readers of one process, running.
pub struct Mailboxes {
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

const SPOOL_EVERY: Duration = Duration::from_secs(2);
const SPOOL_AFTER_FAILURE: Duration = Duration::from_secs(15);
/// Mails fetched and read at the same time; each may be large.
const AT_ONCE: usize = 4;

impl Mailboxes {
    /// Reads these mailboxes, and the folder of mail that was kept, until told to stop.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn start(
        desk: &Arc<Desk>,
        accounts: Vec<Account>,
        spool: Option<PathBuf>,
    ) -> anyhow::Result<Self> {
        let (stop, stopped) = watch::channel(false);
        let read = accounts
            .iter()
            .map(|account| (account.name.clone(), account.poll))
            .collect();
        mailboxes::put_in_use(desk, read).await?;
        let room = Arc::new(Semaphore::new(AT_ONCE));
        let mut tasks: Vec<JoinHandle<()>> = accounts
            .into_iter()
            .map(|account| {
                let reader = Reader::new(desk, account, Arc::clone(&room));
                tokio::spawn(reader.read(stopped.clone()))
            })
            .collect();
        if let Some(folder) = spool {
            tasks.push(tokio::spawn(drain(Arc::clone(desk), folder, stopped)));
        }
        Ok(Self { stop, tasks })
    }

    /// Begins nothing more and waits for the mail that is being taken.
    pub async fn shutdown(self) {
        self.stop.send_replace(true);
        for task in self.tasks {
            if let Err(why) = task.await {
                tracing::error!("The reader of a mailbox ended badly: {why}");
            }
        }
    }
}

async fn drain(desk: Arc<Desk>, folder: PathBuf, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow_and_update() {
        let rest = match spool::drain(&desk, &folder).await {
            Ok(drained) => {
                let n_left = u32::try_from(drained.n_left).unwrap_or(u32::MAX);
                metrics::gauge!("spool_left").set(f64::from(n_left));
                SPOOL_EVERY
            }
            Err(why) => {
                tracing::warn!("Mail that was kept waits: {why:#}");
                SPOOL_AFTER_FAILURE
            }
        };
        if reading::sleep_or_stop(&mut stopped, rest).await {
            break;
        }
    }
}
