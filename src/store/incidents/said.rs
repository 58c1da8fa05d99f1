//! What was announced about an incident: its updates, and the answers its cases are closed with.

use std::collections::HashSet;

use diesel::prelude::*;
use jiff::Timestamp;

use super::seen;
use crate::domain::access::{ActorLabel, Sight};
use crate::domain::case::Outcome;
use crate::domain::ids::{IncidentClosureId, IncidentId, IncidentUpdateId, UserId};
use crate::domain::incident::{ClosedAs, IncidentTold};
use crate::store::cases::word;
use crate::store::db::{Conn, Tx};
use crate::store::error::StoreError;
use crate::store::schema::{
    cases, incident_cases, incident_closures, incident_told, incident_updates,
};
use crate::store::types::{At, Id, Js, Json, Ts, Uid};

/// One update to everybody whose case is on an incident.
#[derive(Debug, Clone, PartialEq)]
pub struct Update {
    pub id: IncidentUpdateId,
    pub incident: IncidentId,
    /// 1, 2, 3 … on each incident.
    pub number: i32,
    pub text: String,
    pub text_cy: Option<String>,
    pub written_at: Timestamp,
    pub written_by: ActorLabel,
    /// Until then it can be taken back.
    pub leaves_at: Timestamp,
    pub taken_back_at: Option<Timestamp>,
}

/// One answer with which the cases on an incident are closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closure {
    pub id: IncidentClosureId,
    pub incident: IncidentId,
    pub number: i32,
    pub outcome: Outcome,
    /// None: they are closed without an answer of their own.
    pub text: Option<String>,
    pub asked_at: Timestamp,
    pub asked_by: UserId,
}

type UpdateRow = (
    Id,
    Id,
    i32,
    String,
    Option<String>,
    At,
    Json<ActorLabel>,
    At,
    Option<At>,
);

type ClosureRow = (Id, Id, i32, String, Option<String>, At, Id);

const UPDATE: (
    incident_updates::id,
    incident_updates::incident_id,
    incident_updates::number,
    incident_updates::text,
    incident_updates::text_cy,
    incident_updates::written_at,
    incident_updates::written_by,
    incident_updates::leaves_at,
    incident_updates::taken_back_at,
) = (
    incident_updates::id,
    incident_updates::incident_id,
    incident_updates::number,
    incident_updates::text,
    incident_updates::text_cy,
    incident_updates::written_at,
    incident_updates::written_by,
    incident_updates::leaves_at,
    incident_updates::taken_back_at,
);

const CLOSURE: (
    incident_closures::id,
    incident_closures::incident_id,
    incident_closures::number,
    incident_closures::outcome,
    incident_closures::text,
    incident_closures::asked_at,
    incident_closures::asked_by,
) = (
    incident_closures::id,
    incident_closures::incident_id,
    incident_closures::number,
    incident_closures::outcome,
    incident_closures::text,
    incident_closures::asked_at,
    incident_closures::asked_by,
);

/// Adds an update under the next number, and says which. The incident is held.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn add_update(tx: &mut Tx<'_>, update: &Update) -> Result<Update, StoreError> {
    let last: Option<i32> = incident_updates::table
        .filter(incident_updates::incident_id.eq(Id::from(update.incident)))
        .select(diesel::dsl::max(incident_updates::number))
        .first(&mut **tx)?;
    let added = Update {
        number: last.unwrap_or(0) + 1,
        ..update.clone()
    };
    diesel::insert_into(incident_updates::table)
        .values((
            incident_updates::id.eq(Id::from(added.id)),
            incident_updates::incident_id.eq(Id::from(added.incident)),
            incident_updates::number.eq(added.number),
            incident_updates::text.eq(added.text.clone()),
            incident_updates::text_cy.eq(added.text_cy.clone()),
            incident_updates::written_at.eq(At(added.written_at)),
            incident_updates::written_by.eq(Json(added.written_by.clone())),
            incident_updates::leaves_at.eq(At(added.leaves_at)),
        ))
        .execute(&mut **tx)?;
    Ok(added)
}

