//! Why contacts were made, by a code of the catalogue.

use diesel::dsl::{count_star, sql};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use jiff::Timestamp;

use super::db::{Conn, Tx};
use super::error::StoreError;
use super::schema::{contact_reasons, contacts};
use super::types::{At, Id, Ts, Uid};
use crate::domain::contact::Disposition;
use crate::domain::ids::ContactId;

diesel::allow_columns_to_appear_in_same_group_by_clause!(
    contacts::channel,
    contact_reasons::reason,
    contact_reasons::is_avoidable,
);

/// Why one contact was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    pub contact: ContactId,
    /// A code of the catalogue it was set under.
    pub reason: String,
    /// Nobody said so: it followed from what the contact does.
    pub is_found: bool,
    /// Better service would have spared the person the contact, as the catalogue said then.
    pub is_avoidable: bool,
    /// The principal.
    pub set_by: String,
    pub set_at: Timestamp,
}

/// What counts as somebody contacting us: it opened a case or joined one. Machines, repeats and what still waits
/// for somebody to look do not.
const COUNTED: [Disposition; 2] = [Disposition::Opened, Disposition::Joined];

/// What belongs to restricted cases is in no figure.
const FOR_ALL_TO_KNOW: &str = "NOT EXISTS (SELECT 1 FROM cases WHERE cases.id = contacts.case_id \
                               AND cases.secrecy = 'restricted')";

/// Puts down why a contact was made, whatever stood there before.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn set(tx: &mut Tx<'_>, mark: &Mark) -> Result<(), StoreError> {
    write(
        tx,
        mark,
        "INSERT INTO contact_reasons (contact_id, reason, is_found, is_avoidable, set_by, set_at) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (contact_id) DO UPDATE SET reason = excluded.reason, is_found = excluded.is_found, is_avoidable = excluded.is_avoidable, \
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
        "INSERT INTO contact_reasons (contact_id, reason, is_found, is_avoidable, set_by, set_at) VALUES ($1, $2, $3, $4, $5, $6) \
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
    let row: Option<(Id, String, bool, bool, String, At)> = contact_reasons::table
        .filter(contact_reasons::contact_id.eq(Id::from(contact)))
        .first(conn)
        .optional()?;
    Ok(row.map(
        |(contact, reason, is_found, is_avoidable, set_by, set_at)| Mark {
            contact: contact.into(),
            reason,
            is_found,
            is_avoidable,
            set_by,
            set_at: set_at.0,
        },
    ))
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
        .filter(sql::<Bool>(FOR_ALL_TO_KNOW))
        .group_by(contacts::channel)
        .select((contacts::channel, count_star()))
        .load(conn)?)
}

/// So many of one channel and reason, and whether that was avoidable when it was given.
pub type ReasonCount = (String, String, bool, i64);

/// How many of them for which reason, where that is known, by channel.
///
/// # Errors
/// A [`StoreError`] when it cannot be read.
pub fn reasons_between(
    conn: &mut Conn,
    (from, to): (Timestamp, Timestamp),
) -> Result<Vec<ReasonCount>, StoreError> {
    Ok(contacts::table
        .inner_join(contact_reasons::table.on(contact_reasons::contact_id.eq(contacts::id)))
        .filter(contacts::direction.eq("inbound"))
        .filter(contacts::disposition.eq_any(COUNTED.map(Disposition::as_str)))
        .filter(contacts::logged_at.ge(At(from)))
        .filter(contacts::logged_at.lt(At(to)))
        .filter(sql::<Bool>(FOR_ALL_TO_KNOW))
        .group_by((
            contacts::channel,
            contact_reasons::reason,
            contact_reasons::is_avoidable,
        ))
        .select((
            contacts::channel,
            contact_reasons::reason,
            contact_reasons::is_avoidable,
            count_star(),
        ))
        .load(conn)?)
}

fn write(tx: &mut Tx<'_>, mark: &Mark, how: &str) -> Result<(), StoreError> {
    diesel::sql_query(how)
        .bind::<Uid, _>(Id::from(mark.contact))
        .bind::<Text, _>(&mark.reason)
        .bind::<Bool, _>(mark.is_found)
        .bind::<Bool, _>(mark.is_avoidable)
        .bind::<Text, _>(&mark.set_by)
        .bind::<Ts, _>(At(mark.set_at))
        .execute(&mut **tx)?;
    Ok(())
}
