//! From a ladder and a clock to the instants at which somebody is told.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{Ladder, Offset, Step, Whom};
use crate::domain::calendar::{Calendar, REMINDER_HOUR, View, WallTime};
use crate::domain::clock::{Reading, State, Terms};
use crate::domain::standard::Target;

/// One step at its instant. Together with the clock and the recipient, `step`, `occurrence` and
/// `due_at` name it once and for ever: a date that moves makes its steps new ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlannedStep {
    pub step: String,
    /// 1 for the first time, 2 for its first repeat …
    pub occurrence: u32,
    pub at: Timestamp,
    /// The last instant of the promise this step was planned for.
    pub due_at: Timestamp,
    pub to: Vec<Whom>,
    /// It would fall before the clock starts or in its first quarter: recorded, never sent.
    pub skipped: bool,
    pub digest: bool,
    pub at_once: bool,
}

/// Every step of a clock that is still to be met, oldest first; of a paused, met, cancelled or
/// unstarted one, none.
pub fn plan_steps(ladder: &Ladder, reading: &Reading, terms: &Terms) -> Vec<PlannedStep> {
    match Life::of(reading, terms) {
        Some(life) => plan(ladder, &life),
        None => Vec::new(),
    }
}

/// The steps whose instant has come.
pub fn due_steps(
    ladder: &Ladder,
    reading: &Reading,
    terms: &Terms,
    now: Timestamp,
) -> Vec<PlannedStep> {
    match Life::of(reading, terms) {
        Some(life) => gathered(
            moments(ladder, &life).filter(|moment| moment.at <= now),
            &life,
        ),
        None => Vec::new(),
    }
}

/// The next step to be sent, after an instant or ever: what the sweep's index column holds.
pub fn next_step_at(
    ladder: &Ladder,
    reading: &Reading,
    terms: &Terms,
    after: Option<Timestamp>,
) -> Option<Timestamp> {
    let life = Life::of(reading, terms)?;
    let to_send = moments(ladder, &life)
        .filter(|moment| !moment.skipped)
        .map(|moment| moment.at);
    to_send
        .filter(|at| after.is_none_or(|after| *at > after))
        .min()
}

/// The steps of something that waits in a place with an age limit: no clock, only since when.
/// Offsets from the last day count from the limit.
pub fn plan_waiting(
    ladder: &Ladder,
    waiting_since: Timestamp,
    limit_at: Timestamp,
    calendar: &Calendar,
) -> Vec<PlannedStep> {
    let life = Life {
        starts_at: waiting_since,
        due_at: limit_at,
        due_on: calendar.date_of(limit_at),
        staff: calendar.office(),
        view: calendar.office(),
        gaps: Vec::new(),
        measure: Measure::WorkingTime,
        is_short: false,
    };
    plan(ladder, &life)
}

/// What of a clock matters to its steps.
struct Life<'t> {
    starts_at: Timestamp,
    due_at: Timestamp,
    due_on: Date,
    /// Reminders to staff follow the office's days, whatever the clock counts on.
    staff: View<'t>,
    view: View<'t>,
    gaps: Vec<(Timestamp, Timestamp)>,
    measure: Measure,
    is_short: bool,
}

/// In what a share of a clock's life is measured.
#[derive(Clone, Copy)]
enum Measure {
    WorkingTime,
    Elapsed,
}

