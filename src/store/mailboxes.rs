//! The mailboxes that are read, and how far each has come.

use diesel::prelude::*;
use jiff::Timestamp;

use super::db::{Conn, Tx};
use super::error::StoreError;
use super::schema::mailboxes;
use super::types::At;

/// One mailbox as it was last seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub name: String,
    /// The settings of a worker name it.
    pub is_in_use: bool,
    pub poll_seconds: i64,
    /// What its mails are numbered under; nothing before it was opened for the first time.
    pub uid_validity: Option<i64>,
    /// All mail up to this number was taken.
    pub last_uid: i64,
    /// Mails that were found at the last look and could not be taken.
    pub n_left: i64,
    /// Since when it is read.
    pub begun_at: Timestamp,
    /// When a look last came to its end.
    pub read_at: Option<Timestamp>,
    /// When a mail was last taken.
    pub taken_at: Option<Timestamp>,
    pub failing_since: Option<Timestamp>,
    pub last_error: Option<String>,
}

type Columns = (
    String,
    bool,
    i64,
    Option<i64>,
    i64,
    i64,
    At,
    Option<At>,
    Option<At>,
    Option<At>,
    Option<String>,
);

/// All of them, by name.
///
/// # Errors
/// A [`StoreError`] when they cannot be read.
pub fn all(conn: &mut Conn) -> Result<Vec<Row>, StoreError> {
    let rows: Vec<Columns> = mailboxes::table.order(mailboxes::name).load(conn)?;
    Ok(rows.into_iter().map(Row::from).collect())
}

/// One of them.
///
/// # Errors
/// A [`StoreError`] when it cannot be read.
pub fn find(conn: &mut Conn, name: &str) -> Result<Option<Row>, StoreError> {
    let row: Option<Columns> = mailboxes::table.find(name).first(conn).optional()?;
    Ok(row.map(Row::from))
}

/// These are read from now on, each so often, and no others.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn put_in_use(
    tx: &mut Tx<'_>,
    read: &[(String, i64)],
    now: Timestamp,
) -> Result<(), StoreError> {
    let names: Vec<&String> = read.iter().map(|(name, _)| name).collect();
    diesel::update(mailboxes::table.filter(mailboxes::name.ne_all(names)))
        .set(mailboxes::is_in_use.eq(false))
        .execute(&mut **tx)?;
    for (name, poll_seconds) in read {
        let Some(known) = find(tx, name)? else {
            diesel::insert_into(mailboxes::table)
                .values((
                    mailboxes::name.eq(name),
                    mailboxes::is_in_use.eq(true),
                    mailboxes::poll_seconds.eq(*poll_seconds),
                    mailboxes::last_uid.eq(0),
                    mailboxes::n_left.eq(0),
                    mailboxes::begun_at.eq(At(now)),
                ))
                .execute(&mut **tx)?;
            continue;
        };
        let begun_at = if known.is_in_use { known.begun_at } else { now };
        diesel::update(mailboxes::table.find(name))
            .set((
                mailboxes::is_in_use.eq(true),
                mailboxes::poll_seconds.eq(*poll_seconds),
                mailboxes::begun_at.eq(At(begun_at)),
            ))
            .execute(&mut **tx)?;
    }
    Ok(())
}

/// Its mails are numbered anew: none of these numbers has been taken.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn number_anew(tx: &mut Tx<'_>, name: &str, uid_validity: i64) -> Result<(), StoreError> {
    diesel::update(mailboxes::table.find(name))
        .set((
            mailboxes::uid_validity.eq(Some(uid_validity)),
            mailboxes::last_uid.eq(0),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// A mail was taken, and all up to `last_uid` of the numbers given under `uid_validity`.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn took(
    tx: &mut Tx<'_>,
    name: &str,
    uid_validity: i64,
    last_uid: i64,
    now: Timestamp,
) -> Result<(), StoreError> {
    diesel::update(mailboxes::table.find(name))
        .set(mailboxes::taken_at.eq(Some(At(now))))
        .execute(&mut **tx)?;
    // A reader that stood still comes late with what another has passed already.
    let behind = mailboxes::table
        .find(name)
        .filter(mailboxes::uid_validity.eq(uid_validity))
        .filter(mailboxes::last_uid.lt(last_uid));
    diesel::update(behind)
        .set(mailboxes::last_uid.eq(last_uid))
        .execute(&mut **tx)?;
    Ok(())
}

/// A look came to its end; so many mails are left that could not be taken.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn looked(tx: &mut Tx<'_>, name: &str, n_left: i64, now: Timestamp) -> Result<(), StoreError> {
    diesel::update(mailboxes::table.find(name))
        .set((
            mailboxes::read_at.eq(Some(At(now))),
            mailboxes::n_left.eq(n_left),
            mailboxes::failing_since.eq(None::<At>),
            mailboxes::last_error.eq(None::<String>),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// It could not be read; says since when.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn failed(
    tx: &mut Tx<'_>,
    name: &str,
    why: &str,
    now: Timestamp,
) -> Result<Timestamp, StoreError> {
    let since = find(tx, name)?
        .and_then(|row| row.failing_since)
        .unwrap_or(now);
    diesel::update(mailboxes::table.find(name))
        .set((
            mailboxes::failing_since.eq(Some(At(since))),
            mailboxes::last_error.eq(Some(why)),
        ))
        .execute(&mut **tx)?;
    Ok(since)
}

impl From<Columns> for Row {
    fn from(columns: Columns) -> Self {
        let (name, is_in_use, poll_seconds, uid_validity, last_uid, n_left, begun_at, ..) = columns;
        let (.., read_at, taken_at, failing_since, last_error) = columns;
        Self {
            name,
            is_in_use,
            poll_seconds,
            uid_validity,
            last_uid,
            n_left,
            begun_at: begun_at.0,
            read_at: read_at.map(|at| at.0),
            taken_at: taken_at.map(|at| at.0),
            failing_since: failing_since.map(|at| at.0),
            last_error,
        }
    }
}
