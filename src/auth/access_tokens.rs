//! Access tokens: short-lived JWTs that name a user and a session, and nothing they may do.
//!
//! The library signs and checks the signature; everything else is checked here, with "now" as an
//! argument, because a library that leaves out what it does not understand is how forged tokens
//! pass: only HS256, only the headers we write, every claim present, once, as a whole number where
//! it is a time. Roles and scopes are read from the database on every request.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::crypto;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use serde::Deserialize;
use serde::de::{self, DeserializeOwned, MapAccess, Visitor};
use serde_json::{Value, json};
use uuid::Uuid;

use super::secrets;
use crate::domain::ids::{SessionId, UserId};

/// The longest an access token may live.
pub const LONGEST_LIFE_SECONDS: i64 = 15 * 60;

/// How far the clocks of two replicas may be apart.
const LEEWAY_SECONDS: i64 = 30;
const AUDIENCE: &str = "reeve";
const SHORTEST_KEY: usize = 32;
/// Ours have about 400 characters; a header of many kilobytes is not worth reading.
const LONGEST_TOKEN: usize = 4_096;

/// What tokens are signed with, and in whose name.
#[derive(Clone)]
pub struct Key {
    signing: EncodingKey,
    checking: DecodingKey,
    issuer: String,
}

/// The signing key is shorter than what it signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a signing key needs at least 32 bytes")]
pub struct KeyTooShort;

/// What a good token says: who, and in which session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claims {
    pub user: UserId,
    pub session: SessionId,
    pub expires_at: Timestamp,
}

/// Why a token is refused. Both are 401; the first says only that it is none of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// Malformed, forged, or not as we write them.
    #[error("the access token is not valid")]
    Invalid,
    /// Ours and sound in every other way, but over.
    #[error("the access token has expired")]
    Expired,
}
use TokenFault::{Expired, Invalid};

/// A token could not be signed.
#[derive(Debug, thiserror::Error)]
#[error("signing an access token: {0}")]
pub struct SigningFault(#[from] jsonwebtoken::errors::Error);

impl Key {
    /// A key from the configured secret (`auth.signing_key`) and issuer (`auth.issuer`).
    ///
    /// # Errors
    /// When the secret has fewer than 32 bytes.
    pub fn new(secret: &[u8], issuer: &str) -> Result<Self, KeyTooShort> {
        if secret.len() < SHORTEST_KEY {
            return Err(KeyTooShort);
        }
        Ok(Self {
            signing: EncodingKey::from_secret(secret),
            checking: DecodingKey::from_secret(secret),
            issuer: issuer.to_owned(),
        })
    }
}

/// Writes a token for one session, good for `life_seconds` (15 minutes at most).
///
/// # Errors
/// When the cryptographic library refuses to sign.
pub fn issue(
    key: &Key,
    user: UserId,
    session: SessionId,
    now: Timestamp,
    life_seconds: i64,
) -> Result<String, SigningFault> {
    let iat = now.as_second();
    let exp = iat.saturating_add(life_seconds.clamp(1, LONGEST_LIFE_SECONDS));
    let token_id = Uuid::from_bytes(secrets::random_bytes());
    let claims = json!({
        "iss": key.issuer,
        "aud": AUDIENCE,
        "sub": user,
        "sid": session,
        "jti": token_id,
        "iat": iat,
        "nbf": iat,
        "exp": exp,
    });
    let header = json!({"typ": "JWT", "alg": "HS256"});
    let message = format!("{}.{}", encoded(&header), encoded(&claims));
    let signature = crypto::sign(message.as_bytes(), &key.signing, Algorithm::HS256)?;
    Ok(format!("{message}.{signature}"))
}

/// Reads a token presented at `now`.
///
/// # Errors
/// [`TokenFault::Expired`] only for a token that is sound in every other way.
pub fn verify(key: &Key, token: &str, now: Timestamp) -> Result<Claims, TokenFault> {
    if token.len() > LONGEST_TOKEN {
        return Err(Invalid);
    }
    let (message, signature) = token.rsplit_once('.').ok_or(Invalid)?;
    let (header, payload) = message.split_once('.').ok_or(Invalid)?;
    check_header(&decoded(header)?)?;
    let holds = crypto::verify(
        signature,
        message.as_bytes(),
        &key.checking,
        Algorithm::HS256,
    );
    if !matches!(holds, Ok(true)) {
        return Err(Invalid);
    }
    check_claims(key, decoded(payload)?, now)
}

/// Exactly what [`issue`] writes. A header that names a key, points to one, or asks for something
/// critical has no business in a token of ours.
fn check_header(Once(header): &Once) -> Result<(), TokenFault> {
    let is_ours = header.len() == 2
        && header.get("alg").and_then(Value::as_str) == Some("HS256")
        && header.get("typ").and_then(Value::as_str) == Some("JWT");
    if is_ours { Ok(()) } else { Err(Invalid) }
}

/// Claims we do not know are passed over: they grant nothing.
fn check_claims(key: &Key, Once(mut claims): Once, now: Timestamp) -> Result<Claims, TokenFault> {
    let issuer: String = take(&mut claims, "iss")?;
    let audience: String = take(&mut claims, "aud")?;
    let user: UserId = take(&mut claims, "sub")?;
    let session: SessionId = take(&mut claims, "sid")?;
    let token_id: String = take(&mut claims, "jti")?;
    let issued: i64 = take(&mut claims, "iat")?;
    let not_before: i64 = take(&mut claims, "nbf")?;
    let expires: i64 = take(&mut claims, "exp")?;

    let now = now.as_second();
    let life = expires.checked_sub(issued).ok_or(Invalid)?;
    let is_ours = issuer == key.issuer
        && audience == AUDIENCE
        && !token_id.is_empty()
        && (1..=LONGEST_LIFE_SECONDS).contains(&life)
        && issued <= now.saturating_add(LEEWAY_SECONDS)
        && not_before <= now.saturating_add(LEEWAY_SECONDS)
        && not_before < expires;
    if !is_ours {
        return Err(Invalid);
    }
    if now >= expires.saturating_add(LEEWAY_SECONDS) {
        return Err(Expired);
    }
    Ok(Claims {
        user,
        session,
        expires_at: Timestamp::from_second(expires).map_err(|_| Invalid)?,
    })
}

fn take<T: DeserializeOwned>(
    claims: &mut BTreeMap<String, Value>,
    name: &str,
) -> Result<T, TokenFault> {
    let value = claims.remove(name).ok_or(Invalid)?;
    serde_json::from_value(value).map_err(|_| Invalid)
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

pub(super) fn decoded(part: &str) -> Result<Once, TokenFault> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| Invalid)?;
    serde_json::from_slice(&bytes).map_err(|_| Invalid)
}

/// A JSON object in which no name stands twice: two readers of one token must not be able to see
/// two different claims.
pub(super) struct Once(pub(super) BTreeMap<String, Value>);

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Once;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object without repeated names")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Once, A::Error> {
                let mut members = BTreeMap::new();
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    if members.insert(name, value).is_some() {
                        return Err(de::Error::custom("a name stands twice"));
                    }
                }
                Ok(Once(members))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests;