impl<'t> Life<'t> {
    fn of(reading: &Reading, terms: &'t Terms) -> Option<Life<'t>> {
        if !matches!(
            reading.state,
            State::Running | State::Missed | State::Projected
        ) {
            return None;
        }
        let (due_at, due_on) = (reading.due_at?, reading.due_on?);
        let spec = terms
            .standard
            .clock(&reading.name)
            .filter(|_| reading.promise.is_none());
        let staff = terms.calendar.office();
        let view = spec.map_or(staff, |spec| terms.view(spec));
        let counted_from = reading.counted_from_on?;
        // A projected clock lives from the last day of the one before it.
        let starts_at = reading
            .starts_at
            .unwrap_or_else(|| view.closing_at(counted_from));
        let measure = match spec.and_then(|spec| spec.target()) {
            Some(Target::WorkingDays(_) | Target::WorkingHours(_)) => Measure::WorkingTime,
            _ => Measure::Elapsed,
        };
        let gaps = reading.paused.iter().map(|pause| {
            (
                pause.from,
                pause
                    .to
                    .unwrap_or_else(|| terms.calendar.instant(pause.resume_on, WallTime::MIDNIGHT)),
            )
        });
        let is_short = view.working_days_between(counted_from, due_on) < SHORT_BELOW;
        Some(Life {
            starts_at,
            due_at,
            due_on,
            staff,
            view,
            gaps: gaps.collect(),
            measure,
            is_short,
        })
    }

    /// When a share of its life has gone by, pauses left out.
    fn share(&self, percent: u8) -> Timestamp {
        let part = |whole: SignedDuration| {
            let nanos = whole.as_nanos() / 100 * i128::from(percent);
            // A hundredth of any length of time jiff knows, times at most 100, fits again.
            i64::try_from(nanos / 1_000_000_000).map_or(whole, SignedDuration::from_secs)
        };
        match self.measure {
            Measure::WorkingTime => {
                let whole = self
                    .view
                    .working_time_between(self.starts_at, self.due_at, &self.gaps);
                self.view
                    .add_working_time(self.starts_at, part(whole), &self.gaps)
            }
            Measure::Elapsed => {
                let spans =
                    || crate::domain::calendar::outside(self.starts_at, self.due_at, &self.gaps);
                let whole: SignedDuration = spans()
                    .fold(SignedDuration::ZERO, |sum, (from, to)| {
                        sum + to.duration_since(from)
                    });
                let mut left = part(whole);
                for (from, to) in spans() {
                    let span = to.duration_since(from);
                    if left <= span {
                        return later(from, left);
                    }
                    left -= span;
                }
                self.due_at
            }
        }
    }

    fn instant(&self, offset: Offset) -> Timestamp {
        match offset {
            Offset::Due => self.due_at,
            Offset::Percent(percent) => self.share(percent),
            Offset::Minutes(n) => later(self.starts_at, SignedDuration::from_mins(i64::from(n))),
            Offset::WorkingHours(n) => self.staff.add_working_hours(self.starts_at, n),
            Offset::WorkingDays(n) => self.morning(relative_day(self.staff, self.due_on, n)),
            Offset::WorkingDaysAfterStart(n) => {
                let started_on = self.staff.calendar().date_of(self.starts_at);
                self.morning(self.staff.add_working_days(started_on, n))
            }
        }
    }

    /// The instant of a repeat so many distances after the first time.
    fn repeat(&self, first: Timestamp, every: Offset, times: u32) -> Timestamp {
        match every {
            Offset::Minutes(n) => later(
                first,
                SignedDuration::from_mins(i64::from(n).saturating_mul(i64::from(times))),
            ),
            Offset::WorkingHours(n) => self.staff.add_working_hours(first, n.saturating_mul(times)),
            Offset::WorkingDays(_) | Offset::WorkingDaysAfterStart(_) => {
                let n = match every {
                    Offset::WorkingDaysAfterStart(n) => n,
                    Offset::WorkingDays(n) => n.unsigned_abs(),
                    _ => 1,
                };
                let first_on = self.staff.calendar().date_of(first);
                self.morning(
                    self.staff
                        .add_working_days(first_on, n.saturating_mul(times)),
                )
            }
            Offset::Percent(_) | Offset::Due => first,
        }
    }

    fn morning(&self, on: Date) -> Timestamp {
        self.staff.calendar().instant(on, REMINDER_HOUR)
    }
}

/// Targets under this many working days are reminded of by their share.
const SHORT_BELOW: u32 = 5;

/// One time a step falls.
struct Moment<'l> {
    step: &'l Step,
    occurrence: u32,
    at: Timestamp,
    skipped: bool,
}

fn plan(ladder: &Ladder, life: &Life<'_>) -> Vec<PlannedStep> {
    gathered(moments(ladder, life), life)
}

fn moments<'l>(ladder: &'l Ladder, life: &Life<'_>) -> impl Iterator<Item = Moment<'l>> {
    let first_quarter_ends_at = life.share(25);
    ladder.steps.iter().flat_map(move |step| {
        let offset = step.when_short.filter(|_| life.is_short).unwrap_or(step.at);
        let first = life.instant(offset);
        let too_early =
            first < life.starts_at || (!offset.is_after_start() && first < first_quarter_ends_at);
        let once = Moment {
            step,
            occurrence: 1,
            at: first,
            skipped: too_early,
        };
        let again = step.repeat.iter().flat_map(move |repeat| {
            (1..repeat.at_most).map(move |times| {
                let at = life.repeat(first, repeat.every, times);
                Moment {
                    step,
                    occurrence: times + 1,
                    at,
                    skipped: at < life.starts_at,
                }
            })
        });
        std::iter::once(once).chain(again)
    })
}

fn gathered<'l>(moments: impl Iterator<Item = Moment<'l>>, life: &Life<'_>) -> Vec<PlannedStep> {
    let mut steps: Vec<PlannedStep> = moments
        .map(|moment| PlannedStep {
            step: moment.step.name.clone(),
            occurrence: moment.occurrence,
            at: moment.at,
            due_at: life.due_at,
            to: moment.step.to.clone(),
            skipped: moment.skipped,
            digest: moment.step.digest,
            at_once: moment.step.at_once,
        })
        .collect();
    steps.sort_by_key(|step| step.at);
    steps
}

/// The working day n before or after the last day; 0 is the last day itself, or the working day
/// before it when nobody is in.
fn relative_day(staff: View<'_>, due_on: Date, n: i32) -> Date {
    match n {
        0 => staff.last_open_day(due_on),
        n if n > 0 => staff.add_working_days(due_on, n.unsigned_abs()),
        n => staff.subtract_working_days(due_on, n.unsigned_abs()),
    }
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}
