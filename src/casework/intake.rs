//! The one front door. Every contact on every channel becomes or joins a case here.
//!
//! In one transaction: the contact is known again or logged → the person found or added → the
//! case joined, or placed by [`crate::domain::routing`] and opened under the terms in force →
//! clocks, events, notices. Nothing here depends on the channel but what the [`Enquiry`] says.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::desk::{Moment, hex};
use super::failure::Failure;
use super::letters::{self, Access, Thread, ToPerson};
use super::people::find_or_add;
use super::promises::{Settled, Written, settle, terms_of};
use crate::domain::access::{Act, Actor, ActorLabel, Sight, Verdict, may};
use crate::domain::case::{
    About, Case, LinkKind, Priority, Procedure, Routed, Secrecy, Status, WaitingFor,
};
use crate::domain::catalogue::PostKind;
use crate::domain::clock::{Facts, Reading, Terms};
use crate::domain::contact::{Direction, Disposition, Location};
use crate::domain::enquiry::{Enquiry, Spoken, Who};
use crate::domain::ids::{CaseId, ContactId};
use crate::domain::lifecycle::{self, By, Event};
use crate::domain::notice::{PhoneLine, Says};
use crate::domain::person::{PersonKind, RoleOnCase};
use crate::domain::routing::{Linked, Offer, Placement};
use crate::domain::wording::{self, ReadOut};
use crate::store::cases::{self, Filed};
use crate::store::contacts::{self, Contact};
use crate::store::people::Person;
use crate::store::tracking::Receipt;
use crate::store::{Tx, audit, catalogue, outbox, settings, tracking, users};

/// Who brought an enquiry in, and how.
#[derive(Debug, Clone)]
pub struct Entry {
    pub actor: Actor,
    /// Within which an external id is unique.
    pub source: String,
    /// The case it joins.
    pub case: Option<CaseId>,
    /// The mail that our notices answer.
    pub thread: Thread,
    /// Tells nobody: samples about the past, imports.
    pub is_silent: bool,
    /// What a mail brought with it.
    pub mail: Option<MailFacts>,
    /// The case it follows, when its time to reopen is over.
    pub follows: Option<CaseId>,
}

/// What is kept of a mail beside its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailFacts {
    pub fingerprint: String,
    pub mailbox: Option<String>,
    pub message_id: Option<String>,
    /// What is odd about it, for staff.
    pub remarks: serde_json::Value,
}

/// What became of an enquiry.
#[derive(Debug, Clone)]
pub struct Received {
    pub contact: Contact,
    /// None when the case may not be shown to who brought it in.
    pub case: Option<Filed>,
    pub readings: Vec<Reading>,
    pub linked: Vec<Filed>,
    pub is_joined: bool,
    pub is_duplicate: bool,
    pub person: Option<Person>,
    pub access: Option<Access>,
    pub possible_duplicates: Vec<Filed>,
    pub offers: Vec<Offer>,
    pub read_out: String,
    pub what_happens: Vec<String>,
    pub phone: PhoneLine,
    /// In place of a restricted case.
    pub receipt: Option<Receipt>,
    pub is_danger: bool,
}

impl Entry {
    /// An entry by somebody, with their own ids and nothing else.
    #[must_use]
    pub fn by(actor: Actor) -> Self {
        let source = match &actor {
            Actor::Key(key) => format!("key:{}", key.id),
            Actor::User(_) => "staff".to_owned(),
            _ => "public".to_owned(),
        };
        Self {
            actor,
            source,
            case: None,
            thread: Thread::default(),
            is_silent: false,
            mail: None,
            follows: None,
        }
    }
}

