//! Markers on people. One that is ended stays, for who asks later why it was there.

use diesel::prelude::*;
use jiff::Timestamp;
use jiff::civil::Date;

use super::cases::word;
use super::db::{Conn, Tx};
use super::error::StoreError;
use super::schema::markers;
use super::sight::is_known;
use super::types::{At, Id, On};
use crate::domain::access::Sight;
use crate::domain::ids::{MarkerId, PersonId, UserId};
use crate::domain::person::marker::Marker;

/// A marker with who placed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub marker: Marker,
    pub created_at: Timestamp,
    /// The principal.
    pub created_by: String,
    pub changed_at: Timestamp,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = markers, treat_none_as_default_value = false)]
struct Row {
    id: Id,
    person_id: Id,
    kind: String,
    purpose: String,
    instruction: String,
    owner: Id,
    review_on: On,
    created_at: At,
    created_by: String,
    changed_at: At,
}

/// Places a marker.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn insert(tx: &mut Tx<'_>, kept: &Kept) -> Result<(), StoreError> {
    let marker = &kept.marker;
    diesel::insert_into(markers::table)
        .values(Row {
            id: marker.id.into(),
            person_id: marker.person.into(),
            kind: marker.kind.to_string(),
            purpose: marker.purpose.clone(),
            instruction: marker.instruction.clone(),
            owner: marker.owner.into(),
            review_on: marker.review_on.into(),
            created_at: kept.created_at.into(),
            created_by: kept.created_by.clone(),
            changed_at: kept.changed_at.into(),
        })
        .execute(&mut **tx)?;
    Ok(())
}

/// Writes a marker that was changed; false when it has ended meanwhile.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn update(tx: &mut Tx<'_>, marker: &Marker, at: Timestamp) -> Result<bool, StoreError> {
    let n_changed = diesel::update(
        markers::table
            .filter(markers::id.eq(Id::from(marker.id)))
            .filter(markers::ended_at.is_null()),
    )
    .set((
        markers::purpose.eq(marker.purpose.clone()),
        markers::instruction.eq(marker.instruction.clone()),
        markers::owner.eq(Id::from(marker.owner)),
        markers::review_on.eq(On(marker.review_on)),
        markers::changed_at.eq(At(at)),
    ))
    .execute(&mut **tx)?;
    Ok(n_changed == 1)
}

/// Ends a marker; false when it has ended before.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn end(tx: &mut Tx<'_>, id: MarkerId, at: Timestamp, by: &str) -> Result<bool, StoreError> {
    let n_changed = diesel::update(
        markers::table
            .filter(markers::id.eq(Id::from(id)))
            .filter(markers::ended_at.is_null()),
    )
    .set((
        markers::ended_at.eq(Some(At(at))),
        markers::ended_by.eq(Some(by.to_owned())),
    ))
    .execute(&mut **tx)?;
    Ok(n_changed == 1)
}

/// One marker of a person that is in force.
pub fn find(conn: &mut Conn, person: PersonId, id: MarkerId) -> Result<Option<Kept>, StoreError> {
    let row: Option<Row> = markers::table
        .filter(markers::id.eq(Id::from(id)))
        .filter(markers::person_id.eq(Id::from(person)))
        .filter(markers::ended_at.is_null())
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    row.map(Kept::try_from).transpose()
}

/// The markers of some people that are in force, in the order they were placed.
pub fn of_people(conn: &mut Conn, people: &[PersonId]) -> Result<Vec<Kept>, StoreError> {
    let ids: Vec<Id> = people.iter().copied().map(Id::from).collect();
    let rows: Vec<Row> = markers::table
        .filter(markers::person_id.eq_any(ids))
        .filter(markers::ended_at.is_null())
        .order(markers::id.asc())
        .select(Row::as_select())
        .load(conn)?;
    rows.into_iter().map(Kept::try_from).collect()
}

/// Markers in force whose review falls before a day, the oldest first, of people somebody with this
/// sight may know of.
pub fn to_review(
    conn: &mut Conn,
    sight: &Sight,
    before: Date,
    owner: Option<UserId>,
    after: Option<(Date, MarkerId)>,
    limit: i64,
) -> Result<Vec<Kept>, StoreError> {
    let mut query = markers::table
        .filter(markers::ended_at.is_null())
        .filter(markers::review_on.lt(On(before)))
        .into_boxed()
        .filter(is_known(sight, "markers.person_id"));
    if let Some(owner) = owner {
        query = query.filter(markers::owner.eq(Id::from(owner)));
    }
    if let Some((on, id)) = after {
        query = query.filter(
            markers::review_on.gt(On(on)).or(markers::review_on
                .eq(On(on))
                .and(markers::id.gt(Id::from(id)))),
        );
    }
    let rows: Vec<Row> = query
        .order((markers::review_on.asc(), markers::id.asc()))
        .limit(limit)
        .select(Row::as_select())
        .load(conn)?;
    rows.into_iter().map(Kept::try_from).collect()
}

/// Whose markers in force are past their review: how many, and since when.
///
/// # Errors
/// A [`StoreError`] when they cannot be counted.
pub fn overdue_by_owner(
    conn: &mut Conn,
    before: Date,
) -> Result<Vec<(UserId, u64, Date)>, StoreError> {
    let rows: Vec<(Id, On)> = markers::table
        .filter(markers::ended_at.is_null())
        .filter(markers::review_on.lt(On(before)))
        .order((markers::owner.asc(), markers::review_on.asc()))
        .select((markers::owner, markers::review_on))
        .load(conn)?;
    let mut of_owners: Vec<(UserId, u64, Date)> = Vec::new();
    for (owner, review_on) in rows {
        match of_owners.last_mut() {
            Some((same, n, _)) if Id::from(*same) == owner => *n += 1,
            _ => of_owners.push((owner.into(), 1, review_on.0)),
        }
    }
    Ok(of_owners)
}

impl TryFrom<Row> for Kept {
    type Error = StoreError;
    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            marker: Marker {
                id: row.id.into(),
                person: row.person_id.into(),
                kind: word(&row.kind)?,
                purpose: row.purpose,
                instruction: row.instruction,
                owner: row.owner.into(),
                review_on: row.review_on.0,
            },
            created_at: row.created_at.0,
            created_by: row.created_by,
            changed_at: row.changed_at.0,
        })
    }
}

/// Takes every marker of a person away, ended ones too: they say what nobody is to know any more.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn forget_of(tx: &mut Tx<'_>, person: PersonId) -> Result<(), StoreError> {
    diesel::delete(markers::table.filter(markers::person_id.eq(Id::from(person))))
        .execute(&mut **tx)?;
    Ok(())
}
