//! The local times of many days as instants, without asking the zone for each.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Calendar, Day, WallTime};

/// Turns local times of days that follow each other into instants. While the clocks do not change
/// that is an addition; about a change the zone is asked.
pub(super) struct Instants<'c> {
    calendar: &'c Calendar,
    steady: Option<Steady>,
}

/// Local times, in seconds of their own reckoning, between which one offset holds.
struct Steady {
    from: i64,
    until: i64,
    offset: i64,
}

const DAY: i64 = 24 * 60 * 60;
/// No clock was ever changed by more than a day: this far from a change no local time happens
/// twice or not at all.
const AWAY_FROM_CHANGE: i64 = 2 * DAY;

impl<'c> Instants<'c> {
    pub(super) fn of(calendar: &'c Calendar) -> Instants<'c> {
        Instants {
            calendar,
            steady: None,
        }
    }

    /// As [`Calendar::instant`].
    pub(super) fn at(&mut self, on: Day, time: WallTime) -> Timestamp {
        let local = i64::from(on.number()) * DAY + time.seconds();
        let known = self
            .steady
            .as_ref()
            .filter(|steady| steady.from <= local && local < steady.until)
            .and_then(|steady| Timestamp::from_second(local - steady.offset).ok());
        known.unwrap_or_else(|| {
            let at = self.calendar.instant(on.date(), time);
            self.steady = Some(Steady::about(at, self.calendar.zone()));
            at
        })
    }
}

impl Steady {
    fn about(at: Timestamp, zone: &TimeZone) -> Steady {
        let offset = i64::from(zone.to_offset(at).seconds());
        // A change at this very instant lies before it.
        let just_after = Timestamp::from_second(at.as_second() + 1).unwrap_or(at);
        let before = zone.preceding(just_after).next();
        let after = zone.following(at).next();
        let local = |change: Timestamp| change.as_second() + offset;
        Steady {
            from: before.map_or(i64::MIN, |change| {
                local(change.timestamp()) + AWAY_FROM_CHANGE
            }),
            until: after.map_or(i64::MAX, |change| {
                local(change.timestamp()) - AWAY_FROM_CHANGE
            }),
            offset,
        }
    }
}
