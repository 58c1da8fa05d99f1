//! Why contacts were made, by a code of the catalogue.

use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use jiff::Timestamp;

use super::db::{Conn, Tx};
use super::error::StoreError;
use super::schema::{contact_reasons, contacts};
use super::types::{At, Id, Ts, Uid};
use crate::domain::contact::Disposition;
use crate::domain::ids::{CaseId, ContactId};

diesel::allow_columns_to_appear_in_same_group_by_clause!(
    contacts::channel,
    contact_reasons::reason,
);

/// Why one contact was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    pub contact: ContactId,
    /// A code of the catalogue it was set under.
    pub reason: String,
    /// Nobody said so: it followed from what the contact does.
    pub is_found: bool,
    /// The principal.
    pub set_by: String,
    pub set_at: Timestamp,
}

/// What counts as somebody contacting us: it opened a case or joined one. Machines, repeats and what still waits
/// for somebody to look do not.
const COUNTED: [Disposition; 2] = [Disposition::Opened, Disposition::Joined];

/// Puts down why a contact was made, whatever stood there before.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn set(tx: &mut Tx<'_>, mark: &Mark) -> Result<(), StoreError> {
    write(
        tx,
        mark,
        "INSERT INTO contact_reasons (contact_id, reason, is_found, set_by, set_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (contact_id) DO UPDATE SET reason = excluded.reason, is_found = excluded.is_found, \
         set_by = excluded.set_by, set_at = excluded.set_at",
    )
}

/// Puts down what follows from a contact, unless somebody has said why it was made.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn set_where_none(tx: &mut Tx<'_>, mark: &Mark) -> Result<(), StoreError> {
    write(
        tx,
        mark,
        "INSERT INTO contact_reasons (contact_id, reason, is_found, set_by, set_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (contact_id) DO NOTHING",
    )
}

/// Takes the reason of a contact away.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn clear(tx: &mut Tx<'_>, contact: ContactId) -> Result<(), StoreError> {
    let mark = contact_reasons::table.filter(contact_reasons::contact_id.eq(Id::from(contact)));
    diesel::delete(mark).execute(&mut **tx)?;
    Ok(())
}

/// Why a contact was made, where that is known.
///
/// # Errors
/// A [`StoreError`] when it cannot be read.
pub fn find(conn: &mut Conn, contact: ContactId) -> Result<Option<Mark>, StoreError> {
    let row: Option<(Id, String, bool, String, At)> = contact_reasons::table
        .filter(contact_reasons::contact_id.eq(Id::from(contact)))
        .first(conn)
        .optional()?;
    Ok(row.map(|(contact, reason, is_found, set_by, set_at)| Mark {
        contact: contact.into(),
        reason,
        is_found,
        set_by,
        set_at: set_at.0,
    }))
}

/// How many people contacted us between two instants, by channel.
///
/// # Errors
/// A [`StoreError`] when it cannot be read.
pub fn contacts_between(
    conn: &mut Conn,
    (from, to): (Timestamp, Timestamp),
) -> Result<Vec<(String, i64)>, StoreError> {
    Ok(contacts::table
        .filter(contacts::direction.eq("inbound"))
        .filter(contacts::disposition.eq_any(COUNTED.map(Disposition::as_str)))
        .filter(contacts::logged_at.ge(At(from)))
        .filter(contacts::logged_at.lt(At(to)))
        .group_by(contacts::channel)
        .select((contacts::channel, count_star()))
        .load(conn)?)
}

/// How many of them for which reason, where that is known, by channel.
///
/// # Errors
/// A [`StoreError`] when it cannot be read.
pub fn reasons_between(
    conn: &mut Conn,
    (from, to): (Timestamp, Timestamp),
) -> Result<Vec<(String, String, i64)>, StoreError> {
    Ok(contacts::table
        .inner_join(contact_reasons::table.on(contact_reasons::contact_id.eq(contacts::id)))
        .filter(contacts::direction.eq("inbound"))
        .filter(contacts::disposition.eq_any(COUNTED.map(Disposition::as_str)))
        .filter(contacts::logged_at.ge(At(from)))
        .filter(contacts::logged_at.lt(At(to)))
        .group_by((contacts::channel, contact_reasons::reason))
        .select((contacts::channel, contact_reasons::reason, count_star()))
        .load(conn)?)
}

/// How many contacts about a case were made for one of these reasons.
///
/// # Errors
/// A [`StoreError`] when it cannot be read.
pub fn n_for(conn: &mut Conn, case: CaseId, reasons: &[String]) -> Result<i64, StoreError> {
    Ok(contacts::table
        .inner_join(contact_reasons::table.on(contact_reasons::contact_id.eq(contacts::id)))
        .filter(contacts::case_id.eq(Some(Id::from(case))))
        .filter(contacts::direction.eq("inbound"))
        .filter(contacts::disposition.eq_any(COUNTED.map(Disposition::as_str)))
        .filter(contact_reasons::reason.eq_any(reasons.to_vec()))
        .count()
        .get_result(conn)?)
}

fn write(tx: &mut Tx<'_>, mark: &Mark, how: &str) -> Result<(), StoreError> {
    diesel::sql_query(how)
        .bind::<Uid, _>(Id::from(mark.contact))
        .bind::<Text, _>(&mark.reason)
        .bind::<Bool, _>(mark.is_found)
        .bind::<Text, _>(&mark.set_by)
        .bind::<Ts, _>(At(mark.set_at))
        .execute(&mut **tx)?;
    Ok(())
}
