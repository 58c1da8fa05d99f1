//! Calls in figures. What each figure counts is said here once, and by the published contract.
//!
//! Every call that began in the time counts as *offered* and ends as exactly one of: *answered*;
//! *abandoned*, which is hanging up unanswered after the first five seconds; *hung up at once*, within
//! them (a wrong number, a pocket); *still waiting*, of today alone; *end unknown*, where the phone system
//! never told how an older call ended. The share of abandoned calls is of those offered, without the ones
//! hung up at once and those whose end is unknown. Waits are those of answered calls, and the longest of
//! those who gave up.

use jiff::SignedDuration;

use super::Call;

/// Whoever hangs up within this time has not waited for us.
pub const AT_ONCE: SignedDuration = SignedDuration::from_secs(5);

/// What each figure means, in the words of whoever asks.
pub const DEFINITIONS: &[(&str, &str)] = &[
    (
        "offered",
        "Calls that began in the time, by the local date. Each is exactly one of `answered`, `abandoned`, \
         `hung_up_at_once`, `still_waiting` and `end_unknown`.",
    ),
    ("answered", "Somebody spoke with them."),
    (
        "abandoned",
        "They hung up before anybody answered, after the first five seconds.",
    ),
    (
        "hung_up_at_once",
        "They hung up within five seconds: a wrong number, a pocket. They have not waited for us.",
    ),
    (
        "still_waiting",
        "They wait now: calls of today, or of the last hour, of which no end was told.",
    ),
    (
        "end_unknown",
        "Older calls of which no end was told: the phone system lost sight of them, and nobody knows whether they \
         were answered.",
    ),
    (
        "abandoned_percent",
        "`abandoned` of a hundred of `offered` without `hung_up_at_once` and `end_unknown`. Nothing where there \
         were none.",
    ),
    (
        "wait_median_seconds",
        "Half of the answered calls waited no longer than this, from the first thing told of a call to its answer.",
    ),
    (
        "wait_p90_seconds",
        "Nine of ten answered calls waited no longer than this.",
    ),
    (
        "wait_longest_seconds",
        "The longest wait of an answered call.",
    ),
    (
        "abandoned_longest_seconds",
        "The longest that somebody waited who then hung up unanswered.",
    ),
    (
        "position_told",
        "Calls of which the phone system told us the place in the queue. That is not to say that the caller heard \
         it: whether it was said to them, the phone system does not tell.",
    ),
    (
        "callbacks",
        "Calls back asked for in the time. `kept`: we spoke with them. `kept_in_time`: by the time they were told \
         first. `not_yet`: neither.",
    ),
];

/// Counts call after call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Count {
    n_answered: u64,
    n_abandoned: u64,
    n_hung_up_at_once: u64,
    n_still_waiting: u64,
    n_end_unknown: u64,
    abandoned_longest: Option<i64>,
    n_told_their_place: u64,
    waits: Vec<i64>,
}

/// What was counted.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Figures {
    pub offered: u64,
    pub answered: u64,
    pub abandoned: u64,
    pub hung_up_at_once: u64,
    pub still_waiting: u64,
    pub end_unknown: u64,
    /// Of those offered without the ones hung up at once and those whose end is unknown, to a tenth; none
    /// where there were none.
    pub abandoned_percent: Option<f64>,
    pub told_their_place: u64,
    /// Seconds that answered calls waited.
    pub wait: Option<Waits>,
    /// Seconds that somebody waited who gave up.
    pub abandoned_longest: Option<i64>,
}

/// How long answered calls waited, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waits {
    pub median: i64,
    pub p90: i64,
    pub longest: i64,
}

impl Count {
    /// Counts one call. `may_wait` says whether it is so young that it may not have ended.
    pub fn add(&mut self, call: &Call, may_wait: bool) {
        self.n_told_their_place += u64::from(call.first_position.is_some());
        match (call.waited(), call.answered_at) {
            (Some(waited), Some(_)) => {
                self.n_answered += 1;
                self.waits.push(waited.as_secs());
            }
            (Some(waited), None) if waited < AT_ONCE => self.n_hung_up_at_once += 1,
            (Some(waited), None) => {
                self.n_abandoned += 1;
                self.abandoned_longest = self.abandoned_longest.max(Some(waited.as_secs()));
            }
            (None, _) if may_wait => self.n_still_waiting += 1,
            (None, _) => self.n_end_unknown += 1,
        }
    }

