//! Clocks as caseworkers meet them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::{Date, date};

use super::*;
use crate::domain::calendar::tests::{at, northmere};
use crate::domain::standard::tests::{ready, standard};
use crate::domain::standard::{Figures, Target};

/// A ready standard on the demo council's calendar.
pub(crate) fn terms(slug: &str) -> Terms {
    Terms::new(standard(slug), northmere(), &BTreeMap::new()).unwrap()
}

/// The charter for a category with these figures.
pub(crate) fn charter_for(respond: Target, emergency: bool) -> Terms {
    let figures = Figures {
        respond: Some(respond),
        ..Figures::default()
    };
    Terms::new(
        ready()["charter"].resolve(&figures, emergency),
        northmere(),
        &BTreeMap::new(),
    )
    .unwrap()
}

pub(crate) fn received(text: &str) -> Facts {
    Facts::received(at(text))
}

pub(crate) fn reading(facts: &Facts, terms: &Terms, clock: &str, now: &str) -> Reading {
    let readings = read(facts, terms, at(now));
    readings
        .into_iter()
        .find(|reading| reading.name == clock)
        .unwrap()
}

fn due_on(facts: &Facts, terms: &Terms, clock: &str) -> Date {
    reading(facts, terms, clock, "2026-01-01T00:00:00Z")
        .due_on
        .unwrap()
}

fn state(facts: &Facts, terms: &Terms, clock: &str, now: &str) -> State {
    reading(facts, terms, clock, now).state
}

fn pause(from: &str, to: Option<&str>, resume_on: Date) -> Pause {
    Pause {
        clock: None,
        from: at(from),
        to: to.map(at),
        resume_on,
        reason: "We asked for photographs".to_owned(),
        waiting_for: WaitingFor::Person,
    }
}

fn extension(clock: &str, to: Longer, when: &str) -> Extension {
    Extension {
        clock: clock.to_owned(),
        to,
        reason: "The file is with the archive".to_owned(),
        at: at(when),
    }
}

fn by(n: u32) -> Longer {
    Longer::By(Target::WorkingDays(n))
}

mod worked_examples {
    use super::*;

    fn examples() -> Vec<serde_json::Value> {
        let file = include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/data/deadline-examples.json"
        ));
        serde_json::from_str(file).unwrap()
    }

    /// An example's input, as the time of day does not matter to it.
    fn input(example: &serde_json::Value, name: &str) -> Option<Timestamp> {
        let text = example["input"][name].as_str()?;
        Some(
            text.parse()
                .unwrap_or_else(|_| at(&format!("{text}T11:00:00Z"))),
        )
    }

    fn expected(example: &serde_json::Value, name: &str) -> Option<Date> {
        example["expect"][name]
            .as_str()
            .map(|text| text.parse().unwrap())
    }

    /// Standard, events in the input by their names there, and dates by clock and expectation.
    struct Rule {
        standard: &'static str,
        events: &'static [(&'static str, &'static str)],
        due: &'static [(&'static str, &'static str)],
        longest: &'static [(&'static str, &'static str)],
    }

    fn rule(name: &str) -> Rule {
        let rule = |standard, events, due, longest| Rule {
            standard,
            events,
            due,
            longest,
        };
        match name {
            "foi.20wd" => rule("foi", &[], &[("respond", "due")], &[]),
            "eir.40wd" => rule(
                "eir",
                &[],
                &[("respond", "notify_extension_by")],
                &[("respond", "due")],
            ),
            "foisa.20wd" => rule("foisa", &[], &[("respond", "due")], &[]),
            "sar.1month" => rule(
                "sar",
                &[],
                &[("respond", "due")],
                &[("respond", "extended_due")],
            ),
            "complaint.stage1" => rule(
                "complaint",
                &[("acknowledged", "acknowledged")],
                &[("acknowledge", "ack_due"), ("respond", "stage1_due")],
                &[("respond", "stage1_extended_max")],
            ),
            "complaint.stage2" => rule(
                "complaint",
                &[
                    ("escalated", "escalated"),
                    ("stage_2_acknowledged", "acknowledged"),
                ],
                &[
                    ("stage_2_acknowledge", "ack_due"),
                    ("stage_2_respond", "stage2_due"),
                ],
                &[("stage_2_respond", "stage2_extended_max")],
            ),
            "childrens.stage1" => rule(
                "childrens-complaint",
                &[],
                &[("respond", "due")],
                &[("respond", "extended_due")],
            ),
            "childrens.stage2" => rule(
                "childrens-complaint",
                &[("stage_2_started", "started")],
                &[("stage_2_respond", "due")],
                &[("stage_2_respond", "max_due")],
            ),
            "childrens.panel" => rule(
                "childrens-complaint",
                &[("panel_requested", "requested")],
                &[("stage_3_panel", "panel_by")],
                &[],
            ),
            "spso" => rule(
                "spso-complaint",
                &[("escalated", "received")],
                &[
                    ("respond", "stage1_due"),
                    ("stage_2_acknowledge", "stage2_ack_due"),
                    ("stage_2_respond", "stage2_due"),
                ],
                &[("respond", "stage1_extended_max")],
            ),
            "charter.ack1.reply10" => rule(
                "charter",
                &[],
                &[("acknowledge", "ack_due"), ("respond", "reply_due")],
                &[],
            ),
            "awaab.emergency24h" => rule("awaab-emergency", &[], &[], &[]),
            "awaab.significant" => rule(
                "awaab-significant",
                &[("concluded", "investigation_concluded")],
                &[
                    ("investigate", "investigate_by"),
                    ("summary", "summary_by"),
                    ("make_safe", "safety_work_by"),
                    ("further_works", "further_work_start_latest"),
                ],
                &[],
            ),
            "dp_complaint.ack30" => rule("dp-complaint", &[], &[("acknowledge", "ack_due")], &[]),
            other => panic!("no rule for {other}"),
        }
    }

    #[test]
    fn every_worked_example_of_council_practice_comes_out() {
        let examples = examples();
        assert_eq!(examples.len(), 23);
        for example in &examples {
            let id = &example["id"];
            let rule = rule(example["rule"].as_str().unwrap());
            let first = [
                "received",
                "received_at",
                "aware_at",
                "aware",
                "escalated",
                "started",
                "requested",
            ];
            let received_at = first.iter().find_map(|name| input(example, name)).unwrap();
            let mut facts = Facts::received(received_at);
            for (event, name) in rule.events {
                facts.happened(event, input(example, name).unwrap());
            }
            let terms = terms(rule.standard);
            for (clock, name) in rule.due {
                let reading = reading(&facts, &terms, clock, "2026-01-01T00:00:00Z");
                assert_eq!(
                    reading.due_on,
                    Some(expected(example, name).unwrap()),
                    "{id} {clock}"
                );
            }
            for (clock, name) in rule.longest {
                let reading = reading(&facts, &terms, clock, "2026-01-01T00:00:00Z");
                assert_eq!(
                    reading.extended_max_on,
                    Some(expected(example, name).unwrap()),
                    "{id} {clock}"
                );
            }
            if let Some(counted_from) = expected(example, "treated_as_received") {
                let reading = reading(&facts, &terms, "respond", "2026-01-01T00:00:00Z");
                assert_eq!(reading.counted_from_on, Some(counted_from), "{id}");
            }
            if let Some(due_at) = example["expect"]["due_utc"].as_str() {
                let reading = reading(&facts, &terms, "make_safe", "2026-01-01T00:00:00Z");
                assert_eq!(reading.due_at, Some(due_at.parse().unwrap()), "{id}");
            }
            if let Some(wrong) = expected(example, "ew_only_would_be_wrong")
                && Some(wrong) != expected(example, "due")
            {
                assert_ne!(due_on(&facts, &terms, "respond"), wrong, "{id}");
            }
        }
    }
}

