//! `[auth.oidc]`: the council's identity provider.

use serde::{Deserialize, Serialize};

use super::Problem;
use super::secret::Secret;
use crate::domain::access::Role;

/// Stands in the issuer where a provider for several tenants writes the tenant.
pub const TENANT: &str = "{tenantid}";

/// `[auth.oidc]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Oidc {
    /// Empty: nobody signs in this way.
    pub issuer: String,
    pub client_id: String,
    pub client_secret: Secret,
    pub client_secret_file: String,
    /// Microsoft Entra tenants whose people may come; empty for other providers.
    pub tenants: Vec<String>,
    pub scopes: Vec<String>,
    /// `<app role or group>=<role>`; the first that somebody has counts. Empty: roles are kept here.
    pub roles: Vec<String>,
    pub creates_accounts: bool,
    /// Where the provider sends people back to; empty: the API's own address.
    pub redirect_url: String,
    /// Whom to ask for an account: "the IT service desk, extension 4000".
    pub ask: String,
}

impl Oidc {
    /// Whether anybody signs in this way.
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.issuer.is_empty()
    }

    /// The role of somebody with these app roles and groups: the first line that fits.
    #[must_use]
    pub fn role_for(&self, held: &[String]) -> Option<Role> {
        self.roles
            .iter()
            .filter_map(|line| line.rsplit_once('='))
            .find(|(name, _)| held.iter().any(|own| own == name.trim()))
            .and_then(|(_, role)| role.trim().parse().ok())
    }

    pub(super) fn problems(&self, found: &mut Vec<Problem>) {
        if !self.is_on() {
            return;
        }
        if self.client_id.is_empty() {
            found.push(Problem::new(
                "auth.oidc.client_id",
                "name the id the provider gave this program, since auth.oidc.issuer is set",
            ));
        }
        if self.issuer.contains(TENANT) && self.tenants.is_empty() {
            found.push(Problem::new(
                "auth.oidc.tenants",
                "name the tenants whose people may come: the issuer stands for all there are",
            ));
        }
        if self.creates_accounts && self.roles.is_empty() {
            found.push(Problem::new(
                "auth.oidc.roles",
                "say which role a new account gets, or set auth.oidc.creates_accounts to false",
            ));
        }
    }
}

/// A provider is reached over TLS, unless it runs on this machine.
pub(super) fn is_issuer(text: &str) -> Result<(), String> {
    let is_local = ["http://127.0.0.1:", "http://localhost:"]
        .iter()
        .any(|beginning| text.starts_with(beginning));
    if text.is_empty() || text.starts_with("https://") || is_local {
        Ok(())
    } else {
        Err("must begin with https://".to_owned())
    }
}

pub(super) fn is_mapping(text: &str) -> Result<(), String> {
    match text.rsplit_once('=') {
        Some((name, role)) if !name.trim().is_empty() && role.trim().parse::<Role>().is_ok() => {
            Ok(())
        }
        _ => Err(
            "must be an app role or group, =, and a role of Reeve: \"Reeve.Agent=agent\""
                .to_owned(),
        ),
    }
}
