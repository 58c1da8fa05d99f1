//! When a clock was met, and what a bounce makes of it.

use jiff::Timestamp;

use super::Facts;
use crate::domain::standard::ClockSpec;

/// Every time an event happened.
pub(super) fn happened<'f>(
    facts: &'f Facts,
    event: &'f str,
) -> impl Iterator<Item = Timestamp> + 'f {
    facts
        .events
        .iter()
        .filter(move |happened| happened.name == event)
        .map(|happened| happened.at)
}

/// Every instant at which something met the clock.
pub(super) fn met<'f>(
    facts: &'f Facts,
    name: &'f str,
    stops_on: &'f [String],
) -> impl Iterator<Item = Timestamp> + 'f {
    let events = facts
        .events
        .iter()
        .filter(move |happened| stops_on.contains(&happened.name));
    let stops = facts.stops.iter().filter(move |stop| stop.clock == name);
    events
        .map(|happened| happened.at)
        .chain(stops.map(|stop| stop.at))
}

/// When the clock was met, as one knew at an instant: what a bounce made void no longer counts.
pub(super) fn met_as_of(
    facts: &Facts,
    name: &str,
    stops_on: &[String],
    now: Timestamp,
) -> Option<Timestamp> {
    let voided = facts
        .reopened
        .iter()
        .filter(|reopened| reopened.clock == name && reopened.at <= now);
    let last_voided = voided.map(|reopened| reopened.at).max();
    met(facts, name, stops_on)
        .filter(|at| *at <= now && last_voided.is_none_or(|voided| voided < *at))
        .min()
}

pub(super) fn is_met_at(facts: &Facts, spec: &ClockSpec, at: Timestamp) -> bool {
    met_as_of(facts, &spec.name, &spec.stops_on, at).is_some()
}

/// Whether the clock stood met just before an instant.
pub(super) fn was_met_before(
    facts: &Facts,
    name: &str,
    stops_on: &[String],
    at: Timestamp,
) -> bool {
    met_as_of(facts, name, stops_on, at).is_some_and(|met_at| met_at < at)
}

#[cfg(test)]
mod tests {
    use crate::domain::calendar::tests::at;
    use crate::domain::clock::tests::{reading, received, terms};
    use crate::domain::clock::{Cancelled, OwnPromise, State};

    #[test]
    fn an_answer_at_the_very_instant_at_which_a_date_becomes_late_is_late() {
        let charter = terms("charter");
        for (answered_at, missed_at) in [
            ("2026-11-16T16:59:59Z", None),
            ("2026-11-16T17:00:00Z", Some(at("2026-11-16T17:00:00Z"))),
        ] {
            let mut facts = received("2026-11-02T10:00:00Z");
            facts.happened("responded", at(answered_at));
            let answer = reading(&facts, &charter, "respond", "2026-11-20T10:00:00Z");
            assert_eq!((answer.state, answer.missed_at), (State::Met, missed_at));
        }
    }

    #[test]
    fn a_promise_of_a_case_that_is_cancelled_is_cancelled_from_then_on() {
        let charter = terms("charter");
        let mut facts = received("2026-11-02T10:00:00Z");
        facts.promises.push(OwnPromise {
            name: "promise-1".to_owned(),
            what: "ring back about the bin".to_owned(),
            by: at("2026-11-06T00:00:00Z"),
            made_at: at("2026-11-04T10:00:00Z"),
            owner: "officer".to_owned(),
        });
        facts.cancelled = Some(Cancelled {
            at: at("2026-11-05T10:00:00Z"),
            reason: "Opened twice".to_owned(),
        });
        let state = |now: &str| reading(&facts, &charter, "promise-1", now).state;
        assert_eq!(state("2026-11-05T09:59:59Z"), State::Running);
        assert_eq!(state("2026-11-05T10:00:00Z"), State::Cancelled);
        assert_eq!(state("2026-11-07T10:00:00Z"), State::Cancelled);
    }
}
