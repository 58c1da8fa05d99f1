//! Who did and saw what, written in the transaction of the act. Ids and acts, never content.

use diesel::prelude::*;
use jiff::Timestamp;
use uuid::Uuid;

use super::db::Tx;
use super::error::StoreError;
use super::schema::audit;
use super::types::{At, Id};

/// One line of the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<'a> {
    pub id: Uuid,
    pub at: Timestamp,
    /// The principal.
    pub actor: &'a str,
    pub action: &'a str,
    /// `case:<id>`, `user:<id>` …
    pub object: &'a str,
    pub purpose: Option<&'a str>,
    pub request_id: Option<&'a str>,
}

/// Adds a line.
///
/// # Errors
/// A [`StoreError`] when it cannot be written; the act is then undone with it.
pub fn append(tx: &mut Tx<'_>, entry: &Entry<'_>) -> Result<(), StoreError> {
    diesel::insert_into(audit::table)
        .values((
            audit::id.eq(Id(entry.id)),
            audit::at.eq(At(entry.at)),
            audit::actor.eq(entry.actor),
            audit::action.eq(entry.action),
            audit::object.eq(entry.object),
            audit::purpose.eq(entry.purpose),
            audit::request_id.eq(entry.request_id),
        ))
        .execute(&mut **tx)?;
    Ok(())
}
