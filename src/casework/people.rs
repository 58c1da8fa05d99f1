//! Finding, showing and changing people.
//!
//! A contact finds a person only by an e-mail address or number that stands for them, *and* a
//! name that can be theirs; everything else makes a new record. Two people at one address are two
//! people.

use super::audit::note_look;
use super::desk::Moment;
use super::failure::Failure;
use crate::domain::access::{Act, Actor, Role, Scope, Verdict, may};
use crate::domain::contact::Channel;
use crate::domain::enquiry::{Described, Enquiry, Who};
use crate::domain::ids::PersonId;
use crate::domain::person::{
    Address, PersonKind, Preferences, are_compatible_names, email_address, phone_number,
};
use crate::store::cases::{self, Filed, Filter, Order};
use crate::store::people::{self, Person};
use crate::store::{Conn, Tx};

/// What PATCH may change about a person.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Change {
    pub name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub address: Option<Address>,
    pub preferences: Option<Preferences>,
    pub is_deceased: Option<bool>,
}

/// By what somebody looks for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Search {
    Name(String),
    Email(String),
    Phone(String),
}

/// Finds the person an enquiry is from, or adds them. Nobody is made for an anonymous one.
///
/// # Errors
/// When an id is given that is nobody's.
pub fn find_or_add(
    tx: &mut Tx<'_>,
    at: &Moment,
    enquiry: &Enquiry,
) -> Result<Option<Person>, Failure> {
    let described = match &enquiry.who {
        Who::Nobody => return Ok(None),
        Who::Known(id) => {
            let known = people::find(tx, *id)?;
            return known.map(Some).ok_or_else(|| {
                Failure::invalid(
                    "/person_id",
                    "unknown_value",
                    "There is no person with this id.",
                )
            });
        }
        Who::Described(described) => described,
    };
    if described.email.is_none()
        && described.phone.is_none()
        && described.name.is_none()
        && described.address.is_none()
    {
        return Ok(None);
    }
    // A public form proves nothing: somebody else's address must not open their record.
    let is_vouched_for = described.is_verified || enquiry.channel == Channel::Email;
    if is_vouched_for && let Some(known) = find(tx, described)? {
        return Ok(Some(complete(tx, at, known, described, enquiry)?));
    }
    add(tx, at, described, enquiry, is_vouched_for).map(Some)
}

/// Looks for people; at most fifty, and none known only from cases the actor may not see.
///
/// # Errors
/// When the database cannot be asked.
pub fn search(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    by: &Search,
) -> Result<Vec<Person>, Failure> {
    let found: Vec<Person> = match by {
        Search::Name(name) => people::named(conn, name, 50)?,
        Search::Email(email) => {
            let email = email_address(email).unwrap_or_else(|| email.to_lowercase());
            people::identified_by(conn, "email", &email)?
                .into_iter()
                .map(|(person, _)| person)
                .collect()
        }
        Search::Phone(phone) => match phone_number(phone) {
            Some(phone) => people::identified_by(conn, "phone", &phone)?
                .into_iter()
                .map(|(person, _)| person)
                .collect(),
            None => Vec::new(),
        },
    };
    let mut visible = Vec::new();
    for person in found {
        if is_visible(conn, at, actor, person.id)? {
            visible.push(person);
        }
    }
    Ok(visible)
}

/// One person, for somebody who may see them.
///
/// # Errors
/// [`Failure::Missing`] when there is none, or none they may know of.
pub fn find_for(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    id: PersonId,
) -> Result<Person, Failure> {
    let person = people::find(conn, id)?.ok_or(Failure::Missing)?;
    if is_visible(conn, at, actor, id)? {
        Ok(person)
    } else {
        Err(Failure::Missing)
    }
}

/// Changes a person.
///
/// # Errors
/// [`Failure::Stale`] when they have changed since they were read.
pub fn change(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    id: PersonId,
    change: &Change,
    if_match: Option<i64>,
) -> Result<Person, Failure> {
    let mut person = find_for(tx, at, actor, id)?;
    if if_match.is_some_and(|version| version != person.version) {
        return Err(Failure::Stale);
    }
    let read_version = person.version;
    if let Some(name) = &change.name {
        person.name = Some(name.clone());
    }
    if let Some(email) = &change.email {
        let email = email_address(email).ok_or_else(|| {
            Failure::invalid("/email", "bad_format", "This is not an e-mail address.")
        })?;
        people::identify(tx, id, "email", &email, true)?;
        person.email = Some(email);
    }
    if let Some(phone) = &change.phone {
        let compared = phone_number(phone).ok_or_else(|| {
            Failure::invalid("/phone", "bad_format", "This is not a telephone number.")
        })?;
        people::identify(tx, id, "phone", &compared, true)?;
        person.phone = Some(phone.clone());
    }
    if let Some(address) = &change.address {
        person.address = Some(address.clone());
    }
    if let Some(preferences) = &change.preferences {
        person.preferences = preferences.clone();
    }
    if let Some(is_deceased) = change.is_deceased {
        person.is_deceased = is_deceased;
    }
    person.updated_at = at.now;
    person.version += 1;
    people::update(tx, &person, read_version)?;
    note_look(
        tx,
        at,
        actor,
        "person.changed",
        &format!("person:{id}"),
        None,
    )?;
    Ok(person)
}

