//! Signing in with a code beside the password: set up, asked for, lost and taken away.
//!
//! A code is good once; a few wrong ones and there is a pause, kept in the database, so that no number
//! of replicas gives anybody more tries. Only who has given the right password comes this far, so
//! nobody else can use the tries up.

use jiff::{SignedDuration, Timestamp};

use super::accounts::{note, real_now, user_object};
use super::desk::{Moment, hex};
use super::failure::Failure;
use crate::auth::secrets;
use crate::auth::totp::{self, Authenticator, SALT_BYTES};
use crate::domain::access::{Actor, User};
use crate::domain::ids::UserId;
use crate::store::second_factors::{self, SecondFactor};
use crate::store::{Conn, Tx, users};

/// A secret at the one moment it can be read.
#[derive(Debug, Clone)]
pub struct Enrolment {
    pub secret: String,
    /// For the app to scan.
    pub uri: String,
}

/// What became of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judged {
    /// No code is needed: none is set up.
    NotSetUp,
    /// One is needed and none came.
    Needed,
    Wrong,
    /// Too many were wrong.
    Paused {
        retry_after_seconds: u32,
    },
    /// Right, and spent.
    Right,
}

const MOST_WRONG: i64 = 5;
const PAUSE: SignedDuration = SignedDuration::from_mins(15);

/// Makes a secret. It counts from the first code that is right; until then another may be made.
///
/// # Errors
/// When one is set up already.
pub fn enrol(tx: &mut Tx<'_>, at: &Moment, user: &User) -> Result<Enrolment, Failure> {
    let kept = second_factors::find(tx, user.id)?;
    if kept.is_some_and(|kept| kept.confirmed_at.is_some()) {
        return Err(set_up_already());
    }
    second_factors::remove(tx, user.id)?;
    let salt = secrets::random_bytes::<SALT_BYTES>();
    let factor = SecondFactor {
        user: user.id,
        salt: hex(&salt),
        recovery: Vec::new(),
        confirmed_at: None,
        last_step: 0,
        n_wrong: 0,
        wrong_since: None,
        version: 1,
    };
    second_factors::insert(tx, &factor)?;
    note(
        tx,
        at,
        &Actor::User(user.clone()),
        "totp_begun",
        &user_object(user.id),
        at.request_id.as_deref(),
    )?;
    let authenticator = authenticator(at, &factor, &user.email)?;
    Ok(Enrolment {
        secret: authenticator.secret(),
        uri: authenticator.uri().map_err(anyhow::Error::from)?,
    })
}

/// Confirms a new secret by its first code, and answers with the recovery codes, which are shown once.
/// The verdict is [`Judged::Right`] when there are any.
///
/// # Errors
/// When no secret waits for its first code.
pub fn confirm(
    tx: &mut Tx<'_>,
    at: &Moment,
    user: &User,
    code: &str,
) -> Result<(Judged, Vec<String>), Failure> {
    let Some(mut factor) = second_factors::find(tx, user.id)? else {
        return Err(Failure::conflict(
            "totp_not_begun",
            "Ask for a secret first: `POST /v1/me/totp`.",
        ));
    };
    if factor.confirmed_at.is_some() {
        return Err(set_up_already());
    }
    let now = real_now();
    let judged = judge_code(at, &mut factor, &user.email, code, now)?;
    let mut shown = Vec::new();
    if judged == Judged::Right {
        factor.confirmed_at = Some(now);
        for (code, hash) in totp::recovery_codes() {
            factor.recovery.push(hex(&hash));
            shown.push(code);
        }
        note(
            tx,
            at,
            &Actor::User(user.clone()),
            "totp_set_up",
            &user_object(user.id),
            at.request_id.as_deref(),
        )?;
    }
    second_factors::update(tx, &factor)?;
    Ok((judged, shown))
}

/// Judges what came beside a right password, and spends it when it is right: a code of the app, or a
/// recovery code.
///
/// # Errors
/// When it cannot be written.
pub fn spend(
    tx: &mut Tx<'_>,
    at: &Moment,
    user: &User,
    presented: Option<&str>,
) -> Result<Judged, Failure> {
    let Some(mut factor) =
        second_factors::find(tx, user.id)?.filter(|factor| factor.confirmed_at.is_some())
    else {
        return Ok(Judged::NotSetUp);
    };
    let Some(presented) = presented.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(Judged::Needed);
    };
    let now = real_now();
    let is_recovery = !totp::is_code(presented);
    let judged = if is_recovery {
        judge_recovery(&mut factor, presented, now)
    } else {
        judge_code(at, &mut factor, &user.email, presented, now)?
    };
    if matches!(judged, Judged::Right | Judged::Wrong) {
        second_factors::update(tx, &factor)?;
    }
    if judged == Judged::Right && is_recovery {
        note(
            tx,
            at,
            &Actor::User(user.clone()),
            "recovery_code_used",
            &user_object(user.id),
            at.request_id.as_deref(),
        )?;
    }
    Ok(judged)
}

