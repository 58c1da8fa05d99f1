//! How satisfied people are, never without how many were asked and how many answered.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::access::Access;
use super::answer::Answer;
use super::call::Call;
use super::csv::{self, Table, number};
use super::fields::{At, Id, On};
use super::operation::{Operation, get};
use super::paging::{Page, PageQuery};
use super::performance::{
    CorrectedCases, Definition, GroupBy, PerformanceQuery, Satisfaction, SurveyFigures,
    definitions, periods, reports, survey_cells,
};
use super::problem::Problem;
use super::query::encoded;
use crate::casework::performance::{self, Item, Key, Period, Report};
use crate::casework::satisfaction::{self, Wanted};
use crate::domain::access::{Role, Scope};
use crate::domain::measure::Figures;

/// How satisfied people are.
#[derive(Debug, Serialize, JsonSchema)]
struct SatisfactionReport {
    #[serde(flatten)]
    period: SatisfactionPeriod,
    group_by: GroupBy,
    /// The same of another period; only where one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    compared_with: Option<SatisfactionPeriod>,
    /// What each figure means.
    definitions: Vec<Definition>,
}

/// The figures of one period.
#[derive(Debug, Serialize, JsonSchema)]
struct SatisfactionPeriod {
    from_on: On,
    to_on: On,
    /// All of them together.
    all: SatisfactionFigures,
    items: Vec<SatisfactionItem>,
    /// Some had too few cases to be told alone; they stand together in the line `small_numbers`.
    small_numbers_together: bool,
    corrected_since: CorrectedCases,
}

/// One line.
#[derive(Debug, Serialize, JsonSchema)]
struct SatisfactionItem {
    /// As in the report on performance.
    key: Option<String>,
    name: String,
    small_numbers: bool,
    #[serde(flatten)]
    figures: SatisfactionFigures,
    /// What people wrote beside their scores, for who may read their cases; of services, categories and
    /// queues.
    comments: Option<String>,
}

/// The figures. A number that is too small to be told is null.
#[derive(Debug, Serialize, JsonSchema)]
struct SatisfactionFigures {
    received: Option<u64>,
    survey: SurveyFigures,
    satisfaction: Satisfaction,
}

/// Which comments.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
struct CommentsQuery {
    /// The first local date of receipt of the cases; unsaid: the first of this month.
    #[serde(default)]
    from_on: Option<On>,
    /// The last one; unsaid: today.
    #[serde(default)]
    to_on: Option<On>,
    #[serde(default)]
    #[schemars(length(max = 100))]
    service: Option<String>,
    /// Takes its `service` too.
    #[serde(default)]
    #[schemars(length(max = 100))]
    category: Option<String>,
    #[serde(default)]
    #[schemars(length(max = 100))]
    queue: Option<String>,
    #[serde(flatten)]
    page: PageQuery,
}

/// What somebody wrote beside their score.
#[derive(Debug, Serialize, JsonSchema)]
struct FeedbackComment {
    case: CommentedCase,
    /// From 1 to 5.
    score: i32,
    comment: String,
    given_at: At,
}

/// The case it is about.
#[derive(Debug, Serialize, JsonSchema)]
struct CommentedCase {
    id: Id,
    reference: String,
    service: String,
    category: String,
}

/// The columns of the table.
const COLUMNS: &[&str] = &[
    "from_on",
    "to_on",
    "group_by",
    "key",
    "name",
    "received",
    "survey_invited",
    "survey_answered",
    "survey_response_percent",
    "survey_score",
    "survey_satisfied_percent",
    "satisfaction_score",
    "satisfaction_responses",
];

/// Its operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let figures = json!({
        "received": 412,
        "survey": {
            "invited": 180, "answered": 44, "response_percent": 24.4, "score": 3.9, "satisfied_percent": 72.7,
        },
        "satisfaction": {"score": 3.8, "responses": 51, "invited": 180},
    });
    let mut item =
        json!({"key": "waste-collection", "name": "Bins and recycling", "small_numbers": false});
    if let (Some(item), Some(figures)) = (item.as_object_mut(), figures.as_object()) {
        item.extend(figures.clone());
        let comments = "/v1/reports/satisfaction/comments?service=waste-collection&from_on=2026-10-01&to_on=2026-10-31";
        item.insert("comments".to_owned(), json!(comments));
    }
    vec![
        get("/v1/reports/satisfaction", show)
            .id("get_satisfaction_report")
            .summary("How satisfied people are, of how many who were asked")
            .description(
                "Of the cases that reached us in a period, by the local date of receipt, as in the report on \
                 performance and for the same readers. The system asks one question by mail once a case is closed: by \
                 chance, never by an officer's choice. `survey` is about those it asked, `response_percent` the share \
                 of them who answered. An invitation counts once a mail server has accepted it, and no longer when it \
                 comes back. `Accept: text/csv` answers a table. Wards with few cases are told together.",
            )
            .tag("Reports")
            .access(
                Access::staff(&[
                    Role::TeamLeader,
                    Role::HeadOfService,
                    Role::Auditor,
                    Role::Admin,
                ])
                .or_scope(Scope::ReportsRead),
            )
            .query::<PerformanceQuery>()
            .answers::<SatisfactionReport>(200, "The figures.")
            .answers_raw(200, csv::CSV, "The same as a table: a line for each, and one for all of a period.")
            .example_response(json!({
                "from_on": "2026-10-01", "to_on": "2026-10-31", "all": figures, "items": [item],
                "small_numbers_together": false, "group_by": "service", "definitions": definitions(),
                "corrected_since": {"cases": 3, "redacted": 1, "merged": 2, "placed_anew": 0, "transferred": 0, "reopened": 0, "undone": 0, "left": 0},
            })),
        get("/v1/reports/satisfaction/comments", list_comments)
            .id("list_satisfaction_comments")
            .summary("What people wrote beside their scores, newest first")
            .description(
                "About cases received in the period, as far as you may read them. A score without words is counted \
                 and not listed. Cases only named people may know of are in no figure, and not here.",
            )
            .tag("Reports")
            .access(
                Access::staff(&[
                    Role::Agent,
                    Role::Officer,
                    Role::TeamLeader,
                    Role::HeadOfService,
                ])
                .or_scope(Scope::CasesRead),
            )
            .query::<CommentsQuery>()
            .answers::<Page<FeedbackComment>>(200, "A page of comments.")
            .example_response(json!({
                "items": [{
                    "case": {
                        "id": "019a9f5e-7c00-7000-8000-000000000001", "reference": "4X7-K92-MQ3",
                        "service": "waste-collection", "category": "missed-bin",
                    },
                    "score": 4, "comment": "Quick, but nobody rang me.", "given_at": "2026-11-25T10:00:00Z",
                }],
                "next_cursor": null,
            })),
    ]
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let query: PerformanceQuery = call.query()?;
    let group_by = query.group_by;
    let links = performance::sees_cases(&call.actor).then_some(group_by);
    let (report, other) = reports(&call, query).await?;
    if csv::is_asked_for(&call.headers) {
        return Ok(table(group_by, std::iter::once(&report).chain(&other)));
    }
    let answer = Answer::ok(&SatisfactionReport {
        period: SatisfactionPeriod::of(report, links),
        group_by,
        compared_with: other.map(|report| SatisfactionPeriod::of(report, links)),
        definitions: definitions(),
    });
    Ok(answer.with_header("vary", "Accept"))
}

