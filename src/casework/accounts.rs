//! Users, their sessions, and integrations' keys.
//!
//! Passwords are checked before a transaction begins, since a check takes a tenth of a second.
//! Sessions and keys run on the computer's own time: moving a demo's clock on by a year must sign
//! nobody out. Roles and scopes are read here on every request, so that a change takes effect
//! without anybody signing in again. What a role may do is decided elsewhere.

use std::sync::Arc;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::desk::{Desk, Moment, hex};
use super::failure::{Failure, Fault};
use super::second_factor::{self, Judged};
use super::{members, tracking};
use crate::auth::passwords::{HashFault, Hasher, Password, Verdict};
use crate::auth::secrets::Hash;
use crate::auth::{api_keys, page_cookies, refresh_tokens};
use crate::domain::access::{Actor, Key, Role, Scope, Standing, User};
use crate::domain::ids::{ApiKeyId, SessionId, UserId};
use crate::domain::person::email_address;
use crate::store::users::Session;
use crate::store::{Conn, StoreError, Tx, audit, passes, sign_in_links, users};
use crate::time_source::TimeSource;

pub use crate::auth::api_keys::NewApiKey;
pub use crate::store::users::{Account, KeptKey};

/// Somebody who has just signed in, or signed in again by their refresh token.
#[derive(Debug, Clone)]
pub struct SignedIn {
    pub user: User,
    pub session: SessionId,
    /// What they stay signed in by, as they wanted it kept. Shown once.
    pub refresh_token: String,
}

/// By what somebody stays signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeps {
    /// A refresh token, for programs.
    Token { days: u16 },
    /// A cookie, for pages.
    Cookie,
}

/// What somebody signs in with.
#[derive(Debug, Clone, Copy)]
pub struct Credentials<'a> {
    pub email: &'a str,
    pub password: &'a str,
    /// A code of their app, or a recovery code.
    pub totp: Option<&'a str>,
}

/// What became of a sign-in.
#[derive(Debug, Clone)]
pub enum SignIn {
    Signed(Box<SignedIn>),
    /// Address and password belong together; a code is asked for.
    CodeNeeded,
    /// Too many codes were wrong.
    Paused {
        retry_after_seconds: u32,
    },
    /// Something was wrong, and what is not said.
    Refused,
}

/// An account to be made.
#[derive(Debug, Clone)]
pub struct NewAccount {
    pub email: String,
    pub name: String,
    pub role: Role,
    /// PHC string; nothing when they sign in elsewhere.
    pub password_hash: Option<String>,
    pub queues: Vec<String>,
    pub services: Vec<String>,
    pub teams: Vec<String>,
    pub post: Option<String>,
}

/// What is changed about an account; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct AccountChanges {
    pub name: Option<String>,
    pub role: Option<Role>,
    pub password_hash: Option<String>,
    pub queues: Option<Vec<String>>,
    pub services: Option<Vec<String>>,
    pub teams: Option<Vec<String>>,
    pub post: Option<Option<String>>,
    pub is_active: Option<bool>,
}

/// A key to be made.
#[derive(Debug, Clone)]
pub struct NewKey {
    pub name: String,
    pub scopes: Vec<Scope>,
    pub channels: Vec<String>,
    pub queues: Vec<String>,
    pub expires_at: Option<Timestamp>,
}

/// How a key gets another secret.
#[derive(Debug, Clone, Copy)]
pub struct KeyRotation {
    /// How long the secret it has now opens it too.
    pub overlap: SignedDuration,
    /// When it ends from now on; left out, as before.
    pub expires_at: Option<Timestamp>,
}

/// A key that opens something.
#[derive(Debug, Clone)]
pub struct FoundKey {
    pub key: Key,
    /// That it was used is to be noted; see [`note_key_use`].
    pub is_use_to_be_noted: bool,
}

/// A day's work: pages are opened on computers that others use too.
const COOKIE_LASTS: SignedDuration = SignedDuration::from_hours(12);

