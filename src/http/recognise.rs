//! Who is calling: the credential behind `Authorization`, and the address it comes from.
//!
//! A wrong credential costs from the address's budget of guesses; a right one always passes. Who
//! was recognised is remembered for a few seconds, so that a busy client does not cost two queries
//! a request; a revocation therefore takes effect within seconds, and at once where it was done.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::HttpRequest;
use actix_web::http::header::HeaderMap;

use super::front::Front;
use super::problem::Problem;
use crate::auth::access_tokens::{self, TokenFault};
use crate::auth::budgets::{Exhausted, address_key};
use crate::auth::{Bearer, api_keys, tracking};
use crate::casework::{accounts, second_factor};
use crate::config::Http;
use crate::domain::access::{Actor, Key, Scope};
use crate::domain::ids::{ApiKeyId, SessionId, UserId};

/// A caller whose credential is right.
#[derive(Debug, Clone)]
pub struct Caller {
    pub actor: Actor,
    pub session: Option<SessionId>,
    /// Their role needs codes beside the password, and they have not set them up.
    pub must_set_up_codes: bool,
}

/// Those recognised a moment ago.
#[derive(Default)]
pub struct Recognised {
    callers: Mutex<HashMap<Credential, (Caller, Instant)>>,
}

/// What was proved, never the secret itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Credential {
    Session(UserId, SessionId),
    Key([u8; 32]),
}

const REMEMBERED_FOR: Duration = Duration::from_secs(5);
const MOST_REMEMBERED: usize = 10_000;
/// However many proxies wrote into it, a longer list is nobody's honest path.
const MOST_HOPS: usize = 20;

/// Finds out who is calling. Nobody, when no credential came.
///
/// # Errors
/// 401 for a wrong credential, 429 when the address has guessed too often.
pub async fn recognise(
    front: &Front,
    headers: &HeaderMap,
    address: &str,
) -> Result<Option<Caller>, Problem> {
    let Some(header) = headers.get("authorization") else {
        return Ok(None);
    };
    let bearer = header.to_str().ok().and_then(Bearer::read);
    let found = match bearer {
        None => Err(TokenFault::Invalid),
        Some(Bearer::ApiKey(key)) => by_key(front, key).await?.ok_or(TokenFault::Invalid),
        Some(Bearer::Tracking(token)) => by_link(front, token).await?.ok_or(TokenFault::Invalid),
        Some(Bearer::AccessToken(token)) => {
            // The computer's own time: a demo whose clock was moved signs nobody out.
            match access_tokens::verify(&front.access_key, token, accounts::real_now()) {
                Ok(claims) => by_session(front, claims.user, claims.session)
                    .await?
                    .ok_or(TokenFault::Invalid),
                Err(fault) => Err(fault),
            }
        }
    };
    match found {
        Ok(caller) => {
            let caller = acting(front, headers, caller).await?;
            // Turns begin and passes end while somebody is remembered.
            Ok(Some(Caller {
                actor: caller.actor.at(front.desk.time.now()),
                ..caller
            }))
        }
        Err(fault) => Err(refuse_guess(front, address, fault)),
    }
}

/// Whose key it is, where one must be there and open this scope.
///
/// # Errors
/// 401 without one or with a wrong one, 403 without the scope, 429 when it is used, or the address
/// guesses, too often.
pub async fn key_holder(
    front: &Front,
    presented: Option<&str>,
    scope: Scope,
    address: &str,
) -> Result<Actor, Problem> {
    let Some(presented) = presented else {
        let refused = refuse_unsigned(front, address);
        return Err(if refused.status == 401 {
            Problem::unauthenticated(
                "sign_in_needed",
                "Send your key: as `api_key` in the form or query, or as `Authorization: Bearer <key>`.",
            )
        } else {
            refused
        });
    };
    let Some(caller) = by_key(front, presented).await? else {
        return Err(refuse_guess(front, address, TokenFault::Invalid));
    };
    let spender = caller.actor.principal();
    if let Err(exhausted) = front
        .budgets
        .requests
        .spend(&spender, front.desk.time.monotonic())
    {
        return Err(Problem::too_many(exhausted.retry_after_seconds));
    }
    if caller.actor.has_scope(scope) {
        Ok(caller.actor)
    } else {
        Err(Problem::forbidden(
            "scope_missing",
            format!("This needs a key with the scope {scope}."),
        ))
    }
}

