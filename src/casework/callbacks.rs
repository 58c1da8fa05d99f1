//! Calls back: somebody asks to be rung, is told by when, and it counts until we have spoken with them.
//!
//! The promise is a clock of a case, so that its ladder, reminders and figures are those of every other
//! promise. A call back by itself opens a case of the category for it, whose answer *is* the call; on a
//! case that is there it is a promise of its own. Ringing in vain keeps nothing: it is counted, the
//! person is told that we tried, and the promise stands.

use sha2::{Digest as _, Sha256};

use super::desk::{Moment, hex};
use super::failure::Failure;
use super::intake::{self, Entry, Received};
use super::letters::{self, Thread, ToPerson, Told};
use super::promises::{Written, answer_reading, settle_by, terms_of};
use crate::channels::telephony::says_nothing_new;
use crate::domain::access::{Act, Verdict, may};
use crate::domain::case::Case;
use crate::domain::clock;
use crate::domain::contact::{CallOutcome, Channel, Direction};
use crate::domain::enquiry::{Enquiry, Who};
use crate::domain::lifecycle::{self, By, Event};
use crate::domain::notice::{InEach, Says};
use crate::domain::person::are_compatible_names;
use crate::domain::telephony::waiting::ring_back_by;
use crate::domain::wording::{self, Language};
use crate::store::callbacks::{self, Callback};
use crate::store::cases::{self, Filed};
use crate::store::contacts::{self, Contact};
use crate::store::people::{self, Person};
use crate::store::{Conn, Tx, calls, settings};

/// The category of those who want nothing but to be rung.
pub const CATEGORY: &str = "callback";

/// A call back, promised.
#[derive(Debug, Clone)]
pub struct Promised {
    pub received: Received,
    pub callback: Callback,
    /// "5pm on Monday 23 November 2026".
    pub by: String,
    /// It had been asked for in this call before.
    pub was_promised: bool,
}

/// Takes in somebody's wish to be rung, and promises it. The same call asks once: what it says beyond
/// that, another number or other words, is put on what it asked before and read as any message is.
///
/// # Errors
/// Names everything that cannot be meant.
pub fn ask(
    tx: &mut Tx<'_>,
    at: &Moment,
    enquiry: &Enquiry,
    entry: &Entry,
) -> Result<Promised, Failure> {
    let before = asked_before(tx, enquiry, &entry.source)?;
    let is_one_person = before.as_ref().is_some_and(|_| says_no_name(enquiry));
    let (mut enquiry, mut entry) = placed(tx, at, enquiry, entry)?;
    if let Some(before) = &before
        && says_more(tx, &enquiry, before)?
    {
        (enquiry, entry) = added(tx, at, enquiry, entry, before)?;
    }
    let mut received = intake::receive(tx, at, &enquiry, &entry)?;
    if is_one_person && received.is_joined {
        // Who they are was not said this time, and is told to nobody who may not see their case.
        let is_seen =
            |filed: &Filed| may(&entry.actor, Act::Read, &filed.case, false) == Verdict::Allow;
        received.person = received
            .person
            .filter(|_| received.case.as_ref().is_some_and(is_seen));
    }
    if let Some(known) = promised_before(tx, &received, before.as_ref())? {
        return Ok(Promised {
            by: by_when(at, &known, Language::English),
            callback: known,
            received,
            was_promised: true,
        });
    }
    let Some(case) = received.contact.case else {
        return Err(anyhow::anyhow!("contact {} is on no case", received.contact.id).into());
    };
    let filed = cases::find(tx, case)?.ok_or(Failure::Missing)?;
    let call = match &enquiry.call {
        Some(id) => calls::find(tx, id)?,
        None => None,
    };
    let by_its_answer = if received.is_joined {
        None
    } else {
        promised_by_answer(tx, at, &filed.case)?
    };
    let is_own = by_its_answer.is_none();
    let (clock, due_at) = match by_its_answer {
        Some(promised) => promised,
        None => promise(tx, at, filed, &entry)?,
    };
    let callback = Callback {
        id: at.id(),
        case,
        contact: received.contact.id,
        clock,
        line: call.as_ref().and_then(|call| call.line.clone()),
        queue: call.and_then(|call| call.queue),
        asked_at: at.now,
        due_at,
        kept_at: None,
        n_tries: 0,
    };
    callbacks::insert(tx, &callback)?;
    let by = by_when(at, &callback, Language::English);
    // Where the case opened for nothing else, its confirmation has said by when.
    if is_own {
        let person = received.person.clone();
        tell(tx, at, &callback, person)?;
    }
    Ok(Promised {
        by,
        callback,
        received,
        was_promised: false,
    })
}

