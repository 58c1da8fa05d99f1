//! What time it is. The one file that reads a clock.
//!
//! Everything that needs "now" is handed it as an argument; this is where the argument comes from.
//! A server runs on [`TimeSource::System`], tests on [`TimeSource::Fixed`] (which stands still until
//! moved), and the demo on [`TimeSource::Shifted`] (which runs on from wherever it was set, so that
//! an escalation can be shown in a minute). It never sleeps and never wakes anybody.

#![expect(
    clippy::disallowed_methods,
    reason = "this is the place the clocks are read, so that no other needs to"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

/// Where "now" comes from. Cheap to clone; clones of one `Fixed` or `Shifted` move together.
#[derive(Clone, Debug)]
pub enum TimeSource {
    /// The computer's own clock.
    System,
    /// A clock that stands still until a test moves it.
    Fixed(Arc<FixedTime>),
    /// The computer's clock, moved by an offset (the demo clock).
    Shifted(Arc<ShiftedTime>),
}

/// A clock that stands where it was put.
#[derive(Debug)]
pub struct FixedTime {
    micros: AtomicI64,
    started_at: Timestamp,
    started: Instant,
}

/// The computer's clock and how far it has been moved.
#[derive(Debug, Default)]
pub struct ShiftedTime {
    offset_micros: AtomicI64,
}

/// Why a clock stays where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CannotMove {
    /// It is the computer's own.
    #[error("this clock cannot be moved: only a demo's or a test's can")]
    NotOurs,
    /// Dates are reckoned from it, years ahead and years back: it must stay clear of the calendar's
    /// ends.
    #[error("this clock can only be set to a time from the year 2000 to the year 2100 (UTC)")]
    OutOfBounds,
}

/// Whether a clock may be set to `at`: from the year 2000 to the year 2100.
#[must_use]
pub fn is_within_bounds(at: Timestamp) -> bool {
    (EARLIEST..END).contains(&at)
}

/// 1 January 2000.
const EARLIEST: Timestamp = Timestamp::constant(946_684_800, 0);
/// 1 January 2101.
const END: Timestamp = Timestamp::constant(4_133_980_800, 0);

impl TimeSource {
    /// A clock that stands still at `at`.
    pub fn fixed(at: Timestamp) -> Self {
        Self::Fixed(Arc::new(FixedTime {
            micros: AtomicI64::new(at.as_microsecond()),
            started_at: at,
            started: Instant::now(),
        }))
    }

    /// A clock that agrees with the computer's until it is moved.
    pub fn shifted() -> Self {
        Self::Shifted(Arc::default())
    }

    /// The present instant, in whole microseconds: what PostgreSQL and our SQLite columns can hold,
    /// so that an instant read back equals the one written.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => at_micros(Timestamp::now().as_microsecond()),
            Self::Fixed(fixed) => at_micros(fixed.micros.load(Ordering::SeqCst)),
            Self::Shifted(shifted) => at_micros(
                Timestamp::now()
                    .as_microsecond()
                    .saturating_add(shifted.offset_micros.load(Ordering::SeqCst)),
            ),
        }
    }

    /// What this clock says at an instant that another computer's clock has told: the same, but in a
    /// demo as far ahead as the demo is.
    pub fn by_this_clock(&self, told: Timestamp) -> Timestamp {
        match self {
            Self::System | Self::Fixed(_) => told,
            Self::Shifted(shifted) => at_micros(
                told.as_microsecond()
                    .saturating_add(shifted.offset_micros.load(Ordering::SeqCst)),
            ),
        }
    }

    /// A reading that never goes backwards, for budgets, deadlines and measuring how long something
    /// took. Only a fixed clock's advances with the clock: then a test can wait out a budget
    /// without sleeping. Moving the demo clock must not hand out or take away a minute's budget.
    pub fn monotonic(&self) -> Instant {
        match self {
            Self::System | Self::Shifted(_) => Instant::now(),
            Self::Fixed(fixed) => {
                let advanced = self.now().duration_since(fixed.started_at);
                let advanced = Duration::try_from(advanced).unwrap_or(Duration::ZERO);
                fixed.started.checked_add(advanced).unwrap_or(fixed.started)
            }
        }
    }

    /// Sets the clock to `at`, earlier or later. A shifted clock runs on from there, a fixed one
    /// stands there.
    ///
    /// # Errors
    /// [`CannotMove`] for the computer's own clock, and for a time no clock may be set to.
    pub fn move_to(&self, at: Timestamp) -> Result<(), CannotMove> {
        match self {
            Self::System => Err(CannotMove::NotOurs),
            _ if !is_within_bounds(at) => Err(CannotMove::OutOfBounds),
            Self::Fixed(fixed) => {
                fixed.set(at);
                Ok(())
            }
            Self::Shifted(shifted) => {
                shifted.move_to(at);
                Ok(())
            }
        }
    }
}

impl FixedTime {
    /// Puts the clock at `at`.
    pub fn set(&self, at: Timestamp) {
        self.micros.store(at.as_microsecond(), Ordering::SeqCst);
    }

