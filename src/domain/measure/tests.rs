use super::*;
use crate::domain::calendar::tests::at;
use crate::domain::clock::tests::{charter_for, received, terms};
use crate::domain::clock::{
    Cancelled, Extension, Longer, Pause, Reopened, Terms, WaitingFor, read,
};
use crate::domain::standard::Target;
use jiff::civil::date;

/// Monday morning; the charter promises an answer within ten working days, by Monday 16 November at 17:00.
const MONDAY: &str = "2026-11-02T10:00:00Z";

fn measured(facts: &Facts, standard: &str, now: &str) -> Measure {
    let terms = terms(standard);
    measure(facts, &terms, &read(facts, &terms, at(now)))
}

fn told(mut facts: Facts, standard: &str) -> Facts {
    let readings = read(&facts, &terms(standard), at(MONDAY));
    facts.told(&readings);
    facts
}

fn answered(facts: &Facts, now: &str) -> Option<bool> {
    measured(facts, "charter", now).answer.is_kept(at(now))
}

#[test]
fn an_answer_at_closing_time_of_the_first_date_is_late_and_one_a_second_before_is_not() {
    let check = |when: &str, is_kept: bool| {
        let mut facts = told(received(MONDAY), "charter");
        facts.happened("responded", at(when));
        assert_eq!(
            answered(&facts, "2026-12-01T10:00:00Z"),
            Some(is_kept),
            "{when}"
        );
    };
    check("2026-11-16T16:59:59Z", true);
    check("2026-11-16T17:00:00Z", false);
}

#[test]
fn a_promise_counts_when_its_first_date_has_passed_and_not_before() {
    let facts = told(received(MONDAY), "charter");
    assert_eq!(answered(&facts, "2026-11-16T16:59:59Z"), None);
    assert_eq!(answered(&facts, "2026-11-16T17:00:00Z"), Some(false));
}

#[test]
fn neither_a_pause_nor_a_later_date_moves_the_date_figures_go_by() {
    let mut paused = told(received(MONDAY), "charter");
    paused.pauses.push(Pause {
        clock: None,
        from: at("2026-11-04T10:00:00Z"),
        to: Some(at("2026-11-11T10:00:00Z")),
        resume_on: date(2026, 11, 20),
        reason: "We asked for a photograph".to_owned(),
        waiting_for: WaitingFor::Person,
    });
    let mut extended = told(received(MONDAY), "charter");
    extended.extensions.push(Extension {
        clock: "respond".to_owned(),
        to: Longer::By(Target::WorkingDays(5)),
        reason: "The lorry broke down".to_owned(),
        at: at("2026-11-05T10:00:00Z"),
    });
    for mut facts in [paused, extended] {
        assert_eq!(answered(&facts, "2026-11-17T10:00:00Z"), Some(false));
        facts.happened("responded", at("2026-11-18T10:00:00Z"));
        assert_eq!(answered(&facts, "2026-12-01T10:00:00Z"), Some(false));
    }
}

/// The same facts under other terms, from this instant on.
fn under(mut facts: Facts, was: &Terms, is: &Terms, now: &str) -> Facts {
    let before = read(&facts, was, at(now));
    facts.keep_told(&before, (&was.standard, &is.standard), at(now));
    facts
}

#[test]
fn another_category_changes_nothing_of_the_date_figures_go_by() {
    let was = terms("charter");
    for days in [1, 20] {
        let is = charter_for(Target::WorkingDays(days), false);
        let mut facts = told(received(MONDAY), "charter");
        facts = under(facts, &was, &is, "2026-11-06T10:00:00Z");
        facts.stop("respond", at("2026-11-16T16:00:00Z"), "reply");
        let now = at("2026-12-20T10:00:00Z");
        let promise = measure(&facts, &is, &read(&facts, &is, now)).answer;
        assert_eq!(
            promise.promised_at,
            Some(at("2026-11-16T17:00:00Z")),
            "{days}"
        );
        assert_eq!(promise.is_kept(now), Some(true), "{days}");
    }
}

