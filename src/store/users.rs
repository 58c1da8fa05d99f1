//! Those who sign in, their sessions, and integrations' keys.

use diesel::prelude::*;
use jiff::Timestamp;
use uuid::Uuid;

use super::cases::word;
use super::db::{Conn, Tx};
use super::error::StoreError;
use super::schema::{api_keys, sessions, users};
use super::types::{At, Id, Json};
use crate::domain::access::{Away, Key, Role, Scope, Standing, Turn, User};
use crate::domain::ids::{ApiKeyId, SessionId, UserId};

/// An account, as kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    pub user: User,
    /// PHC string of the password, or nothing when they sign in elsewhere.
    pub password_hash: Option<String>,
    pub is_active: bool,
    pub created_at: Timestamp,
    pub version: i64,
}

/// One sign-in, until the next refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub user: UserId,
    pub family: Uuid,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    /// Its refresh token was used; using it again ends the family.
    pub is_spent: bool,
    pub is_revoked: bool,
}

/// A key, as kept.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptKey {
    pub key: Key,
    pub prefix: String,
    pub is_active: bool,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub last_used_at: Option<Timestamp>,
    /// Until when the secret it had before the last rotation opens it too.
    pub previous_until: Option<Timestamp>,
    pub version: i64,
}

/// A key's next secret.
#[derive(Debug, Clone, Copy)]
pub struct Rotation<'a> {
    pub prefix: &'a str,
    pub hash: &'a str,
    pub expires_at: Option<Timestamp>,
    /// Until when the secret it has now opens it; nothing, not any more.
    pub previous_until: Option<Timestamp>,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = users, treat_none_as_null = true, treat_none_as_default_value = false)]
struct UserRow {
    id: Id,
    email: String,
    name: String,
    role: String,
    password_hash: Option<String>,
    queues: Json<Vec<String>>,
    services: Json<Vec<String>>,
    teams: Json<Vec<String>>,
    post: Option<String>,
    is_active: bool,
    created_at: At,
    rota: Json<Vec<Turn>>,
    away: Option<Json<Away>>,
    version: i64,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = api_keys, treat_none_as_default_value = false)]
struct KeyRow {
    id: Id,
    name: String,
    prefix: String,
    hash: String,
    scopes: Json<Vec<Scope>>,
    channels: Json<Vec<String>>,
    queues: Json<Vec<String>>,
    is_active: bool,
    created_at: At,
    expires_at: Option<At>,
    last_used_at: Option<At>,
    previous_hash: Option<String>,
    previous_until: Option<At>,
    version: i64,
}

type SessionRow = (Id, Id, String, Id, At, At, bool, Option<At>);

/// Adds an account.
///
/// # Errors
/// [`StoreError::Taken`] when the address has one.
pub fn insert(tx: &mut Tx<'_>, account: &Account) -> Result<(), StoreError> {
    diesel::insert_into(users::table)
        .values(UserRow::from(account))
        .execute(&mut **tx)?;
    Ok(())
}

/// Writes a changed account; `version` is raised by the caller.
///
/// # Errors
/// [`StoreError::Conflict`] when somebody else has changed it since it was read.
pub fn update(tx: &mut Tx<'_>, account: &Account, read_version: i64) -> Result<(), StoreError> {
    let row = UserRow::from(account);
    let n_changed = diesel::update(users::table)
        .filter(users::id.eq(row.id).and(users::version.eq(read_version)))
        .set(&row)
        .execute(&mut **tx)?;
    if n_changed == 0 {
        Err(StoreError::Conflict)
    } else {
        Ok(())
    }
}

/// One account.
pub fn find(conn: &mut Conn, id: UserId) -> Result<Option<Account>, StoreError> {
    let row: Option<UserRow> = users::table
        .filter(users::id.eq(Id::from(id)))
        .select(UserRow::as_select())
        .first(conn)
        .optional()?;
    row.map(Account::try_from).transpose()
}

