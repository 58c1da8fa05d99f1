//! Incidents, the cases on them, what was announced, and who has heard it.
//!
//! Whoever changes one, or puts a case on it, holds it first ([`hold`]), so that the hour at which the
//! worker looks again is worked out by one at a time. What is counted or listed of its cases is counted
//! within a [`Sight`], as every list is.

use std::collections::HashSet;

use diesel::prelude::*;
use diesel::sql_types::{Integer, Nullable, Text};
use jiff::Timestamp;

use super::cases::{Boxed, narrowed, word};
use super::db::{Conn, Tx};
use super::dialect;
use super::error::StoreError;
use super::schema::{
    case_people, cases, incident_cases, incident_closures, incident_told, incident_updates,
    incidents,
};
use super::types::{At, Id, Js, Json, Ts, Uid};
use crate::domain::access::{ActorLabel, Sight};
use crate::domain::case::Outcome;
use crate::domain::ids::{
    CaseId, IncidentClosureId, IncidentId, IncidentUpdateId, PersonId, UserId,
};
use crate::domain::incident::{Area, ClosedAs, Incident, IncidentState, IncidentTold, Matter};
use crate::domain::reference::Reference;
use crate::store::cases::Filter;

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

/// A case on an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attached {
    pub case: CaseId,
    pub attached_at: Timestamp,
    pub attached_by: ActorLabel,
    /// What came of the last update it was seen to for.
    pub told: Option<IncidentTold>,
    pub closed_as: Option<ClosedAs>,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = incidents, treat_none_as_null = true, treat_none_as_default_value = false)]
struct Row {
    id: Id,
    title: String,
    title_cy: Option<String>,
    words: String,
    words_cy: Option<String>,
    matters: Json<Vec<Matter>>,
    area: Json<Area>,
    since_at: At,
    expected_end_at: Option<At>,
    state: String,
    opened_at: At,
    opened_by: Json<ActorLabel>,
    ended_at: Option<At>,
    ended_by: Option<Json<ActorLabel>>,
    version: i64,
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
type AttachedRow = (Id, At, Json<ActorLabel>, Option<String>, Option<String>);

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

const ATTACHED: (
    incident_cases::case_id,
    incident_cases::attached_at,
    incident_cases::attached_by,
    incident_cases::told,
    incident_cases::closed_as,
) = (
    incident_cases::case_id,
    incident_cases::attached_at,
    incident_cases::attached_by,
    incident_cases::told,
    incident_cases::closed_as,
);

/// Waits until nobody else is changing an incident, and holds it until the transaction ends.
///
/// # Errors
/// A [`StoreError`] when it cannot be waited for.
pub fn hold(tx: &mut Tx<'_>, id: IncidentId) -> Result<(), StoreError> {
    Ok(dialect::hold(tx, &format!("incident:{id}"))?)
}

/// Writes a new one.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn insert(tx: &mut Tx<'_>, incident: &Incident) -> Result<(), StoreError> {
    diesel::insert_into(incidents::table)
        .values(Row::from(incident))
        .execute(&mut **tx)?;
    Ok(())
}

/// Writes a changed one; its version is raised by the caller.
///
/// # Errors
/// [`StoreError::Conflict`] when somebody else has changed it since it was read.
pub fn update(tx: &mut Tx<'_>, incident: &Incident, read_version: i64) -> Result<(), StoreError> {
    let row = Row::from(incident);
    let n_changed = diesel::update(incidents::table)
        .filter(
            incidents::id
                .eq(row.id)
                .and(incidents::version.eq(read_version)),
        )
        .set(&row)
        .execute(&mut **tx)?;
    if n_changed == 0 {
        Err(StoreError::Conflict)
    } else {
        Ok(())
    }
}

/// One incident.
pub fn find(conn: &mut Conn, id: IncidentId) -> Result<Option<Incident>, StoreError> {
    let row: Option<Row> = incidents::table
        .filter(incidents::id.eq(Id::from(id)))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    row.map(Incident::try_from).transpose()
}

