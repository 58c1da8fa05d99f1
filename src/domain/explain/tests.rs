//! Dates told so that they can be read out.

use jiff::civil::{Date, date};

use super::*;
use crate::domain::calendar::tests::at;
use crate::domain::clock::tests::{received, terms};
use crate::domain::clock::{Extension, Longer, OwnPromise, Pause, WaitingFor};
use crate::domain::standard::Target;
use crate::domain::standard::tests::ready;

const NOW: &str = "2026-12-23T17:00:00Z";

fn explained(facts: &Facts, slug: &str, clock: &str) -> Explanation {
    explain(facts, &terms(slug), clock, at(NOW)).unwrap()
}

fn why(explanation: &Explanation, on: Date) -> &str {
    &explanation
        .days
        .iter()
        .find(|day| day.on == on)
        .unwrap()
        .why
}

/// What must hold of every explanation.
fn holds_together(explanation: &Explanation, target: Target) {
    let (Some(from), Some(last)) = (explanation.counted_from_on, explanation.due_on) else {
        assert!(explanation.days.is_empty());
        return;
    };
    let counted = explanation.days.iter().filter(|day| day.counted).count();
    match target {
        Target::WorkingDays(n) => {
            assert_eq!(counted, n as usize, "{explanation:?}");
            assert_eq!(
                explanation.days.len() as i32,
                Day::of(last).since(Day::of(from)),
                "{explanation:?}"
            );
            assert_eq!(
                explanation.days.last().map(|day| (day.on, day.counted)),
                Some((last, true))
            );
        }
        _ => assert_eq!(counted, 0),
    }
    assert!(
        explanation
            .days
            .windows(2)
            .all(|pair| pair[0].on < pair[1].on)
    );
    assert!(explanation.days.iter().all(|day| !day.why.is_empty()));
}

#[test]
fn every_day_over_christmas_says_why_it_counts_or_does_not() {
    let answer = explained(&received("2026-12-23T16:45:00Z"), "charter", "respond");
    assert_eq!(why(&answer, date(2026, 12, 24)), "working day 1");
    assert_eq!(why(&answer, date(2026, 12, 25)), "Christmas Day");
    assert_eq!(why(&answer, date(2026, 12, 26)), "Saturday");
    assert_eq!(
        why(&answer, date(2026, 12, 28)),
        "Boxing Day (substitute day)"
    );
    assert_eq!(
        why(&answer, date(2026, 12, 30)),
        "closed: Christmas closure"
    );
    assert_eq!(why(&answer, date(2027, 1, 4)), "working day 2");
    assert_eq!(answer.due_on, Some(date(2027, 1, 14)));
    assert_eq!(
        answer.words,
        "We received it at 4.45pm on Wednesday 23 December 2026. \
         That was before the cut-off at 5pm, so it counts from that day. \
         We promise to answer it within 10 working days. Day 1 is Thursday 24 December 2026. \
         6 days at weekends do not count. Friday 25 December 2026 does not count (Christmas Day). \
         Monday 28 December 2026 does not count (Boxing Day (substitute day)). \
         3 days from Tuesday 29 December 2026 to Thursday 31 December 2026 do not count (closed: Christmas closure). \
         Friday 1 January 2027 does not count (New Year’s Day). \
         The last day is Thursday 14 January 2027; it is late from 5pm that day. \
         With a reason it could be moved to Thursday 28 January 2027 at the latest. \
         The promise is “Customer charter”, version 1 \
         (Council decision: acknowledge by the next working day, answer within ten)."
    );
}

#[test]
fn the_cut_off_is_told_as_it_was_applied() {
    let words = |text: &str| explained(&received(text), "charter", "respond").words;
    assert!(words("2026-11-20T17:00:00Z").contains(
        "That was not before the cut-off at 5pm, so it counts from the next open day, Monday 23 November 2026."
    ));
    assert!(words("2026-12-30T10:00:00Z").contains(
        "That day was not an open day (closed: Christmas closure), so it counts from the next open day, Monday 4 January 2027."
    ));
    assert!(
        !explained(&received("2026-11-20T17:00:00Z"), "foi", "respond")
            .words
            .contains("cut-off")
    );
}

