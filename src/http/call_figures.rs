//! Calls in figures.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::access::Access;
use super::answer::Answer;
use super::call::Call;
use super::csv::{self, Table, number};
use super::fields::On;
use super::operation::{Operation, get};
use super::performance::Definition;
use super::problem::Problem;
use super::visits::VisitFigures;
use crate::casework::call_figures::{self, Report};
use crate::casework::views::calls::CallFigures;
use crate::casework::visits;
use crate::domain::access::{Role, Scope};
use crate::domain::telephony::figures;

/// Which days.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
struct CallsQuery {
    /// The first local date; unsaid: today.
    #[serde(default)]
    from_on: Option<On>,
    /// The last one; unsaid: today.
    #[serde(default)]
    to_on: Option<On>,
}

/// Calls in figures.
#[derive(Debug, Serialize, JsonSchema)]
struct CallsReport {
    from_on: On,
    to_on: On,
    #[serde(flatten)]
    all: CallFigures,
    by_line: Vec<FiguresOfLine>,
    by_queue: Vec<FiguresOfQueue>,
    /// How many came to the access points in the same days.
    visits: VisitFigures,
    /// What each figure means.
    definitions: Vec<Definition>,
}

/// The figures of one line.
#[derive(Debug, Serialize, JsonSchema)]
struct FiguresOfLine {
    /// Null: the phone system did not say.
    line: Option<String>,
    #[serde(flatten)]
    figures: CallFigures,
}

/// The figures of one queue of the phone system.
#[derive(Debug, Serialize, JsonSchema)]
struct FiguresOfQueue {
    /// Null: they never waited in one.
    queue: Option<String>,
    #[serde(flatten)]
    figures: CallFigures,
}

/// The columns of the table.
const COLUMNS: &[&str] = &[
    "of",
    "name",
    "offered",
    "answered",
    "abandoned",
    "hung_up_at_once",
    "still_waiting",
    "end_unknown",
    "abandoned_percent",
    "wait_median_seconds",
    "wait_p90_seconds",
    "wait_longest_seconds",
    "abandoned_longest_seconds",
    "position_told",
    "callbacks_asked",
    "callbacks_kept",
    "callbacks_kept_in_time",
    "callbacks_not_yet",
];

/// Its operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let figures = json!({
        "offered": 120, "answered": 108, "abandoned": 9, "hung_up_at_once": 2, "still_waiting": 1,
        "end_unknown": 0, "abandoned_percent": 7.6, "wait_median_seconds": 84, "wait_p90_seconds": 310,
        "wait_longest_seconds": 905, "abandoned_longest_seconds": 412, "position_told": 60,
        "callbacks": {"asked": 6, "kept": 4, "kept_in_time": 4, "not_yet": 2},
    });
    let under = |name: &str, value: serde_json::Value| {
        let mut one = figures.clone();
        if let Some(members) = one.as_object_mut() {
            members.shift_insert(0, name.to_owned(), value);
        }
        one
    };
    let mut report = under("from_on", json!("2026-11-16"));
    if let Some(members) = report.as_object_mut() {
        members.shift_insert(1, "to_on".to_owned(), json!("2026-11-20"));
        let line = json!([under("line", json!("01632 960110"))]);
        let queue = json!([under("queue", json!("council-tax"))]);
        members.insert("by_line".to_owned(), line);
        members.insert("by_queue".to_owned(), queue);
        let visits = json!({"visits": 96, "with_contact": 41, "without_contact": 55});
        members.insert("visits".to_owned(), visits);
        members.insert("definitions".to_owned(), json!(definitions()));
    }
    vec![
        get("/v1/reports/calls", show_calls)
            .id("get_calls_report")
            .summary("Calls in figures")
            .description(
                "A call counts on the local date on which it began, and as exactly one of `answered`, `abandoned`, \
                 `hung_up_at_once`, `still_waiting` and `end_unknown`. `abandoned` is hanging up unanswered after the first five \
                 seconds; whoever hangs up within them is counted apart, and is not part of `abandoned_percent`. \
                 Waits are those of answered calls, from the first thing told of a call to its answer. A call back \
                 counts on the date on which it was asked for, and is kept when we spoke with them. `visits` are those \
                 to the access points, by place and day in the report on visits. `Accept: text/csv` answers a table.",
            )
            .tag("Reports")
            .access(
                Access::staff(&[
                    Role::Agent,
                    Role::Officer,
                    Role::TeamLeader,
                    Role::HeadOfService,
                    Role::Auditor,
                    Role::Admin,
                ])
                .or_scope(Scope::ReportsRead),
            )
            .query::<CallsQuery>()
            .answers::<CallsReport>(200, "The figures.")
            .answers_raw(200, csv::CSV, "A table: a line for all, for each line and for each queue.")
            .example_response(report),
    ]
}

async fn show_calls(call: Call) -> Result<Answer, Problem> {
    let query: CallsQuery = call.query()?;
    let (from, to, report, came) = call
        .read(move |conn, at| {
            let from = query.from_on.map_or_else(|| at.today(), |on| on.0);
            let to = query.to_on.map_or_else(|| at.today().max(from), |on| on.0);
            let report = call_figures::between(conn, at, from, to)?;
            let came = visits::between(conn, at, from, to)?.all;
            Ok((from, to, report, came))
        })
        .await?;
    if csv::is_asked_for(&call.headers) {
        return Ok(table(&report).into_answer(&format!("calls_{from}_{to}")));
    }
    let answer = Answer::ok(&CallsReport {
        from_on: from.into(),
        to_on: to.into(),
        all: report.all,
        by_line: report
            .by_line
            .into_iter()
            .map(|(line, figures)| FiguresOfLine { line, figures })
            .collect(),
        by_queue: report
            .by_queue
            .into_iter()
            .map(|(queue, figures)| FiguresOfQueue { queue, figures })
            .collect(),
        visits: came.into(),
        definitions: definitions(),
    });
    Ok(answer.with_header("vary", "Accept"))
}

fn table(report: &Report) -> Table {
    let mut table = Table::new(COLUMNS);
    let lines = report.by_line.iter().map(|one| ("line", one));
    let queues = report.by_queue.iter().map(|one| ("queue", one));
    table.line(cells("all", "", &report.all));
    for (what, (name, figures)) in lines.chain(queues) {
        table.line(cells(what, name.as_deref().unwrap_or_default(), figures));
    }
    table
}

fn cells(what: &str, name: &str, figures: &CallFigures) -> Vec<String> {
    let callbacks = &figures.callbacks;
    vec![
        what.to_owned(),
        name.to_owned(),
        figures.offered.to_string(),
        figures.answered.to_string(),
        figures.abandoned.to_string(),
        figures.hung_up_at_once.to_string(),
        figures.still_waiting.to_string(),
        figures.end_unknown.to_string(),
        number(figures.abandoned_percent),
        number(figures.wait_median_seconds),
        number(figures.wait_p90_seconds),
        number(figures.wait_longest_seconds),
        number(figures.abandoned_longest_seconds),
        figures.position_told.to_string(),
        callbacks.asked.to_string(),
        callbacks.kept.to_string(),
        callbacks.kept_in_time.to_string(),
        callbacks.not_yet.to_string(),
    ]
}

fn definitions() -> Vec<Definition> {
    let all = figures::DEFINITIONS.iter().chain(visits::DEFINITIONS);
    all.map(|(figure, means)| Definition { figure, means })
        .collect()
}
