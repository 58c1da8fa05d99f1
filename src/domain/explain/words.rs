//! The paragraph a councillor could read out.

use jiff::Timestamp;
use jiff::civil::Date;

use super::CountedDay;
use crate::domain::calendar::{Calendar, WallTime};
use crate::domain::clock::{Course, Facts, Reading, State, Terms};
use crate::domain::standard::{ClockSpec, Target};

/// `Tuesday 24 November 2026`.
pub fn spoken_date(on: Date) -> String {
    on.strftime("%A %-d %B %Y").to_string()
}

/// `4.45pm`, in the calendar's zone.
pub fn spoken_time(at: Timestamp, calendar: &Calendar) -> String {
    WallTime::from(calendar.zone().to_datetime(at).time()).spoken()
}

pub(super) fn paragraph(
    reading: &Reading,
    course: Option<&Course<'_>>,
    days: &[CountedDay],
    facts: &Facts,
    terms: &Terms,
) -> String {
    let Some(course) = course else {
        return own_promise(reading, terms);
    };
    let mut sentences = Vec::new();
    if reading.state == State::NotApplicable {
        sentences.push("This promise does not apply here.".to_owned());
    } else {
        sentences.extend(beginning(reading, course, terms));
        sentences.extend(counting(reading, course, days));
        sentences.extend(pauses(reading, terms));
        sentences.extend(extension(reading));
        sentences.extend(last_day(reading, course, terms));
        sentences.extend(held(course, terms));
        sentences.extend(standing(reading, course, facts, terms));
        sentences.extend(outlook(reading, terms));
    }
    let standard = &terms.standard;
    sentences.push(format!(
        "The promise is “{}”, version {} ({}).",
        standard.name, standard.version, standard.source
    ));
    sentences.join(" ")
}

fn beginning(reading: &Reading, course: &Course<'_>, terms: &Terms) -> Vec<String> {
    let spec = course.spec;
    let event = said(&spec.starts);
    let Some(counted_from) = reading.counted_from_on else {
        return vec![format!("This has not started. It starts with: {event}.")];
    };
    let Some(starts_at) = reading.starts_at else {
        return vec![
            format!("This has not started. It starts with: {event}."),
            format!(
                "Until then it is dated from the last day for that, {}.",
                spoken_date(counted_from)
            ),
        ];
    };
    let restarted_at = course.run.as_ref().and_then(|run| run.start.restarted_at);
    let begins = match restarted_at {
        Some(at) => format!("The count began afresh at {}", spoken_instant(at, terms)),
        None => {
            let at = spoken_instant(starts_at, terms);
            match spec.starts.as_str() {
                "received" => format!("We received it at {at}"),
                "acknowledged" => format!("We acknowledged it at {at}"),
                _ => format!("It started with “{event}”, at {at}"),
            }
        }
    };
    let mut sentences = vec![format!("{begins}.")];
    sentences.extend(cut_off(starts_at, counted_from, course));
    sentences
}

/// Whether the cut-off moved the day it counts from, and why.
fn cut_off(starts_at: Timestamp, counted_from: Date, course: &Course<'_>) -> Option<String> {
    let by_the_hour = course
        .run
        .as_ref()
        .is_some_and(|run| matches!(run.counted, Target::Hours(_)));
    if !course.spec.cut_off || by_the_hour {
        return None;
    }
    let on = course.view.calendar().date_of(starts_at);
    let cut_off = course.view.cut_off(on).spoken();
    if counted_from == on {
        return Some(format!(
            "That was before the cut-off at {cut_off}, so it counts from that day."
        ));
    }
    let counts = format!(
        "so it counts from the next open day, {}",
        spoken_date(counted_from)
    );
    Some(match course.view.why_not(on) {
        Some(why) => format!("That day was not an open day ({why}), {counts}."),
        None => format!("That was not before the cut-off at {cut_off}, {counts}."),
    })
}

fn counting(reading: &Reading, course: &Course<'_>, days: &[CountedDay]) -> Vec<String> {
    let (Some(run), Some(from)) = (&course.run, reading.counted_from_on) else {
        return course
            .spec
            .target()
            .map(|target| promise(course.spec, target))
            .into_iter()
            .collect();
    };
    let mut sentences = vec![promise(course.spec, run.counted)];
    match run.counted {
        Target::WorkingDays(_) => {
            if let Some(first) = days.iter().find(|day| day.counted) {
                sentences.push(format!("Day 1 is {}.", spoken_date(first.on)));
            }
        }
        Target::Hours(_) => sentences.push("These hours run day and night.".to_owned()),
        Target::WorkingHours(_) => sentences.push("Only opening hours count.".to_owned()),
        Target::Days(_) | Target::Weeks(_) | Target::Months(_) => {
            sentences.push(format!("It is counted from {}.", spoken_date(from)));
            if !days.is_empty() {
                sentences.push("The date moves on to the next working day.".to_owned());
            }
        }
    }
    sentences.extend(skipped(days));
    sentences
}

fn promise(spec: &ClockSpec, counted: Target) -> String {
    format!("We promise to {} within {counted}.", spec.promises)
}

