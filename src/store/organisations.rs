//! Bodies that people act for.

use diesel::prelude::*;
use jiff::Timestamp;

use super::cases::word;
use super::db::{Conn, Tx};
use super::error::StoreError;
use super::schema::{organisations, people};
use super::sight::is_known;
use super::types::{At, Id, Json};
use crate::domain::access::Sight;
use crate::domain::ids::{OrganisationId, PersonId};
use crate::domain::person::{Address, OrganisationKind};

/// One body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organisation {
    pub id: OrganisationId,
    pub name: String,
    pub kind: OrganisationKind,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub address: Option<Address>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: i64,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = organisations, treat_none_as_null = true, treat_none_as_default_value = false)]
struct Row {
    id: Id,
    name: String,
    kind: String,
    email: Option<String>,
    phone: Option<String>,
    address: Option<Json<Address>>,
    created_at: At,
    updated_at: At,
    version: i64,
}

/// Adds one.
///
/// # Errors
/// A [`StoreError`] when it cannot be written.
pub fn insert(tx: &mut Tx<'_>, organisation: &Organisation) -> Result<(), StoreError> {
    diesel::insert_into(organisations::table)
        .values(Row::from(organisation))
        .execute(&mut **tx)?;
    Ok(())
}

/// Writes a changed one; `version` is raised by the caller.
///
/// # Errors
/// [`StoreError::Conflict`] when somebody else has changed it since it was read.
pub fn update(
    tx: &mut Tx<'_>,
    organisation: &Organisation,
    read_version: i64,
) -> Result<(), StoreError> {
    let row = Row::from(organisation);
    let n_changed = diesel::update(organisations::table)
        .filter(
            organisations::id
                .eq(row.id)
                .and(organisations::version.eq(read_version)),
        )
        .set(&row)
        .execute(&mut **tx)?;
    if n_changed == 0 {
        Err(StoreError::Conflict)
    } else {
        Ok(())
    }
}

/// One body.
pub fn find(conn: &mut Conn, id: OrganisationId) -> Result<Option<Organisation>, StoreError> {
    let row: Option<Row> = organisations::table
        .filter(organisations::id.eq(Id::from(id)))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    row.map(Organisation::try_from).transpose()
}

/// A page of them by name, those whose name holds some words.
pub fn list(
    conn: &mut Conn,
    name: Option<&str>,
    after: Option<(String, OrganisationId)>,
    limit: i64,
) -> Result<Vec<Organisation>, StoreError> {
    let mut query = organisations::table.into_boxed();
    if let Some(name) = name {
        let pattern = format!("%{}%", super::cases::escaped(&name.to_lowercase()));
        query = query.filter(
            super::cases::lower(organisations::name)
                .like(pattern)
                .escape('\\'),
        );
    }
    if let Some((name, id)) = after {
        query = query.filter(
            organisations::name.gt(name.clone()).or(organisations::name
                .eq(name)
                .and(organisations::id.gt(Id::from(id)))),
        );
    }
    let rows: Vec<Row> = query
        .order((organisations::name.asc(), organisations::id.asc()))
        .limit(limit)
        .select(Row::as_select())
        .load(conn)?;
    rows.into_iter().map(Organisation::try_from).collect()
}

/// Those who act for a body, in the order we came to know them, of whom somebody with this sight may
/// know.
pub fn people_of(
    conn: &mut Conn,
    sight: &Sight,
    id: OrganisationId,
    after: Option<PersonId>,
    limit: i64,
) -> Result<Vec<PersonId>, StoreError> {
    let mut query = people::table
        .filter(people::organisation_id.eq(Some(Id::from(id))))
        .into_boxed()
        .filter(is_known(sight, "people.id"));
    if let Some(after) = after {
        query = query.filter(people::id.gt(Id::from(after)));
    }
    let ids: Vec<Id> = query
        .order(people::id.asc())
        .limit(limit)
        .select(people::id)
        .load(conn)?;
    Ok(ids.into_iter().map(Into::into).collect())
}

impl From<&Organisation> for Row {
    fn from(organisation: &Organisation) -> Self {
        Self {
            id: organisation.id.into(),
            name: organisation.name.clone(),
            kind: organisation.kind.to_string(),
            email: organisation.email.clone(),
            phone: organisation.phone.clone(),
            address: organisation.address.clone().map(Json),
            created_at: organisation.created_at.into(),
            updated_at: organisation.updated_at.into(),
            version: organisation.version,
        }
    }
}

impl TryFrom<Row> for Organisation {
    type Error = StoreError;
    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.into(),
            name: row.name,
            kind: word(&row.kind)?,
            email: row.email,
            phone: row.phone,
            address: row.address.map(|address| address.0),
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
            version: row.version,
        })
    }
}
