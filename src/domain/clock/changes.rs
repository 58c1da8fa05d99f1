//! Whether a clock may be paused or its date moved, decided before it is done.

use jiff::Timestamp;
use jiff::civil::Date;

use super::course::Run;
use super::{Course, Extension, Facts, Longer, Pause, State, Terms, read};
use crate::domain::calendar::Day;
use crate::domain::standard::Target;

/// Why a clock may not be changed this way, in the caller's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("there is no clock {clock:?}; known are {}", .known.join(", "))]
    UnknownClock { clock: String, known: Vec<String> },
    #[error("a reason is needed")]
    ReasonMissing,
    #[error("the standard allows no later date for {clock}")]
    NotExtendable { clock: String },
    #[error("the date of {clock} has been moved as often as the standard allows")]
    AlreadyExtended { clock: String },
    #[error("{clock} is {}, so its date cannot be moved and it cannot be paused", state.words())]
    NotRunning { clock: String, state: State },
    #[error("the date of {clock} had to be moved before it passed on {due_on}")]
    TooLate { clock: String, due_on: Date },
    #[error("{by} cannot be added to {target}, the target of {clock}")]
    OtherUnit {
        clock: String,
        by: Target,
        target: Target,
    },
    #[error("{clock} is due on {due_on} already")]
    NotLater { clock: String, due_on: Date },
    #[error("{until_on} is not a working day for {clock}")]
    NotAWorkingDay { clock: String, until_on: Date },
    #[error("{clock} can be moved to {latest_on} at the latest")]
    BeyondCap { clock: String, latest_on: Date },
    #[error("the standard does not let {clock} be paused")]
    NotPausable { clock: String },
    #[error("no clock that may be paused is running")]
    NothingToPause,
    #[error("{clock} is paused already")]
    AlreadyPaused { clock: String },
    #[error("a pause lasts at least until the next day")]
    ResumeTooSoon,
    #[error("a pause may last until {latest_on} at the latest")]
    ResumeTooLate { latest_on: Date },
}

/// Whether a date may be moved now; answers the extension to record. A date named outright comes
/// back as working days where the clock counts in those, so that a later pause still moves it.
pub fn check_extension(
    facts: &Facts,
    terms: &Terms,
    extension: Extension,
) -> Result<Extension, Refusal> {
    let clock = extension.clock.clone();
    if extension.reason.trim().is_empty() {
        return Err(Refusal::ReasonMissing);
    }
    let course = extendable(facts, terms, &clock)?;
    let state = course.state(facts, extension.at);
    if !matches!(state, State::Running | State::Paused | State::Missed) {
        return Err(Refusal::NotRunning { clock, state });
    }
    let when_late = course
        .spec
        .extension
        .as_ref()
        .is_some_and(|rule| rule.when_late);
    if let Some(run) = &course.run
        && state == State::Missed
        && !when_late
    {
        return Err(Refusal::TooLate {
            clock,
            due_on: run.due.on,
        });
    }
    check_length(&course, extension)
}

/// Whether the standard allows an extension of this length at all, whenever it was granted.
pub fn check_extension_length(
    facts: &Facts,
    terms: &Terms,
    extension: Extension,
) -> Result<Extension, Refusal> {
    let course = extendable(facts, terms, &extension.clock)?;
    check_length(&course, extension)
}

/// Whether a clock, or every clock that may be, can be paused from this instant on.
pub fn check_pause(facts: &Facts, terms: &Terms, pause: Pause) -> Result<Pause, Refusal> {
    if pause.reason.trim().is_empty() {
        return Err(Refusal::ReasonMissing);
    }
    let from_on = terms.calendar.date_of(pause.from);
    if pause.resume_on <= from_on {
        return Err(Refusal::ResumeTooSoon);
    }
    let courses = Course::all(facts, terms);
    if let Some(clock) = &pause.clock {
        let course = courses.iter().find(|course| course.spec.name == *clock);
        let course = course.ok_or_else(|| unknown(facts, terms, clock))?;
        if course.spec.pause.is_none() {
            return Err(Refusal::NotPausable {
                clock: clock.clone(),
            });
        }
    }
    let own = |course: &&Course<'_>| {
        pause
            .clock
            .as_ref()
            .is_none_or(|clock| *clock == course.spec.name)
    };
    let mut one_runs = false;
    let mut latest_on = Date::MAX;
    for course in courses.iter().filter(own) {
        let Some(rule) = &course.spec.pause else {
            continue;
        };
        match course.state(facts, pause.from) {
            State::Running => one_runs = true,
            State::Paused => {
                return Err(Refusal::AlreadyPaused {
                    clock: course.spec.name.clone(),
                });
            }
            state if pause.clock.is_some() => {
                return Err(Refusal::NotRunning {
                    clock: course.spec.name.clone(),
                    state,
                });
            }
            _ => continue,
        }
        latest_on = latest_on.min(match rule.latest_resume {
            Target::WorkingDays(n) => course.view.add_working_days(from_on, n),
            other => other.calendar_date_after(from_on).unwrap_or(from_on),
        });
    }
    if !one_runs {
        return Err(Refusal::NothingToPause);
    }
    if pause.resume_on > latest_on {
        return Err(Refusal::ResumeTooLate { latest_on });
    }
    Ok(pause)
}

