//! One clock from its start to its last day, worked out from facts and terms.
//!
//! Start, count and extensions come together here. The time is looked at only to name a state.

use jiff::Timestamp;

use super::count::{Counting, Due, Origin};
use super::gaps::Gaps;
use super::met::{happened, met, met_as_of, was_met_before};
use super::{Extended, Extension, Facts, Reading, State, Stood, Terms, ToldBefore};
use crate::domain::calendar::{Day, View, WallTime};
use crate::domain::standard::{ClockSpec, RECEIVED, Target};

/// Everything about one clock that does not depend on the time.
#[derive(Clone)]
pub(in crate::domain) struct Course<'t> {
    pub spec: &'t ClockSpec,
    pub view: View<'t>,
    pub gaps: Gaps,
    /// Nothing until its start has happened or can be projected.
    pub run: Option<Run>,
}

/// A clock that has dates.
#[derive(Clone)]
pub(in crate::domain) struct Run {
    pub start: Start,
    /// What is counted in the end: the target and what extensions added to it in its own unit.
    pub counted: Target,
    /// The last day without any extension.
    pub unextended: Due,
    pub due: Due,
    /// The latest day an extension could reach.
    pub longest: Option<Due>,
    /// Extensions that took effect, oldest first.
    pub extensions: Vec<Extension>,
    /// A date that passed before it was moved.
    broken_at: Option<Timestamp>,
    measured_at: Timestamp,
    /// Met or broken when the case came under other terms: its date is the one it had then.
    pub held_since: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug)]
pub(in crate::domain) struct Start {
    /// Nothing while it is only projected.
    pub at: Option<Timestamp>,
    pub origin: Origin,
    target: Target,
    /// The event that began the count afresh, if one did.
    pub restarted_at: Option<Timestamp>,
}