#[test]
fn an_answer_promised_under_another_name_is_held_against_the_date_first_told() {
    let (was, is) = (terms("charter"), terms("awaab-significant"));
    let facts = told(received(MONDAY), "charter");
    let now = "2026-11-03T10:00:00Z";
    let facts = under(facts, &was, &is, now);
    let name = &is.standard.answer_clock().unwrap().name;
    assert_ne!(name, "respond");
    let promise = measure(&facts, &is, &read(&facts, &is, at(now))).answer;
    assert_eq!(promise.promised_at, Some(at("2026-11-16T17:00:00Z")));
    assert_eq!(facts.first_due[name], date(2026, 11, 16));
    // And back again, whatever the names were between.
    let back = under(facts, &is, &was, "2026-11-04T10:00:00Z");
    let promise = measure(&back, &was, &read(&back, &was, at(now))).answer;
    assert_eq!(promise.promised_at, Some(at("2026-11-16T17:00:00Z")));
}

#[test]
fn what_was_withdrawn_in_time_is_neither_kept_nor_broken_and_what_was_late_stays_late() {
    let check = |when: &str, expect: Option<bool>| {
        let mut facts = told(received(MONDAY), "charter");
        facts.cancelled = Some(Cancelled {
            at: at(when),
            reason: "withdrawn".to_owned(),
        });
        let promise = measured(&facts, "charter", "2026-12-01T10:00:00Z").answer;
        // Up to when it ended, whatever the day of the report.
        assert_eq!(promise.is_kept(at(when)), expect, "{when}");
    };
    check("2026-11-12T10:00:00Z", None);
    check("2026-11-17T10:00:00Z", Some(false));
}

#[test]
fn an_answer_that_was_none_does_not_count_and_the_one_after_it_does() {
    let mut facts = told(received(MONDAY), "charter");
    facts.stop("respond", at("2026-11-05T10:00:00Z"), "reply");
    facts.reopened.push(Reopened {
        clock: "respond".to_owned(),
        at: at("2026-11-10T10:00:00Z"),
        reason: "It was the other bin".to_owned(),
    });
    assert_eq!(answered(&facts, "2026-11-12T10:00:00Z"), None);
    facts.stop("respond", at("2026-11-13T10:00:00Z"), "reply");
    assert_eq!(answered(&facts, "2026-11-14T10:00:00Z"), Some(true));
    let taken = measured(&facts, "charter", "2026-11-14T10:00:00Z").answered_in;
    assert_eq!(taken, Some(DaysTaken { gross: 9, net: 9 }));
}

#[test]
fn nobody_is_promised_an_acknowledgement_who_cannot_be_reached() {
    let mut facts = told(received(MONDAY), "charter");
    facts.not_applicable.push("acknowledge".to_owned());
    let promise = measured(&facts, "charter", "2026-12-01T10:00:00Z").acknowledgement;
    assert_eq!(promise, Promise::default());
}

#[test]
fn a_complaint_is_held_against_the_earlier_of_its_two_first_dates_and_counted_from_receipt() {
    let mut facts = told(received(MONDAY), "complaint");
    let latest = facts.first_due["respond"];
    facts.stop("acknowledge", at("2026-11-03T10:00:00Z"), "letter");
    facts.happened("acknowledged", at("2026-11-03T10:00:00Z"));
    let measure = measured(&facts, "complaint", "2026-11-04T10:00:00Z");
    let promised_on = measure.answer.promised_at.unwrap().to_string();
    assert!(promised_on < latest.to_string(), "{promised_on} {latest}");
    facts.stop("respond", at("2026-11-09T10:00:00Z"), "reply");
    let taken = measured(&facts, "complaint", "2026-11-10T10:00:00Z").answered_in;
    assert_eq!(
        taken,
        Some(DaysTaken { gross: 5, net: 5 }),
        "Monday to Monday"
    );
}

#[test]
fn days_on_which_a_promise_stood_still_count_in_the_gross_time_alone() {
    let mut facts = told(received(MONDAY), "charter");
    facts.pauses.push(Pause {
        clock: None,
        from: at("2026-11-03T10:00:00Z"),
        to: Some(at("2026-11-05T10:00:00Z")),
        resume_on: date(2026, 11, 20),
        reason: "We asked".to_owned(),
        waiting_for: WaitingFor::Person,
    });
    facts.stop("respond", at("2026-11-09T10:00:00Z"), "reply");
    let measure = measured(&facts, "charter", "2026-11-10T10:00:00Z");
    assert_eq!(measure.answered_in, Some(DaysTaken { gross: 5, net: 3 }));
    assert_eq!(measure.paused_seconds, 2 * 86_400);
    assert_eq!(measure.answered_in.unwrap().to_string(), "5/3");
}

