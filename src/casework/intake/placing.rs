//! Where an enquiry goes: the case it opens there, the cases beside it, those it may repeat.
//!
//! The router says where and why; here that becomes cases. A member's enquiry has the service's own
//! case beside it, and a complaint the request it is about.

use std::cmp::Reverse;

use jiff::SignedDuration;

use super::contact::log;
use super::opening::{Opened, Plan, open};
use super::restricted::{keep_receipt, post_complained_about};
use super::telling::{answer, confirm, read_out};
use super::{Entry, Received};
use crate::casework::contact_reasons;
use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::casework::incidents::{self, Offered, OnIt};
use crate::casework::letters;
use crate::casework::people::{find_or_add, sameness};
use crate::domain::access::{Act, Sight, Verdict, may};
use crate::domain::case::{Case, LinkKind, Procedure, Routed, Secrecy};
use crate::domain::contact::{Disposition, Location};
use crate::domain::enquiry::{Described, Enquiry, Sender, Who};
use crate::domain::ids::ContactId;
use crate::domain::person::RoleOnCase;
use crate::domain::routing::{Linked, Placement};
use crate::domain::wording::Language;
use crate::store::Tx;
use crate::store::cases::{self, Alike, Filed};
use crate::store::people::Person;

/// How long ago a case about the same may have come in to be offered as the same.
const DUPLICATE_WINDOW: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Places the enquiry and opens its case, with what belongs beside it.
pub(super) fn open_cases(
    tx: &mut Tx<'_>,
    at: &Moment,
    enquiry: &Enquiry,
    entry: &Entry,
    person: Option<Person>,
) -> Result<Received, Failure> {
    let placement = at.council.router.route(enquiry, &at.council.catalogue);
    let sight = entry.actor.sight();
    let duplicates = possible_duplicates(tx, at, enquiry, &sight, person.as_ref(), &placement)?;
    let contact_id: ContactId = entry.logged_as.unwrap_or_else(|| at.id());
    let plan = plan(at, &placement);
    let about = post_complained_about(at, enquiry, placement.procedure);
    // Words about a colleague stand on the complaint alone, which that colleague never sees; the
    // request beside it says what it is about in our own words.
    let hides_words = about.is_none()
        && placement
            .linked
            .iter()
            .any(|beside| post_complained_about(at, enquiry, beside.procedure).is_some());
    let unsaid = Enquiry {
        subject: String::new(),
        ..enquiry.clone()
    };
    let shown = if hides_words { &unsaid } else { enquiry };
    let opened = open(
        tx,
        at,
        shown,
        entry,
        person.as_ref(),
        contact_id,
        &plan,
        about,
    )?;
    let mut linked = Vec::new();
    for beside in &placement.linked {
        linked.push(open_beside(
            tx,
            at,
            enquiry,
            entry,
            person.as_ref(),
            contact_id,
            beside,
            &opened.filed.case,
        )?);
    }
    let restricted = linked
        .iter()
        .find(|other| other.filed.case.secrecy == Secrecy::Restricted);
    let on_case = restricted
        .filter(|_| hides_words)
        .map_or(opened.filed.case.id, |other| other.filed.case.id);
    let opened_here = linked.iter().chain([&opened]).map(|one| &one.filed.case);
    name_constituent(tx, at, enquiry, opened_here)?;
    let contact = log(
        tx,
        at,
        enquiry,
        entry,
        person.as_ref(),
        Some(on_case),
        Disposition::Opened,
        Some((contact_id, &opened.readings)),
    )?;
    let category = at.council.catalogue.category(&plan.service, &plan.category);
    if let Some((_, category)) = category
        && let Some(code) = &category.avoidable_contact
    {
        contact_reasons::note_found(tx, at, contact.id, code)?;
    }
    if let Some(earlier) = entry.follows {
        cases::link(tx, opened.filed.case.id, earlier, LinkKind::Follows)?;
    }
    let on_it = put_on_incident(tx, at, entry, &opened, linked.first())?;
    if !entry.is_silent {
        let beside = linked.first();
        confirm(
            tx,
            at,
            entry,
            person.as_ref(),
            &opened,
            beside,
            on_it.as_ref(),
        )?;
    }
    let mut received = answer(at, contact, Some(opened.filed.clone()));
    received.what_happens = letters::what_happens(
        at,
        &opened.filed.case,
        &opened.terms,
        &opened.readings,
        Language::English,
    );
    received.readings = opened.readings;
    received.read_out = read_out(at, &opened.filed.case, &received.what_happens);
    received.linked = linked.into_iter().map(|one| one.filed).collect();
    received.possible_duplicates = duplicates;
    received.offers = placement.offers;
    received.is_danger = placement.danger.is_some();
    received.incidents = known_incidents(tx, at, enquiry, &opened.filed.case, on_it.as_ref())?;
    if may(&entry.actor, Act::Read, &opened.filed.case, true) == Verdict::Hide {
        received
            .linked
            .retain(|filed| may(&entry.actor, Act::Read, &filed.case, true) != Verdict::Hide);
    }
    let is_hidden = opened.filed.case.secrecy == Secrecy::Restricted
        && may(&entry.actor, Act::Read, &opened.filed.case, true) != Verdict::Allow;
    if is_hidden {
        received.receipt = Some(keep_receipt(tx, at, entry, &opened.filed.case)?);
        received.incidents = Vec::new();
        received.case = None;
        received.person = None;
    } else {
        let id = person.as_ref().map(|person| person.id);
        received.access = Some(letters::link_for(tx, at, opened.filed.case.id, id)?);
        received.person = person;
    }
    Ok(received)
}