/// Who may look people up: staff who take contacts and work cases, and keys with the scope.
fn may_look_up(actor: &Actor) -> bool {
    actor.has_scope(Scope::PeopleRead)
        || actor.user().is_some_and(|user| {
            matches!(
                user.role,
                Role::Agent | Role::Officer | Role::TeamLeader | Role::HeadOfService
            )
        })
}

/// A person known only from restricted cases is hidden like the cases.
fn is_visible(conn: &mut Conn, _at: &Moment, actor: &Actor, id: PersonId) -> Result<bool, Failure> {
    if !may_look_up(actor) {
        return Ok(false);
    }
    let everything = Filter {
        person: Some(id),
        ..Filter::default()
    };
    let all = cases::list(
        conn,
        &Actor::System.sight(),
        &everything,
        Order::Received,
        None,
        1,
    )?;
    if !all.is_empty() {
        return Ok(true);
    }
    let own: Vec<Filed> = cases::list(conn, &actor.sight(), &everything, Order::Received, None, 1)?;
    let sees_one = own
        .iter()
        .any(|filed| may(actor, Act::Read, &filed.case, false) == Verdict::Allow);
    Ok(sees_one || !cases::has_any(conn, id)?)
}

fn find(tx: &mut Tx<'_>, described: &Described) -> Result<Option<Person>, Failure> {
    let ways = [
        described.email.clone().map(|email| ("email", email)),
        described
            .phone
            .as_deref()
            .and_then(phone_number)
            .map(|phone| ("phone", phone)),
    ];
    for (kind, value) in ways.into_iter().flatten() {
        for (person, is_verified) in people::identified_by(tx, kind, &value)? {
            if is_verified
                && are_compatible_names(person.name.as_deref(), described.name.as_deref())
            {
                return Ok(Some(person));
            }
        }
    }
    Ok(None)
}

/// What they said this time fills gaps; it overwrites nothing.
fn complete(
    tx: &mut Tx<'_>,
    at: &Moment,
    known: Person,
    described: &Described,
    enquiry: &Enquiry,
) -> Result<Person, Failure> {
    let mut person = known.clone();
    person.name = person.name.or_else(|| described.name.clone());
    person.email = person.email.or_else(|| described.email.clone());
    person.phone = person.phone.or_else(|| described.phone.clone());
    person.address = person.address.or_else(|| described.address.clone());
    person.organisation = person
        .organisation
        .or_else(|| described.organisation.clone());
    prefer(&mut person.preferences, enquiry);
    if person == known {
        return Ok(known);
    }
    person.updated_at = at.now;
    person.version += 1;
    people::update(tx, &person, known.version)?;
    for (kind, value) in found_by(described) {
        people::identify(tx, person.id, kind, &value, true)?;
    }
    Ok(person)
}

fn add(
    tx: &mut Tx<'_>,
    at: &Moment,
    described: &Described,
    enquiry: &Enquiry,
    is_vouched_for: bool,
) -> Result<Person, Failure> {
    let mut preferences = Preferences::default();
    prefer(&mut preferences, enquiry);
    let person = Person {
        id: at.id(),
        name: described.name.clone(),
        kind: described.kind.unwrap_or(PersonKind::Resident),
        email: described.email.clone(),
        phone: described.phone.clone(),
        address: described.address.clone(),
        organisation: described.organisation.clone(),
        preferences,
        safe_contact: None,
        is_deceased: false,
        created_at: at.now,
        updated_at: at.now,
        version: 1,
    };
    people::insert(tx, &person, &found_by(described), is_vouched_for)?;
    Ok(person)
}

/// A letter asks for a letter back; a language used is the language answered in.
fn prefer(preferences: &mut Preferences, enquiry: &Enquiry) {
    if enquiry.channel == Channel::Letter && preferences.channel.is_none() {
        preferences.channel = Some("post".to_owned());
    }
    if preferences.language.is_none() {
        preferences.language.clone_from(&enquiry.language);
    }
}

fn found_by(described: &Described) -> Vec<(&'static str, String)> {
    let mut ways = Vec::new();
    ways.extend(described.email.clone().map(|email| ("email", email)));
    ways.extend(
        described
            .phone
            .as_deref()
            .and_then(phone_number)
            .map(|phone| ("phone", phone)),
    );
    ways
}
