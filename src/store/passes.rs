//! Restricted cases that somebody opened for themselves, each for a time and with a reason.

use diesel::prelude::*;
use jiff::Timestamp;

use super::db::{Conn, Tx};
use super::error::StoreError;
use super::schema::case_passes;
use super::types::{At, Id};
use crate::domain::access::Pass;
use crate::domain::ids::{CaseId, UserId};

/// A pass to be kept.
#[derive(Debug, Clone, Copy)]
pub struct NewPass<'a> {
    pub pass: Pass,
    pub case: CaseId,
    pub user: UserId,
    pub reason: &'a str,
    pub opened_at: Timestamp,
}

/// Nobody holds so many at once.
const MOST_HELD: i64 = 100;

/// Keeps a pass.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn insert(tx: &mut Tx<'_>, new: NewPass<'_>) -> Result<(), StoreError> {
    diesel::insert_into(case_passes::table)
        .values((
            case_passes::id.eq(Id::from(new.pass.id)),
            case_passes::case_id.eq(Id::from(new.case)),
            case_passes::user_id.eq(Id::from(new.user)),
            case_passes::reason.eq(new.reason.to_owned()),
            case_passes::opened_at.eq(At(new.opened_at)),
            case_passes::until_at.eq(At(new.pass.until_at)),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// The newest passes of a user; whether one is over is asked with every request.
pub fn of_user(conn: &mut Conn, user: UserId) -> Result<Vec<Pass>, StoreError> {
    let rows: Vec<(Id, At)> = case_passes::table
        .filter(case_passes::user_id.eq(Id::from(user)))
        .order(case_passes::until_at.desc())
        .limit(MOST_HELD)
        .select((case_passes::id, case_passes::until_at))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(id, until_at)| Pass {
            id: id.into(),
            until_at: until_at.0,
        })
        .collect())
}
