//! How long a case has taken: in all, and without the times it stood still.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{Course, Facts, Terms};
use crate::domain::calendar::Day;
use crate::domain::standard::Target;

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

/// Working days from the day the case counts as received to the day of an instant, on the calendar of
/// one clock: all of them, and without those on which it stood still. Whatever starts the clock, the
/// person has waited since they wrote.
pub fn days_since_receipt(
    facts: &Facts,
    terms: &Terms,
    clock: &str,
    until: Timestamp,
) -> Option<(u32, u32)> {
    let course = Course::named(facts, terms, clock)?;
    let view = course.view;
    let is_by_the_hour = matches!(course.spec.target(), Some(Target::Hours(_)));
    let received_on = if course.spec.cut_off && !is_by_the_hour {
        view.counted_from(facts.received_at)
    } else {
        view.calendar().date_of(facts.received_at)
    };
    let last = Day::of(view.calendar().date_of(until));
    let (mut gross, mut net) = (0, 0);
    let mut day = Day::of(received_on);
    while day < last {
        day = day.next();
        if view.works_on(day) {
            gross += 1;
            net += u32::from(!course.gaps.cover(day));
        }
    }
    Some((gross, net))
}