#[test]
fn a_holiday_in_another_nation_is_named_with_its_nation() {
    let answer = explained(&received("2026-06-08T10:00:00Z"), "foi", "respond");
    assert_eq!(
        why(&answer, date(2026, 6, 15)),
        "World Cup bank holiday in Scotland"
    );
    assert_eq!(answer.due_on, Some(date(2026, 7, 7)));
}

#[test]
fn a_month_shows_only_the_days_it_was_rolled_over() {
    let answer = explained(&received("2026-12-31T10:00:00Z"), "sar", "respond");
    assert_eq!(
        answer.days,
        [CountedDay {
            on: date(2027, 1, 31),
            counted: false,
            why: "Sunday".to_owned()
        }]
    );
    assert!(
        answer
            .words
            .contains("The date moves on to the next working day.")
    );
    assert_eq!(
        explained(&received("2028-01-30T10:00:00Z"), "sar", "respond").days,
        []
    );
    let twelve_weeks = {
        let mut facts = received("2026-10-12T10:00:00Z");
        facts.happened("concluded", at("2026-10-17T10:00:00Z"));
        explained(&facts, "awaab-significant", "further_works")
    };
    assert_eq!(
        (twelve_weeks.due_on, twelve_weeks.days),
        (Some(date(2027, 1, 9)), Vec::new())
    );
}

#[test]
fn hours_show_no_days_and_say_that_they_run_at_night() {
    let answer = explained(
        &received("2027-03-27T18:00:00Z"),
        "awaab-emergency",
        "make_safe",
    );
    assert_eq!(answer.days, []);
    assert!(
        answer.words.contains(
            "These hours run day and night. It is late from 7pm on Sunday 28 March 2027."
        )
    );
}

#[test]
fn a_pause_is_told_with_its_days_and_its_reason() {
    let mut facts = received("2026-12-01T10:00:00Z");
    facts.pauses.push(Pause {
        clock: None,
        from: at("2026-12-03T10:00:00Z"),
        to: Some(at("2026-12-08T10:00:00Z")),
        resume_on: date(2026, 12, 20),
        reason: "We asked which lamp it is".to_owned(),
        waiting_for: WaitingFor::Person,
    });
    let answer = explained(&facts, "charter", "respond");
    assert_eq!(why(&answer, date(2026, 12, 3)), "working day 2");
    assert_eq!(
        why(&answer, date(2026, 12, 4)),
        "paused since Thursday 3 December 2026: We asked which lamp it is"
    );
    assert_eq!(why(&answer, date(2026, 12, 5)), "Saturday");
    assert_eq!(why(&answer, date(2026, 12, 9)), "working day 3");
    assert!(answer.words.contains(
        "It stood still from Thursday 3 December 2026 to Tuesday 8 December 2026: We asked which lamp it is."
    ));
    facts.pauses[0].to = None;
    assert!(explained(&facts, "charter", "respond").words.contains(
        "It has been paused since Thursday 3 December 2026, until Sunday 20 December 2026 at the latest"
    ));
    holds_together(&answer, Target::WorkingDays(10));
}

#[test]
fn an_extension_is_told_with_the_date_before_it() {
    let mut facts = received("2026-11-02T10:00:00Z");
    facts.extensions.push(Extension {
        clock: "respond".to_owned(),
        to: Longer::By(Target::WorkingDays(5)),
        reason: "The inspector is ill.".to_owned(),
        at: at("2026-11-10T10:00:00Z"),
    });
    facts
        .first_due
        .insert("respond".to_owned(), date(2026, 11, 16));
    let answer = explained(&facts, "charter", "respond");
    assert!(answer.words.contains(
        "The date was Monday 16 November 2026 before it was moved: The inspector is ill."
    ));
    assert!(
        answer
            .words
            .contains("The first date given was Monday 16 November 2026.")
    );
    holds_together(&answer, Target::WorkingDays(15));
}

