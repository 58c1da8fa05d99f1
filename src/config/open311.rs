//! `[open311]`: how reporting services are answered.

use serde::{Deserialize, Serialize};

/// `[open311]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open311 {
    /// Empty: the catalogue's own.
    pub jurisdiction_id: String,
    /// Whether the people behind the reports hear from us at once, or from the reporting service alone.
    pub send_confirmations: bool,
}
