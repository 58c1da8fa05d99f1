//! Who is told when.

use std::collections::BTreeMap;

use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::domain::calendar::tests::{at, northmere};
use crate::domain::clock::tests::{reading, received, terms};
use crate::domain::clock::{
    Cancelled, Extension, Facts, Longer, OwnPromise, Pause, Reading, Terms, WaitingFor, read,
};
use crate::domain::standard::tests::ready;
use crate::domain::standard::{Figures, Target};

const LADDERS: &str = r#"
[default]
name = "Residents' cases"
steps = [
    { name = "reminder", at = "-2 working_days", when_short = "75%", to = ["owner"] },
    { name = "due", at = "due", to = ["owner", "team_leader"] },
    { name = "head", at = "+1 working_days", to = ["head_of_service"], digest = true },
    { name = "director", at = "+3 working_days", to = ["director"], digest = true },
]

[member-enquiry]
name = "Members' enquiries"
steps = [
    { name = "officer", at = "-2 working_days", to = ["owner"] },
    { name = "head", at = "0 working_days", to = ["head_of_service"], digest = true },
    { name = "director", at = "+2 working_days", to = ["director", "portfolio_holder"], digest = true },
]

[danger]
name = "Danger"
steps = [
    { name = "alert", at = "start", to = ["duty_contact"], repeat = { every = "15 minutes", at_most = 8 }, at_once = true },
    { name = "alert_up", at = "after 30 minutes", to = ["head_of_service"], repeat = { every = "15 minutes", at_most = 6 }, at_once = true },
]

[nagging]
name = "Until it is met"
steps = [{ name = "again", at = "due", to = ["owner"], repeat = { every = "+2 working_days", at_most = 3 } }]

[waiting]
name = "Waiting places"
steps = [
    { name = "leader", at = "after 4 working_hours", to = ["team_leader"] },
    { name = "head", at = "due", to = ["head_of_service"], digest = true },
    { name = "address", at = "after 2 working_days", to = ["desk@council.example"] },
]
"#;

fn ladder(slug: &str) -> Ladder {
    let ladders: BTreeMap<String, Ladder> = toml::from_str(LADDERS).unwrap();
    Ladder::named(ladders).remove(slug).unwrap()
}

/// Steps as `name at`, with `(skipped)` where they are.
fn planned(slug: &str, facts: &Facts, terms: &Terms, clock: &str, now: &str) -> Vec<String> {
    let steps = plan_steps(&ladder(slug), &reading(facts, terms, clock, now), terms);
    let words = |step: &PlannedStep| {
        let skipped = if step.skipped { " (skipped)" } else { "" };
        format!("{} {}{skipped}", step.step, step.at)
    };
    steps.iter().map(words).collect()
}

fn charter_for(figure: Target, emergency: bool) -> Terms {
    let figures = Figures {
        acknowledge: None,
        respond: Some(figure),
        no_answer: false,
    };
    Terms::new(
        ready()["charter"].resolve(&figures, emergency),
        northmere(),
        &BTreeMap::new(),
    )
    .unwrap()
}

#[test]
fn the_default_ladder_climbs_from_the_owner_to_the_director() {
    let facts = received("2026-11-02T10:00:00Z");
    assert_eq!(
        planned(
            "default",
            &facts,
            &terms("charter"),
            "respond",
            "2026-11-02T10:00:00Z"
        ),
        [
            "reminder 2026-11-12T09:00:00Z",
            "due 2026-11-16T17:00:00Z",
            "head 2026-11-17T09:00:00Z",
            "director 2026-11-19T09:00:00Z",
        ]
    );
}