#[test]
fn what_has_not_started_says_what_it_waits_for() {
    let facts = received("2026-12-18T10:00:00Z");
    let stage_2 = explained(&facts, "complaint", "stage_2_respond");
    assert_eq!(
        (stage_2.state, stage_2.due_on, stage_2.days.len()),
        (State::NotStarted, None, 0)
    );
    assert!(
        stage_2
            .words
            .starts_with("This has not started. It starts when we acknowledge the second look.")
    );
    let projected = explained(&facts, "complaint", "respond");
    assert!(
        projected.words.contains(
            "Until then it is dated from the last day for that, Tuesday 29 December 2026."
        )
    );
    holds_together(&projected, Target::WorkingDays(10));
}

#[test]
fn a_broken_promise_is_owned_up_to() {
    let facts = received("2026-11-02T10:00:00Z");
    let words = explained(&facts, "charter", "respond").words;
    assert!(words.contains(
        "That time passed at 5pm on Monday 16 November 2026 and the promise was not kept."
    ));
}

#[test]
fn a_date_beyond_the_published_holidays_says_so() {
    let words = explained(&received("2028-12-20T10:00:00Z"), "foi", "respond").words;
    assert!(words.contains(
        "Bank holidays are known up to Sunday 31 December 2028; after that the date may move."
    ));
}

#[test]
fn an_officers_own_promise_can_be_explained_too() {
    let mut facts = received("2026-11-02T10:00:00Z");
    facts.promises.push(OwnPromise {
        name: "promise-1".to_owned(),
        what: "ring back".to_owned(),
        by: at("2026-11-05T17:00:00Z"),
        made_at: at("2026-11-04T17:00:00Z"),
        owner: "officer".to_owned(),
    });
    let promise = explained(&facts, "charter", "promise-1");
    assert_eq!(
        promise.words,
        "An officer promised: ring back, before 5pm on Thursday 5 November 2026. \
         That time has passed and the promise was not kept."
    );
}

#[test]
fn an_unknown_clock_is_refused_with_the_known_ones() {
    let refused = explain(
        &received("2026-11-02T10:00:00Z"),
        &terms("charter"),
        "repair",
        at(NOW),
    )
    .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "there is no clock \"repair\"; known are acknowledge, respond"
    );
}

#[test]
fn every_clock_of_every_standard_explains_itself() {
    for slug in ready().keys() {
        let terms = terms(slug);
        for received_at in [
            "2026-12-23T16:45:00Z",
            "2024-02-29T23:30:00Z",
            "2028-04-13T08:00:00+01:00",
        ] {
            let mut facts = received(received_at);
            for event in terms.standard.events() {
                facts.happened(
                    event,
                    facts.received_at + jiff::SignedDuration::from_hours(100),
                );
            }
            for (spec, answer) in
                terms
                    .standard
                    .clocks
                    .iter()
                    .zip(explain_all(&facts, &terms, at(NOW)))
            {
                assert_eq!(spec.name, answer.name);
                let restarted = spec.restarts.iter().find_map(|restart| restart.target);
                holds_together(
                    &answer,
                    restarted
                        .filter(|_| slug == "school-appeal")
                        .unwrap_or(spec.target().unwrap()),
                );
                assert!(answer.words.contains(&terms.standard.name), "{slug}");
            }
        }
    }
}

#[test]
fn no_explanation_uses_the_words_of_the_trade() {
    let facts = received("2026-11-02T10:00:00Z");
    for slug in ready().keys() {
        for answer in explain_all(&facts, &terms(slug), at(NOW)) {
            for word in [
                "SLA",
                "triage",
                "queue",
                "escalate ",
                "CRM",
                "soon",
                "shortly",
                "breach",
                "violation",
            ] {
                assert!(!answer.words.contains(word), "{slug}: {}", answer.words);
            }
        }
    }
}

