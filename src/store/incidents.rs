//! Incidents, the cases on them, what was announced, and who has heard it.
//!
//! Whoever changes one, or puts a case on it, holds it first ([`hold`]), so that the hour at which the
//! worker looks again is worked out by one at a time. What is counted or listed of its cases is counted
//! within a [`Sight`], as every list is.

use diesel::prelude::*;
use jiff::Timestamp;

use super::cases::{Boxed, Filter, narrowed, word};
use super::db::{Conn, Tx};
use super::dialect;
use super::error::StoreError;
use super::schema::{incident_cases, incident_updates, incidents};
use super::types::{At, Id, Json};
use crate::domain::access::{ActorLabel, Sight};
use crate::domain::ids::{CaseId, IncidentId};
use crate::domain::incident::{Area, Incident, IncidentState, Matter};

mod on_it;
mod said;
mod telling;

pub use on_it::{Attached, attach, cases_of, count, detach, of_case, on_it};
pub use said::{
    Closure, Update, add_closure, add_update, closures_of, current_update, find_update, n_closed,
    n_left, n_told, n_unclosed, take_back, updates_of,
};
pub use telling::{
    claim, note_closed, note_told, others_of, outcome_for, put_off, see_closure, see_update,
    set_outcome, to_close, to_tell,
};

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
