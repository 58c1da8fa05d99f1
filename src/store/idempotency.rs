//! What was answered under an Idempotency-Key, kept in the transaction of the effect itself.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{Binary, Integer, Text};
use jiff::Timestamp;

use super::db::{Conn, Tx};
use super::error::StoreError;
use super::schema::idempotency;
use super::types::{At, Js, Json, Ts};

/// Whose key, for which operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Once {
    pub principal: String,
    pub method: String,
    pub path: String,
    pub key: String,
    /// Of method, path and body, with a key: what is in a body can be guessed.
    pub fingerprint: String,
    /// Members of the answer that are shown once and not kept: `key`.
    pub secrets: &'static [&'static str],
}

/// An answer as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    pub fingerprint: String,
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

/// What was answered under this key, when it was.
pub fn find(conn: &mut Conn, once: &Once) -> Result<Option<Answered>, StoreError> {
    type Row = (String, i32, Json<BTreeMap<String, String>>, Vec<u8>);
    let row: Option<Row> = idempotency::table
        .filter(idempotency::principal.eq(once.principal.clone()))
        .filter(idempotency::method.eq(once.method.clone()))
        .filter(idempotency::path.eq(once.path.clone()))
        .filter(idempotency::key.eq(once.key.clone()))
        .select((
            idempotency::fingerprint,
            idempotency::status,
            idempotency::headers,
            idempotency::body,
        ))
        .first(conn)
        .optional()?;
    row.map(|(fingerprint, status, headers, body)| {
        let status =
            u16::try_from(status).map_err(|why| StoreError::Unreadable(why.to_string()))?;
        Ok(Answered {
            fingerprint,
            status,
            headers: headers.0,
            body,
        })
    })
    .transpose()
}

/// Waits for a twin with the same key that is still at work. After it, [`find`] sees what it
/// answered.
pub fn wait_for_twin(tx: &mut Tx<'_>, once: &Once) -> Result<(), StoreError> {
    let name = format!(
        "once:{}:{}:{}:{}",
        once.principal, once.method, once.path, once.key
    );
    Ok(super::dialect::hold(tx, &name)?)
}

/// Keeps an answer; the first one stands.
pub fn keep(
    tx: &mut Tx<'_>,
    once: &Once,
    answered: &Answered,
    now: Timestamp,
) -> Result<(), StoreError> {
    diesel::sql_query(
        "INSERT INTO idempotency (principal, method, path, key, fingerprint, status, headers, body, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (principal, method, path, key) DO NOTHING",
    )
    .bind::<Text, _>(&once.principal)
    .bind::<Text, _>(&once.method)
    .bind::<Text, _>(&once.path)
    .bind::<Text, _>(&once.key)
    .bind::<Text, _>(&once.fingerprint)
    .bind::<Integer, _>(i32::from(answered.status))
    .bind::<Js, _>(Json(answered.headers.clone()))
    .bind::<Binary, _>(&answered.body)
    .bind::<Ts, _>(At(now))
    .execute(&mut **tx)?;
    Ok(())
}

/// Forgets what was answered before `before`.
pub fn forget(tx: &mut Tx<'_>, before: Timestamp) -> Result<usize, StoreError> {
    Ok(
        diesel::delete(idempotency::table.filter(idempotency::created_at.lt(At(before))))
            .execute(&mut **tx)?,
    )
}
