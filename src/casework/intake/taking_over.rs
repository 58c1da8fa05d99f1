//! Open cases of the system before this one, taken over one by one.
//!
//! The case keeps the reference it had, the day it was received and the first date the person was told;
//! its own dates count from that day, so a late one arrives late. Nobody is written to: whoever answers
//! for it finds what was late in their next digest. The same reference again is the same case, so a
//! file may be started over after a failure.

use jiff::SignedDuration;

use super::Entry;
use super::contact::log;
use super::opening::{Plan, open};
use super::restricted::post_complained_about;
use crate::casework::actions::{Target, default_resume_on};
use crate::casework::desk::Moment;
use crate::casework::failure::{Failure, Fault};
use crate::casework::people::find_or_add;
use crate::channels::old_cases::{OldCase, meant, quoted, similar};
use crate::domain::access::Actor;
use crate::domain::case::{Case, Routed, Status, TAKEN_OVER, WaitingFor};
use crate::domain::catalogue::{Category, Service};
use crate::domain::clock::{self, Pause, Refusal, Terms};
use crate::domain::contact::Disposition;
use crate::domain::ids::ContactId;
use crate::domain::lifecycle::{self, By, Event};
use crate::domain::reference::Reference;
use crate::store::{Conn, Tx, cases, settings};

/// What a case brings along from the system before this one.
#[derive(Debug, Clone)]
pub struct TakenOver {
    first_promised_on: Option<jiff::civil::Date>,
    status: Status,
}

/// What became of one old case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Became {
    /// It is a case now.
    Taken(Reference),
    /// It was taken over before.
    There(Reference),
}

/// How far back an open case may have been received.
const OLDEST: SignedDuration = SignedDuration::from_hours(10 * 366 * 24);
const AHEAD: SignedDuration = SignedDuration::from_mins(5);
/// Within which an old reference is unique.
const SOURCE: &str = "old-system";
const WAITED: &str = "it waited for an answer in the system before this one";

/// Says whether an old case can be taken over, and writes nothing. Where it was before, as what.
///
/// # Errors
/// [`Failure::Invalid`] names everything that stands against it.
pub fn weigh(conn: &mut Conn, at: &Moment, old: &OldCase) -> Result<Option<Reference>, Failure> {
    // Whatever the catalogue says by now, what was taken over is there.
    let there = cases::find_by_alias(conn, &old.old_reference)?;
    if there.is_none() {
        check(at, old)?;
    }
    Ok(there.map(|filed| filed.case.reference))
}

/// Takes one old case over.
///
/// # Errors
/// As [`weigh`]; nothing is written then.
pub fn take_over(tx: &mut Tx<'_>, at: &Moment, old: &OldCase) -> Result<Became, Failure> {
    settings::hold(tx, &format!("alias:{}", old.old_reference))?;
    if let Some(reference) = weigh(tx, at, old)? {
        return Ok(Became::There(reference));
    }
    let (service, category) = check(at, old)?;
    let enquiry = &old.enquiry;
    let entry = Entry {
        source: SOURCE.to_owned(),
        is_silent: true,
        they_confirm: true,
        taken_over: Some(TakenOver {
            first_promised_on: old.first_promised_on,
            status: old.status,
        }),
        ..Entry::by(Actor::System)
    };
    let plan = Plan {
        queue: service.queue.clone(),
        service: service.slug.clone(),
        category: category.slug.clone(),
        procedure: category.procedure,
        priority: category.priority,
        routed: Routed {
            rule: TAKEN_OVER.to_owned(),
            reason: format!(
                "Taken over from the system before this one, where it was {}",
                old.old_reference
            ),
            confidence: 1.0,
            candidates: Vec::new(),
        },
        danger: None,
    };
    let person = find_or_add(tx, at, enquiry)?;
    let contact: ContactId = at.id();
    let about = post_complained_about(at, enquiry, category.procedure);
    let person = person.as_ref();
    let opened = open(tx, at, enquiry, &entry, person, contact, &plan, about)?;
    let case = &opened.filed.case;
    cases::add_alias(tx, case.id, &old.old_reference)?;
    log(
        tx,
        at,
        enquiry,
        &entry,
        person,
        Some(case.id),
        Disposition::Opened,
        Some((contact, &opened.readings)),
    )?;
    Ok(Became::Taken(case.reference.clone()))
}

