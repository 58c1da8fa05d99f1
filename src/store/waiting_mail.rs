//! E-mail as it was taken in, and what a person made of mail that had to wait for one.
//!
//! Mail that waited stays the contact it was logged as: what came in on a day is counted once, as
//! what it was that day. [`claim`] is the one way to settle it, so that of two who try one does.

use diesel::prelude::*;
use jiff::Timestamp;
use serde_json::Value;

use super::cases::word;
use super::contacts::{Contact, OF_A_CONTACT, Row};
use super::db::{Conn, Tx};
use super::error::StoreError;
use super::schema::{contacts, raw_messages};
use super::sight::is_within;
use super::types::{At, Id, Json, On};
use crate::domain::access::Sight;
use crate::domain::contact::{Disposition, Settlement};
use crate::domain::ids::ContactId;

/// One mail.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    pub contact: Contact,
    /// What a person made of it; nothing while it waits, or when it never had to.
    pub settled: Option<Settled>,
    /// Since when it is known to tell of danger.
    pub danger_since: Option<Timestamp>,
}

/// What a person made of mail that waited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    pub at: Timestamp,
    pub settlement: Settlement,
    /// The principal who decided.
    pub by: String,
    pub why: Option<String>,
}

/// Which mails.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// What became of them; empty: anything.
    pub dispositions: Vec<Disposition>,
    /// Those that wait for a person, or those that do not.
    pub is_waiting: Option<bool>,
}

/// Where a list of mails goes on: whether it has come to those without danger, which come last, and the
/// last mail shown.
pub type After = (bool, Timestamp, ContactId);

type SettledColumns = (
    Option<At>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<At>,
);

const SETTLED: (
    contacts::settled_at,
    contacts::settled_as,
    contacts::settled_by,
    contacts::settled_why,
    contacts::danger_since,
) = (
    contacts::settled_at,
    contacts::settled_as,
    contacts::settled_by,
    contacts::settled_why,
    contacts::danger_since,
);

/// What always waits for a person. What was stored does where it tells of danger.
const WAITS: [Disposition; 2] = [Disposition::Held, Disposition::Quarantined];

diesel::define_sql_function! {
    /// Part of some bytes, counted from 1.
    fn substr(bytes: diesel::sql_types::Binary, from: diesel::sql_types::Integer, n: diesel::sql_types::Integer) -> diesel::sql_types::Binary;
}

/// A page of mails in the order they reached us, of those that wait first where there is danger: those on cases within `sight`, those that are held or tell of danger, and,
/// where `takes_unplaced`, all others that belong to no case. Who may see a held one depends on the case
/// it names, which its reader looks up.
///
/// # Errors
/// When the database cannot be asked.
pub fn page(
    conn: &mut Conn,
    sight: &Sight,
    takes_unplaced: bool,
    filter: &Filter,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<Message>, StoreError> {
    let mut query = contacts::table
        .filter(contacts::channel.eq("email"))
        .filter(contacts::direction.eq("inbound"))
        .into_boxed();
    let is_on_a_case = is_within(sight, OF_A_CONTACT);
    query = if takes_unplaced {
        query.filter(contacts::case_id.is_null().or(is_on_a_case))
    } else {
        let is_stored_and_waits = contacts::disposition
            .eq(Disposition::Stored.as_str())
            .and(contacts::waits_for.is_not_null());
        let is_held = contacts::case_id.is_null().and(
            contacts::disposition
                .eq(Disposition::Held.as_str())
                .or(is_stored_and_waits),
        );
        query.filter(is_held.or(is_on_a_case))
    };
    if !filter.dispositions.is_empty() {
        let words: Vec<&str> = filter.dispositions.iter().map(|one| one.as_str()).collect();
        query = query.filter(contacts::disposition.eq_any(words));
        if filter.dispositions.iter().all(|one| WAITS.contains(one)) {
            // Says what the words say already, in the terms of the index over those few rows.
            query = query.filter(contacts::waits_for.is_not_null());
        }
    }
    query = match filter.is_waiting {
        Some(true) => query
            .filter(contacts::waits_for.is_not_null())
            .filter(contacts::settled_at.is_null()),
        Some(false) => query.filter(
            contacts::waits_for
                .is_null()
                .or(contacts::settled_at.is_not_null()),
        ),
        None => query,
    };
    let danger_first = filter.is_waiting == Some(true);
    if let Some((is_calm, at, id)) = after {
        let is_later = contacts::logged_at.gt(At(at)).or(contacts::logged_at
            .eq(At(at))
            .and(contacts::id.gt(Id::from(id))));
        query = match (danger_first, is_calm) {
            (false, _) => query.filter(is_later),
            (true, true) => query.filter(contacts::danger_since.is_null().and(is_later)),
            (true, false) => query.filter(contacts::danger_since.is_null().or(is_later)),
        };
    }
    let oldest_first = (contacts::logged_at.asc(), contacts::id.asc());
    query = if danger_first {
        query
            .order(contacts::danger_since.is_null().asc())
            .then_order_by(oldest_first)
    } else {
        query.order(oldest_first)
    };
    let rows: Vec<(Row, SettledColumns)> = query
        .limit(limit)
        .select((Row::as_select(), SETTLED))
        .load(conn)?;
    rows.into_iter().map(message).collect()
}

/// One mail.
///
/// # Errors
/// When the database cannot be asked.
pub fn find(conn: &mut Conn, id: ContactId) -> Result<Option<Message>, StoreError> {
    let row: Option<(Row, SettledColumns)> = contacts::table
        .filter(contacts::id.eq(Id::from(id)))
        .filter(contacts::channel.eq("email"))
        .filter(contacts::direction.eq("inbound"))
        .select((Row::as_select(), SETTLED))
        .first(conn)
        .optional()?;
    row.map(message).transpose()
}

/// What a person made of one, if anybody has.
///
/// # Errors
/// When the database cannot be asked.
pub fn settlement(conn: &mut Conn, id: ContactId) -> Result<Option<Settlement>, StoreError> {
    let settled: Option<Option<String>> = contacts::table
        .filter(contacts::id.eq(Id::from(id)))
        .select(contacts::settled_as)
        .first(conn)
        .optional()?;
    settled.flatten().map(|settled| word(&settled)).transpose()
}

/// The beginning of a raw message.
///
/// # Errors
/// When the database cannot be asked.
pub fn beginning(conn: &mut Conn, id: ContactId, n: i32) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(raw_messages::table
        .filter(raw_messages::contact_id.eq(Id::from(id)))
        .select(substr(raw_messages::bytes, 1, n))
        .first(conn)
        .optional()?)
}

