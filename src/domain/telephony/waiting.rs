//! How long somebody who waits may still wait, and what they are told of it.
//!
//! The estimate is the pace of the last half hour: where six calls were answered in it, one is
//! answered every five minutes, and whoever is third waits for three of them. It says nothing where
//! fewer than three were answered, because a guess that is wrong is worse than the place alone.

use jiff::{SignedDuration, Timestamp};

use crate::domain::calendar::Calendar;

/// How far back the pace is read.
pub const PACE_WINDOW: SignedDuration = SignedDuration::from_mins(30);
/// Fewer answers than this make no pace.
const FEWEST: usize = 3;
/// From this wait on, a call back is offered.
pub const CALLBACK_FROM: SignedDuration = SignedDuration::from_mins(5);

/// How long somebody at this place may still wait at `now`, by when calls beside theirs were
/// answered. Nothing where too few were.
///
/// ```
/// use jiff::{SignedDuration, Timestamp};
/// use reeve::domain::telephony::waiting::expected;
/// let now: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
/// let answered: Vec<Timestamp> = (1..=6).map(|n| now - SignedDuration::from_mins(n * 4)).collect();
/// assert_eq!(expected(3, &answered, now), Some(SignedDuration::from_mins(15)));
/// assert_eq!(expected(3, &[], now), None);
/// ```
#[must_use]
pub fn expected(position: u32, answered: &[Timestamp], now: Timestamp) -> Option<SignedDuration> {
    let n_answered = answered
        .iter()
        .filter(|at| **at <= now && **at > now - PACE_WINDOW)
        .count();
    if n_answered < FEWEST {
        return None;
    }
    let n_answered = i32::try_from(n_answered).ok()?;
    let one = PACE_WINDOW.checked_div(n_answered)?;
    let wait = one.checked_mul(i32::try_from(position).ok()?)?;
    // Nobody is helped by seconds that cannot be known.
    Some(SignedDuration::from_secs(wait.as_secs()))
}

/// Whether somebody who waits is offered a call back.
#[must_use]
pub fn offers_callback(expected: Option<SignedDuration>, is_open: bool) -> bool {
    // Whoever rings back does so in opening hours; outside them nobody waits to be answered either.
    is_open && expected.is_some_and(|wait| wait >= CALLBACK_FROM)
}

/// What the phone system may say to somebody who waits.
///
/// ```
/// use jiff::SignedDuration;
/// use reeve::domain::telephony::waiting::say;
/// let four = Some(SignedDuration::from_secs(230));
/// assert_eq!(say(3, four, false), "You are third in the queue. We expect to answer in about 4 minutes.");
/// assert_eq!(say(1, None, false), "You are next.");
/// ```
#[must_use]
pub fn say(position: u32, expected: Option<SignedDuration>, offers_callback: bool) -> String {
    let mut said = match position {
        0 | 1 => "You are next.".to_owned(),
        _ => format!("You are {} in the queue.", ordinal(position)),
    };
    if let Some(wait) = expected {
        let minutes = (wait.as_secs() + 30) / 60;
        said.push_str(&match minutes {
            0 => " We expect to answer in less than a minute.".to_owned(),
            1 => " We expect to answer in about a minute.".to_owned(),
            2..60 => format!(" We expect to answer in about {minutes} minutes."),
            _ => " You may have to wait for more than an hour, and we are sorry.".to_owned(),
        });
    }
    if offers_callback {
        said.push_str(" We can ring you back instead.");
    }
    said
}

/// By when somebody who asks for it on an open case is rung: the end of the next working day, counted as
/// everything is that comes in.
#[must_use]
pub fn ring_back_by(calendar: &Calendar, asked_at: Timestamp) -> Timestamp {
    let office = calendar.office();
    let counted_from = office.counted_from(asked_at);
    office.closing_at(office.add_working_days(counted_from, 1))
}

fn ordinal(n: u32) -> String {
    const WORDS: [&str; 11] = [
        "", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth",
        "tenth",
    ];
    let word = usize::try_from(n).ok().and_then(|place| WORDS.get(place));
    match word {
        Some(word) => (*word).to_owned(),
        None => {
            let ending = match (n % 10, n % 100) {
                (_, 11..=13) => "th",
                (1, _) => "st",
                (2, _) => "nd",
                (3, _) => "rd",
                _ => "th",
            };
            format!("{n}{ending}")
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn noon() -> Timestamp {
        "2026-11-20T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn places_are_said_as_people_say_them() {
        let check = |n, expect| assert_eq!(ordinal(n), expect);
        check(2, "second");
        check(10, "tenth");
        check(11, "11th");
        check(13, "13th");
        check(21, "21st");
        check(22, "22nd");
        check(103, "103rd");
        check(112, "112th");
    }

    #[test]
    fn nobody_is_promised_minutes_on_the_strength_of_two_answers() {
        let two = [noon() - SignedDuration::from_mins(1); 2];
        assert_eq!(expected(1, &two, noon()), None);
        let of_an_hour_ago = [noon() - SignedDuration::from_hours(1); 9];
        assert_eq!(expected(1, &of_an_hour_ago, noon()), None);
    }

    #[test]
    fn a_call_back_is_offered_for_a_long_wait_and_while_somebody_can_ring() {
        let wait = |minutes| Some(SignedDuration::from_mins(minutes));
        assert!(offers_callback(wait(5), true));
        assert!(!offers_callback(wait(4), true));
        assert!(!offers_callback(wait(50), false));
        assert!(!offers_callback(None, true));
        assert!(say(9, wait(7), true).ends_with("We can ring you back instead."));
    }

    proptest! {
        #[test]
        fn whoever_is_further_back_never_waits_less(
            seconds in prop::collection::vec(0..3_000_i64, 0..60), place in 1..100_u32,
        ) {
            let answered: Vec<Timestamp> =
                seconds.iter().map(|one| noon() - SignedDuration::from_secs(*one)).collect();
            let (nearer, further) = (expected(place, &answered, noon()), expected(place + 1, &answered, noon()));
            prop_assert_eq!(nearer.is_some(), further.is_some());
            prop_assert!(nearer <= further);
        }

        #[test]
        fn what_is_said_is_short_enough_to_be_heard(place in 0..2_000_u32, wait in prop::option::of(0..20_000_i64)) {
            let said = say(place, wait.map(SignedDuration::from_secs), true);
            prop_assert!(crate::domain::wording::long_sentences(&said).is_empty());
        }
    }
}
