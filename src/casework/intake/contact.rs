//! The contact itself: known again when it was sent before, logged when it was not.
//!
//! A logged contact never changes. A repeat is logged too, as a duplicate without its words, because
//! the figures of the day must add up.

use jiff::Timestamp;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::telling::answer;
use super::{Entry, Received};
use crate::casework::contact_reasons;
use crate::casework::desk::{Moment, hex};
use crate::casework::failure::Failure;
use crate::casework::{receipts, visits};
use crate::domain::access::{Act, Actor, Verdict, may};
use crate::domain::case::{LinkKind, Secrecy};
use crate::domain::clock::Reading;
use crate::domain::contact::Disposition;
use crate::domain::enquiry::{Enquiry, Sender, Spoken};
use crate::domain::ids::{CaseId, ContactId};
use crate::domain::wording::{self, ReadOut};
use crate::store::cases::{self, Filed};
use crate::store::contacts::{self, Contact};
use crate::store::people::Person;
use crate::store::{Tx, calls, settings, tracking, waiting_mail};

/// The same external id again is the same contact; with other content it is a mistake.
pub(super) fn known_again(
    tx: &mut Tx<'_>,
    at: &Moment,
    enquiry: &Enquiry,
    entry: &Entry,
) -> Result<Option<Received>, Failure> {
    let Some(external_id) = &enquiry.external_id else {
        return Ok(None);
    };
    settings::hold(tx, &format!("external:{}:{external_id}", entry.source))?;
    let Some(contact) = contacts::find_external(tx, &entry.source, external_id)? else {
        return Ok(None);
    };
    if entry.logged_as == Some(contact.id) {
        return Ok(None);
    }
    if !entry.same_id_is_same && !is_same_content(&contact, enquiry) {
        return Err(Failure::conflict(
            "external_id_taken",
            "This external_id was used for another contact. Send a new one, or the same content.",
        ));
    }
    log_repeat(tx, at, &contact)?;
    answer_again(tx, at, contact, &entry.actor).map(Some)
}

/// Logs that a contact was sent once more: the figures of the day count it as come in and duplicate.
pub(in crate::casework) fn log_repeat(
    tx: &mut Tx<'_>,
    at: &Moment,
    contact: &Contact,
) -> Result<(), Failure> {
    let repeat = Contact {
        id: at.id(),
        external_id: None,
        disposition: Disposition::Duplicate,
        logged_at: at.now,
        subject: String::new(),
        body: String::new(),
        fingerprint: None,
        detail: json!({"repeats": contact.id}),
        ..contact.clone()
    };
    contacts::insert(tx, &repeat)?;
    Ok(())
}

/// What is answered to whoever sends a contact once more. Whoever logged it is answered as the first
/// time; somebody else, as far as they may read its case.
fn answer_again(
    tx: &mut Tx<'_>,
    at: &Moment,
    contact: Contact,
    actor: &Actor,
) -> Result<Received, Failure> {
    let is_theirs = contact.entered_by == actor.principal()
        && contact.disposition == Disposition::Opened
        && !matches!(actor, Actor::Anonymous { .. });
    let on = match contact.case {
        Some(case) => cases::find(tx, case)?,
        None => None,
    };
    let receipt = match &on {
        Some(filed) if is_theirs => tracking::receipt(tx, filed.case.id, &contact.entered_by)?,
        _ => None,
    };
    let is_read = |filed: &Filed| may(actor, Act::Read, &filed.case, is_theirs) == Verdict::Allow;
    if let Some((receipt, filed)) = receipt.zip(on.as_ref().filter(|filed| !is_read(filed))) {
        // What happens there since is not theirs to know.
        let read_out = if filed.case.version == 1 || filed.case.is_in_danger() {
            receipts::said(tx, at, filed)?.read_out
        } else {
            wording::read_out(&ReadOut {
                reference: &receipt.reference,
                what_happens: &[],
                phone: &receipt.number_to_ring,
                phone_hours: None,
            })
        };
        return Ok(Received {
            is_duplicate: true,
            receipt: Some(receipt),
            read_out,
            ..answer(at, contact, None)
        });
    }
    let filed = match on {
        Some(filed) if is_read(&filed) => Some(filed),
        Some(_) if is_theirs => opened_by(tx, &contact)?.filter(|filed| {
            filed.case.secrecy != Secrecy::Restricted && filed.case.about.is_none()
        }),
        _ => None,
    };
    Ok(Received {
        is_duplicate: true,
        ..answer(at, contact, filed)
    })
}

