//! A report that is kept: figures of a period with what each of them means, written once and never
//! changed. What it says is all in it, so that it reads the same whatever becomes of the catalogue, the
//! definitions or the cases afterwards.

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::contact::words;

words! {
    /// What a kept report is about.
    ReportKind {
        /// How promises were kept, by a councillor's services or by the whole council.
        Scrutiny = "scrutiny",
        /// A period of complaints, as the Ombudsman's code asks.
        Complaints = "complaints",
        /// Requests for information.
        Foi = "foi",
        /// What councillors and MPs asked.
        MemberEnquiries = "member_enquiries",
        /// What a partner took in while the office was shut.
        OutOfHours = "out_of_hours",
    }
}

words! {
    /// What the values of a column are.
    ColumnKind {
        Count = "count", Percent = "percent", WorkingDays = "working_days", Number = "number",
        Words = "words",
    }
}

words! {
    /// How often a schedule has its report made: of which whole periods.
    Every {
        Month = "month",
        /// From January, April, July and October.
        Quarter = "quarter",
        Year = "year",
        /// From April to March.
        FinancialYear = "financial_year",
    }
}

/// A report that is made again and again: of each period, once that is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportSchedule {
    pub kind: ReportKind,
    pub every: Every,
    /// Of one councillor's services, by the slug of their post.
    #[serde(default)]
    pub portfolio: Option<String>,
    /// Of one partner, by the domain of its people's addresses or the name of its key.
    #[serde(default)]
    pub partner: Option<String>,
    /// The posts that are mailed the link, and may read it.
    #[serde(rename = "for")]
    pub for_posts: Vec<String>,
}

/// A kept report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "KeptReport")]
pub struct Document {
    pub id: Uuid,
    pub kind: ReportKind,
    pub title: String,
    /// The council as it was called then.
    pub council: String,
    /// The first local date of receipt.
    pub from_on: Date,
    /// The last one.
    pub to_on: Date,
    /// The period was over when the report was made: nothing more could come in.
    pub period_is_over: bool,
    /// Of what part of the council; null for all of it.
    pub scope: Option<Scope>,
    pub made_at: Timestamp,
    /// The local date of that.
    pub made_on: Date,
    /// The schedule that made it; null when somebody asked for it.
    pub schedule: Option<String>,
    /// Two reports with the same version count the same way.
    pub definitions_version: String,
    pub tables: Vec<Table>,
    /// What each figure means.
    pub definitions: Vec<Definition>,
    /// What is not in it.
    pub leaves_out: Vec<String>,
    /// What has changed since the report made before it about the same; null where there is none.
    pub since: Option<Since>,
}

/// A part of the council.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ReportScope")]
pub struct Scope {
    /// A post's slug, or the partner's name.
    pub key: String,
    /// What it was called then.
    pub name: String,
    /// Its services then, by name.
    pub services: Vec<String>,
}

/// Figures side by side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "FigureTable")]
pub struct Table {
    pub key: String,
    pub caption: String,
    pub columns: Vec<Column>,
    pub rows: Vec<Row>,
    /// What must be known to read it.
    pub note: Option<String>,
}

/// One column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "FigureColumn")]
pub struct Column {
    pub key: String,
    pub label: String,
    pub kind: ColumnKind,
    /// Which of the definitions says what it counts.
    pub defined_by: Option<String>,
}

/// One line of a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "FigureRow")]
pub struct Row {
    /// The same from report to report.
    pub key: String,
    pub name: String,
    /// Which of the definitions says what the line counts, where its columns do not.
    pub defined_by: Option<String>,
    /// By the key of their column. Null: nothing to count, or too few to be told.
    pub values: Map<String, Value>,
}

/// What a figure means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "FigureDefinition")]
pub struct Definition {
    pub figure: String,
    pub means: String,
}

/// What has changed since an earlier report about the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SinceReport")]
pub struct Since {
    /// The earlier one.
    pub report: Uuid,
    pub made_at: Timestamp,
    pub made_on: Date,
    #[serde(flatten)]
    pub comparison: Comparison,
}

