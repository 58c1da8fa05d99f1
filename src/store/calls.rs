//! Telephone calls: what the phone system told of each, and the call made of it.

use diesel::prelude::*;
use jiff::Timestamp;

use super::cases::word;
use super::db::{Conn, Tx};
use super::error::StoreError;
use super::schema::{call_contacts, call_events, calls, contacts};
use super::types::{At, Id};
use crate::domain::ids::{CaseId, ContactId};
use crate::domain::redaction::Removal;
use crate::domain::telephony::{Call, CallEvent};

/// An event to be kept, and who told it.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    pub call: &'a str,
    pub event: &'a CallEvent,
    /// The same thing told again has the same.
    pub fingerprint: &'a str,
    pub at: Timestamp,
    pub by: &'a str,
}

#[derive(Queryable, Selectable, AsChangeset)]
#[diesel(table_name = calls, treat_none_as_null = true)]
struct Row {
    line: Option<String>,
    queue: Option<String>,
    number: Option<String>,
    agent: Option<String>,
    began_at: Option<At>,
    answered_at: Option<At>,
    abandoned_at: Option<At>,
    ended_at: Option<At>,
    wrapped_at: Option<At>,
    first_position: Option<i32>,
    position: Option<i32>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = call_events)]
struct EventRow {
    at: At,
    kind: String,
    position: Option<i32>,
    queue: Option<String>,
    line: Option<String>,
    agent: Option<String>,
    number: Option<String>,
}

/// Takes a call in hand until the transaction ends: events of one call follow one another. It is there
/// afterwards, if only by its name.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn hold(tx: &mut Tx<'_>, id: &str) -> Result<(), StoreError> {
    super::dialect::hold(tx, &format!("call:{id}"))?;
    diesel::sql_query("INSERT INTO calls (id) VALUES ($1) ON CONFLICT (id) DO NOTHING")
        .bind::<diesel::sql_types::Text, _>(id)
        .execute(&mut **tx)?;
    Ok(())
}

/// Keeps an event; says whether it was new.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn keep_event(tx: &mut Tx<'_>, told: &Told<'_>) -> Result<bool, StoreError> {
    let event = told.event;
    let is_known: bool = diesel::select(diesel::dsl::exists(
        call_events::table
            .filter(call_events::call_id.eq(told.call))
            .filter(call_events::fingerprint.eq(told.fingerprint)),
    ))
    .get_result(&mut **tx)?;
    if is_known {
        return Ok(false);
    }
    diesel::insert_into(call_events::table)
        .values((
            call_events::call_id.eq(told.call),
            call_events::fingerprint.eq(told.fingerprint),
            call_events::at.eq(At(event.at)),
            call_events::kind.eq(event.kind.as_str()),
            call_events::position.eq(place(event.position)),
            call_events::queue.eq(event.queue.clone()),
            call_events::line.eq(event.line.clone()),
            call_events::agent.eq(event.agent.clone()),
            call_events::number.eq(event.number.clone()),
            call_events::told_at.eq(At(told.at)),
            call_events::told_by.eq(told.by),
        ))
        .execute(&mut **tx)?;
    Ok(true)
}

/// Everything that was told of a call.
///
/// # Errors
/// A [`StoreError`] when it cannot be read.
pub fn events_of(conn: &mut Conn, id: &str) -> Result<Vec<CallEvent>, StoreError> {
    let rows: Vec<EventRow> = call_events::table
        .filter(call_events::call_id.eq(id))
        .select(EventRow::as_select())
        .load(conn)?;
    rows.into_iter().map(CallEvent::try_from).collect()
}

/// Writes the call as its events have it.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn file(tx: &mut Tx<'_>, id: &str, call: &Call) -> Result<(), StoreError> {
    diesel::update(calls::table.filter(calls::id.eq(id)))
        .set(Row::from(call))
        .execute(&mut **tx)?;
    Ok(())
}

/// One call.
///
/// # Errors
/// A [`StoreError`] when it cannot be read.
pub fn find(conn: &mut Conn, id: &str) -> Result<Option<Call>, StoreError> {
    let row: Option<Row> = calls::table
        .filter(calls::id.eq(id))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    row.map(Call::try_from).transpose()
}

/// When calls that waited in the same place were answered between two instants.
///
/// # Errors
/// A [`StoreError`] when they cannot be read.
pub fn answers_in(
    conn: &mut Conn,
    queue: Option<&str>,
    (from, to): (Timestamp, Timestamp),
) -> Result<Vec<Timestamp>, StoreError> {
    let mut query = calls::table
        .filter(calls::answered_at.ge(At(from)))
        .filter(calls::answered_at.le(At(to)))
        .select(calls::answered_at.assume_not_null())
        .into_boxed();
    query = match queue {
        Some(queue) => query.filter(calls::queue.eq(queue.to_owned())),
        None => query.filter(calls::queue.is_null()),
    };
    let answers: Vec<At> = query.load(conn)?;
    Ok(answers.into_iter().map(|at| at.0).collect())
}

