//! Figures as the tables of a report have them.

use serde_json::{Map, Value, json};

use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::casework::performance::{self, Asked, By, Key, Part, Period};
use crate::domain::measure::{Figures, Share};
use crate::domain::report::{Column, ColumnKind, Row, Table};
use crate::domain::small_numbers::{Cell, hide_beside};
use crate::store::Conn;

/// Every figure: its key, its label, what it is, and which definition says what it counts.
const FIGURES: &[(&str, &str, ColumnKind, &str)] = &[
    ("received", "Received", ColumnKind::Count, "received"),
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
        "median_working_days",
        "Half answered within, working days",
        ColumnKind::WorkingDays,
        "median_working_days",
    ),
    (
        "p90_working_days",
        "Nine of ten answered within, working days",
        ColumnKind::WorkingDays,
        "p90_working_days",
    ),
    (
        "median_net_working_days",
        "Half, without days of waiting for others",
        ColumnKind::WorkingDays,
        "net_working_days",
    ),
    (
        "p90_net_working_days",
        "Nine of ten, without days of waiting for others",
        ColumnKind::WorkingDays,
        "net_working_days",
    ),
    ("open", "Open when this was made", ColumnKind::Count, "open"),
    (
        "overdue",
        "Open and late when this was made",
        ColumnKind::Count,
        "overdue",
    ),
    ("reopened", "Opened again", ColumnKind::Count, "reopened"),
    (
        "transferred",
        "Passed from team to team",
        ColumnKind::Count,
        "transferred",
    ),
    (
        "chased",
        "Contacted us about again",
        ColumnKind::Count,
        "chased",
    ),
    (
        "paused_cases",
        "Promises that stood still",
        ColumnKind::Count,
        "paused",
    ),
    (
        "paused_days",
        "for so many days in all",
        ColumnKind::Number,
        "paused",
    ),
    (
        "satisfaction_score",
        "Satisfaction, of five",
        ColumnKind::Number,
        "satisfaction",
    ),
    (
        "satisfaction_responses",
        "Scores given",
        ColumnKind::Count,
        "satisfaction",
    ),
    (
        "satisfaction_invited",
        "Asked for a score",
        ColumnKind::Count,
        "satisfaction",
    ),
    (
        "survey_answered",
        "of those, answered",
        ColumnKind::Count,
        "survey",
    ),
    (
        "survey_response_percent",
        "Answered, per cent",
        ColumnKind::Percent,
        "survey",
    ),
    (
        "survey_score",
        "Satisfaction of those asked, of five",
        ColumnKind::Number,
        "survey",
    ),
    (
        "survey_satisfied_percent",
        "Satisfied, of those asked, per cent",
        ColumnKind::Percent,
        "survey",
    ),
    (
        "contacts",
        "Contacts about these cases",
        ColumnKind::Count,
        "avoidable_contact",
    ),
    (
        "avoidable_contacts",
        "of those, need not have been",
        ColumnKind::Count,
        "avoidable_contact",
    ),
    (
        "avoidable_contact_percent",
        "Need not have been, per cent",
        ColumnKind::Percent,
        "avoidable_contact",
    ),
    (
        "oldest_received_on",
        "The oldest of those open reached us on",
        ColumnKind::Words,
        "oldest_received_at",
    ),
];

/// Those that stand in a table with a line for each service, ward …
const IN_LINES: &[&str] = &[
    "received",
    "acknowledged_percent",
    "answered_in_time",
    "answered_of",
    "answered_percent",
    "median_working_days",
    "p90_working_days",
    "open",
    "overdue",
    "reopened",
];

/// Said under every table whose lines are folded.
pub(super) const FOLDED: &str = "Lines with fewer than five cases stand together. Numbers from one to four are not told, \
     nor anything made of so few, and as many others as keep them from being worked out.";

/// Hides so many more cells of a column that none which is not told can be had by subtraction. `keys` are
/// told together; `parts` are the numbers each line adds.
pub(super) fn hide_column(rows: &mut [Row], parts: &[[u64; 2]], keys: &[&str]) {
    let is_told = |row: &Row| {
        let first = keys.first().and_then(|key| row.values.get(*key));
        first.is_some_and(|value| !value.is_null())
    };
    let cells: Vec<Cell> = rows
        .iter()
        .zip(parts)
        .map(|(row, parts)| Cell {
            parts: *parts,
            is_told: is_told(row),
        })
        .collect();
    for place in hide_beside(&cells) {
        if let Some(row) = rows.get_mut(place) {
            for key in keys {
                row.values.insert((*key).to_owned(), Value::Null);
            }
        }
    }
}

/// Every figure of a whole, a line each, beside another period of the same length.
pub(super) fn summary(
    conn: &mut Conn,
    at: &Moment,
    part: &Part,
    (period, before): (Period, Period),
    caption: &str,
) -> Result<Table, Failure> {
    let all = |conn: &mut Conn, period| -> Result<Map<String, Value>, Failure> {
        let by = By::Procedure;
        let report = performance::of_part(conn, at, part, Asked { period, by })?;
        Ok(values(&report.all, at))
    };
    let (now, then) = (all(conn, period)?, all(conn, before)?);
    let rows = FIGURES
        .iter()
        .map(|(key, label, _, defined_by)| Row {
            key: (*key).to_owned(),
            name: (*label).to_owned(),
            defined_by: Some((*defined_by).to_owned()),
            values: [("value", &now), ("year_before", &then)]
                .into_iter()
                .map(|(column, of)| (column.to_owned(), of.get(*key).cloned().unwrap_or_default()))
                .collect(),
        })
        .collect();
    let column = |key: &str, label: String| Column {
        key: key.to_owned(),
        label,
        kind: ColumnKind::Number,
        defined_by: None,
    };
    Ok(Table {
        key: "summary".to_owned(),
        caption: caption.to_owned(),
        columns: vec![
            column("value", "This period".to_owned()),
            column(
                "year_before",
                format!("{} to {}", before.from_on, before.to_on),
            ),
        ],
        rows,
        note: Some(
            "Both periods are counted by the same rules, from what was so when each thing happened.".to_owned(),
        ),
    })
}

