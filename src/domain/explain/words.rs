//! The paragraph a councillor could read out.

use jiff::Timestamp;
use jiff::civil::Date;

use super::CountedDay;
use crate::domain::calendar::{Calendar, Day, WallTime};
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
    now: Timestamp,
) -> String {
    let Some(course) = course else {
        return own_promise(reading, terms);
    };
    let mut sentences = Vec::new();
    if reading.state == State::NotApplicable {
        sentences.push("This promise does not apply here.".to_owned());
    } else {
        sentences.extend(beginning(reading, course, facts, terms));
        sentences.extend(counting(reading, course, days));
        sentences.extend(pauses(reading, terms, now));
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

fn beginning(reading: &Reading, course: &Course<'_>, facts: &Facts, terms: &Terms) -> Vec<String> {
    let spec = course.spec;
    let not_started = format!("This has not started. It starts {}.", when(&spec.starts));
    let Some(counted_from) = reading.counted_from_on else {
        return vec![not_started];
    };
    let Some(starts_at) = reading.starts_at else {
        return vec![
            not_started,
            format!(
                "Until then it is dated from the last day for that, {}.",
                spoken_date(counted_from)
            ),
        ];
    };
    let restarted_at = course.run.as_ref().and_then(|run| run.start.restarted_at);
    let mut sentences = Vec::new();
    if let Some(at) = restarted_at {
        let received = spoken_instant(facts.received_at, terms);
        sentences.push(format!("We received it at {received}."));
        let restart = spec.restarts.iter().find(|one| {
            facts
                .events
                .iter()
                .any(|event| event.name == one.on && event.at == at)
        });
        let why = restart.map_or("It had to be counted again", |one| happened(&one.on));
        let at = spoken_instant(at, terms);
        sentences.push(format!("{why} at {at}, and the count began afresh."));
    } else {
        let at = spoken_instant(starts_at, terms);
        sentences.push(format!("{} at {at}.", happened(&spec.starts)));
    }
    sentences.extend(cut_off(starts_at, counted_from, course));
    sentences
}

/// What happened, as the beginning of a sentence that goes on with when.
fn happened(event: &str) -> &'static str {
    match event {
        "received" => "We received it",
        "acknowledged" => "We acknowledged it",
        "clarified" => "It was made clear what is wanted",
        "escalated" => "We were asked to look at it again",
        "stage_2_acknowledged" => "We acknowledged the second look",
        "stage_2_started" => "The second stage started",
        "concluded" => "The investigation was concluded",
        "panel_requested" => "A review panel was asked for",
        "appeal_deadline" => "The time for appeals ended",
        _ => "It started",
    }
}

/// The same for what is still to come, as the end of a sentence.
fn when(event: &str) -> String {
    match event {
        "acknowledged" => "when we acknowledge it".to_owned(),
        "escalated" => "when we are asked to look at it again".to_owned(),
        "stage_2_acknowledged" => "when we acknowledge the second look".to_owned(),
        "stage_2_started" => "when the second stage starts".to_owned(),
        "concluded" => "when the investigation is concluded".to_owned(),
        "panel_requested" => "when a review panel is asked for".to_owned(),
        other => format!("with: {}", said(other)),
    }
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
    let begins = match course.view.why_not(on) {
        Some(why) => format!("That day was not an open day ({why}), {counts}."),
        None => format!("That was not before the cut-off at {cut_off}, {counts}."),
    };
    let between = not_open(course, Day::of(on).next(), Day::of(counted_from));
    let why = skipped(&between).into_iter();
    Some(
        std::iter::once(begins)
            .chain(why)
            .collect::<Vec<_>>()
            .join(" "),
    )
}

/// The days of `from..until` on which the office is not open.
fn not_open(course: &Course<'_>, from: Day, until: Day) -> Vec<CountedDay> {
    let days = std::iter::successors(Some(from), |day| Some(day.next()));
    days.take_while(|day| *day < until)
        .filter_map(|day| {
            let on = day.date();
            let why = course.view.why_not(on)?;
            Some(CountedDay {
                on,
                counted: false,
                why,
            })
        })
        .collect()
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
        Target::WorkingHours(_) => {
            sentences.push("Only opening hours count.".to_owned());
            let until = Day::of(run.due.on);
            sentences.extend(skipped(&not_open(course, Day::of(from), until)));
            sentences.extend(early_closing(course, Day::of(from), until));
        }
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

/// The days on which the office closes early, where that is why fewer hours count.
fn early_closing(course: &Course<'_>, from: Day, until: Day) -> Vec<String> {
    let half_days = course.view.early_closings(from.date(), until.date());
    half_days
        .into_iter()
        .map(|(on, half_day)| {
            format!(
                "The office closes at {} on {} ({}).",
                half_day.closes.spoken(),
                spoken_date(on),
                half_day.reason
            )
        })
        .collect()
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

fn pauses(reading: &Reading, terms: &Terms, now: Timestamp) -> Vec<String> {
    let sentence = |pause: &crate::domain::clock::Paused| {
        let from = spoken_date(terms.calendar.date_of(pause.from));
        let stands_still = match pause.to {
            Some(to) => {
                let verb = match (pause.from <= now, to <= now) {
                    (_, true) => "stood",
                    (true, false) => "stands",
                    (false, false) => "will stand",
                };
                let to = spoken_date(terms.calendar.date_of(to));
                format!("It {verb} still from {from} to {to}")
            }
            None => {
                let verb = match pause.from <= now {
                    true => "has been paused since",
                    false => "will be paused from",
                };
                let latest = spoken_date(pause.resume_on);
                format!("It {verb} {from}, until {latest} at the latest")
            }
        };
        with_reason(&stands_still, &pause.reason)
    };
    reading.paused.iter().map(sentence).collect()
}

fn extension(reading: &Reading) -> Option<String> {
    let extended = reading.extended.as_ref()?;
    let moved = format!(
        "The date was {} before it was moved",
        spoken_date(extended.from_on)
    );
    Some(with_reason(&moved, &extended.reason))
}

/// A sentence with its reason, where one was given.
fn with_reason(sentence: &str, reason: &str) -> String {
    match reason.trim_end_matches('.') {
        "" => format!("{sentence}."),
        reason => format!("{sentence}: {reason}."),
    }
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
        let passed = format!("That time passed at {}", spoken_instant(at, terms));
        sentences.push(match reading.state {
            State::Paused => format!("{passed}, on the day from which it stands still."),
            _ => format!("{passed} and the promise was not kept."),
        });
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

/// A date counted over years whose holidays are not known says so.
fn outlook(reading: &Reading, terms: &Terms) -> Option<String> {
    if let (Some(from), Some(known_from)) = (
        reading.counted_from_on,
        terms.calendar.holidays_known_from(),
    ) && from < known_from
    {
        return Some(format!(
            "Bank holidays are known from {}; those before it are not left out here.",
            spoken_date(known_from)
        ));
    }
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
    let zone = terms.calendar.zone();
    // Where the clocks go back an hour is there twice; the zone's own name tells which it is.
    let is_there_twice = zone
        .to_ambiguous_timestamp(zone.to_datetime(at))
        .is_ambiguous();
    let which = if is_there_twice {
        format!(" ({})", zone.to_offset_info(at).abbreviation())
    } else {
        String::new()
    };
    format!("{}{which} on {on}", spoken_time(at, &terms.calendar))
}

/// An event's name as words: `stage_2_acknowledged` is “stage 2 acknowledged”.
fn said(event: &str) -> String {
    event.replace('_', " ")
}