/// The clock, if its standard lets its date be moved once more.
fn extendable<'t>(facts: &Facts, terms: &'t Terms, clock: &str) -> Result<Course<'t>, Refusal> {
    if facts.promises.iter().any(|promise| promise.name == clock) {
        return Err(Refusal::NotExtendable {
            clock: clock.to_owned(),
        });
    }
    let course = Course::named(facts, terms, clock).ok_or_else(|| unknown(facts, terms, clock))?;
    let Some(rule) = &course.spec.extension else {
        return Err(Refusal::NotExtendable {
            clock: clock.to_owned(),
        });
    };
    let granted = course.run.as_ref().map_or(0, |run| run.extensions.len());
    if u32::try_from(granted).is_ok_and(|granted| granted >= rule.times) {
        return Err(Refusal::AlreadyExtended {
            clock: clock.to_owned(),
        });
    }
    Ok(course)
}

fn check_length(course: &Course<'_>, extension: Extension) -> Result<Extension, Refusal> {
    let clock = extension.clock.clone();
    let Some(run) = &course.run else {
        return Err(Refusal::NotRunning {
            clock,
            state: State::NotStarted,
        });
    };
    let extension = in_working_days(course, run, extension)?;
    let Some(due) = course.due_with(run, &extension) else {
        let Longer::By(by) = extension.to else {
            return Err(Refusal::NotExtendable { clock });
        };
        return Err(Refusal::OtherUnit {
            clock,
            by,
            target: run.counted,
        });
    };
    if due.at <= run.due.at {
        return Err(Refusal::NotLater {
            clock,
            due_on: run.due.on,
        });
    }
    match run.longest {
        Some(longest) if due.at > longest.at => Err(Refusal::BeyondCap {
            clock,
            latest_on: longest.on,
        }),
        _ => Ok(extension),
    }
}

/// A date named outright, as the working days it is after the present last day.
fn in_working_days(
    course: &Course<'_>,
    run: &Run,
    extension: Extension,
) -> Result<Extension, Refusal> {
    let Longer::UntilOn(until_on) = extension.to else {
        return Ok(extension);
    };
    let clock = || extension.clock.clone();
    if course.spec.rolls && !course.view.is_working_day(until_on) {
        return Err(Refusal::NotAWorkingDay {
            clock: clock(),
            until_on,
        });
    }
    if until_on <= run.due.on {
        return Err(Refusal::NotLater {
            clock: clock(),
            due_on: run.due.on,
        });
    }
    if !matches!(run.counted, Target::WorkingDays(_)) {
        return Ok(extension);
    }
    let mut day = Day::of(run.due.on);
    let mut n = 0;
    while day < Day::of(until_on) {
        day = day.next();
        n += u32::from(course.view.works_on(day) && !course.gaps.cover(day));
    }
    Ok(Extension {
        to: Longer::By(Target::WorkingDays(n)),
        ..extension
    })
}

fn unknown(facts: &Facts, terms: &Terms, clock: &str) -> Refusal {
    let known = read(facts, terms, Timestamp::MIN)
        .into_iter()
        .map(|reading| reading.name)
        .collect();
    Refusal::UnknownClock {
        clock: clock.to_owned(),
        known,
    }
}

impl Refusal {
    /// A stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::UnknownClock { .. } => "unknown_clock",
            Refusal::ReasonMissing => "reason_missing",
            Refusal::NotExtendable { .. } => "not_extendable",
            Refusal::AlreadyExtended { .. } => "already_extended",
            Refusal::NotRunning { .. } => "clock_not_running",
            Refusal::TooLate { .. } => "date_already_passed",
            Refusal::OtherUnit { .. } => "other_unit",
            Refusal::NotLater { .. } => "not_later",
            Refusal::NotAWorkingDay { .. } => "not_a_working_day",
            Refusal::BeyondCap { .. } => "beyond_cap",
            Refusal::NotPausable { .. } => "not_pausable",
            Refusal::NothingToPause => "nothing_to_pause",
            Refusal::AlreadyPaused { .. } => "already_paused",
            Refusal::ResumeTooSoon => "resume_too_soon",
            Refusal::ResumeTooLate { .. } => "resume_too_late",
        }
    }
}

impl State {
    pub fn words(self) -> &'static str {
        match self {
            State::NotStarted => "not started",
            State::Projected => "not started, only projected",
            State::Running => "running",
            State::Paused => "paused",
            State::Met => "met",
            State::Missed => "missed",
            State::Cancelled => "cancelled",
            State::NotApplicable => "not applicable",
        }
    }
}
