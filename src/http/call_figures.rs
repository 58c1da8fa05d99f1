//! Calls in figures.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::access::Access;
use super::answer::Answer;
use super::call::Call;
use super::fields::On;
use super::operation::{Operation, get};
use super::problem::Problem;
use crate::casework::call_figures;
use crate::casework::views::calls::CallFigures;
use crate::domain::access::{Role, Scope};

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

/// Its operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let figures = json!({
        "offered": 120, "answered": 108, "abandoned": 9, "hung_up_at_once": 2, "still_waiting": 1,
        "abandoned_percent": 7.6, "wait_median_seconds": 84, "wait_p90_seconds": 310,
        "wait_longest_seconds": 905, "position_told": 60,
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
    }
    vec![
        get("/v1/reports/calls", show_calls)
            .id("get_calls_report")
            .summary("Calls in figures")
            .description(
                "A call counts on the local date on which it began, and as exactly one of `answered`, `abandoned`, \
                 `hung_up_at_once` and `still_waiting`. `abandoned` is hanging up unanswered after the first five \
                 seconds; whoever hangs up within them is counted apart, and is not part of `abandoned_percent`. \
                 Waits are those of answered calls, from the first thing told of a call to its answer. A call back \
                 counts on the date on which it was asked for, and is kept when we spoke with them.",
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
            .example_response(report),
    ]
}

async fn show_calls(call: Call) -> Result<Answer, Problem> {
    let query: CallsQuery = call.query()?;
    let report = call
        .read(move |conn, at| {
            let from = query.from_on.map_or_else(|| at.today(), |on| on.0);
            let to = query.to_on.map_or_else(|| at.today().max(from), |on| on.0);
            let report = call_figures::between(conn, at, from, to)?;
            Ok(CallsReport {
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
            })
        })
        .await?;
    Ok(Answer::ok(&report))
}