#[test]
fn a_charter_date_is_late_at_closing_and_a_statutory_one_at_midnight() {
    let facts = received("2026-11-20T16:45:00Z");
    let charter = reading(&facts, &terms("charter"), "respond", "2026-11-20T17:00:00Z");
    assert_eq!(
        (charter.due_on, charter.due_at),
        (Some(date(2026, 12, 4)), Some(at("2026-12-04T17:00:00Z")))
    );
    let foi = reading(&facts, &terms("foi"), "respond", "2026-11-20T17:00:00Z");
    assert_eq!(
        (foi.due_on, foi.due_at),
        (Some(date(2026, 12, 21)), Some(at("2026-12-22T00:00:00Z")))
    );
    // In summer the local midnight is 23:00 UTC.
    let summer = reading(
        &received("2026-05-29T10:00:00Z"),
        &terms("foi"),
        "respond",
        "2026-06-01T00:00:00Z",
    );
    assert_eq!(
        (summer.due_on, summer.due_at),
        (Some(date(2026, 6, 29)), Some(at("2026-06-29T23:00:00Z")))
    );
}

#[test]
fn an_information_request_has_no_cut_off() {
    let foi = terms("foi");
    let late_evening = reading(
        &received("2026-11-20T23:59:00Z"),
        &foi,
        "respond",
        "2026-11-21T00:00:00Z",
    );
    assert_eq!(late_evening.counted_from_on, Some(date(2026, 11, 20)));
    assert_eq!(late_evening.due_on, Some(date(2026, 12, 21)));
    let sunday = reading(
        &received("2026-11-22T10:00:00Z"),
        &foi,
        "respond",
        "2026-11-23T00:00:00Z",
    );
    assert_eq!(sunday.counted_from_on, Some(date(2026, 11, 22)));
    assert_eq!(sunday.due_on, Some(date(2026, 12, 21)));
}

#[test]
fn the_instant_it_becomes_late_is_late() {
    let facts = received("2026-11-20T16:45:00Z");
    let terms = terms("charter");
    assert_eq!(
        state(&facts, &terms, "respond", "2026-12-04T16:59:59Z"),
        State::Running
    );
    assert_eq!(
        state(&facts, &terms, "respond", "2026-12-04T17:00:00Z"),
        State::Missed
    );
    let missed = reading(&facts, &terms, "respond", "2027-01-01T00:00:00Z");
    assert_eq!(missed.missed_at, Some(at("2026-12-04T17:00:00Z")));
}

#[test]
fn a_case_that_comes_in_late_opens_late() {
    let facts = received("2026-09-01T10:00:00Z");
    assert_eq!(
        state(&facts, &terms("charter"), "respond", "2026-11-20T10:00:00Z"),
        State::Missed
    );
}

#[test]
fn met_is_a_fact_also_when_it_came_too_late() {
    let mut facts = received("2026-11-02T10:00:00Z");
    let terms = terms("charter");
    facts.happened("acknowledged", at("2026-11-03T09:00:00Z"));
    facts.stop("respond", at("2026-11-20T09:00:00Z"), "email");
    let acknowledge = reading(&facts, &terms, "acknowledge", "2026-11-30T00:00:00Z");
    assert_eq!(
        (acknowledge.state, acknowledge.met_at),
        (State::Met, Some(at("2026-11-03T09:00:00Z")))
    );
    assert_eq!(acknowledge.missed_at, None);
    let respond = reading(&facts, &terms, "respond", "2026-11-30T00:00:00Z");
    assert_eq!(
        (respond.state, respond.met_at),
        (State::Met, Some(at("2026-11-20T09:00:00Z")))
    );
    assert_eq!(respond.missed_at, Some(at("2026-11-16T17:00:00Z")));
    assert_eq!(
        state(&facts, &terms, "respond", "2026-11-19T00:00:00Z"),
        State::Missed
    );
}

#[test]
fn a_bounce_sets_the_acknowledgement_running_again_and_keeps_what_was_sent() {
    let mut facts = received("2026-11-02T10:00:00Z");
    let terms = terms("charter");
    facts.happened("acknowledged", at("2026-11-02T10:01:00Z"));
    facts.reopened.push(Reopened {
        clock: "acknowledge".to_owned(),
        at: at("2026-11-02T10:05:00Z"),
        reason: "The address does not exist".to_owned(),
    });
    let bounced = reading(&facts, &terms, "acknowledge", "2026-11-02T11:00:00Z");
    assert_eq!((bounced.state, bounced.met_at), (State::Running, None));
    assert_eq!(bounced.first_met_at, Some(at("2026-11-02T10:01:00Z")));
    assert_eq!(
        state(&facts, &terms, "acknowledge", "2026-11-02T10:03:00Z"),
        State::Met
    );
    assert_eq!(
        state(&facts, &terms, "acknowledge", "2026-11-04T09:00:00Z"),
        State::Missed
    );
    facts.stop("acknowledge", at("2026-11-03T12:00:00Z"), "letter");
    let written = reading(&facts, &terms, "acknowledge", "2026-11-04T09:00:00Z");
    assert_eq!(
        (written.state, written.met_at),
        (State::Met, Some(at("2026-11-03T12:00:00Z")))
    );
    assert_eq!(written.missed_at, None);
}

#[test]
fn a_bounce_after_the_date_breaks_the_promise_when_it_is_known() {
    let mut facts = received("2026-11-02T10:00:00Z");
    facts.happened("acknowledged", at("2026-11-02T10:01:00Z"));
    facts.reopened.push(Reopened {
        clock: "acknowledge".to_owned(),
        at: at("2026-11-05T10:05:00Z"),
        reason: "The address does not exist".to_owned(),
    });
    let reading = reading(
        &facts,
        &terms("charter"),
        "acknowledge",
        "2026-11-06T00:00:00Z",
    );
    assert_eq!(
        (reading.state, reading.missed_at),
        (State::Missed, Some(at("2026-11-05T10:05:00Z")))
    );
}

#[test]
fn a_complaint_is_dated_from_the_latest_acknowledgement_until_it_is_acknowledged() {
    let mut facts = received("2026-12-18T10:00:00Z");
    let terms = terms("complaint");
    let projected = reading(&facts, &terms, "respond", "2026-12-18T11:00:00Z");
    assert_eq!(
        (projected.state, projected.starts_at),
        (State::Projected, None)
    );
    assert_eq!(
        (projected.counted_from_on, projected.due_on),
        (Some(date(2026, 12, 29)), Some(date(2027, 1, 13)))
    );
    facts.told(&read(&facts, &terms, at("2026-12-18T11:00:00Z")));
    facts.happened("acknowledged", at("2026-12-22T10:00:00Z"));
    let running = reading(&facts, &terms, "respond", "2026-12-22T11:00:00Z");
    assert_eq!(
        (running.state, running.starts_at),
        (State::Running, Some(at("2026-12-22T10:00:00Z")))
    );
    assert_eq!(
        (running.due_on, running.first_due_on),
        (Some(date(2027, 1, 8)), Some(date(2027, 1, 13)))
    );
    // Figures measure against the earlier of the two dates told.
    assert_eq!(running.measured_at, running.due_at);
    assert_eq!(running.extended_max_on, Some(date(2027, 1, 22)));
}

#[test]
fn a_complaint_acknowledged_late_is_answered_within_ten_days_of_that_all_the_same() {
    let mut facts = received("2026-12-18T10:00:00Z");
    facts.happened("acknowledged", at("2027-01-20T10:00:00Z"));
    assert_eq!(
        due_on(&facts, &terms("complaint"), "respond"),
        date(2027, 2, 3)
    );
}

#[test]
fn a_projected_date_that_passes_is_no_broken_promise_yet() {
    let facts = received("2026-09-01T10:00:00Z");
    let reading = reading(
        &facts,
        &terms("complaint"),
        "respond",
        "2026-12-01T10:00:00Z",
    );
    assert_eq!((reading.state, reading.missed_at), (State::Projected, None));
}