async fn list_comments(call: Call) -> Result<Answer, Problem> {
    let query: CommentsQuery = call.query()?;
    let before: Option<(Timestamp, Uuid)> = call.cursor(query.page.cursor.as_deref())?;
    let actor = call.actor.clone();
    let page = query.page.clone();
    let mut found = call
        .read(move |conn, at| {
            let (period, _) = periods(at, (query.from_on, query.to_on), (None, None))?;
            let wanted = Wanted {
                service: query.service,
                category: query.category,
                queue: query.queue,
            };
            let part = (before, query.page.limit_and_one());
            satisfaction::comments(conn, at, &actor, period, &wanted, part)
        })
        .await?;
    let next = page.cut(&mut found, |last| (last.given_at, last.id));
    let items: Vec<FeedbackComment> = found
        .into_iter()
        .map(|one| FeedbackComment {
            case: CommentedCase {
                id: one.case.0.into(),
                reference: one.reference,
                service: one.service,
                category: one.category,
            },
            score: one.score,
            comment: one.comment,
            given_at: one.given_at.into(),
        })
        .collect();
    Ok(call.page(items, next.as_ref(), None))
}

fn table<'r>(group_by: GroupBy, reports: impl Iterator<Item = &'r Report>) -> Answer {
    let mut table = Table::new(COLUMNS);
    let mut name = "satisfaction".to_owned();
    for report in reports {
        let Period { from_on, to_on } = report.period;
        name.push_str(&format!("_{from_on}_{to_on}"));
        let line = |key: &str, name: &str, figures: &Figures| {
            let mut line = vec![
                from_on.to_string(),
                to_on.to_string(),
                group_by.word().to_owned(),
                key.to_owned(),
                name.to_owned(),
                number(figures.received),
                number(figures.survey.invited),
            ];
            line.extend(survey_cells(figures));
            line.extend([number(figures.score), number(figures.responses)]);
            line
        };
        for item in &report.items {
            table.line(line(item.key.as_text(), &item.name, &item.figures));
        }
        table.line(line("(all)", "All together", &report.all));
    }
    table.into_answer(&name)
}

impl SatisfactionPeriod {
    fn of(report: Report, links: Option<GroupBy>) -> Self {
        let period = report.period;
        Self {
            from_on: period.from_on.into(),
            to_on: period.to_on.into(),
            all: report.all.into(),
            items: report
                .items
                .into_iter()
                .map(|item| SatisfactionItem::of(item, period, links))
                .collect(),
            small_numbers_together: report.has_small,
            corrected_since: report.corrected.into(),
        }
    }
}

impl SatisfactionItem {
    fn of(item: Item, period: Period, links: Option<GroupBy>) -> Self {
        let comments = match (&item.key, links) {
            (Key::Of(key), Some(group_by)) => narrowed(group_by, key).map(|narrowed| {
                format!(
                    "/v1/reports/satisfaction/comments?{narrowed}&from_on={}&to_on={}",
                    period.from_on, period.to_on
                )
            }),
            _ => None,
        };
        Self {
            small_numbers: item.key == Key::Small,
            key: match item.key {
                Key::Of(key) => Some(key),
                Key::None | Key::Small => None,
            },
            name: item.name,
            figures: item.figures.into(),
            comments,
        }
    }
}

impl From<Figures> for SatisfactionFigures {
    fn from(figures: Figures) -> Self {
        Self {
            received: figures.received,
            survey: figures.survey.into(),
            satisfaction: Satisfaction::of(&figures),
        }
    }
}

/// How the list of comments is narrowed to one line.
fn narrowed(group_by: GroupBy, key: &str) -> Option<String> {
    match group_by {
        GroupBy::Service => Some(format!("service={}", encoded(key))),
        GroupBy::Queue => Some(format!("queue={}", encoded(key))),
        GroupBy::Category => {
            let (service, category) = key.split_once('/')?;
            Some(format!(
                "service={}&category={}",
                encoded(service),
                encoded(category)
            ))
        }
        _ => None,
    }
}
