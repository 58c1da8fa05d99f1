//! A period of complaints, with what the Ombudsman's code asks a yearly report to say.

use super::stages::{self, StageColumn, Told, grouped};
use super::{Made, Wanted};
use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::domain::access::Readers;
use crate::domain::case::Procedure;
use crate::domain::decision::{Decision, is_complaint};
use crate::domain::report::{Column, ColumnKind, Definition, Row, Table};
use crate::domain::stage_figures::{StageFacts, StageSums};
use crate::store::{Conn, stage_measures};

pub(super) const COLUMNS: &[StageColumn] = &[
    ("received", "Complaints", ColumnKind::Count, "received"),
    (
        "not_accepted",
        "Not accepted",
        ColumnKind::Count,
        "not_accepted",
    ),
    (
        "acknowledged_in_time",
        "Acknowledged in time",
        ColumnKind::Count,
        "acknowledged",
    ),
    (
        "acknowledged_of",
        "of those promised an acknowledgement",
        ColumnKind::Count,
        "acknowledged",
    ),
    (
        "acknowledged_percent",
        "Acknowledged in time, per cent",
        ColumnKind::Percent,
        "percent",
    ),
    (
        "answered_in_time",
        "Answered in time",
        ColumnKind::Count,
        "answered",
    ),
    (
        "answered_of",
        "of those promised an answer",
        ColumnKind::Count,
        "answered",
    ),
    (
        "answered_percent",
        "Answered in time, per cent",
        ColumnKind::Percent,
        "percent",
    ),
    (
        "extended",
        "Given a later date",
        ColumnKind::Count,
        "extended",
    ),
    ("upheld", "Upheld", ColumnKind::Count, "decided"),
    (
        "partly_upheld",
        "Partly upheld",
        ColumnKind::Count,
        "decided",
    ),
    ("not_upheld", "Not upheld", ColumnKind::Count, "decided"),
    (
        "undecided",
        "Answered, decision not recorded",
        ColumnKind::Count,
        "undecided",
    ),
    (
        "went_on",
        "Went on to the next stage",
        ColumnKind::Count,
        "went_on",
    ),
];

/// What each figure means.
pub(super) const DEFINITIONS: &[(&str, &str)] = &[
    (
        "received",
        "Complaints whose stage began in the period, by the local date: at stage 1 those that reached us, at a later \
         stage those that somebody asked us to look at again. Complaints about a service, about how personal data \
         was used, and those of adults' and children's social care.",
    ),
    (
        "not_accepted",
        "Complaints that were not looked into, with the reason given to the person. They are among those received.",
    ),
    (
        "acknowledged",
        "Acknowledged in time: an acknowledgement reached the person before the first date they were given for it. \
         Promised: those that were promised one at this stage, and where it was sent or its first date has passed.",
    ),
    (
        "answered",
        "Answered in time: the answer of this stage was given before the first date the person was given for it. A \
         later date, for whatever reason, changes nothing. Promised: those where it was given or its first date has \
         passed. A complaint withdrawn before that date is not in it.",
    ),
    (
        "percent",
        "In time, of a hundred of those promised, to a tenth.",
    ),
    (
        "extended",
        "Complaints whose answer at this stage was given a later date, with the reason told to the person and how to \
         reach the Ombudsman.",
    ),
    (
        "decided",
        "What was recorded as decided at this stage: upheld, partly upheld or not upheld. The last word about a stage \
         counts.",
    ),
    (
        "undecided",
        "Answered at this stage, and nobody has recorded whether it was upheld. As long as there are any, the other \
         figures of decisions are too low.",
    ),
    (
        "went_on",
        "Complaints of this stage that were looked at again at a later one, whenever that began.",
    ),
    (
        "because",
        "The reason recorded with a complaint that was not accepted.",
    ),
    (
        "remedies",
        "Complaints for which this was recorded as done for the person, at any stage. One may have several.",
    ),
    (
        "learning",
        "What is done so that it does not happen again, as it was recorded with a decision: what kind of improvement, \
         of which service, who answers for it, and by when.",
    ),
    (
        "ombudsman",
        "What the Ombudsman found, of complaints where that was recorded in the period. The Ombudsman's yearly letter \
         counts by its own dates.",
    ),
];

/// What is not in it.
const LEAVES_OUT: &[&str] = &[
    "Complaints that only named people may know of, such as those about a member of staff. They are in no figure.",
    "Requests for a service, also when they are made again: they are no complaints.",
    "Names, references and anything people wrote, also what is learnt in words: that stands on the case.",
    "The self-assessment against the Ombudsman's code, the Ombudsman's yearly letter, and the response of those who \
     govern the council. They are published beside this report.",
    "What was recorded or put right after this was made.",
];

