//! What a phone system tells of a call, read: which call, what happened, and when; and what somebody
//! says who wants to be rung.
//!
//! What comes in place of a number (`anonymous`, `999`, an extension) is none: a call counts whoever
//! rings. The event's own instant counts, by the phone system's clock, so that what is told late is told
//! right.

use jiff::{SignedDuration, Timestamp};

use super::given::{Faults, Unfit};
use crate::domain::person::phone_number;
use crate::domain::telephony::{CallEvent, CallEventKind};

/// An event as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub kind: CallEventKind,
    pub at: Timestamp,
    pub line: Option<String>,
    pub queue: Option<String>,
    pub number: Option<String>,
    pub position: Option<u32>,
    pub agent: Option<String>,
}

/// A phone system's clock may be this far ahead of ours.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);
/// What is told later than this is no news of a call.
const OLDEST: SignedDuration = SignedDuration::from_hours(31 * 24);
/// Longer than any name of a line, queue or agent.
const NAME_LIMIT: usize = 100;
/// What is said where nobody said what it is about.
const PLEASE: &str = "Please ring me back.";
/// What stands before the number, under what it is about.
const NUMBER: &str = "\n\nNumber to ring: ";

/// Reads an event.
///
/// # Errors
/// Everything in it that cannot be meant.
pub fn read(told: Told, now: Timestamp) -> Result<CallEvent, Vec<Unfit>> {
    let mut faults = Faults::default();
    if told.at > now + AHEAD {
        faults.add(
            "/at",
            "in_future",
            format!(
                "It cannot have happened after now ({now}). Check the phone system's clock and the offset."
            ),
        );
    }
    if told.at < now - OLDEST {
        faults.add("/at", "too_early", "Events are taken up to 31 days back.");
    }
    if told.kind == CallEventKind::Position && told.position.is_none() {
        faults.add(
            "/position",
            "missing_field",
            "Say which place it has now: 1 is next.",
        );
    }
    let event = CallEvent {
        // Kept to the microsecond, as the databases do: what is read back equals what was written.
        at: Timestamp::from_microsecond(told.at.as_microsecond()).unwrap_or(told.at),
        kind: told.kind,
        position: told.position,
        queue: faults.line("/queue", told.queue, NAME_LIMIT),
        line: faults.line("/line", told.line, NAME_LIMIT),
        agent: faults.line("/agent", told.agent, NAME_LIMIT),
        number: told.number.as_deref().and_then(phone_number),
    };
    let faults = faults.into_vec();
    if faults.is_empty() {
        Ok(event)
    } else {
        Err(faults)
    }
}

/// What somebody says who wants to be rung: what it is about, and the number under it.
#[must_use]
pub fn wish(about: Option<&str>, number: &str) -> String {
    format!("{}{NUMBER}{number}", about.unwrap_or(PLEASE))
}

/// Whether a wish says nothing that did not stand in one before: the same number, however it is written,
/// and the same words or none.
#[must_use]
pub fn says_nothing_new(wish: &str, before: &str) -> bool {
    match (taken_apart(wish), taken_apart(before)) {
        (Some((about, number)), Some((about_before, number_before))) => {
            number == number_before && (about == PLEASE || about == about_before)
        }
        _ => wish == before,
    }
}

fn taken_apart(wish: &str) -> Option<(&str, String)> {
    let (about, number) = wish.rsplit_once(NUMBER)?;
    let number = phone_number(number).unwrap_or_else(|| number.trim().to_owned());
    Some((about.trim(), number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-20T10:00:00Z".parse().unwrap()
    }

    fn told(kind: CallEventKind) -> Told {
        Told {
            kind,
            at: now(),
            line: None,
            queue: None,
            number: None,
            position: None,
            agent: None,
        }
    }

    fn faults(told: Told) -> Vec<(String, &'static str)> {
        read(told, now())
            .unwrap_err()
            .into_iter()
            .map(|one| (one.pointer, one.code))
            .collect()
    }

    #[test]
    fn a_number_is_kept_in_the_form_people_are_found_by() {
        let event = read(
            Told {
                number: Some("01632 960 123".to_owned()),
                ..told(CallEventKind::Offered)
            },
            now(),
        )
        .unwrap();
        assert_eq!(event.number.as_deref(), Some("+441632960123"));
    }

    #[test]
    fn what_comes_in_place_of_a_number_is_none_and_the_event_counts() {
        for odd in [
            "anonymous",
            "999",
            "4021",
            "sip:anonymous@anonymous.invalid",
            " ",
        ] {
            let event = read(
                Told {
                    number: Some(odd.to_owned()),
                    ..told(CallEventKind::Offered)
                },
                now(),
            )
            .unwrap();
            assert_eq!(
                (event.kind, event.number),
                (CallEventKind::Offered, None),
                "{odd}"
            );
        }
    }

    #[test]
    fn a_wish_said_again_with_another_number_or_other_words_is_news() {
        let before = wish(Some("My bill"), "01632 960123");
        assert_eq!(before, "My bill\n\nNumber to ring: 01632 960123");
        let check = |about, number, nothing_new| {
            assert_eq!(
                says_nothing_new(&wish(about, number), &before),
                nothing_new,
                "{about:?} {number}"
            );
        };
        check(Some("My bill"), "+44 1632 960123", true);
        check(None, "01632960123", true);
        check(Some("There is gas"), "01632 960123", false);
        check(None, "07700 900999", false);
        assert!(!says_nothing_new(&wish(None, "01632 960123"), "[removed]"));
    }

    #[test]
    fn everything_that_cannot_be_meant_is_named_at_once() {
        let found = faults(Told {
            at: now() + SignedDuration::from_mins(6),
            queue: Some("repairs\r\nX: y".to_owned()),
            ..told(CallEventKind::Position)
        });
        let found: Vec<(&str, &str)> = found
            .iter()
            .map(|(at, code)| (at.as_str(), *code))
            .collect();
        assert_eq!(
            found,
            [
                ("/at", "in_future"),
                ("/position", "missing_field"),
                ("/queue", "control_character"),
            ]
        );
        let of_last_year = now() - SignedDuration::from_hours(32 * 24);
        let old = faults(Told {
            at: of_last_year,
            ..told(CallEventKind::Ended)
        });
        assert_eq!(old, [("/at".to_owned(), "too_early")]);
    }
}
