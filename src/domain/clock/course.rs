//! One clock from its start to its last day, worked out from facts and terms.
//!
//! This is the only place where a date is made. It never looks at the time but to name a state.

use jiff::{SignedDuration, Timestamp};

use super::{
    Extended, Extension, Facts, Longer, OwnPromise, Paused, Promised, Reading, State, Terms,
};
use super::count::{Counting, Due, Origin};
use super::gaps::Gaps;
use super::met::{happened, met, met_as_of, was_met_before};
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
}

#[derive(Clone, Copy, Debug)]
pub(in crate::domain) struct Start {
    /// Nothing while it is only projected.
    pub at: Option<Timestamp>,
    /// The day that counts as day 0.
    pub counted_from: Day,
    /// The instant from which hours are counted.
    origin: Timestamp,
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
            let run = start.map(|start| Run::of(facts, spec, view, &gaps, start));
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
        lengthen(
            self.spec,
            self.view,
            &self.gaps,
            &run.start,
            (run.counted, run.due),
            extension,
        )
        .map(|(_, due)| due)
    }

    /// The days a month or calendar-day target was rolled over to reach its last day.
    pub fn rolled_over(&self, run: &Run) -> impl Iterator<Item = Day> + use<> {
        let from = run.start.counted_from;
        let last = Day::of(run.due.on);
        let nominal = run.counted.calendar_date_after(from.date()).map(|nominal| {
            moved_by_pauses(self.spec, self.view, &self.gaps, from, Day::of(nominal))
        });
        // A last day that was named outright was not rolled to.
        let first = nominal
            .filter(|day| roll(self.spec, self.view, *day) == last)
            .unwrap_or(last);
        std::iter::successors(Some(first), |day| Some(day.next()))
            .take_while(move |day| *day < last)
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
            counted_from_on: run.map(|run| run.start.counted_from.date()),
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
    fn of(facts: &Facts, spec: &ClockSpec, view: View<'_>, gaps: &Gaps, start: Start) -> Run {
        let unextended = count(spec, view, gaps, &start, start.target);
        let longest = longest(spec, view, gaps, &start, unextended);
        let measured_at = measured_at(facts, spec, view, gaps, &start, unextended);
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
                    lengthen(spec, view, gaps, &start, (counted, due), extension)
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
        Run {
            start,
            counted,
            unextended,
            due,
            longest,
            extensions,
            broken_at,
            measured_at,
        }
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
        let origin = if spec.cut_off && !by_the_hour {
            at.max(view.calendar().instant(counted_from, WallTime::MIDNIGHT))
        } else {
            at
        };
        let restarted_at = restart.map(|(at, _)| at);
        Some(Start {
            at: Some(at),
            counted_from: Day::of(counted_from),
            origin,
            target,
            restarted_at,
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
            counted_from: Day::of(due.on),
            origin: due.at,
            target,
            restarted_at: None,
        })
    }
}

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