/// How often the use of a key is written down at most.
const USE_NOTED_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// What a refresh token opens.
enum Refreshed {
    Signed(Box<SignedIn>),
    /// Unknown, over, or of an account that was closed.
    Unknown,
    /// Used before: somebody else has it, so nobody keeps it.
    Reused,
}

/// The computer's own time, whatever a demo's clock says: what sessions, tokens and keys run on.
#[must_use]
pub fn real_now() -> Timestamp {
    TimeSource::System.now()
}

/// Signs somebody in, or says nothing about why not.
///
/// # Errors
/// [`Failure::Busy`] when too many sign in at once.
pub async fn sign_in(
    desk: &Arc<Desk>,
    hasher: &Hasher,
    keeps: Keeps,
    request_id: &str,
    given: Credentials<'_>,
) -> Result<SignIn, Failure> {
    let password = given.password;
    let found = match email_address(given.email) {
        Some(email) => {
            desk.read(move |conn, at| {
                let found = users::find_by_email(conn, &email)?;
                in_office(conn, at.today(), found)
            })
            .await?
        }
        None => None,
    };
    let kept = found
        .as_ref()
        .filter(|account| account.is_active)
        .and_then(|account| account.password_hash.clone());
    let verdict = hasher
        .verify(Password::typed(password), kept.clone())
        .await
        .map_err(busy)?;
    let request_id = Some(request_id.to_owned());
    let (account, is_outdated) = match (found, verdict) {
        (Some(account), Verdict::Right { is_outdated }) => (account, is_outdated),
        (found, _) => {
            // Written down for an address nobody has too: it would be told by the time that took.
            let object = found.map_or_else(
                || "user:unknown".to_owned(),
                |account| user_object(account.user.id),
            );
            desk.perform(move |tx, at| {
                note(
                    tx,
                    at,
                    &Actor::System,
                    "sign_in_refused",
                    &object,
                    request_id.as_deref(),
                )
            })
            .await?;
            return Ok(SignIn::Refused);
        }
    };
    let rehashed = match is_outdated {
        true => Some(hasher.hash(Password::typed(password)).await.map_err(busy)?),
        false => None,
    };
    let (token, hash) = keeps.generate();
    let totp = given.totp.map(str::to_owned);
    desk.perform(move |tx, at| {
        let Some(mut account) = users::find(tx, account.user.id)? else {
            return Ok(SignIn::Refused);
        };
        // Closed, or given another password, while this one was being checked.
        if !account.is_active || account.password_hash != kept {
            return Ok(SignIn::Refused);
        }
        let code = totp.as_deref();
        if let Some(stopped) = ask_for_code(tx, at, &account.user, code, request_id.as_deref())? {
            return Ok(stopped);
        }
        if rehashed.is_some() {
            account.password_hash.clone_from(&rehashed);
            users::update(tx, &account, account.version)?;
        }
        let opened = Opened {
            keeps,
            secret: &token,
            hash: &hash,
        };
        let signed = let_in(tx, at, account.user, &opened, request_id.as_deref())?;
        Ok(SignIn::Signed(Box::new(signed)))
    })
    .await
}

