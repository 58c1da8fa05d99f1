//! What came in on a day and what became of it: figures that add up, each of them listable.
//!
//! A day is the local date on which a contact reached us, whenever it says it was received. Nothing
//! that came in is missing from the sum: it counts what belongs to restricted cases too, which the lists
//! show to those alone who are named on them.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};

use super::actions::{self, Target};
use super::desk::Moment;
use super::failure::Failure;
use super::views::{AfterRow, Part, filled, mail};
use crate::domain::access::{Act, Actor};
use crate::domain::addresses::mailbox_of;
use crate::domain::contact::{Channel, Disposition, Settlement};
use crate::domain::ids::{CaseId, ContactId};
use crate::domain::reference::Reference;
use crate::store::contacts::{self, Contact};
use crate::store::{Conn, users, waiting_mail};

pub use crate::store::contacts::Way;

/// One day's intake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayOfIntake {
    pub on: Date,
    pub all: Tally,
    pub by_channel: BTreeMap<Channel, Tally>,
    /// E-mail, by the mailbox it came to; under nothing, where that is not known.
    pub by_mailbox: BTreeMap<Option<String>, Tally>,
}

/// How many ended in which way. There is no other way, so they add up to what came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    pub opened: u64,
    pub joined: u64,
    pub stored: u64,
    pub held: u64,
    pub quarantined: u64,
    pub duplicate: u64,
}

/// One contact in such a figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    pub contact: ContactId,
    pub channel: Channel,
    pub received_at: Timestamp,
    pub logged_at: Timestamp,
    pub disposition: Disposition,
    /// None where there is none, or it is not the reader's to read.
    pub case: Option<(CaseId, Reference)>,
    /// Who has it, or must look at it. Never nobody while it waits.
    pub owner: Option<Keeper>,
    /// None once somebody has let it through or dismissed it.
    pub waiting_since: Option<Timestamp>,
    pub limit_at: Option<Timestamp>,
    /// What somebody made of it after it had waited.
    pub settled_as: Option<Settlement>,
}

/// Who has something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keeper {
    pub name: String,
    pub email: String,
}

impl DayOfIntake {
    fn add(&mut self, channel: Channel, mailbox: Option<&str>, disposition: Disposition, n: u64) {
        self.all.add(disposition, n);
        let own = self.by_channel.entry(channel).or_default();
        own.add(disposition, n);
        if channel == Channel::Email {
            let mailbox = mailbox.map(mailbox_of);
            let own = self.by_mailbox.entry(mailbox).or_default();
            own.add(disposition, n);
        }
    }
}

impl Tally {
    /// Everything that came in.
    #[must_use]
    pub fn came_in(&self) -> u64 {
        self.opened + self.joined + self.stored + self.held + self.quarantined + self.duplicate
    }

    fn add(&mut self, disposition: Disposition, n: u64) {
        let count = match disposition {
            Disposition::Opened => &mut self.opened,
            Disposition::Joined => &mut self.joined,
            Disposition::Stored => &mut self.stored,
            Disposition::Held => &mut self.held,
            Disposition::Quarantined => &mut self.quarantined,
            Disposition::Duplicate => &mut self.duplicate,
        };
        *count += n;
    }
}

/// The figures of one day.
///
/// # Errors
/// When the database cannot be asked.
pub fn intake_on(
    conn: &mut Conn,
    at: &Moment,
    on: Date,
    way: &Way,
) -> Result<DayOfIntake, Failure> {
    let mut day = DayOfIntake {
        on,
        all: Tally::default(),
        by_channel: BTreeMap::new(),
        by_mailbox: BTreeMap::new(),
    };
    for came in contacts::tally(conn, bounds(at, on)?, way)? {
        let n = u64::try_from(came.n).map_err(anyhow::Error::from)?;
        day.add(came.channel, came.mailbox.as_deref(), came.disposition, n);
    }
    Ok(day)
}

