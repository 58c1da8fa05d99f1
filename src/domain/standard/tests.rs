//! The ready standards, and what a category makes of them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::{
    Acknowledgement, ClockSpec, CountsOn, Figures, LateAt, Role, Standard, Target, TargetRule,
};

/// Every standard in `config/standards`, by slug.
pub(crate) fn ready() -> &'static BTreeMap<String, Standard> {
    static READY: LazyLock<BTreeMap<String, Standard>> = LazyLock::new(read_all);
    &READY
}

fn read_all() -> BTreeMap<String, Standard> {
    static FILES: include_dir::Dir<'_> =
        include_dir::include_dir!("$CARGO_MANIFEST_DIR/config/standards");
    let standards = FILES.files().map(|file| {
        let text = file.contents_utf8().unwrap();
        let standard: Standard =
            toml::from_str(text).unwrap_or_else(|error| panic!("{:?}: {error}", file.path()));
        let named = format!("{}.toml", standard.slug);
        assert_eq!(file.path().to_str(), Some(named.as_str()));
        (standard.slug.clone(), standard)
    });
    standards.collect()
}

/// A standard for a category without figures of its own.
pub(crate) fn standard(slug: &str) -> Standard {
    ready()[slug].resolve(&Figures::default(), false)
}

fn clock(slug: &str, name: &str) -> ClockSpec {
    standard(slug).clock(name).unwrap().clone()
}

#[test]
fn every_ready_standard_can_be_kept_and_says_where_it_comes_from() {
    let ready = ready();
    assert_eq!(ready.len(), 23);
    for (slug, standard) in ready {
        assert_eq!(standard.faults(), Vec::<String>::new(), "{slug}");
        assert!(
            !standard.source.is_empty() && standard.version == 1,
            "{slug}"
        );
        assert!(!standard.clocks.is_empty(), "{slug}");
    }
}

#[test]
fn the_targets_are_those_of_the_codes() {
    use Target::{Days, Hours, Months, Weeks, WorkingDays};
    let expected: [(&str, Clocks); 23] = [
        (
            "charter",
            &[
                ("acknowledge", "received", WorkingDays(1)),
                ("respond", "received", WorkingDays(10)),
            ],
        ),
        (
            "member-enquiry",
            &[
                ("acknowledge", "received", WorkingDays(1)),
                ("respond", "received", WorkingDays(10)),
            ],
        ),
        ("complaint", COMPLAINT),
        ("complaint-housing", COMPLAINT),
        ("foi", &[("respond", "received", WorkingDays(20))]),
        ("eir", &[("respond", "received", WorkingDays(20))]),
        ("foisa", &[("respond", "received", WorkingDays(20))]),
        ("foi-review", &[("respond", "received", WorkingDays(20))]),
        ("sar", &[("respond", "received", Months(1))]),
        ("dp-complaint", &[("acknowledge", "received", Days(30))]),
        (
            "childrens-complaint",
            &[
                ("respond", "received", WorkingDays(10)),
                ("stage_2_respond", "stage_2_started", WorkingDays(25)),
                ("stage_3_panel", "panel_requested", WorkingDays(30)),
            ],
        ),
        (
            "adults-complaint",
            &[
                ("acknowledge", "received", WorkingDays(3)),
                ("respond", "received", WorkingDays(30)),
            ],
        ),
        ("spso-complaint", MODEL_PROCEDURE),
        ("nipso-complaint", MODEL_PROCEDURE),
        (
            "psow-complaint",
            &[
                ("early_resolution", "received", WorkingDays(10)),
                ("stage_2_acknowledge", "escalated", WorkingDays(5)),
                ("stage_2_respond", "escalated", WorkingDays(20)),
            ],
        ),
        ("awaab-emergency", &[("make_safe", "received", Hours(24))]),
        (
            "awaab-significant",
            &[
                ("investigate", "received", WorkingDays(10)),
                ("summary", "concluded", WorkingDays(3)),
                ("make_safe", "concluded", WorkingDays(5)),
                ("further_works", "concluded", Days(84)),
            ],
        ),
        ("emergency-24x7", &[("respond", "received", Hours(24))]),
        (
            "insurance-claim",
            &[
                ("acknowledge", "received", Days(21)),
                ("respond", "acknowledged", Months(3)),
            ],
        ),
        ("school-appeal", &[("hearing", "received", WorkingDays(30))]),
        (
            "ehc-request",
            &[
                ("decide", "received", Weeks(6)),
                ("final_plan", "received", Weeks(20)),
            ],
        ),
        (
            "penalty-charge-challenge",
            &[("respond", "received", Days(56))],
        ),
        (
            "highways-two-dates",
            &[
                ("acknowledge", "received", WorkingDays(1)),
                ("inspect", "received", WorkingDays(5)),
                ("repair", "received", WorkingDays(10)),
            ],
        ),
    ];
    for (slug, clocks) in expected {
        let standard = standard(slug);
        let found: Vec<(&str, &str, Target)> = standard
            .clocks
            .iter()
            .map(|clock| {
                (
                    clock.name.as_str(),
                    clock.starts.as_str(),
                    clock.target().unwrap(),
                )
            })
            .collect();
        assert_eq!(found, clocks, "{slug}");
    }
}

