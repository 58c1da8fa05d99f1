//! `[auth]`: the keys tokens are made with, and how long they last.

use serde::{Deserialize, Serialize};

use super::oidc::Oidc;
use super::secret::Secret;
use crate::domain::access::Role;

/// `[auth]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Auth {
    /// Empty: made at the first start and kept in the database.
    pub signing_key: Secret,
    pub signing_key_file: String,
    /// Empty: made at the first start and kept in the database.
    pub audit_key: Secret,
    pub audit_key_file: String,
    /// Empty: made at the first start and kept in the database.
    pub tracking_key: Secret,
    pub tracking_key_file: String,
    pub issuer: String,
    pub access_minutes: u8,
    pub refresh_days: u16,
    pub tracking_days: u16,
    pub hashes_at_once: usize,
    /// Roles that may do nothing before they have set up codes.
    pub totp_required_for: Vec<Role>,
    /// How long a restricted case stays open to who broke the glass.
    pub break_glass_hours: u16,
    /// Roles that may sign in by a link in a mail.
    pub sign_in_link_for: Vec<Role>,
    pub sign_in_link_minutes: u8,
    /// Empty: our own page.
    pub sign_in_link_page: String,
    pub oidc: Oidc,
}

pub(super) fn is_role(text: &str) -> Result<(), String> {
    text.parse::<Role>()
        .map(|_| ())
        .map_err(|_| "must be roles, such as admin or head_of_service".to_owned())
}

/// A key shorter than the hash it feeds can be found by trying.
pub(super) fn is_long_key(text: &str) -> Result<(), String> {
    match text.len() {
        0 | 32.. => Ok(()),
        n => Err(format!(
            "a key needs at least 32 bytes, this one has {n}; `openssl rand -base64 48` makes one"
        )),
    }
}
