//! What is handed out, comes back, and is nobody's to read in between: encrypted and sealed in one, with
//! the installation's key.

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};

/// Seals for one purpose; what it sealed is nothing to another.
pub struct Sealer(RandomizedNonceKey);

impl Sealer {
    /// With a key made for this purpose.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        let key = RandomizedNonceKey::new(&AES_256_GCM_SIV, key);
        Self(key.expect("AES-256 takes a key of 32 bytes"))
    }

    /// Seals some bytes for one `place`; sealed twice they are not the same twice.
    #[must_use]
    pub fn seal(&self, place: &str, bytes: &[u8]) -> Vec<u8> {
        let mut sealed = bytes.to_vec();
        let nonce = self
            .0
            .seal_in_place_append_tag(Aad::from(place), &mut sealed);
        let nonce = nonce.expect("the operating system gives random numbers");
        [nonce.as_ref().as_slice(), &sealed].concat()
    }

    /// What was sealed for this place; nothing when it was changed, or sealed for another.
    #[must_use]
    pub fn open(&self, place: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, rest) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut rest = rest.to_vec();
        let bytes = self
            .0
            .open_in_place(nonce, Aad::from(place), &mut rest)
            .ok()?;
        Some(bytes.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_is_read_by_its_own_key_at_its_own_place_alone() {
        let sealer = Sealer::new(&[7; 32]);
        let words = b"4X7-K92-MQ3";
        let sealed = sealer.seal("/v1/cases", words);
        assert_eq!(sealer.open("/v1/cases", &sealed).unwrap(), words);
        assert_eq!(sealer.open("/v1/users", &sealed), None);
        assert_eq!(Sealer::new(&[8; 32]).open("/v1/cases", &sealed), None);
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert_eq!(sealer.open("/v1/cases", &changed), None, "byte {place}");
            assert_eq!(sealer.open("/v1/cases", &sealed[..place]), None);
        }
    }

    #[test]
    fn nothing_of_it_can_be_read() {
        let sealer = Sealer::new(&[7; 32]);
        let sealed = sealer.seal("/v1/cases", b"4X7-K92-MQ3");
        assert!(
            !sealed
                .windows(3)
                .any(|some| some == b"4X7" || some == b"MQ3")
        );
        assert_ne!(sealed, sealer.seal("/v1/cases", b"4X7-K92-MQ3"));
    }
}
