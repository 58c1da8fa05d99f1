//! What figures are made of, written with each case, and summed up by day.
//!
//! A figure is made from what was so when it happened: the dates the person was told, when they were
//! kept, how many working days it took on the case's own calendar, which posts were over it when it came
//! to its service. `note` writes that in the transaction that writes the case, so nothing is missing
//! and nothing is worked out again from today's rules. [`roll_up`] sums up the closed cases of a day
//! whenever one of them has changed; that is a copy, and a report is the same without it, only slower.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::desk::{Desk, Moment};
use super::failure::Failure;
use crate::domain::access::ActorLabel;
use crate::domain::case::{Case, Secrecy};
use crate::domain::clock::{Reading, Terms};
use crate::domain::decision::{DecidedBy, is_decided};
use crate::domain::lifecycle::Event;
use crate::domain::measure::{self, DaysTaken};
use crate::store::Tx;
use crate::store::cases::Dates;
use crate::store::measures::{self, Measured};
use crate::store::stage_measures::{self, OMBUDSMAN, StageMeasured};
use crate::store::types::{At, NEVER};

/// How often days are summed up: a day on which much is closed is summed once for many cases.
const EVERY: SignedDuration = SignedDuration::from_secs(60);
/// So many days in one look, so that a first one over years does not hold others up.
const DAYS_AT_ONCE: i64 = 100;

/// When days were summed up last, by this process.
#[derive(Debug, Default)]
pub struct Rolling {
    last_at: Mutex<Option<Timestamp>>,
}

impl Rolling {
    /// Sums up what has changed, unless that was done within the last minute.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn look(&self, desk: &Arc<Desk>) -> Result<usize, Failure> {
        let now = desk.time.now();
        {
            let mut last_at = self.last_at.lock().unwrap_or_else(PoisonError::into_inner);
            let is_fresh = last_at.is_some_and(|last| last <= now && now < last + EVERY);
            if is_fresh {
                return Ok(0);
            }
            *last_at = Some(now);
        }
        roll_up(desk).await
    }
}

/// Sums up the days whose sums are not what their cases say, each in a transaction of its own. Answers
/// how many there were.
///
/// # Errors
/// When it cannot be written.
pub async fn roll_up(desk: &Arc<Desk>) -> Result<usize, Failure> {
    let days = desk
        .read(|conn, _| Ok(measures::unrolled_days(conn, DAYS_AT_ONCE)?))
        .await?;
    let n_days = days.len();
    for day in days {
        desk.db
            .write(move |tx| measures::roll(tx, day).map_err(Failure::from))
            .await?;
    }
    Ok(n_days)
}

/// Writes what is measured of a case that was just written.
pub(super) fn note(
    tx: &mut Tx<'_>,
    at: &Moment,
    case: &Case,
    (terms, readings, dates): (&Terms, &[Reading], &Dates),
    happened: &[(Event, ActorLabel)],
    is_new: bool,
) -> Result<(), Failure> {
    let before = if is_new {
        None
    } else {
        measures::find(tx, case.id)?
    };
    if is_decided(case.procedure) {
        note_stages(tx, at, case, (terms, readings), happened)?;
    }
    let n_reopened = happened
        .iter()
        .filter(|(event, _)| matches!(event, Event::Reopened { .. }))
        .count();
    let measured = measured(
        at,
        case,
        (terms, readings, dates),
        before.as_ref().map(|(before, _)| before),
        i32::try_from(n_reopened).unwrap_or(i32::MAX),
    );
    let corrects = |event: &Event| {
        let kind = event.kind();
        measures::CORRECTIONS.iter().any(|(own, _)| *own == kind)
    };
    let was = before.as_ref().map(|(was, _)| was);
    let is_moved = was.is_some_and(|was| !stands_beside(was, &measured));
    if let Some(was) = was.filter(|was| is_moved && !was.is_restricted) {
        measures::note_departure(tx, at.id(), was, at.now)?;
    }
    if was.is_some() && (is_moved || happened.iter().any(|(event, _)| corrects(event))) {
        measures::note_correction(tx, case.id, at.now)?;
    }
    match before {
        None => measures::insert(tx, &measured)?,
        Some((before, _)) if before == measured => {}
        Some((before, is_unrolled)) => {
            // The sums hold closed cases only: of one that is open they say nothing, unless it was
            // closed when they were made.
            let is_unrolled = is_unrolled || before.is_closed || measured.is_closed;
            measures::update(tx, &measured, is_unrolled)?;
        }
    }
    Ok(())
}

/// Whether figures count a case where they counted it before.
fn stands_beside(was: &Measured, is: &Measured) -> bool {
    let place = |one: &Measured| {
        [
            one.service.clone(),
            one.queue.clone(),
            one.procedure.clone(),
            one.portfolio.clone(),
            one.ward.clone(),
        ]
    };
    was.is_restricted == is.is_restricted && place(was) == place(is)
}

