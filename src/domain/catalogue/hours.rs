//! Opening hours: what stands in the file (`Mon-Thu 08:30-17:00, Fri 08:30-16:30`), whether
//! somebody answers at a given moment, and how it is said to people ("Monday to Thursday, 8.30am
//! to 5pm, and Friday, 8.30am to 4.30pm").
//!
//! Published hours say who picks up the telephone. They never count a promise: that is the
//! calendar's.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{DateTime, Time, Weekday};

use crate::domain::wording::clock_time;

/// When somebody is there, week by week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours {
    /// As written.
    text: String,
    spans: Spans,
}

/// Why a text is not opening hours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not opening hours: write `Mon-Fri 08:30-17:00`, several parts with commas between, or `24 hours`"
)]
pub struct HoursError(String);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Spans {
    Always,
    Weekly(Vec<Span>),
}

/// The same hours on a run of days.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Span {
    first: Weekday,
    last: Weekday,
    opens: Time,
    /// At or before `opens` means on the next day.
    closes: Time,
}

impl Hours {
    /// Day and night, every day.
    #[must_use]
    pub fn always() -> Self {
        Self {
            text: "24 hours".to_owned(),
            spans: Spans::Always,
        }
    }

    /// At no time: stands in for hours that could not be read.
    pub(super) fn never() -> Self {
        Self {
            text: String::new(),
            spans: Spans::Weekly(Vec::new()),
        }
    }

    /// Whether they are day and night, every day.
    #[must_use]
    pub fn is_always(&self) -> bool {
        self.spans == Spans::Always
    }

    /// Whether somebody is there at that local time, opening included, closing not. Bank holidays
    /// are the caller's business.
    ///
    /// ```
    /// use reeve::domain::catalogue::Hours;
    /// let hours: Hours = "Mon-Fri 08:30-17:00".parse().unwrap();
    /// assert!(hours.is_open(jiff::civil::date(2026, 11, 20).at(16, 59, 59, 0)));
    /// assert!(!hours.is_open(jiff::civil::date(2026, 11, 20).at(17, 0, 0, 0)));
    /// assert!(!hours.is_open(jiff::civil::date(2026, 11, 21).at(12, 0, 0, 0)));
    /// ```
    #[must_use]
    pub fn is_open(&self, at: DateTime) -> bool {
        match &self.spans {
            Spans::Always => true,
            Spans::Weekly(spans) => spans
                .iter()
                .any(|span| span.covers(at.weekday(), at.time())),
        }
    }

