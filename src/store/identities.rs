//! Who somebody is at the council's identity provider.

use diesel::prelude::*;
use jiff::Timestamp;

use super::db::{Conn, Tx};
use super::error::StoreError;
use super::schema::identities;
use super::types::{At, Id};
use crate::domain::ids::UserId;

/// Somebody at the provider, tied to an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub issuer: String,
    pub subject: String,
    pub created_at: Timestamp,
}

/// Whose account an identity opens.
pub fn find(conn: &mut Conn, issuer: &str, subject: &str) -> Result<Option<UserId>, StoreError> {
    let row: Option<Id> = identities::table
        .filter(
            identities::issuer
                .eq(issuer.to_owned())
                .and(identities::subject.eq(subject.to_owned())),
        )
        .select(identities::user_id)
        .first(conn)
        .optional()?;
    Ok(row.map(Into::into))
}

/// Ties an identity to an account.
///
/// # Errors
/// [`StoreError::Taken`] when it is tied to one.
pub fn insert(
    tx: &mut Tx<'_>,
    issuer: &str,
    subject: &str,
    user: UserId,
    now: Timestamp,
) -> Result<(), StoreError> {
    diesel::insert_into(identities::table)
        .values((
            identities::issuer.eq(issuer.to_owned()),
            identities::subject.eq(subject.to_owned()),
            identities::user_id.eq(Id::from(user)),
            identities::created_at.eq(At(now)),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Whom an account is tied to.
pub fn of_user(conn: &mut Conn, user: UserId) -> Result<Vec<Identity>, StoreError> {
    let rows: Vec<(String, String, At)> = identities::table
        .filter(identities::user_id.eq(Id::from(user)))
        .order((identities::issuer.asc(), identities::subject.asc()))
        .select((
            identities::issuer,
            identities::subject,
            identities::created_at,
        ))
        .load(conn)?;
    let identity = |(issuer, subject, created_at): (String, String, At)| Identity {
        issuer,
        subject,
        created_at: created_at.0,
    };
    Ok(rows.into_iter().map(identity).collect())
}

/// Unties an account; false when it was tied to nobody.
pub fn remove_all(tx: &mut Tx<'_>, user: UserId) -> Result<bool, StoreError> {
    let n_removed =
        diesel::delete(identities::table.filter(identities::user_id.eq(Id::from(user))))
            .execute(&mut **tx)?;
    Ok(n_removed > 0)
}
