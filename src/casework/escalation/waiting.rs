//! What waits too long: cases nobody has placed or taken, cases that wait for somebody, people we
//! could not reach, and mail on no case.
//!
//! Whoever hears of a case for another reason at the same time is not told twice: the step is kept
//! as coalesced. A mail has no case to be looked at with, so it has its own hour.

use std::collections::BTreeSet;

use jiff::Timestamp;
use uuid::Uuid;

use super::alert;
use super::chain::{Chain, Recipient};
use super::look::{Looked, Looking};
use super::steps::{Outcome, is_for_digest, put_on_timeline, recipients};
use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::casework::held_mail;
use crate::casework::letters;
use crate::casework::promises::{answer_reading, stays_of, taken_steps, terms_of};
use crate::domain::case::{Case, Secrecy};
use crate::domain::clock::Reading;
use crate::domain::contact::Disposition;
use crate::domain::ids::{CaseId, ContactId, NoticeId, UserId};
use crate::domain::ladder::{PlannedStep, Whom};
use crate::domain::lifecycle::Event;
use crate::domain::notice::{Says, StaffItem, Waits};
use crate::domain::reference::Reference;
use crate::domain::waiting::{Place, Stay};
use crate::domain::wording::{self, Language};
use crate::store::contacts::{self, Contact};
use crate::store::escalations::{self, Taken};
use crate::store::{Conn, Tx, cases};

/// One step of one place, for one recipient.
struct Taking {
    stay: Stay,
    step: PlannedStep,
    recipient: Recipient,
    outcome: Outcome,
}

/// What waits.
#[derive(Clone, Copy)]
enum Subject {
    Case(CaseId),
    Mail(ContactId),
}

/// Takes every step of the places a case waits in, and writes to whom they name.
///
/// # Errors
/// When it cannot be written.
pub(super) fn take_due(
    tx: &mut Tx<'_>,
    at: &Moment,
    looking: &mut Looking<'_>,
    readings: &[Reading],
    stays: &[Stay],
    chain: &Chain<'_>,
) -> Result<(), Failure> {
    let owner = looking.case.owner;
    let mut takings = due(tx, at, stays, &looking.taken, chain, owner)?;
    coalesce(&mut takings, &looking.told);
    let subject = Subject::Case(looking.case.id);
    let mut events: Vec<Event> = Vec::new();
    for taking in &takings {
        let in_digest = is_told_in_digest(Some(&looking.case), taking);
        let row = row(at, subject, taking, in_digest);
        if !escalations::take(tx, &row)? {
            continue;
        }
        match taking.outcome {
            Outcome::Sent => {
                looking.n_told += 1;
                looking.told.insert(taking.recipient.address.clone());
                if !in_digest {
                    let item = item_of(tx, at, &looking.case, readings, taking.stay)?;
                    let notice = write_to(tx, at, subject, taking, item)?;
                    escalations::note_notice(tx, row.id, notice)?;
                }
            }
            Outcome::Undeliverable => looking.n_undeliverable += 1,
            Outcome::Coalesced | Outcome::Skipped => {}
        }
        let (clock, post) = (taking.stay.place.clock(), &taking.recipient.post);
        put_on_timeline(&mut events, clock, &taking.step, post, taking.outcome);
    }
    looking.happened.extend(events);
    Ok(())
}

/// The latest day for waiting has come: whoever has the case goes on with it from here.
///
/// # Errors
/// When it cannot be written.
pub(super) fn tell_of_resumption(
    tx: &mut Tx<'_>,
    at: &Moment,
    looking: &mut Looking<'_>,
    readings: &[Reading],
    chain: &Chain<'_>,
) -> Result<(), Failure> {
    let has_resumed = looking
        .happened
        .iter()
        .any(|event| matches!(event, Event::Resumed { .. }));
    if !has_resumed || !looking.case.is_taken() {
        return Ok(());
    }
    let resolved = chain.resolve(tx, &Whom::Owner, looking.case.owner)?;
    let Some(recipient) = resolved.recipient else {
        return Ok(());
    };
    let ended_at = looking
        .case
        .facts
        .pauses
        .iter()
        .filter_map(|pause| pause.to)
        .max();
    let calendar = &at.council.catalogue.calendar;
    let ended_at = ended_at.unwrap_or(at.now);
    let ended_on = wording::day(calendar.date_of(ended_at), Language::English);
    let answer = answer_reading(&looking.case, looking.terms, readings);
    let item = StaffItem {
        waits: Some(Waits {
            how: format!("The time to wait ended on {ended_on}, and our date runs again"),
            you_can: "carry on without an answer · ask again · answer it".to_owned(),
        }),
        ..letters::staff_item(tx, at, &looking.case, answer)?
    };
    let (case, to) = (looking.case.id, &recipient.address);
    let key = format!("resumed:{case}:{}:{to}", ended_at.as_microsecond());
    let send_at = calendar.next_sending_time(at.now);
    letters::tell_staff(tx, at, Some(case), to, Says::Waiting { item }, key, send_at)?;
    looking.n_told += 1;
    looking.told.insert(recipient.address);
    Ok(())
}