#[test]
fn a_member_enquiry_is_told_on_day_8_10_and_12() {
    let facts = received("2026-11-02T10:00:00Z");
    let terms = terms("member-enquiry");
    assert_eq!(
        terms.standard.clock("respond").unwrap().ladder.as_deref(),
        Some("member-enquiry")
    );
    assert_eq!(
        planned(
            "member-enquiry",
            &facts,
            &terms,
            "respond",
            "2026-11-02T10:00:00Z"
        ),
        [
            "officer 2026-11-12T09:00:00Z",
            "head 2026-11-16T09:00:00Z",
            "director 2026-11-18T09:00:00Z"
        ]
    );
}

#[test]
fn a_negative_offset_counts_working_days_back_over_christmas() {
    // Due on Tuesday 5 January: two working days before is noon-closing Christmas Eve, at nine.
    let facts = received("2026-12-11T10:00:00Z");
    let terms = terms("charter");
    assert_eq!(
        reading(&facts, &terms, "respond", "2026-12-11T10:00:00Z").due_on,
        Some(date(2027, 1, 4))
    );
    let steps = planned("default", &facts, &terms, "respond", "2026-12-11T10:00:00Z");
    assert_eq!(steps[0], "reminder 2026-12-23T09:00:00Z");
    assert_eq!(steps[2], "head 2027-01-05T09:00:00Z");
}

#[test]
fn reminders_about_statutory_dates_follow_the_days_staff_are_in() {
    // 29 to 31 December count for the request, but nobody is in to be reminded.
    let facts = received("2026-12-01T10:00:00Z");
    let terms = terms("foi");
    assert_eq!(
        reading(&facts, &terms, "respond", "2026-12-01T10:00:00Z").due_on,
        Some(date(2026, 12, 31))
    );
    assert_eq!(
        planned("default", &facts, &terms, "respond", "2026-12-01T10:00:00Z"),
        [
            "reminder 2026-12-23T09:00:00Z",
            "due 2027-01-01T00:00:00Z",
            "head 2027-01-04T09:00:00Z",
            "director 2027-01-06T09:00:00Z",
        ]
    );
}

#[test]
fn no_reminder_falls_at_a_weekend_or_at_midnight() {
    let terms = terms("charter");
    let mut at_work = at("2026-01-01T10:00:00Z");
    for _ in 0..400 {
        let facts = Facts::received(at_work);
        let reading = read(&facts, &terms, at_work).pop().unwrap();
        for step in plan_steps(&ladder("default"), &reading, &terms)
            .iter()
            .filter(|step| step.step != "due")
        {
            let local = terms.calendar.zone().to_datetime(step.at);
            assert_eq!((local.hour(), local.minute()), (9, 0), "{step:?}");
            assert!(
                terms.calendar.office().is_working_day(local.date()),
                "{step:?}"
            );
        }
        at_work += SignedDuration::from_hours(31);
    }
}

#[test]
fn a_short_target_is_reminded_of_at_three_quarters() {
    // Two working days from 10:00 on Monday hold 23 opening hours; 17 and a quarter are gone at 11:15 on Wednesday.
    let facts = received("2026-11-02T10:00:00Z");
    let steps = planned(
        "default",
        &facts,
        &charter_for(Target::WorkingDays(2), false),
        "respond",
        "2026-11-02T10:00:00Z",
    );
    assert_eq!(steps[0], "reminder 2026-11-04T11:15:00Z");
    let five = charter_for(Target::WorkingDays(5), false);
    let steps = planned("default", &facts, &five, "respond", "2026-11-02T10:00:00Z");
    assert_eq!(steps[0], "reminder 2026-11-05T09:00:00Z");
    let four = charter_for(Target::WorkingDays(4), false);
    let steps = planned("default", &facts, &four, "respond", "2026-11-02T10:00:00Z");
    assert_eq!(steps[0], "reminder 2026-11-05T15:15:00Z");
}

