//! Who did and saw what, written in the transaction of the act. Ids and acts, never content.
//!
//! Lines are only ever added: the database refuses to change or delete one. A line waits in
//! `audit_unsealed` (put there by the database itself, in the same transaction) until the chain of
//! seals has taken it in; so writers never wait for the chain.

use diesel::prelude::*;
use jiff::Timestamp;
use uuid::Uuid;

use super::db::{Conn, Tx};
use super::error::StoreError;
use super::schema::{audit, audit_seals, audit_unsealed};
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

/// A line as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub id: Uuid,
    pub at: Timestamp,
    pub actor: String,
    pub action: String,
    pub object: String,
    pub purpose: Option<String>,
    pub request_id: Option<String>,
}

/// One link of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// 1 for the first.
    pub number: i64,
    pub line: Uuid,
    pub hash: Vec<u8>,
    pub sealed_at: Timestamp,
}

/// Which lines are asked for; what is not named is not asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    pub actor: Option<String>,
    pub action: Option<String>,
    pub object: Option<String>,
    pub since: Option<Timestamp>,
    pub before: Option<Timestamp>,
    /// Lines older than this one, or as old with a smaller id.
    pub after: Option<(Timestamp, Uuid)>,
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

/// Lines, newest first, each with the number of its seal once it has one.
///
/// # Errors
/// A [`StoreError`] when they cannot be read.
pub fn list(
    conn: &mut Conn,
    asked: &Asked,
    limit: i64,
) -> Result<Vec<(Line, Option<i64>)>, StoreError> {
    let mut query = audit::table
        .left_join(audit_seals::table.on(audit_seals::audit_id.eq(audit::id)))
        .select((Row::as_select(), audit_seals::number.nullable()))
        .order((audit::at.desc(), audit::id.desc()))
        .limit(limit)
        .into_boxed();
    if let Some(actor) = &asked.actor {
        query = query.filter(audit::actor.eq(actor.clone()));
    }
    if let Some(action) = &asked.action {
        query = query.filter(audit::action.eq(action.clone()));
    }
    if let Some(object) = &asked.object {
        query = query.filter(audit::object.eq(object.clone()));
    }
    if let Some(since) = asked.since {
        query = query.filter(audit::at.ge(At(since)));
    }
    if let Some(before) = asked.before {
        query = query.filter(audit::at.lt(At(before)));
    }
    if let Some((at, id)) = asked.after {
        query = query.filter(
            audit::at
                .lt(At(at))
                .or(audit::at.eq(At(at)).and(audit::id.lt(Id(id)))),
        );
    }
    let rows: Vec<(Row, Option<i64>)> = query.load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(row, number)| (row.into(), number))
        .collect())
}

/// The newest seal; none before the first.
///
/// # Errors
/// A [`StoreError`] when it cannot be read.
pub fn last_seal(conn: &mut Conn) -> Result<Option<Seal>, StoreError> {
    let row: Option<SealRow> = audit_seals::table
        .order(audit_seals::number.desc())
        .select(SealRow::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(Into::into))
}

/// Lines that wait for a seal, oldest first.
///
/// # Errors
/// A [`StoreError`] when they cannot be read.
pub fn unsealed(conn: &mut Conn, limit: i64) -> Result<Vec<Line>, StoreError> {
    let rows: Vec<Row> = audit_unsealed::table
        .inner_join(audit::table.on(audit::id.eq(audit_unsealed::audit_id)))
        .order((audit::at.asc(), audit::id.asc()))
        .limit(limit)
        .select(Row::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Adds seals; their lines wait no longer.
///
/// # Errors
/// A [`StoreError`] when another has sealed meanwhile: each number and each line is there once.
pub fn add_seals(tx: &mut Tx<'_>, seals: &[Seal]) -> Result<(), StoreError> {
    for seal in seals {
        diesel::insert_into(audit_seals::table)
            .values((
                audit_seals::number.eq(seal.number),
                audit_seals::audit_id.eq(Id(seal.line)),
                audit_seals::hash.eq(&seal.hash),
                audit_seals::sealed_at.eq(At(seal.sealed_at)),
            ))
            .execute(&mut **tx)?;
        diesel::delete(audit_unsealed::table.filter(audit_unsealed::audit_id.eq(Id(seal.line))))
            .execute(&mut **tx)?;
    }
    Ok(())
}

/// Seals from a number on, in their order, each with its line if that is still there.
///
/// # Errors
/// A [`StoreError`] when they cannot be read.
pub fn seals_from(
    conn: &mut Conn,
    number: i64,
    limit: i64,
) -> Result<Vec<(Seal, Option<Line>)>, StoreError> {
    let rows: Vec<(SealRow, Option<Row>)> = audit_seals::table
        .left_join(audit::table.on(audit::id.eq(audit_seals::audit_id)))
        .filter(audit_seals::number.ge(number))
        .order(audit_seals::number.asc())
        .limit(limit)
        .select((SealRow::as_select(), Option::<Row>::as_select()))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(seal, line)| (seal.into(), line.map(Into::into)))
        .collect())
}

/// One seal by its number.
///
/// # Errors
/// A [`StoreError`] when it cannot be read.
pub fn seal(conn: &mut Conn, number: i64) -> Result<Option<Seal>, StoreError> {
    let row: Option<SealRow> = audit_seals::table
        .filter(audit_seals::number.eq(number))
        .select(SealRow::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(Into::into))
}

/// Lines that neither have a seal nor wait for one: put there, or taken out of the queue, by hand.
///
/// # Errors
/// A [`StoreError`] when they cannot be read.
pub fn outside_the_chain(conn: &mut Conn, limit: i64) -> Result<Vec<Uuid>, StoreError> {
    let ids: Vec<Id> = audit::table
        .left_join(audit_seals::table.on(audit_seals::audit_id.eq(audit::id)))
        .left_join(audit_unsealed::table.on(audit_unsealed::audit_id.eq(audit::id)))
        .filter(audit_seals::number.is_null())
        .filter(audit_unsealed::audit_id.is_null())
        .order(audit::id.asc())
        .limit(limit)
        .select(audit::id)
        .load(conn)?;
    Ok(ids.into_iter().map(|id| id.0).collect())
}

/// How many lines wait for a seal.
///
/// # Errors
/// A [`StoreError`] when they cannot be counted.
pub fn n_unsealed(conn: &mut Conn) -> Result<i64, StoreError> {
    Ok(audit_unsealed::table.count().get_result(conn)?)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = audit)]
struct Row {
    id: Id,
    at: At,
    actor: String,
    action: String,
    object: String,
    purpose: Option<String>,
    request_id: Option<String>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = audit_seals)]
struct SealRow {
    number: i64,
    audit_id: Id,
    hash: Vec<u8>,
    sealed_at: At,
}

impl From<Row> for Line {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.0,
            at: row.at.0,
            actor: row.actor,
            action: row.action,
            object: row.object,
            purpose: row.purpose,
            request_id: row.request_id,
        }
    }
}

impl From<SealRow> for Seal {
    fn from(row: SealRow) -> Self {
        Self {
            number: row.number,
            line: row.audit_id.0,
            hash: row.hash,
            sealed_at: row.sealed_at.0,
        }
    }
}
