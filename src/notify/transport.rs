//! Handing a finished message over: to a mail server, into a folder, or into memory.
//!
//! It says whether trying again can help and never decides when; it knows nothing of cases. What
//! it says about a failure holds no address: it ends in the log and in the list of notices.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lettre::transport::smtp::PoolConfig;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use super::mail::{Sendable, file_name};

/// Where mail goes.
#[derive(Debug, Clone)]
pub enum Transport {
    /// A mail server, over a few connections that are kept.
    Smtp(Smtp),
    /// A folder: one file per message, named after its Message-ID.
    File(PathBuf),
    /// Memory, for tests.
    Memory(Arc<Mutex<Vec<Sendable>>>),
}

/// A mail server and how long one message may take.
#[derive(Debug, Clone)]
pub struct Smtp {
    server: AsyncSmtpTransport<Tokio1Executor>,
    patience: Duration,
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

/// A mail server's settings.
#[derive(Clone)]
pub struct SmtpSettings {
    pub host: String,
    pub port: u16,
    pub protection: Protection,
    pub username: Option<String>,
    pub password: Option<String>,
    /// For each command.
    pub timeout: Duration,
    pub max_connections: u32,
}

impl std::fmt::Debug for SmtpSettings {
    /// Leaves the password out.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SmtpSettings")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("protection", &self.protection)
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

/// Why mail cannot go this way at all.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The host's name is none, or TLS cannot be set up.
    #[error("TLS to the mail server cannot be set up: {0}")]
    Tls(String),
    /// A user without password, or the other way round.
    #[error("mail.smtp.username and mail.smtp.password go together")]
    HalfCredentials,
    /// The folder cannot be made.
    #[error("the mail folder cannot be made: {0}")]
    Folder(#[from] std::io::Error),
}

/// A message that was not handed over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct SendFailure {
    /// Trying again cannot help: the recipient was refused for good.
    pub is_permanent: bool,
    /// In words, without addresses.
    pub why: String,
}

impl Transport {
    /// A mail server. To be called inside a tokio runtime: the connections are looked after by a
    /// task of it.
    ///
    /// # Errors
    /// TLS cannot be set up for that host, or half the credentials are missing.
    pub fn smtp(settings: &SmtpSettings) -> Result<Self, SetupError> {
        let tls = match settings.protection {
            Protection::None => Tls::None,
            Protection::StartTls => Tls::Required(tls_for(&settings.host)?),
            Protection::Tls => Tls::Wrapper(tls_for(&settings.host)?),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.host)
            .port(settings.port)
            .tls(tls)
            .timeout(Some(settings.timeout))
            .pool_config(
                PoolConfig::new()
                    .max_size(settings.max_connections.max(1))
                    .idle_timeout(Duration::from_secs(30)),
            );
        match (&settings.username, &settings.password) {
            (Some(username), Some(password)) => {
                builder = builder.credentials(Credentials::new(username.clone(), password.clone()));
            }
            (None, None) => {}
            _ => return Err(SetupError::HalfCredentials),
        }
        Ok(Self::Smtp(Smtp {
            server: builder.build(),
            patience: settings.timeout * 4,
        }))
    }

    /// A folder, made if it is not there.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn file(folder: &Path) -> Result<Self, SetupError> {
        std::fs::create_dir_all(folder)?;
        Ok(Self::File(folder.to_owned()))
    }

    /// Memory, and the list it fills.
    #[must_use]
    pub fn memory() -> (Self, Arc<Mutex<Vec<Sendable>>>) {
        let sent = Arc::new(Mutex::new(Vec::new()));
        (Self::Memory(Arc::clone(&sent)), sent)
    }

    /// Hands one message over.
    ///
    /// # Errors
    /// It was refused for good, or not taken this time.
    pub async fn send(&self, mail: &Sendable) -> Result<(), SendFailure> {
        match self {
            Self::Smtp(smtp) => smtp.send(mail).await,
            Self::File(folder) => {
                let (folder, mail) = (folder.clone(), mail.clone());
                let written = tokio::task::spawn_blocking(move || write(&folder, &mail)).await;
                match written {
                    Ok(Ok(())) => Ok(()),
                    Ok(Err(error)) => Err(try_again(format!("mail folder: {error}"))),
                    Err(_) => Err(try_again("the mail was not written to the end".to_owned())),
                }
            }
            Self::Memory(sent) => {
                sent.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(mail.clone());
                Ok(())
            }
        }
    }
}

impl Smtp {
    async fn send(&self, mail: &Sendable) -> Result<(), SendFailure> {
        let sending = self.server.send_raw(&mail.envelope, &mail.bytes);
        match tokio::time::timeout(self.patience, sending).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => {
                let code = error.status().map(u16::from);
                Err(SendFailure {
                    is_permanent: error.is_permanent() && code.is_some_and(is_about_the_recipient),
                    why: without_addresses(&error.to_string(), code),
                })
            }
            Err(_) => Err(try_again("the mail server took too long".to_owned())),
        }
    }
}

/// Whether a 5xx speaks of this message or recipient. A refused sign-in (530, 534, 535, 538) and
/// commands the server does not know (500 to 504) are for the operator to put right: the mail
/// waits.
fn is_about_the_recipient(code: u16) -> bool {
    (500..600).contains(&code) && !matches!(code, 500..=504 | 530 | 534 | 535 | 538)
}

fn try_again(why: String) -> SendFailure {
    SendFailure {
        is_permanent: false,
        why,
    }
}

fn tls_for(host: &str) -> Result<TlsParameters, SetupError> {
    TlsParameters::new(host.to_owned()).map_err(|error| SetupError::Tls(error.to_string()))
}

/// A server's words with every address taken out, one line, not long.
fn without_addresses(text: &str, code: Option<u16>) -> String {
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .map(|word| {
            if word.contains('@') {
                "(address)"
            } else {
                word
            }
        })
        .collect();
    let said: String = words.join(" ").chars().take(200).collect();
    match code {
        Some(code) if !said.contains(&code.to_string()) => format!("{code}: {said}"),
        _ => said,
    }
}

/// Writes the message where readers see it whole or not at all. The same Message-ID again
/// replaces the file, so that sending twice leaves one.
fn write(folder: &Path, mail: &Sendable) -> std::io::Result<()> {
    use std::io::Write as _;

    std::fs::create_dir_all(folder)?;
    let name = file_name(&mail.message_id);
    // Not `.eml`, and a name of its own: readers pass it by, and two senders of one message
    // never write into one file.
    let turn = WRITTEN.fetch_add(1, Ordering::Relaxed);
    let unfinished = folder.join(format!(".{name}.{}.{turn}.part", std::process::id()));
    let mut file = std::fs::File::create(&unfinished)?;
    file.write_all(&mail.bytes)?;
    file.sync_all()?;
    std::fs::rename(&unfinished, folder.join(&name))?;
    std::fs::File::open(folder)?.sync_all()
}

/// Counts the files of this process, to name the unfinished ones apart.
static WRITTEN: AtomicU64 = AtomicU64::new(0);

#[cfg(test)]
mod tests;
