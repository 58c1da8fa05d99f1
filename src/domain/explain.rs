//! Why a date is what it is: every day counted and skipped, and a paragraph to read out.
//!
//! An explanation is made from the same course the clock itself runs on, so it cannot tell another
//! story than the date.

mod words;

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::calendar::Day;
use super::clock::{Course, Facts, Refusal, State, Terms, read};
use super::standard::Target;

pub use words::{spoken_date, spoken_time};

/// One clock, explained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    pub name: String,
    pub starts_at: Option<Timestamp>,
    pub counted_from_on: Option<Date>,
    /// The last day, in local time.
    pub due_on: Option<Date>,
    /// The first instant that is late.
    pub due_at: Option<Timestamp>,
    pub state: State,
    /// Every day after the counted-from day up to the last one; for calendar targets only the days
    /// the date was rolled over; for hours none.
    pub days: Vec<CountedDay>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extended_max_on: Option<Date>,
    pub words: String,
}

/// One day and whether it counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CountedDay {
    pub on: Date,
    pub counted: bool,
    pub why: String,
}

/// Explains one clock of a case, also an officer's own promise.
pub fn explain(
    facts: &Facts,
    terms: &Terms,
    clock: &str,
    now: Timestamp,
) -> Result<Explanation, Refusal> {
    let readings = read(facts, terms, now);
    let known = || {
        readings
            .iter()
            .map(|reading| reading.name.clone())
            .collect()
    };
    let Some(reading) = readings.iter().find(|reading| reading.name == clock) else {
        return Err(Refusal::UnknownClock {
            clock: clock.to_owned(),
            known: known(),
        });
    };
    let course = Course::named(facts, terms, clock);
    let days = match &course {
        Some(course) if reading.due_on.is_some() => counted_days(course),
        _ => Vec::new(),
    };
    let words = words::paragraph(reading, course.as_ref(), &days, facts, terms, now);
    Ok(Explanation {
        name: reading.name.clone(),
        starts_at: reading.starts_at,
        counted_from_on: reading.counted_from_on,
        due_on: reading.due_on,
        due_at: reading.due_at,
        state: reading.state,
        days,
        extended_max_on: reading.extended_max_on,
        words,
    })
}

/// Explains every clock of the standard.
pub fn explain_all(facts: &Facts, terms: &Terms, now: Timestamp) -> Vec<Explanation> {
    let names = terms
        .standard
        .clocks
        .iter()
        .map(|clock| clock.name.as_str());
    names
        .filter_map(|name| explain(facts, terms, name, now).ok())
        .collect()
}

fn counted_days(course: &Course<'_>) -> Vec<CountedDay> {
    let Some(run) = &course.run else {
        return Vec::new();
    };
    match run.counted {
        Target::Hours(_) | Target::WorkingHours(_) => Vec::new(),
        Target::WorkingDays(_) => {
            let (from, last) = (run.start.origin.day, Day::of(run.due.on));
            let days = std::iter::successors(Some(from.next()), |day| Some(day.next()));
            let mut n = 0;
            days.take_while(|day| *day <= last)
                .map(|day| counted_day(course, day, &mut n))
                .collect()
        }
        Target::Days(_) | Target::Weeks(_) | Target::Months(_) => {
            let rolled_over = course.rolled_over(run).map(Day::date);
            let why = |on| {
                course
                    .view
                    .why_not(on)
                    .unwrap_or_else(|| "not a working day".to_owned())
            };
            rolled_over
                .map(|on| CountedDay {
                    on,
                    counted: false,
                    why: why(on),
                })
                .collect()
        }
    }
}

fn counted_day(course: &Course<'_>, day: Day, n: &mut u32) -> CountedDay {
    let on = day.date();
    let skipped = |why: String| CountedDay {
        on,
        counted: false,
        why,
    };
    if let Some(why) = course.view.why_not(on) {
        return skipped(why);
    }
    if let Some(pause) = course.gaps.pause_on(day, course.view.calendar()) {
        let since = course.view.calendar().date_of(pause.from);
        let why = pause.reason.trim_end_matches('.');
        let since = format!("paused since {}", spoken_date(since));
        return skipped(if why.is_empty() {
            since
        } else {
            format!("{since}: {why}")
        });
    }
    *n += 1;
    CountedDay {
        on,
        counted: true,
        why: format!("working day {n}"),
    }
}
