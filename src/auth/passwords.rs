//! Passwords: argon2id, kept as PHC strings, checked a few at a time.
//!
//! One check takes about a tenth of a second and 19 MiB by design, so the [`Hasher`] runs only a few
//! at once, off the server's own threads, and turns callers away when too many wait: fifty sign-ins
//! at nine o'clock must not starve everything else. Somebody unknown costs the same time as a wrong
//! password, so that the answer does not tell which it was.

use std::fmt;
use std::sync::Arc;

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;

use super::secrets;

const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

const SHORTEST: usize = 12;
const LONGEST: usize = 256;
/// Callers that may wait for each check that runs: about six seconds' worth.
const WAITING_FOR_EACH: usize = 64;

/// The hash of a password nobody has, made with the cost above: what a sign-in by somebody unknown
/// is checked against.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bu92ZrBoEnxBpnnfG+Q8Yw$jiRQOeAVX2OpUPH+eLHpguwWuIusnQiKpFQekBPI63k";

/// A password as typed: never printed, normalised so that the same letters typed on another machine
/// are the same password.
pub struct Password(String);

/// Why a new password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unsuitable {
    #[error("a password needs at least 12 characters")]
    TooShort,
    #[error("a password has at most 256 characters")]
    TooLong,
}

/// What a check found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Not the password, or nobody there to have one.
    Wrong,
    /// The password; to be hashed anew when `is_outdated`, since it was made at another cost.
    Right { is_outdated: bool },
}

/// Why a password could be neither hashed nor checked.
#[derive(Debug, thiserror::Error)]
pub enum HashFault {
    /// Too many are waiting: try again in a moment.
    #[error("too many passwords are being checked")]
    Busy,
    /// The library failed, or its thread did.
    #[error("hashing a password: {0}")]
    Failed(String),
}

/// Hashes and checks passwords, a few at a time. Clones share the bound.
#[derive(Clone)]
pub struct Hasher {
    argon2: Argon2<'static>,
    running: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
}

impl Password {
    /// A password somebody signs in with: whatever was typed.
    pub fn typed(text: &str) -> Self {
        Self(text.nfc().take(LONGEST + 1).collect())
    }