/// Looks at one waiting mail, unless another replica has done so since it was chosen.
///
/// # Errors
/// When it cannot be written; then nothing was taken.
pub fn look_at_mail(tx: &mut Tx<'_>, at: &Moment, id: ContactId) -> Result<Looked, Failure> {
    if contacts::wake_at(tx, id)?.is_none_or(|wake_at| wake_at > at.now) {
        return Ok(Looked::default());
    }
    let mut looked = Looked {
        was_due: true,
        ..Looked::default()
    };
    let waiting = contacts::find_waiting(tx, id)?;
    let Some((contact, stay)) = waiting.and_then(|one| stay_of(&one).map(|stay| (one, stay)))
    else {
        contacts::wake(tx, id, None)?;
        return Ok(looked);
    };
    let chain = Chain::of_mail(at, &contact);
    let taken = escalations::of_contact(tx, id)?;
    let mut takings = due(tx, at, &[stay], &taken, &chain, None)?;
    coalesce(&mut takings, &BTreeSet::new());
    for taking in &takings {
        let in_digest = is_told_in_digest(None, taking);
        let row = row(at, Subject::Mail(id), taking, in_digest);
        if !escalations::take(tx, &row)? {
            continue;
        }
        match taking.outcome {
            Outcome::Sent => {
                looked.n_told += 1;
                if !in_digest {
                    let item = item_of_mail(tx, at, &contact, stay)?;
                    let notice = write_to(tx, at, Subject::Mail(id), taking, item)?;
                    escalations::note_notice(tx, row.id, notice)?;
                }
            }
            Outcome::Undeliverable => looked.n_undeliverable += 1,
            Outcome::Coalesced | Outcome::Skipped => {}
        }
    }
    let mut next = stay.next_step_at(&at.council.catalogue, at.now);
    if let Some(danger) = held_mail::danger_of(&contact)? {
        let (n_told, n_undeliverable) = alert::raise_of_mail(tx, at, &contact, &danger, &taken)?;
        looked.n_told += n_told;
        looked.n_undeliverable += n_undeliverable;
        let again = alert::next_of_mail(at, &contact);
        next = next.into_iter().chain(again).min();
    }
    contacts::wake(tx, id, next)?;
    Ok(looked)
}

/// Until when a mail may wait that came now.
#[must_use]
pub fn mail_limit(at: &Moment, place: Place) -> Timestamp {
    let catalogue = &at.council.catalogue;
    let queue = &catalogue.routing.fallback.queue;
    let days = place.waits_at_most(catalogue, queue);
    Stay::of_days(place, at.now, days, &catalogue.calendar).limit_at
}

/// Sees to it that a mail just put away is looked at when its hour comes; where it tells of danger, now.
///
/// # Errors
/// When it cannot be written.
pub fn begin_waiting(tx: &mut Tx<'_>, at: &Moment, contact: &Contact) -> Result<(), Failure> {
    let first = stay_of(contact).and_then(|stay| {
        let steps = stay.steps(&at.council.catalogue);
        let first = steps.into_iter().find(|step| !step.skipped);
        first.map(|step| step.at)
    });
    if stay_of(contact).is_some() && held_mail::danger_of(contact)?.is_some() {
        contacts::note_danger(tx, contact.id, at.now)?;
        contacts::wake(tx, contact.id, Some(at.now))?;
    } else {
        contacts::wake(tx, contact.id, first)?;
    }
    Ok(())
}

