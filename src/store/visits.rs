//! People who came to an access point: with a case, or counted at the door.

use std::collections::BTreeMap;

use diesel::dsl::sum;
use diesel::prelude::*;
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use super::db::{Conn, Tx};
use super::error::StoreError;
use super::schema::visits;
use super::types::{At, Id, On};
use crate::domain::ids::ContactId;

diesel::allow_columns_to_appear_in_same_group_by_clause!(visits::access_point, visits::visited_on,);

/// So many people on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    pub id: Uuid,
    /// Its slug.
    pub access_point: String,
    pub visited_on: Date,
    /// Fewer than none puts right what was counted too often.
    pub n_people: i32,
    /// What they said, where it was logged.
    pub contact: Option<ContactId>,
    /// The principal.
    pub noted_by: String,
    pub noted_at: Timestamp,
}

/// How many came to one place on one day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Came {
    /// What they said was logged.
    pub with_contact: i64,
    pub without: i64,
}

#[derive(Insertable)]
#[diesel(table_name = visits, treat_none_as_default_value = false)]
struct Row {
    id: Id,
    access_point: String,
    visited_on: On,
    n_people: i32,
    contact_id: Option<Id>,
    noted_by: String,
    noted_at: At,
}

/// Notes a visit.
///
/// # Errors
/// [`StoreError::Taken`] when its contact was noted before.
pub fn insert(tx: &mut Tx<'_>, visit: &Visit) -> Result<(), StoreError> {
    diesel::insert_into(visits::table)
        .values(Row {
            id: Id(visit.id),
            access_point: visit.access_point.clone(),
            visited_on: On(visit.visited_on),
            n_people: visit.n_people,
            contact_id: visit.contact.map(Id::from),
            noted_by: visit.noted_by.clone(),
            noted_at: At(visit.noted_at),
        })
        .execute(&mut **tx)?;
    Ok(())
}

/// How many came between two local days, both included, by access point and day.
///
/// # Errors
/// A [`StoreError`] when it cannot be read.
pub fn between(
    conn: &mut Conn,
    (from, to): (Date, Date),
) -> Result<BTreeMap<(String, Date), Came>, StoreError> {
    type Counted = Vec<(String, On, Option<i64>)>;
    let with_contact: Counted = visits::table
        .filter(visits::visited_on.between(On(from), On(to)))
        .filter(visits::contact_id.is_not_null())
        .group_by((visits::access_point, visits::visited_on))
        .select((
            visits::access_point,
            visits::visited_on,
            sum(visits::n_people),
        ))
        .load(conn)?;
    let without: Counted = visits::table
        .filter(visits::visited_on.between(On(from), On(to)))
        .filter(visits::contact_id.is_null())
        .group_by((visits::access_point, visits::visited_on))
        .select((
            visits::access_point,
            visits::visited_on,
            sum(visits::n_people),
        ))
        .load(conn)?;
    let mut all: BTreeMap<(String, Date), Came> = BTreeMap::new();
    for (point, on, n) in with_contact {
        all.entry((point, on.0)).or_default().with_contact = n.unwrap_or(0);
    }
    for (point, on, n) in without {
        all.entry((point, on.0)).or_default().without = n.unwrap_or(0);
    }
    Ok(all)
}