#[test]
fn a_later_stage_has_no_dates_before_it_is_asked_for() {
    let mut facts = received("2026-11-02T10:00:00Z");
    let terms = terms("complaint");
    let stage_2 = reading(&facts, &terms, "stage_2_respond", "2026-11-02T11:00:00Z");
    assert_eq!(
        (stage_2.state, stage_2.due_on, stage_2.extended_max_on),
        (State::NotStarted, None, None)
    );
    facts.happened("escalated", at("2027-02-01T10:00:00Z"));
    let projected = reading(&facts, &terms, "stage_2_respond", "2027-02-01T11:00:00Z");
    assert_eq!(
        (projected.state, projected.due_on),
        (State::Projected, Some(date(2027, 3, 8)))
    );
    facts.happened("stage_2_acknowledged", at("2027-02-03T10:00:00Z"));
    assert_eq!(due_on(&facts, &terms, "stage_2_respond"), date(2027, 3, 3));
}

#[test]
fn a_summary_is_not_projected_from_an_investigation_that_goes_on() {
    let facts = received("2026-12-14T10:00:00Z");
    assert_eq!(
        state(
            &facts,
            &terms("awaab-significant"),
            "summary",
            "2026-12-14T11:00:00Z"
        ),
        State::NotStarted
    );
}

#[test]
fn with_nobody_to_acknowledge_to_the_answer_runs_from_the_last_day_for_it() {
    let mut facts = received("2026-12-18T10:00:00Z");
    facts.not_applicable.push("acknowledge".to_owned());
    let terms = terms("complaint");
    let acknowledge = reading(&facts, &terms, "acknowledge", "2027-02-01T11:00:00Z");
    assert_eq!(
        (acknowledge.state, acknowledge.due_on),
        (State::NotApplicable, None)
    );
    let respond = reading(&facts, &terms, "respond", "2026-12-30T11:00:00Z");
    assert_eq!(
        (respond.state, respond.due_on),
        (State::Running, Some(date(2027, 1, 13)))
    );
    assert_eq!(
        state(&facts, &terms, "respond", "2027-02-01T11:00:00Z"),
        State::Missed
    );
}

#[test]
fn a_complaint_that_begins_at_stage_two_runs_from_its_receipt() {
    let mut facts = received("2026-11-27T10:00:00Z");
    facts.happened("escalated", at("2026-11-27T10:00:00Z"));
    facts.not_applicable.push("respond".to_owned());
    assert_eq!(
        due_on(&facts, &terms("spso-complaint"), "stage_2_respond"),
        date(2026, 12, 30)
    );
}

#[test]
fn facts_may_be_written_down_in_any_order() {
    let terms = terms("complaint");
    let mut facts = received("2026-12-18T10:00:00Z");
    facts.happened("stage_2_acknowledged", at("2027-02-03T10:00:00Z"));
    facts.happened("responded", at("2027-01-05T10:00:00Z"));
    facts.happened("escalated", at("2027-02-01T10:00:00Z"));
    facts.happened("acknowledged", at("2026-12-22T10:00:00Z"));
    let forwards = read(&facts, &terms, at("2027-02-10T00:00:00Z"));
    facts.events.reverse();
    assert_eq!(read(&facts, &terms, at("2027-02-10T00:00:00Z")), forwards);
}

#[test]
fn a_transfer_or_a_chaser_is_no_fact_of_any_clock() {
    let mut facts = received("2026-11-02T10:00:00Z");
    let terms = terms("charter");
    let before = read(&facts, &terms, at("2026-11-05T00:00:00Z"));
    facts.happened("transferred", at("2026-11-03T10:00:00Z"));
    facts.happened("chased", at("2026-11-04T10:00:00Z"));
    assert_eq!(read(&facts, &terms, at("2026-11-05T00:00:00Z")), before);
}

#[test]
fn another_category_counts_from_the_same_day() {
    let facts = received("2026-11-20T17:30:00Z");
    let two_days = charter_for(Target::WorkingDays(2), false);
    let thirty = charter_for(Target::WorkingDays(30), false);
    let from = |terms| reading(&facts, terms, "respond", "2026-11-21T00:00:00Z").counted_from_on;
    assert_eq!(from(&two_days), from(&thirty));
    assert_eq!(due_on(&facts, &two_days, "respond"), date(2026, 11, 25));
}

#[test]
fn elapsed_hours_know_no_closing_time() {
    let terms = charter_for(Target::Hours(4), true);
    let reading = reading(
        &received("2026-11-20T22:30:00Z"),
        &terms,
        "respond",
        "2026-11-20T23:00:00Z",
    );
    assert_eq!(reading.counted_from_on, Some(date(2026, 11, 20)));
    assert_eq!(
        (reading.due_on, reading.due_at),
        (Some(date(2026, 11, 21)), Some(at("2026-11-21T02:30:00Z")))
    );
}

#[test]
fn working_hours_count_inside_opening_hours_only() {
    let terms = charter_for(Target::Hours(4), false);
    let reading = reading(
        &received("2026-11-20T15:00:00Z"),
        &terms,
        "respond",
        "2026-11-20T15:00:00Z",
    );
    assert_eq!(reading.due_at, Some(at("2026-11-23T11:00:00Z")));
    let evening = super::tests::reading(
        &received("2026-11-20T17:00:00Z"),
        &terms,
        "respond",
        "2026-11-20T18:00:00Z",
    );
    assert_eq!(
        (evening.counted_from_on, evening.due_at),
        (Some(date(2026, 11, 23)), Some(at("2026-11-23T13:00:00Z")))
    );
}

#[test]
fn a_day_and_a_night_across_the_clock_change_are_24_hours() {
    let terms = terms("awaab-emergency");
    let due_at = |text| {
        reading(&received(text), &terms, "make_safe", "2026-01-01T00:00:00Z")
            .due_at
            .unwrap()
    };
    assert_eq!(due_at("2027-03-27T18:00:00Z"), at("2027-03-28T18:00:00Z"));
    // Half past one happens twice: these two callers rang an hour apart.
    assert_eq!(
        due_at("2026-10-25T01:30:00+01:00"),
        at("2026-10-26T00:30:00Z")
    );
    assert_eq!(
        due_at("2026-10-25T01:30:00+00:00"),
        at("2026-10-26T01:30:00Z")
    );
}

#[test]
fn a_month_from_the_31st_ends_with_the_shorter_month() {
    let sar = terms("sar");
    let due = |text: &str| due_on(&received(&format!("{text}T12:00:00Z")), &sar, "respond");
    assert_eq!(due("2027-01-31"), date(2027, 3, 1)); // 28 February is a Sunday
    assert_eq!(due("2028-01-31"), date(2028, 2, 29));
    assert_eq!(due("2026-08-31"), date(2026, 9, 30));
    assert_eq!(due("2026-11-25"), date(2026, 12, 29)); // Christmas Day, a weekend, the substitute day
}

#[test]
fn a_paused_clock_leaves_out_the_day_after_the_pause_up_to_the_day_it_resumes() {
    let mut facts = received("2026-11-02T10:00:00Z");
    let terms = terms("charter");
    assert_eq!(due_on(&facts, &terms, "respond"), date(2026, 11, 16));
    facts.pauses.push(pause(
        "2026-11-04T15:00:00Z",
        Some("2026-11-06T09:00:00Z"),
        date(2026, 11, 20),
    ));
    assert_eq!(due_on(&facts, &terms, "respond"), date(2026, 11, 18));
    assert_eq!(due_on(&facts, &terms, "acknowledge"), date(2026, 11, 3));
    assert_eq!(
        state(&facts, &terms, "respond", "2026-11-05T10:00:00Z"),
        State::Paused
    );
    assert_eq!(
        state(&facts, &terms, "respond", "2026-11-06T09:00:00Z"),
        State::Running
    );
}

