//! Records that are one person, and records that look like one and are two.

use diesel::prelude::*;
use jiff::Timestamp;

use super::db::{Conn, Tx};
use super::error::StoreError;
use super::schema::{identifiers, people_apart, person_merges};
use super::types::{At, Id, Ts, Uid};
use crate::domain::ids::{MergeId, PersonId};

/// Two records taken for one person, now or once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merge {
    pub id: MergeId,
    pub from: PersonId,
    pub into: PersonId,
    pub reason: String,
    pub merged_at: Timestamp,
    /// The principal.
    pub merged_by: String,
    pub undone_at: Option<Timestamp>,
    pub undone_by: Option<String>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = person_merges, treat_none_as_default_value = false)]
struct Row {
    id: Id,
    from_person: Id,
    into_person: Id,
    reason: String,
    merged_at: At,
    merged_by: String,
    undone_at: Option<At>,
    undone_by: Option<String>,
}

/// Waits until nobody else joins or parts records, and holds that until the transaction ends.
///
/// # Errors
/// A [`StoreError`] when it cannot be had.
pub fn hold(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    Ok(super::dialect::hold(tx, "person merges")?)
}

/// Keeps a merge.
///
/// # Errors
/// [`StoreError::Taken`] when the record is merged into another already.
pub fn insert(tx: &mut Tx<'_>, merge: &Merge) -> Result<(), StoreError> {
    diesel::insert_into(person_merges::table)
        .values(Row {
            id: merge.id.into(),
            from_person: merge.from.into(),
            into_person: merge.into.into(),
            reason: merge.reason.clone(),
            merged_at: merge.merged_at.into(),
            merged_by: merge.merged_by.clone(),
            undone_at: merge.undone_at.map(Into::into),
            undone_by: merge.undone_by.clone(),
        })
        .execute(&mut **tx)?;
    Ok(())
}

/// Undoes a merge that is in force; false when it is not.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn undo(tx: &mut Tx<'_>, id: MergeId, at: Timestamp, by: &str) -> Result<bool, StoreError> {
    let n_changed = diesel::update(
        person_merges::table
            .filter(person_merges::id.eq(Id::from(id)))
            .filter(person_merges::undone_at.is_null()),
    )
    .set((
        person_merges::undone_at.eq(Some(At(at))),
        person_merges::undone_by.eq(Some(by.to_owned())),
    ))
    .execute(&mut **tx)?;
    Ok(n_changed == 1)
}

/// One merge, in force or undone.
pub fn find(conn: &mut Conn, id: MergeId) -> Result<Option<Merge>, StoreError> {
    let row: Option<Row> = person_merges::table
        .filter(person_merges::id.eq(Id::from(id)))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(Into::into))
}

/// The merge by which a record stands for another one now.
pub fn of(conn: &mut Conn, person: PersonId) -> Result<Option<Merge>, StoreError> {
    let row: Option<Row> = person_merges::table
        .filter(person_merges::from_person.eq(Id::from(person)))
        .filter(person_merges::undone_at.is_null())
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(Into::into))
}

/// The merges in force into these records.
pub fn into_any(conn: &mut Conn, people: &[PersonId]) -> Result<Vec<Merge>, StoreError> {
    let ids: Vec<Id> = people.iter().copied().map(Id::from).collect();
    let rows: Vec<Row> = person_merges::table
        .filter(person_merges::into_person.eq_any(ids))
        .filter(person_merges::undone_at.is_null())
        .order(person_merges::id.asc())
        .select(Row::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Who has a way of being found in common with a person: the kind of way (`email`, `phone`,
/// `home`) and the other's record.
pub fn sharing(
    conn: &mut Conn,
    person: PersonId,
    limit: i64,
) -> Result<Vec<(String, PersonId)>, StoreError> {
    let own: Vec<(String, String)> = identifiers::table
        .filter(identifiers::person_id.eq(Id::from(person)))
        .select((identifiers::kind, identifiers::value))
        .load(conn)?;
    let mut found = Vec::new();
    for (kind, value) in own {
        let others: Vec<Id> = identifiers::table
            .filter(identifiers::kind.eq(kind.clone()))
            .filter(identifiers::value.eq(value))
            .filter(identifiers::person_id.ne(Id::from(person)))
            .order(identifiers::person_id.asc())
            .limit(limit)
            .select(identifiers::person_id)
            .load(conn)?;
        found.extend(others.into_iter().map(|id| (kind.clone(), id.into())));
    }
    Ok(found)
}

/// Notes that two records are two people.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn tell_apart(
    tx: &mut Tx<'_>,
    one: PersonId,
    other: PersonId,
    at: Timestamp,
    by: &str,
) -> Result<(), StoreError> {
    let (one, other) = (one.min(other), one.max(other));
    diesel::sql_query(
        "INSERT INTO people_apart (one, other, said_at, said_by) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (one, other) DO NOTHING",
    )
    .bind::<Uid, _>(Id::from(one))
    .bind::<Uid, _>(Id::from(other))
    .bind::<Ts, _>(At(at))
    .bind::<diesel::sql_types::Text, _>(by)
    .execute(&mut **tx)?;
    Ok(())
}

/// Those of whom somebody said that they are not this person.
pub fn apart_from(conn: &mut Conn, person: PersonId) -> Result<Vec<PersonId>, StoreError> {
    let id = Id::from(person);
    let rows: Vec<(Id, Id)> = people_apart::table
        .filter(people_apart::one.eq(id).or(people_apart::other.eq(id)))
        .select((people_apart::one, people_apart::other))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(one, other)| if one == id { other } else { one })
        .map(Into::into)
        .collect())
}

impl From<Row> for Merge {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            from: row.from_person.into(),
            into: row.into_person.into(),
            reason: row.reason,
            merged_at: row.merged_at.0,
            merged_by: row.merged_by,
            undone_at: row.undone_at.map(|at| at.0),
            undone_by: row.undone_by,
        }
    }
}

/// Puts `mark` in the place of why a person's records were taken for one with others.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn forget_reasons(tx: &mut Tx<'_>, person: PersonId, mark: &str) -> Result<(), StoreError> {
    let person = Id::from(person);
    let theirs = person_merges::from_person
        .eq(person)
        .or(person_merges::into_person.eq(person));
    diesel::update(person_merges::table.filter(theirs))
        .set(person_merges::reason.eq(mark))
        .execute(&mut **tx)?;
    Ok(())
}
