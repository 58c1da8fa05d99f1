//! Links in mails to teams that work by e-mail: `rvq_` and an HMAC over the id of the notice that
//! carries the link and over what it does. Replies go to an address with a part made the same way.
//!
//! Computed, not drawn, like the links to sign in by: the outbox holds none, and a mail that is tried
//! again carries the same.

use super::secrets::{self, Hash};
use crate::domain::by_email::LinkAct;

/// The beginning of every such token.
pub const PREFIX: &str = "rvq_";

/// Keeps these tokens apart from anything else ever made with the same key.
const PURPOSE: &[u8] = b"reeve inbox link v1\0";

/// The token of a link: the same each time, and another for each thing a link does.
pub fn derive(secret: &[u8], id: &[u8; 16], act: LinkAct) -> String {
    secrets::derive(PREFIX, secret, PURPOSE, &[id, act.as_str().as_bytes()])
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

    const KEY: &[u8] = b"a key of thirty-two bytes, or so";

    #[test]
    fn a_link_does_one_thing_about_one_mail() {
        let taken = derive(KEY, &[1; 16], LinkAct::Taken);
        assert_eq!(taken, derive(KEY, &[1; 16], LinkAct::Taken));
        assert_ne!(taken, derive(KEY, &[1; 16], LinkAct::NotOurs));
        assert_ne!(taken, derive(KEY, &[2; 16], LinkAct::Taken));
        assert_ne!(taken, derive(b"another key", &[1; 16], LinkAct::Taken));
        assert_eq!(fingerprint(&taken), Some(hash(&taken)));
        assert_eq!(fingerprint("4X7-K92-MQ3"), None);
    }
}
