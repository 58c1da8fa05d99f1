//! When a step falls.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Relative to a clock's last day, or to its start. Written `"-2 working_days"`, `"75%"`, `"due"`,
/// `"0 working_days"`, `"+1 working_days"`, `"after 15 minutes"`, `"after 4 working_hours"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Offset {
    /// 09:00 on that working day counted from the last day; 0 is the morning of the last day.
    WorkingDays(i32),
    /// When this much of the clock's life has gone by.
    Percent(u8),
    /// The instant it becomes late.
    Due,
    /// Elapsed minutes after the start.
    Minutes(u32),
    /// Opening hours after the start.
    WorkingHours(u32),
    /// 09:00 on the nth working day after the start.
    WorkingDaysAfterStart(u32),
}

impl Offset {
    /// Whether it counts from the start rather than towards the last day.
    pub fn is_after_start(self) -> bool {
        matches!(
            self,
            Offset::Minutes(_) | Offset::WorkingHours(_) | Offset::WorkingDaysAfterStart(_)
        )
    }

    /// Whether it can be the distance between repeats.
    pub fn is_a_distance(self) -> bool {
        match self {
            Offset::WorkingDays(n) => n > 0,
            Offset::Minutes(n) | Offset::WorkingHours(n) | Offset::WorkingDaysAfterStart(n) => {
                n > 0
            }
            Offset::Percent(_) | Offset::Due => false,
        }
    }
}

impl FromStr for Offset {
    type Err = String;

    fn from_str(text: &str) -> Result<Offset, String> {
        let refused = || {
            format!(
                "{text:?} is not an offset such as \"-2 working_days\", \"75%\", \"due\", \"+1 working_days\", \
                 \"after 15 minutes\", \"after 4 working_hours\" or \"after 2 working_days\""
            )
        };
        let words: Vec<&str> = text.split_whitespace().collect();
        let number = |text: &str| text.parse::<u32>().map_err(|_| refused());
        match *words.as_slice() {
            ["due"] => Ok(Offset::Due),
            ["start"] => Ok(Offset::Minutes(0)),
            [percent] => {
                let percent = percent.strip_suffix('%').ok_or_else(refused)?;
                let percent: u8 = percent.parse().map_err(|_| refused())?;
                if percent > 100 {
                    Err(refused())
                } else {
                    Ok(Offset::Percent(percent))
                }
            }
            ["after", n, "minutes" | "minute"] => Ok(Offset::Minutes(number(n)?)),
            ["after", n, "working_hours" | "working_hour"] => Ok(Offset::WorkingHours(number(n)?)),
            ["after", n, "working_days" | "working_day"] => {
                Ok(Offset::WorkingDaysAfterStart(number(n)?))
            }
            [n, "working_days" | "working_day"] => {
                let n: i32 = n.parse().map_err(|_| refused())?;
                if (-400..=400).contains(&n) {
                    Ok(Offset::WorkingDays(n))
                } else {
                    Err(refused())
                }
            }
            [n, "minutes" | "minute"] => Ok(Offset::Minutes(number(n.trim_start_matches('+'))?)),
            [n, "working_hours" | "working_hour"] => {
                Ok(Offset::WorkingHours(number(n.trim_start_matches('+'))?))
            }
            _ => Err(refused()),
        }
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Offset::WorkingDays(0) => f.write_str("0 working_days"),
            Offset::WorkingDays(n) => write!(f, "{n:+} working_days"),
            Offset::Percent(percent) => write!(f, "{percent}%"),
            Offset::Due => f.write_str("due"),
            Offset::Minutes(n) => write!(f, "after {n} minutes"),
            Offset::WorkingHours(n) => write!(f, "after {n} working_hours"),
            Offset::WorkingDaysAfterStart(n) => write!(f, "after {n} working_days"),
        }
    }
}

impl TryFrom<String> for Offset {
    type Error = String;

    fn try_from(text: String) -> Result<Offset, String> {
        text.parse()
    }
}

impl From<Offset> for String {
    fn from(offset: Offset) -> String {
        offset.to_string()
    }
}
