//! The cases on an incident.

use diesel::prelude::*;
use jiff::Timestamp;

use super::{Row, seen};
use crate::domain::access::{ActorLabel, Sight};
use crate::domain::ids::{CaseId, IncidentId};
use crate::domain::incident::{ClosedAs, Incident, IncidentTold};
use crate::store::cases::word;
use crate::store::db::{Conn, Tx};
use crate::store::error::StoreError;
use crate::store::schema::{cases, incident_cases, incidents};
use crate::store::types::{At, Id, Js, Json, Ts, Uid};

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

type AttachedRow = (Id, At, Json<ActorLabel>, Option<String>, Option<String>);

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

fn attached((case, at, by, told, closed_as): AttachedRow) -> Result<Attached, StoreError> {
    Ok(Attached {
        case: case.into(),
        attached_at: at.0,
        attached_by: by.0,
        told: told.as_deref().map(word).transpose()?,
        closed_as: closed_as.as_deref().map(word).transpose()?,
    })
}
