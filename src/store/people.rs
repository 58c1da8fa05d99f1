//! People, and the identifiers by which they are found again.

use diesel::prelude::*;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::cases::word;
use super::db::{Conn, Tx};
use super::error::StoreError;
use super::schema::{identifiers, people};
use super::sight::is_known;
use super::types::{At, Id, Json, Uid};
use crate::domain::access::Sight;
use crate::domain::ids::{OrganisationId, PersonId};
use crate::domain::person::{Address, PersonKind, Preferences};

/// One person on our books.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    pub id: PersonId,
    pub name: Option<String>,
    pub kind: PersonKind,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub address: Option<Address>,
    pub organisation: Option<String>,
    /// The body they act for, once somebody of ours has said so.
    pub organisation_id: Option<OrganisationId>,
    pub preferences: Preferences,
    /// The only ways we may reach them, when there is a limit.
    pub safe_contact: Option<SafeContact>,
    pub is_deceased: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: i64,
}

/// The only ways we may reach somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SafeContact {
    pub ways: Vec<String>,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = people, treat_none_as_null = true, treat_none_as_default_value = false)]
struct Row {
    id: Id,
    name: Option<String>,
    kind: String,
    email: Option<String>,
    phone: Option<String>,
    address: Option<Json<Address>>,
    organisation: Option<String>,
    organisation_id: Option<Id>,
    preferences: Json<Preferences>,
    safe_contact: Option<Json<SafeContact>>,
    is_deceased: bool,
    created_at: At,
    updated_at: At,
    version: i64,
}

/// Adds a person with the identifiers they gave, in the form they are compared in.
///
/// # Errors
/// A [`StoreError`] when they cannot be written.
pub fn insert(
    tx: &mut Tx<'_>,
    person: &Person,
    found_by: &[(&str, String)],
    is_verified: bool,
) -> Result<(), StoreError> {
    diesel::insert_into(people::table)
        .values(Row::from(person))
        .execute(&mut **tx)?;
    for (kind, value) in found_by {
        identify(tx, person.id, kind, value, is_verified)?;
    }
    Ok(())
}

/// Notes one more way by which somebody is found; a proof once given stays.
pub fn identify(
    tx: &mut Tx<'_>,
    person: PersonId,
    kind: &str,
    value: &str,
    is_verified: bool,
) -> Result<(), StoreError> {
    diesel::sql_query(
        "INSERT INTO identifiers (kind, value, person_id, is_verified, is_bouncing) \
         VALUES ($1, $2, $3, $4, FALSE) ON CONFLICT (kind, value, person_id) DO UPDATE \
         SET is_verified = identifiers.is_verified OR excluded.is_verified",
    )
    .bind::<diesel::sql_types::Text, _>(kind)
    .bind::<diesel::sql_types::Text, _>(value)
    .bind::<Uid, _>(Id::from(person))
    .bind::<diesel::sql_types::Bool, _>(is_verified)
    .execute(&mut **tx)?;
    Ok(())
}

/// Writes a changed person; `version` is raised by the caller.
///
/// # Errors
/// [`StoreError::Conflict`] when somebody else has changed them since they were read.
pub fn update(tx: &mut Tx<'_>, person: &Person, read_version: i64) -> Result<(), StoreError> {
    let row = Row::from(person);
    let n_changed = diesel::update(people::table)
        .filter(people::id.eq(row.id).and(people::version.eq(read_version)))
        .set(&row)
        .execute(&mut **tx)?;
    if n_changed == 0 {
        Err(StoreError::Conflict)
    } else {
        Ok(())
    }
}

/// One person.
pub fn find(conn: &mut Conn, id: PersonId) -> Result<Option<Person>, StoreError> {
    let row: Option<Row> = people::table
        .filter(people::id.eq(Id::from(id)))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    row.map(Person::try_from).transpose()
}

/// What is shown with a person has changed, though not the record itself.
///
/// # Errors
/// [`StoreError::Conflict`] when somebody else has changed them since they were read.
pub fn touch(tx: &mut Tx<'_>, person: &Person, now: Timestamp) -> Result<(), StoreError> {
    let touched = Person {
        updated_at: now,
        version: person.version + 1,
        ..person.clone()
    };
    update(tx, &touched, person.version)
}

/// Everybody with this identifier, those for whom it is proved first, then the longest known.
pub fn identified_by(
    conn: &mut Conn,
    kind: &str,
    value: &str,
) -> Result<Vec<(Person, bool)>, StoreError> {
    let rows: Vec<(Row, bool)> = people::table
        .inner_join(identifiers::table.on(identifiers::person_id.eq(people::id)))
        .filter(
            identifiers::kind
                .eq(kind.to_owned())
                .and(identifiers::value.eq(value.to_owned())),
        )
        .order((
            identifiers::is_verified.desc(),
            people::created_at.asc(),
            people::id.asc(),
        ))
        .limit(25)
        .select((Row::as_select(), identifiers::is_verified))
        .load(conn)?;
    rows.into_iter()
        .map(|(row, is_verified)| Ok((Person::try_from(row)?, is_verified)))
        .collect()
}

