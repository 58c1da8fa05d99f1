//! Residents' secret links: `rvt_` and an HMAC over a random 128-bit link id.
//!
//! The token is computed, not drawn: a later mail about the case can carry the same link although
//! only the link's id and the token's hash are stored. Who reads the database without the key can
//! open no case.

use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::secrets::{self, Hash};

/// The beginning of every tracking token.
pub const PREFIX: &str = "rvt_";

/// Keeps these tokens apart from anything else ever made with the same key.
const PURPOSE: &[u8] = b"reeve tracking link v1\0";

/// The key links are computed with (`auth.tracking_key`).
#[derive(Clone)]
pub struct TrackingKey(Hmac<Sha256>);

impl TrackingKey {
    /// From the configured secret.
    pub fn new(secret: &[u8]) -> Self {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes a key of any length");
        mac.update(PURPOSE);
        Self(mac)
    }
}

/// A link id nobody can foretell.
pub fn new_link_id() -> [u8; 16] {
    secrets::random_bytes()
}

/// The token of a link: the same each time.
pub fn derive(key: &TrackingKey, link_id: &[u8; 16]) -> String {
    let code = key.0.clone().chain_update(link_id).finalize().into_bytes();
    secrets::write(PREFIX, &code.into())
}

/// The hash a token is kept and found by.
pub fn hash(token: &str) -> Hash {
    secrets::hash(token)
}

/// The hash to look a presented token up by; `None` when no tracking token can look like that.
pub fn fingerprint(presented: &str) -> Option<Hash> {
    secrets::fingerprint(PREFIX, presented)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_can_be_written_again_in_a_later_mail() {
        let key = TrackingKey::new(b"a key of thirty-two bytes, or so");
        let link = new_link_id();
        let token = derive(&key, &link);
        assert_eq!(token, derive(&key, &link));
        assert_eq!(token.len(), "rvt_".len() + 43);
        assert_eq!(fingerprint(&token), Some(hash(&token)));
    }

    #[test]
    fn another_link_or_another_key_makes_another_token() {
        let key = TrackingKey::new(b"a key of thirty-two bytes, or so");
        let other = TrackingKey::new(b"b key of thirty-two bytes, or so");
        let token = derive(&key, &[1; 16]);
        assert_ne!(token, derive(&key, &[2; 16]));
        assert_ne!(token, derive(&other, &[1; 16]));
    }

    #[test]
    fn a_token_stays_the_same_from_release_to_release() {
        // Links in mails already sent must open after an upgrade.
        let key = TrackingKey::new(b"a key of thirty-two bytes, or so");
        assert_eq!(
            derive(&key, &[1; 16]),
            "rvt_XCkFCX_Aa2hoKBb6IicmjVWO5jwvUd0EMd3M530yRAU"
        );
    }

    #[test]
    fn a_reference_or_a_changed_token_is_none() {
        assert_eq!(fingerprint("4X7-K92-MQ3"), None);
        assert_eq!(fingerprint("rvt_4X7K92MQ3"), None);
        assert_eq!(fingerprint(""), None);
    }
}