/// Puts the case on the incident that was named: of a member's enquiry, the service's own.
fn put_on_incident(
    tx: &mut Tx<'_>,
    at: &Moment,
    entry: &Entry,
    opened: &Opened,
    beside: Option<&Opened>,
) -> Result<Option<OnIt>, Failure> {
    let Some(incident) = entry.incident else {
        return Ok(None);
    };
    let first = &opened.filed.case;
    let own = beside.filter(|_| first.procedure == Procedure::MemberEnquiry);
    let case = own.map_or(first, |own| &own.filed.case);
    incidents::put_on_logged(tx, at, &entry.actor, incident, case)
}

/// The open incidents it may belong to. Whoever may be in danger is asked about nothing else.
fn known_incidents(
    tx: &mut Tx<'_>,
    at: &Moment,
    enquiry: &Enquiry,
    case: &Case,
    on_it: Option<&OnIt>,
) -> Result<Vec<Offered>, Failure> {
    if case.is_in_danger() || case.secrecy == Secrecy::Restricted {
        return Ok(Vec::new());
    }
    let matter = (case.service.as_str(), case.category.as_str());
    let mut known = incidents::offered(tx, at, matter, enquiry)?;
    for offered in &mut known {
        offered.is_on_it = on_it.is_some_and(|on_it| on_it.incident.id == offered.incident.id);
    }
    Ok(known)
}

/// The second case of one contact: the service's own beside a member's, a complaint beside the
/// request it is about.
#[expect(
    clippy::too_many_arguments,
    reason = "everything a case is made of, said once"
)]
fn open_beside(
    tx: &mut Tx<'_>,
    at: &Moment,
    enquiry: &Enquiry,
    entry: &Entry,
    person: Option<&Person>,
    contact: ContactId,
    beside: &Linked,
    first: &Case,
) -> Result<Opened, Failure> {
    let plan = plan_beside(beside);
    let about = post_complained_about(at, enquiry, beside.procedure);
    let opened = open(tx, at, enquiry, entry, person, contact, &plan, about)?;
    // The complaint and the member's enquiry are *about* the service's own case.
    let (from, to) = if beside.procedure == Procedure::Complaint {
        (opened.filed.case.id, first.id)
    } else {
        (first.id, opened.filed.case.id)
    };
    cases::link(tx, from, to, LinkKind::About)?;
    Ok(opened)
}