#[test]
fn three_quarters_of_elapsed_hours_are_elapsed_hours() {
    let facts = received("2026-11-06T20:00:00Z");
    let emergency = charter_for(Target::Hours(4), true);
    let steps = planned(
        "default",
        &facts,
        &emergency,
        "respond",
        "2026-11-06T20:00:00Z",
    );
    assert_eq!(steps[0], "reminder 2026-11-06T23:00:00Z");
    assert_eq!(steps[1], "due 2026-11-07T00:00:00Z");
    let working = charter_for(Target::Hours(4), false);
    let steps = planned(
        "default",
        &received("2026-11-06T15:00:00Z"),
        &working,
        "respond",
        "2026-11-06T15:00:00Z",
    );
    assert_eq!(steps[0], "reminder 2026-11-09T10:00:00Z");
}

#[test]
fn a_step_in_the_first_quarter_or_before_the_start_is_skipped() {
    // A ladder that reminds nine working days before a ten-day target ends.
    let mut early = ladder("default");
    early.steps[0].at = "-9 working_days".parse().unwrap();
    let facts = received("2026-11-02T10:00:00Z");
    let terms = terms("charter");
    let reading = reading(&facts, &terms, "respond", "2026-11-02T10:00:00Z");
    let skipped = |ladder: &Ladder| plan_steps(ladder, &reading, &terms)[0].skipped;
    assert!(skipped(&early));
    early.steps[0].at = "-8 working_days".parse().unwrap();
    assert!(skipped(&early));
    early.steps[0].at = "-7 working_days".parse().unwrap();
    assert!(!skipped(&early));
    early.steps[0].at = "-30 working_days".parse().unwrap();
    assert!(skipped(&early));
    assert_eq!(
        next_step_at(&early, &reading, &terms, None),
        Some(at("2026-11-16T17:00:00Z"))
    );
}

#[test]
fn a_paused_case_is_never_escalated() {
    let mut facts = received("2026-11-02T10:00:00Z");
    let terms = terms("charter");
    facts.pauses.push(Pause {
        clock: None,
        from: at("2026-11-10T10:00:00Z"),
        to: None,
        resume_on: date(2026, 11, 20),
        reason: "Waiting for the contractor".to_owned(),
        waiting_for: WaitingFor::Contractor,
    });
    assert_eq!(
        planned("default", &facts, &terms, "respond", "2026-11-16T18:00:00Z"),
        Vec::<String>::new()
    );
    // After it resumes the whole ladder has moved with the date.
    assert_eq!(
        planned("default", &facts, &terms, "respond", "2026-11-20T08:00:00Z"),
        [
            "reminder 2026-11-24T09:00:00Z",
            "due 2026-11-26T17:00:00Z",
            "head 2026-11-27T09:00:00Z",
            "director 2026-12-01T09:00:00Z",
        ]
    );
}

#[test]
fn an_extended_case_is_reminded_of_its_new_date() {
    let mut facts = received("2026-11-02T10:00:00Z");
    let terms = terms("charter");
    let before = plan_steps(
        &ladder("default"),
        &reading(&facts, &terms, "respond", "2026-11-13T10:00:00Z"),
        &terms,
    );
    facts.extensions.push(Extension {
        clock: "respond".to_owned(),
        to: Longer::By(Target::WorkingDays(5)),
        reason: "The inspector is ill".to_owned(),
        at: at("2026-11-13T10:00:00Z"),
    });
    let after = plan_steps(
        &ladder("default"),
        &reading(&facts, &terms, "respond", "2026-11-13T10:00:00Z"),
        &terms,
    );
    assert_eq!(after[0].at, at("2026-11-19T09:00:00Z"));
    // The same step of another date is another step, so it is told again.
    assert_ne!(before[0].due_at, after[0].due_at);
}

