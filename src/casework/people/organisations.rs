//! Bodies that people act for: a business, a parish council, a residents' group.
//!
//! Who acts for one is said by staff; what somebody writes behind their name stays a word on their
//! own record until then.

use super::sameness::append_audit;
use super::{find_for, may_look_up};
use crate::casework::audit::note_look;
use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::casework::views::Part;
use crate::domain::access::Actor;
use crate::domain::ids::{OrganisationId, PersonId};
use crate::domain::person::{Address, OrganisationKind, email_address, phone_number};
use crate::store::organisations::{self, Organisation};
use crate::store::people::Person;
use crate::store::{Conn, Tx};

/// What is said of a body; what is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    pub name: Option<String>,
    pub kind: Option<OrganisationKind>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub address: Option<Address>,
}

/// Adds a body.
///
/// # Errors
/// Names what cannot be meant.
pub fn add(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    said: &Said,
) -> Result<Organisation, Failure> {
    let blank = Organisation {
        id: at.id(),
        name: String::new(),
        kind: OrganisationKind::Other,
        email: None,
        phone: None,
        address: None,
        created_at: at.now,
        updated_at: at.now,
        version: 1,
    };
    let organisation = over(blank, said)?;
    organisations::insert(tx, &organisation)?;
    note(tx, at, actor, "organisation.added", organisation.id)?;
    Ok(organisation)
}

/// Changes a body.
///
/// # Errors
/// [`Failure::Stale`] when it has changed since it was read.
pub fn change(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    id: OrganisationId,
    said: &Said,
) -> Result<Organisation, Failure> {
    let known = find(tx, id)?;
    let read_version = known.version;
    let organisation = Organisation {
        updated_at: at.now,
        version: read_version + 1,
        ..over(known, said)?
    };
    organisations::update(tx, &organisation, read_version)?;
    note(tx, at, actor, "organisation.changed", id)?;
    Ok(organisation)
}

/// One body.
///
/// # Errors
/// [`Failure::Missing`] when there is none.
pub fn find(conn: &mut Conn, id: OrganisationId) -> Result<Organisation, Failure> {
    organisations::find(conn, id)?.ok_or(Failure::Missing)
}

/// A part of them by name.
///
/// # Errors
/// When the database cannot be asked.
pub fn list(
    conn: &mut Conn,
    name: Option<&str>,
    after: Option<(String, OrganisationId)>,
    limit: u16,
) -> Result<Part<Organisation, (String, OrganisationId)>, Failure> {
    let rows = organisations::list(conn, name, after, i64::from(limit) + 1)?;
    Ok(Part::cut(rows, limit, |one| (one.name.clone(), one.id)))
}

/// A part of those who act for a body, without those known only from cases the actor may not see.
///
/// # Errors
/// [`Failure::Missing`] when there is no such body.
pub fn people_of(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    id: OrganisationId,
    after: Option<PersonId>,
    limit: u16,
) -> Result<Part<Person, PersonId>, Failure> {
    find(conn, id)?;
    if !may_look_up(actor) {
        return Ok(Part {
            items: Vec::new(),
            next: None,
        });
    }
    let (sight, limit_and_one) = (actor.sight(), i64::from(limit) + 1);
    let ids = organisations::people_of(conn, &sight, id, after, limit_and_one)?;
    let part = Part::cut(ids, limit, |id| *id);
    let items = part.items.into_iter();
    let items = items.map(|id| find_for(conn, at, actor, id));
    Ok(Part {
        items: items.collect::<Result<_, _>>()?,
        next: part.next,
    })
}

/// Says for whom somebody acts, or that they act for nobody any more; the audit keeps it.
pub(super) fn set(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    person: &mut Person,
    organisation: Option<OrganisationId>,
) -> Result<(), Failure> {
    if let Some(id) = organisation {
        let found = organisations::find(tx, id)?.ok_or_else(|| {
            Failure::invalid(
                "/organisation_id",
                "unknown_value",
                "There is no organisation with this id.",
            )
        })?;
        person.organisation = Some(found.name);
    }
    person.organisation_id = organisation;
    append_audit(tx, at, actor, "person.organisation_set", person.id)
}

fn over(mut organisation: Organisation, said: &Said) -> Result<Organisation, Failure> {
    if let Some(name) = &said.name {
        organisation.name = name.trim().to_owned();
    }
    if organisation.name.is_empty() {
        let detail = "An organisation needs a name.";
        return Err(Failure::invalid("/name", "missing_field", detail));
    }
    if let Some(kind) = said.kind {
        organisation.kind = kind;
    }
    if let Some(email) = &said.email {
        let email = email_address(email).ok_or_else(|| {
            Failure::invalid("/email", "bad_format", "This is not an e-mail address.")
        })?;
        organisation.email = Some(email);
    }
    if let Some(phone) = &said.phone {
        if phone_number(phone).is_none() {
            let detail = "This is not a telephone number.";
            return Err(Failure::invalid("/phone", "bad_format", detail));
        }
        organisation.phone = Some(phone.trim().to_owned());
    }
    if let Some(address) = &said.address {
        organisation.address = Some(address.clone());
    }
    Ok(organisation)
}

fn note(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    action: &str,
    id: OrganisationId,
) -> Result<(), Failure> {
    note_look(tx, at, actor, action, &format!("organisation:{id}"), None)
}