/// Exchanges a refresh token for a new one. A token that was used before ends every session grown
/// from the same sign-in: of two who hold it, one has stolen it.
///
/// # Errors
/// When the database cannot be asked.
pub async fn refresh(
    desk: &Arc<Desk>,
    refresh_days: u16,
    presented: &str,
) -> Result<Option<SignedIn>, Failure> {
    let Some(presented) = refresh_tokens::fingerprint(presented) else {
        return Ok(None);
    };
    let presented = hex(&presented);
    let (token, hash) = refresh_tokens::generate();
    let hash = hex(&hash);
    let refreshed = desk
        .perform(move |tx, at| {
            let Some(old) = users::session_of_refresh(tx, &presented)? else {
                return Ok(Refreshed::Unknown);
            };
            if old.is_revoked || old.expires_at <= real_now() {
                return Ok(Refreshed::Unknown);
            }
            if old.is_spent || !users::spend_session(tx, old.id)? {
                users::revoke_family(tx, old.family, real_now())?;
                note(
                    tx,
                    at,
                    &Actor::System,
                    "refresh_token_reused",
                    &user_object(old.user),
                    None,
                )?;
                return Ok(Refreshed::Reused);
            }
            let found = users::find(tx, old.user)?;
            let Some(account) = in_office(tx, at.today(), found)? else {
                return Ok(Refreshed::Unknown);
            };
            let life = Keeps::Token { days: refresh_days }.lasts();
            let session = begin_session(tx, at, old.user, old.family, &hash, life)?;
            note(
                tx,
                at,
                &Actor::User(account.user.clone()),
                "session_refreshed",
                &user_object(old.user),
                None,
            )?;
            let signed = SignedIn {
                user: account.user,
                session,
                refresh_token: token.clone(),
            };
            Ok(Refreshed::Signed(Box::new(signed)))
        })
        .await?;
    Ok(match refreshed {
        Refreshed::Signed(signed) => Some(*signed),
        Refreshed::Unknown | Refreshed::Reused => None,
    })
}

/// Ends a session and all that grew from the same sign-in.
///
/// # Errors
/// When it cannot be written.
pub fn sign_out(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    session: SessionId,
) -> Result<(), Failure> {
    let Some(session) = users::find_session(tx, session)? else {
        return Ok(());
    };
    users::revoke_family(tx, session.family, real_now())?;
    note(
        tx,
        at,
        actor,
        "sign_out",
        &user_object(session.user),
        at.request_id.as_deref(),
    )
}

/// Whoever a sound access token names, if they are still who it says: the session neither ended nor
/// revoked, the account active.
///
/// # Errors
/// When the database cannot be asked.
pub fn authenticate(
    conn: &mut Conn,
    today: Date,
    user: UserId,
    session: SessionId,
) -> Result<Option<User>, Failure> {
    let is_open = users::find_session(conn, session)?.is_some_and(|session| {
        session.user == user && !session.is_revoked && session.expires_at > real_now()
    });
    if !is_open {
        return Ok(None);
    }
    let Some(mut found) = active_user(conn, today, user)? else {
        return Ok(None);
    };
    found.standing.passes = passes::of_user(conn, user)?;
    Ok(Some(found))
}

/// Whoever a page's cookie stands for, if they are still who it says.
///
/// # Errors
/// When the database cannot be asked.
pub fn of_cookie(
    conn: &mut Conn,
    today: Date,
    presented: &str,
) -> Result<Option<(User, SessionId)>, Failure> {
    let Some(hash) = page_cookies::fingerprint(presented) else {
        return Ok(None);
    };
    let Some(session) = users::session_of_refresh(conn, &hex(&hash))? else {
        return Ok(None);
    };
    let user = authenticate(conn, today, session.user, session.id)?;
    Ok(user.map(|user| (user, session.id)))
}

/// The key with this hash, when it opens anything.
///
/// # Errors
/// When the database cannot be asked.
pub fn find_key(conn: &mut Conn, fingerprint: &[u8; 32]) -> Result<Option<FoundKey>, Failure> {
    let (hash, now) = (hex(fingerprint), real_now());
    let found = match users::find_key(conn, &hash)? {
        Some(kept) => Some(kept),
        None => users::find_key_before(conn, &hash)?
            .filter(|kept| kept.previous_until.is_some_and(|end| end > now)),
    };
    Ok(found
        .filter(|kept| kept.is_active && kept.expires_at.is_none_or(|end| end > now))
        .map(|kept| FoundKey {
            is_use_to_be_noted: kept
                .last_used_at
                .is_none_or(|last| last <= now - USE_NOTED_EVERY),
            key: kept.key,
        }))
}

