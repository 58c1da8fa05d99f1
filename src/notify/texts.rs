//! Text messages through GOV.UK Notify, or whatever speaks as it does.
//!
//! One call for each text, signed anew: Notify takes a signature for thirty seconds. A 201 is *accepted
//! for delivery*, as with a mail server; whether it arrived is told later, to the API. What is said
//! about a failure holds no number: it ends in the log and in the list of notices.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use sha2::Sha256;
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};

use super::transport::SendFailure;
use crate::domain::ids::NoticeId;
use crate::domain::text_message::TextMessage;

/// Where texts go, and as whom.
#[derive(Clone)]
pub struct TextSettings {
    /// Without a slash at the end.
    pub base_url: String,
    /// As Notify gives it out: name, service id and secret, joined by hyphens.
    pub api_key: String,
    /// The template that says `((message)) ((link))`.
    pub template_id: String,
    /// Who the text is from, where the service has several.
    pub sender_id: Option<String>,
}

/// Sends texts.
#[derive(Clone)]
pub struct Texts {
    agent: ureq::Agent,
    settings: TextSettings,
    service_id: String,
    secret: String,
}

/// The key is none that Notify gives out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("notify.api_key must be a key as GOV.UK Notify gives it out: name, service id and secret")]
pub struct NotAKey;

#[derive(Deserialize)]
struct Refused {
    #[serde(default)]
    errors: Vec<RefusedBecause>,
}

#[derive(Deserialize)]
struct RefusedBecause {
    error: String,
}

const PATIENCE: Duration = Duration::from_secs(20);
const MOST_BYTES: u64 = 65_536;
/// Characters of a UUID as it is written.
const UUID_LENGTH: usize = 36;

impl Texts {
    /// A sender that has sent nothing yet.
    ///
    /// # Errors
    /// [`NotAKey`].
    pub fn new(settings: TextSettings) -> Result<Self, NotAKey> {
        let (service_id, secret) = parts_of(&settings.api_key).ok_or(NotAKey)?;
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .max_redirects(0)
            .http_status_as_error(false)
            .tls_config(tls())
            .build()
            .into();
        Ok(Self {
            agent,
            service_id,
            secret,
            settings,
        })
    }

    /// Hands one text over. Sent again under the same notice it may arrive twice: Notify does not look
    /// at the reference.
    ///
    /// # Errors
    /// It was refused for good, or not taken this time.
    pub async fn send(
        &self,
        number: &str,
        text: &TextMessage,
        notice: NoticeId,
        now: Timestamp,
    ) -> Result<(), SendFailure> {
        let body = json!({
            "phone_number": number,
            "template_id": self.settings.template_id,
            "personalisation": {"message": text.words, "link": text.link.clone().unwrap_or_default()},
            // An id of ours and nothing of theirs.
            "reference": notice.to_string(),
        });
        let mut body = body;
        if let (Some(sender), Some(members)) = (&self.settings.sender_id, body.as_object_mut()) {
            members.insert("sms_sender_id".to_owned(), json!(sender));
        }
        let (own, token) = (self.clone(), self.token(now));
        let posted = tokio::task::spawn_blocking(move || own.post(&body.to_string(), &token)).await;
        match posted {
            Ok(outcome) => outcome,
            Err(_) => Err(try_again("the text was not handed over to the end")),
        }
    }

    fn post(&self, body: &str, token: &str) -> Result<(), SendFailure> {
        let url = format!("{}/v2/notifications/sms", self.settings.base_url);
        let answer = self
            .agent
            .post(&url)
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .send(body);
        let mut answer = match answer {
            Ok(answer) => answer,
            Err(ureq::Error::Timeout(_)) => {
                return Err(try_again("GOV.UK Notify took too long"));
            }
            Err(_) => return Err(try_again("GOV.UK Notify cannot be reached")),
        };
        let status = answer.status().as_u16();
        if status == 201 {
            return Ok(());
        }
        let told = answer
            .body_mut()
            .with_config()
            .limit(MOST_BYTES)
            .read_to_string();
        let errors: Vec<String> = told
            .ok()
            .and_then(|text| serde_json::from_str::<Refused>(&text).ok())
            .map(|refused| refused.errors.into_iter().map(|one| one.error).collect())
            .unwrap_or_default();
        Err(failure(status, &errors))
    }