/// A line for each service, ward …, those that are few together.
pub(super) fn lines(
    conn: &mut Conn,
    at: &Moment,
    part: &Part,
    asked: Asked,
    (key, caption): (&str, &str),
) -> Result<Table, Failure> {
    let report = performance::of_part_folded(conn, at, part, asked)?;
    let rows = report
        .items
        .iter()
        .map(|item| {
            let all = values(&item.figures, at);
            let told = IN_LINES.iter().map(|key| {
                (
                    (*key).to_owned(),
                    all.get(*key).cloned().unwrap_or_default(),
                )
            });
            Row {
                key: match &item.key {
                    Key::None => "(none)".to_owned(),
                    key => key.as_text().to_owned(),
                },
                name: item.name.clone(),
                defined_by: None,
                values: told.collect(),
            }
        })
        .collect();
    Ok(Table {
        key: key.to_owned(),
        caption: caption.to_owned(),
        columns: FIGURES
            .iter()
            .filter(|(key, ..)| IN_LINES.contains(key))
            .map(|(key, label, kind, defined_by)| Column::new(key, label, *kind, defined_by))
            .collect(),
        rows,
        note: Some(FOLDED.to_owned()),
    })
}

fn values(figures: &Figures, at: &Moment) -> Map<String, Value> {
    let calendar = &at.council.catalogue.calendar;
    let oldest_on = figures
        .oldest_received_at
        .map(|at| calendar.date_of(at).to_string());
    written(figures, oldest_on)
}

fn written(figures: &Figures, oldest_on: Option<String>) -> Map<String, Value> {
    let share = |what: &str, share: Share| {
        [
            (format!("{what}_in_time"), json!(share.in_time)),
            (format!("{what}_of"), json!(share.of)),
            (format!("{what}_percent"), json!(share.percent)),
        ]
    };
    let plain = [
        ("received", json!(figures.received)),
        (
            "median_working_days",
            json!(figures.gross.map(|days| days.median)),
        ),
        (
            "p90_working_days",
            json!(figures.gross.map(|days| days.p90)),
        ),
        (
            "median_net_working_days",
            json!(figures.net.map(|days| days.median)),
        ),
        (
            "p90_net_working_days",
            json!(figures.net.map(|days| days.p90)),
        ),
        ("open", json!(figures.open)),
        ("overdue", json!(figures.overdue)),
        ("reopened", json!(figures.reopened)),
        ("transferred", json!(figures.transferred)),
        ("chased", json!(figures.chased)),
        ("paused_cases", json!(figures.paused)),
        ("paused_days", json!(figures.paused_days)),
        ("satisfaction_score", json!(figures.score)),
        ("satisfaction_responses", json!(figures.responses)),
        (
            "satisfaction_invited",
            json!(figures.survey.invited.filter(|n| *n > 0)),
        ),
        ("survey_answered", json!(figures.survey.answered)),
        (
            "survey_response_percent",
            json!(figures.survey.response_percent),
        ),
        ("survey_score", json!(figures.survey.score)),
        (
            "survey_satisfied_percent",
            json!(figures.survey.satisfied_percent),
        ),
        ("contacts", json!(figures.avoidable.contacts)),
        ("avoidable_contacts", json!(figures.avoidable.avoidable)),
        (
            "avoidable_contact_percent",
            json!(figures.avoidable.percent),
        ),
        ("oldest_received_on", json!(oldest_on)),
    ];
    plain
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .chain(share("acknowledged", figures.acknowledged))
        .chain(share("answered", figures.answered))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::measure::{DEFINITIONS, Sums};

    #[test]
    fn every_figure_has_a_value_and_a_definition() {
        let all = written(&Figures::default(), None);
        for (key, _, _, defined_by) in FIGURES {
            assert!(all.contains_key(*key), "{key}");
            assert!(
                DEFINITIONS.iter().any(|(figure, _)| figure == defined_by),
                "{defined_by}"
            );
        }
        assert_eq!(all.len(), FIGURES.len());
        for key in IN_LINES {
            assert!(FIGURES.iter().any(|(own, ..)| own == key), "{key}");
        }
    }

    #[test]
    fn a_kept_report_says_how_many_were_asked_and_what_they_answered() {
        let sums = Sums {
            n_invited: 28,
            n_survey_answers: 11,
            survey_score_sum: 42,
            n_satisfied: 7,
            n_contacts: 40,
            n_avoidable: 10,
            ..Sums::default()
        };
        let all = written(&sums.figures(), Some("2026-11-02".to_owned()));
        for (key, expect) in [
            ("satisfaction_invited", json!(28)),
            ("survey_answered", json!(11)),
            ("survey_response_percent", json!(39.3)),
            ("survey_score", json!(3.82)),
            ("survey_satisfied_percent", json!(63.6)),
            ("contacts", json!(40)),
            ("avoidable_contacts", json!(10)),
            ("avoidable_contact_percent", json!(25.0)),
            ("oldest_received_on", json!("2026-11-02")),
        ] {
            assert_eq!(all[key], expect, "{key}");
        }
        let none = written(&Figures::default(), None);
        assert_eq!(
            none["satisfaction_invited"],
            Value::Null,
            "nobody was asked"
        );
    }
}