/// Takes an enquiry in.
///
/// # Errors
/// Names every field that cannot be meant; nothing is written then.
pub fn receive(
    tx: &mut Tx<'_>,
    at: &Moment,
    enquiry: &Enquiry,
    entry: &Entry,
) -> Result<Received, Failure> {
    // Kept to the microsecond, as the databases do: what is read back equals what was written.
    let enquiry = &Enquiry {
        received_at: Timestamp::from_microsecond(enquiry.received_at.as_microsecond())
            .unwrap_or(enquiry.received_at),
        ..enquiry.clone()
    };
    check(at, enquiry)?;
    if let Some(known) = known_again(tx, at, enquiry, entry)? {
        return Ok(known);
    }
    let person = find_or_add(tx, at, enquiry)?;
    match entry.case {
        Some(case) => join(tx, at, enquiry, entry, person, case),
        None => open_cases(tx, at, enquiry, entry, person),
    }
}

/// Asks where an enquiry would go, and saves nothing.
///
/// # Errors
/// Names every field that cannot be meant.
pub fn trial(at: &Moment, enquiry: &Enquiry) -> Result<Placement, Failure> {
    check(at, enquiry)?;
    Ok(at.council.router.route(enquiry, &at.council.catalogue))
}

/// How far back something may have been received, and how far ahead a clock may be.
const OLDEST: SignedDuration = SignedDuration::from_hours(2 * 365 * 24 + 24);
const AHEAD: SignedDuration = SignedDuration::from_mins(5);
/// How long ago a case about the same may have come in to be offered as the same.
const DUPLICATE_WINDOW: SignedDuration = SignedDuration::from_hours(14 * 24);

fn check(at: &Moment, enquiry: &Enquiry) -> Result<(), Failure> {
    let mut faults = Vec::new();
    let mut fault = |pointer: &str, code: &'static str, detail: String| {
        faults.push(super::Fault {
            pointer: pointer.to_owned(),
            code,
            detail,
        });
    };
    if enquiry.received_at > at.now + AHEAD {
        fault(
            "/received_at",
            "received_in_future",
            format!(
                "It cannot have been received after now ({}). Check the year and the offset.",
                at.now
            ),
        );
    }
    if enquiry.received_at < at.now - OLDEST {
        fault(
            "/received_at",
            "received_too_old",
            "Contacts are taken up to two years back.".to_owned(),
        );
    }
    let catalogue = &at.council.catalogue;
    let service = enquiry
        .service
        .as_deref()
        .map(|slug| (slug, catalogue.service(slug)));
    if let Some((slug, None)) = service {
        fault(
            "/service",
            "unknown_value",
            format!("There is no service `{slug}`. GET /v1/public/services lists them."),
        );
    }
    match (service, enquiry.category.as_deref()) {
        (Some((service_slug, Some(service))), Some(category))
            if service.category(category).is_none() =>
        {
            let known: Vec<&str> = service
                .categories
                .iter()
                .map(|one| one.slug.as_str())
                .collect();
            fault(
                "/category",
                "unknown_value",
                format!(
                    "`{service_slug}` has no category `{category}`; it has: {}.",
                    known.join(", ")
                ),
            );
        }
        (None, Some(category)) => match catalogue.find_category(category).len() {
            0 => fault(
                "/category",
                "unknown_value",
                format!("No service has a category `{category}`."),
            ),
            1 => {}
            _ => fault(
                "/service",
                "missing_field",
                format!("Several services have a category `{category}`: say which."),
            ),
        },
        _ => {}
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Failure::Invalid(faults))
    }
}

/// The same external id again is the same contact; with other content it is a mistake.
fn known_again(
    tx: &mut Tx<'_>,
    at: &Moment,
    enquiry: &Enquiry,
    entry: &Entry,
) -> Result<Option<Received>, Failure> {
    let Some(external_id) = &enquiry.external_id else {
        return Ok(None);
    };
    settings::hold(tx, &format!("external:{}:{external_id}", entry.source))?;
    let Some(contact) = contacts::find_external(tx, &entry.source, external_id)? else {
        return Ok(None);
    };
    if contact.fingerprint.as_deref() != Some(content_of(enquiry).as_str()) {
        return Err(Failure::conflict(
            "external_id_taken",
            "This external_id was used for another contact. Send a new one, or the same content.",
        ));
    }
    // The figures of the day count it as come in and duplicate.
    let repeat = Contact {
        id: at.id(),
        external_id: None,
        disposition: Disposition::Duplicate,
        logged_at: at.now,
        subject: String::new(),
        body: String::new(),
        fingerprint: None,
        detail: json!({"repeats": contact.id}),
        ..contact.clone()
    };
    contacts::insert(tx, &repeat)?;
    let filed = match contact.case {
        Some(case) => cases::find(tx, case)?,
        None => None,
    };
    let filed =
        filed.filter(|filed| may(&entry.actor, Act::Read, &filed.case, false) == Verdict::Allow);
    Ok(Some(Received {
        is_duplicate: true,
        ..answer(at, contact, filed)
    }))
}