#[test]
fn a_merged_or_answered_case_is_never_escalated() {
    let terms = terms("charter");
    let mut merged = received("2026-11-02T10:00:00Z");
    merged.cancelled = Some(Cancelled {
        at: at("2026-11-05T10:00:00Z"),
        reason: "Merged".to_owned(),
    });
    assert_eq!(
        planned(
            "default",
            &merged,
            &terms,
            "respond",
            "2026-12-01T10:00:00Z"
        ),
        Vec::<String>::new()
    );
    let mut answered = received("2026-11-02T10:00:00Z");
    answered.happened("responded", at("2026-11-20T10:00:00Z"));
    assert_eq!(
        planned(
            "default",
            &answered,
            &terms,
            "respond",
            "2026-12-01T10:00:00Z"
        ),
        Vec::<String>::new()
    );
    assert_eq!(
        planned(
            "default",
            &answered,
            &terms,
            "respond",
            "2026-11-19T10:00:00Z"
        )
        .len(),
        4
    );
    let mut nobody = received("2026-11-02T10:00:00Z");
    nobody.not_applicable.push("acknowledge".to_owned());
    assert_eq!(
        planned(
            "default",
            &nobody,
            &terms,
            "acknowledge",
            "2026-12-01T10:00:00Z"
        ),
        Vec::<String>::new()
    );
    let complaint = super::tests::terms("complaint");
    let facts = received("2026-11-02T10:00:00Z");
    assert_eq!(
        planned(
            "default",
            &facts,
            &complaint,
            "stage_2_respond",
            "2026-12-01T10:00:00Z"
        ),
        Vec::<String>::new()
    );
}

#[test]
fn a_complaint_nobody_acknowledged_still_reminds_of_the_date_that_was_told() {
    let facts = received("2026-12-18T10:00:00Z");
    let steps = planned(
        "default",
        &facts,
        &terms("complaint"),
        "respond",
        "2026-12-20T10:00:00Z",
    );
    assert_eq!(steps[0], "reminder 2027-01-11T09:00:00Z");
}

#[test]
fn due_steps_are_those_whose_instant_has_come() {
    let facts = received("2026-11-02T10:00:00Z");
    let terms = terms("charter");
    let due = |now: &str| {
        let reading = reading(&facts, &terms, "respond", now);
        due_steps(&ladder("default"), &reading, &terms, at(now)).len()
    };
    assert_eq!(due("2026-11-12T08:59:59Z"), 0);
    assert_eq!(due("2026-11-12T09:00:00Z"), 1);
    assert_eq!(due("2026-11-16T17:00:00Z"), 2);
    // 26 hours of darkness later every step is still there to be told once.
    assert_eq!(due("2026-11-19T09:00:00Z"), 4);
}

#[test]
fn the_next_step_is_the_first_after_the_last_one_taken() {
    let facts = received("2026-11-02T10:00:00Z");
    let terms = terms("charter");
    let reading = reading(&facts, &terms, "respond", "2026-11-02T10:00:00Z");
    let next = |after| next_step_at(&ladder("default"), &reading, &terms, after);
    assert_eq!(next(None), Some(at("2026-11-12T09:00:00Z")));
    assert_eq!(
        next(Some(at("2026-11-12T09:00:00Z"))),
        Some(at("2026-11-16T17:00:00Z"))
    );
    assert_eq!(next(Some(at("2026-11-19T09:00:00Z"))), None);
}

#[test]
fn a_step_repeats_until_its_limit() {
    let facts = received("2026-11-02T10:00:00Z");
    let steps = planned(
        "nagging",
        &facts,
        &terms("charter"),
        "respond",
        "2026-11-02T10:00:00Z",
    );
    assert_eq!(
        steps,
        [
            "again 2026-11-16T17:00:00Z",
            "again 2026-11-18T09:00:00Z",
            "again 2026-11-20T09:00:00Z"
        ]
    );
}

