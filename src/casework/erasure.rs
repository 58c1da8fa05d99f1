//! Forgetting one person, where nothing stands against it: their record, how they are found, what they
//! said and what we wrote to them and about them. That there was a case, when, what was promised and whether it was kept
//! stays, under an id that leads to nobody; so figures and the audit are what they were.
//!
//! An administrator does it, who sees nothing of the cases: what stands in the way of it would tell anybody
//! who works cases of one that is hidden from them.
//!
//! Whether somebody must be forgotten is for whoever asks for it to judge. What is refused here is what is
//! never lawful: a case that is still worked on, and one under a legal hold.

use super::audit::note_look;
use super::desk::Moment;
use super::failure::Failure;
use super::people::sameness;
use super::promises::{Written, settle_by, terms_of};
use super::redaction::{by, check_not_held, empty, take_out_of, take_out_of_row};
use crate::domain::access::Actor;
use crate::domain::case::Case;
use crate::domain::ids::{ContactId, PersonId};
use crate::domain::lifecycle::{self, Event};
use crate::domain::person::{Preferences, phone_number};
use crate::domain::redaction::{Ground, Removal, Unsearchable};
use crate::domain::wording::{self, Language};
use crate::store::people::{self, Person};
use crate::store::redaction::{self as rows, Marks, Tally};
use crate::store::{Conn, Tx, calls, cases, contacts, markers, outbox, person_merges, tracking};

/// What was forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erased {
    pub n_cases: u32,
    pub tally: Tally,
}

/// Contacts read at a time.
const AT_ONCE: i64 = 200;

/// Forgets a person.
///
/// # Errors
/// A conflict while a case of theirs is worked on, held, or writes to them at this moment.
pub fn erase(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    id: PersonId,
    reason: &str,
) -> Result<Erased, Failure> {
    let person = people::find(tx, id)?.ok_or(Failure::Missing)?;
    if sameness::ids_of(tx, id)?.len() > 1 {
        return Err(Failure::conflict(
            "merged",
            "This record is taken for one person with others. Undo the merge, put on the others how that person may \
             be reached, and forget each record by itself.",
        ));
    }
    let mut theirs = Vec::new();
    for case in cases::of_person(tx, id)? {
        let filed = cases::find(tx, case)?.ok_or(Failure::Missing)?;
        check_may_be_forgotten(tx, &filed.case)?;
        theirs.push(filed.case);
    }
    let said = contacts_of(tx, id)?;
    let words: Vec<&str> = said
        .iter()
        .flat_map(|(_, subject, body)| [subject.as_str(), body.as_str()])
        .collect();
    let marks = marks(tx, at, &person, reason, &words)?;
    let mut tally = Tally::default();
    let numbers: Vec<String> = people::identifiers_of(tx, id)?
        .into_iter()
        .filter_map(|value| phone_number(&value))
        .collect();
    let mut to_empty: Vec<ContactId> = said.iter().map(|(contact, _, _)| *contact).collect();
    for number in &numbers {
        // A number that only stands on their record is not proved theirs, so a STOP from it is not
        // theirs either; it is a trace of them all the same.
        to_empty.extend(contacts::told_by_text(tx, number)?);
    }
    for contact in to_empty {
        tally.add(empty(
            tx,
            at,
            actor,
            contact,
            Ground::Erasure,
            &marks.staff,
        )?);
    }
    tally.notices += outbox::forget_recipient(tx, id)?;
    if outbox::is_any_on_its_way(tx, id)? {
        return Err(Failure::conflict(
            "mail_leaving",
            "A mail to this person is just leaving. Try again in a minute.",
        ));
    }
    let n_cases = u32::try_from(theirs.len()).unwrap_or(u32::MAX);
    for case in theirs {
        tally.add(forget_on(tx, at, actor, id, case, &marks, reason)?);
    }
    tally.answers += rows::rewrite_answers(tx, &[id.to_string()], &marks.staff)?;
    tracking::revoke_of_person(tx, id, at.now)?;
    markers::forget_of(tx, id)?;
    person_merges::forget_reasons(tx, id, marks.staff.mark())?;
    tally.calls += calls::forget_numbers(tx, &numbers)?;
    forget_record(tx, at, person)?;
    note_look(
        tx,
        at,
        actor,
        "person.erased",
        &format!("person:{id}"),
        Some(Ground::Erasure.as_str()),
    )?;
    Ok(Erased { n_cases, tally })
}

/// Refuses somebody who is not there.
///
/// # Errors
/// [`Failure::Missing`].
pub fn check_is_there(conn: &mut Conn, id: PersonId) -> Result<(), Failure> {
    people::find(conn, id)?.map(drop).ok_or(Failure::Missing)
}

fn check_may_be_forgotten(conn: &mut Conn, case: &Case) -> Result<(), Failure> {
    if !case.is_closed() {
        return Err(Failure::conflict(
            "case_open",
            "This person has a case that is still worked on. Close it first.",
        ));
    }
    check_not_held(conn, case).map_err(|why| match why {
        // Whoever asks may not know of the case.
        Failure::Conflict { code, .. } => Failure::conflict(
            code,
            "A case of this person is under a legal hold: nobody on it is forgotten until it is lifted.",
        ),
        other => other,
    })
}

