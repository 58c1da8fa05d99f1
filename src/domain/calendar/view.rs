//! The calendar as one clock sees it: whose holidays, and whether the office's closures count.

use std::collections::BTreeSet;

use jiff::civil::{Date, Time};
use jiff::{SignedDuration, Timestamp};

use super::instants::Instants;
use super::{Calendar, Day, HalfDay, Interval, Nation, WallTime};

/// Whose bank holidays stop the count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holidays {
    Nobody,
    /// A holiday in any part of the United Kingdom (Freedom of Information Act 2000, s10(6)).
    AnyUk,
    Of(Nation),
}

/// A calendar seen by one clock. Cheap to copy; counting over it allocates nothing.
///
/// With closures it follows the office: its own weekdays, closures, half days and worked holidays.
/// Without, it follows the law: Monday to Friday but for the holidays.
#[derive(Clone, Copy)]
pub struct View<'c> {
    calendar: &'c Calendar,
    free: &'c DaySet,
    /// Bit n is set when the weekday n days after Monday is a working day.
    weekdays: u8,
    holidays: Holidays,
    closures: bool,
}

/// A set of days as bits from its first day on.
#[derive(Clone, Debug)]
pub(super) struct DaySet {
    first: i32,
    bits: Vec<u64>,
}

const MONDAY_TO_FRIDAY: u8 = 0b001_1111;

impl Holidays {
    pub(super) const COUNT: usize = 5;

    pub(super) fn all() -> [Holidays; Holidays::COUNT] {
        let [first, second, third] = Nation::ALL;
        [
            Holidays::Nobody,
            Holidays::AnyUk,
            Holidays::Of(first),
            Holidays::Of(second),
            Holidays::Of(third),
        ]
    }

    pub(super) fn index(self) -> usize {
        match self {
            Holidays::Nobody => 0,
            Holidays::AnyUk => 1,
            Holidays::Of(Nation::EnglandAndWales) => 2,
            Holidays::Of(Nation::Scotland) => 3,
            Holidays::Of(Nation::NorthernIreland) => 4,
        }
    }
}

impl<'c> View<'c> {
    pub(super) fn new(calendar: &'c Calendar, holidays: Holidays, closures: bool) -> View<'c> {
        let weekdays = if closures {
            open_weekdays(calendar)
        } else {
            MONDAY_TO_FRIDAY
        };
        View {
            calendar,
            free: calendar.free_days(holidays, closures),
            weekdays,
            holidays,
            closures,
        }
    }

    pub fn calendar(&self) -> &'c Calendar {
        self.calendar
    }

    pub fn is_working_day(&self, on: Date) -> bool {
        self.works_on(Day::of(on))
    }

    /// As [`is_working_day`](View::is_working_day), for who counts in day numbers.
    pub fn works_on(&self, day: Day) -> bool {
        self.weekdays >> day.days_since_monday() & 1 == 1 && !self.free.contains(day)
    }

    /// Day 1 is the first working day after `from`, whatever `from` is; day 0 is `from` itself.
    pub fn add_working_days(&self, from: Date, n: u32) -> Date {
        self.add_counted_days(Day::of(from), n, |_| true).date()
    }

    /// As [`add_working_days`](View::add_working_days), leaving out the days `counts` refuses.
    pub fn add_counted_days(&self, from: Day, n: u32, counts: impl Fn(Day) -> bool) -> Day {
        let mut day = from;
        let mut left = n;
        while left > 0 && !day.is_last() {
            day = day.next();
            if self.works_on(day) && counts(day) {
                left -= 1;
            }
        }
        day
    }

    /// The nth working day before `from`.
    pub fn subtract_working_days(&self, from: Date, n: u32) -> Date {
        let mut day = Day::of(from);
        let mut left = n;
        while left > 0 && !day.is_first() {
            day = day.previous();
            if self.works_on(day) {
                left -= 1;
            }
        }
        day.date()
    }

    /// How many working days lie after `from` up to and including `to`; 0 when `to` is not later.
    pub fn working_days_between(&self, from: Date, to: Date) -> u32 {
        let (mut day, to) = (Day::of(from), Day::of(to));
        let mut n = 0;
        while day < to {
            day = day.next();
            n += u32::from(self.works_on(day));
        }
        n
    }

