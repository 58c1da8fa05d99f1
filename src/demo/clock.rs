//! The demo's clock: moved by whoever watches, kept in the database, followed by every replica.
//!
//! It only ever moves the [`TimeSource`]; what falls due by that is found by the same jobs as on any
//! other day. A server that is no demo has no such clock.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::Mutex;

use crate::casework::{Desk, Failure};
use crate::domain::calendar::{Calendar, REMINDER_HOUR};
use crate::store::{Tx, settings};
use crate::time_source::{ShiftedTime, TimeSource, is_within_bounds};

/// How far the clock is ahead of the computer's, in the database.
const OFFSET: &str = "demo.clock_offset_micros";

/// The clock of a running demo.
pub struct DemoClock {
    desk: Arc<Desk>,
    time: Arc<ShiftedTime>,
}

/// Following and moving take turns in a process: a reading from before a move must not undo it.
static TURN: Mutex<()> = Mutex::const_new(());

impl DemoClock {
    /// The clock of a desk, when it can be moved.
    #[must_use]
    pub fn of(desk: &Arc<Desk>) -> Option<Self> {
        match &desk.time {
            TimeSource::Shifted(time) => Some(Self {
                desk: Arc::clone(desk),
                time: Arc::clone(time),
            }),
            TimeSource::System | TimeSource::Fixed(_) => None,
        }
    }

    /// Sets the clock to an instant, earlier or later, for every replica; it runs on from there.
    /// Answers what it says then.
    ///
    /// # Errors
    /// When it may not be set to that ([`keep`]) or the database cannot be written; the clock stands
    /// as it was then.
    pub async fn move_to(&self, to: Timestamp) -> Result<Timestamp, Failure> {
        let _turn = TURN.lock().await;
        let offset = offset_for(to);
        self.desk.db.write(move |tx| keep(tx, offset)).await?;
        self.time.set_offset_micros(offset);
        Ok(self.desk.time.now())
    }

    /// Sets it to nine o'clock of the next working day.
    ///
    /// # Errors
    /// As [`Self::move_to`].
    pub async fn move_on(&self) -> Result<Timestamp, Failure> {
        let next = next_morning(
            self.desk.time.now(),
            &self.desk.council().catalogue.calendar,
        );
        self.move_to(next).await
    }

    /// Takes over what another replica, or `reeve demo advance`, has set. Says whether it moved.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn follow(&self) -> Result<bool, Failure> {
        let _turn = TURN.lock().await;
        let kept = self.desk.db.read(kept_offset).await?;
        let has_moved = kept != self.time.offset_micros();
        if has_moved {
            self.time.set_offset_micros(kept);
        }
        Ok(has_moved)
    }
}

/// The offset that makes a shifted clock say `to` now.
#[must_use]
pub fn offset_for(to: Timestamp) -> i64 {
    let scratch = ShiftedTime::default();
    scratch.move_to(to);
    scratch.offset_micros()
}

/// The offset in the database, none at the start.
///
/// # Errors
/// When it cannot be read.
pub fn kept_offset(conn: &mut crate::store::Conn) -> Result<i64, Failure> {
    match settings::get(conn, OFFSET)? {
        Some(text) => Ok(text
            .parse()
            .map_err(|why| anyhow::anyhow!("the setting {OFFSET}: {why}"))?),
        None => Ok(0),
    }
}

/// Keeps an offset for every replica.
///
/// # Errors
/// When a clock that far ahead or behind would stand before the year 2000 or after the year 2100,
/// or it cannot be written.
pub fn keep(tx: &mut Tx<'_>, offset: i64) -> Result<(), Failure> {
    let clock = ShiftedTime::default();
    clock.set_offset_micros(offset);
    if !is_within_bounds(TimeSource::Shifted(Arc::new(clock)).now()) {
        return Err(Failure::invalid(
            "/to",
            "out_of_range",
            "The demo's clock can be set to a time from 2000-01-01T00:00:00Z to 2100-12-31T23:59:59Z.",
        ));
    }
    Ok(settings::set(tx, OFFSET, &offset.to_string())?)
}

/// Nine o'clock of the first working day after this one.
#[must_use]
pub fn next_morning(now: Timestamp, calendar: &Calendar) -> Timestamp {
    let next = calendar.office().add_working_days(calendar.date_of(now), 1);
    calendar.instant(next, REMINDER_HOUR)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(now: &str, expect: &str) {
        let northmere =
            crate::config::embedded::northmere().unwrap_or_else(|faults| panic!("{faults:?}"));
        let next = next_morning(now.parse().unwrap(), &northmere.calendar);
        assert_eq!(next, expect.parse::<Timestamp>().unwrap(), "{now}");
    }

    #[test]
    fn moving_on_from_friday_leads_to_monday_at_nine() {
        check("2026-11-20T16:58:00Z", "2026-11-23T09:00:00Z");
        check("2026-11-21T10:00:00Z", "2026-11-23T09:00:00Z");
        check("2026-11-23T08:00:00Z", "2026-11-24T09:00:00Z");
    }

    #[test]
    fn moving_on_into_summer_time_still_leads_to_nine_o_clock() {
        check("2026-03-27T12:00:00Z", "2026-03-30T08:00:00Z");
    }

    #[test]
    fn the_offset_puts_a_clock_where_it_was_asked_to_be() {
        let to: Timestamp = "2031-03-04T09:00:00Z".parse().unwrap();
        let clock = ShiftedTime::default();
        clock.set_offset_micros(offset_for(to));
        let gap = TimeSource::Shifted(Arc::new(clock))
            .now()
            .duration_since(to);
        assert!(gap < jiff::SignedDuration::from_secs(5), "{gap}");
    }

    #[tokio::test]
    async fn no_replica_is_led_beyond_the_years_dates_are_reckoned_in() {
        let folder = tempfile::tempdir().unwrap();
        let db = crate::store::Db::open(&crate::store::db::Opening {
            address: crate::store::db::Address::Sqlite(folder.path().join("reeve.db")),
            pool_size: 2,
            allow_unsafe_durability: false,
        })
        .unwrap();
        db.migrate().unwrap();
        let keeping = async |to: Timestamp| {
            let offset = offset_for(to);
            db.write(move |tx| keep(tx, offset)).await
        };
        let good: Timestamp = "2099-12-31T12:00:00Z".parse().unwrap();
        keeping(good).await.unwrap();
        let kept = db.read(kept_offset).await.unwrap();
        for to in [
            "1999-12-31T23:00:00Z".parse().unwrap(),
            "2101-01-01T00:00:00Z".parse().unwrap(),
            "9999-12-30T00:00:00Z".parse().unwrap(),
            Timestamp::MIN,
        ] {
            let refused = keeping(to).await;
            assert!(
                matches!(&refused, Err(Failure::Invalid(faults))
                    if faults.iter().all(|fault| fault.pointer == "/to" && fault.detail.contains("2100"))),
                "{to}: {refused:?}"
            );
        }
        assert_eq!(db.read(kept_offset).await.unwrap(), kept);
    }
}