/// What a digest says of a case that still waits where these steps found it.
///
/// # Errors
/// When it cannot be read.
pub(super) fn case_item(
    conn: &mut Conn,
    at: &Moment,
    case: &Case,
    readings: &[Reading],
    steps: &[Taken],
) -> Result<Option<(Timestamp, StaffItem)>, Failure> {
    let stays = stays_of(conn, at, case, [])?;
    let still = stays.into_iter().filter(|stay| {
        steps
            .iter()
            .any(|step| step.clock == stay.place.clock() && step.promised_at == stay.limit_at)
    });
    let Some(stay) = still.min_by_key(|stay| stay.limit_at) else {
        return Ok(None);
    };
    let item = item_of(conn, at, case, readings, stay)?;
    Ok(Some((stay.limit_at, item)))
}

/// What a digest says of a mail that still waits.
///
/// # Errors
/// When it cannot be read.
pub(super) fn mail_item(
    conn: &mut Conn,
    at: &Moment,
    id: ContactId,
) -> Result<Option<(Timestamp, StaffItem)>, Failure> {
    let Some(contact) = contacts::find_waiting(conn, id)? else {
        return Ok(None);
    };
    let Some(stay) = stay_of(&contact) else {
        return Ok(None);
    };
    let item = item_of_mail(conn, at, &contact, stay)?;
    Ok(Some((stay.limit_at, item)))
}

/// Whether what a notice says of a waiting place is over by now: taken, placed, resumed, reached.
/// `case` is the one the notice is about.
///
/// # Errors
/// When it cannot be read.
pub fn is_over(
    conn: &mut Conn,
    at: &Moment,
    dedupe_key: &str,
    case: Option<&Case>,
) -> Result<bool, Failure> {
    let Some((place, limit_at, id)) = place_limit_and_id(dedupe_key) else {
        return Ok(false);
    };
    let still = |stay: &Stay| stay.place == place && stay.limit_at.as_microsecond() == limit_at;
    if let Some(case) = case {
        return Ok(!stays_of(conn, at, case, [])?.iter().any(still));
    }
    let waiting = contacts::find_waiting(conn, ContactId(id))?;
    Ok(!waiting
        .as_ref()
        .and_then(stay_of)
        .is_some_and(|stay| still(&stay)))
}

fn place_limit_and_id(dedupe_key: &str) -> Option<(Place, i64, Uuid)> {
    let mut parts = dedupe_key.strip_prefix("wait:")?.split(':');
    let place = parts.next()?.parse().ok()?;
    let limit_at = parts.next()?.parse().ok()?;
    Some((place, limit_at, parts.next()?.parse().ok()?))
}

/// The dedupe key of a step's letter; [`is_over`] reads it again.
fn dedupe_key(subject: Subject, taking: &Taking) -> String {
    let Stay {
        place, limit_at, ..
    } = taking.stay;
    let id = match subject {
        Subject::Case(id) => id.0,
        Subject::Mail(id) => id.0,
    };
    let PlannedStep {
        step, occurrence, ..
    } = &taking.step;
    format!(
        "wait:{place}:{}:{id}:{occurrence}:{step}:{}",
        limit_at.as_microsecond(),
        taking.recipient.address
    )
}

fn due(
    conn: &mut Conn,
    at: &Moment,
    stays: &[Stay],
    taken: &[Taken],
    chain: &Chain<'_>,
    owner: Option<UserId>,
) -> Result<Vec<Taking>, Failure> {
    let mut takings = Vec::new();
    for stay in stays {
        let known = taken_steps(taken, stay.place.clock());
        for step in stay.steps(&at.council.catalogue) {
            let occurrence = i32::try_from(step.occurrence).unwrap_or(i32::MAX);
            let is_known = known.contains(&(step.step.clone(), occurrence, step.due_at));
            if step.at > at.now || is_known {
                continue;
            }
            for (recipient, outcome) in recipients(conn, chain, &step, owner)? {
                takings.push(Taking {
                    stay: *stay,
                    step: step.clone(),
                    recipient,
                    outcome,
                });
            }
        }
    }
    takings.sort_by_key(|taking| taking.step.at);
    Ok(takings)
}

/// Each hears once, of the newest; whoever is told of the case anyway, not at all.
fn coalesce(takings: &mut [Taking], told: &BTreeSet<String>) {
    let mut told = told.clone();
    for taking in takings.iter_mut().rev() {
        if taking.outcome == Outcome::Sent && !told.insert(taking.recipient.address.clone()) {
            taking.outcome = Outcome::Coalesced;
        }
    }
}

/// Whether the recipient hears of it in their one mail of the day. Cases that came over from the system
/// before this one wait since the same night, in whatever place, so they are told of together.
fn is_told_in_digest(case: Option<&Case>, taking: &Taking) -> bool {
    let waits_since_then =
        case.is_some_and(|case| case.was_taken_over() && taking.stay.since == case.opened_at);
    waits_since_then || is_for_digest(&taking.step, &taking.recipient)
}