#[test]
fn half_took_no_longer_than_the_median_and_nine_of_ten_no_longer_than_the_other() {
    let words: Vec<String> = (1..=10).map(|n| format!("{n}*1")).collect();
    let all = Spread::read(&words.join(" ")).unwrap();
    assert_eq!(all.gross.typical(), Some(Typical { median: 5, p90: 9 }));
    let few = Spread::read("0*3 12/2*1").unwrap();
    assert_eq!(few.gross.typical(), Some(Typical { median: 0, p90: 12 }));
    assert_eq!(few.net.typical(), Some(Typical { median: 0, p90: 2 }));
    assert_eq!(few.n_answers(), 4);
    assert_eq!(Spread::default().gross.typical(), None);
    for wrong in ["3", "x*1", "3*", "3/*1", "-1*2"] {
        assert!(Spread::read(wrong).is_err(), "{wrong}");
    }
}

fn of(n_received: u64) -> Sums {
    Sums {
        n_received,
        n_open: n_received,
        ..Sums::default()
    }
}

fn together(counts: &[(&'static str, u64)]) -> (Vec<(&'static str, u64)>, Option<u64>) {
    let items = counts.iter().map(|(key, n)| (*key, of(*n))).collect();
    let (told, small) = without_small(items);
    let told = told
        .into_iter()
        .map(|(key, sums)| (key, sums.n_received))
        .collect();
    (told, small.map(|sums| sums.n_received))
}

#[test]
fn a_ward_of_three_people_is_told_with_the_next_smallest_so_that_it_cannot_be_subtracted() {
    assert_eq!(
        together(&[("a", 9), ("b", 3), ("c", 30), ("d", 6)]),
        (vec![("a", 9), ("c", 30)], Some(9))
    );
    assert_eq!(
        together(&[("a", 3), ("b", 4), ("c", 30)]),
        (vec![("c", 30)], Some(7)),
        "together they are enough"
    );
    assert_eq!(
        together(&[("a", 5), ("b", 6)]),
        (vec![("a", 5), ("b", 6)], None)
    );
    assert_eq!(together(&[("a", 2), ("b", 1)]), (vec![], None));
    assert_eq!(together(&[]), (vec![], None));
}

#[test]
fn no_number_from_one_to_four_is_told_in_public_nor_what_is_made_of_so_few() {
    let sums = Sums {
        n_received: 12,
        n_answer_of: 4,
        n_answered: 3,
        n_open: 4,
        oldest_received_at: Some(at(MONDAY)),
        n_acknowledge_of: 12,
        n_acknowledged: 11,
        n_scores: 1,
        score_sum: 5,
        days: Spread::read("3*4").unwrap(),
        ..Sums::default()
    };
    let figures = sums.public_figures();
    assert_eq!(figures.received, Some(12));
    assert_eq!(figures.answered, Share::default());
    assert_eq!(figures.acknowledged, Share::default(), "one was late");
    assert_eq!((figures.open, figures.oldest_received_at), (None, None));
    assert_eq!((figures.overdue, figures.reopened), (Some(0), Some(0)));
    assert_eq!(
        (figures.gross, figures.score, figures.responses),
        (None, None, None)
    );
    let none = Sums::default().public_figures();
    assert_eq!((none.received, none.answered.of), (Some(0), Some(0)));
}

#[test]
fn what_is_not_told_of_one_line_is_not_to_be_had_from_the_sum() {
    let line = |n_open: u64, n_answered: u64| Sums {
        n_received: 60,
        n_open,
        n_answer_of: 40,
        n_answered,
        ..Sums::default()
    };
    let told = public_lines(&[line(4, 39), line(20, 30), line(30, 40)]);
    let open: Vec<Option<u64>> = told.iter().map(|figures| figures.open).collect();
    assert_eq!(open, [None, None, Some(30)], "four");
    let answered: Vec<Option<u64>> = told.iter().map(|one| one.answered.in_time).collect();
    assert_eq!(answered, [None, None, Some(40)], "one that was late");
    assert_eq!(told.first().unwrap().received, Some(60));
}