/// Notes that a key is in use, at most once a minute. Not for the request's own transaction: a
/// reader must not wait for a writer.
///
/// # Errors
/// When it cannot be written.
pub async fn note_key_use(desk: &Arc<Desk>, id: ApiKeyId) -> Result<(), Failure> {
    desk.perform(move |tx, _| {
        let now = real_now();
        Ok(users::note_key_use(tx, id, now, now - USE_NOTED_EVERY)?)
    })
    .await
}

/// Whom a secret link stands for.
///
/// # Errors
/// When the database cannot be asked.
pub fn find_follower(
    conn: &mut Conn,
    at: &Moment,
    fingerprint: &[u8; 32],
) -> Result<Option<Actor>, Failure> {
    let found = tracking::find_by_fingerprint(conn, at, fingerprint)?;
    Ok(found.map(|link| Actor::Follower {
        link: link.id,
        case: link.case,
        person: link.person,
    }))
}

/// An active user by id or address: whom a key acts for.
///
/// # Errors
/// When the database cannot be asked.
pub fn find_active(conn: &mut Conn, today: Date, name: &str) -> Result<Option<User>, Failure> {
    if let Ok(id) = name.parse() {
        return active_user(conn, today, id);
    }
    let Some(email) = email_address(name) else {
        return Ok(None);
    };
    let found = users::find_by_email(conn, &email)?;
    Ok(in_office(conn, today, found)?.map(|account| account.user))
}

/// One account.
///
/// # Errors
/// [`Failure::Missing`].
pub fn account(conn: &mut Conn, id: UserId) -> Result<Account, Failure> {
    users::find(conn, id)?.ok_or(Failure::Missing)
}

/// A page of accounts, by address.
///
/// # Errors
/// When the database cannot be asked.
pub fn list(conn: &mut Conn, after: Option<&str>, limit: i64) -> Result<Vec<Account>, Failure> {
    Ok(users::list(conn, after, limit)?)
}

/// Makes an account.
///
/// # Errors
/// When the address has one already, or a queue, service or post is not in the catalogue.
pub fn create(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    new: NewAccount,
) -> Result<Account, Failure> {
    let mut faults = unknown_places(at, &new.queues, &new.services, new.post.as_deref());
    let Some(email) = email_address(&new.email) else {
        faults.push(fault(
            "/email".to_owned(),
            "bad_format",
            "An e-mail address, such as `ada@council.example`.",
        ));
        return Err(Failure::Invalid(faults));
    };
    if !faults.is_empty() {
        return Err(Failure::Invalid(faults));
    }
    if users::find_by_email(tx, &email)?.is_some() {
        return Err(Failure::conflict(
            "email_taken",
            "Somebody has an account with this address.",
        ));
    }
    let account = Account {
        user: User {
            id: at.id(),
            name: new.name,
            email,
            role: new.role,
            queues: new.queues,
            services: new.services,
            teams: new.teams,
            post: new.post,
            standing: Standing::default(),
        },
        password_hash: new.password_hash,
        is_active: true,
        created_at: at.now,
        version: 1,
    };
    users::insert(tx, &account)?;
    note(
        tx,
        at,
        actor,
        "user_created",
        &user_object(account.user.id),
        at.request_id.as_deref(),
    )?;
    Ok(account)
}

/// The account with this address, made when there is none: for a first start that may happen twice.
///
/// # Errors
/// As [`create`].
pub fn ensure_user(tx: &mut Tx<'_>, at: &Moment, new: NewAccount) -> Result<Account, Failure> {
    let known = match email_address(&new.email) {
        Some(email) => users::find_by_email(tx, &email)?,
        None => None,
    };
    match known {
        Some(account) => Ok(account),
        None => create(tx, at, &Actor::System, new),
    }
}

