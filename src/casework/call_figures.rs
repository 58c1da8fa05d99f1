//! Calls and calls back in figures, over some days: all of them, and by line and by queue.
//!
//! Calls are read a few thousand at a time, so that a year of a large council fits.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, ToSpan as _};

use super::desk::Moment;
use super::failure::Failure;
use super::views::calls::{CallFigures, CallbackFigures};
use crate::domain::telephony::figures::Count;
use crate::store::callbacks::{self, Callback};
use crate::store::{Conn, calls};

/// The figures of some days.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    pub all: CallFigures,
    /// By what was rung; calls of which that was not told are under nothing.
    pub by_line: Vec<(Option<String>, CallFigures)>,
    /// By where they waited last.
    pub by_queue: Vec<(Option<String>, CallFigures)>,
}

/// The longest time one report is about.
const MOST_DAYS: i32 = 366;
/// Nobody waits on the telephone longer than this from one day to the next.
const A_WAIT_AT_MOST: SignedDuration = SignedDuration::from_hours(1);
/// Calls read at once.
const AT_ONCE: i64 = 2000;

#[derive(Default)]
struct Counted {
    calls: Count,
    callbacks: CallbackFigures,
}

/// Counts what began between two local days, both included.
///
/// # Errors
/// When the days are the wrong way round or too far apart.
pub fn between(conn: &mut Conn, at: &Moment, from: Date, to: Date) -> Result<Report, Failure> {
    check_days(from, to)?;
    let calendar = &at.council.catalogue.calendar;
    let zone = calendar.zone();
    let begin = |day: Date| {
        day.to_zoned(zone.clone())
            .map(|zoned| zoned.timestamp())
            .map_err(beyond)
    };
    let until = begin(to.checked_add(1.day()).map_err(beyond)?)?;
    let time = (begin(from)?, until);

    let mut all = Counted::default();
    let mut by_line: BTreeMap<Option<String>, Counted> = BTreeMap::new();
    let mut by_queue: BTreeMap<Option<String>, Counted> = BTreeMap::new();
    let mut after = None;
    loop {
        let rows = calls::began_between(conn, time, after.as_ref(), AT_ONCE)?;
        let is_last = i64::try_from(rows.len()).is_ok_and(|n| n < AT_ONCE);
        for (id, call) in rows {
            let began_at = call.began_at.unwrap_or(at.now);
            let may_wait =
                calendar.date_of(began_at) >= at.today() || at.now < began_at + A_WAIT_AT_MOST;
            all.calls.add(&call, may_wait);
            let line = by_line.entry(call.line.clone()).or_default();
            line.calls.add(&call, may_wait);
            let queue = by_queue.entry(call.queue.clone()).or_default();
            queue.calls.add(&call, may_wait);
            after = call.began_at.map(|at| (at, id));
        }
        if is_last {
            break;
        }
    }
    for callback in callbacks::asked_between(conn, time)? {
        add(&mut all.callbacks, &callback);
        let line = by_line.entry(callback.line.clone()).or_default();
        add(&mut line.callbacks, &callback);
        let queue = by_queue.entry(callback.queue.clone()).or_default();
        add(&mut queue.callbacks, &callback);
    }
    let each = |counted: BTreeMap<Option<String>, Counted>| {
        counted
            .into_iter()
            .map(|(name, counted)| (name, counted.figures()))
            .collect()
    };
    Ok(Report {
        all: all.figures(),
        by_line: each(by_line),
        by_queue: each(by_queue),
    })
}

/// Refuses days that are the wrong way round or too far apart.
///
/// # Errors
/// Says which.
pub(super) fn check_days(from: Date, to: Date) -> Result<(), Failure> {
    let out_of_range = |detail: &str| Failure::invalid("/to_on", "out_of_range", detail);
    if to < from {
        return Err(out_of_range("`to_on` lies before `from_on`."));
    }
    if from.checked_add(MOST_DAYS.days()).map_err(beyond)? <= to {
        return Err(out_of_range("A report is about 366 days at most."));
    }
    Ok(())
}

fn beyond(_: jiff::Error) -> Failure {
    Failure::invalid(
        "/to_on",
        "out_of_range",
        "This date is beyond the calendar.",
    )
}

fn add(figures: &mut CallbackFigures, callback: &Callback) {
    figures.asked += 1;
    match callback.kept_at {
        Some(kept_at) => {
            figures.kept += 1;
            figures.kept_in_time += u64::from(kept_at < callback.due_at);
        }
        None => figures.not_yet += 1,
    }
}

impl Counted {
    fn figures(self) -> CallFigures {
        let calls = self.calls.figures();
        CallFigures {
            offered: calls.offered,
            answered: calls.answered,
            abandoned: calls.abandoned,
            hung_up_at_once: calls.hung_up_at_once,
            still_waiting: calls.still_waiting,
            end_unknown: calls.end_unknown,
            abandoned_percent: calls.abandoned_percent,
            wait_median_seconds: calls.wait.map(|wait| wait.median),
            wait_p90_seconds: calls.wait.map(|wait| wait.p90),
            wait_longest_seconds: calls.wait.map(|wait| wait.longest),
            abandoned_longest_seconds: calls.abandoned_longest,
            position_told: calls.told_their_place,
            callbacks: self.callbacks,
        }
    }
}
