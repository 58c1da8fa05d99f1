//! Whether and where somebody may be told something, now and until it has left.
//!
//! Asked when a notice is written, asked again when it is about to be sent, and once more for all
//! that waits when a record changes: what may not reach a person does not, however it came into the
//! outbox.

use super::sameness;
use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::domain::access::Actor;
use crate::domain::ids::{CaseId, PersonId};
use crate::domain::lifecycle::Event;
use crate::domain::person::reach::{Known, Reach, Withheld};
use crate::domain::person::{Preferences, are_compatible_names};
use crate::store::outbox::{self, Notice};
use crate::store::people::{self, Person};
use crate::store::{Conn, Tx, events};

/// How a person may be reached and wishes to be, counting every record that is theirs. What their own
/// does not wish, another of theirs may.
///
/// Somebody else's record with the same proved address and a name that can be theirs limits the ways
/// too: a form filled in under one's own address is not a way around what was agreed.
///
/// # Errors
/// When the database cannot be asked.
pub fn ways_to(conn: &mut Conn, person: &Person) -> Result<(Reach, Preferences), Failure> {
    let records = sameness::records_of(conn, person.id)?;
    let mut alike = Vec::new();
    if let Some(email) = &person.email {
        for (other, is_verified) in people::identified_by(conn, "email", email)? {
            let is_theirs = is_verified
                && other.safe_contact.is_some()
                && are_compatible_names(other.name.as_deref(), person.name.as_deref());
            if is_theirs && !records.iter().any(|record| record.id == other.id) {
                alike.push(Person {
                    is_deceased: false,
                    ..other
                });
            }
        }
    }
    let mut wishes = person.preferences.clone();
    for record in &records {
        let other = record.preferences.clone();
        wishes.channel = wishes.channel.or(other.channel);
        wishes.language = wishes.language.or(other.language);
        wishes.format = wishes.format.or(other.format);
    }
    Ok((Reach::of(records.iter().chain(&alike).map(known)), wishes))
}

/// How a person may be reached, as [`ways_to`] has it.
///
/// # Errors
/// When the database cannot be asked.
pub fn reach_of(conn: &mut Conn, person: &Person) -> Result<Reach, Failure> {
    Ok(ways_to(conn, person)?.0)
}

/// Why a notice that was written may not leave any more, if it may not.
///
/// # Errors
/// When the database cannot be asked.
pub fn withheld_now(conn: &mut Conn, notice: &Notice) -> Result<Option<Withheld>, Failure> {
    let Some(id) = notice.person else {
        return Ok(None);
    };
    let Some(person) = people::find(conn, id)? else {
        return Ok(None);
    };
    let reach = reach_of(conn, &person)?;
    let is_automatic = notice.headers.auto_submitted.is_some();
    if notice.transport == "email" {
        return Ok(reach
            .still_admits_mail(&notice.recipient, is_automatic)
            .err());
    }
    if notice.transport == outbox::TEXT {
        return Ok(reach.admits_text(&notice.recipient, is_automatic).err());
    }
    Ok(match reach {
        Reach::Anyhow => None,
        Reach::Never => Some(Withheld::Deceased),
        Reach::Only(_) if is_automatic => Some(Withheld::SafeContact),
        Reach::Only(_) => {
            (!reach.admits_letter(person.address.as_ref())).then_some(Withheld::SafeContact)
        }
    })
}

/// Stops what waits for a person and may not reach them any more. What is being sent at this moment
/// is asked about again should it fail.
///
/// # Errors
/// When it cannot be written.
pub fn hold_back(tx: &mut Tx<'_>, at: &Moment, person: PersonId) -> Result<(), Failure> {
    let records = sameness::ids_of(tx, person)?;
    for notice in outbox::waiting_for(tx, &records)? {
        if let Some(why) = withheld_now(tx, &notice)?
            && outbox::stop(tx, notice.id, at.now)?
        {
            note_withheld(tx, at, notice.case, &notice.kind, why)?;
        }
    }
    Ok(())
}

/// Puts on a case's timeline that its person was not told, and why.
///
/// # Errors
/// When it cannot be written.
pub fn note_withheld(
    tx: &mut Tx<'_>,
    at: &Moment,
    case: Option<CaseId>,
    notice_kind: &str,
    why: Withheld,
) -> Result<(), Failure> {
    let Some(case) = case else { return Ok(()) };
    let event = Event::NoticeWithheld {
        notice_kind: notice_kind.to_owned(),
        why,
    };
    events::append(tx, at.id(), case, at.now, &Actor::System.label(), &event)?;
    Ok(())
}

fn known(person: &Person) -> Known<'_> {
    Known {
        email: person.email.as_deref(),
        phone: person.phone.as_deref(),
        address: person.address.as_ref(),
        safe: person
            .safe_contact
            .as_ref()
            .map(|safe| safe.ways.as_slice()),
        is_deceased: person.is_deceased,
    }
}