#[test]
fn danger_is_told_at_once_and_every_quarter_of_an_hour() {
    let facts = received("2026-11-07T23:50:00Z");
    let terms = terms("emergency-24x7");
    let reading = reading(&facts, &terms, "respond", "2026-11-07T23:50:00Z");
    let steps = plan_steps(&ladder("danger"), &reading, &terms);
    let alerts: Vec<(&str, u32, Timestamp)> = steps
        .iter()
        .take(4)
        .map(|step| (step.step.as_str(), step.occurrence, step.at))
        .collect();
    assert_eq!(
        alerts,
        [
            ("alert", 1, at("2026-11-07T23:50:00Z")),
            ("alert", 2, at("2026-11-08T00:05:00Z")),
            ("alert", 3, at("2026-11-08T00:20:00Z")),
            ("alert_up", 1, at("2026-11-08T00:20:00Z")),
        ]
    );
    assert!(steps.iter().all(|step| step.at_once && !step.skipped));
    assert_eq!(steps.len(), 14);
}

#[test]
fn what_waits_has_a_ladder_without_a_clock() {
    let calendar = northmere();
    let (since, limit) = (at("2026-11-06T15:00:00Z"), at("2026-11-10T17:00:00Z"));
    let steps = plan_waiting(&ladder("waiting"), since, limit, &calendar);
    let told: Vec<(&str, Timestamp)> = steps
        .iter()
        .map(|step| (step.step.as_str(), step.at))
        .collect();
    assert_eq!(
        told,
        [
            ("leader", at("2026-11-09T11:00:00Z")),
            ("address", at("2026-11-10T09:00:00Z")),
            ("head", at("2026-11-10T17:00:00Z")),
        ]
    );
    assert_eq!(
        steps[1].to,
        [Whom::Address("desk@council.example".to_owned())]
    );
}

#[test]
fn an_officers_own_promise_climbs_the_same_ladder() {
    let mut facts = received("2026-11-02T10:00:00Z");
    facts.promises.push(OwnPromise {
        name: "promise-1".to_owned(),
        what: "ring back".to_owned(),
        by: at("2026-11-05T17:00:00Z"),
        made_at: at("2026-11-04T17:00:00Z"),
        owner: "officer".to_owned(),
    });
    let steps = planned(
        "default",
        &facts,
        &terms("charter"),
        "promise-1",
        "2026-11-04T18:00:00Z",
    );
    assert_eq!(
        steps[..2],
        ["reminder 2026-11-05T11:00:00Z", "due 2026-11-05T17:00:00Z"]
    );
}

#[test]
fn a_share_of_a_clock_leaves_its_pauses_out() {
    let mut facts = received("2026-11-06T20:00:00Z");
    let terms = charter_for(Target::Hours(4), true);
    facts.pauses.push(Pause {
        clock: None,
        from: at("2026-11-06T21:00:00Z"),
        to: Some(at("2026-11-06T22:00:00Z")),
        resume_on: date(2026, 11, 9),
        reason: "No answer at the door".to_owned(),
        waiting_for: WaitingFor::Person,
    });
    let steps = planned("default", &facts, &terms, "respond", "2026-11-06T22:00:00Z");
    assert_eq!(
        steps[..2],
        ["reminder 2026-11-07T00:00:00Z", "due 2026-11-07T01:00:00Z"]
    );
}

#[test]
fn every_offset_is_written_as_it_is_read() {
    for text in [
        "-2 working_days",
        "0 working_days",
        "+1 working_days",
        "75%",
        "due",
        "after 15 minutes",
        "after 4 working_hours",
        "after 2 working_days",
    ] {
        assert_eq!(text.parse::<Offset>().unwrap().to_string(), text);
    }
    assert_eq!("+1 working_day".parse(), Ok(Offset::WorkingDays(1)));
    assert_eq!("start".parse(), Ok(Offset::Minutes(0)));
    assert_eq!("15 minutes".parse(), Ok(Offset::Minutes(15)));
    for wrong in [
        "",
        "101%",
        "-1%",
        "%",
        "two working_days",
        "after -1 minutes",
        "-5 minutes",
        "5 fortnights",
        "500 working_days",
    ] {
        assert!(wrong.parse::<Offset>().is_err(), "{wrong}");
    }
}

