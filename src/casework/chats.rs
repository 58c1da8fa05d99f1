//! Web chats: kept when the person agreed, or when what they said must not be lost.

use serde_json::json;

use super::desk::Moment;
use super::failure::Failure;
use super::intake::{self, Entry, Received};
use crate::channels::webchat;
use crate::domain::contact::{Direction, Disposition};
use crate::domain::enquiry::Enquiry;
use crate::store::contacts::{self, Contact};
use crate::store::{Tx, settings};

/// What became of a chat.
#[derive(Debug, Clone)]
pub enum Chatted {
    Taken(Box<Received>),
    /// They did not agree that it is kept: that there was a chat is, and no word of it.
    NotKept {
        contact: Box<Contact>,
        is_repeat: bool,
    },
}

/// Takes a chat in. Somebody in danger is heard whether they agreed or not: their life goes before. Who
/// agrees later is kept from then on.
///
/// # Errors
/// Names everything that cannot be meant.
pub fn receive(
    tx: &mut Tx<'_>,
    at: &Moment,
    enquiry: &Enquiry,
    entry: &Entry,
    is_agreed: bool,
) -> Result<Chatted, Failure> {
    intake::check_channel(&entry.actor, enquiry.channel)?;
    let is_in_danger = intake::trial(at, enquiry)?.danger.is_some();
    let external_id = enquiry.external_id.clone();
    let known = match &external_id {
        Some(id) => {
            settings::hold(tx, &format!("external:{}:{id}", entry.source))?;
            contacts::find_external(tx, &entry.source, id)?
        }
        None => None,
    };
    if is_agreed || is_in_danger {
        // It stays the one contact it was; from now on it has words.
        let logged_as = known.as_ref().filter(|known| is_unsaid(known));
        let entry = Entry {
            logged_as: logged_as.map(|known| known.id),
            ..entry.clone()
        };
        let received = intake::receive(tx, at, enquiry, &entry)?;
        return Ok(Chatted::Taken(Box::new(received)));
    }
    let enquiry = webchat::unsaid(enquiry);
    if let Some(contact) = known {
        intake::log_repeat(tx, at, &contact)?;
        intake::note_taken(tx, at, &entry.actor, Disposition::Duplicate, contact.id)?;
        return Ok(Chatted::NotKept {
            contact: Box::new(contact),
            is_repeat: true,
        });
    }
    let contact = Contact {
        id: at.id(),
        case: None,
        person: None,
        channel: enquiry.channel,
        direction: Direction::Inbound,
        disposition: Disposition::Stored,
        received_at: enquiry.received_at,
        logged_at: at.now,
        counted_from_on: None,
        subject: String::new(),
        body: String::new(),
        language: None,
        entered_by: entry.actor.principal(),
        source: entry.source.clone(),
        external_id,
        fingerprint: None,
        mailbox: None,
        message_id: None,
        detail: json!({}),
        waits_for: None,
        limit_at: None,
    };
    contacts::insert(tx, &contact)?;
    intake::note_taken(tx, at, &entry.actor, Disposition::Stored, contact.id)?;
    Ok(Chatted::NotKept {
        contact: Box::new(contact),
        is_repeat: false,
    })
}

/// Whether nothing was kept of a chat but that there was one.
fn is_unsaid(contact: &Contact) -> bool {
    contact.disposition == Disposition::Stored
        && contact.case.is_none()
        && contact.fingerprint.is_none()
}
