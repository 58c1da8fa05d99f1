//! Who somebody is at the council's identity provider.

use diesel::prelude::*;
use jiff::Timestamp;

use super::db::{Conn, Tx};
use super::error::StoreError;
use super::schema::identities;
use super::types::{At, Id};
use crate::domain::ids::UserId;

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