impl<'t> Course<'t> {
    /// Every clock of the standard, in its order.
    pub fn all(facts: &Facts, terms: &'t Terms) -> Vec<Course<'t>> {
        let mut courses: Vec<Course<'t>> = Vec::with_capacity(terms.standard.clocks.len());
        for spec in &terms.standard.clocks {
            let view = terms.view(spec);
            let gaps = Gaps::of(facts, spec, terms);
            let start = Start::of(facts, spec, view, &courses);
            let counting = Counting {
                spec,
                view,
                gaps: &gaps,
            };
            let run = start.map(|start| Run::of(facts, counting, start));
            courses.push(Course {
                spec,
                view,
                gaps,
                run,
            });
        }
        courses
    }

    /// One clock by name.
    pub fn named(facts: &Facts, terms: &'t Terms, name: &str) -> Option<Course<'t>> {
        Course::all(facts, terms)
            .into_iter()
            .find(|course| course.spec.name == name)
    }

    /// The last day if this extension were granted on top of those there are; nothing when its
    /// unit does not fit the clock.
    pub fn due_with(&self, run: &Run, extension: &Extension) -> Option<Due> {
        self.counting()
            .lengthen(run.start.origin, (run.counted, run.due), extension)
            .map(|(_, due)| due)
    }

    /// The days a month or calendar-day target was rolled over to reach its last day.
    pub fn rolled_over(&self, run: &Run) -> impl Iterator<Item = Day> + use<> {
        let counting = self.counting();
        let from = run.start.origin.day;
        let last = Day::of(run.due.on);
        let nominal = run
            .counted
            .calendar_date_after(from.date())
            .map(|nominal| counting.moved_by_pauses(from, Day::of(nominal)));
        // A last day that was named outright was not rolled to.
        let first = nominal
            .filter(|day| counting.rolled(*day) == last)
            .unwrap_or(last);
        std::iter::successors(Some(first), |day| Some(day.next()))
            .take_while(move |day| *day < last)
    }

    fn counting(&self) -> Counting<'_> {
        Counting {
            spec: self.spec,
            view: self.view,
            gaps: &self.gaps,
        }
    }

    pub fn reading(&self, facts: &Facts, now: Timestamp) -> Reading {
        let name = &self.spec.name;
        let met_at = met_as_of(facts, name, &self.spec.stops_on, now);
        let state = self.state(facts, now);
        let run = self.run.as_ref().filter(|_| state != State::NotApplicable);
        let first_met_at = met(facts, name, &self.spec.stops_on)
            .filter(|at| *at <= now)
            .min();
        Reading {
            name: name.clone(),
            starts_at: run.and_then(|run| run.start.at),
            counted_from_on: run.map(|run| run.start.origin.day.date()),
            due_on: run.map(|run| run.due.on),
            due_at: run.map(|run| run.due.at),
            state,
            met_at,
            missed_at: run.and_then(|run| self.missed_at(facts, run, now)),
            first_due_on: facts.first_due.get(name).copied(),
            paused: self.gaps.pauses.clone(),
            extended: run.and_then(Run::extended),
            extended_max_on: run.and_then(|run| run.longest).map(|longest| longest.on),
            measured_at: run.map(|run| run.measured_at),
            first_met_at: first_met_at.filter(|first| Some(*first) != met_at),
            promise: None,
        }
    }

    pub fn state(&self, facts: &Facts, now: Timestamp) -> State {
        let name = &self.spec.name;
        if facts.not_applicable.iter().any(|other| other == name) {
            return State::NotApplicable;
        }
        if met_as_of(facts, name, &self.spec.stops_on, now).is_some() {
            return State::Met;
        }
        if facts
            .cancelled
            .as_ref()
            .is_some_and(|cancelled| cancelled.at <= now)
        {
            return State::Cancelled;
        }
        let Some(run) = &self.run else {
            return State::NotStarted;
        };
        if run.start.at.is_none() {
            return State::Projected;
        }
        if self
            .gaps
            .spans
            .iter()
            .any(|(from, to)| *from <= now && now < *to && *from < run.due.at)
        {
            return State::Paused;
        }
        if run.due.at <= now {
            State::Missed
        } else {
            State::Running
        }
    }

    /// When the promise was first broken, as far as the time has come.
    fn missed_at(&self, facts: &Facts, run: &Run, now: Timestamp) -> Option<Timestamp> {
        if let Some(at) = run.broken_at.filter(|at| *at <= now) {
            return Some(at);
        }
        let due_at = run.due.at;
        // A projected date is replaced by the real one; only that can be broken.
        if run.start.at.is_none() || due_at > now {
            return None;
        }
        let cancelled_first = facts
            .cancelled
            .as_ref()
            .is_some_and(|cancelled| cancelled.at <= due_at);
        let (name, stops_on) = (&self.spec.name, &self.spec.stops_on);
        if !was_met_before(facts, name, stops_on, due_at) {
            return (!cancelled_first).then_some(due_at);
        }
        // Met in time, but a bounce after the date showed that it had not reached the person.
        let voided = facts
            .reopened
            .iter()
            .filter(|reopened| reopened.clock == *name)
            .map(|reopened| reopened.at);
        voided.filter(|at| due_at < *at && *at <= now).min()
    }
}

impl Run {
    fn of(facts: &Facts, counting: Counting<'_>, start: Start) -> Run {
        let spec = counting.spec;
        let unextended = counting.due(start.origin, start.target);
        let longest = counting.longest(start.origin, start.target, unextended);
        let measured_at = measured_at(facts, counting, &start, unextended);
        let mut counted = start.target;
        let mut due = unextended;
        let mut broken_at = None;
        let mut extensions: Vec<Extension> = Vec::new();
        if facts
            .extensions
            .iter()
            .any(|extension| extension.clock == spec.name)
        {
            // What was granted before the count began afresh is gone with the old count.
            let own = |extension: &&Extension| {
                extension.clock == spec.name
                    && start.restarted_at.is_none_or(|at| at <= extension.at)
            };
            let mut granted: Vec<&Extension> = facts.extensions.iter().filter(own).collect();
            granted.sort_by_key(|extension| extension.at);
            for extension in granted {
                let Some((longer, later)) =
                    counting.lengthen(start.origin, (counted, due), extension)
                else {
                    continue;
                };
                let late = due.at <= extension.at;
                if late
                    && start.at.is_some()
                    && !was_met_before(facts, &spec.name, &spec.stops_on, due.at)
                {
                    broken_at = broken_at.or(Some(due.at));
                }
                (counted, due) = (longer, later);
                extensions.push(extension.clone());
            }
        }
        let mut run = Run {
            start,
            counted,
            unextended,
            due,
            longest,
            extensions,
            broken_at,
            measured_at,
            held_since: None,
        };
        if let Some(stood) = facts.stood.get(&spec.name) {
            run.hold(stood, counting.gaps);
        }
        run
    }