#[test]
fn a_pause_within_one_day_moves_nothing() {
    let mut facts = received("2026-11-02T10:00:00Z");
    facts.pauses.push(pause(
        "2026-11-04T09:00:00Z",
        Some("2026-11-04T16:00:00Z"),
        date(2026, 11, 20),
    ));
    assert_eq!(
        due_on(&facts, &terms("charter"), "respond"),
        date(2026, 11, 16)
    );
}

#[test]
fn a_pause_ends_by_itself_when_its_latest_day_begins() {
    let mut facts = received("2026-11-02T10:00:00Z");
    let terms = terms("charter");
    facts
        .pauses
        .push(pause("2026-11-04T15:00:00Z", None, date(2026, 11, 9)));
    assert_eq!(
        state(&facts, &terms, "respond", "2026-11-08T23:59:59Z"),
        State::Paused
    );
    assert_eq!(
        state(&facts, &terms, "respond", "2026-11-09T00:00:00Z"),
        State::Running
    );
    assert_eq!(due_on(&facts, &terms, "respond"), date(2026, 11, 19));
    assert_eq!(
        next_change_at(&facts, &terms, at("2026-11-05T00:00:00Z")),
        Some(at("2026-11-09T00:00:00Z"))
    );
    // Everything was down: the end was written two days late and changes nothing.
    facts.pauses[0].to = Some(at("2026-11-11T08:00:00Z"));
    assert_eq!(due_on(&facts, &terms, "respond"), date(2026, 11, 19));
}

#[test]
fn the_hold_is_not_lost_on_resuming_nor_on_answering() {
    let mut facts = received("2026-02-02T10:00:00Z");
    let terms = terms("charter");
    facts
        .pauses
        .push(pause("2026-02-04T10:00:00Z", None, date(2026, 3, 2)));
    facts.resume(at("2026-02-25T10:00:00Z"));
    facts.stop("respond", at("2026-02-27T10:00:00Z"), "email");
    let taken = time_taken(&facts, &terms, "respond", at("2026-02-27T10:00:00Z")).unwrap();
    assert_eq!((taken.gross_working_days, taken.net_working_days), (19, 4));
    assert_eq!(
        taken.gross_working_secs - taken.net_working_secs,
        15 * 8 * 3600
    );
    assert_eq!(
        reading(&facts, &terms, "respond", "2026-03-01T00:00:00Z").missed_at,
        None
    );
}

#[test]
fn two_pauses_that_begin_in_the_same_minute_are_both_kept() {
    let mut facts = received("2026-11-02T10:00:00Z");
    let terms = terms("charter");
    facts.pauses.push(pause(
        "2026-11-04T15:00:00Z",
        Some("2026-11-06T09:00:00Z"),
        date(2026, 11, 20),
    ));
    facts.pauses.push(pause(
        "2026-11-04T15:00:00Z",
        Some("2026-11-05T09:00:00Z"),
        date(2026, 11, 20),
    ));
    assert_eq!(due_on(&facts, &terms, "respond"), date(2026, 11, 18));
    assert_eq!(
        reading(&facts, &terms, "respond", "2026-11-07T00:00:00Z")
            .paused
            .len(),
        2
    );
}

#[test]
fn hours_leave_out_the_very_minutes_of_a_pause() {
    let mut facts = received("2026-11-20T10:00:00Z");
    facts.pauses.push(pause(
        "2026-11-20T11:15:00Z",
        Some("2026-11-20T12:00:00Z"),
        date(2026, 11, 30),
    ));
    let elapsed = charter_for(Target::Hours(4), true);
    assert_eq!(
        reading(&facts, &elapsed, "respond", "2026-11-20T10:00:00Z").due_at,
        Some(at("2026-11-20T14:45:00Z"))
    );
    let working = charter_for(Target::Hours(7), false);
    assert_eq!(
        reading(&facts, &working, "respond", "2026-11-20T10:00:00Z").due_at,
        Some(at("2026-11-23T09:45:00Z"))
    );
}

#[test]
fn a_subject_access_request_moves_by_the_days_it_waited_for_proof_of_identity() {
    let mut facts = received("2026-09-03T10:00:00Z");
    let sar = terms("sar");
    assert_eq!(due_on(&facts, &sar, "respond"), date(2026, 10, 5));
    facts.pauses.push(pause(
        "2026-09-10T10:00:00Z",
        Some("2026-09-15T10:00:00Z"),
        date(2026, 10, 30),
    ));
    // 3 October and five days is Thursday the 8th.
    assert_eq!(due_on(&facts, &sar, "respond"), date(2026, 10, 8));
    assert_eq!(
        reading(&facts, &sar, "respond", "2026-09-20T00:00:00Z").extended_max_on,
        Some(date(2026, 12, 8))
    );
}

#[test]
fn only_charter_member_and_subject_access_clocks_stand_still() {
    for slug in ["foi", "complaint", "childrens-complaint", "awaab-emergency"] {
        let terms = terms(slug);
        let mut facts = received("2026-11-02T10:00:00Z");
        let before = read(&facts, &terms, at("2026-11-03T12:00:00Z"));
        let asked = pause("2026-11-03T10:00:00Z", None, date(2026, 11, 9));
        assert_eq!(
            check_pause(&facts, &terms, asked.clone()),
            Err(Refusal::NothingToPause),
            "{slug}"
        );
        facts.pauses.push(asked);
        assert_eq!(
            read(&facts, &terms, at("2026-11-03T12:00:00Z")),
            before,
            "{slug}"
        );
    }
}

#[test]
fn a_pause_needs_a_reason_a_running_clock_and_an_end() {
    let facts = received("2026-11-02T10:00:00Z");
    let terms = terms("charter");
    let asked = |resume_on| pause("2026-11-04T15:00:00Z", None, resume_on);
    let check = |pause: Pause| check_pause(&facts, &terms, pause);
    assert!(check(asked(date(2026, 11, 9))).is_ok());
    assert_eq!(check(asked(date(2026, 11, 4))), Err(Refusal::ResumeTooSoon));
    assert!(check(asked(date(2026, 12, 2))).is_ok());
    assert_eq!(
        check(asked(date(2026, 12, 3))),
        Err(Refusal::ResumeTooLate {
            latest_on: date(2026, 12, 2)
        })
    );
    assert_eq!(
        check(Pause {
            reason: " ".to_owned(),
            ..asked(date(2026, 11, 9))
        }),
        Err(Refusal::ReasonMissing)
    );
    let on = |clock: &str| Pause {
        clock: Some(clock.to_owned()),
        ..asked(date(2026, 11, 9))
    };
    assert!(check(on("respond")).is_ok());
    assert_eq!(
        check(on("acknowledge")).unwrap_err().code(),
        "clock_not_running"
    );
    assert_eq!(check(on("repair")).unwrap_err().code(), "unknown_clock");
    let mut paused = facts.clone();
    paused.pauses.push(asked(date(2026, 11, 9)));
    let again = check_pause(
        &paused,
        &terms,
        pause("2026-11-05T10:00:00Z", None, date(2026, 11, 10)),
    );
    assert_eq!(
        again,
        Err(Refusal::AlreadyPaused {
            clock: "respond".to_owned()
        })
    );
    // A date that has passed is not hidden behind a pause.
    let late = check_pause(
        &facts,
        &terms,
        pause("2026-11-17T10:00:00Z", None, date(2026, 11, 20)),
    );
    assert_eq!(late, Err(Refusal::NothingToPause));
}

#[test]
fn an_extension_counts_again_from_the_same_start() {
    let mut facts = received("2026-12-31T10:00:00Z");
    let sar = terms("sar");
    facts.extensions.push(extension(
        "respond",
        Longer::By(Target::Months(2)),
        "2027-01-10T10:00:00Z",
    ));
    // Two months from the rolled date, 1 February, would be 1 April.
    assert_eq!(due_on(&facts, &sar, "respond"), date(2027, 3, 31));
}

