use proptest::prelude::*;

use super::*;

fn at(second: i64) -> Timestamp {
    "2026-11-20T09:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(second)
}

fn event(kind: CallEventKind, second: i64) -> CallEvent {
    CallEvent {
        at: at(second),
        kind,
        position: None,
        queue: None,
        line: None,
        agent: None,
        number: None,
    }
}

fn at_place(position: u32, second: i64) -> CallEvent {
    CallEvent {
        position: Some(position),
        ..event(CallEventKind::Position, second)
    }
}

fn any_event() -> impl Strategy<Value = CallEvent> {
    let word = |words: &'static [&'static str]| {
        prop::option::of(prop::sample::select(words).prop_map(str::to_owned))
    };
    (
        prop::sample::select(CallEventKind::ALL),
        0..40_i64,
        prop::option::of(1..9_u32),
        word(&["council-tax", "repairs"]),
        word(&["01632 960110", "01632 960120"]),
        word(&["ext-4000", "ext-4001"]),
        word(&["+441632960123", "+447700900123"]),
    )
        .prop_map(
            |(kind, second, position, queue, line, agent, number)| CallEvent {
                position,
                queue,
                line,
                agent,
                number,
                ..event(kind, second)
            },
        )
}

proptest! {
    /// The phone system's events come in any order, and some of them twice.
    #[test]
    fn every_order_of_the_same_events_and_every_repeat_is_the_same_call(
        (events, shuffled) in prop::collection::vec(any_event(), 0..8).prop_flat_map(|events| {
            let twice: Vec<CallEvent> = events.iter().chain(&events).cloned().collect();
            let n = twice.len();
            (Just(events.clone()), Just(twice).prop_shuffle(), 0..=n)
                .prop_map(move |(events, mut twice, keep)| {
                    // Any number of repeats, of any of them, but none of them lost.
                    twice.truncate(keep);
                    for event in &events {
                        if !twice.contains(event) {
                            twice.push(event.clone());
                        }
                    }
                    (events, twice)
                })
        })
    ) {
        prop_assert_eq!(Call::of(&events), Call::of(&shuffled));
    }

    #[test]
    fn a_call_is_either_answered_or_given_up_and_never_waited_less_than_nothing(
        events in prop::collection::vec(any_event(), 0..8)
    ) {
        let call = Call::of(&events);
        prop_assert!(call.answered_at.is_none() || call.abandoned_at.is_none());
        prop_assert!(call.waited().is_none_or(|waited| !waited.is_negative()));
        prop_assert_eq!(call.state() == CallState::Unknown, events.is_empty());
    }
}

#[test]
fn a_call_that_was_answered_was_not_given_up_however_late_the_answer_is_told() {
    let (gave_up, answered) = (
        event(CallEventKind::Abandoned, 60),
        event(CallEventKind::Answered, 58),
    );
    for events in [
        [gave_up.clone(), answered.clone()],
        [answered, gave_up.clone()],
    ] {
        let call = Call::of(&events);
        assert_eq!(call.state(), CallState::Answered);
        assert_eq!(call.abandoned_at, None);
    }
    assert_eq!(Call::of(&[gave_up]).state(), CallState::Abandoned);
}

#[test]
fn a_line_that_went_down_unanswered_was_given_up() {
    let call = Call::of(&[
        event(CallEventKind::Offered, 0),
        event(CallEventKind::Ended, 42),
    ]);
    assert_eq!(call.state(), CallState::Abandoned);
    assert_eq!(call.waited(), Some(SignedDuration::from_secs(42)));
}

#[test]
fn the_first_place_told_and_the_last_are_both_kept() {
    let call = Call::of(&[
        at_place(3, 30),
        event(CallEventKind::Queued, 0),
        at_place(5, 10),
        at_place(4, 20),
    ]);
    assert_eq!((call.first_position, call.position), (Some(5), Some(3)));
    assert_eq!(call.state(), CallState::Waiting);
    assert_eq!(call.waited(), None);
}
