//! The clocks of a case: read from its facts, filed beside it, and what they make happen.
//!
//! Every change to a case ends in [`settle`]: it reads the clocks anew, writes case, clocks and
//! events together, and works out when the case must be looked at next ([`Dates::wake_at`]). The
//! sweep therefore reads what is due and nothing else.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::desk::Moment;
use super::failure::Failure;
use super::{measuring, survey};
use crate::domain::access::ActorLabel;
use crate::domain::calendar::WallTime;
use crate::domain::case::{Case, Status};
use crate::domain::clock::{self, Reading, State, Terms};
use crate::domain::ids::CaseId;
use crate::domain::ladder::{self, Ladder, PlannedStep};
use crate::domain::lifecycle::{self, Event};
use crate::domain::waiting::{self, Past, Stay};
use crate::store::cases::{self, Dates, Filed};
use crate::store::escalations::Taken;
use crate::store::{Conn, Tx, catalogue, clocks, escalations, events};

/// A case just written, with what its clocks read.
#[derive(Debug, Clone)]
pub struct Settled {
    pub filed: Filed,
    pub readings: Vec<Reading>,
    pub lines: Vec<events::Line>,
}

/// Whether a case is written for the first time or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    Opened,
    /// For its readers too; the revision it had when it was read.
    Changed {
        read_revision: i64,
    },
    /// Only written down beside it: a notice sent, a step taken. Who read it a moment ago has read it
    /// as it is.
    Noted {
        read_revision: i64,
    },
}

/// The terms a case was opened under.
///
/// # Errors
/// When they are gone, which the database's own keys rule out.
pub fn terms_of(conn: &mut Conn, at: &Moment, case: &Case) -> Result<Arc<Terms>, Failure> {
    if let Ok((id, terms)) = at.council.terms(&case.service, &case.category)
        && id == case.terms
    {
        return Ok(terms);
    }
    let pinned = catalogue::find_terms(conn, &case.terms)?
        .ok_or_else(|| anyhow::anyhow!("case {} has no terms", case.id))?;
    Ok(Arc::new(pinned))
}

/// Writes a changed case, its clocks and its events, in this order.
///
/// # Errors
/// A conflict when somebody else changed the case since it was read.
pub fn settle(
    tx: &mut Tx<'_>,
    at: &Moment,
    mut case: Case,
    terms: &Terms,
    mut happened: Vec<(Event, ActorLabel)>,
    written: Written,
) -> Result<Settled, Failure> {
    let readings = clock::read(&case.facts, terms, at.now);
    let news = happened.iter().map(|(event, _)| event);
    let (kept, taken, stays) = match written {
        Written::Opened => {
            let past = Past::opened(case.opened_at);
            let catalogue = &at.council.catalogue;
            (
                Vec::new(),
                Vec::new(),
                waiting::stays(&case, &past, catalogue),
            )
        }
        Written::Changed { .. } | Written::Noted { .. } => (
            clocks::of_case(tx, case.id)?,
            all_taken(tx, case.id)?,
            stays_of(tx, at, &case, news)?,
        ),
    };
    note_crossed(&kept, &readings, &mut happened);
    let dates = Dates {
        wake_at: wake_at(at, &case, terms, &readings, &taken, &stays),
        ..dates(&case, terms, &readings)
    };
    match written {
        Written::Opened => cases::insert(tx, &case, &dates)?,
        Written::Changed { read_revision } => {
            case.version += 1;
            case.revision = read_revision + 1;
            cases::update(tx, &case, &dates, read_revision)?;
        }
        Written::Noted { read_revision } => {
            case.revision = read_revision + 1;
            cases::update(tx, &case, &dates, read_revision)?;
        }
    }
    clocks::keep(tx, case.id, &readings, &kept, || at.id())?;
    let is_new = written == Written::Opened;
    measuring::note(tx, at, &case, (terms, &readings, &dates), &happened, is_new)?;
    survey::followed(tx, at, &case, &happened)?;
    let mut lines = Vec::with_capacity(happened.len());
    for (event, actor) in happened {
        lines.push(events::append(
            tx,
            at.id(),
            case.id,
            at.now,
            &actor,
            &event,
        )?);
    }
    Ok(Settled {
        filed: Filed { case, dates },
        readings,
        lines,
    })
}

