//! Random secrets, their written form and their hashes: what keys, links and refresh tokens share.
//!
//! A secret of ours is a visible prefix (so that a leak can be recognised and revoked) and 43
//! characters of base64url, which are 256 bits. With that much chance in it a plain SHA-256 is
//! enough to keep: there is nothing to guess, so nothing to slow down.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use rand::RngCore;
use sha2::{Digest, Sha256};

/// What the database keeps of a secret.
pub type Hash = [u8; 32];

/// The length of 32 bytes in base64url.
const WRITTEN_LENGTH: usize = 43;

/// A new secret with this prefix, and what is kept of it.
pub fn draw(prefix: &str) -> (String, Hash) {
    let secret = write(prefix, &random_bytes());
    let hash = hash(&secret);
    (secret, hash)
}

/// The secret with this prefix that `key` makes of the parts: the same each time. `purpose` keeps it
/// apart from anything else ever made with the same key.
pub fn derive(prefix: &str, key: &[u8], purpose: &[u8], parts: &[&[u8]]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(purpose);
    for part in parts {
        mac.update(part);
    }
    write(prefix, &mac.finalize().into_bytes().into())
}

/// The hash to look a presented secret up by; `None` when none with this prefix can look like that.
pub fn fingerprint(prefix: &str, presented: &str) -> Option<Hash> {
    is_written_with(prefix, presented).then(|| hash(presented))
}

/// Bytes nobody can foretell, from a generator seeded by the operating system.
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}

/// The hash under which a secret is kept and found again.
pub fn hash(secret: &str) -> Hash {
    Sha256::digest(secret.as_bytes()).into()
}

/// `prefix` and the bytes in base64url.
pub fn write(prefix: &str, bytes: &[u8; 32]) -> String {
    format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// True when `text` could have come from [`write()`] with this prefix; anything else need not be
/// looked for. The last character carries four bits only, so that no secret can be written two ways.
pub fn is_written_with(prefix: &str, text: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|written| {
        written.len() == WRITTEN_LENGTH && URL_SAFE_NO_PAD.decode(written).is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_recognised_and_nothing_else_is() {
        let written = write("rvx_", &[0xA5; 32]);
        assert_eq!(written, "rvx_paWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaU");
        assert!(is_written_with("rvx_", &written));
        let check = |text: &str| assert!(!is_written_with("rvx_", text), "{text}");
        check("");
        check("rvx_");
        check(&written.replace("rvx_", "rvy_"));
        check(&written.replace("rvx_", "RVX_"));
        check(&format!("{written}A"));
        check(&written.replace('p', "+"));
        check(&written.replace('p', " "));
        check(&written.replace('p', "é"));
        let (all_but_last, _) = written.split_at(written.len() - 1);
        check(all_but_last);
        check(&format!("{all_but_last}V"));
        check(&format!("{all_but_last}="));
    }

    #[test]
    fn no_two_secrets_are_alike() {
        let secrets: std::collections::HashSet<[u8; 32]> =
            (0..1_000).map(|_| random_bytes()).collect();
        assert_eq!(secrets.len(), 1_000);
    }

    #[test]
    fn a_secret_is_kept_as_its_sha_256() {
        let hex: String = hash("abc")
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(
            hex,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
