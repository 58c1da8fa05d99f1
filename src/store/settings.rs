//! Small facts about this installation, by key.

use diesel::prelude::*;
use diesel::sql_types::Text;

use super::db::{Conn, Tx};
use super::error::StoreError;
use super::schema::settings;

/// The value of a setting.
pub fn get(conn: &mut Conn, key: &str) -> Result<Option<String>, StoreError> {
    Ok(settings::table
        .filter(settings::key.eq(key.to_owned()))
        .select(settings::value)
        .first(conn)
        .optional()?)
}

/// Sets a value.
pub fn set(tx: &mut Tx<'_>, key: &str, value: &str) -> Result<(), StoreError> {
    diesel::sql_query(
        "INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    )
    .bind::<Text, _>(key)
    .bind::<Text, _>(value)
    .execute(&mut **tx)?;
    Ok(())
}

/// Sets a value unless there is one, and says which stands.
pub fn set_once(tx: &mut Tx<'_>, key: &str, value: &str) -> Result<String, StoreError> {
    diesel::sql_query(
        "INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING",
    )
    .bind::<Text, _>(key)
    .bind::<Text, _>(value)
    .execute(&mut **tx)?;
    get(tx, key)?.ok_or(StoreError::Conflict)
}

/// Takes a setting away.
pub fn remove(tx: &mut Tx<'_>, key: &str) -> Result<(), StoreError> {
    diesel::delete(settings::table.filter(settings::key.eq(key.to_owned()))).execute(&mut **tx)?;
    Ok(())
}

/// Waits for, and holds until the transaction ends, a lock of this name.
pub fn hold(tx: &mut Tx<'_>, name: &str) -> Result<(), StoreError> {
    Ok(super::dialect::hold(tx, name)?)
}