/// Changes an account that was read in this transaction. Who is closed, given another role or
/// another password has to sign in again.
///
/// # Errors
/// When a queue, service or post is not in the catalogue.
pub fn change(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    account: Account,
    changes: AccountChanges,
) -> Result<Account, Failure> {
    let faults = unknown_places(
        at,
        changes.queues.as_deref().unwrap_or_default(),
        changes.services.as_deref().unwrap_or_default(),
        changes.post.as_ref().and_then(Option::as_deref),
    );
    if !faults.is_empty() {
        return Err(Failure::Invalid(faults));
    }
    let read_version = account.version;
    let ends_sessions = changes.is_active == Some(false)
        || changes.password_hash.is_some()
        || changes.role.is_some_and(|role| role != account.user.role);
    let user = User {
        name: changes.name.unwrap_or(account.user.name),
        role: changes.role.unwrap_or(account.user.role),
        queues: changes.queues.unwrap_or(account.user.queues),
        services: changes.services.unwrap_or(account.user.services),
        teams: changes.teams.unwrap_or(account.user.teams),
        post: changes.post.unwrap_or(account.user.post),
        ..account.user
    };
    let changed = Account {
        user,
        password_hash: changes.password_hash.or(account.password_hash),
        is_active: changes.is_active.unwrap_or(account.is_active),
        created_at: account.created_at,
        version: read_version + 1,
    };
    users::update(tx, &changed, read_version)?;
    if ends_sessions {
        users::revoke_all(tx, changed.user.id, real_now())?;
        sign_in_links::end_all(tx, changed.user.id)?;
    }
    let action = if changes.is_active == Some(false) {
        "user_closed"
    } else {
        "user_changed"
    };
    note(
        tx,
        at,
        actor,
        action,
        &user_object(changed.user.id),
        at.request_id.as_deref(),
    )?;
    Ok(changed)
}

/// Every key, by name.
///
/// # Errors
/// When the database cannot be asked.
pub fn list_keys(conn: &mut Conn) -> Result<Vec<KeptKey>, Failure> {
    Ok(users::list_keys(conn)?)
}

/// Keeps a key by the hash of its secret, which was made before: a transaction may run twice.
///
/// # Errors
/// When a queue is not in the catalogue.
pub fn create_key(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    new: NewKey,
    secret: &NewApiKey,
) -> Result<KeptKey, Failure> {
    let mut faults = unknown_places(at, &new.queues, &[], None);
    if new.expires_at.is_some_and(|end| end <= real_now()) {
        faults.push(fault(
            "/expires_at".to_owned(),
            "out_of_range",
            "This must lie ahead.",
        ));
    }
    if !faults.is_empty() {
        return Err(Failure::Invalid(faults));
    }
    let kept = KeptKey {
        key: Key {
            id: at.id(),
            name: new.name,
            scopes: new.scopes,
            channels: new.channels,
            queues: new.queues,
            acting_for: None,
        },
        prefix: secret.prefix.clone(),
        is_active: true,
        created_at: at.now,
        expires_at: new.expires_at,
        last_used_at: None,
        previous_until: None,
        version: 1,
    };
    users::insert_key(tx, &kept, &hex(&secret.hash))?;
    note(
        tx,
        at,
        actor,
        "api_key_created",
        &key_object(kept.key.id),
        at.request_id.as_deref(),
    )?;
    Ok(kept)
}

/// The key with this secret, kept when there is none: for a demo, whose keys are derived from one
/// secret and printed at every start.
///
/// # Errors
/// As [`create_key`].
pub fn ensure_key(
    tx: &mut Tx<'_>,
    at: &Moment,
    new: NewKey,
    secret: &NewApiKey,
) -> Result<KeptKey, Failure> {
    match users::find_key(tx, &hex(&secret.hash))? {
        Some(kept) => Ok(kept),
        None => create_key(tx, at, &Actor::System, new, secret),
    }
}

