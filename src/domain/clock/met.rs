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
