//! Which of the due steps each recipient is told of.
//!
//! Of several steps that fell due on one clock and name the same recipient, the newest is sent and
//! the older ones are kept as coalesced: after a long night each hears once. A case that opens late
//! tells each recipient once for all its clocks together.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::chain::{Chain, INBOX, Recipient};
use super::look::Looking;
use crate::casework::by_email;
use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::casework::letters;
use crate::casework::promises::{ladder_of, taken_steps};
use crate::domain::case::Case;
use crate::domain::clock::Reading;
use crate::domain::ids::{ClockId, NoticeId, UserId};
use crate::domain::ladder::{self, PlannedStep};
use crate::domain::lifecycle::Event;
use crate::domain::notice::Says;
use crate::store::escalations::{self, Taken};
use crate::store::{Conn, Tx};

/// One step, for one recipient.
#[derive(Debug, Clone)]
struct Taking {
    /// Which of the readings it is about.
    reading: usize,
    clock_id: ClockId,
    clock: String,
    step: PlannedStep,
    recipient: Recipient,
    outcome: Outcome,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Sent,
    Coalesced,
    Skipped,
    Undeliverable,
}

/// Takes every step of a case that is due and was not taken before, and writes to whom it names.
///
/// # Errors
/// When it cannot be written.
pub(super) fn take_due(
    tx: &mut Tx<'_>,
    at: &Moment,
    looking: &mut Looking<'_>,
    readings: &[Reading],
    chain: &Chain<'_>,
) -> Result<(), Failure> {
    let mut takings = due(tx, at, looking, readings, chain)?;
    takings.sort_by_key(|taking| taking.step.at);
    coalesce(&mut takings, looking.case.opened_at);
    let mut events: Vec<Event> = Vec::new();
    for taking in &takings {
        let row = row(at, looking, taking);
        if !escalations::take(tx, &row)? {
            continue;
        }
        match taking.outcome {
            Outcome::Sent => {
                looking.n_told += 1;
                looking.told.insert(taking.recipient.address.clone());
                if !is_told_in_digest(&looking.case, taking) {
                    let notice = write_to(tx, at, looking, readings, taking)?;
                    escalations::note_notice(tx, row.id, notice)?;
                }
            }
            Outcome::Undeliverable => looking.n_undeliverable += 1,
            Outcome::Coalesced | Outcome::Skipped => {}
        }
        let (step, post) = (&taking.step, &taking.recipient.post);
        put_on_timeline(&mut events, &taking.clock, step, post, taking.outcome);
    }
    looking.happened.extend(events);
    Ok(())
}

/// The dedupe key of a step's letter; [`clock_and_promise`] reads it again.
fn dedupe_key(taking: &Taking) -> String {
    let PlannedStep {
        step,
        occurrence,
        due_at,
        ..
    } = &taking.step;
    let (clock, promised_at) = (taking.clock_id, due_at.as_microsecond());
    format!(
        "step:{clock}:{promised_at}:{occurrence}:{step}:{}",
        taking.recipient.address
    )
}

