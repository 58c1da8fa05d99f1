//! One question after a case is closed: how satisfied are you with how we dealt with it?
//!
//! The system asks, by chance ([`crate::domain::survey`]): nobody picks whom, and nobody is asked where it
//! would hurt. The question is a notice like any other, so a retry, a bounce and a replica are dealt
//! with where notices are; it is asked for again at the last moment whether it still may leave. What
//! came of it is counted beside the case, from the outbox and the answers as they are then.

use super::desk::Moment;
use super::failure::Failure;
use super::letters::{self, Thread, ToPerson};
use super::people::sameness;
use crate::channels::email_in;
use crate::domain::access::ActorLabel;
use crate::domain::case::Case;
use crate::domain::ids::{CaseId, PersonId};
use crate::domain::lifecycle::Event;
use crate::domain::notice::{NoticeKind, Says};
use crate::domain::survey::{self, Matter};
use crate::store::outbox::{self, Notice};
use crate::store::people::{self, Person};
use crate::store::{Conn, Tx, cases, measures, settings, tracking};

const KIND: &str = NoticeKind::Survey.as_str();
/// Cases looked at together.
const AT_ONCE: usize = 100;

/// Whether a notice is the question.
#[must_use]
pub(super) fn is_question(notice: &Notice) -> bool {
    notice.kind == KIND
}

/// Follows what happened to a case: of one that was closed its person may be asked, of one that goes on
/// they are not.
///
/// # Errors
/// When it cannot be written.
pub(super) fn followed(
    tx: &mut Tx<'_>,
    at: &Moment,
    case: &Case,
    happened: &[(Event, ActorLabel)],
) -> Result<(), Failure> {
    let has = |of: fn(&Event) -> bool| happened.iter().any(|(event, _)| of(event));
    if case.is_closed() {
        if has(|event| matches!(event, Event::Closed { .. })) {
            ask(tx, at, case)?;
        }
        return Ok(());
    }
    let goes_on = has(|event| matches!(event, Event::Reopened { .. } | Event::StageOpened { .. }));
    if goes_on && let Some(id) = outbox::standing(tx, case.id, KIND)? {
        outbox::stop(tx, id, at.now)?;
    }
    Ok(())
}

/// Whether the question should not leave any more: work goes on, something has come to light, or they
/// have told us already.
///
/// # Errors
/// When the case cannot be read.
pub(super) fn is_moot(conn: &mut Conn, at: &Moment, notice: &Notice) -> Result<bool, Failure> {
    let (Some(case), Some(person)) = (notice.case, notice.person) else {
        return Ok(true);
    };
    let Some(filed) = cases::find(conn, case)? else {
        return Ok(true);
    };
    Ok(
        survey::why_not(&filed.case, matter(at, &filed.case)).is_some()
            || !is_on_it(conn, case, person)?
            || stands_beside_grief(conn, at, case, person)?
            || tracking::score_of(conn, case, person)?.is_some(),
    )
}

/// Counts anew whether somebody was asked about a case, and what they answered: when the question has
/// left or has come back, and when somebody has told us.
///
/// # Errors
/// When it cannot be written.
pub(super) fn count(tx: &mut Tx<'_>, case: CaseId) -> Result<(), Failure> {
    // An answer and a bounce may come at the same moment: whoever is second counts both.
    measures::hold(tx, case)?;
    let asked = outbox::arrived_at(tx, case, KIND)?;
    let score = match asked {
        Some(person) => tracking::score_of(tx, case, person)?,
        None => None,
    };
    Ok(measures::set_survey(tx, case, asked.is_some(), score)?)
}

