//! The night's hand-over: what a partner took in between closing time and the next opening, so that the
//! morning begins with a list and nothing lies in a note book.
//!
//! And the reckoning: what the partner says it sent, held against what is here.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};

use super::actions::{self, Target};
use super::desk::Moment;
use super::failure::Failure;
use crate::domain::access::{Act, Actor, Role};
use crate::domain::calendar::WallTime;
use crate::domain::contact::Channel;
use crate::store::cases::Filed;
use crate::store::contacts::{self, Contact};
use crate::store::tracking::{self, Receipt};
use crate::store::{Conn, cases};

/// What came in over one night.
#[derive(Debug, Clone)]
pub struct Night {
    /// Closing time.
    pub from_at: Timestamp,
    /// When the next open day opens.
    pub until_at: Timestamp,
    /// In the order it reached us, without what the reader may not know of.
    pub items: Vec<Item>,
    /// How many came in. To the council's own staff all of them, so that the figure stays right whoever
    /// reads it; to others, what they are shown.
    pub n_came_in: usize,
    /// The partner's own number for each of those.
    ids: Vec<Option<String>>,
}

/// One thing the partner took in.
#[derive(Debug, Clone)]
pub struct Item {
    pub contact: Contact,
    /// None where the reader may not see it.
    pub case: Option<Filed>,
    /// The reader follows the case as the public does, and no more.
    pub is_followed: bool,
    /// What whoever logged it keeps of a case they may not see.
    pub receipt: Option<Receipt>,
}

/// What the partner says it sent, against what is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reckoning {
    /// Sent, and not here.
    pub missing: Vec<String>,
    /// Here, and not among what was sent: their ids, and how many have none.
    pub not_named: Vec<String>,
    pub n_without_id: u32,
    pub n_matched: u32,
}

/// A night is never so full that it must be read in parts.
const MOST: i64 = 2_000;

/// The night that began on a date. What is on a restricted case is shown to those named on it and to
/// whoever logged it, and to nobody else.
///
/// # Errors
/// When the date is beyond the calendar.
pub fn night_of(conn: &mut Conn, at: &Moment, actor: &Actor, on: Date) -> Result<Night, Failure> {
    let (from_at, until_at) = bounds(at, on)?;
    let night = (from_at, until_at);
    let (sight, own) = (actor.sight(), actor.principal());
    let mut items = Vec::new();
    for contact in contacts::of_channel(conn, &sight, &own, Channel::OutOfHours, night, MOST)? {
        if let Some(item) = item(conn, actor, contact)? {
            items.push(item);
        }
    }
    let ids = if is_staff(actor) {
        contacts::external_ids(conn, Channel::OutOfHours, night, MOST)?
    } else {
        let own = items.iter();
        own.map(|item| item.contact.external_id.clone()).collect()
    };
    Ok(Night {
        from_at,
        until_at,
        items,
        n_came_in: ids.len(),
        ids,
    })
}

/// Holds what was sent against a night. What is here counts as here whoever asks, so that nobody takes it
/// for lost; what was not named is told of what the reader is shown.
#[must_use]
pub fn reckon(night: &Night, sent: &[String]) -> Reckoning {
    let sent: BTreeSet<&str> = sent.iter().map(String::as_str).collect();
    let here: BTreeSet<&str> = night.ids.iter().filter_map(Option::as_deref).collect();
    let shown = night.items.iter();
    let shown: BTreeSet<&str> = shown
        .filter_map(|item| item.contact.external_id.as_deref())
        .collect();
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Reckoning {
        missing: sent.difference(&here).map(|id| (*id).to_owned()).collect(),
        not_named: shown.difference(&sent).map(|id| (*id).to_owned()).collect(),
        n_without_id: count(night.ids.iter().filter(|id| id.is_none()).count()),
        n_matched: count(here.intersection(&sent).count()),
    }
}

/// From closing time on that date, or its beginning where nothing was open, until the next open day
/// opens.
fn bounds(at: &Moment, on: Date) -> Result<(Timestamp, Timestamp), Failure> {
    let beyond = |_| {
        Failure::invalid(
            "/night_of",
            "out_of_range",
            "This date is beyond the calendar.",
        )
    };
    let calendar = &at.council.catalogue.calendar;
    let office = calendar.office();
    let from_at = if office.is_working_day(on) {
        office.closing_at(on)
    } else {
        calendar.instant(on, WallTime::MIDNIGHT)
    };
    let next = office.next_open_day(on.checked_add(1.day()).map_err(beyond)?);
    let opens = office
        .intervals(next)
        .next()
        .map_or(WallTime::MIDNIGHT, |interval| interval.opens());
    Ok((from_at, calendar.instant(next, opens)))
}

/// What the reader may know of one of them. A partner sees its own and the cases of its queues; of the
/// work of other queues staff are told as a line without a case.
fn item(conn: &mut Conn, actor: &Actor, contact: Contact) -> Result<Option<Item>, Failure> {
    let is_theirs = contact.entered_by == actor.principal();
    let mut is_followed = false;
    let case = match contact.case {
        Some(case) => match actions::find(conn, actor, &Target::Id(case), Act::Read) {
            Ok(filed) => Some(filed),
            Err(Failure::Missing) => None,
            // Their own, which others work: they follow it as the public does.
            Err(Failure::Forbidden { .. }) if is_theirs => {
                is_followed = true;
                cases::find(conn, case)?
            }
            Err(Failure::Forbidden { .. }) => None,
            Err(other) => return Err(other),
        },
        None => None,
    };
    if case.is_none() && !is_theirs && !is_staff(actor) {
        return Ok(None);
    }
    let receipt = match contact.case {
        Some(id) if case.is_none() && is_theirs => {
            tracking::receipt(conn, id, &contact.entered_by)?
        }
        _ => None,
    };
    Ok(Some(Item {
        contact,
        case,
        is_followed,
        receipt,
    }))
}

fn is_staff(actor: &Actor) -> bool {
    actor.user().is_some_and(|user| user.role != Role::Partner)
}