/// Logs the contact and puts it on the case it belongs to.
fn join(
    tx: &mut Tx<'_>,
    at: &Moment,
    enquiry: &Enquiry,
    entry: &Entry,
    person: Option<Person>,
    case: CaseId,
) -> Result<Received, Failure> {
    let filed = cases::find(tx, case)?.ok_or(Failure::Missing)?;
    let is_over = filed.case.is_closed()
        && filed
            .case
            .follow_up_until
            .is_some_and(|until| at.today() > until);
    let is_thanks = at.council.router.is_thanks(&enquiry.text());
    if is_over && enquiry.direction == Direction::Inbound && !is_thanks {
        let entry = Entry {
            case: None,
            follows: Some(case),
            ..entry.clone()
        };
        return open_cases(tx, at, enquiry, &entry, person);
    }
    let contact = log(
        tx,
        at,
        enquiry,
        entry,
        person.as_ref(),
        Some(case),
        Disposition::Joined,
        None,
    )?;
    let from_person = enquiry.direction == Direction::Inbound;
    if let Some(person) = &person {
        let role = if filed.case.reporter.is_none() {
            RoleOnCase::Reporter
        } else {
            RoleOnCase::ThirdParty
        };
        cases::add_person(tx, case, person.id, role)?;
    }
    let placement = at.council.router.route(enquiry, &at.council.catalogue);
    let settled = note_contact(
        tx,
        at,
        filed,
        &Joining {
            contact: contact.id,
            from_person,
            is_thanks,
            is_danger: from_person && placement.danger.is_some(),
            danger: placement.danger.map(|danger| danger.kind),
            acknowledged: enquiry.acknowledged,
            actor: entry.actor.label(),
        },
        person.as_ref(),
        entry,
    )?;
    let mut received = answer(at, contact, Some(settled.filed));
    received.is_joined = true;
    received.readings = settled.readings;
    received.person = person;
    Ok(received)
}

/// A contact that joins a case.
#[derive(Debug, Clone)]
pub struct Joining {
    pub contact: ContactId,
    pub from_person: bool,
    pub is_thanks: bool,
    pub is_danger: bool,
    pub danger: Option<String>,
    pub acknowledged: Option<Spoken>,
    pub actor: ActorLabel,
}

