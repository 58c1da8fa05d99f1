//! The timeline: append-only, written with the case in one transaction.

use diesel::prelude::*;
use jiff::Timestamp;
use serde_json::Value;

use super::db::{Conn, Tx};
use super::error::StoreError;
use super::schema::{cases, events};
use super::types::{At, Id, Json};
use crate::domain::access::ActorLabel;
use crate::domain::case::Secrecy;
use crate::domain::contact::Channel;
use crate::domain::ids::{CaseId, EventId};
use crate::domain::lifecycle::Event;

/// One line of a timeline, as kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub id: EventId,
    pub case: CaseId,
    pub at: Timestamp,
    pub kind: String,
    pub actor: ActorLabel,
    pub is_public: bool,
    /// The event as it travels, with `kind` and `detail`.
    pub event: Value,
}

type Row = (Id, Id, At, String, Json<ActorLabel>, bool, Json<Value>);

/// What lies further back than this on one timeline no longer tells where a case stands.
const MOST_OF_KINDS: i64 = 500;

/// Adds a line.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn append(
    tx: &mut Tx<'_>,
    id: EventId,
    case: CaseId,
    at: Timestamp,
    actor: &ActorLabel,
    event: &Event,
) -> Result<Line, StoreError> {
    let body = serde_json::to_value(event).map_err(|why| StoreError::Other(why.into()))?;
    let line = Line {
        id,
        case,
        at,
        kind: event.kind().to_owned(),
        actor: actor.clone(),
        is_public: event.public_words().is_some(),
        event: body,
    };
    diesel::insert_into(events::table)
        .values((
            events::id.eq(Id::from(id)),
            events::case_id.eq(Id::from(case)),
            events::at.eq(At(at)),
            events::kind.eq(line.kind.clone()),
            events::actor.eq(Json(actor.clone())),
            events::is_public.eq(line.is_public),
            events::detail.eq(Json(line.event.clone())),
        ))
        .execute(&mut **tx)?;
    Ok(line)
}

/// A page of a case's timeline, oldest first.
pub fn of_case(
    conn: &mut Conn,
    case: CaseId,
    after: Option<EventId>,
    limit: i64,
) -> Result<Vec<Line>, StoreError> {
    let mut query = events::table
        .filter(events::case_id.eq(Id::from(case)))
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(events::id.gt(Id::from(after)));
    }
    let rows: Vec<Row> = query.order(events::id.asc()).limit(limit).load(conn)?;
    Ok(rows.into_iter().map(line).collect())
}

/// What the public may read of what happened between two instants to the cases that came by one
/// channel, in the order it happened. Of cases that are any way secret, nothing.
pub fn public_between(
    conn: &mut Conn,
    channel: Channel,
    (from, before): (Timestamp, Timestamp),
    limit: i64,
) -> Result<Vec<Line>, StoreError> {
    let open_to_all = cases::table
        .filter(cases::secrecy.eq(Secrecy::Ordinary.as_str()))
        .filter(cases::channel.eq(channel.as_str()))
        .select(cases::id);
    let rows: Vec<Row> = events::table
        .filter(events::is_public.eq(true))
        .filter(events::at.ge(At(from)).and(events::at.lt(At(before))))
        .filter(events::case_id.eq_any(open_to_all))
        .order((events::at.asc(), events::id.asc()))
        .limit(limit)
        .load(conn)?;
    Ok(rows.into_iter().map(line).collect())
}

/// A page of the lines of a case's timeline that its person may read, oldest first.
pub fn public_of_case(
    conn: &mut Conn,
    case: CaseId,
    after: Option<EventId>,
    limit: i64,
) -> Result<Vec<Line>, StoreError> {
    let mut query = events::table
        .filter(events::case_id.eq(Id::from(case)))
        .filter(events::is_public.eq(true))
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(events::id.gt(Id::from(after)));
    }
    let rows: Vec<Row> = query.order(events::id.asc()).limit(limit).load(conn)?;
    Ok(rows.into_iter().map(line).collect())
}

/// The lines of some kinds on a case's timeline, oldest first, with when they were written.
pub fn of_kinds(
    conn: &mut Conn,
    case: CaseId,
    kinds: &[&str],
) -> Result<Vec<(Timestamp, Event)>, StoreError> {
    let kinds: Vec<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
    let mut rows: Vec<(At, Json<Value>)> = events::table
        .filter(events::case_id.eq(Id::from(case)))
        .filter(events::kind.eq_any(kinds))
        .order(events::id.desc())
        .limit(MOST_OF_KINDS)
        .select((events::at, events::detail))
        .load(conn)?;
    rows.reverse();
    rows.into_iter()
        .map(|(at, event)| {
            let event =
                serde_json::from_value(event.0).map_err(|why| StoreError::Other(why.into()))?;
            Ok((at.0, event))
        })
        .collect()
}

/// The lines of some kinds on the timelines of several cases, oldest first, with when they were written.
pub fn of_kinds_in(
    conn: &mut Conn,
    cases: &[CaseId],
    kinds: &[&str],
) -> Result<Vec<(CaseId, Timestamp, Event)>, StoreError> {
    let ids: Vec<Id> = cases.iter().copied().map(Id::from).collect();
    let kinds: Vec<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
    let rows: Vec<(Id, At, Json<Value>)> = events::table
        .filter(events::case_id.eq_any(ids))
        .filter(events::kind.eq_any(kinds))
        .order(events::id.asc())
        .select((events::case_id, events::at, events::detail))
        .load(conn)?;
    rows.into_iter()
        .map(|(case, at, event)| {
            let event =
                serde_json::from_value(event.0).map_err(|why| StoreError::Other(why.into()))?;
            Ok((case.into(), at.0, event))
        })
        .collect()
}

/// The lines of some kinds on a case's timeline, oldest first, with who wrote them.
pub fn lines_of_kinds(
    conn: &mut Conn,
    case: CaseId,
    kinds: &[&str],
) -> Result<Vec<(ActorLabel, Event)>, StoreError> {
    let kinds: Vec<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
    let mut rows: Vec<(Json<ActorLabel>, Json<Value>)> = events::table
        .filter(events::case_id.eq(Id::from(case)))
        .filter(events::kind.eq_any(kinds))
        .order(events::id.desc())
        .limit(MOST_OF_KINDS)
        .select((events::actor, events::detail))
        .load(conn)?;
    rows.reverse();
    rows.into_iter()
        .map(|(actor, event)| {
            let event =
                serde_json::from_value(event.0).map_err(|why| StoreError::Other(why.into()))?;
            Ok((actor.0, event))
        })
        .collect()
}

/// A page of the cases open to all whose category somebody put right, by id.
pub fn recategorised(
    conn: &mut Conn,
    after: Option<CaseId>,
    limit: i64,
) -> Result<Vec<CaseId>, StoreError> {
    let open_to_all = cases::table
        .filter(cases::secrecy.eq(Secrecy::Ordinary.as_str()))
        .select(cases::id);
    let mut query = events::table
        .filter(events::kind.eq("recategorised"))
        .filter(events::case_id.eq_any(open_to_all))
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(events::case_id.gt(Id::from(after)));
    }
    let ids: Vec<Id> = query
        .select(events::case_id)
        .distinct()
        .order(events::case_id.asc())
        .limit(limit)
        .load(conn)?;
    Ok(ids.into_iter().map(CaseId::from).collect())
}

fn line((id, case, at, kind, actor, is_public, detail): Row) -> Line {
    Line {
        id: id.into(),
        case: case.into(),
        at: at.0,
        kind,
        actor: actor.0,
        is_public,
        event: detail.0,
    }
}