/// As [`settle`], where everything that happened was one actor's doing.
///
/// # Errors
/// A conflict when somebody else changed the case since it was read.
pub fn settle_by(
    tx: &mut Tx<'_>,
    at: &Moment,
    case: Case,
    terms: &Terms,
    happened: Vec<Event>,
    by: &ActorLabel,
    written: Written,
) -> Result<Settled, Failure> {
    let happened = happened
        .into_iter()
        .map(|event| (event, by.clone()))
        .collect();
    settle(tx, at, case, terms, happened, written)
}

/// Where a case waits now; `happened` is not on its timeline yet.
///
/// # Errors
/// When the timeline cannot be read.
pub fn stays_of<'e>(
    conn: &mut Conn,
    at: &Moment,
    case: &Case,
    happened: impl IntoIterator<Item = &'e Event>,
) -> Result<Vec<Stay>, Failure> {
    if case.is_closed() {
        return Ok(Vec::new());
    }
    let mut past = Past::opened(case.opened_at);
    for (when, event) in events::of_kinds(conn, case.id, &Past::KINDS)? {
        past.note(when, &event);
    }
    for event in happened {
        past.note(at.now, event);
    }
    Ok(waiting::stays(case, &past, &at.council.catalogue))
}

/// Every step taken on a case: of its clocks, its alerts and the places it waited in.
///
/// # Errors
/// When they cannot be read.
pub fn all_taken(conn: &mut Conn, case: CaseId) -> Result<Vec<Taken>, Failure> {
    let mut taken = escalations::of_case(conn, case)?;
    taken.extend(escalations::of_places(conn, case)?);
    Ok(taken)
}

/// The promises every list shows.
#[must_use]
pub fn dates(case: &Case, terms: &Terms, readings: &[Reading]) -> Dates {
    let acknowledge = acknowledge_reading(case, terms, readings);
    let respond = answer_reading(case, terms, readings);
    let is_running = |reading: &&Reading| {
        matches!(
            reading.state,
            State::Running | State::Missed | State::Projected
        )
    };
    Dates {
        acknowledge_by: acknowledge.and_then(|reading| reading.due_at),
        acknowledge_on: acknowledge.and_then(|reading| reading.due_on),
        respond_by: respond.and_then(|reading| reading.due_at),
        respond_on: respond.and_then(|reading| reading.due_on),
        is_projected: respond.is_some_and(|reading| reading.state == State::Projected),
        first_promised_on: respond.and_then(|reading| reading.first_due_on),
        due_at: if case.is_closed() {
            None
        } else {
            readings
                .iter()
                .filter(is_running)
                .filter_map(|reading| reading.due_at)
                .min()
        },
        wake_at: None,
    }
}

/// The clock that promises the answer at the stage the case is at.
#[must_use]
pub fn answer_reading<'r>(
    case: &Case,
    terms: &Terms,
    readings: &'r [Reading],
) -> Option<&'r Reading> {
    let name = lifecycle::current_answer_clock(case, terms)?;
    readings.iter().find(|reading| reading.name == name)
}

/// The clock that promises the acknowledgement at the stage the case is at.
#[must_use]
pub fn acknowledge_reading<'r>(
    case: &Case,
    terms: &Terms,
    readings: &'r [Reading],
) -> Option<&'r Reading> {
    let is_later_stage = case.stage >= 2;
    let stage_2 = readings
        .iter()
        .find(|reading| reading.name == "stage_2_acknowledge");
    if is_later_stage && stage_2.is_some() {
        return stage_2;
    }
    let name = &terms.standard.acknowledge_clock()?.name;
    readings.iter().find(|reading| reading.name == *name)
}

/// The ladder of one clock: its own where the standard names one, else the category's.
#[must_use]
pub fn ladder_of<'c>(at: &'c Moment, case: &Case, terms: &Terms, clock: &str) -> &'c Ladder {
    let catalogue = &at.council.catalogue;
    terms
        .standard
        .clock(clock)
        .and_then(|spec| spec.ladder.as_deref())
        .and_then(|slug| catalogue.ladders.get(slug))
        .unwrap_or_else(|| catalogue.ladder_for(&case.service, &case.category))
}