fn ask(tx: &mut Tx<'_>, at: &Moment, case: &Case) -> Result<(), Failure> {
    let sampling = &at.desk.manners.survey;
    if !survey::is_drawn(case.id, sampling.percent)
        || survey::why_not(case, matter(at, case)).is_some()
    {
        return Ok(());
    }
    let person = match case.reporter {
        Some(reporter) => people::find(tx, reporter)?,
        None => None,
    };
    let Some(person) = person else {
        return Ok(());
    };
    let Some(address) = letters::mailed_at(tx, at, case, &person)? else {
        return Ok(());
    };
    // Two cases of one person that are closed at the same moment ask once.
    settings::hold(tx, &format!("survey:{address}"))?;
    if email_in::is_read_by_nobody(&address)
        || !is_on_it(tx, case.id, person.id)?
        || stands_beside_grief(tx, at, case.id, person.id)?
        || was_asked(tx, at, case, &person, &address)?
        || tracking::score_of(tx, case.id, person.id)?.is_some()
    {
        return Ok(());
    }
    let thread = Thread::default();
    let telling = ToPerson {
        says: Says::Survey.into(),
        meets: None,
        // Closed, opened again before the question left, and closed once more: it is asked then.
        dedupe_key: format!("survey:{}:{}", case.id, case.revision),
        thread: &thread,
        send_at: at
            .council
            .catalogue
            .calendar
            .next_sending_time(at.now + sampling.delay),
        is_automatic: true,
    };
    letters::tell_person(tx, at, case, Some(&person), telling)?;
    Ok(())
}

/// Once for each case, and once for each person in a while, under whichever of their records.
fn was_asked(
    conn: &mut Conn,
    at: &Moment,
    case: &Case,
    person: &Person,
    address: &str,
) -> Result<bool, Failure> {
    if outbox::standing(conn, case.id, KIND)?.is_some() {
        return Ok(true);
    }
    let records = sameness::ids_of(conn, person.id)?;
    let since = at
        .now
        .saturating_sub(at.desk.manners.survey.rest)
        .map_err(anyhow::Error::from)?;
    Ok(outbox::is_any_standing_since(
        conn, KIND, &records, address, since,
    )?)
}

/// Whether a case stands beside this one, or another of the person's is open, about which nobody is
/// asked because it would hurt: a child at risk, danger, a death. Such a case may be known to few, so
/// that nobody who works this one could keep the question back.
fn stands_beside_grief(
    conn: &mut Conn,
    at: &Moment,
    case: CaseId,
    person: PersonId,
) -> Result<bool, Failure> {
    let linked = cases::linked(conn, case)?;
    let mut of_person = Vec::new();
    for record in sameness::ids_of(conn, person)? {
        of_person.extend(cases::of_person(conn, record)?);
    }
    let mut beside: Vec<CaseId> = linked.iter().chain(&of_person).copied().collect();
    beside.retain(|other| *other != case);
    beside.sort_unstable_by_key(|other| other.0);
    beside.dedup();
    for some in beside.chunks(AT_ONCE) {
        for filed in cases::with_ids(conn, some)? {
            let other = &filed.case;
            let counts = linked.contains(&other.id) || !other.is_closed();
            if counts && survey::forbids_beside(other, matter(at, other)).is_some() {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn is_on_it(conn: &mut Conn, case: CaseId, person: PersonId) -> Result<bool, Failure> {
    let all = cases::people(conn, case)?;
    let theirs = all.into_iter().find(|(id, _, _)| *id == person);
    Ok(theirs.is_some_and(|(_, _, has_withdrawn)| !has_withdrawn))
}

fn matter(at: &Moment, case: &Case) -> Matter {
    // What the catalogue does not have any more is nothing to ask about.
    let Some((_, category)) = letters::matter(at, case) else {
        return Matter {
            is_restricted: true,
            ..Matter::default()
        };
    };
    Matter {
        is_bereavement: category.tone.as_deref() == Some("bereavement"),
        is_restricted: category.is_restricted,
        is_left_out: at
            .desk
            .manners
            .survey
            .leaves_out(&case.service, &case.category),
        is_guarded: category.safe_contact,
    }
}