    /// What had happened by the time the case came under other terms stands, whatever they would
    /// have made of it. A count begun afresh since then is theirs alone.
    fn hold(&mut self, stood: &Stood, gaps: &Gaps) {
        if self.start.restarted_at.is_some_and(|at| at > stood.at) {
            return;
        }
        let later = self.broken_at.filter(|at| *at > stood.at);
        self.broken_at = stood.missed_at.or(later);
        let Some(dated) = &stood.dated else { return };
        let is_moved_since = self.extensions.iter().any(|one| one.at > stood.at)
            || gaps
                .spans
                .iter()
                .any(|(from, _)| stood.at < *from && *from < dated.at);
        if is_moved_since {
            return;
        }
        self.start.origin.day = Day::of(dated.counted_from_on);
        self.unextended.on = dated.unextended_on;
        self.due = Due {
            on: dated.on,
            at: dated.at,
        };
        self.measured_at = dated.measured_at;
        self.held_since = Some(stood.at);
    }

    fn extended(&self) -> Option<Extended> {
        let last = self.extensions.last()?;
        Some(Extended {
            from_on: self.unextended.on,
            at: last.at,
            reason: last.reason.clone(),
            times: u32::try_from(self.extensions.len()).unwrap_or(u32::MAX),
        })
    }
}

impl Start {
    fn of(facts: &Facts, spec: &ClockSpec, view: View<'_>, before: &[Course<'_>]) -> Option<Start> {
        let target = spec.target()?;
        let first = if spec.starts == RECEIVED {
            Some(facts.received_at)
        } else {
            happened(facts, &spec.starts).min()
        };
        let Some(first) = first else {
            return Start::projected(facts, spec, before, target);
        };
        let met_at = met(facts, &spec.name, &spec.stops_on).min();
        let restarts = spec.restarts.iter().flat_map(|restart| {
            let target = restart.target.unwrap_or(target);
            happened(facts, &restart.on).map(move |at| (at, target))
        });
        // A reply already sent is not undone by a later event.
        let restart = restarts
            .filter(|(at, _)| *at > first && met_at.is_none_or(|met_at| *at <= met_at))
            .max_by_key(|(at, _)| *at);
        let (at, target) = restart.unwrap_or((first, target));
        let by_the_hour = matches!(target, Target::Hours(_));
        let counted_from = if spec.cut_off && !by_the_hour {
            view.counted_from(at)
        } else {
            view.calendar().date_of(at)
        };
        // What comes in after the cut-off is not worked on in the hours left of that day.
        let opens_at = view.calendar().instant(counted_from, WallTime::MIDNIGHT);
        Some(Start {
            at: Some(at),
            origin: Origin {
                day: Day::of(counted_from),
                at: if by_the_hour { at } else { at.max(opens_at) },
            },
            target,
            restarted_at: restart.map(|(at, _)| at),
        })
    }

    /// Dated from the last day of the clock whose completion will start it.
    fn projected(
        facts: &Facts,
        spec: &ClockSpec,
        before: &[Course<'_>],
        target: Target,
    ) -> Option<Start> {
        let name = spec.projected_from.as_ref()?;
        let due = before
            .iter()
            .find(|course| course.spec.name == *name)?
            .run
            .as_ref()?
            .due;
        // Where nobody can be acknowledged to, nothing will ever happen to wait for.
        let never = facts.not_applicable.iter().any(|other| other == name);
        Some(Start {
            at: never.then_some(due.at),
            origin: Origin {
                day: Day::of(due.on),
                at: due.at,
            },
            target,
            restarted_at: None,
        })
    }
}

/// What figures hold this promise against: the first date the person was told, whatever pauses, later
/// dates and other terms have made of it since. Of a promise counted from another one two dates are told
/// at the beginning, the latest and then its own, and the earlier holds. A count begun afresh is a new
/// promise and is measured by its own.
fn measured_at(facts: &Facts, counting: Counting<'_>, start: &Start, unextended: Due) -> Timestamp {
    let unpaused = if counting.gaps.spans.is_empty() {
        unextended
    } else {
        let gaps = &Gaps::default();
        Counting { gaps, ..counting }.due(start.origin, start.target)
    };
    let name = &counting.spec.name;
    let is_of_this_count =
        |before: &&ToldBefore| start.restarted_at.is_none_or(|at| at <= before.until);
    let before = facts.told_before.get(name).filter(is_of_this_count);
    let told_on = facts.first_due.get(name);
    let told_at = match (before, told_on) {
        (Some(before), _) => before.promised_at,
        (None, Some(on)) if start.restarted_at.is_none() && *on != unpaused.on => {
            counting.end_of(Day::of(*on)).at
        }
        _ => return unpaused.at,
    };
    let was_dated_since = counting.spec.projected_from.is_some()
        && start
            .at
            .is_some_and(|at| before.is_none_or(|before| before.until <= at));
    if was_dated_since {
        told_at.min(unpaused.at)
    } else {
        told_at
    }
}