#[test]
fn an_extension_is_capped_needs_a_reason_and_comes_once() {
    let mut facts = received("2026-11-02T10:00:00Z");
    facts.happened("acknowledged", at("2026-11-04T10:00:00Z"));
    let terms = terms("complaint");
    let when = "2026-11-10T10:00:00Z";
    let check = |clock: &str, to| check_extension(&facts, &terms, extension(clock, to, when));
    assert!(check("respond", by(10)).is_ok());
    assert_eq!(
        check("respond", by(11)),
        Err(Refusal::BeyondCap {
            clock: "respond".to_owned(),
            latest_on: date(2026, 12, 2)
        })
    );
    assert_eq!(
        check("respond", by(u32::MAX)).unwrap_err().code(),
        "beyond_cap"
    );
    assert_eq!(check("respond", by(0)).unwrap_err().code(), "not_later");
    assert_eq!(
        check("respond", Longer::By(Target::Hours(24)))
            .unwrap_err()
            .code(),
        "other_unit"
    );
    assert_eq!(
        check("respond", Longer::By(Target::Months(1)))
            .unwrap_err()
            .code(),
        "other_unit"
    );
    assert_eq!(
        check("acknowledge", by(1)).unwrap_err().code(),
        "not_extendable"
    );
    assert_eq!(
        check("stage_2_respond", by(1)).unwrap_err().code(),
        "clock_not_running"
    );
    assert_eq!(
        check("repair", by(1)).unwrap_err().to_string(),
        "there is no clock \"repair\"; known are acknowledge, respond, stage_2_acknowledge, stage_2_respond"
    );
    let silent = Extension {
        reason: String::new(),
        ..extension("respond", by(5), when)
    };
    assert_eq!(
        check_extension(&facts, &terms, silent),
        Err(Refusal::ReasonMissing)
    );
    let mut twice = facts.clone();
    twice.extensions.push(extension("respond", by(3), when));
    assert_eq!(due_on(&twice, &terms, "respond"), date(2026, 11, 23));
    let again = check_extension(&twice, &terms, extension("respond", by(3), when));
    assert_eq!(
        again,
        Err(Refusal::AlreadyExtended {
            clock: "respond".to_owned()
        })
    );
    let late = check_extension(
        &facts,
        &terms,
        extension("respond", by(3), "2026-11-19T00:00:00Z"),
    );
    assert_eq!(
        late,
        Err(Refusal::TooLate {
            clock: "respond".to_owned(),
            due_on: date(2026, 11, 18)
        })
    );
}

#[test]
fn a_date_named_outright_is_kept_as_working_days() {
    let facts = received("2026-11-02T10:00:00Z");
    let terms = terms("charter");
    let check = |on| {
        check_extension(
            &facts,
            &terms,
            extension("respond", Longer::UntilOn(on), "2026-11-10T10:00:00Z"),
        )
    };
    assert_eq!(check(date(2026, 11, 20)).unwrap().to, by(4));
    assert_eq!(check(date(2026, 11, 24)).unwrap().to, by(6));
    assert_eq!(check(date(2026, 11, 30)).unwrap().to, by(10));
    assert_eq!(
        check(date(2026, 11, 21)).unwrap_err().code(),
        "not_a_working_day"
    );
    assert_eq!(check(date(2026, 11, 16)).unwrap_err().code(), "not_later");
    assert_eq!(check(date(2026, 12, 1)).unwrap_err().code(), "beyond_cap");
}

#[test]
fn a_subject_access_request_may_be_moved_to_a_named_date() {
    let mut facts = received("2026-12-31T10:00:00Z");
    let sar = terms("sar");
    let asked = extension(
        "respond",
        Longer::UntilOn(date(2027, 3, 1)),
        "2027-01-10T10:00:00Z",
    );
    facts
        .extensions
        .push(check_extension(&facts, &sar, asked).unwrap());
    assert_eq!(due_on(&facts, &sar, "respond"), date(2027, 3, 1));
    assert_eq!(
        reading(&facts, &sar, "respond", "2027-01-11T00:00:00Z").extended_max_on,
        Some(date(2027, 3, 31))
    );
}

#[test]
fn a_charter_answer_may_be_moved_when_it_is_late_and_stays_missed_in_the_figures() {
    let mut facts = received("2026-11-02T10:00:00Z");
    let terms = terms("charter");
    facts.told(&read(&facts, &terms, at("2026-11-02T10:00:00Z")));
    let asked = extension("respond", by(10), "2026-11-18T10:00:00Z");
    facts
        .extensions
        .push(check_extension(&facts, &terms, asked).unwrap());
    let moved = reading(&facts, &terms, "respond", "2026-11-18T11:00:00Z");
    assert_eq!(
        (moved.state, moved.due_on),
        (State::Running, Some(date(2026, 11, 30)))
    );
    assert_eq!(
        (moved.first_due_on, moved.missed_at),
        (Some(date(2026, 11, 16)), Some(at("2026-11-16T17:00:00Z")))
    );
    assert_eq!(moved.measured_at, Some(at("2026-11-16T17:00:00Z")));
    assert_eq!(moved.extended.unwrap().from_on, date(2026, 11, 16));
    facts.stop("respond", at("2026-11-20T10:00:00Z"), "email");
    let met = reading(&facts, &terms, "respond", "2026-11-21T00:00:00Z");
    assert_eq!(
        (met.state, met.missed_at),
        (State::Met, Some(at("2026-11-16T17:00:00Z")))
    );
}

#[test]
fn a_promise_in_hours_is_moved_by_working_days_from_its_last_day() {
    let facts = received("2026-11-20T10:00:00Z");
    let terms = charter_for(Target::Hours(24), true);
    let unextended = reading(&facts, &terms, "respond", "2026-11-20T11:00:00Z");
    assert_eq!(
        (unextended.due_on, unextended.extended_max_on),
        (Some(date(2026, 11, 21)), Some(date(2026, 12, 4)))
    );
    let mut moved = facts.clone();
    moved.extensions.push(
        check_extension(
            &facts,
            &terms,
            extension("respond", by(2), "2026-11-20T12:00:00Z"),
        )
        .unwrap(),
    );
    assert_eq!(
        reading(&moved, &terms, "respond", "2026-11-20T13:00:00Z").due_at,
        Some(at("2026-11-24T17:00:00Z"))
    );
    let hours = extension(
        "respond",
        Longer::By(Target::Hours(6)),
        "2026-11-20T12:00:00Z",
    );
    let mut longer = facts.clone();
    longer
        .extensions
        .push(check_extension(&facts, &terms, hours).unwrap());
    assert_eq!(
        reading(&longer, &terms, "respond", "2026-11-20T13:00:00Z").due_at,
        Some(at("2026-11-21T16:00:00Z"))
    );
}

#[test]
fn the_first_date_told_is_never_written_over() {
    let mut facts = received("2026-11-02T10:00:00Z");
    let terms = terms("charter");
    facts.told(&read(&facts, &terms, at("2026-11-02T10:00:00Z")));
    facts
        .extensions
        .push(extension("respond", by(5), "2026-11-05T10:00:00Z"));
    facts.told(&read(&facts, &terms, at("2026-11-05T10:00:00Z")));
    assert_eq!(facts.first_due["respond"], date(2026, 11, 16));
}

#[test]
fn a_clarified_request_is_a_new_one() {
    let mut facts = received("2026-11-02T10:00:00Z");
    let foi = terms("foi");
    facts.happened("clarified", at("2026-11-20T22:00:00Z"));
    let restarted = reading(&facts, &foi, "respond", "2026-11-21T00:00:00Z");
    assert_eq!(
        (restarted.counted_from_on, restarted.due_on),
        (Some(date(2026, 11, 20)), Some(date(2026, 12, 21)))
    );
    assert_eq!(restarted.starts_at, Some(at("2026-11-20T22:00:00Z")));
    // The last clarification counts; one after the answer does not.
    facts.happened("clarified", at("2026-11-25T10:00:00Z"));
    facts.happened("responded", at("2026-12-01T10:00:00Z"));
    facts.happened("clarified", at("2026-12-10T10:00:00Z"));
    assert_eq!(
        reading(&facts, &foi, "respond", "2026-12-11T00:00:00Z").starts_at,
        Some(at("2026-11-25T10:00:00Z"))
    );
}

