//! A contact that belongs to a case there is already.
//!
//! It resumes what waited for the person, reopens what was answered, and is a chaser otherwise. When
//! the time to reopen is over it opens a case of its own, which follows the old one. Mail that found
//! its case by itself comes in at [`note_contact`].

use super::among_few::put_aside;
use super::complaining::complain;
use super::contact::log;
use super::placing::open_cases;
use super::restricted::keep_receipt;
use super::telling::{DANGER, answer, has_had_enough};
use super::{Entry, Received};
use crate::casework::by_email;
use crate::casework::callbacks;
use crate::casework::contact_reasons;
use crate::casework::desk::Moment;
use crate::casework::escalation::Chain;
use crate::casework::failure::Failure;
use crate::casework::letters::{self, ToPerson};
use crate::casework::promises::{Settled, Written, settle_by, terms_of};
use crate::domain::access::{Act, Actor, ActorLabel, User, Verdict, may};
use crate::domain::case::{Case, Priority, Status, WaitingFor};
use crate::domain::clock::{self, Reading, State, Terms};
use crate::domain::contact::{Direction, Disposition};
use crate::domain::enquiry::Enquiry;
use crate::domain::ids::{CaseId, ContactId};
use crate::domain::ladder::Whom;
use crate::domain::lifecycle::{self, By, Event};
use crate::domain::notice::{InEach, InboxWhy, Says};
use crate::domain::person::RoleOnCase;
use crate::domain::routing::Placement;
use crate::domain::wording::{self, Language};
use crate::store::cases::{self, Filed};
use crate::store::people::Person;
use crate::store::{Conn, Tx, users};

/// A contact that joins a case.
#[derive(Debug)]
pub struct Joining<'a> {
    pub contact: ContactId,
    pub from_person: bool,
    pub is_thanks: bool,
    pub enquiry: &'a Enquiry,
    /// Where it would go if it opened a case.
    pub placement: &'a Placement,
    pub actor: ActorLabel,
}

/// A case after a contact joined it.
#[derive(Debug)]
pub struct Joined {
    pub settled: Settled,
    /// What was opened beside it, because the contact complains about it.
    pub complaint: Option<Filed>,
    /// Where its words stand instead, because only few may know them.
    pub aside: Option<Filed>,
}

impl Joining<'_> {
    fn danger(&self) -> Option<&str> {
        let danger = self.placement.danger.as_ref();
        danger
            .filter(|_| self.from_person)
            .map(|danger| danger.kind.as_str())
    }
}

