//! The settings: one small struct for each area, read once at the start and handed down.
//!
//! `config/default.toml` lists every key with its default and what it means. Over it lie a command's
//! presets (the demo's), a file, `REEVE__SECTION__KEY` variables and flags, in that order. A bad key
//! stops the start, and all bad keys are named together. There is no global: whoever needs a setting
//! is given it. Nothing here opens a database or a socket.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub mod embedded;
pub mod folder;

mod attachments;
mod auth;
mod database;
mod http;
mod layers;
mod limits;
mod mail;
mod mailboxes;
mod notify;
mod oidc;
mod open311;
mod operations;
mod rules;
mod secret;
mod survey;

pub use attachments::{Attachments, Scan};
pub use auth::Auth;
pub use database::{Database, Place};
pub use http::{Http, Network};
pub use limits::Limits;
pub use mail::{Mail, Smtp, Tls, Transport};
pub use mailboxes::{Mailbox, SignIn, Taken};
pub use notify::Notify;
pub use oidc::{Oidc, TENANT};
pub use open311::Open311;
pub use operations::{Log, LogFormat, Metrics, Schedule};
pub use secret::{ConnectionUrl, Secret};
pub use survey::Survey;

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    pub http: Http,
    pub database: Database,
    pub mail: Mail,
    pub attachments: Attachments,
    pub notify: Notify,
    pub auth: Auth,
    pub limits: Limits,
    pub open311: Open311,
    pub survey: Survey,
    pub metrics: Metrics,
    pub log: Log,
    pub schedule: Schedule,
}

/// Where settings come from, weakest first.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// What a command sets differently, by key: `("schedule.tick_seconds", "1")`.
    pub presets: Vec<(String, String)>,
    /// The council's own file.
    pub file: Option<PathBuf>,
    /// Variables by name; those that do not begin with `REEVE__` are passed over.
    pub environment: Vec<(String, String)>,
    /// Flags, by the key they set.
    pub flags: Vec<(String, String)>,
}

/// One setting that cannot stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The key: `mail.smtp.tls`.
    pub key: String,
    /// What is wrong and what to write instead. Never the value: it may be a secret.
    pub message: String,
}

/// All settings that cannot stand, one a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl Settings {
    /// Lays the sources over one another and checks the result.
    ///
    /// # Errors
    /// Every bad key at once.
    pub fn load(sources: &Sources) -> Result<Self, Problems> {
        let (table, mut problems) = layers::merge(sources);
        match Self::deserialize(table) {
            Ok(settings) => {
                problems.extend(settings.validate());
                if problems.is_empty() {
                    return Ok(settings);
                }
            }
            Err(error) => problems.push(Problem::new("settings", error.to_string())),
        }
        Err(Problems(problems))
    }

    /// What does not fit together, though each key by itself is sound.
    pub fn validate(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        if self.http.public_url.is_empty() && matches!(self.http.host.as_str(), "0.0.0.0" | "::") {
            found.push(Problem::new(
                "http.public_url",
                "the server listens on every address: say which one belongs into links",
            ));
        }
        if self.metrics.enabled
            && self.metrics.port != 0
            && self.metrics.port == self.http.port
            && self.metrics.host == self.http.host
        {
            found.push(Problem::new(
                "metrics.port",
                "the figures need a listener of their own: choose another port than http.port",
            ));
        }
        self.mail.problems(&mut found);
        self.attachments.problems(&mut found);
        self.notify.problems(&mut found);
        self.auth.oidc.problems(&mut found);
        found
    }

    /// The settings in force as TOML, secrets as stars: what `reeve config check` prints.
    pub fn masked(&self) -> String {
        toml::to_string(self).expect("settings are plain tables of texts, numbers and lists")
    }
}

impl Sources {
    /// The process's environment and nothing else.
    pub fn from_environment() -> Self {
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| {
                let name = name.into_string().ok()?;
                Some((name, value.to_string_lossy().into_owned()))
            })
            .collect();
        Self {
            environment,
            ..Self::default()
        }
    }

    /// Adds a flag that was given.
    #[must_use]
    pub fn with_flag(mut self, key: &str, value: Option<impl ToString>) -> Self {
        if let Some(value) = value {
            self.flags.push((key.to_owned(), value.to_string()));
        }
        self
    }

    /// Sets what this command wants unless somebody says otherwise.
    #[must_use]
    pub fn with_preset(mut self, key: &str, value: impl ToString) -> Self {
        self.presets.push((key.to_owned(), value.to_string()));
        self
    }
}

impl Problem {
    fn new(key: &str, message: impl Into<String>) -> Self {
        Self {
            key: key.to_owned(),
            message: message.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.message)
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("these settings cannot stand:")?;
        for problem in &self.0 {
            write!(f, "\n  {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

#[cfg(test)]
mod tests;