/// The steps that tell the duty contact of danger, until somebody has the case.
#[must_use]
pub fn alert_steps(at: &Moment, case: &Case) -> Vec<PlannedStep> {
    if !case.is_in_danger() || case.is_claimed || case.is_closed() {
        return Vec::new();
    }
    danger_steps(at, case.danger_since.unwrap_or(case.opened_at))
}

/// The steps that tell of danger known since then.
#[must_use]
pub fn danger_steps(at: &Moment, since: Timestamp) -> Vec<PlannedStep> {
    let catalogue = &at.council.catalogue;
    catalogue
        .ladders
        .get("danger")
        .map_or_else(Vec::new, |danger| {
            ladder::plan_waiting(danger, since, since, &catalogue.calendar)
        })
}

/// What has been taken on one clock for the promise as it stands.
#[must_use]
pub fn taken_steps(taken: &[Taken], clock: &str) -> BTreeSet<(String, i32, Timestamp)> {
    taken
        .iter()
        .filter(|one| one.clock == clock)
        .map(|one| (one.step.clone(), one.occurrence, one.promised_at))
        .collect()
}

/// Name under which alerts of danger stand among a case's steps; no standard has such a clock.
pub const ALERT: &str = "danger_alert";

/// When a case must be looked at next: its next untaken step, the next date that passes or pause
/// that ends, the end of the follow-up window, the next alert, the next step of a place it waits in.
fn wake_at(
    at: &Moment,
    case: &Case,
    terms: &Terms,
    readings: &[Reading],
    taken: &[Taken],
    stays: &[Stay],
) -> Option<Timestamp> {
    if case.is_closed() {
        return None;
    }
    let mut instants: Vec<Timestamp> = Vec::new();
    for reading in readings {
        let ladder = ladder_of(at, case, terms, &reading.name);
        let known = taken_steps(taken, &reading.name);
        instants.extend(next_untaken(
            &ladder::plan_steps(ladder, reading, terms),
            &known,
        ));
    }
    let known = taken_steps(taken, ALERT);
    instants.extend(next_untaken(&alert_steps(at, case), &known));
    for stay in stays {
        let known = taken_steps(taken, stay.place.clock());
        instants.extend(next_untaken(&stay.steps(&at.council.catalogue), &known));
    }
    instants.extend(clock::next_change_at(&case.facts, terms, at.now));
    if case.status == Status::Responded
        && let Some(until) = case.follow_up_until
        && let Ok(day_after) = until.tomorrow()
    {
        instants.push(
            at.council
                .catalogue
                .calendar
                .instant(day_after, WallTime::MIDNIGHT),
        );
    }
    instants.into_iter().min()
}

fn next_untaken(
    steps: &[PlannedStep],
    known: &BTreeSet<(String, i32, Timestamp)>,
) -> Option<Timestamp> {
    steps
        .iter()
        .filter(|step| !step.skipped)
        .filter(|step| {
            let occurrence = i32::try_from(step.occurrence).unwrap_or(i32::MAX);
            !known.contains(&(step.step.clone(), occurrence, step.due_at))
        })
        .map(|step| step.at)
        .min()
}

/// Dates that have passed unmet since the clocks were last filed go on the timeline.
fn note_crossed(
    kept: &[clocks::Kept],
    readings: &[Reading],
    happened: &mut Vec<(Event, ActorLabel)>,
) {
    let reeve = ActorLabel {
        kind: "reeve".to_owned(),
        id: None,
        name: None,
    };
    for reading in readings {
        let before = kept
            .iter()
            .find(|one| one.name == reading.name)
            .map(|one| one.state.as_str());
        let is_news = before != Some(reading.state.to_string().as_str());
        if reading.state == State::Missed
            && is_news
            && let Some(due_at) = reading.due_at
        {
            let missed = Event::ClockMissed {
                clock: reading.name.clone(),
                due_at,
            };
            happened.push((missed, reeve.clone()));
        }
    }
}
