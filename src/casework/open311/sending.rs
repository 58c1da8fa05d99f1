//! What a reporting service sends: a report, which goes the way of every contact, or a message on
//! one.
//!
//! It is sent again until it is answered, so the same number is the same report, whatever else it
//! says by then.

use crate::casework::attachments::{self, Sent};
use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::casework::intake::{self, Entry, Received};
use crate::casework::{letters, receipts};
use crate::channels::open311::update::Update;
use crate::domain::access::Actor;
use crate::domain::case::{Case, Status};
use crate::domain::contact::Channel;
use crate::domain::enquiry::{Enquiry, Who};
use crate::domain::ids::{AttachmentId, ContactId};
use crate::domain::lifecycle::Event;
use crate::domain::reference::Reference;
use crate::domain::wording;
use crate::store::{Tx, cases, contacts, events, people, settings};

/// A report, taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reported {
    /// Nothing of a secret case is told but this.
    pub reference: String,
    /// What happens next.
    pub notice: Option<String>,
}

/// Takes a report in, with the photographs that came as files. `they_confirm` says that the reporting
/// service tells the person by itself.
///
/// # Errors
/// As [`intake::receive`].
pub fn report(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    enquiry: &Enquiry,
    they_confirm: bool,
    photographs: &[Sent],
) -> Result<Reported, Failure> {
    let entry = Entry {
        they_confirm,
        same_id_is_same: true,
        ..Entry::by(actor.clone())
    };
    let mut enquiry = enquiry.clone();
    enquiry.attachments = keep(tx, at, &entry, &enquiry, photographs)?;
    let received = intake::receive(tx, at, &enquiry, &entry)?;
    if received.is_danger {
        let number = match (&received.receipt, &received.case) {
            (Some(receipt), _) => receipt.number_to_ring.clone(),
            (None, Some(filed)) => letters::emergency_line(at, &filed.case),
            (None, None) => at.council.catalogue.council.emergency_phone.clone(),
        };
        return Ok(Reported {
            reference: reference_of(tx, &received)?,
            notice: Some(wording::read_out_danger(&number)),
        });
    }
    let reference = reference_of(tx, &received)?;
    let notice = if received.is_duplicate {
        match intake::opened_by(tx, &received.contact)?
            .filter(|filed| super::may_be_told(at, &filed.case))
        {
            Some(filed) => Some(receipts::said(tx, at, &filed)?.what_happens.join(" ")),
            None => None,
        }
    } else {
        Some(received.what_happens.join(" ")).filter(|_| received.receipt.is_none())
    };
    Ok(Reported {
        reference,
        notice: notice.filter(|notice| !notice.is_empty()),
    })
}

/// Puts a message on the report it belongs to, and says under which id it is kept. One that says no
/// more than that it is over, or was written before the case was, changes nothing.
///
/// # Errors
/// [`Failure::Missing`] when there is no such report, or none of this sender's to know of.
pub fn say(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    update: &Update,
    they_confirm: bool,
    photographs: &[Sent],
) -> Result<ContactId, Failure> {
    let by_sender = Entry::by(actor.clone());
    let reference = Reference::parse(&update.request).map_err(|_| Failure::Missing)?;
    let case = cases::find_by_reference(tx, &reference)?
        .ok_or(Failure::Missing)?
        .case;
    let opening = contacts::that_opened(tx, &[case.id], Channel::Open311)?
        .into_iter()
        .next();
    let is_their_own = opening.is_some_and(|contact| contact.source == by_sender.source);
    let is_everybodys = case.channel == Channel::Open311 && super::is_offered(at, &case);
    if !is_their_own && !is_everybodys {
        return Err(Failure::Missing);
    }
    let mut enquiry = update.enquiry.clone();
    enquiry.service = Some(case.service.clone());
    enquiry.category = Some(case.category.clone());
    enquiry.location.clone_from(&case.location);
    enquiry.is_only_said |= was_written_before_it_was_over(tx, &case, update)?;
    if is_their_own {
        recognise_reporter(tx, &case, &mut enquiry)?;
    }
    let entry = Entry {
        case: Some(case.id),
        // A message's number is its sender's own, and one report's.
        source: format!("{}:{}", by_sender.source, case.reference.plain()),
        they_confirm,
        same_id_is_same: true,
        ..by_sender
    };
    enquiry.attachments = keep(tx, at, &entry, &enquiry, photographs)?;
    Ok(intake::receive(tx, at, &enquiry, &entry)?.contact.id)
}

/// Keeps photographs for the contact that is about to be logged. One that was logged before has its own.
fn keep(
    tx: &mut Tx<'_>,
    at: &Moment,
    entry: &Entry,
    enquiry: &Enquiry,
    photographs: &[Sent],
) -> Result<Vec<AttachmentId>, Failure> {
    if photographs.is_empty() {
        return Ok(Vec::new());
    }
    if let Some(id) = &enquiry.external_id {
        settings::hold(tx, &format!("external:{}:{id}", entry.source))?;
        if contacts::find_external(tx, &entry.source, id)?.is_some() {
            return Ok(Vec::new());
        }
    }
    let kept = photographs
        .iter()
        .map(|sent| attachments::keep(tx, at, &entry.actor, sent));
    kept.map(|kept| Ok(kept?.id)).collect()
}

/// The sender vouches for its own users: who writes under the address that made the report is who
/// made it.
fn recognise_reporter(tx: &mut Tx<'_>, case: &Case, enquiry: &mut Enquiry) -> Result<(), Failure> {
    let (Some(reporter), Who::Described(described)) = (case.reporter, &enquiry.who) else {
        return Ok(());
    };
    if described.email.is_some()
        && let Some(person) = people::find(tx, reporter)?
        && person.email == described.email
    {
        enquiry.who = Who::Known(reporter);
    }
    Ok(())
}

/// Messages come late. What was written before the case was answered or closed is no reason to open
/// it again.
fn was_written_before_it_was_over(
    tx: &mut Tx<'_>,
    case: &Case,
    update: &Update,
) -> Result<bool, Failure> {
    if !matches!(case.status, Status::Closed | Status::Responded) {
        return Ok(false);
    }
    let over = events::of_kinds(tx, case.id, &["replied", "closed"])?
        .into_iter()
        .rev()
        .find(|(_, event)| matches!(event, Event::Replied { .. } | Event::Closed { .. }));
    Ok(over.is_some_and(|(at, _)| update.written_at < at))
}

fn reference_of(tx: &mut Tx<'_>, received: &Received) -> Result<String, Failure> {
    if let Some(receipt) = &received.receipt {
        return Ok(receipt.reference.clone());
    }
    let filed = match &received.case {
        Some(filed) if !received.is_duplicate => Some(filed.clone()),
        _ => intake::opened_by(tx, &received.contact)?,
    };
    filed
        .map(|filed| filed.case.reference.to_string())
        .ok_or_else(|| anyhow::anyhow!("contact {} is on no case", received.contact.id).into())
}