fn row(at: &Moment, subject: Subject, taking: &Taking, in_digest: bool) -> Taken {
    let calendar = &at.council.catalogue.calendar;
    let is_in_digest = taking.outcome == Outcome::Sent && in_digest;
    let (case, contact) = match subject {
        Subject::Case(id) => (Some(id), None),
        Subject::Mail(id) => (None, Some(id)),
    };
    Taken {
        id: at.id(),
        case,
        clock_id: None,
        contact,
        clock: taking.stay.place.clock().to_owned(),
        step: taking.step.step.clone(),
        occurrence: i32::try_from(taking.step.occurrence).unwrap_or(i32::MAX),
        post: taking.recipient.post.clone(),
        recipient: taking.recipient.address.clone(),
        due_at: taking.step.at,
        promised_at: taking.step.due_at,
        taken_at: at.now,
        state: taking.outcome.as_str().to_owned(),
        digest_after: is_in_digest.then(|| calendar.next_digest_time(taking.step.at)),
        notice: None,
    }
}

fn write_to(
    tx: &mut Tx<'_>,
    at: &Moment,
    subject: Subject,
    taking: &Taking,
    item: StaffItem,
) -> Result<NoticeId, Failure> {
    let send_at = if taking.step.at_once {
        at.now
    } else {
        at.council.catalogue.calendar.next_sending_time(at.now)
    };
    let case = match subject {
        Subject::Case(id) => Some(id),
        Subject::Mail(_) => None,
    };
    let key = dedupe_key(subject, taking);
    let to = &taking.recipient.address;
    letters::tell_staff(tx, at, case, to, Says::Waiting { item }, key, send_at)
}

fn item_of(
    conn: &mut Conn,
    at: &Moment,
    case: &Case,
    readings: &[Reading],
    stay: Stay,
) -> Result<StaffItem, Failure> {
    let terms = terms_of(conn, at, case)?;
    let answer = answer_reading(case, &terms, readings);
    let item = letters::staff_item(conn, at, case, answer)?;
    let is_promised = answer.is_some_and(|answer| answer.due_on.is_some());
    Ok(StaffItem {
        waits: Some(stay.in_words(&at.council.catalogue.calendar, at.now)),
        promised: if is_promised {
            item.promised
        } else {
            String::new()
        },
        ..item
    })
}

/// A mail as a letter may speak of it: never its words or its sender.
fn item_of_mail(
    conn: &mut Conn,
    at: &Moment,
    contact: &Contact,
    stay: Stay,
) -> Result<StaffItem, Failure> {
    let topic = match stay.place {
        Place::Held => "an e-mail held for you to look at",
        _ => "an e-mail that could not be read",
    };
    Ok(StaffItem {
        reference: reference_named(conn, contact)?.unwrap_or_default(),
        topic: topic.to_owned(),
        place: None,
        promised: String::new(),
        to_whom: String::new(),
        who_has_it: StaffItem::who_has_it(false, Chain::of_mail(at, contact).team()),
        last_action: None,
        link: None,
        waits: Some(stay.in_words(&at.council.catalogue.calendar, at.now)),
    })
}

/// The case a held mail names, where a mail may name it too.
fn reference_named(conn: &mut Conn, contact: &Contact) -> Result<Option<String>, Failure> {
    let named = contact
        .detail
        .get("their_reference")
        .and_then(serde_json::Value::as_str)
        .and_then(|text| Reference::parse(text).ok());
    let Some(reference) = named else {
        return Ok(None);
    };
    let filed = cases::find_by_reference(conn, &reference)?;
    let may_be_named = filed.filter(|filed| filed.case.secrecy != Secrecy::Restricted);
    Ok(may_be_named.map(|filed| filed.case.reference.to_string()))
}

fn stay_of(contact: &Contact) -> Option<Stay> {
    let place = match contact.disposition {
        // What a machine sent waits where it tells of danger, and has a limit only then.
        Disposition::Held | Disposition::Stored => Place::Held,
        Disposition::Quarantined => Place::Quarantined,
        Disposition::Opened | Disposition::Joined | Disposition::Duplicate => {
            return None;
        }
    };
    Some(Stay {
        place,
        since: contact.logged_at,
        limit_at: contact.limit_at?,
    })
}
