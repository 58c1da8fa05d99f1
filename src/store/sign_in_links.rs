//! Links by mail to sign in by: hashes, good once.

use diesel::prelude::*;
use diesel::sql_types::Text;
use jiff::Timestamp;

use super::db::{Conn, Tx};
use super::error::StoreError;
use super::schema::sign_in_links;
use super::types::{At, Id, Ts, Uid};
use crate::domain::ids::{NoticeId, UserId};

/// One link, by the notice that carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignInLink {
    pub id: NoticeId,
    pub user: UserId,
    pub expires_at: Timestamp,
    pub is_used: bool,
}

/// Keeps a link by the hash of its token. A mail that is tried again finds it there.
pub fn keep(tx: &mut Tx<'_>, link: &SignInLink, token_hash: &str) -> Result<(), StoreError> {
    diesel::sql_query(
        "INSERT INTO sign_in_links (id, token_hash, user_id, expires_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (id) DO NOTHING",
    )
    .bind::<Uid, _>(Id::from(link.id))
    .bind::<Text, _>(token_hash)
    .bind::<Uid, _>(Id::from(link.user))
    .bind::<Ts, _>(At(link.expires_at))
    .execute(&mut **tx)?;
    Ok(())
}

/// The link with this hash.
pub fn find(conn: &mut Conn, token_hash: &str) -> Result<Option<SignInLink>, StoreError> {
    type Row = (Id, Id, At, Option<At>);
    let row: Option<Row> = sign_in_links::table
        .filter(sign_in_links::token_hash.eq(token_hash.to_owned()))
        .select((
            sign_in_links::id,
            sign_in_links::user_id,
            sign_in_links::expires_at,
            sign_in_links::used_at,
        ))
        .first(conn)
        .optional()?;
    Ok(row.map(|(id, user, expires_at, used_at)| SignInLink {
        id: id.into(),
        user: user.into(),
        expires_at: expires_at.0,
        is_used: used_at.is_some(),
    }))
}

/// Uses a link up; false when somebody was quicker.
pub fn spend(tx: &mut Tx<'_>, id: NoticeId, now: Timestamp) -> Result<bool, StoreError> {
    let n_changed = diesel::update(sign_in_links::table)
        .filter(
            sign_in_links::id
                .eq(Id::from(id))
                .and(sign_in_links::used_at.is_null()),
        )
        .set(sign_in_links::used_at.eq(Some(At(now))))
        .execute(&mut **tx)?;
    Ok(n_changed == 1)
}

/// Ends every link somebody has not used yet.
pub fn end_all(tx: &mut Tx<'_>, user: UserId) -> Result<(), StoreError> {
    diesel::delete(sign_in_links::table.filter(sign_in_links::user_id.eq(Id::from(user))))
        .execute(&mut **tx)?;
    Ok(())
}

/// Forgets the links that ended before.
pub fn forget(tx: &mut Tx<'_>, before: Timestamp) -> Result<(), StoreError> {
    diesel::delete(sign_in_links::table.filter(sign_in_links::expires_at.lt(At(before))))
        .execute(&mut **tx)?;
    Ok(())
}
