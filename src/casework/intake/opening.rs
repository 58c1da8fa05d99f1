//! One case, opened: under the terms in force, with its clocks, its people and its first event.
//!
//! Where it goes was decided before, in [`super::placing`]; whether anybody is told is decided after.

use super::Entry;
use super::restricted::holders_above;
use super::taking_over;
use crate::casework::by_email;
use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::casework::members;
use crate::casework::promises::{Written, settle};
use crate::domain::access::Actor;
use crate::domain::case::{About, Case, Priority, Procedure, Routed, Secrecy, Status};
use crate::domain::clock::{Facts, Reading, Terms};
use crate::domain::contact::Location;
use crate::domain::enquiry::{Enquiry, Sender, Who};
use crate::domain::ids::ContactId;
use crate::domain::lifecycle::{self, Event};
use crate::domain::notice::InboxWhy;
use crate::domain::person::{Address, PersonKind, RoleOnCase};
use crate::store::cases::{self, Filed};
use crate::store::people::Person;
use crate::store::{Tx, audit, catalogue};

/// Where and as what a case is opened.
pub(super) struct Plan {
    pub(super) queue: String,
    pub(super) service: String,
    pub(super) category: String,
    pub(super) procedure: Procedure,
    pub(super) priority: Priority,
    pub(super) routed: Routed,
    pub(super) danger: Option<String>,
}

/// A case just opened.
pub(super) struct Opened {
    pub(super) filed: Filed,
    pub(super) readings: Vec<Reading>,
    pub(super) terms: std::sync::Arc<Terms>,
}

#[expect(
    clippy::too_many_arguments,
    reason = "everything a case is made of, said once"
)]
pub(super) fn open(
    tx: &mut Tx<'_>,
    at: &Moment,
    enquiry: &Enquiry,
    entry: &Entry,
    person: Option<&Person>,
    contact: ContactId,
    plan: &Plan,
    about: Option<String>,
) -> Result<Opened, Failure> {
    let (terms_id, terms) = at.council.terms(&plan.service, &plan.category)?;
    catalogue::pin(tx, &terms_id, &terms)?;
    let category = at
        .council
        .catalogue
        .category(&plan.service, &plan.category)
        .map(|(_, category)| category);
    let mut restricted_to: Vec<String> = category
        .filter(|category| category.is_restricted)
        .map(|category| category.restricted_to.clone())
        .unwrap_or_default();
    let mut secrecy = category.map_or(
        Secrecy::Ordinary,
        crate::domain::catalogue::Category::secrecy,
    );
    if let Some(post) = &about {
        secrecy = Secrecy::Restricted;
        restricted_to = holders_above(at, &plan.service, Some(post));
    }
    let mut facts = Facts::received(enquiry.received_at);
    let has_way_back = person.is_some_and(|person| {
        person.email.is_some() || person.phone.is_some() || person.address.is_some()
    });
    if (!has_way_back || entry.confirms(&terms))
        && let Some(clock) = terms.standard.acknowledge_clock()
    {
        facts.not_applicable.push(clock.name.clone());
    }
    let mut case = Case {
        id: at.id(),
        reference: at.new_reference(tx)?,
        status: Status::New,
        waiting_for: None,
        outcome: None,
        priority: plan.priority,
        procedure: plan.procedure,
        service: plan.service.clone(),
        category: plan.category.clone(),
        queue: plan.queue.clone(),
        owner: None,
        subject: subject_of(enquiry, category.map(|category| category.name.as_str())),
        secrecy,
        restricted_to,
        about: about.map(About::Post),
        channel: enquiry.channel,
        received_at: enquiry.received_at,
        opened_at: at.now,
        updated_at: at.now,
        closed_at: None,
        follow_up_until: None,
        reporter: person.map(|person| person.id),
        requester_kind: person.map_or(PersonKind::Anonymous, |person| {
            if person.kind == PersonKind::Resident || enquiry.sender == Sender::Resident {
                enquiry.kind()
            } else {
                person.kind
            }
        }),
        danger: plan.danger.clone(),
        danger_since: plan.danger.as_ref().map(|_| at.now),
        is_rung: false,
        is_claimed: false,
        stage: 1,
        facts,
        terms: terms_id,
        routing: plan.routed.clone(),
        location: enquiry.location.clone(),
        ward: None,
        fields: enquiry.fields.clone(),
        their_reference: enquiry.their_reference.clone(),
        n_chasers: 0,
        n_transfers: 0,
        taken_by: None,
        last_action: None,
        version: 1,
        revision: 1,
    };
    if case.location.is_none()
        && let Some(line) = person
            .and_then(|person| person.address.as_ref())
            .and_then(|address| address.lines.first())
        && matches!(&enquiry.who, Who::Described(described) if described.address.is_some())
    {
        case.location = Some(Location {
            description: Some(line.clone()),
            ..Location::default()
        });
    }
    let home = person.and_then(|person| person.address.as_ref());
    case.ward = ward_of(at, case.location.as_ref(), home);
    if enquiry.acknowledged.is_some() {
        lifecycle::acknowledge(&mut case, &terms, at.now.max(enquiry.received_at), "spoken");
    }
    if let Some(old) = &entry.taken_over {
        taking_over::note_promise(&mut case, &terms, old);
    }
    let first = crate::domain::clock::read(&case.facts, &terms, at.now);
    case.facts.told(&first);
    let event = Event::Opened {
        contact,
        rule: plan.routed.rule.clone(),
        reason: plan.routed.reason.clone(),
    };
    let mut happened = vec![(event, entry.actor.label())];
    if let Some(old) = &entry.taken_over {
        let since = taking_over::bring_state(&mut case, &terms, old, at);
        happened.extend(since.map(|event| (event, entry.actor.label())));
    }
    if case.procedure == Procedure::MemberEnquiry {
        happened.push((members::first_line(enquiry), Actor::System.label()));
    }
    let settled = settle(tx, at, case, &terms, happened, Written::Opened)?;
    let case = &settled.filed.case;
    if let Some(person) = person {
        cases::add_person(tx, case.id, person.id, RoleOnCase::Reporter)?;
    }
    audit::append(
        tx,
        &audit::Entry {
            id: at.id(),
            at: at.now,
            actor: &entry.actor.principal(),
            action: "case.opened",
            object: &format!("case:{}", case.id),
            purpose: None,
            request_id: at.request_id.as_deref(),
        },
    )?;
    if !entry.is_silent {
        by_email::landed(tx, at, &settled.filed.case, InboxWhy::Landed, None)?;
    }
    Ok(Opened {
        filed: settled.filed,
        readings: settled.readings,
        terms,
    })
}

/// The ward of the place a matter is about, else of where the person lives.
pub(in crate::casework) fn ward_of(
    at: &Moment,
    location: Option<&Location>,
    home: Option<&Address>,
) -> Option<String> {
    let wards = &at.council.catalogue.wards;
    wards.find(location, home).map(|ward| ward.slug.clone())
}

fn subject_of(enquiry: &Enquiry, category: Option<&str>) -> String {
    let given = enquiry.subject.trim();
    if given.is_empty() {
        category.unwrap_or("Contact").to_owned()
    } else {
        given.to_owned()
    }
}