#[test]
fn an_appeal_in_the_normal_round_runs_from_the_closing_date() {
    let mut facts = received("2026-04-20T10:00:00Z");
    let terms = terms("school-appeal");
    assert_eq!(due_on(&facts, &terms, "hearing"), date(2026, 6, 3));
    facts.happened("appeal_deadline", at("2026-05-15T23:00:00Z"));
    assert_eq!(due_on(&facts, &terms, "hearing"), date(2026, 7, 13));
}

#[test]
fn a_merged_case_has_no_promise_left_to_break() {
    let mut facts = received("2026-11-02T10:00:00Z");
    let terms = terms("charter");
    facts.happened("acknowledged", at("2026-11-02T10:01:00Z"));
    facts.cancelled = Some(Cancelled {
        at: at("2026-11-05T10:00:00Z"),
        reason: "Merged".to_owned(),
    });
    let respond = reading(&facts, &terms, "respond", "2026-12-31T00:00:00Z");
    assert_eq!((respond.state, respond.missed_at), (State::Cancelled, None));
    assert_eq!(
        state(&facts, &terms, "acknowledge", "2026-12-31T00:00:00Z"),
        State::Met
    );
    assert_eq!(
        state(&facts, &terms, "respond", "2026-11-04T00:00:00Z"),
        State::Running
    );
}

#[test]
fn a_broken_promise_stays_broken_when_the_case_is_merged() {
    let mut facts = received("2026-11-02T10:00:00Z");
    facts.cancelled = Some(Cancelled {
        at: at("2026-11-25T10:00:00Z"),
        reason: "Merged".to_owned(),
    });
    let respond = reading(&facts, &terms("charter"), "respond", "2026-12-31T00:00:00Z");
    assert_eq!(
        (respond.state, respond.missed_at),
        (State::Cancelled, Some(at("2026-11-16T17:00:00Z")))
    );
}

#[test]
fn an_officers_own_promise_is_a_clock_too() {
    let mut facts = received("2026-11-02T10:00:00Z");
    let terms = terms("charter");
    facts.promises.push(OwnPromise {
        name: "promise-1".to_owned(),
        what: "ring back about the bin".to_owned(),
        by: at("2026-11-06T00:00:00Z"),
        made_at: at("2026-11-04T10:00:00Z"),
        owner: "officer".to_owned(),
    });
    let promise = reading(&facts, &terms, "promise-1", "2026-11-05T10:00:00Z");
    assert_eq!(
        (promise.state, promise.due_on),
        (State::Running, Some(date(2026, 11, 5)))
    );
    assert_eq!(
        state(&facts, &terms, "promise-1", "2026-11-06T00:00:00Z"),
        State::Missed
    );
    facts.stop("promise-1", at("2026-11-05T12:00:00Z"), "spoken");
    assert_eq!(
        state(&facts, &terms, "promise-1", "2026-11-07T00:00:00Z"),
        State::Met
    );
    let refused = check_extension(
        &facts,
        &terms,
        extension("promise-1", by(1), "2026-11-05T10:00:00Z"),
    );
    assert_eq!(refused.unwrap_err().code(), "not_extendable");
}

#[test]
fn an_officers_own_promise_is_broken_when_its_hour_has_passed_and_not_before() {
    let mut facts = received("2026-11-02T10:00:00Z");
    let terms = terms("charter");
    let by = at("2026-11-06T15:00:00Z");
    facts.promises.push(OwnPromise {
        name: "promise-1".to_owned(),
        what: "ring back about the bin".to_owned(),
        by,
        made_at: at("2026-11-04T10:00:00Z"),
        owner: "officer".to_owned(),
    });
    let missed_at = |facts: &Facts, now: &str| reading(facts, &terms, "promise-1", now).missed_at;
    assert_eq!(missed_at(&facts, "2026-11-06T14:59:59Z"), None);
    assert_eq!(missed_at(&facts, "2026-11-06T15:00:00Z"), Some(by));
    assert_eq!(missed_at(&facts, "2026-11-09T10:00:00Z"), Some(by));
    let mut kept = facts.clone();
    kept.stop("promise-1", at("2026-11-06T14:00:00Z"), "spoken");
    assert_eq!(missed_at(&kept, "2026-11-09T10:00:00Z"), None);
    facts.stop("promise-1", at("2026-11-06T15:00:01Z"), "spoken");
    assert_eq!(missed_at(&facts, "2026-11-09T10:00:00Z"), Some(by));
    let mut merged = |at_text: &str| {
        facts.stops.clear();
        facts.cancelled = Some(Cancelled {
            at: at(at_text),
            reason: "Merged".to_owned(),
        });
        missed_at(&facts, "2026-11-09T10:00:00Z")
    };
    assert_eq!(merged("2026-11-06T15:00:00Z"), None);
    assert_eq!(merged("2026-11-06T15:00:01Z"), Some(by));
}

#[test]
fn what_was_promised_and_what_happened_are_read_back_as_written() {
    let mut facts = received("2026-11-02T10:00:00Z");
    facts.happened("acknowledged", at("2026-11-02T10:01:00Z"));
    facts
        .pauses
        .push(pause("2026-11-04T15:00:00Z", None, date(2026, 11, 9)));
    facts
        .extensions
        .push(extension("respond", by(5), "2026-11-05T10:00:00Z"));
    facts.extensions.push(extension(
        "respond",
        Longer::UntilOn(date(2026, 12, 1)),
        "2026-11-05T10:00:00Z",
    ));
    facts
        .first_due
        .insert("respond".to_owned(), date(2026, 11, 16));
    let terms = terms("charter");
    let back: Facts = serde_json::from_str(&serde_json::to_string(&facts).unwrap()).unwrap();
    assert_eq!(back, facts);
    let pinned: Terms = serde_json::from_str(&serde_json::to_string(&terms).unwrap()).unwrap();
    assert_eq!(pinned, terms);
    assert_eq!(
        read(&back, &pinned, at("2026-11-06T00:00:00Z")),
        read(&facts, &terms, at("2026-11-06T00:00:00Z"))
    );
}

#[test]
fn a_standard_may_count_on_a_calendar_of_its_own() {
    let mut named = standard("school-appeal");
    named.clocks[0].calendar = CountsOn::Named("term".to_owned());
    named.clocks[0].closures = true;
    let missing = Terms::new(named.clone(), northmere(), &BTreeMap::new());
    assert!(
        missing
            .unwrap_err()
            .contains("counts on \"term\", which is no calendar")
    );
    let half_term = "[closures]\n\"2026-05-26\" = \"Half term\"\n\"2026-05-27\" = \"Half term\"\n";
    let term = crate::domain::calendar::tests::calendar(&format!(
        "{}{half_term}",
        crate::domain::calendar::tests::NINE_TO_FIVE
    ));
    let terms = Terms::new(
        named,
        northmere(),
        &BTreeMap::from([("term".to_owned(), term)]),
    )
    .unwrap();
    assert_eq!(
        due_on(&received("2026-04-20T10:00:00Z"), &terms, "hearing"),
        date(2026, 6, 5)
    );
}

#[test]
fn the_nation_never_changes_a_standard_that_names_its_own() {
    let facts = received("2026-11-20T10:00:00Z");
    for nation in crate::domain::calendar::Nation::ALL {
        let calendar = northmere().with_nation(nation).unwrap();
        let due = |slug: &str| {
            let terms = Terms::new(standard(slug), calendar.clone(), &BTreeMap::new()).unwrap();
            due_on(&facts, &terms, "respond")
        };
        assert_eq!(due("foisa"), date(2026, 12, 21), "{nation}");
        assert_eq!(due("foi"), date(2026, 12, 21), "{nation}");
        assert_eq!(due("spso-complaint"), date(2026, 11, 27), "{nation}");
        let scottish = nation == crate::domain::calendar::Nation::Scotland;
        assert_eq!(
            due("member-enquiry"),
            date(2026, 12, if scottish { 7 } else { 4 }),
            "{nation}"
        );
    }
}

