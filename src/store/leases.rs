//! One holder among replicas, for as long as it keeps saying so.

use diesel::prelude::*;
use diesel::sql_types::Text;
use jiff::Timestamp;

use super::db::Tx;
use super::error::StoreError;
use super::types::{At, Ts};

/// Takes or keeps a lease until `until`; false when another holds it.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn hold(
    tx: &mut Tx<'_>,
    name: &str,
    holder: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, StoreError> {
    let n_changed = diesel::sql_query(
        "INSERT INTO leases (name, holder, until) VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE \
         SET holder = excluded.holder, until = excluded.until \
         WHERE leases.until <= $4 OR leases.holder = excluded.holder",
    )
    .bind::<Text, _>(name)
    .bind::<Text, _>(holder)
    .bind::<Ts, _>(At(until))
    .bind::<Ts, _>(At(now))
    .execute(&mut **tx)?;
    Ok(n_changed == 1)
}

/// Ends a lease that runs beyond `latest`: whoever gave it had a clock that ran ahead.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn end_beyond(tx: &mut Tx<'_>, name: &str, latest: Timestamp) -> Result<(), StoreError> {
    diesel::sql_query("DELETE FROM leases WHERE name = $1 AND until > $2")
        .bind::<Text, _>(name)
        .bind::<Ts, _>(At(latest))
        .execute(&mut **tx)?;
    Ok(())
}