/// What a contact does to the case it joins: resumes what waited for the person, reopens what was
/// answered, counts as a chaser otherwise, and is told to the owner. A complaint about the case opens
/// beside it.
///
/// # Errors
/// When it cannot be written.
pub fn note_contact(
    tx: &mut Tx<'_>,
    at: &Moment,
    filed: Filed,
    joining: &Joining<'_>,
    person: Option<&Person>,
    entry: &Entry,
) -> Result<Joined, Failure> {
    if let Some(joined) = put_aside(tx, at, &filed, joining, person, entry)? {
        return Ok(joined);
    }
    let mut case = filed.case;
    let read_revision = case.revision;
    let terms = terms_of(tx, at, &case)?;
    let before = clock::read(&case.facts, &terms, at.now);
    let waits_for_them = case.waiting_for == Some(WaitingFor::Person);
    let is_only_said = joining.enquiry.is_only_said;
    let answers =
        joining.from_person && case.status == Status::Waiting && waits_for_them && !is_only_said;
    let is_over = matches!(case.status, Status::Closed | Status::Responded);
    let today = at.today();
    let may_reopen = case.follow_up_until.is_none_or(|until| today <= until);
    let asks = joining.from_person && !joining.is_thanks && !is_only_said;
    let reopens = asks && is_over && may_reopen;
    let chases = asks && !answers && !is_over;
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
    events.extend(callbacks::note_call(tx, at, &case, joining.enquiry)?);
    for event in &events {
        lifecycle::apply(&mut case, event, &terms, By::Person, at.now);
    }
    if let Some(danger) = joining.danger()
        && !case.is_in_danger()
    {
        case.danger = Some(danger.to_owned());
        case.danger_since = Some(at.now);
        case.is_rung = false;
        case.priority = Priority::Emergency;
        case.is_claimed = false;
    }
    if joining.enquiry.acknowledged.is_some() {
        lifecycle::acknowledge(&mut case, &terms, at.now, "spoken");
    }
    // More about the matter is no contact that better service would have spared them.
    let is_late = |reading: &Reading| reading.state == State::Missed;
    if chases
        && (at.council.router.is_chaser(&joining.enquiry.text()) || before.iter().any(is_late))
    {
        contact_reasons::note_chaser(tx, at, joining.contact)?;
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
    let complaint = if joining.from_person {
        complain(tx, at, &settled.filed.case, joining, entry, person)?
    } else {
        None
    };
    if !entry.is_silent && joining.from_person {
        // The complaint's own receipt says what happens; a second mail would only confuse.
        let is_confirmed = chases && complaint.is_none() && !entry.they_confirm;
        let chasing = Chasing {
            chases,
            is_confirmed,
        };
        tell_of_joining(tx, at, &settled, &terms, joining, person, entry, chasing)?;
    }
    Ok(Joined {
        settled,
        complaint: complaint.map(|opened| opened.filed),
        aside: None,
    })
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
    let asks = enquiry.direction == Direction::Inbound && !is_thanks && !enquiry.is_only_said;
    if is_over && asks {
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
    let Joined {
        settled,
        complaint,
        aside,
    } = note_contact(
        tx,
        at,
        filed,
        &Joining {
            contact: contact.id,
            from_person,
            is_thanks,
            enquiry,
            placement: &placement,
            actor: entry.actor.label(),
        },
        person.as_ref(),
        entry,
    )?;
    if !entry.is_silent && aside.is_none() {
        let key = format!("tried:{}", contact.id);
        let case = &settled.filed.case;
        callbacks::tell_tried(tx, at, case, enquiry, person.as_ref(), key)?;
    }
    let mut received = answer(at, contact, Some(settled.filed));
    received.is_joined = true;
    if let Some(aside) = &aside {
        received.contact.case = Some(aside.case.id);
        received.is_danger = placement.danger.is_some();
        received.receipt = Some(keep_receipt(tx, at, entry, &aside.case)?);
        received.read_out = wording::read_out_danger(&letters::emergency_line(at, &aside.case));
    }
    received.linked = complaint
        .into_iter()
        .chain(aside)
        .filter(|filed| may(&entry.actor, Act::Read, &filed.case, true) != Verdict::Hide)
        .collect();
    received.readings = settled.readings;
    received.person = person;
    Ok(received)
}

/// Whether the person asks again, and whether they are told that we have noticed.
#[derive(Clone, Copy)]
struct Chasing {
    chases: bool,
    is_confirmed: bool,
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
    joining: &Joining<'_>,
    person: Option<&Person>,
    entry: &Entry,
    chasing: Chasing,
) -> Result<(), Failure> {
    let case = &settled.filed.case;
    if joining.danger().is_some() {
        let says = Says::Danger {
            emergency_line: letters::emergency_line(at, case),
        };
        let telling = ToPerson {
            says: says.into(),
            meets: None,
            dedupe_key: format!("danger:{}", joining.contact),
            thread: &entry.thread,
            send_at: at.now,
            is_automatic: true,
        };
        if !has_had_enough(tx, at, person, DANGER)? {
            letters::tell_person(tx, at, case, person, telling)?;
        }
    } else if chasing.is_confirmed {
        let says = InEach::of(|language| {
            let mut standing = vec![letters::standing(at, case, language)];
            let readings = &settled.readings;
            standing.extend(letters::what_happens(at, case, terms, readings, language));
            Says::ChaserConfirmation { standing }
        });
        let who = person.map_or_else(String::new, |person| person.id.to_string());
        let telling = ToPerson {
            says,
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
        if joining.is_thanks {
            return Ok(());
        }
        let contact = Some(joining.contact);
        return by_email::landed(tx, at, case, InboxWhy::Message, contact);
    };
    if let Some(account) = users::find(tx, owner)?
        && account.is_active
        && may(
            &Actor::User(account.user.clone().at(at.now)),
            Act::Read,
            case,
            false,
        ) == Verdict::Allow
        && let Some(address) = in_place_of(tx, at, case, &account.user)?
    {
        let reading = settled
            .readings
            .iter()
            .find(|reading| reading.state.is_live());
        let item = letters::staff_item(tx, at, case, reading)?;
        let says = Says::Joined {
            item,
            came_as: "a message".to_owned(),
            came_at: wording::at_when(
                at.now,
                at.council.catalogue.calendar.zone(),
                Language::English,
            ),
            is_chaser: chasing.chases,
        };
        let send_at = at.council.catalogue.calendar.next_sending_time(at.now);
        let key = format!("joined:{}", joining.contact);
        letters::tell_staff(tx, at, Some(case.id), &address, says, key, send_at)?;
    }
    Ok(())
}

/// Where whoever has a case is told: at their address; while they are away, where their deputy or
/// their team leader is.
fn in_place_of(
    conn: &mut Conn,
    at: &Moment,
    case: &Case,
    owner: &User,
) -> Result<Option<String>, Failure> {
    if owner.standing.away_on(at.today()).is_none() {
        return Ok(Some(owner.email.clone()));
    }
    let told = Chain::of(conn, at, case)?.resolve(conn, &Whom::Owner, Some(owner.id))?;
    Ok(told.recipient.map(|recipient| recipient.address))
}
