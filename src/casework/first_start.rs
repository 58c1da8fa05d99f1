//! The first administrator of a new installation.
//!
//! Nobody has an account that came with the program. Where there is no account at all, a start makes a
//! token that is printed once and turns whoever brings it into the first administrator. Only its hash
//! is kept; it is good once, for an hour, and only until there is anybody.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::accounts::{self, Account, NewAccount, real_now};
use super::desk::{Desk, Moment, hex};
use super::failure::Failure;
use crate::auth::first_start;
use crate::domain::access::{Actor, Role};
use crate::store::{Conn, Tx, settings, users};

const KEPT: &str = "auth.first_start";
const LIFE: SignedDuration = SignedDuration::from_hours(1);

/// Who wants to be the first.
#[derive(Debug, Clone)]
pub struct FirstAdministrator {
    pub name: String,
    pub email: String,
    /// PHC string.
    pub password_hash: String,
}

/// A new token where nobody has an account yet; one from an earlier start is good no longer.
///
/// # Errors
/// When the database cannot be asked or written.
pub async fn token(desk: &Arc<Desk>) -> Result<Option<String>, Failure> {
    let (token, hash) = first_start::generate();
    let is_kept = desk
        .perform(move |tx, _| {
            settings::hold(tx, KEPT)?;
            if users::is_anybody(tx)? {
                return Ok(false);
            }
            let end = real_now() + LIFE;
            settings::set(tx, KEPT, &format!("{} {}", hex(&hash), end.as_second()))?;
            Ok(true)
        })
        .await?;
    Ok(is_kept.then_some(token))
}

/// Whether this token would be taken now. Asked before a password is hashed for it.
///
/// # Errors
/// When the database cannot be asked.
pub fn is_good(conn: &mut Conn, presented: &str) -> Result<bool, Failure> {
    let Some(presented) = first_start::fingerprint(presented) else {
        return Ok(false);
    };
    let Some(kept) = settings::get(conn, KEPT)? else {
        return Ok(false);
    };
    let is_the_one = kept
        .split_once(' ')
        .and_then(|(hash, end)| Some((hash, end.parse::<i64>().ok()?)))
        .is_some_and(|(hash, end)| hash == hex(&presented) && is_ahead(end));
    Ok(is_the_one && !users::is_anybody(conn)?)
}

/// Makes the first administrator; nobody, when the token is not good (any more).
///
/// # Errors
/// When the address is none.
pub fn redeem(
    tx: &mut Tx<'_>,
    at: &Moment,
    presented: &str,
    first: FirstAdministrator,
) -> Result<Option<Account>, Failure> {
    // Of two who bring it at once, the second finds somebody there.
    settings::hold(tx, KEPT)?;
    if !is_good(tx, presented)? {
        return Ok(None);
    }
    let new = NewAccount {
        email: first.email,
        name: first.name,
        role: Role::Admin,
        password_hash: Some(first.password_hash),
        queues: Vec::new(),
        services: Vec::new(),
        teams: Vec::new(),
        post: None,
    };
    let account = accounts::create(tx, at, &Actor::System, new)?;
    settings::remove(tx, KEPT)?;
    Ok(Some(account))
}

fn is_ahead(second: i64) -> bool {
    Timestamp::from_second(second).is_ok_and(|end| end > real_now())
}