/// Name, start and target of each clock.
type Clocks = &'static [(&'static str, &'static str, Target)];

const COMPLAINT: Clocks = &[
    ("acknowledge", "received", Target::WorkingDays(5)),
    ("respond", "acknowledged", Target::WorkingDays(10)),
    ("stage_2_acknowledge", "escalated", Target::WorkingDays(5)),
    (
        "stage_2_respond",
        "stage_2_acknowledged",
        Target::WorkingDays(20),
    ),
];

const MODEL_PROCEDURE: Clocks = &[
    ("respond", "received", Target::WorkingDays(5)),
    ("stage_2_acknowledge", "escalated", Target::WorkingDays(3)),
    ("stage_2_respond", "escalated", Target::WorkingDays(20)),
];

#[test]
fn a_standard_names_its_clocks_in_their_order() {
    assert_eq!(standard("foi").clock_names(), ["respond"]);
    assert_eq!(
        standard("awaab-significant").clock_names(),
        ["investigate", "summary", "make_safe", "further_works"]
    );
}

#[test]
fn only_charter_and_member_clocks_have_a_cut_off_and_closures() {
    let ours = ["charter", "member-enquiry", "highways-two-dates"];
    for (slug, standard) in ready() {
        for clock in &standard.clocks {
            let charter = ours.contains(&slug.as_str());
            assert_eq!(clock.cut_off, charter, "{slug}");
            assert_eq!(clock.closures, charter, "{slug}");
            assert_eq!(clock.late_at == LateAt::Closing, charter, "{slug}");
            let pausable = ["charter", "member-enquiry", "sar"].contains(&slug.as_str());
            assert_eq!(clock.pause.is_some(), pausable, "{slug}");
        }
    }
}

#[test]
fn officers_acknowledge_where_the_code_asks_for_words_of_their_own() {
    let ready = ready();
    let kind = |slug: &str| ready[slug].acknowledgement;
    for slug in [
        "complaint",
        "complaint-housing",
        "member-enquiry",
        "adults-complaint",
        "dp-complaint",
    ] {
        assert_eq!(kind(slug), Acknowledgement::Officer, "{slug}");
    }
    for slug in ["spso-complaint", "nipso-complaint", "psow-complaint"] {
        assert_eq!(kind(slug), Acknowledgement::Officer, "{slug}");
    }
    for slug in ["foi", "sar", "childrens-complaint"] {
        assert_eq!(kind(slug), Acknowledgement::None, "{slug}");
        assert!(ready[slug].acknowledge_clock().is_none(), "{slug}");
    }
    assert_eq!(kind("charter"), Acknowledgement::Automatic);
}

#[test]
fn every_ready_standard_but_the_data_protection_complaint_has_an_answer() {
    for (slug, standard) in ready() {
        assert_eq!(
            standard.answer_clock().is_some(),
            slug != "dp-complaint",
            "{slug}"
        );
        let n = |role| {
            standard
                .clocks
                .iter()
                .filter(|clock| clock.role == role)
                .count()
        };
        assert!(
            n(Role::Answer) <= 1 && n(Role::Acknowledgement) <= 1,
            "{slug}"
        );
    }
}

fn charter(figures: Figures, emergency: bool) -> Vec<(String, Target)> {
    let standard = ready()["charter"].resolve(&figures, emergency);
    standard
        .clocks
        .iter()
        .map(|clock| (clock.name.clone(), clock.target().unwrap()))
        .collect()
}

fn both(acknowledge: Target, respond: Target) -> Vec<(String, Target)> {
    vec![
        ("acknowledge".to_owned(), acknowledge),
        ("respond".to_owned(), respond),
    ]
}