/// Which clock and which of its dates (in microseconds) a reminder is about.
pub fn clock_and_promise(dedupe_key: &str) -> Option<(ClockId, i64)> {
    let mut parts = dedupe_key.strip_prefix("step:")?.split(':');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn due(
    conn: &mut Conn,
    at: &Moment,
    looking: &Looking<'_>,
    readings: &[Reading],
    chain: &Chain<'_>,
) -> Result<Vec<Taking>, Failure> {
    let mut takings = Vec::new();
    for (n, reading) in readings.iter().enumerate() {
        let Some(clock) = looking.kept.iter().find(|kept| kept.name == reading.name) else {
            continue;
        };
        let known = taken_steps(&looking.taken, &reading.name);
        let ladder = ladder_of(at, &looking.case, looking.terms, &reading.name);
        for step in ladder::due_steps(ladder, reading, looking.terms, at.now) {
            let occurrence = i32::try_from(step.occurrence).unwrap_or(i32::MAX);
            if known.contains(&(step.step.clone(), occurrence, step.due_at)) {
                continue;
            }
            for (recipient, outcome) in recipients(conn, chain, &step, owner_of(looking, reading))?
            {
                takings.push(Taking {
                    reading: n,
                    clock_id: clock.id,
                    clock: reading.name.clone(),
                    step: step.clone(),
                    recipient,
                    outcome,
                });
            }
        }
    }
    Ok(takings)
}

/// Everybody a step names, each once: who is told, and whom it could not reach.
///
/// # Errors
/// When the database cannot be asked.
pub(super) fn recipients(
    conn: &mut Conn,
    chain: &Chain<'_>,
    step: &PlannedStep,
    owner: Option<UserId>,
) -> Result<Vec<(Recipient, Outcome)>, Failure> {
    let mut named: Vec<(Recipient, Outcome)> = Vec::new();
    let mut name = |recipient: Recipient, outcome: Outcome| {
        let is_known = named
            .iter()
            .any(|(known, _)| known.address == recipient.address);
        if !is_known {
            named.push((recipient, outcome));
        }
    };
    let unless_skipped = |outcome| {
        if step.skipped {
            Outcome::Skipped
        } else {
            outcome
        }
    };
    for whom in &step.to {
        let resolved = chain.resolve(conn, whom, owner)?;
        let nobody = resolved.recipient.is_none();
        if let Some(recipient) = resolved.recipient {
            name(recipient, unless_skipped(Outcome::Sent));
        }
        // What is not sent anyway need not be said to have failed; but a step that nobody can be
        // told of is kept all the same.
        for unreached in resolved
            .unreached
            .into_iter()
            .filter(|_| nobody || !step.skipped)
        {
            let (post, address) = (unreached.post, unreached.address);
            let recipient = Recipient {
                post,
                address,
                gets_digest: false,
            };
            name(recipient, unless_skipped(Outcome::Undeliverable));
        }
    }
    Ok(named)
}

/// Whoever made the promise, where it is an officer's own; else whoever has the case.
fn owner_of(looking: &Looking<'_>, reading: &Reading) -> Option<UserId> {
    let own = reading
        .promise
        .as_ref()
        .and_then(|promise| promise.owner.parse().ok());
    own.or(looking.case.owner)
}

fn coalesce(takings: &mut [Taking], opened_at: Timestamp) {
    let mut told_of_clock: BTreeSet<(ClockId, String)> = BTreeSet::new();
    let mut told_at_opening: BTreeSet<String> = BTreeSet::new();
    for taking in takings
        .iter_mut()
        .rev()
        .filter(|taking| taking.outcome == Outcome::Sent)
    {
        let address = taking.recipient.address.clone();
        let is_newest = told_of_clock.insert((taking.clock_id, address.clone()));
        let fell_before = taking.step.at <= opened_at;
        if !is_newest || (fell_before && !told_at_opening.insert(address)) {
            taking.outcome = Outcome::Coalesced;
        }
    }
}

/// Whether the recipient hears of it in their one mail of the day. What the system before this one left
/// late does: thousands of cases may come over in one night.
fn is_told_in_digest(case: &Case, taking: &Taking) -> bool {
    let came_late = case.was_taken_over() && taking.step.at <= case.opened_at;
    came_late || is_for_digest(&taking.step, &taking.recipient)
}

/// Whether a step goes into the recipient's one mail of the day.
pub(super) fn is_for_digest(step: &PlannedStep, recipient: &Recipient) -> bool {
    (step.digest || recipient.gets_digest) && !step.at_once
}

fn row(at: &Moment, looking: &Looking<'_>, taking: &Taking) -> Taken {
    let calendar = &at.council.catalogue.calendar;
    let is_in_digest = taking.outcome == Outcome::Sent && is_told_in_digest(&looking.case, taking);
    // Steps of 9am stand in the digest of that very morning. What a case brings along when it opens
    // late waits for the next one, so that one morning's late cases come in one mail.
    let digest_after = calendar.next_digest_time(taking.step.at.max(looking.case.opened_at));
    Taken {
        id: at.id(),
        case: Some(looking.case.id),
        clock_id: Some(taking.clock_id),
        contact: None,
        clock: taking.clock.clone(),
        step: taking.step.step.clone(),
        occurrence: i32::try_from(taking.step.occurrence).unwrap_or(i32::MAX),
        post: taking.recipient.post.clone(),
        recipient: taking.recipient.address.clone(),
        due_at: taking.step.at,
        promised_at: taking.step.due_at,
        taken_at: at.now,
        state: taking.outcome.as_str().to_owned(),
        digest_after: is_in_digest.then_some(digest_after),
        notice: None,
    }
}

fn write_to(
    tx: &mut Tx<'_>,
    at: &Moment,
    looking: &Looking<'_>,
    readings: &[Reading],
    taking: &Taking,
) -> Result<NoticeId, Failure> {
    let item = letters::staff_item(tx, at, &looking.case, readings.get(taking.reading))?;
    let has_come = taking.step.due_at.duration_since(at.now) <= SignedDuration::ZERO;
    let says = if taking.recipient.post == INBOX {
        by_email::reminder(item, &looking.case, has_come)
    } else if has_come {
        Says::Due { item }
    } else {
        Says::Reminder { item }
    };
    let send_at = if taking.step.at_once {
        at.now
    } else {
        at.council.catalogue.calendar.next_sending_time(at.now)
    };
    let to = &taking.recipient.address;
    letters::tell_staff(
        tx,
        at,
        Some(looking.case.id),
        to,
        says,
        dedupe_key(taking),
        send_at,
    )
}

/// One line for each step and what became of it, naming everybody it came to.
pub(super) fn put_on_timeline(
    events: &mut Vec<Event>,
    of_clock: &str,
    planned: &PlannedStep,
    who: &str,
    outcome: Outcome,
) {
    let became = outcome.as_str();
    let same = events.iter_mut().find_map(|event| match event {
        Event::EscalationStep {
            clock,
            step,
            occurrence,
            state,
            to,
        } if clock == of_clock
            && *step == planned.step
            && *occurrence == planned.occurrence
            && state == became =>
        {
            Some(to)
        }
        _ => None,
    });
    match same {
        Some(to) => to.push(who.to_owned()),
        None => events.push(Event::EscalationStep {
            clock: of_clock.to_owned(),
            step: planned.step.clone(),
            occurrence: planned.occurrence,
            state: became.to_owned(),
            to: vec![who.to_owned()],
        }),
    }
}

impl Outcome {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Coalesced => "coalesced",
            Self::Skipped => "skipped",
            Self::Undeliverable => "undeliverable",
        }
    }
}
