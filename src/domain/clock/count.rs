//! Counting a target from its start to its last day: the heart of every date.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::gaps::Gaps;
use super::{Extension, Longer};
use crate::domain::calendar::{Day, View, WallTime};
use crate::domain::standard::{ClockSpec, LateAt, Target};

/// How one clock counts: by its standard, on its calendar, without the times it stood still.
#[derive(Clone, Copy)]
pub(in crate::domain) struct Counting<'t> {
    pub spec: &'t ClockSpec,
    pub view: View<'t>,
    pub gaps: &'t Gaps,
}

/// Where a count begins.
#[derive(Clone, Copy, Debug)]
pub(in crate::domain) struct Origin {
    /// The day that counts as day 0.
    pub day: Day,
    /// The instant from which hours are counted.
    pub at: Timestamp,
}

/// The last day and the first instant that is late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::domain) struct Due {
    pub on: Date,
    pub at: Timestamp,
}

impl Counting<'_> {
    /// The end of a target counted from its start.
    pub fn due(self, from: Origin, target: Target) -> Due {
        let at_instant = |at: Timestamp| Due {
            on: self.view.calendar().date_of(at),
            at,
        };
        match target {
            Target::WorkingDays(n) => self.end_of(self.working_days_after(from.day, n)),
            Target::Hours(hours) => at_instant(self.elapsed(from.at, hours)),
            Target::WorkingHours(hours) => {
                let length = SignedDuration::from_hours(i64::from(hours));
                at_instant(
                    self.view
                        .add_working_time(from.at, length, &self.gaps.spans),
                )
            }
            Target::Days(_) | Target::Weeks(_) | Target::Months(_) => {
                let nominal = target
                    .calendar_date_after(from.day.date())
                    .unwrap_or(Date::MAX);
                self.end_of(self.rolled(self.moved_by_pauses(from.day, Day::of(nominal))))
            }
        }
    }

    /// What is counted and the last day after one extension; nothing when its unit does not fit.
    pub fn lengthen(
        self,
        from: Origin,
        (counted, due): (Target, Due),
        extension: &Extension,
    ) -> Option<(Target, Due)> {
        match extension.to {
            Longer::By(more) => match counted.plus(more) {
                // The sum is counted again from the same start: never two months from a rolled date.
                Some(sum) => Some((sum, self.due(from, sum))),
                None => self.after(due, more).map(|later| (counted, later)),
            },
            Longer::UntilOn(on) => {
                let asked = Day::of(self.view.calendar().date_of(extension.at));
                let later = self.rolled(self.moved_by_pauses(asked, Day::of(on)));
                Some((counted, self.end_of(later)))
            }
        }
    }

    /// The latest day an extension could reach.
    pub fn longest(self, from: Origin, target: Target, unextended: Due) -> Option<Due> {
        let rule = self.spec.extension.as_ref()?;
        if let Some(in_all) = rule.in_all {
            return Some(self.due(from, in_all));
        }
        let more = rule.more?;
        match target.plus(more) {
            Some(sum) => Some(self.due(from, sum)),
            None => self.after(unextended, more),
        }
    }

    /// The end of the last day, as this clock ends its days.
    pub fn end_of(self, day: Day) -> Due {
        let on = day.date();
        let at = match self.spec.late_at {
            LateAt::Closing => self.view.closing_at(on),
            LateAt::Midnight => self.view.calendar().instant(on, WallTime::END_OF_DAY),
        };
        Due { on, at }
    }

    /// A calendar date moved on by the days of the pauses that began before it was over.
    pub fn moved_by_pauses(self, from: Day, nominal: Day) -> Day {
        let mut moved = nominal;
        for (paused, resumed) in &self.gaps.days {
            if *resumed > from && *paused < self.rolled(moved) {
                moved = moved.plus(resumed.since(from.max(*paused)));
            }
        }
        moved
    }

    /// Off the days that do not count, where the clock's date moves off them.
    pub fn rolled(self, day: Day) -> Day {
        if self.spec.rolls {
            Day::of(self.view.next_open_day(day.date()))
        } else {
            day
        }
    }

    fn working_days_after(self, from: Day, n: u32) -> Day {
        self.view
            .add_counted_days(from, n, |day| !self.gaps.cover(day))
    }

    /// Working days after a last day, whatever the target itself was counted in.
    fn after(self, due: Due, more: Target) -> Option<Due> {
        match more {
            Target::WorkingDays(n) => {
                Some(self.end_of(self.working_days_after(Day::of(due.on), n)))
            }
            _ => None,
        }
    }

    fn elapsed(self, from: Timestamp, hours: u32) -> Timestamp {
        let later = |at: Timestamp, by| at.saturating_add(by).unwrap_or(Timestamp::MAX);
        let mut at = later(from, SignedDuration::from_hours(i64::from(hours)));
        for (paused_at, resumed_at) in &self.gaps.spans {
            if *resumed_at > from && *paused_at < at {
                at = later(at, resumed_at.duration_since((*paused_at).max(from)));
            }
        }
        at
    }
}
