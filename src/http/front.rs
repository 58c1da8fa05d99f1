//! What every request needs: the desk behind the counter, the keys to check credentials with, and
//! the budgets. One of it in a process, shared by all its threads.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use super::health::Health;
use super::oidc::provider::Provider;
use super::operation::Operation;
use super::recognise::Recognised;
use super::routes;
use crate::auth::access_tokens::{Key, KeyTooShort};
use crate::auth::budgets::Budget;
use crate::auth::familiar::Familiar;
use crate::auth::passwords::Hasher;
use crate::auth::sealed::Sealer;
use crate::auth::secrets;
use crate::casework::Desk;
use crate::config::{Auth, Http, Limits, Open311, Settings};

/// How an Idempotency-Key of ours begins, and what seals it.
const FORM_KEY: &str = "form_";
const FORM_KEYS: &str = "form key";
/// In bytes.
const SEAL_LENGTH: usize = 16;

/// The counter people come to.
pub struct Front {
    pub desk: Arc<Desk>,
    /// Signs and checks access tokens.
    pub access_key: Key,
    pub hasher: Hasher,
    pub budgets: Budgets,
    pub http: Http,
    pub auth: Auth,
    pub limits: Limits,
    pub open311: Open311,
    pub is_demo: bool,
    pub health: Arc<Health>,
    pub operations: Vec<Arc<Operation>>,
    /// The council's identity provider, where one is set.
    pub(super) provider: Option<Arc<Provider>>,
    pub(super) recognised: Recognised,
    pub(super) familiar: Familiar,
    /// The installation's key, before any purpose; see [`Front::keyed`].
    key: Hmac<Sha256>,
    /// For cursors: where a list goes on is nobody's to read.
    pub(super) cursors: Sealer,
}

/// How often somebody may ask, each for itself.
pub struct Budgets {
    pub requests: Budget,
    pub failed_sign_ins: Budget,
    pub failed_sign_ins_of_account: Budget,
    pub public_intake: Budget,
    pub public_uploads: Budget,
    pub wrong_tokens: Budget,
    pub tracking_links: Budget,
    pub sign_in_links: Budget,
    pub sign_in_links_of_account: Budget,
}

impl Front {
    /// A counter in front of `desk`. `signing_key` is the installation's secret for access tokens,
    /// the same on every replica.
    ///
    /// # Errors
    /// When the signing key is too short.
    pub fn new(
        desk: Arc<Desk>,
        settings: &Settings,
        signing_key: &[u8],
        health: Arc<Health>,
        is_demo: bool,
    ) -> Result<Arc<Self>, KeyTooShort> {
        let key =
            Hmac::<Sha256>::new_from_slice(signing_key).expect("HMAC takes a key of any length");
        let mut operations = routes::operations();
        operations.extend(routes::pages(settings, is_demo));
        Ok(Arc::new(Self {
            desk,
            access_key: Key::new(signing_key, &settings.auth.issuer)?,
            hasher: Hasher::new(settings.auth.hashes_at_once),
            budgets: Budgets::new(&settings.limits),
            http: settings.http.clone(),
            auth: settings.auth.clone(),
            limits: settings.limits.clone(),
            open311: settings.open311.clone(),
            is_demo,
            health,
            operations: operations.into_iter().map(Arc::new).collect(),
            provider: Provider::new(&settings.auth.oidc),
            recognised: Recognised::default(),
            familiar: Familiar::default(),
            cursors: Sealer::new(&of_purpose(&key, "cursors").finalize().into_bytes().into()),
            key,
        }))
    }

    /// Nobody is taken for who they were a moment ago: after a sign-out, a revoked key, a changed
    /// account.
    pub fn forget_the_recognised(&self) {
        self.recognised.forget();
    }

    /// Seals and checks what is handed out for one purpose and comes back: forms, the way to an identity
    /// provider. What was sealed for one is nothing for another.
    #[must_use]
    pub fn keyed(&self, purpose: &str) -> Hmac<Sha256> {
        of_purpose(&self.key, purpose)
    }

    /// An Idempotency-Key of ours for one form. Nothing is kept of it until it is used.
    #[must_use]
    pub fn form_key(&self) -> String {
        let number = URL_SAFE_NO_PAD.encode(secrets::random_bytes::<16>());
        let seal = self.keyed(FORM_KEYS).chain_update(&number).finalize();
        let seal = seal.into_bytes();
        let seal = URL_SAFE_NO_PAD.encode(seal.get(..SEAL_LENGTH).unwrap_or(&seal));
        format!("{FORM_KEY}{number}.{seal}")
    }

    /// Whether an Idempotency-Key is one of those. Whoever has one is who was given it, wherever they
    /// send it from.
    #[must_use]
    pub fn is_form_key(&self, key: &str) -> bool {
        let parts = key.strip_prefix(FORM_KEY);
        let Some((number, seal)) = parts.and_then(|rest| rest.split_once('.')) else {
            return false;
        };
        let seal = URL_SAFE_NO_PAD.decode(seal);
        seal.is_ok_and(|seal| {
            let own = self.keyed(FORM_KEYS).chain_update(number);
            seal.len() == SEAL_LENGTH && own.verify_truncated_left(&seal).is_ok()
        })
    }
}

fn of_purpose(key: &Hmac<Sha256>, purpose: &str) -> Hmac<Sha256> {
    key.clone().chain_update(format!("reeve {purpose} v1\0"))
}

impl Budgets {
    fn new(limits: &Limits) -> Self {
        Self {
            requests: Budget::per_second(limits.requests_per_second),
            failed_sign_ins: Budget::per_minute(limits.failed_sign_ins_per_minute),
            failed_sign_ins_of_account: Budget::per_minute(
                limits.failed_sign_ins_per_minute_and_account,
            ),
            public_intake: Budget::per_minute(limits.public_intake_per_minute),
            public_uploads: Budget::per_minute(limits.public_uploads_per_minute),
            wrong_tokens: Budget::per_minute(limits.wrong_tokens_per_minute),
            tracking_links: Budget::per_minute(limits.tracking_links_per_minute),
            sign_in_links: Budget::per_minute(limits.sign_in_links_per_minute),
            sign_in_links_of_account: Budget::per_hour(limits.sign_in_links_per_hour_and_account),
        }
    }
}
