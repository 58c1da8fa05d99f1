//! `[limits]`: how often somebody may ask.

use serde::{Deserialize, Serialize};

/// `[limits]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// For each signed-in person or key.
    pub requests_per_second: u32,
    /// For each address, like those below but the next.
    pub failed_sign_ins_per_minute: u32,
    pub failed_sign_ins_per_minute_and_account: u32,
    pub public_intake_per_minute: u32,
    pub public_uploads_per_minute: u32,
    pub wrong_tokens_per_minute: u32,
    pub tracking_links_per_minute: u32,
    pub sign_in_links_per_minute: u32,
    pub sign_in_links_per_hour_and_account: u32,
    pub mails_at_once: usize,
    pub mail_wait_seconds: u64,
}