    /// A password somebody wants to have from now on.
    ///
    /// # Errors
    /// When it is too short or too long. Nothing else is asked: rules about digits and signs make
    /// people choose worse passwords.
    pub fn chosen(text: &str) -> Result<Self, Unsuitable> {
        let password = Self::typed(text);
        match password.0.chars().count() {
            ..SHORTEST => Err(Unsuitable::TooShort),
            SHORTEST..=LONGEST => Ok(password),
            _ => Err(Unsuitable::TooLong),
        }
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

impl Hasher {
    /// One that runs `at_once` checks at the same time.
    pub fn new(at_once: usize) -> Self {
        let at_once = at_once.max(1);
        Self {
            argon2: argon2(),
            running: Arc::new(Semaphore::new(at_once)),
            admitted: Arc::new(Semaphore::new(
                at_once.saturating_mul(WAITING_FOR_EACH.saturating_add(1)),
            )),
        }
    }

    /// The PHC string to keep of a password.
    ///
    /// # Errors
    /// [`HashFault::Busy`] when too many wait.
    pub async fn hash(&self, password: Password) -> Result<String, HashFault> {
        let argon2 = self.argon2.clone();
        self.run(move || hash_with(&argon2, &password)).await?
    }

    /// Checks a password against what is kept; `None` when there is no such user or they have none.
    ///
    /// # Errors
    /// [`HashFault::Busy`] when too many wait.
    pub async fn verify(
        &self,
        password: Password,
        kept: Option<String>,
    ) -> Result<Verdict, HashFault> {
        let argon2 = self.argon2.clone();
        self.run(move || match kept {
            Some(kept) => check(&argon2, &password, &kept),
            None => check(&argon2, &password, NOBODY).map(|_| Verdict::Wrong),
        })
        .await?
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HashFault> {
        let _place = self.admitted.try_acquire().map_err(|_| HashFault::Busy)?;
        let turn = Arc::clone(&self.running)
            .acquire_owned()
            .await
            .map_err(|error| HashFault::Failed(error.to_string()))?;
        tokio::task::spawn_blocking(move || {
            // Held by the work, not by its caller: who hangs up must not let another one start.
            let _turn = turn;
            work()
        })
        .await
        .map_err(|error| HashFault::Failed(error.to_string()))
    }
}

/// Hashes on the calling thread: for the command line and the demo's first start, where there is
/// nobody to keep waiting.
///
/// # Errors
/// When the library fails.
pub fn hash_now(password: &Password) -> Result<String, HashFault> {
    hash_with(&argon2(), password)
}

fn hash_with(argon2: &Argon2<'_>, password: &Password) -> Result<String, HashFault> {
    let failed = |error: argon2::password_hash::Error| HashFault::Failed(error.to_string());
    let salt = SaltString::encode_b64(&secrets::random_bytes::<16>()).map_err(failed)?;
    let hash = argon2
        .hash_password(password.0.as_bytes(), &salt)
        .map_err(failed)?;
    Ok(hash.to_string())
}

fn check(argon2: &Argon2<'_>, password: &Password, kept: &str) -> Result<Verdict, HashFault> {
    let kept = PasswordHash::new(kept)
        .map_err(|error| HashFault::Failed(format!("what is kept of a password: {error}")))?;
    match argon2.verify_password(password.0.as_bytes(), &kept) {
        Ok(()) => Ok(Verdict::Right {
            is_outdated: is_outdated(&kept),
        }),
        Err(argon2::password_hash::Error::Password) => Ok(Verdict::Wrong),
        Err(error) => Err(HashFault::Failed(error.to_string())),
    }
}

fn is_outdated(kept: &PasswordHash<'_>) -> bool {
    let is_current = Params::try_from(kept).is_ok_and(|params| {
        params.m_cost() == MEMORY_KIB && params.t_cost() == PASSES && params.p_cost() == LANES
    });
    kept.algorithm != Algorithm::Argon2id.ident() || !is_current
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)
        .expect("the cost is a constant that argon2 takes, as a test shows");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWORD: &str = "larkfield-rise-14";

    #[tokio::test]
    async fn the_right_password_opens_and_a_wrong_one_does_not() {
        let hasher = Hasher::new(2);
        let kept = hasher.hash(Password::typed(PASSWORD)).await.unwrap();
        let right = hasher
            .verify(Password::typed(PASSWORD), Some(kept.clone()))
            .await
            .unwrap();
        assert_eq!(right, Verdict::Right { is_outdated: false });
        for wrong in [
            "",
            "larkfield-rise-15",
            "Larkfield-rise-14",
            "larkfield-rise-14 ",
        ] {
            let verdict = hasher
                .verify(Password::typed(wrong), Some(kept.clone()))
                .await
                .unwrap();
            assert_eq!(verdict, Verdict::Wrong, "{wrong}");
        }
    }

    #[test]
    fn passwords_are_kept_by_argon2id_at_the_cost_we_promise() {
        let kept = hash_now(&Password::typed(PASSWORD)).unwrap();
        assert!(
            kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{kept}"
        );
        assert_ne!(kept, hash_now(&Password::typed(PASSWORD)).unwrap());
    }

    #[tokio::test]
    async fn nobody_has_no_password_and_takes_as_long_to_refuse() {
        let nobody = PasswordHash::new(NOBODY).unwrap();
        assert!(
            !is_outdated(&nobody),
            "the cost of refusing is that of checking"
        );
        let verdict = Hasher::new(1)
            .verify(Password::typed(PASSWORD), None)
            .await
            .unwrap();
        assert_eq!(verdict, Verdict::Wrong);
    }

    #[tokio::test]
    async fn a_password_kept_at_another_cost_is_right_but_outdated() {
        let cheap = Argon2::new(
            Algorithm::Argon2id,
            Version::V0x13,
            Params::new(8_192, 1, 1, None).unwrap(),
        );
        let kept = hash_with(&cheap, &Password::typed(PASSWORD)).unwrap();
        let verdict = Hasher::new(1)
            .verify(Password::typed(PASSWORD), Some(kept))
            .await
            .unwrap();
        assert_eq!(verdict, Verdict::Right { is_outdated: true });
    }

    #[tokio::test]
    async fn a_damaged_record_is_a_fault_and_not_a_wrong_password() {
        let fault = Hasher::new(1)
            .verify(Password::typed(PASSWORD), Some("$argon2id$".to_owned()))
            .await;
        assert!(matches!(fault, Err(HashFault::Failed(_))), "{fault:?}");
    }

    #[test]
    fn a_new_password_has_twelve_to_256_characters() {
        let check = |text: &str, wanted: Option<Unsuitable>| {
            assert_eq!(Password::chosen(text).err(), wanted, "{text}");
        };
        check("eleven-char", Some(Unsuitable::TooShort));
        check("twelve-chars", None);
        check("zwölf-zeiché", None);
        check(&"x".repeat(256), None);
        check(&"x".repeat(257), Some(Unsuitable::TooLong));
    }

    #[tokio::test]
    async fn the_same_letters_typed_on_another_machine_are_the_same_password() {
        let kept = hash_now(&Password::typed("caf\u{e9}-by-the-river")).unwrap();
        let verdict = Hasher::new(1)
            .verify(Password::typed("cafe\u{301}-by-the-river"), Some(kept))
            .await
            .unwrap();
        assert_eq!(verdict, Verdict::Right { is_outdated: false });
    }

    #[tokio::test]
    async fn no_more_run_at_once_than_allowed_and_too_many_are_turned_away() {
        let hasher = Hasher::new(1);
        let (release, held) = std::sync::mpsc::channel::<()>();
        let first = tokio::spawn({
            let hasher = hasher.clone();
            async move { hasher.run(move || held.recv().is_ok()).await }
        });
        while hasher.running.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let waiting: Vec<_> = (0..WAITING_FOR_EACH)
            .map(|_| {
                let hasher = hasher.clone();
                tokio::spawn(async move { hasher.run(|| true).await })
            })
            .collect();
        while hasher.admitted.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert!(matches!(hasher.run(|| true).await, Err(HashFault::Busy)));
        assert!(waiting.iter().all(|task| !task.is_finished()));
        release.send(()).unwrap();
        assert!(first.await.unwrap().unwrap());
        for task in waiting {
            assert!(task.await.unwrap().unwrap());
        }
        assert!(hasher.run(|| true).await.unwrap());
    }

    #[test]
    fn a_password_is_never_printed() {
        assert_eq!(format!("{:?}", Password::typed(PASSWORD)), "Password(…)");
    }
}
