//! What only few may know, said on a case that others read: it is a case of its own beside that one,
//! with the words and with its own duty contact. The case it was said on keeps that a message came.

use super::Entry;
use super::joining::{Joined, Joining, note_contact};
use super::opening::{Plan, open};
use super::telling::confirm;
use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::casework::promises::{Written, settle_by, terms_of};
use crate::domain::case::{Case, LinkKind, Secrecy};
use crate::domain::lifecycle::{self, By, Event};
use crate::store::cases::{self, Filed};
use crate::store::people::Person;
use crate::store::{Tx, contacts};

/// Puts a contact aside whose words only few may know; nothing where the case may keep it.
///
/// # Errors
/// When it cannot be written.
pub(super) fn put_aside(
    tx: &mut Tx<'_>,
    at: &Moment,
    filed: &Filed,
    joining: &Joining<'_>,
    person: Option<&Person>,
    entry: &Entry,
) -> Result<Option<Joined>, Failure> {
    let Some(plan) = plan_among_few(at, &filed.case, joining) else {
        return Ok(None);
    };
    let aside = open_aside(tx, at, &filed.case, joining, person, entry, &plan)?;
    let mut case = filed.case.clone();
    let read_revision = case.revision;
    let terms = terms_of(tx, at, &case)?;
    // Whoever works this case cannot read it: it asks nothing of them, and answers nothing they asked.
    let event = Event::ContactJoined {
        contact: joining.contact,
        from_person: true,
        chases: false,
        answers: false,
    };
    lifecycle::apply(&mut case, &event, &terms, By::Person, at.now);
    let written = Written::Changed { read_revision };
    let settled = settle_by(tx, at, case, &terms, vec![event], &joining.actor, written)?;
    Ok(Some(Joined {
        settled,
        complaint: None,
        aside: Some(aside),
    }))
}

/// Where it goes, when it is a matter for few and the case is none.
fn plan_among_few(at: &Moment, case: &Case, joining: &Joining<'_>) -> Option<Plan> {
    let placement = joining.placement;
    let catalogue = &at.council.catalogue;
    let (_, category) = catalogue.category(&placement.service, &placement.category)?;
    let is_for_few = placement.is_placed && category.is_restricted;
    if !joining.from_person || !is_for_few || case.secrecy == Secrecy::Restricted {
        return None;
    }
    Some(Plan {
        queue: placement.queue.clone(),
        service: placement.service.clone(),
        category: placement.category.clone(),
        procedure: placement.procedure,
        priority: placement.priority,
        routed: placement.routed.clone(),
        danger: placement.danger.as_ref().map(|danger| danger.kind.clone()),
    })
}

/// The case it stands on from now: the one that is open beside this one for the same person and matter,
/// else a new one.
fn open_aside(
    tx: &mut Tx<'_>,
    at: &Moment,
    case: &Case,
    joining: &Joining<'_>,
    person: Option<&Person>,
    entry: &Entry,
    plan: &Plan,
) -> Result<Filed, Failure> {
    let matter = (plan.service.as_str(), plan.category.as_str());
    let known = match person {
        Some(person) => cases::open_aside(tx, case.id, person.id, matter)?,
        None => None,
    };
    let known = match known {
        Some(id) => cases::find(tx, id)?,
        None => None,
    };
    if let Some(known) = known {
        contacts::put_aside(tx, joining.contact, known.case.id, case.id)?;
        let joined = note_contact(tx, at, known, joining, person, entry)?;
        return Ok(joined.settled.filed);
    }
    let (enquiry, contact) = (joining.enquiry, joining.contact);
    let opened = open(tx, at, enquiry, entry, person, contact, plan, None)?;
    cases::link(tx, opened.filed.case.id, case.id, LinkKind::About)?;
    contacts::put_aside(tx, contact, opened.filed.case.id, case.id)?;
    if !entry.is_silent {
        confirm(tx, at, entry, person, &opened, None, None)?;
    }
    Ok(opened.filed)
}
