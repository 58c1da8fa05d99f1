//! Records that are one person: joined and parted by staff, proposed where it is likely.
//!
//! A merge is a line between two records and moves nothing. Each keeps its contacts, its cases, its
//! secret links and its own address for mail; who looks at one sees both. So undoing it leaves each
//! as it would have been, with what was said to it meanwhile, and a merge that was wrong has shown
//! nobody to anybody outside the council.

use std::collections::BTreeMap;

use super::{find_for, is_visible, reaching};
use crate::casework::audit::note_look;
use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::domain::access::Actor;
use crate::domain::ids::{MergeId, PersonId};
use crate::domain::lifecycle::Event;
use crate::domain::person::likeness::{self, Reason, Shared};
use crate::store::people::{self, Person};
use crate::store::person_merges::{self as merges, Merge};
use crate::store::{Conn, Tx, cases, events};

/// A record that may be the same person as another, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    pub person: Person,
    pub reasons: Vec<Reason>,
}

/// How many who share one address or number are looked at; a hostel's telephone stands for hundreds.
const MOST_SHARING: i64 = 25;
/// Lines put on the timelines of one person's open cases.
const MOST_CASES: usize = 200;

/// The record that stands for a person: itself, or the one it was merged into.
///
/// # Errors
/// When the database cannot be asked.
pub fn stands_for(conn: &mut Conn, person: PersonId) -> Result<PersonId, Failure> {
    let mut at = person;
    while let Some(merge) = merges::of(conn, at)? {
        at = merge.into;
    }
    Ok(at)
}

/// Every record of one person, the one that stands for them first.
///
/// # Errors
/// When the database cannot be asked.
pub fn ids_of(conn: &mut Conn, person: PersonId) -> Result<Vec<PersonId>, Failure> {
    let mut all = vec![stands_for(conn, person)?];
    let mut newest = all.clone();
    while !newest.is_empty() {
        newest = merges::into_any(conn, &newest)?
            .into_iter()
            .map(|merge| merge.from)
            .collect();
        all.extend(&newest);
    }
    Ok(all)
}

/// Every record of one person, in full.
///
/// # Errors
/// When the database cannot be asked.
pub fn records_of(conn: &mut Conn, person: PersonId) -> Result<Vec<Person>, Failure> {
    let mut records = Vec::new();
    for id in ids_of(conn, person)? {
        records.extend(people::find(conn, id)?);
    }
    Ok(records)
}

/// The records of one person that the actor may know of.
///
/// # Errors
/// When the database cannot be asked.
pub fn visible_ids(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    person: PersonId,
) -> Result<Vec<PersonId>, Failure> {
    let mut visible = Vec::new();
    for id in ids_of(conn, person)? {
        if is_visible(conn, at, actor, id)? {
            visible.push(id);
        }
    }
    Ok(visible)
}

/// What a person was merged into and with, as far as the actor may know.
///
/// # Errors
/// When the database cannot be asked.
pub fn merges_of(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    person: PersonId,
) -> Result<Vec<Merge>, Failure> {
    let visible = visible_ids(conn, at, actor, person)?;
    let mut found = merges::into_any(conn, &visible)?;
    found.retain(|merge| visible.contains(&merge.from));
    Ok(found)
}

/// Takes two records for one person from now on.
///
/// # Errors
/// Names the one that is not there, or says why they cannot be joined.
pub fn merge(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    from: PersonId,
    into: PersonId,
    reason: &str,
) -> Result<Merge, Failure> {
    merges::hold(tx)?;
    let first = named(tx, at, actor, from, "/from")?;
    let second = named(tx, at, actor, into, "/into")?;
    if from == into {
        let detail = "A record cannot be merged into itself. Name two.";
        return Err(Failure::invalid("/into", "itself", detail));
    }
    for (person, which) in [(from, "from"), (into, "into")] {
        if merges::of(tx, person)?.is_some() {
            return Err(Failure::conflict(
                "merged_already",
                format!(
                    "The record in `{which}` is merged into another already. Name the one that stands for them, or \
                     undo that merge first."
                ),
            ));
        }
    }
    let merge = Merge {
        id: at.id(),
        from,
        into,
        reason: reason.to_owned(),
        merged_at: at.now,
        merged_by: actor.principal(),
        undone_at: None,
        undone_by: None,
    };
    merges::insert(tx, &merge)?;
    let event = |person| Event::PersonMerged {
        person,
        merge: merge.id,
    };
    note(tx, at, actor, &[first, second], "person.merged", event)?;
    reaching::hold_back(tx, at, into)?;
    Ok(merge)
}

/// Takes them for two again. Doing it twice is doing it once.
///
/// # Errors
/// [`Failure::Missing`] when there is no such merge, or none the actor may know of.
pub fn undo(tx: &mut Tx<'_>, at: &Moment, actor: &Actor, id: MergeId) -> Result<Merge, Failure> {
    merges::hold(tx)?;
    let merge = find_merge(tx, at, actor, id)?;
    if !merges::undo(tx, id, at.now, &actor.principal())? {
        return Ok(merge);
    }
    let mut both = Vec::new();
    for person in [merge.from, merge.into] {
        both.push(find_for(tx, at, actor, person)?);
    }
    let event = |person| Event::PersonUnmerged { person, merge: id };
    note(tx, at, actor, &both, "person.unmerged", event)?;
    Ok(Merge {
        undone_at: Some(at.now),
        undone_by: Some(actor.principal()),
        ..merge
    })
}

