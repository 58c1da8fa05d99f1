//! Signing in through the council's identity provider.
//!
//! An account belongs to (issuer, subject). An e-mail address is never a way into one: whoever may
//! choose their address elsewhere must not become somebody here by it.

use std::sync::Arc;

use super::accounts::{
    self, Account, AccountChanges, Keeps, NewAccount, Opened, SignedIn, let_in, note, real_now,
    user_object,
};
use super::desk::{Desk, Moment};
use super::failure::Failure;
use super::members;
use crate::domain::access::{Actor, Role};
use crate::domain::ids::UserId;
use crate::domain::person::email_address;
use crate::store::{Conn, Tx, identities, sign_in_links, users};

pub use crate::store::identities::Identity;

/// Somebody the provider vouches for.
#[derive(Debug, Clone)]
pub struct Arrival {
    pub issuer: String,
    pub subject: String,
    pub name: Option<String>,
    pub email: Option<String>,
    pub role: RoleThere,
}

/// What somebody's app roles and groups come to here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoleThere {
    /// Roles are given here, whatever they have over there.
    NotAsked,
    /// Nothing they have is a role here.
    Nothing,
    Is(Role),
}

/// What became of it.
#[derive(Debug, Clone)]
pub enum Welcome {
    Signed(Box<SignedIn>),
    /// Nothing they have over there is a role here.
    NoRole,
    /// No account, and none is made by signing in.
    NoAccount,
    /// The provider names no address, or one that somebody else's account has.
    AddressNotFree,
    /// The account was closed here.
    Closed,
}

/// Signs somebody in, with the role they have over there today; makes their account the first time,
/// where that is allowed.
///
/// # Errors
/// When it cannot be written.
pub async fn sign_in(
    desk: &Arc<Desk>,
    keeps: Keeps,
    creates_accounts: bool,
    request_id: &str,
    arrival: Arrival,
) -> Result<Welcome, Failure> {
    let (secret, hash) = keeps.generate();
    let request_id = request_id.to_owned();
    desk.perform(move |tx, at| {
        let known = identities::find(tx, &arrival.issuer, &arrival.subject)?;
        let account = match known {
            Some(id) => accounts::account(tx, id)?,
            None => match made(tx, at, &arrival, creates_accounts)? {
                Ok(account) => account,
                Err(refused) => return Ok(refused),
            },
        };
        if members::is_over(tx, at.today(), &account)? {
            return Ok(Welcome::Closed);
        }
        let user = account.user.id;
        let account = match arrival.role {
            RoleThere::Nothing => {
                // Taken away over there: what they still have open here ends too.
                users::revoke_all(tx, user, real_now())?;
                sign_in_links::end_all(tx, user)?;
                let object = user_object(user);
                note(
                    tx,
                    at,
                    &Actor::System,
                    "sign_in_refused",
                    &object,
                    Some(&request_id),
                )?;
                return Ok(Welcome::NoRole);
            }
            RoleThere::Is(role) if role != account.user.role => {
                let changes = AccountChanges {
                    role: Some(role),
                    ..AccountChanges::default()
                };
                accounts::change(tx, at, &Actor::System, account, changes)?
            }
            RoleThere::Is(_) | RoleThere::NotAsked => account,
        };
        let opened = Opened {
            keeps,
            secret: &secret,
            hash: &hash,
        };
        let signed = let_in(tx, at, account.user, &opened, Some(&request_id))?;
        Ok(Welcome::Signed(Box::new(signed)))
    })
    .await
}

/// Ties somebody at the provider to an account that is there already: an administrator's act, never
/// the sign-in's own.
///
/// # Errors
/// When there is no such account, or they are tied to one.
pub fn tie(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    user: UserId,
    (issuer, subject): (&str, &str),
) -> Result<Identity, Failure> {
    accounts::account(tx, user)?;
    if identities::find(tx, issuer, subject)?.is_some() {
        return Err(Failure::conflict(
            "identity_taken",
            "This person of the identity provider is tied to an account already.",
        ));
    }
    let now = real_now();
    identities::insert(tx, issuer, subject, user, now)?;
    let request_id = at.request_id.as_deref();
    note(
        tx,
        at,
        actor,
        "identity_tied",
        &user_object(user),
        request_id,
    )?;
    Ok(Identity {
        issuer: issuer.to_owned(),
        subject: subject.to_owned(),
        created_at: now,
    })
}

/// Whom an account is tied to.
///
/// # Errors
/// When there is no such account.
pub fn of_user(conn: &mut Conn, user: UserId) -> Result<Vec<Identity>, Failure> {
    accounts::account(conn, user)?;
    Ok(identities::of_user(conn, user)?)
}

/// Unties an account from the provider, and ends what is open.
///
/// # Errors
/// When there is no such account, or nobody it is tied to.
pub fn untie(tx: &mut Tx<'_>, at: &Moment, actor: &Actor, user: UserId) -> Result<(), Failure> {
    accounts::account(tx, user)?;
    if !identities::remove_all(tx, user)? {
        return Err(Failure::Missing);
    }
    users::revoke_all(tx, user, real_now())?;
    sign_in_links::end_all(tx, user)?;
    let request_id = at.request_id.as_deref();
    note(
        tx,
        at,
        actor,
        "identity_untied",
        &user_object(user),
        request_id,
    )
}

fn made(
    tx: &mut Tx<'_>,
    at: &Moment,
    arrival: &Arrival,
    creates_accounts: bool,
) -> Result<Result<Account, Welcome>, Failure> {
    let role = match arrival.role {
        RoleThere::Is(role) if creates_accounts => role,
        RoleThere::Nothing => return Ok(Err(Welcome::NoRole)),
        RoleThere::Is(_) | RoleThere::NotAsked => return Ok(Err(Welcome::NoAccount)),
    };
    let Some(email) = arrival.email.as_deref().and_then(email_address) else {
        return Ok(Err(Welcome::AddressNotFree));
    };
    if users::find_by_email(tx, &email)?.is_some() {
        return Ok(Err(Welcome::AddressNotFree));
    }
    let name = arrival.name.as_deref().map(one_line).unwrap_or_default();
    let new = NewAccount {
        name: if name.is_empty() { email.clone() } else { name },
        email,
        role,
        password_hash: None,
        queues: Vec::new(),
        services: Vec::new(),
        teams: Vec::new(),
        post: None,
    };
    let account = accounts::create(tx, at, &Actor::System, new)?;
    let (issuer, subject) = (&arrival.issuer, &arrival.subject);
    identities::insert(tx, issuer, subject, account.user.id, real_now())?;
    Ok(Ok(account))
}

/// A name as an administrator could have given it: one line, not too long.
fn one_line(name: &str) -> String {
    let words: Vec<&str> = name
        .split(|c: char| c.is_whitespace() || c.is_control())
        .collect();
    let line = words
        .into_iter()
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    line.chars().take(200).collect()
}
