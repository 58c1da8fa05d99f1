//! One case at one instant: what ends by itself, what is due, and when to look again.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::chain::Chain;
use super::{alert, steps, waiting};
use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::casework::promises::{
    Written, alert_steps, all_taken, ladder_of, settle_by, stays_of, terms_of,
};
use crate::domain::access::Actor;
use crate::domain::calendar::WallTime;
use crate::domain::case::{Case, Outcome, Status};
use crate::domain::clock::{self, Reading, Terms};
use crate::domain::ids::CaseId;
use crate::domain::ladder;
use crate::domain::lifecycle::{self, By, Event};
use crate::domain::waiting::Stay;
use crate::store::Tx;
use crate::store::cases::{self, Dates, Filed};
use crate::store::clocks::{self, Kept};
use crate::store::escalations::Taken;

/// What looking at one case came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Looked {
    pub was_due: bool,
    pub n_told: usize,
    pub n_undeliverable: usize,
}

/// A case being looked at.
pub(super) struct Looking<'t> {
    pub case: Case,
    pub terms: &'t Terms,
    pub kept: Vec<Kept>,
    pub taken: Vec<Taken>,
    pub happened: Vec<Event>,
    pub n_told: usize,
    pub n_undeliverable: usize,
    /// Addresses that hear of this case now.
    pub told: BTreeSet<String>,
}

/// Looks at one case, unless another replica has done so since it was chosen.
///
/// # Errors
/// When it cannot be written; then nothing was taken.
pub fn look_at(tx: &mut Tx<'_>, at: &Moment, id: CaseId) -> Result<Looked, Failure> {
    let Some(Filed { case, dates }) = cases::find(tx, id)? else {
        return Ok(Looked::default());
    };
    if dates.wake_at.is_none_or(|wake_at| wake_at > at.now) {
        return Ok(Looked::default());
    }
    let read_revision = case.revision;
    let terms = terms_of(tx, at, &case)?;
    let mut looking = Looking {
        kept: clocks::of_case(tx, id)?,
        taken: all_taken(tx, id)?,
        terms: &terms,
        case,
        happened: Vec::new(),
        n_told: 0,
        n_undeliverable: 0,
        told: BTreeSet::new(),
    };
    end_pauses(at, &mut looking);
    close_when_nobody_wrote_again(at, &mut looking);
    let readings = clock::read(&looking.case.facts, &terms, at.now);
    let stays = stays_of(tx, at, &looking.case, &looking.happened)?;
    if !looking.case.is_closed() {
        let chain = Chain::of(tx, at, &looking.case)?;
        steps::take_due(tx, at, &mut looking, &readings, &chain)?;
        waiting::tell_of_resumption(tx, at, &mut looking, &readings, &chain)?;
        waiting::take_due(tx, at, &mut looking, &readings, &stays, &chain)?;
        alert::raise_due(tx, at, &mut looking, &chain)?;
    }
    let looked = Looked {
        was_due: true,
        n_told: looking.n_told,
        n_undeliverable: looking.n_undeliverable,
    };
    let later = next_look_at(at, &looking.case, &terms, &readings, &stays);
    file(tx, at, looking, &readings, later, dates, read_revision)?;
    Ok(looked)
}

