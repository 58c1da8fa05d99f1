//! `[attachments]`: where files are kept, which are taken, who looks for viruses in them.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Problem;
use crate::domain::attachment::Kind;

/// `[attachments]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachments {
    /// Empty: the folder `attachments` of the data directory.
    pub directory: PathBuf,
    pub types: Vec<String>,
    pub max_per_contact: usize,
    pub keep_unused_hours: u32,
    pub max_unused_bytes: i64,
    pub scan: Scan,
    /// `host:port` or `unix:/path`.
    pub clamd: String,
    /// A program and its arguments.
    pub scan_command: Vec<String>,
    pub scan_timeout_seconds: u64,
}

/// Who looks for viruses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scan {
    /// Nobody.
    Off,
    Clamd,
    Command,
}

impl Scan {
    pub(super) const NAMES: &'static [&'static str] = &["off", "clamd", "command"];
}

impl Attachments {
    /// The folder files are kept in.
    pub fn folder(&self, data_dir: &Path) -> PathBuf {
        if self.directory.as_os_str().is_empty() {
            data_dir.join("attachments")
        } else {
            self.directory.clone()
        }
    }

    /// What does not fit together.
    pub(super) fn problems(&self, found: &mut Vec<Problem>) {
        if self.scan == Scan::Clamd && self.clamd.is_empty() {
            found.push(Problem::new(
                "attachments.clamd",
                "say where clamd listens, since attachments.scan is \"clamd\"",
            ));
        }
        if self.scan == Scan::Command && self.scan_command.iter().all(String::is_empty) {
            found.push(Problem::new(
                "attachments.scan_command",
                "name the program that looks, since attachments.scan is \"command\"",
            ));
        }
    }
}

/// What a type of file must be: one that is told from the others by its bytes.
pub(super) fn is_type(text: &str) -> Result<(), String> {
    if Kind::is_known(text) {
        Ok(())
    } else {
        Err("must be types that are told by their bytes, such as image/jpeg or application/pdf: see docs/attachments.md".to_owned())
    }
}

/// What the address of clamd must be.
pub(super) fn is_clamd(text: &str) -> Result<(), String> {
    let is_socket = text
        .strip_prefix("unix:")
        .is_some_and(|path| path.starts_with('/'));
    let is_tcp = text
        .rsplit_once(':')
        .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
    if text.is_empty() || is_socket || is_tcp {
        Ok(())
    } else {
        Err("write host:port, or unix: and the path of its socket".to_owned())
    }
}
