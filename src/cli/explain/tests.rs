//! `reeve explain` as it is typed.

use std::collections::BTreeMap;

use clap::Parser;

use super::*;
use crate::domain::calendar::tests::{at, northmere};
use crate::domain::standard::Target;
use crate::domain::standard::tests::ready;

#[derive(Parser)]
struct Typed {
    #[command(flatten)]
    args: ExplainArgs,
}

struct Answered {
    code: u8,
    out: String,
    err: String,
}

fn category(service: &str, category: &str) -> Option<CategoryTerms> {
    let figures = |acknowledge, respond| Figures {
        acknowledge,
        respond,
        no_answer: false,
    };
    let terms = |standard: Option<&str>, figures, emergency_or_out_of_hours| {
        Some(CategoryTerms {
            standard: standard.map(str::to_owned),
            figures,
            emergency_or_out_of_hours,
        })
    };
    match (service, category) {
        ("waste-collection", "missed-bin") => terms(
            None,
            figures(Some(Target::WorkingDays(1)), Some(Target::WorkingDays(2))),
            false,
        ),
        ("street-cleansing", "needles") => terms(
            None,
            figures(Some(Target::Hours(2)), Some(Target::Hours(24))),
            true,
        ),
        ("street-cleansing", "collapse") => terms(
            Some("charter"),
            figures(Some(Target::Hours(1)), Some(Target::Hours(2))),
            true,
        ),
        ("parking", "illegal-parking") => terms(
            None,
            figures(Some(Target::Hours(4)), Some(Target::Hours(24))),
            false,
        ),
        ("planning", "comment") => terms(
            None,
            Figures {
                acknowledge: Some(Target::WorkingDays(2)),
                respond: None,
                no_answer: true,
            },
            false,
        ),
        ("information-governance", "foi") => terms(
            Some("foi"),
            figures(Some(Target::WorkingDays(1)), Some(Target::WorkingDays(20))),
            false,
        ),
        _ => None,
    }
}

fn ask(words: &[&str], input: &str) -> Answered {
    let args = Typed::try_parse_from(std::iter::once(&"reeve").chain(words))
        .unwrap()
        .args;
    let (calendar, calendars) = (northmere(), BTreeMap::new());
    let sources = Sources {
        standards: ready(),
        calendar: &calendar,
        calendars: &calendars,
        category: &category,
        default_standard: "charter",
        now: at("2026-11-20T12:00:00Z"),
    };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = run(&args, &sources, &mut input.as_bytes(), &mut out, &mut err).unwrap();
    Answered {
        code,
        out: String::from_utf8(out).unwrap(),
        err: String::from_utf8(err).unwrap(),
    }
}

fn json(words: &[&str]) -> serde_json::Value {
    let answered = ask(words, "");
    assert_eq!((answered.code, answered.err.as_str()), (0, ""));
    serde_json::from_str(&answered.out).unwrap()
}

fn refused(words: &[&str]) -> String {
    let answered = ask(words, "");
    assert_eq!((answered.code, answered.out.as_str()), (2, ""));
    answered.err
}

#[test]
fn a_question_is_answered_with_every_clock_of_the_standard() {
    let answer = json(&[
        "--standard",
        "charter",
        "--received",
        "2026-11-20T16:45:00+00:00",
    ]);
    assert_eq!(answer["standard"], "charter");
    assert_eq!(answer["version"], 1);
    assert_eq!(answer["received_at"], "2026-11-20T16:45:00Z");
    let respond = &answer["clocks"][1];
    assert_eq!(respond["name"], "respond");
    assert_eq!(respond["starts_at"], "2026-11-20T16:45:00Z");
    assert_eq!(respond["counted_from_on"], "2026-11-20");
    assert_eq!(respond["due_on"], "2026-12-04");
    assert_eq!(respond["due_at"], "2026-12-04T17:00:00Z");
    assert_eq!(respond["state"], "running");
    assert_eq!(respond["extended_max_on"], "2026-12-18");
    assert_eq!(
        respond["days"][0],
        serde_json::json!({"on": "2026-11-21", "counted": false, "why": "Saturday"})
    );
    assert_eq!(respond["days"].as_array().unwrap().len(), 14);
    assert!(answer["clocks"][0].get("extended_max_on").is_none());
}

