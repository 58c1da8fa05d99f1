//! When to try again what was not accepted for delivery.
//!
//! 1, 2, 4 … minutes, half an hour at most, for five days. A little of each wait is taken off, by an
//! argument, so that what failed together does not come back together. Whether trying again can help
//! at all is not known here.

use jiff::{SignedDuration, Timestamp};

/// For how long something is tried.
pub const PATIENCE: SignedDuration = SignedDuration::from_hours(5 * 24);

const LONGEST_SECS: i64 = 30 * 60;

/// When to try the next time; nothing when it is given up.
///
/// `n_attempts` counts those made, the one that failed just now included. The first failure is
/// never the last: what was held up for longer than our patience (a long outage of our own) gets a
/// second chance.
///
/// ```
/// use jiff::{SignedDuration, Timestamp};
/// use reeve::domain::backoff::next_attempt_at;
/// let begun_at: Timestamp = "2026-11-20T16:58:00Z".parse().unwrap();
/// assert_eq!(next_attempt_at(begun_at, 1, begun_at, 0), Some(begun_at + SignedDuration::from_mins(1)));
/// let after_five_days = begun_at + SignedDuration::from_hours(120);
/// assert_eq!(next_attempt_at(begun_at, 200, after_five_days, 0), None);
/// ```
#[must_use]
pub fn next_attempt_at(
    begun_at: Timestamp,
    n_attempts: u32,
    now: Timestamp,
    jitter: u8,
) -> Option<Timestamp> {
    let is_over = n_attempts > 1 && now.duration_since(begun_at) >= PATIENCE;
    if is_over {
        None
    } else {
        now.checked_add(wait(n_attempts, jitter)).ok()
    }
}

/// How long to wait after so many attempts. `jitter` takes up to a fifth off: nothing at 0, all of
/// the fifth at 255.
#[must_use]
pub fn wait(n_attempts: u32, jitter: u8) -> SignedDuration {
    // Beyond five doublings the longest wait rules anyway.
    let doublings = n_attempts.saturating_sub(1).min(5);
    let secs = (60_i64 << doublings).min(LONGEST_SECS);
    SignedDuration::from_secs(secs - secs / 5 * i64::from(jitter) / 255)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn begun() -> Timestamp {
        "2026-11-20T16:58:00Z".parse().unwrap()
    }

    #[test]
    fn the_waits_double_up_to_half_an_hour() {
        let minutes: Vec<i64> = (1..=8).map(|n| wait(n, 0).as_mins()).collect();
        assert_eq!(minutes, [1, 2, 4, 8, 16, 30, 30, 30]);
    }

    #[test]
    fn mails_that_failed_together_do_not_come_back_together() {
        let waits: std::collections::BTreeSet<i64> =
            (0..=255).map(|jitter| wait(6, jitter).as_secs()).collect();
        assert!(waits.len() > 200, "{}", waits.len());
        assert_eq!(waits.first(), Some(&(24 * 60)));
        assert_eq!(waits.last(), Some(&(30 * 60)));
    }

    #[test]
    fn a_mail_is_tried_for_five_days_and_then_given_up() {
        let last = begun() + PATIENCE - SignedDuration::from_secs(1);
        assert!(next_attempt_at(begun(), 240, last, 0).is_some());
        assert_eq!(next_attempt_at(begun(), 240, begun() + PATIENCE, 0), None);
    }

    #[test]
    fn what_an_outage_of_ours_held_up_is_not_given_up_at_its_first_failure() {
        let a_week_later = begun() + SignedDuration::from_hours(7 * 24);
        assert!(next_attempt_at(begun(), 1, a_week_later, 0).is_some());
        assert_eq!(next_attempt_at(begun(), 2, a_week_later, 0), None);
    }

    #[test]
    fn a_clock_set_back_does_not_give_anything_up() {
        assert!(
            next_attempt_at(begun(), 9, begun() - SignedDuration::from_hours(1000), 0).is_some()
        );
    }

    proptest! {
        #[test]
        fn every_wait_lies_between_48_seconds_and_half_an_hour(n_attempts: u32, jitter: u8) {
            let wait = wait(n_attempts, jitter);
            prop_assert!(wait >= SignedDuration::from_secs(48), "{wait}");
            prop_assert!(wait <= SignedDuration::from_mins(30), "{wait}");
        }
    }
}
