//! Complaints and requests for information as tables: stage by stage, by standard, by service, and what
//! was decided, put right and learnt.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::tables::{FOLDED, hide_column};
use crate::domain::decision::Decision;
use crate::domain::measure::{Share, told, without_few};
use crate::domain::report::{Column, ColumnKind, FEW, Row, Table};
use crate::domain::stage_figures::{StageFacts, StageSums};

/// A column over stages: its key, its label, what it is, and its definition.
pub(super) type StageColumn = (&'static str, &'static str, ColumnKind, &'static str);

/// Lines, each of some stages.
pub(super) type Lines<'f> = Vec<((String, String), Vec<&'f StageFacts>)>;

/// How the numbers of a table are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// As they are: of the whole council.
    All,
    /// None from one to four, and lines of so few together.
    Folded,
}

/// A table with a line for each group of stages.
pub(super) fn table(
    (key, caption): (&str, &str),
    columns: &[StageColumn],
    lines: Lines<'_>,
    now: Timestamp,
    how: Told,
) -> Table {
    let summed: Vec<((String, String), StageSums)> = lines
        .into_iter()
        .map(|(line, facts)| (line, StageSums::of(facts, now)))
        .collect();
    let (summed, few) = match how {
        Told::All => (summed, None),
        Told::Folded => without_few(summed, |sums| sums.n_received, StageSums::add),
    };
    let few = few.map(|sums| ((FEW.0.to_owned(), FEW.1.to_owned()), sums));
    let (mut rows, sums): (Vec<Row>, Vec<StageSums>) = summed
        .into_iter()
        .chain(few)
        .map(|((key, name), sums)| {
            let row = Row {
                key,
                name,
                defined_by: None,
                values: values(&sums, columns, how),
            };
            (row, sums)
        })
        .unzip();
    if how == Told::Folded {
        for (key, ..) in columns {
            let parts: Vec<[u64; 2]> = sums.iter().filter_map(|sums| parts(sums, key)).collect();
            hide_column(&mut rows, &parts, &together(key));
        }
    }
    Table {
        key: key.to_owned(),
        caption: caption.to_owned(),
        columns: columns
            .iter()
            .map(|(key, label, kind, defined_by)| Column::new(key, label, *kind, defined_by))
            .collect(),
        rows,
        note: (how == Told::Folded).then(|| FOLDED.to_owned()),
    }
}

/// Stages in groups, in the order of their keys.
pub(super) fn grouped<'f>(
    all: impl IntoIterator<Item = &'f StageFacts>,
    line: impl Fn(&StageFacts) -> (String, String),
) -> Lines<'f> {
    let mut groups: BTreeMap<(String, String), Vec<&StageFacts>> = BTreeMap::new();
    for facts in all {
        groups.entry(line(facts)).or_default().push(facts);
    }
    groups.into_iter().collect()
}

/// How often each of some things was recorded; a small number is not told.
pub(super) fn counts(
    (key, caption, label, defined_by): (&str, &str, &str, &str),
    counted: impl IntoIterator<Item = (String, String, u64)>,
) -> Table {
    let (mut rows, parts): (Vec<Row>, Vec<[u64; 2]>) = counted
        .into_iter()
        .map(|(key, name, n)| {
            let row = Row {
                key,
                name,
                defined_by: None,
                values: [("cases".to_owned(), json!(told(n)))].into_iter().collect(),
            };
            (row, [n, 0])
        })
        .unzip();
    // How many there are in all stands in another table.
    hide_column(&mut rows, &parts, &["cases"]);
    Table {
        key: key.to_owned(),
        caption: caption.to_owned(),
        columns: vec![Column::new("cases", label, ColumnKind::Count, defined_by)],
        rows,
        note: Some(
            "Numbers from one to four are not told, and as many others as keep them from being worked out."
                .to_owned(),
        ),
    }
}

/// The columns that are told together or not at all, the first of which says which.
fn together(key: &str) -> Vec<&str> {
    match key {
        "acknowledged_in_time" => vec![key, "acknowledged_of", "acknowledged_percent"],
        "answered_in_time" => vec![key, "answered_of", "answered_percent"],
        _ => vec![key],
    }
}

/// What a column adds up from; nothing of those that do not add up, or go with another.
fn parts(sums: &StageSums, key: &str) -> Option<[u64; 2]> {
    let share = |part: u64, of: u64| [part, of.saturating_sub(part)];
    match key {
        "acknowledged_in_time" => Some(share(sums.n_acknowledged, sums.n_acknowledge_of)),
        "answered_in_time" => Some(share(sums.n_answered, sums.n_answer_of)),
        "extended" => Some([sums.n_extended, 0]),
        "went_on" => Some([sums.n_went_on, 0]),
        "undecided" => Some([sums.n_undecided, 0]),
        decided => {
            let decision: Decision = decided.parse().ok()?;
            Some([sums.n_decided(decision), 0])
        }
    }
}

fn values(sums: &StageSums, columns: &[StageColumn], how: Told) -> Map<String, Value> {
    let n = |n: u64| match how {
        Told::All => Some(n),
        Told::Folded => told(n),
    };
    let share = match how {
        Told::All => Share::of,
        Told::Folded => Share::public,
    };
    let acknowledged = share(sums.n_acknowledged, sums.n_acknowledge_of);
    let answered = share(sums.n_answered, sums.n_answer_of);
    let days = sums
        .days
        .gross()
        .filter(|_| n(sums.days.n_answers()).is_some());
    columns
        .iter()
        .map(|(key, ..)| {
            let value = match *key {
                "received" => json!(n(sums.n_received)),
                "acknowledged_in_time" => json!(acknowledged.in_time),
                "acknowledged_of" => json!(acknowledged.of),
                "acknowledged_percent" => json!(acknowledged.percent),
                "answered_in_time" => json!(answered.in_time),
                "answered_of" => json!(answered.of),
                "answered_percent" => json!(answered.percent),
                "median_working_days" => json!(days.map(|days| days.median)),
                "p90_working_days" => json!(days.map(|days| days.p90)),
                "extended" => json!(n(sums.n_extended)),
                "went_on" => json!(n(sums.n_went_on)),
                "undecided" => json!(n(sums.n_undecided)),
                decided => {
                    let decision: Option<Decision> = decided.parse().ok();
                    json!(decision.and_then(|decision| n(sums.n_decided(decision))))
                }
            };
            ((*key).to_owned(), value)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::{complaints, information};
    use super::*;

    #[test]
    fn every_column_has_its_own_figure_and_its_definition() {
        let known = [
            "received",
            "acknowledged_in_time",
            "acknowledged_of",
            "acknowledged_percent",
            "answered_in_time",
            "answered_of",
            "answered_percent",
            "median_working_days",
            "p90_working_days",
            "extended",
            "went_on",
            "undecided",
        ];
        for (columns, definitions) in [
            (complaints::COLUMNS, complaints::DEFINITIONS),
            (information::COLUMNS, information::DEFINITIONS),
        ] {
            for (key, _, _, defined_by) in columns {
                let is_decision = key.parse::<Decision>().is_ok();
                assert!(is_decision || known.contains(key), "{key}");
                let is_defined = definitions.iter().any(|(figure, _)| figure == defined_by);
                assert!(is_defined, "{defined_by}");
            }
        }
    }
}