/// What a contact does to the case it joins: resumes what waited for the person, reopens what was
/// answered, counts as a chaser otherwise, and is told to the owner.
///
/// # Errors
/// When it cannot be written.
pub fn note_contact(
    tx: &mut Tx<'_>,
    at: &Moment,
    filed: Filed,
    joining: &Joining,
    person: Option<&Person>,
    entry: &Entry,
) -> Result<Settled, Failure> {
    let mut case = filed.case;
    let read_revision = case.revision;
    let terms = terms_of(tx, at, &case)?;
    let waits_for_them = case.waiting_for == Some(WaitingFor::Person);
    let answers = joining.from_person && case.status == Status::Waiting && waits_for_them;
    let is_over = matches!(case.status, Status::Closed | Status::Responded);
    let today = at.today();
    let may_reopen = case.follow_up_until.is_none_or(|until| today <= until);
    let reopens = joining.from_person && is_over && !joining.is_thanks && may_reopen;
    let chases = joining.from_person && !answers && !is_over && !joining.is_thanks;
    let mut events = vec![Event::ContactJoined {
        contact: joining.contact,
        from_person: joining.from_person,
        chases,
        answers,
    }];
    if answers {
        events.push(Event::Resumed {
            why: "the person answered".to_owned(),
        });
    }
    if reopens {
        events.push(Event::Reopened {
            reason: "the person wrote again".to_owned(),
        });
    }
    for event in &events {
        lifecycle::apply(&mut case, event, &terms, By::Person, at.now);
    }
    if joining.is_danger && !case.is_in_danger() {
        case.danger = joining.danger.clone();
        case.danger_since = Some(at.now);
        case.is_rung = false;
        case.priority = Priority::Emergency;
        case.is_claimed = false;
    }
    if joining.acknowledged.is_some() {
        lifecycle::acknowledge(&mut case, &terms, at.now, "spoken");
    }
    let happened = events
        .into_iter()
        .map(|event| (event, joining.actor.clone()))
        .collect();
    let settled = settle(
        tx,
        at,
        case,
        &terms,
        happened,
        Written::Changed { read_revision },
    )?;
    if !entry.is_silent && joining.from_person {
        tell_of_joining(tx, at, &settled, &terms, joining, person, entry, chases)?;
    }
    Ok(settled)
}

#[expect(
    clippy::too_many_arguments,
    reason = "one call; each is a different fact of the same event"
)]
fn tell_of_joining(
    tx: &mut Tx<'_>,
    at: &Moment,
    settled: &Settled,
    terms: &Terms,
    joining: &Joining,
    person: Option<&Person>,
    entry: &Entry,
    chases: bool,
) -> Result<(), Failure> {
    let case = &settled.filed.case;
    if joining.is_danger {
        let says = Says::Danger {
            emergency_line: letters::emergency_line(at, case),
        };
        let telling = ToPerson {
            says,
            meets: None,
            dedupe_key: format!("danger:{}", joining.contact),
            thread: &entry.thread,
            send_at: at.now,
            is_automatic: true,
        };
        letters::tell_person(tx, at, case, person, telling)?;
    } else if chases {
        let mut standing = vec![letters::standing(at, case)];
        standing.extend(letters::what_happens(at, case, terms, &settled.readings));
        let who = person.map_or_else(String::new, |person| person.id.to_string());
        let telling = ToPerson {
            says: Says::ChaserConfirmation { standing },
            meets: None,
            // At most once per person, case and day.
            dedupe_key: format!("chaser:{}:{who}:{}", case.id, at.today()),
            thread: &entry.thread,
            send_at: at.now,
            is_automatic: true,
        };
        letters::tell_person(tx, at, case, person, telling)?;
    }
    let Some(owner) = case.owner else {
        return Ok(());
    };
    if let Some(account) = users::find(tx, owner)?
        && account.is_active
        && may(&Actor::User(account.user.clone()), Act::Read, case, false) == Verdict::Allow
    {
        let reading = settled
            .readings
            .iter()
            .find(|reading| reading.state.is_live());
        let item = letters::staff_item(tx, at, case, reading)?;
        let says = Says::Joined {
            item,
            came_as: "a message".to_owned(),
            came_at: wording::at_when(at.now, at.council.catalogue.calendar.zone()),
            is_chaser: chases,
        };
        let send_at = at.council.catalogue.calendar.next_sending_time(at.now);
        let key = format!("joined:{}", joining.contact);
        letters::tell_staff(
            tx,
            at,
            Some(case.id),
            &account.user.email,
            says,
            key,
            send_at,
        )?;
    }
    Ok(())
}

