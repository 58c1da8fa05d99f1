//! Refresh tokens: `rvr_` and 256 random bits, good for one use, kept as a hash.
//!
//! That a reused one ends its whole family is decided where families are kept, in the database.

use super::secrets::{self, Hash};

const PREFIX: &str = "rvr_";

/// A new refresh token and what is kept of it.
pub fn generate() -> (String, Hash) {
    secrets::draw(PREFIX)
}

/// The hash to look a presented token up by; `None` when no refresh token can look like that.
pub fn fingerprint(presented: &str) -> Option<Hash> {
    secrets::fingerprint(PREFIX, presented)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refresh_token_is_found_by_its_hash() {
        let (token, hash) = generate();
        assert_eq!(fingerprint(&token), Some(hash));
        assert_ne!(generate().0, token);
        assert_eq!(fingerprint("rvr_"), None);
        assert_eq!(fingerprint(&token.replace("rvr_", "rvk_")), None);
    }
}