#[test]
fn a_category_without_figures_gets_one_and_ten_days() {
    assert_eq!(
        charter(Figures::default(), false),
        both(Target::WorkingDays(1), Target::WorkingDays(10))
    );
}

#[test]
fn hours_are_elapsed_for_emergencies_and_opening_hours_otherwise() {
    let figures = Figures {
        acknowledge: Some(Target::Hours(4)),
        respond: Some(Target::Hours(24)),
        no_answer: false,
    };
    assert_eq!(
        charter(figures, false),
        both(Target::WorkingHours(4), Target::WorkingHours(24))
    );
    assert_eq!(
        charter(figures, true),
        both(Target::Hours(4), Target::Hours(24))
    );
    let mixed = Figures {
        respond: Some(Target::WorkingDays(2)),
        ..figures
    };
    assert_eq!(
        charter(mixed, true),
        both(Target::Hours(4), Target::WorkingDays(2))
    );
}

#[test]
fn a_category_that_gives_no_answer_date_has_no_answer_clock() {
    let figures = Figures {
        acknowledge: Some(Target::WorkingDays(2)),
        respond: None,
        no_answer: true,
    };
    assert_eq!(
        charter(figures, false),
        vec![("acknowledge".to_owned(), Target::WorkingDays(2))]
    );
    let silent = Figures {
        no_answer: true,
        ..Figures::default()
    };
    assert_eq!(
        charter(silent, false),
        vec![("acknowledge".to_owned(), Target::WorkingDays(1))]
    );
}

#[test]
fn an_emergency_runs_day_and_night_whatever_its_category_is_marked() {
    let figures = Figures {
        respond: Some(Target::Hours(2)),
        ..Figures::default()
    };
    let emergency = &ready()["emergency-24x7"];
    assert_eq!(
        emergency.resolve(&figures, false).clocks[0].target(),
        Some(Target::Hours(2))
    );
    let days = Figures {
        respond: Some(Target::WorkingDays(5)),
        ..Figures::default()
    };
    assert_eq!(
        emergency.resolve(&days, true).clocks[0].target(),
        Some(Target::Hours(24))
    );
}

#[test]
fn figures_of_a_category_never_change_a_fixed_target() {
    let figures = Figures {
        acknowledge: Some(Target::Hours(1)),
        respond: Some(Target::WorkingDays(3)),
        no_answer: false,
    };
    let foi = &ready()["foi"];
    assert_eq!(foi.resolve(&figures, true), *foi);
}

#[test]
fn a_standard_read_back_is_the_same() {
    for (slug, standard) in ready() {
        let json = serde_json::to_string(&standard).unwrap();
        assert_eq!(
            serde_json::from_str::<Standard>(&json).unwrap(),
            *standard,
            "{slug}"
        );
        let toml = toml::to_string(&standard).unwrap();
        assert_eq!(
            toml::from_str::<Standard>(&toml).unwrap(),
            *standard,
            "{slug}"
        );
    }
}

#[test]
fn each_stage_of_a_complaint_has_an_acknowledgement_of_its_own() {
    let complaint = standard("complaint");
    let name = |stage| {
        complaint
            .acknowledge_clock_of(stage)
            .map(|clock| clock.name.as_str())
    };
    assert_eq!(
        [name(0), name(1), name(2), name(3)],
        [
            Some("acknowledge"),
            Some("acknowledge"),
            Some("stage_2_acknowledge"),
            None
        ]
    );
    let acknowledging: Vec<&str> = complaint
        .clocks
        .iter()
        .filter(|clock| clock.is_acknowledgement())
        .map(|clock| clock.name.as_str())
        .collect();
    assert_eq!(acknowledging, ["acknowledge", "stage_2_acknowledge"]);
    let mut odd = clock("complaint", "stage_2_respond");
    odd.name = "summary_acknowledge".to_owned();
    assert!(!odd.is_acknowledgement(), "of no stage");
}

#[test]
fn every_event_of_a_standard_is_named_once_and_the_receipt_never() {
    for (slug, standard) in ready() {
        let events = standard.events();
        let mut once = events.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), events.len(), "{slug}: {events:?}");
        assert!(!events.contains(&"received"), "{slug}: {events:?}");
    }
    assert!(standard("complaint").events().contains(&"escalated"));
}

