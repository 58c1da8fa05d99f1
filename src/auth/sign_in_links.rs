//! Mailed links to sign in by: `rvs_` and an HMAC over the id of the notice that carries the link.
//!
//! Computed, not drawn, so that the outbox holds no token: it is made when the mail is written, the
//! same each time the mail is tried. Whoever reads the database without the key can sign in as nobody.

use super::secrets::{self, Hash};

/// The beginning of every such token.
pub const PREFIX: &str = "rvs_";

/// Keeps these tokens apart from anything else ever made with the same key.
const PURPOSE: &[u8] = b"reeve sign-in link v1\0";

/// The token of a link: the same each time.
pub fn derive(secret: &[u8], id: &[u8; 16]) -> String {
    secrets::derive(PREFIX, secret, PURPOSE, &[id])
}

/// The hash a token is kept and found by.
pub fn hash(token: &str) -> Hash {
    secrets::hash(token)
}

/// The hash to look a presented token up by; `None` when none can look like that.
pub fn fingerprint(presented: &str) -> Option<Hash> {
    secrets::fingerprint(PREFIX, presented)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::tracking::{self, TrackingKey};

    const KEY: &[u8] = b"a key of thirty-two bytes, or so";

    #[test]
    fn a_mail_tried_again_carries_the_same_link_and_another_mail_another() {
        let token = derive(KEY, &[1; 16]);
        assert_eq!(token, derive(KEY, &[1; 16]));
        assert_ne!(token, derive(KEY, &[2; 16]));
        assert_ne!(token, derive(b"b key of thirty-two bytes, or so", &[1; 16]));
        assert_eq!(fingerprint(&token), Some(hash(&token)));
    }

    #[test]
    fn a_link_to_a_case_signs_nobody_in() {
        let followed = tracking::derive(&TrackingKey::new(KEY), &[1; 16]);
        let token = derive(KEY, &[1; 16]);
        assert_eq!(fingerprint(&followed), None);
        assert_ne!(followed.get(4..), token.get(4..));
        assert_eq!(fingerprint("4X7-K92-MQ3"), None);
    }
}
