//! One way to the council's identity provider and back: state, nonce and PKCE verifier.
//!
//! All three are worked out from one random id and a key of ours; the browser keeps the id in a signed
//! cookie that ends soon, so nothing is kept here, and any replica can welcome whoever comes back.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::secrets;

/// How long somebody may take to sign in over there.
pub const LIFE_SECONDS: i64 = 600;

const BODY_BYTES: usize = 25;

/// A way that was begun.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Flow {
    id: [u8; 16],
    ends: i64,
    /// They came from our pages and go back there, instead of taking tokens along.
    pub is_for_pages: bool,
}

impl Flow {
    /// A new one.
    pub fn begin(now: Timestamp, is_for_pages: bool) -> Self {
        Self {
            id: secrets::random_bytes(),
            ends: now.as_second().saturating_add(LIFE_SECONDS),
            is_for_pages,
        }
    }

    /// What the browser keeps.
    pub fn sealed(&self, key: &Hmac<Sha256>) -> String {
        let body = self.body();
        let seal = made(key, "cookie", &body);
        format!("{}.{seal}", URL_SAFE_NO_PAD.encode(body))
    }

    /// What the browser brings back; `None` when it is not ours, or over.
    pub fn open(key: &Hmac<Sha256>, cookie: &str, now: Timestamp) -> Option<Self> {
        let (body, seal) = cookie.split_once('.')?;
        let body: [u8; BODY_BYTES] = URL_SAFE_NO_PAD.decode(body).ok()?.try_into().ok()?;
        let seal = URL_SAFE_NO_PAD.decode(seal).ok()?;
        tagged(key, "cookie", &body).verify_slice(&seal).ok()?;
        let (id, rest) = body.split_at(16);
        let (ends, page) = rest.split_at(8);
        let flow = Self {
            id: id.try_into().ok()?,
            ends: i64::from_be_bytes(ends.try_into().ok()?),
            is_for_pages: page == [1],
        };
        (flow.ends > now.as_second()).then_some(flow)
    }

    /// Ties the answer to this browser.
    pub fn state(&self, key: &Hmac<Sha256>) -> String {
        made(key, "state", &self.body())
    }

    /// Whether the answer carries this browser's state.
    pub fn has_state(&self, key: &Hmac<Sha256>, state: &str) -> bool {
        URL_SAFE_NO_PAD.decode(state).is_ok_and(|state| {
            tagged(key, "state", &self.body())
                .verify_slice(&state)
                .is_ok()
        })
    }

    /// Ties the id token to this way.
    pub fn nonce(&self, key: &Hmac<Sha256>) -> String {
        made(key, "nonce", &self.body())
    }

    /// Shows that who redeems the code is who asked for it.
    pub fn verifier(&self, key: &Hmac<Sha256>) -> String {
        made(key, "verifier", &self.body())
    }

    /// What is said of the verifier beforehand (S256).
    pub fn challenge(&self, key: &Hmac<Sha256>) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier(key)))
    }

    fn body(&self) -> [u8; BODY_BYTES] {
        let mut body = [0; BODY_BYTES];
        let page = u8::from(self.is_for_pages);
        let bytes = self.id.into_iter().chain(self.ends.to_be_bytes());
        for (place, byte) in body.iter_mut().zip(bytes.chain([page])) {
            *place = byte;
        }
        body
    }
}

fn tagged(key: &Hmac<Sha256>, what: &str, body: &[u8]) -> Hmac<Sha256> {
    key.clone()
        .chain_update(what)
        .chain_update([0])
        .chain_update(body)
}

fn made(key: &Hmac<Sha256>, what: &str, body: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(tagged(key, what, body).finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> Hmac<Sha256> {
        Hmac::new_from_slice(&[byte; 32]).unwrap()
    }

    #[test]
    fn a_way_is_known_again_by_its_cookie_until_it_ends() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let flow = Flow::begin(at(1_000), true);
        let cookie = flow.sealed(&key(1));
        assert!(Flow::open(&key(1), &cookie, at(1_599)) == Some(flow));
        assert!(flow.is_for_pages);
        assert!(Flow::open(&key(1), &cookie, at(1_600)).is_none());
        assert!(Flow::open(&key(2), &cookie, at(1_000)).is_none());
        assert!(Flow::open(&key(1), &cookie.replacen('A', "B", 1), at(1_000)).is_none());
        for bad in ["", ".", "a.b", "AAAA.AAAA"] {
            assert!(Flow::open(&key(1), bad, at(1_000)).is_none(), "{bad}");
        }
    }

    #[test]
    fn each_way_has_a_state_nonce_and_verifier_of_its_own() {
        let now = Timestamp::from_second(1_000).unwrap();
        let (one, two) = (Flow::begin(now, false), Flow::begin(now, false));
        let key = key(1);
        assert!(one.has_state(&key, &one.state(&key)));
        assert!(!one.has_state(&key, &two.state(&key)) && !one.has_state(&key, ""));
        let all = [
            one.state(&key),
            one.nonce(&key),
            one.verifier(&key),
            one.challenge(&key),
        ];
        for (place, text) in all.iter().enumerate() {
            assert_eq!(text.len(), 43);
            assert!(all.iter().skip(place + 1).all(|other| other != text));
        }
    }
}