/// One account by its address, in the form of [`crate::domain::person::email_address`].
pub fn find_by_email(conn: &mut Conn, email: &str) -> Result<Option<Account>, StoreError> {
    let row: Option<UserRow> = users::table
        .filter(users::email.eq(email.to_owned()))
        .select(UserRow::as_select())
        .first(conn)
        .optional()?;
    row.map(Account::try_from).transpose()
}

/// The active holder of a post.
pub fn holder_of(conn: &mut Conn, post: &str) -> Result<Option<Account>, StoreError> {
    let row: Option<UserRow> = users::table
        .filter(
            users::post
                .eq(Some(post.to_owned()))
                .and(users::is_active.eq(true)),
        )
        .order(users::id.asc())
        .select(UserRow::as_select())
        .first(conn)
        .optional()?;
    row.map(Account::try_from).transpose()
}

/// The addresses of everybody active with a role.
///
/// # Errors
/// A [`StoreError`] when they cannot be read.
pub fn addresses_of(conn: &mut Conn, role: Role) -> Result<Vec<String>, StoreError> {
    Ok(users::table
        .filter(users::role.eq(role.as_str()).and(users::is_active.eq(true)))
        .order(users::email.asc())
        .select(users::email)
        .load(conn)?)
}

/// Whether there is any account at all.
pub fn is_anybody(conn: &mut Conn) -> Result<bool, StoreError> {
    let first: Option<Id> = users::table
        .select(users::id)
        .limit(1)
        .first(conn)
        .optional()?;
    Ok(first.is_some())
}

/// A page of accounts, by address.
pub fn list(conn: &mut Conn, after: Option<&str>, limit: i64) -> Result<Vec<Account>, StoreError> {
    let mut query = users::table.into_boxed();
    if let Some(after) = after {
        query = query.filter(users::email.gt(after.to_owned()));
    }
    let rows: Vec<UserRow> = query
        .order(users::email.asc())
        .limit(limit)
        .select(UserRow::as_select())
        .load(conn)?;
    rows.into_iter().map(Account::try_from).collect()
}

/// Names of users, for lists that show owners.
pub fn names(conn: &mut Conn, ids: &[UserId]) -> Result<Vec<(UserId, String)>, StoreError> {
    let ids: Vec<Id> = ids.iter().copied().map(Id::from).collect();
    let rows: Vec<(Id, String)> = users::table
        .filter(users::id.eq_any(ids))
        .select((users::id, users::name))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(id, name)| (id.into(), name))
        .collect())
}