    /// What it comes to.
    #[must_use]
    pub fn figures(mut self) -> Figures {
        self.waits.sort_unstable();
        let waited_for_us = self.n_answered + self.n_abandoned + self.n_still_waiting;
        Figures {
            offered: waited_for_us + self.n_hung_up_at_once + self.n_end_unknown,
            answered: self.n_answered,
            abandoned: self.n_abandoned,
            hung_up_at_once: self.n_hung_up_at_once,
            still_waiting: self.n_still_waiting,
            end_unknown: self.n_end_unknown,
            abandoned_longest: self.abandoned_longest,
            abandoned_percent: percent(self.n_abandoned, waited_for_us),
            told_their_place: self.n_told_their_place,
            wait: self.waits.last().copied().map(|longest| Waits {
                median: nearest_rank(&self.waits, 50),
                p90: nearest_rank(&self.waits, 90),
                longest,
            }),
        }
    }
}

/// So many of so many, to a tenth of a percent. Never a hundred while one is missing, nor nought while
/// one is there.
pub(crate) fn percent(part: u64, of: u64) -> Option<f64> {
    let tenths = part
        .checked_mul(1000)?
        .checked_add(of / 2)?
        .checked_div(of)?;
    let tenths = match tenths {
        0 if part > 0 => 1,
        1000 if part < of => 999,
        tenths => tenths,
    };
    Some(f64::from(u32::try_from(tenths).ok()?) / 10.0)
}

/// The smallest value that so many of a hundred do not exceed; of sorted values.
fn nearest_rank(sorted: &[i64], per_hundred: usize) -> i64 {
    let rank = (sorted.len() * per_hundred).div_ceil(100);
    sorted
        .get(rank.saturating_sub(1))
        .copied()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn call(answered: Option<i64>, given_up: Option<i64>) -> Call {
        let began: Timestamp = "2026-11-20T09:00:00Z".parse().unwrap();
        let after = |seconds: Option<i64>| seconds.map(|s| began + SignedDuration::from_secs(s));
        Call {
            began_at: Some(began),
            answered_at: after(answered),
            abandoned_at: after(given_up),
            ..Call::default()
        }
    }

    fn counted(calls: &[Call]) -> Figures {
        let mut count = Count::default();
        for call in calls {
            count.add(call, true);
        }
        count.figures()
    }

    #[test]
    fn whoever_hangs_up_within_five_seconds_has_not_given_up() {
        let figures = counted(&[
            call(None, Some(4)),
            call(None, Some(5)),
            call(Some(20), None),
        ]);
        assert_eq!((figures.hung_up_at_once, figures.abandoned), (1, 1));
        assert_eq!(figures.offered, 3);
        assert_eq!(figures.abandoned_percent, Some(50.0), "one of two");
    }

    #[test]
    fn every_call_that_was_offered_stands_in_exactly_one_figure() {
        let figures = counted(&[
            call(Some(1), None),
            call(None, Some(90)),
            call(None, Some(1)),
            call(None, None),
        ]);
        let sum =
            figures.answered + figures.abandoned + figures.hung_up_at_once + figures.still_waiting;
        assert_eq!((figures.offered, sum), (4, 4));
    }

    #[test]
    fn a_call_whose_end_was_never_told_does_not_wait_for_ever() {
        let mut count = Count::default();
        count.add(&call(None, None), false);
        count.add(&call(None, Some(60)), false);
        let figures = count.figures();
        assert_eq!((figures.still_waiting, figures.end_unknown), (0, 1));
        assert_eq!(figures.offered, 2);
        assert_eq!(
            figures.abandoned_percent,
            Some(100.0),
            "of those we know of"
        );
    }

    #[test]
    fn the_longest_wait_of_those_who_gave_up_is_told_beside_that_of_the_others() {
        let figures = counted(&[
            call(Some(905), None),
            call(None, Some(3600)),
            call(None, Some(60)),
        ]);
        assert_eq!(figures.wait.unwrap().longest, 905);
        assert_eq!(figures.abandoned_longest, Some(3600));
        assert_eq!(counted(&[]).abandoned_longest, None);
    }

    #[test]
    fn a_hundred_percent_is_all_of_them_and_nought_is_none() {
        assert_eq!(percent(2499, 2500), Some(99.9));
        assert_eq!(percent(2500, 2500), Some(100.0));
        assert_eq!(percent(1, 2500), Some(0.1));
        assert_eq!(percent(0, 2500), Some(0.0));
        assert_eq!(percent(0, 0), None);
        assert_eq!(percent(1, 3), Some(33.3));
    }

    #[test]
    fn nine_of_ten_waited_no_longer_than_the_ninetieth_percentile() {
        let calls: Vec<Call> = (1..=10).map(|n| call(Some(n * 10), None)).collect();
        let wait = counted(&calls).wait.unwrap();
        assert_eq!((wait.median, wait.p90, wait.longest), (50, 90, 100));
        assert_eq!(counted(&[]).wait, None);
        assert_eq!(counted(&[]).abandoned_percent, None);
    }
}
