//! Officers' own promises: clocks whose last instant somebody named.

use jiff::{SignedDuration, Timestamp};

use super::met::{met_as_of, was_met_before};
use super::{Facts, OwnPromise, Promised, Reading, State, Terms};

/// Reads an officer's own promise, a clock whose last instant they named themselves.
pub(super) fn read_promise(
    promise: &OwnPromise,
    facts: &Facts,
    terms: &Terms,
    now: Timestamp,
) -> Reading {
    let calendar = &terms.calendar;
    let met_at = met_as_of(facts, &promise.name, &[], now);
    let cancelled_at = facts.cancelled.as_ref().map(|cancelled| cancelled.at);
    let state = if met_at.is_some() {
        State::Met
    } else if cancelled_at.is_some_and(|at| at <= now) {
        State::Cancelled
    } else if promise.by <= now {
        State::Missed
    } else {
        State::Running
    };
    let kept = was_met_before(facts, &promise.name, &[], promise.by)
        || cancelled_at.is_some_and(|at| at <= promise.by);
    // Promised "by Thursday" may be written as the midnight after it; its day is Thursday.
    let last = promise
        .by
        .saturating_sub(SignedDuration::from_nanos(1))
        .unwrap_or(promise.by);
    Reading {
        name: promise.name.clone(),
        starts_at: Some(promise.made_at),
        counted_from_on: Some(calendar.date_of(promise.made_at)),
        due_on: Some(calendar.date_of(last)),
        due_at: Some(promise.by),
        state,
        met_at,
        missed_at: (!kept && promise.by <= now).then_some(promise.by),
        first_due_on: facts.first_due.get(&promise.name).copied(),
        paused: Vec::new(),
        extended: None,
        extended_max_on: None,
        measured_at: Some(promise.by),
        first_met_at: None,
        promise: Some(Promised {
            what: promise.what.clone(),
            owner: promise.owner.clone(),
        }),
    }
}