/// Two reports of one kind, held against each other.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ReportComparison")]
pub struct Comparison {
    /// Both count the same way, so that their figures may be held against each other.
    pub same_definitions: bool,
    /// Which figures mean something else, or are not in both.
    pub changed_definitions: Vec<String>,
    /// How many figures differ. Of very many, `figures` has the first.
    pub n_changed: usize,
    pub figures: Vec<Changed>,
}

/// A figure that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ChangedFigure")]
pub struct Changed {
    pub table: String,
    pub row: String,
    /// What the line is called.
    pub name: String,
    pub column: String,
    /// What the column is called.
    pub label: String,
    /// Null: not told, or no such line.
    pub was: Value,
    pub is: Value,
}

/// So many differences are listed one by one.
const MOST_LISTED: usize = 500;

/// The line, and the name of the line, of those that were too few to be told alone.
pub const FEW: (&str, &str) = (
    "(small numbers)",
    "Those with fewer than five cases, together",
);

impl Every {
    /// The last whole period that was over before this day.
    #[must_use]
    pub fn period_before(self, today: Date) -> (Date, Date) {
        let months = match self {
            Self::Month => 1,
            Self::Quarter => 3,
            Self::Year | Self::FinancialYear => 12,
        };
        // Months since one begins, counted from January or April.
        let begins = if self == Self::FinancialYear { 4 } else { 1 };
        let since = (i32::from(today.month()) - begins).rem_euclid(months);
        let this = today
            .first_of_month()
            .saturating_sub(jiff::Span::new().months(since));
        let from_on = this.saturating_sub(jiff::Span::new().months(months));
        (from_on, this.saturating_sub(jiff::Span::new().days(1)))
    }
}

impl Column {
    /// A column whose values are defined by `defined_by`.
    #[must_use]
    pub fn new(key: &str, label: &str, kind: ColumnKind, defined_by: &str) -> Self {
        Self {
            key: key.to_owned(),
            label: label.to_owned(),
            kind,
            defined_by: Some(defined_by.to_owned()),
        }
    }
}

impl Definition {
    /// Definitions as they stand in the program.
    #[must_use]
    pub fn all(written: &[(&str, &str)]) -> Vec<Self> {
        written
            .iter()
            .map(|(figure, means)| Self {
                figure: (*figure).to_owned(),
                means: (*means).to_owned(),
            })
            .collect()
    }
}

impl Document {
    /// What a column or line means.
    #[must_use]
    pub fn meaning(&self, figure: &str) -> Option<&str> {
        self.definitions
            .iter()
            .find(|definition| definition.figure == figure)
            .map(|definition| definition.means.as_str())
    }

    /// What differs in `later`, a report of the same kind.
    #[must_use]
    pub fn compared_with(&self, later: &Self) -> Comparison {
        let changed_definitions = changed_definitions(&self.definitions, &later.definitions);
        let mut figures = Vec::new();
        for table in &later.tables {
            let before = self.tables.iter().find(|one| one.key == table.key);
            changes_of(before, table, &mut figures);
        }
        let n_changed = figures.len();
        figures.truncate(MOST_LISTED);
        Comparison {
            same_definitions: self.definitions_version == later.definitions_version,
            changed_definitions,
            n_changed,
            figures,
        }
    }
}

fn changed_definitions(was: &[Definition], is: &[Definition]) -> Vec<String> {
    let mut changed: Vec<String> = is
        .iter()
        .filter(|definition| !was.contains(definition))
        .chain(was.iter().filter(|definition| !is.contains(definition)))
        .map(|definition| definition.figure.clone())
        .collect();
    changed.sort();
    changed.dedup();
    changed
}