/// A page of them, newest first.
pub fn list(
    conn: &mut Conn,
    state: Option<IncidentState>,
    after: Option<IncidentId>,
    limit: i64,
) -> Result<Vec<Incident>, StoreError> {
    let mut query = incidents::table.into_boxed();
    if let Some(state) = state {
        query = query.filter(incidents::state.eq(state.as_str()));
    }
    if let Some(after) = after {
        query = query.filter(incidents::id.lt(Id::from(after)));
    }
    let rows: Vec<Row> = query
        .order(incidents::id.desc())
        .limit(limit)
        .select(Row::as_select())
        .load(conn)?;
    rows.into_iter().map(Incident::try_from).collect()
}

/// The incidents a case is on, the newest first.
pub fn of_case(conn: &mut Conn, case: CaseId) -> Result<Vec<(Incident, Attached)>, StoreError> {
    let rows: Vec<(Row, AttachedRow)> = incidents::table
        .inner_join(incident_cases::table.on(incident_cases::incident_id.eq(incidents::id)))
        .filter(incident_cases::case_id.eq(Id::from(case)))
        .order(incidents::id.desc())
        .limit(100)
        .select((Row::as_select(), ATTACHED))
        .load(conn)?;
    rows.into_iter()
        .map(|(row, on)| Ok((Incident::try_from(row)?, attached(on)?)))
        .collect()
}

/// Puts a case on an incident; says whether it was not there before.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn attach(
    tx: &mut Tx<'_>,
    incident: IncidentId,
    case: CaseId,
    by: &ActorLabel,
    now: Timestamp,
    tell_from: Timestamp,
) -> Result<bool, StoreError> {
    let n_written = diesel::sql_query(
        "INSERT INTO incident_cases (incident_id, case_id, attached_at, attached_by, tell_from, seen_update, \
         seen_closure) VALUES ($1, $2, $3, $4, $5, 0, 0) ON CONFLICT (incident_id, case_id) DO NOTHING",
    )
    .bind::<Uid, _>(Id::from(incident))
    .bind::<Uid, _>(Id::from(case))
    .bind::<Ts, _>(At(now))
    .bind::<Js, _>(Json(by.clone()))
    .bind::<Ts, _>(At(tell_from))
    .execute(&mut **tx)?;
    Ok(n_written == 1)
}

/// Takes a case off an incident; says whether it was there.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn detach(tx: &mut Tx<'_>, incident: IncidentId, case: CaseId) -> Result<bool, StoreError> {
    let n_gone = diesel::delete(incident_cases::table)
        .filter(incident_cases::incident_id.eq(Id::from(incident)))
        .filter(incident_cases::case_id.eq(Id::from(case)))
        .execute(&mut **tx)?;
    Ok(n_gone == 1)
}

/// Those of some cases that are on an incident already.
pub fn on_it(
    conn: &mut Conn,
    incident: IncidentId,
    some: &[CaseId],
) -> Result<Vec<CaseId>, StoreError> {
    let ids: Vec<Id> = some.iter().copied().map(Id::from).collect();
    let found: Vec<Id> = incident_cases::table
        .filter(incident_cases::incident_id.eq(Id::from(incident)))
        .filter(incident_cases::case_id.eq_any(ids))
        .select(incident_cases::case_id)
        .load(conn)?;
    Ok(found.into_iter().map(Into::into).collect())
}