    /// In words for people.
    ///
    /// ```
    /// use reeve::domain::catalogue::Hours;
    /// let said = |text: &str| text.parse::<Hours>().unwrap().in_words();
    /// assert_eq!(said("Mon-Fri 08:30-17:00"), "Monday to Friday, 8.30am to 5pm");
    /// assert_eq!(said("24 hours"), "24 hours a day, every day");
    /// ```
    #[must_use]
    pub fn in_words(&self) -> String {
        match &self.spans {
            Spans::Always => "24 hours a day, every day".to_owned(),
            Spans::Weekly(spans) => {
                let said: Vec<String> = spans.iter().map(Span::in_words).collect();
                match said.split_last() {
                    Some((last, rest)) if !rest.is_empty() => {
                        format!("{}, and {last}", rest.join(", "))
                    }
                    _ => said.concat(),
                }
            }
        }
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Hours {
    type Err = HoursError;

    fn from_str(text: &str) -> Result<Self, HoursError> {
        let bad = || HoursError(text.to_owned());
        if text == "24 hours" {
            return Ok(Self::always());
        }
        let mut spans = Vec::new();
        for part in text.split(',') {
            let (days, times) = part.trim().split_once(' ').ok_or_else(bad)?;
            let (first, last) = days.split_once('-').unwrap_or((days, days));
            let (opens, closes) = times.trim().split_once('-').ok_or_else(bad)?;
            spans.push(Span {
                first: weekday(first).ok_or_else(bad)?,
                last: weekday(last).ok_or_else(bad)?,
                opens: time(opens).ok_or_else(bad)?,
                closes: time(closes).ok_or_else(bad)?,
            });
        }
        Ok(Self {
            text: text.to_owned(),
            spans: Spans::Weekly(spans),
        })
    }
}

impl Span {
    fn covers(&self, day: Weekday, time: Time) -> bool {
        if self.opens < self.closes {
            return self.has(day) && self.opens <= time && time < self.closes;
        }
        // Over midnight: the evening belongs to its own day, the small hours to the day before.
        (self.has(day) && self.opens <= time) || (self.has(day.previous()) && time < self.closes)
    }

    fn has(&self, day: Weekday) -> bool {
        let since_first = self.first.until(day);
        since_first <= self.first.until(self.last)
    }

    fn in_words(&self) -> String {
        let days = if self.first == self.last {
            name(self.first).to_owned()
        } else if self.first.next() == self.last {
            format!("{} and {}", name(self.first), name(self.last))
        } else {
            format!("{} to {}", name(self.first), name(self.last))
        };
        format!(
            "{days}, {} to {}",
            clock_time(self.opens),
            clock_time(self.closes)
        )
    }
}

fn time(text: &str) -> Option<Time> {
    let (hour, minute) = text.trim().split_once(':')?;
    let is_written_out = hour.len() == 2 && minute.len() == 2;
    let (hour, minute) = (hour.parse().ok()?, minute.parse().ok()?);
    match (is_written_out, hour, minute) {
        // The end of the day is the start of the next: both ends of a span are read alike.
        (true, 24, 0) => Some(Time::midnight()),
        (true, ..) => Time::new(hour, minute, 0, 0).ok(),
        _ => None,
    }
}

fn weekday(text: &str) -> Option<Weekday> {
    WEEK.iter()
        .find(|(short, _, _)| *short == text)
        .map(|(_, _, day)| *day)
}

fn name(day: Weekday) -> &'static str {
    WEEK.iter()
        .find(|(_, _, known)| *known == day)
        .map_or("", |(_, name, _)| name)
}

const WEEK: [(&str, &str, Weekday); 7] = [
    ("Mon", "Monday", Weekday::Monday),
    ("Tue", "Tuesday", Weekday::Tuesday),
    ("Wed", "Wednesday", Weekday::Wednesday),
    ("Thu", "Thursday", Weekday::Thursday),
    ("Fri", "Friday", Weekday::Friday),
    ("Sat", "Saturday", Weekday::Saturday),
    ("Sun", "Sunday", Weekday::Sunday),
];

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn hours(text: &str) -> Hours {
        text.parse().unwrap()
    }

    #[test]
    fn hours_are_said_as_people_say_them() {
        let check = |text, expect| assert_eq!(hours(text).in_words(), expect);
        check("Mon-Fri 08:30-17:00", "Monday to Friday, 8.30am to 5pm");
        check("Mon-Sat 09:30-17:00", "Monday to Saturday, 9.30am to 5pm");
        check(
            "Mon-Thu 08:30-17:00, Fri 08:30-16:30",
            "Monday to Thursday, 8.30am to 5pm, and Friday, 8.30am to 4.30pm",
        );
        check("Fri-Sat 18:00-02:00", "Friday and Saturday, 6pm to 2am");
        check("Sat 12:00-24:00", "Saturday, midday to midnight");
        check("24 hours", "24 hours a day, every day");
    }

    #[test]
    fn a_night_shift_belongs_to_the_evening_it_began() {
        let noise = hours("Fri-Sat 18:00-02:00");
        let check = |day: i8, hour: i8, expect: bool| {
            assert_eq!(
                noise.is_open(date(2026, 11, day).at(hour, 30, 0, 0)),
                expect,
                "{day} {hour}"
            );
        };
        check(20, 17, false);
        check(20, 18, true);
        check(21, 1, true);
        check(21, 2, false);
        check(22, 1, true);
        check(22, 18, false);
        check(20, 1, false);
    }

    #[test]
    fn a_run_of_days_may_go_over_the_weekend() {
        let hours = hours("Sat-Mon 10:00-11:00");
        for (day, expect) in [(20, false), (21, true), (22, true), (23, true), (24, false)] {
            assert_eq!(
                hours.is_open(date(2026, 11, day).at(10, 0, 0, 0)),
                expect,
                "{day}"
            );
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for bad in [
            "",
            "always",
            "Mon-Fri",
            "Mon-Fri 8.30-17:00",
            "Mon-Fri 8:30-17:00",
            "Mo-Fr 08:30-17:00",
            "Mon-Fri 08:30-25:00",
            "Mon-Fri 08:30-17:00,",
            "Mon-Fri 08:30",
        ] {
            assert!(bad.parse::<Hours>().is_err(), "{bad}");
        }
    }
}