/// Makes it.
pub(super) fn made(
    conn: &mut Conn,
    at: &Moment,
    wanted: &Wanted,
    readers: Readers,
) -> Result<Made, Failure> {
    let procedures: Vec<&str> = Procedure::ALL
        .iter()
        .filter(|procedure| is_complaint(**procedure))
        .map(|procedure| procedure.as_str())
        .collect();
    let period = (wanted.period.from_on, wanted.period.to_on);
    let all = stage_measures::began_between(conn, &procedures, period)?;
    let (ombudsman, own): (Vec<&StageFacts>, Vec<&StageFacts>) =
        all.iter().partition(|facts| facts.stage == 0);
    let stage_of = |facts: &StageFacts| {
        (
            format!("stage_{}", facts.stage),
            format!("Stage {}", facts.stage),
        )
    };
    let of_all =
        |key, caption, lines, how| stages::table((key, caption), COLUMNS, lines, at.now, how);
    let sums = StageSums::of(own.iter().copied(), at.now);
    let tables = vec![
        of_all(
            "stages",
            "All complaints, by stage",
            grouped(own.iter().copied(), stage_of),
            Told::All,
        ),
        of_all(
            "standards",
            "By kind of complaint and stage",
            grouped(own.iter().copied(), |facts| standard_of(at, facts)),
            Told::Folded,
        ),
        of_all(
            "services",
            "At stage 1, by service",
            grouped(
                own.iter().copied().filter(|facts| facts.stage == 1),
                |facts| (facts.service.clone(), service_name(at, &facts.service)),
            ),
            Told::Folded,
        ),
        stages::counts(
            (
                "refusals",
                "Why complaints were not accepted",
                "Complaints",
                "because",
            ),
            sums.because
                .iter()
                .map(|(because, n)| (because.to_string(), because.label().to_owned(), *n)),
        ),
        stages::counts(
            (
                "remedies",
                "What was done for the person",
                "Complaints",
                "remedies",
            ),
            sums.remedies
                .iter()
                .map(|(remedy, n)| (remedy.to_string(), remedy.label().to_owned(), *n)),
        ),
        learning(at, &all),
        stages::counts(
            (
                "ombudsman",
                "What the Ombudsman found",
                "Complaints",
                "ombudsman",
            ),
            Decision::of(Procedure::Complaint).iter().map(|decision| {
                let n = StageSums::of(ombudsman.iter().copied(), at.now).n_decided(*decision);
                (decision.to_string(), decision.label().to_owned(), n)
            }),
        ),
    ];
    Ok(Made {
        title: "Complaints".to_owned(),
        scope: None,
        readers,
        tables,
        definitions: Definition::all(DEFINITIONS),
        leaves_out: LEAVES_OUT.iter().map(|text| (*text).to_owned()).collect(),
    })
}

/// A standard by name, with the stage.
pub(super) fn standard_of(at: &Moment, facts: &StageFacts) -> (String, String) {
    let known = at.council.catalogue.standards.get(&facts.standard);
    let name = known.map_or(facts.standard.as_str(), |standard| standard.name.as_str());
    (
        format!("{}/stage_{}", facts.standard, facts.stage),
        format!("{name}, stage {}", facts.stage),
    )
}

fn service_name(at: &Moment, slug: &str) -> String {
    let known = at.council.catalogue.service(slug);
    known.map_or_else(|| slug.to_owned(), |service| service.name.clone())
}

/// A line for everything that is to be learnt, by the day it is due.
fn learning(at: &Moment, all: &[StageFacts]) -> Table {
    let mut lessons: Vec<_> = all
        .iter()
        .flat_map(|facts| facts.lessons.iter().map(move |lesson| (facts, lesson)))
        .collect();
    lessons.sort_by(|(a, one), (b, other)| {
        let place = |facts: &StageFacts| facts.service.clone();
        (one.due_on, place(a), &one.owner).cmp(&(other.due_on, place(b), &other.owner))
    });
    let rows = (1..).zip(lessons).map(|(n, (facts, lesson))| {
        let post = at.council.catalogue.post(&lesson.owner);
        let owner = post.map_or(lesson.owner.as_str(), |post| post.title.as_str());
        let values = [
            ("service", service_name(at, &facts.service)),
            ("owner", owner.to_owned()),
            ("due_on", lesson.due_on.to_string()),
        ];
        Row {
            key: format!("learning_{n}"),
            name: lesson.improvement.label().to_owned(),
            defined_by: None,
            values: values
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value.into()))
                .collect(),
        }
    });
    let column = |key, label| Column::new(key, label, ColumnKind::Words, "learning");
    Table {
        key: "learning".to_owned(),
        caption: "What is learnt".to_owned(),
        rows: rows.collect(),
        columns: vec![
            column("service", "Service"),
            column("owner", "Who answers for it"),
            column("due_on", "By"),
        ],
        note: None,
    }
}
