//! The council's words, said aloud.

use super::*;
use jiff::civil::{date, time};

fn london() -> TimeZone {
    TimeZone::get("Europe/London").unwrap()
}

#[test]
fn a_charter_promise_names_the_hour_and_a_statutory_one_only_the_day() {
    let closing = date(2026, 11, 24)
        .at(17, 0, 0, 0)
        .to_zoned(london())
        .unwrap();
    let midnight = date(2026, 11, 25)
        .at(0, 0, 0, 0)
        .to_zoned(london())
        .unwrap();
    let check = |at: Timestamp, language, expect| {
        assert_eq!(by_when(date(2026, 11, 24), at, &london(), language), expect);
    };
    check(
        closing.timestamp(),
        Language::English,
        "5pm on Tuesday 24 November 2026",
    );
    check(
        midnight.timestamp(),
        Language::English,
        "Tuesday 24 November 2026",
    );
    check(
        closing.timestamp(),
        Language::Welsh,
        "5pm ddydd Mawrth 24 Tachwedd 2026",
    );
    check(
        midnight.timestamp(),
        Language::Welsh,
        "dydd Mawrth 24 Tachwedd 2026",
    );
}

#[test]
fn the_hour_is_the_councils_hour_in_summer_too() {
    let at: Timestamp = "2026-06-12T11:30:00Z".parse().unwrap();
    assert_eq!(
        by_when(date(2026, 6, 12), at, &london(), Language::English),
        "12.30pm on Friday 12 June 2026"
    );
}

#[test]
fn a_promise_that_falls_at_midnight_says_so() {
    let at = date(2026, 11, 24)
        .at(0, 0, 0, 0)
        .to_zoned(london())
        .unwrap()
        .timestamp();
    assert_eq!(
        by_when(date(2026, 11, 24), at, &london(), Language::English),
        "midnight on Tuesday 24 November 2026"
    );
}

#[test]
fn times_are_said_the_way_people_say_them() {
    for (at, expect) in [
        (time(17, 0, 0, 0), "5pm"),
        (time(8, 30, 0, 0), "8.30am"),
        (time(0, 0, 0, 0), "midnight"),
        (time(0, 5, 0, 0), "12.05am"),
        (time(12, 0, 0, 0), "midday"),
        (time(12, 15, 0, 0), "12.15pm"),
        (time(11, 59, 59, 0), "11.59am"),
    ] {
        assert_eq!(clock_time(at), expect);
    }
}

#[test]
fn every_state_has_a_label_a_resident_understands() {
    let label = |status, waiting, outcome| {
        public_status(
            status,
            waiting,
            outcome,
            "the bins team",
            Some(date(2026, 12, 8)),
            Language::English,
        )
    };
    assert_eq!(
        label(Status::New, None, None),
        "We have it; nobody is working on it yet"
    );
    assert_eq!(
        label(Status::Open, None, None),
        "The bins team is working on it"
    );
    assert_eq!(
        label(Status::Waiting, Some(WaitingFor::Person), None),
        "We need something from you"
    );
    assert_eq!(
        label(Status::Waiting, Some(WaitingFor::Contractor), None),
        "We are waiting for our contractor"
    );
    assert_eq!(
        label(Status::Responded, None, None),
        "We have answered. Tell us by Tuesday 8 December 2026 if it is not right"
    );
    assert_eq!(
        label(Status::Closed, None, Some(Outcome::NoReply)),
        "Closed because we did not hear from you"
    );
    for outcome in Outcome::ALL {
        let said = label(Status::Closed, None, Some(*outcome));
        assert!(said.split_whitespace().count() <= 25, "{said}");
        assert!(!said.contains('_'), "{said}");
    }
}

#[test]
fn the_matter_is_named_from_our_own_list() {
    let check = |procedure, name, expect| assert_eq!(your_matter(procedure, name), expect);
    check(
        Procedure::ServiceRequest,
        "a missed bin",
        "your report of a missed bin",
    );
    check(
        Procedure::ServiceRequest,
        "request for a new bin",
        "your request for a new bin",
    );
    check(
        Procedure::Enquiry,
        "your council tax bill",
        "your question about your council tax bill",
    );
    check(
        Procedure::Complaint,
        "a complaint (stage 1)",
        "your complaint",
    );
    check(
        Procedure::Complaint,
        "a school",
        "your complaint about a school",
    );
    check(
        Procedure::MemberEnquiry,
        "a councillor's enquiry",
        "your enquiry",
    );
    check(Procedure::ServiceRequest, "", "your report");
    check(
        Procedure::InsuranceClaim,
        "a claim for damage",
        "your claim",
    );
    check(Procedure::Compliment, "kind words", "your kind words");
    check(
        Procedure::ServiceRequest,
        "smoke, smell or dust",
        "your report of smoke, smell or dust",
    );
}

#[test]
fn an_agent_reads_out_reference_promise_and_number() {
    let by = "5pm on Tuesday 24 November 2026";
    let what_happens = [promise(
        Some("We will collect it, or tell you why not,"),
        by,
        Language::English,
    )];
    let said = read_out(&ReadOut {
        reference: "4X7-K92-MQ3",
        what_happens: &what_happens,
        phone: "01632 960100",
        phone_hours: Some("Monday to Friday, 8.30am to 5pm"),
    });
    assert_eq!(
        said,
        "Your reference is 4X7-K92-MQ3. We will collect it, or tell you why not, by 5pm on \
         Tuesday 24 November 2026. To ask about it, ring 01632 960100, Monday to Friday, \
         8.30am to 5pm."
    );
}

#[test]
fn nothing_but_an_address_is_repeated_as_a_place() {
    let check = |text: &str, expect: Option<&str>| {
        assert_eq!(address_line(text).as_deref(), expect, "{text}");
    };
    check("14 Larkfield Rise", Some("14 Larkfield Rise"));
    check(
        "14a Larkfield Rise, Northmere, ZZ1 1AA",
        Some("14a Larkfield Rise"),
    );
    check("2-4 St John's Road", Some("2-4 St John's Road"));
    check("You owe us money, ring 0808 157 0000", None);
    check(
        "14 Larkfield Rise\r\nBcc: x@y.example",
        Some("14 Larkfield Rise"),
    );
    check("14 <b>Larkfield</b> Rise", None);
    check("14 www.bad.example Road", None);
    check("Rise", None);
    check("", None);
}

#[test]
fn hours_are_given_in_welsh_only_when_every_word_is_known() {
    assert_eq!(
        welsh_hours("Monday to Friday, 8.30am to 5pm").as_deref(),
        Some("dydd Llun i ddydd Gwener, 8.30am i 5pm")
    );
    assert_eq!(
        welsh_hours("24 hours a day").as_deref(),
        Some("24 awr y dydd")
    );
    assert_eq!(welsh_hours("term time only"), None);
}

#[test]
fn a_teams_name_reads_as_a_name_of_a_team() {
    for (given, expect) in [
        ("the bins team", "the bins team"),
        ("The bins team", "the bins team"),
        ("bins team", "the bins team"),
        ("Housing repairs", "the Housing repairs team"),
    ] {
        assert_eq!(the_team(given), expect);
    }
}

#[test]
fn staff_read_a_matter_with_its_article() {
    let check = |name, expect| assert_eq!(topic(name), expect);
    check("a missed bin", "a missed bin");
    check("fly-tipping", "fly-tipping");
    check("question about a grave", "a question about a grave");
    check(
        "application for a blue badge",
        "an application for a blue badge",
    );
    check("kind words", "kind words");
}
