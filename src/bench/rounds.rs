//! Rounds: many callers for so many seconds, and how long each answer took.
//!
//! In a *closed* round each caller asks again as soon as it is answered. That finds how much is done in a
//! second; a slow answer keeps its caller from asking, so latencies look better than they are for
//! somebody who does not wait. In an *open* round requests come when they come, and an answer is
//! timed from when its request was to be sent: nothing is hidden that way.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::time_source::TimeSource;

/// What one round came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Round {
    /// Answers a second that were what was asked for.
    pub rate: f64,
    /// In milliseconds, as the rest.
    pub p50: f64,
    pub p99: f64,
    pub worst: f64,
    pub n_done: usize,
    pub n_failed: usize,
}

/// Asks once; says why when it was not answered as it should be.
pub type Ask<'a> = Box<dyn FnMut() -> anyhow::Result<()> + Send + 'a>;

/// So many callers, each of whom asks again when it is answered.
///
/// # Errors
/// The first failure, when nothing but failures came back.
pub fn closed(lasts: Duration, callers: Vec<Ask<'_>>) -> anyhow::Result<Round> {
    let began = TimeSource::System.monotonic();
    let until = began + lasts;
    let all: Vec<Timed> = std::thread::scope(|scope| {
        let asking: Vec<_> = callers
            .into_iter()
            .map(|mut ask| {
                scope.spawn(move || {
                    let mut timed = Timed::default();
                    loop {
                        let asked_at = TimeSource::System.monotonic();
                        if asked_at >= until {
                            return timed;
                        }
                        timed.note(asked_at, ask());
                    }
                })
            })
            .collect();
        asking
            .into_iter()
            .map(|one| {
                one.join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect()
    });
    Round::of(all, began.elapsed())
}

/// So many requests a second, whoever is free sends the next one; it counts from when it was to be sent.
///
/// # Errors
/// As [`closed`].
pub fn open(lasts: Duration, a_second: f64, callers: Vec<Ask<'_>>) -> anyhow::Result<Round> {
    let began = TimeSource::System.monotonic();
    let apart = Duration::from_secs_f64(1.0 / a_second.max(0.001));
    let next = AtomicUsize::new(0);
    let all: Vec<Timed> = std::thread::scope(|scope| {
        let next = &next;
        let asking: Vec<_> = callers
            .into_iter()
            .map(|mut ask| {
                scope.spawn(move || {
                    let mut timed = Timed::default();
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        let after = apart.saturating_mul(u32::try_from(number).unwrap_or(u32::MAX));
                        if after >= lasts {
                            return timed;
                        }
                        let at = began + after;
                        std::thread::sleep(
                            at.saturating_duration_since(TimeSource::System.monotonic()),
                        );
                        timed.note(at, ask());
                    }
                })
            })
            .collect();
        asking
            .into_iter()
            .map(|one| {
                one.join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect()
    });
    Round::of(all, began.elapsed())
}

#[derive(Default)]
struct Timed {
    took: Vec<Duration>,
    n_failed: usize,
    why: Option<anyhow::Error>,
}

impl Timed {
    fn note(&mut self, asked_at: Instant, answered: anyhow::Result<()>) {
        match answered {
            Ok(()) => self.took.push(asked_at.elapsed()),
            Err(why) => {
                self.n_failed += 1;
                self.why.get_or_insert(why);
            }
        }
    }
}

impl Round {
    fn of(all: Vec<Timed>, lasted: Duration) -> anyhow::Result<Self> {
        let n_failed = all.iter().map(|one| one.n_failed).sum();
        let mut why = None;
        let mut took = Vec::new();
        for one in all {
            took.extend(one.took);
            why = why.or(one.why);
        }
        if let Some(why) = why {
            if took.is_empty() {
                return Err(why.context("nothing was answered as it should be"));
            }
            tracing::warn!("{n_failed} were not answered as they should be, the first: {why:#}");
        }
        took.sort_unstable();
        Ok(Self {
            rate: number(took.len()) / lasted.as_secs_f64(),
            p50: at_percent(&took, 50),
            p99: at_percent(&took, 99),
            worst: at_percent(&took, 100),
            n_done: took.len(),
            n_failed,
        })
    }
}

/// A count as a number to reckon with.
#[must_use]
pub fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// In milliseconds.
fn at_percent(sorted: &[Duration], percent: usize) -> f64 {
    let place = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted
        .get(place)
        .map_or(0.0, |took| took.as_secs_f64() * 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_hundred_answers_the_slowest_but_one_is_the_ninety_ninth() {
        let took: Vec<Duration> = (1..=100).map(Duration::from_millis).collect();
        assert!((at_percent(&took, 50) - 50.0).abs() < 0.01);
        assert!((at_percent(&took, 99) - 99.0).abs() < 0.01);
        assert!((at_percent(&took, 100) - 100.0).abs() < 0.01);
        assert!(at_percent(&[], 99).abs() < 0.01);
    }

    #[test]
    fn a_round_ends_and_counts_what_failed() {
        let mut n = 0;
        let ask: Ask<'_> = Box::new(move || {
            n += 1;
            anyhow::ensure!(n % 2 == 0, "every other one fails");
            Ok(())
        });
        let round = closed(Duration::from_millis(20), vec![ask]).unwrap();
        assert!(round.n_done > 0 && round.n_failed.abs_diff(round.n_done) <= 1);
        let failing: Ask<'_> = Box::new(|| anyhow::bail!("it always fails"));
        assert!(closed(Duration::from_millis(5), vec![failing]).is_err());
    }

    #[test]
    fn in_an_open_round_waiting_for_a_caller_counts() {
        let slow: Ask<'_> = Box::new(|| {
            std::thread::sleep(Duration::from_millis(20));
            Ok(())
        });
        let round = open(Duration::from_millis(100), 100.0, vec![slow]).unwrap();
        assert_eq!(round.n_done, 10);
        // The last was to be sent after 90 ms and was answered after 200.
        assert!(round.worst >= 90.0, "{round:?}");
    }
}