/// Takes an update back, unless it has begun to leave or was taken back before. Says whether it was.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn take_back(
    tx: &mut Tx<'_>,
    id: IncidentUpdateId,
    by: &ActorLabel,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let n_changed = diesel::sql_query(
        "UPDATE incident_updates SET taken_back_at = $1, taken_back_by = $2 \
         WHERE id = $3 AND taken_back_at IS NULL AND leaves_at > $4",
    )
    .bind::<Ts, _>(At(now))
    .bind::<Js, _>(Json(by.clone()))
    .bind::<Uid, _>(Id::from(id))
    .bind::<Ts, _>(At(now))
    .execute(&mut **tx)?;
    Ok(n_changed == 1)
}

/// One update of an incident.
pub fn find_update(
    conn: &mut Conn,
    incident: IncidentId,
    id: IncidentUpdateId,
) -> Result<Option<Update>, StoreError> {
    let row: Option<UpdateRow> = incident_updates::table
        .filter(incident_updates::incident_id.eq(Id::from(incident)))
        .filter(incident_updates::id.eq(Id::from(id)))
        .select(UPDATE)
        .first(conn)
        .optional()?;
    Ok(row.map(read_update))
}

/// The newest update that has left, or is leaving, at an instant.
pub fn current_update(
    conn: &mut Conn,
    incident: IncidentId,
    now: Timestamp,
) -> Result<Option<Update>, StoreError> {
    let row: Option<UpdateRow> = incident_updates::table
        .filter(incident_updates::incident_id.eq(Id::from(incident)))
        .filter(incident_updates::taken_back_at.is_null())
        .filter(incident_updates::leaves_at.le(At(now)))
        .order(incident_updates::number.desc())
        .select(UPDATE)
        .first(conn)
        .optional()?;
    Ok(row.map(read_update))
}

/// A page of an incident's updates, newest first.
pub fn updates_of(
    conn: &mut Conn,
    incident: IncidentId,
    before: Option<i32>,
    limit: i64,
) -> Result<Vec<Update>, StoreError> {
    let mut query = incident_updates::table
        .filter(incident_updates::incident_id.eq(Id::from(incident)))
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(incident_updates::number.lt(before));
    }
    let rows: Vec<UpdateRow> = query
        .order(incident_updates::number.desc())
        .limit(limit)
        .select(UPDATE)
        .load(conn)?;
    Ok(rows.into_iter().map(read_update).collect())
}

/// How many people it came to this for with an update, of those behind cases within `sight`.
pub fn n_told(
    conn: &mut Conn,
    sight: &Sight,
    update: IncidentUpdateId,
    told: IncidentTold,
) -> Result<i64, StoreError> {
    let theirs = || {
        incident_told::table
            .filter(incident_told::update_id.eq(Id::from(update)))
            .filter(incident_told::outcome.eq(Some(told.as_str())))
            .select(incident_told::case_id)
    };
    let visible: Vec<Id> = seen(sight)
        .filter(cases::id.eq_any(theirs()))
        .select(cases::id)
        .load(conn)?;
    let visible: HashSet<Id> = visible.into_iter().collect();
    // Several people may be behind one case.
    let all: Vec<Id> = theirs().load(conn)?;
    let n = all
        .into_iter()
        .filter(|case| visible.contains(case))
        .count();
    Ok(i64::try_from(n).unwrap_or(i64::MAX))
}

/// How many open cases within `sight` are still to be seen to for an update.
pub fn n_left(
    conn: &mut Conn,
    sight: &Sight,
    incident: IncidentId,
    number: i32,
) -> Result<i64, StoreError> {
    let left = incident_cases::table
        .filter(incident_cases::incident_id.eq(Id::from(incident)))
        .filter(incident_cases::seen_update.lt(number))
        .select(incident_cases::case_id);
    Ok(seen(sight)
        .filter(cases::is_closed.eq(false))
        .filter(cases::id.eq_any(left))
        .count()
        .get_result(conn)?)
}