#[test]
fn a_clock_without_a_date_has_none_in_the_answer_either() {
    let answer = json(&[
        "--standard",
        "complaint",
        "--received",
        "2026-11-20T16:45:00Z",
    ]);
    let stage_2 = &answer["clocks"][3];
    assert_eq!(stage_2["state"], "not_started");
    for field in ["starts_at", "counted_from_on", "due_on", "due_at"] {
        assert_eq!(
            stage_2.get(field),
            Some(&serde_json::Value::Null),
            "{field}"
        );
    }
    assert_eq!(answer["clocks"][1]["state"], "projected");
}

#[test]
fn events_pauses_and_extensions_are_taken_from_the_command_line() {
    let answer = json(&[
        "--standard",
        "member-enquiry",
        "--received",
        "2026-11-02T10:00:00Z",
        "--event",
        "acknowledged=2026-11-02T12:00:00Z",
        "--pause",
        "2026-11-04T15:00:00Z/2026-11-06T09:00:00Z",
        "--extend",
        "respond=3wd",
        "--now",
        "2026-11-05T09:00:00Z",
    ]);
    assert_eq!(answer["clocks"][0]["state"], "met");
    assert_eq!(answer["clocks"][1]["state"], "paused");
    assert_eq!(answer["clocks"][1]["due_on"], "2026-11-23");
}

#[test]
fn a_pause_may_name_its_clock() {
    let words = |pause| {
        json(&[
            "--standard",
            "charter",
            "--received",
            "2026-11-02T10:00:00Z",
            "--pause",
            pause,
        ])
    };
    let answer = words("respond:2026-11-02T15:00:00Z/2026-11-04T09:00:00Z");
    assert_eq!(
        (
            &answer["clocks"][0]["due_on"],
            &answer["clocks"][1]["due_on"]
        ),
        (&"2026-11-03".into(), &"2026-11-18".into())
    );
    let both = words("2026-11-02T15:00:00Z/2026-11-04T09:00:00Z");
    assert_eq!(
        (&both["clocks"][0]["due_on"], &both["clocks"][1]["due_on"]),
        (&"2026-11-05".into(), &"2026-11-18".into())
    );
}

#[test]
fn a_pause_of_a_statutory_clock_moves_nothing_and_by_name_is_refused() {
    let words = [
        "--standard",
        "foi",
        "--received",
        "2026-11-20T10:00:00Z",
        "--pause",
    ];
    let with = |pause| [words.as_slice(), &[pause]].concat();
    let answer = json(&with("2026-11-23T10:00:00Z/2026-11-27T10:00:00Z"));
    assert_eq!(answer["clocks"][0]["due_on"], "2026-12-21");
    assert!(
        refused(&with("respond:2026-11-23T10:00:00Z/2026-11-27T10:00:00Z"))
            .contains("does not let this clock be paused")
    );
}

#[test]
fn figures_of_the_category_are_used_under_the_charter() {
    let due_at = |category| {
        json(&["--received", "2026-11-20T10:00:00Z", "--category", category])["clocks"][1]["due_at"]
            .clone()
    };
    assert_eq!(
        due_at("waste-collection/missed-bin"),
        "2026-11-24T17:00:00Z"
    );
    assert_eq!(due_at("street-cleansing/needles"), "2026-11-21T10:00:00Z");
    assert_eq!(due_at("parking/illegal-parking"), "2026-11-25T10:00:00Z");
    let comment = json(&[
        "--received",
        "2026-11-20T10:00:00Z",
        "--category",
        "planning/comment",
    ]);
    assert_eq!(comment["clocks"].as_array().unwrap().len(), 1);
}

