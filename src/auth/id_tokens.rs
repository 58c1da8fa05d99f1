//! Id tokens of the council's identity provider: whose they are, and nothing taken on trust.
//!
//! As with our own tokens the library checks the signature and everything else is checked here: only
//! RS256 and ES256, with a key of the provider's list that is of that kind; issuer, audience, nonce and
//! times each present and right.

use jiff::Timestamp;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use serde_json::Value;

use super::access_tokens::{Once, decoded};

const LEEWAY_SECONDS: i64 = 60;
const LONGEST_TOKEN: usize = 65_536;

/// The provider's keys.
pub struct Keys(Vec<Jwk>);

/// What a token must say.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// May hold a place for the tenant.
    pub issuer: &'a str,
    /// What stands at that place in the issuer.
    pub tenant_place: &'a str,
    pub client_id: &'a str,
    pub nonce: &'a str,
    /// Microsoft Entra tenants: people are then known by tenant and object id.
    pub tenants: &'a [String],
}

/// Whose a sound token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Who vouches: the issuer, or `entra:<tenant>`.
    pub issuer: String,
    /// Whom for, unique with the issuer and never an address.
    pub subject: String,
    pub name: Option<String>,
    pub email: Option<String>,
    /// App roles and groups.
    pub roles: Vec<String>,
}

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenFault {
    /// Signed with a key that is not on the list: it may be newer than the list.
    #[error("the provider's list does not have its key")]
    UnknownKey,
    #[error("its {0} is not right")]
    Wrong(&'static str),
}
use IdTokenFault::{UnknownKey, Wrong};

impl Keys {
    /// Reads the provider's list.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(json: &str) -> Result<Self, serde_json::Error> {
        #[derive(serde::Deserialize)]
        struct List {
            keys: Vec<Value>,
        }
        let list: List = serde_json::from_str(json)?;
        // One of a kind we do not know must not spoil those we do.
        let known = list.keys.into_iter();
        Ok(Self(
            known
                .filter_map(|key| serde_json::from_value(key).ok())
                .collect(),
        ))
    }

    fn find(&self, kid: Option<&str>) -> Option<&Jwk> {
        match (kid, self.0.as_slice()) {
            (Some(kid), all) => all
                .iter()
                .find(|key| key.common.key_id.as_deref() == Some(kid)),
            (None, [only]) => Some(only),
            (None, _) => None,
        }
    }
}

