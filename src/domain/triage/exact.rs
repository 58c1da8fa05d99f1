//! Exponential and logarithm that come out the same, bit for bit, on every machine.
//!
//! The standard library leaves both to the machine's own mathematics. A model trained twice has to
//! be the same file, wherever that is done.

/// `e` to the power of `x`.
#[must_use]
pub(super) fn exp(x: f32) -> f32 {
    // Far enough from both ends of what a number holds.
    let part = x.clamp(-80.0, 80.0) / 64.0;
    let mut power = 1.0;
    for n in [6.0, 5.0, 4.0, 3.0, 2.0, 1.0] {
        power = 1.0 + power * part / n;
    }
    for _ in 0..6 {
        power *= power;
    }
    power
}

/// The natural logarithm of a number from one on.
#[must_use]
pub(super) fn ln(x: f32) -> f32 {
    let mut rest = x.max(1.0);
    let mut halvings = 0.0;
    while rest > 1.5 {
        rest /= 2.0;
        halvings += std::f32::consts::LN_2;
    }
    let t = (rest - 1.0) / (rest + 1.0);
    let square = t * t;
    let series = 1.0 + square * (1.0 / 3.0 + square * (1.0 / 5.0 + square * (1.0 / 7.0)));
    halvings + 2.0 * t * series
}

/// Shares that add up to one.
pub(super) fn shares(scores: &mut [f32]) {
    let best = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut total = 0.0;
    for score in &mut *scores {
        *score = exp(*score - best);
        total += *score;
    }
    for score in scores {
        *score /= total;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_are_as_near_as_a_reading_needs() {
        for x in [-20.0_f32, -3.0, -0.1, 0.0, 0.5, 1.0, 4.0] {
            assert!((exp(x) / x.exp() - 1.0).abs() < 1e-4, "{x}");
        }
        for x in [1.0_f32, 1.2, 2.0, 17.0, 9_001.0] {
            assert!((ln(x) - x.ln()).abs() < 1e-4, "{x}");
        }
    }

    #[test]
    fn shares_of_anything_add_up_to_one() {
        let mut scores = [1_000.0, -1_000.0, 999.0];
        shares(&mut scores);
        assert!((scores.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        assert!(scores[0] > scores[2] && scores[2] > scores[1]);
    }
}