#[test]
fn a_category_of_another_standard_keeps_its_figures_for_that_one() {
    let answer = json(&[
        "--received",
        "2026-11-20T10:00:00Z",
        "--category",
        "information-governance/foi",
    ]);
    assert_eq!(
        (&answer["standard"], &answer["clocks"][0]["due_on"]),
        (&"foi".into(), &"2026-12-21".into())
    );
    let charter = json(&[
        "--standard",
        "charter",
        "--received",
        "2026-11-20T10:00:00Z",
        "--category",
        "information-governance/foi",
    ]);
    assert_eq!(charter["clocks"][1]["due_on"], "2026-12-04");
}

#[test]
fn the_nation_changes_the_holidays() {
    let due = |nation| {
        json(&[
            "--standard",
            "charter",
            "--received",
            "2026-11-27T10:00:00Z",
            "--nation",
            nation,
        ])["clocks"][0]["due_on"]
            .clone()
    };
    assert_eq!(due("england-and-wales"), "2026-11-30");
    assert_eq!(due("scotland"), "2026-12-01");
}

#[test]
fn what_is_not_known_is_refused_with_what_is() {
    let base = [
        "--standard",
        "complaint",
        "--received",
        "2026-11-20T10:00:00Z",
    ];
    let with = |more: &[&str]| refused(&[base.as_slice(), more].concat());
    assert!(with(&["--event", "clarified=2026-11-21T10:00:00Z"]).contains(
        "complaint knows no event \"clarified\"; known are acknowledged, responded, escalated, stage_2_acknowledged, stage_2_responded"
    ));
    assert!(
        with(&["--extend", "repair=5wd"])
            .contains("known are acknowledge, respond, stage_2_acknowledge, stage_2_respond")
    );
    assert!(
        with(&[
            "--pause",
            "repair:2026-11-21T10:00:00Z/2026-11-22T10:00:00Z"
        ])
        .contains("there is no clock \"repair\"; known are")
    );
    assert!(
        with(&["--nation", "wales"])
            .contains("known are england-and-wales, scotland, northern-ireland")
    );
    assert!(with(&["--category", "bins/lost"]).contains("has no category \"bins/lost\""));
    let unknown = refused(&[
        "--standard",
        "ombudsman",
        "--received",
        "2026-11-20T10:00:00Z",
    ]);
    assert!(unknown.contains(
        "there is no standard \"ombudsman\"; known are adults-complaint, awaab-emergency"
    ));
    assert!(
        refused(&["--received", "2026-11-20T10:00:00Z"]).contains("name a standard or a category")
    );
}

#[test]
fn what_is_beyond_the_cap_or_misspelt_is_refused() {
    let foi = |more: &[&str]| {
        let base = ["--standard", "foi", "--received", "2026-11-20T10:00:00Z"];
        refused(&[base.as_slice(), more].concat())
    };
    assert!(
        foi(&["--extend", "respond=21wd"])
            .contains("respond can be moved to 2027-01-22 at the latest")
    );
    assert!(
        foi(&["--extend", "respond=2mo"]).contains("2 months cannot be added to 20 working days")
    );
    assert!(
        foi(&["--extend", "respond=5wd", "--extend", "respond=5wd"])
            .contains("as often as the standard allows")
    );
    assert!(foi(&["--extend", "respond=soon"]).contains("is not a length"));
    assert!(foi(&["--extend", "respond"]).contains("expected a name, = and a value"));
    assert!(
        foi(&["--event", "clarified=yesterday"]).contains("expected an instant with its offset")
    );
    assert!(
        foi(&["--event", "clarified=2026-11-21T10:00:00"])
            .contains("expected an instant with its offset")
    );
    assert!(foi(&["--pause", "2026-11-21T10:00:00Z"]).contains("expected from/to"));
    assert!(
        foi(&["--pause", "2026-11-22T10:00:00Z/2026-11-21T10:00:00Z"])
            .contains("ends before it begins")
    );
    assert!(foi(&["--now", "today"]).contains("now \"today\""));
}

#[test]
fn the_time_decides_states_and_never_dates() {
    let at = |now| {
        json(&[
            "--standard",
            "foi",
            "--received",
            "2026-11-20T10:00:00Z",
            "--now",
            now,
        ])["clocks"][0]
            .clone()
    };
    let (early, late) = (at("2026-11-21T00:00:00Z"), at("2027-06-01T00:00:00Z"));
    assert_eq!(
        (&early["state"], &late["state"]),
        (&"running".into(), &"missed".into())
    );
    assert_eq!(
        (&early["due_at"], &early["days"]),
        (&late["due_at"], &late["days"])
    );
}