#[test]
fn a_newly_proclaimed_holiday_shows_what_it_would_move() {
    let before = terms("charter");
    let mut holidays = before.calendar.bank_holidays().clone();
    let nation = crate::domain::calendar::Nation::EnglandAndWales;
    holidays.add(nation, date(2026, 11, 10), "Proclaimed");
    let calendar = before.calendar.with_bank_holidays(holidays).unwrap();
    let after = Terms {
        calendar,
        ..before.clone()
    };
    let mut facts = received("2026-11-02T10:00:00Z");
    let moved = what_moves(&facts, &before, &after, at("2026-11-05T10:00:00Z"));
    let dates: Vec<_> = moved
        .iter()
        .map(|moved| (moved.clock.as_str(), moved.from_on, moved.to_on))
        .collect();
    assert_eq!(
        dates,
        [(
            "respond",
            Some(date(2026, 11, 16)),
            Some(date(2026, 11, 17))
        )]
    );
    facts.happened("responded", at("2026-11-04T10:00:00Z"));
    assert_eq!(
        what_moves(&facts, &before, &after, at("2026-11-05T10:00:00Z")),
        []
    );
}

#[test]
fn a_pause_after_the_last_day_moves_nothing() {
    let sar = terms("sar");
    let due = |from: &str, to: &str| {
        let mut facts = received("2026-09-03T10:00:00Z");
        facts.pauses.push(pause(from, Some(to), date(2027, 1, 1)));
        due_on(&facts, &sar, "respond")
    };
    assert_eq!(
        due("2026-10-06T10:00:00Z", "2026-10-20T10:00:00Z"),
        date(2026, 10, 5)
    );
    // The last day itself counts, as the day of every pause does.
    assert_eq!(
        due("2026-10-05T10:00:00Z", "2026-10-20T10:00:00Z"),
        date(2026, 10, 5)
    );
    // 3 October is a Saturday: on the Sunday the promise still stands, and moves by the pause.
    assert_eq!(
        due("2026-10-04T10:00:00Z", "2026-10-07T10:00:00Z"),
        date(2026, 10, 6)
    );
    // Before the receipt there was nothing to pause.
    assert_eq!(
        due("2026-08-20T10:00:00Z", "2026-09-01T10:00:00Z"),
        date(2026, 10, 5)
    );
    assert_eq!(
        due("2026-08-20T10:00:00Z", "2026-09-05T10:00:00Z"),
        date(2026, 10, 5)
    );
}

#[test]
fn a_pause_from_the_instant_it_is_late_changes_nothing() {
    let elapsed = charter_for(Target::Hours(4), true);
    let mut facts = received("2026-11-20T10:00:00Z");
    facts.pauses.push(pause(
        "2026-11-20T14:00:00Z",
        Some("2026-11-20T18:00:00Z"),
        date(2026, 11, 30),
    ));
    let late = reading(&facts, &elapsed, "respond", "2026-11-20T15:00:00Z");
    assert_eq!(
        (late.state, late.due_at),
        (State::Missed, Some(at("2026-11-20T14:00:00Z")))
    );
    assert_eq!(late.missed_at, Some(at("2026-11-20T14:00:00Z")));
    let on_the_instant = reading(&facts, &elapsed, "respond", "2026-11-20T14:00:00Z");
    assert_eq!(on_the_instant.missed_at, Some(at("2026-11-20T14:00:00Z")));
}

#[test]
fn a_pause_of_one_clock_leaves_the_others_running() {
    let terms = terms("charter");
    let mut facts = received("2026-11-02T10:00:00Z");
    let both = pause(
        "2026-11-02T15:00:00Z",
        Some("2026-11-04T09:00:00Z"),
        date(2026, 11, 20),
    );
    facts.pauses.push(Pause {
        clock: Some("respond".to_owned()),
        ..both
    });
    assert_eq!(due_on(&facts, &terms, "acknowledge"), date(2026, 11, 3));
    assert_eq!(due_on(&facts, &terms, "respond"), date(2026, 11, 18));
    assert_eq!(
        state(&facts, &terms, "acknowledge", "2026-11-02T16:00:00Z"),
        State::Running
    );
    assert_eq!(
        state(&facts, &terms, "respond", "2026-11-02T16:00:00Z"),
        State::Paused
    );
    // A pause that ended before it began never was.
    facts.pauses[0].to = Some(at("2026-11-01T09:00:00Z"));
    assert_eq!(
        reading(&facts, &terms, "respond", "2026-11-02T16:00:00Z").paused,
        []
    );
}

#[test]
fn an_extension_of_one_stage_leaves_the_other_alone() {
    let terms = terms("complaint");
    let mut facts = received("2026-11-02T10:00:00Z");
    facts.happened("acknowledged", at("2026-11-03T10:00:00Z"));
    facts.happened("escalated", at("2027-02-01T10:00:00Z"));
    facts.happened("stage_2_acknowledged", at("2027-02-03T10:00:00Z"));
    facts
        .extensions
        .push(extension("respond", by(3), "2026-11-10T10:00:00Z"));
    facts
        .extensions
        .push(extension("stage_2_respond", by(1), "2027-02-10T10:00:00Z"));
    assert_eq!(due_on(&facts, &terms, "respond"), date(2026, 11, 20));
    assert_eq!(due_on(&facts, &terms, "stage_2_respond"), date(2027, 3, 4));
}

#[test]
fn an_extension_is_gone_when_the_request_is_clarified() {
    let mut facts = received("2026-11-02T10:00:00Z");
    facts
        .extensions
        .push(extension("respond", by(20), "2026-11-10T10:00:00Z"));
    facts.happened("clarified", at("2026-11-20T10:00:00Z"));
    assert_eq!(due_on(&facts, &terms("foi"), "respond"), date(2026, 12, 21));
}

#[test]
fn a_date_moved_in_time_breaks_no_promise() {
    let terms = terms("charter");
    let mut facts = received("2026-11-02T10:00:00Z");
    facts
        .extensions
        .push(extension("respond", by(5), "2026-11-10T10:00:00Z"));
    assert_eq!(
        reading(&facts, &terms, "respond", "2026-11-20T10:00:00Z").missed_at,
        None
    );
    let later = reading(&facts, &terms, "respond", "2026-11-24T10:00:00Z");
    assert_eq!(later.missed_at, Some(at("2026-11-23T17:00:00Z")));
    // Nor does one that had been kept when it was moved.
    facts.extensions[0].at = at("2026-11-18T10:00:00Z");
    facts.stop("respond", at("2026-11-12T10:00:00Z"), "email");
    assert_eq!(
        reading(&facts, &terms, "respond", "2026-11-24T10:00:00Z").missed_at,
        None
    );
}

#[test]
fn figures_measure_against_the_first_date_the_person_was_told() {
    let terms = terms("charter");
    let mut facts = received("2026-11-02T10:00:00Z");
    let measured = |facts: &Facts| {
        reading(facts, &terms, "respond", "2026-11-03T10:00:00Z")
            .measured_at
            .unwrap()
    };
    assert_eq!(measured(&facts), at("2026-11-16T17:00:00Z"));
    facts.pauses.push(pause(
        "2026-11-04T15:00:00Z",
        Some("2026-11-06T09:00:00Z"),
        date(2026, 11, 20),
    ));
    assert_eq!(measured(&facts), at("2026-11-16T17:00:00Z"));
    // A stricter category was promised first.
    facts
        .first_due
        .insert("respond".to_owned(), date(2026, 11, 5));
    assert_eq!(measured(&facts), at("2026-11-05T17:00:00Z"));
    facts
        .first_due
        .insert("respond".to_owned(), date(2026, 11, 27));
    assert_eq!(measured(&facts), at("2026-11-27T17:00:00Z"));
    // A clarified request is a new promise.
    let mut foi = received("2026-11-02T10:00:00Z");
    foi.first_due
        .insert("respond".to_owned(), date(2026, 12, 1));
    foi.happened("clarified", at("2026-11-20T10:00:00Z"));
    let foi = reading(
        &foi,
        &super::tests::terms("foi"),
        "respond",
        "2026-11-21T10:00:00Z",
    );
    assert_eq!(
        (foi.first_due_on, foi.measured_at),
        (Some(date(2026, 12, 1)), foi.due_at)
    );
}