/// What a call of ours does to the calls back that wait on its case: each is tried once more, and kept
/// when we spoke with them.
///
/// # Errors
/// When it cannot be written.
pub fn note_call(
    tx: &mut Tx<'_>,
    at: &Moment,
    case: &Case,
    enquiry: &Enquiry,
) -> Result<Vec<Event>, Failure> {
    let (Direction::Outbound, Some(outcome)) = (enquiry.direction, enquiry.outcome) else {
        return Ok(Vec::new());
    };
    let spoke_at = (outcome == CallOutcome::Spoke).then(|| enquiry.received_at.min(at.now));
    let mut events = Vec::new();
    for callback in callbacks::waiting_on(tx, case.id)? {
        // A call that was before the wish, and is only written down now, is no answer to it.
        if callback.asked_at > enquiry.received_at {
            continue;
        }
        callbacks::note_try(tx, callback.id, spoke_at)?;
        if let Some(at) = spoke_at {
            let clock = callback.clock;
            events.push(Event::ClockMet { clock, at });
        }
    }
    Ok(events)
}

/// Tells the person that we rang in vain: when, from which number, and how to reach us. Never where only
/// some ways are safe, and not where there is danger.
///
/// # Errors
/// When it cannot be written.
pub fn tell_tried(
    tx: &mut Tx<'_>,
    at: &Moment,
    case: &Case,
    enquiry: &Enquiry,
    person: Option<&Person>,
    dedupe_key: String,
) -> Result<Option<Told>, Failure> {
    let is_call = matches!(enquiry.channel, Channel::Phone | Channel::Voicemail);
    let in_vain = match enquiry.outcome {
        Some(CallOutcome::NoAnswer) => Some(false),
        Some(CallOutcome::Voicemail) => Some(true),
        Some(CallOutcome::Spoke) | None => None,
    };
    let Some(left_message) = in_vain
        .filter(|_| is_call && enquiry.direction == Direction::Outbound && !case.is_in_danger())
    else {
        return Ok(None);
    };
    let rung = whom(tx, case, person.cloned())?;
    let zone = at.council.catalogue.calendar.zone();
    let says = InEach::of(|language| Says::TriedToCall {
        rang_at: wording::at_when(enquiry.received_at, zone, language),
        number: enquiry.number_presented.clone(),
        left_message,
    });
    let telling = ToPerson {
        says,
        meets: None,
        dedupe_key,
        thread: &Thread::default(),
        send_at: at.now,
        is_automatic: true,
    };
    letters::tell_person(tx, at, case, rung.as_ref(), telling).map(Some)
}

/// What was asked in the same call first. Until this transaction ends nobody else asks in it.
fn asked_before(
    tx: &mut Tx<'_>,
    enquiry: &Enquiry,
    source: &str,
) -> Result<Option<Contact>, Failure> {
    let Some(id) = enquiry
        .external_id
        .as_ref()
        .filter(|_| enquiry.call.is_some())
    else {
        return Ok(None);
    };
    settings::hold(tx, &format!("external:{source}:{id}"))?;
    Ok(contacts::find_external(tx, source, id)?)
}

/// Whether a wish says more than the one asked in the same call before: another number, other words,
/// another name, a recording.
fn says_more(conn: &mut Conn, enquiry: &Enquiry, before: &Contact) -> Result<bool, Failure> {
    if intake::is_same_content(before, enquiry) {
        return Ok(false);
    }
    let recorded = before.detail.get("recording").and_then(|url| url.as_str());
    let has_new_recording = enquiry.recording.is_some() && enquiry.recording.as_deref() != recorded;
    if has_new_recording || !says_nothing_new(&enquiry.body, &before.body) {
        return Ok(true);
    }
    match &enquiry.who {
        Who::Nobody => Ok(false),
        Who::Known(person) => Ok(before.person != Some(*person)),
        Who::Described(described) => {
            let Some(name) = described.name.as_deref() else {
                return Ok(false);
            };
            let known = match before.person {
                Some(person) => people::find(conn, person)?,
                None => None,
            };
            let known = known.and_then(|person| person.name);
            Ok(known.is_none() || !are_compatible_names(Some(name), known.as_deref()))
        }
    }
}

/// A wish that says more, as a message on the case of the one before. Each is one message, however often
/// it is sent.
fn added(
    conn: &mut Conn,
    at: &Moment,
    enquiry: Enquiry,
    entry: Entry,
    before: &Contact,
) -> Result<(Enquiry, Entry), Failure> {
    let who = match (&enquiry.who, before.person) {
        (Who::Nobody | Who::Described(_), Some(person)) if says_no_name(&enquiry) => {
            Who::Known(person)
        }
        (who, _) => who.clone(),
    };
    let said = serde_json::to_vec(&(&enquiry.body, &enquiry.recording, &who))
        .map_err(anyhow::Error::from)?;
    let told_apart: String = hex(&Sha256::digest(said)).chars().take(16).collect();
    let enquiry = Enquiry {
        external_id: enquiry.external_id.map(|id| format!("{id}:{told_apart}")),
        who,
        ..enquiry
    };
    // Where they say which case it is about, it goes there.
    if entry.case.is_some() || entry.follows.is_some() {
        return Ok((enquiry, entry));
    }
    let enquiry = Enquiry {
        service: None,
        category: None,
        ..enquiry
    };
    let entry = Entry {
        case: before.case,
        ..entry
    };
    placed(conn, at, &enquiry, &entry)
}