/// A page of the cases on an incident that are within `sight`, by their ids.
pub fn cases_of(
    conn: &mut Conn,
    sight: &Sight,
    incident: IncidentId,
    told: Option<IncidentTold>,
    closed_as: &[ClosedAs],
    after: Option<CaseId>,
    limit: i64,
) -> Result<Vec<Attached>, StoreError> {
    let own = Id::from(incident);
    let on_it = || {
        incident_cases::table
            .filter(incident_cases::incident_id.eq(own))
            .select(incident_cases::case_id)
    };
    let mut query = seen(sight).filter(cases::id.eq_any(on_it()));
    if let Some(told) = told {
        let of_these = on_it().filter(incident_cases::told.eq(Some(told.as_str())));
        query = query.filter(cases::id.eq_any(of_these));
    }
    if !closed_as.is_empty() {
        let words: Vec<Option<String>> = closed_as
            .iter()
            .map(|one| Some(one.as_str().to_owned()))
            .collect();
        let of_these = on_it().filter(incident_cases::closed_as.eq_any(words));
        query = query.filter(cases::id.eq_any(of_these));
    }
    if let Some(after) = after {
        query = query.filter(cases::id.gt(Id::from(after)));
    }
    let ids: Vec<Id> = query
        .order(cases::id.asc())
        .limit(limit)
        .select(cases::id)
        .load(conn)?;
    let rows: Vec<AttachedRow> = incident_cases::table
        .filter(incident_cases::incident_id.eq(own))
        .filter(incident_cases::case_id.eq_any(ids))
        .order(incident_cases::case_id.asc())
        .select(ATTACHED)
        .load(conn)?;
    rows.into_iter().map(attached).collect()
}

/// How many cases are on an incident within `sight`, and how many of them are still open.
pub fn count(
    conn: &mut Conn,
    sight: &Sight,
    incident: IncidentId,
) -> Result<(i64, i64), StoreError> {
    let on_it = || {
        incident_cases::table
            .filter(incident_cases::incident_id.eq(Id::from(incident)))
            .select(incident_cases::case_id)
    };
    let all = seen(sight)
        .filter(cases::id.eq_any(on_it()))
        .count()
        .get_result(conn)?;
    let open = seen(sight)
        .filter(cases::id.eq_any(on_it()))
        .filter(cases::is_closed.eq(false))
        .count()
        .get_result(conn)?;
    Ok((all, open))
}

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

/// The incidents the worker must look at.
pub fn to_wake(conn: &mut Conn, now: Timestamp, limit: i64) -> Result<Vec<IncidentId>, StoreError> {
    let ids: Vec<Id> = incidents::table
        .filter(
            incidents::wake_at
                .is_not_null()
                .and(incidents::wake_at.le(At(now))),
        )
        .order(incidents::wake_at.asc())
        .limit(limit)
        .select(incidents::id)
        .load(conn)?;
    Ok(ids.into_iter().map(Into::into).collect())
}

/// Has an incident looked at again at an instant, or not any more. It is held.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn set_wake(
    tx: &mut Tx<'_>,
    id: IncidentId,
    wake_at: Option<Timestamp>,
) -> Result<(), StoreError> {
    diesel::update(incidents::table.filter(incidents::id.eq(Id::from(id))))
        .set(incidents::wake_at.eq(wake_at.map(At)))
        .execute(&mut **tx)?;
    Ok(())
}

/// Has an incident looked at by an instant at the latest. It is held.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn wake_by(tx: &mut Tx<'_>, id: IncidentId, by: Timestamp) -> Result<(), StoreError> {
    let at = At(by);
    diesel::update(
        incidents::table
            .filter(incidents::id.eq(Id::from(id)))
            .filter(
                incidents::wake_at
                    .is_null()
                    .or(incidents::wake_at.gt(Some(at))),
            ),
    )
    .set(incidents::wake_at.eq(Some(at)))
    .execute(&mut **tx)?;
    Ok(())
}

