//! Requests for information in figures: how many, how many in time, what was given and what withheld.

use super::complaints::standard_of;
use super::stages::{self, StageColumn, Told, grouped};
use super::{Made, Wanted};
use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::domain::access::Readers;
use crate::domain::case::Procedure;
use crate::domain::decision::asks_for_information;
use crate::domain::report::{ColumnKind, Definition};
use crate::domain::stage_figures::{StageFacts, StageSums};
use crate::store::{Conn, stage_measures};

pub(super) const COLUMNS: &[StageColumn] = &[
    ("received", "Requests", ColumnKind::Count, "received"),
    (
        "answered_in_time",
        "Answered in time",
        ColumnKind::Count,
        "answered",
    ),
    ("answered_of", "of those due", ColumnKind::Count, "answered"),
    (
        "answered_percent",
        "Answered in time, per cent",
        ColumnKind::Percent,
        "percent",
    ),
    (
        "median_working_days",
        "Half answered within, working days",
        ColumnKind::WorkingDays,
        "working_days",
    ),
    (
        "p90_working_days",
        "Nine of ten answered within, working days",
        ColumnKind::WorkingDays,
        "working_days",
    ),
    (
        "extended",
        "Given a later date",
        ColumnKind::Count,
        "extended",
    ),
    ("granted", "Information given", ColumnKind::Count, "decided"),
    (
        "partly_granted",
        "Given in part",
        ColumnKind::Count,
        "decided",
    ),
    ("refused", "Refused", ColumnKind::Count, "decided"),
    ("not_held", "Not held", ColumnKind::Count, "decided"),
    (
        "not_accepted",
        "Not dealt with",
        ColumnKind::Count,
        "decided",
    ),
    (
        "undecided",
        "Answered, decision not recorded",
        ColumnKind::Count,
        "undecided",
    ),
];

/// What each figure means.
pub(super) const DEFINITIONS: &[(&str, &str)] = &[
    (
        "received",
        "Requests that reached us in the period, by the local date of receipt. Requests for information and for \
         environmental information are counted together. Requests for one's own data, and for a review of a \
         decision about information, each have a line of their own and are not among them.",
    ),
    (
        "answered",
        "Answered in time: the answer was given before the first date the person was given. For a freedom of \
         information request that is twenty working days from receipt, or from the day the request was made clear. A \
         later date changes nothing. Due: those that were answered, or whose first date has passed.",
    ),
    ("percent", "In time, of a hundred of those due, to a tenth."),
    (
        "working_days",
        "Half, and nine of ten, of the answers took no longer than this. Working days from receipt to the answer, on \
         the calendar of the request's own law; the same day is 0.",
    ),
    ("extended", "Requests whose answer was given a later date."),
    (
        "decided",
        "What was recorded as decided. Not dealt with: vexatious or repeated requests, those beyond the limit of \
         cost, and the like.",
    ),
    (
        "undecided",
        "Answered, and nobody has recorded what was decided. As long as there are any, the other figures of \
         decisions are too low.",
    ),
    (
        "because",
        "The reason recorded with a request that was not dealt with.",
    ),
    (
        "exemptions",
        "Requests in which information was withheld under this section (s) or regulation (r). One may have several.",
    ),
];

/// What is not in it.
const LEAVES_OUT: &[&str] = &[
    "Requests that only named people may know of. They are in no figure.",
    "Names, references, what was asked and what was answered.",
    "Complaints to the Information Commissioner, unless they came back as a request for review.",
    "What was recorded or put right after this was made.",
];

/// The standard by which a decision about information is reviewed.
const REVIEW: &str = "foi-review";
/// The standard of requests for one's own data.
const OWN_DATA: &str = "sar";

/// What stands in one line: requests under the two laws on information together, the others each alone.
fn law_of(facts: &StageFacts) -> (String, String) {
    let (key, name) = match facts.standard.as_str() {
        OWN_DATA => ("subject_access", "Requests for one’s own data"),
        REVIEW => ("reviews", "Reviews of a decision about information"),
        _ => (
            "all",
            "Requests for information and environmental information",
        ),
    };
    (key.to_owned(), name.to_owned())
}

/// Makes it.
pub(super) fn made(
    conn: &mut Conn,
    at: &Moment,
    wanted: &Wanted,
    readers: Readers,
) -> Result<Made, Failure> {
    let procedures: Vec<&str> = Procedure::ALL
        .iter()
        .filter(|procedure| asks_for_information(**procedure))
        .map(|procedure| procedure.as_str())
        .collect();
    let period = (wanted.period.from_on, wanted.period.to_on);
    let all = stage_measures::began_between(conn, &procedures, period)?;
    let own: Vec<&StageFacts> = all.iter().filter(|facts| facts.stage == 1).collect();
    let sums = StageSums::of(own.iter().copied(), at.now);
    let by_standard = |facts: &StageFacts| {
        let (_, name) = standard_of(at, facts);
        let name = name.trim_end_matches(", stage 1").to_owned();
        (facts.standard.clone(), name)
    };
    let tables = vec![
        stages::table(
            ("all", "All together, by the law they are under"),
            COLUMNS,
            grouped(own.iter().copied(), law_of),
            at.now,
            Told::All,
        ),
        stages::table(
            ("standards", "By kind of request"),
            COLUMNS,
            grouped(own.iter().copied(), by_standard),
            at.now,
            Told::All,
        ),
        stages::counts(
            (
                "exemptions",
                "Under what information was withheld",
                "Requests",
                "exemptions",
            ),
            sums.exemptions
                .iter()
                .map(|(name, n)| (name.clone(), name.clone(), *n)),
        ),
        stages::counts(
            (
                "refusals",
                "Why requests were not dealt with",
                "Requests",
                "because",
            ),
            sums.because
                .iter()
                .map(|(because, n)| (because.to_string(), because.label().to_owned(), *n)),
        ),
    ];
    Ok(Made {
        title: "Requests for information".to_owned(),
        scope: None,
        readers,
        tables,
        definitions: Definition::all(DEFINITIONS),
        leaves_out: LEAVES_OUT.iter().map(|text| (*text).to_owned()).collect(),
    })
}