/// One merge, for somebody who may know of both records.
///
/// # Errors
/// [`Failure::Missing`] when there is none, or none they may know of.
pub fn find_merge(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    id: MergeId,
) -> Result<Merge, Failure> {
    let merge = merges::find(conn, id)?.ok_or(Failure::Missing)?;
    for person in [merge.from, merge.into] {
        find_for(conn, at, actor, person)?;
    }
    Ok(merge)
}

/// Who may be the same person, with what speaks for it. Nobody is joined by it.
///
/// # Errors
/// [`Failure::Missing`] when there is no such person, or none the actor may know of.
pub fn proposals(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    id: PersonId,
) -> Result<Vec<Proposal>, Failure> {
    find_for(conn, at, actor, id)?;
    let own = visible_ids(conn, at, actor, id)?;
    let all_own = ids_of(conn, id)?;
    let mut found: BTreeMap<PersonId, Vec<Reason>> = BTreeMap::new();
    for record in &own {
        let Some(person) = people::find(conn, *record)? else {
            continue;
        };
        let apart = merges::apart_from(conn, *record)?;
        let mut shared: BTreeMap<PersonId, Shared> = BTreeMap::new();
        for (kind, other) in merges::sharing(conn, *record, MOST_SHARING)? {
            let with = shared.entry(other).or_default();
            match kind.as_str() {
                "email" => with.email = true,
                "phone" => with.phone = true,
                _ => with.home = true,
            }
        }
        for (other, shared) in shared {
            if all_own.contains(&other)
                || apart.contains(&other)
                || !is_visible(conn, at, actor, other)?
            {
                continue;
            }
            let Some(known) = people::find(conn, other)? else {
                continue;
            };
            let why = likeness::reasons(person.name.as_deref(), known.name.as_deref(), shared);
            if why.is_empty() {
                continue;
            }
            let head = visible_head(conn, at, actor, other)?;
            let reasons = found.entry(head).or_default();
            for reason in why {
                if !reasons.contains(&reason) {
                    reasons.push(reason);
                }
            }
        }
    }
    let mut proposals = Vec::new();
    for (id, reasons) in found {
        if let Some(person) = people::find(conn, id)? {
            proposals.push(Proposal { person, reasons });
        }
    }
    Ok(proposals)
}

/// Notes that two records are two people, so that they are not proposed again.
///
/// # Errors
/// [`Failure::Missing`] when one of them is not there for the actor.
pub fn tell_apart(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    one: PersonId,
    other: PersonId,
) -> Result<(), Failure> {
    merges::hold(tx)?;
    for person in [one, other] {
        find_for(tx, at, actor, person)?;
    }
    let (of_one, of_other) = (ids_of(tx, one)?, ids_of(tx, other)?);
    if of_one.contains(&other) {
        return Err(Failure::conflict(
            "merged",
            "These records are merged. Undo the merge first.",
        ));
    }
    for first in &of_one {
        for second in &of_other {
            merges::tell_apart(tx, *first, *second, at.now, &actor.principal())?;
        }
    }
    for person in [one, other] {
        append_audit(tx, at, actor, "person.told_apart", person)?;
    }
    Ok(())
}

/// The record that stands for a person, as far up as the actor may know.
///
/// # Errors
/// When the database cannot be asked.
pub fn visible_head(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    person: PersonId,
) -> Result<PersonId, Failure> {
    let mut head = person;
    while let Some(merge) = merges::of(conn, head)? {
        if !is_visible(conn, at, actor, merge.into)? {
            break;
        }
        head = merge.into;
    }
    Ok(head)
}

/// What is shown with some records has changed, though not they themselves.
pub(super) fn touch(tx: &mut Tx<'_>, at: &Moment, records: &[PersonId]) -> Result<(), Failure> {
    for id in records {
        if let Some(person) = people::find(tx, *id)? {
            people::touch(tx, &person, at.now)?;
        }
    }
    Ok(())
}

pub(super) fn append_audit(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    action: &str,
    person: PersonId,
) -> Result<(), Failure> {
    note_look(tx, at, actor, action, &format!("person:{person}"), None)
}

fn named(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    id: PersonId,
    pointer: &str,
) -> Result<Person, Failure> {
    find_for(conn, at, actor, id).map_err(|failure| match failure {
        Failure::Missing => {
            Failure::invalid(pointer, "unknown_value", "There is no person with this id.")
        }
        other => other,
    })
}

/// Writes down what was done: on both records, in the audit, and on the timelines of the cases that
/// are being worked. A timeline names its own person alone.
fn note(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    both: &[Person],
    action: &str,
    event: impl Fn(PersonId) -> Event,
) -> Result<(), Failure> {
    for person in both {
        people::touch(tx, person, at.now)?;
        append_audit(tx, at, actor, action, person.id)?;
        let on = cases::of_people(tx, &[person.id])?;
        let open: Vec<_> = cases::with_ids(tx, &on)?
            .into_iter()
            .filter(|filed| !filed.case.is_closed())
            .take(MOST_CASES)
            .collect();
        for filed in open {
            let (id, label) = (at.id(), actor.label());
            events::append(tx, id, filed.case.id, at.now, &label, &event(person.id))?;
        }
        cases::touch(tx, &on)?;
    }
    Ok(())
}
