//! Calls back that somebody was promised, and whether anybody rang.

use diesel::prelude::*;
use jiff::Timestamp;

use super::db::{Conn, Tx};
use super::error::StoreError;
use super::schema::callbacks;
use super::types::{At, Id};
use crate::domain::ids::{CallbackId, CaseId, ContactId};

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    pub id: CallbackId,
    pub case: CaseId,
    /// In which it was asked for.
    pub contact: ContactId,
    /// The promise: a clock of the case.
    pub clock: String,
    /// Of the call it was asked in.
    pub line: Option<String>,
    pub queue: Option<String>,
    pub asked_at: Timestamp,
    /// As it was told first.
    pub due_at: Timestamp,
    /// When we spoke with them.
    pub kept_at: Option<Timestamp>,
    /// How often we rang, the last time included.
    pub n_tries: i32,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = callbacks, treat_none_as_default_value = false)]
struct Row {
    id: Id,
    case_id: Id,
    contact_id: Id,
    clock: String,
    line: Option<String>,
    queue: Option<String>,
    asked_at: At,
    due_at: At,
    kept_at: Option<At>,
    n_tries: i32,
}

/// Keeps one that was just promised.
///
/// # Errors
/// [`StoreError::Taken`] when one was promised for this contact before.
pub fn insert(tx: &mut Tx<'_>, callback: &Callback) -> Result<(), StoreError> {
    diesel::insert_into(callbacks::table)
        .values(Row {
            id: callback.id.into(),
            case_id: callback.case.into(),
            contact_id: callback.contact.into(),
            clock: callback.clock.clone(),
            line: callback.line.clone(),
            queue: callback.queue.clone(),
            asked_at: At(callback.asked_at),
            due_at: At(callback.due_at),
            kept_at: callback.kept_at.map(At),
            n_tries: callback.n_tries,
        })
        .execute(&mut **tx)?;
    Ok(())
}

/// The one that was promised for a contact.
///
/// # Errors
/// A [`StoreError`] when it cannot be read.
pub fn of_contact(conn: &mut Conn, contact: ContactId) -> Result<Option<Callback>, StoreError> {
    let row: Option<Row> = callbacks::table
        .filter(callbacks::contact_id.eq(Id::from(contact)))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(Callback::from))
}

/// Those of a case that nobody has kept yet, the first asked first.
///
/// # Errors
/// A [`StoreError`] when they cannot be read.
pub fn waiting_on(conn: &mut Conn, case: CaseId) -> Result<Vec<Callback>, StoreError> {
    let rows: Vec<Row> = callbacks::table
        .filter(callbacks::case_id.eq(Id::from(case)))
        .filter(callbacks::kept_at.is_null())
        .order((callbacks::asked_at.asc(), callbacks::id.asc()))
        .select(Row::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(Callback::from).collect())
}

/// Puts down that we rang, and whether we spoke with them.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn note_try(
    tx: &mut Tx<'_>,
    id: CallbackId,
    kept_at: Option<Timestamp>,
) -> Result<(), StoreError> {
    diesel::update(callbacks::table.filter(callbacks::id.eq(Id::from(id))))
        .set((
            callbacks::n_tries.eq(callbacks::n_tries + 1),
            callbacks::kept_at.eq(kept_at.map(At)),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Those asked for between two instants.
///
/// # Errors
/// A [`StoreError`] when they cannot be read.
pub fn asked_between(
    conn: &mut Conn,
    (from, to): (Timestamp, Timestamp),
) -> Result<Vec<Callback>, StoreError> {
    let rows: Vec<Row> = callbacks::table
        .filter(callbacks::asked_at.ge(At(from)))
        .filter(callbacks::asked_at.lt(At(to)))
        .order((callbacks::asked_at.asc(), callbacks::id.asc()))
        .select(Row::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(Callback::from).collect())
}

impl From<Row> for Callback {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            case: row.case_id.into(),
            contact: row.contact_id.into(),
            clock: row.clock,
            line: row.line,
            queue: row.queue,
            asked_at: row.asked_at.0,
            due_at: row.due_at.0,
            kept_at: row.kept_at.map(|at| at.0),
            n_tries: row.n_tries,
        }
    }
}