    /// Who we are, for half a minute.
    fn token(&self, now: Timestamp) -> String {
        let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!(
            "{}.{}",
            part(json!({"typ": "JWT", "alg": "HS256"})),
            part(json!({"iss": self.service_id, "iat": now.as_second()}))
        );
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.as_bytes())
            .expect("HMAC takes a key of any length");
        mac.update(signed.as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
        format!("{signed}.{signature}")
    }
}

/// What a refusal means. Only what says that this very request cannot be meant is final; a wrong key or
/// template, a limit or a fault of theirs waits for whoever puts it right. Their words are not read.
fn failure(status: u16, errors: &[String]) -> SendFailure {
    let is_about_this_text = status == 400
        && !errors.is_empty()
        && errors.iter().all(|error| error == "ValidationError");
    let codes: String = errors
        .join(", ")
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || ", ".contains(*c))
        .take(100)
        .collect();
    SendFailure {
        is_permanent: is_about_this_text,
        why: if codes.is_empty() {
            format!("GOV.UK Notify answered {status}")
        } else {
            format!("GOV.UK Notify answered {status}: {codes}")
        },
    }
}

fn try_again(why: &str) -> SendFailure {
    SendFailure {
        is_permanent: false,
        why: why.to_owned(),
    }
}

/// Service id and secret of a key.
fn parts_of(key: &str) -> Option<(String, String)> {
    let secret_from = key.len().checked_sub(UUID_LENGTH)?;
    let service_from = secret_from.checked_sub(UUID_LENGTH + 1)?;
    let secret = key.get(secret_from..)?;
    let service = key.get(service_from..secret_from.checked_sub(1)?)?;
    let is_uuid = |text: &str| uuid::Uuid::try_parse(text).is_ok();
    (is_uuid(secret) && is_uuid(service)).then(|| (service.to_owned(), secret.to_owned()))
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

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str =
        "council-26785a09-ab16-4eb0-8407-a37497a57506-3d844edf-8d35-48ac-975b-e847b4f122b0";

    #[test]
    fn a_key_is_taken_apart_as_notify_says() {
        let (service, secret) = parts_of(KEY).unwrap();
        assert_eq!(service, "26785a09-ab16-4eb0-8407-a37497a57506");
        assert_eq!(secret, "3d844edf-8d35-48ac-975b-e847b4f122b0");
        for bad in [
            "",
            "key",
            "3d844edf-8d35-48ac-975b-e847b4f122b0",
            &KEY[..70],
        ] {
            assert_eq!(parts_of(bad), None, "{bad}");
        }
    }

    #[test]
    fn only_what_says_that_this_text_cannot_be_sent_is_final() {
        let check = |status, errors: &[&str], expect| {
            let errors: Vec<String> = errors.iter().map(|one| (*one).to_owned()).collect();
            assert_eq!(
                failure(status, &errors).is_permanent,
                expect,
                "{status} {errors:?}"
            );
        };
        check(400, &["ValidationError"], true);
        check(400, &["BadRequestError"], false);
        check(400, &[], false);
        check(403, &["AuthError"], false);
        check(429, &["RateLimitError"], false);
        check(429, &["TooManyRequestsError"], false);
        check(500, &["Exception"], false);
    }

    #[test]
    fn who_we_are_is_signed_with_the_secret_alone() {
        let texts = Texts::new(TextSettings {
            base_url: "http://127.0.0.1:9".to_owned(),
            api_key: KEY.to_owned(),
            template_id: "t".to_owned(),
            sender_id: None,
        })
        .unwrap();
        let token = texts.token("2026-11-20T10:00:00Z".parse().unwrap());
        let parts: Vec<&str> = token.split('.').collect();
        let claims = URL_SAFE_NO_PAD.decode(parts[1]).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!(claims["iss"], "26785a09-ab16-4eb0-8407-a37497a57506");
        assert_eq!(claims["iat"], 1_795_168_800);
        let mut mac =
            Hmac::<Sha256>::new_from_slice(b"3d844edf-8d35-48ac-975b-e847b4f122b0").unwrap();
        mac.update(format!("{}.{}", parts[0], parts[1]).as_bytes());
        mac.verify_slice(&URL_SAFE_NO_PAD.decode(parts[2]).unwrap())
            .unwrap();
    }
}
