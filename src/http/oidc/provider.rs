//! Talking to the council's identity provider: what it says of itself, its keys, and a code for a token.
//!
//! What it says of itself is asked for once an hour; its keys are asked for again when a token names one
//! we do not have, at most once a minute, so that nobody makes us ask by making up keys. One asks at a
//! time and the rest wait for what it learns. Nothing waits longer than ten seconds, and nothing larger
//! than a megabyte is read.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use tokio::sync::Mutex;
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};

use super::encoded;
use crate::auth::id_tokens::Keys;
use crate::config::{Oidc, TENANT};

/// The provider.
pub struct Provider {
    agent: ureq::Agent,
    settings: Oidc,
    kept: Mutex<Kept>,
}

/// What it says of itself.
pub struct Known {
    pub authorization_endpoint: String,
    token_endpoint: String,
    takes_secret_in_form: bool,
    pub keys: Keys,
}

#[derive(Default)]
struct Kept {
    known: Option<(Arc<Known>, Instant)>,
    /// When it was asked last, whatever came of it.
    asked: Option<Instant>,
}

#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
}

#[derive(Deserialize)]
struct Redeemed {
    id_token: String,
}

const FRESH_FOR: Duration = Duration::from_secs(3_600);
/// While the provider is away, what it last said is good this long.
const GOOD_FOR: Duration = Duration::from_secs(24 * 3_600);
const NEWER_KEYS_AFTER: Duration = Duration::from_secs(60);
const NOT_ASKED_AGAIN_FOR: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(10);
const MOST_BYTES: u64 = 1_048_576;

impl Provider {
    /// The provider the settings name; nobody where they name none.
    #[must_use]
    pub fn new(settings: &Oidc) -> Option<Arc<Self>> {
        if !settings.is_on() {
            return None;
        }
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .max_redirects(0)
            .http_status_as_error(false)
            .tls_config(tls())
            .build()
            .into();
        Some(Arc::new(Self {
            agent,
            settings: settings.clone(),
            kept: Mutex::default(),
        }))
    }

    /// What it says of itself; asked for anew when that is old, or `wants_newer_keys`.
    ///
    /// # Errors
    /// When it cannot be reached, or is not who the settings say.
    pub async fn known(
        self: &Arc<Self>,
        wants_newer_keys: bool,
        now: Instant,
    ) -> anyhow::Result<Arc<Known>> {
        let mut kept = self.kept.lock().await;
        let limit = if wants_newer_keys {
            NEWER_KEYS_AFTER
        } else {
            FRESH_FOR
        };
        let since = |then: Instant| now.saturating_duration_since(then);
        if let Some((known, at)) = &kept.known
            && since(*at) < limit
        {
            return Ok(Arc::clone(known));
        }
        let usable = match &kept.known {
            Some((known, at)) if since(*at) < GOOD_FOR => Some(Arc::clone(known)),
            _ => None,
        };
        if kept.asked.is_some_and(|at| since(at) < NOT_ASKED_AGAIN_FOR) {
            return usable.context("it did not answer a moment ago");
        }
        kept.asked = Some(now);
        let own = Arc::clone(self);
        match tokio::task::spawn_blocking(move || own.ask()).await? {
            Ok(known) => {
                let known = Arc::new(known);
                kept.known = Some((Arc::clone(&known), now));
                Ok(known)
            }
            Err(why) => usable.ok_or(why),
        }
    }

    /// The id token for a code.
    ///
    /// # Errors
    /// When the provider refuses it or cannot be reached.
    pub async fn redeem(
        self: &Arc<Self>,
        known: &Arc<Known>,
        code: String,
        verifier: String,
        redirect_url: String,
    ) -> anyhow::Result<String> {
        let (own, known) = (Arc::clone(self), Arc::clone(known));
        tokio::task::spawn_blocking(move || own.exchange(&known, &code, &verifier, &redirect_url))
            .await?
    }

    fn exchange(
        &self,
        known: &Known,
        code: &str,
        verifier: &str,
        redirect_url: &str,
    ) -> anyhow::Result<String> {
        let (id, secret) = (
            self.settings.client_id.as_str(),
            self.settings.client_secret.expose(),
        );
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("code_verifier", verifier),
            ("redirect_uri", redirect_url),
            ("client_id", id),
        ];
        let mut request = self.agent.post(&known.token_endpoint);
        if !secret.is_empty() && known.takes_secret_in_form {
            form.push(("client_secret", secret));
        } else if !secret.is_empty() {
            let both = STANDARD.encode(format!("{}:{}", encoded(id), encoded(secret)));
            request = request.header("authorization", format!("Basic {both}"));
        }
        let answer = request.send_form(form)?;
        // The body of a refusal may hold what was sent: only its status is told.
        let status = answer.status();
        anyhow::ensure!(status.is_success(), "the provider answered {status}");
        let redeemed: Redeemed = serde_json::from_str(&text(answer)?)
            .map_err(|_| anyhow::anyhow!("the provider's answer holds no id token"))?;
        Ok(redeemed.id_token)
    }

    fn ask(&self) -> anyhow::Result<Known> {
        let issuer = &self.settings.issuer;
        // Where a provider for several tenants describes itself.
        let described = issuer.replace(TENANT, "organizations");
        let url = format!(
            "{}/.well-known/openid-configuration",
            described.trim_end_matches('/')
        );
        let metadata: Metadata =
            serde_json::from_str(&self.get(&url)?).context("what the provider says of itself")?;
        anyhow::ensure!(
            metadata.issuer == *issuer,
            "the provider at auth.oidc.issuer calls itself otherwise"
        );
        for endpoint in [
            &metadata.authorization_endpoint,
            &metadata.token_endpoint,
            &metadata.jwks_uri,
        ] {
            anyhow::ensure!(
                endpoint.starts_with("https://") || issuer.starts_with("http://"),
                "the provider names an address that is not https"
            );
        }
        let methods = &metadata.token_endpoint_auth_methods_supported;
        let keys = Keys::read(&self.get(&metadata.jwks_uri)?).context("the provider's keys")?;
        Ok(Known {
            takes_secret_in_form: methods.iter().any(|method| method == "client_secret_post"),
            authorization_endpoint: metadata.authorization_endpoint,
            token_endpoint: metadata.token_endpoint,
            keys,
        })
    }

    fn get(&self, url: &str) -> anyhow::Result<String> {
        let answer = self.agent.get(url).call()?;
        let status = answer.status();
        anyhow::ensure!(status.is_success(), "{url} answered {status}");
        text(answer)
    }
}

fn text(mut answer: ureq::http::Response<ureq::Body>) -> anyhow::Result<String> {
    Ok(answer
        .body_mut()
        .with_config()
        .limit(MOST_BYTES)
        .read_to_string()?)
}

/// The machine's own certificates, as for mail.
fn tls() -> TlsConfig {
    let roots: Vec<Certificate<'static>> = rustls_native_certs::load_native_certs()
        .certs
        .iter()
        .map(|der| Certificate::from_der(der).to_owned())
        .collect();
    TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .root_certs(RootCerts::new_with_certs(&roots))
        .build()
}