#[test]
fn every_day_that_was_skipped_is_named_also_before_the_count_begins_and_between_hours() {
    let words = explained(&received("2026-12-24T17:30:00Z"), "charter", "respond").words;
    for named in [
        "so it counts from the next open day, Monday 4 January 2027.",
        "Friday 25 December 2026 does not count (Christmas Day).",
        "3 days from Tuesday 29 December 2026 to Thursday 31 December 2026 do not count (closed: Christmas closure).",
    ] {
        assert!(words.contains(named), "{named}: {words}");
    }
    let figures = crate::domain::standard::Figures {
        acknowledge: None,
        respond: Some(Target::Hours(9)),
        no_answer: false,
    };
    let mut terms = terms("charter");
    terms.standard = ready()["charter"].resolve(&figures, false);
    let facts = received("2026-12-23T11:30:00Z");
    let answer = explain(&facts, &terms, "respond", at(NOW)).unwrap();
    let words = &answer.words;
    assert!(answer.days.is_empty(), "{answer:?}");
    assert!(words.contains("Only opening hours count."), "{words}");
    assert!(
        words.contains("Friday 25 December 2026 does not count (Christmas Day)."),
        "{words}"
    );
}

#[test]
fn a_request_that_was_made_clear_keeps_the_day_it_came_and_says_why_the_count_began_afresh() {
    let mut facts = received("2026-06-08T10:00:00Z");
    facts.happened("clarified", at("2026-06-15T10:00:00Z"));
    let words = explained(&facts, "foi", "respond").words;
    assert!(
        words.starts_with(
            "We received it at 11am on Monday 8 June 2026. It was made clear what is wanted at 11am on \
             Monday 15 June 2026, and the count began afresh."
        ),
        "{words}"
    );
}

#[test]
fn a_pause_is_told_in_its_own_time_and_never_beside_a_broken_promise() {
    let mut facts = received("2026-08-03T12:00:00Z");
    facts.pauses.push(Pause {
        clock: None,
        from: at("2026-08-04T10:00:00Z"),
        to: Some(at("2026-08-12T10:00:00Z")),
        resume_on: date(2026, 8, 13),
        reason: String::new(),
        waiting_for: WaitingFor::Person,
    });
    let words = |now: &str| {
        let explanation = explain(&facts, &terms("charter"), "acknowledge", at(now)).unwrap();
        (explanation.state, explanation.words)
    };
    let (state, said) = words("2026-08-11T12:00:00Z");
    assert_eq!(state, State::Paused);
    assert!(
        said.contains("It stands still from Tuesday 4 August 2026 to Wednesday 12 August 2026."),
        "{said}"
    );
    assert!(!said.contains("was not kept"), "{said}");
    let (state, said) = words("2026-08-12T12:00:00Z");
    assert_eq!(state, State::Missed);
    assert!(
        said.contains("It stood still") && said.contains("was not kept"),
        "{said}"
    );
    assert!(
        words("2026-08-03T13:00:00Z")
            .1
            .contains("It will stand still")
    );
}

#[test]
fn a_date_counted_over_years_without_known_holidays_says_so() {
    let words = explained(&received("2023-12-20T10:00:00Z"), "foi", "respond").words;
    assert!(
        words.contains("Bank holidays are known from Monday 1 January 2024"),
        "{words}"
    );
    let words = explained(&received("2024-01-02T10:00:00Z"), "foi", "respond").words;
    assert!(!words.contains("are known from"), "{words}");
}

#[test]
fn an_hour_that_comes_twice_is_told_with_the_name_of_its_time() {
    let terms = terms("emergency-24x7");
    let late = |received_at: &str| {
        let facts = received(received_at);
        explain(&facts, &terms, "respond", at(NOW)).unwrap().words
    };
    assert!(
        late("2026-10-24T00:30:00Z").contains("late from 1.30am (BST) on Sunday 25 October 2026")
    );
    assert!(
        late("2026-10-24T01:30:00Z").contains("late from 1.30am (GMT) on Sunday 25 October 2026")
    );
}
