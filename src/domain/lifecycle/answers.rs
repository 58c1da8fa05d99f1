//! What counts as an acknowledgement or an answer, and which clock of which stage it meets.
//!
//! A case at its second stage has clocks of its own, so what a reply or a closure meets follows from
//! the stage. A reply taken back is here too: it undoes exactly what it met.

use jiff::Timestamp;

use crate::domain::case::{Case, Outcome, Status};
use crate::domain::clock::{self, Cancelled, Terms};

/// The acknowledgement has reached the person: by a notice accepted for delivery, or in words.
pub fn acknowledge(case: &mut Case, terms: &Terms, at: Timestamp, how: &str) {
    let standard = &terms.standard;
    let clock = standard
        .acknowledge_clock_of(case.stage)
        .or_else(|| standard.acknowledge_clock());
    if let Some(clock) = clock {
        meet_acknowledgement(case, terms, &clock.name, at, how);
    }
}

/// One acknowledgement has reached the person, whatever stage the case is at by now: a mail that was
/// late meets the clock it was written for.
pub fn meet_acknowledgement(case: &mut Case, terms: &Terms, clock: &str, at: Timestamp, how: &str) {
    let is_met = |stop: &clock::Stop| stop.clock == clock && !is_reopened(case, clock, stop.at);
    if !case.facts.stops.iter().any(is_met) {
        case.facts.stop(clock, at, how);
    }
    let event = if clock.starts_with("stage_2") {
        "stage_2_acknowledged"
    } else {
        "acknowledged"
    };
    let is_known = terms.standard.events().contains(&event);
    if is_known
        && !case
            .facts
            .events
            .iter()
            .any(|happened| happened.name == event)
    {
        case.facts.happened(event, at);
    }
}

/// Whether somebody else here may look at it again after the stage it is at.
#[must_use]
pub fn has_next_stage(case: &Case, terms: &Terms) -> bool {
    !stage_events(terms, case.stage.saturating_add(1)).is_empty()
}

/// The answer clock of the stage the case is at.
#[must_use]
pub fn current_answer_clock(case: &Case, terms: &Terms) -> Option<String> {
    let prefix = match case.stage {
        2 => "stage_2",
        3 => "stage_3",
        _ => {
            return terms
                .standard
                .answer_clock()
                .map(|clock| clock.name.clone());
        }
    };
    terms
        .standard
        .clocks
        .iter()
        .find(|clock| clock.name.starts_with(prefix) && !clock.is_acknowledgement())
        .map(|clock| clock.name.clone())
}

pub(super) fn close(case: &mut Case, terms: &Terms, outcome: Outcome, now: Timestamp) {
    // These tell the person how it ended, which is the answer; the others end the promise
    // without one.
    let is_an_answer = matches!(
        outcome,
        Outcome::Answered
            | Outcome::Resolved
            | Outcome::Referred
            | Outcome::NotOurs
            | Outcome::Refused
    );
    if is_an_answer {
        if let Some(clock) = current_answer_clock(case, terms)
            && !case
                .facts
                .stops
                .iter()
                .any(|stop| stop.clock == clock && !is_reopened(case, &clock, stop.at))
        {
            case.facts.stop(&clock, now, "closure");
        }
        acknowledge_late(case, terms, now);
    }
    case.facts.resume(now);
    case.facts.cancelled = Some(Cancelled {
        at: now,
        reason: outcome.as_str().to_owned(),
    });
    case.status = Status::Closed;
    case.waiting_for = None;
    case.outcome = Some(outcome);
    case.closed_at = Some(now);
}

/// An answer that comes before any acknowledgement is the acknowledgement too.
pub(super) fn acknowledge_late(case: &mut Case, terms: &Terms, now: Timestamp) {
    acknowledge(case, terms, now, "reply");
}

/// As if the last reply had not been written: what it met runs on, also the acknowledgement it was.
/// A reply before it still stands.
pub(super) fn take_back_reply(case: &mut Case, terms: &Terms) {
    let answer = current_answer_clock(case, terms);
    let is_reply = |stop: &&clock::Stop| stop.how.as_deref() == Some("reply");
    let of_answer = |stop: &&clock::Stop| Some(&stop.clock) == answer.as_ref();
    let last = case
        .facts
        .stops
        .iter()
        .filter(is_reply)
        .filter(of_answer)
        .map(|stop| stop.at)
        .max();
    let Some(taken_at) = last else {
        return;
    };
    case.facts
        .stops
        .retain(|stop| !(stop.how.as_deref() == Some("reply") && stop.at == taken_at));
    case.facts
        .events
        .retain(|event| !(event.name.ends_with("acknowledged") && event.at == taken_at));
    let is_answered_still = answer.is_some_and(|clock| {
        let mut stops = case.facts.stops.iter().filter(|stop| stop.clock == clock);
        stops.any(|stop| !is_reopened(case, &clock, stop.at))
    });
    if !is_answered_still {
        case.status = if case.owner.is_some() {
            Status::Open
        } else {
            Status::New
        };
        case.outcome = None;
        case.follow_up_until = None;
    }
}

/// The events that a new stage is, under this standard.
pub(super) fn stage_events(terms: &Terms, stage: u8) -> Vec<String> {
    let names: &[&str] = match stage {
        2 => &["escalated", "stage_2_started"],
        3 => &["panel_requested"],
        _ => &[],
    };
    let known = terms.standard.events();
    names
        .iter()
        .filter(|name| known.contains(name))
        .map(|name| (*name).to_owned())
        .collect()
}

fn is_reopened(case: &Case, clock: &str, since: Timestamp) -> bool {
    case.facts
        .reopened
        .iter()
        .any(|again| again.clock == clock && again.at >= since)
}
