//! Versions of the catalogue, and the terms pinned to cases.

use diesel::prelude::*;
use diesel::sql_types::Text;
use jiff::Timestamp;
use serde_json::Value;

use super::db::{Conn, Tx};
use super::error::StoreError;
use super::schema::{catalogue_versions, terms};
use super::types::{At, Js, Json};
use crate::domain::clock::Terms;

/// One stored version, without its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    pub version: i64,
    pub applied_at: Timestamp,
    pub applied_by: String,
}

/// The number of the version in force.
pub fn newest_version(conn: &mut Conn) -> Result<Option<i64>, StoreError> {
    Ok(catalogue_versions::table
        .select(diesel::dsl::max(catalogue_versions::version))
        .get_result(conn)?)
}

/// The body of a version.
pub fn body(conn: &mut Conn, version: i64) -> Result<Option<Value>, StoreError> {
    let found: Option<Json<Value>> = catalogue_versions::table
        .filter(catalogue_versions::version.eq(version))
        .select(catalogue_versions::body)
        .first(conn)
        .optional()?;
    Ok(found.map(|body| body.0))
}

/// Every version, newest first.
pub fn versions(conn: &mut Conn) -> Result<Vec<Version>, StoreError> {
    let rows: Vec<(i64, At, String)> = catalogue_versions::table
        .order(catalogue_versions::version.desc())
        .limit(100)
        .select((
            catalogue_versions::version,
            catalogue_versions::applied_at,
            catalogue_versions::applied_by,
        ))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(version, at, applied_by)| Version {
            version,
            applied_at: at.0,
            applied_by,
        })
        .collect())
}

/// Stores the version after the newest and says its number.
///
/// # Errors
/// [`StoreError::Taken`] when another replica stored that number first.
pub fn append(tx: &mut Tx<'_>, body: &Value, by: &str, now: Timestamp) -> Result<i64, StoreError> {
    super::dialect::hold(tx, "catalogue")?;
    let version = newest_version(tx)?.unwrap_or(0) + 1;
    diesel::insert_into(catalogue_versions::table)
        .values((
            catalogue_versions::version.eq(version),
            catalogue_versions::applied_at.eq(At(now)),
            catalogue_versions::applied_by.eq(by),
            catalogue_versions::body.eq(Json(body.clone())),
        ))
        .execute(&mut **tx)?;
    Ok(version)
}

/// Pins terms; once for each content.
pub fn pin(tx: &mut Tx<'_>, id: &str, pinned: &Terms) -> Result<(), StoreError> {
    diesel::sql_query("INSERT INTO terms (id, body) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING")
        .bind::<Text, _>(id)
        .bind::<Js, _>(Json(pinned.clone()))
        .execute(&mut **tx)?;
    Ok(())
}

/// Pinned terms.
pub fn find_terms(conn: &mut Conn, id: &str) -> Result<Option<Terms>, StoreError> {
    let found: Option<Json<Terms>> = terms::table
        .filter(terms::id.eq(id.to_owned()))
        .select(terms::body)
        .first(conn)
        .optional()?;
    Ok(found.map(|body| body.0))
}
