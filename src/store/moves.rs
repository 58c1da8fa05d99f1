//! Open cases on their way to the terms of a new version of the catalogue: what was asked for, and
//! how far it has come.

use diesel::prelude::*;
use jiff::Timestamp;

use super::db::{Conn, Tx};
use super::error::StoreError;
use super::schema::{cases, moves};
use super::types::{At, Id, Json};
use crate::domain::access::ActorLabel;
use crate::domain::ids::CaseId;

/// What somebody asked for, and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub version: i64,
    pub at: Timestamp,
    pub by: ActorLabel,
    /// Cases up to this one have been seen to.
    pub after: Option<CaseId>,
    pub finished_at: Option<Timestamp>,
}

/// An open case with its place in the catalogue and the terms it is pinned to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pinned {
    pub id: CaseId,
    pub service: String,
    pub category: String,
    pub terms: String,
}

type Row = (i64, At, Json<ActorLabel>, Option<Id>, Option<At>);

/// Writes down that open cases shall come under a version's terms. What was asked for an earlier
/// version and is not finished is part of this.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn ask(
    tx: &mut Tx<'_>,
    version: i64,
    by: &ActorLabel,
    now: Timestamp,
) -> Result<(), StoreError> {
    diesel::update(moves::table.filter(moves::finished_at.is_null()))
        .set(moves::finished_at.eq(Some(At(now))))
        .execute(&mut **tx)?;
    diesel::insert_into(moves::table)
        .values((
            moves::version.eq(version),
            moves::asked_at.eq(At(now)),
            moves::asked_by.eq(Json(by.clone())),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// What is to be gone on with now.
pub fn unfinished(conn: &mut Conn, now: Timestamp) -> Result<Option<Asked>, StoreError> {
    let row: Option<Row> = moves::table
        .filter(moves::finished_at.is_null())
        .filter(moves::retry_at.is_null().or(moves::retry_at.le(At(now))))
        .order(moves::version.desc())
        .select(COLUMNS)
        .first(conn)
        .optional()?;
    Ok(row.map(asked))
}

/// What was asked for one version, if anything.
pub fn of_version(conn: &mut Conn, version: i64) -> Result<Option<Asked>, StoreError> {
    let row: Option<Row> = moves::table
        .filter(moves::version.eq(version))
        .select(COLUMNS)
        .first(conn)
        .optional()?;
    Ok(row.map(asked))
}

/// Notes that all cases up to this one have been seen to; never goes back, another replica may be
/// further.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn advance(tx: &mut Tx<'_>, version: i64, after: CaseId) -> Result<(), StoreError> {
    let after = Id::from(after);
    diesel::update(moves::table)
        .filter(moves::version.eq(version))
        .filter(
            moves::after_case
                .is_null()
                .or(moves::after_case.lt(Some(after))),
        )
        .set(moves::after_case.eq(Some(after)))
        .execute(&mut **tx)?;
    Ok(())
}

/// Every case has been seen to.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn finish(tx: &mut Tx<'_>, version: i64, now: Timestamp) -> Result<(), StoreError> {
    diesel::update(moves::table)
        .filter(moves::version.eq(version))
        .filter(moves::finished_at.is_null())
        .set(moves::finished_at.eq(Some(At(now))))
        .execute(&mut **tx)?;
    Ok(())
}

/// Some could not be done: all are looked at again, but not before an instant.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn begin_again(tx: &mut Tx<'_>, version: i64, retry_at: Timestamp) -> Result<(), StoreError> {
    diesel::update(moves::table)
        .filter(moves::version.eq(version))
        .set((
            moves::after_case.eq(None::<Id>),
            moves::retry_at.eq(Some(At(retry_at))),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Open cases after one, in the order of their ids; with `until`, those opened by then.
pub fn open_cases(
    conn: &mut Conn,
    after: Option<CaseId>,
    until: Option<Timestamp>,
    limit: i64,
) -> Result<Vec<Pinned>, StoreError> {
    let mut query = cases::table.filter(cases::is_closed.eq(false)).into_boxed();
    if let Some(after) = after {
        query = query.filter(cases::id.gt(Id::from(after)));
    }
    if let Some(until) = until {
        query = query.filter(cases::opened_at.le(At(until)));
    }
    let rows: Vec<(Id, String, String, String)> = query
        .order(cases::id.asc())
        .limit(limit)
        .select((cases::id, cases::service, cases::category, cases::terms))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(id, service, category, terms)| Pinned {
            id: id.into(),
            service,
            category,
            terms,
        })
        .collect())
}

const COLUMNS: (
    moves::version,
    moves::asked_at,
    moves::asked_by,
    moves::after_case,
    moves::finished_at,
) = (
    moves::version,
    moves::asked_at,
    moves::asked_by,
    moves::after_case,
    moves::finished_at,
);

fn asked((version, at, by, after, finished_at): Row) -> Asked {
    Asked {
        version,
        at: at.0,
        by: by.0,
        after: after.map(Into::into),
        finished_at: finished_at.map(|at| at.0),
    }
}
