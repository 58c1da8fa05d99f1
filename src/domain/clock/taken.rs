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

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::domain::calendar::tests::at;
    use crate::domain::clock::tests::{received, terms};
    use crate::domain::clock::{Pause, WaitingFor};

    #[test]
    fn a_case_that_came_on_monday_has_taken_four_working_days_on_friday() {
        let facts = received("2026-11-02T10:00:00Z");
        for (until, days) in [
            ("2026-11-02T16:00:00Z", 0),
            ("2026-11-03T08:00:00Z", 1),
            ("2026-11-06T23:00:00Z", 4),
            ("2026-11-08T12:00:00Z", 4),
            ("2026-11-09T00:00:00Z", 5),
        ] {
            let charter = terms("charter");
            let taken = time_taken(&facts, &charter, "respond", at(until)).unwrap();
            assert_eq!(
                (taken.gross_working_days, taken.net_working_days),
                (days, days)
            );
            let since = days_since_receipt(&facts, &charter, "respond", at(until));
            assert_eq!(since, Some((days, days)), "{until}");
        }
        assert_eq!(
            days_since_receipt(
                &facts,
                &terms("charter"),
                "no-such",
                at("2026-11-06T10:00:00Z")
            ),
            None
        );
    }

    #[test]
    fn what_came_after_closing_has_waited_since_the_next_working_day_where_there_is_a_cut_off() {
        let facts = received("2026-11-06T17:30:00Z");
        let tuesday = at("2026-11-10T10:00:00Z");
        let waited =
            |standard: &str| days_since_receipt(&facts, &terms(standard), "respond", tuesday);
        assert_eq!(waited("charter"), Some((1, 1)), "from Monday");
        assert_eq!(waited("foi"), Some((2, 2)), "the law knows no closing time");
        assert_eq!(
            waited("emergency-24x7"),
            Some((2, 2)),
            "an emergency has none"
        );
    }

    #[test]
    fn days_on_which_a_case_stood_still_are_in_the_gross_time_alone() {
        let mut facts = received("2026-11-02T10:00:00Z");
        facts.pauses.push(Pause {
            clock: None,
            from: at("2026-11-03T10:00:00Z"),
            to: Some(at("2026-11-05T10:00:00Z")),
            resume_on: date(2026, 11, 20),
            reason: "We asked for photographs".to_owned(),
            waiting_for: WaitingFor::Person,
        });
        let until = at("2026-11-06T10:00:00Z");
        let charter = terms("charter");
        assert_eq!(
            days_since_receipt(&facts, &charter, "respond", until),
            Some((4, 2))
        );
        let taken = time_taken(&facts, &charter, "respond", until).unwrap();
        assert_eq!((taken.gross_working_days, taken.net_working_days), (4, 2));
    }
}