/// Gives a key another secret. The one it had opens it for the overlap, so that its holder can change
/// over without a pause; one from an earlier rotation ends at once.
///
/// # Errors
/// When there is no such key, it opens nothing any more, or its new end is past.
pub fn rotate_key(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    id: ApiKeyId,
    rotation: KeyRotation,
    secret: &NewApiKey,
) -> Result<KeptKey, Failure> {
    let kept = users::key(tx, id)?.ok_or(Failure::Missing)?;
    if !kept.is_active {
        return Err(Failure::conflict(
            "key_revoked",
            "This key was revoked. Make another.",
        ));
    }
    let now = real_now();
    if rotation.expires_at.is_some_and(|end| end <= now) {
        return Err(Failure::Invalid(vec![fault(
            "/expires_at".to_owned(),
            "out_of_range",
            "This must lie ahead.",
        )]));
    }
    let expires_at = rotation.expires_at.or(kept.expires_at);
    if expires_at.is_some_and(|end| end <= now) {
        return Err(Failure::conflict(
            "key_expired",
            "This key is over. Say in `expires_at` how long it shall last.",
        ));
    }
    let until = now
        .checked_add(rotation.overlap)
        .map_err(|why| Failure::Fault(why.into()))?;
    users::rotate_key(
        tx,
        &kept,
        users::Rotation {
            prefix: &secret.prefix,
            hash: &hex(&secret.hash),
            expires_at,
            previous_until: (rotation.overlap > SignedDuration::ZERO).then_some(until),
        },
    )?;
    note(
        tx,
        at,
        actor,
        "api_key_rotated",
        &key_object(id),
        at.request_id.as_deref(),
    )?;
    users::key(tx, id)?.ok_or(Failure::Missing)
}

/// Ends a key.
///
/// # Errors
/// [`Failure::Missing`] when there is none, or it was ended before.
pub fn revoke_key(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    id: ApiKeyId,
) -> Result<(), Failure> {
    if !users::revoke_key(tx, id)? {
        return Err(Failure::Missing);
    }
    note(
        tx,
        at,
        actor,
        "api_key_revoked",
        &key_object(id),
        at.request_id.as_deref(),
    )
}

/// A new key's secret.
#[must_use]
pub fn new_key_secret() -> NewApiKey {
    api_keys::generate()
}

impl Keeps {
    /// A new secret and what is kept of it.
    pub(super) fn generate(self) -> (String, String) {
        let (secret, hash): (String, Hash) = match self {
            Self::Token { .. } => refresh_tokens::generate(),
            Self::Cookie => page_cookies::generate(),
        };
        (secret, hex(&hash))
    }

    fn lasts(self) -> SignedDuration {
        match self {
            Self::Token { days } => SignedDuration::from_hours(24 * i64::from(days)),
            Self::Cookie => COOKIE_LASTS,
        }
    }
}

/// What was drawn for a session before its transaction, which may run twice.
pub(super) struct Opened<'a> {
    pub keeps: Keeps,
    pub secret: &'a str,
    pub hash: &'a str,
}

/// Begins a session for somebody who has proved who they are.
pub(super) fn let_in(
    tx: &mut Tx<'_>,
    at: &Moment,
    user: User,
    opened: &Opened<'_>,
    request_id: Option<&str>,
) -> Result<SignedIn, Failure> {
    let family = at.id::<Uuid>();
    let session = begin_session(tx, at, user.id, family, opened.hash, opened.keeps.lasts())?;
    let actor = Actor::User(user.clone());
    note(tx, at, &actor, "sign_in", &user_object(user.id), request_id)?;
    Ok(SignedIn {
        user,
        session,
        refresh_token: opened.secret.to_owned(),
    })
}