/// The case a contact opened. Words about a colleague are kept with the complaint beside it, of which
/// whoever sent them never hears.
pub(in crate::casework) fn opened_by(
    tx: &mut Tx<'_>,
    contact: &Contact,
) -> Result<Option<Filed>, Failure> {
    let Some(id) = contact.case else {
        return Ok(None);
    };
    let lies_on = cases::find(tx, id)?;
    if lies_on
        .as_ref()
        .is_none_or(|filed| filed.case.about.is_none())
    {
        return Ok(lies_on);
    }
    let beside = cases::related(tx, &Actor::System.sight(), id)?;
    let opened = beside
        .into_iter()
        .find(|(kind, other)| *kind == LinkKind::About && other.case.opened_at == contact.logged_at)
        .map(|(_, other)| other);
    Ok(opened.or(lies_on))
}

#[expect(clippy::too_many_arguments, reason = "one row, said once")]
pub(super) fn log(
    tx: &mut Tx<'_>,
    at: &Moment,
    enquiry: &Enquiry,
    entry: &Entry,
    person: Option<&Person>,
    case: Option<CaseId>,
    disposition: Disposition,
    opened: Option<(ContactId, &[Reading])>,
) -> Result<Contact, Failure> {
    let counted_from_on = opened
        .and_then(|(_, readings)| readings.iter().find_map(|reading| reading.counted_from_on));
    let mail = entry.mail.as_ref();
    let contact = Contact {
        id: opened
            .map(|(id, _)| id)
            .or(entry.logged_as)
            .unwrap_or_else(|| at.id()),
        case,
        person: person.map(|person| person.id),
        channel: enquiry.channel,
        direction: enquiry.direction,
        disposition,
        received_at: enquiry.received_at,
        // What the system before this one logged came in on that day, not on the day it was taken over.
        logged_at: match entry.taken_over {
            Some(_) => enquiry.received_at,
            None => at.now,
        },
        counted_from_on,
        subject: enquiry.subject.clone(),
        body: enquiry.body.clone(),
        language: enquiry.language.clone(),
        entered_by: entry.actor.principal(),
        source: entry.source.clone(),
        external_id: enquiry.external_id.clone(),
        fingerprint: mail
            .map(|mail| mail.fingerprint.clone())
            .or_else(|| enquiry.external_id.as_ref().map(|_| content_of(enquiry))),
        mailbox: mail.and_then(|mail| mail.mailbox.clone()),
        message_id: mail.and_then(|mail| mail.message_id.clone()),
        detail: json!({
            "on_behalf_of": enquiry.on_behalf_of,
            "location": enquiry.location,
            "fields": enquiry.fields,
            "access_point": enquiry.access_point,
            "outcome": enquiry.outcome,
            "number_presented": enquiry.number_presented,
            "call": enquiry.call,
            "recording": enquiry.recording,
            "their_reference": enquiry.their_reference,
            "written_by": written_by(enquiry),
            "acknowledged": enquiry.acknowledged.is_some(),
            "media_urls": enquiry.media_urls,
            "page_url": enquiry.page_url,
            "hidden_field_filled": enquiry.hidden_field_filled.then_some(true),
            "transcript": (!enquiry.transcript.is_empty()).then_some(&enquiry.transcript),
            "mail": mail.map(|mail| mail.remarks.clone()),
        }),
        waits_for: None,
        limit_at: None,
    };
    if entry.logged_as.is_some() {
        waiting_mail::place(tx, &contact)?;
    } else {
        contacts::insert(tx, &contact)?;
    }
    if let Some(code) = &enquiry.contact_reason {
        contact_reasons::note_said(tx, at, &entry.actor, contact.id, code)?;
    }
    visits::note_contact(tx, at, &entry.actor, enquiry, contact.id)?;
    if let Some(call) = &enquiry.call {
        calls::hold(tx, call)?;
        calls::link(tx, call, contact.id)?;
    }
    Ok(contact)
}

/// Who wrote for a member, where it was not they themselves.
fn written_by(enquiry: &Enquiry) -> Option<&str> {
    match &enquiry.sender {
        Sender::Member { written_by } => written_by.as_deref(),
        Sender::AsTheySay | Sender::Resident => None,
    }
}

/// Whether a contact says what was logged as this one.
pub(in crate::casework) fn is_same_content(logged: &Contact, enquiry: &Enquiry) -> bool {
    logged.fingerprint.as_deref() == Some(content_of(enquiry).as_str())
}

/// Two contacts under one external id are the same when this is.
fn content_of(enquiry: &Enquiry) -> String {
    let mut without_time = enquiry.clone();
    without_time.received_at = Timestamp::UNIX_EPOCH;
    without_time.acknowledged = without_time.acknowledged.map(|_| Spoken {
        at: Timestamp::UNIX_EPOCH,
    });
    let text = serde_json::to_vec(&without_time).unwrap_or_else(|_| enquiry.text().into_bytes());
    hex(&Sha256::digest(text))
}
