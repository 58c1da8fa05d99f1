//! Figures as the tables of a report have them.

use serde_json::{Map, Value, json};

use crate::casework::desk::Moment;
use crate::casework::failure::Failure;
use crate::casework::performance::{self, Asked, By, Key, Part, Period};
use crate::domain::measure::{Figures, Share};
use crate::domain::report::{Column, ColumnKind, Row, Table};
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
    ("chased", "Asked about again", ColumnKind::Count, "chased"),
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
     nor anything made of so few.";

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
        Ok(values(&report.all))
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
            let all = values(&item.figures);
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

fn values(figures: &Figures) -> Map<String, Value> {
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
        ("satisfaction_invited", Value::Null),
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
    use crate::domain::measure::DEFINITIONS;

    #[test]
    fn every_figure_has_a_value_and_a_definition() {
        let all = values(&Figures::default());
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
}
