//! What a page's cookie holds for somebody who signed in: `rvw_` and 256 random bits, kept as a hash.
//!
//! It opens pages and nothing else: it is no refresh token and no bearer of the API.

use super::secrets::{self, Hash};

const PREFIX: &str = "rvw_";

/// A new one and what is kept of it.
pub fn generate() -> (String, Hash) {
    secrets::draw(PREFIX)
}

/// The hash to look a presented one up by; `None` when none can look like that.
pub fn fingerprint(presented: &str) -> Option<Hash> {
    secrets::fingerprint(PREFIX, presented)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::refresh_tokens;

    #[test]
    fn a_cookie_is_no_refresh_token_and_a_refresh_token_no_cookie() {
        let (cookie, hash) = generate();
        assert_eq!(fingerprint(&cookie), Some(hash));
        assert_eq!(refresh_tokens::fingerprint(&cookie), None);
        assert_eq!(fingerprint(&refresh_tokens::generate().0), None);
    }
}
