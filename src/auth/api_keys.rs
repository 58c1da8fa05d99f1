//! Integrations' keys: `rvk_` and 256 random bits, shown once, kept as a hash.

use super::secrets::{self, Hash};

/// The beginning of every key.
pub const PREFIX: &str = "rvk_";

/// How much of a key may be shown in lists, to tell one from another.
const VISIBLE: usize = 12;

/// A key at the one moment it can be read.
pub struct NewApiKey {
    /// The whole key, to be shown once.
    pub key: String,
    /// Its beginning, to be kept and shown: `rvk_paWlpaWl`.
    pub prefix: String,
    /// What is kept of it.
    pub hash: Hash,
}

/// A new key.
pub fn generate() -> NewApiKey {
    from_bytes(&secrets::random_bytes())
}

/// The key these bytes make: a demo derives its keys from one secret, so that every replica and
/// every restart prints the same.
pub fn from_bytes(bytes: &[u8; 32]) -> NewApiKey {
    let key = secrets::write(PREFIX, bytes);
    NewApiKey {
        prefix: key.chars().take(VISIBLE).collect(),
        hash: secrets::hash(&key),
        key,
    }
}

/// The hash to look a presented key up by; `None` when no key can look like that.
pub fn fingerprint(presented: &str) -> Option<Hash> {
    secrets::fingerprint(PREFIX, presented)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_by_its_hash_and_shown_by_its_beginning() {
        let new = generate();
        assert_eq!(fingerprint(&new.key), Some(new.hash));
        assert_eq!(new.prefix.len(), 12);
        assert!(new.key.starts_with(&new.prefix));
        assert_ne!(generate().key, new.key);
        assert_eq!(fingerprint("rvk_guess"), None);
        assert_eq!(fingerprint(&new.key.replace("rvk_", "rvt_")), None);
    }

    #[test]
    fn the_same_bytes_make_the_same_key() {
        assert_eq!(from_bytes(&[7; 32]).key, from_bytes(&[7; 32]).key);
    }
}
