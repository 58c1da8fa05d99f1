//! `[metrics]`, `[log]` and `[schedule]`: what those who run the server set.

use serde::{Deserialize, Serialize};

/// `[metrics]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metrics {
    pub enabled: bool,
    pub host: String,
    pub port: u16,
}

/// `[log]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    pub format: LogFormat,
    /// A filter as `tracing-subscriber` reads it: `info`, or `info,reeve::notify=debug`.
    pub level: String,
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For eyes.
    Human,
    /// One JSON object a line.
    Json,
}

impl LogFormat {
    pub(super) const NAMES: &'static [&'static str] = &["human", "json"];
}

/// `[schedule]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    pub tick_seconds: u32,
}