    /// The first working day at or after this one.
    pub fn next_open_day(&self, on: Date) -> Date {
        let mut day = Day::of(on);
        while !self.works_on(day) && !day.is_last() {
            day = day.next();
        }
        day.date()
    }

    /// The last working day at or before this one.
    pub fn last_open_day(&self, on: Date) -> Date {
        let mut day = Day::of(on);
        while !self.works_on(day) && !day.is_first() {
            day = day.previous();
        }
        day.date()
    }

    /// The open day a contact counts from: its own, unless that is closed or the cut-off has come.
    /// Exactly the cut-off is after it.
    pub fn counted_from(&self, received_at: Timestamp) -> Date {
        let local = self.calendar.zone().to_datetime(received_at);
        let on = local.date();
        if self.is_working_day(on) && !self.is_cut_off(on, local.time()) {
            on
        } else {
            self.add_working_days(on, 1)
        }
    }

    /// The time of day from which a contact counts from the next open day.
    pub fn cut_off(&self, on: Date) -> WallTime {
        let closing = self.closing(on);
        self.calendar
            .spec()
            .cut_off
            .on(Day::of(on))
            .map_or(closing, |own| own.min(closing))
    }

    /// Closing time of a day; 24:00 where the office keeps no hours on its weekday.
    pub fn closing(&self, on: Date) -> WallTime {
        self.intervals(on)
            .last()
            .map_or(WallTime::END_OF_DAY, Interval::closes)
    }

    /// The instant of closing time.
    pub fn closing_at(&self, on: Date) -> Timestamp {
        self.calendar.instant(on, self.closing(on))
    }

    /// The instant at which a working time that starts at `start` has been used up. Exactly at
    /// closing is today, not the next opening. `without` are spans that do not count, in order
    /// and apart.
    pub fn add_working_time(
        &self,
        start: Timestamp,
        length: SignedDuration,
        without: &[(Timestamp, Timestamp)],
    ) -> Timestamp {
        let mut left = length;
        let mut day = Day::of(self.calendar.date_of(start));
        if left <= SignedDuration::ZERO {
            return start;
        }
        let mut instants = Instants::of(self.calendar);
        while !day.is_last() {
            for interval in self.open_intervals(day) {
                let opens_at = instants.at(day, interval.opens());
                let closes_at = instants.at(day, interval.closes());
                for (from, to) in outside(opens_at.max(start), closes_at, without) {
                    let span = to.duration_since(from);
                    if left <= span {
                        return from.saturating_add(left).unwrap_or(Timestamp::MAX);
                    }
                    left -= span;
                }
            }
            day = day.next();
        }
        Timestamp::MAX
    }

    /// Adds working hours without anything left out.
    pub fn add_working_hours(&self, start: Timestamp, hours: u32) -> Timestamp {
        self.add_working_time(start, SignedDuration::from_hours(i64::from(hours)), &[])
    }

    /// How much opening time lies between two instants, less the spans that do not count.
    pub fn working_time_between(
        &self,
        from: Timestamp,
        to: Timestamp,
        without: &[(Timestamp, Timestamp)],
    ) -> SignedDuration {
        let mut total = SignedDuration::ZERO;
        let last = Day::of(self.calendar.date_of(to));
        let mut day = Day::of(self.calendar.date_of(from));
        let mut instants = Instants::of(self.calendar);
        while day <= last {
            for interval in self.open_intervals(day) {
                let opens_at = instants.at(day, interval.opens());
                let closes_at = instants.at(day, interval.closes());
                for (a, b) in outside(opens_at.max(from), closes_at.min(to), without) {
                    total += b.duration_since(a);
                }
            }
            if day.is_last() {
                break;
            }
            day = day.next();
        }
        total
    }

    /// Why a day does not count; nothing when it does.
    pub fn why_not(&self, on: Date) -> Option<String> {
        let day = Day::of(on);
        if self.works_on(day) {
            return None;
        }
        let spec = self.calendar.spec();
        let weekday = jiff::fmt::strtime::format("%A", on).unwrap_or_else(|_| "weekend".to_owned());
        if self.weekdays >> day.days_since_monday() & 1 == 0 {
            let weekend = day.days_since_monday() > 4;
            return Some(if weekend {
                weekday
            } else {
                format!("closed on a {weekday}")
            });
        }
        let closure = spec.closures.get(&on).filter(|_| self.closures);
        let holiday = self.calendar.observed.title(self.holidays, on);
        match (holiday, closure) {
            (Some(title), _) if !self.works_through(on) => Some(title),
            (_, Some(reason)) => Some(format!("closed: {reason}")),
            (holiday, None) => holiday,
        }
    }

