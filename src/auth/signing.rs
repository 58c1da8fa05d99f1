//! The key that signs checkpoints of the audit, so that who holds one can show it was ours.
//!
//! Ed25519 (RFC 8032): whoever checks a checkpoint needs the public half only, and the copy outside
//! is worth something even to those who do not trust the server it came from.

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

/// Signs checkpoints.
#[derive(Debug)]
pub struct SigningKey(Ed25519KeyPair);

/// Why a signature was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    #[error("the public key or the signature is not base64 of the right length")]
    Unreadable,
    #[error("the signature does not fit: the checkpoint was changed, or signed by another key")]
    DoesNotFit,
}

impl SigningKey {
    /// The key made of a secret of any length; the same secret gives the same key.
    ///
    /// # Errors
    /// When the library refuses it, which a seed of 32 bytes rules out.
    pub fn of_secret(secret: &[u8]) -> anyhow::Result<Self> {
        // A purpose in the hash keeps the seed apart from anything else made of the same secret.
        let seed = Sha256::new()
            .chain_update(b"reeve audit checkpoint")
            .chain_update(secret)
            .finalize();
        Ed25519KeyPair::from_seed_unchecked(&seed)
            .map(Self)
            .map_err(|why| anyhow::anyhow!("the key of the audit: {why}"))
    }

    /// The half that may be handed out, in base64.
    #[must_use]
    pub fn public(&self) -> String {
        STANDARD.encode(self.0.public_key().as_ref())
    }

    /// The signature of a text, in base64.
    #[must_use]
    pub fn sign(&self, text: &str) -> String {
        STANDARD.encode(self.0.sign(text.as_bytes()).as_ref())
    }
}

/// Holds a signature against the text and the public key it should be of.
///
/// # Errors
/// [`SignatureError`] when it is not that.
pub fn check(public_key: &str, text: &str, signature: &str) -> Result<(), SignatureError> {
    let read = |text: &str| {
        STANDARD
            .decode(text)
            .map_err(|_| SignatureError::Unreadable)
    };
    UnparsedPublicKey::new(&ED25519, read(public_key)?)
        .verify(text.as_bytes(), &read(signature)?)
        .map_err(|_| SignatureError::DoesNotFit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_fits_its_own_text_and_key_and_nothing_else() {
        let key = SigningKey::of_secret(b"a secret").unwrap();
        let other = SigningKey::of_secret(b"another secret").unwrap();
        let signature = key.sign("seal 7");
        assert_eq!(check(&key.public(), "seal 7", &signature), Ok(()));
        for (public, text, signature) in [
            (key.public(), "seal 8", signature.clone()),
            (other.public(), "seal 7", signature.clone()),
            (key.public(), "seal 7", other.sign("seal 7")),
        ] {
            assert_eq!(
                check(&public, text, &signature),
                Err(SignatureError::DoesNotFit)
            );
        }
        assert_eq!(
            check(&key.public(), "seal 7", "not base64!"),
            Err(SignatureError::Unreadable)
        );
    }

    #[test]
    fn the_same_secret_gives_the_same_key_on_every_replica() {
        let public = || SigningKey::of_secret(b"a secret").unwrap().public();
        assert_eq!(public(), public());
    }
}
