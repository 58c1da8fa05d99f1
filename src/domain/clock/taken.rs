//! How long a case has taken: in all, and without the times it stood still.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{Course, Facts, Terms};
use crate::domain::calendar::Day;

/// Gross counts everything since the start; net leaves the pauses out. Both are reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TimeTaken {
    pub gross_working_days: u32,
    pub net_working_days: u32,
    /// Inside opening hours.
    pub gross_working_secs: i64,
    pub net_working_secs: i64,
}

/// The time one clock took until an instant: when it was met, or now. Nothing before it starts.
pub fn time_taken(
    facts: &Facts,
    terms: &Terms,
    clock: &str,
    until: Timestamp,
) -> Option<TimeTaken> {
    let course = Course::named(facts, terms, clock)?;
    let start = course.run.as_ref()?.start;
    let starts_at = start.at?;
    let view = course.view;
    let last = Day::of(view.calendar().date_of(until));
    let (mut gross_working_days, mut net_working_days) = (0, 0);
    let mut day = start.origin.day;
    while day < last {
        day = day.next();
        if view.works_on(day) {
            gross_working_days += 1;
            net_working_days += u32::from(!course.gaps.cover(day));
        }
    }
    let within = |gaps: &[(Timestamp, Timestamp)]| -> SignedDuration {
        if until <= starts_at {
            SignedDuration::ZERO
        } else {
            view.working_time_between(starts_at, until, gaps)
        }
    };
    Some(TimeTaken {
        gross_working_days,
        net_working_days,
        gross_working_secs: within(&[]).as_secs(),
        net_working_secs: within(&course.gaps.spans).as_secs(),
    })
}
