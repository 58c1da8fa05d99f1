//! Clocks as rows: a copy of what the facts read, for lists, figures and foreign keys. The facts
//! on the case are the truth; these rows are rewritten whenever they change.

use diesel::prelude::*;
use uuid::Uuid;

use super::db::{Conn, Tx};
use super::error::StoreError;
use super::schema::clocks;
use super::types::{At, Id, On};
use crate::domain::clock::Reading;
use crate::domain::ids::{CaseId, ClockId};

/// One clock of a case as it was last written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub id: ClockId,
    pub name: String,
    pub state: String,
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = clocks, treat_none_as_null = true, treat_none_as_default_value = false)]
struct Row {
    id: Id,
    case_id: Id,
    name: String,
    place: i32,
    state: String,
    starts_at: Option<At>,
    counted_from_on: Option<On>,
    due_on: Option<On>,
    due_at: Option<At>,
    first_due_on: Option<On>,
    met_at: Option<At>,
    promised_at: Option<At>,
    ladder: Option<String>,
}

/// The clocks of a case, in the standard's order.
pub fn of_case(conn: &mut Conn, case: CaseId) -> Result<Vec<Kept>, StoreError> {
    let rows: Vec<(Id, String, String)> = clocks::table
        .filter(clocks::case_id.eq(Id::from(case)))
        .order((clocks::place, clocks::id))
        .select((clocks::id, clocks::name, clocks::state))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(id, name, state)| Kept {
            id: id.into(),
            name,
            state,
        })
        .collect())
}

/// Writes what the clocks read now. `kept` is what was there; new clocks take the next of `ids`.
///
/// # Errors
/// A [`StoreError`] when the rows cannot be written.
pub fn keep(
    tx: &mut Tx<'_>,
    case: CaseId,
    readings: &[Reading],
    kept: &[Kept],
    mut new_id: impl FnMut() -> Uuid,
) -> Result<(), StoreError> {
    for (place, reading) in readings.iter().enumerate() {
        let known = kept.iter().find(|one| one.name == reading.name);
        let row = Row {
            id: known.map_or_else(|| Id(new_id()), |one| one.id.into()),
            case_id: case.into(),
            name: reading.name.clone(),
            place: i32::try_from(place).unwrap_or(i32::MAX),
            state: reading.state.to_string(),
            starts_at: reading.starts_at.map(Into::into),
            counted_from_on: reading.counted_from_on.map(Into::into),
            due_on: reading.due_on.map(Into::into),
            due_at: reading.due_at.map(Into::into),
            first_due_on: reading.first_due_on.map(Into::into),
            met_at: reading.met_at.map(Into::into),
            promised_at: reading.measured_at.map(Into::into),
            ladder: None,
        };
        if known.is_some() {
            diesel::update(clocks::table.filter(clocks::id.eq(row.id)))
                .set(&row)
                .execute(&mut **tx)?;
        } else {
            diesel::insert_into(clocks::table)
                .values(row)
                .execute(&mut **tx)?;
        }
    }
    Ok(())
}