/// Every figure of a table that is another one now, those of lines that are gone last.
fn changes_of(before: Option<&Table>, now: &Table, changed: &mut Vec<Changed>) {
    let row_of = |table: Option<&'_ Table>, key: &str| -> Option<Row> {
        table?.rows.iter().find(|row| row.key == key).cloned()
    };
    let mut compare = |row: &Row, was: Option<&Row>, is: Option<&Row>| {
        for column in &now.columns {
            if column.kind == ColumnKind::Words {
                continue;
            }
            let value = |row: Option<&Row>| {
                row.and_then(|row| row.values.get(&column.key))
                    .cloned()
                    .unwrap_or_default()
            };
            let (was, is) = (value(was), value(is));
            if was != is {
                changed.push(Changed {
                    table: now.key.clone(),
                    row: row.key.clone(),
                    name: row.name.clone(),
                    column: column.key.clone(),
                    label: column.label.clone(),
                    was,
                    is,
                });
            }
        }
    };
    for row in &now.rows {
        compare(row, row_of(before, &row.key).as_ref(), Some(row));
    }
    for row in before
        .map(|table| table.rows.as_slice())
        .unwrap_or_default()
    {
        if row_of(Some(now), &row.key).is_none() {
            compare(row, Some(row), None);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn report(version: &str, rows: &[(&str, Value)]) -> Document {
        let rows = rows.iter().map(|(key, value)| Row {
            key: (*key).to_owned(),
            name: format!("The {key}"),
            defined_by: None,
            values: [("received".to_owned(), value.clone())]
                .into_iter()
                .collect(),
        });
        Document {
            id: Uuid::nil(),
            kind: ReportKind::Scrutiny,
            title: "How promises were kept".to_owned(),
            council: "Northmere Council".to_owned(),
            from_on: jiff::civil::date(2026, 1, 1),
            to_on: jiff::civil::date(2026, 12, 31),
            period_is_over: true,
            scope: None,
            made_at: Timestamp::UNIX_EPOCH,
            made_on: jiff::civil::date(2027, 1, 4),
            schedule: None,
            definitions_version: version.to_owned(),
            tables: vec![Table {
                key: "services".to_owned(),
                caption: "By service".to_owned(),
                columns: vec![Column::new(
                    "received",
                    "Received",
                    ColumnKind::Count,
                    "received",
                )],
                rows: rows.collect(),
                note: None,
            }],
            definitions: Definition::all(&[("received", version)]),
            leaves_out: Vec::new(),
            since: None,
        }
    }

    #[test]
    fn what_changed_is_named_figure_by_figure_with_lines_that_came_and_went() {
        let was = report(
            "one",
            &[("bins", json!(7)), ("roads", json!(9)), ("gone", json!(6))],
        );
        let is = report(
            "one",
            &[
                ("bins", json!(7)),
                ("roads", json!(8)),
                ("new", json!(null)),
            ],
        );
        let compared = was.compared_with(&is);
        assert!(compared.same_definitions && compared.changed_definitions.is_empty());
        let told: Vec<(&str, &Value, &Value)> = compared
            .figures
            .iter()
            .map(|one| (one.row.as_str(), &one.was, &one.is))
            .collect();
        let (nine, eight, six, none) = (json!(9), json!(8), json!(6), json!(null));
        assert_eq!(
            told,
            [("roads", &nine, &eight), ("gone", &six, &none)],
            "a line that is not told and one that is not there are the same"
        );
    }

    #[test]
    fn a_schedule_tells_of_the_whole_period_that_was_over_last() {
        let check = |every: Every, today: &str, from: &str, to: &str| {
            let day = |text: &str| -> Date { text.parse().unwrap() };
            assert_eq!(
                every.period_before(day(today)),
                (day(from), day(to)),
                "{every} on {today}"
            );
        };
        check(Every::Month, "2026-11-02", "2026-10-01", "2026-10-31");
        check(Every::Month, "2027-01-31", "2026-12-01", "2026-12-31");
        check(Every::Quarter, "2026-12-31", "2026-07-01", "2026-09-30");
        check(Every::Quarter, "2027-01-01", "2026-10-01", "2026-12-31");
        check(Every::Year, "2027-01-04", "2026-01-01", "2026-12-31");
        check(
            Every::FinancialYear,
            "2027-03-31",
            "2025-04-01",
            "2026-03-31",
        );
        check(
            Every::FinancialYear,
            "2027-04-01",
            "2026-04-01",
            "2027-03-31",
        );
        check(
            Every::FinancialYear,
            "2027-01-04",
            "2025-04-01",
            "2026-03-31",
        );
    }

    #[test]
    fn reports_that_count_differently_say_so() {
        let compared = report("one", &[]).compared_with(&report("two", &[]));
        assert!(!compared.same_definitions);
        assert_eq!(compared.changed_definitions, ["received"]);
    }
}