#[test]
fn a_standard_says_no_more_than_it_was_told() {
    let written = |slug: &str| serde_json::to_value(&ready()[slug]).unwrap();
    let foi = written("foi");
    assert!(
        foi.get("acknowledgement").is_none(),
        "there is none: {foi:#}"
    );
    let charter = written("charter");
    assert!(charter.get("acknowledgement").is_some(), "{charter:#}");
    for slug in ["complaint", "charter", "awaab-significant"] {
        let (standard, written) = (&ready()[slug], written(slug));
        for (clock, written) in standard
            .clocks
            .iter()
            .zip(written["clocks"].as_array().unwrap())
        {
            let has_role = written.get("role").is_some();
            assert_eq!(has_role, clock.role != Role::Other, "{slug} {}", clock.name);
            if let Some(rule) = &clock.extension {
                let written = &written["extension"];
                assert_eq!(written.get("when_late").is_some(), rule.when_late, "{slug}");
                let tells = written.get("tells_ombudsman").is_some();
                assert_eq!(tells, rule.tells_ombudsman, "{slug}");
            }
        }
    }
}

#[test]
fn a_laxer_figure_than_the_codes_is_named() {
    let code = standard("complaint");
    let mut ours = code.clone();
    ours.clocks[1].target = TargetRule::Fixed(Target::WorkingDays(20));
    ours.clocks.remove(2);
    let found: Vec<String> = ours
        .laxer_than(&code)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        found,
        [
            "respond: 20 working days is laxer than the 10 working days of the code",
            "respond: 30 working days with its extension is laxer than the 20 working days of the code",
            "stage_2_acknowledge: the code promises 5 working days, this standard has no such clock",
        ]
    );
}

#[test]
fn a_stricter_figure_than_the_codes_is_welcome() {
    let code = standard("complaint");
    let mut ours = code.clone();
    ours.clocks[0].target = TargetRule::Fixed(Target::WorkingDays(3));
    ours.clocks[1].extension = None;
    assert_eq!(ours.laxer_than(&code), []);
    assert_eq!(code.laxer_than(&code), []);
}

#[test]
fn every_fault_of_a_standard_is_named() {
    let mut wrong = standard("complaint");
    wrong.version = 0;
    wrong.clocks[0].target = TargetRule::Fixed(Target::WorkingDays(0));
    wrong.clocks[1].projected_from = Some("stage_2_respond".to_owned());
    wrong.clocks[2].name = "acknowledge".to_owned();
    wrong.clocks[2].stops_on.clear();
    let rule = wrong.clocks[3].extension.as_mut().unwrap();
    rule.in_all = Some(Target::Months(2));
    rule.times = 0;
    let faults = wrong.faults().join("; ");
    for part in [
        "version: versions begin at 1",
        "acknowledge: 0 working days is not a length",
        "respond: projected_from: stage_2_respond is not an earlier clock",
        "acknowledge: there is already a clock of this name",
        "acknowledge: stops_on: nothing could ever meet it",
        "stage_2_respond: projected_from: stage_2_acknowledge is not an earlier clock",
        "extension: give either more or in_all",
        "extension: in_all must be longer than the target, in its unit",
        "extension: times must be at least 1",
    ] {
        assert!(faults.contains(part), "{part} is not in {faults}");
    }
}

#[test]
fn a_clock_names_whose_days_it_counts() {
    assert_eq!(clock("foi", "respond").calendar, CountsOn::AnyUk);
    assert_eq!(clock("sar", "respond").calendar, CountsOn::Nation);
    assert_eq!(
        CountsOn::from("terms".to_owned()),
        CountsOn::Named("terms".to_owned())
    );
    for word in ["nation", "any-uk", "scotland", "no-holidays", "terms"] {
        assert_eq!(String::from(CountsOn::from(word.to_owned())), word);
    }
}

#[test]
fn a_length_has_a_short_form() {
    let all = [
        ("20wd", Target::WorkingDays(20)),
        ("8wh", Target::WorkingHours(8)),
        ("24h", Target::Hours(24)),
        ("30d", Target::Days(30)),
        ("6w", Target::Weeks(6)),
        ("2mo", Target::Months(2)),
    ];
    for (text, target) in all {
        assert_eq!(text.parse(), Ok(target));
    }
    for wrong in [
        "",
        "wd",
        "20",
        "-1wd",
        "20 wd",
        "20WD",
        "99999999999wd",
        "2m",
    ] {
        assert!(wrong.parse::<Target>().is_err(), "{wrong}");
    }
}
