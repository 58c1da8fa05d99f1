//! Who is still to hear an update or to be closed, and what came of it for each.

use diesel::prelude::*;
use diesel::sql_types::{Integer, Nullable, Text};
use jiff::Timestamp;

use super::of_both;
use super::said::{Closure, Update};
use crate::domain::ids::{CaseId, IncidentId, IncidentUpdateId, PersonId};
use crate::domain::incident::{ClosedAs, IncidentTold};
use crate::domain::reference::Reference;
use crate::store::cases::word;
use crate::store::db::{Conn, Tx};
use crate::store::error::StoreError;
use crate::store::schema::{case_people, cases, incident_cases, incident_told};
use crate::store::types::{At, Id, Ts, Uid};

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
