//! The times a clock stood still, as days and as spans of time.

use jiff::Timestamp;
use jiff::civil::Date;

use super::met::is_met_at;
use super::{Facts, Paused, Terms};
use crate::domain::calendar::{Calendar, Day, WallTime};
use crate::domain::standard::ClockSpec;

/// The times a clock stood still: in order, none touching another.
#[derive(Clone, Debug, Default)]
pub(in crate::domain) struct Gaps {
    pub spans: Vec<(Timestamp, Timestamp)>,
    /// After the first day up to and including the second: the day of the pause counts, the day
    /// it resumes does not, as with receipt.
    pub days: Vec<(Day, Day)>,
    /// The pauses as they were written down.
    pub pauses: Vec<Paused>,
}

impl Gaps {
    pub fn of(facts: &Facts, spec: &ClockSpec, terms: &Terms) -> Gaps {
        let mut gaps = Gaps::default();
        if spec.pause.is_none() || facts.pauses.is_empty() {
            return gaps;
        }
        let calendar = &terms.calendar;
        for pause in &facts.pauses {
            let own = pause.clock.as_ref().is_none_or(|clock| *clock == spec.name);
            let ends_at = pause_ends_at(pause.to, pause.resume_on, calendar);
            if !own || ends_at <= pause.from || is_met_at(facts, spec, pause.from) {
                continue;
            }
            gaps.spans.push((pause.from, ends_at));
            gaps.pauses.push(Paused {
                from: pause.from,
                to: pause.to.map(|to| to.min(ends_at)),
                resume_on: pause.resume_on,
                reason: pause.reason.clone(),
                waiting_for: pause.waiting_for,
            });
        }
        gaps.pauses.sort_by_key(|pause| pause.from);
        let days = gaps.spans.iter().map(|(from, to)| {
            (
                Day::of(calendar.date_of(*from)),
                Day::of(calendar.date_of(*to)),
            )
        });
        gaps.days = joined(days.collect());
        gaps.spans = joined(std::mem::take(&mut gaps.spans));
        gaps
    }

    /// Whether a day falls into a pause and so does not count.
    pub fn cover(&self, day: Day) -> bool {
        self.days.iter().any(|(from, to)| *from < day && day <= *to)
    }

    /// The pause a day falls into, as it was written down.
    pub fn pause_on(&self, day: Day, calendar: &Calendar) -> Option<&Paused> {
        self.pauses.iter().find(|pause| {
            let ends_at = pause_ends_at(pause.to, pause.resume_on, calendar);
            Day::of(calendar.date_of(pause.from)) < day && day <= Day::of(calendar.date_of(ends_at))
        })
    }
}

/// A pause ends when it was ended, and at the latest when its last day begins.
pub(super) fn pause_ends_at(
    to: Option<Timestamp>,
    resume_on: Date,
    calendar: &Calendar,
) -> Timestamp {
    let latest = calendar.instant(resume_on, WallTime::MIDNIGHT);
    to.map_or(latest, |to| to.min(latest))
}

/// Puts spans in order and makes one of those that overlap or touch.
fn joined<T: Copy + Ord>(mut spans: Vec<(T, T)>) -> Vec<(T, T)> {
    spans.sort();
    let mut joined: Vec<(T, T)> = Vec::with_capacity(spans.len());
    for (from, to) in spans {
        match joined.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => joined.push((from, to)),
        }
    }
    joined
}
