//! Budgets: how often one person, key or address may do something within a while.
//!
//! A budget of 20 a minute allows 20 within *any* minute: the moments of the last 20 are kept for
//! each key, and the next is free when the oldest of them is a minute past. That is what makes
//! `Retry-After` true to the second. Time is an argument (a monotonic reading, so that moving the
//! demo clock gives nobody a second chance); memory is bounded, whoever knocks.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

const SHARDS: usize = 16;
/// Beyond this many keys those that spent least are forgotten.
const MOST_KEYS: usize = 65_536;

/// So many within any window, for each key.
pub struct Budget {
    amount: usize,
    window: Duration,
    keys_in_a_shard: usize,
    hasher: RandomState,
    shards: Vec<Mutex<HashMap<String, Spent>>>,
}

/// What is left after spending: for the `RateLimit` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// How many more are free now.
    pub remaining: usize,
    /// Whole seconds until all are free again.
    pub reset_seconds: u64,
}

/// Nothing is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many; try again in {retry_after_seconds} seconds")]
pub struct Exhausted {
    /// Whole seconds after which one is free again: who waits that long is served.
    pub retry_after_seconds: u64,
}

/// The moments of the last spendings, oldest first.
type Spent = VecDeque<Instant>;

impl Budget {
    /// `amount` within any minute.
    pub fn per_minute(amount: u32) -> Self {
        Self::new(amount, Duration::from_secs(60), MOST_KEYS)
    }

    /// `amount` within any hour.
    pub fn per_hour(amount: u32) -> Self {
        Self::new(amount, Duration::from_secs(3_600), MOST_KEYS)
    }

    /// `amount` within any second.
    pub fn per_second(amount: u32) -> Self {
        Self::new(amount, Duration::from_secs(1), MOST_KEYS)
    }

    fn new(amount: u32, window: Duration, most_keys: usize) -> Self {
        Self {
            amount: usize::try_from(amount).unwrap_or(usize::MAX),
            window,
            keys_in_a_shard: most_keys / SHARDS,
            hasher: RandomState::new(),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
        }
    }

    /// How many the budget allows within its window.
    pub fn amount(&self) -> usize {
        self.amount
    }

    /// The window, in whole seconds.
    pub fn window_seconds(&self) -> u64 {
        self.window.as_secs()
    }

    /// Spends one.
    ///
    /// # Errors
    /// When none is left; asking costs nothing, so that waiting as told always helps.
    pub fn spend(&self, key: &str, now: Instant) -> Result<Left, Exhausted> {
        let mut shard = self.shard(key);
        if !shard.contains_key(key) && shard.len() >= self.keys_in_a_shard {
            make_room(&mut shard, self.window, now);
        }
        let spent = shard.entry(key.to_owned()).or_default();
        forget_old(spent, self.window, now);
        self.judge(spent, now)?;
        spent.push_back(now);
        Ok(self.left(spent, now))
    }

    /// Looks whether one is left, without spending it.
    ///
    /// # Errors
    /// When none is left.
    pub fn check(&self, key: &str, now: Instant) -> Result<Left, Exhausted> {
        let mut shard = self.shard(key);
        let Some(spent) = shard.get_mut(key) else {
            return Ok(self.left(&Spent::new(), now));
        };
        forget_old(spent, self.window, now);
        self.judge(spent, now)?;
        Ok(self.left(spent, now))
    }

    /// Gives back the last one spent: a sign-in that succeeded was no guess.
    pub fn give_back(&self, key: &str) {
        let mut shard = self.shard(key);
        if let Some(spent) = shard.get_mut(key) {
            spent.pop_back();
            if spent.is_empty() {
                shard.remove(key);
            }
        }
    }

    fn judge(&self, spent: &Spent, now: Instant) -> Result<(), Exhausted> {
        if spent.len() < self.amount {
            return Ok(());
        }
        let wait = spent
            .front()
            .map_or(self.window, |oldest| self.free_in(*oldest, now));
        Err(Exhausted {
            retry_after_seconds: whole_seconds(wait).max(1),
        })
    }

    fn left(&self, spent: &Spent, now: Instant) -> Left {
        let reset = spent
            .back()
            .map_or(Duration::ZERO, |latest| self.free_in(*latest, now));
        Left {
            remaining: self.amount.saturating_sub(spent.len()),
            reset_seconds: whole_seconds(reset),
        }
    }

    /// How long until what was spent at `moment` is free again.
    fn free_in(&self, moment: Instant, now: Instant) -> Duration {
        self.window
            .saturating_sub(now.saturating_duration_since(moment))
    }