/// Weekends by number, everything else by name. Pauses have a sentence of their own.
fn skipped(days: &[CountedDay]) -> Vec<String> {
    let mut weekend_days = 0;
    let mut others: Vec<(&str, Vec<Date>)> = Vec::new();
    for day in days
        .iter()
        .filter(|day| !day.counted && !day.why.starts_with("paused"))
    {
        if matches!(day.why.as_str(), "Saturday" | "Sunday") {
            weekend_days += 1;
            continue;
        }
        match others.iter_mut().find(|(why, _)| *why == day.why) {
            Some((_, dates)) => dates.push(day.on),
            None => others.push((&day.why, vec![day.on])),
        }
    }
    let weekend = match weekend_days {
        0 => None,
        1 => Some("One day at a weekend does not count.".to_owned()),
        n => Some(format!("{n} days at weekends do not count.")),
    };
    let named = others
        .into_iter()
        .map(|(why, dates)| match dates.as_slice() {
            [on] => format!("{} does not count ({why}).", spoken_date(*on)),
            [first, .., last] => format!(
                "{} days from {} to {} do not count ({why}).",
                dates.len(),
                spoken_date(*first),
                spoken_date(*last)
            ),
            [] => String::new(),
        });
    weekend.into_iter().chain(named).collect()
}

fn pauses(reading: &Reading, terms: &Terms) -> Vec<String> {
    let sentence = |pause: &crate::domain::clock::Paused| {
        let from = spoken_date(terms.calendar.date_of(pause.from));
        match pause.to {
            Some(to) => format!(
                "It stood still from {from} to {}: {}.",
                spoken_date(terms.calendar.date_of(to)),
                pause.reason.trim_end_matches('.')
            ),
            None => format!(
                "It has been paused since {from}, until {} at the latest: {}.",
                spoken_date(pause.resume_on),
                pause.reason.trim_end_matches('.')
            ),
        }
    };
    reading.paused.iter().map(sentence).collect()
}

fn extension(reading: &Reading) -> Option<String> {
    let extended = reading.extended.as_ref()?;
    let reason = extended.reason.trim_end_matches('.');
    Some(format!(
        "The date was {} before it was moved: {reason}.",
        spoken_date(extended.from_on)
    ))
}

fn last_day(reading: &Reading, course: &Course<'_>, terms: &Terms) -> Option<String> {
    let (due_on, due_at) = (reading.due_on?, reading.due_at?);
    let run = course.run.as_ref()?;
    if run.counted.is_in_hours() && reading.extended.is_none() {
        return Some(format!(
            "It is late from {}.",
            spoken_instant(due_at, terms)
        ));
    }
    let late = match terms.calendar.date_of(due_at) == due_on {
        true => format!(
            "it is late from {} that day",
            spoken_time(due_at, &terms.calendar)
        ),
        false => "it is late when that day is over".to_owned(),
    };
    Some(format!("The last day is {}; {late}.", spoken_date(due_on)))
}

/// A date that was met or broken before the calendar or the standard changed is not counted anew.
fn held(course: &Course<'_>, terms: &Terms) -> Option<String> {
    let since = course.run.as_ref()?.held_since?;
    Some(format!(
        "The calendar or the standard changed at {}; this date stays what it was then.",
        spoken_instant(since, terms)
    ))
}

fn standing(reading: &Reading, course: &Course<'_>, facts: &Facts, terms: &Terms) -> Vec<String> {
    let mut sentences = Vec::new();
    if let Some(at) = reading.missed_at {
        sentences.push(format!(
            "That time passed at {} and the promise was not kept.",
            spoken_instant(at, terms)
        ));
    }
    if let Some(at) = reading.met_at {
        sentences.push(format!("It was done at {}.", spoken_instant(at, terms)));
    }
    if reading.state == State::Cancelled
        && let Some(cancelled) = &facts.cancelled
    {
        let reason = cancelled.reason.trim_end_matches('.');
        sentences.push(format!(
            "It ended at {}: {reason}.",
            spoken_instant(cancelled.at, terms)
        ));
    }
    if let Some(first) = reading.first_due_on
        && reading.due_on.is_some_and(|due_on| due_on != first)
    {
        sentences.push(format!("The first date given was {}.", spoken_date(first)));
    }
    if let Some(latest) = reading.extended_max_on
        && reading.extended.is_none()
        && course.run.as_ref().is_some_and(|run| run.due.on < latest)
    {
        sentences.push(format!(
            "With a reason it could be moved to {} at the latest.",
            spoken_date(latest)
        ));
    }
    sentences
}

/// A date beyond the published holidays may still move, and says so.
fn outlook(reading: &Reading, terms: &Terms) -> Option<String> {
    let known_until = terms.calendar.holidays_known_until()?;
    let beyond = reading.due_on? > known_until;
    beyond.then(|| {
        format!(
            "Bank holidays are known up to {}; after that the date may move.",
            spoken_date(known_until)
        )
    })
}

fn own_promise(reading: &Reading, terms: &Terms) -> String {
    let what = reading
        .promise
        .as_ref()
        .map_or("", |promise| promise.what.trim_end_matches('.'));
    let by = reading
        .due_at
        .map(|at| spoken_instant(at, terms))
        .unwrap_or_default();
    let mut words = format!("An officer promised: {what}, before {by}.");
    if let Some(at) = reading.met_at {
        words.push_str(&format!(" It was done at {}.", spoken_instant(at, terms)));
    } else if reading.state == State::Missed {
        words.push_str(" That time has passed and the promise was not kept.");
    }
    words
}

fn spoken_instant(at: Timestamp, terms: &Terms) -> String {
    let on = spoken_date(terms.calendar.date_of(at));
    format!("{} on {on}", spoken_time(at, &terms.calendar))
}

/// An event's name as words: `stage_2_acknowledged` is “stage 2 acknowledged”.
fn said(event: &str) -> String {
    event.replace('_', " ")
}
