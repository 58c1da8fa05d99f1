//! `[mail]`: how mail leaves, and in whose name; and the mailboxes it is read from.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Problem;
use super::mailboxes::{self, Mailbox};
use super::secret::Secret;

/// `[mail]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    pub transport: Transport,
    /// Empty: the folder `mail` of the data directory.
    pub directory: PathBuf,
    /// Empty: mail goes to whom it is for.
    pub redirect_all_to: String,
    pub undo_seconds: u32,
    pub sends_at_once: usize,
    /// Empty: no mail is kept while the database is away.
    pub spool_directory: PathBuf,
    pub smtp: Smtp,
    /// What every mailbox has unless it says otherwise.
    pub mailbox: Mailbox,
    /// Those that are read by IMAP.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mailboxes: Vec<Mailbox>,
}

/// What becomes of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// Written to a folder, one `.eml` for each message and recipient.
    File,
    /// Sent.
    Smtp,
}

/// `[mail.smtp]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Smtp {
    pub host: String,
    pub port: u16,
    pub tls: Tls,
    pub username: String,
    pub password: Secret,
    pub password_file: String,
    pub timeout_seconds: u64,
}

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tls {
    /// Not at all.
    None,
    /// From the STARTTLS command on, which must succeed.
    Starttls,
    /// From the first byte.
    #[serde(rename = "tls")]
    FromTheStart,
}

impl Transport {
    pub(super) const NAMES: &'static [&'static str] = &["file", "smtp"];
}

impl Tls {
    pub(super) const NAMES: &'static [&'static str] = &["none", "starttls", "tls"];
}

impl Mail {
    /// The folder mails are written to.
    pub fn folder(&self, data_dir: &Path) -> PathBuf {
        if self.directory.as_os_str().is_empty() {
            data_dir.join("mail")
        } else {
            self.directory.clone()
        }
    }

    /// The folder of mail that came by a pipe while the database was away.
    pub fn spool(&self) -> Option<PathBuf> {
        Some(self.spool_directory.clone()).filter(|folder| !folder.as_os_str().is_empty())
    }

    /// Where every mail goes instead of to its recipient, in a rehearsal.
    pub fn redirect(&self) -> Option<&str> {
        Some(self.redirect_all_to.as_str()).filter(|address| !address.is_empty())
    }

    /// What does not fit together.
    pub(super) fn problems(&self, found: &mut Vec<Problem>) {
        let smtp = &self.smtp;
        if self.transport == Transport::Smtp && smtp.host.is_empty() {
            found.push(Problem::new(
                "mail.smtp.host",
                "name the mail server, since mail.transport is \"smtp\"",
            ));
        }
        if smtp.username.is_empty() && !smtp.password.is_empty() {
            found.push(Problem::new(
                "mail.smtp.username",
                "there is a password without a user name",
            ));
        }
        if !smtp.username.is_empty() && smtp.password.is_empty() {
            found.push(Problem::new(
                "mail.smtp.password",
                "there is a user name without a password",
            ));
        }
        if !smtp.password.is_empty() && smtp.tls == Tls::None && !is_this_machine(&smtp.host) {
            found.push(Problem::new(
                "mail.smtp.tls",
                "a password would cross the network in the clear: choose \"starttls\" or \"tls\"",
            ));
        }
        mailboxes::problems(&self.mailboxes, found);
    }
}

pub(super) fn is_this_machine(host: &str) -> bool {
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}
