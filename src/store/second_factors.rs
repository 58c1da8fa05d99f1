//! Authenticators and recovery codes of those who sign in: a salt and hashes, never a secret.

use diesel::prelude::*;
use jiff::Timestamp;

use super::db::{Conn, Tx};
use super::error::StoreError;
use super::schema::second_factors;
use super::types::{At, Id, Json};
use crate::domain::ids::UserId;

/// Somebody's second factor, as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondFactor {
    pub user: UserId,
    /// In hexadecimal; with the installation's key it makes the secret.
    pub salt: String,
    /// Hashes of the recovery codes that were not used.
    pub recovery: Vec<String>,
    /// Nothing until a first code has shown that the app has the secret.
    pub confirmed_at: Option<Timestamp>,
    /// The last step a code was taken of.
    pub last_step: i64,
    /// Wrong codes since the instant beside it.
    pub n_wrong: i64,
    pub wrong_since: Option<Timestamp>,
    pub version: i64,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = second_factors, primary_key(user_id), treat_none_as_null = true, treat_none_as_default_value = false)]
struct Row {
    user_id: Id,
    salt: String,
    recovery: Json<Vec<String>>,
    confirmed_at: Option<At>,
    last_step: i64,
    n_wrong: i64,
    wrong_since: Option<At>,
    version: i64,
}

/// Somebody's second factor.
pub fn find(conn: &mut Conn, user: UserId) -> Result<Option<SecondFactor>, StoreError> {
    let row: Option<Row> = second_factors::table
        .filter(second_factors::user_id.eq(Id::from(user)))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(Into::into))
}

/// Adds one.
pub fn insert(tx: &mut Tx<'_>, factor: &SecondFactor) -> Result<(), StoreError> {
    diesel::insert_into(second_factors::table)
        .values(Row::from(factor))
        .execute(&mut **tx)?;
    Ok(())
}

/// Writes a changed one, and raises its version.
///
/// # Errors
/// [`StoreError::Conflict`] when it has changed since it was read: a code is spent once.
pub fn update(tx: &mut Tx<'_>, factor: &SecondFactor) -> Result<(), StoreError> {
    let mut row = Row::from(factor);
    row.version += 1;
    let n_changed = diesel::update(second_factors::table)
        .filter(second_factors::user_id.eq(Id::from(factor.user)))
        .filter(second_factors::version.eq(factor.version))
        .set(&row)
        .execute(&mut **tx)?;
    if n_changed == 0 {
        Err(StoreError::Conflict)
    } else {
        Ok(())
    }
}

/// Takes one away; false when there was none.
pub fn remove(tx: &mut Tx<'_>, user: UserId) -> Result<bool, StoreError> {
    let n_removed =
        diesel::delete(second_factors::table.filter(second_factors::user_id.eq(Id::from(user))))
            .execute(&mut **tx)?;
    Ok(n_removed == 1)
}

impl From<&SecondFactor> for Row {
    fn from(factor: &SecondFactor) -> Self {
        Self {
            user_id: factor.user.into(),
            salt: factor.salt.clone(),
            recovery: Json(factor.recovery.clone()),
            confirmed_at: factor.confirmed_at.map(Into::into),
            last_step: factor.last_step,
            n_wrong: factor.n_wrong,
            wrong_since: factor.wrong_since.map(Into::into),
            version: factor.version,
        }
    }
}

impl From<Row> for SecondFactor {
    fn from(row: Row) -> Self {
        Self {
            user: row.user_id.into(),
            salt: row.salt,
            recovery: row.recovery.0,
            confirmed_at: row.confirmed_at.map(|at| at.0),
            last_step: row.last_step,
            n_wrong: row.n_wrong,
            wrong_since: row.wrong_since.map(|at| at.0),
            version: row.version,
        }
    }
}
