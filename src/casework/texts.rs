//! Text messages: those that come in, and what became of those we sent.
//!
//! A text belongs to the one open case in which we texted its number; anything else opens a case of its
//! own, or waits where the domain says. STOP ends texts to a number at once, START begins them again.

use serde_json::json;

use super::audit::note_look;
use super::delivery;
use super::desk::{Moment, hex};
use super::failure::Failure;
use super::intake::{self, Entry};
use crate::auth::secrets;
use crate::channels::sms::{Text, Wish};
use crate::domain::access::{Act, Actor, Ties, Verdict, may};
use crate::domain::contact::{Channel, Direction, Disposition};
use crate::domain::enquiry::Who;
use crate::domain::ids::{ContactId, NoticeId, PersonId};
use crate::domain::person::likeness;
use crate::store::cases::{self, Filed};
use crate::store::contacts::{self, Contact};
use crate::store::{Conn, Tx, outbox, people, settings};

use super::people::sameness;

/// What became of a text.
#[derive(Debug, Clone)]
pub struct Taken {
    pub disposition: Disposition,
    /// Left out where whoever brought it may not know of it.
    pub case: Option<Filed>,
    pub contact: ContactId,
}

/// What a gateway says of a text of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    Delivered,
    /// There is no such number.
    NoSuchNumber,
    /// It did not arrive and is not tried again; the number may be good.
    NotThisTime,
}

/// Takes a text in.
///
/// # Errors
/// When it cannot be written.
pub fn receive(tx: &mut Tx<'_>, at: &Moment, actor: &Actor, text: &Text) -> Result<Taken, Failure> {
    let mut entry = Entry {
        same_id_is_same: true,
        ..Entry::by(actor.clone())
    };
    if let (Some(wish), Some(number)) = (text.wish, &text.number) {
        return heed(tx, at, &entry, text, wish, number);
    }
    let mut enquiry = text.enquiry.clone();
    if let Some(number) = &text.number {
        if let Some((case, person)) = texted_about(tx, number)? {
            entry.case = Some(case.case.id);
            enquiry.who = person.map_or(enquiry.who, Who::Known);
        } else if let Some(person) = owner_of(tx, number)? {
            enquiry.who = Who::Known(person);
        }
    }
    let received = intake::receive(tx, at, &enquiry, &entry)?;
    let disposition = if received.is_duplicate {
        Disposition::Duplicate
    } else {
        received.contact.disposition
    };
    let ties = Ties {
        raised_it: false,
        logged_it: received.contact.disposition == Disposition::Opened,
    };
    let is_shown =
        |filed: &Filed| may(&entry.actor, Act::Follow, &filed.case, ties) == Verdict::Allow;
    Ok(Taken {
        disposition,
        case: received.case.filter(is_shown),
        contact: received.contact.id,
    })
}

/// Keeps what a gateway says of a text of ours. Told again, nothing changes.
///
/// # Errors
/// [`Failure::Missing`] when no text of ours has this id.
pub fn arrived(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    id: NoticeId,
    arrival: Arrival,
) -> Result<(), Failure> {
    intake::check_channel(actor, Channel::Sms)?;
    let notice = outbox::find(tx, id)?
        .filter(|notice| notice.transport == outbox::TEXT)
        .ok_or(Failure::Missing)?;
    settings::hold(tx, &format!("text:{id}"))?;
    if arrival == Arrival::Delivered || outbox::has_bounced(tx, id)? {
        return Ok(());
    }
    let object = format!("notice:{id}");
    note_look(tx, at, actor, "text.came_back", &object, None)?;
    let is_no_number = arrival == Arrival::NoSuchNumber;
    let why = if is_no_number {
        "the number takes no texts"
    } else {
        "the text could not be delivered"
    };
    delivery::came_back(tx, at, &notice, why, is_no_number)
}

/// Whether a number may not be texted: whoever reads there asked for no more, or it takes none.
///
/// # Errors
/// When it cannot be read.
pub(super) fn wants_none(conn: &mut Conn, number: &str) -> Result<bool, Failure> {
    Ok(people::is_unreachable(conn, "phone", number)?
        || settings::get(conn, &stopped_key(number))?.is_some())
}

/// The number itself is not kept there: an objection outlasts whoever is forgotten.
fn stopped_key(number: &str) -> String {
    format!("texts_stopped:{}", hex(&secrets::hash(number)))
}

/// Does what somebody tells the machine. Nobody is answered: that would be a text.
fn heed(
    tx: &mut Tx<'_>,
    at: &Moment,
    entry: &Entry,
    text: &Text,
    wish: Wish,
    number: &str,
) -> Result<Taken, Failure> {
    let external_id = text.enquiry.external_id.clone();
    if let Some(id) = &external_id {
        settings::hold(tx, &format!("external:{}:{id}", entry.source))?;
        if let Some(known) = contacts::find_external(tx, &entry.source, id)? {
            intake::log_repeat(tx, at, &known)?;
            intake::note_taken(tx, at, &entry.actor, Disposition::Duplicate, known.id)?;
            return Ok(Taken {
                disposition: Disposition::Duplicate,
                case: None,
                contact: known.id,
            });
        }
    }
    people::note_unreachable(tx, "phone", number, wish == Wish::Stop)?;
    // Kept by the number too: it may be on nobody's record yet, or change records.
    match wish {
        Wish::Stop => settings::set(tx, &stopped_key(number), &at.now.to_string())?,
        Wish::Start => settings::remove(tx, &stopped_key(number))?,
    }
    let enquiry = &text.enquiry;
    let contact = Contact {
        id: at.id(),
        case: None,
        person: owner_of(tx, number)?,
        channel: Channel::Sms,
        direction: Direction::Inbound,
        disposition: Disposition::Stored,
        received_at: enquiry.received_at,
        logged_at: at.now,
        counted_from_on: None,
        subject: String::new(),
        body: enquiry.body.clone(),
        language: None,
        entered_by: entry.actor.principal(),
        source: entry.source.clone(),
        external_id,
        fingerprint: None,
        mailbox: None,
        message_id: None,
        detail: json!({"from": number}),
        waits_for: None,
        limit_at: None,
    };
    contacts::insert(tx, &contact)?;
    intake::note_taken(tx, at, &entry.actor, Disposition::Stored, contact.id)?;
    Ok(Taken {
        disposition: Disposition::Stored,
        case: None,
        contact: contact.id,
    })
}

/// The one open case in which we texted a number, and whom.
fn texted_about(
    conn: &mut Conn,
    number: &str,
) -> Result<Option<(Filed, Option<PersonId>)>, Failure> {
    let mut open = Vec::new();
    for (case, person) in outbox::texted(conn, number)? {
        if let Some(filed) = cases::find(conn, case)?
            && !filed.case.is_closed()
        {
            open.push((filed, person));
        }
    }
    Ok(if open.len() == 1 { open.pop() } else { None })
}

/// Whose number it is proved to be, when that is certain.
fn owner_of(conn: &mut Conn, number: &str) -> Result<Option<PersonId>, Failure> {
    let mut heads = Vec::new();
    for (person, is_verified) in people::identified_by(conn, "phone", number)? {
        if is_verified {
            heads.push(sameness::stands_for(conn, person.id)?);
        }
    }
    Ok(if likeness::is_sure(&heads) {
        heads.first().copied()
    } else {
        None
    })
}