/// The e-mail addresses by which somebody is known.
pub fn emails_of(conn: &mut Conn, id: PersonId) -> Result<Vec<String>, StoreError> {
    Ok(identifiers::table
        .filter(identifiers::person_id.eq(Id::from(id)))
        .filter(identifiers::kind.eq("email"))
        .order(identifiers::value.asc())
        .select(identifiers::value)
        .load(conn)?)
}

/// Everything by which somebody is found.
pub fn identifiers_of(conn: &mut Conn, id: PersonId) -> Result<Vec<String>, StoreError> {
    Ok(identifiers::table
        .filter(identifiers::person_id.eq(Id::from(id)))
        .order((identifiers::kind.asc(), identifiers::value.asc()))
        .select(identifiers::value)
        .load(conn)?)
}

/// Nobody is found as this person any more.
pub fn forget_identifiers(tx: &mut Tx<'_>, id: PersonId) -> Result<(), StoreError> {
    diesel::delete(identifiers::table.filter(identifiers::person_id.eq(Id::from(id))))
        .execute(&mut **tx)?;
    Ok(())
}

/// Whether somebody with this sight may know of a person: one known only from restricted cases is
/// hidden like these.
pub fn is_known_to(conn: &mut Conn, sight: &Sight, id: PersonId) -> Result<bool, StoreError> {
    let known: Option<Id> = people::table
        .into_boxed()
        .filter(people::id.eq(Id::from(id)))
        .filter(is_known(sight, "people.id"))
        .select(people::id)
        .first(conn)
        .optional()?;
    Ok(known.is_some())
}

/// People whose name holds these words and of whom somebody with this sight may know, newest first.
pub fn named(
    conn: &mut Conn,
    sight: &Sight,
    name: &str,
    limit: i64,
) -> Result<Vec<Person>, StoreError> {
    let pattern = format!(
        "%{}%",
        name.to_lowercase()
            .replace('\\', "\\\\")
            .replace('%', "\\%")
            .replace('_', "\\_")
    );
    let rows: Vec<Row> = people::table
        .into_boxed()
        .filter(is_known(sight, "people.id"))
        .filter(people::name.is_not_null())
        .filter(
            super::cases::lower(people::name.assume_not_null())
                .like(pattern)
                .escape('\\'),
        )
        .order((people::created_at.desc(), people::id.desc()))
        .limit(limit)
        .select(Row::as_select())
        .load(conn)?;
    rows.into_iter().map(Person::try_from).collect()
}

/// A permanent bounce: the address gets no more automatic mail.
pub fn note_bounce(tx: &mut Tx<'_>, email: &str) -> Result<(), StoreError> {
    note_unreachable(tx, "email", email, true)
}

/// Whether mail to this address bounces.
pub fn is_bouncing(conn: &mut Conn, email: &str) -> Result<bool, StoreError> {
    is_unreachable(conn, "email", email)
}

/// Whether an address or number takes nothing more: because it does not, or because somebody said so.
pub fn note_unreachable(
    tx: &mut Tx<'_>,
    kind: &str,
    value: &str,
    is_unreachable: bool,
) -> Result<(), StoreError> {
    diesel::update(identifiers::table)
        .filter(
            identifiers::kind
                .eq(kind.to_owned())
                .and(identifiers::value.eq(value.to_owned())),
        )
        .set(identifiers::is_bouncing.eq(is_unreachable))
        .execute(&mut **tx)?;
    Ok(())
}

/// Whether this address or number takes nothing more.
pub fn is_unreachable(conn: &mut Conn, kind: &str, value: &str) -> Result<bool, StoreError> {
    Ok(diesel::select(diesel::dsl::exists(
        identifiers::table.filter(
            identifiers::kind
                .eq(kind.to_owned())
                .and(identifiers::value.eq(value.to_owned()))
                .and(identifiers::is_bouncing.eq(true)),
        ),
    ))
    .get_result(conn)?)
}

impl From<&Person> for Row {
    fn from(person: &Person) -> Self {
        Self {
            id: person.id.into(),
            name: person.name.clone(),
            kind: person.kind.to_string(),
            email: person.email.clone(),
            phone: person.phone.clone(),
            address: person.address.clone().map(Json),
            organisation: person.organisation.clone(),
            organisation_id: person.organisation_id.map(Into::into),
            preferences: Json(person.preferences.clone()),
            safe_contact: person.safe_contact.clone().map(Json),
            is_deceased: person.is_deceased,
            created_at: person.created_at.into(),
            updated_at: person.updated_at.into(),
            version: person.version,
        }
    }
}

impl TryFrom<Row> for Person {
    type Error = StoreError;
    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.into(),
            name: row.name,
            kind: word(&row.kind)?,
            email: row.email,
            phone: row.phone,
            address: row.address.map(|address| address.0),
            organisation: row.organisation,
            organisation_id: row.organisation_id.map(Into::into),
            preferences: row.preferences.0,
            safe_contact: row.safe_contact.map(|safe| safe.0),
            is_deceased: row.is_deceased,
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
            version: row.version,
        })
    }
}