/// When an incident must be looked at next: an update leaves, a case on it is to hear the newest one, or
/// to be closed.
pub fn next_look(
    conn: &mut Conn,
    id: IncidentId,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let own = Id::from(id);
    let leaves: Option<At> = incident_updates::table
        .filter(incident_updates::incident_id.eq(own))
        .filter(incident_updates::taken_back_at.is_null())
        .filter(incident_updates::leaves_at.gt(At(now)))
        .order(incident_updates::leaves_at.asc())
        .select(incident_updates::leaves_at)
        .first(conn)
        .optional()?;
    let mut instants: Vec<Timestamp> = leaves.into_iter().map(|at| at.0).collect();
    let waits = (incident_cases::tell_from, incident_cases::retry_at);
    if let Some(current) = current_update(conn, id, now)? {
        let untold: Vec<(At, Option<At>)> = incident_cases::table
            .filter(incident_cases::incident_id.eq(own))
            .filter(incident_cases::seen_update.lt(current.number))
            .select(waits)
            .load(conn)?;
        instants.extend(untold.into_iter().map(|(from, retry)| later(from, retry)));
    }
    if let Some(closure) = closures_of(conn, id, None, 1)?.pop() {
        let unclosed: Vec<(At, Option<At>)> = incident_cases::table
            .filter(incident_cases::incident_id.eq(own))
            .filter(incident_cases::seen_closure.lt(closure.number))
            .filter(incident_cases::attached_at.le(At(closure.asked_at)))
            .select(waits)
            .load(conn)?;
        let retries = unclosed.into_iter();
        instants.extend(retries.map(|(_, retry)| retry.map_or(closure.asked_at, |at| at.0)));
    }
    Ok(instants.into_iter().min())
}

/// Cases on an incident that are to hear an update now, by their ids.
pub fn to_tell(
    conn: &mut Conn,
    update: &Update,
    now: Timestamp,
    after: Option<CaseId>,
    limit: i64,
) -> Result<Vec<CaseId>, StoreError> {
    let mut query = incident_cases::table
        .filter(incident_cases::incident_id.eq(Id::from(update.incident)))
        .filter(incident_cases::seen_update.lt(update.number))
        .filter(incident_cases::tell_from.le(At(now)))
        .filter(
            incident_cases::retry_at
                .is_null()
                .or(incident_cases::retry_at.le(At(now))),
        )
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(incident_cases::case_id.gt(Id::from(after)));
    }
    let ids: Vec<Id> = query
        .order(incident_cases::case_id.asc())
        .limit(limit)
        .select(incident_cases::case_id)
        .load(conn)?;
    Ok(ids.into_iter().map(Into::into).collect())
}

/// Cases on an incident that are to be closed now, by their ids.
pub fn to_close(
    conn: &mut Conn,
    closure: &Closure,
    now: Timestamp,
    after: Option<CaseId>,
    limit: i64,
) -> Result<Vec<CaseId>, StoreError> {
    let mut query = incident_cases::table
        .filter(incident_cases::incident_id.eq(Id::from(closure.incident)))
        .filter(incident_cases::seen_closure.lt(closure.number))
        .filter(incident_cases::attached_at.le(At(closure.asked_at)))
        .filter(
            incident_cases::retry_at
                .is_null()
                .or(incident_cases::retry_at.le(At(now))),
        )
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(incident_cases::case_id.gt(Id::from(after)));
    }
    let ids: Vec<Id> = query
        .order(incident_cases::case_id.asc())
        .limit(limit)
        .select(incident_cases::case_id)
        .load(conn)?;
    Ok(ids.into_iter().map(Into::into).collect())
}

/// Claims a case for an update: of two that are at it, one is told so. Nothing when it is not on the
/// incident any more.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn see_update(tx: &mut Tx<'_>, update: &Update, case: CaseId) -> Result<bool, StoreError> {
    let n_changed = diesel::sql_query(
        "UPDATE incident_cases SET seen_update = $1, retry_at = NULL \
         WHERE incident_id = $2 AND case_id = $3 AND seen_update < $4",
    )
    .bind::<Integer, _>(update.number)
    .bind::<Uid, _>(Id::from(update.incident))
    .bind::<Uid, _>(Id::from(case))
    .bind::<Integer, _>(update.number)
    .execute(&mut **tx)?;
    Ok(n_changed == 1)
}

