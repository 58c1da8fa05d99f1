//! How long a promise may take.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A length in the unit it was promised in: `{"working_days": 10}`. Units are never turned into one
/// another: ten working days are not eighty hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    WorkingDays(u32),
    /// Inside opening hours.
    WorkingHours(u32),
    /// Elapsed, day and night.
    Hours(u32),
    Days(u32),
    Weeks(u32),
    Months(u32),
}

impl Target {
    pub fn amount(self) -> u32 {
        match self {
            Target::WorkingDays(n)
            | Target::WorkingHours(n)
            | Target::Hours(n)
            | Target::Days(n)
            | Target::Weeks(n)
            | Target::Months(n) => n,
        }
    }

    /// The sum of two lengths in the same unit. Hours lengthen working hours as working hours.
    pub fn plus(self, more: Target) -> Option<Target> {
        match (self, more) {
            (Target::WorkingDays(a), Target::WorkingDays(b)) => {
                Some(Target::WorkingDays(a.saturating_add(b)))
            }
            (Target::WorkingHours(a), Target::WorkingHours(b) | Target::Hours(b)) => {
                Some(Target::WorkingHours(a.saturating_add(b)))
            }
            (Target::Hours(a), Target::Hours(b)) => Some(Target::Hours(a.saturating_add(b))),
            (Target::Days(a), Target::Days(b)) => Some(Target::Days(a.saturating_add(b))),
            (Target::Weeks(a), Target::Weeks(b)) => Some(Target::Weeks(a.saturating_add(b))),
            (Target::Months(a), Target::Months(b)) => Some(Target::Months(a.saturating_add(b))),
            _ => None,
        }
    }

    /// Whether it ends at an hour rather than with a day.
    pub fn is_in_hours(self) -> bool {
        matches!(self, Target::Hours(_) | Target::WorkingHours(_))
    }

    /// The same date so many calendar days, weeks or months later (the last of the month where
    /// that month is shorter); nothing for the units that need a calendar.
    pub fn calendar_date_after(self, from: Date) -> Option<Date> {
        let span = jiff::Span::new();
        let span = match self {
            Target::Days(n) => span.try_days(n),
            Target::Weeks(n) => span.try_weeks(n),
            Target::Months(n) => span.try_months(n),
            Target::WorkingDays(_) | Target::WorkingHours(_) | Target::Hours(_) => return None,
        };
        Some(
            span.and_then(|span| from.checked_add(span))
                .unwrap_or(Date::MAX),
        )
    }

    /// About how many hours go by: enough to tell which of two targets is laxer.
    pub fn roughly_hours(self) -> u64 {
        let n = u64::from(self.amount());
        match self {
            Target::Hours(_) => n,
            // Eight opening hours to a day, five days to a week.
            Target::WorkingHours(_) => n * 24 * 7 / 40,
            Target::WorkingDays(_) => n * 24 * 7 / 5,
            Target::Days(_) => n * 24,
            Target::Weeks(_) => n * 24 * 7,
            Target::Months(_) => n * 24 * 30,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self {
            Target::WorkingDays(_) => "working day",
            Target::WorkingHours(_) => "working hour",
            Target::Hours(_) => "hour",
            Target::Days(_) => "day",
            Target::Weeks(_) => "week",
            Target::Months(_) => "month",
        };
        let n = self.amount();
        write!(f, "{n} {unit}{}", if n == 1 { "" } else { "s" })
    }
}

impl FromStr for Target {
    type Err = String;

    /// The short form of the command line: `20wd`, `24h`, `8wh`, `30d`, `6w`, `2mo`.
    fn from_str(text: &str) -> Result<Target, String> {
        let refused = || format!("{text:?} is not a length such as 20wd, 24h, 8wh, 30d, 6w or 2mo");
        let unit_at = text
            .find(|c: char| !c.is_ascii_digit())
            .ok_or_else(refused)?;
        let (amount, unit) = text.split_at(unit_at);
        let n: u32 = amount.parse().map_err(|_| refused())?;
        match unit {
            "wd" => Ok(Target::WorkingDays(n)),
            "wh" => Ok(Target::WorkingHours(n)),
            "h" => Ok(Target::Hours(n)),
            "d" => Ok(Target::Days(n)),
            "w" => Ok(Target::Weeks(n)),
            "mo" => Ok(Target::Months(n)),
            _ => Err(refused()),
        }
    }
}