/// Takes somebody's second factor away, for an administrator: the telephone and the codes are lost.
///
/// # Errors
/// [`Failure::Missing`] when they have none.
pub fn remove(tx: &mut Tx<'_>, at: &Moment, actor: &Actor, user: UserId) -> Result<(), Failure> {
    if !second_factors::remove(tx, user)? {
        return Err(Failure::Missing);
    }
    note(
        tx,
        at,
        actor,
        "totp_removed",
        &user_object(user),
        at.request_id.as_deref(),
    )
}

/// Whether somebody has set it up.
///
/// # Errors
/// When the database cannot be asked.
pub fn is_set_up(conn: &mut Conn, user: UserId) -> Result<bool, Failure> {
    Ok(second_factors::find(conn, user)?.is_some_and(|factor| factor.confirmed_at.is_some()))
}

/// Whether somebody signs in with a password and nothing beside it.
///
/// # Errors
/// When the database cannot be asked.
pub fn is_lacking(conn: &mut Conn, user: UserId) -> Result<bool, Failure> {
    let has_password =
        users::find(conn, user)?.is_some_and(|account| account.password_hash.is_some());
    Ok(has_password && !is_set_up(conn, user)?)
}

fn judge_code(
    at: &Moment,
    factor: &mut SecondFactor,
    email: &str,
    code: &str,
    now: Timestamp,
) -> Result<Judged, Failure> {
    if let Some(paused) = pause(factor, now) {
        return Ok(paused);
    }
    let step = authenticator(at, factor, email)?.step_of(code, now);
    Ok(match step.filter(|step| *step > factor.last_step) {
        Some(step) => {
            factor.last_step = step;
            right(factor)
        }
        None => wrong(factor, now),
    })
}

fn judge_recovery(factor: &mut SecondFactor, presented: &str, now: Timestamp) -> Judged {
    if let Some(paused) = pause(factor, now) {
        return paused;
    }
    let hash = hex(&totp::recovery_fingerprint(presented));
    let n_before = factor.recovery.len();
    factor.recovery.retain(|kept| *kept != hash);
    if factor.recovery.len() < n_before {
        right(factor)
    } else {
        wrong(factor, now)
    }
}

fn pause(factor: &SecondFactor, now: Timestamp) -> Option<Judged> {
    let until = factor.wrong_since? + PAUSE;
    (factor.n_wrong >= MOST_WRONG && until > now).then(|| {
        let seconds = until.duration_since(now).as_secs() + 1;
        Judged::Paused {
            retry_after_seconds: u32::try_from(seconds).unwrap_or(u32::MAX),
        }
    })
}

fn right(factor: &mut SecondFactor) -> Judged {
    factor.n_wrong = 0;
    factor.wrong_since = None;
    Judged::Right
}

fn wrong(factor: &mut SecondFactor, now: Timestamp) -> Judged {
    match factor.wrong_since {
        Some(since) if since + PAUSE > now => factor.n_wrong += 1,
        _ => {
            factor.wrong_since = Some(now);
            factor.n_wrong = 1;
        }
    }
    Judged::Wrong
}

fn authenticator(
    at: &Moment,
    factor: &SecondFactor,
    email: &str,
) -> Result<Authenticator, Failure> {
    let salt = unhex(&factor.salt)
        .ok_or_else(|| Failure::Fault(anyhow::anyhow!("the salt of a second factor")))?;
    let council = &at.council.catalogue.council.name;
    Ok(
        Authenticator::of(&at.desk.secrets.tracking, &salt, council, email)
            .map_err(anyhow::Error::from)?,
    )
}

fn unhex(text: &str) -> Option<[u8; SALT_BYTES]> {
    let whole = u128::from_str_radix(text, 16).ok()?;
    Some(whole.to_be_bytes())
}

fn set_up_already() -> Failure {
    Failure::conflict(
        "totp_set_up_already",
        "Codes are set up already. An administrator can take them away.",
    )
}