/// Writes what is measured of the stages a case has come to, and what was decided at each.
fn note_stages(
    tx: &mut Tx<'_>,
    at: &Moment,
    case: &Case,
    (terms, readings): (&Terms, &[Reading]),
    happened: &[(Event, ActorLabel)],
) -> Result<(), Failure> {
    let known = stage_measures::of_case(tx, case.id)?;
    let service = stage_measures::service_asked_about(tx, case.id)?;
    let service = service.unwrap_or_else(|| case.service.clone());
    let mut rows: Vec<StageMeasured> = Vec::new();
    let day = |instant| at.council.catalogue.calendar.date_of(instant);
    for measure in measure::stages(&case.facts, terms, readings, case.stage) {
        let stage = i32::from(measure.stage);
        let mut row = known
            .iter()
            .find(|row| row.stage == stage)
            .cloned()
            .unwrap_or_else(|| StageMeasured::new(case.id, stage, day(measure.started_at)));
        row.standard.clone_from(&terms.standard.slug);
        // What somebody said it is about stays; what was only assumed is put right.
        if row.service.is_empty() || row.service == case.service {
            let said_before = rows.last().map(|before: &StageMeasured| &before.service);
            row.service = said_before.unwrap_or(&service).clone();
        }
        row.acknowledgement_promised_at = measure.acknowledgement.promised_at.map(kept);
        row.acknowledged_at = measure.acknowledgement.met_at.map(kept);
        row.answer_promised_at = measure.answer.promised_at.map(kept);
        row.answered_at = measure.answer.met_at.map(kept);
        row.is_extended = measure.is_extended;
        row.went_on = measure.stage < case.stage;
        rows.push(row);
    }
    rows.extend(known.iter().find(|row| row.stage == OMBUDSMAN).cloned());
    for (event, _) in happened {
        let Event::DecisionRecorded(decided) = event else {
            continue;
        };
        let stage = match decided.by {
            DecidedBy::Council => i32::from(decided.stage),
            DecidedBy::Ombudsman => OMBUDSMAN,
        };
        if stage == OMBUDSMAN && !rows.iter().any(|row| row.stage == stage) {
            let mut row = StageMeasured::new(case.id, stage, at.today());
            row.standard.clone_from(&terms.standard.slug);
            row.service.clone_from(&service);
            rows.push(row);
        }
        if let Some(row) = rows.iter_mut().find(|row| row.stage == stage) {
            row.decide(decided);
        }
    }
    for row in rows {
        if !known.contains(&row) {
            stage_measures::put(tx, &row)?;
        }
    }
    Ok(())
}

fn measured(
    at: &Moment,
    case: &Case,
    (terms, readings, dates): (&Terms, &[Reading], &Dates),
    before: Option<&Measured>,
    n_reopened: i32,
) -> Measured {
    let catalogue = &at.council.catalogue;
    let measure = measure::measure(&case.facts, terms, readings);
    // Whoever was over it when it came to them: a post that changes hands or name takes nothing along.
    let stayed = before.filter(|before| before.service == case.service);
    let (head_of_service, portfolio) = match (stayed, catalogue.service(&case.service)) {
        (Some(before), _) => (before.head_of_service.clone(), before.portfolio.clone()),
        (None, Some(service)) => (service.head_of_service.clone(), service.portfolio.clone()),
        (None, None) => (String::new(), String::new()),
    };
    let waited = before.filter(|before| before.queue == case.queue);
    let team = match (waited, catalogue.queue(&case.queue)) {
        (Some(before), _) => before.team.clone(),
        (None, Some(queue)) => queue.team_name.clone(),
        (None, None) => case.queue.clone(),
    };
    let number = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
    // Placing what nobody had placed yet passes it from no team; neither does another queue of one team.
    let is_passed_on = before.is_some_and(|before| {
        let is_placed = before.queue != catalogue.routing.fallback.queue;
        is_placed && before.queue != case.queue && before.team != team
    });
    let n_transfers = before.map_or(0, |before| before.n_transfers);
    Measured {
        case_id: case.id.into(),
        received_on: catalogue.calendar.date_of(case.received_at).into(),
        received_at: kept(case.received_at),
        service: case.service.clone(),
        category: case.category.clone(),
        queue: case.queue.clone(),
        team,
        procedure: case.procedure.to_string(),
        channel: case.channel.to_string(),
        ward: case.ward.clone().unwrap_or_default(),
        head_of_service,
        portfolio,
        is_restricted: case.secrecy == Secrecy::Restricted,
        is_closed: case.is_closed(),
        closed_at: case.closed_at.filter(|_| case.is_closed()).map(kept),
        due_at: kept(dates.due_at.unwrap_or(NEVER)),
        acknowledgement_promised_at: measure.acknowledgement.promised_at.map(kept),
        acknowledged_at: measure.acknowledgement.met_at.map(kept),
        answer_promised_at: measure.answer.promised_at.map(kept),
        answered_at: measure.answer.met_at.map(kept),
        answered_in: measure.answered_in.as_ref().map(DaysTaken::to_string),
        n_reopened: before
            .map_or(0, |before| before.n_reopened)
            .saturating_add(n_reopened),
        n_transfers: n_transfers.saturating_add(i32::from(is_passed_on)),
        n_chasers: number(case.n_chasers),
        paused_seconds: measure.paused_seconds,
    }
}

/// To the microsecond, as it is read back: what is the same is not written again.
fn kept(at: Timestamp) -> At {
    At(Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at))
}
