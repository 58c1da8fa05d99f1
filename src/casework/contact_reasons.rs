//! Why people contact us, and how often better service would have spared them that.
//!
//! A contact stays as it was logged; why it was made stands beside it. Staff say so, when they log it or
//! later, and what was put right stands on the timeline. A contact that only asks again is marked by itself,
//! as is one of a category that is about nothing else.

use std::collections::BTreeMap;

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::actions::{Target, find};
use super::audit::note_look;
use super::desk::Moment;
use super::failure::{Failure, Fault};
use super::promises::{Settled, Written, settle_by, terms_of};
use crate::domain::access::{Act, Actor};
use crate::domain::addresses::slips;
use crate::domain::catalogue::CHASES;
use crate::domain::contact::Channel;
use crate::domain::ids::ContactId;
use crate::domain::lifecycle::{self, By, Event};
use crate::domain::telephony::figures::percent;
use crate::store::contact_reasons::{self as rows, Mark};
use crate::store::{Conn, Tx, contacts, measures};

/// What one channel, or all of them, come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Count {
    /// People who contacted us: what opened a case or joined one.
    pub n_contacts: u64,
    /// By the reason, where it is known.
    pub by_reason: BTreeMap<String, u64>,
    /// How many need not have been, by what the catalogue said of each reason when it was given.
    pub n_avoidable: u64,
}

/// The figures of some days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub all: Count,
    pub by_channel: BTreeMap<Channel, Count>,
}

/// The longest time one report is about.
const MOST_DAYS: i32 = 366;
/// Below so many a percentage says nothing, and may say something of one person.
const FEWEST: u64 = 5;

impl Count {
    fn add(&mut self, reason: &str, is_avoidable: bool, n: u64) {
        *self.by_reason.entry(reason.to_owned()).or_default() += n;
        if is_avoidable {
            self.n_avoidable += n;
        }
    }

    /// Of how many nobody has said why.
    #[must_use]
    pub fn n_unmarked(&self) -> u64 {
        let n_marked: u64 = self.by_reason.values().sum();
        self.n_contacts.saturating_sub(n_marked)
    }

    /// Avoidable contacts of a hundred, to one decimal; nothing of fewer than five.
    #[must_use]
    pub fn percent(&self) -> Option<f64> {
        percent(self.n_avoidable, self.n_contacts).filter(|_| self.n_contacts >= FEWEST)
    }
}

/// What is wrong with a reason somebody gave.
#[must_use]
pub fn fault_of(at: &Moment, code: &str) -> Option<Fault> {
    let reasons = &at.council.catalogue.council.contact_reasons;
    if reasons.contains_key(code) {
        return None;
    }
    let nearest = reasons
        .keys()
        .map(|known| (slips(code, known), known))
        .min()
        .filter(|(n, _)| *n <= 3);
    let detail = match (nearest, reasons.is_empty()) {
        (Some((_, known)), _) => format!("There is no such reason. Did you mean `{known}`?"),
        (None, true) => {
            "This council has no reasons: they stand in council.toml, under [contact_reasons]."
                .to_owned()
        }
        (None, false) => {
            let known: Vec<&str> = reasons.keys().map(String::as_str).collect();
            format!(
                "There is no such reason; it is one of: {}.",
                known.join(", ")
            )
        }
    };
    Some(Fault {
        pointer: "/contact_reason".to_owned(),
        code: "unknown_value",
        detail,
    })
}

/// Puts down what somebody said as they logged a contact.
///
/// # Errors
/// When it cannot be written.
pub(super) fn note_said(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    contact: ContactId,
    code: &str,
) -> Result<(), Failure> {
    rows::set(tx, &mark_by(at, actor, contact, code, false))?;
    count_on_its_case(tx, contact)
}

/// A contact that only asks again is marked as that by itself, unless somebody has said otherwise.
///
/// # Errors
/// When it cannot be written.
pub(super) fn note_chaser(tx: &mut Tx<'_>, at: &Moment, contact: ContactId) -> Result<(), Failure> {
    note_found(tx, at, contact, CHASES)
}

/// What follows from a contact by itself. A council that does not know the reason has none put down.
///
/// # Errors
/// When it cannot be written.
pub(super) fn note_found(
    tx: &mut Tx<'_>,
    at: &Moment,
    contact: ContactId,
    code: &str,
) -> Result<(), Failure> {
    let reasons = &at.council.catalogue.council.contact_reasons;
    if reasons.contains_key(code) {
        rows::set_where_none(tx, &mark_by(at, &Actor::System, contact, code, true))?;
        count_on_its_case(tx, contact)?;
    }
    Ok(())
}

fn count_on_its_case(tx: &mut Tx<'_>, contact: ContactId) -> Result<(), Failure> {
    match contacts::find(tx, contact)?.and_then(|contact| contact.case) {
        Some(case) => Ok(measures::count_contacts(tx, case)?),
        None => Ok(()),
    }
}

