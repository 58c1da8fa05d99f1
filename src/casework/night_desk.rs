//! The night's hand-over: what a partner took in between closing time and the next opening, so that the
//! morning begins with a list and nothing lies in a note book.
//!
//! A contact belongs to the night in which it was received, whenever it reaches us; one that was received
//! in opening hours and reached us by night, to that night. So each is in one night and no more.
//!
//! And the reckoning: what the partner says it sent, held against what is here.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};

use super::actions::{self, Target};
use super::desk::Moment;
use super::failure::Failure;
use crate::domain::access::{Act, Actor, Role};
use crate::domain::calendar::{Calendar, WallTime};
use crate::domain::contact::Channel;
use crate::store::cases::Filed;
use crate::store::contacts::{self, Contact};
use crate::store::tracking::{self, Receipt};
use crate::store::{Conn, cases};

/// What came in over one night, or over several that follow each other.
#[derive(Debug, Clone)]
pub struct Night {
    /// When the first begins.
    pub from_at: Timestamp,
    /// When the last ends.
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
    /// It reached us when its night was over.
    pub came_later: bool,
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

/// Nights are never so full that they must be read in parts.
const MOST: i64 = 5_000;
/// Nights read at once: a long weekend's, and more.
const MOST_NIGHTS: i32 = 14;

/// The nights that began from one date to another, or on the first alone. What is on a restricted case is
/// shown to those named on it and to whoever logged it, and to nobody else.
///
/// # Errors
/// When a date is beyond the calendar, or there are too many nights between them.
pub fn nights_of(
    conn: &mut Conn,
    at: &Moment,
    actor: &Actor,
    first: Date,
    last: Option<Date>,
) -> Result<Night, Failure> {
    let last = last.unwrap_or(first);
    let nights = Nights::of(at, first, last)?;
    let between = (nights.from_at, nights.until_at);
    let (sight, own) = (actor.sight(), actor.principal());
    let mut items = Vec::new();
    for contact in contacts::of_channel(conn, &sight, &own, Channel::OutOfHours, between, MOST)? {
        let Some(ends_at) = nights.end_of_its(contact.received_at, contact.logged_at) else {
            continue;
        };
        if let Some(item) = item(conn, actor, contact, ends_at)? {
            items.push(item);
        }
    }
    let ids: Vec<Option<String>> = if is_staff(actor) {
        let all = contacts::external_ids(conn, Channel::OutOfHours, between, MOST)?;
        let of_these = all.into_iter().filter(|(_, received_at, logged_at)| {
            nights.end_of_its(*received_at, *logged_at).is_some()
        });
        of_these.map(|(id, ..)| id).collect()
    } else {
        let own = items.iter();
        own.map(|item| item.contact.external_id.clone()).collect()
    };
    Ok(Night {
        from_at: nights.from_at,
        until_at: nights.until_at,
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

/// Nights that follow each other.
struct Nights<'c> {
    calendar: &'c Calendar,
    first: Date,
    last: Date,
    from_at: Timestamp,
    until_at: Timestamp,
}

impl<'c> Nights<'c> {
    fn of(at: &'c Moment, first: Date, last: Date) -> Result<Self, Failure> {
        let calendar = &at.council.catalogue.calendar;
        let beyond = |pointer| {
            Failure::invalid(pointer, "out_of_range", "This date is beyond the calendar.")
        };
        let days = (last - first).get_days();
        if !(0..MOST_NIGHTS).contains(&days) {
            return Err(Failure::invalid(
                "/to_night_of",
                "out_of_range",
                format!("Not before `night_of`, and at most {MOST_NIGHTS} nights."),
            ));
        }
        let (from_at, _) = calendar.night(first).ok_or_else(|| beyond("/night_of"))?;
        let (_, until_at) = calendar.night(last).ok_or_else(|| beyond("/to_night_of"))?;
        Ok(Self {
            calendar,
            first,
            last,
            from_at,
            until_at,
        })
    }

    /// When the night ended that a contact belongs to, where that is one of these.
    fn end_of_its(&self, received_at: Timestamp, logged_at: Timestamp) -> Option<Timestamp> {
        let night = self
            .calendar
            .night_of(received_at)
            .or_else(|| self.calendar.night_of(logged_at))?;
        if !(self.first..=self.last).contains(&night) {
            return None;
        }
        let (_, until_at) = self.calendar.night(night)?;
        Some(until_at)
    }
}

/// When the office next opens after an instant.
///
/// # Errors
/// When that is beyond the calendar.
pub(super) fn opens_after(at: &Moment, instant: Timestamp) -> Result<Timestamp, Failure> {
    let calendar = &at.council.catalogue.calendar;
    let office = calendar.office();
    let mut day = office.next_open_day(calendar.date_of(instant));
    loop {
        let opens = office
            .intervals(day)
            .next()
            .map_or(WallTime::MIDNIGHT, |interval| interval.opens());
        let opens_at = calendar.instant(day, opens);
        if opens_at > instant {
            return Ok(opens_at);
        }
        let next = day.checked_add(1.day()).map_err(anyhow::Error::from)?;
        day = office.next_open_day(next);
    }
}

/// What the reader may know of one of them. A partner sees its own and the cases of its queues; of the
/// work of other queues staff are told as a line without a case.
fn item(
    conn: &mut Conn,
    actor: &Actor,
    contact: Contact,
    night_ends_at: Timestamp,
) -> Result<Option<Item>, Failure> {
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
        came_later: contact.logged_at >= night_ends_at,
        contact,
        case,
        is_followed,
        receipt,
    }))
}

fn is_staff(actor: &Actor) -> bool {
    actor.user().is_some_and(|user| user.role != Role::Partner)
}