/// Settles a mail that waits. False when it does not: somebody else was there before, or it never
/// had to.
///
/// # Errors
/// When the database cannot be written.
pub fn claim(tx: &mut Tx<'_>, id: ContactId, settled: &Settled) -> Result<bool, StoreError> {
    let n = diesel::update(
        contacts::table
            .filter(contacts::id.eq(Id::from(id)))
            .filter(contacts::settled_at.is_null())
            .filter(contacts::waits_for.is_not_null()),
    )
    .set((
        contacts::settled_at.eq(Some(At(settled.at))),
        contacts::settled_as.eq(Some(settled.settlement.as_str())),
        contacts::settled_by.eq(Some(settled.by.clone())),
        contacts::settled_why.eq(settled.why.clone()),
        contacts::wake_at.eq(None::<At>),
    ))
    .execute(&mut **tx)?;
    Ok(n == 1)
}

/// Puts a mail that waited, or a chat that may be kept after all, where it belongs: its case, its person and the words as they were read.
/// When it came in, from where and as what stays as it was logged.
///
/// # Errors
/// When the database cannot be written.
pub fn place(tx: &mut Tx<'_>, placed: &Contact) -> Result<(), StoreError> {
    let was = super::contacts::find(tx, placed.id)?;
    // What had none, because its words were not kept, is known again by them from now on.
    let (fingerprint, language) = match &was {
        Some(was) => (was.fingerprint.clone(), was.language.clone()),
        None => (None, None),
    };
    let mut detail = was.map_or(Value::Null, |was| was.detail);
    match (&mut detail, &placed.detail) {
        (Value::Object(kept), Value::Object(new)) => {
            let said = new.iter().filter(|(_, value)| !value.is_null());
            kept.extend(said.map(|(name, value)| (name.clone(), value.clone())));
        }
        (kept, new) => *kept = new.clone(),
    }
    diesel::update(contacts::table.filter(contacts::id.eq(Id::from(placed.id))))
        .set((
            contacts::case_id.eq(placed.case.map(Id::from)),
            contacts::person_id.eq(placed.person.map(Id::from)),
            contacts::counted_from_on.eq(placed.counted_from_on.map(On::from)),
            contacts::subject.eq(placed.subject.clone()),
            contacts::body.eq(placed.body.clone()),
            contacts::detail.eq(Json(detail)),
            contacts::fingerprint.eq(fingerprint.or_else(|| placed.fingerprint.clone())),
            contacts::language.eq(language.or_else(|| placed.language.clone())),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Writes what a release has led to, once that is known.
///
/// # Errors
/// When the database cannot be written.
pub fn note_settlement(
    tx: &mut Tx<'_>,
    id: ContactId,
    settlement: Settlement,
) -> Result<(), StoreError> {
    diesel::update(contacts::table.filter(contacts::id.eq(Id::from(id))))
        .set(contacts::settled_as.eq(Some(settlement.as_str())))
        .execute(&mut **tx)?;
    Ok(())
}

fn message((row, settled): (Row, SettledColumns)) -> Result<Message, StoreError> {
    let danger_since = settled.4.map(|at| at.0);
    let settled = match settled {
        (Some(at), Some(settlement), Some(by), why, _) => Some(Settled {
            at: at.0,
            settlement: word(&settlement)?,
            by,
            why,
        }),
        _ => None,
    };
    Ok(Message {
        contact: row.try_into()?,
        settled,
        danger_since,
    })
}