fn says_no_name(enquiry: &Enquiry) -> bool {
    match &enquiry.who {
        Who::Nobody => true,
        Who::Known(_) => false,
        Who::Described(described) => described.name.is_none(),
    }
}

/// The call back that a wish belongs to, where one was promised: for the same wish, or in the same call
/// on the same case while nobody has rung.
fn promised_before(
    conn: &mut Conn,
    received: &Received,
    before: Option<&Contact>,
) -> Result<Option<Callback>, Failure> {
    if let Some(known) = callbacks::of_contact(conn, received.contact.id)? {
        return Ok(Some(known));
    }
    let Some(before) = before else {
        return Ok(None);
    };
    let first = callbacks::of_contact(conn, before.id)?;
    Ok(first.filter(|first| {
        let waits = first.kept_at.is_none() && received.contact.case == Some(first.case);
        waits || received.is_duplicate
    }))
}

/// Where the wish goes: to the case it names, while that is open; else to the category for it.
fn placed(
    conn: &mut Conn,
    at: &Moment,
    enquiry: &Enquiry,
    entry: &Entry,
) -> Result<(Enquiry, Entry), Failure> {
    let mut enquiry = enquiry.clone();
    let mut entry = entry.clone();
    if let Some(case) = entry.case {
        let filed = cases::find(conn, case)?.ok_or(Failure::Missing)?;
        if !filed.case.is_closed() {
            // They ask to be rung, not what has become of it.
            enquiry.is_only_said = true;
            return Ok((enquiry, entry));
        }
        entry.case = None;
        entry.follows = Some(case);
    }
    if let [(service, category), ..] = at.council.catalogue.find_category(CATEGORY).as_slice() {
        enquiry.service = Some(service.slug.clone());
        enquiry.category = Some(category.slug.clone());
    }
    Ok((enquiry, entry))
}

/// The promise of a case that opened for the call back and nothing else.
fn promised_by_answer(
    conn: &mut Conn,
    at: &Moment,
    case: &Case,
) -> Result<Option<(String, jiff::Timestamp)>, Failure> {
    if case.category != CATEGORY || case.is_in_danger() {
        return Ok(None);
    }
    let terms = terms_of(conn, at, case)?;
    let readings = clock::read(&case.facts, &terms, at.now);
    let answer = answer_reading(case, &terms, &readings);
    Ok(answer.and_then(|reading| Some((reading.name.clone(), reading.due_at?))))
}

/// A promise of its own on a case.
fn promise(
    tx: &mut Tx<'_>,
    at: &Moment,
    filed: Filed,
    entry: &Entry,
) -> Result<(String, jiff::Timestamp), Failure> {
    let mut case = filed.case;
    let terms = terms_of(tx, at, &case)?;
    let by = ring_back_by(&at.council.catalogue.calendar, at.now);
    let name = lifecycle::next_promise(&case);
    let event = Event::Promised {
        name: name.clone(),
        what: "Ring them back on the number they gave".to_owned(),
        by,
        owner: case.owner,
    };
    let read_revision = case.revision;
    lifecycle::apply(&mut case, &event, &terms, By::System, at.now);
    let readings = clock::read(&case.facts, &terms, at.now);
    case.facts.told(&readings);
    let label = entry.actor.label();
    let written = Written::Changed { read_revision };
    settle_by(tx, at, case, &terms, vec![event], &label, written)?;
    Ok((name, by))
}

fn tell(
    tx: &mut Tx<'_>,
    at: &Moment,
    callback: &Callback,
    person: Option<Person>,
) -> Result<(), Failure> {
    let filed = cases::find(tx, callback.case)?.ok_or(Failure::Missing)?;
    // Danger and what only a small team may see get no date in writing.
    if letters::says_no_date(at, &filed.case) {
        return Ok(());
    }
    let person = whom(tx, &filed.case, person)?;
    let telling = ToPerson {
        says: InEach::of(|language| Says::Callback {
            by: by_when(at, callback, language),
        }),
        meets: None,
        dedupe_key: format!("callback:{}", callback.id),
        thread: &Thread::default(),
        send_at: at.now,
        is_automatic: true,
    };
    letters::tell_person(tx, at, &filed.case, person.as_ref(), telling)?;
    Ok(())
}

/// Whom it is about: whoever was named, and nobody else in their place; where nobody was, whoever the
/// case is for.
fn whom(conn: &mut Conn, case: &Case, named: Option<Person>) -> Result<Option<Person>, Failure> {
    let is_somebody = |person: &Person| {
        person.name.is_some() || person.email.is_some() || person.address.is_some()
    };
    if named.as_ref().is_some_and(is_somebody) {
        return Ok(named);
    }
    match case.reporter {
        Some(reporter) => Ok(people::find(conn, reporter)?),
        None => Ok(named),
    }
}

fn by_when(at: &Moment, callback: &Callback, language: Language) -> String {
    let calendar = &at.council.catalogue.calendar;
    wording::by_when(
        calendar.date_of(callback.due_at),
        callback.due_at,
        calendar.zone(),
        language,
    )
}