fn forget_on(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    person: PersonId,
    case: Case,
    marks: &Marks,
    reason: &str,
) -> Result<Tally, Failure> {
    let others = cases::people(tx, case.id)?;
    let is_theirs_alone = others.iter().all(|(id, _, _)| *id == person);
    let (mut case, is_in_row, mut tally) = if is_theirs_alone {
        forget_all_words(tx, at, actor, case, marks)?
    } else {
        take_out_of(tx, at, marks, case)?
    };
    tally.feedback += rows::empty_feedback(tx, case.id, person, marks.staff.mark())?;
    if case.reporter == Some(person) {
        // What they filled in, and where they live.
        case.fields.clear();
        if let Some(place) = &mut case.location {
            place.description = None;
            // A point on the map is a home only where it is that of a property.
            if place.uprn.take().is_some() {
                (place.lat, place.long) = (None, None);
            }
        }
    }
    let event = Event::Redacted {
        ground: Ground::Erasure,
        reason: reason.to_owned(),
        contacts: Vec::new(),
        n_places: tally.total() + u32::from(is_in_row),
    };
    let terms = terms_of(tx, at, &case)?;
    let read_revision = case.revision;
    lifecycle::apply(&mut case, &event, &terms, by(actor), at.now);
    let written = Written::Changed { read_revision };
    settle_by(tx, at, case, &terms, vec![event], &actor.label(), written)?;
    Ok(tally)
}

/// Of a case that nobody else is on, whatever anybody wrote is about the person: officers' notes and
/// reasons too.
fn forget_all_words(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    mut case: Case,
    marks: &Marks,
) -> Result<(Case, bool, Tally), Failure> {
    let mut tally = Tally::default();
    let mut after = None;
    loop {
        let rows = contacts::of_case(tx, case.id, after, AT_ONCE)?;
        let Some(last) = rows.last() else { break };
        after = Some((last.received_at, last.id));
        // What was emptied with the person's own is emptied once.
        for contact in rows.iter().filter(|one| one.body != marks.staff.mark()) {
            tally.add(empty(
                tx,
                at,
                actor,
                contact.id,
                Ground::Erasure,
                &marks.staff,
            )?);
        }
    }
    let all = Marks {
        staff: Removal::of_everything(marks.staff.mark()),
        letters: Removal::of_everything(marks.letters.mark()),
    };
    tally.add(rows::rewrite_beside_contacts(tx, case.id, &all)?);
    let names = [case.id.to_string(), case.reference.to_string()];
    tally.answers += rows::rewrite_answers(tx, &names, &all.staff)?;
    let is_in_row = take_out_of_row(&mut case, &all.staff)?;
    Ok((case, is_in_row, tally))
}

fn forget_record(tx: &mut Tx<'_>, at: &Moment, person: Person) -> Result<(), Failure> {
    people::forget_identifiers(tx, person.id)?;
    let read_version = person.version;
    let forgotten = Person {
        name: None,
        email: None,
        phone: None,
        address: None,
        organisation: None,
        organisation_id: None,
        preferences: Preferences::default(),
        safe_contact: None,
        updated_at: at.now,
        version: read_version + 1,
        ..person
    };
    Ok(people::update(tx, &forgotten, read_version)?)
}

type Said = (ContactId, String, String);

fn contacts_of(conn: &mut Conn, person: PersonId) -> Result<Vec<Said>, Failure> {
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let rows = contacts::all_of_people(conn, &[person], after, AT_ONCE)?;
        let Some(last) = rows.last() else {
            return Ok(all);
        };
        after = Some((last.received_at, last.id));
        all.extend(
            rows.into_iter()
                .map(|contact| (contact.id, contact.subject, contact.body)),
        );
    }
}

/// Their name, addresses and numbers, wherever they stand, and whatever they said.
fn marks(
    conn: &mut Conn,
    at: &Moment,
    person: &Person,
    reason: &str,
    said: &[&str],
) -> Result<Marks, Failure> {
    let address = person.address.as_ref();
    let mut texts: Vec<String> = [
        &person.name,
        &person.email,
        &person.phone,
        &person.organisation,
    ]
    .into_iter()
    .flatten()
    .cloned()
    .collect();
    texts.extend(people::identifiers_of(conn, person.id)?);
    texts.extend(address.into_iter().flat_map(|one| one.lines.clone()));
    texts.extend(address.and_then(|one| one.uprn.clone()));
    let day = wording::day(at.today(), Language::English);
    // A name of three letters stands in too much else to be looked for.
    texts.retain(|text| {
        !matches!(
            Removal::of_texts(std::slice::from_ref(text), ""),
            Err((_, Unsearchable::TooShort))
        )
    });
    let staff = Removal::of_texts(&texts, &format!("[removed on {day}: {}]", reason.trim()))
        .map_err(|(_, why)| anyhow::anyhow!("person {} cannot be looked for: {why}", person.id))?;
    if staff.is_in(reason) {
        return Err(Failure::invalid(
            "/reason",
            "repeats_the_text",
            "The reason stands in the place of what is forgotten, so it must not name the person.",
        ));
    }
    let staff = staff.and_whole(said.iter().copied());
    let letters = staff.marked(&format!("[removed on {day}]"));
    Ok(Marks { staff, letters })
}
