//! The promises running on one case.
//!
//! [`Terms`] are what was promised, pinned when the case was opened; [`Facts`] are what has happened
//! since. [`read`] folds the two into one [`Reading`] per clock. Dates follow from facts and terms
//! alone; only the state of a clock looks at the time, which is an argument.
//!
//! Every change to a case edits the facts and reads again: nothing is ever adjusted in place, so a
//! pause, an extension or a late fact cannot leave a stale date behind.

mod changes;
mod count;
mod course;
mod gaps;
mod met;
mod moves;
mod promise;
mod taken;

#[cfg(test)]
mod oracle;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::calendar::{Calendar, View};
use super::standard::{ClockSpec, CountsOn, Standard};

pub use changes::{Refusal, check_extension, check_extension_length, check_pause};
pub use moves::{Because, Move, Moved, Stays, Stood, move_to, what_moves};
pub use taken::{TimeTaken, days_since_receipt, time_taken};

pub(in crate::domain) use course::Course;

/// Everything pinned at opening. Stored once per distinct content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// Resolved: every target is a figure.
    pub standard: Standard,
    /// The council's calendar with the bank holidays of all nations.
    pub calendar: Calendar,
    /// Other calendars of the council that a clock of the standard names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub other_calendars: BTreeMap<String, Calendar>,
}

/// What has happened on one case that moves its clocks. The order in which facts were written
/// down never matters, only when they happened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    pub received_at: Timestamp,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Happened>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stops: Vec<Stop>,
    /// A clock met by something that turned out not to have reached the person runs on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reopened: Vec<Reopened>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pauses: Vec<Pause>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extensions: Vec<Extension>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub promises: Vec<OwnPromise>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled: Option<Cancelled>,
    /// Clocks that mean nothing for this case: nobody to acknowledge to, a stage skipped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_applicable: Vec<String>,
    /// The first date the person was told, by clock; never changed once written.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub first_due: BTreeMap<String, Date>,
    /// What figures hold each promise against since the case came under other promises: what the
    /// person was told before stays what they were told.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub told_before: BTreeMap<String, ToldBefore>,
    /// How each clock stood when the case last came under other terms: what had happened by then
    /// is not counted anew.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub stood: BTreeMap<String, Stood>,
}

/// An event in the past tense a standard knows: acknowledged, escalated, concluded, clarified …
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Happened {
    pub name: String,
    pub at: Timestamp,
}

/// One clock was met, and how: by e-mail, by letter, by words spoken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stop {
    pub clock: String,
    pub at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub how: Option<String>,
}

/// What met the clock is void from here on; that it was sent stays a fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reopened {
    pub clock: String,
    pub at: Timestamp,
    pub reason: String,
}

/// A clock stands still.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pause {
    /// One clock, or every one that may be paused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<String>,
    pub from: Timestamp,
    /// When it ended; while it lasts it is taken to end when `resume_on` begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
    /// The latest day: it resumes by itself when this day begins.
    pub resume_on: Date,
    pub reason: String,
    pub waiting_for: WaitingFor,
}

/// Whom we wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitingFor {
    Person,
    Contractor,
    OtherBody,
}

/// A target was moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    pub clock: String,
    #[serde(flatten)]
    pub to: Longer,
    pub reason: String,
    pub at: Timestamp,
}

/// By how much, or until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Longer {
    By(super::standard::Target),
    UntilOn(Date),
}

/// What an officer said they would do: a clock of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnPromise {
    /// The clock's name, different from every other on the case.
    pub name: String,
    pub what: String,
    /// The first instant that is late.
    pub by: Timestamp,
    pub made_at: Timestamp,
    pub owner: String,
}

/// The case ended without its promises being kept or broken: merged, withdrawn, closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cancelled {
    pub at: Timestamp,
    pub reason: String,
}

/// A promise told under other terms than those in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToldBefore {
    /// When the case came under other terms.
    pub until: Timestamp,
    /// The first instant that is late by what had been told.
    pub promised_at: Timestamp,
}

/// One clock as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    pub name: String,
    pub starts_at: Option<Timestamp>,
    pub counted_from_on: Option<Date>,
    /// The last day, in local time.
    pub due_on: Option<Date>,
    /// The first instant that is late.
    pub due_at: Option<Timestamp>,
    pub state: State,
    pub met_at: Option<Timestamp>,
    /// When the promise was broken; kept for ever, also when it is met or moved afterwards.
    pub missed_at: Option<Timestamp>,
    /// The first date the person was told.
    pub first_due_on: Option<Date>,
    pub paused: Vec<Paused>,
    pub extended: Option<Extended>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extended_max_on: Option<Date>,
    /// What published figures measure against: the first date the person was told, and of two told at
    /// the beginning the earlier.
    #[serde(skip)]
    pub measured_at: Option<Timestamp>,
    /// The first time it was met, also when a bounce set it running again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_met_at: Option<Timestamp>,
    /// For an officer's own promise, what and whose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promise: Option<Promised>,
}

/// One time a clock stood still.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paused {
    pub from: Timestamp,
    pub to: Option<Timestamp>,
    pub resume_on: Date,
    pub reason: String,
    pub waiting_for: WaitingFor,
}

/// The last time a clock's target was moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extended {
    /// The last day as it was without any extension.
    pub from_on: Date,
    pub at: Timestamp,
    pub reason: String,
    pub times: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promised {
    pub what: String,
    pub owner: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Its start has not happened.
    NotStarted,
    /// Its start has not happened, but the clock before it has dates.
    Projected,
    Running,
    Paused,
    Met,
    Missed,
    Cancelled,
    NotApplicable,
}