/// Begins a session.
pub fn begin_session(
    tx: &mut Tx<'_>,
    session: Session,
    refresh_hash: &str,
) -> Result<(), StoreError> {
    diesel::insert_into(sessions::table)
        .values((
            sessions::id.eq(Id::from(session.id)),
            sessions::user_id.eq(Id::from(session.user)),
            sessions::refresh_hash.eq(refresh_hash.to_owned()),
            sessions::family.eq(Id(session.family)),
            sessions::created_at.eq(At(session.created_at)),
            sessions::expires_at.eq(At(session.expires_at)),
            sessions::is_spent.eq(session.is_spent),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// The session a refresh token belongs to.
pub fn session_of_refresh(
    conn: &mut Conn,
    refresh_hash: &str,
) -> Result<Option<Session>, StoreError> {
    let row: Option<SessionRow> = sessions::table
        .filter(sessions::refresh_hash.eq(refresh_hash.to_owned()))
        .first(conn)
        .optional()?;
    Ok(row.map(session))
}

/// One session.
pub fn find_session(conn: &mut Conn, id: SessionId) -> Result<Option<Session>, StoreError> {
    let row: Option<SessionRow> = sessions::table
        .filter(sessions::id.eq(Id::from(id)))
        .first(conn)
        .optional()?;
    Ok(row.map(session))
}

/// Spends a refresh token; false when it was spent or revoked before.
pub fn spend_session(tx: &mut Tx<'_>, id: SessionId) -> Result<bool, StoreError> {
    let n_changed = diesel::update(sessions::table)
        .filter(sessions::id.eq(Id::from(id)))
        .filter(
            sessions::is_spent
                .eq(false)
                .and(sessions::revoked_at.is_null()),
        )
        .set(sessions::is_spent.eq(true))
        .execute(&mut **tx)?;
    Ok(n_changed == 1)
}

/// Ends every session grown from one sign-in.
pub fn revoke_family(tx: &mut Tx<'_>, family: Uuid, now: Timestamp) -> Result<(), StoreError> {
    diesel::update(sessions::table)
        .filter(
            sessions::family
                .eq(Id(family))
                .and(sessions::revoked_at.is_null()),
        )
        .set(sessions::revoked_at.eq(Some(At(now))))
        .execute(&mut **tx)?;
    Ok(())
}

/// Ends every session of a user.
pub fn revoke_all(tx: &mut Tx<'_>, user: UserId, now: Timestamp) -> Result<(), StoreError> {
    diesel::update(sessions::table)
        .filter(
            sessions::user_id
                .eq(Id::from(user))
                .and(sessions::revoked_at.is_null()),
        )
        .set(sessions::revoked_at.eq(Some(At(now))))
        .execute(&mut **tx)?;
    Ok(())
}

/// Adds a key by the hash of its secret.
pub fn insert_key(tx: &mut Tx<'_>, kept: &KeptKey, hash: &str) -> Result<(), StoreError> {
    diesel::insert_into(api_keys::table)
        .values(KeyRow {
            id: kept.key.id.into(),
            name: kept.key.name.clone(),
            prefix: kept.prefix.clone(),
            hash: hash.to_owned(),
            scopes: Json(kept.key.scopes.clone()),
            channels: Json(kept.key.channels.clone()),
            queues: Json(kept.key.queues.clone()),
            is_active: kept.is_active,
            created_at: kept.created_at.into(),
            expires_at: kept.expires_at.map(Into::into),
            last_used_at: None,
            previous_hash: None,
            previous_until: None,
            version: kept.version,
        })
        .execute(&mut **tx)?;
    Ok(())
}

/// The key with this hash.
pub fn find_key(conn: &mut Conn, hash: &str) -> Result<Option<KeptKey>, StoreError> {
    let row: Option<KeyRow> = api_keys::table
        .filter(api_keys::hash.eq(hash.to_owned()))
        .select(KeyRow::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(Into::into))
}

/// The key that had this hash before its last rotation.
pub fn find_key_before(conn: &mut Conn, hash: &str) -> Result<Option<KeptKey>, StoreError> {
    let row: Option<KeyRow> = api_keys::table
        .filter(api_keys::previous_hash.eq(Some(hash.to_owned())))
        .select(KeyRow::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(Into::into))
}

/// One key.
pub fn key(conn: &mut Conn, id: ApiKeyId) -> Result<Option<KeptKey>, StoreError> {
    let row: Option<KeyRow> = api_keys::table
        .filter(api_keys::id.eq(Id::from(id)))
        .select(KeyRow::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(Into::into))
}

/// Gives a key another secret.
///
/// # Errors
/// [`StoreError::Conflict`] when somebody else has changed it since it was read.
pub fn rotate_key(
    tx: &mut Tx<'_>,
    kept: &KeptKey,
    rotation: Rotation<'_>,
) -> Result<(), StoreError> {
    let id = Id::from(kept.key.id);
    let current: String = api_keys::table
        .filter(api_keys::id.eq(id))
        .select(api_keys::hash)
        .first(&mut **tx)?;
    let n_changed = diesel::update(api_keys::table)
        .filter(api_keys::id.eq(id))
        .filter(api_keys::version.eq(kept.version))
        .set((
            api_keys::prefix.eq(rotation.prefix.to_owned()),
            api_keys::hash.eq(rotation.hash.to_owned()),
            api_keys::previous_hash.eq(rotation.previous_until.map(|_| current)),
            api_keys::previous_until.eq(rotation.previous_until.map(At)),
            api_keys::expires_at.eq(rotation.expires_at.map(At)),
            api_keys::version.eq(api_keys::version + 1),
        ))
        .execute(&mut **tx)?;
    if n_changed == 0 {
        Err(StoreError::Conflict)
    } else {
        Ok(())
    }
}

/// Notes that a key was used, unless that was noted after `before`.
pub fn note_key_use(
    tx: &mut Tx<'_>,
    id: ApiKeyId,
    now: Timestamp,
    before: Timestamp,
) -> Result<(), StoreError> {
    diesel::update(api_keys::table)
        .filter(api_keys::id.eq(Id::from(id)))
        .filter(
            api_keys::last_used_at
                .is_null()
                .or(api_keys::last_used_at.assume_not_null().le(At(before))),
        )
        .set(api_keys::last_used_at.eq(Some(At(now))))
        .execute(&mut **tx)?;
    Ok(())
}

/// Every key, by name.
pub fn list_keys(conn: &mut Conn) -> Result<Vec<KeptKey>, StoreError> {
    let rows: Vec<KeyRow> = api_keys::table
        .order((api_keys::name.asc(), api_keys::id.asc()))
        .limit(500)
        .select(KeyRow::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Ends a key.
pub fn revoke_key(tx: &mut Tx<'_>, id: ApiKeyId) -> Result<bool, StoreError> {
    let n_changed = diesel::update(api_keys::table)
        .filter(
            api_keys::id
                .eq(Id::from(id))
                .and(api_keys::is_active.eq(true)),
        )
        .set((
            api_keys::is_active.eq(false),
            api_keys::version.eq(api_keys::version + 1),
        ))
        .execute(&mut **tx)?;
    Ok(n_changed == 1)
}

fn session(row: SessionRow) -> Session {
    let (id, user, _hash, family, created_at, expires_at, is_spent, revoked_at) = row;
    Session {
        id: id.into(),
        user: user.into(),
        family: family.0,
        created_at: created_at.0,
        expires_at: expires_at.0,
        is_spent,
        is_revoked: revoked_at.is_some(),
    }
}

impl From<&Account> for UserRow {
    fn from(account: &Account) -> Self {
        Self {
            id: account.user.id.into(),
            email: account.user.email.clone(),
            name: account.user.name.clone(),
            role: account.user.role.to_string(),
            password_hash: account.password_hash.clone(),
            queues: Json(account.user.queues.clone()),
            services: Json(account.user.services.clone()),
            teams: Json(account.user.teams.clone()),
            post: account.user.post.clone(),
            is_active: account.is_active,
            created_at: account.created_at.into(),
            rota: Json(account.user.standing.rota.clone()),
            away: account.user.standing.away.map(Json),
            version: account.version,
        }
    }
}

impl TryFrom<UserRow> for Account {
    type Error = StoreError;
    fn try_from(row: UserRow) -> Result<Self, StoreError> {
        Ok(Self {
            user: User {
                id: row.id.into(),
                name: row.name,
                email: row.email,
                role: word::<Role>(&row.role)?,
                queues: row.queues.0,
                services: row.services.0,
                teams: row.teams.0,
                post: row.post,
                standing: Standing {
                    rota: row.rota.0,
                    passes: Vec::new(),
                    away: row.away.map(|away| away.0),
                },
            },
            password_hash: row.password_hash,
            is_active: row.is_active,
            created_at: row.created_at.0,
            version: row.version,
        })
    }
}

impl From<KeyRow> for KeptKey {
    fn from(row: KeyRow) -> Self {
        Self {
            key: Key {
                id: row.id.into(),
                name: row.name,
                scopes: row.scopes.0,
                channels: row.channels.0,
                queues: row.queues.0,
                acting_for: None,
            },
            prefix: row.prefix,
            is_active: row.is_active,
            created_at: row.created_at.0,
            expires_at: row.expires_at.map(|at| at.0),
            last_used_at: row.last_used_at.map(|at| at.0),
            previous_until: row.previous_until.map(|at| at.0),
            version: row.version,
        }
    }
}
