//! Cases that must be kept as they are, whatever the rules of keeping say.

use diesel::prelude::*;
use diesel::sql_types::Text;
use jiff::Timestamp;

use super::db::{Conn, Tx};
use super::error::StoreError;
use super::schema::legal_holds;
use super::types::{At, Id, Ts, Uid};
use crate::domain::ids::CaseId;

/// One case that is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    pub case: CaseId,
    pub placed_at: Timestamp,
    /// The principal.
    pub placed_by: String,
}

/// Holds a case; says whether it was not held before.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn place(tx: &mut Tx<'_>, hold: &Hold) -> Result<bool, StoreError> {
    let n = diesel::sql_query(
        "INSERT INTO legal_holds (case_id, placed_at, placed_by) VALUES ($1, $2, $3) \
         ON CONFLICT (case_id) DO NOTHING",
    )
    .bind::<Uid, _>(Id::from(hold.case))
    .bind::<Ts, _>(At(hold.placed_at))
    .bind::<Text, _>(&hold.placed_by)
    .execute(&mut **tx)?;
    Ok(n == 1)
}

/// Holds it no longer; says whether it was held.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn lift(tx: &mut Tx<'_>, case: CaseId) -> Result<bool, StoreError> {
    let n = diesel::delete(legal_holds::table.filter(legal_holds::case_id.eq(Id::from(case))))
        .execute(&mut **tx)?;
    Ok(n == 1)
}

/// Whether a case is held, and since when.
///
/// # Errors
/// A [`StoreError`] when it cannot be read.
pub fn of_case(conn: &mut Conn, case: CaseId) -> Result<Option<Hold>, StoreError> {
    let row: Option<(Id, At, String)> = legal_holds::table
        .filter(legal_holds::case_id.eq(Id::from(case)))
        .first(conn)
        .optional()?;
    Ok(row.map(|(case, at, placed_by)| Hold {
        case: case.into(),
        placed_at: at.0,
        placed_by,
    }))
}