/// Reads every clock of the case: those of the standard, in its order, then officers' promises.
pub fn read(facts: &Facts, terms: &Terms, now: Timestamp) -> Vec<Reading> {
    let courses = Course::all(facts, terms);
    let standard = courses.iter().map(|course| course.reading(facts, now));
    let own = facts
        .promises
        .iter()
        .map(|promise| promise.reading(facts, terms, now));
    standard.chain(own).collect()
}

/// The next instant after `now` at which some clock changes its state by itself: a date passes, a
/// pause ends. Beside the ladder's next step, this is when a case needs looking at.
pub fn next_change_at(facts: &Facts, terms: &Terms, now: Timestamp) -> Option<Timestamp> {
    let readings = read(facts, terms, now);
    let live = readings.iter().filter(|reading| reading.state.is_live());
    live.flat_map(|reading| {
        let ends = reading.paused.iter().map(|pause| pause.ends_at(terms));
        ends.chain(reading.due_at)
    })
    .filter(|at| *at > now)
    .min()
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            State::NotStarted => "not_started",
            State::Projected => "projected",
            State::Running => "running",
            State::Paused => "paused",
            State::Met => "met",
            State::Missed => "missed",
            State::Cancelled => "cancelled",
            State::NotApplicable => "not_applicable",
        })
    }
}

impl State {
    /// Whether the promise can still be kept or is being broken right now.
    pub fn is_live(self) -> bool {
        matches!(
            self,
            State::NotStarted | State::Projected | State::Running | State::Paused | State::Missed
        )
    }
}

impl Terms {
    /// Pins a resolved standard and the calendars it needs; refuses a standard that names a
    /// calendar the council does not have.
    pub fn new(
        standard: Standard,
        calendar: Calendar,
        calendars: &BTreeMap<String, Calendar>,
    ) -> Result<Terms, String> {
        let mut other_calendars = BTreeMap::new();
        for clock in &standard.clocks {
            if let CountsOn::Named(slug) = &clock.calendar {
                let named = calendars.get(slug).ok_or_else(|| {
                    format!(
                        "{}: the clock {} counts on {slug:?}, which is no calendar",
                        standard.slug, clock.name
                    )
                })?;
                other_calendars.insert(slug.clone(), named.clone());
            }
        }
        Ok(Terms {
            standard,
            calendar,
            other_calendars,
        })
    }

    /// The calendar as one of the clocks sees it.
    pub fn view(&self, clock: &ClockSpec) -> View<'_> {
        let calendar = match &clock.calendar {
            CountsOn::Named(slug) => self.other_calendars.get(slug).unwrap_or(&self.calendar),
            _ => &self.calendar,
        };
        calendar.view(clock.calendar.holidays(calendar.nation()), clock.closures)
    }
}

impl Facts {
    /// A case that has just come in.
    pub fn received(at: Timestamp) -> Facts {
        Facts {
            received_at: at,
            ..Facts::default()
        }
    }

    /// Records an event.
    pub fn happened(&mut self, name: &str, at: Timestamp) {
        self.events.push(Happened {
            name: name.to_owned(),
            at,
        });
    }

    /// Records that a clock was met.
    pub fn stop(&mut self, clock: &str, at: Timestamp, how: &str) {
        self.stops.push(Stop {
            clock: clock.to_owned(),
            at,
            how: Some(how.to_owned()),
        });
    }

    /// Ends every pause that is running, because what we waited for has come.
    pub fn resume(&mut self, at: Timestamp) {
        for pause in self
            .pauses
            .iter_mut()
            .filter(|pause| pause.to.is_none() && pause.from <= at)
        {
            pause.to = Some(at);
        }
    }

    /// Keeps what the person was told, as a case comes under other terms. Where an answer, or an
    /// acknowledgement, is promised under another name from now on, the date goes with it.
    pub fn keep_told(
        &mut self,
        readings: &[Reading],
        (was, is): (&Standard, &Standard),
        now: Timestamp,
    ) {
        let told = readings
            .iter()
            .filter(|reading| self.first_due.contains_key(&reading.name));
        let before: Vec<(String, ToldBefore)> = told
            .filter_map(|reading| {
                let kept = ToldBefore {
                    until: now,
                    promised_at: reading.measured_at?,
                };
                Some((reading.name.clone(), kept))
            })
            .collect();
        self.told_before.extend(before);
        let renamed = [
            (was.answer_clock(), is.answer_clock()),
            (was.acknowledge_clock(), is.acknowledge_clock()),
        ];
        for (old, new) in renamed {
            let (Some(old), Some(new)) = (old, new) else {
                continue;
            };
            if self.first_due.contains_key(&new.name) {
                continue;
            }
            if let Some(on) = self.first_due.get(&old.name).copied() {
                self.first_due.insert(new.name.clone(), on);
            }
            if let Some(kept) = self.told_before.get(&old.name).copied() {
                self.told_before.insert(new.name.clone(), kept);
            }
        }
    }

    /// Keeps the dates the person has just been told, where none was told before.
    pub fn told(&mut self, readings: &[Reading]) {
        for reading in readings {
            if let Some(due_on) = reading.due_on {
                self.first_due.entry(reading.name.clone()).or_insert(due_on);
            }
        }
    }
}

impl Paused {
    fn ends_at(&self, terms: &Terms) -> Timestamp {
        gaps::pause_ends_at(self.to, self.resume_on, &terms.calendar)
    }
}

impl OwnPromise {
    fn reading(&self, facts: &Facts, terms: &Terms, now: Timestamp) -> Reading {
        promise::read_promise(self, facts, terms, now)
    }
}