/// Reads a token that came at `now`.
///
/// # Errors
/// Says what is wrong, for the log; whoever brought it is not told.
pub fn verify(
    token: &str,
    keys: &Keys,
    expected: &Expected<'_>,
    now: Timestamp,
) -> Result<Identity, IdTokenFault> {
    if token.len() > LONGEST_TOKEN {
        return Err(Wrong("length"));
    }
    let (message, signature) = token.rsplit_once('.').ok_or(Wrong("form"))?;
    let (header, payload) = message.split_once('.').ok_or(Wrong("form"))?;
    let Once(header) = decoded(header).map_err(|_| Wrong("header"))?;
    if header.contains_key("crit") {
        return Err(Wrong("header"));
    }
    let algorithm = match header.get("alg").and_then(Value::as_str) {
        Some("RS256") => Algorithm::RS256,
        Some("ES256") => Algorithm::ES256,
        _ => return Err(Wrong("algorithm")),
    };
    let kid = header.get("kid").and_then(Value::as_str);
    let jwk = keys.find(kid).ok_or(UnknownKey)?;
    let key = key_for(jwk, algorithm).ok_or(Wrong("key"))?;
    if !matches!(
        crypto::verify(signature, message.as_bytes(), &key, algorithm),
        Ok(true)
    ) {
        return Err(Wrong("signature"));
    }
    let Once(claims) = decoded(payload).map_err(|_| Wrong("payload"))?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let whole = |name: &str| claims.get(name).and_then(Value::as_i64);

    let tenant = match expected.tenants {
        [] => None,
        allowed => Some(
            text("tid")
                .filter(|tenant| allowed.iter().any(|one| one == tenant))
                .ok_or(Wrong("tid"))?,
        ),
    };
    let issuer = expected
        .issuer
        .replace(expected.tenant_place, tenant.unwrap_or_default());
    if text("iss") != Some(issuer.as_str()) {
        return Err(Wrong("iss"));
    }
    check_audience(claims.get("aud"), claims.get("azp"), expected.client_id)?;
    let now = now.as_second();
    if whole("exp")
        .ok_or(Wrong("exp"))?
        .saturating_add(LEEWAY_SECONDS)
        <= now
    {
        return Err(Wrong("exp"));
    }
    if whole("iat").ok_or(Wrong("iat"))? > now.saturating_add(LEEWAY_SECONDS) {
        return Err(Wrong("iat"));
    }
    if let Some(not_before) = claims.get("nbf") {
        let not_before = not_before.as_i64().ok_or(Wrong("nbf"))?;
        if not_before > now.saturating_add(LEEWAY_SECONDS) {
            return Err(Wrong("nbf"));
        }
    }
    if text("nonce") != Some(expected.nonce) {
        return Err(Wrong("nonce"));
    }
    let (issuer, subject) = match tenant {
        None => (issuer, text("sub").ok_or(Wrong("sub"))?),
        Some(tenant) => (issuer_of_tenant(tenant), text("oid").ok_or(Wrong("oid"))?),
    };
    if subject.is_empty() || subject.len() > 255 {
        return Err(Wrong("sub"));
    }
    let list = |name: &str| {
        let items = claims.get(name).and_then(Value::as_array);
        items.into_iter().flatten().filter_map(Value::as_str)
    };
    Ok(Identity {
        issuer,
        subject: subject.to_owned(),
        name: text("name").map(str::to_owned),
        email: text("email")
            .or_else(|| text("preferred_username"))
            .map(str::to_owned),
        roles: list("roles")
            .chain(list("groups"))
            .map(str::to_owned)
            .collect(),
    })
}

/// Who vouches for the people of an Entra tenant, whatever the issuer of its tokens is called.
#[must_use]
pub fn issuer_of_tenant(tenant: &str) -> String {
    format!("entra:{tenant}")
}

/// For us, and for us alone where several are named.
fn check_audience(
    audience: Option<&Value>,
    party: Option<&Value>,
    client_id: &str,
) -> Result<(), IdTokenFault> {
    let (is_for_us, are_several) = match audience {
        Some(Value::String(one)) => (one == client_id, false),
        Some(Value::Array(all)) => (
            all.iter().any(|one| one.as_str() == Some(client_id)),
            all.len() > 1,
        ),
        _ => (false, false),
    };
    if !is_for_us {
        return Err(Wrong("aud"));
    }
    match party {
        Some(party) if party.as_str() != Some(client_id) => Err(Wrong("azp")),
        None if are_several => Err(Wrong("azp")),
        _ => Ok(()),
    }
}

/// The key, when it signs, and in this way: a key of one kind must not check a signature of another.
fn key_for(jwk: &Jwk, algorithm: Algorithm) -> Option<DecodingKey> {
    let is_of_kind = match (&jwk.algorithm, algorithm) {
        (AlgorithmParameters::RSA(_), Algorithm::RS256) => true,
        (AlgorithmParameters::EllipticCurve(key), Algorithm::ES256) => {
            key.curve == EllipticCurve::P256
        }
        _ => false,
    };
    let is_for_this = jwk
        .common
        .key_algorithm
        .is_none_or(|own| own.to_string() == format!("{algorithm:?}"));
    let signs = !matches!(
        jwk.common.public_key_use,
        Some(PublicKeyUse::Encryption | PublicKeyUse::Other(_))
    );
    if !is_of_kind || !is_for_this || !signs {
        return None;
    }
    DecodingKey::from_jwk(jwk).ok()
}