#[test]
fn text_is_a_paragraph_for_every_clock() {
    let answered = ask(
        &[
            "--standard",
            "charter",
            "--received",
            "2026-11-20T10:00:00Z",
            "--format",
            "text",
        ],
        "",
    );
    assert_eq!(answered.code, 0);
    assert!(answered.out.starts_with("acknowledge\nWe received it"));
    assert!(answered.out.contains("\n\nrespond\n"));
}

#[test]
fn a_batch_answers_every_line_and_stops_at_none() {
    let lines = [
        r#"{"standard":"foi","received":"2026-06-08T10:00:00Z"}"#,
        r#"{"standard":"nothing","received":"2026-06-08T10:00:00Z"}"#,
        "not json",
        "",
        r#"{"standard":"sar","received":"2026-12-31T10:00:00Z","extend":{"respond":"2mo"},"events":{},"pauses":[],"nation":null}"#,
        r#"{"standard":"foi","received":"2026-06-08T10:00:00Z","recieved":"x"}"#,
        r#"{"standard":"complaint","received":"2026-12-18T10:00:00Z","events":{"acknowledged":"2026-12-22T10:00:00Z"},"extend":{"respond":{"working_days":10}},"now":"2027-02-01T00:00:00Z"}"#,
        r#"{"category":"street-cleansing/needles","received":"2026-11-20T10:00:00Z"}"#,
    ];
    let answered = ask(&["--batch"], &lines.join("\n"));
    assert_eq!((answered.code, answered.err.as_str()), (0, ""));
    let answers: Vec<serde_json::Value> = answered
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers.len(), lines.len());
    assert_eq!(answers[0]["clocks"][0]["due_on"], "2026-07-07");
    for n in [1, 2, 3, 5] {
        assert!(answers[n]["error"].as_str().unwrap().len() > 10, "{n}");
    }
    assert_eq!(answers[4]["clocks"][0]["due_on"], "2027-03-31");
    assert_eq!(answers[6]["clocks"][1]["due_on"], "2027-01-22");
    assert_eq!(answers[6]["clocks"][1]["state"], "missed");
    assert_eq!(answers[7]["clocks"][1]["due_at"], "2026-11-21T10:00:00Z");
}

#[test]
fn bytes_that_are_no_text_are_a_refusal_of_their_line_only() {
    let args = Typed::try_parse_from(["reeve", "--batch"]).unwrap().args;
    let (calendar, calendars) = (northmere(), BTreeMap::new());
    let sources = Sources {
        standards: ready(),
        calendar: &calendar,
        calendars: &calendars,
        category: &category,
        default_standard: "charter",
        now: at("2026-11-20T12:00:00Z"),
    };
    let mut input: &[u8] =
        b"{\"standard\":\"\xff\"}\n{\"standard\":\"foi\",\"received\":\"2026-06-08T10:00:00Z\"}\n";
    let mut out = Vec::new();
    run(&args, &sources, &mut input, &mut out, &mut Vec::new()).unwrap();
    let out = String::from_utf8(out).unwrap();
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].starts_with("{\"error\":") && lines[1].starts_with("{\"standard\":\"foi\""));
}