/// The person was told the old system's date, and that it was received: neither is told again.
pub(super) fn note_promise(case: &mut Case, terms: &Terms, old: &TakenOver) {
    let Some(promised_on) = old.first_promised_on else {
        return;
    };
    if let Some(clock) = lifecycle::current_answer_clock(case, terms) {
        case.facts.first_due.insert(clock, promised_on);
    }
    if let Some(clock) = terms.standard.acknowledge_clock()
        && !case.facts.not_applicable.contains(&clock.name)
    {
        case.facts.not_applicable.push(clock.name.clone());
    }
}

/// Where the case stood. One that waited goes on waiting from now, as long as its standard allows.
pub(super) fn bring_state(
    case: &mut Case,
    terms: &Terms,
    old: &TakenOver,
    at: &Moment,
) -> Option<Event> {
    if old.status != Status::Waiting {
        case.status = old.status;
        return None;
    }
    let pause = Pause {
        clock: None,
        from: at.now,
        to: None,
        resume_on: default_resume_on(at),
        reason: WAITED.to_owned(),
        waiting_for: WaitingFor::Person.into(),
    };
    let resume_on = match clock::check_pause(&case.facts, terms, pause.clone()) {
        Err(Refusal::ResumeTooLate { latest_on }) => latest_on,
        // Where no clock stands still for it, the case waits all the same, and its date goes on.
        Ok(_) | Err(_) => pause.resume_on,
    };
    let event = Event::Paused {
        reason: pause.reason,
        waiting_for: WaitingFor::Person,
        resume_on,
    };
    lifecycle::apply(case, &event, terms, By::System, at.now);
    Some(event)
}

/// Everything that stands against an old case, named at once.
fn check<'m>(at: &'m Moment, old: &OldCase) -> Result<(&'m Service, &'m Category), Failure> {
    let mut faults = Vec::new();
    let mut fault = |column: &str, code: &'static str, detail: String| {
        faults.push(Fault {
            pointer: format!("/{column}"),
            code,
            detail,
        });
    };
    let council = &at.council.catalogue.council;
    let pattern = council.alias_pattern();
    if !matches!(
        Target::parse(&old.old_reference, pattern.as_deref()),
        Ok(Target::Alias(_))
    ) {
        let written = council.reference_alias.as_deref().unwrap_or("none");
        fault(
            "old_reference",
            "bad_format",
            format!(
                "{} is not written as {written}, by which old references are found. Write it so, or change \
                 `reference_alias` in council.toml.",
                quoted(&old.old_reference)
            ),
        );
    }
    let received_at = old.enquiry.received_at;
    if received_at > at.now + AHEAD {
        fault(
            "received_at",
            "received_in_future",
            "It cannot have been received after now. Check the year, and day and month.".to_owned(),
        );
    }
    if received_at < at.now - OLDEST {
        let detail = "An open case of more than ten years ago is not taken over. Check the year.";
        fault("received_at", "received_too_old", detail.to_owned());
    }
    let calendar = &at.council.catalogue.calendar;
    if old
        .first_promised_on
        .is_some_and(|on| on < calendar.date_of(received_at))
    {
        let detail = "It lies before the day the case was received. Check both dates.";
        fault("first_promised_on", "out_of_range", detail.to_owned());
    }
    let found = match_matter(at, old, &mut fault);
    match found {
        Some(found) if faults.is_empty() => Ok(found),
        _ => Err(Failure::Invalid(faults)),
    }
}

fn match_matter<'m>(
    at: &'m Moment,
    old: &OldCase,
    fault: &mut impl FnMut(&str, &'static str, String),
) -> Option<(&'m Service, &'m Category)> {
    let catalogue = &at.council.catalogue;
    // A row without them was refused when it was read.
    let slug = old.enquiry.service.as_deref().unwrap_or("");
    let wanted = old.enquiry.category.as_deref().unwrap_or("");
    let Some(service) = catalogue.service(slug) else {
        let slugs = catalogue.services.keys().map(String::as_str);
        let others = catalogue.find_category(wanted);
        let by_category = match others.as_slice() {
            [(service, _)] => Some(service.slug.as_str()),
            _ => None,
        };
        fault(
            "service",
            "unknown_value",
            format!(
                "There is no service {}.{}",
                quoted(slug),
                meant(by_category.or_else(|| similar(&slug.to_lowercase(), slugs)))
            ),
        );
        return None;
    };
    let category = service.category(wanted);
    if category.is_none() {
        let slugs: Vec<&str> = service
            .categories
            .iter()
            .map(|one| one.slug.as_str())
            .collect();
        fault(
            "category",
            "unknown_value",
            format!(
                "`{slug}` has no category {}; it has: {}.{}",
                quoted(wanted),
                slugs.join(", "),
                meant(similar(&wanted.to_lowercase(), slugs.iter().copied()))
            ),
        );
    }
    category.map(|category| (service, category))
}