    /// Moves the clock on by `by` (back, when negative) and returns where it stands now.
    pub fn advance(&self, by: SignedDuration) -> Timestamp {
        let micros = i64::try_from(by.as_micros()).unwrap_or(if by.is_negative() {
            i64::MIN
        } else {
            i64::MAX
        });
        let before = self.micros.fetch_add(micros, Ordering::SeqCst);
        at_micros(before.saturating_add(micros))
    }
}

impl ShiftedTime {
    /// Makes the clock say `at` now and run on from there.
    pub fn move_to(&self, at: Timestamp) {
        let offset = at
            .as_microsecond()
            .saturating_sub(Timestamp::now().as_microsecond());
        self.set_offset_micros(offset);
    }

    /// How far the clock is ahead of the computer's (behind, when negative).
    pub fn offset_micros(&self) -> i64 {
        self.offset_micros.load(Ordering::SeqCst)
    }

    /// Takes over an offset another process has set, so that two replicas of one demo agree.
    pub fn set_offset_micros(&self, offset: i64) {
        self.offset_micros.store(offset, Ordering::SeqCst);
    }
}

/// A clock moved past the ends of the calendar stays at its end instead of failing its readers.
fn at_micros(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(if micros < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_time_has_no_finer_grain_than_the_databases() {
        for source in [
            TimeSource::System,
            TimeSource::fixed(at("2026-11-20T16:58:00.123456789Z")),
            TimeSource::shifted(),
        ] {
            assert_eq!(source.now().subsec_nanosecond() % 1_000, 0, "{source:?}");
        }
    }

    #[test]
    fn a_fixed_clock_stands_until_it_is_moved_and_its_clones_move_with_it() {
        let source = TimeSource::fixed(at("2026-11-20T16:58:00Z"));
        let other = source.clone();
        assert_eq!(source.now(), at("2026-11-20T16:58:00Z"));
        let TimeSource::Fixed(fixed) = &source else {
            unreachable!()
        };
        assert_eq!(
            fixed.advance(SignedDuration::from_hours(3)),
            at("2026-11-20T19:58:00Z")
        );
        assert_eq!(other.now(), at("2026-11-20T19:58:00Z"));
        other.move_to(at("2026-11-01T00:00:00Z")).unwrap();
        assert_eq!(source.now(), at("2026-11-01T00:00:00Z"));
    }

    #[test]
    fn waiting_on_a_fixed_clock_needs_no_sleep() {
        let source = TimeSource::fixed(at("2026-11-20T16:58:00Z"));
        let before = source.monotonic();
        source.move_to(at("2026-11-20T16:59:00Z")).unwrap();
        assert_eq!(source.monotonic() - before, Duration::from_secs(60));
        source.move_to(at("2026-11-20T09:00:00Z")).unwrap();
        assert_eq!(source.monotonic(), before);
    }

    #[test]
    fn the_demo_clock_runs_on_from_where_it_was_set_in_either_direction() {
        let source = TimeSource::shifted();
        for to in ["2031-03-04T09:00:00Z", "2019-03-04T09:00:00Z"] {
            source.move_to(at(to)).unwrap();
            let first = source.now();
            assert!(first >= at(to));
            assert!(first.duration_since(at(to)) < SignedDuration::from_secs(5));
            std::thread::sleep(Duration::from_millis(2));
            assert!(source.now() > first);
        }
    }

    #[test]
    fn two_replicas_of_a_demo_can_share_an_offset() {
        let (one, two) = (ShiftedTime::default(), Arc::new(ShiftedTime::default()));
        one.move_to(at("2031-03-04T09:00:00Z"));
        two.set_offset_micros(one.offset_micros());
        let gap = TimeSource::Shifted(two)
            .now()
            .duration_since(at("2031-03-04T09:00:00Z"));
        assert!(gap < SignedDuration::from_secs(5), "{gap}");
    }

    #[test]
    fn the_computers_own_clock_cannot_be_moved() {
        assert_eq!(
            TimeSource::System.move_to(Timestamp::UNIX_EPOCH),
            Err(CannotMove::NotOurs)
        );
    }

    #[test]
    fn a_clock_can_be_set_from_the_year_2000_to_the_year_2100_and_not_beyond() {
        for source in [
            TimeSource::shifted(),
            TimeSource::fixed(at("2026-11-20T16:58:00Z")),
        ] {
            for to in ["2000-01-01T00:00:00Z", "2100-12-31T23:59:59.999999Z"] {
                source.move_to(at(to)).unwrap();
            }
            source.move_to(at("2026-11-20T16:58:00Z")).unwrap();
            for to in [
                at("1999-12-31T23:59:59.999999Z"),
                at("2101-01-01T00:00:00Z"),
                Timestamp::MIN,
                Timestamp::MAX,
            ] {
                assert_eq!(source.move_to(to), Err(CannotMove::OutOfBounds), "{to}");
            }
            let gap = source.now().duration_since(at("2026-11-20T16:58:00Z"));
            assert!(
                gap < SignedDuration::from_secs(5),
                "it has not moved: {gap}"
            );
        }
    }

    #[test]
    fn a_clock_moved_past_the_calendar_stays_at_its_end() {
        let shifted = ShiftedTime::default();
        shifted.set_offset_micros(i64::MAX);
        let source = TimeSource::Shifted(Arc::new(shifted));
        assert_eq!(source.now(), at_micros(i64::MAX));
    }
}