#[test]
fn a_question_without_a_receipt_is_refused() {
    assert!(Typed::try_parse_from(["reeve", "--standard", "foi"]).is_err());
    let answered = ask(&["--batch"], r#"{"standard":"foi"}"#);
    assert_eq!(answered.out, "{\"error\":\"received is missing\"}\n");
}

#[test]
fn instants_at_the_ends_of_time_are_answered() {
    for received in ["9999-12-30T22:00:00Z", "-009998-01-02T00:00:00Z"] {
        let line = format!(r#"{{"standard":"sar","received":"{received}"}}"#);
        let answered = ask(&["--batch"], &line);
        assert!(answered.out.contains("\"due_on\""), "{}", answered.out);
    }
}

#[test]
fn an_emergency_is_promised_in_the_hours_of_its_category() {
    let due = |category: &str| {
        let answer = json(&[
            "--standard",
            "emergency-24x7",
            "--category",
            category,
            "--received",
            "2026-11-23T11:00:00Z",
        ]);
        answer["clocks"][0]["due_at"].clone()
    };
    assert_eq!(due("street-cleansing/needles"), "2026-11-24T11:00:00Z");
    assert_eq!(due("street-cleansing/collapse"), "2026-11-23T13:00:00Z");
    // Twenty working days are those of the standard it names, and no hours.
    assert_eq!(due("information-governance/foi"), "2026-11-24T11:00:00Z");
}

#[test]
fn an_extension_is_not_late_because_of_what_happened_afterwards() {
    let words = |more: &[&str]| {
        let asked = [
            "--standard",
            "foi",
            "--received",
            "2026-06-08T10:00:00Z",
            "--extend",
            "respond=20wd",
            "--now",
            "2026-07-10T10:00:00Z",
        ];
        let answer = json(&[&asked[..], more].concat());
        answer["clocks"][0]["words"].as_str().unwrap().to_owned()
    };
    for more in [&[][..], &["--event", "responded=2026-07-20T10:00:00Z"]] {
        let words = words(more);
        assert!(!words.contains("was not kept"), "{words}");
        assert!(words.contains("before it was moved. "), "{words}");
    }
}

#[test]
fn what_is_said_twice_is_refused_and_not_half_taken() {
    let asked = [
        "--standard",
        "complaint",
        "--received",
        "2026-06-08T10:00:00Z",
    ];
    let twice = [
        "--event",
        "acknowledged=2026-06-09T10:00:00Z",
        "--event",
        "acknowledged=2026-06-10T10:00:00Z",
    ];
    assert_eq!(
        refused(&[&asked[..], &twice].concat()),
        "reeve explain: --event: \"acknowledged\" is given twice; say each once\n"
    );
    // An extension on top of another is for the standard to refuse.
    let longer = ["--extend", "respond=1wd", "--extend", "respond=2wd"];
    assert!(refused(&[&asked[..], &longer].concat()).contains("as often as the standard allows"));
    let line = |said: &str| {
        let line =
            format!(r#"{{"standard":"complaint","received":"2026-06-08T10:00:00Z",{said}}}"#);
        ask(&["--batch"], &line).out
    };
    assert!(
        line(r#""events":{"acknowledged":"2026-06-09T10:00:00Z","acknowledged":"2026-06-10T10:00:00Z"}"#)
            .contains("is given twice")
    );
    assert!(line(r#""extend":{"respond":"1wd","respond":"2wd"}"#).contains("is given twice"));
}

#[test]
fn a_line_that_is_no_question_is_told_why_in_plain_words() {
    let told = |line: &str| {
        let answered = ask(&["--batch"], &format!("{line}\n"));
        let told: serde_json::Value = serde_json::from_str(answered.out.trim()).unwrap();
        told["error"].as_str().unwrap().to_owned()
    };
    assert_eq!(told(""), "not a question: the line is empty");
    assert_eq!(
        told(r#"["foi", "2026-06-08T10:00:00Z"]"#),
        "not a question: expected an object in braces, one a line"
    );
    let of_foi = |more: &str| {
        told(&format!(
            r#"{{"standard":"foi","received":"2026-06-08T10:00:00Z"{more}}}"#
        ))
    };
    for told in [
        told("7"),
        of_foi(r#","extend":{"respond":true}"#),
        of_foi(r#","events":["responded"]"#),
        of_foi(r#","event":{}"#),
    ] {
        for inner in ["struct", "enum", "Line", "Length", "line 1", "line 2"] {
            assert!(!told.contains(inner), "{told}");
        }
    }
    assert!(of_foi(r#","extend":{"respond":true}"#).contains("a length such as \"20wd\""));
    let far = r#"{"standard":"foi","received":"2026-06-08T10:00:00+25:00"}"#;
    assert!(
        told(far).contains("expected an instant with its offset"),
        "{}",
        told(far)
    );
}