    /// Whether the office works on this bank holiday all the same.
    fn works_through(&self, on: Date) -> bool {
        self.closures && self.calendar.spec().worked_holidays.contains_key(&on)
    }

    fn is_cut_off(&self, on: Date, time: Time) -> bool {
        self.cut_off(on).has_come(time)
    }

    /// The days of `from..=until` on which the office closes early, where closures count.
    pub fn early_closings(&self, from: Date, until: Date) -> Vec<(Date, &'c HalfDay)> {
        if !self.closures || until < from {
            return Vec::new();
        }
        let half_days = self.calendar.spec().half_days.range(from..=until);
        half_days
            .filter(|(on, _)| self.works_on(Day::of(**on)))
            .map(|(on, half_day)| (*on, half_day))
            .collect()
    }

    /// The day's opening hours, shortened on a half day where closures count.
    pub fn intervals(&self, on: Date) -> impl DoubleEndedIterator<Item = Interval> + use<'c> {
        let spec = self.calendar.spec();
        let early = spec
            .half_days
            .get(&on)
            .filter(|_| self.closures)
            .map(|half_day| half_day.closes);
        let closes = early.unwrap_or(WallTime::END_OF_DAY);
        spec.week
            .on(Day::of(on))
            .iter()
            .filter_map(move |interval| interval.until(closes))
    }

    fn open_intervals(&self, day: Day) -> impl Iterator<Item = Interval> + use<'c> {
        let open = self.works_on(day);
        self.intervals(day.date()).filter(move |_| open)
    }
}

impl DaySet {
    pub(super) const EMPTY: &'static DaySet = &DaySet {
        first: 0,
        bits: Vec::new(),
    };

    pub(super) fn of(days: &BTreeSet<Date>) -> DaySet {
        let (Some(first), Some(last)) = (days.first(), days.last()) else {
            return DaySet::EMPTY.clone();
        };
        let first = Day::of(*first).number();
        let words = usize::try_from((Day::of(*last).number() - first) / 64 + 1).unwrap_or(0);
        let mut bits = vec![0_u64; words];
        for day in days {
            let (word, bit) = place(Day::of(*day).number() - first);
            if let Some(slot) = bits.get_mut(word) {
                *slot |= bit;
            }
        }
        DaySet { first, bits }
    }

    fn contains(&self, day: Day) -> bool {
        let offset = day.number() - self.first;
        if offset < 0 {
            return false;
        }
        let (word, bit) = place(offset);
        self.bits.get(word).is_some_and(|bits| bits & bit != 0)
    }
}

/// Word and bit of a day that many days into a set.
fn place(offset: i32) -> (usize, u64) {
    let offset = u32::try_from(offset).unwrap_or(u32::MAX);
    (
        usize::try_from(offset / 64).unwrap_or(usize::MAX),
        1 << (offset % 64),
    )
}

fn open_weekdays(calendar: &Calendar) -> u8 {
    let monday = Day::of(Date::constant(2024, 1, 1));
    (0_u8..7).fold(0, |mask, n| {
        let open = !calendar
            .spec()
            .week
            .on(monday.plus(i32::from(n)))
            .is_empty();
        mask | u8::from(open) << n
    })
}

/// What is left of a span when others, in order and apart, are taken out of it.
pub(in crate::domain) fn outside(
    from: Timestamp,
    to: Timestamp,
    without: &[(Timestamp, Timestamp)],
) -> impl Iterator<Item = (Timestamp, Timestamp)> {
    let mut at = from;
    let ends = without
        .iter()
        .copied()
        .chain(std::iter::once((to, Timestamp::MAX)));
    ends.filter_map(move |(gap_from, gap_to)| {
        let span = (at, gap_from.min(to));
        at = at.max(gap_to);
        (span.0 < span.1).then_some(span)
    })
}
