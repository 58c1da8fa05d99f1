//! Codes from an authenticator app (RFC 6238: SHA-1, six digits, thirty seconds), and the recovery
//! codes for the day the telephone is lost.
//!
//! The secret is worked out from the installation's key and a salt, and only the salt is kept: whoever
//! reads the database without the key has no codes. That a step is good once is decided where the last
//! one is kept, in the database.

use hmac::{Hmac, Mac as _};
use jiff::Timestamp;
use sha2::Sha256;
use totp_rs::{Algorithm, Builder, Secret, Totp, TotpError};

use super::secrets::{self, Hash};

/// What a salt has.
pub const SALT_BYTES: usize = 16;
const N_RECOVERY_CODES: usize = 10;
/// Without what is easily misread. Thirty-two of them: five bits each.
const LETTERS: &str = "abcdefghijkmnpqrstuvwxyz23456789";
const STEP_SECONDS: u64 = 30;

/// Somebody's authenticator.
pub struct Authenticator(Totp);

impl Authenticator {
    /// The one that belongs to a salt. `council` and `email` are how the app lists it.
    ///
    /// # Errors
    /// When the library refuses what it is given, which a test rules out.
    pub fn of(
        key: &[u8],
        salt: &[u8; SALT_BYTES],
        council: &str,
        email: &str,
    ) -> Result<Self, TotpError> {
        let bytes: [u8; 32] = Hmac::<Sha256>::new_from_slice(key)
            .expect("HMAC takes a key of any length")
            .chain_update(b"reeve totp v1\0")
            .chain_update(salt)
            .finalize()
            .into_bytes()
            .into();
        let mut secret = [0; 20];
        for (place, byte) in secret.iter_mut().zip(bytes) {
            *place = byte;
        }
        // A colon ends a name where apps read it.
        let council = council.replace(':', " ");
        Ok(Self(
            Builder::new()
                .with_algorithm(Algorithm::SHA1)
                .with_digits(6)
                .with_skew(1)
                .with_step_duration(STEP_SECONDS)
                .with_secret(Secret::new_stack(secret))
                .with_account_name(email)
                .with_issuer(Some(council))
                .build()?,
        ))
    }

    /// The secret as it is typed into an app.
    pub fn secret(&self) -> String {
        self.0.secret().to_base32()
    }

    /// The secret as an app scans it.
    ///
    /// # Errors
    /// When the address cannot stand in one.
    pub fn uri(&self) -> Result<String, TotpError> {
        self.0.to_url()
    }

    /// The step a code belongs to, when it is right now, a step ago or a step ahead.
    pub fn step_of(&self, code: &str, now: Timestamp) -> Option<i64> {
        if !is_code(code) {
            return None;
        }
        let now = u64::try_from(now.as_second()).ok()?;
        i64::try_from(self.0.check(code, now)?).ok()
    }
}

/// Whether it could come from an app; anything else is taken for a recovery code.
pub fn is_code(text: &str) -> bool {
    text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Ten recovery codes and what is kept of them.
pub fn recovery_codes() -> Vec<(String, Hash)> {
    (0..N_RECOVERY_CODES)
        .map(|_| {
            let code = recovery_code(&secrets::random_bytes());
            let hash = recovery_fingerprint(&code);
            (code, hash)
        })
        .collect()
}

/// The hash to look a presented recovery code up by: dashes, spaces and capitals do not matter.
pub fn recovery_fingerprint(presented: &str) -> Hash {
    let letters: String = presented
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
        .collect();
    secrets::hash(&format!("recovery {letters}"))
}

/// Eighty bits in four groups: `k7qd-3m2x-9wbt-hu4e`.
fn recovery_code(bytes: &[u8; 16]) -> String {
    let mut code = String::with_capacity(19);
    for (place, byte) in bytes.iter().enumerate() {
        if place > 0 && place % 4 == 0 {
            code.push('-');
        }
        code.extend(LETTERS.chars().nth(usize::from(byte & 31)));
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    fn authenticator() -> Authenticator {
        Authenticator::of(
            &[7; 32],
            &[9; 16],
            "Northmere: Council",
            "sam@council.example",
        )
        .unwrap()
    }

    #[test]
    fn codes_are_those_of_rfc_6238() {
        let published = Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(6)
            .with_skew(1)
            .with_step_duration(STEP_SECONDS)
            .with_secret(Secret::new_stack(*b"12345678901234567890"))
            .build()
            .unwrap();
        let known = Authenticator(published);
        // The last six digits of appendix B.
        for (second, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            let at = Timestamp::from_second(second).unwrap();
            assert_eq!(known.step_of(code, at), Some(second / 30), "{second}");
        }
    }

    #[test]
    fn a_code_is_right_in_its_step_the_one_before_and_the_one_after() {
        let authenticator = authenticator();
        let at = |second| Timestamp::from_second(second).unwrap();
        let code = authenticator.0.generate(1_795_280_280).to_string();
        let step = 1_795_280_280 / 30;
        for (second, expect) in [
            (1_795_280_280 - 31, None),
            (1_795_280_280 - 30, Some(step)),
            (1_795_280_280, Some(step)),
            (1_795_280_280 + 59, Some(step)),
            (1_795_280_280 + 60, None),
        ] {
            assert_eq!(authenticator.step_of(&code, at(second)), expect, "{second}");
        }
        for wrong in ["", "12345", "1234567", "12345a", "+12345", "１２３４５６"] {
            assert_eq!(
                authenticator.step_of(wrong, at(1_795_280_280)),
                None,
                "{wrong}"
            );
        }
    }

    #[test]
    fn an_app_is_told_whose_account_it_is() {
        let authenticator = authenticator();
        let uri = authenticator.uri().unwrap();
        assert!(uri.starts_with("otpauth://totp/Northmere"), "{uri}");
        assert!(
            uri.contains(&format!("secret={}", authenticator.secret())),
            "{uri}"
        );
        let other = Authenticator::of(&[7; 32], &[8; 16], "Northmere", "sam@council.example");
        assert_ne!(other.unwrap().secret(), authenticator.secret());
    }

    #[test]
    fn a_recovery_code_is_known_however_it_is_typed() {
        let codes = recovery_codes();
        assert_eq!(codes.len(), 10);
        let (code, hash) = codes.first().unwrap();
        assert_eq!(code.len(), 19, "{code}");
        assert_eq!(LETTERS.chars().count(), 32);
        let typed = code.replace('-', " ").to_uppercase();
        assert_eq!(recovery_fingerprint(&typed), *hash);
        assert!(!is_code(code));
    }
}
