//! Nights: the time between closing and the next opening, cut at the hour of opening where a day between
//! is closed. Each night ends where the next begins or the office opens, so that every instant lies in one
//! night or in opening hours.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};

use super::{Calendar, WallTime};

impl Calendar {
    /// The night that begins on a date: from closing time, or, on a closed day, from the hour at which the
    /// next open day opens; until the same of the day after, or its opening. None beyond the calendar.
    #[must_use]
    pub fn night(&self, on: Date) -> Option<(Timestamp, Timestamp)> {
        let morning = on.checked_add(1.day()).ok()?;
        Some((self.night_begins(on), self.opens_at(morning)))
    }

    /// The date on which the night began in which an instant lies; none in opening hours.
    #[must_use]
    pub fn night_of(&self, at: Timestamp) -> Option<Date> {
        let on = self.date_of(at);
        if self.night_begins(on) <= at {
            return Some(on);
        }
        // A night may begin after the midnight of its own date.
        let before = on.checked_sub(1.day()).ok()?;
        let (from, until) = self.night(before)?;
        (from <= at && at < until).then_some(before)
    }

    fn night_begins(&self, on: Date) -> Timestamp {
        let office = self.office();
        if office.is_working_day(on) {
            office.closing_at(on)
        } else {
            self.opens_at(on)
        }
    }

    /// Opening time of a day; of a closed one, the hour at which the next open day opens.
    fn opens_at(&self, on: Date) -> Timestamp {
        let office = self.office();
        let opens = office
            .intervals(office.next_open_day(on))
            .next()
            .map_or(WallTime::MIDNIGHT, |interval| interval.opens());
        self.instant(on, opens)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use crate::domain::calendar::tests::northmere;

    #[test]
    fn each_night_ends_where_the_next_begins_or_the_office_opens() {
        let calendar = northmere();
        let night = |day| {
            let (from, until) = calendar.night(date(2026, 11, day)).unwrap();
            (from.to_string(), until.to_string())
        };
        let expect = |from: &str, until: &str| (from.to_owned(), until.to_owned());
        assert_eq!(
            night(19),
            expect("2026-11-19T17:00:00Z", "2026-11-20T09:00:00Z")
        );
        assert_eq!(
            night(20),
            expect("2026-11-20T17:00:00Z", "2026-11-21T09:00:00Z")
        );
        assert_eq!(
            night(21),
            expect("2026-11-21T09:00:00Z", "2026-11-22T09:00:00Z")
        );
        assert_eq!(
            night(22),
            expect("2026-11-22T09:00:00Z", "2026-11-23T09:00:00Z")
        );
    }

    #[test]
    fn every_instant_of_a_year_lies_in_one_night_or_in_opening_hours() {
        let calendar = northmere();
        let office = calendar.office();
        let mut at: jiff::Timestamp = "2026-01-01T00:30:00Z".parse().unwrap();
        let end: jiff::Timestamp = "2027-01-10T00:00:00Z".parse().unwrap();
        while at < end {
            let on = calendar.date_of(at);
            let is_open = office.is_working_day(on)
                && office.intervals(on).any(|interval| {
                    calendar.instant(on, interval.opens()) <= at
                        && at < calendar.instant(on, interval.closes())
                });
            let night = calendar.night_of(at);
            assert_eq!(night.is_none(), is_open, "{at}");
            if let Some(night) = night {
                let (from, until) = calendar.night(night).unwrap();
                assert!(from <= at && at < until, "{at} in {from} to {until}");
            }
            at += jiff::SignedDuration::from_mins(30);
        }
    }
}