#[test]
fn every_recipient_is_written_as_it_is_read() {
    for text in [
        "owner",
        "team_leader",
        "queue",
        "head_of_service",
        "director",
        "portfolio_holder",
        "duty_contact",
        "a@council.example",
    ] {
        let whom = Whom::try_from(text.to_owned()).unwrap();
        assert_eq!(whom.to_string(), text);
        assert_eq!(String::from(whom), text);
    }
    assert!(
        Whom::try_from("mayor".to_owned())
            .unwrap_err()
            .contains("is nobody a step can tell")
    );
}

#[test]
fn an_empty_post_falls_to_the_next_one_up_and_ends_at_the_director() {
    let mut whom = Whom::Owner;
    let mut way = vec![whom.to_string()];
    while let Some(next) = whom.next_up() {
        way.push(next.to_string());
        whom = next;
    }
    assert_eq!(way, ["owner", "team_leader", "head_of_service", "director"]);
    assert_eq!(Whom::DutyContact.next_up(), Some(Whom::HeadOfService));
    assert_eq!(
        Whom::Address("a@council.example".to_owned()).next_up(),
        None
    );
    assert!(Whom::Director.gets_digest() && !Whom::TeamLeader.gets_digest());
}

#[test]
fn a_ladder_that_tells_nobody_is_refused() {
    for slug in ["default", "member-enquiry", "danger", "nagging", "waiting"] {
        assert_eq!(ladder(slug).faults(), Vec::<String>::new(), "{slug}");
        assert_eq!(ladder(slug).slug, slug);
    }
    let mut wrong = ladder("nagging");
    wrong.steps.push(wrong.steps[0].clone());
    wrong.steps[1].to.clear();
    wrong.steps[1].repeat = Some(Repeat {
        every: Offset::Due,
        at_most: 1,
    });
    let faults = wrong.faults().join("; ");
    for part in [
        "already a step of this name",
        "nobody is told",
        "every takes a length",
        "at_most lies between",
    ] {
        assert!(faults.contains(part), "{part} is not in {faults}");
    }
    let empty = Ladder {
        steps: Vec::new(),
        ..wrong
    };
    assert_eq!(
        empty.faults(),
        ["steps: a ladder without steps tells nobody"]
    );
    assert!(
        toml::from_str::<BTreeMap<String, Ladder>>(&LADDERS.replace("\"due\"", "\"late\""))
            .is_err()
    );
}

#[test]
fn a_step_repeats_from_twice_to_two_thousand_times() {
    for (at_most, is_good) in [(1, false), (2, true), (2_000, true), (2_001, false)] {
        let mut ladder = ladder("nagging");
        ladder.steps[0].repeat.as_mut().unwrap().at_most = at_most;
        assert_eq!(ladder.faults().is_empty(), is_good, "{at_most}");
    }
}

#[test]
fn a_ladder_read_back_is_the_same_and_says_no_more_than_it_was_told() {
    for slug in ["default", "danger"] {
        let ladder = ladder(slug);
        let written = serde_json::to_value(&ladder).unwrap();
        assert_eq!(
            serde_json::from_value::<Ladder>(written.clone())
                .unwrap()
                .steps,
            ladder.steps
        );
        for (step, written) in ladder
            .steps
            .iter()
            .zip(written["steps"].as_array().unwrap())
        {
            assert_eq!(written.get("digest").is_some(), step.digest, "{slug}");
            assert_eq!(written.get("at_once").is_some(), step.at_once, "{slug}");
        }
    }
}

#[test]
fn planning_twice_plans_the_same() {
    let facts = received("2026-11-02T10:00:00Z");
    let terms = terms("charter");
    let first: Vec<Reading> = read(&facts, &terms, at("2026-11-12T09:00:00Z"));
    for reading in &first {
        let plan = |reading| plan_steps(&ladder("default"), reading, &terms);
        assert_eq!(plan(reading), plan(reading));
    }
}