/// Asks for the code of an app where one is set up; nothing stops those who may go on.
pub(super) fn ask_for_code(
    tx: &mut Tx<'_>,
    at: &Moment,
    user: &User,
    code: Option<&str>,
    request_id: Option<&str>,
) -> Result<Option<SignIn>, Failure> {
    Ok(match second_factor::spend(tx, at, user, code)? {
        Judged::NotSetUp | Judged::Right => None,
        Judged::Needed => Some(SignIn::CodeNeeded),
        Judged::Paused {
            retry_after_seconds,
        } => Some(SignIn::Paused {
            retry_after_seconds,
        }),
        Judged::Wrong => {
            let object = user_object(user.id);
            note(
                tx,
                at,
                &Actor::System,
                "sign_in_refused",
                &object,
                request_id,
            )?;
            Some(SignIn::Refused)
        }
    })
}

fn active_user(conn: &mut Conn, today: Date, id: UserId) -> Result<Option<User>, Failure> {
    let found = users::find(conn, id)?;
    Ok(in_office(conn, today, found)?.map(|account| account.user))
}

/// The account, unless it is closed or its term of office is over.
fn in_office(
    conn: &mut Conn,
    today: Date,
    found: Option<Account>,
) -> Result<Option<Account>, Failure> {
    Ok(match found {
        Some(account) if !members::is_over(conn, today, &account)? => Some(account),
        _ => None,
    })
}

fn begin_session(
    tx: &mut Tx<'_>,
    at: &Moment,
    user: UserId,
    family: Uuid,
    refresh_hash: &str,
    life: SignedDuration,
) -> Result<SessionId, Failure> {
    let now = real_now();
    let session = Session {
        id: at.id(),
        user,
        family,
        created_at: now,
        expires_at: now
            .checked_add(life)
            .map_err(|why| Failure::Fault(why.into()))?,
        is_spent: false,
        is_revoked: false,
    };
    users::begin_session(tx, session, refresh_hash)?;
    Ok(session.id)
}

/// Queues, services and posts that the catalogue does not have.
fn unknown_places(
    at: &Moment,
    queues: &[String],
    services: &[String],
    post: Option<&str>,
) -> Vec<Fault> {
    let catalogue = &at.council.catalogue;
    let unknown_queues = queues
        .iter()
        .enumerate()
        .filter(|(_, queue)| *queue != "*" && catalogue.queue(queue).is_none())
        .map(|(place, _)| {
            fault(
                format!("/queues/{place}"),
                "unknown_value",
                "The catalogue has no such queue.",
            )
        });
    let unknown_services = services
        .iter()
        .enumerate()
        .filter(|(_, service)| catalogue.service(service).is_none())
        .map(|(place, _)| {
            fault(
                format!("/services/{place}"),
                "unknown_value",
                "The catalogue has no such service.",
            )
        });
    let unknown_post = post.filter(|post| catalogue.post(post).is_none()).map(|_| {
        fault(
            "/post".to_owned(),
            "unknown_value",
            "The catalogue has no such post.",
        )
    });
    unknown_queues
        .chain(unknown_services)
        .chain(unknown_post)
        .collect()
}

fn fault(pointer: String, code: &'static str, detail: &str) -> Fault {
    Fault {
        pointer,
        code,
        detail: detail.to_owned(),
    }
}

pub(super) fn note(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    action: &str,
    object: &str,
    request_id: Option<&str>,
) -> Result<(), Failure> {
    let principal = actor.principal();
    let entry = audit::Entry {
        id: at.id(),
        at: at.now,
        actor: &principal,
        action,
        object,
        purpose: None,
        request_id,
    };
    audit::append(tx, &entry).map_err(|error: StoreError| error.into())
}

pub(super) fn user_object(id: UserId) -> String {
    format!("user:{id}")
}

fn key_object(id: ApiKeyId) -> String {
    format!("api_key:{id}")
}

fn busy(fault: HashFault) -> Failure {
    match fault {
        HashFault::Busy => Failure::Busy {
            retry_after_seconds: 2,
        },
        HashFault::Failed(why) => Failure::Fault(anyhow::anyhow!("a password: {why}")),
    }
}