/// Says why a contact of a case was made, or puts it right. None takes it away.
///
/// # Errors
/// When there is no such reason, or the contact is not one of the case.
pub fn mark(
    tx: &mut Tx<'_>,
    at: &Moment,
    actor: &Actor,
    target: &Target,
    contact: ContactId,
    code: Option<&str>,
) -> Result<Settled, Failure> {
    let filed = find(tx, actor, target, Act::Read)?;
    let mut faults = Vec::new();
    let is_of_case =
        contacts::find(tx, contact)?.is_some_and(|contact| contact.case == Some(filed.case.id));
    if !is_of_case {
        faults.push(Fault {
            pointer: "/contact".to_owned(),
            code: "unknown_value",
            detail: "There is no contact with this id on the case.".to_owned(),
        });
    }
    faults.extend(code.and_then(|code| fault_of(at, code)));
    if !faults.is_empty() {
        return Err(Failure::Invalid(faults));
    }
    let from = rows::find(tx, contact)?.map(|mark| mark.reason);
    match code {
        Some(code) => rows::set(tx, &mark_by(at, actor, contact, code, false))?,
        None => rows::clear(tx, contact)?,
    }
    measures::count_contacts(tx, filed.case.id)?;
    let event = Event::ContactMarked {
        contact,
        from,
        to: code.map(str::to_owned),
    };
    let object = format!("contact:{contact}");
    note_look(tx, at, actor, "contact.marked", &object, None)?;
    let terms = terms_of(tx, at, &filed.case)?;
    let read_revision = filed.case.revision;
    let mut case = filed.case;
    // Putting down why somebody rang is no work on what they rang about.
    lifecycle::apply(&mut case, &event, &terms, By::System, at.now);
    let written = Written::Changed { read_revision };
    settle_by(tx, at, case, &terms, vec![event], &actor.label(), written)
}

/// How often people contacted us between two local days, both included, and why.
///
/// # Errors
/// When the days are the wrong way round or too far apart.
pub fn between(conn: &mut Conn, at: &Moment, from: Date, to: Date) -> Result<Report, Failure> {
    let out_of_range = |detail: &str| Failure::invalid("/to_on", "out_of_range", detail);
    let beyond = |_| out_of_range("This date is beyond the calendar.");
    if to < from {
        return Err(out_of_range("`to_on` lies before `from_on`."));
    }
    if from.checked_add(MOST_DAYS.days()).map_err(beyond)? <= to {
        return Err(out_of_range("A report is about 366 days at most."));
    }
    let zone = at.council.catalogue.calendar.zone();
    let begin = |day: Date| {
        let begins = day.to_zoned(zone.clone()).map_err(beyond)?;
        Ok::<_, Failure>(begins.timestamp())
    };
    let time = (
        begin(from)?,
        begin(to.checked_add(1.day()).map_err(beyond)?)?,
    );
    let mut report = Report {
        all: Count::default(),
        by_channel: BTreeMap::new(),
    };
    for (channel, n) in rows::contacts_between(conn, time)? {
        let n = u64::try_from(n).map_err(anyhow::Error::from)?;
        report.all.n_contacts += n;
        report.of(&channel)?.n_contacts += n;
    }
    for (channel, reason, is_avoidable, n) in rows::reasons_between(conn, time)? {
        let n = u64::try_from(n).map_err(anyhow::Error::from)?;
        report.all.add(&reason, is_avoidable, n);
        report.of(&channel)?.add(&reason, is_avoidable, n);
    }
    Ok(report)
}

impl Report {
    fn of(&mut self, channel: &str) -> Result<&mut Count, Failure> {
        let channel: Channel = channel.parse().map_err(anyhow::Error::from)?;
        Ok(self.by_channel.entry(channel).or_default())
    }
}

fn mark_by(at: &Moment, actor: &Actor, contact: ContactId, code: &str, is_found: bool) -> Mark {
    let reasons = &at.council.catalogue.council.contact_reasons;
    Mark {
        is_avoidable: reasons.get(code).is_some_and(|reason| reason.avoidable),
        contact,
        reason: code.to_owned(),
        is_found,
        set_by: actor.principal(),
        set_at: at.now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_of_all_who_contacted_us_and_says_nothing_of_a_few() {
        let mut count = Count {
            n_contacts: 30,
            by_reason: BTreeMap::from([
                ("progress_chase".to_owned(), 5),
                ("not_avoidable".to_owned(), 10),
                ("of_an_older_catalogue".to_owned(), 1),
            ]),
            n_avoidable: 5,
        };
        assert_eq!(count.n_unmarked(), 14);
        assert_eq!(count.percent(), Some(16.7));
        count.n_contacts = 4;
        assert_eq!(count.percent(), None);
    }
}