/// What stands behind `Bearer`, whatever it is.
#[must_use]
pub fn bearer_key(headers: &HeaderMap) -> Option<&str> {
    let header = headers.get("authorization")?.to_str().ok()?;
    let (scheme, key) = header.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

/// 401, or 429 when the address has guessed too often. For those who sent no credential at all.
#[must_use]
pub fn refuse_unsigned(front: &Front, address: &str) -> Problem {
    match front
        .budgets
        .wrong_tokens
        .check(address, front.desk.time.monotonic())
    {
        Ok(_) => Problem::unauthenticated(
            "sign_in_needed",
            "Send `Authorization: Bearer <token or key>`.",
        ),
        Err(exhausted) => guessed_too_often(&exhausted),
    }
}

/// Counts a wrong credential against its address.
#[must_use]
pub fn refuse_guess(front: &Front, address: &str, fault: TokenFault) -> Problem {
    let now = front.desk.time.monotonic();
    // An expired token was ours, and nobody guesses those: it costs nothing.
    let (allowed, code, detail) = match fault {
        TokenFault::Expired => (
            front.budgets.wrong_tokens.check(address, now),
            "token_expired",
            "The access token is over. Refresh it or sign in again.",
        ),
        TokenFault::Invalid => (
            front.budgets.wrong_tokens.spend(address, now),
            "token_invalid",
            "The token or key is not valid, or no longer.",
        ),
    };
    match allowed {
        Ok(_) => Problem::unauthenticated(code, detail),
        Err(exhausted) => guessed_too_often(&exhausted),
    }
}

/// Where a request comes from. A proxy's word counts only when the proxy is trusted; then the last
/// address that is not a trusted proxy's own is the caller's.
#[must_use]
pub fn caller_address(settings: &Http, request: &HttpRequest) -> IpAddr {
    let peer = request
        .peer_addr()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| {
            peer.ip().to_canonical()
        });
    if !settings.trusts(peer) {
        return peer;
    }
    let hops: Vec<&str> = request
        .headers()
        .get_all("x-forwarded-for")
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    let mut nearest = peer;
    for hop in hops.iter().rev().take(MOST_HOPS) {
        let Some(address) = read_address(hop) else {
            return nearest;
        };
        nearest = address;
        if !settings.trusts(address) {
            return address;
        }
    }
    nearest
}

/// As budgets and idempotency keys count it.
#[must_use]
pub fn address_of(settings: &Http, request: &HttpRequest) -> String {
    address_key(caller_address(settings, request))
}

impl Recognised {
    /// Remembers nobody.
    pub fn forget(&self) {
        self.lock().clear();
    }

    fn find(&self, credential: &Credential, now: Instant) -> Option<Caller> {
        self.lock()
            .get(credential)
            .filter(|(_, since)| now.saturating_duration_since(*since) < REMEMBERED_FOR)
            .map(|(caller, _)| caller.clone())
    }

