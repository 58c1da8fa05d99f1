//! Who somebody is: passwords, tokens, keys and secret links, and how often they may guess.
//!
//! This folder proves identity and nothing else: what a person may see or do is decided by
//! `domain::access`, from roles and scopes read in the database, never from what a token says. It
//! makes and checks secrets; it never opens a connection and never reads a clock ("now" is an
//! argument). Of every secret we hand out only a hash is kept.

use std::fmt;

pub mod access_tokens;
pub mod api_keys;
pub mod budgets;
pub mod familiar;
pub mod first_start;
pub mod id_tokens;
pub mod inbox_links;
pub mod oidc_flow;
pub mod page_cookies;
pub mod passwords;
pub mod refresh_tokens;
pub mod sealed;
pub mod secrets;
pub mod sign_in_links;
pub mod signing;
pub mod totp;
pub mod tracking;

/// What came behind `Authorization: Bearer`, by its visible prefix. None of it is proved yet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Bearer<'a> {
    /// `rvk_…`: an integration's key.
    ApiKey(&'a str),
    /// `rvt_…`: a resident's tracking token.
    Tracking(&'a str),
    /// Anything else is taken for the access token of somebody who signed in.
    AccessToken(&'a str),
}

impl<'a> Bearer<'a> {
    /// Reads the value of an `Authorization` header; `None` when it is not a Bearer credential.
    pub fn read(header: &'a str) -> Option<Self> {
        let (scheme, credential) = header.trim().split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let credential = credential.trim_start();
        Some(if credential.starts_with(api_keys::PREFIX) {
            Self::ApiKey(credential)
        } else if credential.starts_with(tracking::PREFIX) {
            Self::Tracking(credential)
        } else {
            Self::AccessToken(credential)
        })
    }
}

/// Says which kind it is and never what it is.
impl fmt::Debug for Bearer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ApiKey(_) => "ApiKey(…)",
            Self::Tracking(_) => "Tracking(…)",
            Self::AccessToken(_) => "AccessToken(…)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_told_by_its_prefix() {
        let check = |header: &str, wanted: Option<Bearer<'_>>| {
            assert!(Bearer::read(header) == wanted, "{header}");
        };
        check("Bearer rvk_abc", Some(Bearer::ApiKey("rvk_abc")));
        check("bearer  rvt_abc ", Some(Bearer::Tracking("rvt_abc")));
        check("BEARER a.b.c", Some(Bearer::AccessToken("a.b.c")));
        check("Bearer RVK_abc", Some(Bearer::AccessToken("RVK_abc")));
        check("Basic YTpi", None);
        check("rvk_abc", None);
        check("Bearer", None);
        check("", None);
    }

    #[test]
    fn a_credential_is_never_printed() {
        let shown = format!("{:?}", Bearer::read("Bearer rvk_secret"));
        assert_eq!(shown, "Some(ApiKey(…))");
    }
}