    fn shard(&self, key: &str) -> MutexGuard<'_, HashMap<String, Spent>> {
        let hash = self.hasher.hash_one(key);
        let index = usize::try_from(hash % 16).unwrap_or(0);
        self.shards
            .get(index)
            .expect("there are sixteen shards and the index is a remainder of sixteen")
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The key of an address. A home has a whole /64 of IPv6 addresses to guess from, so it counts as
/// one; an IPv4 address wrapped in IPv6 is the IPv4 address.
pub fn address_key(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

fn forget_old(spent: &mut Spent, window: Duration, now: Instant) {
    while spent
        .front()
        .is_some_and(|oldest| now.saturating_duration_since(*oldest) >= window)
    {
        spent.pop_front();
    }
}

/// Forgets whoever has nothing left to remember, and always an eighth: looking through all keys is
/// then paid for by the many that follow.
fn make_room(shard: &mut HashMap<String, Spent>, window: Duration, now: Instant) {
    let wanted = shard.len() - shard.len() / 8;
    shard.retain(|_, spent| {
        spent
            .back()
            .is_some_and(|latest| now.saturating_duration_since(*latest) < window)
    });
    let Some(surplus) = shard.len().checked_sub(wanted).filter(|n| *n > 0) else {
        return;
    };
    // Who has spent most is kept longest: a guesser must not be forgotten because a crowd came by.
    let standing = |spent: &Spent| (spent.len(), spent.back().copied());
    let mut standings: Vec<_> = shard.values().map(standing).collect();
    let (_, last_to_go, _) = standings.select_nth_unstable(surplus - 1);
    let last_to_go = *last_to_go;
    let mut to_go = surplus;
    shard.retain(|_, spent| {
        let stays = to_go == 0 || standing(spent) > last_to_go;
        if !stays {
            to_go -= 1;
        }
        stays
    });
}

fn whole_seconds(duration: Duration) -> u64 {
    let begun = u64::from(duration.subsec_nanos() > 0);
    duration.as_secs().saturating_add(begun)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time_source::TimeSource;

    fn start() -> Instant {
        TimeSource::System.monotonic()
    }

    fn after(start: Instant, millis: u64) -> Instant {
        start + Duration::from_millis(millis)
    }

    #[test]
    fn twenty_a_minute_are_twenty_in_any_minute() {
        let budget = Budget::per_minute(20);
        let start = start();
        for n in 0..20 {
            let left = budget.spend("192.0.2.1", after(start, n * 2_000)).unwrap();
            assert_eq!(left.remaining, 19 - usize::try_from(n).unwrap());
        }
        // All were spent between 0 and 38 s: the 21st must wait for the first to be a minute past.
        let refused = budget.spend("192.0.2.1", after(start, 38_500)).unwrap_err();
        assert_eq!(refused.retry_after_seconds, 22);
        assert!(budget.spend("192.0.2.1", after(start, 59_999)).is_err());
        assert!(budget.spend("192.0.2.1", after(start, 60_000)).is_ok());
        assert!(budget.spend("192.0.2.1", after(start, 60_001)).is_err());
    }

    #[test]
    fn waiting_as_told_always_helps_and_is_never_longer_than_the_window() {
        let budget = Budget::per_minute(7);
        let (mut now, mut state, mut refusals) = (start(), 1_u64, 0);
        for _ in 0..5_000 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            now += Duration::from_millis((state >> 33) % 9_000);
            if let Err(refused) = budget.spend("k", now) {
                assert!((1..=60).contains(&refused.retry_after_seconds));
                now += Duration::from_secs(refused.retry_after_seconds);
                assert!(budget.spend("k", now).is_ok());
                refusals += 1;
            }
        }
        assert!(refusals > 100, "{refusals}");
    }

    #[test]
    fn being_refused_does_not_prolong_the_wait() {
        let budget = Budget::per_minute(1);
        let start = start();
        assert!(budget.spend("k", start).is_ok());
        for n in 0..1_000 {
            assert!(budget.spend("k", after(start, n * 59)).is_err());
        }
        assert!(budget.spend("k", after(start, 60_000)).is_ok());
    }

    #[test]
    fn one_address_does_not_spend_anothers_budget() {
        let budget = Budget::per_second(1);
        let now = start();
        assert!(budget.spend("192.0.2.1", now).is_ok());
        assert!(budget.spend("192.0.2.2", now).is_ok());
        assert!(budget.spend("192.0.2.1", now).is_err());
    }

    #[test]
    fn looking_costs_nothing_and_a_success_is_given_back() {
        let budget = Budget::per_minute(2);
        let now = start();
        for _ in 0..10 {
            assert_eq!(budget.check("k", now).map(|left| left.remaining), Ok(2));
        }
        assert!(budget.spend("k", now).is_ok());
        assert!(budget.spend("k", now).is_ok());
        assert!(budget.check("k", now).is_err());
        budget.give_back("k");
        assert_eq!(budget.check("k", now).map(|left| left.remaining), Ok(1));
        budget.give_back("k");
        budget.give_back("k");
        assert_eq!(budget.check("k", now).map(|left| left.remaining), Ok(2));
    }

    #[test]
    fn memory_stays_bounded_whoever_knocks_and_the_busy_are_not_forgotten() {
        let most = 1_600;
        let budget = Budget::new(5, Duration::from_secs(60), most);
        let now = start();
        for n in 0..20_000_u64 {
            assert!(budget.spend(&format!("{n}"), after(now, n)).is_ok());
            if n % 20 == 0 {
                // Spends what it may and keeps being refused, through all that noise.
                let verdict = budget.spend("guesser", after(now, n));
                assert_eq!(verdict.is_ok(), n < 100, "{n}");
            }
        }
        let kept: usize = budget
            .shards
            .iter()
            .map(|shard| shard.lock().unwrap().len())
            .sum();
        assert!((most / 2..=most).contains(&kept), "{kept}");
    }

    #[test]
    fn a_household_is_one_address() {
        let key = |text: &str| address_key(text.parse().unwrap());
        assert_eq!(key("192.0.2.7"), "192.0.2.7");
        assert_eq!(key("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(key("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::"));
        assert_ne!(key("2001:db8:1:3::1"), key("2001:db8:1:2::1"));
    }

    #[test]
    fn many_threads_spend_no_more_than_there_is() {
        let budget = Budget::per_minute(100);
        let now = start();
        let spent: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| (0..100).filter(|_| budget.spend("k", now).is_ok()).count())
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .sum()
        });
        assert_eq!(spent, 100);
    }
}