/// A part of the calls that began between two instants, in that order.
///
/// # Errors
/// A [`StoreError`] when they cannot be read.
pub fn began_between(
    conn: &mut Conn,
    (from, to): (Timestamp, Timestamp),
    after: Option<&(Timestamp, String)>,
    limit: i64,
) -> Result<Vec<(String, Call)>, StoreError> {
    let mut query = calls::table
        .filter(calls::began_at.is_not_null())
        .filter(calls::began_at.ge(At(from)))
        .filter(calls::began_at.lt(At(to)))
        .into_boxed();
    if let Some((at, id)) = after {
        query = query.filter(
            calls::began_at
                .gt(At(*at))
                .or(calls::began_at.eq(At(*at)).and(calls::id.gt(id.clone()))),
        );
    }
    let rows: Vec<(String, Row)> = query
        .order((calls::began_at.asc(), calls::id.asc()))
        .limit(limit)
        .select((calls::id, Row::as_select()))
        .load(conn)?;
    rows.into_iter()
        .map(|(id, row)| Ok((id, Call::try_from(row)?)))
        .collect()
}

/// Puts down that a contact was logged of a call.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn link(tx: &mut Tx<'_>, id: &str, contact: ContactId) -> Result<(), StoreError> {
    diesel::insert_into(call_contacts::table)
        .values((
            call_contacts::call_id.eq(id),
            call_contacts::contact_id.eq(Id::from(contact)),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// What was logged of a call.
///
/// # Errors
/// A [`StoreError`] when it cannot be read.
pub fn contacts_of(conn: &mut Conn, id: &str) -> Result<Vec<ContactId>, StoreError> {
    let ids: Vec<Id> = call_contacts::table
        .filter(call_contacts::call_id.eq(id))
        .order(call_contacts::contact_id.asc())
        .select(call_contacts::contact_id)
        .load(conn)?;
    Ok(ids.into_iter().map(Into::into).collect())
}

/// Forgets numbers wherever they rang from; the calls stay in the figures. Says on how many.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn forget_numbers(tx: &mut Tx<'_>, numbers: &[String]) -> Result<u32, StoreError> {
    let n = diesel::update(calls::table.filter(calls::number.eq_any(numbers.to_vec())))
        .set(calls::number.eq(None::<String>))
        .execute(&mut **tx)?;
    diesel::update(call_events::table.filter(call_events::number.eq_any(numbers.to_vec())))
        .set(call_events::number.eq(None::<String>))
        .execute(&mut **tx)?;
    Ok(u32::try_from(n).unwrap_or(u32::MAX))
}

/// Takes a number away from the calls that contacts of a case were logged of. Says on how many.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn redact(tx: &mut Tx<'_>, case: CaseId, removal: &Removal) -> Result<u32, StoreError> {
    let ids: Vec<String> = call_contacts::table
        .inner_join(contacts::table.on(contacts::id.eq(call_contacts::contact_id)))
        .filter(contacts::case_id.eq(Some(Id::from(case))))
        .select(call_contacts::call_id)
        .distinct()
        .load(&mut **tx)?;
    let mut n = 0;
    for id in ids {
        let told = call_events::table
            .filter(call_events::call_id.eq(&id))
            .filter(call_events::number.is_not_null())
            .select(call_events::number.assume_not_null())
            .distinct();
        let mut numbers: Vec<String> = told.load(&mut **tx)?;
        numbers.retain(|number| removal.is_in(number));
        if numbers.is_empty() {
            continue;
        }
        let of_call = calls::table.filter(calls::id.eq(&id));
        diesel::update(of_call.filter(calls::number.eq_any(numbers.clone())))
            .set(calls::number.eq(None::<String>))
            .execute(&mut **tx)?;
        let events = call_events::table.filter(call_events::call_id.eq(&id));
        diesel::update(events.filter(call_events::number.eq_any(numbers)))
            .set(call_events::number.eq(None::<String>))
            .execute(&mut **tx)?;
        n += 1;
    }
    Ok(n)
}

/// A place as it is kept. One beyond two thousand million is one nobody was told.
fn place(position: Option<u32>) -> Option<i32> {
    position.map(|position| i32::try_from(position).unwrap_or(i32::MAX))
}

fn position(place: Option<i32>) -> Option<u32> {
    place.map(i32::unsigned_abs)
}

impl From<&Call> for Row {
    fn from(call: &Call) -> Self {
        Self {
            line: call.line.clone(),
            queue: call.queue.clone(),
            number: call.number.clone(),
            agent: call.agent.clone(),
            began_at: call.began_at.map(At),
            answered_at: call.answered_at.map(At),
            abandoned_at: call.abandoned_at.map(At),
            ended_at: call.ended_at.map(At),
            wrapped_at: call.wrapped_at.map(At),
            first_position: place(call.first_position),
            position: place(call.position),
        }
    }
}

impl TryFrom<Row> for Call {
    type Error = StoreError;
    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            line: row.line,
            queue: row.queue,
            number: row.number,
            agent: row.agent,
            began_at: row.began_at.map(|at| at.0),
            answered_at: row.answered_at.map(|at| at.0),
            abandoned_at: row.abandoned_at.map(|at| at.0),
            ended_at: row.ended_at.map(|at| at.0),
            wrapped_at: row.wrapped_at.map(|at| at.0),
            first_position: position(row.first_position),
            position: position(row.position),
        })
    }
}

impl TryFrom<EventRow> for CallEvent {
    type Error = StoreError;
    fn try_from(row: EventRow) -> Result<Self, StoreError> {
        Ok(Self {
            at: row.at.0,
            kind: word(&row.kind)?,
            position: position(row.position),
            queue: row.queue,
            line: row.line,
            agent: row.agent,
            number: row.number,
        })
    }
}