    fn remember(&self, credential: Credential, caller: Caller, now: Instant) {
        let mut callers = self.lock();
        if callers.len() >= MOST_REMEMBERED {
            callers.clear();
        }
        callers.insert(credential, (caller, now));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Credential, (Caller, Instant)>> {
        self.callers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn by_session(
    front: &Front,
    user: UserId,
    session: SessionId,
) -> Result<Option<Caller>, Problem> {
    let credential = Credential::Session(user, session);
    let now = front.desk.time.monotonic();
    if let Some(caller) = front.recognised.find(&credential, now) {
        return Ok(Some(caller));
    }
    let required = front.auth.totp_required_for.clone();
    let found = front
        .desk
        .read(move |conn, at| {
            let Some(user) = accounts::authenticate(conn, at.today(), user, session)? else {
                return Ok(None);
            };
            let must_set_up_codes =
                required.contains(&user.role) && second_factor::is_lacking(conn, user.id)?;
            Ok(Some((user, must_set_up_codes)))
        })
        .await?;
    Ok(found.map(|(user, must_set_up_codes)| {
        let caller = Caller {
            actor: Actor::User(user),
            session: Some(session),
            must_set_up_codes,
        };
        front.recognised.remember(credential, caller.clone(), now);
        caller
    }))
}

async fn by_key(front: &Front, presented: &str) -> Result<Option<Caller>, Problem> {
    let Some(hash) = api_keys::fingerprint(presented) else {
        return Ok(None);
    };
    let credential = Credential::Key(hash);
    let now = front.desk.time.monotonic();
    if let Some(caller) = front.recognised.find(&credential, now) {
        return Ok(Some(caller));
    }
    let found = front
        .desk
        .read(move |conn, _| accounts::find_key(conn, &hash))
        .await?;
    Ok(found.map(|found| {
        if found.is_use_to_be_noted {
            note_use(front, found.key.id);
        }
        let caller = Caller {
            actor: Actor::Key(found.key),
            session: None,
            must_set_up_codes: false,
        };
        front.recognised.remember(credential, caller.clone(), now);
        caller
    }))
}

/// Beside the request, which does not wait for it: a reader stays a reader.
fn note_use(front: &Front, key: ApiKeyId) {
    let desk = std::sync::Arc::clone(&front.desk);
    actix_web::rt::spawn(async move {
        if let Err(why) = accounts::note_key_use(&desk, key).await {
            tracing::warn!("That a key was used could not be noted: {why}");
        }
    });
}

async fn by_link(front: &Front, presented: &str) -> Result<Option<Caller>, Problem> {
    let Some(hash) = tracking::fingerprint(presented) else {
        return Ok(None);
    };
    let found = front
        .desk
        .read(move |conn, at| accounts::find_follower(conn, at, &hash))
        .await?;
    Ok(found.map(|actor| Caller {
        actor,
        session: None,
        must_set_up_codes: false,
    }))
}

/// A key that acts for somebody: within that person's rights, audited as both.
async fn acting(front: &Front, headers: &HeaderMap, caller: Caller) -> Result<Caller, Problem> {
    let Some(header) = headers.get("reeve-acting-user") else {
        return Ok(caller);
    };
    let name = header
        .to_str()
        .map_err(|_| {
            Problem::unreadable(
                "bad_acting_user",
                "`Reeve-Acting-User` takes an id or e-mail address.",
            )
        })?
        .to_owned();
    let Actor::Key(key) = caller.actor else {
        return Err(Problem::forbidden(
            "scope_missing",
            "Only a key may act for somebody.",
        ));
    };
    if !key.scopes.contains(&Scope::ActForUser) {
        return Err(Problem::forbidden(
            "scope_missing",
            "This key lacks the scope act_for_user.",
        ));
    }
    let found = front
        .desk
        .read(move |conn, at| accounts::find_active(conn, at.today(), &name))
        .await?;
    let user = found.ok_or_else(|| {
        Problem::forbidden(
            "acting_user_unknown",
            "Nobody active has this id or address, so nobody can be acted for.",
        )
    })?;
    Ok(Caller {
        actor: Actor::Key(Key {
            acting_for: Some(Box::new(user)),
            ..key
        }),
        session: None,
        must_set_up_codes: false,
    })
}

fn guessed_too_often(exhausted: &Exhausted) -> Problem {
    Problem::too_many(exhausted.retry_after_seconds)
}

/// An address as proxies write it: bare, with a port, or in brackets.
fn read_address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address.to_canonical());
    }
    text.parse::<std::net::SocketAddr>()
        .ok()
        .map(|address| address.ip().to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn settings(trusted: &[&str]) -> Http {
        let mut http = crate::http::tests::settings().http;
        http.trusted_proxies = trusted
            .iter()
            .map(|network| network.parse().unwrap())
            .collect();
        http
    }

    #[test]
    fn only_a_trusted_proxy_is_believed_about_addresses() {
        let check = |trusted: &[&str], peer: &str, forwarded: &[&str], expect: &str| {
            let mut request =
                TestRequest::default().peer_addr(format!("{peer}:4711").parse().unwrap());
            for value in forwarded {
                request = request.append_header(("X-Forwarded-For", *value));
            }
            let address = caller_address(&settings(trusted), &request.to_http_request());
            assert_eq!(
                address.to_string(),
                expect,
                "{trusted:?} {peer} {forwarded:?}"
            );
        };
        check(&[], "192.0.2.9", &["203.0.113.5"], "192.0.2.9");
        check(&["10.0.0.0/8"], "192.0.2.9", &["203.0.113.5"], "192.0.2.9");
        check(&["10.0.0.0/8"], "10.0.0.1", &[], "10.0.0.1");
        check(&["10.0.0.0/8"], "10.0.0.1", &["203.0.113.5"], "203.0.113.5");
        check(
            &["10.0.0.0/8"],
            "10.0.0.1",
            &["198.51.100.7, 203.0.113.5, 10.0.0.2"],
            "203.0.113.5",
        );
        check(
            &["10.0.0.0/8"],
            "10.0.0.1",
            &["198.51.100.7", "203.0.113.5"],
            "203.0.113.5",
        );
        check(
            &["10.0.0.0/8"],
            "10.0.0.1",
            &["203.0.113.5, nonsense"],
            "10.0.0.1",
        );
        check(
            &["10.0.0.0/8"],
            "10.0.0.1",
            &["203.0.113.5:52000"],
            "203.0.113.5",
        );
        check(
            &["10.0.0.0/8"],
            "10.0.0.1",
            &["[2001:db8::7]:52000"],
            "2001:db8::7",
        );
    }

    #[test]
    fn somebody_is_remembered_for_seconds_only_and_forgotten_when_told() {
        let recognised = Recognised::default();
        let now = crate::time_source::TimeSource::System.monotonic();
        let caller = Caller {
            actor: Actor::Anonymous {
                address: "192.0.2.1".to_owned(),
            },
            session: None,
            must_set_up_codes: false,
        };
        let credential = Credential::Key([7; 32]);
        recognised.remember(credential.clone(), caller, now);
        assert!(
            recognised
                .find(&credential, now + Duration::from_secs(4))
                .is_some()
        );
        assert!(
            recognised
                .find(&credential, now + Duration::from_secs(5))
                .is_none()
        );
        assert!(recognised.find(&Credential::Key([8; 32]), now).is_none());
        recognised.forget();
        assert!(recognised.find(&credential, now).is_none());
    }
}