/// A part of the contacts behind one figure, in the order they reached us, without those of restricted
/// cases the actor may not know of. The figure counts these all the same.
///
/// # Errors
/// When the database cannot be asked.
pub fn counted(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    which: (Date, Disposition, &Way),
    after: Option<AfterRow>,
    limit: u16,
) -> Result<Part<Counted, AfterRow>, Failure> {
    let part = learnable(conn, at, actor, which, after, limit)?;
    let mut items = Vec::with_capacity(part.items.len());
    for contact in part.items {
        items.push(count_one(conn, at, actor, contact)?);
    }
    Ok(Part {
        items,
        next: part.next,
    })
}

/// Contacts the actor may know of.
fn learnable(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    (on, disposition, way): (Date, Disposition, &Way),
    after: Option<AfterRow>,
    limit: u16,
) -> Result<Part<Contact, AfterRow>, Failure> {
    let (sight, day) = (actor.sight(), bounds(at, on)?);
    filled(
        conn,
        after,
        limit,
        |conn, after, n| {
            let after = after.map(|(at, id)| (at, ContactId(id)));
            let which = (disposition, way);
            Ok(contacts::logged_between(
                conn, &sight, day, which, after, n,
            )?)
        },
        |contact| (contact.logged_at, contact.id.0),
        |conn, contact| {
            let is_hidden = contact.case.is_none() && !mail::may_learn_of(conn, actor, &contact)?;
            Ok((!is_hidden).then_some(contact))
        },
    )
}

fn count_one(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    contact: Contact,
) -> Result<Counted, Failure> {
    let filed = match contact.case {
        Some(id) => match actions::find(conn, actor, &Target::Id(id), Act::Read) {
            Ok(filed) => Some(filed),
            Err(Failure::Missing | Failure::Forbidden { .. }) => None,
            Err(other) => return Err(other),
        },
        None => None,
    };
    let settled = match contact.waits_for {
        Some(_) => waiting_mail::settlement(conn, contact.id)?,
        None => None,
    };
    let is_waiting = contact.waits_for.is_some() && settled.is_none();
    let owner = match (
        &contact.waits_for,
        filed.as_ref().and_then(|filed| filed.case.owner),
    ) {
        (Some(email), _) => Some(keeper(at, email)),
        (None, Some(owner)) => users::find(conn, owner)?.map(|account| Keeper {
            name: account.user.name,
            email: account.user.email,
        }),
        (None, None) => None,
    };
    Ok(Counted {
        contact: contact.id,
        channel: contact.channel,
        received_at: contact.received_at,
        logged_at: contact.logged_at,
        disposition: contact.disposition,
        case: filed.map(|filed| (filed.case.id, filed.case.reference)),
        owner,
        waiting_since: is_waiting.then_some(contact.logged_at),
        limit_at: contact.limit_at.filter(|_| is_waiting),
        settled_as: settled,
    })
}

/// The post with this address, else the bare address.
pub(super) fn keeper(at: &Moment, email: &str) -> Keeper {
    let post = at
        .council
        .catalogue
        .posts
        .values()
        .find(|post| post.email == email);
    Keeper {
        name: post.map_or_else(|| email.to_owned(), |post| post.title.clone()),
        email: email.to_owned(),
    }
}

/// The first instant of a local day, and of the next.
fn bounds(at: &Moment, on: Date) -> Result<(Timestamp, Timestamp), Failure> {
    let zone = at.council.catalogue.calendar.zone();
    let begin = |day: Date| day.to_zoned(zone.clone()).map(|zoned| zoned.timestamp());
    let beyond = |_| Failure::invalid("/on", "out_of_range", "This date is beyond the calendar.");
    let next = on.checked_add(1.day()).map_err(beyond)?;
    Ok((begin(on).map_err(beyond)?, begin(next).map_err(beyond)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_in_is_the_sum_of_what_became_of_it() {
        let mut tally = Tally::default();
        for (disposition, n) in Disposition::ALL.iter().zip(1..) {
            tally.add(*disposition, n);
        }
        assert_eq!(tally.came_in(), 1 + 2 + 3 + 4 + 5 + 6);
        assert_eq!((tally.opened, tally.duplicate), (1, 5));
    }
}