/// Writes the case, and when to look at it again.
fn file(
    tx: &mut Tx<'_>,
    at: &Moment,
    looking: Looking<'_>,
    readings: &[Reading],
    later: Option<Timestamp>,
    dates: Dates,
    read_revision: i64,
) -> Result<(), Failure> {
    let Looking {
        case,
        terms,
        kept,
        happened,
        ..
    } = looking;
    let is_as_filed = readings.iter().all(|reading| {
        kept.iter()
            .any(|kept| kept.name == reading.name && kept.state == reading.state.to_string())
    });
    if happened.is_empty() && is_as_filed {
        // Nothing to tell: whoever reads the case finds it as it was, under the same version.
        cases::update(
            tx,
            &case,
            &Dates {
                wake_at: later,
                ..dates
            },
            read_revision,
        )?;
        return Ok(());
    }
    let changes_it = happened
        .iter()
        .any(|event| matches!(event, Event::Resumed { .. } | Event::Closed { .. }));
    let written = if changes_it {
        Written::Changed { read_revision }
    } else {
        Written::Noted { read_revision }
    };
    let settled = settle_by(
        tx,
        at,
        case,
        terms,
        happened,
        &Actor::System.label(),
        written,
    )?;
    // All that had come by now was dealt with just now. A case still due, because alerts that nobody
    // was there to send stand untaken, would be looked at for ever.
    if settled
        .filed
        .dates
        .wake_at
        .is_some_and(|wake_at| wake_at <= at.now)
    {
        let Filed { case, dates } = settled.filed;
        let revision = case.revision;
        cases::update(
            tx,
            &case,
            &Dates {
                wake_at: later,
                ..dates
            },
            revision,
        )?;
    }
    Ok(())
}

/// A pause ends when its latest day begins, at that instant, however late we come to look.
fn end_pauses(at: &Moment, looking: &mut Looking<'_>) {
    let calendar = &looking.terms.calendar;
    let mut n_ended = 0;
    for pause in looking
        .case
        .facts
        .pauses
        .iter_mut()
        .filter(|pause| pause.to.is_none())
    {
        let ends_at = calendar.instant(pause.resume_on, WallTime::MIDNIGHT);
        if ends_at <= at.now {
            pause.to = Some(ends_at.max(pause.from));
            n_ended += 1;
        }
    }
    let still_waits = looking
        .case
        .facts
        .pauses
        .iter()
        .any(|pause| pause.to.is_none());
    if n_ended > 0 && !still_waits && looking.case.status == Status::Waiting {
        let resumed = Event::Resumed {
            why: "the latest day for waiting has come".to_owned(),
        };
        happen(at, looking, resumed);
    }
}

/// An answered case closes when nobody has said by the last day that it is not right.
fn close_when_nobody_wrote_again(at: &Moment, looking: &mut Looking<'_>) {
    let is_over = looking
        .case
        .follow_up_until
        .is_some_and(|until| at.today() > until);
    if looking.case.status == Status::Responded && is_over {
        let outcome = looking.case.outcome.unwrap_or(Outcome::Answered);
        happen(at, looking, Event::Closed { outcome });
    }
}

fn happen(at: &Moment, looking: &mut Looking<'_>, event: Event) {
    lifecycle::apply(&mut looking.case, &event, looking.terms, By::System, at.now);
    looking.happened.push(event);
}

/// When something happens next, all that has come by now being done.
fn next_look_at(
    at: &Moment,
    case: &Case,
    terms: &Terms,
    readings: &[Reading],
    stays: &[Stay],
) -> Option<Timestamp> {
    if case.is_closed() {
        return None;
    }
    let of_clocks = readings.iter().filter_map(|reading| {
        let ladder = ladder_of(at, case, terms, &reading.name);
        ladder::next_step_at(ladder, reading, terms, Some(at.now))
    });
    let of_danger = alert_steps(at, case)
        .into_iter()
        .filter(|step| !step.skipped)
        .map(|step| step.at);
    let over_at = case
        .follow_up_until
        .filter(|_| case.status == Status::Responded)
        .and_then(|until| until.tomorrow().ok())
        .map(|day_after| {
            at.council
                .catalogue
                .calendar
                .instant(day_after, WallTime::MIDNIGHT)
        });
    let catalogue = &at.council.catalogue;
    let of_places = stays
        .iter()
        .filter_map(|stay| stay.next_step_at(catalogue, at.now));
    of_clocks
        .chain(of_danger)
        .chain(of_places)
        .chain(clock::next_change_at(&case.facts, terms, at.now))
        .chain(over_at)
        .filter(|next| *next > at.now)
        .min()
}
