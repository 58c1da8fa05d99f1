//! People: found again, shown, changed, joined and parted, and how they may be reached.
//!
//! A contact finds a person only by an e-mail address or number that stands for them, *and* a
//! name that can be theirs; everything else makes a new record. Two people at one address are two
//! people.
//!
//! | file | what it does |
//! |---|---|
//! | `finding` | whom a contact is from |
//! | [`sameness`] | records that are one person: proposed, joined, parted again |
//! | [`reaching`] | whether and where somebody may be told something |
//! | [`marking`] | markers, and what whoever deals with somebody must know |
//! | [`organisations`] | bodies that people act for |

mod finding;
pub mod marking;
pub mod organisations;
pub mod reaching;
pub mod sameness;

use super::desk::Moment;
use super::failure::{Failure, Fault};
use crate::domain::access::{Actor, Role, Scope};
use crate::domain::ids::{OrganisationId, PersonId};
use crate::domain::person::reach::written_way;
use crate::domain::person::{Address, PersonKind, Preferences, email_address, phone_number};
use crate::store::cases;
use crate::store::people::{self, Person, SafeContact};
use crate::store::{Conn, Tx};

pub use finding::find_or_add;
use sameness::append_audit;

/// What PATCH may change about a person.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Change {
    pub name: Option<String>,
    pub kind: Option<PersonKind>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub address: Option<Address>,
    pub preferences: Option<Preferences>,
    /// The only safe ways; none inside lifts the limit.
    pub safe_contact: Option<Option<Vec<String>>>,
    pub is_deceased: Option<bool>,
    pub organisation: Option<Option<OrganisationId>>,
}

/// By what somebody looks for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Search {
    Name(String),
    Email(String),
    Phone(String),
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
        Search::Name(name) => people::named(conn, &actor.sight(), name, 50)?,
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
    let mut visible: Vec<Person> = Vec::new();
    for person in found {
        if !is_visible(conn, at, actor, person.id)? {
            continue;
        }
        // Whoever was merged is found as the one record that stands for them.
        let head = sameness::visible_head(conn, at, actor, person.id)?;
        if !visible.iter().any(|known| known.id == head)
            && let Some(person) = people::find(conn, head)?
        {
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
    if let Some(kind) = change.kind {
        person.kind = kind;
    }
    if let Some(limit) = &change.safe_contact {
        person.safe_contact = limit.as_deref().map(safe_contact).transpose()?;
    }
    if let Some(is_deceased) = change.is_deceased {
        person.is_deceased = is_deceased;
    }
    if let Some(organisation) = change.organisation {
        organisations::set(tx, at, actor, &mut person, organisation)?;
    }
    person.updated_at = at.now;
    person.version += 1;
    people::update(tx, &person, read_version)?;
    finding::note_home(tx, &person)?;
    append_audit(tx, at, actor, "person.changed", id)?;
    // What has been written and not left yet may not reach them any more, and whoever has their
    // cases before them reads something new.
    reaching::hold_back(tx, at, id)?;
    let records = sameness::ids_of(tx, id)?;
    let others: Vec<PersonId> = records.iter().copied().filter(|one| *one != id).collect();
    sameness::touch(tx, at, &others)?;
    let on = cases::of_people(tx, &records)?;
    cases::touch(tx, &on)?;
    Ok(person)
}

fn safe_contact(ways: &[String]) -> Result<SafeContact, Failure> {
    let mut written = Vec::new();
    let mut faults = Vec::new();
    for (place, way) in ways.iter().enumerate() {
        match written_way(way) {
            Some(way) if written.contains(&way) => {}
            Some(way) => written.push(way),
            None => faults.push(Fault {
                pointer: format!("/safe_contact/{place}"),
                code: "bad_format",
                detail: "A safe way is `email`, `phone` or `post` (as they stand on the record), `face_to_face`, or \
                         an e-mail address or telephone number of its own."
                    .to_owned(),
            }),
        }
    }
    if faults.is_empty() {
        Ok(SafeContact { ways: written })
    } else {
        Err(Failure::Invalid(faults))
    }
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
pub(super) fn is_visible(
    conn: &mut Conn,
    _at: &Moment,
    actor: &Actor,
    id: PersonId,
) -> Result<bool, Failure> {
    Ok(may_look_up(actor) && people::is_known_to(conn, &actor.sight(), id)?)
}