#[test]
fn a_state_is_written_everywhere_by_one_name() {
    for state in [
        State::NotStarted,
        State::Projected,
        State::Running,
        State::Paused,
        State::Met,
        State::Missed,
        State::Cancelled,
        State::NotApplicable,
    ] {
        assert_eq!(
            serde_json::to_value(state).unwrap(),
            state.to_string(),
            "{state:?}"
        );
    }
}

#[test]
fn a_promise_is_live_until_it_is_kept_or_ended() {
    use State::{Cancelled, Met, Missed, NotApplicable, NotStarted, Paused, Projected, Running};
    for state in [NotStarted, Projected, Running, Paused, Missed] {
        assert!(state.is_live(), "{state}");
    }
    for state in [Met, Cancelled, NotApplicable] {
        assert!(!state.is_live(), "{state}");
    }
}

#[test]
fn the_next_change_lies_ahead_and_is_of_a_live_clock() {
    let (mut facts, terms) = (received("2026-11-02T10:00:00Z"), terms("charter"));
    let due = |clock: &str| {
        let read = reading(&facts, &terms, clock, "2026-11-02T10:00:00Z");
        read.due_at.unwrap()
    };
    let (acknowledge, respond) = (due("acknowledge"), due("respond"));
    let start = at("2026-11-02T10:00:00Z");
    assert_eq!(next_change_at(&facts, &terms, start), Some(acknowledge));
    assert_eq!(next_change_at(&facts, &terms, acknowledge), Some(respond));
    assert_eq!(next_change_at(&facts, &terms, respond), None);
    facts.stop("acknowledge", start, "notice");
    assert_eq!(next_change_at(&facts, &terms, start), Some(respond));
}

#[test]
fn what_has_resumed_is_not_resumed_again() {
    let mut facts = received("2026-11-02T10:00:00Z");
    facts.pauses.push(pause(
        "2026-11-03T10:00:00Z",
        Some("2026-11-04T10:00:00Z"),
        date(2026, 11, 20),
    ));
    facts
        .pauses
        .push(pause("2026-11-09T10:00:00Z", None, date(2026, 11, 20)));
    facts
        .pauses
        .push(pause("2026-11-12T10:00:00Z", None, date(2026, 11, 20)));
    facts.resume(at("2026-11-10T10:00:00Z"));
    let ends: Vec<Option<Timestamp>> = facts.pauses.iter().map(|pause| pause.to).collect();
    assert_eq!(
        ends,
        [
            Some(at("2026-11-04T10:00:00Z")),
            Some(at("2026-11-10T10:00:00Z")),
            None
        ]
    );
}

#[test]
fn a_refusal_says_how_the_clock_stands() {
    let mut facts = received("2026-11-02T10:00:00Z");
    facts.happened("responded", at("2026-11-04T10:00:00Z"));
    let refused = check_extension(
        &facts,
        &terms("charter"),
        extension("respond", by(1), "2026-11-05T10:00:00Z"),
    );
    assert_eq!(
        refused.unwrap_err().to_string(),
        "respond is met, so its date cannot be moved and it cannot be paused"
    );
}

/// Pauses and extensions drawn at random for the charter.
fn drawn(pauses: &[(i64, i64)], extended_by: u32) -> Facts {
    let start = at("2026-10-01T09:30:00Z");
    let mut facts = Facts::received(start);
    let later = |from: Timestamp, minutes| {
        from.checked_add(jiff::SignedDuration::from_mins(minutes))
            .unwrap()
    };
    for (from, length) in pauses {
        let from = later(start, *from);
        let to = later(from, *length);
        facts.pauses.push(Pause {
            clock: None,
            from,
            to: Some(to),
            resume_on: date(2028, 1, 1),
            reason: "Waiting".to_owned(),
            waiting_for: WaitingFor::Contractor,
        });
    }
    if extended_by > 0 {
        facts.extensions.push(extension(
            "respond",
            by(extended_by),
            "2026-10-01T10:00:00Z",
        ));
    }
    facts
}

proptest::proptest! {
    #[test]
    fn pauses_and_extensions_only_ever_move_a_date_later(
        pauses in proptest::collection::vec((0_i64..40_000, 0_i64..20_000), 0..5), more in 0_u32..10,
        one in (0_i64..40_000, 0_i64..20_000),
    ) {
        for terms in [charter_for(Target::WorkingDays(10), false), charter_for(Target::Hours(30), true),
                      charter_for(Target::Hours(30), false)] {
            let due = |facts: &Facts| reading(facts, &terms, "respond", "2026-01-01T00:00:00Z").due_at.unwrap();
            let facts = drawn(&pauses, more);
            let mut one_more = pauses.clone();
            one_more.push(one);
            proptest::prop_assert!(due(&drawn(&one_more, more)) >= due(&facts));
            proptest::prop_assert!(due(&drawn(&pauses, more + 1)) > due(&facts));
        }
    }

    #[test]
    fn the_order_and_overlap_of_pauses_do_not_matter(
        pauses in proptest::collection::vec((0_i64..40_000, 0_i64..20_000), 0..6),
    ) {
        let mut twice: Vec<_> = pauses.iter().rev().copied().collect();
        twice.extend(pauses.clone());
        for terms in [charter_for(Target::WorkingDays(10), false), charter_for(Target::Hours(30), true),
                      charter_for(Target::Hours(30), false), terms("sar")] {
            let due = |pauses: &[(i64, i64)]| reading(&drawn(pauses, 0), &terms, "respond", "2026-01-01T00:00:00Z").due_at;
            proptest::prop_assert_eq!(due(&pauses), due(&twice));
        }
    }

    #[test]
    fn a_date_never_depends_on_when_it_is_asked_for(
        pauses in proptest::collection::vec((0_i64..40_000, 0_i64..20_000), 0..4), asked in 0_i64..200_000,
    ) {
        let facts = drawn(&pauses, 3);
        let terms = terms("charter");
        let now = at("2026-10-01T09:30:00Z").checked_add(jiff::SignedDuration::from_mins(asked)).unwrap();
        let dates = |now| read(&facts, &terms, now).into_iter()
            .map(|reading| (reading.starts_at, reading.counted_from_on, reading.due_on, reading.due_at, reading.extended_max_on))
            .collect::<Vec<_>>();
        proptest::prop_assert_eq!(dates(now), dates(at("2024-01-01T00:00:00Z")));
    }

    #[test]
    fn net_time_is_never_more_than_gross_and_a_met_case_stops_taking_time(
        pauses in proptest::collection::vec((0_i64..40_000, 0_i64..20_000), 0..4), asked in 0_i64..60_000,
    ) {
        let until = at("2026-10-01T09:30:00Z").checked_add(jiff::SignedDuration::from_mins(asked)).unwrap();
        let taken = time_taken(&drawn(&pauses, 0), &terms("charter"), "respond", until).unwrap();
        proptest::prop_assert!(taken.net_working_days <= taken.gross_working_days);
        proptest::prop_assert!(taken.net_working_secs <= taken.gross_working_secs);
        if pauses.is_empty() {
            proptest::prop_assert_eq!(taken.net_working_secs, taken.gross_working_secs);
        }
    }
}
