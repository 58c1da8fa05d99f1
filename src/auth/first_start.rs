//! The token of a first start: `rvb_` and 256 random bits, good once and for an hour, kept as a hash.

use super::secrets::{self, Hash};

const PREFIX: &str = "rvb_";

/// A new token and what is kept of it.
pub fn generate() -> (String, Hash) {
    secrets::draw(PREFIX)
}

/// The hash of a presented token; `None` when none can look like that.
pub fn fingerprint(presented: &str) -> Option<Hash> {
    secrets::fingerprint(PREFIX, presented)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_starts_token_is_known_by_its_hash() {
        let (token, hash) = generate();
        assert_eq!(fingerprint(&token), Some(hash));
        assert_eq!(fingerprint(&token.replace("rvb_", "rvk_")), None);
    }
}
