//! Local dates as plain numbers, so that counting over them costs an addition.

use jiff::SignedDuration;
use jiff::civil::{Date, Weekday};

/// A local date as the number of days since 1 January 1970. Always a date jiff can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i32);

const EPOCH: Date = Date::constant(1970, 1, 1);

impl Day {
    pub fn of(date: Date) -> Day {
        // The civil-day algorithm of Howard Hinnant: years begin in March, so that the leap day
        // is the last day of one.
        let (month, day) = (i32::from(date.month()), i32::from(date.day()));
        let year = i32::from(date.year()) - i32::from(month <= 2);
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        Day(era * 146_097 + day_of_era - 719_468)
    }

    pub fn date(self) -> Date {
        EPOCH.saturating_add(SignedDuration::from_hours(24 * i64::from(self.0)))
    }

    /// Days since Monday: 0 to 6.
    pub fn days_since_monday(self) -> u8 {
        // 1 January 1970 was a Thursday. The remainder of a division by 7 always fits.
        u8::try_from((self.0 + 3).rem_euclid(7)).unwrap_or(0)
    }

    pub fn weekday(self) -> Weekday {
        match self.days_since_monday() {
            0 => Weekday::Monday,
            1 => Weekday::Tuesday,
            2 => Weekday::Wednesday,
            3 => Weekday::Thursday,
            4 => Weekday::Friday,
            5 => Weekday::Saturday,
            _ => Weekday::Sunday,
        }
    }

    /// The following day; the last day there is follows itself.
    pub fn next(self) -> Day {
        self.plus(1)
    }

    /// The day before; the first day there is precedes itself.
    pub fn previous(self) -> Day {
        self.plus(-1)
    }

    pub fn plus(self, days: i32) -> Day {
        Day(self.0.saturating_add(days).clamp(FIRST, LAST))
    }

    /// How many days this one is after `earlier`.
    pub fn since(self, earlier: Day) -> i32 {
        self.0 - earlier.0
    }

    pub(super) fn number(self) -> i32 {
        self.0
    }

    pub(super) fn is_last(self) -> bool {
        self.0 >= LAST
    }

    pub(super) fn is_first(self) -> bool {
        self.0 <= FIRST
    }
}

/// 1 January of the year −9999 and 31 December 9999, the ends of jiff's calendar.
const FIRST: i32 = -4_371_587;
const LAST: i32 = 2_932_896;