/// Adds a closure under the next number, and says which. The incident is held.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn add_closure(tx: &mut Tx<'_>, closure: &Closure) -> Result<Closure, StoreError> {
    let last: Option<i32> = incident_closures::table
        .filter(incident_closures::incident_id.eq(Id::from(closure.incident)))
        .select(diesel::dsl::max(incident_closures::number))
        .first(&mut **tx)?;
    let added = Closure {
        number: last.unwrap_or(0) + 1,
        ..closure.clone()
    };
    diesel::insert_into(incident_closures::table)
        .values((
            incident_closures::id.eq(Id::from(added.id)),
            incident_closures::incident_id.eq(Id::from(added.incident)),
            incident_closures::number.eq(added.number),
            incident_closures::outcome.eq(added.outcome.as_str()),
            incident_closures::text.eq(added.text.clone()),
            incident_closures::asked_at.eq(At(added.asked_at)),
            incident_closures::asked_by.eq(Id::from(added.asked_by)),
        ))
        .execute(&mut **tx)?;
    Ok(added)
}

/// A page of what the cases on an incident were to be closed with, newest first.
pub fn closures_of(
    conn: &mut Conn,
    incident: IncidentId,
    before: Option<i32>,
    limit: i64,
) -> Result<Vec<Closure>, StoreError> {
    let mut query = incident_closures::table
        .filter(incident_closures::incident_id.eq(Id::from(incident)))
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(incident_closures::number.lt(before));
    }
    let rows: Vec<ClosureRow> = query
        .order(incident_closures::number.desc())
        .limit(limit)
        .select(CLOSURE)
        .load(conn)?;
    rows.into_iter().map(read_closure).collect()
}

/// How many cases within `sight` it came to this for with a closure.
pub fn n_closed(
    conn: &mut Conn,
    sight: &Sight,
    closure: &Closure,
    closed_as: ClosedAs,
) -> Result<i64, StoreError> {
    let of_these = incident_cases::table
        .filter(incident_cases::incident_id.eq(Id::from(closure.incident)))
        .filter(incident_cases::seen_closure.eq(closure.number))
        .filter(incident_cases::closed_as.eq(Some(closed_as.as_str())))
        .select(incident_cases::case_id);
    Ok(seen(sight)
        .filter(cases::id.eq_any(of_these))
        .count()
        .get_result(conn)?)
}

/// How many cases within `sight` are still to be seen to for a closure.
pub fn n_unclosed(conn: &mut Conn, sight: &Sight, closure: &Closure) -> Result<i64, StoreError> {
    let left = incident_cases::table
        .filter(incident_cases::incident_id.eq(Id::from(closure.incident)))
        .filter(incident_cases::seen_closure.lt(closure.number))
        .filter(incident_cases::attached_at.le(At(closure.asked_at)))
        .select(incident_cases::case_id);
    Ok(seen(sight)
        .filter(cases::id.eq_any(left))
        .count()
        .get_result(conn)?)
}

fn read_update(row: UpdateRow) -> Update {
    let (id, incident, number, text, text_cy, written_at, by, leaves_at, taken_back_at) = row;
    Update {
        id: id.into(),
        incident: incident.into(),
        number,
        text,
        text_cy,
        written_at: written_at.0,
        written_by: by.0,
        leaves_at: leaves_at.0,
        taken_back_at: taken_back_at.map(|at| at.0),
    }
}

fn read_closure(row: ClosureRow) -> Result<Closure, StoreError> {
    let (id, incident, number, outcome, text, asked_at, asked_by) = row;
    Ok(Closure {
        id: id.into(),
        incident: incident.into(),
        number,
        outcome: word(&outcome)?,
        text,
        asked_at: asked_at.0,
        asked_by: asked_by.into(),
    })
}