/// The same for a closure.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn see_closure(tx: &mut Tx<'_>, closure: &Closure, case: CaseId) -> Result<bool, StoreError> {
    let n_changed = diesel::sql_query(
        "UPDATE incident_cases SET seen_closure = $1, retry_at = NULL \
         WHERE incident_id = $2 AND case_id = $3 AND seen_closure < $4",
    )
    .bind::<Integer, _>(closure.number)
    .bind::<Uid, _>(Id::from(closure.incident))
    .bind::<Uid, _>(Id::from(case))
    .bind::<Integer, _>(closure.number)
    .execute(&mut **tx)?;
    Ok(n_changed == 1)
}

/// What came of the last update for a case.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn note_told(
    tx: &mut Tx<'_>,
    incident: IncidentId,
    case: CaseId,
    told: IncidentTold,
) -> Result<(), StoreError> {
    diesel::update(of_both(incident, case))
        .set(incident_cases::told.eq(Some(told.as_str())))
        .execute(&mut **tx)?;
    Ok(())
}

/// What came of the last closure for a case.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn note_closed(
    tx: &mut Tx<'_>,
    incident: IncidentId,
    case: CaseId,
    closed_as: ClosedAs,
) -> Result<(), StoreError> {
    diesel::update(of_both(incident, case))
        .set(incident_cases::closed_as.eq(Some(closed_as.as_str())))
        .execute(&mut **tx)?;
    Ok(())
}

/// A case could not be seen to: not before an instant again.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn put_off(
    tx: &mut Tx<'_>,
    incident: IncidentId,
    case: CaseId,
    retry_at: Timestamp,
) -> Result<(), StoreError> {
    diesel::update(of_both(incident, case))
        .set(incident_cases::retry_at.eq(Some(At(retry_at))))
        .execute(&mut **tx)?;
    Ok(())
}

/// Claims somebody, or an address, for an update: the first to do so is told so, nobody after that.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn claim(
    tx: &mut Tx<'_>,
    update: IncidentUpdateId,
    who: &str,
    case: CaseId,
    outcome: Option<IncidentTold>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let n_written = diesel::sql_query(
        "INSERT INTO incident_told (update_id, who, case_id, outcome, told_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (update_id, who) DO NOTHING",
    )
    .bind::<Uid, _>(Id::from(update))
    .bind::<Text, _>(who)
    .bind::<Uid, _>(Id::from(case))
    .bind::<Nullable<Text>, _>(outcome.map(IncidentTold::as_str))
    .bind::<Ts, _>(At(now))
    .execute(&mut **tx)?;
    Ok(n_written == 1)
}

/// What came of an update for somebody, by any of these names of theirs.
pub fn outcome_for(
    conn: &mut Conn,
    update: IncidentUpdateId,
    names: &[String],
) -> Result<Option<IncidentTold>, StoreError> {
    let found: Option<Option<String>> = incident_told::table
        .filter(incident_told::update_id.eq(Id::from(update)))
        .filter(incident_told::who.eq_any(names.to_vec()))
        .filter(incident_told::outcome.is_not_null())
        .select(incident_told::outcome)
        .first(conn)
        .optional()?;
    found.flatten().as_deref().map(word).transpose()
}

/// Puts down what came of an update for somebody who was claimed.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn set_outcome(
    tx: &mut Tx<'_>,
    update: IncidentUpdateId,
    who: &str,
    outcome: IncidentTold,
) -> Result<(), StoreError> {
    diesel::update(
        incident_told::table
            .filter(incident_told::update_id.eq(Id::from(update)))
            .filter(incident_told::who.eq(who.to_owned())),
    )
    .set(incident_told::outcome.eq(Some(outcome.as_str())))
    .execute(&mut **tx)?;
    Ok(())
}

