//! A contact that belongs to a case there is already.
//!
//! It resumes what waited for the person, reopens what was answered, and is a chaser otherwise. When
//! the time to reopen is over it opens a case of its own, which follows the old one. Mail that found
//! its case by itself comes in at [`note_contact`].

use super::contact::log;
use super::placing::open_cases;
use super::telling::answer;
use super::{Entry, Received};
use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::casework::letters::{self, ToPerson};
use crate::casework::promises::{Settled, Written, settle_by, terms_of};
use crate::domain::access::{Act, Actor, ActorLabel, Verdict, may};
use crate::domain::case::{Priority, Status, WaitingFor};
use crate::domain::clock::Terms;
use crate::domain::contact::{Direction, Disposition};
use crate::domain::enquiry::{Enquiry, Spoken};
use crate::domain::ids::{CaseId, ContactId};
use crate::domain::lifecycle::{self, By, Event};
use crate::domain::notice::Says;
use crate::domain::person::RoleOnCase;
use crate::domain::wording;
use crate::store::cases::{self, Filed};
use crate::store::people::Person;
use crate::store::{Tx, users};

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
    let settled = settle_by(
        tx,
        at,
        case,
        &terms,
        events,
        &joining.actor,
        Written::Changed { read_revision },
    )?;
    if !entry.is_silent && joining.from_person {
        tell_of_joining(tx, at, &settled, &terms, joining, person, entry, chases)?;
    }
    Ok(settled)
}

/// Logs the contact and puts it on the case it belongs to.
pub(super) fn join(
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
