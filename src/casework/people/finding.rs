//! Whom a contact is from: known again, or added.
//!
//! Known again is only who is certain: a proved address or number, a name that can be theirs, and
//! nobody else for whom both hold. Everybody else gets a record of their own, and what they may be is
//! proposed to staff ([`super::sameness`]).

use super::sameness;
use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::domain::contact::Channel;
use crate::domain::enquiry::{Described, Enquiry, Who};
use crate::domain::ids::PersonId;
use crate::domain::person::{
    PersonKind, Preferences, are_compatible_names, likeness, phone_number,
};
use crate::store::Tx;
use crate::store::people::{self, Person};

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

/// The one record that a proved address or number stands for, when it is certain whose it is.
fn find(tx: &mut Tx<'_>, described: &Described) -> Result<Option<Person>, Failure> {
    let mut candidates: Vec<(PersonId, Person)> = Vec::new();
    for (kind, value) in found_by(described) {
        let mut these = Vec::new();
        for (person, is_verified) in people::identified_by(tx, kind, &value)? {
            if is_verified
                && are_compatible_names(person.name.as_deref(), described.name.as_deref())
            {
                these.push((sameness::stands_for(tx, person.id)?, person));
            }
        }
        if candidates.is_empty() {
            candidates = these;
        } else if candidates
            .iter()
            .any(|(known, _)| these.iter().any(|(one, _)| one == known))
        {
            candidates.retain(|(known, _)| these.iter().any(|(one, _)| one == known));
        }
    }
    let is_sure = |candidates: &[(PersonId, Person)]| {
        let heads: Vec<PersonId> = candidates.iter().map(|(head, _)| *head).collect();
        likeness::is_sure(&heads)
    };
    if !is_sure(&candidates) {
        // Whoever wrote from a shared address before, under exactly this name, is known by it.
        let is_same = |name: Option<&str>| match (name, described.name.as_deref()) {
            (Some(one), Some(other)) => one.to_lowercase() == other.to_lowercase(),
            (one, other) => one.is_none() && other.is_none(),
        };
        candidates.retain(|(_, person)| is_same(person.name.as_deref()));
    }
    Ok(if is_sure(&candidates) {
        candidates.into_iter().next().map(|(_, person)| person)
    } else {
        None
    })
}

/// What they said this time fills gaps; it overwrites nothing.
fn complete(
    tx: &mut Tx<'_>,
    at: &Moment,
    known: Person,
    described: &Described,
    enquiry: &Enquiry,
) -> Result<Person, Failure> {
    // Where only some ways are safe, one more that somebody wrote from is not to be learnt.
    if known.safe_contact.is_some() || known.is_deceased {
        return Ok(known);
    }
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
    note_home(tx, &person)?;
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
        organisation_id: None,
        preferences,
        safe_contact: None,
        is_deceased: false,
        created_at: at.now,
        updated_at: at.now,
        version: 1,
    };
    people::insert(tx, &person, &found_by(described), is_vouched_for)?;
    note_home(tx, &person)?;
    Ok(person)
}

/// Where they live under which name, so that another record of theirs can be proposed. It proves
/// nothing.
pub(super) fn note_home(tx: &mut Tx<'_>, person: &Person) -> Result<(), Failure> {
    if let Some(home) = likeness::home_of(person.name.as_deref(), person.address.as_ref()) {
        people::identify(tx, person.id, "home", &home, false)?;
    }
    Ok(())
}

/// A letter asks for a letter back, a text for a text; a language used is the language answered in.
fn prefer(preferences: &mut Preferences, enquiry: &Enquiry) {
    if enquiry.channel == Channel::Letter && preferences.channel.is_none() {
        preferences.channel = Some("post".to_owned());
    }
    // Whoever texts and can be written to in no other way is answered so.
    let has_email = matches!(&enquiry.who, Who::Described(described) if described.email.is_some());
    if enquiry.channel == Channel::Sms && preferences.channel.is_none() && !has_email {
        preferences.channel = Some("sms".to_owned());
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