/// References of the open ordinary cases on an incident that somebody is answered on, but for one.
pub fn others_of(
    conn: &mut Conn,
    incident: IncidentId,
    person: PersonId,
    but: CaseId,
) -> Result<Vec<String>, StoreError> {
    let on_it = incident_cases::table
        .filter(incident_cases::incident_id.eq(Id::from(incident)))
        .select(incident_cases::case_id);
    let found: Vec<String> = cases::table
        .inner_join(case_people::table.on(case_people::case_id.eq(cases::id)))
        .filter(case_people::person_id.eq(Id::from(person)))
        .filter(case_people::role.eq_any(["reporter", "advocate"]))
        .filter(case_people::has_withdrawn.eq(false))
        .filter(cases::id.ne(Id::from(but)))
        .filter(cases::is_closed.eq(false))
        .filter(cases::secrecy.eq("ordinary"))
        .filter(cases::id.eq_any(on_it))
        .order(cases::reference.asc())
        .select(cases::reference)
        .distinct()
        .limit(20)
        .load(conn)?;
    found
        .into_iter()
        .map(|plain| {
            Reference::parse(&plain)
                .map(|reference| reference.to_string())
                .map_err(|why| StoreError::Unreadable(format!("reference {plain}: {why}")))
        })
        .collect()
}

type OfBoth = diesel::dsl::Filter<
    diesel::dsl::Filter<incident_cases::table, diesel::dsl::Eq<incident_cases::incident_id, Id>>,
    diesel::dsl::Eq<incident_cases::case_id, Id>,
>;

fn of_both(incident: IncidentId, case: CaseId) -> OfBoth {
    incident_cases::table
        .filter(incident_cases::incident_id.eq(Id::from(incident)))
        .filter(incident_cases::case_id.eq(Id::from(case)))
}

/// The cases somebody may see.
fn seen<'a>(sight: &Sight) -> Boxed<'a> {
    narrowed(&sight.clone().without_following(), &Filter::default())
}

fn later(from: At, retry: Option<At>) -> Timestamp {
    retry.map_or(from.0, |retry| retry.0.max(from.0))
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

fn attached((case, at, by, told, closed_as): AttachedRow) -> Result<Attached, StoreError> {
    Ok(Attached {
        case: case.into(),
        attached_at: at.0,
        attached_by: by.0,
        told: told.as_deref().map(word).transpose()?,
        closed_as: closed_as.as_deref().map(word).transpose()?,
    })
}

impl From<&Incident> for Row {
    fn from(incident: &Incident) -> Self {
        Self {
            id: incident.id.into(),
            title: incident.title.clone(),
            title_cy: incident.title_cy.clone(),
            words: incident.words.clone(),
            words_cy: incident.words_cy.clone(),
            matters: Json(incident.matters.clone()),
            area: Json(incident.area.clone()),
            since_at: At(incident.since),
            expected_end_at: incident.expected_end.map(At),
            state: incident.state.to_string(),
            opened_at: At(incident.opened_at),
            opened_by: Json(incident.opened_by.clone()),
            ended_at: incident.ended_at.map(At),
            ended_by: incident.ended_by.clone().map(Json),
            version: incident.version,
        }
    }
}

impl TryFrom<Row> for Incident {
    type Error = StoreError;
    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.into(),
            title: row.title,
            title_cy: row.title_cy,
            words: row.words,
            words_cy: row.words_cy,
            matters: row.matters.0,
            area: row.area.0,
            since: row.since_at.0,
            expected_end: row.expected_end_at.map(|at| at.0),
            state: word(&row.state)?,
            opened_at: row.opened_at.0,
            opened_by: row.opened_by.0,
            ended_at: row.ended_at.map(|at| at.0),
            ended_by: row.ended_by.map(|by| by.0),
            version: row.version,
        })
    }
}