/// Whom a member asks for, where they said it: on the cases, and told nothing by us.
fn name_constituent<'c>(
    tx: &mut Tx<'_>,
    at: &Moment,
    enquiry: &Enquiry,
    opened: impl Iterator<Item = &'c Case>,
) -> Result<(), Failure> {
    let (Sender::Member { .. }, Some(other)) = (&enquiry.sender, &enquiry.on_behalf_of) else {
        return Ok(());
    };
    let constituent = Enquiry {
        who: Who::Described(Described {
            name: other.name.clone(),
            email: other.email.clone(),
            ..Described::default()
        }),
        ..Enquiry::new(enquiry.channel, enquiry.received_at)
    };
    let Some(person) = find_or_add(tx, at, &constituent)? else {
        return Ok(());
    };
    for case in opened {
        cases::add_person(tx, case.id, person.id, RoleOnCase::OnBehalfOf)?;
    }
    Ok(())
}

pub(super) fn plan_beside(beside: &Linked) -> Plan {
    Plan {
        queue: beside.queue.clone(),
        service: beside.service.clone(),
        category: beside.category.clone(),
        procedure: beside.procedure,
        priority: beside.priority,
        routed: Routed {
            rule: "linked".to_owned(),
            reason: beside.why.clone(),
            confidence: 1.0,
            candidates: Vec::new(),
        },
        danger: beside.danger.as_ref().map(|danger| danger.kind.clone()),
    }
}

/// A contact that nobody could place waits under a matter that says nothing of the guess: what the
/// person is told must hold wherever it ends.
fn plan(at: &Moment, placement: &Placement) -> Plan {
    let danger = placement.danger.as_ref().map(|danger| danger.kind.clone());
    let fallback = &at.council.catalogue.routing.fallback;
    let (service, category) = if placement.is_placed {
        (placement.service.clone(), placement.category.clone())
    } else {
        (fallback.service.clone(), fallback.category.clone())
    };
    Plan {
        queue: placement.queue.clone(),
        service,
        category,
        procedure: placement.procedure,
        priority: placement.priority,
        routed: placement.routed.clone(),
        danger,
    }
}

/// Open cases that may be this one: of the same person and matter, or of the same matter at the same
/// place. They are offered, never merged by themselves.
fn possible_duplicates(
    tx: &mut Tx<'_>,
    at: &Moment,
    enquiry: &Enquiry,
    sight: &Sight,
    person: Option<&Person>,
    placement: &Placement,
) -> Result<Vec<Filed>, Failure> {
    let since = at.now - DUPLICATE_WINDOW;
    let address = person.and_then(|person| person.address.as_ref());
    let records = match person {
        Some(person) => sameness::ids_of(tx, person.id)?,
        None => Vec::new(),
    };
    let line = address.and_then(|address| address.lines.first());
    let here = enquiry.location.clone().or_else(|| {
        line.map(|line| Location {
            description: Some(line.clone()),
            ..Location::default()
        })
    });
    let words = here.as_ref().and_then(Location::words);
    let places = [
        here.as_ref()
            .and_then(|here| here.uprn.as_deref())
            .map(Alike::Property),
        here.as_ref()
            .and_then(Location::surroundings)
            .map(Alike::Within),
        words.as_deref().map(Alike::Words),
    ];
    let reporters = records.iter().copied().map(Alike::Reporter);
    let ways = reporters.chain(places.into_iter().flatten());
    let matter = (placement.service.as_str(), placement.category.as_str());
    let mut found: Vec<Filed> = Vec::new();
    for way in ways {
        found.extend(cases::of_matter(tx, sight, matter, since, &way)?);
    }
    found.retain(|filed| {
        let is_theirs = filed
            .case
            .reporter
            .is_some_and(|reporter| records.contains(&reporter));
        let is_here = match (&here, &filed.case.location) {
            (Some(here), Some(there)) => here.is_near(there),
            _ => false,
        };
        is_theirs || is_here
    });
    found.sort_by_key(|filed| Reverse((filed.case.received_at, filed.case.id)));
    found.dedup_by_key(|filed| filed.case.id);
    found.truncate(10);
    Ok(found)
}