/// Places the enquiry and opens its case, with what belongs beside it.
fn open_cases(
    tx: &mut Tx<'_>,
    at: &Moment,
    enquiry: &Enquiry,
    entry: &Entry,
    person: Option<Person>,
) -> Result<Received, Failure> {
    let placement = at.council.router.route(enquiry, &at.council.catalogue);
    let sight = entry.actor.sight();
    let duplicates = possible_duplicates(tx, at, enquiry, &sight, person.as_ref(), &placement)?;
    let contact_id: ContactId = at.id();
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
    if let Some(earlier) = entry.follows {
        cases::link(tx, opened.filed.case.id, earlier, LinkKind::Follows)?;
    }
    if !entry.is_silent {
        confirm(tx, at, entry, person.as_ref(), &opened, linked.first())?;
    }
    let mut received = answer(at, contact, Some(opened.filed.clone()));
    received.what_happens =
        letters::what_happens(at, &opened.filed.case, &opened.terms, &opened.readings);
    received.readings = opened.readings;
    received.read_out = read_out(at, &opened.filed.case, &received.what_happens);
    received.linked = linked.into_iter().map(|one| one.filed).collect();
    received.possible_duplicates = duplicates;
    received.offers = placement.offers;
    received.is_danger = placement.danger.is_some();
    if may(&entry.actor, Act::Read, &opened.filed.case, true) == Verdict::Hide {
        received
            .linked
            .retain(|filed| may(&entry.actor, Act::Read, &filed.case, true) != Verdict::Hide);
    }
    let is_hidden = opened.filed.case.secrecy == Secrecy::Restricted
        && may(&entry.actor, Act::Read, &opened.filed.case, true) != Verdict::Allow;
    if is_hidden {
        received.receipt = Some(keep_receipt(tx, at, entry, &opened.filed.case)?);
        received.case = None;
        received.person = None;
    } else {
        let id = person.as_ref().map(|person| person.id);
        received.access = Some(letters::link_for(tx, at, opened.filed.case.id, id)?);
        received.person = person;
    }
    Ok(received)
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
    let alike = cases::of_matter(tx, sight, &placement.service, &placement.category, since)?;
    let address = person.and_then(|person| person.address.as_ref());
    let line = address.and_then(|address| address.lines.first());
    let here = enquiry.location.clone().or_else(|| {
        line.map(|line| Location {
            description: Some(line.clone()),
            ..Location::default()
        })
    });
    Ok(alike
        .into_iter()
        .filter(|filed| {
            let is_theirs = person.is_some_and(|person| filed.case.reporter == Some(person.id));
            let is_here = match (&here, &filed.case.location) {
                (Some(here), Some(there)) => here.is_near(there),
                _ => false,
            };
            is_theirs || is_here
        })
        .take(10)
        .collect())
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

/// Where and as what a case is opened.
struct Plan {
    queue: String,
    service: String,
    category: String,
    procedure: Procedure,
    priority: Priority,
    routed: Routed,
    danger: Option<String>,
}

/// A case just opened.
struct Opened {
    filed: Filed,
    readings: Vec<Reading>,
    terms: std::sync::Arc<Terms>,
}

#[expect(
    clippy::too_many_arguments,
    reason = "everything a case is made of, said once"
)]
fn open(
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
    if !has_way_back && let Some(clock) = terms.standard.acknowledge_clock() {
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
            if person.kind == PersonKind::Resident {
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
        fields: enquiry.fields.clone(),
        their_reference: enquiry.their_reference.clone(),
        n_chasers: 0,
        n_transfers: 0,
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
    if enquiry.acknowledged.is_some() {
        lifecycle::acknowledge(&mut case, &terms, at.now.max(enquiry.received_at), "spoken");
    }
    let first = crate::domain::clock::read(&case.facts, &terms, at.now);
    case.facts.told(&first);
    let event = Event::Opened {
        contact,
        rule: plan.routed.rule.clone(),
        reason: plan.routed.reason.clone(),
    };
    let happened = vec![(event, entry.actor.label())];
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
    Ok(Opened {
        filed: settled.filed,
        readings: settled.readings,
        terms,
    })
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
    let plan = Plan {
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
    };
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

/// Tells the person that we have it; in danger, what to do now.
fn confirm(
    tx: &mut Tx<'_>,
    at: &Moment,
    entry: &Entry,
    person: Option<&Person>,
    opened: &Opened,
    beside: Option<&Opened>,
) -> Result<(), Failure> {
    let case = &opened.filed.case;
    let visible_beside = beside.filter(|other| other.filed.case.secrecy != Secrecy::Restricted);
    let (says, meets) = letters::confirmation(
        at,
        case,
        &opened.terms,
        &opened.readings,
        visible_beside.map(|other| &other.filed.case),
    );
    if is_answering_machine(tx, at, person)? {
        tracing::warn!(case.id = %case.id, "No confirmation for case {}: this address has had too many", case.id);
        return Ok(());
    }
    let telling = ToPerson {
        says,
        meets,
        dedupe_key: format!("confirmation:{}", case.id),
        thread: &entry.thread,
        send_at: at.now,
        is_automatic: true,
    };
    letters::tell_person(tx, at, case, person, telling)?;
    // A complaint opened beside a request has a receipt of its own, with its own dates.
    if let Some(other) = beside
        && other.filed.case.procedure == Procedure::Complaint
        && !case.is_in_danger()
    {
        let (says, meets) =
            letters::confirmation(at, &other.filed.case, &other.terms, &other.readings, None);
        let telling = ToPerson {
            says,
            meets,
            dedupe_key: format!("confirmation:{}", other.filed.case.id),
            thread: &entry.thread,
            send_at: at.now,
            is_automatic: true,
        };
        letters::tell_person(tx, at, &other.filed.case, person, telling)?;
    }
    Ok(())
}

/// Ten automatic notices to one address in an hour are a conversation between machines.
fn is_answering_machine(
    tx: &mut Tx<'_>,
    at: &Moment,
    person: Option<&Person>,
) -> Result<bool, Failure> {
    let Some(email) = person.and_then(|person| person.email.as_deref()) else {
        return Ok(false);
    };
    let hour_ago = at.now - SignedDuration::from_hours(1);
    Ok(outbox::n_since(tx, email, Some("confirmation"), hour_ago)? >= 10)
}

/// The post a complaint names by its title, when it names one.
fn post_complained_about(at: &Moment, enquiry: &Enquiry, procedure: Procedure) -> Option<String> {
    if procedure != Procedure::Complaint {
        return None;
    }
    let text = enquiry.text().to_lowercase();
    at.council
        .catalogue
        .posts
        .values()
        .find(|post| {
            let names_title = text.contains(&post.title.to_lowercase());
            let names_holder = post
                .holder
                .as_ref()
                .is_some_and(|holder| text.contains(&holder.to_lowercase()));
            names_title || names_holder
        })
        .map(|post| post.slug.clone())
}

/// In whose name a complaint about a post opens: the director of its service, never the post.
pub(super) fn holders_above(at: &Moment, service: &str, post: Option<&str>) -> Vec<String> {
    let catalogue = &at.council.catalogue;
    let own = catalogue
        .services
        .values()
        .find(|service| post == Some(service.head_of_service.as_str()));
    let director = own
        .or_else(|| catalogue.service(service))
        .map(|service| service.director.clone());
    // A complaint about the director goes to another one: it must not lie where nobody sees it.
    let others = catalogue
        .posts
        .values()
        .filter(|other| other.kind == PostKind::Director);
    director
        .into_iter()
        .chain(others.map(|other| other.slug.clone()))
        .find(|director| post != Some(director.as_str()))
        .map(|director| format!("post:{director}"))
        .into_iter()
        .collect()
}

fn keep_receipt(
    tx: &mut Tx<'_>,
    at: &Moment,
    entry: &Entry,
    case: &Case,
) -> Result<Receipt, Failure> {
    let receipt = Receipt {
        reference: case.reference.to_string(),
        received_at: case.received_at,
        number_to_ring: letters::emergency_line(at, case),
    };
    if !matches!(entry.actor, Actor::Anonymous { .. }) {
        tracking::keep_receipt(tx, case.id, &entry.actor.principal(), &receipt)?;
    }
    Ok(receipt)
}

#[expect(clippy::too_many_arguments, reason = "one row, said once")]
fn log(
    tx: &mut Tx<'_>,
    at: &Moment,
    enquiry: &Enquiry,
    entry: &Entry,
    person: Option<&Person>,
    case: Option<CaseId>,
    disposition: Disposition,
    opened: Option<(ContactId, &[Reading])>,
) -> Result<Contact, Failure> {
    let counted_from_on = opened
        .and_then(|(_, readings)| readings.iter().find_map(|reading| reading.counted_from_on));
    let mail = entry.mail.as_ref();
    let contact = Contact {
        id: opened.map_or_else(|| at.id(), |(id, _)| id),
        case,
        person: person.map(|person| person.id),
        channel: enquiry.channel,
        direction: enquiry.direction,
        disposition,
        received_at: enquiry.received_at,
        logged_at: at.now,
        counted_from_on,
        subject: enquiry.subject.clone(),
        body: enquiry.body.clone(),
        language: enquiry.language.clone(),
        entered_by: entry.actor.principal(),
        source: entry.source.clone(),
        external_id: enquiry.external_id.clone(),
        fingerprint: mail
            .map(|mail| mail.fingerprint.clone())
            .or_else(|| enquiry.external_id.as_ref().map(|_| content_of(enquiry))),
        mailbox: mail.and_then(|mail| mail.mailbox.clone()),
        message_id: mail.and_then(|mail| mail.message_id.clone()),
        detail: json!({
            "on_behalf_of": enquiry.on_behalf_of,
            "location": enquiry.location,
            "fields": enquiry.fields,
            "access_point": enquiry.access_point,
            "outcome": enquiry.outcome,
            "number_presented": enquiry.number_presented,
            "their_reference": enquiry.their_reference,
            "acknowledged": enquiry.acknowledged.is_some(),
            "mail": mail.map(|mail| mail.remarks.clone()),
        }),
        waits_for: None,
        limit_at: None,
    };
    contacts::insert(tx, &contact)?;
    Ok(contact)
}

fn subject_of(enquiry: &Enquiry, category: Option<&str>) -> String {
    let given = enquiry.subject.trim();
    if given.is_empty() {
        category.unwrap_or("Contact").to_owned()
    } else {
        given.to_owned()
    }
}

/// Two contacts under one external id are the same when this is.
fn content_of(enquiry: &Enquiry) -> String {
    let mut without_time = enquiry.clone();
    without_time.received_at = Timestamp::UNIX_EPOCH;
    without_time.acknowledged = without_time.acknowledged.map(|_| Spoken {
        at: Timestamp::UNIX_EPOCH,
    });
    let text = serde_json::to_vec(&without_time).unwrap_or_else(|_| enquiry.text().into_bytes());
    hex(&Sha256::digest(text))
}

fn read_out(at: &Moment, case: &Case, what_happens: &[String]) -> String {
    if case.is_in_danger() {
        return wording::read_out_danger(&letters::emergency_line(at, case));
    }
    let phone = letters::phone_line(at, case);
    wording::read_out(&ReadOut {
        reference: &case.reference.to_string(),
        what_happens,
        phone: &phone.number,
        phone_hours: phone.hours.as_deref(),
    })
}

fn answer(at: &Moment, contact: Contact, case: Option<Filed>) -> Received {
    let phone = case.as_ref().map_or_else(
        || PhoneLine {
            number: at.council.catalogue.council.main_phone.clone(),
            hours: Some(at.council.catalogue.council.main_hours.in_words()),
        },
        |filed| letters::phone_line(at, &filed.case),
    );
    let read_out = case
        .as_ref()
        .map(|filed| read_out(at, &filed.case, &[]))
        .unwrap_or_default();
    Received {
        contact,
        case,
        readings: Vec::new(),
        linked: Vec::new(),
        is_joined: false,
        is_duplicate: false,
        person: None,
        access: None,
        possible_duplicates: Vec::new(),
        offers: Vec::new(),
        read_out,
        what_happens: Vec::new(),
        phone,
        receipt: None,
        is_danger: false,
    }
}
